/*
 * What an authentic message asks the store to do: the one step between "the signature is
 * right" and "write it", shared by the daemon, `import` and `quarantine retry`.
 *
 * Pure; one thread at a time. Borrows from the envelope and the body, owns the SES event
 * and what the policy says of it.
 */
#ifndef SESBOUNCE_INTAKE_H
#define SESBOUNCE_INTAKE_H

#include <stdint.h>

#include "sesbounce/policy.h"
#include "sesbounce/ses_event.h"
#include "sesbounce/sns_message.h"

enum intake_kind {
    INTAKE_KEEP,         /* an SES event to store */
    INTAKE_COUNT,        /* one that only counts */
    INTAKE_IGNORE,       /* one that is counted by type */
    INTAKE_QUARANTINE,   /* kept verbatim under `reason` */
    INTAKE_ANNOUNCEMENT, /* noted on the topic */
    INTAKE_CONFIRM,      /* SubscriptionConfirmation: `token` to the outbox, or pending */
    INTAKE_UNSUBSCRIBED, /* UnsubscribeConfirmation */
};

enum intake_origin {
    INTAKE_FROM_SNS,  /* a live delivery, or a verified envelope that is imported */
    INTAKE_FROM_FILE, /* bare SES JSON named by the operator: no topic, no SNS id */
};

struct intake {
    enum intake_kind kind;
    enum intake_origin origin;
    enum quarantine_reason reason;
    struct str body;             /* verbatim, as posted */
    char *packed;                /* owned; by store_pack(), or NULL: not packed yet */
    size_t packed_bytes;         /* 0: it would not be shorter */
    bool has_token;              /* the body is a confirmation, of either kind */
    struct str topic_arn;        /* absent for INTAKE_FROM_FILE */
    struct str sns_message_id;   /* absent for INTAKE_FROM_FILE */
    struct str token;            /* of INTAKE_CONFIRM */
    struct str subscription_arn; /* of INTAKE_UNSUBSCRIBED; absent: it names none */
    bool confirm_now;            /* `[sns] confirm = auto` */
    bool imported;               /* origin `import` in the entries this makes */
    int64_t sns_timestamp_ms;    /* CLOCK_NONE for INTAKE_FROM_FILE */
    int64_t received_ms;
    int64_t occurred_ms;    /* SNS Timestamp; INTAKE_FROM_FILE: SES's time, or received */
    struct ses_event event; /* owned */
    const struct policy *policy;
    struct policy_scoped scoped; /* of the event */
    /* Of INTAKE_KEEP and INTAKE_COUNT; owned: see intake_judgement(). A thousand
     * recipients are mostly judged alike. */
    struct policy_judgement *judgements;
    size_t judgement_count;
    uint16_t *judged; /* which of them is of a recipient */
};

struct intake_options {
    const struct ses_rules *rules;
    const struct policy *policy; /* borrowed by the intake */
    int64_t max_age_ms;          /* 0 = any age */
    int64_t now_ms;              /* becomes received_ms */
    bool confirm_now;
    bool imported;
};

/*
 * 0 or -ENOMEM. `message` and `body` must outlive `ret`. What is too old to use is
 * quarantined as stale: a Notification or UnsubscribeConfirmation after max_age, a
 * SubscriptionConfirmation after INTAKE_TOKEN_MS, regardless of max_age. A Notification
 * more than INTAKE_FUTURE_MS ahead is quarantined as future; the other two are true
 * whatever our clock says.
 */
int intake_from_sns(const struct sns_message *message, struct str body,
                    const struct intake_options *options, struct intake *ret);

/* A bare SES message that the operator vouches for. */
int intake_from_file(struct str body, const struct intake_options *options,
                     struct intake *ret);

/* Of recipient `i`; for an event about nobody of 0. */
const struct policy_judgement *intake_judgement(const struct intake *intake, size_t i);

void intake_done(struct intake *intake);

#endif

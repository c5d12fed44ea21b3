/*
 * The policy: what an SES event means for an address. One table, pure, the same in every
 * release; store_write carries out what it says and decides nothing itself.
 *
 * Two steps. policy_judge() looks at one recipient of one event. policy_merge() carries
 * the judgement into the entry that is there. Both know no clock: times are arguments, so
 * a policy can be replayed over history. Any thread.
 */
#ifndef SESBOUNCE_POLICY_H
#define SESBOUNCE_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "sesbounce/clock.h"
#include "sesbounce/limits.h"
#include "sesbounce/ses_event.h"

/* events.class */
enum policy_class {
    POLICY_CLASS_NONE,
    POLICY_CLASS_HARD,
    POLICY_CLASS_SOFT,
    POLICY_CLASS_COMPLAINT,
    POLICY_CLASS_POLICY,
    POLICY_CLASS_IGNORED,
};

/* events.cause */
enum policy_cause {
    POLICY_CAUSE_NONE,
    POLICY_CAUSE_UNKNOWN_USER,
    POLICY_CAUSE_MAILBOX_FULL,
    POLICY_CAUSE_BLOCKED,
    POLICY_CAUSE_AUTH,
    POLICY_CAUSE_POLICY,
    POLICY_CAUSE_DNS,
    POLICY_CAUSE_TOO_LARGE,
    POLICY_CAUSE_TIMEOUT,
    POLICY_CAUSE_AUTOREPLY,
    POLICY_CAUSE_LIST_HIT,
    POLICY_CAUSE_OTHER,
    POLICY_CAUSE_DIAGNOSED, /* in a rule only: the cause in the server's answer */
};

/* suppressed.reason, weaker before stronger */
enum policy_reason {
    POLICY_REASON_NONE,
    POLICY_REASON_SOFT,
    POLICY_REASON_BOUNCE,
    POLICY_REASON_COMPLAINT,
    POLICY_REASON_MANUAL,
};

enum policy_effect {
    POLICY_EFFECT_NONE,     /* recorded only */
    POLICY_EFFECT_SUPPRESS, /* an entry, see reason and term */
    POLICY_EFFECT_SOFT,     /* a soft day of the address */
    POLICY_EFFECT_DOUBTFUL, /* soft; an entry when it repeats on a second day, >= 24 h
                               later */
    POLICY_EFFECT_HOLD,     /* held for a person's review: no entry */
    POLICY_EFFECT_LIFT,     /* not-spam: lifts a COMPLAINT entry */
    POLICY_EFFECT_RESET,    /* a delivery: ends soft counting */
};

/* Term of an entry that does not expire. */
#define POLICY_FOR_EVER INT64_MAX

enum policy_rule_flag {
    POLICY_RULE_DOUBLES = 1 << 0,
    POLICY_RULE_SECOND_FOR_EVER = 1 << 1,
    POLICY_RULE_LIST_HIT = 1 << 2, /* and not in the rates */
    POLICY_RULE_NOT_IN_RATES = 1 << 3,
    POLICY_RULE_ALERT = 1 << 4,
};

/* The members are of the enums above, as struct policy_judgement has them. */
struct policy_outcome {
    unsigned class;
    unsigned cause;
    unsigned effect;
    unsigned reason;
    int64_t term_ms;
    unsigned flags;
};

/* A row of the policy. It holds when all its columns do; NULL and 0 hold for anything. */
struct policy_rule {
    const char *name;
    enum ses_type type;
    unsigned bounce_type;
    const char *subtype;  /* bounceSubType or complaintSubType; none counts as General */
    const char *feedback; /* complaintFeedbackType */
    unsigned facts;       /* all of these, of enum policy_fact */
    struct policy_outcome outcome;
    const char *explanation; /* one sentence: what happened, and what follows */
};

/* The rows in their order, of which the first that holds decides; NULL after the last.
 */
const struct policy_rule *policy_rule_at(size_t index);

struct policy_judgement {
    enum policy_class class;
    enum policy_cause cause;
    enum policy_effect effect;
    enum policy_reason reason;
    int64_t term_ms;      /* POLICY_FOR_EVER or a duration */
    bool doubles;         /* each repeat after the term has run out doubles it */
    bool second_for_ever; /* a second event makes it permanent; the store says whether
                             it is about another mail */
    bool list_hit;        /* SES did not try: never brings back what a person removed */
    bool counts_in_rates; /* false for list hits, predictions, simulator addresses */
    bool alert;           /* our own fault, to be reported at once */
    const char
        *rule; /* constant name of the row that matched, e.g. "permanent-general" */
    char detail[POLICY_DETAIL_BYTES_MAX]; /* `Permanent/General (simulator)`, `abuse (1 of
                                             3)` */
};

void policy_judge(const struct ses_event *event, const struct ses_recipient *recipient,
                  struct policy_judgement *ret);

/* An entry of one (address, scope, reason), live or not. All zero: there never was one.
 */
struct policy_entry {
    bool exists;
    bool lifted;      /* by a person or by not-spam */
    int64_t since_ms; /* when the present term began */
    int64_t until_ms; /* POLICY_FOR_EVER */
    int64_t first_event_ms;
    int64_t last_event_ms;
    int64_t event_count;
    int64_t repeats; /* terms that ran out before a new one began */
    char detail[POLICY_DETAIL_BYTES_MAX];
};

/* What else is known about the address. CLOCK_NONE: nothing. */
struct policy_history {
    int64_t removed_ms;     /* a person's last `remove` */
    int64_t doubt_first_ms; /* earliest doubtful soft event not yet reset, within the
                               window */
    int64_t doubt_last_ms;  /* and the latest, either side of this one in time */
};

/*
 * Carries an event that occurred at `occurred_ms` into `entry`. True when `entry` changed
 * and must be written under `*ret_reason`. An event from before `removed_ms` never makes
 * or renews an entry, nor does a list hit once anything was removed.
 */
bool policy_merge(const struct policy_judgement *judgement, int64_t occurred_ms,
                  const struct policy_history *history, struct policy_entry *entry,
                  enum policy_reason *ret_reason);

/* The words of the views; NULL for the NONE members. */
const char *policy_class_word(enum policy_class class);
const char *policy_cause_word(enum policy_cause cause);
const char *policy_reason_word(enum policy_reason reason);

#endif

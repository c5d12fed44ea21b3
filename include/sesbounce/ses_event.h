/*
 * A message of Amazon SES inside an SNS notification: both feeds, all types.
 *
 * Identity notifications carry notificationType, configuration-set events eventType; the
 * blocks are the same (notification-contents, event-publishing-retrieving-sns-contents in
 * the SES developer guide). Unknown fields are ignored, unknown types kept as they are;
 * nothing is guessed: recipients come from the type's own block, and from
 * mail.destination only for types that name nobody by nature (Send, Reject, Open, Click,
 * …). Either may come in the wrapper of EventBridge, in `detail`, and is then the same
 * event; its other announcements (`Sending Status Disabled`, …) are events of
 * SES_OTHER about a tenant, a configuration set, an identity or the account.
 *
 * Every struct str borrows from the text that was read, or from what the event owns. It
 * is UTF-8 and may hold NUL. Pure; one thread at a time.
 */
#ifndef SESBOUNCE_SES_EVENT_H
#define SESBOUNCE_SES_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sesbounce/address.h"
#include "sesbounce/clock.h"
#include "sesbounce/str.h"

enum ses_type {
    SES_OTHER, /* a type we do not know: kept, not judged */
    SES_BOUNCE,
    SES_COMPLAINT,
    SES_DELIVERY,
    SES_SEND,
    SES_REJECT,
    SES_OPEN,
    SES_CLICK,
    SES_RENDERING_FAILURE,
    SES_DELIVERY_DELAY,
    SES_SUBSCRIPTION,
    SES_RECEIVED,
};

enum ses_bounce_type {
    SES_BOUNCE_NONE,
    SES_BOUNCE_PERMANENT,
    SES_BOUNCE_TRANSIENT,
    SES_BOUNCE_UNDETERMINED,
};

/* What `mail.destination` says about an address that a bounce or complaint names. */
enum ses_named {
    SES_NAMED_RECIPIENT,  /* a recipient of the mail, or nothing contradicts it */
    SES_NAMED_STRANGER,   /* not a recipient: a remote server can name anybody */
    SES_NAMED_UNREADABLE, /* not a mail address; `address` is empty */
};

/* What SES's advisor says about a sender's reputation. */
enum ses_finding { SES_FINDING_NONE, SES_FINDING_OPEN, SES_FINDING_OVER };

struct ses_recipient {
    struct address address; /* whom the event is about; `seen` as SES spells it */
    enum ses_named named;
    /* What SES named, where that is another address (in its key form) or none. */
    struct str reported;
    struct str action;     /* failed, delayed, … as SES spells it */
    struct str status;     /* enhanced status code, RFC 3463 */
    struct str diagnostic; /* diagnosticCode; absent when empty */
};

struct ses_event {
    enum ses_type type;
    struct str type_text; /* the SES word, in its spelling */
    enum ses_bounce_type bounce_type;
    struct str bounce_type_text;
    struct str bounce_subtype;
    struct str complaint_subtype;
    struct str feedback_type; /* complaintFeedbackType */
    struct str feedback_id;
    int64_t ses_time_ms;   /* the block's timestamp, else sent_ms, else CLOCK_NONE */
    int64_t sent_ms;       /* mail.timestamp */
    struct str diagnostic; /* of the message: smtpResponse, errorMessage, … */
    struct str reporting_mta;
    struct str remote_mta_ip;
    struct str user_agent;
    struct str ses_message_id;
    struct str source;      /* mail.source */
    struct str from_domain; /* of the From address or ses:from-domain, lower case */
    struct str identity;    /* after `identity/` in sourceArn */
    struct str account_id;  /* sendingAccountId */
    struct str region;      /* of sourceArn */
    struct str configuration_set;
    struct str tenant;
    struct str source_ip;
    struct str bridge_id;      /* EventBridge's, of what came over that bus */
    bool time_is_bridges;      /* ses_time_ms is the wrapper's: the event has none */
    struct str sending_status; /* of Sending Status …: DISABLED, ENABLED, REINSTATED */
    struct str sending_cause;
    struct str sending_origin; /* who decided that: AWS_MANAGED, CUSTOMER_MANAGED */
    enum ses_finding finding;  /* of Advisor Recommendation Status … */
    struct str finding_kind;   /* BOUNCE, COMPLAINT, DKIM, … where it is given */
    struct str campaign;       /* by struct ses_rules */
    struct str tags;           /* mail.tags as compact JSON text */
    struct str subject;        /* of the mail's headers, where SES gives these */
    struct str message_id_header;
    struct str contact_list;  /* of an opt_out: what was left */
    size_t destination_count; /* distinct recipients in mail.destination */
    size_t candidates;        /* who may have complained; 0 unless a complaint */
    bool opt_out;             /* a Subscription by which somebody leaves a topic or all */
    struct ses_recipient *recipients; /* owned, distinct by what SES named */
    size_t recipient_count;
    size_t owned_bytes;             /* no less than what is owned takes */
    struct ses_recipient *reported; /* owned; backing of a recipient's `reported` */
    char *decoded;                  /* owned; backing of texts that held an escape */
    char *owned_text;               /* owned; backing of fields that had to be composed */
};

/* Patterns of `[events]`, borrowed from the settings; see config. */
enum ses_keeping {
    SES_KEEP,   /* one row per recipient, and the verbatim message */
    SES_COUNT,  /* counters and the soft reset only */
    SES_IGNORE, /* counted by type, nothing else */
};

struct ses_rule {
    char *type; /* the SES word, or `*` */
    enum ses_keeping keeping;
};

struct ses_rules {
    const struct ses_rule *rules;
    size_t rule_count;
    char *const *campaigns; /* `tag:NAME`, `header:NAME`: the first that is there wins */
    size_t campaign_count;
};

/* Why an authentic message is quarantined. Views have these words: never rename one. */
enum quarantine_reason {
    QUARANTINE_NONE,
    QUARANTINE_STALE,      /* stale: too old */
    QUARANTINE_FUTURE,     /* future: too far ahead of our clock */
    QUARANTINE_NOT_JSON,   /* not-json: text that does not parse */
    QUARANTINE_NO_TYPE,    /* no-type: neither notificationType nor eventType */
    QUARANTINE_BAD_TYPE,   /* bad-type: a type or bounceType that SES does not use */
    QUARANTINE_INCOMPLETE, /* incomplete: lacks a block, or names no readable address */
    QUARANTINE_NO_EMAIL, /* no-email: Permanent/NoEmail that names no recipient of ours */
    QUARANTINE_TOO_LARGE, /* too-large: more recipients than SES allows, or too deep */
};
const char *quarantine_word(enum quarantine_reason reason);

enum ses_parse {
    SES_PARSED_EVENT,
    SES_PARSED_ANNOUNCEMENT, /* SES announcing itself; no event */
    SES_PARSED_QUARANTINE,
    SES_PARSED_NO_MEMORY,
};

/*
 * Reads the decoded Message of a notification. `ret` is owned by the caller in every case
 * (ses_event_done); `*ret_reason` is set with SES_PARSED_QUARANTINE. `text` is lent
 * until then.
 */
enum ses_parse ses_event_parse(struct str text, const struct ses_rules *rules,
                               struct ses_event *ret, enum quarantine_reason *ret_reason);
void ses_event_done(struct ses_event *event);

/* What a text that is given to us as a message of SES is, before it is believed. */
enum ses_shape {
    SES_SHAPE_MESSAGE,  /* of SES, in EventBridge's wrapper or not; or too big to tell */
    SES_SHAPE_ENVELOPE, /* an SNS envelope, however damaged */
    SES_SHAPE_ARRAY,
    SES_SHAPE_OTHER, /* JSON of another kind */
    SES_SHAPE_NOT_JSON,
    SES_SHAPE_NO_MEMORY,
};
enum ses_shape ses_event_shape(struct str text);

/* Types that name nobody. */
#define SES_WORD_ANNOUNCEMENT "AmazonSnsSubscriptionSucceeded"
#define SES_WORD_PAUSED       "Sending Status Disabled"
#define SES_WORD_RESUMED      "Sending Status Enabled"

/* SES's spelling of a type that differs from it only in case; else the word itself.
 * Whatever passes a message on may change the case. */
struct str ses_type_word(struct str word);
enum ses_type ses_type_of(struct str word);

/* A type that is named takes precedence over `*`; a type in no list is kept. Case does
 * not matter. */
enum ses_keeping ses_event_keeping(const struct ses_event *event,
                                   const struct ses_rules *rules);

#define SES_SENDING_DISABLED "DISABLED"

/* What SES named: the address's key, or a text that is not an address (may be absent). */
struct str ses_recipient_reported(const struct ses_recipient *recipient);

/* When SES made this id, in milliseconds: its first sixteen digits say so. 0 for ids of
 * any other form. */
int64_t ses_id_time(struct str id);

/*
 * The key by which the same event is recognised through another topic, feed or retry:
 * (type, feedbackId, address), else (type, SES message id, address, SES time), else
 * (type, EventBridge's id, address). The address is the one that SES named, even if the
 * event is about another. `time_ms` comes from the id if it has SES's form (16 hex digits
 * of milliseconds first), so that keys grow; `hash` is 64 bits of SHA-256 over all of it.
 * `recipient` NULL: an event without one. With no id at all the SNS message is the only
 * key: false, nothing set.
 */
struct ses_key {
    int64_t time_ms;
    int64_t hash;
};
bool ses_event_key(const struct ses_event *event, const struct ses_recipient *recipient,
                   struct ses_key *ret);

#endif

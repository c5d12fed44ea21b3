/*
 * The policy: what an SES event means for an address. What becomes of the address then is
 * in policy_list.h.
 *
 * policy_judge() looks at one recipient of one event, on the thread that parsed it. No
 * function here reads a clock or allocates: times are arguments, so a policy can be
 * replayed over history. Any thread.
 */
#ifndef SESBOUNCE_POLICY_H
#define SESBOUNCE_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "sesbounce/clock.h"
#include "sesbounce/limits.h"
#include "sesbounce/ses_event.h"
#include "sesbounce/str.h"

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
    POLICY_EFFECT_DOUBTFUL, /* soft; an entry when it repeats 24 h later or more */
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
    POLICY_RULE_NOT_TRIED = 1 << 7, /* SES did not ask the provider */
    POLICY_RULE_OWN_SCOPE = 1 << 5, /* the entry is in the event's scope, never in `*` */
    POLICY_RULE_NEEDS_SCOPE = 1 << 6, /* likewise, and recorded only in scope `*` */
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

/* The rows in their order: the first that holds decides. NULL after the last. */
const struct policy_rule *policy_rule_at(size_t index);
/* The row of those who leave through SES's list management. */
#define POLICY_RULE_OPT_OUT "opt-out"
/* Where the row of that name is; POLICY_RULE_NONE: there is none. */
size_t policy_rule_index(struct str name);
#define POLICY_RULE_NONE SIZE_MAX
/* What one bit of `facts` asks for, as words for a list; NULL: there is no such bit. */
const char *policy_fact_text(unsigned fact);

/* The scope of all mail. */
#define POLICY_SCOPE_ALL "*"

/* A condition of a scope. `pattern` may contain `*`. */
struct policy_match {
    enum policy_match_kind {
        POLICY_MATCH_CONFIGURATION_SET,
        POLICY_MATCH_FROM_DOMAIN,
        POLICY_MATCH_IDENTITY,
        POLICY_MATCH_TENANT,
        POLICY_MATCH_TAG,
    } kind;
    const char *tag; /* of POLICY_MATCH_TAG: its name */
    const char *pattern;
};

struct policy_scope {
    const char *name;
    const struct policy_match *matches; /* any of these */
    size_t match_count;
    bool own_bounces; /* a hard bounce applies to this scope only */
};

/* What an event that matches no scope belongs to. */
enum policy_scope_by {
    POLICY_SCOPE_BY_NONE, /* POLICY_SCOPE_ALL */
    POLICY_SCOPE_BY_TENANT,
    POLICY_SCOPE_BY_CONFIGURATION_SET,
};

/* What the operator says instead of a row's own outcome. */
struct policy_override {
    size_t rule; /* policy_rule_index() */
    enum policy_effect effect;
    int64_t term_ms; /* 0: the row's own, or else permanent */
};

/*
 * Built from the settings at the start, and immutable; borrows its arrays and texts from
 * them.
 */
struct policy {
    int64_t simulator_term_ms; /* of entries that SES's mailbox simulator makes */
    int64_t doubt_apart_ms;  /* two doubtful bounces confirm each other if they are at */
    int64_t doubt_window_ms; /* least so far apart, and no farther than this */
    int64_t doublings_max;
    int64_t soft_days; /* so many days with a soft bounce make a SOFT entry; 0: none do */
    int64_t soft_span_ms;     /* between the first and the last of them, at least */
    int64_t soft_window_ms;   /* and at most */
    int64_t soft_term_ms;     /* of the first SOFT entry; each repeat doubles it … */
    int64_t soft_term_max_ms; /* … to this at most */
    const struct policy_override *overrides;
    size_t override_count;
    const char *const *allow; /* `ADDRESS` in its key form, or `*@DOMAIN` */
    size_t allow_count;
    const struct policy_scope *scopes; /* the first that matches */
    size_t scope_count;
    enum policy_scope_by scope_by;
    bool guard; /* the outage guard is on */
    int64_t guard_least;
};
extern const struct policy policy_built_in;

/* The scope that an event belongs to. */
struct policy_scoped {
    char name[POLICY_SCOPE_BYTES_MAX]; /* POLICY_SCOPE_ALL: it matches none */
    bool own_bounces;
};
void policy_scope_find(const struct policy *policy, const struct ses_event *event,
                       struct policy_scoped *ret);

/*
 * The day's counter that a recipient of an event belongs to. The numbers are in the
 * database: none ever changes. What is OTHER is in no column of a view, but makes its day
 * one with events.
 */
enum policy_tally {
    POLICY_TALLY_OTHER = 0,
    POLICY_TALLY_SENDS = 1,
    POLICY_TALLY_DELIVERIES = 2,
    POLICY_TALLY_HARD_BOUNCES = 3,
    POLICY_TALLY_SOFT_BOUNCES = 4,
    POLICY_TALLY_COMPLAINTS = 5,
    POLICY_TALLY_REJECTS = 6,
    POLICY_TALLY_LIST_HITS = 7,
    POLICY_TALLY_SIMULATOR = 8,
    POLICY_TALLIES,
};

/* --- judging: policy_judge.c ------------------------------------------- */

struct policy_judgement {
    enum policy_class class;
    enum policy_cause cause;
    enum policy_effect effect;
    enum policy_reason reason;
    enum policy_tally tally;
    int64_t term_ms;      /* POLICY_FOR_EVER or a duration */
    bool doubles;         /* each repeat after the term has run out doubles it */
    bool second_for_ever; /* a second event makes it permanent */
    bool is_repeated;     /* it would, but its mail has counted before */
    bool list_hit;        /* SES did not try: never brings back what a person removed */
    bool not_tried;       /* likewise: the provider was not asked */
    bool own_scope;       /* the entry is in the event's scope, never in `*` */
    bool needs_scope;     /* likewise, and there is none in scope `*` */
    bool doubt_only;      /* of DOUBTFUL: it is a soft day of another scope */
    bool counts_in_rates; /* false for list hits, predictions, simulator addresses */
    bool alert;           /* our own fault, to be reported at once */
    const char *rule;     /* constant name of the row; NULL for an event about nobody */
    char detail[POLICY_DETAIL_BYTES_MAX]; /* `Permanent/General (simulator)` */
};

/* What the operator says instead of the row's own outcome; NULL: nothing. */
const struct policy_override *policy_override_of(const struct policy *policy,
                                                 const struct policy_rule *rule);

/* The outcome of a row in force, with what the operator overrode, for an event to which
 * nothing else applies. Its cause is DIAGNOSED where the server's answer decides. */
void policy_rule_judge(const struct policy *policy, const struct policy_rule *rule,
                       struct policy_judgement *ret);

/* Is it on the operator's allow-list? */
bool policy_allows(const struct policy *policy, const struct address *address);

/* `recipient` NULL: an event about nobody, which only counts. */
void policy_judge(const struct policy *policy, const struct ses_event *event,
                  const struct ses_recipient *recipient, struct policy_judgement *ret);

/* Can a remote server report it again and again, so that a mail counts once for each
 * address? SES itself reports a Send or a Delivery, and does so once. */
bool policy_tally_repeats(enum policy_tally tally);

/* Its mail counted for the address and tally before: then it is in no counter, and no
 * second complaint. */
void policy_judgement_repeat(struct policy_judgement *judgement);

/* What is known of the recipients of one message so far. Counters are numbers of
 * recipients, but a message is one complaint, however many of them complained. */
struct policy_message {
    bool is_known;     /* one of them is known already: another feed or a retry */
    bool is_complaint; /* one of them is news, and counts as a complaint */
};
/* Notes a recipient that is news. True: it is counted at once; a complaint at the end. */
bool policy_message_note(struct policy_message *message, enum policy_tally tally);
/* After the last recipient: is it a complaint that counts? */
bool policy_message_complains(const struct policy_message *message);

/* In which scope a judgement takes effect: in one, or a doubtful bounce in two. */
struct policy_share {
    const char *scope; /* POLICY_SCOPE_ALL, or borrowed from `scoped` */
    struct policy_judgement judgement;
};
#define POLICY_SHARES_MAX 2
/* How many there are. */
size_t policy_share(const struct policy_judgement *judgement,
                    const struct policy_scoped *scoped,
                    struct policy_share ret[POLICY_SHARES_MAX]);

/* --- the outage guard: policy_guard.c -------------------------------------------- */

/* What a provider (the recipients' domain) has had in the present hour, and before. */
struct policy_provider {
    int64_t hard;       /* hard bounces */
    int64_t answers;    /* that have been compared: not those of before a restart */
    int64_t alike;      /* of these, those with the commonest one */
    int64_t deliveries; /* 0 also where they are not reported */
    int64_t usual;      /* hard bounces in an hour at most, in POLICY_GUARD_USUAL_MS */
};
#define POLICY_GUARD_USUAL_MS (14 * CLOCK_DAY_MS)

/* Does this look like an outage of the provider, not like addresses that are gone? */
bool policy_guard_trips(const struct policy *policy,
                        const struct policy_provider *provider);
/* What of a server's answer is compared: a hash of it without digits and addresses. */
uint64_t policy_guard_answer(const struct ses_recipient *recipient);

/* The words of the views; NULL for the NONE members. */
const char *policy_class_word(enum policy_class class);
const char *policy_cause_word(enum policy_cause cause);
const char *policy_reason_word(enum policy_reason reason);
const char *policy_effect_word(enum policy_effect effect);

#endif

#include "sesbounce/policy.h"

#include <stdio.h>

#include "message/policy_diagnosis.h"

/* Complaints name everybody who might have complained; beyond this it is anybody. */
#define CANDIDATES_FEW_MAX 5
#define SIMULATOR_TERM_MS  CLOCK_DAY_MS

/* Short names, so that a row of the table stays a row. */
enum {
    PERMANENT = SES_BOUNCE_PERMANENT,
    TRANSIENT = SES_BOUNCE_TRANSIENT,
    UNDETERMINED = SES_BOUNCE_UNDETERMINED,

    UNJUDGED = POLICY_CLASS_NONE,
    HARD = POLICY_CLASS_HARD,
    SOFT = POLICY_CLASS_SOFT,
    COMPLAINT = POLICY_CLASS_COMPLAINT,
    POLICY = POLICY_CLASS_POLICY,
    IGNORED = POLICY_CLASS_IGNORED,

    RECORD = POLICY_EFFECT_NONE,
    COUNT_SOFT = POLICY_EFFECT_SOFT,
    DOUBTFUL = POLICY_EFFECT_DOUBTFUL,
    HOLD = POLICY_EFFECT_HOLD,
    LIFT = POLICY_EFFECT_LIFT,
    RESET = POLICY_EFFECT_RESET,
};

enum outcome_flag {
    DOUBLES = 1 << 0,
    SECOND_FOR_EVER = 1 << 1,
    LIST_HIT = 1 << 2, /* and not in the rates */
    NOT_IN_RATES = 1 << 3,
    ALERT = 1 << 4,
};

struct outcome {
    unsigned class;
    unsigned cause; /* POLICY_CAUSE_NONE: none */
    unsigned effect;
    unsigned reason;
    int64_t term_ms;
    unsigned flags;
};

/* A row holds when all its columns do; NULL and 0 hold for anything. */
struct rule {
    const char *name;
    enum ses_type type;
    unsigned bounce_type;
    const char *subtype;  /* bounceSubType or complaintSubType; none counts as General */
    const char *feedback; /* complaintFeedbackType */
    unsigned facts;       /* all of these */
    struct outcome outcome;
};

#define EVER      POLICY_FOR_EVER
#define DAYS(n)   ((n)*CLOCK_DAY_MS)
#define CAUSE(c)  POLICY_CAUSE_##c
#define DIAGNOSED UINT32_MAX /* the cause that the diagnostic tells */
/* An entry with reason BOUNCE or COMPLAINT, for so long. */
#define LIST(reason, term) POLICY_EFFECT_SUPPRESS, POLICY_REASON_##reason, term
/* No entry. */
#define ONLY(effect) effect, POLICY_REASON_NONE, 0

/*
 * The policy. The first row that holds decides. What each is for:
 */
/* clang-format off */
static const struct rule RULES[] = {
/* --- Permanent: what SES did not even try ------------------------------------------- */
{"permanent-on-account-list", SES_BOUNCE, PERMANENT, "OnAccountSuppressionList", NULL, 0,
    {HARD, CAUSE(LIST_HIT), LIST(BOUNCE, EVER), LIST_HIT}},
{"permanent-on-tenant-list", SES_BOUNCE, PERMANENT, "OnTenantSuppressionList", NULL, 0,
    {HARD, CAUSE(LIST_HIT), LIST(BOUNCE, EVER), LIST_HIT}},
/* SES's global list: other senders' bounces; SES itself forgets within 14 days */
{"permanent-suppressed", SES_BOUNCE, PERMANENT, "Suppressed", NULL, 0,
    {HARD, CAUSE(OTHER), LIST(BOUNCE, DAYS(30)), DOUBLES}},
/* a prediction */
{"permanent-validation", SES_BOUNCE, PERMANENT, "EmailValidationSuppressed", NULL, 0,
    {POLICY, CAUSE(POLICY), LIST(BOUNCE, DAYS(30)), NOT_IN_RATES}},
/* not a bounce, and not everything was refused */
{"permanent-unsubscribed", SES_BOUNCE, PERMANENT, "UnsubscribedRecipient", NULL, 0,
    {POLICY, CAUSE(POLICY), ONLY(RECORD), NOT_IN_RATES}},

/* --- Permanent, by what the server said ---------------------------------------------- */
/* one of several recipients may only be delayed: AWS's own example has one */
{"permanent-delayed", SES_BOUNCE, PERMANENT, NULL, NULL, FACT_TEMPORARY,
    {SOFT, DIAGNOSED, ONLY(COUNT_SOFT), 0}},
/* our fault, not the recipient's: one broken key must not empty a provider */
{"permanent-auth", SES_BOUNCE, PERMANENT, NULL, NULL, FACT_OUR_AUTHENTICATION,
    {POLICY, CAUSE(AUTH), ONLY(RECORD), ALERT}},
{"permanent-blocked", SES_BOUNCE, PERMANENT, NULL, NULL, FACT_OUR_REPUTATION,
    {POLICY, CAUSE(BLOCKED), ONLY(RECORD), ALERT}},
/* a local policy may change */
{"permanent-policy", SES_BOUNCE, PERMANENT, NULL, NULL, FACT_LOCAL_POLICY,
    {POLICY, CAUSE(POLICY), LIST(BOUNCE, DAYS(14)), 0}},
/* what names no recipient of the mail was quarantined before */
{"permanent-no-email", SES_BOUNCE, PERMANENT, "NoEmail", NULL, 0,
    {HARD, CAUSE(UNKNOWN_USER), LIST(BOUNCE, EVER), 0}},
{"permanent-general", SES_BOUNCE, PERMANENT, "General", NULL, 0,
    {HARD, DIAGNOSED, LIST(BOUNCE, EVER), 0}},
/* a word newer than this table: SES will not deliver, but for how long we cannot know */
{"permanent-other", SES_BOUNCE, PERMANENT, NULL, NULL, 0,
    {HARD, DIAGNOSED, LIST(BOUNCE, DAYS(30)), DOUBLES}},

/* --- Transient: what was the message's or the sender's fault, whatever the status ---- */
{"transient-too-large", SES_BOUNCE, TRANSIENT, "MessageTooLarge", NULL, 0,
    {IGNORED, CAUSE(TOO_LARGE), ONLY(RECORD), 0}},
{"transient-content", SES_BOUNCE, TRANSIENT, "ContentRejected", NULL, 0,
    {IGNORED, CAUSE(POLICY), ONLY(RECORD), 0}},
{"transient-attachment", SES_BOUNCE, TRANSIENT, "AttachmentRejected", NULL, 0,
    {IGNORED, CAUSE(POLICY), ONLY(RECORD), 0}},
/* the sender's own timer: greylisting */
{"transient-custom-timeout", SES_BOUNCE, TRANSIENT, "CustomTimeoutExceeded", NULL, 0,
    {IGNORED, CAUSE(TIMEOUT), ONLY(RECORD), 0}},

/* --- Transient, by what the server said ---------------------------------------------- */
{"transient-mailbox-full", SES_BOUNCE, TRANSIENT, "MailboxFull", NULL, 0,
    {SOFT, CAUSE(MAILBOX_FULL), ONLY(COUNT_SOFT), 0}},
/* SES calls some permanent failures Transient; but DNS has outages */
{"transient-gone", SES_BOUNCE, TRANSIENT, "General", NULL, FACT_GONE,
    {SOFT, DIAGNOSED, DOUBTFUL, POLICY_REASON_BOUNCE, EVER, 0}},
{"transient-gave-up", SES_BOUNCE, TRANSIENT, NULL, NULL, FACT_GAVE_UP,
    {SOFT, DIAGNOSED, ONLY(COUNT_SOFT), 0}},
{"transient-autoreply", SES_BOUNCE, TRANSIENT, "General", NULL, FACT_AUTOREPLY,
    {IGNORED, CAUSE(AUTOREPLY), ONLY(RECORD), 0}},
{"transient-said", SES_BOUNCE, TRANSIENT, NULL, NULL, FACT_DIAGNOSTIC,
    {SOFT, DIAGNOSED, ONLY(COUNT_SOFT), 0}},
/* without a word from a server it is somebody's out-of-office reply */
{"transient-silent", SES_BOUNCE, TRANSIENT, "General", NULL, 0,
    {IGNORED, CAUSE(AUTOREPLY), ONLY(RECORD), 0}},
{"transient-other", SES_BOUNCE, TRANSIENT, NULL, NULL, 0,
    {SOFT, DIAGNOSED, ONLY(COUNT_SOFT), 0}},

/* --- Undetermined: out-of-office comes here too --------------------------------------- */
{"undetermined-autoreply", SES_BOUNCE, UNDETERMINED, NULL, NULL, FACT_AUTOREPLY,
    {IGNORED, CAUSE(AUTOREPLY), ONLY(RECORD), 0}},
{"undetermined-refused", SES_BOUNCE, UNDETERMINED, NULL, NULL, FACT_REFUSED,
    {SOFT, DIAGNOSED, ONLY(COUNT_SOFT), 0}},
{"undetermined", SES_BOUNCE, UNDETERMINED, NULL, NULL, 0,
    {IGNORED, DIAGNOSED, ONLY(RECORD), 0}},

/* --- Complaint ------------------------------------------------------------------------ */
{"complaint-on-account-list", SES_COMPLAINT, 0, "OnAccountSuppressionList", NULL, 0,
    {HARD, CAUSE(LIST_HIT), LIST(COMPLAINT, EVER), LIST_HIT}},
{"complaint-on-tenant-list", SES_COMPLAINT, 0, "OnTenantSuppressionList", NULL, 0,
    {HARD, CAUSE(LIST_HIT), LIST(COMPLAINT, EVER), LIST_HIT}},
/* nobody objected */
{"complaint-auth-failure", SES_COMPLAINT, 0, NULL, "auth-failure", 0,
    {COMPLAINT, CAUSE(NONE), ONLY(RECORD), ALERT | NOT_IN_RATES}},
{"complaint-virus", SES_COMPLAINT, 0, NULL, "virus", 0,
    {COMPLAINT, CAUSE(NONE), ONLY(RECORD), ALERT | NOT_IN_RATES}},
/* the recipient took it back; who did, we know only when there is one */
{"complaint-not-spam", SES_COMPLAINT, 0, NULL, "not-spam", FACT_ONE_CANDIDATE,
    {COMPLAINT, CAUSE(NONE), ONLY(LIFT), NOT_IN_RATES}},
{"complaint-not-spam-of-many", SES_COMPLAINT, 0, NULL, "not-spam", 0,
    {COMPLAINT, CAUSE(NONE), ONLY(RECORD), NOT_IN_RATES}},
{"complaint", SES_COMPLAINT, 0, NULL, NULL, FACT_ONE_CANDIDATE,
    {COMPLAINT, CAUSE(NONE), LIST(COMPLAINT, EVER), 0}},
/* SES guesses from all recipients at that provider */
{"complaint-of-few", SES_COMPLAINT, 0, NULL, NULL, FACT_FEW_CANDIDATES,
    {COMPLAINT, CAUSE(NONE), LIST(COMPLAINT, DAYS(180)), SECOND_FOR_EVER}},
/* one click must not remove a whole company */
{"complaint-of-many", SES_COMPLAINT, 0, NULL, NULL, FACT_MANY_CANDIDATES,
    {COMPLAINT, CAUSE(NONE), ONLY(HOLD), 0}},

/* --- the rest ------------------------------------------------------------------------- */
{"delivery", SES_DELIVERY, 0, NULL, NULL, 0,
    {UNJUDGED, CAUSE(NONE), ONLY(RESET), 0}},
{"opt-out", SES_SUBSCRIPTION, 0, NULL, NULL, FACT_OPT_OUT,
    {POLICY, CAUSE(NONE), ONLY(RECORD), NOT_IN_RATES}},
};
/* clang-format on */

static const struct rule UNJUDGED_RULE = {.name = "none"};

static bool matches(const char *wanted, struct str word)
{
    return !wanted || str_equal_nocase(word, str_of(wanted));
}

/* SES leaves the sub-type out now and then; General is its word for "nothing special". */
static struct str subtype_of(const struct ses_event *event)
{
    struct str subtype =
        event->type == SES_BOUNCE ? event->bounce_subtype : event->complaint_subtype;
    return str_present(subtype) ? subtype : STR("General");
}

static const struct rule *find_rule(const struct ses_event *event, unsigned facts)
{
    struct str subtype = subtype_of(event);

    for (size_t i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++) {
        const struct rule *rule = &RULES[i];
        if (rule->type == event->type && rule->bounce_type == event->bounce_type &&
            matches(rule->subtype, subtype) &&
            matches(rule->feedback, event->feedback_type) &&
            (facts & rule->facts) == rule->facts)
            return rule;
    }
    return &UNJUDGED_RULE;
}

static unsigned facts_of_event(const struct ses_event *event)
{
    unsigned facts = event->opt_out ? FACT_OPT_OUT : 0;
    if (event->candidates <= 1)
        return facts | FACT_ONE_CANDIDATE;
    return facts | (event->candidates <= CANDIDATES_FEW_MAX ? FACT_FEW_CANDIDATES
                                                            : FACT_MANY_CANDIDATES);
}

/* --- detail ---------------------------------------------------------------------- */

static void put(char *detail, size_t *len, const char *text)
{
    int added = snprintf(detail + *len, POLICY_DETAIL_BYTES_MAX - *len, "%s", text);
    if (added > 0)
        *len += (size_t)added;
}

/* SES's words, and half the room at most, so that the qualifiers always fit. */
static void put_word(char *detail, size_t *len, struct str word)
{
    for (size_t i = 0; i < word.len && *len < POLICY_DETAIL_BYTES_MAX / 2; i++) {
        unsigned char byte = (unsigned char)word.data[i];
        detail[(*len)++] = byte < ' ' || byte >= 0x7f ? '?' : word.data[i];
    }
    detail[*len] = '\0';
}

static void put_qualifiers(char *detail, size_t len, size_t candidates, bool simulator)
{
    char of[40] = "";

    if (candidates > 1)
        (void)snprintf(of, sizeof(of), "1 of %zu%s", candidates, simulator ? ", " : "");
    if (candidates <= 1 && !simulator)
        return;
    put(detail, &len, " (");
    put(detail, &len, of);
    put(detail, &len, simulator ? "simulator)" : ")");
}

static void describe(const struct ses_event *event, bool simulator, char *detail)
{
    size_t len = 0;

    detail[0] = '\0';
    if (event->type == SES_BOUNCE) {
        put_word(detail, &len, event->bounce_type_text);
        if (str_present(event->bounce_subtype)) {
            put(detail, &len, "/");
            put_word(detail, &len, event->bounce_subtype);
        }
    } else if (event->type == SES_COMPLAINT && str_present(event->complaint_subtype)) {
        put(detail, &len, "Complaint/");
        put_word(detail, &len, event->complaint_subtype);
    } else if (event->type == SES_COMPLAINT) {
        put_word(detail, &len,
                 str_present(event->feedback_type) ? event->feedback_type
                                                   : event->type_text);
    } else {
        return;
    }
    put_qualifiers(detail, len, event->candidates, simulator);
}

/* --- judging --------------------------------------------------------------------- */

static struct policy_judgement judgement_of(const struct rule *rule,
                                            enum policy_cause diagnosed)
{
    const struct outcome *outcome = &rule->outcome;

    return (struct policy_judgement){
        .class = (enum policy_class)outcome->class,
        .cause =
            outcome->cause == DIAGNOSED ? diagnosed : (enum policy_cause)outcome->cause,
        .effect = (enum policy_effect)outcome->effect,
        .reason = (enum policy_reason)outcome->reason,
        .term_ms = outcome->term_ms,
        .doubles = outcome->flags & DOUBLES,
        .second_for_ever = outcome->flags & SECOND_FOR_EVER,
        .list_hit = outcome->flags & LIST_HIT,
        .counts_in_rates = !(outcome->flags & (LIST_HIT | NOT_IN_RATES)),
        .alert = outcome->flags & ALERT,
        .rule = rule->name,
    };
}

/*
 * Whom the mail was not sent to is not touched: a remote server chooses the name in its
 * report, and SES passes it on.
 */
static void record_only(const struct ses_event *event, enum ses_named named,
                        struct policy_judgement *judgement)
{
    bool reported = event->type == SES_BOUNCE || event->type == SES_COMPLAINT;

    if (named == SES_NAMED_STRANGER && judgement->list_hit)
        return;
    judgement->effect = POLICY_EFFECT_NONE;
    judgement->reason = POLICY_REASON_NONE;
    judgement->term_ms = 0;
    judgement->doubles = false;
    judgement->second_for_ever = false;
    judgement->alert = false;
    /* nor can it raise a rate by naming many */
    judgement->counts_in_rates = judgement->counts_in_rates && !reported;
    judgement->rule = named == SES_NAMED_STRANGER ? "not-addressed" : "no-address";
}

/* They exist to be tried: listed for a day, and nobody is woken up. */
static void soften_for_simulator(struct policy_judgement *judgement)
{
    if (judgement->term_ms != 0)
        judgement->term_ms = SIMULATOR_TERM_MS;
    judgement->doubles = false;
    judgement->second_for_ever = false;
    judgement->counts_in_rates = false;
    judgement->alert = false;
}

void policy_judge(const struct ses_event *event, const struct ses_recipient *recipient,
                  struct policy_judgement *ret)
{
    struct policy_diagnosis diagnosis = {0, POLICY_CAUSE_OTHER};
    bool simulator = recipient && address_is_simulator(&recipient->address);

    if (event->type == SES_BOUNCE && recipient)
        policy_diagnose(recipient, &diagnosis);
    const struct rule *rule = find_rule(event, diagnosis.facts | facts_of_event(event));
    *ret = judgement_of(rule, diagnosis.cause);
    if (recipient && recipient->named != SES_NAMED_RECIPIENT)
        record_only(event, recipient->named, ret);
    if (simulator)
        soften_for_simulator(ret);
    describe(event, simulator, ret->detail);
}

/* --- words ----------------------------------------------------------------------- */

const char *policy_class_word(enum policy_class class)
{
    static const char *const words[] = {
        [POLICY_CLASS_HARD] = "hard",           [POLICY_CLASS_SOFT] = "soft",
        [POLICY_CLASS_COMPLAINT] = "complaint", [POLICY_CLASS_POLICY] = "policy",
        [POLICY_CLASS_IGNORED] = "ignored",
    };
    return words[class];
}

const char *policy_cause_word(enum policy_cause cause)
{
    static const char *const words[] = {
        [POLICY_CAUSE_UNKNOWN_USER] = "unknown-user",
        [POLICY_CAUSE_MAILBOX_FULL] = "mailbox-full",
        [POLICY_CAUSE_BLOCKED] = "blocked",
        [POLICY_CAUSE_AUTH] = "auth",
        [POLICY_CAUSE_POLICY] = "policy",
        [POLICY_CAUSE_DNS] = "dns",
        [POLICY_CAUSE_TOO_LARGE] = "too-large",
        [POLICY_CAUSE_TIMEOUT] = "timeout",
        [POLICY_CAUSE_AUTOREPLY] = "autoreply",
        [POLICY_CAUSE_LIST_HIT] = "list-hit",
        [POLICY_CAUSE_OTHER] = "other",
    };
    return words[cause];
}

const char *policy_reason_word(enum policy_reason reason)
{
    static const char *const words[] = {
        [POLICY_REASON_SOFT] = "SOFT",
        [POLICY_REASON_BOUNCE] = "BOUNCE",
        [POLICY_REASON_COMPLAINT] = "COMPLAINT",
        [POLICY_REASON_MANUAL] = "MANUAL",
    };
    return words[reason];
}

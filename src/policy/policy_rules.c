/* The table of the policy. */
#include "policy/policy_rules.h"

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

enum {
    DOUBLES = POLICY_RULE_DOUBLES,
    SECOND_FOR_EVER = POLICY_RULE_SECOND_FOR_EVER,
    LIST_HIT = POLICY_RULE_LIST_HIT,
    NOT_IN_RATES = POLICY_RULE_NOT_IN_RATES,
    ALERT = POLICY_RULE_ALERT,
};

#define EVER      POLICY_FOR_EVER
#define DAYS(n)   ((n)*CLOCK_DAY_MS)
#define CAUSE(c)  POLICY_CAUSE_##c
#define DIAGNOSED POLICY_CAUSE_DIAGNOSED
/* An entry with reason BOUNCE or COMPLAINT, for so long. */
#define LIST(reason, term) POLICY_EFFECT_SUPPRESS, POLICY_REASON_##reason, term
/* No entry. */
#define ONLY(effect) effect, POLICY_REASON_NONE, 0

/*
 * The policy. The first row that holds decides. What each is for:
 */
/* clang-format off */
static const struct policy_rule RULES[] = {
/* --- what concerns nobody whom the mail was sent to: see policy_rule_of_named() ------- */
{"no-address", SES_OTHER, 0, NULL, NULL, FACT_UNREADABLE,
    {UNJUDGED, CAUSE(NONE), ONLY(RECORD), NOT_IN_RATES},
    "What SES names is not a mail address; this is recorded only."},
{"not-addressed", SES_OTHER, 0, NULL, NULL, FACT_STRANGER,
    {UNJUDGED, CAUSE(NONE), ONLY(RECORD), NOT_IN_RATES},
    "The report names an address that the mail was not sent to, as any server can do; this "
    "is recorded only."},

/* --- Permanent: what SES did not even try ------------------------------------------- */
{"permanent-on-account-list", SES_BOUNCE, PERMANENT, "OnAccountSuppressionList", NULL, 0,
    {HARD, CAUSE(LIST_HIT), LIST(BOUNCE, EVER), LIST_HIT},
    "SES did not try, because the account's suppression list has the address; it is "
    "suppressed permanently, unless a person removed it."},
{"permanent-on-tenant-list", SES_BOUNCE, PERMANENT, "OnTenantSuppressionList", NULL, 0,
    {HARD, CAUSE(LIST_HIT), LIST(BOUNCE, EVER), LIST_HIT},
    "SES did not try, because the tenant's suppression list has the address; it is "
    "suppressed permanently, unless a person removed it."},
/* SES's global list: other senders' bounces; SES itself forgets within 14 days */
{"permanent-suppressed", SES_BOUNCE, PERMANENT, "Suppressed", NULL, 0,
    {HARD, CAUSE(OTHER), LIST(BOUNCE, DAYS(30)), DOUBLES},
    "SES did not try, because mail of other senders to the address bounced; it is "
    "suppressed for 30 days, and for twice as long each time that this repeats."},
/* a prediction */
{"permanent-validation", SES_BOUNCE, PERMANENT, "EmailValidationSuppressed", NULL, 0,
    {POLICY, CAUSE(POLICY), LIST(BOUNCE, DAYS(30)), NOT_IN_RATES},
    "SES predicted a bounce and did not try; the address is suppressed for 30 days."},
/* not a bounce, and not everything was refused */
{"permanent-unsubscribed", SES_BOUNCE, PERMANENT, "UnsubscribedRecipient", NULL, 0,
    {POLICY, CAUSE(POLICY), ONLY(RECORD), NOT_IN_RATES},
    "SES did not try, because the recipient had unsubscribed there; this is recorded "
    "only."},

/* --- Permanent, by what the server said ---------------------------------------------- */
/* one of several recipients may only be delayed: AWS's own example has one */
{"permanent-delayed", SES_BOUNCE, PERMANENT, NULL, NULL, FACT_TEMPORARY,
    {SOFT, DIAGNOSED, ONLY(COUNT_SOFT), 0},
    "The server refused the mail for the time being, although the bounce is called "
    "permanent; this counts as a soft bounce."},
/* our fault, not the recipient's: one broken key must not empty a provider */
{"permanent-auth", SES_BOUNCE, PERMANENT, NULL, NULL, FACT_OUR_AUTHENTICATION,
    {POLICY, CAUSE(AUTH), ONLY(RECORD), ALERT},
    "The server refused the mail because its authentication (SPF, DKIM, DMARC) failed; "
    "the fault is the sender's, so nobody is suppressed."},
{"permanent-blocked", SES_BOUNCE, PERMANENT, NULL, NULL, FACT_OUR_REPUTATION,
    {POLICY, CAUSE(BLOCKED), ONLY(RECORD), ALERT},
    "The server refused the mail because of the sender's reputation, or as spam; the "
    "fault is the sender's, so nobody is suppressed."},
/* a local policy may change */
{"permanent-policy", SES_BOUNCE, PERMANENT, NULL, NULL, FACT_LOCAL_POLICY,
    {POLICY, CAUSE(POLICY), LIST(BOUNCE, DAYS(14)), 0},
    "The server refused the mail under a policy of its own, which may change; the address "
    "is suppressed for 14 days."},
/* what names no recipient of the mail was quarantined before */
{"permanent-no-email", SES_BOUNCE, PERMANENT, "NoEmail", NULL, 0,
    {HARD, CAUSE(UNKNOWN_USER), LIST(BOUNCE, EVER), 0},
    "SES reports that the mailbox does not exist; the address is suppressed "
    "permanently."},
{"permanent-general", SES_BOUNCE, PERMANENT, "General", NULL, 0,
    {HARD, DIAGNOSED, LIST(BOUNCE, EVER), 0},
    "The server refused the address permanently; it is suppressed permanently."},
/* a word newer than this table: SES will not deliver, but for how long we cannot know */
{"permanent-other", SES_BOUNCE, PERMANENT, NULL, NULL, 0,
    {HARD, DIAGNOSED, LIST(BOUNCE, DAYS(30)), DOUBLES},
    "SES reports a permanent bounce of an unknown kind; the address is "
    "suppressed for 30 days, and for twice as long each time that this repeats."},

/* --- Transient: what was the message's or the sender's fault, whatever the status ---- */
{"transient-too-large", SES_BOUNCE, TRANSIENT, "MessageTooLarge", NULL, 0,
    {IGNORED, CAUSE(TOO_LARGE), ONLY(RECORD), 0},
    "The message was too large; that is the message's fault, so this is recorded only."},
{"transient-content", SES_BOUNCE, TRANSIENT, "ContentRejected", NULL, 0,
    {IGNORED, CAUSE(POLICY), ONLY(RECORD), 0},
    "The server refused the content of the message; that is the message's fault, so "
    "this is recorded only."},
{"transient-attachment", SES_BOUNCE, TRANSIENT, "AttachmentRejected", NULL, 0,
    {IGNORED, CAUSE(POLICY), ONLY(RECORD), 0},
    "The server refused an attachment; that is the message's fault, so this is recorded "
    "only."},
/* the sender's own timer: greylisting */
{"transient-custom-timeout", SES_BOUNCE, TRANSIENT, "CustomTimeoutExceeded", NULL, 0,
    {IGNORED, CAUSE(TIMEOUT), ONLY(RECORD), 0},
    "The time that the sender allowed for delivery ran out; this is recorded only."},

/* --- Transient, by what the server said ---------------------------------------------- */
{"transient-mailbox-full", SES_BOUNCE, TRANSIENT, "MailboxFull", NULL, 0,
    {SOFT, CAUSE(MAILBOX_FULL), ONLY(COUNT_SOFT), 0},
    "The mailbox is full; this counts as a soft bounce."},
/* SES calls some permanent failures Transient; but DNS has outages */
{"transient-gone", SES_BOUNCE, TRANSIENT, "General", NULL, FACT_GONE,
    {SOFT, DIAGNOSED, DOUBTFUL, POLICY_REASON_BOUNCE, EVER, 0},
    "The server reports no such user or domain, but SES calls it transient; the address "
    "is suppressed permanently once this repeats after 24 hours or more."},
{"transient-gave-up", SES_BOUNCE, TRANSIENT, NULL, NULL, FACT_GAVE_UP,
    {SOFT, DIAGNOSED, ONLY(COUNT_SOFT), 0},
    "SES gave up after many attempts; this counts as a soft bounce."},
{"transient-autoreply", SES_BOUNCE, TRANSIENT, "General", NULL, FACT_AUTOREPLY,
    {IGNORED, CAUSE(AUTOREPLY), ONLY(RECORD), 0},
    "An automatic reply came back; this is recorded only."},
{"transient-said", SES_BOUNCE, TRANSIENT, NULL, NULL, FACT_DIAGNOSTIC,
    {SOFT, DIAGNOSED, ONLY(COUNT_SOFT), 0},
    "The server refused the mail for the time being; this counts as a soft bounce."},
/* without a word from a server it is somebody's out-of-office reply */
{"transient-silent", SES_BOUNCE, TRANSIENT, "General", NULL, 0,
    {IGNORED, CAUSE(AUTOREPLY), ONLY(RECORD), 0},
    "SES quotes no server's answer, as is usual for automatic replies; this is "
    "recorded only."},
{"transient-other", SES_BOUNCE, TRANSIENT, NULL, NULL, 0,
    {SOFT, DIAGNOSED, ONLY(COUNT_SOFT), 0},
    "SES reports a transient bounce of an unknown kind; this counts as a "
    "soft bounce."},

/* --- Undetermined: out-of-office comes here too --------------------------------------- */
{"undetermined-autoreply", SES_BOUNCE, UNDETERMINED, NULL, NULL, FACT_AUTOREPLY,
    {IGNORED, CAUSE(AUTOREPLY), ONLY(RECORD), 0},
    "An automatic reply came back; this is recorded only."},
{"undetermined-refused", SES_BOUNCE, UNDETERMINED, NULL, NULL, FACT_REFUSED,
    {SOFT, DIAGNOSED, ONLY(COUNT_SOFT), 0},
    "SES could not classify the bounce, but a server refused the mail; this counts as a "
    "soft bounce."},
{"undetermined", SES_BOUNCE, UNDETERMINED, NULL, NULL, 0,
    {IGNORED, DIAGNOSED, ONLY(RECORD), 0},
    "SES could not classify the bounce, and no server's refusal is known; this is "
    "recorded only."},

/* --- Complaint ------------------------------------------------------------------------ */
{"complaint-on-account-list", SES_COMPLAINT, 0, "OnAccountSuppressionList", NULL, 0,
    {HARD, CAUSE(LIST_HIT), LIST(COMPLAINT, EVER), LIST_HIT},
    "SES did not try, because the account's suppression list has a complaint from the "
    "address; it is suppressed permanently, unless a person removed it."},
{"complaint-on-tenant-list", SES_COMPLAINT, 0, "OnTenantSuppressionList", NULL, 0,
    {HARD, CAUSE(LIST_HIT), LIST(COMPLAINT, EVER), LIST_HIT},
    "SES did not try, because the tenant's suppression list has a complaint from the "
    "address; it is suppressed permanently, unless a person removed it."},
/* nobody objected */
{"complaint-auth-failure", SES_COMPLAINT, 0, NULL, "auth-failure", 0,
    {COMPLAINT, CAUSE(NONE), ONLY(RECORD), ALERT | NOT_IN_RATES},
    "A provider reports that the mail failed authentication; no recipient objected, so "
    "nobody is suppressed."},
{"complaint-virus", SES_COMPLAINT, 0, NULL, "virus", 0,
    {COMPLAINT, CAUSE(NONE), ONLY(RECORD), ALERT | NOT_IN_RATES},
    "A provider reports a virus in the mail; no recipient objected, so nobody is "
    "suppressed."},
/* the recipient took it back; who did, we know only when there is one */
{"complaint-not-spam", SES_COMPLAINT, 0, NULL, "not-spam", FACT_ONE_CANDIDATE,
    {COMPLAINT, CAUSE(NONE), ONLY(LIFT), NOT_IN_RATES},
    "The recipient reports that the mail is not spam; a suppression for a complaint is "
    "lifted."},
{"complaint-not-spam-of-many", SES_COMPLAINT, 0, NULL, "not-spam", 0,
    {COMPLAINT, CAUSE(NONE), ONLY(RECORD), NOT_IN_RATES},
    "One of several recipients reports that the mail is not spam, but it is not known "
    "which; this is recorded only."},
{"complaint", SES_COMPLAINT, 0, NULL, NULL, FACT_ONE_CANDIDATE,
    {COMPLAINT, CAUSE(NONE), LIST(COMPLAINT, EVER), 0},
    "The recipient complained; the address is suppressed permanently."},
/* SES guesses from all recipients at that provider */
{"complaint-of-few", SES_COMPLAINT, 0, NULL, NULL, FACT_FEW_CANDIDATES,
    {COMPLAINT, CAUSE(NONE), LIST(COMPLAINT, DAYS(180)), SECOND_FOR_EVER},
    "One of 2 to 5 recipients complained, but it is not known which; each is "
    "suppressed for 180 days, and permanently after a complaint about another mail."},
/* one click must not remove a whole company */
{"complaint-of-many", SES_COMPLAINT, 0, NULL, NULL, FACT_MANY_CANDIDATES,
    {COMPLAINT, CAUSE(NONE), ONLY(HOLD), 0},
    "One of more than 5 recipients complained, but it is not known which; nobody is "
    "suppressed unless a person decides so."},

/* --- the rest ------------------------------------------------------------------------- */
{"delivery", SES_DELIVERY, 0, NULL, NULL, 0,
    {UNJUDGED, CAUSE(NONE), ONLY(RESET), 0},
    "The mail was delivered; soft bounces before it no longer count."},
{"opt-out", SES_SUBSCRIPTION, 0, NULL, NULL, FACT_OPT_OUT,
    {POLICY, CAUSE(NONE), ONLY(RECORD), NOT_IN_RATES},
    "The recipient unsubscribed through SES's list management; this is recorded only."},
};
/* clang-format on */

#define RULE_COUNT (sizeof(RULES) / sizeof(RULES[0]))

static const struct policy_rule UNJUDGED_RULE = {.name = "none"};

static bool matches(const char *wanted, struct str word)
{
    return !wanted || str_equal_nocase(word, str_of(wanted));
}

/* SES sometimes omits the sub-type; General is its word for "nothing special". */
static struct str subtype_of(const struct ses_event *event)
{
    struct str subtype =
        event->type == SES_BOUNCE ? event->bounce_subtype : event->complaint_subtype;
    return str_present(subtype) ? subtype : STR("General");
}

const struct policy_rule *policy_rule_find(const struct ses_event *event, unsigned facts)
{
    struct str subtype = subtype_of(event);

    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct policy_rule *rule = &RULES[i];
        if (rule->type == event->type && rule->bounce_type == event->bounce_type &&
            matches(rule->subtype, subtype) &&
            matches(rule->feedback, event->feedback_type) &&
            (facts & rule->facts) == rule->facts)
            return rule;
    }
    return &UNJUDGED_RULE;
}

const struct policy_rule *policy_rule_of_named(enum ses_named named)
{
    return &RULES[named == SES_NAMED_UNREADABLE ? 0 : 1];
}

const struct policy_rule *policy_rule_at(size_t index)
{
    return index < RULE_COUNT ? &RULES[index] : NULL;
}

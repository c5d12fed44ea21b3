/* The table of the policy. */
#include "policy/policy_rules.h"

/* Short forms, so that a row of the table stays a row. */
enum {
    RECORD = POLICY_EFFECT_NONE,
    LIFT = POLICY_EFFECT_LIFT,
    RESET = POLICY_EFFECT_RESET,

    DOUBLES = POLICY_RULE_DOUBLES,
    SECOND_FOR_EVER = POLICY_RULE_SECOND_FOR_EVER,
    LIST_HIT = POLICY_RULE_LIST_HIT,
    NOT_IN_RATES = POLICY_RULE_NOT_IN_RATES,
    ALERT = POLICY_RULE_ALERT,
    NOT_TRIED = POLICY_RULE_NOT_TRIED,
    OWN_SCOPE = POLICY_RULE_OWN_SCOPE,
    NEEDS_SCOPE = POLICY_RULE_NEEDS_SCOPE,
};
#define EVER                POLICY_FOR_EVER
#define DAYS(n)             ((n)*CLOCK_DAY_MS)
#define BOUNCE(type)        SES_BOUNCE, SES_BOUNCE_##type
#define MEANS(class, cause) POLICY_CLASS_##class, POLICY_CAUSE_##cause
/* An entry with reason BOUNCE or COMPLAINT, for so long. */
#define LIST(reason, term) POLICY_EFFECT_SUPPRESS, POLICY_REASON_##reason, term
/* The same, once a person has decided so. */
#define HOLD(reason, term) POLICY_EFFECT_HOLD, POLICY_REASON_##reason, term
/* A soft day; how many make an entry, and for how long, is a setting. */
#define COUNT_SOFT POLICY_EFFECT_SOFT, POLICY_REASON_SOFT, 0
/* No entry. */
#define ONLY(effect) effect, POLICY_REASON_NONE, 0

/*
 * The policy. The first row that holds decides. What each is for:
 */
/* clang-format off */
static const struct policy_rule RULES[] = {
/* --- what concerns nobody whom the mail was sent to: see policy_rule_of_person() */
{"no-address", SES_OTHER, 0, NULL, NULL, FACT_UNREADABLE,
    {MEANS(NONE, NONE), ONLY(RECORD), NOT_IN_RATES},
    "SES named something that is not a mail address, so this is only recorded."},
{"not-addressed", SES_OTHER, 0, NULL, NULL, FACT_STRANGER,
    {MEANS(NONE, NONE), ONLY(RECORD), NOT_IN_RATES},
    "The report names an address that the mail was not sent to, as any server can do, "
    "so this is only recorded."},
/* what the operator vouches for */
{"allowed", SES_OTHER, 0, NULL, NULL, FACT_ALLOWED,
    {MEANS(NONE, NONE), ONLY(RECORD), 0},
    "The address is on the configuration's allow-list, so no event suppresses it; "
    "this is only recorded."},

/* --- Permanent: what SES did not even try ---------------------------------------- */
{"permanent-on-account-list", BOUNCE(PERMANENT), "OnAccountSuppressionList", NULL, 0,
    {MEANS(HARD, LIST_HIT), LIST(BOUNCE, EVER), LIST_HIT},
    "SES did not try to deliver, because the address is on the account's suppression "
    "list; such an address is suppressed here permanently, unless a person has removed "
    "it."},
{"permanent-on-tenant-list", BOUNCE(PERMANENT), "OnTenantSuppressionList", NULL, 0,
    {MEANS(HARD, LIST_HIT), LIST(BOUNCE, EVER), LIST_HIT | OWN_SCOPE},
    "The address is on the tenant's suppression list; such an address is suppressed "
    "permanently in the event's scope (for all mail where it has none), unless a person "
    "has removed it."},
/* SES's global list: other senders' bounces; SES itself forgets within 14 days */
{"permanent-suppressed", BOUNCE(PERMANENT), "Suppressed", NULL, 0,
    {MEANS(HARD, OTHER), LIST(BOUNCE, DAYS(30)), DOUBLES | NOT_TRIED},
    "SES did not try to deliver, because other senders' mail to the address bounced; "
    "such an address is suppressed for 30 days, and for twice as long if it happens "
    "again after the term."},
/* a prediction */
{"permanent-validation", BOUNCE(PERMANENT), "EmailValidationSuppressed", NULL, 0,
    {MEANS(POLICY, POLICY), LIST(BOUNCE, DAYS(30)), NOT_IN_RATES},
    "SES did not try to deliver, because it predicted a bounce; such an address is "
    "suppressed for 30 days."},
/* not a bounce, and not everything was refused */
{"permanent-unsubscribed", BOUNCE(PERMANENT), "UnsubscribedRecipient", NULL, 0,
    {MEANS(POLICY, POLICY), LIST(BOUNCE, EVER), NOT_IN_RATES | NEEDS_SCOPE},
    "SES did not try to deliver, because the recipient had unsubscribed; such an "
    "address is suppressed permanently in the scope of its event, and not at all where "
    "the event has none."},

/* --- Permanent, by what the server said ------------------------------------------ */
/* one of several recipients may only be delayed: AWS's own example has one */
{"permanent-delayed", BOUNCE(PERMANENT), NULL, NULL, FACT_TEMPORARY,
    {MEANS(SOFT, DIAGNOSED), COUNT_SOFT, 0},
    "The server refused the mail only for now, although SES calls the bounce "
    "permanent: a soft bounce."},
/* our fault, not the recipient's: one broken key must not empty a provider */
{"permanent-auth", BOUNCE(PERMANENT), NULL, NULL, FACT_OUR_AUTHENTICATION,
    {MEANS(POLICY, AUTH), ONLY(RECORD), ALERT},
    "The server refused the mail because its authentication (SPF, DKIM or DMARC) "
    "failed; that is the sender's fault, so nobody is suppressed."},
{"permanent-blocked", BOUNCE(PERMANENT), NULL, NULL, FACT_OUR_REPUTATION,
    {MEANS(POLICY, BLOCKED), ONLY(RECORD), ALERT},
    "The server refused the mail as spam or because of the sender's reputation; that "
    "is the sender's fault, so nobody is suppressed."},
/* a local policy may change */
{"permanent-policy", BOUNCE(PERMANENT), NULL, NULL, FACT_LOCAL_POLICY,
    {MEANS(POLICY, POLICY), LIST(BOUNCE, DAYS(14)), 0},
    "The server refused the mail under a policy of its own, which may change; such an "
    "address is suppressed for 14 days from its latest bounce."},
/* what names no recipient of the mail was quarantined before */
{"permanent-no-email", BOUNCE(PERMANENT), "NoEmail", NULL, 0,
    {MEANS(HARD, UNKNOWN_USER), LIST(BOUNCE, EVER), 0},
    "SES reports that the mailbox does not exist; such an address is suppressed "
    "permanently."},
{"permanent-general", BOUNCE(PERMANENT), "General", NULL, 0,
    {MEANS(HARD, DIAGNOSED), LIST(BOUNCE, EVER), 0},
    "The server permanently refused mail to the address; such an address is suppressed "
    "permanently."},
/* a word newer than this table: SES will not deliver, but for how long we cannot know */
{"permanent-other", BOUNCE(PERMANENT), NULL, NULL, 0,
    {MEANS(HARD, DIAGNOSED), LIST(BOUNCE, DAYS(30)), DOUBLES},
    "SES reports a permanent bounce of a kind not known here; such an address is "
    "suppressed for 30 days, and for twice as long if it happens again after the term."},

/* --- Transient: the fault of the message or the sender, whatever the status ------- */
{"transient-too-large", BOUNCE(TRANSIENT), "MessageTooLarge", NULL, 0,
    {MEANS(IGNORED, TOO_LARGE), ONLY(RECORD), 0},
    "The message was too large, which says nothing about the address, so this is only "
    "recorded."},
{"transient-content", BOUNCE(TRANSIENT), "ContentRejected", NULL, 0,
    {MEANS(IGNORED, POLICY), ONLY(RECORD), 0},
    "The server refused the content of the message, which says nothing about the "
    "address, so this is only recorded."},
{"transient-attachment", BOUNCE(TRANSIENT), "AttachmentRejected", NULL, 0,
    {MEANS(IGNORED, POLICY), ONLY(RECORD), 0},
    "The server refused an attachment, which says nothing about the address, so this "
    "is only recorded."},
/* the sender's own timer: greylisting */
{"transient-custom-timeout", BOUNCE(TRANSIENT), "CustomTimeoutExceeded", NULL, 0,
    {MEANS(IGNORED, TIMEOUT), ONLY(RECORD), 0},
    "The time that the sender allows for delivery ran out, which says nothing about "
    "the address, so this is only recorded."},

/* --- Transient, by what the server said ------------------------------------------ */
{"transient-mailbox-full", BOUNCE(TRANSIENT), "MailboxFull", NULL, 0,
    {MEANS(SOFT, MAILBOX_FULL), COUNT_SOFT, 0},
    "The mailbox is full: a soft bounce."},
/* SES calls some permanent failures Transient; but DNS has outages */
{"transient-gone", BOUNCE(TRANSIENT), "General", NULL, FACT_GONE,
    {MEANS(SOFT, DIAGNOSED), POLICY_EFFECT_DOUBTFUL, POLICY_REASON_BOUNCE, EVER, 0},
    "The server reports no such user or domain, but SES calls the bounce temporary: a "
    "soft bounce; where it happens again at least 24 hours later, the address is "
    "suppressed permanently."},
{"transient-gave-up", BOUNCE(TRANSIENT), NULL, NULL, FACT_GAVE_UP,
    {MEANS(SOFT, DIAGNOSED), COUNT_SOFT, 0},
    "SES gave up after many attempts: a soft bounce."},
{"transient-autoreply", BOUNCE(TRANSIENT), "General", NULL, FACT_AUTOREPLY,
    {MEANS(IGNORED, AUTOREPLY), ONLY(RECORD), 0},
    "This is an automatic reply, such as an out-of-office notice, so it is only "
    "recorded."},
{"transient-said", BOUNCE(TRANSIENT), NULL, NULL, FACT_DIAGNOSTIC,
    {MEANS(SOFT, DIAGNOSED), COUNT_SOFT, 0},
    "The server refused the mail for now: a soft bounce."},
/* without a word from a server it is somebody's out-of-office reply */
{"transient-silent", BOUNCE(TRANSIENT), "General", NULL, 0,
    {MEANS(IGNORED, AUTOREPLY), ONLY(RECORD), 0},
    "SES quotes no answer from a server, which is typical of automatic replies, so "
    "this is only recorded."},
{"transient-other", BOUNCE(TRANSIENT), NULL, NULL, 0,
    {MEANS(SOFT, DIAGNOSED), COUNT_SOFT, 0},
    "SES reports a temporary bounce of a kind not known here: a soft bounce."},

/* --- Undetermined: out-of-office comes here too ---------------------------------- */
{"undetermined-autoreply", BOUNCE(UNDETERMINED), NULL, NULL, FACT_AUTOREPLY,
    {MEANS(IGNORED, AUTOREPLY), ONLY(RECORD), 0},
    "This is an automatic reply, such as an out-of-office notice, so it is only "
    "recorded."},
{"undetermined-refused", BOUNCE(UNDETERMINED), NULL, NULL, FACT_REFUSED,
    {MEANS(SOFT, DIAGNOSED), COUNT_SOFT, 0},
    "SES could not classify the bounce, but a server refused the mail: a soft bounce."},
{"undetermined", BOUNCE(UNDETERMINED), NULL, NULL, 0,
    {MEANS(IGNORED, DIAGNOSED), ONLY(RECORD), 0},
    "SES could not classify the bounce, and no server is known to have refused the "
    "mail, so this is only recorded."},

/* --- Complaint ------------------------------------------------------------------- */
{"complaint-on-account-list", SES_COMPLAINT, 0, "OnAccountSuppressionList", NULL, 0,
    {MEANS(HARD, LIST_HIT), LIST(COMPLAINT, EVER), LIST_HIT},
    "SES did not try to deliver, because a complaint put the address on the account's "
    "suppression list; such an address is suppressed here permanently, unless a person "
    "has removed it."},
{"complaint-on-tenant-list", SES_COMPLAINT, 0, "OnTenantSuppressionList", NULL, 0,
    {MEANS(HARD, LIST_HIT), LIST(COMPLAINT, EVER), LIST_HIT | OWN_SCOPE},
    "A complaint put the address on the tenant's list; such an address is suppressed "
    "permanently in the event's scope (for all mail where it has none), unless a person "
    "has removed it."},
/* nobody objected */
{"complaint-auth-failure", SES_COMPLAINT, 0, NULL, "auth-failure", 0,
    {MEANS(COMPLAINT, NONE), ONLY(RECORD), ALERT | NOT_IN_RATES},
    "A provider reports that the mail failed authentication; no recipient objected, "
    "so nobody is suppressed."},
{"complaint-virus", SES_COMPLAINT, 0, NULL, "virus", 0,
    {MEANS(COMPLAINT, NONE), ONLY(RECORD), ALERT | NOT_IN_RATES},
    "A provider reports a virus in the mail; no recipient objected, so nobody is "
    "suppressed."},
/* the recipient took it back; who did, we know only when there is one */
{"complaint-not-spam", SES_COMPLAINT, 0, NULL, "not-spam", FACT_ONE_CANDIDATE,
    {MEANS(COMPLAINT, NONE), ONLY(LIFT), NOT_IN_RATES},
    "The recipient says that the mail is not spam; this lifts a suppression for a "
    "complaint, not for an unsubscription."},
{"complaint-not-spam-of-many", SES_COMPLAINT, 0, NULL, "not-spam", 0,
    {MEANS(COMPLAINT, NONE), ONLY(RECORD), NOT_IN_RATES},
    "One of several recipients says that the mail is not spam, but nobody knows which "
    "one, so this is only recorded."},
{"complaint", SES_COMPLAINT, 0, NULL, NULL, FACT_ONE_CANDIDATE,
    {MEANS(COMPLAINT, NONE), LIST(COMPLAINT, EVER), 0},
    "The recipient complained; such an address is suppressed permanently."},
/* SES guesses from all recipients at that provider */
{"complaint-of-few", SES_COMPLAINT, 0, NULL, NULL, FACT_FEW_CANDIDATES,
    {MEANS(COMPLAINT, NONE), LIST(COMPLAINT, DAYS(180)), SECOND_FOR_EVER},
    "One of 2 to 5 recipients complained, but nobody knows which one; each such address "
    "is suppressed for 180 days, and permanently after a complaint about another mail."},
/* one click must not remove a whole company */
{"complaint-of-many", SES_COMPLAINT, 0, NULL, NULL, FACT_MANY_CANDIDATES,
    {MEANS(COMPLAINT, NONE), HOLD(COMPLAINT, EVER), 0},
    "One of more than 5 recipients complained, but nobody knows which one; such an "
    "entry is held for a person's decision."},

/* --- the rest -------------------------------------------------------------------- */
{"delivery", SES_DELIVERY, 0, NULL, NULL, 0,
    {MEANS(NONE, NONE), ONLY(RESET), 0},
    "A mail was delivered, so earlier soft bounces no longer count."},
{POLICY_RULE_OPT_OUT, SES_SUBSCRIPTION, 0, NULL, NULL, FACT_OPT_OUT,
    {MEANS(POLICY, NONE), LIST(COMPLAINT, EVER), NOT_IN_RATES | NEEDS_SCOPE},
    "The recipient unsubscribed through SES's list management; such an address is "
    "suppressed permanently in the scope of its event, and not at all where the event "
    "has none."},
};
/* clang-format on */

#define RULE_COUNT (sizeof(RULES) / sizeof(RULES[0]))

static const struct policy_rule UNJUDGED_RULE = {.name = "none"};

static bool word_matches(const char *wanted, struct str word)
{
    return !wanted || str_equal_nocase(word, str_of(wanted));
}

/* SES sometimes omits the sub-type; General is its word for "nothing special". */
static struct str event_subtype(const struct ses_event *event)
{
    struct str subtype =
        event->type == SES_BOUNCE ? event->bounce_subtype : event->complaint_subtype;
    return str_present(subtype) ? subtype : STR("General");
}

const struct policy_rule *policy_rule_find(const struct ses_event *event, unsigned facts)
{
    struct str subtype = event_subtype(event);

    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct policy_rule *rule = &RULES[i];
        if (rule->type == event->type && rule->bounce_type == event->bounce_type &&
            word_matches(rule->subtype, subtype) &&
            word_matches(rule->feedback, event->feedback_type) &&
            (facts & rule->facts) == rule->facts)
            return rule;
    }
    return &UNJUDGED_RULE;
}

const struct policy_rule *policy_rule_of_person(unsigned fact)
{
    const struct policy_rule *rule = RULES;

    while (rule->facts != fact)
        rule++;
    return rule;
}

const char *policy_fact_text(unsigned fact)
{
    switch ((enum policy_fact)fact) {
    case FACT_DIAGNOSTIC:
        return "a server's answer is given";
    case FACT_REFUSED:
        return "a status of 4.x.x or 5.x.x, or an SMTP answer of 4xx or 5xx";
    case FACT_TEMPORARY:
        return "a status of 4.x.x, or the action delayed";
    case FACT_GAVE_UP:
        return "status 4.4.7";
    case FACT_GONE:
        return "5.1.1, 5.1.2, 5.4.4, or the answer says no such user or domain";
    case FACT_LOCAL_POLICY:
        return "status 5.7.x";
    case FACT_OUR_AUTHENTICATION:
        return "the answer or its code names SPF, DKIM, DMARC or authentication";
    case FACT_OUR_REPUTATION:
        return "the answer or its code names a blocklist, reputation, rate limits or "
               "spam";
    case FACT_AUTOREPLY:
        return "the text is that of an automatic reply";
    case FACT_ONE_CANDIDATE:
        return "one candidate";
    case FACT_FEW_CANDIDATES:
        return "2 to 5 candidates";
    case FACT_MANY_CANDIDATES:
        return "more than 5 candidates";
    case FACT_OPT_OUT:
        return "the recipient leaves one topic or all";
    case FACT_STRANGER:
        return "an address that the mail was not sent to";
    case FACT_UNREADABLE:
        return "not a mail address";
    case FACT_ALLOWED:
        return "an address on the allow-list";
    }
    return NULL;
}

const struct policy_rule *policy_rule_at(size_t index)
{
    return index < RULE_COUNT ? &RULES[index] : NULL;
}

size_t policy_rule_index(struct str name)
{
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (str_equal(name, str_of(RULES[i].name)))
            return i;
    return POLICY_RULE_NONE;
}

#include "sesbounce/policy.h"

#include <stdio.h>

#include "policy/policy_rules.h"

/* Complaints name everybody who might have complained; beyond this it is anybody. */
#define CANDIDATES_FEW_MAX 5

const struct policy policy_built_in = {
    .simulator_term_ms = CLOCK_DAY_MS,
    .doubt_apart_ms = POLICY_DOUBT_APART_MS,
    .doubt_window_ms = POLICY_DOUBT_WINDOW_MS,
    .doublings_max = POLICY_DOUBLINGS_MAX,
};

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

static struct policy_judgement judgement_of(const struct policy_rule *rule,
                                            enum policy_cause diagnosed)
{
    const struct policy_outcome *outcome = &rule->outcome;

    return (struct policy_judgement){
        .class = (enum policy_class)outcome->class,
        .cause = outcome->cause == POLICY_CAUSE_DIAGNOSED
                     ? diagnosed
                     : (enum policy_cause)outcome->cause,
        .effect = (enum policy_effect)outcome->effect,
        .reason = (enum policy_reason)outcome->reason,
        .term_ms = outcome->term_ms,
        .doubles = outcome->flags & POLICY_RULE_DOUBLES,
        .second_for_ever = outcome->flags & POLICY_RULE_SECOND_FOR_EVER,
        .list_hit = outcome->flags & POLICY_RULE_LIST_HIT,
        .counts_in_rates =
            !(outcome->flags & (POLICY_RULE_LIST_HIT | POLICY_RULE_NOT_IN_RATES)),
        .alert = outcome->flags & POLICY_RULE_ALERT,
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
    const struct policy_rule *by = policy_rule_of_named(named);
    bool reported = event->type == SES_BOUNCE || event->type == SES_COMPLAINT;

    if (named == SES_NAMED_STRANGER && judgement->list_hit)
        return;
    judgement->effect = (enum policy_effect)by->outcome.effect;
    judgement->reason = (enum policy_reason)by->outcome.reason;
    judgement->term_ms = by->outcome.term_ms;
    judgement->doubles = false;
    judgement->second_for_ever = false;
    judgement->alert = false;
    /* nor can it raise a rate by naming many */
    judgement->counts_in_rates = judgement->counts_in_rates && !reported;
    judgement->rule = by->name;
}

/* They exist to be tried: listed for a day, and nobody is woken up. */
static void soften_for_simulator(const struct policy *policy,
                                 struct policy_judgement *judgement)
{
    if (judgement->term_ms != 0)
        judgement->term_ms = policy->simulator_term_ms;
    judgement->doubles = false;
    judgement->second_for_ever = false;
    judgement->counts_in_rates = false;
    judgement->alert = false;
}

static void judge_recipient(const struct policy *policy, const struct ses_event *event,
                            const struct ses_recipient *recipient,
                            struct policy_judgement *ret)
{
    struct policy_diagnosis diagnosis = {0, POLICY_CAUSE_OTHER};
    bool simulator = address_is_simulator(&recipient->address);

    if (event->type == SES_BOUNCE)
        policy_diagnose(recipient, &diagnosis);
    const struct policy_rule *rule =
        policy_rule_find(event, diagnosis.facts | facts_of_event(event));
    *ret = judgement_of(rule, diagnosis.cause);
    if (recipient->named != SES_NAMED_RECIPIENT)
        record_only(event, recipient->named, ret);
    if (simulator)
        soften_for_simulator(policy, ret);
    describe(event, simulator, ret->detail);
}

void policy_judge(const struct policy *policy, const struct ses_event *event,
                  const struct ses_recipient *recipient, struct policy_judgement *ret)
{
    if (recipient)
        judge_recipient(policy, event, recipient, ret);
    else
        *ret = (struct policy_judgement){.counts_in_rates = true};
    ret->tally = policy_tally_of(event, recipient, ret);
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
        [POLICY_CAUSE_DIAGNOSED] = NULL,
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

const char *policy_origin_word(enum policy_origin origin)
{
    static const char *const words[] = {
        [POLICY_ORIGIN_EVENT] = "event",
        [POLICY_ORIGIN_IMPORT] = "import",
        [POLICY_ORIGIN_PERSON] = "person",
        [POLICY_ORIGIN_API] = "api",
    };
    return words[origin];
}

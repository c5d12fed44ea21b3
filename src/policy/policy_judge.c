/* What an event means for one recipient, and what of it counts in a rate. */
#include <stdio.h>

#include "policy/policy_rules.h"

/* Complaints name everybody who might have complained; beyond this it is anybody. */
#define CANDIDATES_FEW_MAX 5

static unsigned event_facts(const struct ses_event *event)
{
    unsigned facts = event->opt_out ? FACT_OPT_OUT : 0;
    if (event->candidates <= 1)
        return facts | FACT_ONE_CANDIDATE;
    return facts | (event->candidates <= CANDIDATES_FEW_MAX ? FACT_FEW_CANDIDATES
                                                            : FACT_MANY_CANDIDATES);
}

/* --- detail ---------------------------------------------------------------------- */

/* SES's words, and half the room at most, so that the qualifiers always fit. */
static size_t detail_put_word(char *detail, size_t len, struct str word)
{
    for (size_t i = 0; i < word.len && len < POLICY_DETAIL_BYTES_MAX / 2; i++) {
        unsigned char byte = (unsigned char)word.data[i];
        detail[len++] = byte < ' ' || byte >= 0x7f ? '?' : word.data[i];
    }
    detail[len] = '\0';
    return len;
}

/* `Permanent/General`, `abuse (1 of 3, simulator)`; empty for other types. */
static void detail_write(const struct ses_event *event, bool simulator, char *detail)
{
    struct str first = STR_ABSENT, second = STR_ABSENT;

    if (event->type == SES_BOUNCE) {
        first = event->bounce_type_text;
        second = event->bounce_subtype;
    } else if (event->type == SES_COMPLAINT && str_present(event->complaint_subtype)) {
        first = STR("Complaint");
        second = event->complaint_subtype;
    } else if (event->type == SES_COMPLAINT) {
        first =
            str_present(event->feedback_type) ? event->feedback_type : event->type_text;
    }
    size_t len = detail_put_word(detail, 0, first);
    if (str_present(second)) {
        detail[len++] = '/';
        len = detail_put_word(detail, len, second);
    }
    if (!str_present(first))
        return;
    size_t room = POLICY_DETAIL_BYTES_MAX - len;
    if (event->candidates > 1)
        (void)snprintf(detail + len, room, " (1 of %zu%s)", event->candidates,
                       simulator ? ", simulator" : "");
    else if (simulator)
        (void)snprintf(detail + len, room, " (simulator)");
}

/* --- judging --------------------------------------------------------------------- */

static struct policy_judgement judgement_from_rule(const struct policy_rule *rule,
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
static void judgement_record_only(const struct ses_event *event, enum ses_named named,
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
static void judgement_soften(const struct policy *policy,
                             struct policy_judgement *judgement)
{
    if (judgement->term_ms != 0)
        judgement->term_ms = policy->simulator_term_ms;
    judgement->doubles = false;
    judgement->second_for_ever = false;
    judgement->counts_in_rates = false;
    judgement->alert = false;
}

static void recipient_judge(const struct policy *policy, const struct ses_event *event,
                            const struct ses_recipient *recipient,
                            struct policy_judgement *ret)
{
    struct policy_diagnosis diagnosis = {0, POLICY_CAUSE_OTHER};
    bool simulator = address_is_simulator(&recipient->address);

    if (event->type == SES_BOUNCE)
        policy_diagnose(recipient, &diagnosis);
    const struct policy_rule *rule =
        policy_rule_find(event, diagnosis.facts | event_facts(event));
    *ret = judgement_from_rule(rule, diagnosis.cause);
    if (recipient->named != SES_NAMED_RECIPIENT)
        judgement_record_only(event, recipient->named, ret);
    if (simulator)
        judgement_soften(policy, ret);
    detail_write(event, simulator, ret->detail);
}

/* --- what counts ----------------------------------------------------------------- */

static enum policy_tally type_tally(enum ses_type type, enum policy_class class)
{
    /* SES's own rate counts every permanent bounce that it tried: `policy`, too. */
    static const enum policy_tally of_bounce[] = {
        [POLICY_CLASS_HARD] = POLICY_TALLY_HARD_BOUNCES,
        [POLICY_CLASS_POLICY] = POLICY_TALLY_HARD_BOUNCES,
        [POLICY_CLASS_SOFT] = POLICY_TALLY_SOFT_BOUNCES,
        [POLICY_CLASS_IGNORED] = POLICY_TALLY_OTHER,
    };
    static const enum policy_tally of_others[] = {
        [SES_SEND] = POLICY_TALLY_SENDS,
        [SES_DELIVERY] = POLICY_TALLY_DELIVERIES,
        [SES_REJECT] = POLICY_TALLY_REJECTS,
        [SES_RECEIVED] = POLICY_TALLY_OTHER,
    };

    if (type == SES_COMPLAINT && class == POLICY_CLASS_COMPLAINT)
        return POLICY_TALLY_COMPLAINTS;
    return type == SES_BOUNCE ? of_bounce[class] : of_others[type];
}

static enum policy_tally judgement_tally(const struct ses_event *event,
                                         const struct ses_recipient *recipient,
                                         const struct policy_judgement *judgement)
{
    if (recipient && address_is_simulator(&recipient->address))
        return POLICY_TALLY_SIMULATOR;
    if (judgement->cause == POLICY_CAUSE_LIST_HIT)
        return POLICY_TALLY_LIST_HITS;
    return judgement->counts_in_rates ? type_tally(event->type, judgement->class)
                                      : POLICY_TALLY_OTHER;
}

void policy_judge(const struct policy *policy, const struct ses_event *event,
                  const struct ses_recipient *recipient, struct policy_judgement *ret)
{
    if (recipient)
        recipient_judge(policy, event, recipient, ret);
    else
        *ret = (struct policy_judgement){.counts_in_rates = true};
    ret->tally = judgement_tally(event, recipient, ret);
}

bool policy_tally_repeats(enum policy_tally tally)
{
    return tally != POLICY_TALLY_OTHER && tally != POLICY_TALLY_SENDS &&
           tally != POLICY_TALLY_DELIVERIES;
}

void policy_judgement_repeat(struct policy_judgement *judgement)
{
    judgement->tally = POLICY_TALLY_OTHER;
    judgement->second_for_ever = false;
}

bool policy_message_note(struct policy_message *message, enum policy_tally tally)
{
    if (tally != POLICY_TALLY_COMPLAINTS)
        return true;
    message->is_complaint = true;
    return false;
}

bool policy_message_complains(const struct policy_message *message)
{
    return message->is_complaint && !message->is_known;
}

/* What an event means for one recipient, and what of it counts in a rate. */
#include <stdio.h>
#include <string.h>

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
    if (event->type == SES_SUBSCRIPTION && event->opt_out)
        first = STR(POLICY_RULE_OPT_OUT);
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
        .not_tried = outcome->flags & POLICY_RULE_NOT_TRIED,
        .own_scope = outcome->flags & POLICY_RULE_OWN_SCOPE,
        .needs_scope = outcome->flags & POLICY_RULE_NEEDS_SCOPE,
        .counts_in_rates =
            !(outcome->flags & (POLICY_RULE_LIST_HIT | POLICY_RULE_NOT_IN_RATES)),
        .alert = outcome->flags & POLICY_RULE_ALERT,
        .rule = rule->name,
    };
}

/* The operator's effect in place of the row's; what an event means stays. */
static void judgement_override(const struct policy_override *by, enum ses_type type,
                               struct policy_judgement *judgement)
{
    bool is_entry =
        by->effect == POLICY_EFFECT_SUPPRESS || by->effect == POLICY_EFFECT_HOLD;
    bool keeps_term = by->term_ms == 0 && judgement->term_ms != 0;

    judgement->effect = by->effect;
    judgement->reason = POLICY_REASON_NONE;
    if (by->effect == POLICY_EFFECT_SOFT)
        judgement->reason = POLICY_REASON_SOFT;
    else if (is_entry)
        judgement->reason = type == SES_COMPLAINT || type == SES_SUBSCRIPTION
                                ? POLICY_REASON_COMPLAINT
                                : POLICY_REASON_BOUNCE;
    judgement->doubles = judgement->doubles && is_entry && keeps_term;
    judgement->second_for_ever = judgement->second_for_ever && is_entry && keeps_term;
    if (!is_entry)
        judgement->term_ms = 0;
    else if (!keeps_term)
        judgement->term_ms = by->term_ms != 0 ? by->term_ms : POLICY_FOR_EVER;
}

const struct policy_override *policy_override_of(const struct policy *policy,
                                                 const struct policy_rule *rule)
{
    const struct policy_override *found = NULL;

    for (size_t i = 0; i < policy->override_count; i++)
        if (policy_rule_at(policy->overrides[i].rule) == rule)
            found = &policy->overrides[i];
    return found;
}

static void rule_judge(const struct policy *policy, const struct policy_rule *rule,
                       enum policy_cause diagnosed, struct policy_judgement *ret)
{
    const struct policy_override *by = policy_override_of(policy, rule);

    *ret = judgement_from_rule(rule, diagnosed);
    if (by)
        judgement_override(by, rule->type, ret);
}

void policy_rule_judge(const struct policy *policy, const struct policy_rule *rule,
                       struct policy_judgement *ret)
{
    rule_judge(policy, rule, POLICY_CAUSE_DIAGNOSED, ret);
}

static void judgement_record_only(const struct policy_rule *by,
                                  struct policy_judgement *judgement)
{
    judgement->effect = (enum policy_effect)by->outcome.effect;
    judgement->reason = (enum policy_reason)by->outcome.reason;
    judgement->term_ms = by->outcome.term_ms;
    judgement->doubles = false;
    judgement->second_for_ever = false;
    judgement->rule = by->name;
}

/*
 * Whom the mail was not sent to is not touched: a remote server chooses the name in its
 * report, and SES passes it on.
 */
static void judgement_of_other(const struct ses_event *event, enum ses_named named,
                               struct policy_judgement *judgement)
{
    bool reported = event->type == SES_BOUNCE || event->type == SES_COMPLAINT;

    if (named == SES_NAMED_STRANGER && judgement->list_hit)
        return;
    judgement_record_only(policy_rule_of_person(named == SES_NAMED_STRANGER
                                                    ? FACT_STRANGER
                                                    : FACT_UNREADABLE),
                          judgement);
    judgement->alert = false;
    /* nor can it raise a rate by naming many */
    judgement->counts_in_rates = judgement->counts_in_rates && !reported;
}

bool policy_allows(const struct policy *policy, const struct address *address)
{
    for (size_t i = 0; i < policy->allow_count; i++) {
        struct str item = str_of(policy->allow[i]);

        if (str_starts_with(item, STR("*@"))
                ? str_equal(str_skip(item, 2), str_of(address->domain))
                : str_equal(item, str_of(address->key)))
            return true;
    }
    return false;
}

/* Would it put the address on the list, now or by repeating itself? */
static bool effect_is_against(enum policy_effect effect)
{
    return effect == POLICY_EFFECT_SUPPRESS || effect == POLICY_EFFECT_HOLD ||
           effect == POLICY_EFFECT_SOFT || effect == POLICY_EFFECT_DOUBTFUL;
}

/* They exist to be tried: listed for a day, and nobody is woken up. */
static void judgement_soften(const struct policy *policy,
                             struct policy_judgement *judgement)
{
    if (judgement->term_ms != 0 || judgement->effect == POLICY_EFFECT_SOFT ||
        judgement->effect == POLICY_EFFECT_RESET)
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
    rule_judge(policy, rule, diagnosis.cause, ret);
    if (recipient->named != SES_NAMED_RECIPIENT)
        judgement_of_other(event, recipient->named, ret);
    if (effect_is_against(ret->effect) && policy_allows(policy, &recipient->address))
        judgement_record_only(policy_rule_of_person(FACT_ALLOWED), ret);
    if (simulator)
        judgement_soften(policy, ret);
    detail_write(event, simulator, ret->detail);
}

/* --- where it takes effect ------------------------------------------------------- */

size_t policy_share(const struct policy_judgement *judgement,
                    const struct policy_scoped *scoped,
                    struct policy_share ret[POLICY_SHARES_MAX])
{
    const char *own = scoped->name;
    bool has_scope = strcmp(own, POLICY_SCOPE_ALL) != 0;
    bool is_of_all = judgement->reason == POLICY_REASON_BOUNCE && !scoped->own_bounces &&
                     !judgement->own_scope && !judgement->needs_scope;

    if (judgement->needs_scope && !has_scope)
        return 0;
    ret[0] = (struct policy_share){is_of_all ? POLICY_SCOPE_ALL : own, *judgement};
    if (judgement->effect != POLICY_EFFECT_DOUBTFUL || !is_of_all || !has_scope)
        return 1;
    ret[0].judgement.doubt_only = true;
    ret[1] = (struct policy_share){own, *judgement};
    ret[1].judgement.effect = POLICY_EFFECT_SOFT;
    ret[1].judgement.reason = POLICY_REASON_SOFT;
    return 2;
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
    judgement->is_repeated = judgement->second_for_ever;
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

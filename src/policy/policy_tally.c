/* What counts in a rate. */
#include "sesbounce/policy.h"

/* SES's own rate counts every permanent bounce that it tried, so `policy` is among them.
 */
static enum policy_tally tally_of_bounce(enum policy_class class)
{
    switch (class) {
    case POLICY_CLASS_HARD:
    case POLICY_CLASS_POLICY:
        return POLICY_TALLY_HARD_BOUNCES;
    case POLICY_CLASS_SOFT:
        return POLICY_TALLY_SOFT_BOUNCES;
    default:
        return POLICY_TALLY_OTHER;
    }
}

static enum policy_tally tally_of_type(enum ses_type type, enum policy_class class)
{
    switch (type) {
    case SES_SEND:
        return POLICY_TALLY_SENDS;
    case SES_DELIVERY:
        return POLICY_TALLY_DELIVERIES;
    case SES_REJECT:
        return POLICY_TALLY_REJECTS;
    case SES_BOUNCE:
        return tally_of_bounce(class);
    case SES_COMPLAINT:
        return class == POLICY_CLASS_COMPLAINT ? POLICY_TALLY_COMPLAINTS
                                               : POLICY_TALLY_OTHER;
    default:
        return POLICY_TALLY_OTHER;
    }
}

enum policy_tally policy_tally_of(const struct ses_event *event,
                                  const struct ses_recipient *recipient,
                                  const struct policy_judgement *judgement)
{
    if (recipient && address_is_simulator(&recipient->address))
        return POLICY_TALLY_SIMULATOR;
    if (judgement->cause == POLICY_CAUSE_LIST_HIT)
        return POLICY_TALLY_LIST_HITS;
    return judgement->counts_in_rates ? tally_of_type(event->type, judgement->class)
                                      : POLICY_TALLY_OTHER;
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

bool policy_message_counts(struct policy_message *message, enum policy_tally tally)
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

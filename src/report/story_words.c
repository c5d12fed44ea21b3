/* The sentences about what happened to an address. */
#include <string.h>

#include "report/story_private.h"
#include "sesbounce/clock.h"
#include "sesbounce/story.h"

/* --- events ---------------------------------------------------------------------- */

/* What SES did without trying, in words; the server said nothing then. */
static const struct {
    const char *subtype;
    const char *words;
} untried[] = {
    {"OnAccountSuppressionList", "it is on the account's suppression list"},
    {"OnTenantSuppressionList", "it is on the tenant's suppression list"},
    {"Suppressed", "it is on SES's global suppression list, which only SES can change"},
    {"EmailValidationSuppressed", "SES predicted a bounce"},
    {"UnsubscribedRecipient", "the recipient had unsubscribed"},
};

static const char *untried_words(struct str subtype)
{
    for (size_t i = 0; i < sizeof(untried) / sizeof(*untried); i++)
        if (str_equal_nocase(subtype, str_of(untried[i].subtype)))
            return untried[i].words;
    return NULL;
}

/* `smtp; 550 5.1.1 user unknown` without what names the protocol. */
static void server_words(struct words *words, const struct store_value *values,
                         size_t count)
{
    struct str said = output_find_text(values, count, "diagnostic");
    struct str status = output_find_text(values, count, "status");
    if (said.len > 5 && str_equal_nocase(str_cut(said, 5), STR("smtp;")))
        said = str_trim(str_skip(said, 5));
    if (said.len > 0) {
        words_add(words, ": the server said ");
        words_quote(words, said);
    } else if (status.len > 0) {
        words_add(words, " (status %.*s)", STR_ARG(status));
    }
}

static void bounce_words(struct words *words, const struct store_value *values,
                         size_t count)
{
    struct str type = output_find_text(values, count, "bounce_type");
    struct str subtype = output_find_text(values, count, "bounce_subtype");
    const char *why = untried_words(subtype);
    if (why) {
        words_add(words, "SES did not try to deliver a mail to the address: %s", why);
        return;
    }
    if (str_equal_nocase(type, STR("Permanent")))
        words_add(words, "SES reported a permanent bounce");
    else if (str_equal_nocase(type, STR("Transient")))
        words_add(words, "SES reported a temporary bounce");
    else
        words_add(words, "SES reported a bounce that it could not classify");
    if (str_equal_nocase(subtype, STR("MailboxFull")))
        words_add(words, ", because the mailbox is full");
    else if (subtype.len > 0 && !str_equal_nocase(subtype, STR("General")) &&
             !str_equal_nocase(subtype, STR("Undetermined")))
        words_add(words, " (%.*s)", STR_ARG(subtype));
    server_words(words, values, count);
}

static void complaint_words(struct words *words, const struct store_value *values,
                            size_t count)
{
    struct str feedback = output_find_text(values, count, "feedback_type");
    struct str subtype = output_find_text(values, count, "complaint_subtype");
    const struct store_value *candidates = output_find(values, count, "candidates");
    bool is_of_many = candidates && candidates->integer > 1;
    if (untried_words(subtype)) {
        bool is_tenant = str_equal_nocase(subtype, STR("OnTenantSuppressionList"));
        words_add(words,
                  "SES did not try to deliver a mail to the address: a complaint put it "
                  "on the %s's suppression list",
                  is_tenant ? "tenant" : "account");
        return;
    }
    if (str_equal(feedback, STR("auth-failure")))
        words_add(words, "A provider reported that a mail failed authentication");
    else if (str_equal(feedback, STR("virus")))
        words_add(words, "A provider reported a virus in a mail");
    else if (is_of_many)
        words_add(words, "One of %lld recipients", (long long)candidates->integer);
    else
        words_add(words, "The recipient");
    if (str_equal(feedback, STR("auth-failure")) || str_equal(feedback, STR("virus")))
        return;
    if (str_equal(feedback, STR("not-spam")))
        words_add(words, " reported that a mail is not spam");
    else
        words_add(words, " complained about a mail");
    if (feedback.len > 0 && !str_equal(feedback, STR("not-spam")))
        words_add(words, ", with the feedback type %.*s", STR_ARG(feedback));
    if (is_of_many)
        words_add(words, "; this address is among them");
}

/* A mail to one recipient may be reported under another address. */
static bool event_is_of_another(const struct store_value *values, size_t count)
{
    struct str address = output_find_text(values, count, "address");
    struct address named;
    return str_present(address) &&
           address_parse(output_find_text(values, count, "address_seen"), &named) == 0 &&
           !str_equal(str_of(named.key), address);
}

/* Anybody's server may name an address that has nothing to do with the mail. */
static bool event_is_of_stranger(const struct store_value *values, size_t count)
{
    return str_equal(output_find_text(values, count, "rule"), STR("not-addressed"));
}

void event_words(struct words *words, const struct store_value *values, size_t count)
{
    struct str type = output_find_text(values, count, "type");
    bool is_bounce = str_equal(type, STR("Bounce"));
    if (event_is_of_stranger(values, count))
        words_add(words, "A report says that %s, but the mail was not sent to it",
                  is_bounce ? "a mail to this address bounced"
                            : "this address complained");
    else if (is_bounce)
        bounce_words(words, values, count);
    else if (str_equal(type, STR("Complaint")))
        complaint_words(words, values, count);
    else if (str_equal(type, STR("Delivery")))
        words_add(words, "SES delivered a mail");
    else if (str_equal(type, STR("Subscription")))
        words_add(words, "The recipient unsubscribed through SES's list management");
    else
        words_add(words, "SES reported: %.*s", STR_ARG(type));
    if (event_is_of_another(values, count)) {
        words_add(words, ", reported as ");
        words_add_str(words, output_find_text(values, count, "address_seen"));
    }
}

void event_place(struct words *words, const struct policy *policy,
                 const struct store_value *values, size_t count)
{
    const struct store_value *id = output_find(values, count, "id");
    const struct store_value *simulator = output_find(values, count, "is_simulator");
    struct str scope = output_find_text(values, count, "scope");
    struct str campaign = output_find_text(values, count, "campaign");
    words_add(words, " (event %lld", id ? (long long)id->integer : 0);
    if (str_present(scope) && !str_equal(scope, STR(POLICY_SCOPE_ALL)))
        words_add(words, ", scope %.*s", STR_ARG(scope));
    if (campaign.len > 0)
        words_add(words, ", campaign %.*s", STR_ARG(campaign));
    if (simulator && simulator->integer) {
        words_add(words, ", from SES's mailbox simulator: its effect ends after ");
        words_duration(words, policy->simulator_term_ms);
    }
    if (!output_find(values, count, "topic_arn"))
        words_add(words, ", imported");
}

bool event_is_judged(const struct store_value *values, size_t count)
{
    struct str rule = output_find_text(values, count, "rule");
    return str_present(rule) && !str_equal(rule, STR("none"));
}

/* --- rules ----------------------------------------------------------------------- */

static void override_words(struct words *words, const struct policy_override *by,
                           const struct policy_judgement *judgement)
{
    words_add(words, " But the configuration overrides this rule: ");
    switch (by->effect) {
    case POLICY_EFFECT_SUPPRESS:
    case POLICY_EFFECT_HOLD:
        words_add(words, by->effect == POLICY_EFFECT_HOLD
                             ? "the entry is held for a person's decision, and then holds"
                             : "the address is suppressed");
        words_add(words, judgement->term_ms == POLICY_FOR_EVER ? " " : " for ");
        words_duration(words, judgement->term_ms);
        break;
    case POLICY_EFFECT_SOFT:
        words_add(words, "the event counts as a soft bounce");
        break;
    default:
        words_add(words, "the event is only recorded");
        break;
    }
    words_add(words, ".");
}

void rule_words(struct words *words, const struct policy *policy, struct str name)
{
    const struct policy_rule *rule = policy_rule_at(policy_rule_index(name));
    if (!rule) {
        words_add(words, "Rule %.*s.", STR_ARG(name));
        return;
    }
    const struct policy_override *by = policy_override_of(policy, rule);
    words_add(words, "Rule %.*s: %s", STR_ARG(name), rule->explanation);
    if (by) {
        struct policy_judgement judgement;
        policy_rule_judge(policy, rule, &judgement);
        override_words(words, by, &judgement);
    }
}

void unchanged_words(struct words *words, const struct story_state *state,
                     struct str name, bool is_unscoped)
{
    const struct policy_rule *rule = policy_rule_at(policy_rule_index(name));
    if (!rule || policy_override_of(state->asked->policy, rule))
        return;
    if (rule->outcome.flags & POLICY_RULE_NEEDS_SCOPE && is_unscoped)
        words_add(words,
                  "The event belongs to no scope, so nobody is suppressed: no [scope "
                  "NAME] matches its mail.");
    /* What changed in other scopes is not read then. */
    if (state->asked->scope)
        return;
    if (rule->outcome.effect == POLICY_EFFECT_LIFT)
        words_add(words, "Nothing was to be lifted.");
    else if (rule->outcome.flags & POLICY_RULE_LIST_HIT && !state_has_live(state))
        words_add(words, "A person had removed the address, and that stands: nothing "
                         "changed. But SES refuses its mail until it is off SES's list, "
                         "too.");
}

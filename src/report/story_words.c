/* The sentences about what happened to an address. */
#include <string.h>

#include "report/story_private.h"
#include "sesbounce/clock.h"

/* --- events ---------------------------------------------------------------------- */

/* What SES did without trying, in words; the server said nothing then. */
static const struct {
    const char *subtype;
    const char *words;
} untried[] = {
    {"OnAccountSuppressionList", "the account's suppression list has it"},
    {"OnTenantSuppressionList", "the tenant's suppression list has it"},
    {"Suppressed", "mail of other senders had bounced"},
    {"EmailValidationSuppressed", "it predicted a bounce"},
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
        words_add(words, "SES did not try to deliver a mail to the address: its "
                         "suppression list has a "
                         "complaint from it");
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

void event_words(struct words *words, const struct store_value *values, size_t count)
{
    struct str type = output_find_text(values, count, "type");
    if (str_equal(type, STR("Bounce")))
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

void event_place(struct words *words, const struct store_value *values, size_t count)
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
    if (simulator && simulator->integer)
        words_add(words, ", from SES's mailbox simulator, so without lasting effect");
    if (!output_find(values, count, "topic_arn"))
        words_add(words, ", imported");
}

bool event_is_judged(const struct store_value *values, size_t count)
{
    struct str rule = output_find_text(values, count, "rule");
    return str_present(rule) && !str_equal(rule, STR("none"));
}

/* --- changes of the list --------------------------------------------------------- */

static void words_note(struct words *words, struct str note)
{
    if (note.len == 0)
        return;
    words_add(words, ", with the note ");
    words_quote(words, note);
}

/* ` (BOUNCE, Permanent/General)` */
static void words_reason(struct words *words, struct str reason, struct str detail)
{
    if (!str_present(reason))
        return;
    words_add(words, " (%.*s", STR_ARG(reason));
    if (detail.len > 0)
        words_add(words, ", %.*s", STR_ARG(detail));
    words_add(words, ")");
}

/* Who did it, where that was a person, an import or a program. */
static bool words_actor(struct words *words, struct str origin, struct str actor)
{
    bool is_api = str_equal(origin, STR("api"));
    bool is_import = str_equal(origin, STR("import"));
    if (!is_api && !is_import && !str_equal(origin, STR("person")) && actor.len == 0)
        return false;
    if (is_import && actor.len == 0)
        words_add(words, "An import");
    else if (actor.len > 0)
        words_add_str(words, actor);
    else
        words_add(words, "Somebody");
    if (is_import && actor.len > 0)
        words_add(words, ", by an import,");
    else if (is_api)
        words_add(words, ", through the API,");
    return true;
}

struct change {
    struct str action, before, after, detail, origin, actor, note, scope, rule;
    const struct store_value *until;
};

static struct change change_read(const struct store_value *values, size_t count)
{
    return (struct change){.action = output_find_text(values, count, "action"),
                           .before = output_find_text(values, count, "reason_before"),
                           .after = output_find_text(values, count, "reason_after"),
                           .detail = output_find_text(values, count, "detail"),
                           .origin = output_find_text(values, count, "origin"),
                           .actor = output_find_text(values, count, "actor"),
                           .note = output_find_text(values, count, "note"),
                           .scope = output_find_text(values, count, "scope"),
                           .rule = output_find_text(values, count, "rule"),
                           .until = output_find(values, count, "until")};
}

static void added_words(struct words *words, const struct change *change)
{
    if (words_actor(words, change->origin, change->actor))
        words_add(words, " put the address on the list");
    else
        words_add(words, "The address went on the list");
    words_scope(words, change->scope);
    words_add(words, ",");
    words_term(words, change->until);
    words_reason(words, change->after, change->detail);
    words_note(words, change->note);
}

/* The reason that the rule gives, where it is weaker than the one that is shown. */
static bool change_is_hidden(const struct change *change)
{
    const struct policy_rule *rule = policy_rule_at(policy_rule_index(change->rule));
    enum policy_reason shown = POLICY_REASON_MANUAL;
    if (!rule || rule->outcome.reason == POLICY_REASON_NONE ||
        str_equal(change->actor, STR("")))
        return false;
    while (shown > POLICY_REASON_NONE &&
           !str_equal(change->after, str_of(policy_reason_word(shown))))
        shown--;
    return rule->outcome.reason < shown;
}

static void changed_words(struct words *words, const struct change *change)
{
    bool is_of_somebody = words_actor(words, change->origin, change->actor);
    if (change_is_hidden(change)) {
        words_add(words, "%s the address was on the list already",
                  is_of_somebody ? " added nothing:" : "But");
        words_scope(words, change->scope);
        words_reason(words, change->after, STR_ABSENT);
        words_add(words, "; this alone would keep it there");
        words_term(words, change->until);
        return;
    }
    if (is_of_somebody)
        words_add(words, " changed the entry");
    else
        words_add(words, "The entry changed");
    words_scope(words, change->scope);
    words_add(words, ": the address is now on the list");
    words_term(words, change->until);
    words_reason(words, change->after, change->detail);
    if (str_present(change->before) && !str_equal(change->before, change->after))
        words_add(words, ", before that for %.*s", STR_ARG(change->before));
    words_note(words, change->note);
}

/* It came off, or only one of the reasons did. */
static void ended_words(struct words *words, const struct change *change)
{
    bool stays = str_present(change->after);
    bool is_of_somebody = words_actor(words, change->origin, change->actor);
    if (is_of_somebody)
        words_add(words, " took the address off the list");
    else if (str_equal(change->action, STR("expired")))
        words_add(words, "The term ended%s",
                  stays ? "" : ", and the address came off the list");
    else
        words_add(words, "%s",
                  stays ? "An entry was lifted" : "The address came off the list");
    words_scope(words, change->scope);
    words_reason(words, change->before, STR_ABSENT);
    words_note(words, change->note);
    if (stays)
        words_add(words, "; it stays on the list (%.*s)", STR_ARG(change->after));
}

/* What was held for a person, and is no longer. */
static void settled_words(struct words *words, const struct change *change)
{
    bool is_released = str_equal(change->action, STR("released"));
    if (!words_actor(words, change->origin, change->actor))
        words_add(words, "Somebody");
    words_add(words, is_released ? " released the held entry: the address is on the list"
                                 : " dropped the held entry");
    words_scope(words, change->scope);
    if (is_released) {
        words_add(words, ",");
        words_term(words, change->until);
        words_reason(words, change->after, change->detail);
    }
    words_note(words, change->note);
}

/* The log has who recomputed the list, and says so in the note. */
static void rebuild_words(struct words *words, struct change *change)
{
    if (!str_equal(change->origin, STR("event")) || change->actor.len == 0 ||
        !str_equal(change->note, STR("suppress rebuild")))
        return;
    words_add_str(words, change->actor);
    words_add(words, " ran `suppress rebuild`. ");
    change->actor = change->note = STR_ABSENT;
}

void change_words(struct words *words, const struct store_value *values, size_t count)
{
    struct change change = change_read(values, count);
    rebuild_words(words, &change);
    if (str_equal(change.action, STR("added"))) {
        added_words(words, &change);
    } else if (str_equal(change.action, STR("changed"))) {
        changed_words(words, &change);
    } else if (str_equal(change.action, STR("released")) ||
               str_equal(change.action, STR("dropped"))) {
        settled_words(words, &change);
    } else if (str_equal(change.action, STR("held"))) {
        words_add(words, "The entry");
        words_scope(words, change.scope);
        words_add(words, " is held until a person decides");
    } else if (str_equal(change.action, STR("erased"))) {
        if (!words_actor(words, change.origin, change.actor))
            words_add(words, "Somebody");
        words_add(words, " erased what was stored about the address");
        words_note(words, change.note);
    } else {
        ended_words(words, &change);
    }
    words_add(words, ".");
}

void decision_words(struct words *words, const struct store_value *values, size_t count)
{
    struct change change = change_read(values, count);
    change.origin = STR("person");
    change.after = output_find_text(values, count, "reason");
    if (str_equal(change.action, STR("add"))) {
        added_words(words, &change);
    } else {
        change.before = change.after;
        change.after = STR_ABSENT;
        ended_words(words, &change);
    }
    words_add(words, ".");
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
                             ? "the entry is held until a person decides, and then holds"
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

/* The sentences about what became of an address on the list. */
#include <string.h>

#include "report/story_private.h"
#include "sesbounce/clock.h"

struct change {
    struct str action, before, after, detail, origin, actor, note, scope, rule;
    const struct store_value *at, *until;
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
                           .at = output_find(values, count, "at"),
                           .until = output_find(values, count, "until")};
}

/* --- parts of a sentence ---------------------------------------------------------- */

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
    words_detail(words, detail);
    words_add(words, ")");
}

/* `permanent` or `until TIME` */
static void words_until(struct words *words, const struct store_value *until)
{
    words_add(words, until ? "until " : "permanent");
    if (until)
        words_time(words, until->integer);
}

/* ` MANUAL entry for all mail, permanent` */
static void words_entry(struct words *words, const struct change *change,
                        struct str reason)
{
    words_add(words, " %.*s entry", STR_ARG(reason));
    words_scope(words, change->scope);
    words_add(words, ", ");
    words_until(words, change->until);
}

/* Who did it. */
enum doer {
    DOER_EVENT,
    DOER_IMPORT, /* of events, or of a list */
    DOER_PERSON, /* the subject of what follows */
};

/* The beginning of the sentence, as far as it depends on that. */
static enum doer words_doer(struct words *words, const struct change *change)
{
    bool is_api = str_equal(change->origin, STR("api"));
    bool is_person = str_equal(change->origin, STR("person"));
    if (str_equal(change->origin, STR("import"))) {
        words_add_str(words, change->actor);
        words_add(words, change->actor.len > 0 ? " imported a list with the address: "
                                               : "On import of old events: ");
        return DOER_IMPORT;
    }
    if (!is_api && !is_person && change->actor.len == 0)
        return DOER_EVENT;
    words_add_str(words, change->actor.len > 0 ? change->actor : STR("Somebody"));
    words_add(words, is_api ? ", through the API," : "");
    return DOER_PERSON;
}

static void words_subject(struct words *words, enum doer doer, const char *subject)
{
    bool lowers = doer == DOER_IMPORT;
    words_add(words, "%c%s", lowers ? subject[0] | 0x20 : subject[0], subject + 1);
}

/* --- what came, and what changed -------------------------------------------------- */

/* As what is imported may. */
static bool change_is_over(const struct change *change)
{
    return change->at && change->until && change->until->integer <= change->at->integer;
}

static void added_words(struct words *words, const struct change *change)
{
    enum doer doer = words_doer(words, change);
    bool is_over = doer != DOER_PERSON && change_is_over(change);
    if (doer == DOER_PERSON)
        words_add(words, " put the address on the list");
    else
        words_subject(words, doer,
                      is_over ? "The address would have been on the list"
                              : "The address went on the list");
    words_scope(words, change->scope);
    words_add(words, is_over ? "" : ",");
    words_term(words, change->until);
    words_reason(words, change->after, change->detail);
    if (is_over)
        words_add(words, ", which had passed when %s",
                  doer == DOER_IMPORT ? "it was imported" : "the event arrived");
    words_note(words, change->note);
}

static enum policy_reason reason_read(struct str word)
{
    enum policy_reason reason = POLICY_REASON_MANUAL;
    while (reason > POLICY_REASON_NONE &&
           !str_equal(word, str_of(policy_reason_word(reason))))
        reason--;
    return reason;
}

/* The reason of the entry that an event changed, where a stronger one is shown. */
static enum policy_reason change_hidden(const struct change *change)
{
    const struct policy_rule *rule = policy_rule_at(policy_rule_index(change->rule));
    unsigned reason = rule ? rule->outcome.reason : POLICY_REASON_NONE;
    return reason < reason_read(change->after) ? (enum policy_reason)reason
                                               : POLICY_REASON_NONE;
}

/* The list had the address, and has it for one thing more. */
static void beside_words(struct words *words, enum doer doer, const struct change *change,
                         struct str reason, struct str other)
{
    words_subject(words, doer, "A");
    words_add(words, " %.*s entry, ", STR_ARG(reason));
    words_until(words, change->until);
    words_add(words, ", now stands beside the %.*s entry", STR_ARG(other));
    words_scope(words, change->scope);
}

static void changed_words(struct words *words, const struct change *change)
{
    enum policy_reason hidden = change_hidden(change);
    bool is_added =
        str_present(change->before) && !str_equal(change->before, change->after);
    enum doer doer = words_doer(words, change);
    if (doer == DOER_PERSON) {
        words_add(words, is_added ? " added a" : " changed the");
        words_entry(words, change, change->after);
        if (is_added)
            words_add(words, "; the %.*s entry stays", STR_ARG(change->before));
    } else if (hidden != POLICY_REASON_NONE) {
        beside_words(words, doer, change, str_of(policy_reason_word(hidden)),
                     change->after);
    } else if (is_added) {
        beside_words(words, doer, change, change->after, change->before);
    } else if (doer == DOER_IMPORT && change->actor.len > 0) {
        /* the log does not say for which reason the list has it */
        words_add(words, "an entry");
        words_scope(words, change->scope);
        words_add(words, " now holds");
        words_term(words, change->until);
        words_add(words, "; the address was on the list already (%.*s)",
                  STR_ARG(change->after));
    } else {
        words_subject(words, doer, "The");
        words_add(words, " %.*s entry", STR_ARG(change->after));
        words_scope(words, change->scope);
        words_add(words, " now holds");
        words_term(words, change->until);
    }
    words_note(words, change->note);
}

/* --- what ended ------------------------------------------------------------------- */

/* Which entry an event lifted: a stronger one may be shown. */
static struct str lifted_reason(const struct change *change)
{
    const struct policy_rule *rule = policy_rule_at(policy_rule_index(change->rule));
    if (rule && rule->outcome.effect == POLICY_EFFECT_LIFT)
        return STR("COMPLAINT");
    return rule && rule->outcome.effect == POLICY_EFFECT_RESET ? STR("SOFT")
                                                               : change->before;
}

static void lifted_words(struct words *words, const struct change *change)
{
    struct str reason = lifted_reason(change);
    bool stays = str_present(change->after);
    enum doer doer = words_doer(words, change);
    if (!stays && str_present(change->before)) {
        words_subject(words, doer, "The address came off the list");
        words_scope(words, change->scope);
        words_reason(words, change->before, STR_ABSENT);
        return;
    }
    /* what waited was never on the list */
    words_subject(words, doer, stays ? "The" : "The held");
    words_add(words, " %.*s entry", STR_ARG(reason));
    words_scope(words, change->scope);
    words_add(words, " was lifted");
    if (stays)
        words_add(words, "; the address stays on the list (%.*s)",
                  STR_ARG(change->after));
}

/* It came off, or only one of the reasons did. */
static void ended_words(struct words *words, const struct change *change)
{
    bool stays = str_present(change->after);
    if (str_equal(change->action, STR("expired")))
        words_add(words, "The term ended%s",
                  stays ? "" : ", and the address came off the list");
    else if (words_doer(words, change) == DOER_PERSON)
        words_add(words, " took the address off the list");
    else
        words_add(words, "the address came off the list");
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
    if (words_doer(words, change) != DOER_PERSON)
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

/* --- all of them ------------------------------------------------------------------ */

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

void change_words(struct words *words, const struct store_value *values, size_t count,
                  struct str reasons)
{
    struct change change = change_read(values, count);
    if (str_present(reasons)) {
        change.before = reasons;
        change.after = STR_ABSENT;
    }
    rebuild_words(words, &change);
    if (str_equal(change.action, STR("added"))) {
        added_words(words, &change);
    } else if (str_equal(change.action, STR("changed"))) {
        changed_words(words, &change);
    } else if (str_equal(change.action, STR("released")) ||
               str_equal(change.action, STR("dropped"))) {
        settled_words(words, &change);
    } else if (str_equal(change.action, STR("held"))) {
        words_subject(words, words_doer(words, &change), "The entry");
        words_scope(words, change.scope);
        words_add(words, " was held for a person's decision");
    } else if (str_equal(change.action, STR("erased"))) {
        if (words_doer(words, &change) != DOER_PERSON)
            words_add(words, "Somebody");
        words_add(words, " erased what was stored about the address");
        words_note(words, change.note);
    } else if (str_equal(change.action, STR("lifted"))) {
        lifted_words(words, &change);
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

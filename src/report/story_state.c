/* What holds for an address now. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/story_private.h"
#include "sesbounce/story.h"

/* --- entries --------------------------------------------------------------------- */

bool scope_is_asked(const struct story_asked *asked, struct str scope)
{
    return !asked->scope || !str_present(scope) ||
           str_equal(scope, STR(POLICY_SCOPE_ALL)) ||
           str_equal(scope, str_of(asked->scope));
}

static int text_take(const struct store_value *values, size_t count, const char *name,
                     char **ret)
{
    struct str text = output_find_text(values, count, name);
    *ret = str_present(text) ? str_dup(text) : NULL;
    return str_present(text) && !*ret ? -ENOMEM : 0;
}

static void entry_free(struct story_entry *entry)
{
    free(entry->scope);
    free(entry->detail);
    free(entry->rule);
    free(entry->why);
    free(entry->actor);
    free(entry->note);
}

static int entry_take(struct story_entry *entry, const struct store_value *values,
                      size_t count)
{
    const struct {
        const char *name;
        char **ret;
    } texts[] = {{"scope", &entry->scope}, {"detail", &entry->detail},
                 {"rule", &entry->rule},   {"why", &entry->why},
                 {"actor", &entry->actor}, {"note", &entry->note}};
    const struct store_value *since = output_find(values, count, "since");
    const struct store_value *until = output_find(values, count, "until");
    const struct store_value *events = output_find(values, count, "event_count");
    struct str reason = output_find_text(values, count, "reason");
    struct str origin = output_find_text(values, count, "origin");
    int r = 0;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && r == 0; i++)
        r = text_take(values, count, texts[i].name, texts[i].ret);
    entry->held = entry->why != NULL;
    entry->since_ms = since ? since->integer : CLOCK_NONE;
    entry->until_ms = until ? until->integer : POLICY_FOR_EVER;
    entry->event_count = events ? events->integer : 0;
    entry->reason = POLICY_REASON_MANUAL;
    while (entry->reason > POLICY_REASON_SOFT &&
           !str_equal(reason, str_of(policy_reason_word(entry->reason))))
        entry->reason--;
    entry->origin = POLICY_ORIGIN_API;
    while (entry->origin > POLICY_ORIGIN_EVENT &&
           !str_equal(origin, str_of(policy_origin_word(entry->origin))))
        entry->origin--;
    return r;
}

int state_add(struct story_state *state, const struct store_value *values, size_t count)
{
    struct str word = output_find_text(values, count, "state");
    if (!str_equal(word, STR("live")) && !str_equal(word, STR("held")))
        return 0;
    struct story_entry *more =
        reallocarray(state->entries, state->count + 1, sizeof(*more));
    if (!more)
        return -ENOMEM;
    state->entries = more;
    more[state->count] = (struct story_entry){.scope = NULL};
    return entry_take(&more[state->count++], values, count);
}

void state_done(struct story_state *state)
{
    for (size_t i = 0; i < state->count; i++)
        entry_free(&state->entries[i]);
    free(state->entries);
}

/* --- may it be mailed? ----------------------------------------------------------- */

static bool entry_is_of_all(const struct story_entry *entry)
{
    return str_equal(str_of(entry->scope), STR(POLICY_SCOPE_ALL));
}

/* Is mail of the scope that was asked for suppressed, or all mail? As `check` says. */
static bool state_is_suppressed(const struct story_state *state)
{
    const char *asked = state->asked->scope;
    for (size_t i = 0; i < state->count; i++)
        if (!state->entries[i].held &&
            (entry_is_of_all(&state->entries[i]) ||
             (asked && strcmp(state->entries[i].scope, asked) == 0)))
            return true;
    return false;
}

bool entry_is_first_of_scope(const struct story_state *state, size_t i, bool held)
{
    while (i-- > 0 && strcmp(state->entries[i].scope, state->entries[i + 1].scope) == 0)
        if (state->entries[i].held == held)
            return false;
    return true;
}

static void headline_exceptions(const struct story_state *state, struct words *words)
{
    size_t told = 0;
    for (size_t i = 0; i < state->count; i++) {
        if (state->entries[i].held || !entry_is_first_of_scope(state, i, false))
            continue;
        words_add(words, told++ > 0 ? ", %s" : ", except in scope %s",
                  state->entries[i].scope);
    }
}

/* Is there nothing but what waits? */
static bool state_is_held(const struct story_state *state)
{
    for (size_t i = 0; i < state->count; i++)
        if (!state->entries[i].held)
            return false;
    return true;
}

static int headline_write(const struct story_state *state)
{
    _cleanup_(words_done) struct words words = WORDS;
    const char *scope = state->asked->scope;
    bool suppressed = state_is_suppressed(state);
    words_add(&words, "%s %s", state->asked->typed,
              suppressed ? "must not be mailed" : "may be mailed");
    if (scope)
        words_add(&words, " in scope %s", scope);
    else if (!suppressed)
        headline_exceptions(state, &words);
    if (!suppressed && state->count == 0)
        words_add(&words, ": it is not on the list");
    else if (!suppressed && state_is_held(state))
        words_add(&words, ": what is held for a person does not suppress");
    words_add(&words, ".");
    return words_write(&words, state->output);
}

/* A rule explains an entry where its own outcome is one. */
static const char *rule_why(const struct policy *policy, const char *name)
{
    const struct policy_rule *rule = policy_rule_at(policy_rule_index(str_of(name)));
    if (!rule || policy_override_of(policy, rule) ||
        rule->outcome.effect == POLICY_EFFECT_SOFT ||
        rule->outcome.reason == POLICY_REASON_NONE)
        return NULL;
    return rule->explanation;
}

/* One sentence: why it is on the list. */
static void entry_why(const struct story_state *state, const struct story_entry *entry,
                      struct words *words)
{
    static const char *const of_reason[] = {
        [POLICY_REASON_SOFT] = "There were soft bounces on several days, and no mail was "
                               "delivered in between.",
        [POLICY_REASON_BOUNCE] = "Mail to the address bounced.",
        [POLICY_REASON_COMPLAINT] = "The recipient complained.",
    };
    const char *why = entry->rule && entry->reason != POLICY_REASON_SOFT
                          ? rule_why(state->asked->policy, entry->rule)
                          : NULL;
    if (entry->reason == POLICY_REASON_MANUAL)
        words_add(words, "%s put it there by hand%s.",
                  entry->actor ? entry->actor : "Somebody",
                  entry->origin == POLICY_ORIGIN_API ? ", through the API" : "");
    else if (entry->origin == POLICY_ORIGIN_IMPORT && !entry->rule)
        words_add(words, "It comes from another list, which %s imported.",
                  entry->actor ? entry->actor : "somebody");
    else
        words_add(words, "%s", why ? why : of_reason[entry->reason]);
    if (entry->origin == POLICY_ORIGIN_IMPORT && entry->rule)
        words_add(words, " The event was imported.");
    if (entry->reason != POLICY_REASON_MANUAL && entry->actor &&
        entry->origin >= POLICY_ORIGIN_PERSON)
        words_add(words, " %s released it.", entry->actor);
    if (entry->note) {
        words_add(words, " The note: ");
        words_quote(words, str_of(entry->note));
    }
}

/* What the outage guard saw when an entry began to wait. */
struct guard_seen {
    struct str provider;
    int64_t since_ms;    /* of the entry */
    int64_t hard, usual; /* hard < 0: it is not known */
};

/* Ends a query. */
#define ENOUGH 1

static int guard_look_at(void *context, const struct store_value *values, size_t count)
{
    struct guard_seen *seen = context;
    const struct store_value *since = output_find(values, count, "since");
    const struct store_value *hard = output_find(values, count, "hard_bounces");
    const struct store_value *usual = output_find(values, count, "usual");
    if (!since || !hard || !usual ||
        !str_equal(output_find_text(values, count, "provider"), seen->provider))
        return 0;
    seen->hard = hard->integer;
    seen->usual = usual->integer;
    /* The newest first: the one that was open then. */
    return since->integer <= seen->since_ms ? ENOUGH : 0;
}

static int entry_why_guarded(const struct story_state *state,
                             const struct story_entry *entry, struct str domain,
                             struct words *words)
{
    static const struct store_filter all = {.newest_first = true};
    struct guard_seen seen = {domain, entry->since_ms, -1, 0};
    int r = store_query(state->store, STORE_GUARDS, &all, guard_look_at, &seen);
    if (r < 0)
        return r;
    words_add(words,
              "%.*s refused far more addresses than usual, most with the same answer, "
              "as in an outage, so this waits for a person",
              STR_ARG(domain));
    if (seen.hard >= 0)
        words_add(words,
                  " (%lld hard bounces in the hour in which that began, %lld at most "
                  "in an hour before)",
                  (long long)seen.hard, (long long)seen.usual);
    words_add(words, ".");
    return 0;
}

static int entry_why_held(const struct story_state *state,
                          const struct story_entry *entry, struct words *words)
{
    struct str domain = str_of(entry->why);
    const char *why = rule_why(state->asked->policy, entry->why);
    if (str_take_prefix(&domain, STR("guard:")))
        return entry_why_guarded(state, entry, domain, words);
    words_add(words, "%s", why ? why : "The policy leaves this to a person.");
    return 0;
}

static int entry_write(const struct story_state *state, const struct story_entry *entry)
{
    _cleanup_(words_done) struct words words = WORDS;
    const struct store_value until = output_time("until", entry->until_ms);
    if (entry_is_of_all(entry))
        words_add(&words, "  All mail: ");
    else
        words_add(&words, "  Scope %s: ", entry->scope);
    words_add(&words, entry->held                          ? "held since "
                      : entry->until_ms == POLICY_FOR_EVER ? "suppressed since "
                                                           : "suppressed from ");
    words_time(&words, entry->since_ms);
    if (entry->held)
        words_add(&words, ", and suppresses nothing until a person decides");
    else if (entry->until_ms == POLICY_FOR_EVER)
        words_add(&words, ", permanently");
    else
        words_term(&words, &until);
    words_add(&words, " (%s%s%s", policy_reason_word(entry->reason),
              entry->detail ? ", " : "", entry->detail ? entry->detail : "");
    if (entry->event_count > 1)
        words_add(&words, ", %lld events", (long long)entry->event_count);
    words_add(&words, "). ");
    int r = 0;
    if (entry->held)
        r = entry_why_held(state, entry, &words);
    else
        entry_why(state, entry, &words);
    return r < 0 ? r : words_write(&words, state->output);
}

int state_write(const struct story_state *state)
{
    int r = headline_write(state);
    for (size_t i = 0; i < state->count && r == 0; i++)
        if (scope_is_asked(state->asked, str_of(state->entries[i].scope)))
            r = entry_write(state, &state->entries[i]);
    if (r == 0 && policy_allows(state->asked->policy, state->asked->address))
        r = output_printf(state->output,
                          "  It is on the allow-list of the configuration, so no event "
                          "puts it on the list.\n");
    return r;
}

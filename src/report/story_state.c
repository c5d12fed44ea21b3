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
    const struct store_value *first = output_find(values, count, "first_event_at");
    const struct store_value *last = output_find(values, count, "last_event_at");
    struct str reason = output_find_text(values, count, "reason");
    struct str origin = output_find_text(values, count, "origin");
    int r = 0;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && r == 0; i++)
        r = text_take(values, count, texts[i].name, texts[i].ret);
    entry->live = str_equal(output_find_text(values, count, "state"), STR("live"));
    entry->held = entry->why != NULL;
    entry->since_ms = since ? since->integer : CLOCK_NONE;
    entry->until_ms = until ? until->integer : POLICY_FOR_EVER;
    entry->first_ms = first ? first->integer : CLOCK_NONE;
    entry->last_ms = last ? last->integer : CLOCK_NONE;
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
    if (str_equal(word, STR("lifted")))
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
        if (state->entries[i].live &&
            (entry_is_of_all(&state->entries[i]) ||
             (asked && strcmp(state->entries[i].scope, asked) == 0)))
            return true;
    return false;
}

bool entry_leads_scope(const struct story_state *state, size_t i)
{
    if (!state->entries[i].live)
        return false;
    while (i-- > 0 && strcmp(state->entries[i].scope, state->entries[i + 1].scope) == 0)
        if (state->entries[i].live)
            return false;
    return true;
}

/* Is something in force in the scope of the entry? */
static bool scope_is_suppressed(const struct story_state *state, const char *scope)
{
    for (size_t i = 0; i < state->count; i++)
        if (state->entries[i].live && strcmp(state->entries[i].scope, scope) == 0)
            return true;
    return false;
}

static void headline_exceptions(const struct story_state *state, struct words *words)
{
    size_t told = 0;
    for (size_t i = 0; i < state->count; i++)
        if (entry_leads_scope(state, i))
            words_add(words, told++ > 0 ? ", %s" : ", except in scope %s",
                      state->entries[i].scope);
}

/* How many are held that concern the scope that was asked for? */
static size_t state_count_held(const struct story_state *state)
{
    size_t n = 0;
    for (size_t i = 0; i < state->count; i++)
        n += state->entries[i].held &&
             scope_is_asked(state->asked, str_of(state->entries[i].scope));
    return n;
}

bool state_has_live(const struct story_state *state)
{
    for (size_t i = 0; i < state->count; i++)
        if (state->entries[i].live)
            return true;
    return false;
}

static int headline_write(const struct story_state *state)
{
    _cleanup_(words_done) struct words words = WORDS;
    const char *scope = state->asked->scope;
    bool suppressed = state_is_suppressed(state);
    size_t held = state_count_held(state);
    words_add(&words, "%s %s", state->asked->typed,
              suppressed ? "must not be mailed" : "may be mailed");
    if (scope)
        words_add(&words, " in scope %s", scope);
    else if (!suppressed)
        headline_exceptions(state, &words);
    if (!suppressed && held > 0)
        words_add(&words, " until a person decides about %s",
                  held == 1 ? "a held entry" : "the held entries");
    else if (!suppressed && !state_has_live(state))
        words_add(&words, ": it is not on the list");
    words_add(&words, ".");
    return words_write(&words, state->output);
}

bool state_has_explained(const struct story_state *state, struct str rule)
{
    size_t index = policy_rule_index(rule);
    return index < STORY_RULES_MAX && state->explained[index];
}

void state_note_explained(struct story_state *state, struct str rule)
{
    size_t index = policy_rule_index(rule);
    if (index < STORY_RULES_MAX)
        state->explained[index] = true;
}

/* A rule explains an entry where its own outcome is one. */
static bool rule_explains(const struct policy *policy, const char *name)
{
    const struct policy_rule *rule =
        name ? policy_rule_at(policy_rule_index(str_of(name))) : NULL;
    return rule && !policy_override_of(policy, rule) &&
           rule->outcome.effect != POLICY_EFFECT_SOFT &&
           rule->outcome.reason != POLICY_REASON_NONE;
}

/* Does it put an address on the list only when it applies a second time? */
static bool rule_is_doubtful(const char *name)
{
    const struct policy_rule *rule = policy_rule_at(policy_rule_index(str_of(name)));
    return rule && rule->outcome.effect == POLICY_EFFECT_DOUBTFUL;
}

static bool entry_is_simulated(const struct story_entry *entry)
{
    return entry->detail && strstr(entry->detail, "simulator");
}

/* It is older than its events: what it began with was erased, or came with a list. */
static bool entry_is_renewed(const struct story_entry *entry)
{
    return (entry->reason == POLICY_REASON_BOUNCE ||
            entry->reason == POLICY_REASON_COMPLAINT) &&
           entry->origin < POLICY_ORIGIN_PERSON && entry->first_ms != CLOCK_NONE &&
           entry->first_ms > entry->since_ms;
}

static void entry_why_renewed(const struct story_entry *entry, struct words *words)
{
    if (entry->actor)
        words_add(words, "%s imported it with a list.", entry->actor);
    else
        words_add(words, "The details were erased.");
    words_add(words, entry->reason == POLICY_REASON_BOUNCE
                         ? " It bounced again at "
                         : " The recipient complained again at ");
    words_time(words, entry->last_ms);
    words_add(words, ".");
}

/* Nothing but reason and date is left. */
static bool entry_is_bare(const struct story_entry *entry)
{
    return entry->reason != POLICY_REASON_MANUAL && entry->event_count == 0 &&
           !entry->rule && !entry->detail && !entry->actor;
}

/* What an event did, by its rule where that says it. */
static void entry_why_event(struct story_state *state, const struct story_entry *entry,
                            struct words *words)
{
    static const char *const of_reason[] = {
        [POLICY_REASON_SOFT] = "Mail to the address bounced temporarily on several days, "
                               "and none was delivered in between.",
        [POLICY_REASON_BOUNCE] = "Mail to the address bounced.",
        [POLICY_REASON_COMPLAINT] = "The recipient complained.",
    };
    if (entry_is_simulated(entry)) {
        words_add(words, "SES's mailbox simulator caused it, and such entries last ");
        words_duration(words, state->asked->policy->simulator_term_ms);
        words_add(words, ".");
    } else if (entry->reason != POLICY_REASON_SOFT &&
               rule_explains(state->asked->policy, entry->rule)) {
        rule_words(words, state->asked->policy, str_of(entry->rule));
        state_note_explained(state, str_of(entry->rule));
        if (rule_is_doubtful(entry->rule))
            words_add(words, " It has happened again.");
    } else {
        words_add(words, "%s", of_reason[entry->reason]);
    }
    if (entry->origin == POLICY_ORIGIN_IMPORT)
        words_add(words, " The event came with an import of old events.");
}

/* No event made it, and nobody released it: a program put it there, with that reason. */
static bool entry_is_of_api(const struct story_entry *entry)
{
    return entry->origin == POLICY_ORIGIN_API && !entry->rule && entry->event_count == 0;
}

/* One sentence or two: why it is on the list. */
static void entry_why(struct story_state *state, const struct story_entry *entry,
                      struct words *words)
{
    const char *actor = entry->actor ? entry->actor : "Somebody";
    if (entry->reason == POLICY_REASON_MANUAL && entry->origin == POLICY_ORIGIN_IMPORT)
        words_add(words, "%s imported it with a list.", actor);
    else if (entry->reason == POLICY_REASON_MANUAL || entry_is_of_api(entry))
        words_add(words, "%s added it %s.", actor,
                  entry->origin == POLICY_ORIGIN_API ? "through the API" : "by hand");
    else if (entry_is_renewed(entry))
        entry_why_renewed(entry, words);
    else if (entry_is_bare(entry))
        words_add(words, "The details were erased.");
    else if (entry->origin == POLICY_ORIGIN_IMPORT && !entry->rule)
        words_add(words, "%s imported it with a list.", actor);
    else if (entry->origin >= POLICY_ORIGIN_PERSON)
        words_add(words, "The entry was held%s%s, and %s released it.",
                  entry->rule ? " by the rule " : "", entry->rule ? entry->rule : "",
                  actor);
    else
        entry_why_event(state, entry, words);
    if (entry->note) {
        words_add(words, " The note says ");
        words_quote(words, str_of(entry->note));
        words_add(words, ".");
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
              "The outage guard holds it: %.*s refused far more addresses than usual, "
              "most with the same answer, as in an outage",
              STR_ARG(domain));
    if (seen.hard >= 0)
        words_add(words, " (%lld hard bounces in the hour in which that began, ",
                  (long long)seen.hard);
    if (seen.hard >= 0 && seen.usual > 0)
        words_add(words, "at most %lld in any earlier hour)", (long long)seen.usual);
    else if (seen.hard >= 0)
        words_add(words, "none in any earlier hour)");
    words_add(words, ".");
    return 0;
}

static int entry_why_held(struct story_state *state, const struct story_entry *entry,
                          struct words *words)
{
    struct str domain = str_of(entry->why);
    if (str_take_prefix(&domain, STR("guard:")))
        return entry_why_guarded(state, entry, domain, words);
    if (rule_explains(state->asked->policy, entry->why)) {
        rule_words(words, state->asked->policy, str_of(entry->why));
        state_note_explained(state, str_of(entry->why));
    } else {
        words_add(words, "The policy leaves the decision to a person.");
    }
    return 0;
}

static void entry_scope_words(struct words *words, const struct story_entry *entry)
{
    if (entry_is_of_all(entry))
        words_add(words, "  All mail: ");
    else
        words_add(words, "  Scope %s: ", entry->scope);
}

/* One that has expired: only where nothing else is in force. */
static int expired_write(const struct story_state *state, const struct story_entry *entry)
{
    _cleanup_(words_done) struct words words = WORDS;
    if (scope_is_suppressed(state, entry->scope))
        return 0;
    entry_scope_words(&words, entry);
    words_add(&words, "the %s entry expired at ", policy_reason_word(entry->reason));
    words_time(&words, entry->until_ms);
    words_add(&words, ".");
    return words_write(&words, state->output);
}

static void entry_since_words(struct words *words, const struct story_entry *entry)
{
    const struct store_value until = output_time("until", entry->until_ms);
    words_add(words, entry->held                          ? "held since "
                     : entry->until_ms == POLICY_FOR_EVER ? "suppressed since "
                                                          : "suppressed from ");
    words_time(words, entry->since_ms);
    if (!entry->held && entry->until_ms == POLICY_FOR_EVER)
        words_add(words, ", permanently");
    else if (!entry->held)
        words_term(words, &until);
    words_add(words, " (%s", policy_reason_word(entry->reason));
    words_detail(words, str_of(entry->detail));
    if (entry->event_count > 1)
        words_add(words, ", %lld events", (long long)entry->event_count);
    words_add(words, entry->held ? "); it suppresses nobody yet. " : "). ");
}

static int entry_write(struct story_state *state, const struct story_entry *entry)
{
    _cleanup_(words_done) struct words words = WORDS;
    int r = 0;
    if (!entry->live && !entry->held)
        return expired_write(state, entry);
    entry_scope_words(&words, entry);
    entry_since_words(&words, entry);
    if (entry->held)
        r = entry_why_held(state, entry, &words);
    else
        entry_why(state, entry, &words);
    return r < 0 ? r : words_write(&words, state->output);
}

int state_write(struct story_state *state)
{
    int r = headline_write(state);
    /* what is in force first */
    for (int live = 1; live >= 0; live--)
        for (size_t i = 0; i < state->count && r == 0; i++)
            if (state->entries[i].live == live &&
                scope_is_asked(state->asked, str_of(state->entries[i].scope)))
                r = entry_write(state, &state->entries[i]);
    if (r == 0 && policy_allows(state->asked->policy, state->asked->address))
        r = output_printf(state->output,
                          "  The configuration allows it ([suppression] allow), so no "
                          "event puts it on the list.\n");
    return r;
}

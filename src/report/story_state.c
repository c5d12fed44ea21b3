/* What holds for an address now, what would change it, and what to type. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/story_private.h"
#include "sesbounce/amazon.h"
#include "sesbounce/text.h"

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
    return strcmp(entry->scope, POLICY_SCOPE_ALL) == 0;
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

/* Entries come in the order of their scopes. */
static bool entry_is_first_of_scope(const struct story_state *state, size_t i, bool held)
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

static void entry_why_held(const struct story_state *state,
                           const struct story_entry *entry, struct words *words)
{
    struct str domain = str_of(entry->why);
    const char *why = rule_why(state->asked->policy, entry->why);
    if (str_take_prefix(&domain, STR("guard:")))
        words_add(words,
                  "Far more addresses at %.*s than usual were refused at that time, most "
                  "with the same answer, as in an outage; so this waits for a person.",
                  STR_ARG(domain));
    else
        words_add(words, "%s", why ? why : "The policy leaves this to a person.");
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
    if (entry->held)
        entry_why_held(state, entry, &words);
    else
        entry_why(state, entry, &words);
    return words_write(&words, state->output);
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

/* --- soft counting --------------------------------------------------------------- */

static void soft_days_words(struct words *words, const struct policy *policy,
                            const struct policy_soft_count *soft)
{
    words_add(words, "%lld of %lld days so far. %lld such days within ",
              (long long)soft->days, (long long)policy->soft_days,
              (long long)policy->soft_days);
    words_duration(words, policy->soft_window_ms);
    words_add(words, ", the first and the last at least ");
    words_duration(words, policy->soft_span_ms);
    words_add(words, " apart, put the address on the list for ");
    words_duration(words, policy->soft_term_ms);
    words_add(words, "; a delivered mail sets the count back to 0.");
}

static void soft_recorded_words(struct words *words, const struct policy_soft_count *soft)
{
    words_add(words,
              "%lld %s with soft bounces %s recorded only, because no Deliveries of the "
              "sending identity",
              (long long)soft->recorded, soft->recorded == 1 ? "day" : "days",
              soft->recorded == 1 ? "is" : "are");
    if (soft->identity.len > 0)
        words_add(words, " %.*s", STR_ARG(soft->identity));
    words_add(words, " were seen in the 7 days before, and without them nothing would "
                     "ever end the counting. Let SES publish its Deliveries, too.");
}

static int soft_line_write(struct story_state *state, const char *scope,
                           const struct policy_soft_count *soft)
{
    _cleanup_(words_done) struct words words = WORDS;
    const struct policy *policy = state->asked->policy;
    int r = state_write_gap(state);
    if (r < 0)
        return r;
    words_add(&words, "Soft bounces");
    words_scope(&words, str_of(scope));
    words_add(&words, ": ");
    if (policy->soft_days == 0)
        words_add(&words, "they are recorded only, because soft_days is 0 in the "
                          "configuration.");
    else if (soft->days > 0)
        soft_days_words(&words, policy, soft);
    if (policy->soft_days > 0 && soft->days > 0 && soft->recorded > 0)
        words_add(&words, " ");
    if (policy->soft_days > 0 && soft->recorded > 0)
        soft_recorded_words(&words, soft);
    return words_write(&words, state->output);
}

static int soft_write(void *context, const char *scope,
                      const struct policy_soft_day *days, size_t count)
{
    struct story_state *state = context;
    struct policy_soft_count soft;
    if (!scope_is_asked(state->asked, str_of(scope)))
        return 0;
    policy_soft_look(state->asked->policy, days, count, state->asked->now_ms, &soft);
    for (size_t i = 0; i < state->count; i++)
        if (!state->entries[i].held && state->entries[i].reason == POLICY_REASON_SOFT &&
            strcmp(state->entries[i].scope, scope) == 0)
            return 0;
    return soft.days + soft.recorded > 0 ? soft_line_write(state, scope, &soft) : 0;
}

/* --- what to type ---------------------------------------------------------------- */

/* What ends an entry without a person. */
static int entry_write_end(const struct story_state *state,
                           const struct story_entry *entry)
{
    _cleanup_(words_done) struct words words = WORDS;
    const char *event = NULL;
    words_add(&words, "%s", policy_reason_word(entry->reason));
    words_scope(&words, str_of(entry->scope));
    if (entry->reason == POLICY_REASON_SOFT)
        event = "when a mail to the address is delivered";
    else if (entry->reason == POLICY_REASON_COMPLAINT)
        event = "when the recipient reports that a mail is not spam";
    if (entry->until_ms != POLICY_FOR_EVER) {
        words_add(&words, " ends at ");
        words_time(&words, entry->until_ms);
        words_add(&words, event ? ", or earlier %s." : ".", event);
    } else if (event) {
        words_add(&words, " ends %s.", event);
    } else {
        words_add(&words, " does not end by itself.");
    }
    return words_write(&words, state->output);
}

static int scope_write_ends(const struct story_state *state, size_t first)
{
    int r = 0;
    for (size_t i = first; i < state->count && r == 0; i++)
        if (!state->entries[i].held &&
            strcmp(state->entries[i].scope, state->entries[first].scope) == 0)
            r = entry_write_end(state, &state->entries[i]);
    return r;
}

static bool scope_has(const struct story_state *state, const char *scope,
                      enum policy_reason reason)
{
    for (size_t i = 0; i < state->count; i++)
        if (!state->entries[i].held && state->entries[i].reason == reason &&
            strcmp(state->entries[i].scope, scope) == 0)
            return true;
    return false;
}

/* An address may begin with a dash, which only `--` keeps from being an option. */
static void address_words(struct words *words, const struct story_state *state)
{
    words_add(words, " ");
    if (words->r == 0)
        words->r = text_shell_operand(&words->text, str_of(state->asked->address->key));
}

static int remove_write(struct story_state *state, size_t first)
{
    _cleanup_(words_done) struct words words = WORDS;
    const char *scope = state->entries[first].scope;
    bool is_of_all = entry_is_of_all(&state->entries[first]);
    int r = state_write_gap(state);
    if (r == 0)
        r = scope_write_ends(state, first);
    if (r < 0)
        return r;
    words_add(&words, "To mail it again");
    if (!is_of_all)
        words_scope(&words, str_of(scope));
    words_add(&words, ": sesbouncectl suppress remove");
    if (!is_of_all) {
        words_add(&words, " --scope");
        if (words.r == 0)
            words.r = text_shell_argument(&words.text, str_of(scope));
    }
    if (scope_has(state, scope, POLICY_REASON_COMPLAINT))
        words_add(&words, " --complaint");
    words_add(&words, " --note WHY");
    address_words(&words, state);
    return words_write(&words, state->output);
}

static int held_write(struct story_state *state, const char *verb, const char *what)
{
    _cleanup_(words_done) struct words words = WORDS;
    int r = state_write_gap(state);
    if (r < 0)
        return r;
    words_add(&words, "%s: sesbouncectl suppress %s --note WHY", what, verb);
    address_words(&words, state);
    return words_write(&words, state->output);
}

struct amazon_lines {
    struct story_state *state;
    size_t count;
};

static int amazon_begin(struct story_state *state)
{
    int r = state_write_gap(state);
    return r < 0 ? r
                 : output_printf(state->output,
                                 "SES has suppression lists of its own, and does not "
                                 "deliver to an address on them. These events\nmay have "
                                 "put it there; to take it off:\n");
}

static int amazon_line_write(void *context, const char *line)
{
    struct amazon_lines *lines = context;
    _cleanup_(words_done) struct words words = WORDS;
    int r = lines->count++ == 0 ? amazon_begin(lines->state) : 0;
    words_add(&words, "  %s", line);
    return r < 0 ? r : words_write(&words, lines->state->output);
}

int state_write_gap(struct story_state *state)
{
    int r = state->has_gap ? 0 : output_printf(state->output, "\n");
    state->has_gap = true;
    return r;
}

int state_write_end(struct story_state *state)
{
    struct amazon_lines lines = {state, 0};
    bool any_held = false;
    int r = store_soft(state->store, state->asked->address, soft_write, state);
    for (size_t i = 0; i < state->count && r == 0; i++) {
        const struct story_entry *entry = &state->entries[i];
        if (!scope_is_asked(state->asked, str_of(entry->scope)))
            continue;
        any_held = any_held || entry->held;
        if (!entry->held && entry_is_first_of_scope(state, i, false))
            r = remove_write(state, i);
    }
    if (r == 0 && any_held)
        r = held_write(state, "release", "To let what is held take effect");
    if (r == 0 && any_held)
        r = held_write(state, "drop", "To discard what is held");
    return r < 0 ? r
                 : amazon_commands(state->store, state->asked->address, amazon_line_write,
                                   &lines);
}

/* How far soft counting has come, what would change the state, and what to type. */
#include <string.h>

#include "report/story_private.h"
#include "sesbounce/amazon.h"
#include "sesbounce/story.h"
#include "sesbounce/text.h"

/* An empty line, once. */
static int state_write_gap(struct story_state *state)
{
    int r = state->has_gap ? 0 : output_printf(state->output, "\n");
    state->has_gap = true;
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

static int soft_write(void *context, const char *scope, const struct policy_soft *softs,
                      size_t count)
{
    struct story_state *state = context;
    struct policy_soft_count soft;
    if (!scope_is_asked(state->asked, str_of(scope)))
        return 0;
    policy_soft_look(state->asked->policy, softs, count, state->asked->now_ms, &soft);
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
    bool is_of_all = strcmp(scope, POLICY_SCOPE_ALL) == 0;
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

int quarantine_write_remedy(struct story_state *state, size_t count, int64_t id)
{
    if (count == 0)
        return 0;
    int r = state_write_gap(state);
    if (r < 0)
        return r;
    if (count == 1)
        return output_printf(state->output,
                             "To apply what is in quarantine: sesbouncectl quarantine "
                             "retry %lld\n",
                             (long long)id);
    return output_printf(state->output, "To apply what is in quarantine: sesbouncectl "
                                        "quarantine retry ID\xe2\x80\xa6\n");
}

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
    words_add(words, "%lld %s so far. %lld such days within ", (long long)soft->days,
              soft->days == 1 ? "day counts" : "days count",
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
              "%lld %s not count, because no Delivery event for mail of "
              "%.*s arrived in the 7 days before, and only these could end the counting. "
              "To let SES publish them, type:",
              (long long)soft->recorded, soft->recorded == 1 ? "day does" : "days do",
              STR_ARG(soft->identity.len > 0 ? soft->identity : STR("the sender")));
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
        words_add(&words, "they are recorded only, because [suppression] soft_days is "
                          "0.");
    else if (soft->days > 0)
        soft_days_words(&words, policy, soft);
    if (policy->soft_days > 0 && soft->days > 0 && soft->recorded > 0)
        words_add(&words, " ");
    if (policy->soft_days > 0 && soft->recorded > 0)
        soft_recorded_words(&words, soft);
    r = words_write(&words, state->output);
    if (r == 0 && policy->soft_days > 0 && soft->recorded > 0)
        r = output_printf(state->output, "  %s\n", state->asked->publish);
    return r;
}

/* A Delivery is kept as the newest of them, where it ended what there was. */
static int soft_reset_write(struct story_state *state, const char *scope,
                            const struct policy_soft *softs, size_t count)
{
    _cleanup_(words_done) struct words words = WORDS;
    const struct policy_soft *last = count > 0 ? &softs[count - 1] : NULL;
    if (!last || last->is_counted || last->is_doubtful ||
        state->asked->policy->soft_days == 0)
        return 0;
    int r = state_write_gap(state);
    words_add(&words, "Soft bounces");
    words_scope(&words, str_of(scope));
    words_add(&words, ": no day counts now, because a mail was delivered at ");
    words_time(&words, last->at_ms);
    words_add(&words, ".");
    return r < 0 ? r : words_write(&words, state->output);
}

/* Nobody asks how far counting is where the address is on the list for it, or for good.
 */
static bool soft_is_moot(const struct story_state *state, const char *scope)
{
    for (size_t i = 0; i < state->count; i++) {
        const struct story_entry *entry = &state->entries[i];
        bool is_final = entry->until_ms == POLICY_FOR_EVER &&
                        strcmp(entry->scope, POLICY_SCOPE_ALL) == 0;
        if (entry->live && (is_final || (entry->reason == POLICY_REASON_SOFT &&
                                         strcmp(entry->scope, scope) == 0)))
            return true;
    }
    return false;
}

static int soft_write(void *context, const char *scope, const struct policy_soft *softs,
                      size_t count)
{
    struct story_state *state = context;
    struct policy_soft_count soft;
    if (!scope_is_asked(state->asked, str_of(scope)))
        return 0;
    policy_soft_look(state->asked->policy, softs, count, state->asked->now_ms, &soft);
    if (soft_is_moot(state, scope))
        return 0;
    if (soft.days + soft.recorded == 0)
        return soft_reset_write(state, scope, softs, count);
    return soft_line_write(state, scope, &soft);
}

/* --- what to type ---------------------------------------------------------------- */

/* What ends an entry. */
static int entry_write_end(const struct story_state *state,
                           const struct story_entry *entry)
{
    static const char *const events[] = {
        [POLICY_REASON_SOFT] = "a delivered mail",
        [POLICY_REASON_COMPLAINT] = "the recipient's report that a mail is not spam",
        [POLICY_REASON_MANUAL] = NULL,
    };
    _cleanup_(words_done) struct words words = WORDS;
    /* A report that a mail is welcome does not subscribe again. */
    bool is_opt_out = entry->rule && strcmp(entry->rule, POLICY_RULE_OPT_OUT) == 0;
    const char *event = is_opt_out ? NULL : events[entry->reason];
    bool ends = entry->until_ms != POLICY_FOR_EVER;
    words_add(&words, "The %s entry", policy_reason_word(entry->reason));
    words_scope(&words, str_of(entry->scope));
    words_add(&words, ends ? " expires at " : " never expires");
    if (ends)
        words_time(&words, entry->until_ms);
    words_add(&words, "; %s%s`suppress remove%s` ends it%s.",
              event  ? event
              : ends ? ""
                     : "only ",
              event ? " or " : "",
              entry->reason == POLICY_REASON_COMPLAINT ? " --complaint" : "",
              ends ? " earlier" : "");
    return words_write(&words, state->output);
}

static int scope_write_ends(const struct story_state *state, size_t first)
{
    int r = 0;
    for (size_t i = first; i < state->count && r == 0; i++)
        if (state->entries[i].live &&
            strcmp(state->entries[i].scope, state->entries[first].scope) == 0)
            r = entry_write_end(state, &state->entries[i]);
    return r;
}

static bool scope_has(const struct story_state *state, const char *scope,
                      enum policy_reason reason)
{
    for (size_t i = 0; i < state->count; i++)
        if (state->entries[i].live && state->entries[i].reason == reason &&
            strcmp(state->entries[i].scope, scope) == 0)
            return true;
    return false;
}

static int remove_write_command(const struct story_state *state, const char *scope)
{
    _cleanup_(words_done) struct words words = WORDS;
    words_add(&words, "  %s suppress remove", state->asked->writes);
    if (strcmp(scope, POLICY_SCOPE_ALL) != 0) {
        words_add(&words, " --scope");
        if (words.r == 0)
            words.r = text_shell_argument(&words.text, str_of(scope));
    }
    if (scope_has(state, scope, POLICY_REASON_COMPLAINT))
        words_add(&words, " --complaint");
    words_add(&words, " --note '" STORY_REASON_MARK "' ");
    words_operand(&words, str_of(state->asked->address->key));
    return words_write(&words, state->output);
}

static int remove_write(struct story_state *state, size_t first)
{
    _cleanup_(words_done) struct words words = WORDS;
    const char *scope = state->entries[first].scope;
    int r = state_write_gap(state);
    if (r == 0)
        r = scope_write_ends(state, first);
    words_add(&words, "To mail the address again");
    if (strcmp(scope, POLICY_SCOPE_ALL) != 0)
        words_scope(&words, str_of(scope));
    words_add(&words, ", type:");
    if (r == 0)
        r = words_write(&words, state->output);
    return r < 0 ? r : remove_write_command(state, scope);
}

/* --- what is held ---------------------------------------------------------------- */

/* What to type about `whom`: an address, or all that is held for the same reason. */
static int held_write(struct story_state *state, struct str what, struct str whom)
{
    static const char *const verbs[][3] = {
        {"release", "To let", " take effect"},
        {"drop", "To discard", ""},
    };
    int r = state_write_gap(state);
    for (size_t i = 0; r == 0 && i < sizeof(verbs) / sizeof(*verbs); i++) {
        _cleanup_(words_done) struct words words = WORDS, command = WORDS;
        words_add(&words, "%s %.*s%s, type:", verbs[i][1], STR_ARG(what), verbs[i][2]);
        words_add(&command, "  %s suppress %s --note '" STORY_REASON_MARK "' ",
                  state->asked->writes, verbs[i][0]);
        words_operand(&command, whom);
        r = words_write(&words, state->output);
        if (r == 0)
            r = words_write(&command, state->output);
    }
    return r;
}

static int held_count(void *context, const struct store_value *values, size_t count)
{
    int64_t *n = context;
    (void)values;
    (void)count;
    ++*n;
    return 0;
}

/* An outage concerns more than one address. */
static int guard_write(struct story_state *state, const struct story_entry *entry)
{
    const struct store_filter filter = {.why = entry->why, .ids_only = true};
    _cleanup_(words_done) struct words what = WORDS;
    struct str domain = str_of(entry->why);
    int64_t n = 0;
    int r = store_query(state->store, STORE_HELD, &filter, held_count, &n);
    if (r < 0 || n < 2)
        return r;
    (void)str_take_prefix(&domain, STR("guard:"));
    words_add(&what, "all %lld entries that the outage guard holds for %.*s",
              (long long)n, STR_ARG(domain));
    return what.r < 0 ? what.r
                      : held_write(state, buf_str(&what.text), str_of(entry->why));
}

static bool entry_is_guarded(const struct story_entry *entry)
{
    return entry->held && str_starts_with(str_of(entry->why), STR("guard:"));
}

static int held_write_all(struct story_state *state)
{
    const struct story_entry *guarded = NULL;
    size_t held = 0;
    for (size_t i = 0; i < state->count; i++)
        if (scope_is_asked(state->asked, str_of(state->entries[i].scope))) {
            held += state->entries[i].held;
            if (entry_is_guarded(&state->entries[i]))
                guarded = &state->entries[i];
        }
    if (held == 0)
        return 0;
    int r = held_write(state, held == 1 ? STR("the held entry") : STR("the held entries"),
                       str_of(state->asked->address->key));
    return r < 0 || !guarded ? r : guard_write(state, guarded);
}

/* --- SES's own lists ------------------------------------------------------------- */

struct amazon_lines {
    struct story_state *state;
    size_t count;
};

static int amazon_begin(struct story_state *state)
{
    int r = state_write_gap(state);
    return r < 0 ? r
                 : output_printf(state->output,
                                 "SES keeps suppression lists of its own, and does not "
                                 "deliver to the addresses on them. These\nevents may "
                                 "have put this one there; to take it off, type:\n");
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
    int r = store_soft(state->store, state->asked->address, soft_write, state);
    for (size_t i = 0; i < state->count && r == 0; i++)
        if (entry_leads_scope(state, i) &&
            scope_is_asked(state->asked, str_of(state->entries[i].scope)))
            r = remove_write(state, i);
    if (r == 0)
        r = held_write_all(state);
    return r < 0 ? r
                 : amazon_commands(state->store, state->asked->address, amazon_line_write,
                                   &lines, NULL);
}

int quarantine_write_remedy(struct story_state *state, struct str ids)
{
    if (ids.len == 0)
        return 0;
    int r = state_write_gap(state);
    return r < 0 ? r
                 : output_printf(state->output,
                                 "To apply what is in quarantine, type:\n  %s quarantine "
                                 "retry%.*s\n",
                                 state->asked->writes, STR_ARG(ids));
}

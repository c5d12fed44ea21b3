/* What happened at one moment, in order; what is long is shortened. */
#include <stdlib.h>
#include <string.h>

#include "report/story_private.h"
#include "sesbounce/clock.h"
#include "sesbounce/story.h"

struct chapter *chapter_add(struct chapters *chapters, const struct store_value *values,
                            size_t count, const char *at)
{
    const struct store_value *time = output_find(values, count, at);
    const struct store_value *id = output_find(values, count, "id");
    struct chapter *more =
        reallocarray(chapters->list, chapters->count + 1, sizeof(*more));
    if (!more)
        return NULL;
    chapters->list = more;
    more += chapters->count++;
    *more =
        (struct chapter){.at_ms = time ? time->integer : 0, .id = id ? id->integer : 0};
    more->text = more->place = more->rule = more->changes = WORDS;
    return more;
}

static void chapter_done(struct chapter *chapter)
{
    words_done(&chapter->text);
    words_done(&chapter->place);
    words_done(&chapter->rule);
    words_done(&chapter->changes);
}

int chapter_fault(const struct chapter *chapter)
{
    const int faults[] = {chapter->text.r, chapter->place.r, chapter->rule.r,
                          chapter->changes.r};
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
        if (faults[i] < 0)
            return faults[i];
    return 0;
}

struct chapter *chapter_of_event(struct chapters *chapters, int64_t event_id)
{
    for (size_t i = 0; i < chapters->count && event_id > 0; i++)
        if (chapters->list[i].event_id == event_id)
            return &chapters->list[i];
    return NULL;
}

/* --- what is written ------------------------------------------------------------- */

static int chapter_compare(const void *left, const void *right)
{
    const struct chapter *a = left, *b = right;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    /* An event comes before what happened without one. */
    if ((a->event_id > 0) != (b->event_id > 0))
        return a->event_id > 0 ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

static bool chapter_is_like(const struct chapter *a, const struct chapter *b)
{
    return str_equal(buf_str(&a->text.text), buf_str(&b->text.text)) &&
           str_equal(buf_str(&a->rule.text), buf_str(&b->rule.text)) &&
           str_equal(buf_str(&a->changes.text), buf_str(&b->changes.text)) &&
           a->is_unscoped == b->is_unscoped;
}

/* Equal chapters in a row become one. */
static void chapters_fold(struct chapters *chapters)
{
    size_t kept = 0;
    for (size_t i = 0; i < chapters->count; i++) {
        struct chapter *last = kept > 0 ? &chapters->list[kept - 1] : NULL;
        if (last && chapter_is_like(last, &chapters->list[i])) {
            last->repeats++;
            last->last_ms = chapters->list[i].at_ms;
            chapter_done(&chapters->list[i]);
        } else {
            chapters->list[kept++] = chapters->list[i];
        }
    }
    chapters->count = kept;
}

/* Under the time that a chapter begins with. */
#define INDENT "                          "

static int lines_write(struct story_state *state, struct str lines)
{
    struct str line;
    int r = 0;
    while (r == 0 && lines.len > 0 && str_split(&lines, '\n', &line)) {
        _cleanup_(words_done) struct words words = WORDS;
        words_add(&words, INDENT);
        words_add_str(&words, line);
        r = words_write(&words, state->output);
    }
    return r;
}

static int chapter_write_rule(struct story_state *state, struct str name)
{
    _cleanup_(words_done) struct words words = WORDS;
    state_note_explained(state, name);
    words_add(&words, INDENT);
    rule_words(&words, state->asked->policy, name);
    return words_write(&words, state->output);
}

static int chapter_write_unchanged(struct story_state *state,
                                   const struct chapter *chapter)
{
    _cleanup_(words_done) struct words words = WORDS;
    if (chapter->event_id == 0 || chapter->changes.text.len > 0)
        return 0;
    unchanged_words(&words, state, buf_str(&chapter->rule.text), chapter->is_unscoped);
    return words.text.len > 0 ? lines_write(state, buf_str(&words.text)) : words.r;
}

static int chapter_write_repeats(struct story_state *state, const struct chapter *chapter)
{
    char last[CLOCK_TEXT_BYTES];
    clock_format_rfc3339(chapter->last_ms, last);
    if (chapter->repeats == 1)
        return output_printf(state->output, INDENT "\xe2\x80\xa6 and once more at %s\n",
                             last);
    if (chapter->repeats > 1)
        return output_printf(state->output,
                             INDENT "\xe2\x80\xa6 %zu more like it, the last at %s\n",
                             chapter->repeats, last);
    return 0;
}

static int chapter_write(struct story_state *state, struct chapter *chapter)
{
    _cleanup_(words_done) struct words words = WORDS;
    struct str rule = buf_str(&chapter->rule.text), first, rest;
    rest = buf_str(&chapter->text.text);
    (void)str_split(&rest, '\n', &first);
    words_time(&words, chapter->at_ms);
    words_add(&words, "  ");
    words_add_str(&words, first);
    words_add_str(&words, buf_str(&chapter->place.text));
    if (chapter->place.text.len > 0 && state_has_explained(state, rule))
        words_add(&words, ", rule %.*s", STR_ARG(rule));
    words_add(&words, chapter->place.text.len > 0 ? ")." : "");
    int r = words_write(&words, state->output);
    if (r == 0 && str_present(rest))
        r = lines_write(state, rest);
    if (r == 0 && rule.len > 0 && !state_has_explained(state, rule))
        r = chapter_write_rule(state, rule);
    if (r == 0)
        r = lines_write(state, buf_str(&chapter->changes.text));
    if (r == 0)
        r = chapter_write_unchanged(state, chapter);
    return r < 0 ? r : chapter_write_repeats(state, chapter);
}

/* The middle of a long history. */
static int chapters_skip(const struct chapters *chapters, struct story_state *state,
                         size_t from, size_t to)
{
    char first[CLOCK_TEXT_BYTES], last[CLOCK_TEXT_BYTES];
    size_t skipped = 0;
    for (size_t i = from; i < to; i++)
        skipped += 1 + chapters->list[i].repeats;
    clock_format_rfc3339(chapters->list[from].at_ms, first);
    clock_format_rfc3339(chapters->list[to - 1].at_ms, last);
    return output_printf(state->output,
                         "\xe2\x80\xa6 %zu more, from %s to %s; `events` and `suppress "
                         "log` show all, with --address\n",
                         skipped, first, last);
}

int chapters_write(struct chapters *chapters, struct story_state *state)
{
    bool is_long = chapters->count > STORY_FIRST_MAX + STORY_LAST_MAX + 1;
    int r = 0;
    if (chapters->count > 0) {
        qsort(chapters->list, chapters->count, sizeof(*chapters->list), chapter_compare);
        chapters_fold(chapters);
        is_long = chapters->count > STORY_FIRST_MAX + STORY_LAST_MAX + 1;
        r = output_printf(state->output, "\n");
    }
    for (size_t i = 0; i < chapters->count && r == 0; i++) {
        if (is_long && i == STORY_FIRST_MAX) {
            size_t next = chapters->count - STORY_LAST_MAX;
            r = chapters_skip(chapters, state, i, next);
            i = next;
        }
        if (r == 0)
            r = chapter_write(state, &chapters->list[i]);
    }
    return r;
}

void chapters_done(struct chapters *chapters)
{
    for (size_t i = 0; i < chapters->count; i++)
        chapter_done(&chapters->list[i]);
    free(chapters->list);
}

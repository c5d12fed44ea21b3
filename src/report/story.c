/* Reads everything about an address, puts it in order, and shortens what is long. */
#include "sesbounce/story.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/story_private.h"
#include "sesbounce/clock.h"
#include "sesbounce/mention.h"
#include "sesbounce/text.h"

/* What happened at one moment: an event with what it changed, or a change by itself. */
struct chapter {
    int64_t at_ms;
    int64_t id;       /* what happened at the same moment stays in order */
    int64_t event_id; /* 0: it is not one */
    struct words text;
    struct words place;   /* which event it is */
    struct words rule;    /* its name */
    struct words changes; /* a line each */
    size_t repeats;       /* equal ones right behind it */
    int64_t last_ms;      /* of those */
};

struct story {
    struct store *store;
    const struct story_asked *asked;
    struct output *output;
    struct story_search *search;
    struct story_state state;
    struct chapter *chapters; /* owned; of a table */
    size_t count;
    size_t events;
    size_t unjudged; /* events that the list has nothing to do with */
    int64_t searched_bytes;
    size_t quarantined;           /* that mention the address */
    struct words quarantined_ids; /* each behind a blank */
};

/* --- chapters -------------------------------------------------------------------- */

/* The next chapter, empty. NULL: no memory. */
static struct chapter *chapter_add(struct story *story, const struct store_value *values,
                                   size_t count, const char *at)
{
    const struct store_value *time = output_find(values, count, at);
    const struct store_value *id = output_find(values, count, "id");
    struct chapter *more = reallocarray(story->chapters, story->count + 1, sizeof(*more));
    if (!more)
        return NULL;
    story->chapters = more;
    more += story->count++;
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

static int chapter_fault(const struct chapter *chapter)
{
    const int faults[] = {chapter->text.r, chapter->place.r, chapter->rule.r,
                          chapter->changes.r};
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
        if (faults[i] < 0)
            return faults[i];
    return 0;
}

/* A row for programs, with the name of its view. */
static int story_write_row(struct story *story, const char *view,
                           const struct store_value *values, size_t count)
{
    struct store_value row[REPORT_COLUMNS_MAX];
    size_t kept = 0;
    /* A quarantined body may be long. */
    for (size_t i = 0; i < count && kept + 1 < REPORT_COLUMNS_MAX; i++)
        if (strcmp(values[i].name, "body") != 0)
            row[kept++] = values[i];
    row[kept++] = output_text("view", view);
    return output_row(story->output, row, kept);
}

static bool story_is_for_people(const struct story *story)
{
    return story->output->format == OUTPUT_TABLE;
}

/* --- what is read ---------------------------------------------------------------- */

static int entry_tell(void *context, const struct store_value *values, size_t count)
{
    struct story *story = context;
    if (story_is_for_people(story))
        return state_add(&story->state, values, count);
    if (!scope_is_asked(story->asked, output_find_text(values, count, "scope")))
        return 0;
    return story_write_row(story, "entries", values, count);
}

static int event_tell(void *context, const struct store_value *values, size_t count)
{
    struct story *story = context;
    if (!story_is_for_people(story))
        return story_write_row(story, "events", values, count);
    story->events++;
    if (!event_is_judged(values, count)) {
        story->unjudged++;
        return 0;
    }
    struct chapter *chapter = chapter_add(story, values, count, "occurred_at");
    if (!chapter)
        return -ENOMEM;
    chapter->event_id = chapter->id;
    event_words(&chapter->text, values, count);
    event_place(&chapter->place, values, count);
    words_add_str(&chapter->rule, output_find_text(values, count, "rule"));
    return chapter_fault(chapter);
}

static struct chapter *chapter_of_event(struct story *story, int64_t event_id)
{
    for (size_t i = 0; i < story->count && event_id > 0; i++)
        if (story->chapters[i].event_id == event_id)
            return &story->chapters[i];
    return NULL;
}

/* A change stands with its event, as long as that is kept. */
static int change_tell(void *context, const struct store_value *values, size_t count)
{
    struct story *story = context;
    const struct store_value *event_id = output_find(values, count, "event_id");
    if (!scope_is_asked(story->asked, output_find_text(values, count, "scope")))
        return 0;
    if (!story_is_for_people(story))
        return story_write_row(story, "suppression_log", values, count);
    struct chapter *chapter = chapter_of_event(story, event_id ? event_id->integer : 0);
    struct words *words = chapter ? &chapter->changes : NULL;
    if (!chapter) {
        chapter = chapter_add(story, values, count, "at");
        if (!chapter)
            return -ENOMEM;
        words_add_str(&chapter->rule, output_find_text(values, count, "rule"));
        words = &chapter->text;
    }
    if (words->text.len > 0)
        words_add(words, "\n");
    change_words(words, values, count);
    return chapter_fault(chapter);
}

/* Those since there is a log are in it. */
static int decision_tell(void *context, const struct store_value *values, size_t count)
{
    struct story *story = context;
    const struct store_value *at = output_find(values, count, "at");
    if (!scope_is_asked(story->asked, output_find_text(values, count, "scope")))
        return 0;
    if (!story_is_for_people(story))
        return story_write_row(story, "decisions", values, count);
    for (size_t i = 0; i < story->count; i++)
        if (story->chapters[i].event_id == 0 && at &&
            story->chapters[i].at_ms == at->integer)
            return 0;
    struct chapter *chapter = chapter_add(story, values, count, "at");
    if (!chapter)
        return -ENOMEM;
    decision_words(&chapter->text, values, count);
    return chapter_fault(chapter);
}

/* Ends a query. */
#define ENOUGH 1

static int quarantined_tell(struct story *story, const struct store_value *values,
                            size_t count)
{
    if (!story_is_for_people(story))
        return story_write_row(story, "quarantine", values, count);
    struct chapter *chapter = chapter_add(story, values, count, "received_at");
    struct str reason = output_find_text(values, count, "reason");
    if (!chapter)
        return -ENOMEM;
    words_add(&chapter->text,
              "A message that mentions the address could not be applied, and is in "
              "quarantine (%.*s). To see it, type: %s quarantine show %lld",
              STR_ARG(reason), story->asked->reads, (long long)chapter->id);
    return chapter_fault(chapter);
}

/* Whatever it was about, it had no effect on the list. */
static int quarantined_search(void *context, const struct store_value *values,
                              size_t count)
{
    struct story *story = context;
    struct str body = output_find_text(values, count, "body");
    const struct store_value *id = output_find(values, count, "id");
    if (story->search->messages == STORY_QUARANTINED_MAX ||
        story->quarantined == STORY_EVENTS_MAX ||
        story->searched_bytes > STORY_QUARANTINED_BYTES) {
        story->search->is_cut = true;
        return ENOUGH;
    }
    story->search->messages++;
    story->searched_bytes += (int64_t)body.len;
    if (!id || !mention_is_in(body, str_of(story->asked->address->key)))
        return 0;
    story->quarantined++;
    words_add(&story->quarantined_ids, " %lld", (long long)id->integer);
    return quarantined_tell(story, values, count);
}

static int story_read(struct story *story)
{
    const struct store_filter all = {.address = story->asked->address->key};
    const struct store_filter newest = {
        .address = all.address, .limit = STORY_EVENTS_MAX, .newest_first = true};
    const struct store_filter quarantine = {.newest_first = true};
    int r = store_query(story->store, STORE_ENTRIES, &all, entry_tell, story);
    /* For people, those that are in the log as well are left out. */
    bool log_first = story_is_for_people(story);
    if (r == 0 && !log_first)
        r = store_query(story->store, STORE_DECISIONS, &all, decision_tell, story);
    if (r == 0)
        r = store_query(story->store, STORE_EVENTS, &newest, event_tell, story);
    if (r == 0)
        r = store_query(story->store, STORE_LOG, &newest, change_tell, story);
    if (r == 0 && log_first)
        r = store_query(story->store, STORE_DECISIONS, &all, decision_tell, story);
    if (r == 0)
        r = store_query(story->store, STORE_QUARANTINE, &quarantine, quarantined_search,
                        story);
    return r == ENOUGH ? 0 : r;
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
           str_equal(buf_str(&a->changes.text), buf_str(&b->changes.text));
}

/* Equal chapters in a row become one. */
static void chapters_fold(struct story *story)
{
    size_t kept = 0;
    for (size_t i = 0; i < story->count; i++) {
        struct chapter *last = kept > 0 ? &story->chapters[kept - 1] : NULL;
        if (last && chapter_is_like(last, &story->chapters[i])) {
            last->repeats++;
            last->last_ms = story->chapters[i].at_ms;
            chapter_done(&story->chapters[i]);
        } else {
            story->chapters[kept++] = story->chapters[i];
        }
    }
    story->count = kept;
}

/* Under the time that a chapter begins with. */
#define INDENT "                          "

static int lines_write(struct story *story, struct str lines)
{
    struct str line;
    int r = 0;
    while (r == 0 && lines.len > 0 && str_split(&lines, '\n', &line)) {
        _cleanup_(words_done) struct words words = WORDS;
        words_add(&words, INDENT);
        words_add_str(&words, line);
        r = words_write(&words, story->output);
    }
    return r;
}

static int chapter_write_rule(struct story *story, struct str name)
{
    _cleanup_(words_done) struct words words = WORDS;
    state_note_explained(&story->state, name);
    words_add(&words, INDENT);
    rule_words(&words, story->asked->policy, name);
    return words_write(&words, story->output);
}

static int chapter_write_repeats(struct story *story, const struct chapter *chapter)
{
    char last[CLOCK_TEXT_BYTES];
    clock_format_rfc3339(chapter->last_ms, last);
    if (chapter->repeats == 1)
        return output_printf(story->output, INDENT "\xe2\x80\xa6 and once more at %s\n",
                             last);
    if (chapter->repeats > 1)
        return output_printf(story->output,
                             INDENT "\xe2\x80\xa6 %zu more of the same, the last at %s\n",
                             chapter->repeats, last);
    return 0;
}

static int chapter_write(struct story *story, struct chapter *chapter)
{
    _cleanup_(words_done) struct words words = WORDS;
    struct str rule = buf_str(&chapter->rule.text), first, rest;
    rest = buf_str(&chapter->text.text);
    (void)str_split(&rest, '\n', &first);
    words_time(&words, chapter->at_ms);
    words_add(&words, "  ");
    words_add_str(&words, first);
    words_add_str(&words, buf_str(&chapter->place.text));
    if (chapter->place.text.len > 0 && state_has_explained(&story->state, rule))
        words_add(&words, ", rule %.*s", STR_ARG(rule));
    words_add(&words, chapter->place.text.len > 0 ? ")." : "");
    int r = words_write(&words, story->output);
    if (r == 0 && str_present(rest))
        r = lines_write(story, rest);
    if (r == 0 && rule.len > 0 && !state_has_explained(&story->state, rule))
        r = chapter_write_rule(story, rule);
    if (r == 0)
        r = lines_write(story, buf_str(&chapter->changes.text));
    return r < 0 ? r : chapter_write_repeats(story, chapter);
}

/* The middle of a long history. */
static int chapters_skip(struct story *story, size_t from, size_t to)
{
    char first[CLOCK_TEXT_BYTES], last[CLOCK_TEXT_BYTES];
    size_t skipped = 0;
    for (size_t i = from; i < to; i++)
        skipped += 1 + story->chapters[i].repeats;
    clock_format_rfc3339(story->chapters[from].at_ms, first);
    clock_format_rfc3339(story->chapters[to - 1].at_ms, last);
    return output_printf(story->output,
                         "\xe2\x80\xa6 %zu more, from %s to %s; `events` and `suppress "
                         "log` show all, with --address\n",
                         skipped, first, last);
}

static int chapters_write(struct story *story)
{
    bool is_long = story->count > STORY_FIRST_MAX + STORY_LAST_MAX + 1;
    int r = 0;
    if (story->count > 0) {
        qsort(story->chapters, story->count, sizeof(*story->chapters), chapter_compare);
        chapters_fold(story);
        is_long = story->count > STORY_FIRST_MAX + STORY_LAST_MAX + 1;
        r = output_printf(story->output, "\n");
    }
    for (size_t i = 0; i < story->count && r == 0; i++) {
        if (is_long && i == STORY_FIRST_MAX) {
            size_t next = story->count - STORY_LAST_MAX;
            r = chapters_skip(story, i, next);
            i = next;
        }
        if (r == 0)
            r = chapter_write(story, &story->chapters[i]);
    }
    return r;
}

/* What the chapters leave out. */
static int rest_write(struct story *story)
{
    int r = 0;
    if (story->count == 0 && story->state.count == 0 && story->unjudged == 0)
        return output_printf(
            story->output,
            "Nothing is known about it: SES reported nothing, and nobody decided.\n");
    if (story->unjudged > 0)
        r = output_printf(story->output,
                          "%zu other %s, such as Send or Open, %s no bearing on the "
                          "list.\n",
                          story->unjudged, story->unjudged == 1 ? "event" : "events",
                          story->unjudged == 1 ? "has" : "have");
    if (r == 0 && story->events == STORY_EVENTS_MAX)
        r = output_printf(story->output,
                          "Only the newest %d events were read; `events` shows all, with "
                          "--address.\n",
                          STORY_EVENTS_MAX);
    return r;
}

static int story_tell(struct story *story)
{
    int r = state_write(&story->state);
    if (r == 0)
        r = chapters_write(story);
    if (r == 0)
        r = rest_write(story);
    if (r == 0)
        r = quarantine_write_remedy(&story->state, buf_str(&story->quarantined_ids.text));
    return r < 0 ? r : state_write_end(&story->state);
}

int story_write(struct store *store, const struct story_asked *asked,
                struct output *output, struct story_search *ret)
{
    struct story_asked whole = *asked;
    struct story story = {.store = store,
                          .asked = &whole,
                          .output = output,
                          .search = ret,
                          .quarantined_ids = WORDS,
                          .state = {.asked = &whole, .store = store, .output = output}};
    if (!whole.reads)
        whole.reads = "sesbouncectl";
    if (!whole.writes)
        whole.writes = "sesbouncectl";
    *ret = (struct story_search){.messages = 0};
    int r = story_read(&story);
    if (r == 0 && story_is_for_people(&story))
        r = story_tell(&story);
    for (size_t i = 0; i < story.count; i++)
        chapter_done(&story.chapters[i]);
    free(story.chapters);
    words_done(&story.quarantined_ids);
    state_done(&story.state);
    return r;
}

/* Reads everything about an address. */
#include "sesbounce/story.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/story_private.h"
#include "sesbounce/clock.h"
#include "sesbounce/mention.h"
#include "sesbounce/text.h"

/* Events that the list has nothing to do with. */
struct unjudged {
    size_t count;
    size_t type_count;
    struct unjudged_type {
        struct words name;
        size_t count;
    } types[STORY_TYPES_MAX]; /* of further ones only the count is known */
};

struct story {
    struct store *store;
    const struct story_asked *asked;
    struct output *output;
    struct story_search *search;
    struct story_state state;
    struct chapters chapters; /* of a table */
    size_t events;
    struct unjudged unjudged;
    /* the removal that was read last: its chapter, and the reasons so far */
    int64_t removal_ms;
    size_t removal;
    struct words removed;
    int64_t searched_bytes;
    size_t quarantined;           /* that mention the address */
    struct words quarantined_ids; /* each behind a blank */
};

/* --- what is read ---------------------------------------------------------------- */

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

static int entry_tell(void *context, const struct store_value *values, size_t count)
{
    struct story *story = context;
    if (story_is_for_people(story))
        return state_add(&story->state, values, count);
    if (!scope_is_asked(story->asked, output_find_text(values, count, "scope")))
        return 0;
    return story_write_row(story, "entries", values, count);
}

static int unjudged_add(struct unjudged *unjudged, struct str type)
{
    size_t i = 0;
    unjudged->count++;
    while (i < unjudged->type_count &&
           !str_equal(buf_str(&unjudged->types[i].name.text), type))
        i++;
    if (i == STORY_TYPES_MAX)
        return 0;
    if (i == unjudged->type_count) {
        unjudged->type_count++;
        unjudged->types[i].name = WORDS;
        words_add_str(&unjudged->types[i].name, type);
    }
    unjudged->types[i].count++;
    return unjudged->types[i].name.r;
}

static void unjudged_done(struct unjudged *unjudged)
{
    for (size_t i = 0; i < unjudged->type_count; i++)
        words_done(&unjudged->types[i].name);
}

static int event_tell(void *context, const struct store_value *values, size_t count)
{
    struct story *story = context;
    if (!story_is_for_people(story))
        return story_write_row(story, "events", values, count);
    story->events++;
    if (!event_is_judged(values, count))
        return unjudged_add(&story->unjudged, output_find_text(values, count, "type"));
    struct chapter *chapter = chapter_add(&story->chapters, values, count, "occurred_at");
    if (!chapter)
        return -ENOMEM;
    chapter->event_id = chapter->id;
    chapter->is_unscoped =
        str_equal(output_find_text(values, count, "scope"), STR(POLICY_SCOPE_ALL));
    event_words(&chapter->text, values, count);
    event_place(&chapter->place, story->asked->policy, values, count);
    words_add_str(&chapter->rule, output_find_text(values, count, "rule"));
    return chapter_fault(chapter);
}

/* A removal has a row for each entry, the newest row first; it is one sentence. */
static struct chapter *removal_merge(struct story *story,
                                     const struct store_value *values, size_t count)
{
    const struct store_value *at = output_find(values, count, "at");
    struct str reason = output_find_text(values, count, "reason_before");
    if (!at || !str_equal(output_find_text(values, count, "action"), STR("removed")))
        return NULL;
    bool is_same = at->integer == story->removal_ms &&
                   str_present(output_find_text(values, count, "reason_after"));
    _cleanup_(words_done) struct words later = WORDS;
    words_add_str(&later, buf_str(&story->removed.text));
    buf_clear(&story->removed.text);
    words_add_str(&story->removed, reason);
    story->removal_ms = at->integer;
    if (!is_same) {
        story->removal = story->chapters.count;
        return NULL;
    }
    bool is_list = memchr(later.text.data, ' ', later.text.len) != NULL;
    words_add(&story->removed, is_list ? ", " : " and ");
    words_add_str(&story->removed, buf_str(&later.text));
    struct chapter *chapter = &story->chapters.list[story->removal];
    buf_clear(&chapter->text.text);
    return chapter;
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
    struct chapter *chapter =
        chapter_of_event(&story->chapters, event_id ? event_id->integer : 0);
    struct words *words = chapter ? &chapter->changes : NULL;
    struct chapter *merged = chapter ? NULL : removal_merge(story, values, count);
    if (!chapter) {
        chapter = merged ? merged : chapter_add(&story->chapters, values, count, "at");
        if (!chapter)
            return -ENOMEM;
        if (!merged)
            words_add_str(&chapter->rule, output_find_text(values, count, "rule"));
        words = &chapter->text;
    }
    if (words->text.len > 0)
        words_add(words, "\n");
    change_words(words, values, count,
                 merged ? buf_str(&story->removed.text) : STR_ABSENT);
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
    for (size_t i = 0; i < story->chapters.count; i++)
        if (story->chapters.list[i].event_id == 0 && at &&
            story->chapters.list[i].at_ms == at->integer)
            return 0;
    struct chapter *chapter = chapter_add(&story->chapters, values, count, "at");
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
    struct chapter *chapter = chapter_add(&story->chapters, values, count, "received_at");
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
        story->searched_bytes > story->asked->search_bytes) {
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

static int unjudged_write(struct story *story)
{
    const struct unjudged *unjudged = &story->unjudged;
    _cleanup_(words_done) struct words words = WORDS;
    size_t told = 0;
    words_add(&words, "%zu other %s no bearing on the list: ", unjudged->count,
              unjudged->count == 1 ? "event has" : "events have");
    for (size_t i = 0; i < unjudged->type_count; i++) {
        told += unjudged->types[i].count;
        words_add(&words, "%s%zu ", i > 0 ? ", " : "", unjudged->types[i].count);
        words_add_str(&words, buf_str(&unjudged->types[i].name.text));
    }
    if (told < unjudged->count)
        words_add(&words, ", %zu of further types", unjudged->count - told);
    words_add(&words, ".");
    return words_write(&words, story->output);
}

/* What the chapters leave out. */
static int rest_write(struct story *story)
{
    int r = 0;
    if (story->chapters.count == 0 && story->state.count == 0 &&
        story->unjudged.count == 0)
        return output_printf(story->output, "No event or decision about it is stored.\n");
    if (story->unjudged.count > 0)
        r = unjudged_write(story);
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
        r = chapters_write(&story->chapters, &story->state);
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
                          .removed = WORDS,
                          .removal_ms = CLOCK_NONE,
                          .state = {.asked = &whole, .store = store, .output = output}};
    if (!whole.reads)
        whole.reads = "sesbouncectl";
    if (!whole.writes)
        whole.writes = "sesbouncectl";
    if (whole.search_bytes == 0)
        whole.search_bytes = STORY_QUARANTINED_BYTES;
    if (!whole.publish)
        whole.publish = "sesbouncectl status";
    *ret = (struct story_search){.messages = 0};
    int r = story_read(&story);
    if (r == 0 && story_is_for_people(&story))
        r = story_tell(&story);
    chapters_done(&story.chapters);
    unjudged_done(&story.unjudged);
    words_done(&story.removed);
    words_done(&story.quarantined_ids);
    state_done(&story.state);
    return r;
}

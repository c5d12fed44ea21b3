#include "sesbounce/story.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sesbounce/clock.h"
#include "sesbounce/mention.h"
#include "sesbounce/text.h"

struct chapter {
    int64_t at_ms;
    uint64_t order; /* keeps what happened at the same moment in order */
    char *text;     /* owned; neutralised */
};

struct story {
    struct store *store;
    const struct story_asked *asked;
    struct output *output;
    struct story_search *search;
    struct chapter *chapters; /* of a table */
    size_t count;
    size_t live;
    int64_t searched_bytes;
    size_t quarantined; /* that mention the address */
    int64_t quarantined_id;
};

static int chapter_add(struct story *story, const struct store_value *values,
                       size_t count, const char *at, const struct output_part *parts)
{
    const struct store_value *time = output_find(values, count, at);
    _cleanup_(buf_done) struct buf raw = {.max = REPORT_ROW_BYTES_MAX};
    _cleanup_(buf_done) struct buf safe = {.max = REPORT_ROW_BYTES_MAX};
    struct chapter *more = reallocarray(story->chapters, story->count + 1, sizeof(*more));
    if (!more)
        return -ENOMEM;
    story->chapters = more;
    int r = output_parts(&raw, values, count, parts);
    if (r == 0)
        r = text_neutral(&safe, buf_str(&raw), false);
    if (r == 0 && safe.len > 0) {
        more[story->count] =
            (struct chapter){time ? time->integer : 0, story->count, buf_take(&safe)};
        story->count++;
    }
    return r;
}

static int row_tell(struct story *story, const struct store_value *values, size_t count,
                    const char *at, const struct output_part *parts)
{
    if (story->output->format != OUTPUT_TABLE)
        return output_row(story->output, values, count);
    return chapter_add(story, values, count, at, parts);
}

/* Everything of one scope also depends on what holds for all. NULL: any scope. */
static bool row_is_of_scope(const struct store_value *values, size_t count,
                            const char *asked)
{
    struct str scope = output_find_text(values, count, "scope");
    return !asked || !str_present(scope) || str_equal(scope, STR("*")) ||
           str_equal(scope, str_of(asked));
}

static int entry_tell(void *context, const struct store_value *values, size_t count)
{
    static const struct output_part live[] = {{"SUPPRESSED: ", "reason"},
                                              {" ", "detail"},
                                              {", scope ", "scope"},
                                              {", until ", "until"},
                                              {", events: ", "event_count"},
                                              {", origin ", "origin"},
                                              {", by ", "actor"},
                                              {", note: ", "note"},
                                              {"", NULL}};
    static const struct output_part past[] = {
        {"was suppressed: ", "reason"}, {" ", "detail"},
        {", scope ", "scope"},          {", until ", "until"},
        {", events: ", "event_count"},  {", now ", "state"},
        {", lifted at ", "lifted_at"},  {" by ", "lifted_by"},
        {": ", "lifted_note"},          {"", NULL}};
    struct story *story = context;
    const char *asked = story->asked->scope;
    if (!row_is_of_scope(values, count, asked))
        return 0;
    bool is_live = str_equal(output_find_text(values, count, "state"), STR("live"));
    /* The headline says what `check` says: an entry of another scope is only listed. */
    story->live += is_live && row_is_of_scope(values, count, asked ? asked : "*");
    return row_tell(story, values, count, "since", is_live ? live : past);
}

static int decision_tell(void *context, const struct store_value *values, size_t count)
{
    static const struct output_part parts[] = {{"a person decided: ", "action"},
                                               {" ", "reason"},
                                               {", scope ", "scope"},
                                               {", until ", "until"},
                                               {", by ", "actor"},
                                               {", note: ", "note"},
                                               {"", NULL}};
    struct story *story = context;
    if (!row_is_of_scope(values, count, story->asked->scope))
        return 0;
    return row_tell(story, values, count, "at", parts);
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

static int event_tell(void *context, const struct store_value *values, size_t count)
{
    const char *named = event_is_of_another(values, count) ? "address_seen" : "";
    const struct output_part parts[] = {{"", "type"},
                                        {" ", "bounce_type"},
                                        {"/", "bounce_subtype"},
                                        {" ", "feedback_type"},
                                        {" ", "complaint_subtype"},
                                        {", reported as ", named},
                                        {", judged ", "class"},
                                        {", cause ", "cause"},
                                        {", rule ", "rule"},
                                        {", status ", "status"},
                                        {": ", "diagnostic"},
                                        {" (event ", "id"},
                                        {", SES message ", "ses_message_id"},
                                        {", campaign ", "campaign"},
                                        {")", NULL}};
    struct story *story = context;
    return row_tell(story, values, count, "occurred_at", parts);
}

/* Ends a query. */
#define ENOUGH 1

/* The row without its body, which may be long. */
static int quarantined_tell(struct story *story, const struct store_value *values,
                            size_t count)
{
    static const struct output_part parts[] = {
        {"a message in quarantine mentions it, not applied: ", "reason"},
        {" (sesbouncectl quarantine show ", "id"},
        {")", NULL}};
    struct store_value row[REPORT_COLUMNS_MAX];
    size_t kept = 0;
    for (size_t i = 0; i < count && kept < REPORT_COLUMNS_MAX; i++)
        if (strcmp(values[i].name, "body") != 0)
            row[kept++] = values[i];
    return row_tell(story, row, kept, "received_at", parts);
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
    story->quarantined_id = id->integer;
    return quarantined_tell(story, values, count);
}

static int chapter_compare(const void *left, const void *right)
{
    const struct chapter *a = left, *b = right;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return a->order < b->order ? 1 : -1;
}

/* An address may begin with a dash, which only `--` keeps from being an option. */
static int remedy_write(const struct story *story)
{
    const char *key = story->asked->address->key;
    _cleanup_(buf_done) struct buf word = {.max = REPORT_ROW_BYTES_MAX};
    int r = text_shell(&word, str_of(key));
    if (r < 0)
        return r;
    return output_printf(story->output,
                         *key == '-' ? "To mail it again: sesbouncectl suppress remove "
                                       "--note WHY -- %s\n"
                                     : "To mail it again: sesbouncectl suppress remove "
                                       "%s --note WHY\n",
                         buf_str(&word).data);
}

static int remedies_write(const struct story *story)
{
    int r = 0;
    if (story->count == 0)
        r = output_printf(
            story->output,
            "Nothing is known about it: there is no event and no decision.\n");
    else if (story->quarantined == 1)
        r = output_printf(story->output,
                          "To apply it: sesbouncectl quarantine retry %lld\n",
                          (long long)story->quarantined_id);
    else if (story->quarantined > 1)
        r = output_printf(story->output, "To apply what is in quarantine: sesbouncectl "
                                         "quarantine retry ID\xe2\x80\xa6\n");
    return r == 0 && story->live ? remedy_write(story) : r;
}

/* A blocked address's event comes before the entry it caused: entries were read first. */
static int chapters_write(struct story *story)
{
    char at[CLOCK_TEXT_BYTES];
    int r = output_printf(story->output, "%s %s\n", story->asked->typed,
                          story->live ? "must not be mailed"
                                      : "may be mailed: it is not on the list");
    if (story->count > 0)
        qsort(story->chapters, story->count, sizeof(*story->chapters), chapter_compare);
    for (size_t i = 0; i < story->count && r == 0; i++) {
        clock_format_rfc3339(story->chapters[i].at_ms, at);
        r = output_printf(story->output, "%s  %s\n", at, story->chapters[i].text);
    }
    return r < 0 ? r : remedies_write(story);
}

static int story_read(struct story *story)
{
    struct store_filter filter = {.address = story->asked->address->key};
    int r = store_query(story->store, STORE_ENTRIES, &filter, entry_tell, story);
    if (r == 0)
        r = store_query(story->store, STORE_DECISIONS, &filter, decision_tell, story);
    if (r < 0)
        return r;
    filter.limit = STORY_EVENTS_MAX;
    filter.newest_first = true;
    r = store_query(story->store, STORE_EVENTS, &filter, event_tell, story);
    struct store_filter quarantine = {.newest_first = true};
    if (r == 0)
        r = store_query(story->store, STORE_QUARANTINE, &quarantine, quarantined_search,
                        story);
    return r == ENOUGH ? 0 : r;
}

int story_write(struct store *store, const struct story_asked *asked,
                struct output *output, struct story_search *ret)
{
    struct story story = {
        .store = store, .asked = asked, .output = output, .search = ret};
    *ret = (struct story_search){.messages = 0};
    int r = story_read(&story);
    if (r == 0 && output->format == OUTPUT_TABLE)
        r = chapters_write(&story);
    for (size_t i = 0; i < story.count; i++)
        free(story.chapters[i].text);
    free(story.chapters);
    return r;
}

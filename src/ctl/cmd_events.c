/* events: what SES reported; why: the story of one address. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/text.h"

/* One row more than asked for tells whether something was cut. */
struct cut {
    struct output output;
    uint64_t limit; /* 0: none */
    bool more;
};

static int on_event(void *context, const struct store_value *values, size_t count)
{
    struct cut *cut = context;
    if (cut->limit && cut->output.rows == cut->limit) {
        cut->more = true;
        return 0;
    }
    return output_row(&cut->output, values, count);
}

int cmd_events(struct ctl *ctl)
{
    struct store_filter filter;
    struct cut cut = {0};
    if (!ctl_filter(ctl, &filter) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    bool own_limit = filter.limit == 0 && ctl->format == OUTPUT_TABLE;
    if (own_limit)
        filter.limit = CTL_TABLE_LIMIT;
    cut.limit = (uint64_t)filter.limit;
    filter.newest_first = filter.limit > 0 && !ctl_given(ctl, OPTION_AFTER_ID);
    if (filter.limit > 0 && filter.limit < INT64_MAX)
        filter.limit++;
    output_init(&cut.output, stdout, ctl->format, views_table(STORE_EVENTS),
                views_all(STORE_EVENTS));
    int r = store_query(ctl->store, STORE_EVENTS, &filter, on_event, &cut);
    if (r == 0)
        r = output_end(&cut.output);
    bool broken = cut.output.fault < 0;
    output_done(&cut.output);
    if (r < 0)
        return broken ? ctl_fail_output(r) : ctl_fail_store(ctl, r);
    if (cut.more && own_limit)
        ctl_note("there are more: these are the %s %d; --limit N shows more, -o json or "
                 "-o csv all",
                 filter.newest_first ? "newest" : "first", CTL_TABLE_LIMIT);
    return CTL_DONE;
}

/* --- why --- */

struct chapter {
    int64_t at_ms;
    uint64_t order; /* keeps what happened at the same moment in order */
    char *text;     /* owned; neutralised */
};

struct story {
    struct ctl *ctl;
    const struct address *address;
    const char *scope; /* NULL: all */
    struct chapter *chapters;
    size_t count, room;
    size_t live;
    size_t searched; /* of the quarantine */
    int64_t searched_bytes;
    bool some_not_searched;
    size_t quarantined; /* that mention the address */
    int64_t quarantined_id;
    /* json: entries first, then decisions, events, and quarantined messages */
    struct output output;
};

/* A part of a line: told when the row has that column. */
struct part {
    const char *before;
    const char *column; /* NULL: the end, with `before` behind it all */
};

static int append_parts(struct buf *to, const struct store_value *values, size_t count,
                        const struct part *part)
{
    int r = 0;
    for (; part->column && r == 0; part++) {
        const struct store_value *value = output_find(values, count, part->column);
        if (!value)
            continue;
        r = buf_append_str(to, str_of(part->before));
        if (r == 0)
            r = output_plain(to, value);
    }
    return r < 0 ? r : buf_append_str(to, str_of(part->before));
}

static int add_chapter(struct story *story, const struct store_value *values,
                       size_t count, const char *at, const struct part *parts)
{
    const struct store_value *time = output_find(values, count, at);
    struct buf raw, safe;
    if (story->count == story->room) {
        size_t room = story->room ? 2 * story->room : 16;
        struct chapter *more = reallocarray(story->chapters, room, sizeof(*more));
        if (!more)
            return -ENOMEM;
        story->chapters = more;
        story->room = room;
    }
    struct chapter *chapter = &story->chapters[story->count];
    *chapter = (struct chapter){.order = story->count};
    if (time)
        (void)clock_parse(time->text, &chapter->at_ms);
    buf_init(&raw, CTL_LINE_OUT_BYTES_MAX);
    buf_init(&safe, CTL_LINE_OUT_BYTES_MAX);
    int r = append_parts(&raw, values, count, parts);
    if (r == 0)
        r = text_neutral(&safe, buf_str(&raw), false);
    if (r == 0 && (chapter->text = buf_take(&safe)))
        story->count++;
    buf_done(&raw);
    buf_done(&safe);
    return r;
}

/* Everything of one scope also depends on what holds for all. */
static bool is_in_scope(const struct story *story, const struct store_value *values,
                        size_t count)
{
    const struct store_value *scope = output_find(values, count, "scope");
    return !story->scope || !scope || str_equal(scope->text, STR("*")) ||
           str_equal(scope->text, str_of(story->scope));
}

/* The headline agrees with `check`: an entry of another scope is shown, no more. */
static bool decides(const struct story *story, const struct store_value *values,
                    size_t count)
{
    const struct story asked = {.scope = story->scope ? story->scope : "*"};
    return is_in_scope(&asked, values, count);
}

static int on_entry(void *context, const struct store_value *values, size_t count)
{
    static const struct part live[] = {{"SUPPRESSED: ", "reason"},
                                       {" ", "detail"},
                                       {", scope ", "scope"},
                                       {", until ", "until"},
                                       {", events: ", "event_count"},
                                       {", origin ", "origin"},
                                       {", by ", "actor"},
                                       {", note: ", "note"},
                                       {"", NULL}};
    static const struct part past[] = {
        {"was suppressed: ", "reason"}, {" ", "detail"},
        {", scope ", "scope"},          {", until ", "until"},
        {", events: ", "event_count"},  {", now ", "state"},
        {", lifted at ", "lifted_at"},  {" by ", "lifted_by"},
        {": ", "lifted_note"},          {"", NULL}};
    struct story *story = context;
    const struct store_value *state = output_find(values, count, "state");
    if (!is_in_scope(story, values, count))
        return 0;
    bool is_live = state && str_equal(state->text, STR("live"));
    story->live += is_live && decides(story, values, count);
    if (story->ctl->format != OUTPUT_TABLE)
        return output_row(&story->output, values, count);
    return add_chapter(story, values, count, "since", is_live ? live : past);
}

static int on_decision(void *context, const struct store_value *values, size_t count)
{
    static const struct part parts[] = {{"a person decided: ", "action"},
                                        {" ", "reason"},
                                        {", scope ", "scope"},
                                        {", until ", "until"},
                                        {", by ", "actor"},
                                        {", note: ", "note"},
                                        {"", NULL}};
    struct story *story = context;
    if (!is_in_scope(story, values, count))
        return 0;
    if (story->ctl->format != OUTPUT_TABLE)
        return output_row(&story->output, values, count);
    return add_chapter(story, values, count, "at", parts);
}

/* A mail to one recipient may be reported under another address. */
static bool is_of_another(const struct store_value *values, size_t count)
{
    const struct store_value *address = output_find(values, count, "address");
    const struct store_value *seen = output_find(values, count, "address_seen");
    struct address named;
    return address && seen && address_parse(seen->text, &named) == 0 &&
           !str_equal(str_of(named.key), address->text);
}

static int on_reported(void *context, const struct store_value *values, size_t count)
{
    const char *named = is_of_another(values, count) ? "address_seen" : "";
    const struct part parts[] = {{"", "type"},
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
    if (story->ctl->format != OUTPUT_TABLE)
        return output_row(&story->output, values, count);
    return add_chapter(story, values, count, "occurred_at", parts);
}

/* Ends a query. */
#define ENOUGH 1

/* The row without its body, which may be long. */
static int print_quarantined(struct story *story, const struct store_value *values,
                             size_t count)
{
    struct store_value row[CTL_COLUMNS_MAX];
    size_t kept = 0;
    for (size_t i = 0; i < count && kept < CTL_COLUMNS_MAX; i++)
        if (strcmp(values[i].name, "body") != 0)
            row[kept++] = values[i];
    return output_row(&story->output, row, kept);
}

/* Whatever it was about, it had no effect on the list. */
static int on_quarantined(void *context, const struct store_value *values, size_t count)
{
    static const struct part parts[] = {
        {"a message in quarantine mentions it, not applied: ", "reason"},
        {" (sesbouncectl quarantine show ", "id"},
        {")", NULL}};
    struct story *story = context;
    const struct store_value *body = output_find(values, count, "body");
    const struct store_value *id = output_find(values, count, "id");
    if (story->searched == CTL_WHY_QUARANTINED_MAX ||
        story->quarantined == CTL_WHY_EVENTS_MAX ||
        story->searched_bytes > CTL_WHY_QUARANTINED_BYTES) {
        story->some_not_searched = true;
        return ENOUGH;
    }
    story->searched++;
    story->searched_bytes += body ? (int64_t)body->text.len : 0;
    if (!id || !body || !text_mentions(body->text, str_of(story->address->key)))
        return 0;
    story->quarantined++;
    story->quarantined_id = id->integer;
    if (story->ctl->format != OUTPUT_TABLE)
        return print_quarantined(story, values, count);
    return add_chapter(story, values, count, "received_at", parts);
}

static int by_time(const void *left, const void *right)
{
    const struct chapter *a = left, *b = right;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return a->order < b->order ? 1 : -1;
}

static int tell_remedy(const struct story *story)
{
    struct buf word;
    buf_init(&word, CTL_LINE_BYTES_MAX);
    int r = text_shell(&word, str_of(story->address->key));
    if (r == 0 && printf("To mail it again: sesbouncectl suppress remove %s --note WHY\n",
                         buf_str(&word).data) < 0)
        r = -EIO;
    buf_done(&word);
    return r;
}

/* A blocked address's event comes before the entry it caused: entries were read first. */
static int tell(struct story *story)
{
    char at[CLOCK_TEXT_BYTES];
    const char *address = story->ctl->words[0];
    printf("%s %s\n", address,
           story->live ? "must not be mailed" : "may be mailed: it is not on the list");
    if (story->count > 0)
        qsort(story->chapters, story->count, sizeof(*story->chapters), by_time);
    for (size_t i = 0; i < story->count; i++) {
        clock_format_rfc3339(story->chapters[i].at_ms, at);
        printf("%s  %s\n", at, story->chapters[i].text);
    }
    if (story->count == 0)
        puts("Nothing is known about it: there is no event and no decision.");
    if (story->quarantined == 1)
        printf("To apply it: sesbouncectl quarantine retry %lld\n",
               (long long)story->quarantined_id);
    else if (story->quarantined > 1)
        puts("To apply what is in quarantine: sesbouncectl quarantine retry ID…");
    return story->live ? tell_remedy(story) : ferror(stdout) ? -EIO : 0;
}

static int read_story(struct story *story)
{
    struct store_filter filter = {
        .address = story->ctl->words[0], .since_ms = CLOCK_NONE, .until_ms = CLOCK_NONE};
    int r = store_query(story->ctl->store, STORE_ENTRIES, &filter, on_entry, story);
    if (r == 0)
        r = store_query(story->ctl->store, STORE_DECISIONS, &filter, on_decision, story);
    if (r < 0)
        return r;
    filter.limit = CTL_WHY_EVENTS_MAX;
    filter.newest_first = true;
    r = store_query(story->ctl->store, STORE_EVENTS, &filter, on_reported, story);
    struct store_filter quarantine = {
        .since_ms = CLOCK_NONE, .until_ms = CLOCK_NONE, .newest_first = true};
    if (r == 0)
        r = store_query(story->ctl->store, STORE_QUARANTINE, &quarantine, on_quarantined,
                        story);
    return r == ENOUGH ? 0 : r;
}

int cmd_why(struct ctl *ctl)
{
    struct address address;
    struct story story = {
        .ctl = ctl, .address = &address, .scope = ctl->value[OPTION_SCOPE]};
    if (!ctl_address(ctl->words[0], &address))
        return CTL_COULD_NOT;
    if (output_is_csv(ctl->format))
        return ctl_fail("entries and events have different columns: use -o json, or "
                        "`events --address %s -o csv`",
                        ctl->words[0]);
    if (!ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    output_init(&story.output, stdout, ctl->format, NULL, NULL);
    int r = read_story(&story);
    bool store_failed = r < 0 && story.output.fault == 0;
    if (r == 0)
        r = ctl->format == OUTPUT_TABLE ? tell(&story) : output_end(&story.output);
    for (size_t i = 0; i < story.count; i++)
        free(story.chapters[i].text);
    free(story.chapters);
    output_done(&story.output);
    if (r < 0)
        return store_failed ? ctl_fail_store(ctl, r) : ctl_fail_output(r);
    if (story.some_not_searched)
        ctl_note("there is more in quarantine: only the newest %zu messages were "
                 "searched for the address",
                 story.searched);
    return CTL_DONE;
}

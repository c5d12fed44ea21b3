/* What is held, what changed, topics and the quarantine. */
#include <string.h>

#include "daemon/limits.h"
#include "daemon/page_private.h"

/* A list in the making. */
struct list {
    struct page *page;
    const char *id, *title, *class;
    const char *about; /* a sentence at the top; NULL: none */
    const char *more;  /* how to see all */
    size_t limit, count;
    bool can_act;
    struct buf guards; /* for which entries are held, a NUL behind each */
};

/* Those that the outage guard holds are decided together. */
static int guard_note(struct list *list, struct str why)
{
    struct str rest = buf_str(&list->guards);

    if (!list->can_act || !str_starts_with(why, STR("guard:")))
        return 0;
    for (; rest.len > 0; rest = str_skip(rest, strlen(rest.data) + 1))
        if (str_equal(str_of(rest.data), why))
            return 0;
    int r = buf_append_str(&list->guards, why);
    return r == 0 ? buf_append(&list->guards, "", 1) : r;
}

static void guards_put(struct list *list)
{
    struct html *html = &list->page->html;
    struct str rest = buf_str(&list->guards);

    for (; rest.len > 0; rest = str_skip(rest, strlen(rest.data) + 1))
        html_fill(html,
                  "<li><span class=\"all\">All that are held by <b>@</b>:</span>"
                  "<form class=\"act\" data-path=\"/v1/held/release\" hidden>"
                  "<input type=\"hidden\" name=\"why\" value=\"@\">"
                  "<label class=\"note\">Note <input name=\"note\" autocomplete=\"off\" "
                  "placeholder=\"why\"></label> <button>Release all</button> "
                  "<button formaction=\"/v1/held/drop\">Drop all</button></form></li>\n",
                  str_of(rest.data), str_of(rest.data));
}

static struct html *list_row_begin(struct list *list)
{
    struct html *html = &list->page->html;

    if (list->count > 0)
        return html;
    html_fill(html, "<section class=\"card\" aria-labelledby=\"@\"><h2 id=\"@\">@</h2>\n",
              str_of(list->id), str_of(list->id), str_of(list->title));
    if (list->about)
        html_fill(html, "<p class=\"quiet\">@</p>\n", str_of(list->about));
    html_fill(html, "<ol class=\"rows @\">\n", str_of(list->class));
    return html;
}

/* One more row was asked for than is listed. */
static bool list_is_full(struct list *list)
{
    return list->count++ == list->limit;
}

static int list_finish(struct list *list, int r)
{
    struct html *html = &list->page->html;

    if (r < 0 || list->count == 0)
        return r < 0 ? r : html->fault;
    guards_put(list);
    html_put(html, "</ol>\n");
    if (list->count > list->limit)
        html_fill(html, "<p class=\"quiet\">There are more: <code>@</code></p>\n",
                  str_of(list->more));
    html_put(html, "</section>\n");
    return html->fault;
}

static int list_query(struct list *list, enum store_view view, store_row_fn *row)
{
    const struct store_filter newest = {.limit = (int64_t)list->limit + 1,
                                        .newest_first = true};
    int r = store_query(list->page->store, view, &newest, row, list);

    return list_finish(list, r);
}

static void row_put_time(struct html *html, const struct store_value *values,
                         size_t count, const char *column)
{
    const struct store_value *at = output_find(values, count, column);

    html_put_time(html, at && at->type == STORE_TIME ? at->integer : CLOCK_NONE);
}

static struct str row_text(const struct store_value *values, size_t count,
                           const char *column)
{
    struct str text = output_find_text(values, count, column);

    return str_present(text) ? text : STR("");
}

/* ` in scope NAME`, unless it is all mail. */
static void row_put_scope(struct html *html, const struct store_value *values,
                          size_t count)
{
    struct str scope = row_text(values, count, "scope");

    if (scope.len > 0 && !str_equal(scope, STR(POLICY_SCOPE_ALL)))
        html_fill(html, " in scope @", scope);
}

/* --- held -------------------------------------------------------------------------- */

static void held_put_buttons(struct html *html, struct str id)
{
    html_fill(html,
              "<form class=\"act\" data-path=\"/v1/held/release\" hidden>"
              "<input type=\"hidden\" name=\"ids\" value=\"@\">"
              "<label class=\"note\">Note <input name=\"note\" autocomplete=\"off\" "
              "placeholder=\"why\"></label> "
              "<button title=\"It is suppressed\">Release</button> "
              "<button formaction=\"/v1/held/drop\" title=\"It is not suppressed\">Drop"
              "</button></form>",
              id);
}

static int held_row_put(void *context, const struct store_value *values, size_t count)
{
    struct list *list = context;
    struct html *html = list_row_begin(list);
    const struct store_value *id = output_find(values, count, "id");

    if (list_is_full(list))
        return html->fault;
    html_put(html, "<li>");
    row_put_time(html, values, count, "since");
    html_put(html, "<span class=\"whom\">");
    page_address(html, output_find_text(values, count, "address"), STR_ABSENT);
    html_fill(html, "</span><span class=\"what\"><b>@</b> @",
              row_text(values, count, "reason"), row_text(values, count, "detail"));
    row_put_scope(html, values, count);
    html_fill(html, " <span class=\"quiet\">held by @</span></span>",
              row_text(values, count, "why"));
    if (list->can_act && id)
        held_put_buttons(html, html_plain(html, id->integer));
    html_put(html, "</li>\n");
    int r = guard_note(list, row_text(values, count, "why"));
    return r < 0 ? r : html->fault;
}

int page_held(struct page *page)
{
    struct list list = {.page = page,
                        .id = "held",
                        .title = "Held, until you decide",
                        .class = "held",
                        .more = "sesbouncectl suppress held",
                        .limit = PAGE_HELD_LISTED,
                        .can_act = page_can_act(page),
                        .guards = {.max = API_PAGE_BYTES}};
    int r;

    list.about =
        list.can_act ? "Release: the address goes on the list. Drop: it does not." : NULL;
    r = list_query(&list, STORE_HELD, held_row_put);

    buf_done(&list.guards);
    return r;
}

/* --- changes ----------------------------------------------------------------------- */

static int change_row_put(void *context, const struct store_value *values, size_t count)
{
    struct list *list = context;
    struct html *html = list_row_begin(list);
    struct str before = row_text(values, count, "reason_before");
    struct str after = row_text(values, count, "reason_after");
    struct str actor = row_text(values, count, "actor");
    struct str note = row_text(values, count, "note");

    if (list_is_full(list))
        return html->fault;
    html_put(html, "<li>");
    row_put_time(html, values, count, "at");
    html_put(html, "<span class=\"whom\">");
    page_address(html, output_find_text(values, count, "address"), STR("erased"));
    html_fill(html, "</span><span class=\"what\"><b>@</b> @",
              row_text(values, count, "action"), after.len > 0 ? after : before);
    row_put_scope(html, values, count);
    html_fill(html, " @", row_text(values, count, "detail"));
    if (actor.len > 0)
        html_fill(html, " <span class=\"quiet\">by @</span>", actor);
    if (note.len > 0)
        html_fill(html, " <q>@</q>", str_cut(note, PAGE_NAME_BYTES));
    html_put(html, "</span></li>\n");
    return html->fault;
}

int page_changes(struct page *page)
{
    struct list list = {.page = page,
                        .id = "changes",
                        .title = "Latest changes of the list",
                        .class = "changes",
                        .more = "sesbouncectl suppress log",
                        .limit = PAGE_CHANGES_LISTED};

    return list_query(&list, STORE_LOG, change_row_put);
}

/* --- topics and the quarantine ---------------------------------------------------------
 */

static int topic_row_put(void *context, const struct store_value *values, size_t count)
{
    struct list *list = context;
    struct html *html = list_row_begin(list);
    const struct store_value *messages = output_find(values, count, "messages");
    struct str fault = row_text(values, count, "fault");

    if (list_is_full(list))
        return html->fault;
    html_put(html, "<li>");
    row_put_time(html, values, count, "last_message_at");
    html_fill(html,
              "<span class=\"whom arn\">@</span><span class=\"what\"><b>@</b> @ messages",
              row_text(values, count, "topic_arn"), row_text(values, count, "state"),
              html_number(html, messages ? messages->integer : 0));
    if (fault.len > 0)
        html_fill(html, " <span class=\"fault\">@</span>", fault);
    html_put(html, "</span></li>\n");
    return html->fault;
}

int page_topics(struct page *page)
{
    struct list list = {.page = page,
                        .id = "topics",
                        .title = "Topics",
                        .class = "topics",
                        .more = "sesbouncectl topics list",
                        .limit = PAGE_TOPICS_LISTED};

    return list_query(&list, STORE_TOPICS, topic_row_put);
}

static int quarantine_row_put(void *context, const struct store_value *values,
                              size_t count)
{
    struct list *list = context;
    struct html *html = list_row_begin(list);
    const struct store_value *id = output_find(values, count, "id");

    if (list_is_full(list))
        return html->fault;
    html_put(html, "<li>");
    row_put_time(html, values, count, "received_at");
    html_fill(
        html,
        "<span class=\"whom\"><b>@</b></span><span class=\"what\"><code>"
        "sesbouncectl quarantine show @</code> <span class=\"quiet\">@</span></span>"
        "</li>\n",
        row_text(values, count, "reason"), html_plain(html, id ? id->integer : 0),
        row_text(values, count, "topic_arn"));
    return html->fault;
}

int page_quarantine(struct page *page)
{
    struct list list = {.page = page,
                        .id = "quarantine",
                        .title = "Quarantine: messages that could not be applied",
                        .class = "quarantine",
                        .more = "sesbouncectl quarantine list",
                        .limit = PAGE_QUARANTINE_LISTED};

    return list_query(&list, STORE_QUARANTINE, quarantine_row_put);
}

/* POST /why: the story of one address, and what can be done about it. */
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api_status.h"
#include "daemon/limits.h"
#include "daemon/page.h"
#include "daemon/page_private.h"
#include "sesbounce/story.h"

/* --- the form --------------------------------------------------------------------------
 */

static int form_hex_value(char c)
{
    return ascii_is_digit(c)      ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* application/x-www-form-urlencoded. */
static int form_decode(struct str text, struct buf *ret)
{
    int r = 0;

    for (size_t i = 0; i < text.len && r == 0; i++) {
        char c = text.data[i] == '+' ? ' ' : text.data[i];

        if (c == '%' && i + 2 < text.len) {
            int high = form_hex_value(text.data[i + 1]),
                low = form_hex_value(text.data[i + 2]);

            if (high >= 0 && low >= 0) {
                c = (char)(high * 16 + low);
                i += 2;
            }
        }
        r = buf_append_char(ret, c);
    }
    return r;
}

/* The member `address` of the form, with a NUL behind it. */
static int form_address(struct str body, struct buf *ret)
{
    struct str part;

    while (str_split(&body, '&', &part))
        if (str_take_prefix(&part, STR("address=")))
            return form_decode(part, ret);
    return 0;
}

#define TIME_CHARACTERS 24 /* YYYY-MM-DDTHH:MM:SS.sssZ */

/* --- the story -------------------------------------------------------------------------
 */

/* Sentences of a table of story_write(): a headline; about each scope, behind two blanks;
 * then moments that begin with their time, with lines further in; then what to type. */
struct telling {
    struct html *html;
    bool has_list, has_item, has_paragraph; /* open */
    bool is_to_type;                        /* the line before ends with `type:` */
};

static void paragraph_close(struct telling *telling)
{
    if (telling->has_paragraph)
        html_put(telling->html, "</p>\n");
    telling->has_paragraph = false;
}

static void item_close(struct telling *telling)
{
    paragraph_close(telling);
    if (telling->has_item)
        html_put(telling->html, "</li>\n");
    telling->has_item = false;
}

static void list_close(struct telling *telling)
{
    item_close(telling);
    if (telling->has_list)
        html_put(telling->html, "</ol>\n");
    telling->has_list = false;
}

static bool line_begins_moment(struct str line)
{
    return line.len > TIME_CHARACTERS && ascii_is_digit(line.data[0]) &&
           line.data[4] == '-' && line.data[10] == 'T';
}

static void moment_put(struct telling *telling, struct str line)
{
    struct str at = {line.data, TIME_CHARACTERS};
    int64_t ms;

    item_close(telling);
    if (!telling->has_list)
        html_put(telling->html, "<ol class=\"story\">\n");
    telling->has_list = telling->has_item = telling->has_paragraph = true;
    html_put(telling->html, "<li>");
    if (clock_parse(at, &ms) == 0)
        html_fill(telling->html, "<time datetime=\"@\">@</time>",
                  html_time(telling->html, ms), html_date(telling->html, ms));
    html_put(telling->html, "<p>");
    page_prose(telling->html, str_trim(str_skip(line, at.len)));
}

static void line_put(struct telling *telling, struct str line)
{
    bool is_within = line.len > 0 && *line.data == ' ';
    /* A long sentence has two lines. */
    bool goes_on = line.len > 0 && *line.data >= 'a' && *line.data <= 'z' &&
                   telling->has_paragraph && !telling->has_list;
    struct str text = str_trim(line);

    if (text.len == 0)
        return;
    if (line_begins_moment(line)) {
        moment_put(telling, line);
        return;
    }
    if (!is_within && !goes_on)
        list_close(telling);
    if (goes_on)
        html_put(telling->html, " ");
    else
        paragraph_close(telling);
    if (is_within && telling->is_to_type) {
        html_fill(telling->html, "<pre>@</pre>\n", text);
    } else {
        if (!goes_on)
            html_put(telling->html, "<p>");
        telling->has_paragraph = true;
        page_prose(telling->html, text);
        telling->is_to_type = str_ends_with(text, STR("type:"));
    }
}

static int story_put(struct page *page, const struct story_asked *asked)
{
    _cleanup_(buf_done) struct buf text = {.max = API_PAGE_BYTES};
    struct telling telling = {.html = &page->html};
    struct story_search search;
    struct output output;
    struct str line, rest;

    output_init(&output, output_to_buf(&text), OUTPUT_TABLE, NULL);
    int r = story_write(page->store, asked, &output, &search);
    if (r == 0)
        r = output_end(&output);
    output_done(&output);
    if (r < 0)
        return r;
    rest = buf_str(&text);
    (void)str_split(&rest, '\n', &line);
    html_fill(&page->html,
              "<section class=\"card\" aria-labelledby=\"headline\"><h1 "
              "id=\"headline\">@</h1>\n",
              line);
    while (str_split(&rest, '\n', &line))
        line_put(&telling, line);
    list_close(&telling);
    html_put(&page->html, "</section>\n");
    return page->html.fault;
}

/* --- what can be done
 * --------------------------------------------------------------------- */

struct deeds {
    struct html *html;
    const struct story_asked *asked;
    size_t count;
};

static void deed_put_note(struct html *html)
{
    html_put(html, "<label>Note <input name=\"note\" autocomplete=\"off\" "
                   "placeholder=\"why, for those who look later\"></label>\n");
}

static void remove_put(struct deeds *deeds, struct str scope, struct str reason)
{
    struct html *html = deeds->html;

    html_fill(html,
              "<form class=\"act card\" data-path=\"/v1/suppressions/remove\" @ hidden>"
              "<h2>Take it off the list</h2>\n"
              "<p class=\"quiet\">@@</p>\n"
              "<input type=\"hidden\" name=\"address\" value=\"@\">"
              "<input type=\"hidden\" name=\"scope\" value=\"@\">\n",
              str_equal(reason, STR("COMPLAINT")) ? STR("data-complaint") : STR(""),
              str_equal(scope, STR(POLICY_SCOPE_ALL)) ? STR("All mail") : STR("Scope "),
              str_equal(scope, STR(POLICY_SCOPE_ALL)) ? STR("") : scope,
              str_of(deeds->asked->typed), scope);
    deed_put_note(html);
    html_put(html, "<p class=\"buttons\"><button class=\"grave\">Take it off</button></p>"
                   "</form>\n");
    deeds->count++;
}

/* Of a scope the strongest entry, which is what a removal is about. */
static int entry_act(void *context, const struct store_value *values, size_t count)
{
    remove_put(context, output_find_text(values, count, "scope"),
               output_find_text(values, count, "reason"));
    return 0;
}

static int held_act(void *context, const struct store_value *values, size_t count)
{
    struct deeds *deeds = context;
    struct html *html = deeds->html;
    const struct store_value *id = output_find(values, count, "id");

    deeds->count++;
    html_fill(html,
              "<form class=\"act card\" data-path=\"/v1/held/release\" hidden>"
              "<h2>Decide about what is held</h2>\n<p class=\"quiet\">@ @</p>\n"
              "<input type=\"hidden\" name=\"ids\" value=\"@\">\n",
              output_find_text(values, count, "reason"),
              output_find_text(values, count, "detail"),
              html_plain(html, id ? id->integer : 0));
    deed_put_note(html);
    html_put(html, "<p class=\"buttons\"><button>Release: it is suppressed</button> "
                   "<button formaction=\"/v1/held/drop\">Drop: it is not</button></p>"
                   "</form>\n");
    return html->fault;
}

static void add_put(struct html *html, const struct story_asked *asked)
{
    html_fill(html,
              "<form class=\"act card\" data-path=\"/v1/suppressions\" hidden>"
              "<h2>Put it on the list</h2>\n"
              "<input type=\"hidden\" name=\"address\" value=\"@\">\n",
              str_of(asked->typed));
    deed_put_note(html);
    html_put(html, "<label>Until <span class=\"quiet\">(or permanently)</span> "
                   "<input name=\"until\" type=\"date\"></label>\n<p class=\"buttons\">"
                   "<button class=\"main\">Put it on the list</button></p></form>\n");
}

static int deeds_put(struct page *page, const struct story_asked *asked)
{
    const struct store_filter about = {.address = asked->address->key};
    struct deeds deeds = {.html = &page->html, .asked = asked};
    int r;

    if (!page_can_act(page)) {
        page_put_how_to_act(&page->html);
        return page->html.fault;
    }
    html_put(&page->html, "<div class=\"deeds\">\n");
    r = store_query(page->store, STORE_HELD, &about, held_act, &deeds);
    if (r == 0)
        r = store_query(page->store, STORE_SUPPRESSED, &about, entry_act, &deeds);
    if (r == 0 && deeds.count == 0)
        add_put(&page->html, asked);
    html_put(&page->html, "</div>\n");
    return r < 0 ? r : page->html.fault;
}

/* --- the page --------------------------------------------------------------------------
 */

static int why_put(struct page *page, const char *typed, const struct address *address)
{
    const struct story_asked asked = {.address = address,
                                      .typed = typed,
                                      .policy = &page->request->settings->policy,
                                      .reads = API_COMMAND_READS,
                                      .writes = API_COMMAND_WRITES,
                                      .now_ms = page->request->now_ms};
    int r;

    page_begin(&page->html, typed, str_of(typed));
    html_put(&page->html,
             "<p class=\"back\"><a href=\"/\">\xe2\x86\x90 Overview</a></p>\n"
             "<div class=\"why\">\n");
    r = story_put(page, &asked);
    if (r == 0)
        r = deeds_put(page, &asked);
    html_put(&page->html, "</div>\n");
    page_end(&page->html);
    return r < 0 ? r : page->html.fault;
}

int page_why(struct store *store, const struct api_request *request, struct buf *ret,
             struct problem *problem)
{
    struct page page = {.html = {.to = ret}, .store = store, .request = request};
    _cleanup_(buf_done) struct buf decoded = {.max = PAGE_FORM_BYTES_MAX};
    struct address address;
    char why[ADDRESS_FAULT_BYTES];
    int r = form_address(request->body, &decoded);
    struct str typed = str_trim(buf_str(&decoded));

    if (r < 0)
        return r;
    if (typed.len == 0)
        return problem_set(problem, MHD_HTTP_BAD_REQUEST, "type an address");
    r = address_read(typed, &address, why);
    if (r == -EINVAL)
        return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                           "what you typed is not a mail address: %s", why);
    _cleanup_(freep) char *text = r == 0 ? str_dup(typed) : NULL;

    return r < 0 ? r : text ? why_put(&page, text, &address) : -ENOMEM;
}

/* The newest events: what they have in common, and the last of them. */
#include <errno.h>
#include <stdlib.h>

#include "daemon/page_groups.h"
#include "daemon/page_private.h"

struct reports {
    struct html latest; /* their list, in a buffer of its own */
    size_t seen, listed, counted;
    int64_t oldest_ms; /* of those that are counted */
    struct page_groups diagnostics, providers, campaigns;
};

struct report_class {
    const char *word, *text;
    enum page_kind kind;
};

static const struct report_class *class_of(const struct store_value *values, size_t count)
{
    static const struct report_class classes[] = {
        {"hard", "hard bounce", PAGE_HARD},
        {"soft", "soft bounce", PAGE_SOFT},
        {"complaint", "complaint", PAGE_COMPLAINT},
    };
    struct str class = output_find_text(values, count, "class");

    for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++)
        if (str_equal(class, str_of(classes[i].word)))
            return &classes[i];
    return NULL;
}

/* Of a report without a server's words: SES's. */
static struct str report_words(const struct store_value *values, size_t count)
{
    static const char *const columns[] = {"bounce_subtype", "complaint_subtype",
                                          "feedback_type", "type"};
    struct str text = output_find_text(values, count, "diagnostic");

    for (size_t i = 0; i < 4 && text.len == 0; i++)
        text = output_find_text(values, count, columns[i]);
    return page_diagnostic_words(text);
}

static void report_put(struct html *html, const struct store_value *values, size_t count,
                       const struct report_class *class)
{
    const struct store_value *at = output_find(values, count, "occurred_at");
    struct str words = report_words(values, count);
    struct str campaign = output_find_text(values, count, "campaign");

    html_put(html, "<li>");
    html_put_time(html, at ? at->integer : CLOCK_NONE);
    html_put(html, "<span class=\"whom\">");
    page_address(html, output_find_text(values, count, "address"),
                 output_find_text(values, count, "address_seen"));
    html_fill(html, "</span><span class=\"what\"><b class=\"class-@\">@</b> @",
              class ? str_of(class->word) : STR("other"),
              class ? str_of(class->text) : output_find_text(values, count, "type"),
              str_cut(words, PAGE_NAME_BYTES));
    if (campaign.len > 0)
        html_fill(html, " <span class=\"quiet\">campaign @</span>", campaign);
    html_put(html, "</span></li>\n");
}

static int report_take(void *context, const struct store_value *values, size_t count)
{
    struct reports *reports = context;
    const struct report_class *class = class_of(values, count);
    const struct store_value *at = output_find(values, count, "occurred_at");
    struct str domain = output_find_text(values, count, "domain");
    struct str campaign = output_find_text(values, count, "campaign");
    char words[PAGE_NAME_BYTES];

    reports->seen++;
    if (reports->listed < PAGE_EVENTS_LISTED) {
        reports->listed++;
        report_put(&reports->latest, values, count, class);
    }
    if (!class)
        return reports->latest.fault;
    reports->counted++;
    if (at && at->type == STORE_TIME)
        reports->oldest_ms = at->integer;
    page_groups_add(&reports->diagnostics,
                    page_diagnostic(report_words(values, count), words), class->kind);
    if (domain.len > 0)
        page_groups_add(&reports->providers, domain, class->kind);
    if (campaign.len > 0)
        page_groups_add(&reports->campaigns, campaign, class->kind);
    return reports->latest.fault;
}

/* --- what they have in common ----------------------------------------------------------
 */

/* `most`: of the first, whose bar fills its place. */
static void group_bar_put(struct html *html, const struct page_group *group, size_t most)
{
    double from = 0, unit = 100.0 / (double)most;

    html_put(html,
             "<svg class=\"share\" width=\"100%\" height=\"5\" aria-hidden=\"true\">");
    for (size_t kind = 0; kind < PAGE_KINDS; kind++) {
        double width = unit * (double)group->count[kind];

        if (width > 0)
            html_fill(html,
                      "<rect class=\"series@\" x=\"@%\" width=\"@%\" height=\"5\"/>",
                      html_plain(html, (int64_t)kind), html_decimal(html, from, 2),
                      html_decimal(html, width, 2));
        from += width;
    }
    html_put(html, "</svg>");
}

static void groups_put(struct html *html, const char *id, const char *title,
                       const char *none, struct page_groups *groups)
{
    page_groups_sort(groups);
    html_fill(html,
              "<section class=\"card top-@\" aria-labelledby=\"@\"><h3 id=\"@\">@</h3>\n",
              str_of(id), str_of(id), str_of(id), str_of(title));
    if (groups->count == 0)
        html_fill(html, "<p class=\"quiet\">@</p>\n", str_of(none));
    else
        html_put(html, "<ol class=\"groups\">\n");
    for (size_t i = 0; i < groups->count && i < PAGE_GROUPS_LISTED; i++) {
        const struct page_group *group = &groups->list[i];

        html_fill(html,
                  "<li><span class=\"name\">@</span> <span class=\"count\">@</span>",
                  str_of(group->name), html_number(html, (int64_t)group->total));
        group_bar_put(html, group, groups->list[0].total);
        html_put(html, "</li>\n");
    }
    if (groups->count > 0)
        html_put(html, "</ol>\n");
    html_put(html, "</section>\n");
}

static void reports_put(struct html *html, struct reports *reports)
{
    if (reports->counted > 0) {
        html_fill(html,
                  "<h2 class=\"over\">What the newest @ @ say</h2>\n<p class=\"quiet "
                  "legend\"><span class=\"since\">since @</span> <span "
                  "class=\"key0\">hard bounces</span> <span "
                  "class=\"key1\">soft bounces</span> <span class=\"key2\">complaints"
                  "</span></p>\n<div class=\"tops\">\n",
                  html_number(html, (int64_t)reports->counted),
                  page_plural((int64_t)reports->counted, STR("report"), STR("reports")),
                  html_minute(html, reports->oldest_ms));
        groups_put(html, "diagnostics", "Diagnostics", "", &reports->diagnostics);
        groups_put(html, "providers", "Providers", "Without an address.",
                   &reports->providers);
        groups_put(html, "campaigns", "Campaigns",
                   "No mail names one: [events] campaign says where campaigns are named.",
                   &reports->campaigns);
        html_put(html, "</div>\n");
    }
    html_put(html, "<section class=\"card\" aria-labelledby=\"latest\"><h2 id=\"latest\">"
                   "Latest events</h2>\n<ol class=\"rows\">\n");
    html_put_markup(html, buf_str(reports->latest.to));
    html_put(html, "</ol>\n</section>\n");
}

int page_reports(struct page *page)
{
    const struct store_filter newest = {.limit = PAGE_EVENTS_SEEN_MAX,
                                        .newest_first = true};
    _cleanup_(buf_done) struct buf latest = {.max = API_PAGE_BYTES};
    _cleanup_(freep) struct reports *reports = calloc(1, sizeof(*reports));

    if (!reports)
        return -ENOMEM;
    reports->latest.to = &latest;
    reports->oldest_ms = CLOCK_NONE;
    int r = store_query(page->store, STORE_EVENTS, &newest, report_take, reports);

    if (r == 0 && reports->seen > 0)
        reports_put(&page->html, reports);
    return r < 0 ? r : page->html.fault;
}

/* The last 30 days: rates, and volumes. */
#include <errno.h>
#include <string.h>

#include "daemon/page_private.h"
#include "sesbounce/publish.h"
#include "sesbounce/when.h"

/* The days of a rate's headline. */
#define WEEK_DAYS 7

struct day {
    int64_t sends, deliveries, hard, soft, complaints;
    double bounce_rate, complaint_rate; /* negative: not known */
};

struct days {
    int64_t first_ms;
    struct day day[CHART_DAYS];
    bool has_any;
};

static int64_t count_of(const struct store_value *values, size_t count, const char *name)
{
    const struct store_value *value = output_find(values, count, name);

    return value ? value->integer : 0;
}

static double rate_of(const struct store_value *values, size_t count, const char *name)
{
    const struct store_value *value = output_find(values, count, name);

    return value ? value->real : -1;
}

static int day_take(void *context, const struct store_value *values, size_t count)
{
    struct days *days = context;
    int64_t ms;

    if (when_parse(output_find_text(values, count, "day"), 0, &ms) < 0)
        return 0;
    int64_t at = (ms - days->first_ms) / CLOCK_DAY_MS;

    if (ms < days->first_ms || at >= CHART_DAYS)
        return 0;
    days->has_any = true;
    days->day[at] = (struct day){
        .sends = count_of(values, count, "sends"),
        .deliveries = count_of(values, count, "deliveries"),
        .hard = count_of(values, count, "hard_bounces"),
        .soft = count_of(values, count, "soft_bounces"),
        .complaints = count_of(values, count, "complaints"),
        .bounce_rate = rate_of(values, count, "bounce_rate"),
        .complaint_rate = rate_of(values, count, "complaint_rate"),
    };
    return 0;
}

static struct day days_sum(const struct days *days, size_t from)
{
    struct day sum = {.bounce_rate = -1, .complaint_rate = -1};

    for (size_t i = from; i < CHART_DAYS; i++) {
        sum.sends += days->day[i].sends;
        sum.deliveries += days->day[i].deliveries;
        sum.hard += days->day[i].hard;
        sum.soft += days->day[i].soft;
        sum.complaints += days->day[i].complaints;
    }
    return sum;
}

/* --- rates ------------------------------------------------------------------------- */

struct rate_kind {
    const char *name;
    const char *title, *part, *parts; /* what is counted: one, many */
    bool is_complaints;
    int decimals;
    double limit[2]; /* percent */
    const char *limit_text[2], *verdict[3];
};

static const struct rate_kind rate_kinds[] = {
    {"bounces",
     "Bounce rate",
     "hard bounce",
     "hard bounces",
     false,
     2,
     {5, 10},
     {"5 % \xc2\xb7 AWS reviews", "10 % \xc2\xb7 AWS pauses"},
     {"below 5 %", "above 5 %: AWS puts the account under review",
      "above 10 %: AWS may pause your sending"}},
    {"complaints",
     "Complaint rate",
     "complaint",
     "complaints",
     true,
     3,
     {0.1, 0.5},
     {"0.1 % \xc2\xb7 AWS reviews", "0.5 % \xc2\xb7 AWS pauses"},
     {"below 0.1 %", "above 0.1 %: AWS puts the account under review",
      "above 0.5 %: AWS may pause your sending"}},
};

/* Of what, as in the view `daily`; 0: not known. */
static int64_t day_base(const struct day *day, bool is_complaints)
{
    if (is_complaints)
        return day->deliveries > 0 ? day->deliveries : day->sends;
    return day->sends > 0        ? day->sends
           : day->deliveries > 0 ? day->deliveries + day->hard + day->soft
                                 : 0;
}

static int64_t day_part(const struct day *day, bool is_complaints)
{
    return is_complaints ? day->complaints : day->hard;
}

static void rate_headline_put(struct html *html, const struct rate_kind *kind,
                              const struct day *week)
{
    int64_t base = day_base(week, kind->is_complaints);
    int64_t part = day_part(week, kind->is_complaints);

    if (base == 0) {
        html_fill(html, "<p class=\"figure\"><b>@</b> <span>@ @ in 7 days</span></p>\n",
                  STR("unknown"), html_number(html, part),
                  page_plural(part, str_of(kind->part), str_of(kind->parts)));
        return;
    }
    double percent = 100.0 * (double)(part < base ? part : base) / (double)base;
    size_t level = percent >= kind->limit[1] ? 2 : percent >= kind->limit[0] ? 1 : 0;

    html_fill(html,
              "<p class=\"figure level@\"><b>@ %</b> <span>in 7 days: @ of @ mails, "
              "@</span></p>\n",
              html_plain(html, (int64_t)level),
              html_decimal(html, percent, kind->decimals), html_number(html, part),
              html_number(html, base), str_of(kind->verdict[level]));
}

static void rate_chart_put(struct html *html, const struct rate_kind *kind,
                           const struct days *days)
{
    struct chart chart = {
        .title = str_of(kind->title),
        .name = kind->name,
        .description = STR("Percent per day, with the rates at which "
                           "AWS reviews and pauses an account; the "
                           "table below has the figures."),
        .first_ms = days->first_ms,
        .limit = {kind->limit[0], kind->limit[1]},
        .limit_text = {str_of(kind->limit_text[0]), str_of(kind->limit_text[1])}};

    for (size_t i = 0; i < CHART_DAYS; i++) {
        const struct day *day = &days->day[i];
        double rate = kind->is_complaints ? day->complaint_rate : day->bounce_rate;
        int64_t base = day_base(day, kind->is_complaints);

        chart.days[i].value[0] = base == 0 ? -1 : 100 * rate;
        if (base > 0)
            (void)snprintf(chart.days[i].tip, sizeof(chart.days[i].tip),
                           "%.*f %%: %lld of %lld mails", kind->decimals, 100 * rate,
                           (long long)day_part(day, kind->is_complaints),
                           (long long)base);
    }
    chart_rate(html, &chart);
}

static void rate_put(struct html *html, const struct rate_kind *kind,
                     const struct days *days)
{
    const struct day week = days_sum(days, CHART_DAYS - WEEK_DAYS);

    html_fill(
        html,
        "<section class=\"card\" aria-labelledby=\"@-rate\"><h2 id=\"@-rate\">@</h2>\n",
        str_of(kind->name), str_of(kind->name), str_of(kind->title));
    rate_headline_put(html, kind, &week);
    rate_chart_put(html, kind, days);
    html_put(html, "</section>\n");
}

/* How rates become known. */
static int rates_unknown_put(struct page *page)
{
    _cleanup_(buf_done) struct buf command = {.max = REPORT_MESSAGE_BYTES_MAX};
    int r = publish_command(&command, page->store, "SEND,DELIVERY", STR_ABSENT);

    if (r < 0)
        return r;
    html_fill(
        &page->html,
        "<p class=\"card note\">Rates are unknown, because neither Send nor Delivery "
        "events arrive. To let SES publish them, type: <code>@</code></p>\n",
        buf_str(&command));
    return 0;
}

/* --- volumes ----------------------------------------------------------------------- */

static void mails_chart_put(struct html *html, const struct days *days)
{
    struct chart chart = {.title = STR("Mails per day"),
                          .name = "mails",
                          .description = STR("The table below has the figures."),
                          .first_ms = days->first_ms};
    const struct day all = days_sum(days, 0);
    bool of_sends = all.sends > 0;

    for (size_t i = 0; i < CHART_DAYS; i++) {
        int64_t n = of_sends ? days->day[i].sends : days->day[i].deliveries;

        chart.days[i].value[0] = (double)n;
        (void)snprintf(chart.days[i].tip, sizeof(chart.days[i].tip), "%lld %s",
                       (long long)n, of_sends ? "sent" : "delivered");
    }
    html_fill(
        html,
        "<section class=\"card\" aria-labelledby=\"mails\"><h2 id=\"mails\">@ per "
        "day</h2>\n<p class=\"legend\"><span class=\"key0\">@ in 30 days</span></p>\n",
        of_sends ? STR("Mails sent") : STR("Mails delivered"),
        html_number(html, of_sends ? all.sends : all.deliveries));
    chart_volume(html, &chart);
    html_put(html, "</section>\n");
}

static void reports_chart_put(struct html *html, const struct days *days)
{
    struct chart chart = {.title = STR("Bounces and complaints per day"),
                          .name = "reports",
                          .description = STR("The table below has the figures."),
                          .first_ms = days->first_ms};

    for (size_t i = 0; i < CHART_DAYS; i++) {
        const struct day *day = &days->day[i];

        chart.days[i] = (struct chart_day){
            .value = {(double)day->hard, (double)day->soft, (double)day->complaints}};
        (void)snprintf(chart.days[i].tip, sizeof(chart.days[i].tip),
                       "%lld hard, %lld soft, %lld complaints", (long long)day->hard,
                       (long long)day->soft, (long long)day->complaints);
    }
    html_put(html,
             "<section class=\"card\" aria-labelledby=\"reports\"><h2 id=\"reports\">"
             "Bounces and complaints per day</h2>\n<p class=\"legend\"><span "
             "class=\"key0\">hard bounces</span> <span class=\"key1\">soft "
             "bounces</span> <span class=\"key2\">complaints</span></p>\n");
    chart_volume(html, &chart);
    html_put(html, "</section>\n");
}

static void rate_cell_put(struct html *html, double rate, int decimals)
{
    if (rate < 0)
        html_put(html, "<td>\xe2\x80\x93</td>");
    else
        html_fill(html, "<td>@ %</td>", html_decimal(html, 100 * rate, decimals));
}

static void table_put(struct html *html, const struct days *days)
{
    html_put(html, "<details class=\"figures\"><summary>The figures of these days"
                   "</summary>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" "
                   "aria-label=\"The figures of these days\"><table><thead><tr><th "
                   "scope=\"col\">Day</th><th scope=\"col\">Sent</th><th scope=\"col\">"
                   "Delivered</th><th scope=\"col\">Hard</th><th scope=\"col\">Soft</th>"
                   "<th scope=\"col\">Complaints</th><th scope=\"col\">Bounce rate</th>"
                   "<th scope=\"col\">Complaint rate</th></tr></thead><tbody>\n");
    for (size_t i = CHART_DAYS; i-- > 0;) {
        const struct day *day = &days->day[i];

        html_fill(html,
                  "<tr><th scope=\"row\">@</th><td>@</td><td>@</td><td>@</td><td>@</td>"
                  "<td>@</td>",
                  html_day(html, days->first_ms + (int64_t)i * CLOCK_DAY_MS),
                  html_number(html, day->sends), html_number(html, day->deliveries),
                  html_number(html, day->hard), html_number(html, day->soft),
                  html_number(html, day->complaints));
        rate_cell_put(html, day_base(day, false) > 0 ? day->bounce_rate : -1, 2);
        rate_cell_put(html, day_base(day, true) > 0 ? day->complaint_rate : -1, 3);
        html_put(html, "</tr>\n");
    }
    html_put(html, "</tbody></table></div></details>\n");
}

/* --- all of it --------------------------------------------------------------------- */

int page_days(struct page *page)
{
    int64_t today_ms = page->request->now_ms / CLOCK_DAY_MS * CLOCK_DAY_MS;
    struct days days = {.first_ms = today_ms - (CHART_DAYS - 1) * CLOCK_DAY_MS};
    const struct store_filter since = {.since_ms = days.first_ms};
    struct html *html = &page->html;
    int r = store_query(page->store, STORE_DAILY, &since, day_take, &days);

    if (r < 0 || !days.has_any)
        return r;
    const struct day all = days_sum(&days, 0);

    html_put(html, "<div class=\"pair\">\n");
    if (day_base(&all, false) > 0)
        for (size_t i = 0; i < sizeof(rate_kinds) / sizeof(*rate_kinds); i++)
            rate_put(html, &rate_kinds[i], &days);
    else
        r = rates_unknown_put(page);
    if (day_base(&all, false) > 0)
        mails_chart_put(html, &days);
    reports_chart_put(html, &days);
    html_put(html, "</div>\n");
    table_put(html, &days);
    return r < 0 ? r : html->fault;
}

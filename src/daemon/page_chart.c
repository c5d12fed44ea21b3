/*
 * Bars of days. Across, all is in percent, so that a chart fills its place; upright, in
 * pixels, so that its text has the size of other text. Presentation is page.css's.
 */
#include "daemon/page_private.h"

#define HEIGHT 190.0
#define TOP    18.0 /* of the plot */
#define BOTTOM 164.0
/* A rate beyond this many times what pauses an account is cut there. */
#define BEYOND 1.6

static double y_of(double value, double top)
{
    return BOTTOM - (value < top ? value / top : 1) * (BOTTOM - TOP);
}

static void chart_begin(struct html *html, const struct chart *chart)
{
    html_fill(html,
              "<svg class=\"chart @\" width=\"100%\" height=\"@\" role=\"img\" "
              "aria-labelledby=\"@-title @-about\">"
              "<title id=\"@-title\">@</title><desc id=\"@-about\">@</desc>\n",
              str_of(chart->name), html_plain(html, (int64_t)HEIGHT), str_of(chart->name),
              str_of(chart->name), str_of(chart->name), chart->title, str_of(chart->name),
              chart->description);
}

static void chart_end(struct html *html, const struct chart *chart)
{
    struct str y = html_plain(html, (int64_t)HEIGHT - 6);

    html_fill(html, "<line class=\"base\" x1=\"0\" x2=\"100%\" y1=\"@\" y2=\"@\"/>\n",
              html_decimal(html, BOTTOM, 1), html_decimal(html, BOTTOM, 1));
    html_fill(html,
              "<text x=\"0\" y=\"@\">@</text><text x=\"50%\" y=\"@\" "
              "text-anchor=\"middle\">@</text><text x=\"100%\" y=\"@\" "
              "text-anchor=\"end\">@</text>\n</svg>\n",
              y, html_day(html, chart->first_ms), y,
              html_day(html, chart->first_ms + CHART_DAYS / 2 * CLOCK_DAY_MS), y,
              html_day(html, chart->first_ms + (CHART_DAYS - 1) * CLOCK_DAY_MS));
}

/* A part of a day's bar, from the value `from` on. */
static void bar_put(struct html *html, const char *class, size_t day, double from,
                    double to, double top)
{
    double high = y_of(to, top), low = y_of(from, top), step = 100.0 / CHART_DAYS;

    if (to <= from)
        return;
    /* What is there can be seen. */
    if (low - high < 1)
        high = low - 1;
    html_fill(html, "<rect class=\"@\" x=\"@%\" y=\"@\" width=\"@%\" height=\"@\"/>",
              str_of(class), html_decimal(html, step * (double)day + step * 0.14, 2),
              html_decimal(html, high, 1), html_decimal(html, step * 0.72, 2),
              html_decimal(html, low - high, 1));
}

/* Over the whole height, so that it is easily pointed at. */
static void tip_put(struct html *html, const struct chart *chart, size_t day)
{
    double step = 100.0 / CHART_DAYS;

    if (!chart->days[day].tip[0])
        return;
    html_fill(html,
              "<rect class=\"tip\" x=\"@%\" y=\"0\" width=\"@%\" height=\"@\"><title>@: @"
              "</title></rect>\n",
              html_decimal(html, step * (double)day, 2), html_decimal(html, step, 2),
              html_decimal(html, BOTTOM, 0),
              html_day(html, chart->first_ms + (int64_t)day * CLOCK_DAY_MS),
              str_of(chart->days[day].tip));
}

static void limit_put(struct html *html, const struct chart *chart, size_t i, double top)
{
    double y = y_of(chart->limit[i], top);

    html_fill(html,
              "<line class=\"limit limit@\" x1=\"0\" x2=\"100%\" y1=\"@\" y2=\"@\"/>"
              "<text class=\"limit@\" x=\"0\" y=\"@\">@</text>\n",
              html_plain(html, (int64_t)i), html_decimal(html, y, 1),
              html_decimal(html, y, 1), html_plain(html, (int64_t)i),
              html_decimal(html, y - 5, 1), chart->limit_text[i]);
}

void chart_rate(struct html *html, const struct chart *chart)
{
    static const char *const levels[] = {"level0", "level1", "level2"};
    double top = 1.1 * chart->limit[1], most = BEYOND * chart->limit[1];

    for (size_t i = 0; i < CHART_DAYS; i++)
        if (chart->days[i].value[0] > top)
            top = chart->days[i].value[0] < most ? chart->days[i].value[0] : most;
    chart_begin(html, chart);
    for (size_t i = 0; i < CHART_DAYS; i++) {
        double value = chart->days[i].value[0];
        size_t level = value >= chart->limit[1] ? 2 : value >= chart->limit[0] ? 1 : 0;

        bar_put(html, levels[level], i, 0, value, top);
    }
    for (size_t i = 0; i < 2; i++)
        limit_put(html, chart, i, top);
    for (size_t i = 0; i < CHART_DAYS; i++)
        tip_put(html, chart, i);
    chart_end(html, chart);
}

/* The next round number that is not less. */
static double round_up(double value)
{
    static const double steps[] = {1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10};
    double unit = 1;
    size_t i = 0;

    if (value <= 10)
        return value < 1 ? 1 : value;
    while (10 * unit < value)
        unit *= 10;
    while (steps[i] * unit < value)
        i++;
    return steps[i] * unit;
}

static double day_total(const struct chart_day *day)
{
    return day->value[0] + day->value[1] + day->value[2];
}

void chart_volume(struct html *html, const struct chart *chart)
{
    static const char *const series[CHART_SERIES] = {"series0", "series1", "series2"};
    double top = 0;

    for (size_t i = 0; i < CHART_DAYS; i++)
        if (day_total(&chart->days[i]) > top)
            top = day_total(&chart->days[i]);
    top = round_up(top);
    chart_begin(html, chart);
    for (double part = 0.5; part <= 1; part += 0.5)
        html_fill(html, "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"@\" y2=\"@\"/>\n",
                  html_decimal(html, y_of(part, 1), 1),
                  html_decimal(html, y_of(part, 1), 1));
    html_fill(html, "<text x=\"0\" y=\"@\">@</text>\n", html_decimal(html, TOP - 5, 1),
              html_number(html, (int64_t)top));
    for (size_t i = 0; i < CHART_DAYS; i++) {
        double from = 0;

        for (size_t s = 0; s < CHART_SERIES; s++) {
            bar_put(html, series[s], i, from, from + chart->days[i].value[s], top);
            from += chart->days[i].value[s];
        }
        tip_put(html, chart, i);
    }
    chart_end(html, chart);
}

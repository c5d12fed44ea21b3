/*
 * What the parts of the page share: page_frame.c is around all of them; page.c puts the
 * overview together from page_state.c (is it well?), page_days.c (rates and volumes,
 * drawn by page_chart.c), page_reports.c (the newest events) and page_lists.c;
 * page_why.c is the other page. Functions return 0, a fault of the store, or
 * `html.fault`. One thread.
 */
#ifndef SESBOUNCED_PAGE_PRIVATE_H
#define SESBOUNCED_PAGE_PRIVATE_H

#include "daemon/api.h"
#include "sesbounce/html.h"
#include "sesbounce/output.h"

struct page {
    struct html html;
    struct store *store;
    const struct api_request *request;
};

/* --- page_frame.c ------------------------------------------------------------------ */

/* Everything before and behind the content. `typed`: the address that the search shows.
 */
void page_begin(struct html *html, const char *title, struct str typed);
void page_end(struct html *html);

/* Can anything be changed from here? Else how to make it so. */
bool page_can_act(const struct page *page);
void page_put_how_to_act(struct html *html);

/* --- page_words.c ------------------------------------------------------------------ */

/* Text of `status` and `why`: what it says to type is a `code` element. */
void page_prose(struct html *html, struct str text);
/* A button that leads to the story of an address; `seen` where there is none. */
void page_address(struct html *html, struct str address, struct str seen);
/* The word for as many. */
struct str page_plural(int64_t count, struct str one, struct str many);

/* --- page_state.c ------------------------------------------------------------------ */

int page_state(struct page *page);

/* --- page_days.c ------------------------------------------------------------------- */

int page_days(struct page *page);

/* --- page_chart.c ------------------------------------------------------------------ */

#define CHART_DAYS   30
#define CHART_SERIES 3

struct chart_day {
    double value[CHART_SERIES]; /* one upon the other; negative: not known */
    char tip[96];               /* in words */
};

struct chart {
    struct str title, description; /* of the picture, for those who do not see it */
    const char *name;              /* of its elements' ids; a class */
    int64_t first_ms;              /* the first day */
    struct chart_day days[CHART_DAYS];
    /* Of a rate, in percent: lines, and what each means. */
    double limit[2];
    struct str limit_text[2];
};

void chart_rate(struct html *html, const struct chart *chart);
void chart_volume(struct html *html, const struct chart *chart);

/* --- page_reports.c and page_lists.c ---------------------------------------------------
 */

int page_reports(struct page *page);
int page_held(struct page *page);
int page_changes(struct page *page);
int page_topics(struct page *page);
int page_quarantine(struct page *page);

#endif

/*
 * Markup for browsers, written from templates: what is not part of our own text reaches
 * it through html_text(), which escapes it. One thread.
 */
#ifndef SESBOUNCE_HTML_H
#define SESBOUNCE_HTML_H

#include "sesbounce/buf.h"
#include "sesbounce/store_read.h"

/* Values that html_number() and the like have lent, at a time. */
#define HTML_SLOTS 16

/* Begins as {.to = …}. */
struct html {
    struct buf *to;
    int fault; /* the first of buf_append(); nothing is written behind it */
    size_t slot;
    char slots[HTML_SLOTS][64];
};

/*
 * Appends text as the content of an element or of an attribute in quotation marks, where
 * it can be nothing else: & < > " ' are references; what str_character_is_harmful() says
 * (but line feeds and tabs) and bytes that are not UTF-8 become U+FFFD.
 */
void html_text(struct html *html, struct str text);

/* Appends markup of our own: only a literal. */
#define html_put(html, literal) html_put_markup(html, STR(literal))

/* Appends a literal with the texts, struct str each, in place of its `@`. */
#define html_fill(html, literal, ...)                                                    \
    html_fill_with(html, "" literal, (const struct str[]){__VA_ARGS__},                  \
                   sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str))

/* `1,234,567`; lent until HTML_SLOTS further calls of these. */
struct str html_number(struct html *html, int64_t number);
/* A digits-long number as it is, and one with `decimals`. */
struct str html_plain(struct html *html, int64_t number);
struct str html_decimal(struct html *html, double number, int decimals);
/* `28 Nov`, `28 Nov 2026 06:39` and `28 Nov 06:39`, UTC; CLOCK_NONE: `?`. */
struct str html_day(struct html *html, int64_t ms);
struct str html_date(struct html *html, int64_t ms);
struct str html_minute(struct html *html, int64_t ms);
/* As RFC 3339. */
struct str html_time(struct html *html, int64_t ms);

/* A `time` element: the minute, with the whole time for programs. */
void html_put_time(struct html *html, int64_t ms);

/* For the macros. */
void html_put_markup(struct html *html, struct str markup);
void html_fill_with(struct html *html, const char *markup, const struct str *texts,
                    size_t count);

#endif

/*
 * Bounce and complaint rates, and why one is not known: the rows of `sesbouncectl stats`
 * and of GET /v1/rates. One thread, the store's.
 */
#ifndef SESBOUNCE_RATES_H
#define SESBOUNCE_RATES_H

#include "sesbounce/store_read.h"

/* Unless somebody says so: what AWS looks back at, at least. */
#define RATES_DAYS 30

/* How they are called: domain, … False: there is no such word. */
bool rates_by_parse(const char *word, enum store_stats_by *ret);
const char *rates_by_word(enum store_stats_by by);
/* All of these words, for a message. */
extern const char rates_by_words[];

/* Is there anything that could be a part of something: bounces or complaints? */
bool rates_row_has_reports(const struct store_value *values, size_t count);

struct rates_result {
    bool is_cut;      /* there are more rows */
    bool lacks_rates; /* of a row with reports nothing is known to divide them by */
};

/*
 * Gives at most `limit` (0: all) of the rows of store_stats(), with one more column,
 * `unknown`: why there is no rate, in a word, or NULL: `no-sends`, neither Send nor
 * Delivery events arrive; `not-kept`, they arrive, or may, but are only counted. 0, a
 * fault, or what `row` returned if not 0.
 */
int rates_read(struct store *store, enum store_stats_by by, int64_t since_ms,
               int64_t limit, store_row_fn *row, void *context, struct rates_result *ret);

/* Appends why rates are not known, and what to type. 0, a fault, or as buf_append. */
int rates_explain(struct store *store, enum store_stats_by by, int64_t since_ms,
                  struct buf *to);

#endif

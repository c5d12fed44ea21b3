/*
 * Reading on and on: the rows of a view whose ids grow in commit order (STORE_EVENTS,
 * STORE_LOG), in that order, each once, from where the reader left off. One thread, the
 * store's.
 */
#ifndef SESBOUNCE_FOLLOWING_H
#define SESBOUNCE_FOLLOWING_H

#include "sesbounce/store_read.h"

struct following {
    enum store_view view;
    struct store_filter filter; /* what to select; `limit` at a time */
    int64_t after_id;           /* of the last row that was read, or passed by */
    bool from_oldest;           /* there is none yet: from the oldest that is there */
    struct store_span span;     /* as of the last look */
    size_t rows;                /* that the last look gave */
};

/*
 * A look: gives up to `filter.limit` rows behind `after_id`, which goes on to where the
 * next look begins. Where the filter passes many by, a look gives few rows or none though
 * there are more: following_is_at_end(). A row for which `row` does not return 0 is given
 * again by the next look; a positive return only ends this one. 0, a fault, or
 * FOLLOWING_GONE, with which nothing is given.
 */
#define FOLLOWING_GONE 1
int following_look(struct following *following, struct store *store, store_row_fn *row,
                   void *context);

/* Was there nothing behind `after_id` at the last look? */
bool following_is_at_end(const struct following *following);

/* After FOLLOWING_GONE: behind which id to go on. */
int64_t following_way_back(const struct following *following);

/* And a sentence that says why, without saying how to go on. */
int following_explain(const struct following *following, struct buf *ret);

#endif

/*
 * The list in pages, whatever they look like: `GET /v1/suppressions`, and SES's own. One
 * thread, the store's.
 */
#ifndef SESBOUNCED_API_PAGE_H
#define SESBOUNCED_API_PAGE_H

#include "daemon/limits.h"
#include "sesbounce/store_read.h"

/* `ADDRESS SCOPE`, in hex. */
#define API_PLACE_BYTES (ADDRESS_BYTES_MAX + POLICY_SCOPE_BYTES_MAX + 2)
#define API_NEXT_BYTES  (2 * API_PLACE_BYTES + 1)

struct api_place {
    char text[API_PLACE_BYTES]; /* address NUL scope NUL */
    size_t scope;               /* where the second begins; 0: at the beginning */
};

struct api_page {
    /* Of a row of STORE_SUPPRESSED: is it asked for? */
    bool (*is_asked_for)(void *context, const struct store_value *values, size_t count);
    store_row_fn *row; /* appends one that is */
    void *context;     /* of both */
    const struct buf *to;
    int64_t limit;
    int64_t rows; /* from here on: set by api_page_read() */
    size_t rows_seen;
    struct api_place seen; /* the last row that was looked at */
    bool has_more;
};

/*
 * Reads the rows behind `after`, the `next` of another page (NULL: from the beginning):
 * no more than `limit`, none once `to` has API_PAGE_BYTES, and of API_ROWS_SEEN_MAX. 0,
 * -EINVAL: `after` is not one; a fault, or what `row` returned if not 0.
 */
int api_page_read(struct api_page *page, const char *after, struct store *store);

/* The place behind a page that has more. */
void api_page_next(const struct api_page *page, char ret[API_NEXT_BYTES]);

#endif

/*
 * The rows of a view that a filter selects, with a limit that says when it cut. One
 * thread, the store's.
 */
#ifndef SESBOUNCE_LISTING_H
#define SESBOUNCE_LISTING_H

#include "sesbounce/filter.h"
#include "sesbounce/output.h"

/* The columns that a table of `view` shows, and all of them. */
struct output_columns listing_columns(enum store_view view);

/*
 * Writes what `filter` selects; the caller ends the output. `*ret_more` (may be NULL): is
 * there more than the limit? 0, a fault of the store, or of writing: `output->fault`.
 */
int listing_write(struct store *store, const struct filter *filter, struct output *output,
                  bool *ret_more);

/* Is an address, as the views have it, one of that domain? In any case. */
bool listing_is_of_domain(struct str address, struct str domain);

#endif

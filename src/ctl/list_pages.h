/*
 * The whole list in its order, (address, scope), a page at a time: no read transaction
 * lasts longer than a page, so that the log of the database does not grow meanwhile. What
 * is added or removed during it is seen if it lies ahead. One thread.
 */
#ifndef CTL_LIST_PAGES_H
#define CTL_LIST_PAGES_H

#include "sesbounce/store_read.h"

/* Which rows; NULL: all. */
struct list_pages_of {
    const char *scope;
    const char *reason; /* as the view has it */
};

/* Gives each row of the view `suppressed` to `row`. 0, a fault of the store, or what
 * `row` returned other than 0, with which it ends. */
int list_pages_each(struct store *store, const struct list_pages_of *of,
                    store_row_fn *row, void *context);

#endif

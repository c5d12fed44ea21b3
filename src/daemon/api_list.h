/*
 * GET /v1/suppressions: the list, page by page. One thread.
 */
#ifndef SESBOUNCED_API_LIST_H
#define SESBOUNCED_API_LIST_H

#include "daemon/api.h"

/* `after` is the `next` of the page before; the others select. A page may have fewer rows
 * than its limit, even none, and still a `next`: no more than API_ROWS_SEEN_MAX rows are
 * looked at for one. */
api_handler api_suppressions;
extern const char *const api_suppressions_parameters[];

#endif

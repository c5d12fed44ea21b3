/* What changes the list without a message. */
#ifndef STORE_STORE_WRITE_IDLE_H
#define STORE_STORE_WRITE_IDLE_H

#include "store/store_internal.h"

/* Counts soft bounces again whose identities have turned out to report Deliveries: a
 * bounded number. */
int list_recount(struct store *store, const struct policy *policy, int64_t now_ms,
                 bool *ret_more);
/* Logs a bounded number of entries whose term has ended. */
int list_expire(struct store *store, int64_t now_ms, bool *ret_more);

#endif

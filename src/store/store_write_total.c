/*
 * Totals that `status` shows, so that no query has to count rows: summed up in memory,
 * and written in the transaction that changes what they count.
 *
 * The list by reason changes by itself when entries run out. So its rows of `total` do
 * not say how many there are, but how many there are until which minute: `status` sums up
 * the rows whose minute is not over. See struct policy_total.
 */
#include <string.h>

#include "store/store_internal.h"

/* The end of what has none. */
#define NEVER POLICY_FOR_EVER

void total_add(struct store *store, enum total total, int64_t n)
{
    store->writing->totals[total] += n;
}

static int total_write(struct store *store, const char *name, int64_t ends, int64_t n)
{
    if (n == 0)
        return 0;
    return db_do(store, SQL_TOTAL_ADD, db_text(str_of(name)), db_int(ends), db_int(n));
}

static int totals_flush(struct store *store)
{
    static const char *const names[TOTAL_COUNT] = {
        [TOTAL_QUARANTINE] = "quarantine",
        [TOTAL_QUARANTINE_BYTES] = "quarantine_bytes",
        [TOTAL_LEAKS] = "leaks",
        [TOTAL_EVENTS] = "events", /* what goes; what comes is in day_count */
    };

    for (size_t i = 0; i < TOTAL_COUNT; i++) {
        int r = total_write(store, names[i], NEVER, store->writing->totals[i]);

        if (r < 0)
            return r;
        store->writing->totals[i] = 0;
    }
    return 0;
}

/* --- the list, by reason: see `total` in the schema --- */

static int list_total_flush(struct store *store, const struct list_total *list)
{
    static const struct {
        const char *name, *scoped;
        enum tally_kind tally;
    } names[] = {
        [POLICY_REASON_SOFT] = {"suppressed_soft", "scoped_soft", TALLY_SUPPRESSED_SOFT},
        [POLICY_REASON_BOUNCE] = {"suppressed_bounce", "scoped_bounce",
                                  TALLY_SUPPRESSED_BOUNCE},
        [POLICY_REASON_COMPLAINT] = {"suppressed_complaint", "scoped_complaint",
                                     TALLY_SUPPRESSED_COMPLAINT},
        [POLICY_REASON_MANUAL] = {"suppressed_manual", "scoped_manual",
                                  TALLY_SUPPRESSED_MANUAL},
    };
    const struct policy_total *total = &list->total;
    int r = 0;

    if (total->ends != NEVER ||
        !tally_add_beside(store, names[total->reason].tally, total->n))
        r = total_write(store, names[total->reason].name, total->ends, total->n);
    if (r == 0 && list->is_scoped)
        r = total_write(store, names[total->reason].scoped, total->ends, total->n);
    return r;
}

static int list_totals_flush(struct store *store)
{
    for (size_t i = 0; i < store->writing->list_total_count; i++) {
        int r = list_total_flush(store, &store->writing->list_totals[i]);

        if (r < 0)
            return r;
    }
    store->writing->list_total_count = 0;
    return 0;
}

static bool list_total_is_of(const struct list_total *a, const struct list_total *b)
{
    return a->total.reason == b->total.reason && a->total.ends == b->total.ends &&
           a->is_scoped == b->is_scoped;
}

int total_change(struct store *store, const struct list_total *change)
{
    for (size_t i = 0; i < store->writing->list_total_count; i++) {
        struct list_total *list = &store->writing->list_totals[i];

        if (list_total_is_of(list, change)) {
            list->total.n += change->total.n;
            return 0;
        }
    }
    if (store->writing->list_total_count == STORE_LIST_TOTALS_MAX) {
        int r = list_totals_flush(store);

        if (r < 0)
            return r;
    }
    store->writing->list_totals[store->writing->list_total_count++] = *change;
    return 0;
}

int total_flush(struct store *store)
{
    int r = list_totals_flush(store);

    return r < 0 ? r : totals_flush(store);
}

void total_forget(struct store *store)
{
    memset(store->writing->totals, 0, sizeof(store->writing->totals));
    store->writing->list_total_count = 0;
}

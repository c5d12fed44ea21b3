/*
 * Totals that `status` shows, so that nobody has to count: summed up in memory, and
 * written in the transaction that changes what they count.
 */
#include <string.h>

#include "store/store_internal.h"

/* The end of what has none. */
#define NEVER INT64_MAX

void total_add(struct store *store, enum total total, int64_t n)
{
    store->totals[total] += n;
}

static int flush_totals(struct store *store)
{
    static const char *const names[TOTAL_COUNT] = {
        [TOTAL_EVENTS] = "events",
        [TOTAL_QUARANTINE] = "quarantine",
        [TOTAL_QUARANTINE_BYTES] = "quarantine_bytes",
    };

    for (size_t i = 0; i < TOTAL_COUNT; i++) {
        int r;

        if (store->totals[i] == 0)
            continue;
        _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_TOTAL_ADD);
        db_bind_text(&call, str_of(names[i]));
        db_bind_int(&call, store->totals[i]);
        r = db_run(&call, NULL);
        if (r < 0)
            return r;
        store->totals[i] = 0;
    }
    return 0;
}

/* --- the list, by reason: see `suppressed_count` in the schema --- */

int entries_load(struct store *store, const struct address *address, const char *scope,
                 struct entries *ret)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_ENTRIES_LIVE);
    int r;

    memset(ret, 0, sizeof(*ret));
    db_bind_text(&call, str_of(address->key));
    db_bind_text(&call, str_of(scope));
    while ((r = db_step(&call)) == 1) {
        int64_t strength = db_get_int(&call);

        if (strength > POLICY_REASON_NONE && strength <= POLICY_REASON_MANUAL)
            entries_set(ret, (enum policy_reason)strength, db_get_time(&call));
    }
    return r;
}

void entries_set(struct entries *entries, enum policy_reason reason, int64_t until_ms)
{
    entries->live[reason] = true;
    entries->ends[reason] = until_ms == CLOCK_NONE || until_ms == POLICY_FOR_EVER
                                ? NEVER
                                : until_ms / CLOCK_MINUTE_MS;
}

static int ending_flush(struct store *store)
{
    for (size_t i = 0; i < store->ending_count; i++) {
        const struct ending *ending = &store->endings[i];
        int r;

        if (ending->n == 0)
            continue;
        _cleanup_(db_call_end) struct db_call call =
            db_call_begin(store, SQL_SUPPRESSED_COUNT_ADD);
        db_bind_int(&call, ending->ends);
        db_bind_text(&call, str_of(policy_reason_word(ending->reason)));
        db_bind_int(&call, ending->n);
        r = db_run(&call, NULL);
        if (r < 0)
            return r;
    }
    store->ending_count = 0;
    return 0;
}

static int ending_add(struct store *store, enum policy_reason reason, int64_t ends,
                      int64_t n)
{
    for (size_t i = 0; i < store->ending_count; i++) {
        struct ending *ending = &store->endings[i];

        if (ending->reason == reason && ending->ends == ends) {
            ending->n += n;
            return 0;
        }
    }
    if (store->ending_count == STORE_ENDINGS_MAX) {
        int r = ending_flush(store);

        if (r < 0)
            return r;
    }
    store->endings[store->ending_count++] = (struct ending){reason, ends, n};
    return 0;
}

int entries_count(struct store *store, const struct entries *entries, int64_t sign)
{
    int64_t stronger_ends = INT64_MIN;
    int r = 0;

    for (int i = POLICY_REASON_MANUAL; r == 0 && i > POLICY_REASON_NONE; i--) {
        enum policy_reason reason = (enum policy_reason)i;

        if (!entries->live[i] || entries->ends[i] <= stronger_ends)
            continue;
        r = ending_add(store, reason, entries->ends[i], sign);
        if (r == 0 && stronger_ends != INT64_MIN)
            r = ending_add(store, reason, stronger_ends, -sign);
        stronger_ends = entries->ends[i];
    }
    return r;
}

int total_flush(struct store *store)
{
    int r = ending_flush(store);

    return r < 0 ? r : flush_totals(store);
}

void total_forget(struct store *store)
{
    memset(store->totals, 0, sizeof(store->totals));
    store->ending_count = 0;
}

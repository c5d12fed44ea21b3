/*
 * Totals that `status` shows, so that no query has to count rows: summed up in memory,
 * and written in the transaction that changes what they count.
 *
 * The list by reason changes by itself when entries run out. So its rows of `total` do
 * not say how many there are, but how many there are until which minute: `status` sums up
 * the rows whose minute is not over. An address has the reason of its strongest live
 * entry: below a complaint until noon, a permanent bounce is -1 BOUNCE until noon and +1
 * BOUNCE without end. Whatever changes an address takes back all of its rows and adds the
 * new ones.
 */
#include <string.h>

#include "store/store_internal.h"

/* The end of what has none. */
#define NEVER INT64_MAX

void total_add(struct store *store, enum total total, int64_t n)
{
    store->totals[total] += n;
}

static int total_write(struct store *store, const char *name, int64_t ends, int64_t n)
{
    if (n == 0)
        return 0;
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_TOTAL_ADD);
    db_bind_text(&call, str_of(name));
    db_bind_int(&call, ends);
    db_bind_int(&call, n);
    return db_run(&call, NULL);
}

static int flush_totals(struct store *store)
{
    static const char *const names[TOTAL_COUNT] = {
        [TOTAL_QUARANTINE] = "quarantine",
        [TOTAL_QUARANTINE_BYTES] = "quarantine_bytes",
    };

    for (size_t i = 0; i < TOTAL_COUNT; i++) {
        int r = total_write(store, names[i], NEVER, store->totals[i]);

        if (r < 0)
            return r;
        store->totals[i] = 0;
    }
    return 0;
}

/* --- the list, by reason: see `total` in the schema --- */

int live_reasons_load(struct store *store, const struct address *address,
                      const char *scope, struct live_reasons *ret)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_ENTRIES_LIVE);
    int r;

    memset(ret, 0, sizeof(*ret));
    db_bind_text(&call, str_of(address->key));
    db_bind_text(&call, str_of(scope));
    while ((r = db_step(&call)) == 1) {
        int64_t strength = db_get_int(&call);

        if (strength > POLICY_REASON_NONE && strength <= POLICY_REASON_MANUAL)
            live_reasons_set(ret, (enum policy_reason)strength, db_get_time(&call));
    }
    return r;
}

void live_reasons_set(struct live_reasons *reasons, enum policy_reason reason,
                      int64_t until_ms)
{
    reasons->live[reason] = true;
    reasons->ends[reason] = until_ms == CLOCK_NONE || until_ms == POLICY_FOR_EVER
                                ? NEVER
                                : until_ms / CLOCK_MINUTE_MS;
}

static int expiry_change_flush(struct store *store)
{
    static const struct {
        const char *name;
        enum tally_kind tally;
    } totals[] = {
        [POLICY_REASON_SOFT] = {"suppressed_soft", TALLY_SUPPRESSED_SOFT},
        [POLICY_REASON_BOUNCE] = {"suppressed_bounce", TALLY_SUPPRESSED_BOUNCE},
        [POLICY_REASON_COMPLAINT] = {"suppressed_complaint", TALLY_SUPPRESSED_COMPLAINT},
        [POLICY_REASON_MANUAL] = {"suppressed_manual", TALLY_SUPPRESSED_MANUAL},
    };

    for (size_t i = 0; i < store->expiry_change_count; i++) {
        const struct expiry_change *change = &store->expiry_changes[i];
        int r = 0;

        if (change->ends != NEVER ||
            !tally_add_beside(store, totals[change->reason].tally, change->n))
            r = total_write(store, totals[change->reason].name, change->ends, change->n);
        if (r < 0)
            return r;
    }
    store->expiry_change_count = 0;
    return 0;
}

static int expiry_change_add(struct store *store, enum policy_reason reason, int64_t ends,
                             int64_t n)
{
    for (size_t i = 0; i < store->expiry_change_count; i++) {
        struct expiry_change *change = &store->expiry_changes[i];

        if (change->reason == reason && change->ends == ends) {
            change->n += n;
            return 0;
        }
    }
    if (store->expiry_change_count == STORE_EXPIRY_CHANGES_MAX) {
        int r = expiry_change_flush(store);

        if (r < 0)
            return r;
    }
    store->expiry_changes[store->expiry_change_count++] =
        (struct expiry_change){reason, ends, n};
    return 0;
}

int live_reasons_count(struct store *store, const struct live_reasons *reasons,
                       int64_t sign)
{
    int64_t stronger_ends = INT64_MIN;
    int r = 0;

    for (int i = POLICY_REASON_MANUAL; r == 0 && i > POLICY_REASON_NONE; i--) {
        enum policy_reason reason = (enum policy_reason)i;

        if (!reasons->live[i] || reasons->ends[i] <= stronger_ends)
            continue;
        r = expiry_change_add(store, reason, reasons->ends[i], sign);
        if (r == 0 && stronger_ends != INT64_MIN)
            r = expiry_change_add(store, reason, stronger_ends, -sign);
        stronger_ends = reasons->ends[i];
    }
    return r;
}

int total_flush(struct store *store)
{
    int r = expiry_change_flush(store);

    return r < 0 ? r : flush_totals(store);
}

void total_forget(struct store *store)
{
    memset(store->totals, 0, sizeof(store->totals));
    store->expiry_change_count = 0;
}

/* Housekeeping in the daemon's idle time: a bounded number of rows in each call. */
#include <errno.h>

#include "store/store_internal.h"

static void bind_key(struct db_call *call, const struct counted_key *key)
{
    db_bind_int(call, key->hour);
    db_bind_int(call, key->is_delivery);
    db_bind_int(call, key->address_hash);
    db_bind_int(call, key->event_hash);
}

/* Where the next STORE_TIDY_ROWS_MAX keys end; 1, 0 when there are fewer, or a fault. */
static int find_tidy_end(struct store *store, int64_t cut, struct counted_key *ret)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call_begin(store, SQL_COUNTED_TIDY_TO);
    int r;

    bind_key(&call, &store->writing->tidy_key);
    db_bind_int(&call, cut);
    db_bind_int(&call, STORE_TIDY_ROWS_MAX);
    r = db_step(&call);
    if (r != 1)
        return r;
    ret->hour = db_get_int(&call);
    ret->is_delivery = db_get_int(&call);
    ret->address_hash = db_get_int(&call);
    ret->event_hash = db_get_int(&call);
    return r;
}

static int tidy_counted(struct store *store, int64_t now_ms, bool *ret_more)
{
    int64_t cut = (now_ms - STORE_COUNTED_KEEP_MS) / CLOCK_HOUR_MS;
    struct counted_key end = {cut - 1, INT64_MAX, INT64_MAX, INT64_MAX};
    int r = find_tidy_end(store, cut, &end);

    if (r < 0)
        return r;
    *ret_more = r == 1;
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_COUNTED_TIDY);
    bind_key(&call, &store->writing->tidy_key);
    bind_key(&call, &end);
    db_bind_int(&call, cut);
    /* What stays among these was imported lately: not to be looked at each time. */
    store->writing->tidy_key = end;
    return db_run(&call, NULL);
}

static int tidy_soft(struct store *store, int64_t now_ms)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_SOFT_TIDY);
    char day[CLOCK_TEXT_BYTES];

    clock_format_day(now_ms - STORE_SOFT_KEEP_MS, day);
    db_bind_text(&call, str_of(day));
    db_bind_int(&call, STORE_TIDY_ROWS_MAX);
    return db_run(&call, NULL);
}

/* What ended long ago is in no sum; not so lately that a clock that is set back shows. */
static int tidy_totals(struct store *store, int64_t now_ms)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_TOTAL_TIDY);

    db_bind_int(&call, (now_ms - STORE_SOFT_KEEP_MS) / CLOCK_MINUTE_MS);
    return db_run(&call, NULL);
}

static int clock_mend(struct store *store, enum sql which, int64_t now_ms)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, which);

    db_bind_time(&call, now_ms);
    db_bind_int(&call, now_ms + INTAKE_FUTURE_MS);
    return db_run(&call, NULL);
}

int store_tidy(struct store *store, int64_t now_ms, bool *ret_more)
{
    /* The latter when the clock was ahead the last time. */
    bool again = now_ms >= store->writing->tidy_again_ms ||
                 store->writing->tidy_again_ms - now_ms > STORE_TIDY_AGAIN_MS;
    int r;

    *ret_more = false;
    if (!again && !store->writing->tidy_more)
        return 0;
    if (again) {
        store->writing->tidy_key = (struct counted_key){.hour = INT64_MIN};
        store->writing->tidy_again_ms = now_ms + STORE_TIDY_AGAIN_MS;
    }
    r = store_begin(store);
    if (r == 0)
        r = tidy_counted(store, now_ms, ret_more);
    if (r == 0 && again)
        r = tidy_soft(store, now_ms);
    if (r == 0 && again)
        r = tidy_totals(store, now_ms);
    if (r == 0 && again)
        r = token_tidy(store);
    if (r == 0 && again)
        r = clock_mend(store, SQL_CLOCK_MEND_TOPICS, now_ms);
    if (r == 0 && again)
        r = clock_mend(store, SQL_CLOCK_MEND_SUBSCRIPTIONS, now_ms);
    if (r == 0)
        r = store_commit(store);
    if (r < 0) {
        store_rollback(store);
        store->writing->tidy_again_ms = 0;
        *ret_more = false;
        return r;
    }
    store->writing->tidy_more = *ret_more;
    return 0;
}

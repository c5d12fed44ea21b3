/* Is this machine's clock wrong? SNS's time in the messages is the evidence. */
#include "store/store_internal.h"

static int count_quarantined(struct store *store, int64_t now_ms,
                             struct store_clock_signs *ret)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_CLOCK_ASIDE);
    int r;

    db_bind_time(&call, now_ms - CLOCK_DAY_MS);
    db_bind_time(&call, now_ms - CLOCK_HOUR_MS);
    db_bind_int(&call, STORE_CLOCK_ROWS_MAX);
    r = db_step(&call);
    if (r < 0)
        return r;
    ret->future = db_get_int(&call);
    ret->stale = db_get_int(&call);
    return 0;
}

int store_clock_signs(struct store *store, int64_t now_ms, struct store_clock_signs *ret)
{
    int r;

    *ret = (struct store_clock_signs){0};
    r = count_quarantined(store, now_ms, ret);
    if (r < 0 || ret->stale < STORE_STALE_SURGE)
        return r;
    /* As many again would have to be good: are there twice as many in that hour? */
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_CLOCK_NTH_LAST);
    db_bind_time(&call, now_ms - CLOCK_HOUR_MS);
    db_bind_int(&call, 2 * ret->stale - 1);
    r = db_step(&call);
    if (r < 0)
        return r;
    ret->is_surge = r == 0 || db_get_int(&call) == 0;
    return 0;
}

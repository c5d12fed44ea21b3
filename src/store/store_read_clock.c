/* Is this machine's clock wrong? SNS's time in the messages is the evidence. */
#include "store/store_internal.h"

static int count_quarantined(struct store *store, int64_t now_ms,
                             struct store_clock_signs *ret)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_CLOCK_ASIDE, db_time(now_ms - CLOCK_DAY_MS),
                db_time(now_ms - CLOCK_HOUR_MS), db_int(STORE_CLOCK_ROWS_MAX));
    int r = db_step(&call);

    if (r < 0)
        return r;
    ret->future = db_get_int(&call);
    ret->stale = db_get_int(&call);
    return 0;
}

int store_clock_signs(struct store *store, int64_t now_ms, struct store_clock_signs *ret)
{
    int64_t is_recent = 0;
    int r;

    *ret = (struct store_clock_signs){0};
    r = count_quarantined(store, now_ms, ret);
    if (r < 0 || ret->stale < STORE_STALE_SURGE)
        return r;
    /* As many again would have to be good: are there twice as many in that hour? */
    r = db_find(store, SQL_CLOCK_NTH_LAST, &is_recent, db_time(now_ms - CLOCK_HOUR_MS),
                db_int(2 * ret->stale - 1));
    if (r < 0)
        return r;
    ret->is_surge = !is_recent;
    return 0;
}

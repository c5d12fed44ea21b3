/* Days on which an address bounced softly. */
#include <errno.h>

#include "store/store_internal.h"

static int run_for(struct store *store, enum sql which, const struct address *address,
                   int64_t ms)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, which);

    db_bind_text(&call, str_of(address->key));
    db_bind_int(&call, ms);
    return db_step(&call);
}

int soft_reset(struct store *store, const struct address *address, int64_t occurred_ms)
{
    int r = run_for(store, SQL_SOFT_ANY, address, occurred_ms);

    if (r <= 0)
        return r;
    r = run_for(store, SQL_SOFT_DELETE, address, occurred_ms);
    return r < 0 ? r : run_for(store, SQL_SOFT_SHORTEN, address, occurred_ms);
}

static int kept_delivery_after(struct store *store, const struct address *address,
                               int64_t occurred_ms)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call_begin(store, SQL_EVENT_DELIVERED_AFTER);

    db_bind_text(&call, str_of(address->key));
    db_bind_time(&call, occurred_ms);
    return db_step(&call);
}

static int add(struct store *store, const struct address *address, int64_t occurred_ms,
               bool doubtful)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_SOFT_ADD);
    char day[CLOCK_TEXT_BYTES];

    clock_format_day(occurred_ms, day);
    db_bind_text(&call, str_of(address->key));
    db_bind_text(&call, str_of(day));
    db_bind_int(&call, occurred_ms);
    db_bind_int(&call, occurred_ms);
    db_bind_int_if(&call, doubtful, occurred_ms);
    db_bind_int_if(&call, doubtful, occurred_ms);
    return db_run(&call, NULL);
}

int soft_record(struct store *store, const struct address *address, int64_t occurred_ms,
                bool doubtful)
{
    /* Messages come in any order: the Delivery that would have reset this may be here. */
    int r = kept_delivery_after(store, address, occurred_ms);

    if (r == 0)
        r = count_delivered_after(store, address, occurred_ms);
    if (r != 0)
        return r < 0 ? r : 0;
    r = add(store, address, occurred_ms, doubtful);
    return r < 0 ? r : 1;
}

int soft_doubts(struct store *store, const struct address *address, int64_t occurred_ms,
                struct policy_history *ret)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_SOFT_DOUBTS);
    int r;

    db_bind_text(&call, str_of(address->key));
    db_bind_int(&call, occurred_ms - POLICY_DOUBT_WINDOW_MS);
    db_bind_int(&call, occurred_ms + POLICY_DOUBT_WINDOW_MS);
    r = db_step(&call);
    if (r < 0)
        return r;
    ret->doubt_first_ms = db_get_int_or(&call, CLOCK_NONE);
    ret->doubt_last_ms = db_get_int_or(&call, CLOCK_NONE);
    return 0;
}

/* Counted keys up to the minute that a bounded number of rows ends in. */
static int tidy_counted(struct store *store, int64_t now_ms, bool *ret_more)
{
    int64_t cut = (now_ms - STORE_COUNTED_KEEP_MS) / CLOCK_MINUTE_MS;
    int64_t to = 0;
    int64_t rows = 0;
    int r;

    {
        _cleanup_(db_call_end) struct db_call call =
            db_call_begin(store, SQL_COUNTED_TIDY_TO);

        db_bind_int(&call, store->tidy_minute);
        db_bind_int(&call, cut);
        db_bind_int(&call, STORE_TIDY_ROWS_MAX);
        r = db_step(&call);
        if (r < 0)
            return r;
        to = db_get_int(&call);
        rows = db_get_int(&call);
    }
    if (rows == 0)
        return 0;
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_COUNTED_TIDY);
    db_bind_int(&call, store->tidy_minute);
    db_bind_int(&call, to);
    db_bind_int(&call, cut);
    r = db_run(&call, NULL);
    /* What stays in these minutes was imported lately: not to be looked at each time. */
    store->tidy_minute = to + 1;
    *ret_more = rows == STORE_TIDY_ROWS_MAX;
    return r;
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
static int tidy_suppressed_count(struct store *store, int64_t now_ms)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call_begin(store, SQL_SUPPRESSED_COUNT_TIDY);

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
    bool again = now_ms >= store->tidy_again_ms ||
                 store->tidy_again_ms - now_ms > STORE_TIDY_AGAIN_MS;
    int r;

    *ret_more = false;
    if (!again && !store->tidy_more)
        return 0;
    if (again) {
        store->tidy_minute = INT64_MIN;
        store->tidy_again_ms = now_ms + STORE_TIDY_AGAIN_MS;
    }
    r = store_begin(store);
    if (r == 0)
        r = tidy_counted(store, now_ms, ret_more);
    if (r == 0 && again)
        r = tidy_soft(store, now_ms);
    if (r == 0 && again)
        r = tidy_suppressed_count(store, now_ms);
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
        store->tidy_again_ms = 0;
        *ret_more = false;
        return r;
    }
    store->tidy_more = *ret_more;
    return 0;
}

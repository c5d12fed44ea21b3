/* Housekeeping in the daemon's idle time: a bounded number of rows in each call. */
#include <errno.h>

#include "store/store_write_idle.h"

#define KEY_OF(key)                                                                      \
    db_int((key)->hour), db_int((key)->is_delivery), db_int((key)->address_hash),        \
        db_int((key)->event_hash)

/* Where the next STORE_TIDY_ROWS_MAX keys end; 1, 0 when there are fewer, or a fault. */
static int find_tidy_end(struct store *store, int64_t cut, struct counted_key *ret)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_COUNTED_TIDY_TO, KEY_OF(&store->writing->tidy_key),
                db_int(cut), db_int(STORE_TIDY_ROWS_MAX));
    int r = db_step(&call);

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
    struct counted_key begin = store->writing->tidy_key;
    int r = find_tidy_end(store, cut, &end);

    if (r < 0)
        return r;
    *ret_more = r == 1;
    /* What stays among these was imported lately: not to be looked at each time. */
    store->writing->tidy_key = end;
    return db_do(store, SQL_COUNTED_TIDY, KEY_OF(&begin), KEY_OF(&end), db_int(cut));
}

/* Some of what is too old for the soft counting, the guard and receivers. A SOFT entry is
 * given from then on: what is left of its bounces does not tell how often it has been
 * there. */
static int tidy_old(struct store *store, int64_t now_ms, bool *ret_more)
{
    const struct {
        enum sql which;
        struct db_value before;
    } kinds[] = {
        {SQL_SOFT_TIDY_BASIS, db_int(now_ms - STORE_SOFT_KEEP_MS)},
        {SQL_SOFT_TIDY, db_int(now_ms - STORE_SOFT_KEEP_MS)},
        {SQL_PROVIDER_TIDY, db_int((now_ms - 2 * POLICY_GUARD_USUAL_MS) / CLOCK_HOUR_MS)},
        {SQL_IDENTITY_TIDY, db_day(now_ms - STORE_SOFT_KEEP_MS)},
        {SQL_NOTICE_TIDY, db_int(now_ms - STORE_NOTICE_KEEP_MS)},
    };
    int r = 0;

    for (size_t i = 0; r >= 0 && i < sizeof(kinds) / sizeof(*kinds); i++) {
        r = db_change(store, kinds[i].which, kinds[i].before, db_int(STORE_TIDY_OLD_MAX));
        *ret_more = *ret_more ||
                    (kinds[i].which != SQL_SOFT_TIDY_BASIS && r >= STORE_TIDY_OLD_MAX);
    }
    return db_only_fault(r);
}

/* What is done once in STORE_TIDY_AGAIN_MS. */
static int tidy_rarely(struct store *store, int64_t now_ms)
{
    /* What ended long ago is in no sum; not so lately that a clock that is set back
     * shows.
     */
    int r = db_do(store, SQL_TOTAL_TIDY,
                  db_int((now_ms - STORE_TOTAL_KEEP_MS) / CLOCK_MINUTE_MS));

    if (r == 0)
        r = token_tidy(store);
    if (r == 0)
        r = db_do(store, SQL_CLOCK_MEND_TOPICS, db_time(now_ms),
                  db_int(now_ms + INTAKE_FUTURE_MS));
    if (r == 0)
        r = db_do(store, SQL_CLOCK_MEND_SUBSCRIPTIONS, db_time(now_ms),
                  db_int(now_ms + INTAKE_FUTURE_MS));
    return r;
}

int store_tidy(struct store *store, int64_t now_ms, int64_t due_ms, bool *ret_more)
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
        store->writing->tidy_hour = 0;
        store->writing->tidy_again_ms = now_ms + STORE_TIDY_AGAIN_MS;
    }
    r = store_begin(store);
    if (r == 0)
        r = tidy_counted(store, due_ms, ret_more);
    if (r == 0)
        r = hours_tidy(store, due_ms, ret_more);
    if (r == 0)
        r = tidy_old(store, due_ms, ret_more);
    if (r == 0 && again)
        r = tidy_rarely(store, now_ms);
    r = store_finish(store, r);
    if (r < 0) {
        store->writing->tidy_again_ms = 0;
        *ret_more = false;
        return r;
    }
    store->writing->tidy_more = *ret_more;
    return 0;
}

int store_recount(struct store *store, const struct policy *policy, int64_t now_ms,
                  bool *ret_more)
{
    int r = db_find(store, SQL_IDENTITY_NEXT, NULL);

    *ret_more = false;
    if (r <= 0)
        return r;
    r = store_begin(store);
    if (r == 0)
        r = list_recount(store, policy, now_ms, ret_more);
    return store_finish(store, r);
}

int store_expire(struct store *store, int64_t now_ms, bool *ret_more)
{
    int64_t again_ms = store->writing->expire_again_ms;
    int r;

    *ret_more = false;
    if (now_ms < again_ms && again_ms - now_ms <= STORE_EXPIRE_AGAIN_MS)
        return 0;
    r = db_find(store, SQL_ENTRY_ENDED, NULL, db_time(now_ms));
    if (r == 1) {
        r = store_begin(store);
        if (r == 0)
            r = list_expire(store, now_ms, ret_more);
        r = store_finish(store, r);
    }
    if (r == 0 && !*ret_more)
        store->writing->expire_again_ms = now_ms + STORE_EXPIRE_AGAIN_MS;
    return r;
}

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

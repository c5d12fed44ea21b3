/* What `status` shows, and the signs that the clock is wrong. */
#include "store/store_internal.h"

static int status_give(store_row_fn *row, void *context, struct str name,
                       struct store_value value)
{
    const struct store_value values[] = {
        {.name = "name", .type = STORE_TEXT, .text = name}, value};

    return row(context, values, 2);
}

static int status_give_sizes(struct store *store, store_row_fn *row, void *context)
{
    struct store_value file = {.name = "value", .type = STORE_INTEGER};
    struct store_value log = file;
    int r = db_sizes(store, &file.integer, &log.integer);

    if (r == 0)
        r = status_give(row, context, STR("file_bytes"), file);
    return r == 0 ? status_give(row, context, STR("wal_bytes"), log) : r;
}

static int status_give_rows(struct store *store, enum sql which, store_row_fn *row,
                            void *context)
{
    _cleanup_(db_call_end) struct db_call call = db_call(store, which);
    int r;

    while ((r = db_step(&call)) == 1) {
        struct str name = db_get_text(&call);
        struct store_value value = db_get_value(&call);

        value.name = "value";
        if (value.type == STORE_TEXT && str_ends_with(name, STR("_at")) &&
            clock_parse(value.text, &value.integer) == 0)
            value.type = STORE_TIME;
        r = status_give(row, context, name, value);
        if (r != 0)
            break;
    }
    return r;
}

int store_status(struct store *store, store_row_fn *row, void *context)
{
    int r = status_give_sizes(store, row, context);

    if (r == 0)
        r = status_give_rows(store, SQL_STATUS, row, context);
    if (r == 0)
        r = status_give_rows(store, SQL_STATUS_HELD, row, context);
    if (r == 0)
        r = status_give_rows(store, SQL_STATUS_NOT_ADDRESSED, row, context);
    if (r == 0)
        r = status_give_rows(store, SQL_STATUS_LEAKS, row, context);
    if (r == 0)
        r = status_give_rows(store, SQL_STATUS_TIMES, row, context);
    return r;
}

/* --- is this machine's clock wrong? SNS's time in the messages is the evidence --- */

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

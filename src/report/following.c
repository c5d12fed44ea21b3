#include "sesbounce/following.h"

#include "sesbounce/limits.h"

/* Ends a query. */
#define ENOUGH 1

struct look {
    struct following *following;
    store_row_fn *row;
    void *context;
    int64_t last_id;
};

static int row_give(void *context, const struct store_value *values, size_t count)
{
    struct look *look = context;
    int r = look->row(look->context, values, count);

    if (r != 0)
        return r > 0 ? ENOUGH : r;
    look->last_id = values[0].integer; /* the first column of both views */
    look->following->rows++;
    return 0;
}

/* Is a part missing, by retention; or do the ids belong to another database? */
static bool following_is_gone(const struct following *following)
{
    const struct store_span *span = &following->span;

    return following->after_id < span->pruned_id || following->after_id > span->newest_id;
}

/* How far this look goes. An index finds the rows of an address, few as they are. */
static int64_t look_end(const struct following *following)
{
    int64_t newest_id = following->span.newest_id, after_id = following->after_id;

    return following->filter.address || newest_id - after_id <= FOLLOWING_LOOK_IDS
               ? newest_id
               : after_id + FOLLOWING_LOOK_IDS;
}

static int rows_look(struct look *look, struct store *store)
{
    struct following *following = look->following;
    struct store_filter *filter = &following->filter;

    if (following_is_at_end(following))
        return 0;
    filter->after_id = following->after_id;
    filter->until_id = look_end(following);
    int r = store_query(store, following->view, filter, row_give, look);
    bool is_whole = r == 0 && (int64_t)following->rows < filter->limit;

    if (r >= 0)
        following->after_id = is_whole ? filter->until_id : look->last_id;
    return r < 0 ? r : 0;
}

int following_look(struct following *following, struct store *store, store_row_fn *row,
                   void *context)
{
    struct look look = {.following = following, .row = row, .context = context};
    int64_t after_id = following->after_id;
    bool is_gone = false;

    following->rows = 0;
    int r = store_read_begin(store);
    if (r < 0)
        return r;
    r = store_span(store, following->view, &following->span);
    if (r == 0 && following->from_oldest)
        following->after_id = following->span.pruned_id;
    if (r == 0)
        is_gone = following_is_gone(following);
    look.last_id = following->after_id;
    if (r == 0 && !is_gone)
        r = rows_look(&look, store);
    int changed = store_read_end(store);
    r = r < 0 ? r : changed;
    if (r < 0)
        following->after_id = after_id;
    else
        following->from_oldest = false;
    return r < 0 ? r : is_gone ? FOLLOWING_GONE : 0;
}

bool following_is_at_end(const struct following *following)
{
    return following->after_id >= following->span.newest_id;
}

int64_t following_way_back(const struct following *following)
{
    const struct store_span *span = &following->span;

    return following->after_id > span->newest_id ? span->newest_id : span->pruned_id;
}

int following_explain(const struct following *following, struct buf *ret)
{
    const struct store_span *span = &following->span;
    long long after_id = following->after_id, oldest_id = span->oldest_id;

    if (following->after_id > span->newest_id)
        return buf_printf(ret,
                          "there has been no id %lld yet, the newest is %lld: was an "
                          "older copy of the database put in place?",
                          after_id, (long long)span->newest_id);
    if (span->oldest_id == 0)
        return buf_printf(ret,
                          "[retention] has deleted rows behind id %lld, and no row "
                          "is there now",
                          after_id);
    return buf_printf(ret,
                      "[retention] has deleted rows behind id %lld; the oldest that is "
                      "there has the id %lld",
                      after_id, oldest_id);
}

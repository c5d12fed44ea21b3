/* The quarantine: what could not be applied, and how much of it is kept. */
#include <errno.h>

#include "store/store_internal.h"

int unapplied_add(struct store *store, const struct intake *intake, int64_t message_id)
{
    store->writing->quarantine_grew = true;
    total_add(store, TOTAL_QUARANTINE, 1);
    total_add(store, TOTAL_QUARANTINE_BYTES, (int64_t)intake->body.len);
    return db_do(store, SQL_UNAPPLIED_ADD, db_int(message_id),
                 db_text(str_of(quarantine_word(intake->reason))),
                 db_int((int64_t)intake->body.len));
}

int unapplied_drop(struct store *store, int64_t message_id)
{
    int64_t bytes = 0;
    int r = db_find(store, SQL_UNAPPLIED_DROP, &bytes, db_int(message_id));

    if (r <= 0)
        return r;
    total_add(store, TOTAL_QUARANTINE, -1);
    total_add(store, TOTAL_QUARANTINE_BYTES, -bytes);
    return 0;
}

int quarantine_leave(struct store *store, int64_t message_id)
{
    int r = unapplied_drop(store, message_id);

    return r < 0 ? r : db_do(store, SQL_BODY_DROP, db_int(message_id));
}

int store_quarantine_drop(struct store *store, int64_t id)
{
    int64_t message_id = 0;
    int r = db_find(store, SQL_UNAPPLIED_FIND, &message_id, db_int(id));

    /* 0: applied meanwhile, and so gone already */
    return r <= 0 ? r : quarantine_leave(store, message_id);
}

/* --- the bound in bytes --- */

/* Messages to be dropped in one transaction. */
struct victims {
    int64_t ids[STORE_QUARANTINE_STEP_ROWS];
    size_t count;
};

/* The oldest ones, until they make up `bytes`; `which` says of what. */
static int victims_choose(struct store *store, enum sql which, int64_t bytes,
                          struct victims *ret)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, which, db_int(STORE_QUARANTINE_STEP_ROWS));
    int64_t chosen = 0;
    int r = 1;

    if (bytes > STORE_QUARANTINE_STEP_BYTES)
        bytes = STORE_QUARANTINE_STEP_BYTES;
    ret->count = 0;
    while (chosen < bytes && ret->count < STORE_QUARANTINE_STEP_ROWS &&
           (r = db_step(&call)) == 1) {
        ret->ids[ret->count++] = db_get_int(&call);
        chosen += db_get_int(&call);
    }
    return r < 0 ? r : 0;
}

/* Examples are dropped only when nothing else is left. */
static int victims_drop(struct store *store, int64_t bytes, int64_t now_ms,
                        size_t *ret_dropped)
{
    struct victims victims;
    int r = victims_choose(store, SQL_UNAPPLIED_REPEATED, bytes, &victims);

    if (r == 0 && victims.count == 0)
        r = victims_choose(store, SQL_UNAPPLIED_OLDEST, bytes, &victims);
    for (size_t i = 0; r == 0 && i < victims.count; i++)
        r = quarantine_leave(store, victims.ids[i]);
    *ret_dropped = victims.count;
    if (r < 0)
        return r;
    return db_do(store, SQL_QUARANTINE_DROPPED, db_day(now_ms),
                 db_int((int64_t)victims.count));
}

int store_quarantine_bound(struct store *store, int64_t max_bytes, int64_t now_ms,
                           size_t *ret_dropped)
{
    int64_t bytes = 0;
    int r = db_find(store, SQL_QUARANTINE_BYTES, &bytes);
    int64_t over = r == 1 ? bytes - max_bytes : 0;

    *ret_dropped = 0;
    store->writing->quarantine_grew = over > 0;
    if (r < 0 || over <= 0)
        return db_only_fault(r);
    r = store_begin(store);
    if (r == 0)
        r = victims_drop(store, over, now_ms, ret_dropped);
    r = store_finish(store, r);
    if (r < 0)
        *ret_dropped = 0;
    return r;
}

bool store_quarantine_grew(const struct store *store)
{
    return store->writing->quarantine_grew;
}

/* From the tables to the outbox: what each receiver gets. */
#include <errno.h>

#include "store/store_internal_sending.h"

/* --- the beginning --------------------------------------------------------------- */

bool store_sending_changed(struct store *store)
{
    bool changed = store->writing->sending_changed;
    int64_t version = 0;

    store->writing->sending_changed = false;
    if (db_version(store, &version) < 0 || version == store->writing->version_sending)
        return changed;
    store->writing->version_sending = version;
    return true;
}

int store_sending_ends(struct store *store, int64_t ret[STORE_SOURCES])
{
    _cleanup_(db_call_end) struct db_call call =
        db_call_begin(store, SQL_SEND_ENDS, NULL, 0);
    int r = db_step(&call);

    if (r < 0)
        return r;
    ret[STORE_SOURCE_CHANGES] = ret[STORE_SOURCE_EVENTS] = db_get_int(&call);
    ret[STORE_SOURCE_NOTICES] = db_get_int(&call);
    return 0;
}

int store_receiver_load(struct store *store, struct store_receiver *receiver)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_RECEIVER_FIND, db_text(str_of(receiver->name)));
    int r = db_step(&call);

    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    for (unsigned i = 0; i < STORE_SOURCES; i++) {
        int64_t kept = db_get_int(&call);

        if (kept != receiver->kept[i])
            receiver->at[i] = kept;
        receiver->kept[i] = kept;
    }
    receiver->is_off = db_get_int(&call) != 0;
    receiver->not_before_ms = db_get_int_or(&call, CLOCK_NONE);
    receiver->failures = db_get_int(&call);
    receiver->waiting = db_get_int(&call);
    receiver->fresh = db_get_int(&call);
    return 0;
}

static int receiver_begin(struct store *store, struct store_receiver *receiver,
                          const int64_t ends[STORE_SOURCES])
{
    const struct source *source = store_sources;
    int r;

    for (unsigned i = 0; i < STORE_SOURCES; i++)
        receiver->kept[i] = receiver->at[i] = -1; /* of another database, perhaps */
    r = db_do(store, SQL_RECEIVER_ADD, db_text(str_of(receiver->name)),
              db_text(str_of(receiver->format)), db_int(ends[0]), db_int(ends[1]),
              db_int(ends[2]), db_int(receiver->wanted), db_int(source[0].news),
              db_int(source[1].news), db_int(source[2].news));
    return r < 0 ? r : store_receiver_load(store, receiver);
}

/* 1 with the next name after `name`, in place; 0 when there is none. */
static int receiver_name_next(struct store *store, struct buf *name)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_RECEIVER_NEXT,
                (struct db_value){.type = DB_TEXT, .text = buf_str(name)});
    int r = db_step(&call);

    if (r <= 0)
        return r;
    buf_clear(name);
    r = buf_append_str(name, db_get_text(&call));
    return r < 0 ? r : 1;
}

static bool receiver_is_among(const struct store_receiver *receivers, size_t count,
                              struct str name)
{
    size_t i = 0;

    while (i < count && !str_equal(str_of(receivers[i].name), name))
        i++;
    return i < count;
}

static int receivers_forget_others(struct store *store,
                                   const struct store_receiver *receivers, size_t count,
                                   int64_t *ret_dropped)
{
    _cleanup_(buf_done) struct buf name = {.max = STORE_RECEIVER_NAME_BYTES};
    int r;

    while ((r = receiver_name_next(store, &name)) == 1) {
        if (receiver_is_among(receivers, count, buf_str(&name)))
            continue;
        r = db_change(store, SQL_RECEIVER_DROP_MESSAGES, db_text(buf_str(&name)));
        if (r < 0)
            break;
        *ret_dropped += r;
        r = db_do(store, SQL_RECEIVER_DROP, db_text(buf_str(&name)));
        if (r < 0)
            break;
    }
    return r;
}

int store_receivers_begin(struct store *store, struct store_receiver *receivers,
                          size_t count, int64_t *ret_dropped)
{
    int64_t ends[STORE_SOURCES];
    int r = store_begin(store);

    *ret_dropped = 0;
    if (r < 0)
        return r;
    r = store_sending_ends(store, ends);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = receiver_begin(store, &receivers[i], ends);
    if (r == 0)
        r = receivers_forget_others(store, receivers, count, ret_dropped);
    return store_finish(store, r);
}

/* --- putting --------------------------------------------------------------------- */

/* What was found for a receiver. */
struct found {
    struct store_parcel parcels[STORE_SENDING_PUT_MAX];
    size_t count, max;
    int64_t at[STORE_SOURCES];
};

static void found_add(struct found *found, const struct store_receiver *receiver,
                      enum store_source source, int64_t id)
{
    struct store_parcel *parcel = &found->parcels[found->count];

    if (receiver->batches) {
        found->count = 1;
        return;
    }
    *parcel = (struct store_parcel){.after = {0}};
    parcel->after[source] = id - 1;
    parcel->to[source] = id;
    found->count++;
}

static int source_look(struct store *store, const struct store_receiver *receiver,
                       enum store_source source, int64_t end, struct found *found)
{
    int64_t *at = &found->at[source];
    int rows = 0, r;

    if (*at >= end || (receiver->wanted & store_sources[source].news) == 0) {
        *at = *at < end ? end : *at;
        return 0;
    }
    _cleanup_(db_call_end) struct db_call call =
        source_begin(store, source, *at, STORE_SENDING_ROWS);
    for (;;) {
        int64_t id;
        enum news news;

        if (!receiver->batches && found->count == found->max)
            return 0;
        r = source_next(&call, source, &id, &news);
        if (r <= 0)
            break;
        rows++;
        *at = id;
        if (news_is_wanted(receiver->wanted, news))
            found_add(found, receiver, source, id);
    }
    if (r == 0 && rows < STORE_SENDING_ROWS && *at < end)
        *at = end;
    return r;
}

static int message_put(struct store *store, const char *name, const char *what,
                       int64_t next_at_ms, int64_t now_ms)
{
    return db_do(store, SQL_SEND_PUT, db_text(str_of(name)), db_text(str_of(what)),
                 db_int(next_at_ms), db_int(now_ms));
}

/* 1; 0 where somebody has put it elsewhere meanwhile; or a fault. */
static int place_move(struct store *store, const struct store_receiver *receiver,
                      const int64_t to[STORE_SOURCES])
{
    return db_change(store, SQL_RECEIVER_MOVE, db_text(str_of(receiver->name)),
                     db_int(to[0]), db_int(to[1]), db_int(to[2]),
                     db_int(receiver->kept[0]), db_int(receiver->kept[1]),
                     db_int(receiver->kept[2]));
}

static int found_put(struct store *store, const struct store_receiver *receiver,
                     struct found *found, int64_t now_ms)
{
    char what[PARCEL_BYTES];
    int r = place_move(store, receiver, found->at);

    if (r == 0)
        return -EAGAIN;
    if (receiver->batches && found->count > 0)
        for (unsigned i = 0; i < STORE_SOURCES; i++) {
            bool is_wanted_of = receiver->wanted & store_sources[i].news;

            found->parcels[0].after[i] = is_wanted_of ? receiver->at[i] : 0;
            found->parcels[0].to[i] = is_wanted_of ? found->at[i] : 0;
        }
    for (size_t i = 0; r >= 0 && i < found->count; i++) {
        parcel_print(&found->parcels[i], what);
        r = message_put(store, receiver->name, what, now_ms, now_ms);
    }
    return r < 0 ? r : 0;
}

static bool place_is_far(const struct store_receiver *receiver, const int64_t at[])
{
    for (unsigned i = 0; i < STORE_SOURCES; i++)
        if (at[i] - receiver->kept[i] > STORE_SENDING_UNKEPT_MAX)
            return true;
    return false;
}

int store_receiver_put(struct store *store, struct store_receiver *receiver,
                       const int64_t ends[STORE_SOURCES], int64_t now_ms, size_t *ret_put)
{
    struct found found = {.max = STORE_SENDING_PUT_MAX};
    int r = 0;

    *ret_put = 0;
    memcpy(found.at, receiver->at, sizeof(found.at));
    if (receiver->failures > 0)
        found.max = 1;
    for (unsigned i = 0; r == 0 && i < STORE_SOURCES; i++)
        r = source_look(store, receiver, (enum store_source)i, ends[i], &found);
    if (r < 0)
        return r;
    if (found.count == 0 && !place_is_far(receiver, found.at)) {
        memcpy(receiver->at, found.at, sizeof(found.at));
        return 0;
    }
    r = store_begin(store);
    if (r == 0)
        r = store_finish(store, found_put(store, receiver, &found, now_ms));
    if (r == -EAGAIN)
        return store_receiver_load(store, receiver);
    if (r < 0)
        return r;
    memcpy(receiver->at, found.at, sizeof(found.at));
    memcpy(receiver->kept, found.at, sizeof(found.at));
    receiver->waiting += (int64_t)found.count;
    receiver->fresh += (int64_t)found.count;
    *ret_put = found.count;
    return 0;
}

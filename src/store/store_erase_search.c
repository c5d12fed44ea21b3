/* Erasure, where others' rows name the address: diagnostics, messages, notes. Nothing
 * finds these but looking at all of them, a range of ids at a time. */
#include <errno.h>

#include "store/store_internal.h"

/* The texts of an event that strangers write, in the order of the statements. */
#define EVENT_TEXTS 10

struct found {
    int64_t ids[STORE_ERASE_WINDOW_MAX];
    size_t count;
};

/* `%jane@%`, with what LIKE gives a meaning escaped: cheap, and finds too much. */
static int pattern_make(const struct store_erasure *erasure, bool is_whole,
                        struct buf *ret)
{
    const char *key = erasure->address.key;
    size_t len = is_whole ? strlen(key) : (size_t)(erasure->address.domain - key);
    int r = buf_append_char(ret, '%');

    for (size_t i = 0; r == 0 && i < len; i++) {
        if (key[i] == '%' || key[i] == '_' || key[i] == '\\')
            r = buf_append_char(ret, '\\');
        if (r == 0)
            r = buf_append_char(ret, key[i]);
    }
    return r < 0 ? r : buf_append_char(ret, '%');
}

/* --- events of others ------------------------------------------------------------ */

static int event_is_found(const struct store_erasure *erasure, struct db_call *call)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < EVENT_TEXTS; i++)
        r = erasure_is_named(erasure, db_get_text(call));
    return r;
}

static int event_redact(struct store *store, const struct store_erasure *erasure,
                        int64_t id)
{
    struct buf texts[EVENT_TEXTS];
    struct db_value values[1 + EVENT_TEXTS] = {db_int(id)};
    size_t count = 0;
    int r;

    for (size_t i = 0; i < EVENT_TEXTS; i++)
        buf_init(&texts[i], STORE_NOTE_BYTES_MAX);
    {
        _cleanup_(db_call_end) struct db_call call =
            db_call(store, SQL_ERASE_EVENT_TEXTS, db_int(id));

        r = db_step(&call);
        for (size_t i = 0; r >= 0 && i < EVENT_TEXTS; i++)
            r = erasure_redact(erasure, db_get_text(&call), &texts[i], &count);
    }
    for (size_t i = 0; i < EVENT_TEXTS; i++) {
        int hidden = r < 0 ? 0 : erasure_is_named(erasure, buf_str(&texts[i]));

        r = hidden < 0 ? hidden : r;
        values[1 + i] = db_text(hidden ? STR_ABSENT : buf_str(&texts[i]));
    }
    if (r >= 0)
        r = db_only_fault(
            db_change_values(store, SQL_ERASE_EVENT_REDACT, values, 1 + EVENT_TEXTS));
    for (size_t i = 0; i < EVENT_TEXTS; i++)
        buf_done(&texts[i]);
    return r;
}

/* --- bodies ---------------------------------------------------------------------- */

static int body_is_found(struct store *store, const struct store_erasure *erasure,
                         int64_t message_id)
{
    struct buf body;
    int r;

    buf_init(&body, STORE_PACKED_BYTES_MAX);
    r = body_find(store, message_id, &body);
    if (r == 1)
        r = erasure_is_named(erasure, buf_str(&body));
    else if (r == -EUCLEAN || r == -ENOTSUP || r == -E2BIG)
        r = r == -E2BIG; /* the former nobody can read */
    buf_done(&body);
    return r;
}

/* --- a range of ids -------------------------------------------------------------- */

static int row_is_found(struct store *store, const struct store_erasure *erasure,
                        struct db_call *call, int64_t id)
{
    switch (erasure->part) {
    case STORE_ERASE_EVENTS:
        return event_is_found(erasure, call);
    case STORE_ERASE_BODIES:
        return body_is_found(store, erasure, id);
    case STORE_ERASE_QUARANTINE:
        return erasure_is_named(erasure, db_get_blob(call));
    default:
        return 1;
    }
}

static int range_find(struct store *store, const struct store_erasure *erasure,
                      int64_t to_id, struct found *ret)
{
    static const enum sql finds[] = {[STORE_ERASE_EVENTS] = SQL_ERASE_SEARCH_EVENTS,
                                     [STORE_ERASE_BODIES] = SQL_ERASE_SEARCH_BODIES,
                                     [STORE_ERASE_QUARANTINE] =
                                         SQL_ERASE_SEARCH_QUARANTINE,
                                     [STORE_ERASE_CHANGES] = SQL_ERASE_SEARCH_CHANGES};
    struct buf pattern;
    int r;

    buf_init(&pattern, 2 * ADDRESS_BYTES_MAX + 4);
    r = pattern_make(erasure, erasure->part == STORE_ERASE_CHANGES, &pattern);
    ret->count = 0;
    if (r == 0) {
        _cleanup_(db_call_end) struct db_call call =
            db_call(store, finds[erasure->part], db_int(erasure->after_id), db_int(to_id),
                    db_text(buf_str(&pattern)), db_text(str_of(erasure->address.key)));

        while ((r = db_step(&call)) == 1) {
            int64_t id = db_get_int(&call);
            int found = row_is_found(store, erasure, &call, id);

            if (found < 0)
                r = found;
            else if (found)
                ret->ids[ret->count++] = id;
            if (r < 0)
                break;
        }
    }
    buf_done(&pattern);
    return r;
}

static int change_redact(struct store *store, const struct store_erasure *erasure,
                         int64_t id)
{
    struct buf pattern;
    int r;

    buf_init(&pattern, 2 * ADDRESS_BYTES_MAX + 4);
    r = pattern_make(erasure, true, &pattern);
    if (r == 0)
        r = db_do(store, SQL_ERASE_CHANGE_NOTES, db_text(buf_str(&pattern)), db_int(id));
    buf_done(&pattern);
    return r;
}

static int row_erase(struct store *store, struct store_erasure *erasure, int64_t id)
{
    switch (erasure->part) {
    case STORE_ERASE_EVENTS:
        erasure->texts++;
        return event_redact(store, erasure, id);
    case STORE_ERASE_BODIES:
        return erasure_body(store, erasure, id, false);
    case STORE_ERASE_QUARANTINE:
        erasure->quarantined++;
        return quarantine_leave(store, id);
    default:
        erasure->texts++;
        return change_redact(store, erasure, id);
    }
}

static int range_erase(struct store *store, struct store_erasure *erasure,
                       const struct found *found)
{
    int r = store_begin(store);

    for (size_t i = 0; r == 0 && i < found->count; i++)
        r = row_erase(store, erasure, found->ids[i]);
    return store_finish(store, r);
}

static int range_count(struct store *store, struct store_erasure *erasure,
                       const struct found *found)
{
    int64_t n = (int64_t)found->count;
    int r = 0;

    erasure->texts +=
        erasure->part == STORE_ERASE_EVENTS || erasure->part == STORE_ERASE_CHANGES ? n
                                                                                    : 0;
    erasure->quarantined += erasure->part == STORE_ERASE_QUARANTINE ? n : 0;
    for (size_t i = 0; r == 0 && i < found->count; i++)
        if (erasure->part == STORE_ERASE_BODIES)
            r = erasure_body(store, erasure, found->ids[i], false);
    return r;
}

int erasure_search(struct store *store, struct store_erasure *erasure, bool *ret_more)
{
    int64_t last_id = erasure->last_ids[erasure->part];
    int64_t to_id = erasure->after_id + STORE_ERASE_WINDOW_MAX;
    struct found found;
    int r;

    if (to_id > last_id)
        to_id = last_id;
    r = range_find(store, erasure, to_id, &found);
    if (r == 0 && found.count > 0) {
        r = erasure->dry_run ? range_count(store, erasure, &found)
                             : range_erase(store, erasure, &found);
    }
    erasure->after_id = to_id;
    *ret_more = to_id < last_id;
    return r;
}

/* --- notes that people wrote ------------------------------------------------------ */

/* A note goes whole, for who wrote it knows what it said. Adds how many there are. */
static int notes_erase(struct store *store, struct store_erasure *erasure,
                       struct str pattern, enum sql find, enum sql drop)
{
    struct db_value key = db_text(str_of(erasure->address.key));
    int64_t n = 0;
    int r = db_find(store, find, &n, db_text(pattern), key);

    erasure->texts += n;
    if (r < 0 || n == 0 || erasure->dry_run)
        return db_only_fault(r);
    r = store_begin(store);
    return r < 0 ? r : store_finish(store, db_do(store, drop, db_text(pattern), key));
}

int erasure_notes(struct store *store, struct store_erasure *erasure)
{
    struct buf pattern;
    int r;

    buf_init(&pattern, 2 * ADDRESS_BYTES_MAX + 4);
    r = pattern_make(erasure, true, &pattern);
    if (r == 0)
        r = notes_erase(store, erasure, buf_str(&pattern), SQL_ERASE_ENTRY_NOTE_FIND,
                        SQL_ERASE_ENTRY_NOTE);
    if (r == 0)
        r = notes_erase(store, erasure, buf_str(&pattern), SQL_ERASE_DECISION_NOTE_FIND,
                        SQL_ERASE_DECISION_NOTE);
    buf_done(&pattern);
    return r;
}

/* --- what is only counted --------------------------------------------------------- */

/* Of one hour. */
static int hour_erase(struct store *store, struct store_erasure *erasure, int64_t hour)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < erasure->spelling_count; i++) {
        struct address address;
        int64_t n = 0;

        if (address_parse(str_of(erasure->spellings[i]), &address) < 0)
            continue;
        struct db_value hash = db_int(count_address_hash(str_of(address.key)));
        if (erasure->dry_run)
            r = db_find(store, SQL_ERASE_COUNTED_COUNT, &n, db_int(hour), hash);
        else
            n = r = db_change(store, SQL_ERASE_COUNTED, db_int(hour), hash);
        erasure->counted += n > 0 ? n : 0;
    }
    return db_only_fault(r);
}

static int hours_erase(struct store *store, struct store_erasure *erasure, bool *ret_more)
{
    int r = 1;

    for (size_t i = 0; r == 1 && i < STORE_ERASE_ROWS_MAX; i++) {
        r = db_find(store, SQL_ERASE_COUNTED_HOUR, &erasure->after_id,
                    db_int(erasure->after_id));
        *ret_more = r == 1;
        if (r == 1) {
            r = hour_erase(store, erasure, erasure->after_id);
            r = r < 0 ? r : 1;
        }
    }
    return db_only_fault(r);
}

int erasure_counted(struct store *store, struct store_erasure *erasure, bool *ret_more)
{
    int r;

    *ret_more = false;
    if (erasure->dry_run)
        return hours_erase(store, erasure, ret_more);
    r = store_begin(store);
    return r < 0 ? r : store_finish(store, hours_erase(store, erasure, ret_more));
}

/*
 * Erasure: what is kept about one address goes, in short transactions. What was said
 * first is done first: the tombstone and the list, so that a process that ends in between
 * has erased too little and not too much, and the next one continues.
 */
#include <errno.h>
#include <string.h>

#include "sesbounce/mention.h"
#include "store/store_internal.h"

#define KEY(erasure) db_text(str_of((erasure)->address.key))

/* --- what it is spelled like ----------------------------------------------------- */

static void spelling_add(struct store_erasure *erasure, const char *spelling)
{
    size_t i = 0;

    while (i < erasure->spelling_count &&
           !str_equal_nocase(str_of(erasure->spellings[i]), str_of(spelling)))
        i++;
    if (i < erasure->spelling_count || i == STORE_SPELLINGS_MAX)
        return;
    (void)memcpy(erasure->spellings[i], spelling, strlen(spelling) + 1);
    erasure->spelling_count++;
}

static int spellings_find(struct store *store, struct store_erasure *erasure)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_ERASE_SPELLINGS, KEY(erasure), db_int(STORE_SPELLINGS_MAX));
    struct address seen;
    int r;

    spelling_add(erasure, erasure->address.key);
    spelling_add(erasure, erasure->address.seen);
    while ((r = db_step(&call)) == 1)
        if (address_parse(db_get_text(&call), &seen) == 0)
            spelling_add(erasure, seen.seen);
    return r;
}

int erasure_is_named(const struct store_erasure *erasure, struct str text)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < erasure->spelling_count; i++)
        r = mention_is_hidden_in(text, str_of(erasure->spellings[i]));
    return r;
}

int erasure_redact(const struct store_erasure *erasure, struct str text, struct buf *ret,
                   size_t *count)
{
    struct buf other;
    int r;

    buf_init(&other, ret->max);
    r = buf_append_str(ret, text);
    for (size_t i = 0; r == 0 && i < erasure->spelling_count; i++) {
        struct buf from = *ret;

        *ret = other;
        other = from;
        buf_clear(ret);
        r = mention_replace(buf_str(&other), str_of(erasure->spellings[i]),
                            STR(STORE_ERASED_ADDRESS), ret, count);
    }
    buf_done(&other);
    return r;
}

/* --- bodies ---------------------------------------------------------------------- */

int erasure_body(struct store *store, struct store_erasure *erasure, int64_t message_id,
                 bool is_about_it)
{
    struct buf body, redacted;
    size_t count = 0;
    int named = 0;
    int r;

    buf_init(&body, STORE_PACKED_BYTES_MAX);
    buf_init(&redacted, 2 * (size_t)STORE_PACKED_BYTES_MAX);
    r = body_find(store, message_id, &body);
    if (r == 1)
        r = erasure_redact(erasure, buf_str(&body), &redacted, &count);
    if (r == 0 && body.len > 0)
        named = erasure_is_named(erasure, buf_str(&redacted));
    if (r == -EUCLEAN || r == -ENOTSUP || r == -E2BIG)
        named = is_about_it || r == -E2BIG; /* it cannot be read, or searched */
    else if (r < 0 || named < 0)
        goto end;
    r = 0;
    if (named || (is_about_it && count == 0 && body.len > 0)) {
        erasure->bodies++;
        r = erasure->dry_run ? 0 : db_do(store, SQL_BODY_DROP, db_int(message_id));
    } else if (count > 0) {
        erasure->redacted++;
        r = erasure->dry_run ? 0 : body_add(store, message_id, buf_str(&redacted));
    }
end:
    buf_done(&redacted);
    buf_done(&body);
    return r < 0 ? r : db_only_fault(named);
}

int erasure_body_of(struct store *store, struct store_erasure *erasure,
                    const struct address *address, int64_t message_id)
{
    spelling_add(erasure, address->key);
    spelling_add(erasure, address->seen);
    return erasure_body(store, erasure, message_id, true);
}

/* --- the list -------------------------------------------------------------------- */

/* So that the totals follow: the next scope in which it is on the list. */
static int scope_leave(struct store *store, const struct store_erasure *erasure)
{
    struct store_decision decision = {.what = POLICY_DECIDE_REMOVE,
                                      .origin = POLICY_ORIGIN_PERSON,
                                      .complaint = true,
                                      .now_ms = erasure->now_ms,
                                      .address = erasure->address.key};
    enum policy_decided decided;
    _cleanup_(freep) char *scope = NULL;
    {
        _cleanup_(db_call_end) struct db_call call =
            db_call(store, SQL_ERASE_SCOPE, KEY(erasure), db_time(erasure->now_ms));
        int r = db_step(&call);

        if (r <= 0)
            return r;
        scope = str_dup(db_get_text(&call));
    }
    if (!scope)
        return -ENOMEM;
    decision.scope = scope;
    int r = store_decide(store, &decision, &decided);
    /* nothing of it is in force, or it could not be left */
    return r < 0 ? r : decided == POLICY_CHANGED ? 1 : -EIO;
}

/* Who may not be mailed stays so: address, scope, reason and date. */
static int list_lay_bare(struct store *store, const struct store_erasure *erasure)
{
    int r = db_do(store, SQL_ERASE_ENTRIES_PAST, KEY(erasure), db_time(erasure->now_ms));

    if (r == 0)
        r = db_do(store, SQL_ERASE_ENTRIES_BARE, KEY(erasure));
    return r < 0 ? r : db_do(store, SQL_ERASE_CHANGES_BARE, KEY(erasure));
}

static int list_leave(struct store *store, const struct store_erasure *erasure)
{
    int r = 1;

    while (r == 1)
        r = scope_leave(store, erasure);
    if (r == 0)
        r = db_do(store, SQL_ERASE_ENTRIES, KEY(erasure));
    return r < 0 ? r : db_do(store, SQL_ERASE_CHANGES, KEY(erasure));
}

static int erased_line_add(struct store *store, const struct store_erasure *erasure)
{
    struct buf note;
    size_t count = 0;
    int64_t id = 0;
    int r;

    buf_init(&note, STORE_NOTE_BYTES_MAX);
    r = erasure_redact(erasure, str_of(erasure->note), &note, &count);
    if (r == 0)
        r = change_id_draw(store, &id);
    if (r == 0)
        r = db_do(store, SQL_ERASE_LINE, db_int(erasure->now_ms),
                  erasure->stays ? KEY(erasure) : db_text(STR_ABSENT),
                  db_text(str_of(policy_action_word(POLICY_ACTION_ERASED))),
                  db_text(str_of(policy_origin_word(POLICY_ORIGIN_PERSON))),
                  db_text(str_of(erasure->actor)), db_text(buf_str(&note)), db_int(id));
    buf_done(&note);
    return r;
}

static int list_erase(struct store *store, struct store_erasure *erasure)
{
    int r = tombstone_put(store, str_of(erasure->address.key), erasure->now_ms);

    if (r == 0)
        r = erasure->stays ? list_lay_bare(store, erasure) : list_leave(store, erasure);
    if (r == 0)
        r = db_do(store, SQL_ERASE_DECISIONS, KEY(erasure));
    if (r == 0)
        r = db_do(store, SQL_ERASE_DAYS, KEY(erasure));
    if (r == 0)
        r = db_do(store, SQL_ERASE_LEAKS, KEY(erasure));
    return r < 0 ? r : erased_line_add(store, erasure);
}

/* --- its events ------------------------------------------------------------------ */

struct own_events {
    int64_t ids[STORE_ERASE_ROWS_MAX];
    int64_t message_ids[STORE_ERASE_ROWS_MAX];
    size_t count;
};

/* Not those that come meanwhile: what happens to it from now on is another matter. */
static int own_events_find(struct store *store, const struct store_erasure *erasure,
                           struct own_events *ret)
{
    _cleanup_(db_call_end) struct db_call call = db_call(
        store, SQL_ERASE_EVENTS_FIND, KEY(erasure),
        db_int(erasure->last_ids[STORE_ERASE_EVENTS]), db_int(STORE_ERASE_ROWS_MAX));
    int r;

    ret->count = 0;
    while ((r = db_step(&call)) == 1 && ret->count < STORE_ERASE_ROWS_MAX) {
        ret->ids[ret->count] = db_get_int(&call);
        ret->message_ids[ret->count++] = db_get_int(&call);
    }
    return r < 0 ? r : 0;
}

static int own_event_erase(struct store *store, struct store_erasure *erasure, int64_t id,
                           int64_t message_id)
{
    int r = erasure->stays
                ? db_do(store, SQL_ERASE_EVENT_CHANGES_BARE, db_int(id), KEY(erasure))
                : db_do(store, SQL_ERASE_EVENT_CHANGES, db_int(id));

    if (r == 0)
        r = db_do(store, SQL_ERASE_EVENT, db_int(id));
    if (r < 0)
        return r;
    total_add(store, TOTAL_EVENTS, -1);
    erasure->events++;
    r = db_find(store, SQL_ERASE_IS_SHARED, NULL, db_int(message_id), KEY(erasure));
    if (r == 1)
        return erasure_body(store, erasure, message_id, true);
    if (r == 0)
        r = db_change(store, SQL_BODY_DROP, db_int(message_id));
    erasure->bodies += r > 0;
    return db_only_fault(r);
}

static int own_events_erase(struct store *store, struct store_erasure *erasure,
                            bool *ret_more)
{
    struct own_events own;
    int r = own_events_find(store, erasure, &own);

    *ret_more = false;
    if (r < 0 || own.count == 0)
        return r;
    *ret_more = true;
    r = store_begin(store);
    for (size_t i = 0; r == 0 && i < own.count; i++)
        r = own_event_erase(store, erasure, own.ids[i], own.message_ids[i]);
    return store_finish(store, r);
}

/* --- steps ----------------------------------------------------------------------- */

/* Is it one of those that mail is sent from? */
static int identity_look(struct store *store, struct store_erasure *erasure)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < erasure->spelling_count; i++)
        r = db_find(store, SQL_ERASE_IDENTITY, NULL,
                    db_text(str_of(erasure->spellings[i])));
    erasure->is_identity = r == 1;
    return db_only_fault(r);
}

static int erasure_look(struct store *store, struct store_erasure *erasure)
{
    static const enum sql last[] = {[STORE_ERASE_EVENTS] = SQL_ERASE_LAST_EVENT,
                                    [STORE_ERASE_BODIES] = SQL_ERASE_LAST_MESSAGE,
                                    [STORE_ERASE_QUARANTINE] = SQL_ERASE_LAST_UNAPPLIED,
                                    [STORE_ERASE_CHANGES] = SQL_ERASE_LAST_CHANGE};
    int r = spellings_find(store, erasure);

    for (size_t i = STORE_ERASE_EVENTS; r == 0 && i <= STORE_ERASE_CHANGES; i++)
        r = db_only_fault(db_find_values(store, last[i], &erasure->last_ids[i], NULL, 0));
    if (r == 0)
        r = identity_look(store, erasure);
    if (r == 0)
        r = db_find(store, SQL_ERASE_SCOPE, NULL, KEY(erasure), db_time(erasure->now_ms));
    erasure->stays = r == 1 && !erasure->forget;
    erasure->was_listed = r == 1;
    return db_only_fault(r);
}

static int list_erase_now(struct store *store, struct store_erasure *erasure)
{
    int r = store_begin(store);

    return r < 0 ? r : store_finish(store, list_erase(store, erasure));
}

/* The next messages of its events. */
static int own_messages_find(struct store *store, const struct store_erasure *erasure,
                             struct own_events *ret)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_ERASE_MESSAGES_FIND, KEY(erasure), db_int(erasure->after_id),
                db_int(STORE_ERASE_ROWS_MAX));
    int r;

    ret->count = 0;
    while ((r = db_step(&call)) == 1 && ret->count < STORE_ERASE_ROWS_MAX)
        ret->message_ids[ret->count++] = db_get_int(&call);
    return db_only_fault(r);
}

static int own_message_count(struct store *store, struct store_erasure *erasure,
                             int64_t message_id)
{
    int r = db_find(store, SQL_ERASE_IS_SHARED, NULL, db_int(message_id), KEY(erasure));

    if (r == 1)
        return erasure_body(store, erasure, message_id, true);
    if (r == 0)
        r = db_find(store, SQL_BODY_OF_MESSAGE, NULL, db_int(message_id));
    erasure->bodies += r == 1;
    return db_only_fault(r);
}

static int own_events_count(struct store *store, struct store_erasure *erasure,
                            bool *ret_more)
{
    struct own_events own = {.count = 0};
    int r = 0;

    if (erasure->after_id == 0)
        r = db_find(store, SQL_ERASE_EVENTS_COUNT, &erasure->events, KEY(erasure));
    if (r >= 0)
        r = own_messages_find(store, erasure, &own);
    for (size_t i = 0; r == 0 && i < own.count; i++) {
        erasure->after_id = own.message_ids[i];
        r = own_message_count(store, erasure, own.message_ids[i]);
    }
    *ret_more = r == 0 && own.count > 0;
    return r;
}

int store_erase_begin(struct store *store, const char *address,
                      struct store_erasure *erasure)
{
    int r = address_parse(str_of(address), &erasure->address);

    erasure->spelling_count = 0;
    erasure->part = STORE_ERASE_LIST;
    erasure->after_id = 0;
    return r < 0 ? r : erasure_look(store, erasure);
}

int store_erase_end(struct store *store)
{
    return db_empty_log(store);
}

int store_erase(struct store *store, struct store_erasure *erasure, bool *ret_more)
{
    bool more = false;
    int r = 0;

    switch (erasure->part) {
    case STORE_ERASE_LIST:
        r = erasure->dry_run ? 0 : list_erase_now(store, erasure);
        break;
    case STORE_ERASE_OWN:
        r = erasure->dry_run ? own_events_count(store, erasure, &more)
                             : own_events_erase(store, erasure, &more);
        break;
    case STORE_ERASE_COUNTED:
        r = erasure_counted(store, erasure, &more);
        break;
    case STORE_ERASE_EVENTS:
    case STORE_ERASE_BODIES:
    case STORE_ERASE_QUARANTINE:
    case STORE_ERASE_CHANGES:
        r = erasure_search(store, erasure, &more);
        break;
    case STORE_ERASE_NOTES:
        r = erasure_notes(store, erasure);
        break;
    case STORE_ERASE_DONE:
        break;
    }
    if (r == 0 && !more && erasure->part < STORE_ERASE_DONE) {
        erasure->part++;
        erasure->after_id = 0;
    }
    *ret_more = r == 0 && erasure->part < STORE_ERASE_DONE;
    return r;
}

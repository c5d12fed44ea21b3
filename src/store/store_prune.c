/*
 * Retention: what is older than `[retention]` says goes, a bounded number of rows in each
 * transaction, found by the primary keys, which grow with the time of receipt.
 *
 * Rows are not quite in the order of their times, for a clock may be set: behind the last
 * one that is old, STORE_PRUNE_WINDOW further rows are looked at. What the list rests on
 * stays in the list: an entry whose event goes becomes one that a rebuild takes as given,
 * and a change of the list gets the address and the rule that only its event had.
 */
#include <errno.h>

#include "store/store_internal.h"

/* Rows of one kind that are old. */
struct old_rows {
    int64_t ids[STORE_PRUNE_ROWS_MAX];
    bool
        may_go[STORE_PRUNE_ROWS_MAX]; /* of messages: nobody need recognise it any more */
    size_t count;
};

/* How old they must be; CLOCK_NONE: they are kept forever. */
static int64_t prune_cut(const struct store_pruning *pruning, enum store_prunable what,
                         int64_t now_ms)
{
    int64_t keep_ms = pruning->keep_ms[what];

    return keep_ms == POLICY_FOR_EVER ? CLOCK_NONE : now_ms - keep_ms;
}

/* Of the kind `what`. */
static int old_rows_find(struct store *store, const struct store_pruning *pruning,
                         int64_t now_ms, struct old_rows *ret)
{
    static const enum sql finds[] = {[STORE_PRUNE_BODIES] = SQL_PRUNE_FIND_BODIES,
                                     [STORE_PRUNE_EVENTS] = SQL_PRUNE_FIND_MESSAGES,
                                     [STORE_PRUNE_QUARANTINE] = SQL_PRUNE_FIND_UNAPPLIED,
                                     [STORE_PRUNE_LOG] = SQL_PRUNE_FIND_CHANGES};
    enum store_prunable what = pruning->what;
    int64_t cut_ms = prune_cut(pruning, what, now_ms);
    struct db_value cut = what == STORE_PRUNE_LOG ? db_int(cut_ms) : db_time(cut_ms);
    int r;

    ret->count = 0;
    if (cut_ms == CLOCK_NONE)
        return 0;
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, finds[what], db_int(pruning->after_id[what]), cut,
                db_int(STORE_PRUNE_WINDOW), db_int(STORE_PRUNE_ROWS_MAX),
                db_time(now_ms - STORE_KNOWN_KEEP_MS));
    while ((r = db_step(&call)) == 1 && ret->count < STORE_PRUNE_ROWS_MAX) {
        ret->ids[ret->count] = db_get_int(&call);
        ret->may_go[ret->count++] = db_get_int(&call) != 0;
    }
    return r < 0 ? r : 0;
}

/* --- one of them ----------------------------------------------------------------- */

static int body_prune(struct store *store, int64_t message_id, int64_t *n)
{
    int r = db_change(store, SQL_PRUNE_BODY, db_int(message_id));

    *n += r > 0;
    return db_only_fault(r);
}

int events_drop_of_message(struct store *store, int64_t message_id, int64_t *n)
{
    int r = db_do(store, SQL_PRUNE_BASIS, db_int(message_id));

    if (r == 0)
        r = db_do(store, SQL_PRUNE_CHANGES_FILL, db_int(message_id));
    if (r == 0)
        r = db_change(store, SQL_PRUNE_EVENTS, db_int(message_id));
    if (r <= 0)
        return r;
    total_add(store, TOTAL_EVENTS, -r);
    *n += r;
    return db_do(store, SQL_PRUNE_NOTE_EVENTS, db_int(message_id));
}

static int change_prune(struct store *store, int64_t id, int64_t *n)
{
    int r = db_change(store, SQL_PRUNE_CHANGE, db_int(id));

    *n += r > 0;
    return r > 0 ? db_do(store, SQL_PRUNE_NOTE_CHANGE, db_int(id)) : r;
}

static int message_prune(struct store *store, int64_t id, bool may_go, int64_t *n)
{
    int64_t bodies = 0;
    int r = events_drop_of_message(store, id, n);

    if (r == 0)
        r = body_prune(store, id, &bodies);
    if (r == 0 && may_go)
        r = db_do(store, SQL_PRUNE_MESSAGE, db_int(id));
    return r;
}

static int row_prune(struct store *store, struct store_pruning *pruning, int64_t id,
                     bool may_go)
{
    int64_t *n = &pruning->pruned[pruning->what];

    switch (pruning->what) {
    case STORE_PRUNE_BODIES:
        return body_prune(store, id, n);
    case STORE_PRUNE_EVENTS:
        return message_prune(store, id, may_go, n);
    case STORE_PRUNE_QUARANTINE:
        *n += 1;
        return quarantine_leave(store, id);
    case STORE_PRUNE_LOG:
        return change_prune(store, id, n);
    case STORE_PRUNE_KINDS:
        break;
    }
    return -EINVAL;
}

/* --- steps ----------------------------------------------------------------------- */

void store_prune_begin(struct store_pruning *pruning)
{
    pruning->what = STORE_PRUNE_BODIES;
    for (size_t i = 0; i < STORE_PRUNE_KINDS; i++)
        pruning->after_id[i] = 0;
}

/* As many rows as STORE_PRUNE_MS allows, to judge by the step before. */
static void prune_rows_adapt(struct store_pruning *pruning, int64_t took_ms)
{
    if (took_ms > STORE_PRUNE_MS && pruning->rows_max > STORE_PRUNE_ROWS_MIN)
        pruning->rows_max /= 2;
    else if (took_ms < STORE_PRUNE_MS / 2 && pruning->rows_max < STORE_PRUNE_ROWS_MAX)
        pruning->rows_max += pruning->rows_max / 2;
}

/* Rows of which something is kept for longer are found again each time, and left. */
static int old_rows_prune(struct store *store, struct store_pruning *pruning,
                          const struct old_rows *rows)
{
    int64_t deadline_ms = clock_mono_ms() + STORE_PRUNE_MS;
    int r = 0;

    for (size_t i = 0; i < rows->count && i < pruning->rows_max; i++) {
        r = row_prune(store, pruning, rows->ids[i], rows->may_go[i]);
        if (r < 0)
            break;
        pruning->after_id[pruning->what] = rows->ids[i];
        if (clock_mono_ms() >= deadline_ms)
            break;
    }
    return r;
}

/* Of the first kind from `what` on that has any. */
static int old_rows_next(struct store *store, struct store_pruning *pruning,
                         int64_t now_ms, struct old_rows *ret)
{
    int r = 0;

    ret->count = 0;
    for (; pruning->what < STORE_PRUNE_KINDS; pruning->what++) {
        r = old_rows_find(store, pruning, now_ms, ret);
        if (r < 0 || ret->count > 0)
            return r;
    }
    return 0;
}

int store_prune(struct store *store, struct store_pruning *pruning, int64_t now_ms,
                bool *ret_more)
{
    struct store_pruning before = *pruning;
    struct old_rows rows;
    int r = old_rows_next(store, pruning, now_ms, &rows);

    *ret_more = false;
    if (r < 0 || rows.count == 0) {
        pruning->what = STORE_PRUNE_BODIES; /* the next time from where these ended */
        return r;
    }
    if (pruning->rows_max == 0)
        pruning->rows_max = STORE_PRUNE_ROWS_MIN;
    r = store_begin(store);
    int64_t begun_ms = clock_mono_ms(); /* waiting for others is not our work */
    if (r == 0)
        r = store_finish(store, old_rows_prune(store, pruning, &rows));
    if (r < 0)
        *pruning = before;
    else
        prune_rows_adapt(pruning, clock_mono_ms() - begun_ms);
    *ret_more = r == 0;
    return r;
}

static int row_count(struct store *store, enum store_prunable what, int64_t id,
                     int64_t *n)
{
    int64_t events = 1;
    int r = 0;

    if (what == STORE_PRUNE_EVENTS)
        r = db_find(store, SQL_PRUNE_COUNT_EVENTS, &events, db_int(id));
    else if (what == STORE_PRUNE_BODIES)
        r = db_find(store, SQL_PRUNE_COUNT_BODY, &events, db_int(id));
    *n += events;
    return db_only_fault(r);
}

int store_prune_count(struct store *store, struct store_pruning *pruning, int64_t now_ms,
                      bool *ret_more)
{
    struct old_rows rows;
    int r = old_rows_next(store, pruning, now_ms, &rows);

    for (size_t i = 0; r == 0 && i < rows.count; i++) {
        r = row_count(store, pruning->what, rows.ids[i], &pruning->pruned[pruning->what]);
        pruning->after_id[pruning->what] = rows.ids[i];
    }
    *ret_more = r == 0 && rows.count > 0;
    return r;
}

/* What is due of each kind, from the oldest on. Is anything? 1, 0 or a fault. */
static int due_look(struct store *store, const struct store_pruning *pruning,
                    int64_t due_ms, struct store_prune_notice *ret)
{
    struct store_pruning from_the_oldest = *pruning;
    int is_due = 0, r = 0;

    for (unsigned i = 0; r >= 0 && i < STORE_PRUNE_KINDS; i++) {
        struct old_rows rows;

        from_the_oldest.what = (enum store_prunable)i;
        from_the_oldest.after_id[i] = 0;
        ret->before_ms[i] = prune_cut(pruning, (enum store_prunable)i, due_ms);
        ret->oldest_ms[i] = CLOCK_NONE;
        r = old_rows_find(store, &from_the_oldest, due_ms, &rows);
        if (r < 0 || rows.count == 0)
            continue;
        is_due = 1;
        r = db_find(store,
                    i == STORE_PRUNE_LOG ? SQL_PRUNE_CHANGE_TIME : SQL_PRUNE_MESSAGE_TIME,
                    &ret->oldest_ms[i], db_int(rows.ids[0]));
    }
    return r < 0 ? r : is_due;
}

int store_prune_announce(struct store *store, const struct store_pruning *pruning,
                         int64_t due_ms, int64_t now_ms, struct store_prune_notice *ret)
{
    int64_t from_s = 0;
    int noted = db_find(store, SQL_PRUNE_FROM, &from_s);
    int64_t from_ms = from_s * CLOCK_SECOND_MS;
    int r;

    ret->from_ms = CLOCK_NONE;
    if (noted < 0 || (noted == 1 && from_ms <= now_ms))
        return db_only_fault(noted);
    r = due_look(store, pruning, due_ms, ret);
    if (r <= 0)
        return r;
    /* Later than that only if the clock was ahead when it was noted. */
    if (noted == 0 || from_ms - now_ms > STORE_PRUNE_GRACE_MS) {
        from_ms = (now_ms + STORE_PRUNE_GRACE_MS) / CLOCK_SECOND_MS * CLOCK_SECOND_MS;
        r = store_begin(store);
        if (r == 0)
            r = store_finish(store, db_do(store, SQL_PRUNE_FROM_PUT,
                                          db_int(from_ms / CLOCK_SECOND_MS)));
    }
    if (r >= 0)
        ret->from_ms = from_ms;
    return db_only_fault(r);
}

int store_prune_clock(struct store *store, int64_t now_ms, int64_t *ret_ms)
{
    int64_t newest_ms = now_ms;
    int r = db_find(store, SQL_PRUNE_CLOCK, &newest_ms, db_int(STORE_CLOCK_ROWS_MAX),
                    db_int(now_ms));

    *ret_ms = now_ms;
    if (r == 1 && now_ms > newest_ms + STORE_PRUNE_QUIET_MS)
        *ret_ms = newest_ms + STORE_PRUNE_QUIET_MS;
    return db_only_fault(r);
}

/*
 * `suppress rebuild`: what differs between the list and the replay of what is kept.
 *
 * To replay takes most of the time, so it is done where nobody has to wait for it:
 * outside the transaction that changes the list. That one only looks whether what the
 * result rests on is still the same, and replays again if it is not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_replay.h"

/* Differs once an event or a decision of the address has come or gone. */
struct revision {
    int64_t event_count;
    int64_t last_event_id;
    int64_t last_decision_id;
};

struct store_rebuilding {
    struct store_rebuild rebuild;
    struct replay replay;
    struct revision revision;
    int64_t version; /* of the whole database: differs once another process has written */
};

void store_rebuilding_free(struct store_rebuilding *rebuilding)
{
    if (rebuilding)
        replay_done(&rebuilding->replay);
    free(rebuilding);
}

/* --- what differs ---------------------------------------------------------------- */

static int revision_read(struct replay *replay, struct revision *ret)
{
    _cleanup_(db_call_end) struct db_call call = db_call(
        replay->store, SQL_REBUILD_REVISION, db_text(str_of(replay->address.key)));
    int r = db_step(&call);

    if (r < 0)
        return r;
    ret->event_count = db_get_int(&call);
    ret->last_event_id = db_get_int(&call);
    ret->last_decision_id = db_get_int(&call);
    return 0;
}

/* Does any scope differ? */
static bool scopes_compare(struct replay *replay)
{
    bool any = false;

    for (size_t i = 0; i < replay->scope_count; i++) {
        struct replayed *scope = replay->scopes[i];
        const struct policy_rebuild by = {.given = scope->given,
                                          .now_ms = replay->rebuild->now_ms};

        memcpy(scope->was, scope->kept.state.entries, sizeof(scope->was));
        scope->differs =
            policy_rebuild(&scope->state, &by, &scope->kept.state, &scope->change);
        any = any || scope->differs;
    }
    return any;
}

int store_rebuild_look(struct store *store, const struct store_rebuild *rebuild,
                       const char *address, struct store_rebuilding **ret)
{
    _cleanup_(store_rebuilding_freep) struct store_rebuilding *rebuilding =
        calloc(1, sizeof(*rebuilding));

    *ret = NULL;
    if (!rebuilding)
        return -ENOMEM;
    struct replay *replay = &rebuilding->replay;
    rebuilding->rebuild = *rebuild;
    *replay = (struct replay){.store = store, .rebuild = &rebuilding->rebuild};
    if (address_parse(str_of(address), &replay->address) < 0)
        return 0; /* only an older program can have kept it */
    (void)snprintf(replay->guard, sizeof(replay->guard), "guard:%s",
                   replay->address.domain);
    int r = replay_run(replay);
    if (r < 0 || !scopes_compare(replay))
        return r;
    r = revision_read(replay, &rebuilding->revision);
    if (r == 0)
        r = db_version(store, &rebuilding->version);
    if (r < 0)
        return r;
    *ret = take_ptr(rebuilding);
    return 1;
}

/* --- whether it is still so ------------------------------------------------------ */

static bool entry_is_same(const struct policy_entry *a, const struct policy_entry *b)
{
    return a->exists == b->exists && a->lifted == b->lifted && a->held == b->held &&
           a->ended == b->ended && a->is_basis == b->is_basis && a->origin == b->origin &&
           a->since_ms == b->since_ms && a->until_ms == b->until_ms &&
           a->first_event_ms == b->first_event_ms &&
           a->last_event_ms == b->last_event_ms && a->event_count == b->event_count &&
           a->repeats == b->repeats && a->held_id == b->held_id &&
           a->lifted_ms == b->lifted_ms && str_equal(a->detail, b->detail) &&
           str_equal(a->rule, b->rule) && str_equal(a->why, b->why) &&
           str_equal(a->actor, b->actor) && str_equal(a->note, b->note) &&
           str_equal(a->lifted_by, b->lifted_by) &&
           str_equal(a->lifted_note, b->lifted_note);
}

/* 1 when the row of an entry is as it was; counts it in `*rows`. Else 0 or a fault. */
static int kept_row_compare(struct replay *replay, struct db_call *call, unsigned *rows)
{
    size_t scopes = replay->scope_count;
    int at = replay_scope(replay, db_get_text(call));
    _cleanup_(kept_address_done) struct kept_address now = {.rows = 0};
    int r = at < 0 ? at : kept_read_entry(&now, call);

    if (r < 0 || (size_t)at >= scopes)
        return r; /* a scope that was not there */
    struct replayed *scope = replay->scopes[at];
    if ((now.rows & scope->kept.rows) != now.rows)
        return 0;
    for (unsigned i = 0; i < POLICY_REASONS; i++) {
        if (now.rows & 1u << i && !entry_is_same(&now.state.entries[i], &scope->was[i]))
            return 0;
        *rows += now.rows >> i & 1;
    }
    return 1;
}

static int entries_are_same(struct replay *replay)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(replay->store, SQL_REBUILD_ENTRIES, db_text(str_of(replay->address.key)));
    unsigned rows = 0, were = 0;
    int r;

    for (size_t i = 0; i < replay->scope_count; i++)
        were += (unsigned)__builtin_popcount(replay->scopes[i]->kept.rows);
    while ((r = db_step(&call)) == 1) {
        r = kept_row_compare(replay, &call, &rows);
        if (r != 1)
            return r;
    }
    return r < 0 ? r : rows == were;
}

static int rebuilding_is_current(struct store_rebuilding *rebuilding)
{
    const struct revision *was = &rebuilding->revision;
    struct revision now = {0};
    int64_t version = 0;
    int r = db_version(rebuilding->replay.store, &version);

    /* What this process has written meanwhile concerns other addresses. */
    if (r < 0 || version == rebuilding->version)
        return r < 0 ? r : 1;
    r = revision_read(&rebuilding->replay, &now);
    if (r < 0)
        return r;
    if (now.event_count != was->event_count || now.last_event_id != was->last_event_id ||
        now.last_decision_id != was->last_decision_id)
        return 0;
    return entries_are_same(&rebuilding->replay);
}

/* --- what is done about it ------------------------------------------------------- */

static int scope_report(const struct replay *replay, const struct replayed *replayed,
                        store_rebuilt_fn *report, void *context)
{
    const struct policy_change *change = &replayed->change;
    int r = 0;

    for (size_t i = 0; r == 0 && i < change->line_count; i++) {
        const struct policy_line *line = &change->lines[i];
        const struct policy_entry *entry = &replayed->kept.state.entries[line->entry];
        const struct store_rebuilt rebuilt = {.address = replay->address.key,
                                              .scope = replayed->scope,
                                              .action = line->action,
                                              .reason = line->entry,
                                              .rule = entry->lifted ? NULL
                                                                    : entry->rule.data};

        if (line->action != POLICY_ACTION_EXPIRED)
            r = report(context, &rebuilt);
    }
    return r;
}

static int scope_save(struct replay *replay, struct replayed *replayed,
                      store_rebuilt_fn *report, void *context)
{
    const struct store_rebuild *rebuild = replay->rebuild;
    const struct list_cause cause = {.at_ms = rebuild->now_ms,
                                     .origin = POLICY_ORIGIN_EVENT,
                                     .actor = str_of(rebuild->actor),
                                     .note = STR("suppress rebuild")};
    const struct policy_change *change = &replayed->change;
    int r = scope_report(replay, replayed, report, context);

    if (r == 0 && !rebuild->dry_run)
        r = change_ids_reserve(replay->store, change->line_count);
    if (r == 0 && !rebuild->dry_run)
        r = kept_address_save(replay->store, &replayed->kept, change, &cause);
    return r;
}

static int rebuilding_save(struct store_rebuilding *rebuilding, store_rebuilt_fn *report,
                           void *context)
{
    struct replay *replay = &rebuilding->replay;
    int r = 0;

    for (size_t i = 0; r == 0 && i < replay->scope_count; i++)
        if (replay->scopes[i]->differs)
            r = scope_save(replay, replay->scopes[i], report, context);
    return r;
}

int store_rebuild_save(struct store_rebuilding *rebuilding, store_rebuilt_fn *report,
                       void *context)
{
    _cleanup_(store_rebuilding_freep) struct store_rebuilding *again = NULL;
    struct replay *replay = &rebuilding->replay;
    int r = rebuilding->rebuild.dry_run ? 1 : rebuilding_is_current(rebuilding);

    if (r == 1)
        r = rebuilding_save(rebuilding, report, context);
    else if (r == 0)
        r = store_rebuild_look(replay->store, &rebuilding->rebuild, replay->address.key,
                               &again);
    return r == 1 ? rebuilding_save(again, report, context) : r;
}

int store_rebuild_next(struct store *store, const char *after,
                       char (*ret)[ADDRESS_BYTES_MAX], size_t max)
{
    _cleanup_(db_call_end) struct db_call call = db_call(
        store, SQL_REBUILD_NEXT,
        (struct db_value){.type = DB_TEXT, .text = str_of(after)}, db_int((int64_t)max));
    size_t count = 0;
    int r = 0;

    while (count < max && (r = db_step(&call)) == 1) {
        struct str next = db_get_text(&call);

        if (next.len >= ADDRESS_BYTES_MAX)
            return -EUCLEAN; /* no program of ours has kept it */
        memcpy(ret[count], next.data, next.len);
        ret[count++][next.len] = '\0';
    }
    return r < 0 ? r : (int)count;
}

/* `suppress rebuild`: what differs between the list and the replay of what is kept. */
#include <errno.h>
#include <string.h>

#include "store/store_replay.h"

static int scope_report(const struct replayed *replayed,
                        const struct policy_change *change, store_rebuilt_fn *report,
                        void *context)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < change->line_count; i++) {
        const struct policy_line *line = &change->lines[i];
        const struct policy_entry *entry = &replayed->kept.state.entries[line->entry];
        const struct store_rebuilt rebuilt = {.scope = replayed->scope,
                                              .action = line->action,
                                              .reason = line->entry,
                                              .rule = entry->lifted ? NULL
                                                                    : entry->rule.data};

        if (line->action != POLICY_ACTION_EXPIRED)
            r = report(context, &rebuilt);
    }
    return r;
}

/* 1 when anything is different, 0 or a fault. */
static int scope_rebuild(struct replay *replay, struct replayed *replayed,
                         store_rebuilt_fn *report, void *context)
{
    const struct store_rebuild *rebuild = replay->rebuild;
    const struct list_cause cause = {.at_ms = rebuild->now_ms,
                                     .origin = POLICY_ORIGIN_EVENT,
                                     .actor = str_of(rebuild->actor),
                                     .note = STR("suppress rebuild")};
    struct policy_change change;
    int r;

    if (!policy_rebuild(&replayed->state, replayed->given, rebuild->now_ms,
                        &replayed->kept.state, &change))
        return 0;
    r = scope_report(replayed, &change, report, context);
    if (r == 0 && !rebuild->dry_run)
        r = change_ids_reserve(replay->store, change.line_count);
    if (r == 0 && !rebuild->dry_run)
        r = kept_address_save(replay->store, &replayed->kept, &change, &cause);
    return r < 0 ? r : 1;
}

/* In all scopes, also where there is no event any more. */
static int entries_load(struct replay *replay)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(replay->store, SQL_REBUILD_ENTRIES, db_text(str_of(replay->address.key)));
    int r;

    while ((r = db_step(&call)) == 1) {
        int at = replay_scope(replay, db_get_text(&call));

        r = at < 0 ? at : kept_read_entry(&replay->scopes[at]->kept, &call);
        if (r < 0)
            return r;
    }
    return r;
}

int store_rebuild_address(struct store *store, const struct store_rebuild *rebuild,
                          const char *address, store_rebuilt_fn *report, void *context)
{
    _cleanup_(replay_done) struct replay replay = {.store = store, .rebuild = rebuild};
    int differs = 0;
    int r = address_parse(str_of(address), &replay.address);

    if (r < 0)
        return 0; /* only an older program can have kept it */
    (void)snprintf(replay.guard, sizeof(replay.guard), "guard:%s", replay.address.domain);
    r = replay_run(&replay);
    if (r == 0)
        r = entries_load(&replay);
    for (size_t i = 0; r >= 0 && i < replay.scope_count; i++) {
        r = scope_rebuild(&replay, replay.scopes[i], report, context);
        differs = differs || r == 1;
    }
    return r < 0 ? r : differs;
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

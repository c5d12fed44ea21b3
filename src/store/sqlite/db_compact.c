/*
 * Free pages go back to the file system. A file is set up for this when it begins
 * (auto_vacuum); one that an earlier version made must be rewritten once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/sqlite/db.h"

int store_space(struct store *store, struct store_space *ret)
{
    static const char sql[] =
        "SELECT auto_vacuum = 2, page_count * page_size, freelist_count * page_size"
        " FROM pragma_auto_vacuum, pragma_page_count, pragma_page_size,"
        " pragma_freelist_count";
    _cleanup_(db_call_end) struct db_call call = db_call_text(store, sql, NULL, 0);
    int r = db_step(&call);

    if (r < 0)
        return r;
    ret->in_steps = db_get_int(&call);
    ret->bytes = db_get_int(&call);
    ret->free_bytes = db_get_int(&call);
    return 0;
}

static int space_give_back(struct store *store, int pages, int64_t *ret_bytes)
{
    struct store_space before = {0};
    struct store_space after = {0};
    char sql[64];
    int r = store_space(store, &before);

    (void)snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)", pages);
    if (r == 0)
        r = db_exec(store, sql, "giving space back");
    if (r == 0)
        r = store_space(store, &after);
    *ret_bytes = before.bytes - after.bytes;
    return r;
}

static int space_give_back_now(struct store *store, int pages, int64_t *ret_bytes)
{
    int r = space_give_back(store, pages, ret_bytes);

    if (r == 0)
        r = store_commit(store);
    if (r < 0) {
        store_rollback(store);
        *ret_bytes = 0;
    }
    return r;
}

/* As many pages as STORE_TURN_MS allows, to judge by the step before. */
static void compact_pages_adapt(struct store *store, int64_t took_ms)
{
    if (took_ms > STORE_TURN_MS && store->db->compact_pages > STORE_COMPACT_PAGES_MIN)
        store->db->compact_pages /= 2;
    else if (took_ms < STORE_TURN_MS / 3 &&
             store->db->compact_pages < STORE_COMPACT_PAGES_MAX)
        store->db->compact_pages *= 2;
}

int store_compact_step(struct store *store, int64_t *ret_bytes)
{
    int64_t begun_ms;
    int r = store_begin(store);

    *ret_bytes = 0;
    if (r < 0)
        return r;
    begun_ms = clock_mono_ms(); /* waiting for others is not our work */
    if (store->db->compact_pages == 0)
        store->db->compact_pages = STORE_COMPACT_PAGES_MIN;
    r = space_give_back_now(store, store->db->compact_pages, ret_bytes);
    if (r < 0)
        return r;
    compact_pages_adapt(store, clock_mono_ms() - begun_ms);
    return 0;
}

int store_give_back(struct store *store, bool *ret_more)
{
    struct store_space space = {0};
    int64_t bytes = 0;
    int r = store_space(store, &space);

    *ret_more = false;
    if (r < 0 || !space.in_steps || space.free_bytes <= STORE_FREE_BYTES_KEPT ||
        space.free_bytes <= space.bytes / 8)
        return r;
    r = store_begin(store);
    if (r == 0)
        r = space_give_back_now(store, STORE_COMPACT_PAGES_MIN, &bytes);
    *ret_more = r == 0 && bytes > 0;
    return r;
}

/* SQLite's copy is as large as what is kept: beside the file there was room for that. */
static void keep_temporary_files_beside(const char *path)
{
    const char *slash = strrchr(path, '/');
    _cleanup_(freep) char *directory =
        slash ? strndup(path, (size_t)(slash - path)) : NULL;

    if (directory && *directory)
        (void)setenv("SQLITE_TMPDIR", directory, 0);
}

struct interruption {
    bool (*stop)(void);
};

static int rewrite_progress(void *context)
{
    const struct interruption *interruption = context;

    return interruption->stop();
}

static int file_rewrite(struct store *store, bool (*stop)(void))
{
    struct interruption interruption = {stop};
    int r;

    keep_temporary_files_beside(store->path);
    sqlite3_progress_handler(store->db->sqlite, STORE_CHECK_STEPS, rewrite_progress,
                             &interruption);
    r = db_exec(store,
                "PRAGMA temp_store = FILE; PRAGMA auto_vacuum = INCREMENTAL; VACUUM",
                "rewriting the file");
    sqlite3_progress_handler(store->db->sqlite, 0, NULL, NULL);
    return r < 0 && stop() ? -EINTR : r;
}

int store_rewrite(struct store *store, bool (*stop)(void))
{
    int r = db_turn_take(store);

    if (r < 0)
        return r;
    /* Only who is alone can leave WAL. With WAL again readers are not held up. */
    r = db_rest(store) ? 0 : -EBUSY;
    if (r == 0 && db_wake(store, "PRAGMA journal_mode = WAL", NULL, NULL) != SQLITE_OK)
        r = -EBUSY;
    if (r == 0)
        r = stop() ? -EINTR : file_rewrite(store, stop);
    db_turn_give(store);
    return r;
}

/* A database that could not be used: has somebody replaced it, and is it sound now? */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store/sqlite/db.h"

/* FNV-1a */
static uint64_t fingerprint_add(uint64_t fingerprint, uint64_t value)
{
    for (int i = 0; i < 8; i++, value >>= 8)
        fingerprint = (fingerprint ^ (value & 0xff)) * 0x100000001b3;
    return fingerprint;
}

/* The time of the last change of the inode differs even where a tool like `cp -p` sets
 * back that of the contents. */
static uint64_t fingerprint_add_file(uint64_t fingerprint, const struct stat *st)
{
    const uint64_t values[] = {st->st_dev,
                               st->st_ino,
                               (uint64_t)st->st_size,
                               (uint64_t)st->st_mtim.tv_sec,
                               (uint64_t)st->st_mtim.tv_nsec,
                               (uint64_t)st->st_ctim.tv_sec,
                               (uint64_t)st->st_ctim.tv_nsec};

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        fingerprint = fingerprint_add(fingerprint, values[i]);
    return fingerprint;
}

uint64_t store_fingerprint(const char *path)
{
    static const char *const suffixes[] = {"", "-wal"};
    uint64_t fingerprint = 0xcbf29ce484222325;

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        _cleanup_(freep) char *name = db_beside(path, suffixes[i]);
        struct stat st = {0};

        if (!name)
            return 0;
        if (stat(name, &st) == 0)
            fingerprint = fingerprint_add_file(fingerprint, &st);
        else if (i == 0)
            return 0;
    }
    return fingerprint;
}

/* 0 and `*ret` zeroed where there is none. */
static int stat_beside(const char *path, const char *suffix, struct stat *ret)
{
    _cleanup_(freep) char *name = db_beside(path, suffix);

    *ret = (struct stat){0};
    if (!name)
        return -ENOMEM;
    return lstat(name, ret) == 0 || errno == ENOENT ? 0 : -errno;
}

void db_look_at_files(struct store *store)
{
    struct stat database, log;

    if (stat_beside(store->path, "", &database) == 0 &&
        stat_beside(store->path, "-wal", &log) == 0)
        store->db->files =
            (struct store_files){database.st_dev, database.st_ino, log.st_ino};
}

void store_files_of(const struct store *store, struct store_files *ret)
{
    *ret = store->db->files;
}

int store_set_log_aside(const char *path, const struct store_files *files)
{
    _cleanup_(freep) char *log = db_beside(path, "-wal");
    _cleanup_(freep) char *old = db_beside(path, "-wal.old");
    _cleanup_(freep) char *shm = db_beside(path, "-shm");
    struct stat database, there;
    int r = stat_beside(path, "", &database);

    if (r == 0)
        r = stat_beside(path, "-wal", &there);
    if (r < 0)
        return r;
    if (database.st_ino == 0 || database.st_ino == files->database || there.st_ino == 0 ||
        there.st_ino != files->log || there.st_dev != files->device)
        return 0;
    if (!log || !old || !shm)
        return -ENOMEM;
    if (rename(log, old) < 0)
        return -errno;
    (void)unlink(shm);
    return 1;
}

static int look_is_over(void *context)
{
    return clock_mono_ms() >= *(int64_t *)context;
}

int db_look_through(struct store *store)
{
    int64_t until_ms = clock_mono_ms() + STORE_LOOK_MS;
    sqlite3_stmt *statement = NULL;
    int r = 0;
    int rc;

    sqlite3_progress_handler(store->db->sqlite, STORE_CHECK_STEPS, look_is_over,
                             &until_ms);
    rc = sqlite3_prepare_v2(store->db->sqlite, "SELECT * FROM pragma_quick_check(1)", -1,
                            &statement, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        const char *line = text ? strrchr(text, '\n') : NULL; /* behind a headline */

        if (!text || strcmp(text, "ok") != 0) {
            (void)snprintf(store->fault, sizeof(store->fault), "%s",
                           line   ? line + 1
                           : text ? text
                                  : "damaged");
            r = -EUCLEAN;
        }
    } else if (rc != SQLITE_INTERRUPT) {
        r = db_fault(store, rc, "looking through the file");
    }
    (void)sqlite3_finalize(statement);
    sqlite3_progress_handler(store->db->sqlite, 0, NULL, NULL);
    if (r == -EUCLEAN)
        store->db->is_spoiled = true;
    return r;
}

struct progress {
    void (*tell)(void *context);
    void *context;
};

static int check_progress(void *context)
{
    const struct progress *progress = context;

    progress->tell(progress->context);
    return 0;
}

/* The lines of one check that are not "ok". */
static int look_check(struct store *store, const char *sql, struct buf *report,
                      bool *ret_bad)
{
    _cleanup_(db_call_end) struct db_call call = db_call_text(store, sql, NULL, 0);
    int r;

    while ((r = db_step(&call)) == 1) {
        struct str line = db_get_text(&call);

        if (str_equal(line, STR("ok")))
            continue;
        *ret_bad = true;
        /* A report that is full is bad enough as it is. */
        (void)buf_append_str(report, line);
        (void)buf_append_char(report, '\n');
    }
    return r;
}

int store_check(struct store *store, struct buf *report, void (*progress)(void *context),
                void *context)
{
    struct progress state = {progress, context};
    bool bad = false;
    int r;

    if (progress)
        sqlite3_progress_handler(store->db->sqlite, STORE_CHECK_STEPS, check_progress,
                                 &state);
    r = look_check(store, "SELECT * FROM pragma_integrity_check(100)", report, &bad);
    if (r == 0)
        r = look_check(
            store,
            "SELECT \"table\" || ': row ' || coalesce(rowid, '?') || ' refers to no"
            " row of ' || parent FROM pragma_foreign_key_check LIMIT 100",
            report, &bad);
    if (r == 0)
        r = look_check(
            store,
            "SELECT 'event: row ' || e.id || ' is not where row ' || m.id || ' of"
            " sns_message says' FROM event AS e JOIN sns_message AS m"
            " ON m.id = e.message_id AND (e.id BETWEEN m.first_event_id"
            " AND m.last_event_id) IS NOT TRUE LIMIT 100",
            report, &bad);
    sqlite3_progress_handler(store->db->sqlite, 0, NULL, NULL);
    if (r == -EUCLEAN)
        (void)buf_printf(report, "%s\n", store->fault);
    return r == 0 && bad ? -EUCLEAN : r;
}

static int look_size(const char *path, const char *suffix, int64_t *ret)
{
    _cleanup_(freep) char *name = db_beside(path, suffix);
    struct stat st;

    if (!name)
        return -ENOMEM;
    *ret = stat(name, &st) == 0 ? st.st_size : 0;
    return 0;
}

int db_sizes(const struct store *store, int64_t *ret_file, int64_t *ret_log)
{
    int r = look_size(store->path, "", ret_file);

    return r == 0 ? look_size(store->path, "-wal", ret_log) : r;
}

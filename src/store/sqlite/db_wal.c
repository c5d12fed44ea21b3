/*
 * The write-ahead log, written in large pieces. SQLite writes 24 bytes and then 8 KiB for
 * each page of a transaction; others look at them only once they are committed, so until
 * then they may as well wait here: one system call for some 15 pages, not two for each.
 *
 * What waits belongs to the transaction that is open, and so to WAL's write lock:
 *   - a commit syncs before it shows its frames to others, and a sync writes them first.
 *     That is so with synchronous=FULL only;
 *   - a rollback gives up the lock, and with it what waits: from then on another process
 *     may write at the same place.
 *
 * The methods of the file are replaced, not the VFS: whatever VFS there is stays below.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "store/sqlite/db.h"

struct wal {
    sqlite3_io_methods methods; /* first: what SQLite sees leads back to us */
    const sqlite3_io_methods *real;
    sqlite3 *db;
    sqlite3_int64 at; /* where `bytes` belong in the file */
    int len;
    char bytes[STORE_WAL_WRITE_BYTES];
};

static struct wal *wal_of(const sqlite3_file *file)
{
    return (struct wal *)(uintptr_t)file->pMethods;
}

/* What could not be written is gone: SQLite rolls back, and writes there again. */
static int flush(sqlite3_file *file)
{
    struct wal *wal = wal_of(file);
    int len = wal->len;

    wal->len = 0;
    return len > 0 ? wal->real->xWrite(file, wal->bytes, len, wal->at) : SQLITE_OK;
}

static int wal_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    struct wal *wal = wal_of(file);
    bool follows = wal->len > 0 && at == wal->at + wal->len;

    if (!follows || len > STORE_WAL_WRITE_BYTES - wal->len) {
        int rc = flush(file);

        if (rc != SQLITE_OK)
            return rc;
    }
    assert(len <= STORE_WAL_WRITE_BYTES); /* a page has 64 KiB at most */
    if (wal->len == 0)
        wal->at = at;
    memcpy(wal->bytes + wal->len, bytes, (size_t)len);
    wal->len += len;
    return SQLITE_OK;
}

/* A transaction that outgrew the cache reads its own frames. All other reads do not
 * concern what waits: they may come when the write lock is gone. */
static int wal_read(sqlite3_file *file, void *to, int len, sqlite3_int64 at)
{
    const struct wal *wal = wal_of(file);
    bool waits = at < wal->at + wal->len && wal->at < at + len;
    int rc = waits ? flush(file) : SQLITE_OK;

    return rc == SQLITE_OK ? wal->real->xRead(file, to, len, at) : rc;
}

static int wal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int rc = flush(file);

    return rc == SQLITE_OK ? wal_of(file)->real->xTruncate(file, size) : rc;
}

static int wal_sync(sqlite3_file *file, int flags)
{
    int rc = flush(file);

    return rc == SQLITE_OK ? wal_of(file)->real->xSync(file, flags) : rc;
}

static int wal_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    int rc = flush(file);

    return rc == SQLITE_OK ? wal_of(file)->real->xFileSize(file, ret) : rc;
}

static void drop(void *arg)
{
    struct wal *wal = arg;

    wal->len = 0;
}

/* What was open is rolled back before: another journal mode is for between transactions,
 * and sqlite3_close() does it first. */
static int wal_close(sqlite3_file *file)
{
    struct wal *wal = wal_of(file);

    file->pMethods = wal->real;
    (void)sqlite3_rollback_hook(wal->db, NULL, NULL);
    sqlite3_free(wal);
    return file->pMethods->xClose(file);
}

int db_wal_gather(struct store *store)
{
    sqlite3_file *file = NULL;
    struct wal *wal;
    int rc = sqlite3_file_control(store->db->sqlite, "main", SQLITE_FCNTL_JOURNAL_POINTER,
                                  &file);

    if (rc != SQLITE_OK)
        return db_fault(store, rc, "finding the WAL");
    if (!file || !file->pMethods)
        return 0; /* somebody chose another journal mode: SQLite writes that one itself */
    wal = sqlite3_malloc(sizeof(*wal));
    if (!wal)
        return -ENOMEM;
    wal->real = file->pMethods;
    wal->db = store->db->sqlite;
    wal->at = 0;
    wal->len = 0;
    wal->methods = *file->pMethods;
    wal->methods.xClose = wal_close;
    wal->methods.xRead = wal_read;
    wal->methods.xWrite = wal_write;
    wal->methods.xTruncate = wal_truncate;
    wal->methods.xSync = wal_sync;
    wal->methods.xFileSize = wal_size;
    file->pMethods = &wal->methods;
    (void)sqlite3_rollback_hook(store->db->sqlite, drop, wal);
    return 0;
}

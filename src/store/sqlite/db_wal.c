/*
 * The write-ahead log, written in large pieces. SQLite writes 24 bytes and then 8 KiB for
 * each page of a transaction; others look at them only once they are committed, so until
 * then they may as well wait here: one system call for some 15 pages, not two for each.
 *
 * What waits belongs to the transaction that is open, and so to WAL's write lock:
 *   - a commit syncs before it shows its frames to others, and a sync writes them first.
 *     That is so with synchronous=FULL only, and asserted after each commit;
 *   - a rollback gives up the lock, and with it what waits: from then on another process
 *     may write at the same place.
 *
 * It is a VFS that opens a WAL with methods of its own. Whatever VFS there was is below,
 * and has all the rest.
 */
#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "store/sqlite/db.h"

struct wal {
    sqlite3_io_methods methods; /* first: what SQLite sees leads back to us */
    const sqlite3_io_methods *real;
    sqlite3_int64 at; /* where `bytes` belong in the file */
    int len;
    char bytes[STORE_WAL_WRITE_BYTES];
};

static struct wal *wal_of(const sqlite3_file *file)
{
    return (struct wal *)(uintptr_t)file->pMethods;
}

/* What could not be written is gone: SQLite rolls back, and writes there again. */
static int wal_flush(sqlite3_file *file)
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
        int rc = wal_flush(file);

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
    int rc = waits ? wal_flush(file) : SQLITE_OK;

    return rc == SQLITE_OK ? wal->real->xRead(file, to, len, at) : rc;
}

static int wal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int rc = wal_flush(file);

    return rc == SQLITE_OK ? wal_of(file)->real->xTruncate(file, size) : rc;
}

static int wal_sync(sqlite3_file *file, int flags)
{
    int rc = wal_flush(file);

    return rc == SQLITE_OK ? wal_of(file)->real->xSync(file, flags) : rc;
}

static int wal_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    int rc = wal_flush(file);

    return rc == SQLITE_OK ? wal_of(file)->real->xFileSize(file, ret) : rc;
}

/* What was open is rolled back before: another journal mode is for between transactions,
 * and sqlite3_close() does it first. */
static int wal_close(sqlite3_file *file)
{
    struct wal *wal = wal_of(file);

    file->pMethods = wal->real;
    sqlite3_free(wal);
    return file->pMethods->xClose(file);
}

#define WAL_VFS "sesbounced"
static sqlite3_vfs *vfs_below;

static int wal_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags,
                    int *ret_flags)
{
    int rc = vfs_below->xOpen(vfs_below, name, file, flags, ret_flags);
    struct wal *wal;

    (void)self;
    if (rc != SQLITE_OK || !(flags & SQLITE_OPEN_WAL))
        return rc;
    wal = sqlite3_malloc(sizeof(*wal));
    if (!wal) {
        (void)file->pMethods->xClose(file);
        file->pMethods = NULL;
        return SQLITE_NOMEM;
    }
    wal->real = file->pMethods;
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
    return SQLITE_OK;
}

/* Under the lock of the caller. A result of SQLite's. */
static int wal_register(void)
{
    static sqlite3_vfs vfs;

    if (vfs.zName)
        return SQLITE_OK;
    vfs_below = sqlite3_vfs_find(NULL);
    if (!vfs_below)
        return SQLITE_NOMEM; /* all that SQLite can fail to start for */
    vfs = *vfs_below; /* its methods need nothing of it but pAppData, which is copied */
    vfs.zName = WAL_VFS;
    vfs.xOpen = wal_open;
    return sqlite3_vfs_register(&vfs, false);
}

/* Of the connection now; NULL while it has none. */
static struct wal *wal_of_store(struct store *store)
{
    sqlite3_file *file = NULL;

    (void)sqlite3_file_control(store->db->sqlite, "main", SQLITE_FCNTL_JOURNAL_POINTER,
                               &file);
    return file && file->pMethods && file->pMethods->xWrite == wal_write ? wal_of(file)
                                                                         : NULL;
}

static void wal_rolled_back(void *context)
{
    struct wal *wal = wal_of_store(context);

    if (wal)
        wal->len = 0;
}

static int wal_committed(void *context, sqlite3 *db, const char *name, int pages)
{
    struct store *store = context;
    const struct wal *wal = wal_of_store(store);

    (void)db;
    (void)name;
    assert(wal && wal->len == 0); /* else others see what is in no file */
    /* Every page of 8 KiB has a header of 24 bytes in the WAL. */
    store->db->wal_bytes = (int64_t)pages * (8192 + 24);
    return SQLITE_OK;
}

int db_wal_open(struct store *store, int flags)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    int rc;

    pthread_mutex_lock(&mutex);
    rc = wal_register();
    pthread_mutex_unlock(&mutex);
    if (rc == SQLITE_OK)
        rc = sqlite3_open_v2(store->path, &store->db->sqlite, flags, WAL_VFS);
    if (rc != SQLITE_OK)
        return rc;
    (void)sqlite3_wal_hook(store->db->sqlite, wal_committed, store);
    (void)sqlite3_rollback_hook(store->db->sqlite, wal_rolled_back, store);
    return SQLITE_OK;
}

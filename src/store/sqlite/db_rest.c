/*
 * The file at rest, when nobody has it open. SQLite needs -wal and -shm beside a file
 * whose header says WAL, even to read it, and creates them where it may. The group may
 * not create files in the directory. So the last writer leaves a file that says DELETE:
 * it is readable by itself, whatever root's sqlite3 does to it meanwhile.
 *
 * A file that says WAL and stands alone, such as a copy made by `.backup`, can still be
 * read as immutable: that is right as long as nobody writes, and a writer has a -wal.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/sqlite/db.h"

/* The read version in the file's header (fileformat2.html, 1.3). */
#define HEADER_VERSION_AT  19
#define HEADER_SAYS_DELETE 1
#define HEADER_SAYS_WAL    2

/* Every process that uses the -shm holds a lock on this byte (walformat.html, 2.2). */
#define SHM_SWITCH_AT 128

/* What opens the -wal and the -shm, where the header says so. */
#define USE_WAL "SELECT 1 FROM sqlite_schema LIMIT 1"

/*
 * Back to WAL. SQLite commits the header that says so, and creates -wal and -shm at the
 * next use: a reader in between, who may create neither and may not set up a -shm, would
 * be refused. So the lock under which the header was committed is not given up before
 * SQLite has used both.
 */
struct waking {
    sqlite3_io_methods methods; /* first: what SQLite sees leads back to us */
    const sqlite3_io_methods *real;
    struct store *store;
    int64_t tried_ms; /* since when readers are in the way; 0: they are not */
    bool is_reserved;
    bool is_exclusive;
    int believed; /* by SQLite: the level of its lock */
};

static struct waking *waking_of(const sqlite3_file *file)
{
    return (struct waking *)(uintptr_t)file->pMethods;
}

/*
 * Readers of the file at rest, who began before us, are in the way of EXCLUSIVE. While we
 * have PENDING, nobody joins them, and what SQLite commits here changes the header alone,
 * which they have read: so a reader that does not end soon can stay. What must not happen
 * before they end is a checkpoint, and db_early.c sees to that. To roll back a hot
 * journal takes EXCLUSIVE without RESERVED before it: after a crash within this commit
 * the next start waits until such readers have ended.
 */
static bool can_go_beside(struct waking *waking)
{
    int64_t now_ms = clock_mono_ms();

    if (waking->store->mode != STORE_OWN || !waking->is_reserved)
        return false;
    if (waking->tried_ms == 0)
        waking->tried_ms = now_ms;
    return now_ms - waking->tried_ms >= STORE_EARLY_MS && db_early_mark(waking->store);
}

static int waking_lock(sqlite3_file *file, int level)
{
    struct waking *waking = waking_of(file);
    int rc = waking->real->xLock(file, level);

    if (rc == SQLITE_OK && level == SQLITE_LOCK_RESERVED)
        waking->is_reserved = true;
    if (rc == SQLITE_BUSY && level == SQLITE_LOCK_EXCLUSIVE && can_go_beside(waking))
        rc = SQLITE_OK;
    if (rc == SQLITE_OK && level == SQLITE_LOCK_EXCLUSIVE)
        waking->is_exclusive = true;
    if (rc == SQLITE_OK && level > waking->believed)
        waking->believed = level;
    return rc;
}

static int waking_unlock(sqlite3_file *file, int level)
{
    struct waking *waking = waking_of(file);

    waking->believed = level;
    waking->is_reserved = false;
    return waking->is_exclusive ? SQLITE_OK : waking->real->xUnlock(file, level);
}

/* Nothing is withheld from then on. */
static int waking_end(struct waking *waking, sqlite3_file *file)
{
    file->pMethods = waking->real;
    if (!waking->is_exclusive || waking->believed > SQLITE_LOCK_SHARED)
        return SQLITE_OK;
    return file->pMethods->xUnlock(file, waking->believed);
}

int db_wake(struct store *store, const char *sql,
            int (*row)(void *context, int count, char **values, char **names),
            void *context)
{
    struct waking waking = {.store = store};
    sqlite3_file *file = NULL;
    int rc =
        sqlite3_file_control(store->db->sqlite, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    int unlock_rc;

    if (rc != SQLITE_OK)
        return rc;
    waking.real = file->pMethods;
    waking.methods = *file->pMethods;
    waking.methods.xLock = waking_lock;
    waking.methods.xUnlock = waking_unlock;
    file->pMethods = &waking.methods;
    rc = sqlite3_exec(store->db->sqlite, sql, row, context, NULL);
    if (rc == SQLITE_OK && waking.is_exclusive)
        rc = sqlite3_exec(store->db->sqlite, USE_WAL, NULL, NULL, NULL);
    unlock_rc = waking_end(&waking, file);
    return rc == SQLITE_OK ? unlock_rc : rc;
}

static bool journal_is_left(const char *path)
{
    _cleanup_(freep) char *name = db_beside(path, "-journal");
    struct stat st;

    return !name || stat(name, &st) == 0;
}

/* Has another process the -shm in use? Then SQLite does not set it up. Only while this
 * process has no connection to it, whose locks the close would drop. */
static bool shm_is_used(const char *path)
{
    _cleanup_(freep) char *name = db_beside(path, "-shm");
    _cleanup_(closep) int fd =
        name ? open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -ENOMEM;
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = SHM_SWITCH_AT, .l_len = 1};

    return fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

void db_wake_wal(struct store *store)
{
    const struct timespec pause = {0, 1000000L};
    int64_t until_ms = clock_mono_ms() + STORE_EARLY_MS;
    sqlite3_file *file = NULL;
    unsigned char version = 0;

    if (sqlite3_file_control(store->db->sqlite, "main", SQLITE_FCNTL_FILE_POINTER,
                             &file) != SQLITE_OK ||
        file->pMethods->xRead(file, &version, 1, HEADER_VERSION_AT) != SQLITE_OK ||
        version != HEADER_SAYS_WAL || journal_is_left(store->path) ||
        shm_is_used(store->path))
        return;
    /* PENDING, which comes with RESERVED before it, is enough against those who have not
     * begun; of the others, who reads for longer than that has what it needs. */
    if (file->pMethods->xLock(file, SQLITE_LOCK_SHARED) == SQLITE_OK &&
        file->pMethods->xLock(file, SQLITE_LOCK_RESERVED) == SQLITE_OK)
        while (file->pMethods->xLock(file, SQLITE_LOCK_EXCLUSIVE) == SQLITE_BUSY &&
               clock_mono_ms() < until_ms)
            (void)nanosleep(&pause, NULL);
    (void)sqlite3_exec(store->db->sqlite, USE_WAL, NULL, NULL, NULL);
    (void)file->pMethods->xUnlock(file, SQLITE_LOCK_SHARED);
}

static void wal_keep(struct store *store, int keep)
{
    (void)sqlite3_file_control(store->db->sqlite, "main", SQLITE_FCNTL_PERSIST_WAL,
                               &keep);
}

bool db_rest(struct store *store)
{
    int moved = 0;
    int rc;

    (void)sqlite3_file_control(store->db->sqlite, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (store->db->is_spoiled || moved)
        return false;
    /* That others have it open is not a fault: then -wal and -shm stay for readers. */
    (void)sqlite3_busy_timeout(store->db->sqlite, 0);
    wal_keep(store, 0);
    rc =
        sqlite3_exec(store->db->sqlite, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    wal_keep(store, 1);
    (void)sqlite3_busy_timeout(store->db->sqlite, STORE_BUSY_MS);
    return rc == SQLITE_OK;
}

/* Only while this process has no connection to it, whose locks the close would drop. */
static bool header_says_delete(const char *path)
{
    _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char version = 0;

    return fd >= 0 && pread(fd, &version, 1, HEADER_VERSION_AT) == 1 &&
           version == HEADER_SAYS_DELETE;
}

int store_settle(const char *path, struct buf *fault)
{
    _cleanup_(store_closep) struct store *store = NULL;

    if (header_says_delete(path) && !journal_is_left(path))
        return 0;
    return store_open(path, STORE_WRITE, &store, fault);
}

/* Is there something in a -wal? What cannot be seen might be. */
static bool wal_in_use(const struct store *store)
{
    _cleanup_(freep) char *name = db_beside(store->path, "-wal");
    struct stat st;

    if (!name || stat(name, &st) < 0)
        return !name || errno != ENOENT;
    return st.st_size > 0;
}

/* As a URI, in which these have a meaning. */
static int uri_append_path(struct buf *uri, const char *path)
{
    int r = 0;

    for (; r == 0 && *path; path++) {
        if (*path == '%' || *path == '?' || *path == '#')
            r = buf_printf(uri, "%%%02x", (unsigned)*path);
        else
            r = buf_append_char(uri, *path);
    }
    return r;
}

int db_rest_open(struct store *store)
{
    const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                      SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    _cleanup_(buf_done) struct buf uri;
    int rc = SQLITE_NOMEM;

    buf_init(&uri, STORE_URI_BYTES_MAX);
    if (wal_in_use(store))
        return -EBUSY;
    for (size_t i = 0; i < SQL_COUNT; i++) {
        (void)sqlite3_finalize(store->db->statements[i]);
        store->db->statements[i] = NULL;
    }
    (void)sqlite3_close(store->db->sqlite);
    store->db->sqlite = NULL;
    if (buf_append_str(&uri, STR("file:")) == 0 &&
        uri_append_path(&uri, store->path) == 0 &&
        buf_append_str(&uri, STR("?immutable=1")) == 0)
        rc = sqlite3_open_v2(buf_str(&uri).data, &store->db->sqlite, flags, NULL);
    if (rc != SQLITE_OK)
        return db_fault(store, rc, "opening");
    store->db->at_rest = true;
    return 0;
}

int db_read_check(struct store *store)
{
    if (!store->db->at_rest || !wal_in_use(store))
        return 0;
    (void)snprintf(store->fault, sizeof(store->fault),
                   "sesbounced was started while the file was being read");
    return -EBUSY;
}

/*
 * Early readers: those that began to read the file at rest before a daemon started, and
 * have not ended. They know no WAL and read nothing but the database file itself, so a
 * process that writes to the WAL does not disturb them, but a checkpoint would. In WAL a
 * reader of that kind holds WAL_READ_LOCK(0) (walformat.html, 2.3.1), and no process
 * backfills meanwhile: we hold it in their place until the last of them has ended.
 *
 * Who they are: those whose locks are older than a mark of ours on the same bytes. Linux
 * names the oldest of several locks that are in the way, and the mark is not a lock of
 * SQLite or of this process, but of an open file description (fcntl(2)). A system that
 * names another one would make us hold on for longer than needed, or see the mark at
 * once: db_early_mark() looks for that.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite/db.h"

/* Where SQLite's SHARED lock is (fileformat2.html, 1.2.1: the lock-byte page), and the
 * number of WAL_READ_LOCK(0) in the -shm. */
#define SHARED_FIRST    (0x40000000 + 2)
#define SHARED_BYTES    510
#define WAL_READ_LOCK_0 3

/*
 * To close any descriptor of a file drops the locks that SQLite holds on it in this
 * process. So this one stays open until the database was replaced: then no connection to
 * the old one is left.
 */
static int mark_fd = -1;

static bool mark_is_of(const char *path)
{
    struct stat here, there;

    return mark_fd >= 0 && fstat(mark_fd, &here) == 0 && stat(path, &there) == 0 &&
           here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

static int mark_set(short type)
{
    struct flock lock = {.l_type = type,
                         .l_whence = SEEK_SET,
                         .l_start = SHARED_FIRST,
                         .l_len = SHARED_BYTES};

    return fcntl(mark_fd, F_OFD_SETLK, &lock) < 0 ? -errno : 0;
}

/* Does another process have a lock that is older than our mark? `*ret_pid` is -1 for a
 * mark, and 0 for a process that this one cannot see, as from another container. */
static bool mark_find_reader(pid_t *ret_pid)
{
    struct flock lock = {.l_type = F_WRLCK,
                         .l_whence = SEEK_SET,
                         .l_start = SHARED_FIRST,
                         .l_len = SHARED_BYTES};

    if (fcntl(mark_fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
        return false;
    *ret_pid = lock.l_pid;
    return lock.l_pid != -1;
}

bool db_early_mark(struct store *store)
{
    pid_t pid = 0;

    store->db->has_early = false;
    if (!mark_is_of(store->path)) {
        closep(&mark_fd);
        mark_fd = open(store->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    }
    if (mark_fd < 0)
        return false;
    (void)mark_set(F_UNLCK);
    if (!mark_find_reader(&pid) || mark_set(F_RDLCK) < 0)
        return false;
    if (!mark_find_reader(&pid)) {
        (void)mark_set(F_UNLCK); /* ended just now, or another order than Linux's */
        return false;
    }
    store->db->has_early = true;
    db_early_note(store);
    return true;
}

static int lock_read_0(struct store *store, int flags)
{
    sqlite3_file *file = NULL;
    int rc =
        sqlite3_file_control(store->db->early, "main", SQLITE_FCNTL_FILE_POINTER, &file);

    if (rc == SQLITE_OK)
        rc =
            file->pMethods->xShmLock(file, WAL_READ_LOCK_0, 1, flags | SQLITE_SHM_SHARED);
    return rc;
}

int db_early_hold(struct store *store)
{
    const int flags =
        SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_READWRITE;
    int persist = 1;
    int rc = sqlite3_open_v2(store->path, &store->db->early, flags, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(store->db->early, STORE_BUSY_MS);
    if (rc == SQLITE_OK)
        rc = sqlite3_file_control(store->db->early, "main", SQLITE_FCNTL_PERSIST_WAL,
                                  &persist);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(store->db->early, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                               NULL);
    /* Opens the -shm; no statement follows on this connection. */
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(store->db->early, "SELECT 1 FROM sqlite_schema LIMIT 1", NULL,
                          NULL, NULL);
    if (rc == SQLITE_OK)
        rc = lock_read_0(store, SQLITE_SHM_LOCK);
    if (rc == SQLITE_OK)
        return 0;
    (void)sqlite3_close(store->db->early);
    store->db->early = NULL;
    return db_fault(store, rc, "keeping the file as earlier readers see it");
}

void db_early_end(struct store *store)
{
    if (store->db->early) {
        (void)lock_read_0(store, SQLITE_SHM_UNLOCK);
        (void)sqlite3_close(store->db->early);
        store->db->early = NULL;
    }
    if (store->db->has_early)
        (void)mark_set(F_UNLCK);
    store->db->has_early = false;
}

bool store_early_reader(struct store *store, pid_t *ret_pid)
{
    if (!store->db->has_early)
        return false;
    if (mark_find_reader(ret_pid))
        return true;
    db_early_end(store);
    db_early_note(store);
    return false;
}

/* A byte in PATH.turn, for the process that opens the file next, after a crash, too. */
void db_early_note(struct store *store)
{
    static const char note = 'E';

    if (store->mode != STORE_OWN)
        return;
    if (!store->db->has_early)
        (void)!ftruncate(store->db->turn_fd, 0);
    else
        (void)!pwrite(store->db->turn_fd, &note, 1, 0);
}

bool db_early_is_noted(const struct store *store)
{
    _cleanup_(freep) char *turn = db_beside(store->path, ".turn");
    struct stat st;

    return turn && lstat(turn, &st) == 0 && st.st_size > 0;
}

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "store/sqlite/db.h"

/* Only writers may lock it: a member of the group who could would hold up the daemon. */
#define TURN_MODE 0600

static int turn_fault(struct store *store, int error, const char *what)
{
    (void)snprintf(store->fault, sizeof(store->fault), "%s.turn: %s: %s", store->path,
                   what, strerror(error));
    return -error;
}

static int turn_refuse(struct store *store)
{
    (void)snprintf(store->fault, sizeof(store->fault),
                   "%s.turn is not a regular file with one link: remove it", store->path);
    return -EACCES;
}

/*
 * When root makes it, it belongs to whom the database belongs to, like SQLite's own. But
 * anybody who may write to the directory can put something else there, and root must not
 * give that away: what a link leads to, or another name of some file.
 */
static int turn_give_to_owner(struct store *store, int fd)
{
    struct stat database;
    struct stat turn;

    if (fstat(fd, &turn) < 0 || !S_ISREG(turn.st_mode))
        return turn_refuse(store);
    if (geteuid() != 0 || stat(store->path, &database) < 0 ||
        (turn.st_uid == database.st_uid && turn.st_gid == database.st_gid))
        return 0;
    if (turn.st_nlink != 1)
        return turn_refuse(store);
    (void)!fchown(fd, database.st_uid, database.st_gid);
    return 0;
}

int db_turn_open(struct store *store)
{
    _cleanup_(freep) char *path = db_beside(store->path, ".turn");
    _cleanup_(closep) int fd = -1;
    int r;

    if (!path)
        return turn_fault(store, ENOMEM, "opening");
    fd = open(path,
              (store->mode == STORE_OWN ? O_RDWR : O_RDONLY) | O_CREAT | O_CLOEXEC |
                  O_NOFOLLOW | O_NONBLOCK,
              TURN_MODE);
    if (fd < 0)
        return errno == ELOOP ? turn_refuse(store) : turn_fault(store, errno, "opening");
    r = turn_give_to_owner(store, fd);
    if (r == 0)
        store->db->turn_fd = take_fd(fd);
    return r;
}

void db_turn_give(struct store *store)
{
    if (!store->db->has_turn)
        return;
    (void)flock(store->db->turn_fd, LOCK_UN);
    store->db->has_turn = false;
    store->db->turn_given_ms = clock_mono_ms();
}

/*
 * A process that waits looks only from time to time, and would hardly ever find the turn
 * free between two of ours: it stays free for half as long as we had it. That is many
 * times as long as a waiter needs, and longer would only make an import wait.
 */
static void turn_leave_to_others(const struct store *store)
{
    int64_t had_ms = store->db->turn_given_ms - store->db->turn_taken_ms;
    int64_t gap_ms = had_ms / 2 > STORE_TURN_GAP_MS ? had_ms / 2 : STORE_TURN_GAP_MS;
    int64_t left_ms = store->db->turn_given_ms - clock_mono_ms() + gap_ms;
    struct timespec pause = {.tv_sec = left_ms / 1000,
                             .tv_nsec = left_ms % 1000 * 1000000};

    if (store->mode == STORE_WRITE && store->db->turn_given_ms && left_ms > 0)
        (void)nanosleep(&pause, NULL);
}

/* Others hold it for one short transaction, so looking again each millisecond is cheap.
 */
int db_turn_take(struct store *store)
{
    static const struct timespec pause = {.tv_nsec = 1000000};
    int64_t deadline_ms = 0;

    turn_leave_to_others(store);
    while (flock(store->db->turn_fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK)
            return turn_fault(store, errno, "locking");
        if (deadline_ms == 0)
            deadline_ms = clock_mono_ms() + STORE_BUSY_MS;
        else if (clock_mono_ms() >= deadline_ms)
            return turn_fault(store, EBUSY, "another process writes for too long");
        (void)nanosleep(&pause, NULL);
    }
    store->db->has_turn = true;
    store->db->turn_taken_ms = clock_mono_ms();
    return 0;
}

/* What is committed to a file that nobody can open any more is not kept. */
int store_check_in_place(struct store *store)
{
    int moved = 0;

    (void)sqlite3_file_control(store->db->sqlite, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (!moved)
        return 0;
    (void)snprintf(store->fault, sizeof(store->fault), "%s is not the file we opened",
                   store->path);
    store->db->is_spoiled = true;
    return -ESTALE;
}

/* SQLite has rolled back by itself after some faults; and while memory is short, a
 * rollback can fail, too, and is still to be done when the next transaction begins. */
static int transaction_roll_back(struct store *store)
{
    if (sqlite3_get_autocommit(store->db->sqlite))
        return 0;
    return db_exec(store, "ROLLBACK", "rolling back");
}

int db_begin(struct store *store)
{
    int r = transaction_roll_back(store);

    if (r == 0)
        r = store_check_in_place(store);
    if (r == 0)
        r = db_turn_take(store);
    if (r < 0)
        return r;
    /* The main writer only passes through: the holder of the turn goes first, and gets
     * the lock when our present batch ends. */
    if (store->mode == STORE_OWN)
        db_turn_give(store);
    r = db_do(store, SQL_BEGIN);
    if (r < 0)
        db_turn_give(store);
    return r;
}

void db_rollback(struct store *store)
{
    (void)transaction_roll_back(store);
    db_turn_give(store);
}

int db_commit(struct store *store)
{
    int r = db_do(store, SQL_COMMIT);

    if (r < 0)
        return r;
    db_turn_give(store);
    /* Without a daemon nobody else would: an import must not grow the WAL without end. */
    if (store->mode == STORE_WRITE && store->db->wal_bytes > 2 * STORE_WAL_BYTES)
        (void)store_idle(store);
    return 0;
}

int64_t store_idle_bytes(const struct store *store)
{
    return store->db->wal_bytes;
}

int store_idle(struct store *store)
{
    int in_wal = 0;
    int copied = 0;
    int rc = sqlite3_wal_checkpoint_v2(store->db->sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE,
                                       &in_wal, &copied);

    return rc == SQLITE_OK ? in_wal == copied : db_fault(store, rc, "checkpoint");
}

int db_empty_log(struct store *store)
{
    int rc;
    int r = db_turn_take(store);

    if (r < 0)
        return r;
    rc = sqlite3_wal_checkpoint_v2(store->db->sqlite, NULL, SQLITE_CHECKPOINT_TRUNCATE,
                                   NULL, NULL);
    db_turn_give(store);
    if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
        return 0;
    return rc == SQLITE_OK ? 1 : db_fault(store, rc, "emptying the WAL");
}

int store_idle_end(struct store *store)
{
    int rc;

    /* A reader in the way must not hold up deliveries for long. */
    (void)sqlite3_busy_timeout(store->db->sqlite, STORE_WAL_RESTART_MS);
    rc = sqlite3_wal_checkpoint_v2(store->db->sqlite, NULL, SQLITE_CHECKPOINT_RESTART,
                                   NULL, NULL);
    (void)sqlite3_busy_timeout(store->db->sqlite, STORE_BUSY_MS);
    if (rc != SQLITE_OK)
        return db_fault(store, rc, "restarting the WAL");
    store->db->wal_bytes = 0;
    return 0;
}

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sesbounce/file.h"
#include "store/sqlite/db.h"

#define FILE_MODE 0640

static int fault_tell(struct buf *fault, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int fault_tell(struct buf *fault, int error, const char *format, ...)
{
    char line[2 * STORE_FAULT_BYTES_MAX];
    va_list arguments;

    if (fault) {
        va_start(arguments, format);
        (void)vsnprintf(line, sizeof(line), format, arguments);
        va_end(arguments);
        (void)buf_append_str(fault, str_of(line));
    }
    return error;
}

char *db_beside(const char *path, const char *suffix)
{
    char *name = NULL;

    return asprintf(&name, "%s%s", path, suffix) < 0 ? NULL : name;
}

static bool is_writer(enum store_mode mode)
{
    return mode == STORE_OWN || mode == STORE_WRITE;
}

/*
 * A -wal or -shm made by somebody else locks the daemon out, one that the group may write
 * lets a reader change the list. Only looked at by name: closing any descriptor of the
 * database file would drop the locks that SQLite holds on it in this process.
 */
static int file_check_owner(const char *path, const char *suffix, struct buf *fault)
{
    _cleanup_(freep) char *name = db_beside(path, suffix);
    struct stat st;
    mode_t wanted;

    if (!name)
        return -ENOMEM;
    if (lstat(name, &st) < 0)
        return 0;
    if (!S_ISREG(st.st_mode))
        return fault_tell(fault, -EACCES, "%s is not a regular file", name);
    if (st.st_uid != geteuid())
        return fault_tell(
            fault, -EACCES,
            "%s belongs to user %u, but we run as user %u: as root, `chown %u:%u "
            "%s*`",
            name, (unsigned)st.st_uid, (unsigned)geteuid(), (unsigned)geteuid(),
            (unsigned)getegid(), path);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return fault_tell(
            fault, -EACCES,
            "%s may be written by users other than its owner: `chmod 640 %s`", name,
            name);
    wanted = st.st_mode & (S_IRWXU | S_IRWXG);
    /* The group may read them all, but not lock the one that is for taking turns. */
    if (strcmp(suffix, ".turn") != 0)
        wanted |= S_IRGRP;
    if (wanted != (st.st_mode & ACCESSPERMS))
        (void)chmod(name, wanted);
    return 0;
}

/* The file for taking turns stays when somebody deletes the database beside it. */
static bool file_was_there(const char *path)
{
    _cleanup_(freep) char *turn = db_beside(path, ".turn");
    struct stat st;

    return turn && lstat(turn, &st) == 0;
}

/* The mode that the umask would not give; -wal and -shm take theirs from this file. */
static int file_create(const char *path, struct buf *fault)
{
    _cleanup_(closep) int fd =
        open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    int r;

    if (fd < 0 && errno == EEXIST)
        return 0;
    if (fd < 0 && errno == ENOENT)
        return fault_tell(
            fault, -ENOENT,
            "the directory of %s does not exist: `install -d -m 0750 -o USER "
            "DIRECTORY`, or StateDirectory= in the unit",
            path);
    if (fd < 0) {
        r = -errno;
        return fault_tell(fault, r, "%s cannot be created: %s%s", path, strerror(-r),
                          r == -EROFS
                              ? "; is the disk mounted read-only, or does the unit "
                                "lack ReadWritePaths= for its directory (systemctl "
                                "edit sesbounced)?"
                              : "");
    }
    if (fchmod(fd, FILE_MODE) < 0)
        return -errno;
    return file_sync_directory_of(path);
}

static int files_check_owner(struct store *store, struct buf *fault)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", ".turn"};
    const char *path = store->path;
    struct stat st;
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        r = file_check_owner(path, suffixes[i], fault);
    if (r == 0 && lstat(path, &st) < 0 && errno == ENOENT) {
        store->db->was_lost = file_was_there(path);
        r = file_create(path, fault);
    }
    return r;
}

/* Membership of the group does not help if the group may not read. */
static int fault_tell_unreadable(const char *path, struct buf *fault)
{
    const char *slash = strrchr(path, '/');
    _cleanup_(freep) char *directory =
        slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    struct stat st;

    if (directory && stat(directory, &st) == 0 && !(st.st_mode & S_IXGRP))
        return fault_tell(fault, -EACCES,
                          "%s is closed to its group: as root, `chmod 750 %s`", directory,
                          directory);
    if (stat(path, &st) == 0 && !(st.st_mode & S_IRGRP))
        return fault_tell(fault, -EACCES,
                          "%s may be read by its owner only: as root, `chmod 640 %s`",
                          path, path);
    return fault_tell(fault, -EACCES,
                      "%s may be read by its owner and its group (`ls -l` shows which): "
                      "`sudo adduser YOU sesbounced` and log in again",
                      path);
}

/* For the others the file must be there; what is wrong is said in words they can use. */
static int file_check_access(const char *path, enum store_mode mode, struct buf *fault)
{
    int r;

    if (eaccess(path, mode == STORE_READ ? R_OK : R_OK | W_OK) == 0)
        return 0;
    r = -errno;
    if (r == -ENOENT && file_was_there(path))
        return fault_tell(
            fault, r,
            "%s was deleted (%s.turn is still there): restore a backup, see "
            "sesbounced(8); do not start sesbounced without it, which would "
            "begin an empty list",
            path, path);
    if (r == -ENOENT)
        return fault_tell(
            fault, r,
            "%s does not exist: start sesbounced (if it runs, `systemctl status "
            "sesbounced` says why it cannot create it), or name the file with "
            "--db or [store] path",
            path);
    if (r == -EACCES && mode == STORE_READ)
        return fault_tell_unreadable(path, fault);
    if (r == -EACCES)
        return fault_tell(fault, r, "%s may be written by its owner only: use sudo",
                          path);
    return fault_tell(fault, r, "%s cannot be opened: %s", path, strerror(-r));
}

/* Switches of the connection; they touch no file. */
static int connection_configure(struct store *store)
{
    bool leave_wal = !is_writer(store->mode);
    int persist = 1;
    int rc = sqlite3_file_control(store->db->sqlite, "main", SQLITE_FCNTL_PERSIST_WAL,
                                  &persist);

    (void)sqlite3_extended_result_codes(store->db->sqlite, 1);
    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(store->db->sqlite, STORE_BUSY_MS);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(store->db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (rc == SQLITE_OK)
        rc =
            sqlite3_db_config(store->db->sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (rc == SQLITE_OK && leave_wal)
        rc = sqlite3_db_config(store->db->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                               NULL);
    return rc == SQLITE_OK ? 0 : db_fault(store, rc, "setting up the connection");
}

static int note_if_wal(void *context, int count, char **values, char **names)
{
    (void)names;
    *(bool *)context = count == 1 && values[0] && strcmp(values[0], "wal") == 0;
    return 0;
}

/* page_size and auto_vacuum must come before the file is a database. Later, auto_vacuum
 * would be a write, for which nobody has given us the turn. */
static int file_set_up(struct store *store, struct buf *fault)
{
    bool is_wal = false;
    int64_t file_bytes = 0, wal_bytes = 0;
    int r = db_migrate_check(store, fault);
    int rc;

    if (r == 0)
        r = db_turn_open(store);
    if (r == 0)
        r = db_sizes(store, &file_bytes, &wal_bytes);
    if (r < 0)
        return r;
    rc = db_wake(store,
                 file_bytes > 0
                     ? "PRAGMA journal_mode = WAL"
                     : "PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL;"
                       "PRAGMA journal_mode = WAL",
                 note_if_wal, &is_wal);

    if (rc != SQLITE_OK)
        return db_fault(store, rc, "setting up the file");
    if (!is_wal)
        return fault_tell(
            fault, -EIO,
            "%s: no write-ahead log is possible there; is it a network file system? "
            "Use a local disk",
            store->path);
    /* It said WAL before, but there may be readers from before that. */
    if (!store->db->has_early && db_early_is_noted(store))
        (void)db_early_mark(store);
    return store->db->has_early ? db_early_hold(store) : 0;
}

/*
 * References are not checked as rows are written: what goes would be looked for in each
 * table that refers to it, by an index that every commit would pay for with a page. The
 * store deletes what refers to a row before the row. store_check() looks through all.
 */
static int connection_set_pragmas(struct store *store, struct buf *fault)
{
    int r = db_exec(store,
                    "PRAGMA mmap_size = 0; PRAGMA foreign_keys = OFF;"
                    "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY",
                    "setting up the connection");

    if (r < 0 || store->mode == STORE_READ)
        return r;
    /* FULL is the promise of a 200, and db_wal.c relies on it. Erased means erased: freed
     * pages are overwritten with zeros. */
    r = db_exec(store,
                "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
                "PRAGMA cache_size = -16384;"
                "PRAGMA journal_size_limit = 67108864",
                "setting up the connection");
    return r == 0 && is_writer(store->mode) ? file_set_up(store, fault) : r;
}

static int connection_open(struct store *store, struct buf *fault)
{
    int flags =
        SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
        (store->mode == STORE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    int rc = is_writer(store->mode)
                 ? db_wal_open(store, flags)
                 : sqlite3_open_v2(store->path, &store->db->sqlite, flags, NULL);
    int r;

    if (rc != SQLITE_OK)
        return db_fault(store, rc, "opening");
    r = connection_configure(store);
    if (r == 0 && store->mode == STORE_OWN)
        db_wake_wal(store);
    if (r == 0 && store->db->is_again)
        r = db_look_through(store); /* before anything is written to it */
    if (r < 0)
        return r;
    /* SQLite silently opens read-only what it may not write. */
    if (store->mode != STORE_READ &&
        sqlite3_db_readonly(store->db->sqlite, "main") == 1) {
        r = eaccess(store->path, W_OK) < 0 ? -errno : -EROFS;
        return fault_tell(fault, r,
                          "%s cannot be written: %s; as root: chmod u+w %s*, and see "
                          "ReadWritePaths= in sesbounced.conf(5)",
                          store->path, strerror(-r), store->path);
    }
    return connection_set_pragmas(store, fault);
}

static int writer_prepare(struct store *store)
{
    int64_t file_bytes = 0;
    int r = db_sizes(store, &file_bytes, &store->db->wal_bytes);

    if (r < 0)
        return r;
    db_look_at_files(store);
    db_early_note(store);
    return 0;
}

/* A reader who may create no -wal reads without, as long as nobody writes. */
static int reader_prepare(struct store *store)
{
    int r = db_exec(store, "SELECT 1 FROM sqlite_schema LIMIT 1", "reading");

    if (r == -EUCLEAN || r == -EBUSY || r == 0 || db_rest_open(store) < 0)
        return r;
    return connection_configure(store);
}

static int connection_open_checked(struct store *store, struct buf *fault)
{
    int r = 0;

    if (store->db->is_again && store_fingerprint(store->path) == 0)
        r = fault_tell(fault, -ENOENT,
                       "%s is missing: restore a backup to it; sesbounced(8)",
                       store->path);
    else if (store->mode == STORE_OWN)
        r = files_check_owner(store, fault);
    else
        r = file_check_access(store->path, store->mode, fault);
    if (r == 0)
        r = connection_open(store, fault);
    if (r == 0 && store->mode == STORE_READ)
        r = reader_prepare(store);
    if (r == 0 && store->mode != STORE_IDLE)
        r = db_migrate(store, fault);
    if (r == 0 && is_writer(store->mode))
        r = writer_prepare(store);
    store->db->is_ready = r == 0;
    return r;
}

/* Nobody asks SQLite how much memory it uses; keeping count takes a lock of the whole
 * process in each of its allocations, an eighth of the time a message takes. */
static void library_configure(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int db_open(struct store *store, bool is_again, struct buf *fault)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, library_configure);
    store->db = calloc(1, sizeof(*store->db));
    if (!store->db)
        return -ENOMEM;
    store->db->is_again = is_again;
    store->db->turn_fd = -1;
    return connection_open_checked(store, fault);
}

bool store_is_new(const struct store *store)
{
    return store->db->is_new;
}

void db_close(struct store *store)
{
    pid_t pid = 0;

    if (!store->db)
        return;
    (void)store_early_reader(store, &pid);
    for (size_t i = 0; i < SQL_COUNT; i++)
        (void)sqlite3_finalize(store->db->statements[i]);
    if (store->db->is_ready && is_writer(store->mode))
        (void)db_rest(store);
    (void)sqlite3_close(store->db->sqlite);
    db_early_end(store);
    closep(&store->db->turn_fd);
    free(take_ptr(store->db));
}

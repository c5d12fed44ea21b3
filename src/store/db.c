#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sesbounce/file.h"
#include "store/store_internal.h"

#define FILE_MODE 0640

static int tell(struct buf *fault, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int tell(struct buf *fault, int error, const char *format, ...)
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

static bool is_writer(enum store_mode mode)
{
    return mode == STORE_OWN || mode == STORE_WRITE;
}

/*
 * A -wal or -shm made by somebody else locks the daemon out, one that the group may write
 * lets a reader change the list. Only looked at by name: closing any descriptor of the
 * database file would drop the locks that SQLite holds on it in this process.
 */
static int check_owner(const char *path, const char *suffix, struct buf *fault)
{
    _cleanup_(freep) char *name = NULL;
    struct stat st;
    mode_t wanted;

    if (asprintf(&name, "%s%s", path, suffix) < 0) {
        name = NULL;
        return -ENOMEM;
    }
    if (lstat(name, &st) < 0)
        return 0;
    if (!S_ISREG(st.st_mode))
        return tell(fault, -EACCES, "%s is not a regular file", name);
    if (st.st_uid != geteuid())
        return tell(fault, -EACCES,
                    "%s belongs to user %u, but we run as user %u: as root, `chown %u:%u "
                    "%s*`",
                    name, (unsigned)st.st_uid, (unsigned)geteuid(), (unsigned)geteuid(),
                    (unsigned)getegid(), path);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return tell(fault, -EACCES,
                    "%s may be written by users other than its owner: `chmod 640 %s`",
                    name, name);
    wanted = st.st_mode & (S_IRWXU | S_IRWXG);
    /* The group may read them all, but not lock the one that is for taking turns. */
    if (strcmp(suffix, ".turn") != 0)
        wanted |= S_IRGRP;
    if (wanted != (st.st_mode & ACCESSPERMS))
        (void)chmod(name, wanted);
    return 0;
}

/* The file for taking turns stays when somebody deletes the database beside it. */
static bool was_there(const char *path)
{
    _cleanup_(freep) char *turn = NULL;
    struct stat st;

    if (asprintf(&turn, "%s.turn", path) < 0)
        turn = NULL;
    return turn && lstat(turn, &st) == 0;
}

/* The mode that the umask would not give; -wal and -shm take theirs from this file. */
static int create_file(const char *path, struct buf *fault)
{
    _cleanup_(closep) int fd =
        open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    int r;

    if (fd < 0 && errno == EEXIST)
        return 0;
    if (fd < 0 && errno == ENOENT)
        return tell(fault, -ENOENT,
                    "the directory of %s does not exist: `install -d -m 0750 -o USER "
                    "DIRECTORY`, or StateDirectory= in the unit",
                    path);
    if (fd < 0) {
        r = -errno;
        return tell(fault, r, "%s cannot be created: %s%s", path, strerror(-r),
                    r == -EROFS ? "; is the disk mounted read-only, or does the unit "
                                  "lack ReadWritePaths= for its directory (systemctl "
                                  "edit sesbounced)?"
                                : "");
    }
    if (fchmod(fd, FILE_MODE) < 0)
        return -errno;
    return file_sync_directory_of(path);
}

static int check_owner_files(struct store *store, struct buf *fault)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", ".turn"};
    const char *path = store->path;
    struct stat st;
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        r = check_owner(path, suffixes[i], fault);
    if (r == 0 && lstat(path, &st) < 0 && errno == ENOENT) {
        store->was_lost = was_there(path);
        r = create_file(path, fault);
    }
    return r;
}

/* Membership of the group does not help if the group may not read. */
static int tell_unreadable(const char *path, struct buf *fault)
{
    const char *slash = strrchr(path, '/');
    _cleanup_(freep) char *directory =
        slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    struct stat st;

    if (directory && stat(directory, &st) == 0 && !(st.st_mode & S_IXGRP))
        return tell(fault, -EACCES, "%s is closed to its group: as root, `chmod 750 %s`",
                    directory, directory);
    if (stat(path, &st) == 0 && !(st.st_mode & S_IRGRP))
        return tell(fault, -EACCES,
                    "%s may be read by its owner only: as root, `chmod 640 %s`", path,
                    path);
    return tell(fault, -EACCES,
                "%s may be read by its owner and its group (`ls -l` shows which): "
                "`sudo adduser YOU sesbounced` and log in again",
                path);
}

/* For the others the file must be there; what is wrong is said in words they can use. */
static int check_access(const char *path, enum store_mode mode, struct buf *fault)
{
    int r;

    if (eaccess(path, mode == STORE_READ ? R_OK : R_OK | W_OK) == 0)
        return 0;
    r = -errno;
    if (r == -ENOENT && was_there(path))
        return tell(fault, r,
                    "%s was deleted (%s.turn is still there): restore a backup, see "
                    "sesbounced(8); do not start sesbounced without it, which would "
                    "begin an empty list",
                    path, path);
    if (r == -ENOENT)
        return tell(fault, r,
                    "%s does not exist: start sesbounced (if it runs, `systemctl status "
                    "sesbounced` says why it cannot create it), or name the file with "
                    "--db or [store] path",
                    path);
    if (r == -EACCES && mode == STORE_READ)
        return tell_unreadable(path, fault);
    if (r == -EACCES)
        return tell(fault, r, "%s may be written by its owner only: use sudo", path);
    return tell(fault, r, "%s cannot be opened: %s", path, strerror(-r));
}

static int count_wal(void *context, sqlite3 *db, const char *name, int pages)
{
    struct store *store = context;

    (void)db;
    (void)name;
    /* Every page of 8 KiB has a header of 24 bytes in the WAL. */
    store->wal_bytes = (int64_t)pages * (8192 + 24);
    return SQLITE_OK;
}

static void set_wal_bytes(struct store *store)
{
    _cleanup_(freep) char *name = NULL;
    struct stat st;

    if (asprintf(&name, "%s-wal", store->path) < 0)
        name = NULL;
    if (name && stat(name, &st) == 0)
        store->wal_bytes = st.st_size;
}

/* Switches of the connection; they touch no file. */
static int configure(struct store *store)
{
    bool leave_wal = !is_writer(store->mode);
    int persist = 1;
    int rc = sqlite3_file_control(store->db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);

    (void)sqlite3_extended_result_codes(store->db, 1);
    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(store->db, STORE_BUSY_MS);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (rc == SQLITE_OK && leave_wal)
        rc = sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (rc == SQLITE_OK && is_writer(store->mode))
        (void)sqlite3_wal_hook(store->db, count_wal, store);
    return rc == SQLITE_OK ? 0 : db_fault(store, rc, "setting up the connection");
}

static int note_if_wal(void *context, int count, char **values, char **names)
{
    (void)names;
    *(bool *)context = count == 1 && values[0] && strcmp(values[0], "wal") == 0;
    return 0;
}

/* page_size and auto_vacuum must come before the file is a database. */
static int set_up_file(struct store *store, struct buf *fault)
{
    bool is_wal = false;
    int r = migrate_check(store, fault);
    int rc;

    if (r == 0)
        r = db_turn_open(store);
    if (r < 0)
        return r;
    rc = db_wake(store,
                 "PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL;"
                 "PRAGMA journal_mode = WAL",
                 note_if_wal, &is_wal);

    if (rc != SQLITE_OK)
        return db_fault(store, rc, "setting up the file");
    if (!is_wal)
        return tell(
            fault, -EIO,
            "%s: no write-ahead log is possible there; is it a network file system? "
            "Use a local disk",
            store->path);
    /* It said WAL before, but there may be readers from before that. */
    if (!store->has_early && db_early_is_noted(store))
        (void)db_early_mark(store);
    return store->has_early ? db_early_hold(store) : 0;
}

static int set_pragmas(struct store *store, struct buf *fault)
{
    int r = db_exec(store,
                    "PRAGMA mmap_size = 0; PRAGMA foreign_keys = ON;"
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
    return r == 0 && is_writer(store->mode) ? set_up_file(store, fault) : r;
}

static int open_database(struct store *store, struct buf *fault)
{
    int flags =
        SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
        (store->mode == STORE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    int rc = sqlite3_open_v2(store->path, &store->db, flags, NULL);
    int r;

    if (rc != SQLITE_OK)
        return db_fault(store, rc, "opening");
    r = configure(store);
    if (r == 0 && store->is_again)
        r = db_look_through(store); /* before anything is written to it */
    if (r < 0)
        return r;
    /* SQLite silently opens read-only what it may not write. */
    if (store->mode != STORE_READ && sqlite3_db_readonly(store->db, "main") == 1) {
        r = eaccess(store->path, W_OK) < 0 ? -errno : -EROFS;
        return tell(fault, r,
                    "%s cannot be written: %s; as root: chmod u+w %s*, and see "
                    "ReadWritePaths= in sesbounced.conf(5)",
                    store->path, strerror(-r), store->path);
    }
    return set_pragmas(store, fault);
}

static int prepare_writer(struct store *store)
{
    store->topics = calloc(STORE_TOPICS_CACHED_MAX, sizeof(*store->topics));
    store->days = calloc(STORE_DAYS_TALLIED_MAX, sizeof(*store->days));
    store->types = calloc(STORE_TYPES_TALLIED_MAX, sizeof(*store->types));
    if (!store->topics || !store->days || !store->types)
        return -ENOMEM;
    set_wal_bytes(store);
    db_look_at_files(store);
    store->outbox_changed = true; /* nobody has looked at it yet */
    db_early_note(store);
    return db_wal_gather(store);
}

/* A reader who may create no -wal reads without, as long as nobody writes. */
static int see_to_read(struct store *store)
{
    int r = db_exec(store, "SELECT 1 FROM sqlite_schema LIMIT 1", "reading");

    if (r == -EUCLEAN || r == -EBUSY || r == 0 || db_rest_open(store) < 0)
        return r;
    return configure(store);
}

static int open_store(struct store *store, struct buf *fault)
{
    int r = 0;

    if (store->is_again && store_fingerprint(store->path) == 0)
        r = tell(fault, -ENOENT, "%s is missing: restore a backup to it; sesbounced(8)",
                 store->path);
    else if (store->mode == STORE_OWN)
        r = check_owner_files(store, fault);
    else
        r = check_access(store->path, store->mode, fault);
    if (r == 0)
        r = open_database(store, fault);
    if (r == 0 && store->mode == STORE_READ)
        r = see_to_read(store);
    if (r == 0 && store->mode != STORE_CHECKPOINT)
        r = migrate(store, fault);
    if (r == 0 && is_writer(store->mode))
        r = prepare_writer(store);
    if (r == 0)
        r = db_data_version(store, &store->data_version_told);
    store->data_version_known = store->data_version_told;
    store->is_ready = r == 0;
    return r;
}

const char *store_advice(int fault)
{
    switch (fault) {
    case -EUCLEAN:
        return "the database is corrupt: stop the socket and the service, move the file "
               "and its -wal and -shm aside together, restore a backup; sesbounced(8)";
    case -ENOTSUP:
        return "this version cannot use the database; sesbounced(8)";
    case -ESTALE:
        return "the database was removed or replaced while it was open: put it back, or "
               "stop sesbounced, move its -wal and -shm aside and restore a backup; a "
               "restart without it begins an empty list; sesbounced(8)";
    case -ENOENT:
        return "the database is missing: restore a backup to its path; sesbounced(8)";
    case -EACCES:
        return "the database must belong to the user that sesbounced runs as, and be "
               "writable by that user; `journalctl -u sesbounced` says what to type";
    case -EBUSY:
        return "another process holds the database locked: as root and in its directory, "
               "`fuser -v sesbounced.db*` shows it";
    case -EROFS:
        return "the database cannot be written: is the disk mounted read-only, or does "
               "the "
               "unit lack ReadWritePaths=DIRECTORY (systemctl edit sesbounced)?";
    case -ENOSPC:
        return "the disk is full: `df`";
    case -EIO:
        return "the disk reports errors: `dmesg`";
    case -ETIMEDOUT:
        return "the disk does not answer: `dmesg`";
    default:
        return strerrordesc_np(-fault);
    }
}

/* What to type, where only the errno is known. */
static void explain(const struct store *store, int error, struct buf *fault)
{
    if (fault && fault->len == 0)
        (void)tell(fault, 0, "%s: %s%s%s%s", store->path, store_advice(error),
                   store->fault[0] ? " (" : "", store->fault, store->fault[0] ? ")" : "");
}

/* Nobody asks SQLite how much memory it uses; keeping count takes a lock of the whole
 * process in each of its allocations, an eighth of the time a message takes. */
static void configure_library(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

bool store_is_new(const struct store *store)
{
    return store->is_new;
}

static int open_path(const char *path, enum store_mode mode, bool is_again,
                     struct store **ret, struct buf *fault)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    _cleanup_(store_closep) struct store *store = calloc(1, sizeof(*store));
    int r;

    *ret = NULL;
    if (!store)
        return -ENOMEM;
    (void)pthread_once(&once, configure_library);
    store->mode = mode;
    store->is_again = is_again;
    store->turn_fd = -1;
    store->path = strdup(path);
    if (!store->path)
        return -ENOMEM;
    r = open_store(store, fault);
    if (r < 0) {
        explain(store, r, fault);
        return r;
    }
    *ret = take_ptr(store);
    return 0;
}

int store_open(const char *path, enum store_mode mode, struct store **ret,
               struct buf *fault)
{
    return open_path(path, mode, false, ret, fault);
}

int store_open_again(const char *path, struct store **ret, struct buf *fault)
{
    return open_path(path, STORE_OWN, true, ret, fault);
}

bool store_fault_stays(int fault)
{
    return fault == -EUCLEAN || fault == -ENOTSUP || fault == -ESTALE;
}

void store_close(struct store *store)
{
    pid_t pid = 0;

    if (!store)
        return;
    store_rollback(store);
    (void)store_early_reader(store, &pid);
    for (size_t i = 0; i < SQL_COUNT; i++)
        (void)sqlite3_finalize(store->statements[i]);
    if (store->is_ready && is_writer(store->mode))
        (void)db_rest(store);
    (void)sqlite3_close(store->db);
    db_early_end(store);
    closep(&store->turn_fd);
    body_packer_free(store);
    free(store->topics);
    free(store->days);
    free(store->types);
    free(store->path);
    free(store);
}

const char *store_fault(const struct store *store)
{
    return store->fault;
}

#include "vfs.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

const char *const vfs_suffixes[VFS_FILES] = {"", "-wal", "-journal"};

struct faulty_file {
    sqlite3_file base;
    sqlite3_file *real;
    enum vfs_file which; /* VFS_FILES: none that is recorded */
    int last_errno;      /* of this file's last call that failed */
};

static sqlite3_vfs vfs;
static sqlite3_vfs *real_vfs;
static struct vfs_log *recorder;
static struct {
    unsigned calls;
    long left;
    int error;
    bool lasting;
    bool fired;
} fault;
static int last_errno;

void vfs_arm(unsigned calls, long at, int error, bool lasting)
{
    fault.calls = calls;
    fault.left = at;
    fault.error = error;
    fault.lasting = lasting;
    fault.fired = false;
}

bool vfs_disarm(void)
{
    fault.calls = 0;
    last_errno = 0;
    return fault.fired;
}

/* What SQLite's unix VFS makes of such an errno (os_unix.c of 3.40). A disk that does not
 * read may be a sick file system: it calls that corruption. */
static int result_of_read(int error)
{
    return error == EIO || error == ENXIO || error == ERANGE ? SQLITE_IOERR_CORRUPTFS
                                                             : SQLITE_IOERR_READ;
}

static int result_of(enum vfs_call call, int error)
{
    switch (call) {
    case VFS_OPEN:
        return SQLITE_CANTOPEN;
    case VFS_READ:
        return result_of_read(error);
    case VFS_WRITE:
        return error == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    case VFS_TRUNCATE:
        return SQLITE_IOERR_TRUNCATE;
    case VFS_SYNC:
        return SQLITE_IOERR_FSYNC;
    case VFS_SIZE:
        return SQLITE_IOERR_FSTAT;
    case VFS_LOCK:
        return SQLITE_IOERR_LOCK;
    case VFS_SHM_MAP:
        return error == ENOSPC ? SQLITE_IOERR_SHMSIZE : SQLITE_IOERR_SHMMAP;
    case VFS_SHM_LOCK:
        return SQLITE_IOERR_SHMLOCK;
    case VFS_DELETE:
        return SQLITE_IOERR_DELETE;
    default:
        return SQLITE_IOERR;
    }
}

static int step(enum vfs_call call)
{
    if (!(fault.calls & call))
        return SQLITE_OK;
    if (!(fault.fired && fault.lasting) && (fault.left <= 0 || --fault.left > 0))
        return SQLITE_OK;
    fault.fired = true;
    last_errno = fault.error;
    return result_of(call, fault.error);
}

/* --- recording -------------------------------------------------------------------- */

void vfs_record(struct vfs_log *log)
{
    recorder = log;
}

static void record(enum vfs_op_kind kind, enum vfs_file file, int64_t at,
                   const void *bytes, size_t len)
{
    struct vfs_op *op;

    if (!recorder || file == VFS_FILES)
        return;
    if (recorder->count == recorder->room) {
        recorder->room = recorder->room ? 2 * recorder->room : 256;
        recorder->ops = realloc(recorder->ops, recorder->room * sizeof(*op));
        if (!recorder->ops)
            abort();
    }
    op = &recorder->ops[recorder->count++];
    *op = (struct vfs_op){.kind = kind, .file = file, .at = at, .len = len};
    if (len == 0)
        return;
    op->bytes = malloc(len);
    if (!op->bytes)
        abort();
    memcpy(op->bytes, bytes, len);
}

/* The -wal: a header, then frames of a header and a page each (fileformat2.html, 4). */
#define WAL_HEADER_BYTES   32
#define FRAME_HEADER_BYTES 24
#define PAGE_BYTES         8192

/* How many bytes there are from `at` to the next border between headers and pages. */
static size_t wal_part(int64_t at)
{
    int64_t in_frame;

    if (at < WAL_HEADER_BYTES)
        return (size_t)(WAL_HEADER_BYTES - at);
    in_frame = (at - WAL_HEADER_BYTES) % (FRAME_HEADER_BYTES + PAGE_BYTES);
    return (size_t)(in_frame < FRAME_HEADER_BYTES
                        ? FRAME_HEADER_BYTES - in_frame
                        : FRAME_HEADER_BYTES + PAGE_BYTES - in_frame);
}

/* The store writes many frames of the -wal at once (db_wal.c), and the power may be cut
 * amidst them: so each header and each page is a write of its own here. */
static void record_write(enum vfs_file file, int64_t at, const unsigned char *bytes,
                         size_t len)
{
    while (len > 0) {
        size_t part = file == VFS_WAL ? wal_part(at) : len;

        if (part > len)
            part = len;
        record(VFS_OP_WRITE, file, at, bytes, part);
        at += (int64_t)part;
        bytes += part;
        len -= part;
    }
}

void vfs_note(enum vfs_op_kind kind, enum vfs_file file)
{
    record(kind, file, 0, NULL, 0);
}

void vfs_log_done(struct vfs_log *log)
{
    for (size_t i = 0; i < log->count; i++)
        free(log->ops[i].bytes);
    free(log->ops);
    *log = (struct vfs_log){0};
}

/* --- files ------------------------------------------------------------------------ */

static struct faulty_file *mine(sqlite3_file *file)
{
    return (struct faulty_file *)(void *)file;
}

/* The unix VFS keeps the errno with the file, but for shared memory and a full disk. */
static bool keeps_errno(enum vfs_call call, int error)
{
    if (call == VFS_SHM_MAP || call == VFS_SHM_LOCK)
        return false;
    return !(call == VFS_WRITE && error == ENOSPC);
}

static int step_file(sqlite3_file *file, enum vfs_call call)
{
    int rc = step(call);

    if (rc != SQLITE_OK && keeps_errno(call, last_errno))
        mine(file)->last_errno = last_errno;
    return rc;
}

/* Calls that change nothing on the disk: fail, or pass through. */
#define PASS(name, call, parameters, arguments)                                          \
    static int faulty_##name parameters                                                  \
    {                                                                                    \
        sqlite3_file *real = mine(file)->real;                                           \
        int rc = step_file(file, call);                                                  \
                                                                                         \
        return rc == SQLITE_OK ? real->pMethods->name arguments : rc;                    \
    }
#define PASS_ALWAYS(type, name, parameters, arguments)                                   \
    static type faulty_##name parameters                                                 \
    {                                                                                    \
        sqlite3_file *real = mine(file)->real;                                           \
                                                                                         \
        return real->pMethods->name arguments;                                           \
    }

/* clang-format off */
PASS(xFileSize, VFS_SIZE, (sqlite3_file *file, sqlite3_int64 *size), (real, size))
PASS(xLock, VFS_LOCK, (sqlite3_file *file, int lock), (real, lock))
PASS(xShmMap, VFS_SHM_MAP, (sqlite3_file *file, int page, int size, int extend,
                            void volatile **out), (real, page, size, extend, out))
PASS_ALWAYS(int, xClose, (sqlite3_file *file), (real))
PASS_ALWAYS(int, xUnlock, (sqlite3_file *file, int lock), (real, lock))
PASS_ALWAYS(int, xCheckReservedLock, (sqlite3_file *file, int *out), (real, out))
PASS_ALWAYS(int, xSectorSize, (sqlite3_file *file), (real))
PASS_ALWAYS(int, xDeviceCharacteristics, (sqlite3_file *file), (real))
PASS_ALWAYS(void, xShmBarrier, (sqlite3_file *file), (real))
PASS_ALWAYS(int, xShmUnmap, (sqlite3_file *file, int remove), (real, remove))
/* clang-format on */

/* A read that ends early makes the unix VFS forget the errno. */
static int faulty_xRead(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    sqlite3_file *real = mine(file)->real;
    int rc = step_file(file, VFS_READ);

    if (rc != SQLITE_OK)
        return rc;
    rc = real->pMethods->xRead(real, to, n, at);
    if (rc == SQLITE_IOERR_SHORT_READ)
        mine(file)->last_errno = 0;
    return rc;
}

static int faulty_xFileControl(sqlite3_file *file, int op, void *arg)
{
    sqlite3_file *real = mine(file)->real;
    int rc = real->pMethods->xFileControl(real, op, arg);

    if (op == SQLITE_FCNTL_LAST_ERRNO && mine(file)->last_errno != 0)
        *(int *)arg = mine(file)->last_errno;
    return rc;
}

/* Giving a lock back never fails. */
static int faulty_xShmLock(sqlite3_file *file, int at, int n, int flags)
{
    sqlite3_file *real = mine(file)->real;
    int rc = flags & SQLITE_SHM_UNLOCK ? SQLITE_OK : step_file(file, VFS_SHM_LOCK);

    return rc == SQLITE_OK ? real->pMethods->xShmLock(real, at, n, flags) : rc;
}

/* A write that fails may have written some of it. */
static int faulty_xWrite(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    sqlite3_file *real = mine(file)->real;
    int rc = step_file(file, VFS_WRITE);

    if (rc != SQLITE_OK) {
        (void)real->pMethods->xWrite(real, from, n / 2, at);
        return rc;
    }
    record_write(mine(file)->which, at, from, (size_t)n);
    return real->pMethods->xWrite(real, from, n, at);
}

static int faulty_xTruncate(sqlite3_file *file, sqlite3_int64 size)
{
    sqlite3_file *real = mine(file)->real;
    int rc = step_file(file, VFS_TRUNCATE);

    if (rc != SQLITE_OK)
        return rc;
    record(VFS_OP_TRUNCATE, mine(file)->which, size, NULL, 0);
    return real->pMethods->xTruncate(real, size);
}

static int faulty_xSync(sqlite3_file *file, int flags)
{
    int rc = step_file(file, VFS_SYNC);

    (void)flags;
    if (rc == SQLITE_OK)
        record(VFS_OP_SYNC, mine(file)->which, 0, NULL, 0);
    return rc;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = faulty_xClose,
    .xRead = faulty_xRead,
    .xWrite = faulty_xWrite,
    .xTruncate = faulty_xTruncate,
    .xSync = faulty_xSync,
    .xFileSize = faulty_xFileSize,
    .xLock = faulty_xLock,
    .xUnlock = faulty_xUnlock,
    .xCheckReservedLock = faulty_xCheckReservedLock,
    .xFileControl = faulty_xFileControl,
    .xSectorSize = faulty_xSectorSize,
    .xDeviceCharacteristics = faulty_xDeviceCharacteristics,
    .xShmMap = faulty_xShmMap,
    .xShmLock = faulty_xShmLock,
    .xShmBarrier = faulty_xShmBarrier,
    .xShmUnmap = faulty_xShmUnmap,
};

/* --- the directory ---------------------------------------------------------------- */

static enum vfs_file file_of(const char *name)
{
    size_t len = name ? strlen(name) : 0;

    if (!name)
        return VFS_FILES;
    for (int which = VFS_WAL; which < VFS_FILES; which++) {
        size_t tail = strlen(vfs_suffixes[which]);

        if (len > tail && strcmp(name + len - tail, vfs_suffixes[which]) == 0)
            return (enum vfs_file)which;
    }
    return VFS_DATABASE;
}

static int faulty_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags,
                       int *ret_flags)
{
    struct faulty_file *faulty = mine(file);
    int rc = step(VFS_OPEN);
    int exists = 1;

    (void)self;
    file->pMethods = NULL;
    if (rc != SQLITE_OK)
        return rc;
    if (name && flags & SQLITE_OPEN_CREATE)
        (void)real_vfs->xAccess(real_vfs, name, SQLITE_ACCESS_EXISTS, &exists);
    faulty->real = (sqlite3_file *)(void *)(faulty + 1);
    faulty->which = file_of(name);
    faulty->last_errno = 0;
    rc = real_vfs->xOpen(real_vfs, name, faulty->real, flags, ret_flags);
    if (rc != SQLITE_OK)
        last_errno = errno;
    if (faulty->real->pMethods)
        file->pMethods = &methods;
    if (rc == SQLITE_OK && !exists)
        record(VFS_OP_CREATE, faulty->which, 0, NULL, 0);
    return rc;
}

static int faulty_delete(sqlite3_vfs *self, const char *name, int sync_directory)
{
    int rc = step(VFS_DELETE);

    (void)self;
    if (rc != SQLITE_OK)
        return rc;
    record(VFS_OP_DELETE, file_of(name), 0, NULL, 0);
    (void)sync_directory;
    rc = real_vfs->xDelete(real_vfs, name, 0);
    if (rc != SQLITE_OK)
        last_errno = errno;
    return rc;
}

static int faulty_last_error(sqlite3_vfs *self, int size, char *text)
{
    (void)self, (void)size, (void)text;
    return last_errno ? last_errno : real_vfs->xGetLastError(real_vfs, 0, NULL);
}

int vfs_install(void)
{
    if (sqlite3_initialize() != SQLITE_OK)
        return -1;
    real_vfs = sqlite3_vfs_find(NULL);
    if (!real_vfs)
        return -1;
    vfs = *real_vfs;
    vfs.zName = "faulty";
    vfs.szOsFile = (int)sizeof(struct faulty_file) + real_vfs->szOsFile;
    vfs.xOpen = faulty_open;
    vfs.xDelete = faulty_delete;
    vfs.xGetLastError = faulty_last_error;
    return sqlite3_vfs_register(&vfs, 1) == SQLITE_OK ? 0 : -1;
}

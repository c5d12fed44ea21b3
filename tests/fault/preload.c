/*
 * Faults inside the whole, unmodified daemon: an LD_PRELOAD library that fails, holds up
 * and records its system calls as a control block in shared memory says (preload.py maps
 * the same file, $FAULT_CONTROL). Only files whose path begins with $FAULT_DATABASE are
 * touched: the database, -wal and -shm.
 *
 * The record of unsynced writes plays a power cut: before each write to PATH what it
 * replaces is appended to PATH.unsynced, and a sync that succeeded empties that file.
 * After kill -9 the page cache is still there, so the test undoes what no sync covered.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { CALL_WRITE = 1, CALL_SYNC = 2, CALL_TRUNCATE = 4, CALL_READ = 8 };

/* preload.py lists these fields in the same order. */
struct control {
    _Atomic int64_t calls;       /* the set of calls that count */
    _Atomic int64_t error;       /* the errno they fail with */
    _Atomic int64_t first;       /* the first of them that fails, from 1 */
    _Atomic int64_t last;        /* and the last */
    _Atomic int64_t seen;        /* calls of the set since it was armed */
    _Atomic int64_t hits;        /* of them failed */
    _Atomic int64_t alloc_first; /* the same for allocations; 0: off */
    _Atomic int64_t alloc_last;
    _Atomic int64_t alloc_seen;
    _Atomic int64_t alloc_hits;
    _Atomic int64_t hold;      /* syncs wait while it is not 0 */
    _Atomic int64_t held;      /* so many wait */
    _Atomic int64_t clock_ms;  /* added to the wall clock */
    _Atomic int64_t recording; /* of unsynced writes */
    _Atomic int64_t forget_us; /* each descriptor is taken out of an epoll set so late */
};

/* What stands in PATH.unsynced, followed by `len` old bytes and, of a write, `len` new
 * ones. */
struct record {
    int64_t is_truncate;
    int64_t at;
    int64_t len;
    int64_t old_size;
};

#define PATH_BYTES_MAX 512

struct file {
    char path[PATH_BYTES_MAX];
    int record_fd;
    pthread_mutex_t mutex; /* a write and its record, a sync and the emptying: one step */
};

/* The database and its write-ahead log; -shm needs no record, SQLite makes it anew. */
static struct file files[2] = {{"", -1, PTHREAD_MUTEX_INITIALIZER},
                               {"", -1, PTHREAD_MUTEX_INITIALIZER}};
static struct control *control;
static size_t database_len;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

__attribute__((constructor)) static void begin(void)
{
    const char *name = getenv("FAULT_CONTROL");
    const char *database = getenv("FAULT_DATABASE");
    int fd = name && database ? open(name, O_RDWR | O_CLOEXEC) : -1;
    void *at = MAP_FAILED;

    if (fd >= 0)
        at = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED || strlen(database) > PATH_BYTES_MAX - 32) {
        (void)!write(STDERR_FILENO, "preload: no control block\n", 26);
        _exit(99);
    }
    (void)close(fd);
    database_len = strlen(database);
    (void)snprintf(files[0].path, PATH_BYTES_MAX, "%s", database);
    (void)snprintf(files[1].path, PATH_BYTES_MAX, "%s-wal", database);
    control = at;
}

/* --- which file, and whether this call fails -----------------------------------------
 */

/* The path behind a descriptor; false for all but the database's files. */
static bool is_ours(int fd, char path[PATH_BYTES_MAX])
{
    char name[32];
    ssize_t len;

    if (!control)
        return false;
    (void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    len = readlink(name, path, PATH_BYTES_MAX - 1);
    if (len < (ssize_t)database_len)
        return false;
    path[len] = '\0';
    return strncmp(path, files[0].path, database_len) == 0;
}

static struct file *file_of(const char *path)
{
    for (size_t i = 0; i < 2; i++) {
        if (strcmp(path, files[i].path) == 0)
            return &files[i];
    }
    return NULL;
}

static bool fails(int64_t call)
{
    int64_t number;

    if (!(control->calls & call))
        return false;
    number = atomic_fetch_add(&control->seen, 1) + 1;
    if (number < control->first || number > control->last)
        return false;
    atomic_fetch_add(&control->hits, 1);
    errno = (int)control->error;
    return true;
}

/* --- the record ----------------------------------------------------------------------
 */

static void must(bool done)
{
    static const char message[] = "preload: the record could not be written\n";

    if (!done) {
        (void)!write(STDERR_FILENO, message, sizeof(message) - 1);
        _exit(99);
    }
}

static void open_record(struct file *file)
{
    char name[PATH_BYTES_MAX + 16];

    (void)snprintf(name, sizeof(name), "%s.unsynced", file->path);
    file->record_fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    must(file->record_fd >= 0);
}

/* `new` NULL: a truncation, and `at` is the new size. One write, so a record is whole or
 * torn only at the end of the file, where what it announces has not happened yet. */
static void record(struct file *file, int fd, const void *new, int64_t len, int64_t at)
{
    struct stat st;
    struct record head = {.is_truncate = !new, .at = at, .len = len};
    char *old;
    struct iovec parts[3];
    ssize_t whole;

    must(fstat(fd, &st) == 0);
    head.old_size = st.st_size;
    if (!new)
        head.len = st.st_size > at ? st.st_size - at : 0;
    old = __libc_calloc(1, (size_t)head.len + 1);
    must(old != NULL);
    must(syscall(SYS_pread64, fd, old, (size_t)head.len, at) >= 0);
    parts[0] = (struct iovec){&head, sizeof(head)};
    parts[1] = (struct iovec){old, (size_t)head.len};
    parts[2] = (struct iovec){(void *)(uintptr_t) new, new ? (size_t)head.len : 0};
    whole = (ssize_t)(parts[0].iov_len + parts[1].iov_len + parts[2].iov_len);
    if (file->record_fd < 0)
        open_record(file);
    must(writev(file->record_fd, parts, 3) == whole);
    free(old);
}

/* --- the calls that are replaced -----------------------------------------------------
 */

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    char path[PATH_BYTES_MAX];
    bool ours = is_ours(fd, path);
    struct file *file = ours && control->recording ? file_of(path) : NULL;
    ssize_t result;

    if (ours && fails(CALL_WRITE))
        return -1;
    if (!file)
        return syscall(SYS_pwrite64, fd, bytes, len, at);
    (void)pthread_mutex_lock(&file->mutex);
    record(file, fd, bytes, (int64_t)len, at);
    result = syscall(SYS_pwrite64, fd, bytes, len, at);
    (void)pthread_mutex_unlock(&file->mutex);
    return result;
}

int ftruncate64(int fd, off64_t size)
{
    char path[PATH_BYTES_MAX];
    bool ours = is_ours(fd, path);
    struct file *file = ours && control->recording ? file_of(path) : NULL;
    int result;

    if (ours && fails(CALL_TRUNCATE))
        return -1;
    if (!file)
        return (int)syscall(SYS_ftruncate, fd, size);
    (void)pthread_mutex_lock(&file->mutex);
    record(file, fd, NULL, 0, size);
    result = (int)syscall(SYS_ftruncate, fd, size);
    (void)pthread_mutex_unlock(&file->mutex);
    return result;
}

static void wait_while_held(void)
{
    const struct timespec pause = {0, 1000000};

    if (!control->hold)
        return;
    atomic_fetch_add(&control->held, 1);
    while (control->hold)
        (void)nanosleep(&pause, NULL);
    atomic_fetch_sub(&control->held, 1);
}

static int sync_file(int fd, long number)
{
    char path[PATH_BYTES_MAX];
    bool ours = is_ours(fd, path);
    struct file *file = ours && control->recording ? file_of(path) : NULL;
    int result;

    if (ours)
        wait_while_held();
    if (ours && fails(CALL_SYNC))
        return -1;
    if (!file)
        return (int)syscall(number, fd);
    (void)pthread_mutex_lock(&file->mutex);
    result = (int)syscall(number, fd);
    if (result == 0 && file->record_fd >= 0)
        must(syscall(SYS_ftruncate, file->record_fd, 0L) == 0);
    (void)pthread_mutex_unlock(&file->mutex);
    return result;
}

int fdatasync(int fd)
{
    return sync_file(fd, SYS_fdatasync);
}

int fsync(int fd)
{
    return sync_file(fd, SYS_fsync);
}

ssize_t pread64(int fd, void *bytes, size_t len, off64_t at)
{
    char path[PATH_BYTES_MAX];

    if (control && control->calls && is_ours(fd, path) && fails(CALL_READ))
        return -1;
    return syscall(SYS_pread64, fd, bytes, len, at);
}

/* --- memory --------------------------------------------------------------------------
 */

static bool allocation_fails(void)
{
    int64_t number;

    if (!control || !control->alloc_first)
        return false;
    number = atomic_fetch_add(&control->alloc_seen, 1) + 1;
    if (number < control->alloc_first || number > control->alloc_last)
        return false;
    atomic_fetch_add(&control->alloc_hits, 1);
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return allocation_fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return allocation_fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return allocation_fails() ? NULL : __libc_realloc(old, size);
}

/* --- the wall clock ------------------------------------------------------------------
 */

static void shift(int64_t *seconds, int64_t *fraction, int64_t a_second)
{
    int64_t ms = control ? control->clock_ms : 0;

    *seconds += ms / 1000;
    *fraction += ms % 1000 * (a_second / 1000);
    if (*fraction < 0) {
        *fraction += a_second;
        --*seconds;
    } else if (*fraction >= a_second) {
        *fraction -= a_second;
        ++*seconds;
    }
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    int result = (int)syscall(SYS_clock_gettime, clock, ret);

    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        shift(&ret->tv_sec, &ret->tv_nsec, 1000000000);
    return result;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    int result = (int)syscall(SYS_gettimeofday, ret, zone);

    if (result == 0)
        shift(&ret->tv_sec, &ret->tv_usec, 1000000);
    return result;
}

time_t time(time_t *ret)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (ret)
        *ret = now.tv_sec;
    return now.tv_sec;
}

/* --- races ---------------------------------------------------------------------------
 */

/* Between the decision to take a descriptor out of a set and the deed, others are
 * quicker.
 */
int epoll_ctl(int set, int what, int fd, struct epoll_event *event)
{
    if (control && what == EPOLL_CTL_DEL && control->forget_us > 0)
        (void)usleep((useconds_t)control->forget_us);
    return (int)syscall(SYS_epoll_ctl, set, what, fd, event);
}

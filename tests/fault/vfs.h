/*
 * A SQLite VFS over the system's own that fails where it is told to, and that can record
 * what is written so that a power cut can be played afterwards (disk.h). It never waits
 * for a disk: a sync only fails or is recorded.
 *
 * One thread. Install it before the first database is opened; it becomes the default.
 */
#ifndef TESTS_FAULT_VFS_H
#define TESTS_FAULT_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kinds of calls; a set of them. */
enum vfs_call {
    VFS_OPEN = 1 << 0,
    VFS_READ = 1 << 1,
    VFS_WRITE = 1 << 2,
    VFS_TRUNCATE = 1 << 3,
    VFS_SYNC = 1 << 4,
    VFS_SIZE = 1 << 5,
    VFS_LOCK = 1 << 6,
    VFS_SHM_MAP = 1 << 7,
    VFS_SHM_LOCK = 1 << 8,
    VFS_DELETE = 1 << 9,
    VFS_CALLS = 10,
};

/* 0, or -1 when SQLite is in use already. */
int vfs_install(void);

/* Lets the `at`-th call (from 1) of the set `calls` fail with this errno, and every later
 * one, too, when `lasting`. */
void vfs_arm(unsigned calls, long at, int error, bool lasting);
/* Heals. Did a call fail since the arming? */
bool vfs_disarm(void);

enum vfs_file { VFS_DATABASE, VFS_WAL, VFS_JOURNAL, VFS_FILES };
extern const char *const vfs_suffixes[VFS_FILES];

enum vfs_op_kind {
    VFS_OP_CREATE,
    VFS_OP_WRITE,
    VFS_OP_TRUNCATE, /* `at` is the new size */
    VFS_OP_SYNC,
    VFS_OP_DELETE,    /* the directory is synced with it */
    VFS_OP_DIRECTORY, /* the directory alone is synced */
};

struct vfs_op {
    enum vfs_op_kind kind;
    enum vfs_file file;
    int64_t at;
    size_t len;
    unsigned char *bytes;
};

struct vfs_log {
    struct vfs_op *ops;
    size_t count;
    size_t room;
};

/* Appends every change to `log` from now on; NULL: no more. A write of many frames of the
 * -wal becomes one of each header and each page. */
void vfs_record(struct vfs_log *log);
/* What others do to the directory, while recording. */
void vfs_note(enum vfs_op_kind kind, enum vfs_file file);
void vfs_log_done(struct vfs_log *log);

#endif

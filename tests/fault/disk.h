/*
 * A disk that keeps apart what is durable and what is not, fed with what vfs.h recorded.
 *
 * Durable is what was written before the file's last sync. A new name is durable once its
 * directory was synced: by itself, or with the first sync of a -wal or -journal, for then
 * SQLite syncs the directory, too. The -shm is in memory and gone with the power.
 */
#ifndef TESTS_FAULT_DISK_H
#define TESTS_FAULT_DISK_H

#include "report.h"
#include "vfs.h"
#include "workload.h"

struct disk_file {
    bool exists;
    bool is_named; /* durably */
    unsigned char *bytes;
    size_t size, room;
    const struct vfs_op **pending; /* since the last sync, in order */
    size_t pending_count, pending_room;
};

struct disk {
    struct disk_file files[VFS_FILES];
};

void disk_apply(struct disk *disk, const struct vfs_op *op);
void disk_done(struct disk *disk);

enum disk_cut {
    DISK_LOSES_ALL,  /* that is not synced */
    DISK_KEEPS_SOME, /* a random half of the sectors; of the last write torn ones */
    DISK_KEEPS_ALL,  /* as when only the process dies */
};

/* What is there when the power comes back. */
void disk_cut(const struct disk *disk, enum disk_cut how, struct dice *dice,
              struct snapshot *ret);

#endif

#include "disk.h"

#include <stdlib.h>
#include <string.h>

#define SECTOR 512

static void *grown(void *old, size_t size)
{
    void *bytes = realloc(old, size);

    if (!bytes)
        abort();
    return bytes;
}

/* What was never written reads as zeros. */
static void resize(struct disk_file *file, size_t size)
{
    if (size > file->room) {
        file->room = 2 * size;
        file->bytes = grown(file->bytes, file->room);
    }
    if (size > file->size)
        memset(file->bytes + file->size, 0, size - file->size);
    file->size = size;
}

static void put(struct disk_file *file, size_t at, const unsigned char *bytes, size_t len)
{
    if (at + len > file->size)
        resize(file, at + len);
    if (len > 0)
        memcpy(file->bytes + at, bytes, len);
}

static void play(struct disk_file *file, const struct vfs_op *op)
{
    if (op->kind == VFS_OP_TRUNCATE)
        resize(file, (size_t)op->at);
    else
        put(file, (size_t)op->at, op->bytes, op->len);
}

static void wait_for_sync(struct disk_file *file, const struct vfs_op *op)
{
    if (file->pending_count == file->pending_room) {
        file->pending_room = file->pending_room ? 2 * file->pending_room : 64;
        file->pending =
            grown(file->pending, file->pending_room * sizeof(const struct vfs_op *));
    }
    file->pending[file->pending_count++] = op;
}

static void sync_directory(struct disk *disk)
{
    for (int i = 0; i < VFS_FILES; i++)
        disk->files[i].is_named = disk->files[i].exists;
}

static void sync_file(struct disk *disk, enum vfs_file which)
{
    struct disk_file *file = &disk->files[which];

    for (size_t i = 0; i < file->pending_count; i++)
        play(file, file->pending[i]);
    file->pending_count = 0;
    if (which != VFS_DATABASE && !file->is_named)
        sync_directory(disk);
}

void disk_apply(struct disk *disk, const struct vfs_op *op)
{
    struct disk_file *file = &disk->files[op->file];

    switch (op->kind) {
    case VFS_OP_CREATE:
        file->exists = true;
        break;
    case VFS_OP_WRITE:
    case VFS_OP_TRUNCATE:
        file->exists = true;
        wait_for_sync(file, op);
        break;
    case VFS_OP_SYNC:
        sync_file(disk, op->file);
        break;
    case VFS_OP_DELETE:
        file->exists = false;
        file->size = file->pending_count = 0;
        sync_directory(disk);
        break;
    case VFS_OP_DIRECTORY:
        sync_directory(disk);
        break;
    }
}

void disk_done(struct disk *disk)
{
    for (int i = 0; i < VFS_FILES; i++) {
        free(disk->files[i].bytes);
        free(disk->files[i].pending);
    }
    *disk = (struct disk){0};
}

/* --- the cut ---------------------------------------------------------------------- */

/* Sectors of a write that reached the disk, each whole but the torn one. */
static void play_some(struct disk_file *file, const struct vfs_op *op, bool is_last,
                      struct dice *dice)
{
    size_t done = 0;

    while (done < op->len) {
        size_t at = (size_t)op->at + done;
        size_t len = SECTOR - at % SECTOR;

        if (len > op->len - done)
            len = op->len - done;
        if (dice_roll(dice, 2)) {
            bool is_torn = is_last && dice_roll(dice, 2);

            put(file, at, op->bytes + done,
                is_torn ? dice_roll(dice, SECTOR) % len : len);
            if (is_torn)
                return;
        }
        done += len;
    }
}

static void play_pending(const struct disk_file *from, enum disk_cut how,
                         struct dice *dice, struct disk_file *to)
{
    for (size_t i = 0; how != DISK_LOSES_ALL && i < from->pending_count; i++) {
        const struct vfs_op *op = from->pending[i];

        if (how == DISK_KEEPS_ALL)
            play(to, op);
        else if (op->kind == VFS_OP_WRITE)
            play_some(to, op, i + 1 == from->pending_count, dice);
        else if (dice_roll(dice, 2))
            play(to, op);
    }
}

void disk_cut(const struct disk *disk, enum disk_cut how, struct dice *dice,
              struct snapshot *ret)
{
    *ret = (struct snapshot){0};
    for (int i = 0; i < VFS_FILES; i++) {
        const struct disk_file *from = &disk->files[i];
        struct disk_file left = {0};

        if (!from->exists ||
            (!from->is_named &&
             (how == DISK_LOSES_ALL || (how == DISK_KEEPS_SOME && dice_roll(dice, 2)))))
            continue;
        resize(&left, 0);
        put(&left, 0, from->bytes ? from->bytes : (const unsigned char *)"", from->size);
        play_pending(from, how, dice, &left);
        ret->sizes[i] = left.size;
        ret->bytes[i] = left.bytes ? left.bytes : grown(NULL, 1);
    }
}

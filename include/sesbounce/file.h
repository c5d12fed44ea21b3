/*
 * Small files, read whole and bounded; bytes that survive a power cut once they are
 * written. Any thread.
 */
#ifndef SESBOUNCE_FILE_H
#define SESBOUNCE_FILE_H

#include "sesbounce/buf.h"

/* Appends what is left to read from `fd`. 0, -E2BIG beyond the buffer's maximum, or a
 * negative errno. What was read stays nowhere but in the buffer. */
int file_read_fd(int fd, struct buf *ret);

/* As file_read_fd(). May block on a pipe. */
int file_read(const char *path, struct buf *ret);

/* As a C string of at most `max_bytes`, which the caller owns; -ENODATA: it is empty. */
int file_read_text(const char *path, size_t max_bytes, char **ret);

/* Writes all of it and fsyncs. 0 or a negative errno. */
int file_write_fd(int fd, struct str bytes);

/* The directory that holds `path`, "." for a bare name; the caller owns it. NULL when
 * memory is short. */
char *file_directory_of(const char *path);

/* Makes durable that `path` was created, renamed or removed. 0 or a negative errno. */
int file_sync_directory_of(const char *path);

#endif

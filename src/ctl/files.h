/* Files that an operator names, read whole. `-` is standard input. One thread. */
#ifndef CTL_FILES_H
#define CTL_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "sesbounce/buf.h"

/* Opens for reading; `-` gives a duplicate of standard input. A descriptor or a negative
 * errno (-EISDIR for a folder). */
int files_open(const char *path);

/* Takes the byte order mark off the beginning of a file's text. 0, or -EILSEQ when it is
 * that of UTF-16. */
int files_skip_mark(struct str *text);

/* Appends the whole file except a byte order mark. 0, -E2BIG beyond the buffer's
 * maximum, or a negative errno. */
int files_read(const char *path, struct buf *ret);

#endif

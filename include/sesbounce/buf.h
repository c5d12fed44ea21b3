/*
 * struct buf: bytes that grow up to a named maximum.
 *
 * Invariants: len <= cap <= max + 1, and data[len] is NUL whenever data is not NULL. One
 * owner, one thread at a time.
 */
#ifndef SESBOUNCE_BUF_H
#define SESBOUNCE_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "sesbounce/str.h"

struct buf {
    char *data;
    size_t len;
    size_t cap;
    size_t max;
};

/* Empty, allocates nothing. `max_bytes` is from limits.h or a setting. */
void buf_init(struct buf *buf, size_t max_bytes);

/* Frees the bytes and leaves an empty buffer with the same maximum. */
void buf_done(struct buf *buf);

/* Forgets what is behind the first `len` bytes, or everything; keeps the memory. */
void buf_cut(struct buf *buf, size_t len);
void buf_clear(struct buf *buf);

/* 0, -ENOMEM, or -E2BIG when the maximum would be passed; on failure nothing changes. */
int buf_append(struct buf *buf, const void *bytes, size_t len);
int buf_append_str(struct buf *buf, struct str s);
int buf_append_char(struct buf *buf, char c);
int buf_printf(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int buf_vprintf(struct buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Makes room so that the next `more` bytes need no allocation. Errors as buf_append. */
int buf_reserve(struct buf *buf, size_t more);

/* Moves the bytes and a NUL after them to the caller, who frees them. NULL: empty. */
char *buf_take(struct buf *buf);

/* Borrows the content until the buffer changes. */
static inline struct str buf_str(const struct buf *buf)
{
    return (struct str){buf->data ? buf->data : "", buf->len};
}

#endif

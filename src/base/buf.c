#include "sesbounce/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Smaller first allocations would only be grown at once. */
#define BUF_FIRST_BYTES 64

void buf_init(struct buf *buf, size_t max_bytes)
{
    *buf = (struct buf){.max = max_bytes};
}

void buf_done(struct buf *buf)
{
    free(buf->data);
    buf_init(buf, buf->max);
}

void buf_cut(struct buf *buf, size_t len)
{
    buf->len = len;
    if (buf->data)
        buf->data[len] = '\0';
}

void buf_clear(struct buf *buf)
{
    buf_cut(buf, 0);
}

int buf_reserve(struct buf *buf, size_t more)
{
    if (more > buf->max - buf->len)
        return -E2BIG;
    size_t needed = buf->len + more + 1;
    if (needed <= buf->cap)
        return 0;
    size_t cap = buf->cap > buf->max / 2 ? buf->max + 1 : buf->cap * 2;
    if (cap < BUF_FIRST_BYTES && buf->max >= BUF_FIRST_BYTES)
        cap = BUF_FIRST_BYTES;
    if (cap < needed)
        cap = needed;
    char *data = realloc(buf->data, cap);
    if (!data)
        return -ENOMEM;
    data[buf->len] = '\0';
    buf->data = data;
    buf->cap = cap;
    return 0;
}

int buf_append(struct buf *buf, const void *bytes, size_t len)
{
    int r = buf_reserve(buf, len);
    if (r < 0)
        return r;
    if (len > 0)
        memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
    return 0;
}

int buf_append_str(struct buf *buf, struct str s)
{
    return buf_append(buf, s.data, s.len);
}

int buf_append_char(struct buf *buf, char c)
{
    return buf_append(buf, &c, 1);
}

int buf_vprintf(struct buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (len < 0)
        return -EINVAL;
    int r = buf_reserve(buf, (size_t)len);
    if (r < 0)
        return r;
    (void)vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
    buf->len += (size_t)len;
    return 0;
}

int buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int r = buf_vprintf(buf, format, args);
    va_end(args);
    return r;
}

char *buf_take(struct buf *buf)
{
    char *data = buf->data;
    buf_init(buf, buf->max);
    return data;
}

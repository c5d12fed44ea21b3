#include "ctl/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/limits.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/file.h"

int files_open(const char *path)
{
    struct stat status;
    _cleanup_(closep) int fd = strcmp(path, "-") == 0
                                   ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                   : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        return -errno;
    if (S_ISDIR(status.st_mode))
        return -EISDIR;
    return take_fd(fd);
}

int files_skip_mark(struct str *text)
{
    struct str mark = STR_BYTE_ORDER_MARK;
    if (str_starts_with(*text, STR("\xff\xfe")) ||
        str_starts_with(*text, STR("\xfe\xff")))
        return -EILSEQ;
    if (str_starts_with(*text, mark))
        *text = (struct str){text->data + mark.len, text->len - mark.len};
    return 0;
}

int files_read(const char *path, struct buf *ret)
{
    _cleanup_(closep) int fd = files_open(path);
    size_t before = ret->len;
    int r = fd < 0 ? fd : file_read_fd(fd, ret);
    struct str text = buf_str(ret);
    text.data += before;
    text.len -= before;
    if (text.len > 0 && files_skip_mark(&text) == 0) {
        memmove(ret->data + before, text.data, text.len + 1);
        ret->len = before + text.len;
    }
    return r;
}

int records_init(struct records *records, int fd)
{
    *records = (struct records){.fd = fd, .line = 1};
    buf_init(&records->record, SNS_ENVELOPE_BYTES_MAX);
    records->input = malloc(CTL_RECORDS_INPUT_BYTES_MAX);
    return records->input ? 0 : -ENOMEM;
}

void records_done(struct records *records)
{
    buf_done(&records->record);
    free(records->input);
    records->input = NULL;
}

/* The next byte without taking it, or -1 at the end or with `*failed`. */
static int byte_peek(struct records *records, bool *failed)
{
    while (records->at == records->end && !records->ended) {
        ssize_t got = read(records->fd, records->input, CTL_RECORDS_INPUT_BYTES_MAX);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            *failed = true;
            return -1;
        }
        records->ended = got == 0;
        records->at = 0;
        records->end = (size_t)got;
        records->bytes += (uint64_t)got;
    }
    return records->ended ? -1 : (unsigned char)records->input[records->at];
}

static void byte_take(struct records *records)
{
    records->line += records->input[records->at++] == '\n';
}

struct scan {
    unsigned depth;
    bool in_string;
    bool escaped;
    bool plain; /* not a bracket at the start: ends with its line */
    bool too_large;
};

/* Looks at one byte. True when the record ends with it. */
static bool byte_scan(struct scan *scan, int c)
{
    if (scan->plain)
        return c == '\n';
    if (scan->in_string) {
        if (scan->escaped)
            scan->escaped = false;
        else if (c == '\\')
            scan->escaped = true;
        else if (c == '"')
            scan->in_string = false;
        /* JSON has no line feed inside a string: this record is damaged. */
        return c == '\n';
    }
    if (c == '"')
        scan->in_string = true;
    else if (c == '{' || c == '[')
        scan->depth++;
    else if (c == '}' || c == ']')
        return --scan->depth == 0;
    return false;
}

/* Blank space between records, and the byte order mark that Windows writes first. */
static int blank_skip(struct records *records, bool *failed)
{
    int c = byte_peek(records, failed);
    bool mark = records->line == 1 && c == 0xef;
    while (c > 0 && (strchr(" \t\r\n", c) || (mark && strchr("\xef\xbb\xbf", c)))) {
        byte_take(records);
        c = byte_peek(records, failed);
    }
    return c;
}

enum records_result records_next(struct records *records, struct str *ret,
                                 uint64_t *ret_line)
{
    bool failed = false, whole = false;
    int c = blank_skip(records, &failed);
    struct scan scan = {.plain = c != '{' && c != '['};
    buf_clear(&records->record);
    *ret_line = records->line;
    if (c < 0)
        return failed ? RECORDS_FAILED : RECORDS_END;
    while (c >= 0 && !whole) {
        whole = byte_scan(&scan, c);
        if (!scan.too_large) {
            int r = buf_append_char(&records->record, (char)c);
            scan.too_large = r == -E2BIG;
            if (r == -ENOMEM) {
                errno = ENOMEM;
                return RECORDS_FAILED;
            }
        }
        byte_take(records);
        c = whole ? 0 : byte_peek(records, &failed);
    }
    *ret = str_trim(buf_str(&records->record));
    if (failed)
        return RECORDS_FAILED;
    if (scan.too_large)
        return RECORDS_TOO_LARGE;
    return whole || scan.plain ? RECORDS_ONE : RECORDS_CUT_OFF;
}

#include "ctl/records_input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/limits.h"

#define GZIP_MAGIC STR("\x1f\x8b")
/* zlib's way to say: a window of any size, in gzip's format. */
#define GZIP_WINDOW_BITS (15 + 16)

static int input_fail(struct records_input *input, int r, const char *fault)
{
    input->fault = fault;
    return r;
}

/* Up to a buffer of the file behind the `len` bytes that are there. Their number; 0: the
 * file has ended. */
static ssize_t file_read_more(struct records_input *input, size_t len)
{
    ssize_t got;
    do {
        got = read(input->fd, input->read + len, CTL_RECORDS_INPUT_BYTES_MAX - len);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return input_fail(input, -errno, strerror(errno));
    input->is_ended = got == 0;
    return got;
}

/* Fills what gzip unpacks from. Is anything there? */
static int packed_fill(struct records_input *input)
{
    if (input->gzip.avail_in == 0 && !input->is_ended) {
        ssize_t got = file_read_more(input, 0);
        if (got < 0)
            return (int)got;
        input->gzip.next_in = (Bytef *)input->read;
        input->gzip.avail_in = (uInt)got;
    }
    return input->gzip.avail_in > 0;
}

/* One step of unpacking. 0 or a negative errno. */
static int packed_inflate(struct records_input *input)
{
    if (!input->in_member && inflateReset(&input->gzip) != Z_OK)
        return input_fail(input, -ENOMEM, "out of memory");
    input->in_member = true;
    switch (inflate(&input->gzip, Z_NO_FLUSH)) {
    case Z_STREAM_END:
        input->in_member = false;
        return 0;
    case Z_OK:
    case Z_BUF_ERROR: /* no progress: asks for more input */
        return 0;
    case Z_MEM_ERROR:
        return input_fail(input, -ENOMEM, "out of memory");
    default:
        return input_fail(input, -EBADMSG, "its gzip data is damaged");
    }
}

static int packed_read(struct records_input *input, struct str *ret)
{
    z_stream *gzip = &input->gzip;
    int r = 0;
    gzip->next_out = (Bytef *)input->text;
    gzip->avail_out = CTL_RECORDS_INPUT_BYTES_MAX;
    while (r == 0 && gzip->avail_out > 0) {
        int more = packed_fill(input);
        if (more < 0)
            r = more;
        else if (more == 0 && input->in_member)
            r = input_fail(input, -EBADMSG, "its gzip data ends too early");
        if (more <= 0)
            break;
        r = packed_inflate(input);
    }
    *ret = (struct str){input->text, CTL_RECORDS_INPUT_BYTES_MAX - gzip->avail_out};
    /* What could be unpacked before a fault is given first; the fault comes again. */
    return ret->len > 0 ? 1 : r;
}

static int plain_read(struct records_input *input, struct str *ret)
{
    ssize_t got = input->is_ended ? 0 : file_read_more(input, 0);
    *ret = (struct str){input->read, got > 0 ? (size_t)got : 0};
    return got < 0 ? (int)got : got > 0;
}

/* As much as fits, or as there is: a pipe may give a byte at a time. */
static int first_read(struct records_input *input)
{
    size_t len = 0;
    while (len < CTL_RECORDS_FIRST_BYTES && !input->is_ended) {
        ssize_t got = file_read_more(input, len);
        if (got < 0)
            return (int)got;
        len += (size_t)got;
    }
    input->first = (struct str){input->read, len};
    return 0;
}

static int packed_begin(struct records_input *input)
{
    input->text = malloc(CTL_RECORDS_INPUT_BYTES_MAX);
    if (!input->text || inflateInit2(&input->gzip, GZIP_WINDOW_BITS) != Z_OK) {
        free(input->text);
        input->text = NULL;
        return input_fail(input, -ENOMEM, "out of memory");
    }
    input->gzip.next_in = (Bytef *)input->read;
    input->gzip.avail_in = (uInt)input->first.len;
    int r = packed_read(input, &input->first);
    return r < 0 ? r : 0;
}

int records_input_init(struct records_input *input, int fd)
{
    *input = (struct records_input){.fd = fd};
    input->read = malloc(CTL_RECORDS_INPUT_BYTES_MAX);
    if (!input->read)
        return input_fail(input, -ENOMEM, "out of memory");
    int r = first_read(input);
    return r == 0 && str_starts_with(input->first, GZIP_MAGIC) ? packed_begin(input) : r;
}

void records_input_done(struct records_input *input)
{
    if (input->text)
        (void)inflateEnd(&input->gzip);
    free(input->text);
    free(input->read);
    *input = (struct records_input){.fd = -1};
}

struct str records_input_peek(const struct records_input *input)
{
    return input->first;
}

int records_input_read(struct records_input *input, struct str *ret)
{
    if (input->first.len > 0) {
        *ret = input->first;
        input->first = STR_ABSENT;
        return 1;
    }
    return input->text ? packed_read(input, ret) : plain_read(input, ret);
}

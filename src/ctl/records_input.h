/*
 * The bytes of one file that an operator names: as they lie there, or unpacked if they
 * are gzip's (RFC 1952), which the first two bytes tell and not the name. Several members
 * one behind the other are one stream, as gzip itself reads them. Memory is two buffers,
 * however much a file grows when it is unpacked. One thread.
 */
#ifndef CTL_RECORDS_INPUT_H
#define CTL_RECORDS_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

#include "sesbounce/str.h"

struct records_input {
    int fd;        /* borrowed */
    char *read;    /* owned: as it lies in the file */
    char *text;    /* owned: unpacked; NULL if it is not gzip's */
    z_stream gzip; /* of `text` */
    bool is_ended; /* the file; there may be more to unpack */
    bool in_member;
    struct str first;  /* read ahead, not yet given */
    const char *fault; /* constant or strerror()'s, once a function returned negative */
};

/*
 * Reads the beginning. 0 or a negative errno with `fault`; records_input_done() in either
 * case. `fd` stays open until then.
 */
int records_input_init(struct records_input *input, int fd);
void records_input_done(struct records_input *input);

/* What the next call of records_input_read() gives; empty for an empty file. */
struct str records_input_peek(const struct records_input *input);

/*
 * The next bytes, borrowed until the next call. 1; 0 at the end; or a negative errno with
 * `fault`: -EBADMSG if gzip's data is damaged or ends too early.
 */
int records_input_read(struct records_input *input, struct str *ret);

#endif

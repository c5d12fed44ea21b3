/*
 * Files that an operator names: read whole, or cut into JSON records. `-` is standard
 * input. One thread.
 */
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

/*
 * Cuts a stream into JSON objects: one alone, one a line, or one behind the other with or
 * without white space. Only brackets and strings are looked at; whether a record is JSON
 * is for its reader. What does not begin with a bracket is one record up to the end of
 * its line; a string that is broken by a line's end ends the record there, so that one
 * damaged line does not take the next ones along. An array is one record.
 */
struct records {
    int fd; /* borrowed */
    struct buf record;
    char *input; /* owned */
    size_t at, end;
    uint64_t bytes; /* read so far */
    uint64_t line;  /* of the next byte */
    bool ended;
};

/* 0 or -ENOMEM. */
int records_init(struct records *records, int fd);
void records_done(struct records *records);

enum records_result {
    RECORDS_ONE,
    RECORDS_TOO_LARGE, /* beyond SNS_ENVELOPE_BYTES_MAX; the next one follows */
    RECORDS_CUT_OFF,   /* the file ends in the middle of it */
    RECORDS_END,
    RECORDS_FAILED, /* errno */
};

/* The next record, borrowed until the next call, and the line it begins on. */
enum records_result records_next(struct records *records, struct str *ret,
                                 uint64_t *ret_line);

#endif

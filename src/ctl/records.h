/*
 * Cuts a stream into JSON records: one alone, one a line, or one behind the other with or
 * without white space (Amazon Data Firehose writes objects of S3 so). Containers are
 * peeled off on the way: of an array, and of an object whose member `Records` (Lambda) or
 * `Messages` (`aws sqs receive-message`) is an array, each element is a record, so that a
 * container may be of any size.
 *
 * Only brackets and strings are looked at; whether a record is JSON is for its reader.
 * What does not begin with a bracket is one record up to the end of its line; a string
 * that is broken by a line's end ends the record there, and the container with it, so
 * that one damaged line does not take the next ones along. One thread.
 */
#ifndef CTL_RECORDS_H
#define CTL_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/records_input.h"
#include "sesbounce/buf.h"

enum records_place { RECORDS_AT_TOP, RECORDS_IN_ARRAY, RECORDS_BEHIND_ARRAY };

struct records {
    struct records_input *input; /* borrowed; NULL: of a text */
    const char *at, *end;        /* read, not yet cut */
    struct buf record;
    uint64_t line; /* of the next byte */
    enum records_place place;
    bool in_object; /* the array is a member of an object */
    const char *fault;
};

/* Allocates nothing yet. */
void records_init(struct records *records, struct records_input *input);
/* The records of a text, which is borrowed. */
void records_init_text(struct records *records, struct str text);
void records_done(struct records *records);

enum records_result {
    RECORDS_ONE,
    RECORDS_TOO_LARGE, /* beyond SNS_ENVELOPE_BYTES_MAX; the next one follows */
    RECORDS_CUT_OFF,   /* the file ends in the middle of it, or of its container */
    RECORDS_END,
    RECORDS_FAILED, /* `fault` */
};

/* The next record, borrowed until the next call, and the line it begins on. */
enum records_result records_next(struct records *records, struct str *ret,
                                 uint64_t *ret_line);

#endif

/*
 * Cuts a stream into the records of a list: lines, records of a CSV file (RFC 4180) and
 * JSON objects, in bounded memory however large the file and its records are. Only the
 * form is looked at. What is damaged ends at the end of its first line, so that it does
 * not take the next ones along. One thread.
 */
#ifndef CTL_LIST_INPUT_H
#define CTL_LIST_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/limits.h"
#include "sesbounce/str.h"

/* Containers of JSON in which records lie: `[{"items":[` and the like. */
#define LIST_INPUT_NESTING 4

struct list_input {
    int fd;       /* borrowed */
    char *window; /* owned */
    size_t at, end;
    uint64_t line; /* of the next byte */
    bool ended;
    char open[LIST_INPUT_NESTING]; /* brackets of JSON around the next record */
    unsigned depth;
};

/* 0 or -ENOMEM. */
int list_input_init(struct list_input *input, int fd);
void list_input_done(struct list_input *input);

enum list_input_result {
    LIST_INPUT_ONE,
    LIST_INPUT_TOO_LONG,  /* more than CTL_LIST_RECORD_BYTES_MAX */
    LIST_INPUT_UNCLOSED,  /* a quotation mark that opens in it is never closed */
    LIST_INPUT_BAD_QUOTE, /* text behind a closing quotation mark */
    LIST_INPUT_NOT_JSON,
    LIST_INPUT_CUT_OFF, /* the file ends within JSON */
    LIST_INPUT_END,
    LIST_INPUT_FAILED, /* errno */
};

/* The bytes that the file goes on with, as many as fit into a record, without taking
 * them; empty at the end and with *ret_failed. */
struct str list_input_peek(struct list_input *input, bool *ret_failed);

/* Takes `bytes` of what list_input_peek() gave, without any line feed. */
void list_input_skip(struct list_input *input, size_t bytes);

/* The next one, borrowed until the next call, and the line on which it begins. All take
 * LF, CR LF and CR for the end of a line, which is not part of it. */
enum list_input_result list_input_line(struct list_input *input, struct str *ret,
                                       uint64_t *ret_line);
enum list_input_result list_input_csv(struct list_input *input, char separator,
                                      struct str *ret, uint64_t *ret_line);
/* Objects one behind the other, one a line, in an array, or in an array that is a member
 * of an object, such as SES's pages. */
enum list_input_result list_input_json(struct list_input *input, struct str *ret,
                                       uint64_t *ret_line);

/*
 * Cuts the next field off a record that list_input_csv() gave; its quotation marks are
 * taken off in place. False behind the last one: `*rest` is absent.
 */
bool list_input_field(struct str *rest, char separator, struct str *ret);

#endif

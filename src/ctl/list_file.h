/*
 * Reads a suppression list, ours or another service's, one entry at a time and in bounded
 * memory:
 *
 *   - addresses, one per line, or SES's `ADDRESS,BOUNCE` without a header;
 *   - CSV (RFC 4180, with comma, semicolon or tab) with a header that names an address
 *     column, and perhaps others of list_words.h;
 *   - JSON objects with such members, one a line, in an array, or in pages as
 *     `aws sesv2 list-suppressed-destinations` prints them.
 *
 * The format follows from the first bytes. A line that cannot be read is a fault, behind
 * which the next one follows. One thread.
 */
#ifndef CTL_LIST_FILE_H
#define CTL_LIST_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/limits.h"
#include "ctl/list_entry.h"
#include "ctl/list_input.h"
#include "ctl/list_words.h"

enum list_file_format { LIST_FILE_PLAIN, LIST_FILE_CSV, LIST_FILE_JSON };

struct list_file {
    struct list_input input;
    struct list_options options;
    enum list_file_format format;
    char separator;                                   /* of CSV */
    enum list_column column_of[CTL_LIST_COLUMNS_MAX]; /* LIST_COLUMNS: not one of ours */
    size_t column_count;
    bool has_scopes; /* it said of which scope an entry is */
    struct buf text; /* of the present entry */
    uint64_t line;   /* on which it, or the fault, begins */
    char fault[CTL_LIST_FAULT_BYTES_MAX];
};

enum list_file_result {
    LIST_FILE_ENTRY,
    LIST_FILE_FAULT, /* of `line`: `fault` says what; the next one follows */
    LIST_FILE_END,
    LIST_FILE_FAILED,  /* errno */
    LIST_FILE_REFUSED, /* it is not a list: `fault` says why, and what to do */
};

/*
 * Borrows `fd` and the options' texts. An entry without a time counts from when the file
 * was changed last, or else from `now_ms`: what was decided since is newer. Returns
 * LIST_FILE_ENTRY when there is something to read; call list_file_close() in any case.
 */
enum list_file_result list_file_open(struct list_file *file, int fd,
                                     const struct list_options *options);
void list_file_close(struct list_file *file);

/* The entry's texts are borrowed until the next call. */
enum list_file_result list_file_next(struct list_file *file, struct list_entry *ret);

#endif

/*
 * Rows as a table, as JSON (one object a line) or as CSV (RFC 4180).
 *
 * The table shows a chosen few columns, aligned over the first CTL_TABLE_ROWS_HELD rows
 * and streamed from there on; JSON and CSV show everything the view has and never wait.
 * Times are RFC 3339 in all three. NULL is `-`, null and an empty field.
 *
 * What strangers wrote drives no program that shows it: a table holds nothing that a
 * terminal obeys, JSON has it escaped, and CSV, whose bytes stay as they are in a file,
 * is neutralised like a table on a terminal. Text of a CSV cell that a spreadsheet would
 * execute begins with ', except in OUTPUT_CSV_RAW. One thread.
 */
#ifndef CTL_OUTPUT_H
#define CTL_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sesbounce/buf.h"
#include "sesbounce/limits.h"
#include "sesbounce/store.h"

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_CSV, OUTPUT_CSV_RAW };

static inline bool output_is_csv(enum output_format format)
{
    return format == OUTPUT_CSV || format == OUTPUT_CSV_RAW;
}

/* False if `word` is not table, json or csv. */
bool output_format_parse(const char *word, enum output_format *ret);

struct output {
    FILE *to;
    enum output_format format;
    const char *const *table; /* ended by NULL: what the table shows; NULL: everything */
    const char *const *all;   /* ended by NULL: the CSV header when there is no row */
    size_t columns;           /* of the table */
    bool to_terminal;
    bool whole; /* the last column is never cut */
    size_t width[CTL_COLUMNS_MAX];
    struct buf held; /* cells, each with a NUL behind it */
    size_t held_rows;
    bool aligned; /* the widths are decided, the header is out */
    struct buf line;
    uint64_t rows;
    int fault; /* the first error of output_row or output_end */
};

/* Borrows all it is given. */
void output_init(struct output *output, FILE *to, enum output_format format,
                 const char *const *table, const char *const *all);

/* 0, -ENOMEM, -E2BIG, or the error of writing: a store_row_fn with a struct output. */
int output_row(void *output, const struct store_value *values, size_t count);

/* Writes what is held and flushes. 0 or a negative errno. */
int output_end(struct output *output);

/* Frees; writes nothing. */
void output_done(struct output *output);

/* Values of our own making. */
struct store_value output_text(const char *name, const char *text);
struct store_value output_str(const char *name, struct str text);
struct store_value output_integer(const char *name, int64_t integer);
struct store_value output_time(const char *name, int64_t ms,
                               char ret_text[CLOCK_TEXT_BYTES]);

/* The value of a row's column `name`; NULL when it is not there or is NULL. */
const struct store_value *output_find(const struct store_value *values, size_t count,
                                      const char *name);

/* Appends the value as people read it, not yet neutralised; nothing for NULL. */
int output_plain(struct buf *to, const struct store_value *value);

#endif

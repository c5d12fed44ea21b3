/*
 * Rows as a table, as JSON (one object a line) or as CSV (RFC 4180).
 *
 * The table shows a chosen few columns, aligned over the first REPORT_ROWS_HELD rows
 * and streamed from there on; JSON and CSV show everything the view has and never wait.
 * Times are RFC 3339 in all three. NULL is `-`, null and an empty field.
 *
 * What strangers wrote drives no program that shows it: a table holds nothing that a
 * terminal obeys, JSON has it escaped, and CSV, whose bytes stay as they are in a file,
 * is neutralised like a table on a terminal. Text of a CSV cell that a spreadsheet would
 * execute begins with ', except in OUTPUT_CSV_RAW. One thread.
 */
#ifndef SESBOUNCE_OUTPUT_H
#define SESBOUNCE_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "sesbounce/buf.h"
#include "sesbounce/limits.h"
#include "sesbounce/store_read.h"

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_CSV, OUTPUT_CSV_RAW };

static inline bool output_is_csv(enum output_format format)
{
    return format == OUTPUT_CSV || format == OUTPUT_CSV_RAW;
}

/* False if `word` is not table, json or csv. */
bool output_format_parse(const char *word, enum output_format *ret);

/* Where the text goes: 0 or a negative errno, which becomes the output's. */
struct output_sink {
    int (*write)(void *context, struct str text);
    void *context;
    bool is_terminal;
};

struct output_sink output_to_buf(struct buf *buf);

/* Names of columns, each list ended by NULL. */
struct output_columns {
    const char *const *table; /* what a table shows; NULL: all */
    const char *const *all;   /* the CSV header when there is no row; NULL: none */
};

struct output {
    struct output_sink to;
    enum output_format format;
    struct output_columns shown;
    size_t columns; /* of the table */
    bool whole;     /* the last column is never cut */
    size_t width[REPORT_COLUMNS_MAX];
    struct buf held; /* cells, each with a NUL behind it */
    size_t held_rows;
    bool aligned; /* the widths are decided, the header is out */
    struct buf line;
    uint64_t rows;
    int fault; /* the first error of output_row or output_end */
};

/* Borrows what the sink and the columns point to; `columns` may be NULL. */
void output_init(struct output *output, struct output_sink to, enum output_format format,
                 const struct output_columns *columns);

/* 0, -ENOMEM, -E2BIG, or the error of writing: a store_row_fn with a struct output. */
int output_row(void *output, const struct store_value *values, size_t count);

/* A row of a table as lines `name: value`, harmless; `body` stands by itself, with its
 * lines. 0 or a negative errno. */
int output_record(struct output *output, const struct store_value *values, size_t count,
                  bool with_null);

/* Text that is not a row, and has been made harmless. 0 or a negative errno. */
int output_printf(struct output *output, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Writes what is held. 0 or a negative errno. */
int output_end(struct output *output);

/* Frees; writes nothing. */
void output_done(struct output *output);

/* Values of our own making. */
struct store_value output_text(const char *name, const char *text);
struct store_value output_str(const char *name, struct str text);
struct store_value output_integer(const char *name, int64_t integer);
struct store_value output_boolean(const char *name, bool value);
struct store_value output_time(const char *name, int64_t ms); /* CLOCK_NONE: NULL */

/* The value of a row's column `name`; NULL when it is not there or is NULL. */
const struct store_value *output_find(const struct store_value *values, size_t count,
                                      const char *name);

/* Its text; absent when there is none. */
struct str output_find_text(const struct store_value *values, size_t count,
                            const char *name);

/* A part of a sentence about a row: it appears when the row has that column. */
struct output_part {
    const char *before;
    const char *column; /* NULL: the end, with `before` behind it all */
};

/* Appends the parts, not yet neutralised. */
int output_parts(struct buf *to, const struct store_value *values, size_t count,
                 const struct output_part *part);

/* Appends the value as people read it, not yet neutralised; nothing for NULL. */
int output_plain(struct buf *to, const struct store_value *value);

#endif

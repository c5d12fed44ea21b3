#include "sesbounce/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sesbounce/clock.h"
#include "sesbounce/json_scan.h"
#include "sesbounce/text.h"

bool output_format_parse(const char *word, enum output_format *ret)
{
    static const char *const words[] = {"table", "json", "csv"};
    for (size_t i = 0; i < 3; i++)
        if (strcmp(word, words[i]) == 0) {
            *ret = (enum output_format)i;
            return true;
        }
    return false;
}

static int buf_take_text(void *context, struct str text)
{
    return buf_append_str(context, text);
}

struct output_sink output_to_buf(struct buf *buf)
{
    return (struct output_sink){buf_take_text, buf, false};
}

void output_init(struct output *output, struct output_sink to, enum output_format format,
                 const struct output_columns *columns)
{
    *output = (struct output){.to = to, .format = format};
    if (columns)
        output->shown = *columns;
    buf_init(&output->held, REPORT_ROW_BYTES_MAX);
    buf_init(&output->line, REPORT_ROW_BYTES_MAX);
}

void output_done(struct output *output)
{
    buf_done(&output->held);
    buf_done(&output->line);
}

struct store_value output_str(const char *name, struct str text)
{
    return (struct store_value){
        .name = name, .type = str_present(text) ? STORE_TEXT : STORE_NULL, .text = text};
}

struct store_value output_text(const char *name, const char *text)
{
    return output_str(name, str_of(text));
}

struct store_value output_integer(const char *name, int64_t integer)
{
    return (struct store_value){.name = name, .type = STORE_INTEGER, .integer = integer};
}

struct store_value output_boolean(const char *name, bool value)
{
    return (struct store_value){.name = name, .type = STORE_BOOLEAN, .integer = value};
}

struct store_value output_time(const char *name, int64_t ms)
{
    return (struct store_value){
        .name = name, .type = ms == CLOCK_NONE ? STORE_NULL : STORE_TIME, .integer = ms};
}

const struct store_value *output_find(const struct store_value *values, size_t count,
                                      const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(values[i].name, name) == 0)
            return values[i].type == STORE_NULL ? NULL : &values[i];
    return NULL;
}

struct str output_find_text(const struct store_value *values, size_t count,
                            const char *name)
{
    const struct store_value *value = output_find(values, count, name);
    return value ? value->text : STR_ABSENT;
}

int output_plain(struct buf *to, const struct store_value *value)
{
    char text[CLOCK_TEXT_BYTES];
    switch (value->type) {
    case STORE_NULL:
        return 0;
    case STORE_INTEGER:
    case STORE_BOOLEAN:
        return buf_printf(to, "%lld", (long long)value->integer);
    case STORE_REAL:
        return buf_printf(to, "%.10g", value->real);
    case STORE_TIME:
        clock_format_rfc3339(value->integer, text);
        return buf_append_str(to, str_of(text));
    case STORE_TEXT:
    case STORE_JSON:
        return buf_append_str(to, value->text);
    }
    return -EINVAL;
}

int output_parts(struct buf *to, const struct store_value *values, size_t count,
                 const struct output_part *part)
{
    int r = 0;
    for (; part->column && r == 0; part++) {
        const struct store_value *value = output_find(values, count, part->column);
        r = value ? buf_append_str(to, str_of(part->before)) : 0;
        if (value && r == 0)
            r = output_plain(to, value);
    }
    return r < 0 ? r : buf_append_str(to, str_of(part->before));
}

static int line_write(struct output *output)
{
    int r = output->to.write(output->to.context, buf_str(&output->line));
    buf_clear(&output->line);
    return r;
}

int output_printf(struct output *output, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int r = buf_vprintf(&output->line, format, arguments);
    va_end(arguments);
    if (r == 0)
        r = line_write(output);
    if (r < 0)
        output->fault = r;
    return r;
}

/* Of `names`, or else of the row; NULL behind the last. */
static const char *column_name(const char *const *names, const struct store_value *values,
                               size_t count, size_t column)
{
    if (names)
        return names[column];
    return column < count ? values[column].name : NULL;
}

static bool value_is_text(const struct store_value *value)
{
    return value->type == STORE_TEXT || value->type == STORE_JSON;
}

/* --- JSON --- */

/* Embedded, so that jq can look into it; what is not one line of JSON is a text. */
static int json_embed(struct buf *to, struct str text)
{
    struct json_scan json;
    json_scan_init(&json, text);
    bool whole = json_scan_skip(&json) && json_scan_peek(&json) < 0;
    free(json.decoded);
    return whole && !memchr(text.data, '\n', text.len) ? text_json_harmless(to, text)
                                                       : text_json(to, text);
}

static int json_value(struct buf *to, const struct store_value *value)
{
    char text[CLOCK_TEXT_BYTES];
    switch (value->type) {
    case STORE_NULL:
        return buf_append_str(to, STR("null"));
    case STORE_BOOLEAN:
        return buf_append_str(to, value->integer ? STR("true") : STR("false"));
    case STORE_INTEGER:
    case STORE_REAL:
        return output_plain(to, value);
    case STORE_TIME:
        clock_format_rfc3339(value->integer, text);
        return buf_printf(to, "\"%s\"", text);
    case STORE_TEXT:
        return text_json(to, value->text);
    case STORE_JSON:
        return json_embed(to, value->text);
    }
    return -EINVAL;
}

static int json_row(struct output *output, const struct store_value *values, size_t count)
{
    struct buf *line = &output->line;
    int r = buf_append_char(line, '{');
    for (size_t i = 0; i < count && r == 0; i++) {
        if (i > 0)
            r = buf_append_str(line, STR(", "));
        if (r == 0)
            r = text_json(line, str_of(values[i].name));
        if (r == 0)
            r = buf_append_str(line, STR(": "));
        if (r == 0)
            r = json_value(line, &values[i]);
    }
    if (r == 0)
        r = buf_append_str(line, STR("}\n"));
    return r < 0 ? r : line_write(output);
}

/* --- CSV --- */

static int csv_names(struct output *output, const struct store_value *values,
                     size_t count)
{
    struct buf *line = &output->line;
    const char *const *names = values ? NULL : output->shown.all;
    const char *name;
    int r = 0;
    for (size_t i = 0; r == 0 && (name = column_name(names, values, count, i)); i++) {
        r = i > 0 ? buf_append_char(line, ',') : 0;
        if (r == 0)
            r = text_csv(line, str_of(name));
    }
    if (r == 0)
        r = buf_append_str(line, STR("\r\n"));
    return r < 0 ? r : line_write(output);
}

static int csv_text(struct output *output, struct str text)
{
    _cleanup_(buf_done) struct buf cell = {.max = REPORT_ROW_BYTES_MAX};
    _cleanup_(buf_done) struct buf seen = {.max = REPORT_ROW_BYTES_MAX};
    int r = 0;
    if (output->format == OUTPUT_CSV) {
        r = text_no_formula(&cell, text);
        text = buf_str(&cell);
    }
    if (r == 0 && output->to.is_terminal) {
        r = text_neutral(&seen, text, false);
        text = buf_str(&seen);
    }
    return r < 0 ? r : text_csv(&output->line, text);
}

static int csv_row(struct output *output, const struct store_value *values, size_t count)
{
    struct buf *line = &output->line;
    int r = output->rows == 0 ? csv_names(output, values, count) : 0;
    for (size_t i = 0; i < count && r == 0; i++) {
        r = i > 0 ? buf_append_char(line, ',') : 0;
        if (r == 0)
            r = value_is_text(&values[i]) ? csv_text(output, values[i].text)
                                          : output_plain(line, &values[i]);
    }
    if (r == 0)
        r = buf_append_str(line, STR("\r\n"));
    return r < 0 ? r : line_write(output);
}

/* --- table --- */

static int cell_append(struct output *output, struct str cell, size_t column)
{
    size_t width = text_width(cell);
    bool last = column + 1 == output->columns;
    if (last && !output->whole && width > REPORT_LAST_CELL_WIDTH_MAX) {
        int r = buf_append_str(&output->line,
                               text_prefix(cell, REPORT_LAST_CELL_WIDTH_MAX - 1));
        return r < 0 ? r : buf_append_str(&output->line, STR("\xe2\x80\xa6"));
    }
    size_t end = (width > output->width[column] ? width : output->width[column]) + 2;
    int r = buf_append_str(&output->line, cell);
    for (size_t at = width; r == 0 && !last && at < end; at++)
        r = buf_append_char(&output->line, ' ');
    return r;
}

/* Writes the held rows, the first of which is the header. */
static int table_flush(struct output *output)
{
    struct str rest = buf_str(&output->held);
    int r = 0;
    for (size_t row = 0; row < output->held_rows && r == 0; row++) {
        for (size_t column = 0; column < output->columns && r == 0; column++) {
            struct str cell = str_of(rest.data);
            rest.data += cell.len + 1;
            r = cell_append(output, cell, column);
        }
        if (r == 0)
            r = buf_append_char(&output->line, '\n');
        if (r == 0)
            r = line_write(output);
    }
    if (r < 0)
        return r;
    buf_clear(&output->held);
    output->held_rows = 0;
    output->aligned = true;
    return 0;
}

static int cell_hold(struct output *output, size_t column, struct str text)
{
    size_t before = output->held.len;
    int r = text_neutral(&output->held, text, false);
    if (r == 0)
        r = buf_append_char(&output->held, '\0');
    if (r < 0 || output->aligned)
        return r;
    size_t width = text_width(str_of(output->held.data + before));
    if (width > REPORT_CELL_WIDTH_MAX)
        width = REPORT_CELL_WIDTH_MAX;
    if (output->width[column] < width)
        output->width[column] = width;
    return 0;
}

static int value_hold(struct output *output, size_t column,
                      const struct store_value *value)
{
    if (!value || value->type == STORE_NULL)
        return cell_hold(output, column, STR("-"));
    if (value_is_text(value))
        return cell_hold(output, column, value->text);
    int r = output_plain(&output->line, value);
    if (r == 0)
        r = cell_hold(output, column, buf_str(&output->line));
    buf_clear(&output->line);
    return r;
}

static int table_header(struct output *output, const struct store_value *values,
                        size_t count)
{
    const char *name;
    int r = 0;
    output->columns = 0;
    output->held_rows = 1;
    while (r == 0 &&
           (name = column_name(output->shown.table, values, count, output->columns)))
        r = output->columns == REPORT_COLUMNS_MAX
                ? -E2BIG
                : cell_hold(output, output->columns++, str_of(name));
    return r;
}

static int table_row(struct output *output, const struct store_value *values,
                     size_t count)
{
    int r = output->rows == 0 ? table_header(output, values, count) : 0;
    for (size_t i = 0; i < output->columns && r == 0; i++)
        r = value_hold(output, i,
                       output->shown.table
                           ? output_find(values, count, output->shown.table[i])
                           : &values[i]);
    if (r < 0)
        return r;
    output->held_rows++;
    bool full = output->held_rows > REPORT_ROWS_HELD ||
                output->held.len > REPORT_ROW_BYTES_MAX / 2;
    return output->aligned || full ? table_flush(output) : 0;
}

int output_row(void *context, const struct store_value *values, size_t count)
{
    struct output *output = context;
    buf_clear(&output->line);
    int r = output->format == OUTPUT_JSON   ? json_row(output, values, count)
            : output_is_csv(output->format) ? csv_row(output, values, count)
                                            : table_row(output, values, count);
    if (r == 0)
        output->rows++;
    else
        output->fault = r;
    return r;
}

static int record_line(struct buf *to, const struct store_value *value)
{
    bool is_body = strcmp(value->name, "body") == 0;
    _cleanup_(buf_done) struct buf raw = {.max = REPORT_ROW_BYTES_MAX};
    int r = value->type == STORE_NULL ? buf_append_char(&raw, '-')
                                      : output_plain(&raw, value);
    if (r == 0)
        r = is_body ? buf_append_char(to, '\n') : buf_printf(to, "%s: ", value->name);
    if (r == 0)
        r = text_neutral(to, buf_str(&raw), is_body);
    return r < 0 ? r : buf_append_char(to, '\n');
}

int output_record(struct output *output, const struct store_value *values, size_t count,
                  bool with_null)
{
    int r = 0;
    for (size_t i = 0; i < count && r == 0; i++)
        if (with_null || values[i].type != STORE_NULL)
            r = record_line(&output->line, &values[i]);
    if (r == 0)
        r = line_write(output);
    output->fault = r;
    return r;
}

int output_end(struct output *output)
{
    int r = 0;
    if (output->format == OUTPUT_TABLE)
        r = table_flush(output);
    else if (output_is_csv(output->format) && output->rows == 0 && output->shown.all)
        r = csv_names(output, NULL, 0);
    output->fault = r;
    return r;
}

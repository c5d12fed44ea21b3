#include "ctl/list_file.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/files.h"
#include "sesbounce/clock.h"
#include "sesbounce/json_scan.h"

__attribute__((format(printf, 3, 4))) static enum list_file_result
file_tell(struct list_file *file, enum list_file_result result, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(file->fault, sizeof(file->fault), format, arguments);
    va_end(arguments);
    return result;
}

static enum list_file_result fields_take(struct list_file *file,
                                         const struct list_fields *fields,
                                         struct list_entry *ret)
{
    file->has_scopes = file->has_scopes || fields->of[LIST_COLUMN_SCOPE].len > 0 ||
                       fields->of[LIST_COLUMN_TENANT].len > 0;
    return list_entry_read(fields, &file->options, &file->text, ret, file->fault)
               ? LIST_FILE_ENTRY
               : LIST_FILE_FAULT;
}

/* What became of cutting a record. */
static enum list_file_result cut_tell(struct list_file *file,
                                      enum list_input_result result)
{
    static const char *const faults[] = {
        [LIST_INPUT_TOO_LONG] = "it is longer than an entry of a list",
        [LIST_INPUT_UNCLOSED] = "a quotation mark is opened, and closed nowhere",
        [LIST_INPUT_BAD_QUOTE] = "text follows behind a closing quotation mark; inside "
                                 "quotation marks, write two for one",
        [LIST_INPUT_NOT_JSON] = "it is not JSON",
        [LIST_INPUT_CUT_OFF] = "the file ends within its JSON: it is incomplete",
    };
    if (result == LIST_INPUT_END)
        return LIST_FILE_END;
    if (result == LIST_INPUT_FAILED)
        return LIST_FILE_FAILED;
    return file_tell(file, LIST_FILE_FAULT, "%s", faults[result]);
}

static bool line_is_blank(struct str line)
{
    return str_trim(line).len == 0;
}

/* `a@b,BOUNCE`, as SES's import jobs read it. In `Doe, Jane <jane@b>` the comma is of the
 * name. */
static void plain_split(struct str line, struct list_fields *ret)
{
    size_t end = line.len;
    struct str quoted = line, first;
    *ret = (struct list_fields){.of[LIST_COLUMN_ADDRESS] = line};
    if (*line.data == '"' && list_input_field(&quoted, ',', &first) &&
        (!str_present(quoted) || quoted.data[-1] == ',')) {
        ret->of[LIST_COLUMN_ADDRESS] = first;
        if (str_present(quoted))
            (void)list_input_field(&quoted, ',', &ret->of[LIST_COLUMN_REASON]);
        return;
    }
    while (end > 0 && line.data[end - 1] && !strchr(",;\t", line.data[end - 1]))
        end--;
    if (end == 0 || str_find(str_skip(line, end), '@'))
        return;
    ret->of[LIST_COLUMN_ADDRESS] = (struct str){line.data, end - 1};
    ret->of[LIST_COLUMN_REASON] = str_skip(line, end);
}

static enum list_file_result plain_next(struct list_file *file, struct list_entry *ret)
{
    enum list_input_result result;
    struct list_fields fields;
    struct str line = STR("");
    do {
        result = list_input_line(&file->input, &line, &file->line);
    } while (result == LIST_INPUT_ONE && line_is_blank(line));
    if (result != LIST_INPUT_ONE)
        return cut_tell(file, result);
    plain_split(str_trim(line), &fields);
    return fields_take(file, &fields, ret);
}

static enum list_file_result csv_next(struct list_file *file, struct list_entry *ret)
{
    enum list_input_result result;
    struct list_fields fields = {0};
    struct str record = STR(""), field;
    do {
        result = list_input_csv(&file->input, file->separator, &record, &file->line);
    } while (result == LIST_INPUT_ONE && line_is_blank(record));
    if (result != LIST_INPUT_ONE)
        return cut_tell(file, result);
    for (size_t i = 0;
         i < file->column_count && list_input_field(&record, file->separator, &field);
         i++)
        if (file->column_of[i] != LIST_COLUMNS)
            fields.of[file->column_of[i]] = field;
    return fields_take(file, &fields, ret);
}

/* The text of an array's only member, of an array of several all of it. */
static struct str array_text(struct str array)
{
    struct json_scan json;
    struct str text = STR("");
    json_scan_init(&json, array);
    bool is_one = json_scan_take(&json, '[') && json_scan_peek(&json) == '"' &&
                  json_scan_string(&json, &text) && json_scan_take(&json, ']');
    free(json.decoded);
    return is_one && text.data >= array.data && text.data < array.data + array.len
               ? text
               : (struct str){array.data, array.len == 2 ? 0 : array.len};
}

/* A member's value: a string decoded, a number or an array as it is written. */
static bool column_value(struct json_scan *json, struct str *ret)
{
    int c = json_scan_peek(json);
    const char *begin = json->at;
    *ret = STR_ABSENT;
    if (c == '"')
        return json_scan_string(json, ret);
    if (json_scan_take_null(json))
        return true;
    if (!json_scan_skip(json))
        return false;
    *ret = (struct str){begin, (size_t)(json->at - begin)};
    if (c == '[')
        *ret = array_text(*ret);
    return true;
}

/* Reads the members of an object; `*ret_arrays`: some are arrays. False: not JSON. */
static bool members_read(struct json_scan *json, struct list_fields *ret,
                         bool *ret_arrays)
{
    struct str name, value;
    unsigned ranks[LIST_COLUMNS], rank = 0;
    memset(ranks, 0xff, sizeof(ranks));
    if (!json_scan_take(json, '{'))
        return false;
    if (json_scan_take(json, '}'))
        return true;
    do {
        if (json_scan_peek(json) != '"' || !json_scan_string(json, &name) ||
            !json_scan_take(json, ':'))
            return false;
        *ret_arrays = *ret_arrays || json_scan_peek(json) == '[';
        enum list_column column = list_words_column(name, &rank);
        /* `aws sesv2 get-suppressed-destination`; it has no other member. */
        if (str_equal(name, STR("SuppressedDestination")) &&
            json_scan_peek(json) == '{') {
            if (!members_read(json, ret, ret_arrays))
                return false;
        } else if (!column_value(json, &value)) {
            return false;
        } else if (column != LIST_COLUMNS && rank < ranks[column]) {
            ret->of[column] = value;
            ranks[column] = rank;
        }
    } while (json_scan_take(json, ','));
    return json_scan_take(json, '}');
}

static enum list_file_result json_take(struct list_file *file, struct str record,
                                       struct list_entry *ret, bool *ret_passed)
{
    struct json_scan json;
    struct list_fields fields = {0};
    bool arrays = false;
    json_scan_init(&json, record);
    enum list_file_result result = LIST_FILE_FAULT;
    bool whole = members_read(&json, &fields, &arrays);
    /* A page without entries. */
    *ret_passed = whole && arrays && !str_present(fields.of[LIST_COLUMN_ADDRESS]);
    if (json.no_memory)
        result = LIST_FILE_FAILED;
    else if (!whole)
        (void)file_tell(file, LIST_FILE_FAULT, "it is not JSON%s%s",
                        json.fault ? ": " : "", json.fault ? json.fault : "");
    else
        result = fields_take(file, &fields, ret);
    free(json.decoded);
    if (result == LIST_FILE_FAILED)
        errno = ENOMEM;
    return result;
}

static enum list_file_result json_next(struct list_file *file, struct list_entry *ret)
{
    enum list_file_result result;
    struct str record;
    bool passed = false;
    do {
        enum list_input_result cut = list_input_json(&file->input, &record, &file->line);
        if (cut != LIST_INPUT_ONE)
            return cut_tell(file, cut);
        result = json_take(file, record, ret, &passed);
    } while (passed);
    return result;
}

enum list_file_result list_file_next(struct list_file *file, struct list_entry *ret)
{
    switch (file->format) {
    case LIST_FILE_CSV:
        return csv_next(file, ret);
    case LIST_FILE_JSON:
        return json_next(file, ret);
    case LIST_FILE_PLAIN:
        break;
    }
    return plain_next(file, ret);
}

/* --- which format it is --- */

/* Files that are not text. */
static enum list_file_result file_refuse_binary(struct list_file *file, struct str text)
{
    if (files_skip_mark(&text) < 0)
        return file_tell(file, LIST_FILE_REFUSED,
                         "it is UTF-16; convert it: iconv -f UTF-16 -t UTF-8");
    if (str_starts_with(text, STR("\x1f\x8b")))
        return file_tell(file, LIST_FILE_REFUSED, "it is compressed; gunzip it first");
    if (str_starts_with(text, STR("PK\x03\x04")))
        return file_tell(file, LIST_FILE_REFUSED,
                         "it is a spreadsheet or an archive; save the sheet as CSV");
    return LIST_FILE_ENTRY;
}

/* Reads the names of the columns. Is one of them an address's? */
static bool header_read(struct list_file *file, struct str header, char separator)
{
    unsigned ranks[LIST_COLUMNS], rank = 0;
    size_t places[LIST_COLUMNS], count = 0;
    struct str name;
    memset(ranks, 0xff, sizeof(ranks));
    for (; count < CTL_LIST_COLUMNS_MAX && list_input_field(&header, separator, &name);
         count++) {
        enum list_column column = list_words_column(name, &rank);
        file->column_of[count] = LIST_COLUMNS;
        if (column == LIST_COLUMNS || rank >= ranks[column])
            continue;
        if (ranks[column] != UINT_MAX)
            file->column_of[places[column]] = LIST_COLUMNS;
        ranks[column] = rank;
        places[column] = count;
        file->column_of[count] = column;
    }
    file->column_count = count;
    file->separator = separator;
    return ranks[LIST_COLUMN_ADDRESS] != UINT_MAX;
}

static size_t separators_of(struct str line)
{
    size_t count = 0;
    for (size_t i = 0; i < line.len; i++)
        count += line.data[i] != '\0' && strchr(",;\t", line.data[i]) != NULL;
    return count;
}

/* A file with columns whose first line does not say which they are. */
static bool header_is_missing(struct str line)
{
    bool has_address = str_find(line, '@') != NULL;
    return has_address
               ? separators_of(line) > 1 && !str_find(line, '<') && *line.data != '"'
               : separators_of(line) > 0;
}

static enum list_file_result text_begin(struct list_file *file, struct str line)
{
    char header[CTL_LIST_RECORD_BYTES_MAX];
    for (const char *separator = ",;\t"; *separator; separator++) {
        /* Fields are taken out of their quotation marks in place. */
        memcpy(header, line.data, line.len);
        if (!header_read(file, (struct str){header, line.len}, *separator))
            continue;
        file->format = LIST_FILE_CSV;
        (void)list_input_csv(&file->input, *separator, &line, &file->line);
        return LIST_FILE_ENTRY;
    }
    file->format = LIST_FILE_PLAIN;
    if (!header_is_missing(line))
        return LIST_FILE_ENTRY;
    return file_tell(file, LIST_FILE_REFUSED,
                     "its first line names no column of addresses; write a header such "
                     "as: email,reason,created_at");
}

/* The first line that is not blank decides. */
static enum list_file_result format_find(struct list_file *file, struct str text)
{
    struct str line = STR("");
    bool failed = false;
    while (text.len > 0) {
        size_t length = 0;
        while (length < text.len && !strchr("\r\n", text.data[length]))
            length++;
        line = str_trim((struct str){text.data, length});
        if (line.len > 0)
            break;
        (void)list_input_line(&file->input, &line, &file->line);
        text = list_input_peek(&file->input, &failed);
    }
    if (failed)
        return LIST_FILE_FAILED;
    if (text.len == 0)
        return LIST_FILE_END;
    if (*line.data == '{' || *line.data == '[') {
        file->format = LIST_FILE_JSON;
        return LIST_FILE_ENTRY;
    }
    if (line.len > CTL_LIST_RECORD_BYTES_MAX)
        return file_tell(file, LIST_FILE_REFUSED,
                         "its first line is longer than an entry of a list");
    return text_begin(file, line);
}

static int64_t file_changed_ms(int fd, int64_t now_ms)
{
    struct stat status;
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return now_ms;
    int64_t ms = (int64_t)status.st_mtim.tv_sec * CLOCK_SECOND_MS +
                 status.st_mtim.tv_nsec / 1000000;
    return ms < now_ms ? ms : now_ms;
}

enum list_file_result list_file_open(struct list_file *file, int fd,
                                     const struct list_options *options)
{
    bool failed;
    memset(file, 0, sizeof(*file));
    file->options = *options;
    buf_init(&file->text, LIST_ENTRY_TEXT_BYTES);
    if (list_input_init(&file->input, fd) < 0 ||
        buf_reserve(&file->text, LIST_ENTRY_TEXT_BYTES) < 0) {
        errno = ENOMEM;
        return LIST_FILE_FAILED;
    }
    file->line = 1;
    file->options.since_ms = file_changed_ms(fd, options->now_ms);
    struct str text = list_input_peek(&file->input, &failed), line = text;
    if (failed)
        return LIST_FILE_FAILED;
    if (file_refuse_binary(file, text) == LIST_FILE_REFUSED)
        return LIST_FILE_REFUSED;
    (void)files_skip_mark(&text);
    list_input_skip(&file->input, line.len - text.len);
    return format_find(file, text);
}

void list_file_close(struct list_file *file)
{
    list_input_done(&file->input);
    buf_done(&file->text);
}

#include "ctl/records.h"

#include <errno.h>
#include <string.h>

#include "sesbounce/limits.h"

void records_init(struct records *records, struct records_input *input)
{
    *records = (struct records){.input = input, .line = 1};
    buf_init(&records->record, SNS_ENVELOPE_BYTES_MAX);
    struct str first = records_input_peek(input);
    if (str_starts_with(first, STR_BYTE_ORDER_MARK) &&
        records_input_read(input, &first) > 0) {
        records->at = first.data + STR_BYTE_ORDER_MARK.len;
        records->end = first.data + first.len;
    }
}

void records_init_text(struct records *records, struct str text)
{
    *records = (struct records){.at = text.data, .end = text.data + text.len, .line = 1};
    buf_init(&records->record, SNS_ENVELOPE_BYTES_MAX);
}

void records_done(struct records *records)
{
    buf_done(&records->record);
}

/* Sees to it that there is a byte. 1; 0 at the end; negative with `fault`. */
static int bytes_fill(struct records *records)
{
    struct str piece = STR("");
    if (records->at < records->end)
        return 1;
    int r = records->input ? records_input_read(records->input, &piece) : 0;
    records->at = piece.data;
    records->end = piece.data + piece.len;
    if (r < 0)
        records->fault = records->input->fault;
    return r;
}

static bool is_between(const struct records *records, char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r' ||
           (c == ',' && records->place == RECORDS_IN_ARRAY);
}

/* Skips what stands between records. As bytes_fill(). */
static int between_skip(struct records *records)
{
    int r;
    while ((r = bytes_fill(records)) > 0 && is_between(records, *records->at))
        records->line += *records->at++ == '\n';
    return r;
}

/* --- one record --- */

/* Longer than any name of a container. */
#define KEY_BYTES 16
/* A number or word in an array ends before one of these. */
#define COMMA_BYTES ",]} \t\r\n"

enum scan_until { UNTIL_BRACKET, UNTIL_QUOTE, UNTIL_COMMA, UNTIL_LINE, UNTIL_TEXT_ENDS };

struct scan {
    enum scan_until until;
    unsigned depth;
    bool in_string;
    bool escaped;
    char before;   /* the byte before, on a line */
    bool may_open; /* may be an object with an array of records in it */
    char key[KEY_BYTES];
    size_t key_len;
};

enum scan_step { GO_ON, ENDS_WITH_IT, ENDS_BEFORE_IT, OPENS, BREAKS };

static bool scan_is_of_container(const struct scan *scan)
{
    struct str key = {scan->key, scan->key_len};
    return scan->may_open && scan->depth == 1 &&
           (str_equal(key, STR("Records")) || str_equal(key, STR("Messages")));
}

static enum scan_step scan_string(struct scan *scan, char c)
{
    /* JSON has no line feed inside a string: this record is damaged. */
    if (c == '\n')
        return BREAKS;
    if (scan->escaped) {
        scan->escaped = false;
    } else if (c == '\\') {
        scan->escaped = true;
    } else if (c == '"') {
        scan->in_string = false;
        return scan->until == UNTIL_QUOTE ? ENDS_WITH_IT : GO_ON;
    }
    if (scan->depth == 1 && scan->key_len < KEY_BYTES)
        scan->key[scan->key_len++] = c;
    return GO_ON;
}

/* Firehose puts nothing between a text (SES sends one when a topic is set up) and the
 * object that follows. */
static enum scan_step scan_text(struct scan *scan, char c)
{
    if (c == '{' && scan->before && scan->before != ' ')
        return ENDS_BEFORE_IT;
    scan->before = c;
    return c == '\n' ? ENDS_WITH_IT : GO_ON;
}

/* Looks at one byte. */
static enum scan_step scan_byte(struct scan *scan, char c)
{
    if (scan->until == UNTIL_LINE)
        return c == '\n' ? ENDS_WITH_IT : GO_ON;
    if (scan->until == UNTIL_TEXT_ENDS)
        return scan_text(scan, c);
    if (scan->in_string)
        return scan_string(scan, c);
    if (scan->until == UNTIL_COMMA)
        return memchr(COMMA_BYTES, c, sizeof(COMMA_BYTES) - 1) ? ENDS_BEFORE_IT : GO_ON;
    if (c == '"') {
        scan->in_string = true;
        scan->key_len = 0;
    } else if (c == '[' && scan_is_of_container(scan)) {
        return OPENS;
    } else if (c == '{' || c == '[') {
        scan->depth++;
    } else if (c == '}' || c == ']') {
        return --scan->depth == 0 ? ENDS_WITH_IT : GO_ON;
    }
    return GO_ON;
}

static struct scan scan_begin(const struct records *records, char c)
{
    bool in_array = records->place == RECORDS_IN_ARRAY;
    struct scan scan = {.until = UNTIL_BRACKET, .may_open = c == '{' && !in_array};
    if (c != '{' && c != '[')
        scan.until = in_array ? (c == '"' ? UNTIL_QUOTE : UNTIL_COMMA)
                              : (c == '"' ? UNTIL_LINE : UNTIL_TEXT_ENDS);
    return scan;
}

/* Takes what is there of the record. 0, or as buf_append. */
static int piece_take(struct records *records, struct scan *scan, enum scan_step *ret)
{
    const char *start = records->at;
    enum scan_step step = GO_ON;
    while (step == GO_ON && records->at < records->end) {
        step = scan_byte(scan, *records->at);
        if (step != ENDS_BEFORE_IT)
            records->line += *records->at++ == '\n';
    }
    *ret = step;
    return buf_append(&records->record, start, (size_t)(records->at - start));
}

static enum records_result record_end(struct records *records, struct str *ret,
                                      enum scan_step step, bool too_large)
{
    if (step == OPENS) {
        records->place = RECORDS_IN_ARRAY;
        records->in_object = true;
    } else if (step == BREAKS) {
        records->place = RECORDS_AT_TOP;
    }
    *ret = str_trim(buf_str(&records->record));
    return too_large ? RECORDS_TOO_LARGE : RECORDS_ONE;
}

/* The record that begins here. `*ret_opened`: it is a container, and its array was
 * entered. */
static enum records_result record_cut(struct records *records, struct str *ret,
                                      bool *ret_opened)
{
    struct scan scan = scan_begin(records, *records->at);
    enum scan_step step = GO_ON;
    bool too_large = false;
    int r = 1;
    *ret_opened = false;
    buf_clear(&records->record);
    while (step == GO_ON && r > 0) {
        r = piece_take(records, &scan, &step);
        too_large = too_large || r == -E2BIG;
        if (r == -ENOMEM)
            records->fault = "out of memory";
        else
            r = step == GO_ON ? bytes_fill(records) : 1;
    }
    if (r < 0)
        return RECORDS_FAILED;
    *ret_opened = step == OPENS;
    if (step != GO_ON || scan.until >= UNTIL_LINE)
        return record_end(records, ret, step, too_large);
    records->place = RECORDS_AT_TOP;
    return RECORDS_CUT_OFF;
}

/* --- containers --- */

/* Passes over what is behind the array in its object, whatever its size. As bytes_fill().
 */
static int rest_skip(struct records *records)
{
    struct scan scan = {.until = UNTIL_BRACKET, .depth = 1};
    enum scan_step step = GO_ON;
    int r = 1;
    while (step == GO_ON && (r = bytes_fill(records)) > 0) {
        step = scan_byte(&scan, *records->at);
        records->line += *records->at++ == '\n';
    }
    if (r > 0)
        records->place = RECORDS_AT_TOP;
    return r;
}

/* Enters or leaves an array if that is what stands here. */
static bool bracket_take(struct records *records)
{
    if (records->place == RECORDS_AT_TOP && *records->at == '[') {
        records->place = RECORDS_IN_ARRAY;
        records->in_object = false;
    } else if (records->place == RECORDS_IN_ARRAY && *records->at == ']') {
        records->place = records->in_object ? RECORDS_BEHIND_ARRAY : RECORDS_AT_TOP;
    } else if (records->place == RECORDS_IN_ARRAY && *records->at == '}') {
        records->place = RECORDS_AT_TOP; /* damaged: no way back into it */
    } else {
        return false;
    }
    records->at++;
    return true;
}

static enum records_result records_finish(struct records *records, int r)
{
    if (r < 0)
        return RECORDS_FAILED;
    if (records->place == RECORDS_AT_TOP)
        return RECORDS_END;
    records->place = RECORDS_AT_TOP;
    return RECORDS_CUT_OFF;
}

enum records_result records_next(struct records *records, struct str *ret,
                                 uint64_t *ret_line)
{
    bool opened = true;
    enum records_result result = RECORDS_END;
    while (opened) {
        int r = records->place == RECORDS_BEHIND_ARRAY ? rest_skip(records) : 1;
        if (r > 0)
            r = between_skip(records);
        *ret_line = records->line;
        if (r <= 0)
            return records_finish(records, r);
        if (!bracket_take(records))
            result = record_cut(records, ret, &opened);
    }
    return result;
}

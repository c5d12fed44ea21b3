#include "ctl/list_input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Room for a record and the end of its line. */
#define RECORD_ROOM ((size_t)CTL_LIST_RECORD_BYTES_MAX + 2)

int list_input_init(struct list_input *input, int fd)
{
    *input = (struct list_input){.fd = fd, .line = 1};
    input->window = malloc(CTL_LIST_WINDOW_BYTES);
    return input->window ? 0 : -ENOMEM;
}

void list_input_done(struct list_input *input)
{
    free(input->window);
    input->window = NULL;
}

/* --- the window --- */

static struct str window_rest(const struct list_input *input)
{
    return (struct str){input->window + input->at, input->end - input->at};
}

/* Reads until RECORD_ROOM is in the window, or the rest of the file. False: errno. */
static bool window_fill(struct list_input *input)
{
    size_t held = input->end - input->at;
    if (held >= RECORD_ROOM || input->ended)
        return true;
    memmove(input->window, input->window + input->at, held);
    input->at = 0;
    input->end = held;
    while (!input->ended && input->end < RECORD_ROOM) {
        ssize_t got = read(input->fd, input->window + input->end,
                           CTL_LIST_WINDOW_BYTES - input->end);
        if (got < 0 && errno != EINTR)
            return false;
        input->ended = got == 0;
        input->end += got > 0 ? (size_t)got : 0;
    }
    return true;
}

struct str list_input_peek(struct list_input *input, bool *ret_failed)
{
    *ret_failed = !window_fill(input);
    return window_rest(input);
}

void list_input_skip(struct list_input *input, size_t bytes)
{
    input->at += bytes;
}

static bool byte_ends_line(char c)
{
    return c == '\n' || c == '\r';
}

/* Where the first line of `text` ends. */
static size_t line_length(struct str text)
{
    size_t i = 0;
    while (i < text.len && !byte_ends_line(text.data[i]))
        i++;
    return i;
}

/* Takes `bytes` and the end of the line behind them, which is in the window. */
static void line_take(struct list_input *input, size_t bytes)
{
    struct str rest;
    input->at += bytes;
    rest = window_rest(input);
    if (rest.len == 0)
        return;
    input->at += str_starts_with(rest, STR("\r\n")) ? 2 : 1;
    input->line++;
}

/* Leaves out the rest of the line, however long it is. */
static enum list_input_result line_pass(struct list_input *input,
                                        enum list_input_result why)
{
    size_t length;
    struct str rest;
    do {
        if (!window_fill(input))
            return LIST_INPUT_FAILED;
        rest = window_rest(input);
        length = line_length(rest);
        if (length == rest.len)
            input->at += length;
    } while (length == rest.len && length > 0);
    line_take(input, length == rest.len ? 0 : length);
    return why;
}

enum list_input_result list_input_line(struct list_input *input, struct str *ret,
                                       uint64_t *ret_line)
{
    if (!window_fill(input))
        return LIST_INPUT_FAILED;
    struct str rest = window_rest(input);
    size_t length = line_length(rest);
    *ret_line = input->line;
    if (rest.len == 0)
        return LIST_INPUT_END;
    if (length > CTL_LIST_RECORD_BYTES_MAX)
        return line_pass(input, LIST_INPUT_TOO_LONG);
    *ret = (struct str){rest.data, length};
    line_take(input, length);
    return LIST_INPUT_ONE;
}

/* --- CSV --- */

/* Where the record ends that `text` begins with, and how many lines end within it. */
static enum list_input_result csv_measure(struct str text, char separator,
                                          size_t *ret_length, uint64_t *ret_lines)
{
    bool quoted = false, begins = true;
    size_t i = 0;
    *ret_lines = 0;
    for (; i < text.len && i <= CTL_LIST_RECORD_BYTES_MAX; i++) {
        char c = text.data[i];
        char next = i + 1 < text.len ? text.data[i + 1] : '\n';
        if (quoted) {
            *ret_lines += c == '\n' || (c == '\r' && next != '\n');
            if (c != '"')
                continue;
            quoted = next == '"';
            i += quoted;
            if (!quoted && next != separator && !byte_ends_line(next))
                return LIST_INPUT_BAD_QUOTE;
        } else if (byte_ends_line(c)) {
            break;
        } else {
            quoted = c == '"' && begins;
        }
        begins = c == separator && !quoted;
    }
    *ret_length = i;
    if (quoted)
        return LIST_INPUT_UNCLOSED;
    return i > CTL_LIST_RECORD_BYTES_MAX ? LIST_INPUT_TOO_LONG : LIST_INPUT_ONE;
}

enum list_input_result list_input_csv(struct list_input *input, char separator,
                                      struct str *ret, uint64_t *ret_line)
{
    size_t length;
    uint64_t lines;
    if (!window_fill(input))
        return LIST_INPUT_FAILED;
    struct str rest = window_rest(input);
    *ret_line = input->line;
    if (rest.len == 0)
        return LIST_INPUT_END;
    enum list_input_result result = csv_measure(rest, separator, &length, &lines);
    if (result != LIST_INPUT_ONE)
        return line_pass(input, result);
    *ret = (struct str){rest.data, length};
    input->line += lines;
    line_take(input, length);
    return LIST_INPUT_ONE;
}

/* Takes the quotation marks off; `*rest` begins behind the first. */
static struct str quoted_take(struct str *rest)
{
    /* The window is ours to write to, and so are the records in it. */
    char *to = (char *)(uintptr_t)rest->data;
    struct str field = {rest->data, 0};
    size_t i = 0;
    for (; i < rest->len; i++) {
        if (rest->data[i] == '"' && (++i == rest->len || rest->data[i] != '"'))
            break;
        to[field.len++] = rest->data[i];
    }
    *rest = str_skip(*rest, i < rest->len ? i : rest->len);
    return field;
}

bool list_input_field(struct str *rest, char separator, struct str *ret)
{
    if (!str_present(*rest))
        return false;
    if (rest->len == 0 || *rest->data != '"')
        return str_split(rest, separator, ret);
    *rest = str_skip(*rest, 1);
    *ret = quoted_take(rest);
    *rest = rest->len > 0 ? str_skip(*rest, 1) : STR_ABSENT;
    return true;
}

/* --- JSON --- */

/* How far a text was looked at. */
struct json_walk {
    unsigned depth;
    bool quoted;
    bool escaped;
};

/* Looks at a byte. False: a line ends within a string, so that this is not JSON. */
static bool json_walk_byte(struct json_walk *walk, char c)
{
    if (walk->quoted) {
        walk->quoted = walk->escaped || c != '"';
        walk->escaped = !walk->escaped && c == '\\';
        return c != '\n';
    }
    walk->quoted = c == '"';
    if (c == '{' || c == '[')
        walk->depth++;
    else if (c == '}' || c == ']')
        walk->depth--;
    return true;
}

/* Is the `[` there the beginning of an array of objects? */
static bool array_has_objects(struct str text)
{
    size_t i = 1;
    while (i < text.len && strchr(" \t\r\n", text.data[i]) && text.data[i])
        i++;
    return i < text.len && text.data[i] == '{';
}

static uint64_t line_feeds(struct str text)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.data[i] == '\n';
    return lines;
}

static void bytes_take(struct list_input *input, size_t bytes)
{
    input->line += line_feeds((struct str){input->window + input->at, bytes});
    input->at += bytes;
}

/* Leaves out what is not JSON; the next line starts afresh. */
static enum list_input_result json_pass(struct list_input *input,
                                        enum list_input_result why)
{
    input->depth = 0;
    return line_pass(input, why);
}

/* Leaves out an object, however long it is. */
static enum list_input_result object_pass(struct list_input *input)
{
    struct json_walk walk = {0};
    do {
        if (!window_fill(input))
            return LIST_INPUT_FAILED;
        if (window_rest(input).len == 0)
            return LIST_INPUT_CUT_OFF;
        if (!json_walk_byte(&walk, *window_rest(input).data))
            return json_pass(input, LIST_INPUT_NOT_JSON);
        bytes_take(input, 1);
    } while (walk.depth > 0);
    return LIST_INPUT_TOO_LONG;
}

/* Steps into a bracket of `bytes` in all. */
static bool bracket_enter(struct list_input *input, char bracket, size_t bytes)
{
    if (input->depth == LIST_INPUT_NESTING)
        return false;
    input->open[input->depth++] = bracket;
    bytes_take(input, bytes);
    return true;
}

/* The window begins with `{`. LIST_INPUT_END: it has records and is not one, and was
 * entered. */
static enum list_input_result object_cut(struct list_input *input, struct str *ret)
{
    struct json_walk walk = {0};
    struct str rest = window_rest(input);
    for (size_t i = 0; i < rest.len && i < CTL_LIST_RECORD_BYTES_MAX; i++) {
        struct str here = str_skip(rest, i);
        bool is_text = walk.quoted;
        if (!json_walk_byte(&walk, rest.data[i]))
            return json_pass(input, LIST_INPUT_NOT_JSON);
        if (walk.depth == 0) {
            *ret = (struct str){rest.data, i + 1};
            bytes_take(input, i + 1);
            return LIST_INPUT_ONE;
        }
        if (!is_text && walk.depth == 2 && *here.data == '[' && array_has_objects(here))
            return bracket_enter(input, '{', i) && bracket_enter(input, '[', 1)
                       ? LIST_INPUT_END
                       : json_pass(input, LIST_INPUT_NOT_JSON);
    }
    return object_pass(input);
}

/* What lies between records. False: it is not JSON. */
static bool between_take(struct list_input *input, struct json_walk *walk)
{
    char c = *window_rest(input).data;
    if (walk->quoted || c == '"')
        return json_walk_byte(walk, c) && input->depth > 0 &&
               (bytes_take(input, 1), true);
    if (c == '[' || c == '{')
        return bracket_enter(input, c, 1);
    if (c == ']' || c == '}') {
        if (input->depth == 0)
            return false;
        input->depth--;
    } else if (input->depth == 0 && (c == '\0' || !strchr(" \t\r\n,", c))) {
        return false;
    }
    bytes_take(input, 1);
    return true;
}

enum list_input_result list_input_json(struct list_input *input, struct str *ret,
                                       uint64_t *ret_line)
{
    struct json_walk walk = {0};
    enum list_input_result result = LIST_INPUT_END;
    while (result == LIST_INPUT_END) {
        if (!window_fill(input))
            return LIST_INPUT_FAILED;
        struct str rest = window_rest(input);
        *ret_line = input->line;
        if (rest.len == 0 && input->depth == 0)
            return LIST_INPUT_END;
        if (rest.len == 0) {
            input->depth = 0;
            return LIST_INPUT_CUT_OFF;
        }
        bool in_array = input->depth == 0 || input->open[input->depth - 1] == '[';
        if (*rest.data == '{' && in_array && !walk.quoted)
            result = object_cut(input, ret);
        else if (!between_take(input, &walk))
            result = json_pass(input, LIST_INPUT_NOT_JSON);
    }
    return result;
}

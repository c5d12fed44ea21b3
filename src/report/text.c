#include "sesbounce/text.h"

#include <stdint.h>

/* Takes the first character off, or a byte that is not UTF-8. */
static struct str character_take(struct str *rest, bool *ret_valid)
{
    size_t used = str_utf8_sequence(*rest);
    struct str character = {rest->data, used > 0 ? used : 1};
    *ret_valid = used > 0;
    rest->data += character.len;
    rest->len -= character.len;
    return character;
}

int text_neutral(struct buf *to, struct str s, bool keep_lines)
{
    int r = 0;
    while (r == 0 && s.len > 0) {
        bool valid, is_line = *s.data == '\n' || *s.data == '\t';
        struct str character = character_take(&s, &valid);
        bool kept =
            valid && (!str_character_is_harmful(character) || (keep_lines && is_line));
        r = kept ? buf_append_str(to, character) : buf_append_char(to, '?');
    }
    return r;
}

size_t text_width(struct str s)
{
    size_t width = 0;
    for (size_t i = 0; i < s.len; i++)
        width += ((unsigned char)s.data[i] & 0xc0u) != 0x80u;
    return width;
}

struct str text_prefix(struct str s, size_t characters)
{
    size_t end = 0;
    while (end < s.len) {
        bool starts = ((unsigned char)s.data[end] & 0xc0u) != 0x80u;
        if (starts && characters-- == 0)
            break;
        end++;
    }
    return (struct str){s.data, end};
}

static int json_character(struct buf *to, struct str character)
{
    switch (*character.data) {
    case '"':
        return buf_append_str(to, STR("\\\""));
    case '\\':
        return buf_append_str(to, STR("\\\\"));
    case '\n':
        return buf_append_str(to, STR("\\n"));
    case '\r':
        return buf_append_str(to, STR("\\r"));
    case '\t':
        return buf_append_str(to, STR("\\t"));
    default:
        /* U+2028 and U+2029 end a line for some readers of "one object a line". All that
         * are harmful have four digits. */
        if (str_character_is_harmful(character))
            return buf_printf(to, "\\u%04x", (unsigned)str_code_point(character));
        return buf_append_str(to, character);
    }
}

int text_json(struct buf *to, struct str s)
{
    int r = buf_append_char(to, '"');
    while (r == 0 && s.len > 0) {
        bool valid;
        struct str character = character_take(&s, &valid);
        r = valid ? json_character(to, character)
                  : buf_append_str(to, STR("\xef\xbf\xbd"));
    }
    return r < 0 ? r : buf_append_char(to, '"');
}

int text_json_harmless(struct buf *to, struct str json)
{
    int r = 0;
    while (r == 0 && json.len > 0) {
        bool valid;
        struct str character = character_take(&json, &valid);
        /* Beyond ASCII there are but strings in JSON; of the rest, DEL alone is left. */
        bool plain = character.len == 1 && *character.data != 0x7f;
        r = !valid || plain || !str_character_is_harmful(character)
                ? buf_append_str(to, character)
                : buf_printf(to, "\\u%04x", (unsigned)str_code_point(character));
    }
    return r;
}

/* `s` is not empty. */
static bool formula_begins(struct str s)
{
    struct str first = {s.data, str_utf8_sequence(s)};
    if (first.len <= 1)
        return *s.data && strchr("=+-@", *s.data);
    uint32_t code = str_code_point(first);
    return code == 0xff1d || code == 0xff0b || code == 0xff0d || code == 0xff20;
}

int text_no_formula(struct buf *to, struct str s)
{
    bool at_start = true; /* of a cell */
    int r =
        s.len > 0 && *s.data && strchr("\t\r\n", *s.data) ? buf_append_char(to, '\'') : 0;
    while (r == 0 && s.len > 0) {
        char c = *s.data;
        if (at_start && formula_begins(s))
            r = buf_append_char(to, '\'');
        if (r == 0)
            r = buf_append_char(to, c);
        at_start = c && (strchr(";\t\r\n", c) || (at_start && strchr(" \"", c)));
        s.data++;
        s.len--;
    }
    return r;
}

/* `s` between two of `quote`; one inside becomes `escaped`. */
static int quoted_append(struct buf *to, struct str s, char quote, struct str escaped)
{
    int r = buf_append_char(to, quote);
    for (size_t i = 0; i < s.len && r == 0; i++)
        r = s.data[i] == quote ? buf_append_str(to, escaped)
                               : buf_append_char(to, s.data[i]);
    return r < 0 ? r : buf_append_char(to, quote);
}

int text_csv(struct buf *to, struct str s)
{
    bool plain = true;
    for (size_t i = 0; i < s.len && plain; i++)
        plain = s.data[i] != '"' && s.data[i] != ',' && s.data[i] != '\r' &&
                s.data[i] != '\n';
    return plain ? buf_append_str(to, s) : quoted_append(to, s, '"', STR("\"\""));
}

int text_shell(struct buf *to, struct str s)
{
    bool plain = s.len > 0;
    for (size_t i = 0; i < s.len && plain; i++)
        plain = ascii_is_alpha(s.data[i]) || ascii_is_digit(s.data[i]) ||
                (s.data[i] != '\0' && strchr("@._+-/:=%,", s.data[i]));
    return plain ? buf_append_str(to, s) : quoted_append(to, s, '\'', STR("'\\''"));
}

int text_shell_operand(struct buf *to, struct str s)
{
    int r = s.len > 0 && *s.data == '-' ? buf_append_str(to, STR("-- ")) : 0;
    return r < 0 ? r : text_shell(to, s);
}

int text_shell_argument(struct buf *to, struct str s)
{
    int r = buf_append_char(to, s.len > 0 && *s.data == '-' ? '=' : ' ');
    return r < 0 ? r : text_shell(to, s);
}

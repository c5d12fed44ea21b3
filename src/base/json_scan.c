#include "sesbounce/json_scan.h"

#include <endian.h>
#include <stdint.h>
#include <stdlib.h>

#include "sesbounce/limits.h"

#define WORD sizeof(uint64_t)
/* A byte repeated over the whole word. */
#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

void json_scan_init(struct json_scan *json, struct str text)
{
    *json = (struct json_scan){.at = text.data, .end = text.data + text.len};
}

static bool json_fail(struct json_scan *json, const char *fault)
{
    json->fault = fault;
    return false;
}

static bool json_fail_cut_off(struct json_scan *json)
{
    return json_fail(json, "the JSON ends too early");
}

int json_scan_peek(struct json_scan *json)
{
    while (json->at < json->end && (*json->at == ' ' || *json->at == '\n' ||
                                    *json->at == '\r' || *json->at == '\t'))
        json->at++;
    return json->at < json->end ? (unsigned char)*json->at : -1;
}

bool json_scan_take(struct json_scan *json, char c)
{
    if (json_scan_peek(json) != c)
        return false;
    json->at++;
    return true;
}

/*
 * Marks the high bit of every byte that a string cannot hold as it is (quotation mark,
 * backslash, control character) or that needs a look (not ASCII). Marks above the lowest
 * may be wrong, because a subtraction borrows; the lowest is right.
 */
static uint64_t special_bytes(uint64_t word)
{
    uint64_t quote = word ^ EACH('"'), backslash = word ^ EACH('\\');
    return (((quote - EACH(1)) & ~quote) | ((backslash - EACH(1)) & ~backslash) |
            (word - EACH(0x20)) | word) &
           EACH(0x80);
}

static bool is_special(char c)
{
    return c == '"' || c == '\\' || (unsigned char)c < 0x20 || (unsigned char)c >= 0x80;
}

static uint64_t load_word(const char *from)
{
    uint64_t word;
    memcpy(&word, from, WORD);
    return le64toh(word);
}

/* The first special byte from `at` on, or `end`. */
static const char *skip_plain(const char *at, const char *end)
{
    for (; (size_t)(end - at) >= WORD; at += WORD) {
        uint64_t special = special_bytes(load_word(at));
        if (special)
            return at + (__builtin_ctzll(special) >> 3);
    }
    while (at < end && !is_special(*at))
        at++;
    return at;
}

/* The same, copying to json->out, which has room for a word more than is left to read. */
static void copy_plain(struct json_scan *json)
{
    const char *at = json->at;
    char *out = json->out;
    uint64_t special = 0;
    while (!special && (size_t)(json->end - at) >= WORD) {
        special = special_bytes(load_word(at));
        memcpy(out, at, WORD);
        size_t plain = special ? (size_t)__builtin_ctzll(special) >> 3 : WORD;
        at += plain;
        out += plain;
    }
    while (!special && at < json->end && !is_special(*at))
        *out++ = *at++;
    json->at = at;
    json->out = out;
}

static int hex_digit(char c)
{
    if (ascii_is_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Takes `uXXXX`, the backslash being taken already. */
static bool take_unit(struct json_scan *json, uint32_t *ret)
{
    uint32_t unit = 0;
    if (json->end - json->at < 5)
        return json_fail_cut_off(json);
    for (int i = 1; i <= 4; i++) {
        int digit = hex_digit(json->at[i]);
        if (digit < 0)
            return json_fail(json, "\\u without four hex digits");
        unit = unit << 4 | (uint32_t)digit;
    }
    json->at += 5;
    *ret = unit;
    return true;
}

static char *put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xc0 | c >> 6);
        *out++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *out++ = (char)(0xe0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
        *out++ = (char)(0x80 | (c & 0x3f));
    } else {
        *out++ = (char)(0xf0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 0x3f));
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
        *out++ = (char)(0x80 | (c & 0x3f));
    }
    return out;
}

/* Takes `\uXXXX` when it is the second half of the pair that `*c` begins. */
static bool take_low_half(struct json_scan *json, uint32_t *c)
{
    const char *before = json->at;
    uint32_t low;
    if (json->end - json->at < 2 || json->at[0] != '\\' || json->at[1] != 'u')
        return false;
    json->at++;
    if (take_unit(json, &low) && low >= 0xdc00 && low <= 0xdfff) {
        *c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
        return true;
    }
    /* Whatever it is, it is read again as what it is by itself. */
    json->at = before;
    json->fault = NULL;
    return false;
}

static bool take_unicode(struct json_scan *json)
{
    uint32_t c;
    if (!take_unit(json, &c))
        return false;
    if (c >= 0xd800 && c <= 0xdfff && (c >= 0xdc00 || !take_low_half(json, &c))) {
        if (!json->replaces_halves)
            return json_fail(json, "half a surrogate pair");
        c = 0xfffd;
    }
    json->out = put_utf8(json->out, c);
    return true;
}

/* Takes an escape; every one is longer than what it stands for. */
static bool take_escape(struct json_scan *json)
{
    static const char plain[256] = {
        ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
        ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
    };
    if (json->end - json->at < 2)
        return json_fail_cut_off(json);
    unsigned char c = (unsigned char)json->at[1];
    if (plain[c]) {
        *json->out++ = plain[c];
        json->at += 2;
        return true;
    }
    json->at++;
    return c == 'u' ? take_unicode(json) : json_fail(json, "unknown escape in a string");
}

/* Looks at a special byte that is neither quotation mark nor backslash. */
static bool check_character(struct json_scan *json, size_t *ret_len)
{
    if ((unsigned char)*json->at < 0x20)
        return json_fail(json, "control character in a string");
    *ret_len = str_utf8_sequence((struct str){json->at, (size_t)(json->end - json->at)});
    return *ret_len > 0 || json_fail(json, "not UTF-8");
}

/* Whatever is still to be read fits, however it is decoded. */
static bool make_room(struct json_scan *json)
{
    if (json->decoded)
        return true;
    json->decoded = json->out = malloc((size_t)(json->end - json->at) + WORD);
    if (json->decoded)
        return true;
    json->no_memory = true;
    return json_fail(json, "out of memory");
}

/* The rest of a string whose first escape is next; `start` is where it begins. */
static bool decode_string(struct json_scan *json, const char *start, struct str *ret)
{
    size_t before = (size_t)(json->at - start), len;
    json->at = start;
    if (!make_room(json))
        return false;
    const char *decoded = json->out;
    memcpy(json->out, start, before);
    json->at += before;
    json->out += before;
    while (json->at < json->end && *json->at != '"') {
        if (*json->at == '\\') {
            if (!take_escape(json))
                return false;
        } else {
            if (!check_character(json, &len))
                return false;
            memcpy(json->out, json->at, len);
            json->at += len;
            json->out += len;
        }
        copy_plain(json);
    }
    if (json->at == json->end)
        return json_fail_cut_off(json);
    json->at++;
    *ret = (struct str){decoded, (size_t)(json->out - decoded)};
    return true;
}

bool json_scan_string(struct json_scan *json, struct str *ret)
{
    size_t len;
    const char *start = ++json->at;
    for (;;) {
        json->at = skip_plain(json->at, json->end);
        if (json->at == json->end)
            return json_fail_cut_off(json);
        if (*json->at == '"')
            break;
        if (*json->at == '\\')
            return decode_string(json, start, ret);
        if (!check_character(json, &len))
            return false;
        json->at += len;
    }
    *ret = (struct str){start, (size_t)(json->at - start)};
    json->at++;
    return true;
}

static size_t take_digits(struct json_scan *json)
{
    const char *start = json->at;
    while (json->at < json->end && ascii_is_digit(*json->at))
        json->at++;
    return (size_t)(json->at - start);
}

static bool take_byte(struct json_scan *json, char c)
{
    if (json->at == json->end || *json->at != c)
        return false;
    json->at++;
    return true;
}

static bool skip_number(struct json_scan *json)
{
    (void)take_byte(json, '-');
    if (!take_byte(json, '0') && take_digits(json) == 0)
        return json_fail(json, "a JSON value is missing");
    if (take_byte(json, '.') && take_digits(json) == 0)
        return json_fail(json, "a number ends with its decimal point");
    if (take_byte(json, 'e') || take_byte(json, 'E')) {
        if (!take_byte(json, '-'))
            (void)take_byte(json, '+');
        if (take_digits(json) == 0)
            return json_fail(json, "a number without digits in its exponent");
    }
    return true;
}

static bool take_literal(struct json_scan *json, struct str literal)
{
    struct str rest = {json->at, (size_t)(json->end - json->at)};
    if (!str_starts_with(rest, literal))
        return false;
    json->at += literal.len;
    return true;
}

bool json_scan_take_null(struct json_scan *json)
{
    return json_scan_peek(json) == 'n' && take_literal(json, STR("null"));
}

static bool skip_scalar(struct json_scan *json, int first)
{
    struct str ignored;
    if (first == '"')
        return json_scan_string(json, &ignored);
    if (first < 0)
        return json_fail_cut_off(json);
    if (take_literal(json, STR("null")) || take_literal(json, STR("true")) ||
        take_literal(json, STR("false")))
        return true;
    return skip_number(json);
}

static bool skip_value(struct json_scan *json, unsigned depth);

/* One element of an array, or one member of an object. */
static bool skip_element(struct json_scan *json, bool object, unsigned depth)
{
    struct str key;
    if (!object)
        return skip_value(json, depth);
    if (json_scan_peek(json) != '"')
        return json_fail(json, "a member of an object without its name");
    if (!json_scan_string(json, &key))
        return false;
    if (!json_scan_take(json, ':'))
        return json_fail(json, "a member of an object without its colon");
    return skip_value(json, depth);
}

static bool skip_value(struct json_scan *json, unsigned depth)
{
    int first = json_scan_peek(json);
    if (first != '{' && first != '[')
        return skip_scalar(json, first);
    if (depth >= JSON_SCAN_DEPTH_MAX)
        return json_fail(json, "nested too deeply");
    bool object = first == '{';
    char close = object ? '}' : ']';
    json->at++;
    if (json_scan_take(json, close))
        return true;
    do {
        if (!skip_element(json, object, depth + 1))
            return false;
    } while (json_scan_take(json, ','));
    return json_scan_take(json, close) ||
           json_fail(json, "neither comma nor end in a value");
}

bool json_scan_skip(struct json_scan *json)
{
    return skip_value(json, 0);
}

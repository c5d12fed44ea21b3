#include "sesbounce/mention.h"

#include <errno.h>
#include <string.h>

#include "sesbounce/cleanup.h"

static bool byte_is_of_word(char c)
{
    /* of atext, what seldom stands before an address: to=jane@…, 'jane@…' */
    return ascii_is_alpha(c) || ascii_is_digit(c) || (unsigned char)c >= 0x80 ||
           (c && strchr("!#$%&*+-?^_~.", c));
}

/* Is what stands before `at` no part of the address that begins there? */
static bool address_begins_at(struct str s, size_t at)
{
    if (at == 0 || !byte_is_of_word(s.data[at - 1]))
        return true;
    /* \n and \u003c end in letters */
    return (at > 1 && s.data[at - 2] == '\\' && strchr("bfnrt", s.data[at - 1])) ||
           (at > 5 && s.data[at - 6] == '\\' && s.data[at - 5] == 'u');
}

static bool address_ends_at(struct str s, size_t at)
{
    /* `jane@example.com.` ends a sentence, `jane@example.com.au` is another domain */
    if (at < s.len && s.data[at] == '.')
        at++;
    return at == s.len || !(ascii_is_alpha(s.data[at]) || ascii_is_digit(s.data[at]) ||
                            s.data[at] == '-' || (unsigned char)s.data[at] >= 0x80);
}

/* Where the next one begins, from `from` on; false: there is none. */
static bool mention_find(struct str s, struct str address, size_t from, size_t *ret)
{
    const char *sign = address.len > 0 ? memrchr(address.data, '@', address.len) : NULL;
    size_t local = sign ? (size_t)(sign - address.data) : 0;
    const char *at = s.data + from, *end = s.data + s.len;

    while (sign && at < end && (at = memchr(at, '@', (size_t)(end - at)))) {
        size_t before = (size_t)(at++ - s.data);

        if (before < from + local || s.len - before < address.len - local)
            continue;
        *ret = before - local;
        if (str_equal_nocase((struct str){s.data + *ret, address.len}, address) &&
            address_begins_at(s, *ret) && address_ends_at(s, *ret + address.len))
            return true;
    }
    return false;
}

bool mention_is_in(struct str s, struct str address)
{
    size_t at;

    return mention_find(s, address, 0, &at);
}

static int escape_digit(char c)
{
    if (ascii_is_digit(c))
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The character of `u00XX`, as behind a backslash; -1: it is not ASCII. */
static int escaped_character(struct str s)
{
    int high, low;

    if (s.len < 5 || memcmp(s.data, "u00", 3) != 0)
        return -1;
    high = escape_digit(s.data[3]);
    low = escape_digit(s.data[4]);
    return high < 0 || high > 7 || low < 0 ? -1 : high * 16 + low;
}

/* In a copy no longer than `s`. */
static size_t escapes_undo(struct str s, char *to)
{
    size_t len = 0;

    for (size_t i = 0; i < s.len; i++) {
        int c = s.data[i] == '\\'
                    ? escaped_character((struct str){s.data + i + 1, s.len - i - 1})
                    : -1;

        if (c >= 0) {
            while (len > 0 && to[len - 1] == '\\')
                len--;
            to[len++] = (char)c;
            i += 5;
        } else {
            to[len++] = s.data[i];
        }
    }
    return len;
}

int mention_is_hidden_in(struct str s, struct str address)
{
    _cleanup_(freep) char *plain = NULL;

    if (mention_is_in(s, address))
        return 1;
    if (s.len == 0 || !memmem(s.data, s.len, "\\u00", 4))
        return 0;
    plain = malloc(s.len);
    if (!plain)
        return -ENOMEM;
    return mention_is_in((struct str){plain, escapes_undo(s, plain)}, address);
}

int mention_replace(struct str s, struct str address, struct str with, struct buf *ret,
                    size_t *count)
{
    size_t from = 0, at = 0;
    int r = 0;

    while (r == 0 && mention_find(s, address, from, &at)) {
        r = buf_append(ret, s.data + from, at - from);
        if (r == 0)
            r = buf_append_str(ret, with);
        from = at + address.len;
        *count += 1;
    }
    return r < 0 ? r : buf_append(ret, s.data + from, s.len - from);
}

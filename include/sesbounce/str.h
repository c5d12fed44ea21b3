/*
 * struct str: borrowed bytes with a length.
 *
 * Most of what we handle lies inside a request body and may hold NUL, so it is passed as
 * pointer and length. data == NULL means absent, which differs from empty. A struct str
 * never owns; the lender keeps the bytes alive. Pure functions, any thread.
 */
#ifndef SESBOUNCE_STR_H
#define SESBOUNCE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *data;
    size_t len;
};

#define STR_ABSENT   ((struct str){NULL, 0})
#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
/* For printf's %.*s; only where the length is known to fit an int. */
#define STR_ARG(s) (int)(s).len, (s).data

/* Borrows a C string; NULL becomes absent. */
static inline struct str str_of(const char *text)
{
    return (struct str){text, text ? strlen(text) : 0};
}

static inline bool str_present(struct str s)
{
    return s.data != NULL;
}

/* Without its first `bytes`, of which there are as many. */
static inline struct str str_skip(struct str s, size_t bytes)
{
    return (struct str){s.data + bytes, s.len - bytes};
}

/* Where the first `c` is; NULL: nowhere. */
static inline const char *str_find(struct str s, char c)
{
    return s.len > 0 ? memchr(s.data, c, s.len) : NULL;
}

/* Does every byte pass? It does when there is none. */
static inline bool str_all(struct str s, bool (*passes)(char c))
{
    size_t i = 0;
    while (i < s.len && passes(s.data[i]))
        i++;
    return i == s.len;
}

/* Equal bytes. Absent equals only absent. Inline: most comparisons end at the length. */
static inline bool str_equal(struct str a, struct str b)
{
    if (!a.data || !b.data)
        return a.data == b.data;
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* Equal except for the case of ASCII letters. */
bool str_equal_nocase(struct str a, struct str b);

bool str_starts_with(struct str s, struct str prefix);
bool str_ends_with(struct str s, struct str suffix);

/* Takes `prefix` off the front of `*rest`; false, and it stays, when it is not there. */
bool str_take_prefix(struct str *rest, struct str prefix);

/* The word of `known`, ended by NULL, that differs from `word` only in case; else it. */
struct str str_spelled(struct str word, const char *const *known);

/* Without blanks (space, tab, CR, LF) at both ends. */
struct str str_trim(struct str s);

/*
 * Cuts the part before the next `separator` off `*rest` into `*ret_part`. False when
 * `*rest` is absent; the last part leaves `*rest` absent.
 */
bool str_split(struct str *rest, char separator, struct str *ret_part);

/* Decimal digits only. 0, -EINVAL when `s` is no such number, -ERANGE above `max`. */
int str_to_u64(struct str s, uint64_t max, uint64_t *ret);

/* Heap copy with a NUL behind it; the caller owns it. NULL when memory is short. */
char *str_dup(struct str s);

/* RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF. */
bool str_is_utf8(struct str s);

/* Bytes of the UTF-8 character that `s` begins with; 0 when there is none. */
size_t str_utf8_sequence(struct str s);

/* The whole characters at the beginning of `s` that fit into `bytes_max`. */
struct str str_cut(struct str s, size_t bytes_max);

/* The code point of one character, as str_utf8_sequence() found it. */
uint32_t str_code_point(struct str character);

/*
 * Is this character, as str_utf8_sequence() found it, one that a terminal obeys or that
 * makes a line look like another: C0, DEL, C1, line separators, bidirectional controls,
 * the byte order mark?
 */
bool str_character_is_harmful(struct str character);

/*
 * What this character is that nobody sees, that passes for a plain space or that stands
 * for one that was lost (U+FFFD): "a zero-width character" and the like; NULL for one
 * that is what it looks like. All harmful ones are among them.
 */
const char *str_character_unseen(struct str character);

/*
 * How many insertions, deletions, replacements and swaps of neighbours two names are
 * apart, in any case (optimal string alignment); STR_DISTANCE_BYTES_MAX when one of them
 * is longer than that.
 */
unsigned str_distance(struct str a, struct str b);

/* The mark that some editors put at the beginning of a file, U+FEFF. */
#define STR_BYTE_ORDER_MARK STR("\xef\xbb\xbf")

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool ascii_is_alnum(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c);
}

#endif

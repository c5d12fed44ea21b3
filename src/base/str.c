#include "sesbounce/str.h"

#include <errno.h>
#include <stdlib.h>

#include "sesbounce/limits.h"

static bool bytes_equal_nocase(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (ascii_lower(a[i]) != ascii_lower(b[i]))
            return false;
    return true;
}

bool str_equal_nocase(struct str a, struct str b)
{
    if (!a.data || !b.data)
        return a.data == b.data;
    return a.len == b.len && bytes_equal_nocase(a.data, b.data, a.len);
}

bool str_starts_with(struct str s, struct str prefix)
{
    if (!s.data || !prefix.data)
        return false;
    return s.len >= prefix.len && memcmp(s.data, prefix.data, prefix.len) == 0;
}

bool str_take_prefix(struct str *rest, struct str prefix)
{
    if (!str_starts_with(*rest, prefix))
        return false;
    *rest = str_skip(*rest, prefix.len);
    return true;
}

bool str_ends_with(struct str s, struct str suffix)
{
    if (!s.data || !suffix.data || s.len < suffix.len)
        return false;
    return memcmp(s.data + s.len - suffix.len, suffix.data, suffix.len) == 0;
}

struct str str_spelled(struct str word, const char *const *known)
{
    for (; *known; known++)
        if (str_equal_nocase(word, str_of(*known)))
            return str_of(*known);
    return word;
}

static bool ends_with_blank(struct str s)
{
    char c = s.data[s.len - 1];
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.len > 0 && ends_with_blank(s))
        s.len--;
    while (s.len > 0 && ends_with_blank((struct str){s.data, 1}))
        s = str_skip(s, 1);
    return s;
}

bool str_split(struct str *rest, char separator, struct str *ret_part)
{
    if (!rest->data)
        return false;
    const char *end = str_find(*rest, separator);
    size_t len = end ? (size_t)(end - rest->data) : rest->len;
    *ret_part = (struct str){rest->data, len};
    *rest = end ? str_skip(*rest, len + 1) : STR_ABSENT;
    return true;
}

int str_to_u64(struct str s, uint64_t max, uint64_t *ret)
{
    if (s.len == 0)
        return -EINVAL;
    uint64_t value = 0;
    bool too_large = false;
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_digit(s.data[i]))
            return -EINVAL;
        uint64_t digit = (uint64_t)(s.data[i] - '0');
        if (digit > max || value > (max - digit) / 10)
            too_large = true;
        else
            value = value * 10 + digit;
    }
    if (too_large)
        return -ERANGE;
    *ret = value;
    return 0;
}

char *str_dup(struct str s)
{
    char *copy = malloc(s.len + 1);
    if (!copy)
        return NULL;
    if (s.len > 0)
        memcpy(copy, s.data, s.len);
    copy[s.len] = '\0';
    return copy;
}

/* Length of the sequence that begins at `s`, or 0 if it is not UTF-8. RFC 3629, 4. */
static size_t utf8_sequence(const unsigned char *s, size_t len)
{
    if (s[0] < 0x80)
        return 1;
    size_t need = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    unsigned char low = 0x80, high = 0xbf; /* bounds of the second byte */
    if (s[0] == 0xe0)
        low = 0xa0;
    else if (s[0] == 0xed)
        high = 0x9f;
    else if (s[0] == 0xf0)
        low = 0x90;
    else if (s[0] == 0xf4)
        high = 0x8f;
    if (s[0] < 0xc2 || s[0] > 0xf4 || len < need || s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return need;
}

size_t str_utf8_sequence(struct str s)
{
    return s.len > 0 ? utf8_sequence((const unsigned char *)s.data, s.len) : 0;
}

struct str str_cut(struct str s, size_t bytes_max)
{
    if (s.len <= bytes_max)
        return s;
    while (bytes_max > 0 && ((unsigned char)s.data[bytes_max] & 0xc0) == 0x80)
        bytes_max--;
    return (struct str){s.data, bytes_max};
}

uint32_t str_code_point(struct str character)
{
    unsigned char first = (unsigned char)character.data[0];
    uint32_t code = character.len == 1 ? first : first & (0x7fU >> character.len);

    for (size_t i = 1; i < character.len; i++)
        code = code << 6 | ((unsigned char)character.data[i] & 0x3fU);
    return code;
}

enum oddity { NONE, BIDI, BLANK, CONTROL, LINE, LOST, MARK, NO_BREAK, SPACE, ZERO_WIDTH };

/*
 * Unicode 15, PropList.txt and DerivedCoreProperties.txt: White_Space but U+0020,
 * Bidi_Control and Default_Ignorable_Code_Point, the controls (Cc) and annotation marks,
 * what stands for a character that was lost, and, which no property tells, symbols that
 * are blank (of Braille, music and hieroglyphs) and fillers of scripts. In order, so that
 * a search can halve.
 */
static const struct {
    uint32_t first, last;
    enum oddity what;
} oddities[] = {
    {0x0000, 0x001f, CONTROL},      {0x007f, 0x009f, CONTROL},
    {0x00a0, 0x00a0, NO_BREAK},     {0x00ad, 0x00ad, ZERO_WIDTH},
    {0x034f, 0x034f, ZERO_WIDTH},   {0x061c, 0x061c, BIDI},
    {0x115f, 0x1160, ZERO_WIDTH},   {0x1680, 0x1680, SPACE},
    {0x17b4, 0x17b5, ZERO_WIDTH},   {0x180b, 0x180f, ZERO_WIDTH},
    {0x2000, 0x2006, SPACE},        {0x2007, 0x2007, NO_BREAK},
    {0x2008, 0x200a, SPACE},        {0x200b, 0x200d, ZERO_WIDTH},
    {0x200e, 0x200f, BIDI},         {0x2028, 0x2029, LINE},
    {0x202a, 0x202e, BIDI},         {0x202f, 0x202f, NO_BREAK},
    {0x205f, 0x205f, SPACE},        {0x2060, 0x2065, ZERO_WIDTH},
    {0x2066, 0x2069, BIDI},         {0x206a, 0x206f, ZERO_WIDTH},
    {0x2800, 0x2800, BLANK},        {0x3000, 0x3000, SPACE},
    {0x3164, 0x3164, ZERO_WIDTH},   {0xfe00, 0xfe0f, ZERO_WIDTH},
    {0xfeff, 0xfeff, MARK},         {0xffa0, 0xffa0, ZERO_WIDTH},
    {0xfff0, 0xfffb, ZERO_WIDTH},   {0xfffd, 0xfffd, LOST},
    {0x13430, 0x1343f, ZERO_WIDTH}, {0x13441, 0x13442, BLANK},
    {0x16fe4, 0x16fe4, ZERO_WIDTH}, {0x1bca0, 0x1bca3, ZERO_WIDTH},
    {0x1d159, 0x1d159, BLANK},      {0x1d173, 0x1d17a, ZERO_WIDTH},
    {0xe0000, 0xe0fff, ZERO_WIDTH},
};

static enum oddity oddity_of(struct str character)
{
    uint32_t code = str_code_point(character);
    size_t low = 0, high = sizeof(oddities) / sizeof(*oddities);

    if (code >= 0x20 && code < 0x7f)
        return NONE;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (code > oddities[middle].last)
            low = middle + 1;
        else if (code < oddities[middle].first)
            high = middle;
        else
            return oddities[middle].what;
    }
    return NONE;
}

bool str_character_is_harmful(struct str character)
{
    enum oddity what = oddity_of(character);
    return what == CONTROL || what == BIDI || what == LINE || what == MARK;
}

const char *str_character_unseen(struct str character)
{
    static const char *const names[] = {
        [BIDI] = "a bidirectional control character",
        [BLANK] = "a blank character",
        [CONTROL] = "a control character",
        [LINE] = "a line separator",
        [LOST] = "a replacement character",
        [MARK] = "a byte order mark",
        [NO_BREAK] = "a no-break space",
        [SPACE] = "not the usual space",
        [ZERO_WIDTH] = "a zero-width character",
    };
    return names[oddity_of(character)];
}

bool str_is_utf8(struct str s)
{
    const unsigned char *at = (const unsigned char *)s.data;
    size_t left = s.len;
    while (left > 0) {
        uint64_t word;
        if (left >= sizeof(word)) {
            memcpy(&word, at, sizeof(word));
            if (!(word & UINT64_C(0x8080808080808080))) {
                at += sizeof(word);
                left -= sizeof(word);
                continue;
            }
        }
        size_t len = utf8_sequence(at, left);
        if (len == 0)
            return false;
        at += len;
        left -= len;
    }
    return true;
}

static unsigned least_of(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static bool letter_is_same(struct str a, unsigned i, struct str b, unsigned j)
{
    return ascii_lower(a.data[i - 1]) == ascii_lower(b.data[j - 1]);
}

unsigned str_distance(struct str a, struct str b)
{
    unsigned d[STR_DISTANCE_BYTES_MAX + 1][STR_DISTANCE_BYTES_MAX + 1];
    if (a.len > STR_DISTANCE_BYTES_MAX || b.len > STR_DISTANCE_BYTES_MAX)
        return STR_DISTANCE_BYTES_MAX;
    for (unsigned i = 0; i <= a.len; i++) {
        for (unsigned j = 0; j <= b.len; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            d[i][j] = least_of(least_of(d[i - 1][j], d[i][j - 1]) + 1,
                               d[i - 1][j - 1] + (letter_is_same(a, i, b, j) ? 0 : 1));
            if (i > 1 && j > 1 && letter_is_same(a, i, b, j - 1) &&
                letter_is_same(a, i - 1, b, j))
                d[i][j] = least_of(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a.len][b.len];
}

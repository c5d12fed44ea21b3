#include "sesbounce/base64.h"

#include <errno.h>

/* The six bits a character stands for, plus one; 0 for all others. */
static const unsigned char bits_plus_one[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
    ['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
    ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
    ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
    ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
    ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
    ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
    ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
    ['/'] = 64,
};

/* More than 63 for a character that is not of the alphabet. */
static unsigned six_bits(char c)
{
    return bits_plus_one[(unsigned char)c] - 1U;
}

static size_t padding_of(struct str text)
{
    if (text.data[text.len - 1] != '=')
        return 0;
    return text.data[text.len - 2] == '=' ? 2 : 1;
}

int base64_decode(struct str text, unsigned char *ret, size_t size, size_t *ret_len)
{
    if (text.len == 0 || text.len % 4 != 0)
        return -EINVAL;
    size_t padding = padding_of(text), out = 0;
    if (text.len / 4 * 3 - padding > size)
        return -EINVAL;
    size_t left = text.len - padding;
    const char *at = text.data;
    for (; left >= 4; left -= 4, at += 4) {
        unsigned a = six_bits(at[0]), b = six_bits(at[1]), c = six_bits(at[2]),
                 d = six_bits(at[3]);
        if ((a | b | c | d) > 63)
            return -EINVAL;
        ret[out++] = (unsigned char)(a << 2 | b >> 4);
        ret[out++] = (unsigned char)(b << 4 | c >> 2);
        ret[out++] = (unsigned char)(c << 6 | d);
    }
    /* Two or three characters, whose bits beyond whole bytes must be zero. */
    unsigned bits = 0, held = 0;
    for (; left > 0; left--, at++) {
        if (six_bits(*at) > 63)
            return -EINVAL;
        bits = bits << 6 | six_bits(*at);
        held += 6;
        if (held >= 8) {
            held -= 8;
            ret[out++] = (unsigned char)(bits >> held);
        }
    }
    if (bits & ((1U << held) - 1))
        return -EINVAL;
    *ret_len = out;
    return 0;
}

void base64_encode(struct str bytes, char *ret)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *at = (const unsigned char *)bytes.data;
    for (size_t left = bytes.len; left > 0; at += 3) {
        unsigned bits = (unsigned)at[0] << 16;
        bits |= left > 1 ? (unsigned)at[1] << 8 : 0;
        bits |= left > 2 ? at[2] : 0;
        *ret++ = digits[bits >> 18];
        *ret++ = digits[bits >> 12 & 63];
        *ret++ = left > 1 ? digits[bits >> 6 & 63] : '=';
        *ret++ = left > 2 ? digits[bits & 63] : '=';
        left = left > 3 ? left - 3 : 0;
    }
    *ret = '\0';
}

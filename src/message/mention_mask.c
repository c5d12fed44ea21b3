/* Addresses in a text, masked. */
#include "sesbounce/mention.h"

/* What ends the local part of an address in somebody's text; too much is masked rather
 * than too little. */
static bool byte_ends_local(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f || memchr("<>()[]\",;:\\@", c, 12);
}

/* Where the local part before `at` begins. */
static size_t local_begin(struct str s, size_t at, size_t from, bool is_quoted_whole)
{
    size_t i = at;

    if (is_quoted_whole && i > from && s.data[i - 1] == '"') {
        for (i--; i > from && s.data[i - 1] != '"';)
            i--;
        return i > from ? i - 1 : at;
    }
    while (i > from && !byte_ends_local(s.data[i - 1]))
        i--;
    return i;
}

int mention_mask(struct str s, bool is_quoted_whole, struct buf *ret)
{
    size_t done = 0;
    int r = 0;

    for (size_t at = 0; r == 0 && at < s.len; at++) {
        if (s.data[at] != '@')
            continue;
        size_t begin = local_begin(s, at, done, is_quoted_whole);
        size_t first = str_utf8_sequence((struct str){s.data + begin, at - begin});

        if (begin == at)
            continue;
        r = buf_append(ret, s.data + done, begin + (first ? first : 0) - done);
        if (r == 0)
            r = buf_append_str(ret, STR("***"));
        done = at;
    }
    return r < 0 ? r : buf_append(ret, s.data + done, s.len - done);
}

#include "daemon/page_groups.h"

#include <stdlib.h>

#define ELLIPSIS STR("\xe2\x80\xa6")
/* Digits of a word that is an id; a status such as 5.7.515 has fewer. */
#define ID_DIGITS 6

void page_groups_add(struct page_groups *groups, struct str name, enum page_kind kind)
{
    size_t i = 0;

    name = str_cut(name, PAGE_NAME_BYTES - 1);
    while (i < groups->count && !str_equal(str_of(groups->list[i].name), name))
        i++;
    if (i == PAGE_GROUPS_MAX)
        return;
    struct page_group *group = &groups->list[i];

    if (i == groups->count) {
        groups->count++;
        *group = (struct page_group){.total = 0};
        memcpy(group->name, name.data, name.len);
    }
    group->count[kind]++;
    group->total++;
}

static int group_compare(const void *left, const void *right)
{
    const struct page_group *a = left, *b = right;

    if (a->total != b->total)
        return a->total > b->total ? -1 : 1;
    return strcmp(a->name, b->name);
}

void page_groups_sort(struct page_groups *groups)
{
    qsort(groups->list, groups->count, sizeof(*groups->list), group_compare);
}

/* An address, or an id of one mail. */
static bool word_differs(struct str word)
{
    size_t digits = 0;

    for (size_t i = 0; i < word.len; i++)
        digits += ascii_is_digit(word.data[i]);
    return str_find(word, '@') || digits >= ID_DIGITS;
}

static void diagnostic_append(char ret[PAGE_NAME_BYTES], size_t *len, struct str word)
{
    struct str before = {ret, *len};
    size_t room = PAGE_NAME_BYTES - 1 - *len, blank = *len > 0;

    if (str_equal(word, ELLIPSIS) && str_ends_with(before, ELLIPSIS))
        return;
    if (room < blank + 1)
        return;
    if (blank)
        ret[(*len)++] = ' ';
    word = str_cut(word, room - blank);
    memcpy(ret + *len, word.data, word.len);
    *len += word.len;
}

struct str page_diagnostic_words(struct str text)
{
    const char *end = str_find(text, ';');
    struct str protocol = {text.data, end ? (size_t)(end - text.data) : 0};

    return str_trim(str_equal_nocase(protocol, STR("smtp"))
                        ? str_skip(text, protocol.len + 1)
                        : text);
}

struct str page_diagnostic(struct str text, char ret[PAGE_NAME_BYTES])
{
    struct str word, rest = page_diagnostic_words(text);
    size_t len = 0;

    while (str_split(&rest, ' ', &word)) {
        word = str_trim(word);
        if (word.len > 0)
            diagnostic_append(ret, &len, word_differs(word) ? ELLIPSIS : word);
    }
    ret[len] = '\0';
    return (struct str){ret, len};
}

/* Names of the table that were nearly written, to be offered in a fault. */
#include "config/settings_private.h"

#define NAME_BYTES_MAX 32

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static bool same_at(struct str a, unsigned i, struct str b, unsigned j)
{
    return ascii_lower(a.data[i - 1]) == ascii_lower(b.data[j - 1]);
}

/* Insertions, deletions, replacements and swaps of neighbours between two names, blind to
 * case (optimal string alignment). */
static unsigned distance(struct str a, struct str b)
{
    unsigned d[NAME_BYTES_MAX + 1][NAME_BYTES_MAX + 1];
    if (a.len > NAME_BYTES_MAX || b.len > NAME_BYTES_MAX)
        return NAME_BYTES_MAX;
    for (unsigned i = 0; i <= a.len; i++) {
        for (unsigned j = 0; j <= b.len; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
                            d[i - 1][j - 1] + (same_at(a, i, b, j) ? 0 : 1));
            if (i > 1 && j > 1 && same_at(a, i, b, j - 1) && same_at(a, i - 1, b, j))
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a.len][b.len];
}

/* The beginning of a name, or one with a slip or two. */
static bool resembles(struct str word, struct str name, unsigned *best)
{
    unsigned d = distance(word, name);
    if (word.len >= 3 && str_starts_with(name, word))
        d = 1;
    if (d >= *best || d > 1 + word.len / 4 || d >= name.len)
        return false;
    *best = d;
    return true;
}

const char *settings_nearest(struct str word, const char *section)
{
    const char *found = NULL;
    unsigned best = 4;
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *setting = &settings_table[i];
        const char *name = section ? setting->key : setting->section;
        if (section && strcmp(section, setting->section) != 0)
            continue;
        if (resembles(word, str_of(name), &best))
            found = name;
    }
    return found;
}

void settings_list_names(const char *section, struct buf *ret)
{
    const char *last = "";
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *setting = &settings_table[i];
        const char *name = section ? setting->key : setting->section;
        if ((section && strcmp(section, setting->section) != 0) ||
            strcmp(name, last) == 0)
            continue;
        (void)buf_printf(ret, section ? "%s%s" : "%s[%s]", last[0] ? ", " : "", name);
        last = name;
    }
}

const char *settings_section_of(struct str key)
{
    const char *found = NULL;
    for (size_t i = 0; i < settings_table_count; i++) {
        if (!str_equal(key, str_of(settings_table[i].key)))
            continue;
        if (found)
            return NULL;
        found = settings_table[i].section;
    }
    return found;
}

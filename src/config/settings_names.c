/* Names that were nearly written, to be offered in a fault. */
#include "config/settings_private.h"

/* The beginning of a name, or one with a slip or two. */
bool settings_resembles(struct str word, struct str name, unsigned *best)
{
    unsigned d = str_distance(word, name);
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
    unsigned best = SETTINGS_NEAR;
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *setting = &settings_table[i];
        const char *name = section ? setting->key : setting->section;
        if (section && strcmp(section, setting->section) != 0)
            continue;
        if (settings_resembles(word, str_of(name), &best))
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
        (void)buf_printf(ret, section ? "%s%s" : "%s[%s]", last[0] ? ", " : "",
                         section ? name : settings_title(name));
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

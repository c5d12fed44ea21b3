/* What is printed from the table: the effective settings and the sample file. */
#include <errno.h>

#include "config/settings_private.h"

static void help_print(const char *help, FILE *to)
{
    struct str rest = str_of(help);
    struct str line;
    fputc('\n', to);
    while (str_split(&rest, '\n', &line))
        fprintf(to, "# %.*s\n", STR_ARG(line));
}

/* How it is printed. */
struct print {
    FILE *to;
    bool is_sample; /* settings commented out, and with their help */
};

/* One section, which begins at `first` of the table and whose settings are in `head`. */
static void section_print(const struct print *print, const struct settings_head *head,
                          size_t first)
{
    const char *section = settings_table[first].section;
    const struct settings_kind *kind = settings_kind_of(section);
    if (kind && print->is_sample)
        help_print(kind->help, print->to);
    else
        fputs(first > 0 || print->is_sample ? "\n" : "", print->to);
    if (kind)
        fprintf(print->to, "%s[%s %s]\n", print->is_sample ? "#" : "", section,
                head->name);
    else
        fprintf(print->to, "[%s]\n", section);
    for (size_t i = first;
         i < settings_table_count && strcmp(settings_table[i].section, section) == 0;
         i++) {
        if (print->is_sample)
            help_print(settings_table[i].help, print->to);
        settings_value_print(head, &settings_table[i], print->is_sample ? "#" : "",
                             print->to);
    }
}

static int table_print(const struct settings *settings, bool is_sample, FILE *to)
{
    const struct print print = {to, is_sample};
    for (size_t i = 0; i < settings_table_count; i++) {
        const char *section = settings_table[i].section;
        const struct settings_kind *kind = settings_kind_of(section);
        const struct settings_sections *named =
            kind ? settings_sections_of(settings, kind) : NULL;
        if (i > 0 && strcmp(section, settings_table[i - 1].section) == 0)
            continue;
        if (!kind)
            section_print(&print, &settings->head, i);
        for (size_t n = 0; named && n < named->count; n++)
            section_print(&print, named->items[n], i);
    }
    return fflush(to) != 0 || ferror(to) ? -EIO : 0;
}

int settings_print(const struct settings *settings, FILE *to)
{
    return table_print(settings, false, to);
}

static const char sample_head[] =
    "# Settings of sesbounced: all of them, commented out, with their defaults.\n"
    "# To change one, remove the `#` before its key. `sesbounced --check-config` prints\n"
    "# the settings in effect, or each fault with its line; see sesbounced.conf(5).\n"
    "#\n"
    "# A comment is a line that begins with # or ;. For a list, repeat the key; its\n"
    "# values replace the default. Sizes take K, M or G; durations take s, m, h or d.\n";

int settings_print_sample(FILE *to)
{
    _cleanup_(settings_freep) struct settings *defaults = NULL;
    struct settings_head *head;
    int r = settings_new(&defaults);
    for (size_t i = 0; r == 0 && i < settings_kinds_count; i++)
        r = settings_section_add(defaults, &settings_kinds[i], STR("NAME"), &head);
    if (r < 0)
        return r;
    fputs(sample_head, to);
    return table_print(defaults, true, to);
}

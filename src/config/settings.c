/* The settings as a whole: made with all defaults, and freed. */
#include <errno.h>

#include "config/settings_private.h"
#include "sesbounce/limits.h"

/* --- what the settings of a section are in --- */

static bool setting_is_of(const struct setting *setting, const struct settings_kind *kind)
{
    return settings_kind_of(setting->section) == kind;
}

static int default_set(struct settings_head *head, const struct setting *setting)
{
    struct str rest = str_of(setting->value);
    struct str item;
    _cleanup_(buf_done) struct buf fault = {.max = SETTINGS_LINE_BYTES_MAX};
    int r = 0;
    while (r == 0 && str_split(&rest, '\n', &item))
        r = settings_value_set(head, setting, item, &fault);
    return r;
}

/* `kind` NULL: the sections without a name. */
static int head_init(struct settings_head *head, const struct settings_kind *kind)
{
    head->places = calloc(settings_table_count, sizeof(*head->places));
    int r = head->places ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < settings_table_count; i++)
        if (setting_is_of(&settings_table[i], kind))
            r = default_set(head, &settings_table[i]);
    return r;
}

static void head_done(struct settings_head *head, const struct settings_kind *kind)
{
    for (size_t i = 0; i < settings_table_count; i++) {
        if (setting_is_of(&settings_table[i], kind))
            settings_value_clear(head, &settings_table[i]);
        if (head->places)
            free(head->places[i].item_lines);
    }
    free(head->places);
    free(head->name);
}

/* --- sections with a name --- */

static struct settings_sections *sections_at(struct settings *settings,
                                             const struct settings_kind *kind)
{
    return (void *)((char *)settings + kind->offset);
}

const struct settings_sections *settings_sections_of(const struct settings *settings,
                                                     const struct settings_kind *kind)
{
    return (const void *)((const char *)settings + kind->offset);
}

int settings_section_add(struct settings *settings, const struct settings_kind *kind,
                         struct str name, struct settings_head **ret)
{
    struct settings_sections *sections = sections_at(settings, kind);
    struct settings_head **items = reallocarray(sections->items, sections->count + 1,
                                                sizeof(struct settings_head *));
    if (!items)
        return -ENOMEM;
    sections->items = items;
    struct settings_head *head = calloc(1, kind->bytes);
    if (!head)
        return -ENOMEM;
    items[sections->count++] = head;
    *ret = head;
    head->name = str_dup(name);
    return head->name ? head_init(head, kind) : -ENOMEM;
}

static void sections_free(struct settings *settings, const struct settings_kind *kind)
{
    struct settings_sections *sections = sections_at(settings, kind);
    for (size_t i = 0; i < sections->count; i++) {
        head_done(sections->items[i], kind);
        free(sections->items[i]);
    }
    free(sections->items);
}

/* --- all --- */

int settings_new(struct settings **ret)
{
    _cleanup_(settings_freep) struct settings *settings = calloc(1, sizeof(*settings));
    if (!settings)
        return -ENOMEM;
    int r = head_init(&settings->head, NULL);
    if (r == 0)
        r = settings_rules_build(settings);
    if (r == 0)
        r = settings_policy_build(settings);
    if (r < 0)
        return r;
    *ret = take_ptr(settings);
    return 0;
}

void settings_free(struct settings *settings)
{
    if (!settings)
        return;
    for (size_t i = 0; i < settings_kinds_count; i++)
        sections_free(settings, &settings_kinds[i]);
    head_done(&settings->head, NULL);
    settings_built_free(&settings->built);
    free(settings->events.rules);
    free(settings);
}

struct settings_place *settings_place(const struct settings_head *head,
                                      const struct setting *setting)
{
    return &head->places[setting - settings_table];
}

size_t settings_line(const struct settings *settings, const char *section,
                     const char *key)
{
    const struct setting *setting = settings_find(str_of(section), str_of(key));
    return setting ? settings_place(&settings->head, setting)->line : 0;
}

size_t settings_item_line_of(const struct settings *settings, const char *section,
                             const char *key, size_t index)
{
    const struct setting *setting = settings_find(str_of(section), str_of(key));
    return setting ? settings_item_line(settings_place(&settings->head, setting), index)
                   : 0;
}

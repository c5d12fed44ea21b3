/* The reader: lines into settings, and every fault with its line. */
#include <errno.h>
#include <stdarg.h>

#include "config/settings_private.h"
#include "sesbounce/file.h"
#include "sesbounce/limits.h"

void settings_fault(struct settings_reader *reader, size_t line, const char *format, ...)
{
    char text[SETTINGS_FAULT_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);

    reader->fault_count++;
    /* What finds no room is not told, but counted: the file is refused all the same. */
    (void)buf_printf(reader->faults, "%s:%zu: %s\n", reader->file, line, text);
}

/* --- sections --- */

static void section_fault(struct settings_reader *reader, size_t line, struct str word,
                          struct str name)
{
    const char *near = settings_nearest(word, NULL);
    struct str quote = settings_quote(word), name_quote = settings_quote(name);
    const char *between = name.len > 0 ? " " : "";
    _cleanup_(buf_done) struct buf names = {.max = SETTINGS_FAULT_BYTES_MAX};
    settings_list_names(NULL, &names);
    if (!near)
        settings_fault(reader, line, "there is no section [%.*s%s%.*s]: there are %s",
                       STR_ARG(quote), between, STR_ARG(name_quote),
                       buf_str(&names).data);
    else if (!settings_kind_of(near))
        settings_fault(reader, line,
                       "there is no section [%.*s%s%.*s]: did you mean [%s]?",
                       STR_ARG(quote), between, STR_ARG(name_quote), near);
    else
        settings_fault(reader, line,
                       "there is no section [%.*s%s%.*s]: did you mean [%s %.*s]?",
                       STR_ARG(quote), between, STR_ARG(name_quote), near,
                       STR_ARG(name.len > 0 ? name_quote : STR("NAME")));
}

/* Told if the name may not be. */
static void section_name_check(struct settings_reader *reader, size_t line,
                               const struct settings_kind *kind, struct str name)
{
    const struct settings_sections *sections =
        settings_sections_of(reader->settings, kind);
    const char *why = name.len > 0 ? kind->check(name) : NULL;
    if (name.len == 0)
        settings_fault(reader, line, "[%s] needs a name: write `[%s]`", kind->section,
                       kind->title);
    if (why)
        settings_fault(reader, line, "[%s] %s", reader->title, why);
    for (size_t i = 0; name.len > 0 && i < sections->count; i++) {
        if (str_equal(name, str_of(sections->items[i]->name))) {
            settings_fault(reader, line, "[%s] is already at line %zu: put them together",
                           reader->title, sections->items[i]->line);
            return;
        }
    }
}

/* Its keys are read even if its name is wrong, so that their faults are reported, too. */
static int named_section_read(struct settings_reader *reader, size_t line,
                              const struct settings_kind *kind, struct str name)
{
    struct str quote = settings_quote(name);
    (void)snprintf(reader->title, sizeof(reader->title), "%s%s%.*s", kind->section,
                   name.len > 0 ? " " : "", STR_ARG(quote));
    section_name_check(reader, line, kind, name);
    if (settings_sections_of(reader->settings, kind)->count == SETTINGS_SECTIONS_MAX) {
        settings_fault(reader, line, "[%s] is one too many: there may be %d",
                       reader->title, SETTINGS_SECTIONS_MAX);
        return 0;
    }
    int r = settings_section_add(reader->settings, kind, name, &reader->head);
    if (r < 0)
        return r;
    reader->head->line = line;
    reader->section = kind->section;
    reader->section_unknown = false;
    return 0;
}

static int section_read(struct settings_reader *reader, size_t line, struct str text)
{
    reader->section = NULL;
    reader->section_unknown = true;
    if (text.data[text.len - 1] != ']' || text.len == 1) {
        settings_fault(reader, line,
                       "a section is written `[name]`, with nothing after the bracket");
        return 0;
    }
    struct str name = str_trim((struct str){text.data + 1, text.len - 2});
    struct str word = settings_word_take(&name);
    const char *section = settings_section_find(word);
    if (!section) {
        /* Its keys are read as if the word were right, likewise. */
        section_fault(reader, line, word, name);
        section = settings_nearest(word, NULL);
        if (!section)
            return 0;
    } else if (name.len > 0 && !settings_kind_of(section)) {
        settings_fault(reader, line, "[%s] has no name: write `[%s]`", section, section);
    }
    const struct settings_kind *kind = settings_kind_of(section);
    if (kind)
        return named_section_read(reader, line, kind, name);
    (void)snprintf(reader->title, sizeof(reader->title), "%s", section);
    reader->head = &reader->settings->head;
    reader->section = section;
    reader->section_unknown = false;
    return 0;
}

/* --- settings --- */

static void key_fault(struct settings_reader *reader, size_t line, struct str key)
{
    struct str quote = settings_quote(key);
    const char *near = settings_nearest(key, reader->section);
    const char *elsewhere = settings_section_of(key);
    _cleanup_(buf_done) struct buf names = {.max = SETTINGS_FAULT_BYTES_MAX};
    settings_list_names(reader->section, &names);
    if (elsewhere)
        settings_fault(reader, line, "`%.*s` belongs to [%s], not to [%s]",
                       STR_ARG(quote), settings_title(elsewhere), reader->title);
    else if (near)
        settings_fault(reader, line, "[%s] has no key `%.*s`: did you mean `%s`?",
                       reader->title, STR_ARG(quote), near);
    else
        settings_fault(reader, line, "[%s] has no key `%.*s`: its keys are %s",
                       reader->title, STR_ARG(quote), buf_str(&names).data);
}

/* A comment behind a value belongs to it: the likely reason why it makes no sense. */
static bool value_holds_comment(struct str value)
{
    for (size_t i = 1; i < value.len; i++) {
        bool blank = value.data[i - 1] == ' ' || value.data[i - 1] == '\t';
        if (blank && (value.data[i] == '#' || value.data[i] == ';'))
            return true;
    }
    return false;
}

/* Tells what is wrong with a value. */
static void value_fault(struct settings_reader *reader, size_t line,
                        const struct setting *setting, struct str value,
                        const struct buf *why)
{
    settings_place(reader->head, setting)->faulty = true;
    settings_fault(
        reader, line, "[%s] %s: %s%s", reader->title, setting->key, buf_str(why).data,
        value_holds_comment(value) ? " (a comment needs a line of its own)" : "");
}

/* settings_value_set(), a bad value told with its line. 0 or -ENOMEM. */
static int setting_read(struct settings_reader *reader, size_t line,
                        const struct setting *setting, struct str value)
{
    _cleanup_(buf_done) struct buf why = {.max = SETTINGS_FAULT_BYTES_MAX};
    int r = settings_value_set(reader->head, setting, value, &why);
    if (r != -EINVAL)
        return r;
    value_fault(reader, line, setting, value, &why);
    return 0;
}

/* Where the item is in the list; its length: nowhere. */
static size_t item_find(const struct settings_list *list, struct str item)
{
    size_t i = 0;
    while (i < list->count && !str_equal(item, str_of(list->items[i])))
        i++;
    return i;
}

static int item_read(struct settings_reader *reader, size_t line,
                     const struct setting *setting, struct str value)
{
    struct settings_place *place = settings_place(reader->head, setting);
    struct settings_list *list = settings_value_list(reader->head, setting);
    if (!place->line || value.len == 0)
        settings_value_clear(reader->head, setting);
    place->line = line;
    if (value.len == 0)
        return 0;

    _cleanup_(buf_done) struct buf item = {.max = SETTINGS_LINE_BYTES_MAX};
    _cleanup_(buf_done) struct buf why = {.max = SETTINGS_FAULT_BYTES_MAX};
    int r = settings_item_spell(setting, value, &item, &why);
    if (r == -EINVAL)
        value_fault(reader, line, setting, value, &why);
    if (r < 0)
        return r == -EINVAL ? 0 : r;
    size_t count = list->count, found = item_find(list, buf_str(&item));
    if (found < count) {
        struct str quote = settings_quote(value);
        settings_fault(reader, line, "[%s] %s: `%.*s` is already at line %zu",
                       reader->title, setting->key, STR_ARG(quote),
                       place->item_lines[found]);
        return 0;
    }
    size_t *lines = reallocarray(place->item_lines, count + 1, sizeof(*lines));
    if (!lines)
        return -ENOMEM;
    place->item_lines = lines;
    lines[count] = line;
    return setting_read(reader, line, setting, value);
}

static int single_read(struct settings_reader *reader, size_t line,
                       const struct setting *setting, struct str value)
{
    struct settings_place *place = settings_place(reader->head, setting);
    if (place->line) {
        settings_fault(reader, line, "[%s] %s is already set at line %zu: keep one",
                       reader->title, setting->key, place->line);
        return 0;
    }
    place->line = line;
    return setting_read(reader, line, setting, value);
}

static int assignment_read(struct settings_reader *reader, size_t line, struct str text)
{
    struct str value = text;
    struct str key;
    (void)str_split(&value, '=', &key);
    key = str_trim(key);
    if (!str_present(value) || key.len == 0) {
        settings_fault(reader, line, "write `key = value`, `[section]` or `# comment`");
        return 0;
    }
    if (reader->section_unknown)
        return 0;
    if (!reader->section) {
        const char *section = settings_section_of(key);
        settings_fault(reader, line, "a key needs its section above it, such as [%s]",
                       section ? settings_title(section) : settings_table[0].section);
        return 0;
    }
    const struct setting *setting = settings_find(str_of(reader->section), key);
    if (!setting) {
        key_fault(reader, line, key);
        return 0;
    }
    value = str_trim(value);
    return setting->type == SETTING_LIST ? item_read(reader, line, setting, value)
                                         : single_read(reader, line, setting, value);
}

/* Is it text that can be looked at? Told if not. */
static bool line_is_text(struct settings_reader *reader, size_t line, struct str text)
{
    if (text.len > SETTINGS_LINE_BYTES_MAX) {
        settings_fault(reader, line, "the line is too long: %zu bytes, %d are allowed",
                       text.len, SETTINGS_LINE_BYTES_MAX);
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < ' ' && c != '\t') || c == 0x7F) {
            settings_fault(reader, line,
                           "there is a control character (byte 0x%02x) at column %zu: "
                           "remove it",
                           (unsigned)c, i + 1);
            return false;
        }
    }
    if (!str_is_utf8(text)) {
        settings_fault(reader, line, "the line is not UTF-8: save the file as UTF-8");
        return false;
    }
    if (line == 1 && str_starts_with(text, STR("\xEF\xBB\xBF"))) {
        settings_fault(reader, line,
                       "there is a byte order mark: save the file as UTF-8 without it");
        return false;
    }
    return true;
}

static int line_read(struct settings_reader *reader, size_t line, struct str text)
{
    /* Files that were edited elsewhere end their lines with CR LF. */
    if (str_ends_with(text, STR("\r")))
        text.len--;
    bool is_text = line_is_text(reader, line, text);
    text = str_trim(text);
    if (!is_text) {
        /* What stands below a section that cannot be read cannot be judged. */
        reader->section_unknown =
            reader->section_unknown || (text.len > 0 && text.data[0] == '[');
        return 0;
    }
    if (text.len == 0 || text.data[0] == '#' || text.data[0] == ';')
        return 0;
    if (text.data[0] == '[')
        return section_read(reader, line, text);
    return assignment_read(reader, line, text);
}

/* --- the file --- */

/* With -EINVAL too `*ret` gets what could be read. */
static int text_read(const char *file, struct str text, struct settings **ret,
                     struct buf *faults)
{
    _cleanup_(settings_freep) struct settings *settings = NULL;
    struct str line;
    int r = settings_new(&settings);
    struct settings_reader reader = {
        .file = file, .settings = settings, .faults = faults};
    for (size_t number = 1; r == 0 && str_split(&text, '\n', &line); number++)
        r = line_read(&reader, number, line);
    if (r < 0)
        return r;
    settings_check_whole(&reader);
    r = settings_rules_build(settings);
    if (r == 0)
        r = settings_policy_build(settings);
    if (r < 0)
        return r;
    *ret = take_ptr(settings);
    return reader.fault_count > 0 ? -EINVAL : 0;
}

int settings_read_partly(const char *file, struct settings **ret, struct buf *faults)
{
    const char *name = file ? file : SETTINGS_DEFAULT_FILE;
    _cleanup_(buf_done) struct buf text = {.max = SETTINGS_FILE_BYTES_MAX};
    int r = file_read(name, &text);
    if (r == -ENOENT && !file)
        return settings_new(ret);
    if (r == -E2BIG) {
        (void)buf_printf(faults, "%s: is larger than %d bytes: no settings file is\n",
                         name, SETTINGS_FILE_BYTES_MAX);
        return -EINVAL;
    }
    if (r < 0) {
        (void)buf_printf(faults, "%s: cannot be read: %s", name, strerror(-r));
        if (r == -EACCES)
            (void)buf_printf(faults,
                             "; so that the daemon can: chgrp sesbounced %s; "
                             "chmod 640 %s",
                             name, name);
        (void)buf_append_char(faults, '\n');
        return r;
    }
    r = text_read(name, buf_str(&text), ret, faults);
    if (r == -ENOMEM)
        (void)buf_printf(faults, "%s: out of memory while reading it\n", name);
    return r;
}

int settings_read(const char *file, struct settings **ret, struct buf *faults)
{
    _cleanup_(settings_freep) struct settings *settings = NULL;
    int r = settings_read_partly(file, &settings, faults);
    if (r == 0)
        *ret = take_ptr(settings);
    return r;
}

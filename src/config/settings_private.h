/*
 * What the parts of the settings module share: the table, the values, the reader.
 *
 * settings_table.c holds the table, prints from it and finds what a wrong name was meant
 * to be, settings_value.c turns text into members of struct settings and back,
 * settings_check.c judges values and how they go together, settings_read.c reads the
 * file. One thread, at start.
 */
#ifndef SESBOUNCE_SETTINGS_PRIVATE_H
#define SESBOUNCE_SETTINGS_PRIVATE_H

#include "sesbounce/settings.h"
#include "sesbounce/str.h"

enum setting_type {
    SETTING_TEXT,     /* char *; must have a value */
    SETTING_OPTIONAL, /* char *; `key =` is NULL */
    SETTING_LIST,     /* struct settings_list; `key =` empties it */
    SETTING_NUMBER,   /* uint64_t */
    SETTING_SIZE,     /* uint64_t, bytes */
    SETTING_DURATION, /* uint64_t, milliseconds */
    SETTING_WORD,     /* int, the index in `words` */
    SETTING_SWITCH,   /* bool */
};

/* NULL when `value` may stand there, else a constant text: what it is and what would be
 * right. */
typedef const char *setting_check_fn(struct str value);

typedef struct str setting_spell_fn(struct str value);

struct setting {
    const char *section;
    const char *key;
    enum setting_type type;
    size_t offset;            /* of the member in struct settings */
    uint64_t min, max;        /* of a number, size or duration; of a list's length */
    const char *const *words; /* of SETTING_WORD, ended by NULL */
    setting_check_fn *check;  /* of texts and of each item; NULL: anything */
    setting_spell_fn *spell;  /* of each item: as it is stored; NULL: as it stands */
    const char *value;        /* default as the file would say it; items part at \n */
    const char *help;         /* lines part at \n */
};

/* In the order of the sample file; a section's settings stand together. */
extern const struct setting settings_table[];
extern const size_t settings_table_count;

/* NULL when there is none. */
const struct setting *settings_find(struct str section, struct str key);

/* The key of `section` that resembles `word`, or with NULL the section; NULL: none does.
 */
const char *settings_nearest(struct str word, const char *section);

/* Appends `a, b, c`: the keys of `section`, or with NULL the sections in brackets. */
void settings_list_names(const char *section, struct buf *ret);

/* The section that has the key; NULL unless exactly one has. */
const char *settings_section_of(struct str key);

/* --- settings_value.c --- */

/*
 * Sets the member from `text`, or adds to the list. 0, -ENOMEM, or -EINVAL with what is
 * wrong and what would be right appended to `ret_fault`.
 */
int settings_value_set(struct settings *settings, const struct setting *setting,
                       struct str text, struct buf *ret_fault);

/* Frees a text, empties a list; other types keep their value. */
void settings_value_clear(struct settings *settings, const struct setting *setting);

/* Writes `PREFIXkey = value` lines: one, or one an item. */
void settings_value_print(const struct settings *settings, const struct setting *setting,
                          const char *prefix, FILE *to);

struct settings_list *settings_value_list(struct settings *settings,
                                          const struct setting *setting);

/* Frees the item and closes the gap. */
void settings_list_remove(struct settings_list *list, size_t index);

/* Builds events.rules and events.table from the lists. 0 or -ENOMEM. */
int settings_rules_build(struct settings *settings);

/* Cut for a fault at SETTINGS_QUOTE_BYTES_MAX, between characters. */
struct str settings_quote(struct str text);

/* --- settings_check.c: the kinds of values --- */

setting_check_fn settings_check_listen;
setting_check_fn settings_check_url_path;
setting_check_fn settings_check_file;
setting_check_fn settings_check_topic;
setting_check_fn settings_check_endpoint;
setting_check_fn settings_check_event_type;
setting_check_fn settings_check_campaign;

/* --- settings_read.c: the reader, for settings_check_whole --- */

/* Where a setting was given. */
struct settings_place {
    size_t line;        /* 0: not in the file */
    size_t *item_lines; /* owned; of a list, beside its items */
    bool faulty;        /* told already: judge nothing from its value */
};

struct settings_reader {
    const char *file;
    struct settings *settings;
    struct buf *faults;
    struct settings_place *places; /* owned; beside settings_table */
    size_t fault_count;
    const char *section;  /* of the present line, as in the table; NULL: none that is */
    bool section_unknown; /* told already: its keys are passed over */
};

/* Appends `FILE:LINE: …` to the faults. */
void settings_fault(struct settings_reader *reader, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct settings_place *settings_place(struct settings_reader *reader,
                                      const struct setting *setting);

/*
 * How the settings go together, told through settings_fault(). A default list of
 * `[events]` gives up the types that the file names in another one.
 */
void settings_check_whole(struct settings_reader *reader);

#endif

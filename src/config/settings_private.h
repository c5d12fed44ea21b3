/*
 * What the parts of the settings module share: the table, the values, the reader.
 *
 * settings_table.c holds the table, settings_names.c finds what a wrong name was meant to
 * be, settings_value.c turns text into members of a struct and back (settings_alerts.c
 * those of `[alerts]` that are of a kind of their own), settings_check.c judges values
 * and how they go together, settings_suppression.c those of the suppression list,
 * settings_sending.c those of what is sent out, settings_read.c reads the file,
 * settings.c makes the whole and settings_policy.c the policy, settings_print.c prints.
 * One thread, at start.
 */
#ifndef SESBOUNCE_SETTINGS_PRIVATE_H
#define SESBOUNCE_SETTINGS_PRIVATE_H

#include "sesbounce/limits.h"
#include "sesbounce/settings.h"
#include "sesbounce/str.h"

enum setting_type {
    SETTING_TEXT,     /* char *; must have a value */
    SETTING_OPTIONAL, /* char *; `key =` is NULL */
    SETTING_LIST,     /* struct settings_list; `key =` empties it */
    SETTING_NUMBER,   /* uint64_t */
    SETTING_SIZE,     /* uint64_t, bytes */
    SETTING_DURATION, /* uint64_t, milliseconds */
    SETTING_TERM,     /* the same, or POLICY_FOR_EVER */
    SETTING_SILENCE,  /* the same, or ALERT_SILENCE_AUTO, ALERT_SILENCE_OFF */
    SETTING_LEVELS,   /* struct alert_levels */
    SETTING_WORD,     /* int, the index in `words` */
    SETTING_SWITCH,   /* bool */
};

/* NULL when `value` may stand there, else a constant text: what it is and what would be
 * right. */
typedef const char *setting_check_fn(struct str value);

/* Appends an item to `ret` as it is stored. 0, -ENOMEM, or -EINVAL with what is wrong and
 * what would be right appended to `ret_fault`. */
typedef int setting_spell_fn(struct str value, struct buf *ret, struct buf *ret_fault);

struct setting {
    const char *section;
    const char *key;
    enum setting_type type;
    size_t offset; /* of the member in struct settings, or in the struct of its kind */
    uint64_t min, max;        /* of a number, size or duration; of a list's length */
    const char *const *words; /* of SETTING_WORD, ended by NULL */
    setting_check_fn *check;  /* of texts and of each item; NULL: anything */
    setting_spell_fn *spell;  /* of each item, behind `check`; NULL: as it stands */
    const char *value;        /* default as the file would say it; items part at \n */
    const char *help;         /* lines part at \n */
    bool is_secret;           /* no fault quotes it */
};

/* In the order of the sample file; a section's settings stand together, and those of
 * sections with a name behind all others. */
extern const struct setting settings_table[];
extern const size_t settings_table_count;

/* A kind of section that has a name and may be there several times: [scope NAME]. */
struct settings_kind {
    const char *section;     /* as in the table */
    const char *title;       /* `scope NAME`: what stands in the brackets */
    size_t offset;           /* of its struct settings_sections in struct settings */
    size_t bytes;            /* of its struct, which begins with a struct settings_head */
    setting_check_fn *check; /* of NAME, which is never empty */
    const char *help;        /* lines part at \n */
};
extern const struct settings_kind settings_kinds[];
extern const size_t settings_kinds_count;

/* NULL: a section without a name. */
const struct settings_kind *settings_kind_of(const char *section);

/* What stands in the brackets, NAME for a name. */
const char *settings_title(const char *section);

/* As the table spells it; NULL when there is none. */
const char *settings_section_find(struct str section);

/* NULL when there is none. */
const struct setting *settings_find(struct str section, struct str key);

/* Is `word` nearer to `name` than `*best`, which it replaces? The first bound is
 * SETTINGS_NEAR. */
bool settings_resembles(struct str word, struct str name, unsigned *best);
#define SETTINGS_NEAR 4

/* The key of `section` that resembles `word`, or with NULL the section; NULL: none does.
 */
const char *settings_nearest(struct str word, const char *section);

/* Appends `a, b, c`: the keys of `section`, or with NULL all sections in brackets. */
void settings_list_names(const char *section, struct buf *ret);

/* The section that has the key; NULL unless exactly one has. */
const char *settings_section_of(struct str key);

/* --- settings.c --- */

/* Adds a section of that kind with all defaults. 0 or -ENOMEM; `*ret` is borrowed. */
int settings_section_add(struct settings *settings, const struct settings_kind *kind,
                         struct str name, struct settings_head **ret);

const struct settings_sections *settings_sections_of(const struct settings *settings,
                                                     const struct settings_kind *kind);

/* --- settings_value.c: `head` is what the setting is a member of --- */

/*
 * Sets the member from `text`, or adds to the list. 0, -ENOMEM, or -EINVAL with what is
 * wrong and what would be right appended to `ret_fault`.
 */
int settings_value_set(struct settings_head *head, const struct setting *setting,
                       struct str text, struct buf *ret_fault);

/* Frees a text, empties a list; other types keep their value. */
void settings_value_clear(struct settings_head *head, const struct setting *setting);

/* Writes `PREFIXkey = value` lines: one, or one an item. */
void settings_value_print(const struct settings_head *head, const struct setting *setting,
                          const char *prefix, FILE *to);

struct settings_list *settings_value_list(struct settings_head *head,
                                          const struct setting *setting);

/* Appends an item as it would be stored; results as a setting_spell_fn. */
int settings_item_spell(const struct setting *setting, struct str text, struct buf *ret,
                        struct buf *ret_fault);

/* Frees the item and closes the gap. */
void settings_list_remove(struct settings_list *list, size_t index);

/* Reads a number, size, duration or term between the bounds of `setting`; results as
 * settings_value_set. */
int settings_number_read(const struct setting *setting, struct str text, uint64_t *ret,
                         struct buf *ret_fault);

/* Writes a value of that type as the file would have it. */
#define SETTINGS_NUMBER_BYTES 24
void settings_number_format(enum setting_type type, uint64_t value,
                            char ret[SETTINGS_NUMBER_BYTES]);

/* Appends "`TEXT` " and the words. Always -EINVAL. */
int settings_blame(struct buf *fault, struct str text, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Builds events.rules and events.table from the lists. 0 or -ENOMEM. */
int settings_rules_build(struct settings *settings);

/* Cuts the first word off `*rest`, and the blanks behind it; empty when there is none. */
struct str settings_word_take(struct str *rest);

/* Cut for a fault at SETTINGS_QUOTE_BYTES_MAX, between characters. */
struct str settings_quote(struct str text);

/* --- settings_alerts.c --- */

/* `2.5% 5% 10%`; results as settings_value_set. */
int settings_levels_read(struct str text, struct alert_levels *ret,
                         struct buf *ret_fault);
#define SETTINGS_LEVELS_BYTES 48
void settings_levels_format(const struct alert_levels *levels,
                            char ret[SETTINGS_LEVELS_BYTES]);

setting_check_fn settings_check_each;
setting_check_fn settings_check_receiver;

/* --- settings_policy.c --- */

/* Builds `policy` from the settings. 0 or -ENOMEM. */
int settings_policy_build(struct settings *settings);
void settings_built_free(struct settings_built *built);

/* --- settings_check.c, settings_suppression.c: the kinds of values --- */

setting_check_fn settings_check_listen;
setting_check_fn settings_check_host;
setting_check_fn settings_check_url_path;
setting_check_fn settings_check_file;
setting_check_fn settings_check_topic;
setting_check_fn settings_check_endpoint;
setting_check_fn settings_check_event_type;
setting_check_fn settings_check_campaign;
setting_check_fn settings_check_scope_name;
setting_check_fn settings_check_receiver_name;
setting_check_fn settings_check_webhook_url;
setting_check_fn settings_check_smtp;
setting_check_fn settings_check_mailbox;
setting_check_fn settings_check_sent;
setting_spell_fn settings_spell_event_type;
setting_spell_fn settings_spell_rule;
setting_spell_fn settings_spell_allow;
setting_spell_fn settings_spell_match;

/* `NAME EFFECT [TERM]`; results as a setting_spell_fn. */
int settings_rule_read(struct str text, struct policy_override *ret,
                       struct buf *ret_fault);

/* `KIND:PATTERN` or `tag:NAME=PATTERN`; borrows from `text`. Results likewise. */
struct settings_match {
    enum policy_match_kind kind;
    struct str tag; /* absent unless it is one */
    struct str pattern;
};
int settings_match_read(struct str text, struct settings_match *ret,
                        struct buf *ret_fault);

/* --- settings_read.c: the reader, for settings_check_whole --- */

/* Where a setting was given. */
struct settings_place {
    size_t line;        /* 0: not in the file */
    size_t *item_lines; /* owned; of a list, beside its items */
    bool faulty;        /* told already: judge nothing from its value */
};

/* The section in its brackets, cut for a fault. */
#define SETTINGS_TITLE_BYTES (32 + SETTINGS_QUOTE_BYTES_MAX)

struct settings_reader {
    const char *file;
    struct settings *settings;
    struct buf *faults;
    size_t fault_count;
    const char *section; /* of the present line, as in the table; NULL: none that is */
    struct settings_head *head; /* what its settings are members of */
    char title[SETTINGS_TITLE_BYTES];
    bool section_unknown; /* told already: its keys are passed over */
};

/* Appends `FILE:LINE: …` to the faults. */
void settings_fault(struct settings_reader *reader, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct settings_place *settings_place(const struct settings_head *head,
                                      const struct setting *setting);

/* The same for a section without a name; the setting is there. */
struct settings_place *settings_place_named(struct settings_reader *reader,
                                            const char *section, const char *key);

/* Line of a list's item; 0 for a default. */
size_t settings_item_line(const struct settings_place *place, size_t index);

/*
 * How the settings go together, told through settings_fault(). A default list of
 * `[events]` gives up the types that the file names in another one.
 */
void settings_check_whole(struct settings_reader *reader);

/* Its part about what is sent out. */
void settings_check_sending(struct settings_reader *reader);

/* Its part about the suppression list and what is kept. Where only `events` of
 * `[retention]` is in the file, `bodies` are kept no longer than that. */
void settings_check_suppression(struct settings_reader *reader);

#endif

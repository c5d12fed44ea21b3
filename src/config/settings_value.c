/* Text to the members of a section's struct and back, by the type in the table. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#include "config/settings_private.h"
#include "sesbounce/clock.h"
#include "sesbounce/limits.h"

struct unit {
    char letter;
    uint64_t factor;
};

/* Largest first: printing takes the first that divides. */
static const struct unit size_units[] = {
    {'G', UINT64_C(1) << 30},
    {'M', UINT64_C(1) << 20},
    {'K', UINT64_C(1) << 10},
    {'\0', 1},
};
static const struct unit duration_units[] = {
    {'d', (uint64_t)CLOCK_DAY_MS},
    {'h', (uint64_t)CLOCK_HOUR_MS},
    {'m', (uint64_t)CLOCK_MINUTE_MS},
    {'s', (uint64_t)CLOCK_SECOND_MS},
    {'\0', 1},
};

static const struct unit no_units[] = {{'\0', 1}};

struct number_word {
    const char *word;
    uint64_t number;
};
static const struct number_word no_words[] = {{NULL, 0}};
static const struct number_word term_words[] = {{"forever", (uint64_t)POLICY_FOR_EVER},
                                                {NULL, 0}};
static const struct number_word silence_words[] = {
    {"auto", ALERT_SILENCE_AUTO}, {"off", ALERT_SILENCE_OFF}, {NULL, 0}};

static const struct number_kind {
    const struct unit *units;
    uint64_t bare; /* what a number without a letter counts */
    const struct number_word *words;
    const char *others; /* the words, behind what is in range */
    const char *fault;
} number_kinds[] = {
    [SETTING_NUMBER] = {no_units, 1, no_words, "", "is not a whole number"},
    [SETTING_SIZE] = {size_units, 1, no_words, "",
                      "is not a size: give a whole number of bytes, or of K, M or G, as "
                      "in `512K`"},
    [SETTING_DURATION] = {duration_units, (uint64_t)CLOCK_SECOND_MS, no_words, "",
                          "is not a duration: give a whole number of seconds, or of s, "
                          "m, h or d, as in `2h`"},
    [SETTING_TERM] = {duration_units, (uint64_t)CLOCK_SECOND_MS, term_words,
                      ", or `forever`",
                      "is not a duration: give a whole number of seconds, or of s, m, h "
                      "or d, as in `30d`, or `forever`"},
    [SETTING_SILENCE] = {duration_units, (uint64_t)CLOCK_SECOND_MS, silence_words,
                         ", or `auto` or `off`",
                         "is not a duration: give a whole number of seconds, or of s, m, "
                         "h or d, as in `12h`, or `auto` or `off`"},
};

static void *setting_member(struct settings_head *head, const struct setting *setting)
{
    return (char *)head + setting->offset;
}

struct settings_list *settings_value_list(struct settings_head *head,
                                          const struct setting *setting)
{
    assert(setting->type == SETTING_LIST);
    return setting_member(head, setting);
}

struct str settings_quote(struct str text)
{
    return str_cut(text, SETTINGS_QUOTE_BYTES_MAX);
}

struct str settings_word_take(struct str *rest)
{
    size_t len = 0;
    while (len < rest->len && rest->data[len] != ' ' && rest->data[len] != '\t')
        len++;
    struct str word = {rest->data, len};
    *rest = str_trim(str_skip(*rest, len));
    return word;
}

int settings_blame(struct buf *fault, struct str text, const char *format, ...)
{
    struct str quote = settings_quote(text);
    va_list arguments;
    (void)buf_printf(fault, "`%.*s`%s ", STR_ARG(quote), quote.len < text.len ? "…" : "");
    va_start(arguments, format);
    (void)buf_vprintf(fault, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

void settings_number_format(enum setting_type type, uint64_t value,
                            char ret[SETTINGS_NUMBER_BYTES])
{
    const struct unit *unit = number_kinds[type].units;
    const struct number_word *word = number_kinds[type].words;
    for (; word->word; word++) {
        if (value != word->number)
            continue;
        (void)snprintf(ret, SETTINGS_NUMBER_BYTES, "%s", word->word);
        return;
    }
    while (unit->letter && (value == 0 || value % unit->factor != 0))
        unit++;
    (void)snprintf(ret, SETTINGS_NUMBER_BYTES, "%" PRIu64 "%.1s", value / unit->factor,
                   &unit->letter);
}

static int range_blame(const struct setting *setting, struct str text, struct buf *fault)
{
    char min[SETTINGS_NUMBER_BYTES];
    char max[SETTINGS_NUMBER_BYTES];
    settings_number_format(setting->type, setting->min, min);
    settings_number_format(setting->type, setting->max, max);
    return settings_blame(fault, text, "is out of range: give %s to %s%s", min, max,
                          number_kinds[setting->type].others);
}

int settings_number_read(const struct setting *setting, struct str text, uint64_t *ret,
                         struct buf *ret_fault)
{
    const struct number_kind *kind = &number_kinds[setting->type];
    uint64_t factor = kind->bare;
    struct str digits = text;
    for (const struct number_word *word = kind->words; word->word; word++) {
        if (!str_equal(text, str_of(word->word)))
            continue;
        *ret = word->number;
        return 0;
    }
    for (const struct unit *unit = kind->units; unit->letter; unit++) {
        if (text.len > 1 && text.data[text.len - 1] == unit->letter) {
            factor = unit->factor;
            digits.len--;
        }
    }
    uint64_t number = 0;
    int r = str_to_u64(digits, setting->max / factor, &number);
    if (r == -ERANGE || (r == 0 && number * factor < setting->min))
        return range_blame(setting, text, ret_fault);
    if (r < 0)
        return settings_blame(ret_fault, text, "%s", kind->fault);
    *ret = number * factor;
    return 0;
}

static int setting_set_number(struct settings_head *head, const struct setting *setting,
                              struct str text, struct buf *fault)
{
    return settings_number_read(setting, text, setting_member(head, setting), fault);
}

static int setting_set_levels(struct settings_head *head, const struct setting *setting,
                              struct str text, struct buf *fault)
{
    return settings_levels_read(text, setting_member(head, setting), fault);
}

static int setting_set_word(struct settings_head *head, const struct setting *setting,
                            struct str text, struct buf *fault)
{
    for (int i = 0; setting->words[i]; i++) {
        if (str_equal(text, str_of(setting->words[i]))) {
            *(int *)setting_member(head, setting) = i;
            return 0;
        }
    }
    (void)settings_blame(fault, text, "is not known here: give ");
    for (size_t i = 0; setting->words[i]; i++) {
        const char *between = i == 0 ? "" : setting->words[i + 1] ? ", " : " or ";
        (void)buf_printf(fault, "%s`%s`", between, setting->words[i]);
    }
    return -EINVAL;
}

static int setting_set_switch(struct settings_head *head, const struct setting *setting,
                              struct str text, struct buf *fault)
{
    bool yes = str_equal(text, STR("yes")) || str_equal(text, STR("true"));
    bool no = str_equal(text, STR("no")) || str_equal(text, STR("false"));
    if (!yes && !no)
        return settings_blame(fault, text, "is neither `yes` nor `no`");
    *(bool *)setting_member(head, setting) = yes;
    return 0;
}

static int text_check(const struct setting *setting, struct str text, struct buf *fault)
{
    const char *why = setting->check ? setting->check(text) : NULL;
    if (why && setting->is_secret) {
        (void)buf_append_str(fault, str_of(why));
        return -EINVAL;
    }
    return why ? settings_blame(fault, text, "%s", why) : 0;
}

static int setting_set_text(struct settings_head *head, const struct setting *setting,
                            struct str text, struct buf *fault)
{
    char **value = setting_member(head, setting);
    char *copy = NULL;
    int r = text.len > 0 ? text_check(setting, text, fault) : 0;
    if (r < 0)
        return r;
    if (text.len > 0 && !(copy = str_dup(text)))
        return -ENOMEM;
    free(*value);
    *value = copy;
    return 0;
}

int settings_item_spell(const struct setting *setting, struct str text, struct buf *ret,
                        struct buf *ret_fault)
{
    int r = text_check(setting, text, ret_fault);
    if (r < 0)
        return r;
    return setting->spell ? setting->spell(text, ret, ret_fault)
                          : buf_append_str(ret, text);
}

static int setting_add_item(struct settings_head *head, const struct setting *setting,
                            struct str text, struct buf *fault)
{
    struct settings_list *list = setting_member(head, setting);
    _cleanup_(buf_done) struct buf item = {.max = SETTINGS_LINE_BYTES_MAX};
    int r = settings_item_spell(setting, text, &item, fault);
    if (r < 0)
        return r;
    if (list->count >= setting->max) {
        (void)buf_printf(fault, "is one too many: the list takes %" PRIu64, setting->max);
        return -EINVAL;
    }
    char **items = reallocarray(list->items, list->count + 1, sizeof(*items));
    if (!items)
        return -ENOMEM;
    list->items = items;
    items[list->count] = str_dup(buf_str(&item));
    if (!items[list->count])
        return -ENOMEM;
    list->count++;
    return 0;
}

int settings_value_set(struct settings_head *head, const struct setting *setting,
                       struct str text, struct buf *ret_fault)
{
    static int (*const sets[])(struct settings_head * head, const struct setting *setting,
                               struct str text, struct buf *fault) = {
        [SETTING_TEXT] = setting_set_text,     [SETTING_OPTIONAL] = setting_set_text,
        [SETTING_LIST] = setting_add_item,     [SETTING_NUMBER] = setting_set_number,
        [SETTING_SIZE] = setting_set_number,   [SETTING_DURATION] = setting_set_number,
        [SETTING_TERM] = setting_set_number,   [SETTING_WORD] = setting_set_word,
        [SETTING_SWITCH] = setting_set_switch, [SETTING_SILENCE] = setting_set_number,
        [SETTING_LEVELS] = setting_set_levels,
    };
    bool may_be_empty =
        setting->type == SETTING_OPTIONAL || setting->type == SETTING_LIST;
    if (text.len == 0 && !may_be_empty) {
        (void)buf_printf(ret_fault, "needs a value, as in `%s = %s`", setting->key,
                         setting->value);
        return -EINVAL;
    }
    return sets[setting->type](head, setting, text, ret_fault);
}

void settings_value_clear(struct settings_head *head, const struct setting *setting)
{
    if (setting->type == SETTING_TEXT || setting->type == SETTING_OPTIONAL) {
        char **value = setting_member(head, setting);
        free(take_ptr(*value));
    }
    if (setting->type == SETTING_LIST) {
        struct settings_list *list = setting_member(head, setting);
        for (size_t i = 0; i < list->count; i++)
            free(list->items[i]);
        free(list->items);
        *list = (struct settings_list){0};
    }
}

void settings_list_remove(struct settings_list *list, size_t index)
{
    free(list->items[index]);
    list->count--;
    for (size_t i = index; i < list->count; i++)
        list->items[i] = list->items[i + 1];
}

static void line_print(const char *prefix, const char *key, const char *value, FILE *to)
{
    fprintf(to, "%s%s =%s%s\n", prefix, key, value[0] ? " " : "", value);
}

void settings_value_print(const struct settings_head *head, const struct setting *setting,
                          const char *prefix, FILE *to)
{
    const void *value = (const char *)head + setting->offset;
    const struct settings_list *list;
    char number[SETTINGS_NUMBER_BYTES];
    char levels[SETTINGS_LEVELS_BYTES];
    const char *text = "";

    switch (setting->type) {
    case SETTING_LIST:
        list = value;
        for (size_t i = 0; i == 0 || i < list->count; i++)
            line_print(prefix, setting->key, i < list->count ? list->items[i] : "", to);
        return;
    case SETTING_TEXT:
    case SETTING_OPTIONAL:
        text = *(char *const *)value ? *(char *const *)value : "";
        break;
    case SETTING_NUMBER:
    case SETTING_SIZE:
    case SETTING_DURATION:
    case SETTING_TERM:
    case SETTING_SILENCE:
        settings_number_format(setting->type, *(const uint64_t *)value, number);
        text = number;
        break;
    case SETTING_LEVELS:
        settings_levels_format(value, levels);
        text = levels;
        break;
    case SETTING_WORD:
        text = setting->words[*(const int *)value];
        break;
    case SETTING_SWITCH:
        text = *(const bool *)value ? "yes" : "no";
        break;
    }
    line_print(prefix, setting->key, text, to);
}

int settings_rules_build(struct settings *settings)
{
    const struct {
        const struct settings_list *list;
        enum ses_keeping keeping;
    } parts[] = {{&settings->events.keep, SES_KEEP},
                 {&settings->events.count, SES_COUNT},
                 {&settings->events.ignore, SES_IGNORE}};
    size_t count = settings->events.keep.count + settings->events.count.count +
                   settings->events.ignore.count;
    struct ses_rule *rules = calloc(count + 1, sizeof(*rules));
    size_t n = 0;
    if (!rules)
        return -ENOMEM;
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        for (size_t j = 0; j < parts[i].list->count; j++)
            rules[n++] = (struct ses_rule){parts[i].list->items[j], parts[i].keeping};
    assert(n == count);
    free(settings->events.rules);
    settings->events.rules = rules;
    settings->events.table = (struct ses_rules){
        .rules = rules,
        .rule_count = count,
        .campaigns = settings->events.campaign.items,
        .campaign_count = settings->events.campaign.count,
    };
    return 0;
}

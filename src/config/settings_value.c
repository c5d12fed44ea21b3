/* Text to the members of struct settings and back, by the type in the table. */
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

static const struct number_kind {
    const struct unit *units;
    uint64_t bare; /* what a number without a letter counts */
    const char *fault;
} number_kinds[] = {
    [SETTING_NUMBER] = {no_units, 1, "is not a whole number"},
    [SETTING_SIZE] = {size_units, 1,
                      "is not a size: give a whole number of bytes, or of K, M or G, as "
                      "in `512K`"},
    [SETTING_DURATION] = {duration_units, (uint64_t)CLOCK_SECOND_MS,
                          "is not a duration: give a whole number of seconds, or of s, "
                          "m, h or d, as in `2h`"},
};

static void *setting_member(struct settings *settings, const struct setting *setting)
{
    return (char *)settings + setting->offset;
}

struct settings_list *settings_value_list(struct settings *settings,
                                          const struct setting *setting)
{
    assert(setting->type == SETTING_LIST);
    return setting_member(settings, setting);
}

struct str settings_quote(struct str text)
{
    return str_cut(text, SETTINGS_QUOTE_BYTES_MAX);
}

/* Appends "`TEXT` " and the words. Always -EINVAL. */
__attribute__((format(printf, 3, 4))) static int
value_blame(struct buf *fault, struct str text, const char *format, ...)
{
    struct str quote = settings_quote(text);
    va_list arguments;
    (void)buf_printf(fault, "`%.*s`%s ", STR_ARG(quote), quote.len < text.len ? "…" : "");
    va_start(arguments, format);
    (void)buf_vprintf(fault, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

static void number_format(enum setting_type type, uint64_t value, char *ret, size_t size)
{
    const struct unit *unit = number_kinds[type].units;
    while (unit->letter && (value == 0 || value % unit->factor != 0))
        unit++;
    snprintf(ret, size, "%" PRIu64 "%.1s", value / unit->factor, &unit->letter);
}

#define NUMBER_TEXT_BYTES 24

static int range_blame(const struct setting *setting, struct str text, struct buf *fault)
{
    char min[NUMBER_TEXT_BYTES];
    char max[NUMBER_TEXT_BYTES];
    number_format(setting->type, setting->min, min, sizeof(min));
    number_format(setting->type, setting->max, max, sizeof(max));
    return value_blame(fault, text, "is out of range: give %s to %s", min, max);
}

static int setting_set_number(struct settings *settings, const struct setting *setting,
                              struct str text, struct buf *fault)
{
    const struct number_kind *kind = &number_kinds[setting->type];
    uint64_t factor = kind->bare;
    struct str digits = text;
    for (const struct unit *unit = kind->units; unit->letter; unit++) {
        if (text.len > 1 && text.data[text.len - 1] == unit->letter) {
            factor = unit->factor;
            digits.len--;
        }
    }
    uint64_t number = 0;
    int r = str_to_u64(digits, setting->max / factor, &number);
    if (r == -ERANGE || (r == 0 && number * factor < setting->min))
        return range_blame(setting, text, fault);
    if (r < 0)
        return value_blame(fault, text, "%s", kind->fault);
    *(uint64_t *)setting_member(settings, setting) = number * factor;
    return 0;
}

static int setting_set_word(struct settings *settings, const struct setting *setting,
                            struct str text, struct buf *fault)
{
    for (int i = 0; setting->words[i]; i++) {
        if (str_equal(text, str_of(setting->words[i]))) {
            *(int *)setting_member(settings, setting) = i;
            return 0;
        }
    }
    (void)value_blame(fault, text, "is not known here: give ");
    for (size_t i = 0; setting->words[i]; i++) {
        const char *between = i == 0 ? "" : setting->words[i + 1] ? ", " : " or ";
        (void)buf_printf(fault, "%s`%s`", between, setting->words[i]);
    }
    return -EINVAL;
}

static int setting_set_switch(struct settings *settings, const struct setting *setting,
                              struct str text, struct buf *fault)
{
    bool yes = str_equal(text, STR("yes")) || str_equal(text, STR("true"));
    bool no = str_equal(text, STR("no")) || str_equal(text, STR("false"));
    if (!yes && !no)
        return value_blame(fault, text, "is neither `yes` nor `no`");
    *(bool *)setting_member(settings, setting) = yes;
    return 0;
}

static int text_check(const struct setting *setting, struct str text, struct buf *fault)
{
    const char *why = setting->check ? setting->check(text) : NULL;
    return why ? value_blame(fault, text, "%s", why) : 0;
}

static int setting_set_text(struct settings *settings, const struct setting *setting,
                            struct str text, struct buf *fault)
{
    char **value = setting_member(settings, setting);
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

static int setting_add_item(struct settings *settings, const struct setting *setting,
                            struct str text, struct buf *fault)
{
    struct settings_list *list = setting_member(settings, setting);
    int r = text_check(setting, text, fault);
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
    items[list->count] = str_dup(setting->spell ? setting->spell(text) : text);
    if (!items[list->count])
        return -ENOMEM;
    list->count++;
    return 0;
}

int settings_value_set(struct settings *settings, const struct setting *setting,
                       struct str text, struct buf *ret_fault)
{
    static int (*const sets[])(struct settings * settings, const struct setting *setting,
                               struct str text, struct buf *fault) = {
        [SETTING_TEXT] = setting_set_text,   [SETTING_OPTIONAL] = setting_set_text,
        [SETTING_LIST] = setting_add_item,   [SETTING_NUMBER] = setting_set_number,
        [SETTING_SIZE] = setting_set_number, [SETTING_DURATION] = setting_set_number,
        [SETTING_WORD] = setting_set_word,   [SETTING_SWITCH] = setting_set_switch,
    };
    bool may_be_empty =
        setting->type == SETTING_OPTIONAL || setting->type == SETTING_LIST;
    if (text.len == 0 && !may_be_empty) {
        (void)buf_printf(ret_fault, "needs a value, as in `%s = %s`", setting->key,
                         setting->value);
        return -EINVAL;
    }
    return sets[setting->type](settings, setting, text, ret_fault);
}

void settings_value_clear(struct settings *settings, const struct setting *setting)
{
    if (setting->type == SETTING_TEXT || setting->type == SETTING_OPTIONAL) {
        char **value = setting_member(settings, setting);
        free(take_ptr(*value));
    }
    if (setting->type == SETTING_LIST) {
        struct settings_list *list = setting_member(settings, setting);
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

void settings_value_print(const struct settings *settings, const struct setting *setting,
                          const char *prefix, FILE *to)
{
    const void *value = (const char *)settings + setting->offset;
    const struct settings_list *list;
    char number[NUMBER_TEXT_BYTES];
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
        number_format(setting->type, *(const uint64_t *)value, number, sizeof(number));
        text = number;
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
    settings->policy = policy_built_in;
    return 0;
}

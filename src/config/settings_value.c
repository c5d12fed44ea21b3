/* Text to the members of struct settings and back, by the type in the table. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>

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
    {'\0', 0},
};
static const struct unit duration_units[] = {
    {'d', (uint64_t)CLOCK_DAY_MS},
    {'h', (uint64_t)CLOCK_HOUR_MS},
    {'m', (uint64_t)CLOCK_MINUTE_MS},
    {'s', (uint64_t)CLOCK_SECOND_MS},
    {'\0', 0},
};

static void *member(struct settings *settings, const struct setting *setting)
{
    return (char *)settings + setting->offset;
}

static const void *member_const(const struct settings *settings,
                                const struct setting *setting)
{
    return (const char *)settings + setting->offset;
}

struct settings_list *settings_value_list(struct settings *settings,
                                          const struct setting *setting)
{
    assert(setting->type == SETTING_LIST);
    return member(settings, setting);
}

struct str settings_quote(struct str text)
{
    return str_cut(text, SETTINGS_QUOTE_BYTES_MAX);
}

/* Appends to the fault; it is cut rather than lost when it is too long. */
#define blame(fault, ...) (void)buf_printf(fault, __VA_ARGS__)

static void blame_value(struct buf *fault, struct str text)
{
    struct str quote = settings_quote(text);
    blame(fault, "`%.*s`%s", STR_ARG(quote), quote.len < text.len ? "…" : "");
}

static const struct unit *units_of(enum setting_type type)
{
    static const struct unit none[] = {{'\0', 0}};
    if (type == SETTING_SIZE)
        return size_units;
    return type == SETTING_DURATION ? duration_units : none;
}

static void format_number(enum setting_type type, uint64_t value, char *ret, size_t size)
{
    const struct unit *unit = units_of(type);
    while (unit->letter && (value == 0 || value % unit->factor != 0))
        unit++;
    if (unit->letter)
        snprintf(ret, size, "%" PRIu64 "%c", value / unit->factor, unit->letter);
    else
        snprintf(ret, size, "%" PRIu64, value);
}

#define NUMBER_TEXT_BYTES 24

static int blame_range(const struct setting *setting, struct str text, struct buf *fault)
{
    char min[NUMBER_TEXT_BYTES];
    char max[NUMBER_TEXT_BYTES];
    format_number(setting->type, setting->min, min, sizeof min);
    format_number(setting->type, setting->max, max, sizeof max);
    blame_value(fault, text);
    blame(fault, " is out of range: give %s to %s", min, max);
    return -EINVAL;
}

static int blame_number(const struct setting *setting, struct str text, struct buf *fault)
{
    blame_value(fault, text);
    if (setting->type == SETTING_SIZE)
        blame(fault, " is not a size: give a whole number of bytes, or of K, M or G, "
                     "as in `512K`");
    else if (setting->type == SETTING_DURATION)
        blame(fault,
              " is not a duration: give a whole number of seconds, or of s, m, h or "
              "d, as in `2h`");
    else
        blame(fault, " is not a whole number");
    return -EINVAL;
}

static int set_number(struct settings *settings, const struct setting *setting,
                      struct str text, struct buf *fault)
{
    /* A bare number counts bytes, or seconds. */
    uint64_t factor = setting->type == SETTING_DURATION ? (uint64_t)CLOCK_SECOND_MS : 1;
    struct str digits = text;
    for (const struct unit *unit = units_of(setting->type); unit->letter; unit++) {
        if (text.len > 1 && text.data[text.len - 1] == unit->letter) {
            factor = unit->factor;
            digits.len--;
        }
    }
    uint64_t number = 0;
    int r = str_to_u64(digits, setting->max / factor, &number);
    if (r == -ERANGE || (r == 0 && number * factor < setting->min))
        return blame_range(setting, text, fault);
    if (r < 0)
        return blame_number(setting, text, fault);
    *(uint64_t *)member(settings, setting) = number * factor;
    return 0;
}

static int set_word(struct settings *settings, const struct setting *setting,
                    struct str text, struct buf *fault)
{
    for (int i = 0; setting->words[i]; i++) {
        if (str_equal(text, str_of(setting->words[i]))) {
            *(int *)member(settings, setting) = i;
            return 0;
        }
    }
    blame_value(fault, text);
    blame(fault, " is not known here: give ");
    for (size_t i = 0; setting->words[i]; i++) {
        const char *between = i == 0 ? "" : setting->words[i + 1] ? ", " : " or ";
        blame(fault, "%s`%s`", between, setting->words[i]);
    }
    return -EINVAL;
}

static int set_switch(struct settings *settings, const struct setting *setting,
                      struct str text, struct buf *fault)
{
    bool yes = str_equal(text, STR("yes")) || str_equal(text, STR("true"));
    bool no = str_equal(text, STR("no")) || str_equal(text, STR("false"));
    if (!yes && !no) {
        blame_value(fault, text);
        blame(fault, " is neither `yes` nor `no`");
        return -EINVAL;
    }
    *(bool *)member(settings, setting) = yes;
    return 0;
}

static int check_text(const struct setting *setting, struct str text, struct buf *fault)
{
    const char *why = setting->check ? setting->check(text) : NULL;
    if (!why)
        return 0;
    blame_value(fault, text);
    blame(fault, " %s", why);
    return -EINVAL;
}

static int set_text(struct settings *settings, const struct setting *setting,
                    struct str text, struct buf *fault)
{
    char **value = member(settings, setting);
    char *copy = NULL;
    if (text.len > 0) {
        int r = check_text(setting, text, fault);
        if (r < 0)
            return r;
        copy = str_dup(text);
        if (!copy)
            return -ENOMEM;
    }
    free(*value);
    *value = copy;
    return 0;
}

static int add_item(struct settings *settings, const struct setting *setting,
                    struct str text, struct buf *fault)
{
    struct settings_list *list = member(settings, setting);
    int r = check_text(setting, text, fault);
    if (r < 0)
        return r;
    if (list->count >= setting->max) {
        blame(fault, "is one too many: the list takes %" PRIu64, setting->max);
        return -EINVAL;
    }
    char **items = reallocarray(list->items, list->count + 1, sizeof *items);
    if (!items)
        return -ENOMEM;
    list->items = items;
    items[list->count] = str_dup(setting->spell ? setting->spell(text) : text);
    if (!items[list->count])
        return -ENOMEM;
    list->count++;
    return 0;
}

static bool may_be_empty(const struct setting *setting)
{
    return setting->type == SETTING_OPTIONAL || setting->type == SETTING_LIST;
}

int settings_value_set(struct settings *settings, const struct setting *setting,
                       struct str text, struct buf *ret_fault)
{
    if (text.len == 0 && !may_be_empty(setting)) {
        blame(ret_fault, "needs a value, as in `%s = %s`", setting->key, setting->value);
        return -EINVAL;
    }
    switch (setting->type) {
    case SETTING_TEXT:
    case SETTING_OPTIONAL:
        return set_text(settings, setting, text, ret_fault);
    case SETTING_LIST:
        if (text.len == 0) {
            settings_value_clear(settings, setting);
            return 0;
        }
        return add_item(settings, setting, text, ret_fault);
    case SETTING_NUMBER:
    case SETTING_SIZE:
    case SETTING_DURATION:
        return set_number(settings, setting, text, ret_fault);
    case SETTING_WORD:
        return set_word(settings, setting, text, ret_fault);
    case SETTING_SWITCH:
        return set_switch(settings, setting, text, ret_fault);
    }
    assert(false);
    return -EINVAL;
}

void settings_value_clear(struct settings *settings, const struct setting *setting)
{
    if (setting->type == SETTING_TEXT || setting->type == SETTING_OPTIONAL) {
        char **value = member(settings, setting);
        free(take_ptr(*value));
    }
    if (setting->type == SETTING_LIST) {
        struct settings_list *list = member(settings, setting);
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

static void print_line(const char *prefix, const char *key, const char *value, FILE *to)
{
    fprintf(to, "%s%s =%s%s\n", prefix, key, value[0] ? " " : "", value);
}

static void print_list(const struct settings_list *list, const char *prefix,
                       const char *key, FILE *to)
{
    for (size_t i = 0; i < list->count; i++)
        print_line(prefix, key, list->items[i], to);
    if (list->count == 0)
        print_line(prefix, key, "", to);
}

void settings_value_print(const struct settings *settings, const struct setting *setting,
                          const char *prefix, FILE *to)
{
    const void *value = member_const(settings, setting);
    char number[NUMBER_TEXT_BYTES];
    const char *text = "";

    switch (setting->type) {
    case SETTING_LIST:
        print_list(value, prefix, setting->key, to);
        return;
    case SETTING_TEXT:
    case SETTING_OPTIONAL:
        text = *(char *const *)value ? *(char *const *)value : "";
        break;
    case SETTING_NUMBER:
    case SETTING_SIZE:
    case SETTING_DURATION:
        format_number(setting->type, *(const uint64_t *)value, number, sizeof number);
        text = number;
        break;
    case SETTING_WORD:
        text = setting->words[*(const int *)value];
        break;
    case SETTING_SWITCH:
        text = *(const bool *)value ? "yes" : "no";
        break;
    }
    print_line(prefix, setting->key, text, to);
}

static size_t add_rules(struct ses_rule *rules, const struct settings_list *list,
                        enum ses_keeping keeping)
{
    for (size_t i = 0; i < list->count; i++)
        rules[i] = (struct ses_rule){list->items[i], keeping};
    return list->count;
}

int settings_rules_build(struct settings *settings)
{
    size_t count = settings->events.keep.count + settings->events.count.count +
                   settings->events.ignore.count;
    struct ses_rule *rules = calloc(count + 1, sizeof *rules);
    if (!rules)
        return -ENOMEM;
    size_t n = add_rules(rules, &settings->events.keep, SES_KEEP);
    n += add_rules(rules + n, &settings->events.count, SES_COUNT);
    n += add_rules(rules + n, &settings->events.ignore, SES_IGNORE);
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

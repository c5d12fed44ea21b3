/* The values of `[alerts]` that are of a kind of their own. */
#include <errno.h>

#include "config/settings_private.h"

/* Digits behind the point that ALERT_RATE_ONE can hold of a percentage. */
#define PERCENT_DIGITS 4
#define PERCENT        (ALERT_RATE_ONE / 100)

/* `2.5%` in millionths. */
static bool percentage_read(struct str text, uint32_t *ret)
{
    uint64_t whole, part = 0;
    struct str digits;
    if (!str_ends_with(text, STR("%")))
        return false;
    text.len--;
    if (!str_split(&text, '.', &digits) || str_to_u64(digits, 100, &whole) < 0)
        return false;
    if (str_present(text) && (text.len == 0 || text.len > PERCENT_DIGITS ||
                              str_to_u64(text, PERCENT, &part) < 0))
        return false;
    for (size_t i = str_present(text) ? text.len : PERCENT_DIGITS; i < PERCENT_DIGITS;
         i++)
        part *= 10;
    *ret = (uint32_t)(whole * PERCENT + part);
    return *ret > 0 && *ret <= ALERT_RATE_ONE;
}

int settings_levels_read(struct str text, struct alert_levels *ret, struct buf *ret_fault)
{
    struct alert_levels levels = {{0}};
    struct str rest = text;
    bool is_good = true;
    for (size_t i = 0; i < ALERT_LEVELS; i++) {
        is_good = is_good &&
                  percentage_read(settings_word_take(&rest), &levels.rate[i]) &&
                  (i == 0 || levels.rate[i] >= levels.rate[i - 1]);
    }
    if (!is_good || rest.len > 0)
        return settings_blame(ret_fault, text,
                              "is not three rates, each no lower than the one before: "
                              "write those of warning, alert and pause, as in `2.5%% 5%% "
                              "10%%`");
    *ret = levels;
    return 0;
}

void settings_levels_format(const struct alert_levels *levels,
                            char ret[SETTINGS_LEVELS_BYTES])
{
    size_t len = 0;
    for (size_t i = 0; i < ALERT_LEVELS; i++)
        len += (size_t)snprintf(ret + len, SETTINGS_LEVELS_BYTES - len, "%s%g%%",
                                i > 0 ? " " : "", (double)levels->rate[i] / PERCENT);
}

const char *settings_check_each(struct str value)
{
    return str_equal_nocase(value, STR("Bounce")) ||
                   str_equal_nocase(value, STR("Complaint"))
               ? NULL
               : "is not reported event by event: give `Bounce` or `Complaint`";
}

const char *settings_check_receiver(struct str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.data[i] <= ' ' || value.data[i] > '~')
            return "is not a name: give the NAME of a section [webhook NAME] or [mail "
                   "NAME]";
    return NULL;
}

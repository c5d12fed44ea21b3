#include "sesbounce/when.h"

#include <errno.h>

#include "sesbounce/clock.h"
#include "sesbounce/limits.h"

/* 0 for what is not a unit. */
static int64_t unit_ms(char unit)
{
    static const struct {
        char letter;
        int64_t ms;
    } units[] = {{'s', CLOCK_SECOND_MS},
                 {'m', CLOCK_MINUTE_MS},
                 {'h', CLOCK_HOUR_MS},
                 {'d', CLOCK_DAY_MS},
                 {'w', 7 * CLOCK_DAY_MS}};
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
        if (units[i].letter == unit)
            return units[i].ms;
    return 0;
}

int when_duration(struct str text, int64_t *ret_ms)
{
    int64_t total = 0;
    text = str_trim(text);
    if (text.len == 0)
        return -EINVAL;
    while (text.len > 0) {
        size_t digits = 0;
        while (digits < text.len && ascii_is_digit(text.data[digits]))
            digits++;
        int64_t unit = digits < text.len ? unit_ms(text.data[digits]) : 0;
        uint64_t number;
        if (unit == 0)
            return -EINVAL;
        int r = str_to_u64((struct str){text.data, digits},
                           (uint64_t)(WHEN_DURATION_MAX_MS / unit), &number);
        if (r < 0)
            return r;
        total += (int64_t)number * unit;
        if (total > WHEN_DURATION_MAX_MS)
            return -ERANGE;
        text.data += digits + 1;
        text.len -= digits + 1;
    }
    *ret_ms = total;
    return 0;
}

int when_parse(struct str text, int64_t now_ms, int64_t *ret_ms)
{
    int64_t duration;
    text = str_trim(text);
    if (when_duration(text, &duration) == 0) {
        *ret_ms = now_ms > duration ? now_ms - duration : 0;
        return 0;
    }
    if (text.len == 10) {
        char full[] = "YYYY-MM-DDT00:00:00Z";
        memcpy(full, text.data, 10);
        return clock_parse(str_of(full), ret_ms);
    }
    return clock_parse(text, ret_ms);
}

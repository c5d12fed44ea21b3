#include "sesbounce/clock.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <time.h>

#define YEAR_FIRST 1970
#define YEAR_LAST  9999
/* 9999-12-31T23:59:59.999 */
#define LAST_MS (INT64_C(2932897) * CLOCK_DAY_MS - 1)

/* Days before each month of a year without a leap day. */
static const int days_before_month[13] = {0,   31,  59,  90,  120, 151, 181,
                                          212, 243, 273, 304, 334, 365};

struct civil {
    int year, month, day; /* month and day count from 1 */
    int hour, minute, second, ms;
};

static int64_t now_ms(clockid_t clock)
{
    struct timespec now;
    int r = clock_gettime(clock, &now);
    assert(r == 0);
    (void)r;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
    return now_ms(CLOCK_REALTIME);
}

int64_t clock_mono_ms(void)
{
    return now_ms(CLOCK_MONOTONIC);
}

int64_t clock_mono_us(void)
{
    struct timespec now;
    int r = clock_gettime(CLOCK_MONOTONIC, &now);
    assert(r == 0);
    (void)r;
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Leap days in the years 1 to `year`. */
static int leap_days(int year)
{
    return year / 4 - year / 100 + year / 400;
}

static int days_before_year(int year)
{
    return (year - YEAR_FIRST) * 365 + leap_days(year - 1) - leap_days(YEAR_FIRST - 1);
}

/* Of the year, before its month; 13 stands for the next year's first. */
static int days_before(int year, int month)
{
    return days_before_month[month - 1] + (month > 2 && is_leap(year) ? 1 : 0);
}

static int days_of_month(int year, int month)
{
    return days_before(year, month + 1) - days_before(year, month);
}

static int64_t civil_to_ms(const struct civil *civil)
{
    int days = days_before_year(civil->year) + days_before(civil->year, civil->month) +
               civil->day - 1;
    return days * CLOCK_DAY_MS + civil->hour * CLOCK_HOUR_MS +
           civil->minute * CLOCK_MINUTE_MS + civil->second * CLOCK_SECOND_MS + civil->ms;
}

/* Times that the text forms cannot tell (CLOCK_NONE, a term beyond 9999) are clamped. */
static struct civil civil_of_ms(int64_t ms)
{
    if (ms < 0)
        ms = 0;
    if (ms > LAST_MS)
        ms = LAST_MS;
    int days = (int)(ms / CLOCK_DAY_MS);
    int rest = (int)(ms % CLOCK_DAY_MS);
    struct civil civil = {
        .year = YEAR_FIRST + days / 366,
        .hour = rest / (int)CLOCK_HOUR_MS,
        .minute = rest / (int)CLOCK_MINUTE_MS % 60,
        .second = rest / (int)CLOCK_SECOND_MS % 60,
        .ms = rest % (int)CLOCK_SECOND_MS,
    };
    while (days_before_year(civil.year + 1) <= days)
        civil.year++;
    days -= days_before_year(civil.year);
    civil.month = days / 31 + 1; /* or the next one */
    if (days >= days_before(civil.year, civil.month + 1))
        civil.month++;
    civil.day = days - days_before(civil.year, civil.month) + 1;
    return civil;
}

/* Cuts exactly `digits` digits off `*rest`. */
static bool cut_number(struct str *rest, size_t digits, int *ret)
{
    if (rest->len < digits)
        return false;
    int value = 0;
    for (size_t i = 0; i < digits; i++) {
        if (!ascii_is_digit(rest->data[i]))
            return false;
        value = value * 10 + (rest->data[i] - '0');
    }
    rest->data += digits;
    rest->len -= digits;
    *ret = value;
    return true;
}

static bool cut_char(struct str *rest, char c)
{
    if (rest->len == 0 || rest->data[0] != c)
        return false;
    rest->data++;
    rest->len--;
    return true;
}

static bool cut_date(struct str *rest, struct civil *civil)
{
    return cut_number(rest, 4, &civil->year) && cut_char(rest, '-') &&
           cut_number(rest, 2, &civil->month) && cut_char(rest, '-') &&
           cut_number(rest, 2, &civil->day) && civil->year >= YEAR_FIRST &&
           civil->month >= 1 && civil->month <= 12 && civil->day >= 1 &&
           civil->day <= days_of_month(civil->year, civil->month);
}

/* Second 60 is a leap second, which counts as the first of the next minute. */
static bool cut_time(struct str *rest, int second_max, struct civil *civil)
{
    return cut_number(rest, 2, &civil->hour) && cut_char(rest, ':') &&
           cut_number(rest, 2, &civil->minute) && cut_char(rest, ':') &&
           cut_number(rest, 2, &civil->second) && civil->hour <= 23 &&
           civil->minute <= 59 && civil->second <= second_max;
}

/* What is finer than a millisecond is cut off, never rounded into the next one. */
static bool cut_fraction(struct str *rest, struct civil *civil)
{
    if (!cut_char(rest, '.'))
        return true;
    int unit = 100, digit;
    size_t digits = 0;
    for (; cut_number(rest, 1, &digit); digits++, unit /= 10)
        civil->ms += digit * unit;
    return digits <= 9;
}

static bool cut_zone(struct str *rest, int64_t *ret_offset_ms)
{
    *ret_offset_ms = 0;
    (void)cut_char(rest, ' ');
    if (rest->len == 0 || cut_char(rest, 'Z'))
        return true;
    bool west = cut_char(rest, '-');
    if (!west && !cut_char(rest, '+'))
        return false;
    int hours, minutes;
    if (!cut_number(rest, 2, &hours))
        return false;
    (void)cut_char(rest, ':');
    if (!cut_number(rest, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    int64_t offset_ms = hours * CLOCK_HOUR_MS + minutes * CLOCK_MINUTE_MS;
    *ret_offset_ms = west ? -offset_ms : offset_ms;
    return true;
}

int clock_parse(struct str text, int64_t *ret_ms)
{
    struct civil civil = {0};
    int64_t offset_ms;
    if (!cut_date(&text, &civil))
        return -EINVAL;
    if (!cut_char(&text, 'T') && !cut_char(&text, ' '))
        return -EINVAL;
    if (!cut_time(&text, 60, &civil) || !cut_fraction(&text, &civil) ||
        !cut_zone(&text, &offset_ms) || text.len > 0)
        return -EINVAL;
    int64_t ms = civil_to_ms(&civil) - offset_ms;
    if (ms < 0 || ms > LAST_MS)
        return -EINVAL;
    *ret_ms = ms;
    return 0;
}

int clock_parse_strict(struct str text, int64_t *ret_ms)
{
    struct civil civil = {0};
    if (!cut_date(&text, &civil) || !cut_char(&text, 'T') || !cut_time(&text, 59, &civil))
        return -EINVAL;
    if (text.len >= 2 && text.data[0] == '.' && !ascii_is_digit(text.data[1]))
        return -EINVAL;
    if (!cut_fraction(&text, &civil) || !cut_char(&text, 'Z') || text.len > 0)
        return -EINVAL;
    *ret_ms = civil_to_ms(&civil);
    return 0;
}

/* Two digits, up to 99. They return where the text ends. */
static char *put_two(char *at, int value)
{
    at[0] = (char)('0' + value / 10);
    at[1] = (char)('0' + value % 10);
    return at + 2;
}

static char *put_date(char *at, const struct civil *civil)
{
    at = put_two(at, civil->year / 100);
    at = put_two(at, civil->year % 100);
    *at++ = '-';
    at = put_two(at, civil->month);
    *at++ = '-';
    return put_two(at, civil->day);
}

static char *put_time(char *at, const struct civil *civil)
{
    at = put_two(at, civil->hour);
    *at++ = ':';
    at = put_two(at, civil->minute);
    *at++ = ':';
    at = put_two(at, civil->second);
    *at++ = '.';
    *at++ = (char)('0' + civil->ms / 100);
    return put_two(at, civil->ms % 100);
}

void clock_format_sql(int64_t ms, char ret[CLOCK_TEXT_BYTES])
{
    struct civil civil = civil_of_ms(ms);
    char *at = put_date(ret, &civil);
    *at++ = ' ';
    at = put_time(at, &civil);
    *at = '\0';
}

void clock_format_rfc3339(int64_t ms, char ret[CLOCK_TEXT_BYTES])
{
    struct civil civil = civil_of_ms(ms);
    char *at = put_date(ret, &civil);
    *at++ = 'T';
    at = put_time(at, &civil);
    *at++ = 'Z';
    *at = '\0';
}

void clock_format_day(int64_t ms, char ret[CLOCK_TEXT_BYTES])
{
    struct civil civil = civil_of_ms(ms);
    char *at = put_date(ret, &civil);
    *at = '\0';
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "sesbounce/clock.h"
#include "sesbounce/when.h"

#define NOW (INT64_C(1800000000) * 1000) /* 2027-01-15T08:00:00Z */

static void a_duration_has_a_unit_behind_every_number(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"30s", 30 * CLOCK_SECOND_MS}, {"15m", 15 * CLOCK_MINUTE_MS},
        {"2h", 2 * CLOCK_HOUR_MS},     {"7d", 7 * CLOCK_DAY_MS},
        {"2w", 14 * CLOCK_DAY_MS},     {"1d12h", 36 * CLOCK_HOUR_MS},
        {" 5m ", 5 * CLOCK_MINUTE_MS}, {"0s", 0},
    };
    static const char *const bad[] = {"",   "7",  "d",   "7 d",  "-1d", "1x",
                                      "1D", "1y", "1d2", "1.5h", "+1h"};
    int64_t ms;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        assert_int_equal(when_duration(str_of(good[i].text), &ms), 0);
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(when_duration(str_of(bad[i]), &ms), -EINVAL);
}

static void a_duration_cannot_overflow(void **state)
{
    (void)state;
    int64_t ms;
    assert_int_equal(when_duration(STR("99999999999999999999d"), &ms), -ERANGE);
    assert_int_equal(when_duration(STR("9223372036854775807w"), &ms), -ERANGE);
    assert_int_equal(when_duration(STR("366000d366000d"), &ms), -ERANGE);
}

static void a_moment_is_rfc_3339_a_day_or_an_age(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"2027-01-15T08:00:00Z", NOW},
        {"2027-01-15T09:00:00.500+01:00", NOW + 500},
        {"2027-01-15", NOW - 8 * CLOCK_HOUR_MS},
        {"7d", NOW - 7 * CLOCK_DAY_MS},
        {"366000d", 0},
    };
    static const char *const bad[] = {"yesterday", "2027-13-01", "2027-02-30", "15",
                                      "2027/01/15"};
    int64_t ms;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        assert_int_equal(when_parse(str_of(good[i].text), NOW, &ms), 0);
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(when_parse(str_of(bad[i]), NOW, &ms), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_duration_has_a_unit_behind_every_number),
        cmocka_unit_test(a_duration_cannot_overflow),
        cmocka_unit_test(a_moment_is_rfc_3339_a_day_or_an_age),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "sesbounce/clock.h"

struct reading {
    const char *text;
    int64_t ms;
};

static void every_form_that_ses_sends_is_read(void **state)
{
    (void)state;
    static const struct reading readings[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2024-02-29T12:34:56.789Z", INT64_C(1709210096789)},
        {"2024-02-29 12:34:56.789", INT64_C(1709210096789)},
        {"2024-02-29T12:34:56.789123456Z", INT64_C(1709210096789)},
        {"2024-02-29T12:34:56.7899999", INT64_C(1709210096789)},
        {"2024-02-29T12:34:56.7Z", INT64_C(1709210096700)},
        {"2024-02-29T12:34:56.Z", INT64_C(1709210096000)},
        {"2024-02-29T12:34:56", INT64_C(1709210096000)},
        {"2024-02-29T05:34:56-07:00", INT64_C(1709210096000)},
        {"2024-02-29T18:04:56.000+0530", INT64_C(1709210096000)},
        {"2024-02-29 12:34:56 +0000", INT64_C(1709210096000)},
        {"2024-02-29 12:34:56 Z", INT64_C(1709210096000)},
        {"1970-01-01T01:00:00+01:00", 0},
        {"2000-03-01T00:00:00Z", INT64_C(951868800000)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
        {"2100-03-01T00:00:00Z", INT64_C(4107542400000)},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
    };
    for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++) {
        int64_t ms = -1;
        if (clock_parse(str_of(readings[i].text), &ms) != 0 || ms != readings[i].ms)
            fail_msg("%s became %lld", readings[i].text, (long long)ms);
    }
}

static void what_is_not_a_time_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "2024-02-29",
        "2023-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-12-32T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:61Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "2024-01-01T00:00:00.0123456789Z",
        "2024-01-01T00:00:00ZZ",
        "2024-01-01T00:00:00Z ",
        " 2024-01-01T00:00:00Z",
        "2024-01-01T00:00:00+0",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00+01:60",
        "2024-01-01T00:00:00 UTC",
        "2024-1-01T00:00:00Z",
        "2024-01-01x00:00:00Z",
        "+024-01-01T00:00:00Z",
        "2024-01-01T00:00",
    };
    int64_t ms = 7;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (clock_parse(str_of(texts[i]), &ms) != -EINVAL)
            fail_msg("%s was taken for %lld", texts[i], (long long)ms);
    assert_int_equal(clock_parse(STR_ABSENT, &ms), -EINVAL);
    assert_int_equal(clock_parse(STR("2024-01-01T00:00:00Z\0"), &ms), -EINVAL);
    assert_int_equal(ms, 7);
}

static void strict_takes_the_form_of_sns_only(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "2024-02-29 12:34:56.789Z",      "2024-02-29T12:34:56.789",
        "2024-02-29T12:34:56.789+00:00", "2024-02-29T12:34:56.789 Z",
        "2024-02-29T12:34:56.Z",         "2024-02-29T12:34:60Z",
        "2024-02-29T12:34:56.789Z\n",    "2024-02-29T12:34:56.0123456789Z",
        "2024-02-29t12:34:56Z",          "2024-02-29T12:34:56z",
        "2024-02-29T12:34:56.",          "",
    };
    int64_t ms;
    assert_int_equal(clock_parse_strict(STR("2024-02-29T12:34:56.789Z"), &ms), 0);
    assert_true(ms == INT64_C(1709210096789));
    assert_int_equal(clock_parse_strict(STR("2024-02-29T12:34:56Z"), &ms), 0);
    assert_true(ms == INT64_C(1709210096000));
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (clock_parse_strict(str_of(refused[i]), &ms) != -EINVAL)
            fail_msg("%s was accepted", refused[i]);
}

static void texts_are_written_in_the_contracts_forms(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_BYTES];
    clock_format_sql(INT64_C(1709210096007), text);
    assert_string_equal(text, "2024-02-29 12:34:56.007");
    clock_format_rfc3339(INT64_C(1709210096789), text);
    assert_string_equal(text, "2024-02-29T12:34:56.789Z");
    clock_format_day(INT64_C(1709251199999), text);
    assert_string_equal(text, "2024-02-29");
    clock_format_day(INT64_C(1709251200000), text);
    assert_string_equal(text, "2024-03-01");
}

static void times_beyond_the_text_forms_are_clamped(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_BYTES];
    clock_format_sql(CLOCK_NONE, text);
    assert_string_equal(text, "1970-01-01 00:00:00.000");
    clock_format_sql(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31 23:59:59.999");
}

/* Every day from 1970 to 9999, its date counted here by carrying. */
static void every_day_is_written_and_read_back(void **state)
{
    (void)state;
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 1970, month = 1, day = 1;
    for (int64_t ms = 0; year <= 9999; ms += CLOCK_DAY_MS) {
        char text[CLOCK_TEXT_BYTES], expected[64];
        int64_t back;
        (void)snprintf(expected, sizeof expected, "%04d-%02d-%02dT23:59:59.999Z", year,
                       month, day);
        clock_format_rfc3339(ms + CLOCK_DAY_MS - 1, text);
        assert_string_equal(text, expected);
        assert_int_equal(clock_parse_strict(str_of(text), &back), 0);
        assert_true(back == ms + CLOCK_DAY_MS - 1);
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        if (++day > lengths[month - 1] + (month == 2 && leap ? 1 : 0)) {
            day = 1;
            month = month % 12 + 1;
            year += month == 1;
        }
    }
}

static void the_clocks_run(void **state)
{
    (void)state;
    int64_t before = clock_mono_ms();
    assert_true(before >= 0);
    assert_true(clock_mono_ms() >= before);
    int64_t seconds = (int64_t)time(NULL);
    int64_t off_ms = clock_wall_ms() - seconds * CLOCK_SECOND_MS;
    assert_true(off_ms > -2000 && off_ms < 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_that_ses_sends_is_read),
        cmocka_unit_test(what_is_not_a_time_is_refused),
        cmocka_unit_test(strict_takes_the_form_of_sns_only),
        cmocka_unit_test(texts_are_written_in_the_contracts_forms),
        cmocka_unit_test(times_beyond_the_text_forms_are_clamped),
        cmocka_unit_test(every_day_is_written_and_read_back),
        cmocka_unit_test(the_clocks_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

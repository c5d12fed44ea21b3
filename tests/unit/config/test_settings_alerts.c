/* The settings of `[alerts]`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sesbounce/settings.h"

#include "settings_helper.h"

static void rates_are_read_exactly_and_printed_as_they_are(void **state)
{
    static const struct {
        const char *text;
        uint32_t rate[ALERT_LEVELS];
    } cases[] = {
        {"2% 5% 10%", {20000, 50000, 100000}},
        {"0.0001% 0.05% 0.1%", {1, 500, 1000}},
        {"33.3333% 100% 100%", {333333, 1000000, 1000000}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char line[128];
        (void)snprintf(line, sizeof(line), "[alerts]\nbounce_rate = %s\n", cases[i].text);
        struct settings *s = settings_accept(line);
        for (size_t k = 0; k < ALERT_LEVELS; k++)
            assert_int_equal(s->alerts.bounce_rate.rate[k], cases[i].rate[k]);
        char *printed = settings_printed(s);
        assert_non_null(strstr(printed, line + strlen("[alerts]\n")));
        free(printed);
        settings_free(s);
    }
}

static void what_is_not_three_rates_is_refused(void **state)
{
    static const char *const wrong[] = {
        "5%",         "2.5% 5%",      "2.5% 5% 10% 20%", "2.5 5 10",    "5% 2.5% 10%",
        "0% 5% 10%",  "2.5% 5% 101%", "-1% 5% 10%",      "% 5% 10%",    "2.% 5% 10%",
        ".5% 5% 10%", "1e1% 20% 30%", "0.00001% 5% 10%", "2,5% 5% 10%",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        char line[64];
        (void)snprintf(line, sizeof(line), "complaint_rate = %s", wrong[i]);
        settings_refuse_value("alerts", line,
                              "is not three rates, each no lower than the one before");
    }
    settings_refuse_value("alerts", "bounce_rate =", "as in `bounce_rate = 2.5% 5% 10%`");
}

static void silence_is_a_duration_or_one_of_two_words(void **state)
{
    static const struct {
        const char *text;
        uint64_t ms;
    } cases[] = {{"auto", ALERT_SILENCE_AUTO},
                 {"off", ALERT_SILENCE_OFF},
                 {"12h", 12 * CLOCK_HOUR_MS},
                 {"8d", 8 * CLOCK_DAY_MS}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char line[64];
        (void)snprintf(line, sizeof(line), "[alerts]\nsilence = %s\n", cases[i].text);
        struct settings *s = settings_accept(line);
        assert_int_equal(s->alerts.silence_ms, cases[i].ms);
        char *printed = settings_printed(s);
        assert_non_null(strstr(printed, line + strlen("[alerts]\n")));
        free(printed);
        settings_free(s);
    }
    settings_refuse_value("alerts", "silence = forever", "or `auto` or `off`");
    settings_refuse_value("alerts", "silence = 30s",
                          "give 1m to 36500d, or `auto` or `off`");
}

static void each_is_bounce_or_complaint(void **state)
{
    (void)state;
    struct settings *s =
        settings_accept("[alerts]\neach = bounce\neach = Complaint\nto = ops\nto = mail\n"
                        "least_sends = 1\n[webhook ops]\nurl = https://h/\nformat = "
                        "slack\n[mail mail]\nsmtp = smtp://h\nfrom = a@h\nto = b@h\n");
    assert_int_equal(s->alerts.each.count, 2);
    assert_string_equal(s->alerts.each.items[0], "Bounce");
    assert_int_equal(s->alerts.to.count, 2);
    assert_string_equal(s->alerts.to.items[1], "mail");
    assert_int_equal(s->alerts.least_sends, 1);
    settings_free(s);
    settings_refuse_value("alerts", "each = Delivery", "give `Bounce` or `Complaint`");
    settings_refuse_value("alerts", "least_sends = 0", "out of range");
    settings_refuse_value("alerts", "to = two words", "is not a name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_read_exactly_and_printed_as_they_are),
        cmocka_unit_test(what_is_not_three_rates_is_refused),
        cmocka_unit_test(silence_is_a_duration_or_one_of_two_words),
        cmocka_unit_test(each_is_bounce_or_complaint),
    };

    return cmocka_run_group_tests(tests, settings_directory_make,
                                  settings_directory_remove);
}

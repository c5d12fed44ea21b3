/* Alerts about rates: thresholds, windows, volumes, identities. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sesbounce/alert.h"
#include "sesbounce/cleanup.h"

static const struct alert_rates rates = {
    .bounce = {{25000, 50000, 100000}},
    .complaint = {{500, 1000, 5000}},
    .least_sends = 1000,
};

static void assert_level(const struct alert_readings *readings, enum alert_name name,
                         const char *identity, enum alert_level reached,
                         enum alert_level kept)
{
    const struct alert_reading *found =
        alert_reading_of(readings, name, str_of(identity));

    if ((found ? found->reached : ALERT_NONE) != reached ||
        (found ? found->kept : ALERT_NONE) != kept)
        fail_msg("%s of `%s`: %d, %d (%s)", alert_kind(name)->name, identity,
                 found ? (int)found->reached : 0, found ? (int)found->kept : 0,
                 found ? found->fact : "");
}

/* Everybody's counts of 24 hours, and what that reaches. */
static const struct {
    const char *what;
    struct alert_counts counts; /* sends, deliveries, hard, soft, complaints */
    enum alert_level bounce, bounce_kept, complaint, complaint_kept;
} cases[] = {
    {"nothing", {0, 0, 0, 0, 0}, 0, 0, 0, 0},
    {"one bounce in thirteen mails", {13, 12, 1, 0, 0}, 0, 0, 0, 0},
    {"all of 999", {999, 0, 999, 0, 999}, 0, 0, 0, 0},
    {"just below", {1000, 1000, 24, 0, 0}, 0, ALERT_WARNING, 0, 0},
    {"exactly a threshold", {1000, 0, 25, 0, 0}, ALERT_WARNING, ALERT_WARNING, 0, 0},
    {"AWS's review", {1000, 0, 50, 0, 0}, ALERT_ALERT, ALERT_ALERT, 0, 0},
    {"AWS's pause", {1000, 0, 100, 0, 0}, ALERT_PAUSE, ALERT_PAUSE, 0, 0},
    {"nearly a pause", {1000, 0, 99, 0, 0}, ALERT_ALERT, ALERT_PAUSE, 0, 0},
    {"not far enough below", {1000, 0, 20, 0, 0}, 0, ALERT_WARNING, 0, 0},
    {"far below", {1000, 0, 19, 0, 0}, 0, 0, 0, 0},
    {"soft bounces do not count", {1000, 500, 0, 500, 0}, 0, 0, 0, 0},
    {"complaints over deliveries", {4000, 2000, 0, 0, 2}, 0, 0, ALERT_ALERT, ALERT_ALERT},
    {"complaints over sends", {4000, 0, 0, 0, 2}, 0, 0, ALERT_WARNING, ALERT_WARNING},
    {"no sends are reported, but deliveries",
     {0, 950, 50, 0, 1},
     ALERT_ALERT,
     ALERT_ALERT,
     ALERT_ALERT,
     ALERT_ALERT},
    {"no denominator at all", {0, 0, 5000, 0, 100}, 0, 0, 0, 0},
    {"more bounces than sends", {1000, 0, 3000, 0, 0}, ALERT_PAUSE, ALERT_PAUSE, 0, 0},
    {"a great many",
     {INT64_C(1000000000000), 0, INT64_C(25000000000), 0, 0},
     ALERT_WARNING,
     ALERT_WARNING,
     0,
     0},
};

static void a_day_reaches_thresholds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        _cleanup_(alert_readings_done) struct alert_readings readings = {.count = 0};
        struct alert_sender all = {.counts = {[ALERT_DAY] = cases[i].counts}};

        print_message("%s\n", cases[i].what);
        assert_int_equal(alert_read_rates(&readings, &rates, &all, 1), 0);
        assert_level(&readings, ALERT_BOUNCE_RATE, "", cases[i].bounce,
                     cases[i].bounce_kept);
        assert_level(&readings, ALERT_COMPLAINT_RATE, "", cases[i].complaint,
                     cases[i].complaint_kept);
    }
}

static void an_hour_needs_twice_as_many(void **state)
{
    const struct {
        int64_t sends;
        enum alert_level level;
    } hours[] = {{1999, ALERT_NONE}, {2000, ALERT_PAUSE}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        _cleanup_(alert_readings_done) struct alert_readings readings = {.count = 0};
        struct alert_sender all = {
            .counts = {[ALERT_HOUR] = {hours[i].sends, 0, 400, 0, 0},
                       [ALERT_DAY] = {100000, 0, 400, 0, 0}}};

        assert_int_equal(alert_read_rates(&readings, &rates, &all, 1), 0);
        assert_level(&readings, ALERT_BOUNCE_RATE, "", hours[i].level, hours[i].level);
        if (hours[i].level)
            assert_non_null(strstr(readings.items[0].fact,
                                   "20.0 % of all mail in the last hour (400 of 2000); "
                                   "the threshold is 10 %"));
    }
}

static void who_sends_little_is_measured_over_as_many_days_as_it_takes(void **state)
{
    _cleanup_(alert_readings_done) struct alert_readings readings = {.count = 0};
    struct alert_sender all = {
        .counts = {[ALERT_DAY] = {100, 0, 30, 0, 0}, [ALERT_LONG] = {1000, 0, 60, 0, 0}},
        .long_days = 9};

    (void)state;
    assert_int_equal(alert_read_rates(&readings, &rates, &all, 1), 0);
    assert_level(&readings, ALERT_BOUNCE_RATE, "", ALERT_ALERT, ALERT_ALERT);
    assert_string_equal(readings.items[0].fact,
                        "6.0 % of all mail in the last 9 days (60 "
                        "of 1000); the threshold is 5 %");
}

static void an_identity_is_reported_where_it_is_worse_than_everybody(void **state)
{
    _cleanup_(alert_readings_done) struct alert_readings readings = {.count = 0};
    struct alert_sender senders[] = {
        {.counts = {[ALERT_DAY] = {10000, 0, 300, 0, 0}}},
        {.identity = "bad.example", .counts = {[ALERT_DAY] = {1000, 0, 120, 0, 0}}},
        {.identity = "alike.example", .counts = {[ALERT_DAY] = {5000, 0, 150, 0, 0}}},
        {.identity = "small.example", .counts = {[ALERT_DAY] = {20, 0, 20, 0, 0}}},
        {.identity = "jane@bad.example", .counts = {[ALERT_DAY] = {1000, 0, 60, 0, 0}}},
    };

    (void)state;
    assert_int_equal(alert_read_rates(&readings, &rates, senders, 5), 0);
    assert_level(&readings, ALERT_BOUNCE_RATE, "", ALERT_WARNING, ALERT_WARNING);
    assert_level(&readings, ALERT_BOUNCE_RATE, "bad.example", ALERT_PAUSE, ALERT_PAUSE);
    assert_level(&readings, ALERT_BOUNCE_RATE, "alike.example", ALERT_NONE,
                 ALERT_WARNING);
    assert_level(&readings, ALERT_BOUNCE_RATE, "small.example", ALERT_NONE, ALERT_NONE);
    assert_level(&readings, ALERT_BOUNCE_RATE, "jane@bad.example", ALERT_ALERT,
                 ALERT_ALERT);
    for (size_t i = 0; i < readings.count; i++)
        assert_null(strchr(readings.items[i].fact, '@'));
}

static void one_identity_is_everybody(void **state)
{
    _cleanup_(alert_readings_done) struct alert_readings readings = {.count = 0};
    struct alert_sender senders[] = {
        {.counts = {[ALERT_DAY] = {1000, 0, 120, 0, 0}}},
        {.identity = "shop.example", .counts = {[ALERT_DAY] = {1000, 0, 120, 0, 0}}},
    };

    (void)state;
    assert_int_equal(alert_read_rates(&readings, &rates, senders, 2), 0);
    assert_level(&readings, ALERT_BOUNCE_RATE, "", ALERT_PAUSE, ALERT_PAUSE);
    assert_level(&readings, ALERT_BOUNCE_RATE, "shop.example", ALERT_NONE, ALERT_PAUSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_reaches_thresholds),
        cmocka_unit_test(an_hour_needs_twice_as_many),
        cmocka_unit_test(who_sends_little_is_measured_over_as_many_days_as_it_takes),
        cmocka_unit_test(an_identity_is_reported_where_it_is_worse_than_everybody),
        cmocka_unit_test(one_identity_is_everybody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Alerts about topics, SES's words and the machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sesbounce/alert.h"
#include "sesbounce/cleanup.h"

#define NOW_MS (INT64_C(1767225600000)) /* 2026-01-01 */
#define HOURS  CLOCK_HOUR_MS
#define DAYS   CLOCK_DAY_MS
#define ARN    "arn:aws:sns:eu-west-1:123456789012:ses"

/* --- how long is silence ---------------------------------------------------------- */

static void how_long_is_silence_depends_on_what_is_usual(void **state)
{
    static const struct {
        const char *what;
        int64_t hours, span_ms, pause_ms;
        int64_t limit_ms;
    } cases[] = {
        {"nothing is known", 0, 0, 0, 8 * DAYS},
        {"not for long enough", 100, 6 * DAYS, 2 * HOURS, 8 * DAYS},
        {"not often enough", 9, 60 * DAYS, 20 * DAYS, 8 * DAYS},
        {"at each hour", 2000, 90 * DAYS, HOURS, 6 * HOURS},
        {"not at night", 900, 90 * DAYS, 9 * HOURS, 14 * HOURS + HOURS / 2},
        {"not at weekends", 500, 90 * DAYS, 60 * HOURS, 91 * HOURS},
        {"once a week", 13, 90 * DAYS, 7 * DAYS, 253 * HOURS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct alert_topic topic = {.hours = cases[i].hours,
                                    .span_ms = cases[i].span_ms,
                                    .pause_ms = cases[i].pause_ms};

        print_message("%s\n", cases[i].what);
        assert_int_equal(alert_silence_limit(&topic, ALERT_SILENCE_AUTO),
                         cases[i].limit_ms);
        assert_int_equal(alert_silence_limit(&topic, 5 * HOURS), 5 * HOURS);
        assert_true(alert_silence_limit(&topic, ALERT_SILENCE_OFF) == ALERT_SILENCE_OFF);
    }
}

static void a_topic_has_one_alert_at_most(void **state)
{
    static const struct {
        const char *what, *state;
        int64_t since_ms, last_ms; /* ago; CLOCK_NONE: none */
        uint64_t silence_ms;
        int64_t up_ms; /* how long the daemon has been running */
        int name;      /* -1: none */
        enum alert_level reached;
    } cases[] = {
        {"well", "confirmed", 9 * DAYS, HOURS, 0, DAYS, -1, 0},
        {"silent", "confirmed", 9 * DAYS, 8 * DAYS + 1, 0, DAYS, ALERT_TOPIC_SILENT,
         ALERT_WARNING},
        {"silent, says the setting", "confirmed", 9 * DAYS, HOURS + 1, HOURS, DAYS,
         ALERT_TOPIC_SILENT, ALERT_WARNING},
        {"not yet", "confirmed", 9 * DAYS, HOURS, HOURS, DAYS, -1, 0},
        {"just started", "confirmed", 9 * DAYS, 9 * DAYS, 0, HOURS - 1,
         ALERT_TOPIC_SILENT, ALERT_NONE},
        {"never a word", "confirmed", 9 * DAYS, CLOCK_NONE, 0, DAYS, ALERT_TOPIC_SILENT,
         ALERT_WARNING},
        {"nobody wants to know", "confirmed", 9 * DAYS, CLOCK_NONE, ALERT_SILENCE_OFF,
         DAYS, -1, 0},
        {"just asked for", "confirming", HOURS - 1, CLOCK_NONE, 0, DAYS, -1, 0},
        {"stuck", "confirming", HOURS, CLOCK_NONE, 0, DAYS, ALERT_SUBSCRIPTION_STUCK,
         ALERT_ALERT},
        {"waits for a person", "pending", HOURS, 30 * DAYS, 0, DAYS,
         ALERT_SUBSCRIPTION_STUCK, ALERT_ALERT},
        {"failed", "failed", 1, CLOCK_NONE, 0, DAYS, ALERT_SUBSCRIPTION_STUCK,
         ALERT_ALERT},
        {"ended", "unsubscribed", 1, 30 * DAYS, 0, DAYS, ALERT_SUBSCRIPTION_ENDED,
         ALERT_ALERT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        _cleanup_(alert_readings_done) struct alert_readings readings = {.count = 0};
        const struct alert_topic topic = {.arn = STR(ARN),
                                          .state = str_of(cases[i].state),
                                          .since_ms = NOW_MS - cases[i].since_ms,
                                          .last_ms = cases[i].last_ms == CLOCK_NONE
                                                         ? CLOCK_NONE
                                                         : NOW_MS - cases[i].last_ms};

        print_message("%s\n", cases[i].what);
        assert_int_equal(alert_read_topic(&readings, &topic, cases[i].silence_ms,
                                          NOW_MS - cases[i].up_ms, NOW_MS),
                         0);
        assert_int_equal(readings.count, cases[i].name >= 0);
        if (cases[i].name < 0)
            continue;
        assert_int_equal(readings.items[0].name, cases[i].name);
        assert_int_equal(readings.items[0].reached, cases[i].reached);
        assert_int_not_equal(readings.items[0].kept, ALERT_NONE);
        assert_string_equal(readings.items[0].subject, ARN);
        assert_non_null(strstr(readings.items[0].fact, ARN));
    }
}

static void only_a_topic_that_may_be_silent_costs_a_query(void **state)
{
    struct alert_topic topic = {.state = STR("confirmed"), .last_ms = NOW_MS - 6 * HOURS};

    (void)state;
    assert_true(alert_topic_may_be_silent(&topic, ALERT_SILENCE_AUTO, NOW_MS));
    assert_false(alert_topic_may_be_silent(&topic, ALERT_SILENCE_OFF, NOW_MS));
    assert_false(alert_topic_may_be_silent(&topic, 7 * DAYS, NOW_MS));
    assert_false(alert_topic_may_be_silent(&topic, ALERT_SILENCE_AUTO, NOW_MS - 1));
    topic.state = STR("pending");
    assert_false(alert_topic_may_be_silent(&topic, ALERT_SILENCE_AUTO, NOW_MS));
}

/* --- whom SES is about ------------------------------------------------------------ */

static void a_party_is_named_by_what_is_narrowest(void **state)
{
    const struct {
        struct alert_party party;
        const char *text;
    } cases[] = {
        {{.tenant = STR("acme"),
          .configuration_set = STR("news"),
          .account_id = STR("1"),
          .region = STR("eu-west-1")},
         "tenant acme (eu-west-1)"},
        {{.configuration_set = STR("news"), .account_id = STR("1")},
         "configuration set news"},
        {{.identity = STR("shop.example"), .region = STR("eu-west-1")},
         "identity shop.example (eu-west-1)"},
        {{.account_id = STR("1")}, "account 1"},
        {{.region = STR("")}, "account"},
    };
    char text[ALERT_SUBJECT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        alert_party_print(&cases[i].party, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void a_text_names_no_address(void **state)
{
    _cleanup_(alert_readings_done) struct alert_readings readings = {.count = 0};
    const struct alert_party party = {.identity = STR("jane@shop.example"),
                                      .kind = STR("DKIM"),
                                      .cause = STR("a reason"),
                                      .since_ms = NOW_MS};

    (void)state;
    assert_int_equal(alert_read_pause(&readings, &party), 0);
    assert_int_equal(alert_read_finding(&readings, &party), 0);
    assert_string_equal(readings.items[0].subject, "identity jane@shop.example");
    assert_string_equal(readings.items[0].fact, "identity shop.example, since "
                                                "2026-01-01T00:00:00.000Z, because a "
                                                "reason");
    assert_string_equal(readings.items[1].subject, "DKIM: identity jane@shop.example");
    assert_string_equal(readings.items[1].fact,
                        "identity shop.example, type DKIM: a reason");
}

/* --- one of each ------------------------------------------------------------------ */

#define MIB INT64_C(1048576)
#define GIB (1024 * MIB)

static struct alert_figures figures_that_are_well(void)
{
    return (struct alert_figures){
        .now_ms = NOW_MS,
        .held_since_ms = CLOCK_NONE,
        .disk_bytes = 100 * GIB,
        .disk_free_bytes = 50 * GIB,
        .log_pinned_bytes = 256 * MIB,
        .certificates_lost_ms = CLOCK_NONE,
        .certificates_origin = STR("https://sns.example"),
        .listeners = {{"ingest", NOW_MS - 100 * DAYS, NOW_MS + 60 * DAYS, false},
                      {"admin", CLOCK_NONE, CLOCK_NONE, false}}};
}

static void figures_change(struct alert_figures *f, int which)
{
    switch (which) {
    case 1:
        f->auth_refused = 1;
        break;
    case 2:
        f->auth_refused = 50;
        break;
    case 3:
        f->reputation_refused = 1;
        break;
    case 4:
        f->viruses = 1;
        break;
    case 5:
        f->leaks = 49;
        break;
    case 6:
        f->quarantined = 1;
        break;
    case 7:
        f->quarantine_dropped = 100;
        break;
    case 8:
        f->future = 1;
        break;
    case 9:
        f->stale = 10;
        break;
    case 10:
        f->held = 3;
        f->held_since_ms = NOW_MS - DAYS + 1;
        break;
    case 11:
        f->held = 3;
        f->held_since_ms = NOW_MS - DAYS;
        break;
    case 12:
        f->disk_free_bytes = GIB - 1;
        break;
    case 13:
        f->disk_free_bytes = GIB;
        break;
    case 14:
        f->disk_free_bytes = GIB + GIB / 4;
        break;
    case 15:
        f->disk_free_bytes = GIB / 4 - 1;
        break;
    case 16:
        f->disk_bytes = 5 * GIB;
        f->disk_free_bytes = GIB - 1;
        break;
    case 17:
        f->disk_bytes = 0;
        f->disk_free_bytes = 0;
        break;
    case 18:
        f->log_bytes = 256 * MIB;
        break;
    case 19:
        f->log_bytes = 255 * MIB;
        break;
    case 20:
        f->log_bytes = 127 * MIB;
        break;
    case 21:
        f->certificates_lost_ms = NOW_MS - 2 * CLOCK_MINUTE_MS;
        break;
    case 22:
        f->certificates_lost_ms = NOW_MS - CLOCK_MINUTE_MS;
        break;
    case 23:
        f->listeners[0].expires_ms = NOW_MS + 13 * DAYS;
        break;
    case 24:
        f->listeners[0].expires_ms = NOW_MS;
        break;
    case 25:
        f->listeners[1].is_outdated = true;
        break;
    default:
        break;
    }
}

static void each_figure_raises_its_alert_and_no_other(void **state)
{
    static const struct {
        int name; /* -1: none */
        enum alert_level reached, kept;
        const char *subject;
    } cases[] = {
        [0] = {-1, 0, 0, ""},
        [1] = {ALERT_AUTHENTICATION_REFUSED, ALERT_WARNING, ALERT_WARNING, ""},
        [2] = {ALERT_AUTHENTICATION_REFUSED, ALERT_ALERT, ALERT_ALERT, ""},
        [3] = {ALERT_REPUTATION_REFUSED, ALERT_WARNING, ALERT_WARNING, ""},
        [4] = {ALERT_VIRUS_REPORTED, ALERT_WARNING, ALERT_WARNING, ""},
        [5] = {ALERT_MAIL_TO_SUPPRESSED, ALERT_WARNING, ALERT_WARNING, ""},
        [6] = {ALERT_QUARANTINE_GROWING, ALERT_WARNING, ALERT_WARNING, ""},
        [7] = {ALERT_QUARANTINE_GROWING, ALERT_ALERT, ALERT_ALERT, ""},
        [8] = {ALERT_CLOCK_WRONG, ALERT_ALERT, ALERT_ALERT, ""},
        [9] = {ALERT_CLOCK_WRONG, ALERT_ALERT, ALERT_ALERT, ""},
        [10] = {-1, 0, 0, ""},
        [11] = {ALERT_ENTRIES_HELD, ALERT_WARNING, ALERT_WARNING, ""},
        [12] = {ALERT_DISK_NEARLY_FULL, ALERT_WARNING, ALERT_WARNING, ""},
        [13] = {ALERT_DISK_NEARLY_FULL, ALERT_NONE, ALERT_WARNING, ""},
        [14] = {-1, 0, 0, ""},
        [15] = {ALERT_DISK_NEARLY_FULL, ALERT_ALERT, ALERT_ALERT, ""},
        [16] = {-1, 0, 0, ""},
        [17] = {-1, 0, 0, ""},
        [18] = {ALERT_LOG_PINNED, ALERT_WARNING, ALERT_WARNING, ""},
        [19] = {ALERT_LOG_PINNED, ALERT_NONE, ALERT_WARNING, ""},
        [20] = {-1, 0, 0, ""},
        [21] = {ALERT_CERTIFICATES_UNAVAILABLE, ALERT_ALERT, ALERT_ALERT,
                "https://sns.example"},
        [22] = {ALERT_CERTIFICATES_UNAVAILABLE, ALERT_NONE, ALERT_ALERT,
                "https://sns.example"},
        [23] = {ALERT_TLS_EXPIRING, ALERT_WARNING, ALERT_WARNING, "ingest"},
        [24] = {ALERT_TLS_EXPIRING, ALERT_ALERT, ALERT_ALERT, "ingest"},
        [25] = {ALERT_TLS_UNUSABLE, ALERT_ALERT, ALERT_ALERT, "admin"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        _cleanup_(alert_readings_done) struct alert_readings readings = {.count = 0};
        struct alert_figures figures = figures_that_are_well();

        figures_change(&figures, (int)i);
        assert_int_equal(alert_read_figures(&readings, &figures), 0);
        print_message("%zu %s\n", i, readings.count > 0 ? readings.items[0].fact : "");
        assert_int_equal(readings.count, cases[i].name >= 0);
        if (cases[i].name < 0)
            continue;
        assert_int_equal(readings.items[0].name, cases[i].name);
        assert_int_equal(readings.items[0].reached, cases[i].reached);
        assert_int_equal(readings.items[0].kept, cases[i].kept);
        assert_string_equal(readings.items[0].subject, cases[i].subject);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_long_is_silence_depends_on_what_is_usual),
        cmocka_unit_test(a_topic_has_one_alert_at_most),
        cmocka_unit_test(only_a_topic_that_may_be_silent_costs_a_query),
        cmocka_unit_test(a_party_is_named_by_what_is_narrowest),
        cmocka_unit_test(a_text_names_no_address),
        cmocka_unit_test(each_figure_raises_its_alert_and_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

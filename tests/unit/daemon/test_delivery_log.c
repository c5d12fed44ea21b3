/* How much is logged of whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "daemon/delivery_log.h"

#include "daemon/limits.h"
#include "log_capture.h"

#define FOREIGN "arn:aws:sns:eu-west-1:666666666666:not-ours"

static char logged[4 * 1024 * 1024];

static unsigned count(const char *what)
{
    unsigned found = 0;

    for (const char *at = logged; (at = strstr(at, what)); at++)
        found++;
    return found;
}

static struct settings *settings;

static void log_many(enum verdict verdict, bool verified, unsigned times)
{
    struct delivery delivery = {.verdict = verdict,
                                .stage = verified ? DELIVERY_GENUINE : DELIVERY_PARSED};

    delivery.message.topic_arn = STR(FOREIGN);
    for (unsigned i = 0; i < times; i++)
        delivery_log(&delivery, settings);
}

/* Rations restart with each minute: a test that saw two of them is repeated. */
static bool is_within_a_minute(void (*run)(void))
{
    int64_t minute = clock_mono_ms() / CLOCK_MINUTE_MS;

    log_begin();
    run();
    log_end(logged, sizeof(logged));
    return clock_mono_ms() / CLOCK_MINUTE_MS == minute;
}

static void be_strange(void)
{
    log_many(VERDICT_SIGNATURE, false, 1000);
    log_many(VERDICT_NOT_JSON, false, 1000);
    log_many(VERDICT_STORED, true, 10);
}

static void strangers_fill_no_log_and_hide_nothing_genuine(void **state)
{
    (void)state;
    while (!is_within_a_minute(be_strange))
        ;
    /* The test before may have taken one. */
    assert_in_range(count("STATUS=4"), UNVERIFIED_LOGS_A_MINUTE - 1,
                    UNVERIFIED_LOGS_A_MINUTE);
    assert_int_equal(count("VERDICT=stored"), 10);
    assert_true(UNVERIFIED_LOGS_A_MINUTE + OUTBOUND_FAULT_LOGS_A_MINUTE + 1 <= 30);
}

static void refuse_a_topic(void)
{
    struct delivery delivery = {.verdict = VERDICT_TOPIC_REFUSED};

    delivery.message.topic_arn = STR(FOREIGN "-either");
    for (unsigned i = 0; i < 1000; i++)
        delivery_log(&delivery, settings);
}

static void a_topic_that_is_not_allowed_is_logged_once(void **state)
{
    (void)state;
    (void)is_within_a_minute(refuse_a_topic);
    assert_int_equal(count(FOREIGN), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topic_that_is_not_allowed_is_logged_once),
        cmocka_unit_test(strangers_fill_no_log_and_hide_nothing_genuine),
    };

    if (settings_new(&settings) < 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    settings_free(settings);
    return failed;
}

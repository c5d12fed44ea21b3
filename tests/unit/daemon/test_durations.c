/* A histogram as Prometheus reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "daemon/durations.h"
#include "sesbounce/clock.h"

static void assert_has_line(const struct buf *text, const char *line)
{
    const char *at = strstr(text->data, line);

    if (!at || at[strlen(line)] != '\n' || (at > text->data && at[-1] != '\n'))
        fail_msg("no line `%s` in:\n%s", line, text->data);
}

static void a_bucket_counts_all_that_took_no_longer(void **state)
{
    static struct durations durations;
    struct buf text;
    int64_t now_us = clock_mono_us();

    (void)state;
    durations_add(&durations, now_us - 3000);
    durations_add(&durations, now_us - 2000000);
    durations_add(&durations, now_us - 20000000);
    buf_init(&text, 8192);
    assert_int_equal(durations_print(&durations, "it_seconds", &text), 0);
    assert_has_line(&text, "it_seconds_bucket{le=\"0.001\"} 0");
    assert_has_line(&text, "it_seconds_bucket{le=\"1.0\"} 1");
    assert_has_line(&text, "it_seconds_bucket{le=\"5.0\"} 2");
    assert_has_line(&text, "it_seconds_bucket{le=\"12.0\"} 2");
    assert_has_line(&text, "it_seconds_bucket{le=\"+Inf\"} 3");
    assert_has_line(&text, "it_seconds_count 3");
    assert_non_null(strstr(text.data, "it_seconds_sum 22.0"));
    buf_done(&text);
}

static void what_there_is_no_room_for_is_an_error(void **state)
{
    static struct durations durations;
    struct buf text;

    (void)state;
    buf_init(&text, 64);
    assert_true(durations_print(&durations, "it_seconds", &text) < 0);
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_counts_all_that_took_no_longer),
        cmocka_unit_test(what_there_is_no_room_for_is_an_error),
    };

    return cmocka_run_group_tests_name("durations", tests, NULL, NULL);
}

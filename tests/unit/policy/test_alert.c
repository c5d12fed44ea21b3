/* What becomes of alerts, and their table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sesbounce/alert.h"
#include "sesbounce/cleanup.h"

#define NOW_MS (INT64_C(1767225600000)) /* 2026-01-01 */

static void names_are_words_with_hyphens_and_distinct(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALERTS; i++) {
        const struct alert_kind *kind = alert_kind((enum alert_name)i);
        enum alert_name found;

        for (const char *at = kind->name; *at; at++)
            assert_true((*at >= 'a' && *at <= 'z') || *at == '-');
        assert_true(alert_find(str_of(kind->name), &found));
        assert_int_equal(found, i);
        assert_true(kind->means[0] >= 'A' && kind->means[0] <= 'Z');
        assert_null(strchr(kind->means, '$'));
        assert_true(kind->subject || !strchr(kind->advice, '$'));
    }
    assert_false(alert_find(STR("bounce-rates"), &(enum alert_name){0}));
    assert_int_equal(alert_level_of(STR("pause")), ALERT_PAUSE);
    assert_int_equal(alert_level_of(STR("")), ALERT_NONE);
}

static void a_text_says_what_it_means_a_fact_and_what_to_type(void **state)
{
    _cleanup_(buf_done) struct buf text = {.max = 4096};

    (void)state;
    assert_int_equal(
        alert_text(ALERT_OUTAGE_GUARD, STR("mail.example"), STR("a fact"), &text), 0);
    assert_non_null(strstr(text.data, "suppressed for them: a fact. If it is an outage, "
                                      "type: sesbouncectl suppress drop "
                                      "guard:mail.example;"));
    buf_clear(&text);
    assert_int_equal(alert_text(ALERT_OUTAGE_GUARD, STR_ABSENT, STR(""), &text), 0);
    assert_non_null(strstr(text.data, "suppressed for them. If it is an outage, type: "
                                      "sesbouncectl suppress drop guard:PROVIDER;"));
}

/* --- one alert, from look to look ------------------------------------------------- */

/* A look: what was read, and what follows. */
struct look {
    int minutes; /* since the last */
    enum alert_level reached, kept;
    enum alert_step step;
};

static void life_run(enum alert_name name, const struct look *looks, size_t count)
{
    struct alert_open open = {.name = name, .gone_ms = CLOCK_NONE};
    bool is_open = false;
    int64_t now_ms = NOW_MS;

    for (size_t i = 0; i < count; i++) {
        struct alert_reading reading = {
            .name = name, .reached = looks[i].reached, .kept = looks[i].kept};
        enum alert_step step;

        now_ms += looks[i].minutes * CLOCK_MINUTE_MS;
        step = alert_decide(is_open ? &open : NULL,
                            looks[i].kept == ALERT_NONE ? NULL : &reading, now_ms);
        if (step != looks[i].step)
            fail_msg("look %zu: %d, not %d", i, (int)step, (int)looks[i].step);
        is_open = (is_open || step == ALERT_RAISED) && step != ALERT_RESOLVED;
        if (step == ALERT_RAISED || step == ALERT_RISES) {
            open.level = reading.reached;
            open.gone_ms = CLOCK_NONE;
        }
        if (step == ALERT_FADES)
            open.gone_ms = now_ms;
        if (step == ALERT_RETURNS)
            open.gone_ms = CLOCK_NONE;
    }
}
#define LIFE(name, ...)                                                                  \
    life_run(name, (const struct look[]){__VA_ARGS__},                                   \
             sizeof((const struct look[]){__VA_ARGS__}) / sizeof(struct look))

#define NO ALERT_NONE, ALERT_NONE
#define W  ALERT_WARNING, ALERT_WARNING
#define A  ALERT_ALERT, ALERT_ALERT
#define P  ALERT_PAUSE, ALERT_PAUSE
/* Below the threshold, but not far. */
#define W_KEPT ALERT_NONE, ALERT_WARNING

static void an_alert_rises_and_falls_only_to_its_end(void **state)
{
    (void)state;
    LIFE(ALERT_BOUNCE_RATE, {1, NO, ALERT_STAYS}, {1, W, ALERT_RAISED},
         {1, W, ALERT_STAYS}, {1, P, ALERT_RISES}, {1, A, ALERT_STAYS},
         {1, W, ALERT_STAYS}, {1, NO, ALERT_FADES}, {59, NO, ALERT_STAYS},
         {1, NO, ALERT_RESOLVED}, {1, NO, ALERT_STAYS}, {1, A, ALERT_RAISED});
}

static void flapping_around_a_threshold_is_one_alert(void **state)
{
    (void)state;
    LIFE(ALERT_BOUNCE_RATE, {1, W_KEPT, ALERT_STAYS}, {1, W, ALERT_RAISED},
         {1, W_KEPT, ALERT_STAYS}, {1, W, ALERT_STAYS}, {1, W_KEPT, ALERT_STAYS},
         {1, NO, ALERT_FADES}, {30, W_KEPT, ALERT_RETURNS}, {1, NO, ALERT_FADES},
         {59, W, ALERT_RETURNS}, {1, W, ALERT_STAYS}, {1, NO, ALERT_FADES},
         {30, A, ALERT_RISES}, {1, NO, ALERT_FADES}, {60, NO, ALERT_RESOLVED});
}

static void what_does_not_flap_ends_at_once(void **state)
{
    (void)state;
    LIFE(ALERT_SENDING_PAUSED, {1, P, ALERT_RAISED}, {1, NO, ALERT_RESOLVED},
         {1, P, ALERT_RAISED});
}

static void a_clock_that_is_set_back_does_not_keep_an_alert_open(void **state)
{
    (void)state;
    LIFE(ALERT_DISK_NEARLY_FULL, {1, W, ALERT_RAISED}, {1000, NO, ALERT_FADES},
         {-900, NO, ALERT_FADES}, {5, NO, ALERT_STAYS}, {5, NO, ALERT_RESOLVED});
}

/* --- readings --------------------------------------------------------------------- */

static void
of_a_name_and_subject_there_is_one_and_of_a_name_a_bounded_number(void **state)
{
    _cleanup_(alert_readings_done) struct alert_readings readings = {.count = 0};
    struct alert_reading reading = {
        .name = ALERT_TOPIC_SILENT, .reached = ALERT_WARNING, .kept = ALERT_WARNING};

    (void)state;
    for (int twice = 0; twice < 2; twice++)
        for (int i = 0; i < ALERT_SUBJECTS_MAX + 5; i++) {
            (void)snprintf(reading.subject, sizeof(reading.subject), "topic %d", i);
            assert_int_equal(alert_add(&readings, &reading, "fact %d", i), 0);
        }
    assert_int_equal(readings.count, ALERT_SUBJECTS_MAX);
    assert_string_equal(
        alert_reading_of(&readings, ALERT_TOPIC_SILENT, STR("topic 7"))->fact, "fact 7");
    assert_null(alert_reading_of(&readings, ALERT_BOUNCE_RATE, STR("topic 7")));
    reading.kept = ALERT_NONE;
    reading.name = ALERT_BOUNCE_RATE;
    assert_int_equal(alert_add(&readings, &reading, "nothing"), 0);
    assert_int_equal(readings.count, ALERT_SUBJECTS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_words_with_hyphens_and_distinct),
        cmocka_unit_test(a_text_says_what_it_means_a_fact_and_what_to_type),
        cmocka_unit_test(an_alert_rises_and_falls_only_to_its_end),
        cmocka_unit_test(flapping_around_a_threshold_is_one_alert),
        cmocka_unit_test(what_does_not_flap_ends_at_once),
        cmocka_unit_test(a_clock_that_is_set_back_does_not_keep_an_alert_open),
        cmocka_unit_test(
            of_a_name_and_subject_there_is_one_and_of_a_name_a_bounded_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

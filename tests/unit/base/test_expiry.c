#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sesbounce/expiry.h"

#define BEGIN (1000 * CLOCK_DAY_MS)

/* Is a certificate that lives for so many days due when so many are left? */
static bool is_near(int64_t lives_days, int64_t left_ms)
{
    int64_t end_ms = BEGIN + lives_days * CLOCK_DAY_MS;

    return expiry_is_near(BEGIN, end_ms, end_ms - left_ms);
}

static void a_certificate_of_90_days_is_due_for_its_last_30(void **state)
{
    (void)state;
    assert_false(is_near(90, 30 * CLOCK_DAY_MS + 1));
    assert_true(is_near(90, 30 * CLOCK_DAY_MS));
    assert_true(is_near(90, -CLOCK_DAY_MS));
}

static void a_certificate_of_a_year_is_due_no_sooner(void **state)
{
    (void)state;
    assert_false(is_near(365, 30 * CLOCK_DAY_MS + 1));
    assert_true(is_near(365, 30 * CLOCK_DAY_MS));
}

static void a_certificate_of_6_days_is_due_for_its_last_2(void **state)
{
    (void)state;
    assert_false(is_near(6, 2 * CLOCK_DAY_MS + 1));
    assert_true(is_near(6, 2 * CLOCK_DAY_MS));
}

static void nothing_is_due_at_a_time_that_is_not_known(void **state)
{
    (void)state;
    assert_false(expiry_is_near(CLOCK_NONE, BEGIN, BEGIN));
    assert_false(expiry_is_near(BEGIN, CLOCK_NONE, BEGIN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_of_90_days_is_due_for_its_last_30),
        cmocka_unit_test(a_certificate_of_a_year_is_due_no_sooner),
        cmocka_unit_test(a_certificate_of_6_days_is_due_for_its_last_2),
        cmocka_unit_test(nothing_is_due_at_a_time_that_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "sesbounce/clock.h"
#include "sesbounce/filter.h"

static void words_are_found_in_any_case(void **state)
{
    (void)state;
    struct filter filter;
    struct buf fault;
    buf_init(&fault, 1000);
    filter_init(&filter, STORE_EVENTS, 1000 * CLOCK_DAY_MS, "");
    assert_int_equal(filter_set(&filter, "class", "HARD", &fault), 0);
    assert_string_equal(filter.store.class, "hard");
    assert_int_equal(filter_set(&filter, "type", "bounce", &fault), 0);
    assert_string_equal(filter.store.type, "Bounce");
    assert_int_equal(filter_set(&filter, "type", "Invented", &fault), 0);
    assert_string_equal(filter.store.type, "Invented");
    assert_int_equal(filter_set(&filter, "domain", "@M\xc3\xbcller.example", &fault), 0);
    assert_string_equal(filter.store.domain, "xn--mller-kva.example");
    assert_int_equal(filter_set(&filter, "since", "7d", &fault), 0);
    assert_int_equal(filter.store.since_ms, 993 * CLOCK_DAY_MS);
    assert_int_equal(filter_set(&filter, "limit", "3", &fault), 0);
    assert_int_equal(filter.store.limit, 3);
    assert_int_equal(fault.len, 0);
    buf_done(&fault);
}

/* The store takes 0 for "not given", which selects everything. */
static void the_first_moment_of_1970_is_a_time(void **state)
{
    (void)state;
    struct filter filter;
    struct buf fault;
    buf_init(&fault, 1000);
    filter_init(&filter, STORE_EVENTS, CLOCK_DAY_MS, "--");
    assert_int_equal(filter_set(&filter, "until", "1970-01-01", &fault), 0);
    assert_true(filter.store.until_ms < 0 && filter.store.until_ms != CLOCK_NONE);
    assert_int_equal(filter_set(&filter, "since", "7d", &fault), 0);
    assert_true(filter.store.since_ms < 0 && filter.store.since_ms != CLOCK_NONE);
    buf_done(&fault);
}

static void a_fault_says_what_is_possible(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"class", "firm",
         "there is no class `firm`; there are: hard, soft, complaint, policy, ignored"},
        {"limit", "0", "--limit must be a number of 1 or more, not `0`"},
        {"after-id", "x", "--after-id must be the id of a row, not `x`"},
        {"since", "soon",
         "`soon` is not a time: write 2026-01-31, 2026-01-31T12:00:00Z, or 7d for seven "
         "days ago"},
        {"domain", "", "`` is not a domain: it is not of the form example.com"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct filter filter;
        struct buf fault;
        buf_init(&fault, 1000);
        filter_init(&filter, STORE_EVENTS, 0, "--");
        assert_int_equal(filter_set(&filter, cases[i][0], cases[i][1], &fault), -EINVAL);
        assert_string_equal(buf_str(&fault).data, cases[i][2]);
        buf_done(&fault);
    }
}

static void the_reasons_of_a_quarantine_are_its_own(void **state)
{
    (void)state;
    struct filter filter;
    struct buf fault;
    buf_init(&fault, 1000);
    filter_init(&filter, STORE_QUARANTINE, 0, "");
    assert_int_equal(filter_set(&filter, "reason", "stale", &fault), 0);
    assert_string_equal(filter.store.reason, "stale");
    filter_init(&filter, STORE_SUPPRESSED, 0, "");
    assert_int_equal(filter_set(&filter, "reason", "stale", &fault), -EINVAL);
    buf_done(&fault);
}

static void a_name_that_is_not_a_filter_is_left_to_the_caller(void **state)
{
    (void)state;
    struct filter filter;
    filter_init(&filter, STORE_EVENTS, 0, "");
    assert_int_equal(filter_set(&filter, "output", "json", NULL), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found_in_any_case),
        cmocka_unit_test(the_first_moment_of_1970_is_a_time),
        cmocka_unit_test(a_fault_says_what_is_possible),
        cmocka_unit_test(the_reasons_of_a_quarantine_are_its_own),
        cmocka_unit_test(a_name_that_is_not_a_filter_is_left_to_the_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

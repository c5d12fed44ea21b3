/* Questions that wait: which is next, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "daemon/waits.h"

#define LATE   1000
#define MANY   3
#define NOBODY NULL

static void add_all(struct waits *waits, struct question questions[MANY])
{
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(waits_add(waits, &questions[i]), 0);
}

static void the_first_that_may_find_something_is_next(void **state)
{
    struct question questions[MANY] = {{.seen_id = 7, .deadline_ms = LATE},
                                       {.seen_id = 5, .deadline_ms = LATE},
                                       {.seen_id = 5, .deadline_ms = LATE}};
    struct waits waits = {.max = MANY};

    (void)state;
    add_all(&waits, questions);
    assert_false(waits_are_due(&waits, 5, 0));
    assert_ptr_equal(waits_take(&waits, 5, 0), NOBODY);
    assert_true(waits_are_due(&waits, 6, 0));
    assert_ptr_equal(waits_take(&waits, 6, 0), &questions[1]);
    assert_ptr_equal(waits_take(&waits, 6, 0), &questions[2]);
    assert_ptr_equal(waits_take(&waits, 6, 0), NOBODY);
    assert_int_equal(waits.count, 1);
}

static void who_is_added_again_is_the_last(void **state)
{
    struct question questions[MANY] = {
        {.deadline_ms = LATE}, {.deadline_ms = LATE}, {.deadline_ms = LATE}};
    struct waits waits = {.max = MANY};

    (void)state;
    add_all(&waits, questions);
    assert_ptr_equal(waits_take(&waits, 1, 0), &questions[0]);
    assert_int_equal(waits_add(&waits, &questions[0]), 0);
    for (size_t i = 1; i <= MANY; i++)
        assert_ptr_equal(waits_take(&waits, 1, 0), &questions[i % MANY]);
    assert_int_equal(waits.count, 0);
    assert_int_equal(waits_add(&waits, &questions[0]), 0);
    assert_ptr_equal(waits_take(&waits, 1, 0), &questions[0]);
}

static void whose_time_is_over_is_next_though_there_is_nothing(void **state)
{
    struct question questions[MANY] = {{.seen_id = 9, .deadline_ms = LATE},
                                       {.seen_id = 9, .deadline_ms = LATE},
                                       {.seen_id = 9, .deadline_ms = LATE - 1}};
    struct waits waits = {.max = MANY};

    (void)state;
    add_all(&waits, questions);
    assert_false(waits_are_due(&waits, 9, LATE - 2));
    assert_ptr_equal(waits_take(&waits, 9, LATE - 1), &questions[2]);
    assert_ptr_equal(waits_take(&waits, 9, LATE - 1), NOBODY);
    assert_ptr_equal(waits_take(&waits, 9, LATE), &questions[0]);
}

static void beyond_the_maximum_nobody_waits(void **state)
{
    struct question questions[MANY] = {{.seen_id = 1}, {.seen_id = 1}, {.seen_id = 1}};
    struct waits waits = {.max = MANY - 1};

    (void)state;
    assert_int_equal(waits_add(&waits, &questions[0]), 0);
    assert_int_equal(waits_add(&waits, &questions[1]), 0);
    assert_int_equal(waits_add(&waits, &questions[2]), -EAGAIN);
    assert_int_equal(waits.count, MANY - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_may_find_something_is_next),
        cmocka_unit_test(who_is_added_again_is_the_last),
        cmocka_unit_test(whose_time_is_over_is_next_though_there_is_nothing),
        cmocka_unit_test(beyond_the_maximum_nobody_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

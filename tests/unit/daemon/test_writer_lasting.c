/* Faults that stay until another file is there. */
#include "writer_fixture.h"

/* The first commit hangs until all others wait, so that they are one batch: its begin is
 * the second one, and those of who is tried alone follow. */
static void write_one_and_then_a_batch(struct fixture *f)
{
    start_hanging(f);
    for (size_t i = 1; i < DELIVERIES; i++)
        assert_int_equal(writer_push(f->writer, &f->deliveries[i].job), 0);
    end_hanging(f, DELIVERIES);
    assert_int_equal(with_status(f, 200), 1);
    assert_int_equal(with_status(f, 503), DELIVERIES - 1);
}

static void after_a_fault_that_stays_nobody_is_tried_alone(void **state)
{
    store.begin_faults[1] = -EUCLEAN;
    write_one_and_then_a_batch(*state);
    assert_int_equal(store.begins, 2);
}

static void a_fault_that_stays_ends_the_trying_of_each_alone(void **state)
{
    store.begin_faults[1] = -ENOSPC;
    store.begin_faults[2] = -EUCLEAN;
    write_one_and_then_a_batch(*state);
    assert_int_equal(store.begins, 3);
}

/* The first delivery meets it; a turn of the writer's is over when the next one has been
 * answered. */
static void meet_at_once(struct fixture *f, int fault)
{
    store.begin_faults[0] = fault;
    assert_int_equal(writer_start(&f->service, (struct store *)&store, &f->writer), 0);
    for (int i = 0; i < DELIVERIES; i++) {
        assert_int_equal(writer_push(f->writer, &f->deliveries[i].job), 0);
        wait_until_resumed(i + 1);
    }
    writer_stop(f->writer);
    writer_free(f->writer);
    assert_int_equal(f->deliveries[0].verdict, VERDICT_STORE);
}

static void what_was_replaced_before_it_was_noticed_is_tried_as_it_is(void **state)
{
    store.open_again_fault = 0;
    meet_at_once(*state, -ESTALE);
    assert_int_equal(store.opened_again, 1);
    assert_int_equal(with_status(*state, 200), DELIVERIES - 1);
}

static void a_file_that_stays_as_it_was_is_not_tried_again(void **state)
{
    meet_at_once(*state, -EUCLEAN);
    assert_true(store.looked >= DELIVERIES);
    assert_int_equal(store.opened_again, 0);
}

static void another_file_is_tried_when_it_has_not_changed_for_a_tick(void **state)
{
    const uint64_t looks[LOOKS] = {1, 2, 3, 3}; /* 2: half a copy */

    memcpy(store.looks, looks, sizeof(looks));
    store.open_again_fault = 0;
    meet_at_once(*state, -EUCLEAN);
    assert_int_equal(store.opened_again, 1);
    assert_int_equal(store.looked, LOOKS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(after_a_fault_that_stays_nobody_is_tried_alone,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_fault_that_stays_ends_the_trying_of_each_alone,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_was_replaced_before_it_was_noticed_is_tried_as_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_stays_as_it_was_is_not_tried_again,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            another_file_is_tried_when_it_has_not_changed_for_a_tick, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

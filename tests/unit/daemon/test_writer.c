/* Who is answered what, and never before the commit. */
#include "daemon/limits.h"
#include "writer_fixture.h"

#include "log_capture.h"

static void what_was_committed_is_acknowledged(void **state)
{
    struct fixture *f = *state;

    write_all(f);
    assert_int_equal(with_status(f, 200), DELIVERIES);
    assert_int_equal(store.begins, store.commits);
    assert_int_equal(store.rollbacks, 0);
    assert_true(atomic_load(&f->service.storing));
}

static void nothing_is_acknowledged_when_no_commit_works(void **state)
{
    struct fixture *f = *state;

    store.commit_faults = 1000;
    store.commit_fault = -ENOSPC;
    write_all(f);
    assert_int_equal(with_status(f, 503), DELIVERIES);
    assert_false(atomic_load(&f->service.storing));
    assert_string_equal(atomic_load(&f->service.trouble), "mend it");
    assert_string_equal(f->deliveries[0].fault, "mend it");
}

static void one_poisoned_delivery_does_not_spoil_the_others(void **state)
{
    struct fixture *f = *state;

    store.poisoned = &f->deliveries[2].intake;
    write_all(f);
    assert_int_equal(with_status(f, 200), DELIVERIES - 1);
    assert_int_equal(f->deliveries[2].verdict, VERDICT_STORE);
    assert_true(store.rollbacks >= 1);
}

static void a_lock_held_by_others_is_not_waited_for_by_each(void **state)
{
    struct fixture *f = *state;

    store.begin_fault = -EBUSY;
    write_all(f);
    assert_int_equal(with_status(f, 503), DELIVERIES);
    assert_true(store.begins <= DELIVERIES);
    assert_int_equal(store.commits, 0);
}

static void a_corrupt_file_is_told_to_main(void **state)
{
    struct fixture *f = *state;

    store.commit_faults = 1000;
    store.commit_fault = -EUCLEAN;
    assert_int_equal(writer_start(&f->service, (struct store *)&store, &f->writer), 0);
    assert_int_equal(writer_fatal(f->writer), 0);
    assert_int_equal(writer_push(f->writer, &f->deliveries[0].job), 0);
    wait_until_resumed(1);
    assert_int_equal(writer_fatal(f->writer), -EUCLEAN);
    writer_stop(f->writer);
    writer_free(f->writer);
}

static void what_waited_too_long_is_neither_stored_nor_acknowledged(void **state)
{
    struct fixture *f = *state;

    f->deliveries[0].deadline_ms = 0;
    write_all(f);
    assert_int_equal(f->deliveries[0].verdict, VERDICT_BUSY);
    assert_int_equal(with_status(f, 200), DELIVERIES - 1);
}

static void nothing_is_taken_after_the_stop_began(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(writer_start(&f->service, (struct store *)&store, &f->writer), 0);
    for (size_t i = 1; i < DELIVERIES; i++)
        assert_int_equal(writer_push(f->writer, &f->deliveries[i].job), 0);
    writer_stop(f->writer); /* finishes those it has */
    assert_int_equal(resumed, DELIVERIES - 1);
    /* An HTTP thread that was busy verifying meanwhile. */
    assert_int_equal(writer_push(f->writer, &f->deliveries[0].job), -ESHUTDOWN);
    writer_free(f->writer);
}

/* A disk that does not answer: what is beyond the bound is sent away, the watchdog is not
 * petted, and afterwards all goes on. */
static void a_hanging_disk_fills_the_queue_and_is_stuck_until_it_answers(void **state)
{
    struct fixture *f = *state;
    int64_t later_ms = clock_mono_ms() + 2 * BUSY_TOO_LONG_MS;

    store.hangs = true;
    f->service.bounds.writer_queue = 2;
    assert_int_equal(writer_start(&f->service, (struct store *)&store, &f->writer), 0);
    assert_int_equal(writer_push(f->writer, &f->deliveries[0].job), 0);
    wait_until_it_hangs();
    assert_int_equal(writer_push(f->writer, &f->deliveries[1].job), 0);
    assert_int_equal(writer_push(f->writer, &f->deliveries[2].job), 0);
    assert_int_equal(writer_push(f->writer, &f->deliveries[3].job), -EAGAIN);
    assert_false(writer_is_stuck(f->writer, clock_mono_ms()));
    assert_true(writer_is_stuck(f->writer, later_ms));
    let_go();
    wait_until_resumed(3);
    writer_stop(f->writer);
    assert_int_equal(with_status(f, 200), 3);
    assert_false(store.acknowledged_early);
    writer_free(f->writer);
}

static void who_would_be_late_is_answered_while_the_disk_hangs(void **state)
{
    struct fixture *f = *state;
    int64_t now_ms = clock_mono_ms();

    f->deliveries[1].deadline_ms = now_ms + MAIN_TICK_MS;
    f->deliveries[2].deadline_ms = now_ms + MAIN_TICK_MS + 1;
    start_hanging(f);
    f->deliveries[0].deadline_ms = 0; /* late, too, but in the transaction */
    assert_int_equal(writer_push(f->writer, &f->deliveries[2].job), 0);
    assert_int_equal(writer_push(f->writer, &f->deliveries[1].job), 0);
    writer_sweep(f->writer, now_ms);
    assert_int_equal(resumed, 1);
    assert_int_equal(f->deliveries[1].verdict, VERDICT_BUSY);
    writer_sweep(f->writer, now_ms + 1);
    assert_int_equal(resumed, 2);
    assert_int_equal(f->deliveries[2].verdict, VERDICT_BUSY);
    end_hanging(f, 3);
    assert_int_equal(with_status(f, 200), 1);
}

static void a_writer_that_hangs_for_long_stores_nothing_until_it_is_back(void **state)
{
    struct fixture *f = *state;
    int64_t now_ms = clock_mono_ms();

    start_hanging(f);
    assert_int_equal(writer_push(f->writer, &f->deliveries[1].job), 0);
    writer_sweep(f->writer, now_ms + ANSWER_MS);
    assert_true(atomic_load(&f->service.storing));
    writer_sweep(f->writer, clock_mono_ms() + ANSWER_MS + 1);
    assert_false(atomic_load(&f->service.storing));
    assert_non_null(strstr(atomic_load(&f->service.trouble), "does not answer"));
    end_hanging(f, 2);
    assert_int_equal(with_status(f, 200), 2);
    assert_true(atomic_load(&f->service.storing));
}

static int count(const char *text, const char *words)
{
    int found = 0;

    for (; (text = strstr(text, words)); text += strlen(words))
        found++;
    return found;
}

/* Two meet a full disk, and the third is stored: more often than the log may tell. */
static void that_it_stores_again_is_told_only_of_what_was_told(void **state)
{
    static char text[1 << 18];
    struct fixture *f = *state;

    log_begin();
    assert_int_equal(writer_start(&f->service, (struct store *)&store, &f->writer), 0);
    for (int i = 0; i < 6 * STORE_FAULT_LOGS_A_MINUTE; i++) {
        store.begin_fault = i % 3 == 2 ? 0 : -ENOSPC;
        assert_int_equal(writer_push(f->writer, &f->deliveries[0].job), 0);
        wait_until_resumed(i + 1);
    }
    writer_stop(f->writer);
    writer_free(f->writer);
    log_end(text, sizeof(text));
    assert_true(count(text, "NOT STORING") >= STORE_FAULT_LOGS_A_MINUTE);
    assert_int_equal(count(text, "works again"), count(text, "NOT STORING"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_committed_is_acknowledged, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_acknowledged_when_no_commit_works,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_poisoned_delivery_does_not_spoil_the_others,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lock_held_by_others_is_not_waited_for_by_each,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_corrupt_file_is_told_to_main, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            what_waited_too_long_is_neither_stored_nor_acknowledged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_taken_after_the_stop_began, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_hanging_disk_fills_the_queue_and_is_stuck_until_it_answers, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            who_would_be_late_is_answered_while_the_disk_hangs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_writer_that_hangs_for_long_stores_nothing_until_it_is_back, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            that_it_stores_again_is_told_only_of_what_was_told, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

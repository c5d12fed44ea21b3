/* Which job ends how, and never before the commit. */
#include "daemon/limits.h"
#include "writer_fixture.h"

#include "log_capture.h"

static void what_was_committed_is_acknowledged(void **state)
{
    struct fixture *f = *state;

    write_all(f);
    assert_int_equal(ended_with(f, 0), JOBS);
    assert_int_equal(atomic_load(&f->service.metrics.batches), 2);
    assert_int_equal(health_store_fault(&f->service.health), 0);
}

static void nothing_is_acknowledged_when_nothing_can_be_stored(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < JOBS; i++)
        f->jobs[i].faults[0] = f->jobs[i].faults[1] = -ENOSPC;
    write_all(f);
    assert_int_equal(ended_with(f, -ENOSPC), JOBS);
    assert_int_equal(atomic_load(&f->service.metrics.batches), 0);
}

static void one_poisoned_job_does_not_spoil_the_others(void **state)
{
    struct fixture *f = *state;

    f->jobs[2].faults[0] = f->jobs[2].faults[1] = -EIO;
    write_all(f);
    assert_int_equal(ended_with(f, 0), JOBS - 1);
    assert_int_equal(f->jobs[2].ended, -EIO);
    assert_false(job_is_durable(&f->jobs[2]));
    assert_int_equal(f->jobs[1].added, 2); /* with the batch, and alone */
}

static void a_lock_held_by_others_is_not_waited_for_by_each(void **state)
{
    struct fixture *f = *state;

    f->jobs[1].faults[0] = -EBUSY;
    write_all(f);
    assert_int_equal(ended_with(f, -EBUSY), JOBS - 1);
    assert_int_equal(f->jobs[1].added, 1);
    assert_int_equal(f->jobs[2].added, 0);
}

static void a_fault_is_the_health_of_the_service_until_the_store_works(void **state)
{
    struct fixture *f = *state;

    f->jobs[0].faults[0] = -EUCLEAN;
    begin(f);
    assert_int_equal(health_store_fault(&f->service.health), 0);
    assert_int_equal(job_push(f, 0), 0);
    wait_until_done(f, 1);
    assert_int_equal(health_store_fault(&f->service.health), -EUCLEAN);
    end(f);
}

static void what_waited_too_long_is_neither_stored_nor_acknowledged(void **state)
{
    struct fixture *f = *state;

    f->jobs[1].job.deadline_ms = 0;
    write_all(f);
    assert_int_equal(f->jobs[1].ended, -ETIME);
    assert_int_equal(f->jobs[1].added, 0);
    assert_int_equal(ended_with(f, 0), JOBS - 1);
}

static void nothing_is_taken_after_the_stop_began(void **state)
{
    struct fixture *f = *state;

    begin(f);
    for (size_t i = 1; i < JOBS; i++)
        assert_int_equal(job_push(f, i), 0);
    end(f); /* finishes those it has */
    assert_int_equal(ended_with(f, 0), JOBS - 1);
    /* An HTTP thread that was busy verifying meanwhile. */
    assert_int_equal(job_push(f, 0), -ESHUTDOWN);
}

/* A disk that does not answer: what is beyond the bound is sent away, the watchdog is not
 * petted, and afterwards all goes on. */
static void a_hanging_disk_fills_the_mailbox_and_is_stuck_until_it_answers(void **state)
{
    struct fixture *f = *state;
    busy_since *busy = &f->service.busy[BUSY_WRITER];

    f->service.jobs.max = 2;
    begin_hanging(f);
    assert_int_equal(job_push(f, 1), 0);
    assert_int_equal(job_push(f, 2), 0);
    assert_int_equal(job_push(f, 3), -EAGAIN);
    assert_false(busy_too_long(busy, clock_mono_ms()));
    assert_true(busy_too_long(busy, clock_mono_ms() + 2 * BUSY_TOO_LONG_MS));
    let_go(f);
    wait_until_done(f, 3);
    end(f);
    assert_int_equal(ended_with(f, 0), 3);
}

static void who_would_be_late_is_answered_while_the_disk_hangs(void **state)
{
    struct fixture *f = *state;
    int64_t now_ms = clock_mono_ms();

    f->jobs[1].job.deadline_ms = now_ms + MAIN_TICK_MS;
    f->jobs[2].job.deadline_ms = now_ms + MAIN_TICK_MS + 1;
    begin_hanging(f);
    f->jobs[0].job.deadline_ms = 0; /* late, too, but in the transaction */
    assert_int_equal(job_push(f, 2), 0);
    assert_int_equal(job_push(f, 1), 0);
    writer_sweep(&f->service, now_ms);
    assert_int_equal(f->done, 1);
    assert_int_equal(f->jobs[1].ended, -ETIME);
    writer_sweep(&f->service, now_ms + 1);
    assert_int_equal(f->done, 2);
    assert_int_equal(f->jobs[2].ended, -ETIME);
    let_go(f);
    wait_until_done(f, 3);
    end(f);
    assert_int_equal(ended_with(f, 0), 1);
}

static void a_writer_that_hangs_for_long_stores_nothing_until_it_is_back(void **state)
{
    struct fixture *f = *state;
    int64_t now_ms = clock_mono_ms();

    begin_hanging(f);
    assert_int_equal(job_push(f, 1), 0);
    writer_sweep(&f->service, now_ms + ANSWER_MS);
    assert_int_equal(health_store_fault(&f->service.health), 0);
    writer_sweep(&f->service, clock_mono_ms() + ANSWER_MS + 1);
    assert_int_equal(health_store_fault(&f->service.health), -ETIMEDOUT);
    assert_non_null(strstr(store_advice(-ETIMEDOUT), "does not answer"));
    let_go(f);
    wait_until_done(f, 2);
    end(f);
    assert_int_equal(ended_with(f, 0), 2);
    assert_int_equal(health_store_fault(&f->service.health), 0);
}

static int count(const char *text, const char *words)
{
    int found = 0;

    for (; (text = strstr(text, words)); text += strlen(words))
        found++;
    return found;
}

/* One meets a full disk, and the next is stored: more often than the log may tell. */
static void recovery_is_logged_only_after_a_logged_fault(void **state)
{
    static char text[1 << 18];
    struct fixture *f = *state;

    log_begin();
    begin(f);
    for (int i = 0; i < 4 * STORE_FAULT_LOGS_A_MINUTE; i++) {
        f->jobs[0].faults[0] = f->jobs[0].faults[1] = i % 2 ? 0 : -ENOSPC;
        assert_int_equal(job_push(f, 0), 0);
        wait_until_done(f, i + 1);
    }
    end(f);
    log_end(text, sizeof(text));
    assert_true(count(text, "NOT STORING") >= STORE_FAULT_LOGS_A_MINUTE);
    assert_int_equal(count(text, "works again"), count(text, "NOT STORING"));
}

#define WRITTEN(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WRITTEN(what_was_committed_is_acknowledged),
        WRITTEN(nothing_is_acknowledged_when_nothing_can_be_stored),
        WRITTEN(one_poisoned_job_does_not_spoil_the_others),
        WRITTEN(a_lock_held_by_others_is_not_waited_for_by_each),
        WRITTEN(a_fault_is_the_health_of_the_service_until_the_store_works),
        WRITTEN(what_waited_too_long_is_neither_stored_nor_acknowledged),
        WRITTEN(nothing_is_taken_after_the_stop_began),
        WRITTEN(a_hanging_disk_fills_the_mailbox_and_is_stuck_until_it_answers),
        WRITTEN(who_would_be_late_is_answered_while_the_disk_hangs),
        WRITTEN(a_writer_that_hangs_for_long_stores_nothing_until_it_is_back),
        WRITTEN(recovery_is_logged_only_after_a_logged_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

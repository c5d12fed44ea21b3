/* Faults that stay until another file is there. The file itself is sound here, so that
 * the writer stores as soon as it tries it again. */
#include "writer_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

static void after_a_fault_that_stays_nobody_is_tried_alone(void **state)
{
    struct fixture *f = *state;

    f->jobs[1].faults[0] = -EUCLEAN;
    write_all(f);
    assert_int_equal(ended_with(f, -EUCLEAN), JOBS - 1);
    assert_int_equal(f->jobs[1].added, 1);
    assert_int_equal(f->jobs[2].added, 0);
}

static void a_fault_that_stays_ends_the_trying_of_each_alone(void **state)
{
    struct fixture *f = *state;

    f->jobs[1].faults[0] = -ENOSPC;
    f->jobs[1].faults[1] = -EUCLEAN;
    write_all(f);
    assert_int_equal(ended_with(f, -EUCLEAN), JOBS - 1);
    assert_int_equal(f->jobs[1].added, 2);
    assert_int_equal(f->jobs[2].added, 0);
}

/* A turn of the writer's is over when the next job has been answered. */
static void meet_at_once(struct fixture *f, int fault)
{
    f->jobs[0].faults[0] = fault;
    begin(f);
    for (size_t i = 0; i < JOBS; i++) {
        assert_int_equal(job_push(f, i), 0);
        wait_until_done(f, (int)i + 1);
    }
    end(f);
    assert_int_equal(f->jobs[0].ended, fault);
}

static void what_was_replaced_before_it_was_noticed_is_tried_as_it_is(void **state)
{
    meet_at_once(*state, -ESTALE);
    assert_int_equal(ended_with(*state, 0), JOBS - 1);
}

static void a_file_that_stays_as_it_was_is_not_tried_again(void **state)
{
    meet_at_once(*state, -EUCLEAN);
    assert_int_equal(ended_with(*state, -EUCLEAN), JOBS);
}

/* By the writer's thread, between its batch and its look at the file. */
static void change_file(struct fixture *f)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = ++f->changes}};

    assert_int_equal(utimensat(AT_FDCWD, f->path, times, 0), 0);
}

static void another_file_is_tried_when_it_has_not_changed_for_a_tick(void **state)
{
    struct fixture *f = *state;

    f->jobs[1].when_done = change_file; /* half a copy */
    f->jobs[2].when_done = change_file;
    meet_at_once(f, -EUCLEAN);
    for (size_t i = 0; i <= 3; i++)
        assert_int_equal(f->jobs[i].ended, -EUCLEAN);
    assert_int_equal(f->jobs[4].ended, 0);
    assert_int_equal(f->jobs[5].ended, 0);
}

#define WRITTEN(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WRITTEN(after_a_fault_that_stays_nobody_is_tried_alone),
        WRITTEN(a_fault_that_stays_ends_the_trying_of_each_alone),
        WRITTEN(what_was_replaced_before_it_was_noticed_is_tried_as_it_is),
        WRITTEN(a_file_that_stays_as_it_was_is_not_tried_again),
        WRITTEN(another_file_is_tried_when_it_has_not_changed_for_a_tick),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

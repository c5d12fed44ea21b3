/* A task's way from the outbox to outbound's mailbox, and its result's way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/task.h"
#include "sesbounce/https.h"
#include "sesbounce/limits.h"

#define TOPIC "arn:aws:sns:eu-west-1:123456789012:t"

struct fixture {
    char folder[48];
    char path[64];
    struct service service;
    struct store *store;
    int64_t due_ms; /* of task_hand_out() */
};

/* Of an hour ago, so that it is due. */
static void ask_to_confirm(struct fixture *f, const char *token)
{
    int64_t then_ms = clock_wall_ms() - CLOCK_HOUR_MS;
    const struct intake intake = {
        .kind = INTAKE_CONFIRM,
        .body = STR("{}"),
        .topic_arn = STR(TOPIC),
        .sns_message_id = str_of(token),
        .token = str_of(token),
        .confirm_now = true,
        .sns_timestamp_ms = then_ms,
        .received_ms = then_ms,
        .occurred_ms = then_ms,
        .event = {.ses_time_ms = CLOCK_NONE, .sent_ms = CLOCK_NONE},
    };
    enum verdict verdict;

    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(store_apply(f->store, &intake, &verdict), 0);
    assert_int_equal(store_commit(f->store), 0);
    assert_int_equal(verdict, VERDICT_CONFIRMING);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    (void)snprintf(f->folder, sizeof(f->folder), "/tmp/test_task.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->path, sizeof(f->path), "%s/t.db", f->folder);
    f->service.bounds = bounds_of(64, 4096, UINT64_MAX);
    assert_int_equal(service_init(&f->service), 0);
    assert_int_equal(https_new(NULL, &f->service.https), 0);
    assert_int_equal(store_open(f->path, STORE_OWN, &f->store, NULL), 0);
    *state = f;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    store_close(f->store);
    service_done(&f->service); /* and what is in its mailboxes */
    https_free(f->service.https);
    assert_int_equal(nftw(f->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(f);
    return 0;
}

static struct task *next_task(struct fixture *f)
{
    struct queue_node *node = queue_take(&f->service.tasks, 1, 0);

    return node ? task_of(node) : NULL;
}

static void what_is_due_is_handed_out_once_and_as_far_as_there_is_room(void **state)
{
    struct fixture *f = *state;
    char token[16];

    for (int i = 0; i <= TASKS_AT_ONCE; i++) {
        (void)snprintf(token, sizeof(token), "token-%d", i);
        ask_to_confirm(f, token);
    }
    assert_int_equal(task_hand_out(&f->service, f->store, &f->due_ms), 0);
    assert_int_equal(task_hand_out(&f->service, f->store, &f->due_ms), 0);
    assert_int_equal(queue_count(&f->service.tasks), TASKS_AT_ONCE);
    task_free(next_task(f));
    assert_int_equal(task_hand_out(&f->service, f->store, &f->due_ms), 0);
    assert_int_equal(queue_count(&f->service.tasks), TASKS_AT_ONCE);
}

static void a_result_is_a_job_of_the_writer_s(void **state)
{
    struct fixture *f = *state;
    struct store_task left;
    struct task *task;
    struct job *job;
    int64_t next_ms;

    ask_to_confirm(f, "token");
    assert_int_equal(task_hand_out(&f->service, f->store, &f->due_ms), 0);
    task = next_task(f);
    assert_string_equal(task->row.target, TOPIC);
    assert_string_equal(task->row.payload, "token");
    task_conclude(task, STORE_TASK_DONE, STR(TOPIC ":sub"));
    task_report(task, &f->service);
    job = job_of(queue_take(&f->service.jobs, 1, 0));
    assert_int_equal(store_begin(f->store), 0);
    assert_int_equal(job->add(job, f->store), 0);
    assert_int_equal(store_commit(f->store), 0);
    job->done(job, 0);
    assert_int_equal(
        store_tasks_due(f->store, clock_wall_ms() + CLOCK_HOUR_MS, &left, 1, &next_ms),
        0);
    assert_true(next_ms == CLOCK_NONE);
}

static void a_result_that_nobody_takes_leaves_the_task_in_the_outbox(void **state)
{
    struct fixture *f = *state;
    struct store_task left;
    int64_t next_ms;

    ask_to_confirm(f, "token");
    assert_int_equal(task_hand_out(&f->service, f->store, &f->due_ms), 0);
    queue_close(&f->service.jobs);
    task_report(next_task(f), &f->service);
    assert_int_equal(store_tasks_due(f->store, clock_wall_ms() + STORE_TASK_OUT_MS, &left,
                                     1, &next_ms),
                     1);
    store_task_done(&left);
}

#define TASK(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TASK(what_is_due_is_handed_out_once_and_as_far_as_there_is_room),
        TASK(a_result_is_a_job_of_the_writer_s),
        TASK(a_result_that_nobody_takes_leaves_the_task_in_the_outbox),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

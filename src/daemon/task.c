#include "daemon/task.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sesbounce/limits.h"

void task_free(struct task *task)
{
    if (!task)
        return;
    store_task_done(&task->row);
    free(task);
}

/* --- the result ------------------------------------------------------------------ */

static int task_add(struct job *job, struct store *store)
{
    struct task *task = task_of(&job->node);

    return store_task_finish(store, task->row.id, task->result, str_of(task->text),
                             clock_wall_ms());
}

/* A result that could not be stored was in vain, and so was handing out what nobody took
 * any more (-ESHUTDOWN): the outbox still has the task. */
static void task_done(struct job *job, int fault)
{
    struct task *task = task_of(&job->node);

    if (fault < 0 && fault != -ESHUTDOWN)
        log_event(LOG_LEVEL_WARNING,
                  "the outcome of a task could not be stored, so it is performed again",
                  {"TARGET", str_of(task->row.target)},
                  {"ERROR", str_of(strerror(-fault))});
    task_free(task);
}

void task_conclude(struct task *task, enum store_task_result result, struct str text)
{
    task->result = result;
    (void)snprintf(task->text, sizeof(task->text), "%.*s", STR_ARG(text));
}

void task_report(struct task *task, struct service *service)
{
    if (service_lend_to_writer(service, &task->job) < 0)
        task_free(task);
}

/* --- handing out ----------------------------------------------------------------- */

static void task_hand_over(struct service *service, struct store_task *due)
{
    struct task *task = calloc(1, sizeof(*task));

    if (!task) {
        store_task_done(due);
        return;
    }
    *task = (struct task){
        .job = {.deadline_ms = JOB_WHENEVER, .add = task_add, .done = task_done},
        .row = *due,
    };
    if (service_give_to_outbound(service, &task->job) < 0)
        task_free(task);
}

int task_hand_out(struct service *service, struct store *store, int64_t *due_ms)
{
    struct store_task due[TASKS_AT_ONCE];
    int64_t now_ms = clock_wall_ms();
    size_t room;
    int count;

    /* Or further ahead than any back-off: the clock was set back since. */
    if (store_outbox_changed(store) || *due_ms > now_ms + TASK_AGAIN_MAX_MS)
        *due_ms = 0;
    if (*due_ms == CLOCK_NONE || now_ms < *due_ms)
        return 0;
    /* What is given out must be taken: the rest waits in the outbox. */
    room = TASKS_AT_ONCE - queue_count(&service->tasks);
    if (room == 0)
        return 0;
    count = store_tasks_due(store, now_ms, due, room, due_ms);
    if (count < 0)
        *due_ms = now_ms + CLOCK_SECOND_MS;
    for (int i = 0; i < count; i++)
        task_hand_over(service, &due[i]);
    return count < 0 ? count : 0;
}

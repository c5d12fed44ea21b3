#include "daemon/performer.h"

#include <errno.h>

#include "daemon/confirm.h"
#include "daemon/limits.h"
#include "sesbounce/https.h"

/* What there is to know of each kind. */
static const struct task_kind {
    int (*url)(struct task *task, const struct settings *settings, struct buf *ret);
    void (*judge)(struct task *task, const struct https_answer *answer);
    const char *target_field; /* in the log */
    const char *text_field;   /* once it is done */
    const char *messages[3];  /* by the result */
} task_kinds[] = {
    [STORE_TASK_CONFIRM] =
        {
            confirm_url,
            confirm_judge,
            "TOPIC",
            "SUBSCRIPTION",
            {
                [STORE_TASK_DONE] = "subscription confirmed",
                [STORE_TASK_RETRY] =
                    "a subscription could not be confirmed yet; trying again",
                [STORE_TASK_FAILED] =
                    "a subscription could not be confirmed; subscribe again, or: "
                    "sesbouncectl topics confirm ARN",
            },
        },
};

static const struct task_kind *kind_of(const struct task *task)
{
    return &task_kinds[task->row.kind];
}

static void performer_report(struct performer *performer, struct task *task)
{
    static const enum log_level levels[] = {
        [STORE_TASK_DONE] = LOG_LEVEL_NOTICE,
        [STORE_TASK_RETRY] = LOG_LEVEL_WARNING,
        [STORE_TASK_FAILED] = LOG_LEVEL_ERROR,
    };
    const struct task_kind *kind = kind_of(task);

    log_event(levels[task->result], kind->messages[task->result],
              {kind->target_field, str_of(task->row.target)},
              {task->result == STORE_TASK_DONE ? kind->text_field : "FAULT",
               str_of(task->text)});
    task_report(task, performer->service);
}

static void performer_on_answer(void *context, const struct https_answer *answer)
{
    struct performance *performance = context;
    struct task *task = take_ptr(performance->task);

    if (answer->fault)
        task_conclude(task, STORE_TASK_RETRY, str_of(answer->fault));
    else
        kind_of(task)->judge(task, answer);
    performer_report(performance->performer, task);
}

static int performance_begin(struct performance *performance, struct task *task)
{
    struct service *service = performance->performer->service;
    struct buf url;
    int r;

    buf_init(&url, CONFIRM_URL_BYTES_MAX);
    r = kind_of(task)->url(task, service->settings, &url);
    if (r == 0)
        r = https_get(service->https, url.data, performer_on_answer, performance);
    buf_done(&url);
    return r;
}

static struct performance *performer_find_free(struct performer *performer)
{
    for (size_t i = 0; i < TASKS_AT_ONCE; i++) {
        if (!performer->under_way[i].task)
            return &performer->under_way[i];
    }
    return NULL;
}

void performer_serve(struct performer *performer)
{
    struct performance *performance;
    struct queue_node *node;

    while ((performance = performer_find_free(performer)) &&
           (node = queue_take(&performer->service->tasks, 1, 0))) {
        struct task *task = task_of(node);
        int r = performance_begin(performance, task);

        if (r == 0) {
            performance->task = task;
            continue;
        }
        if (r != -ECANCELED)
            task_conclude(task, STORE_TASK_RETRY, str_of(strerror(-r)));
        performer_report(performer, task);
    }
}

void performer_init(struct performer *performer, struct service *service)
{
    *performer = (struct performer){.service = service};
    for (size_t i = 0; i < TASKS_AT_ONCE; i++)
        performer->under_way[i].performer = performer;
}

void performer_done(struct performer *performer)
{
    for (size_t i = 0; i < TASKS_AT_ONCE; i++)
        task_free(performer->under_way[i].task);
}

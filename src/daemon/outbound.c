#include "daemon/outbound.h"

#include <errno.h>

#include "daemon/carrier.h"
#include "daemon/confirm.h"
#include "daemon/fetcher.h"
#include "daemon/limits.h"

struct outbound {
    struct service *service;
    struct fetcher fetcher;
    struct carrier carrier;
    struct performance {
        struct outbound *outbound;
        struct task *task; /* NULL: this place is free */
    } under_way[TASKS_AT_ONCE];
    pthread_t thread;
};

/* --- tasks ----------------------------------------------------------------------- */

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

static const struct task_kind *task_kind_of(const struct task *task)
{
    return &task_kinds[task->row.kind];
}

static void task_finish(struct outbound *outbound, struct task *task)
{
    static const enum log_level levels[] = {
        [STORE_TASK_DONE] = LOG_LEVEL_NOTICE,
        [STORE_TASK_RETRY] = LOG_LEVEL_WARNING,
        [STORE_TASK_FAILED] = LOG_LEVEL_ERROR,
    };
    const struct task_kind *kind = task_kind_of(task);

    log_event(levels[task->result], kind->messages[task->result],
              {kind->target_field, str_of(task->row.target)},
              {task->result == STORE_TASK_DONE ? kind->text_field : "FAULT",
               str_of(task->text)});
    task_report(task, outbound->service);
}

static void performance_end(void *context, const struct https_answer *answer)
{
    struct performance *performance = context;
    struct task *task = take_ptr(performance->task);

    if (answer->fault)
        task_conclude(task, STORE_TASK_RETRY, str_of(answer->fault));
    else
        task_kind_of(task)->judge(task, answer);
    task_finish(performance->outbound, task);
}

static int performance_begin(struct performance *performance, struct task *task)
{
    struct service *service = performance->outbound->service;
    struct buf url;
    int r;

    buf_init(&url, CONFIRM_URL_BYTES_MAX);
    r = task_kind_of(task)->url(task, service->settings, &url);
    if (r == 0)
        r = https_get(service->https, url.data, performance_end, performance);
    buf_done(&url);
    return r;
}

static struct performance *performance_find_free(struct outbound *outbound)
{
    for (size_t i = 0; i < TASKS_AT_ONCE; i++) {
        if (!outbound->under_way[i].task)
            return &outbound->under_way[i];
    }
    return NULL;
}

/* A few at a time. */
static void tasks_begin(struct outbound *outbound)
{
    struct performance *performance;
    struct queue_node *node;

    while ((performance = performance_find_free(outbound)) &&
           (node = queue_take(&outbound->service->tasks, 1, 0))) {
        struct task *task = task_of(node);
        int r = performance_begin(performance, task);

        if (r == 0) {
            performance->task = task;
            continue;
        }
        if (r != -ECANCELED)
            task_conclude(task, STORE_TASK_RETRY, str_of(strerror(-r)));
        task_finish(outbound, task);
    }
}

/* --- the thread ------------------------------------------------------------------ */

static void *outbound_run(void *argument)
{
    struct outbound *outbound = argument;
    struct service *service = outbound->service;
    busy_since *busy = &service->busy[BUSY_OUTBOUND];

    while (!queue_is_closed(&service->tasks)) {
        int wait_ms;

        busy_begin(busy, clock_mono_ms());
        /* Certificates first: a delivery waits for one. */
        wait_ms = fetcher_serve(&outbound->fetcher);
        tasks_begin(outbound);
        carrier_serve(&outbound->carrier);
        /* Still busy: the wait is short, and what it calls back may be slow. */
        (void)https_run(service->https, wait_ms);
    }
    busy_end(busy);
    return NULL;
}

int outbound_start(struct service *service, struct outbound **ret)
{
    struct outbound *outbound = calloc(1, sizeof(*outbound));
    int r;

    if (!outbound)
        return -ENOMEM;
    outbound->service = service;
    fetcher_init(&outbound->fetcher, service);
    carrier_init(&outbound->carrier, service);
    for (size_t i = 0; i < TASKS_AT_ONCE; i++)
        outbound->under_way[i].outbound = outbound;
    r = -pthread_create(&outbound->thread, NULL, outbound_run, outbound);
    if (r < 0) {
        free(outbound);
        return r;
    }
    *ret = outbound;
    return 0;
}

void outbound_stop(struct outbound *outbound)
{
    struct service *service;

    if (!outbound)
        return;
    service = outbound->service;
    queue_close(&service->messages);
    queue_close(&service->tasks);
    https_wake(service->https);
    delivery_give_back_all(waiting_room_close(&service->room), VERDICT_STOPPING, NULL);
    (void)pthread_join(outbound->thread, NULL);
    /* The outbox still has them. */
    for (size_t i = 0; i < TASKS_AT_ONCE; i++)
        task_free(outbound->under_way[i].task);
    carrier_done(&outbound->carrier);
    free(outbound);
}

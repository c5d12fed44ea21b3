#include "daemon/outbound.h"

#include <errno.h>

#include "daemon/fetcher.h"
#include "daemon/task.h"
#include "sesbounce/https.h"
#include "sesbounce/limits.h"

/* A task under way; NULL: the place is free. */
struct asking {
    struct outbound *outbound;
    struct task *task;
};

struct outbound {
    struct service *service;
    struct fetcher fetcher;
    struct asking asking[CONFIRMATIONS_AT_ONCE];
    pthread_t thread;
};

/* --- confirmations --------------------------------------------------------------- */

/* What stands between the tags, without XML's comments or escapes: an ARN needs neither.
 */
static struct str between(struct str body, const char *open, const char *close)
{
    const char *begin = memmem(body.data, body.len, open, strlen(open));
    const char *end;

    if (!begin)
        return STR_ABSENT;
    begin += strlen(open);
    end = memmem(begin, body.len - (size_t)(begin - body.data), close, strlen(close));
    return end ? (struct str){begin, (size_t)(end - begin)} : STR_ABSENT;
}

/* A token confirms any topic name in its region: the answer must name ours. */
static bool belongs_to(struct str subscription, const char *topic)
{
    size_t len = strlen(topic);

    return subscription.len > len + 1 && memcmp(subscription.data, topic, len) == 0 &&
           subscription.data[len] == ':' && subscription.len < ARN_BYTES_MAX &&
           !memchr(subscription.data, '<', subscription.len);
}

static void judge_answer(struct task *task, const struct https_answer *answer)
{
    struct str subscription;
    char text[64];

    if (answer->fault) {
        task_conclude(task, STORE_CONFIRM_RETRY, str_of(answer->fault));
        return;
    }
    (void)snprintf(text, sizeof(text), "the answer was HTTP %ld", answer->status);
    if (answer->status != 200) {
        bool final = answer->status >= 400 && answer->status < 500;

        task_conclude(task, final ? STORE_CONFIRM_FAILED : STORE_CONFIRM_RETRY,
                      str_of(text));
        return;
    }
    subscription =
        str_trim(between(answer->body, "<SubscriptionArn>", "</SubscriptionArn>"));
    if (belongs_to(subscription, task->confirmation.topic_arn))
        task_conclude(task, STORE_CONFIRMED, subscription);
    else if (str_present(subscription))
        task_conclude(task, STORE_CONFIRM_FAILED, STR("the answer named another topic"));
    else
        task_conclude(task, STORE_CONFIRM_RETRY,
                      STR("the answer held no SubscriptionArn"));
}

static void log_outcome(const struct task *task)
{
    static const struct {
        enum log_level level;
        const char *message;
    } outcomes[] = {
        [STORE_CONFIRMED] = {LOG_LEVEL_NOTICE, "subscription confirmed"},
        [STORE_CONFIRM_RETRY] =
            {LOG_LEVEL_WARNING,
             "a subscription could not be confirmed yet; trying again"},
        [STORE_CONFIRM_FAILED] =
            {LOG_LEVEL_ERROR, "a subscription could not be confirmed; subscribe again, "
                              "or: sesbouncectl topics confirm ARN"},
    };
    const char *field = task->result == STORE_CONFIRMED ? "SUBSCRIPTION" : "FAULT";

    log_event(outcomes[task->result].level, outcomes[task->result].message,
              {"TOPIC", str_of(task->confirmation.topic_arn)},
              {field, str_of(task->text)});
}

static void outbound_report(struct outbound *outbound, struct task *task)
{
    log_outcome(task);
    task_report(task, outbound->service);
}

static struct asking *asking_find_free(struct outbound *outbound)
{
    for (size_t i = 0; i < CONFIRMATIONS_AT_ONCE; i++) {
        if (!outbound->asking[i].task)
            return &outbound->asking[i];
    }
    return NULL;
}

static void confirmed(void *context, const struct https_answer *answer)
{
    struct asking *asking = context;
    struct task *task = take_ptr(asking->task);

    judge_answer(task, answer);
    outbound_report(asking->outbound, task);
}

static int begin_confirmation(struct outbound *outbound, struct asking *asking,
                              struct task *task)
{
    struct str topic_arn = str_of(task->confirmation.topic_arn);
    struct sns_origin origin;
    struct arn topic;
    struct buf url;
    int r;

    if (!task->confirmation.token)
        return -ENOENT;
    if (!arn_parse(topic_arn, &topic) ||
        !settings_topic_is_allowed(outbound->service->settings, &topic) ||
        sns_url_origin(&topic, str_of(outbound->service->settings->sns.endpoint),
                       &origin) < 0)
        return -EPERM;
    buf_init(&url, CONFIRM_URL_BYTES_MAX);
    r = sns_url_confirmation(&origin, topic_arn, str_of(task->confirmation.token), &url);
    if (r == 0)
        r = https_get(outbound->service->https, url.data, confirmed, asking);
    buf_done(&url);
    return r;
}

static void serve_outbox(struct outbound *outbound)
{
    struct asking *asking;
    struct queue_node *node;

    while ((asking = asking_find_free(outbound)) &&
           (node = queue_take(&outbound->service->tasks, 1, 0))) {
        struct task *task = task_of(node);
        int r = begin_confirmation(outbound, asking, task);

        if (r == 0) {
            *asking = (struct asking){outbound, task};
            continue;
        }
        if (r == -EPERM)
            task_conclude(task, STORE_CONFIRM_FAILED,
                          STR("the topic is no longer in [sns] topic"));
        else if (r == -ENOENT)
            task_conclude(task, STORE_CONFIRM_FAILED,
                          STR("its token is lost or unreadable (it is in no backup of "
                              "the database); subscribe again"));
        else
            task_conclude(task, STORE_CONFIRM_RETRY, str_of(strerror(-r)));
        outbound_report(outbound, task);
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
        serve_outbox(outbound);
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
    queue_close(&service->tasks);
    https_wake(service->https);
    delivery_give_back_all(waiting_room_close(&service->room), VERDICT_STOPPING, NULL);
    (void)pthread_join(outbound->thread, NULL);
    /* What was not concluded stays in the outbox for the next start; nobody runs the
     * transfers any more that are under way. */
    for (size_t i = 0; i < CONFIRMATIONS_AT_ONCE; i++)
        task_free(outbound->asking[i].task);
    free(outbound);
}

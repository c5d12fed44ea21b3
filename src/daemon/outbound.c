#include "daemon/outbound.h"

#include <assert.h>
#include <errno.h>

#include "daemon/fetcher.h"
#include "daemon/http.h"
#include "daemon/limits.h"
#include "daemon/writer.h"
#include "sesbounce/https.h"

struct outbound {
    struct service *service;
    struct https *https;
    struct queue queue; /* of struct outbound_confirmation */
    struct fetcher fetcher;
    struct outbound_confirmation *asking[CONFIRMATIONS_AT_ONCE];
    pthread_t thread;
    atomic_bool stopping;
    busy_since busy;
};

void outbound_confirmation_free(struct outbound_confirmation *task)
{
    if (!task)
        return;
    store_confirmation_done(&task->confirmation);
    free(task);
}

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

static void conclude(struct outbound_confirmation *task, enum store_confirm_result result,
                     struct str text)
{
    size_t len = text.len < sizeof(task->text) ? text.len : sizeof(task->text) - 1;

    task->result = result;
    if (len > 0)
        memcpy(task->text, text.data, len);
    task->text[len] = '\0';
}

/* A token confirms any topic name in its region: the answer must name ours. */
static bool belongs_to(struct str subscription, const char *topic)
{
    size_t len = strlen(topic);

    return subscription.len > len + 1 && memcmp(subscription.data, topic, len) == 0 &&
           subscription.data[len] == ':' && subscription.len < ARN_BYTES_MAX &&
           !memchr(subscription.data, '<', subscription.len);
}

static void judge_answer(struct outbound_confirmation *task,
                         const struct https_answer *answer)
{
    struct str subscription;
    char text[64];

    if (answer->fault) {
        conclude(task, STORE_CONFIRM_RETRY, str_of(answer->fault));
        return;
    }
    (void)snprintf(text, sizeof(text), "the answer was HTTP %ld", answer->status);
    if (answer->status != 200) {
        bool final = answer->status >= 400 && answer->status < 500;

        conclude(task, final ? STORE_CONFIRM_FAILED : STORE_CONFIRM_RETRY, str_of(text));
        return;
    }
    subscription =
        str_trim(between(answer->body, "<SubscriptionArn>", "</SubscriptionArn>"));
    if (belongs_to(subscription, task->confirmation.topic_arn))
        conclude(task, STORE_CONFIRMED, subscription);
    else if (str_present(subscription))
        conclude(task, STORE_CONFIRM_FAILED, STR("the answer named another topic"));
    else
        conclude(task, STORE_CONFIRM_RETRY, STR("the answer held no SubscriptionArn"));
}

static void log_outcome(const struct outbound_confirmation *task)
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

static void report(struct outbound_confirmation *task)
{
    log_outcome(task);
    /* When the writer has closed its queue the outbox still has it: the next start asks.
     */
    if (writer_push(task->outbound->service->writer, &task->job) < 0)
        outbound_confirmation_free(task);
}

/* The place that holds `task`; for NULL a free one. NULL when there is none. */
static struct outbound_confirmation **place_of(struct outbound *outbound,
                                               const struct outbound_confirmation *task)
{
    for (size_t i = 0; i < CONFIRMATIONS_AT_ONCE; i++) {
        if (outbound->asking[i] == task)
            return &outbound->asking[i];
    }
    return NULL;
}

static void confirmed(void *context, const struct https_answer *answer)
{
    struct outbound_confirmation *task = context;
    struct outbound_confirmation **place = place_of(task->outbound, task);

    assert(place);
    *place = NULL;
    judge_answer(task, answer);
    report(task);
}

static int begin_confirmation(struct outbound *outbound,
                              struct outbound_confirmation *task)
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
        r = https_get(outbound->https, url.data, confirmed, task);
    buf_done(&url);
    return r;
}

static struct outbound_confirmation *task_of(struct queue_node *node)
{
    return queue_entry(queue_entry(node, struct writer_job, node),
                       struct outbound_confirmation, job);
}

static void serve_outbox(struct outbound *outbound)
{
    struct outbound_confirmation **place;
    struct queue_node *node;

    while ((place = place_of(outbound, NULL)) &&
           (node = queue_take(&outbound->queue, 1, 0))) {
        struct outbound_confirmation *task = task_of(node);
        int r = begin_confirmation(outbound, task);

        if (r == 0) {
            *place = task;
            continue;
        }
        if (r == -EPERM)
            conclude(task, STORE_CONFIRM_FAILED,
                     STR("the topic is no longer in [sns] topic"));
        else if (r == -ENOENT)
            conclude(task, STORE_CONFIRM_FAILED,
                     STR("its token is lost or unreadable (it is in no backup of the "
                         "database); subscribe again"));
        else
            conclude(task, STORE_CONFIRM_RETRY, str_of(strerror(-r)));
        report(task);
    }
}

/* --- the thread ------------------------------------------------------------------ */

static void *outbound_run(void *argument)
{
    struct outbound *outbound = argument;

    while (!atomic_load(&outbound->stopping)) {
        int wait_ms;

        busy_begin(&outbound->busy, clock_mono_ms());
        /* Certificates first: a delivery waits for one. */
        wait_ms = fetcher_serve(&outbound->fetcher);
        serve_outbox(outbound);
        /* Still busy: the wait is short, and what it calls back may be slow. */
        (void)https_run(outbound->https, wait_ms);
    }
    busy_end(&outbound->busy);
    return NULL;
}

int outbound_start(struct service *service, struct outbound **ret, bool *ret_of_ca_file)
{
    struct outbound *outbound = calloc(1, sizeof(*outbound));
    const char *ca_file = service->settings->sns.ca_file;
    int r;

    *ret_of_ca_file = false;
    if (!outbound)
        return -ENOMEM;
    outbound->service = service;
    r = https_new(ca_file, &outbound->https);
    *ret_of_ca_file = r < 0 && r != -ENOMEM && ca_file;
    fetcher_init(&outbound->fetcher, service, outbound->https);
    if (r == 0)
        r = queue_init(&outbound->queue, CONFIRMATIONS_AT_ONCE);
    if (r == 0) {
        r = -pthread_create(&outbound->thread, NULL, outbound_run, outbound);
        if (r < 0)
            queue_done(&outbound->queue);
    }
    if (r < 0) {
        https_free(outbound->https);
        free(outbound);
        return r;
    }
    *ret = outbound;
    return 0;
}

void outbound_wake(struct outbound *outbound)
{
    https_wake(outbound->https);
}

size_t outbound_room(struct outbound *outbound)
{
    return CONFIRMATIONS_AT_ONCE - queue_count(&outbound->queue);
}

int outbound_confirm(struct outbound *outbound, struct outbound_confirmation *task)
{
    int r = queue_push(&outbound->queue, &task->job.node);

    if (r == 0)
        outbound_wake(outbound);
    return r;
}

void outbound_stop(struct outbound *outbound)
{
    if (!outbound)
        return;
    atomic_store(&outbound->stopping, true);
    queue_close(&outbound->queue);
    outbound_wake(outbound);
    http_resume_waiting(waiting_room_close(&outbound->service->room), VERDICT_STOPPING,
                        NULL);
    (void)pthread_join(outbound->thread, NULL);
}

void outbound_free(struct outbound *outbound)
{
    struct queue_node *node;

    if (!outbound)
        return;
    /* What was not confirmed stays in the outbox for the next start. */
    while ((node = queue_take(&outbound->queue, 1, 0)))
        outbound_confirmation_free(task_of(node));
    for (size_t i = 0; i < CONFIRMATIONS_AT_ONCE; i++)
        outbound_confirmation_free(outbound->asking[i]);
    https_free(outbound->https);
    queue_done(&outbound->queue);
    free(outbound);
}

bool outbound_is_stuck(struct outbound *outbound, int64_t mono_ms)
{
    return busy_too_long(&outbound->busy, mono_ms);
}

#include "daemon/writer.h"

#include <errno.h>

#include "daemon/courier.h"
#include "daemon/database.h"
#include "daemon/limits.h"
#include "daemon/pruner.h"
#include "daemon/task.h"

struct writer {
    struct service *service;
    struct database database;
    pthread_t thread;
    int64_t tasks_due_ms; /* of task_hand_out() */
    uint64_t dropped;     /* from the quarantine, and not told yet */
    struct log_ration dropped_ration;
    struct pruner pruner;
    struct courier courier;
};

#define NOT_STORED "a delivery could not be stored and gets 503; SNS repeats it"

/* --- a batch --------------------------------------------------------------------- */

/* One transaction for all of `first`; 0, or the fault after which nothing of it is kept.
 */
static int batch_commit(struct writer *writer, struct queue_node *first)
{
    struct metrics *metrics = &writer->service->metrics;
    struct store *store = writer->database.store;
    int64_t begin_us;
    int r = store_begin(store);

    if (r < 0)
        return r;
    for (struct queue_node *node = first; r == 0 && node; node = node->next)
        r = job_of(node)->add(job_of(node), store);
    begin_us = clock_mono_us();
    if (r == 0)
        r = store_commit(store);
    if (r < 0) {
        store_rollback(store);
        return r;
    }
    durations_add(&metrics->durations[DURATION_COMMIT], begin_us);
    metrics_count(&metrics->batches);
    reader_wake(&writer->service->reader);
    return 0;
}

static void batch_end(struct queue_node *first, int fault)
{
    while (first) {
        struct job *job = job_of(first);

        first = first->next;
        job->done(job, fault);
    }
}

/*
 * One transaction each, so that one job's fault is not another's. `fault` is that of the
 * whole batch. A fault of the surroundings hits all alike, and nobody must wait for more
 * of the same: then the rest is not tried, and so not acknowledged.
 */
static void batch_write_alone(struct writer *writer, struct queue_node *first, int fault)
{
    int64_t give_up_ms = clock_mono_ms() + WRITER_REPLAY_MS;
    int for_all = fault == -EBUSY ? fault : 0;

    while (first) {
        struct queue_node *next = first->next;
        int r = for_all;

        first->next = NULL;
        if (r == 0)
            r = batch_commit(writer, first);
        if (r == -EBUSY || store_fault_stays(r))
            for_all = r;
        else if (clock_mono_ms() >= give_up_ms)
            for_all = r < 0 ? r : fault;
        if (r < 0 && writer->database.store)
            database_fault(&writer->database, NOT_STORED, r);
        batch_end(first, r);
        first = next;
    }
}

static void batch_write(struct writer *writer, struct queue_node *first)
{
    int r = database_unusable(&writer->database);

    if (r == 0) {
        r = batch_commit(writer, first);
        if (r < 0 && first->next && !store_fault_stays(r)) {
            database_fault(
                &writer->database,
                "a batch could not be stored; its deliveries are tried one by one", r);
            batch_write_alone(writer, first, r);
            return;
        }
        if (r < 0)
            database_fault(&writer->database, NOT_STORED, r);
    }
    batch_end(first, r);
    if (r == 0)
        database_works(&writer->database);
}

/* Ends what is late, and returns the rest in its order. */
static struct queue_node *batch_sort_out(struct queue_node *node)
{
    struct queue_node *first = NULL;
    struct queue_node **link = &first;
    int64_t now_ms = clock_mono_ms();

    while (node) {
        struct queue_node *next = node->next;

        node->next = NULL;
        if (now_ms >= job_of(node)->deadline_ms) {
            batch_end(node, -ETIME);
        } else {
            *link = node;
            link = &node->next;
        }
        node = next;
    }
    return first;
}

/* --- between two batches --------------------------------------------------------- */

static bool writer_may_write(const struct writer *writer)
{
    return writer->database.store && health_store_fault(&writer->service->health) == 0;
}

static void writer_expire(struct writer *writer)
{
    struct store *store = writer->database.store;
    bool more = false;
    int r = store_check_in_place(store);

    if (r < 0) {
        database_fault(&writer->database, "the database is not there any more", r);
        return;
    }
    r = store_expire(store, clock_wall_ms(), &more);

    if (r == 0) {
        r = store_recount(store, &writer->service->settings->policy, clock_wall_ms(),
                          &more);
        if (r < 0)
            database_fault(&writer->database, "soft bounces could not be counted again",
                           r);
        return;
    }
    if (r < 0)
        database_fault(&writer->database, "the end of a term could not be logged", r);
}

static void writer_tell_dropped(struct writer *writer)
{
    unsigned held_back = 0;
    char count[24];

    if (writer->dropped == 0 ||
        !log_ration_pass(&writer->dropped_ration, clock_mono_ms(), 1, &held_back))
        return;
    (void)snprintf(count, sizeof(count), "%llu", (unsigned long long)writer->dropped);
    log_event(LOG_LEVEL_WARNING,
              "the quarantine has reached [retention] quarantine_bytes, so the oldest "
              "messages of the topic and reason that take the most were dropped",
              {"COUNT", str_of(count)},
              {"ADVICE", STR("`sesbouncectl quarantine list` shows what fills it")});
    writer->dropped = 0;
}

/* Between two deliveries, too, if none waits: under load the writer is never idle. */
static void writer_prune(struct writer *writer)
{
    int r;

    if (queue_count(&writer->service->jobs) > 0)
        return;
    r = pruner_step(&writer->pruner, writer->database.store);
    if (r < 0)
        database_fault(&writer->database,
                       "what is too old to be kept could not be deleted", r);
}

static void guard_tell(const struct store_guard *guard)
{
    char hard[24], usual[24], advice[2 * sizeof(guard->provider) + 160];

    (void)snprintf(hard, sizeof(hard), "%lld", (long long)guard->hard);
    (void)snprintf(usual, sizeof(usual), "%lld", (long long)guard->usual);
    (void)snprintf(advice, sizeof(advice),
                   "if it is an outage: sesbouncectl suppress drop guard:%s; if the "
                   "addresses are gone: sesbouncectl suppress release guard:%s",
                   guard->provider, guard->provider);
    log_event(LOG_LEVEL_WARNING,
              "a provider suddenly bounces nearly everything, so its hard bounces are "
              "held and nobody is suppressed for them",
              {"PROVIDER", str_of(guard->provider)}, {"HARD_BOUNCES", str_of(hard)},
              {"USUAL", str_of(usual)}, {"ADVICE", str_of(advice)});
}

/* One line each time that the outage guard begins to hold a provider's bounces. */
static void writer_tell_guard(struct writer *writer)
{
    struct store_guard guard;
    size_t more;
    char count[24];

    while (store_guard_news(writer->database.store, &guard, &more)) {
        guard_tell(&guard);
        if (more == 0)
            continue;
        (void)snprintf(count, sizeof(count), "%zu", more);
        log_event(LOG_LEVEL_WARNING, "the hard bounces of further providers are held",
                  {"PROVIDERS", str_of(count)},
                  {"ADVICE", STR("sesbouncectl suppress held lists them")});
    }
}

/* A step; while there is more to drop, another one follows each batch. */
static void writer_bound_quarantine(struct writer *writer)
{
    uint64_t max_bytes = writer->service->settings->retention.quarantine_bytes;
    size_t dropped = 0;
    int r = store_quarantine_bound(writer->database.store, (int64_t)max_bytes,
                                   clock_wall_ms(), &dropped);

    writer->dropped += dropped;
    writer_tell_dropped(writer);
    if (r < 0)
        database_fault(&writer->database,
                       "the quarantine could not be kept within its bounds", r);
}

static void writer_hand_out_tasks(struct writer *writer)
{
    int r = task_hand_out(writer->service, writer->database.store, &writer->tasks_due_ms);

    if (r < 0)
        database_fault(&writer->database, "the outbox could not be read", r);
}

/* Before the database may be replaced. */
static void writer_send(struct writer *writer)
{
    int r =
        courier_step(&writer->courier, writer->database.store, writer_may_write(writer));

    if (r < 0)
        database_fault(&writer->database, "what is to be sent could not be looked up", r);
}

static void writer_keep_house(struct writer *writer, bool is_idle)
{
    if (is_idle && writer_may_write(writer))
        writer_expire(writer);
    if (writer_may_write(writer) &&
        (is_idle || store_quarantine_grew(writer->database.store)))
        writer_bound_quarantine(writer);
    if (writer_may_write(writer))
        writer_prune(writer);
    if (writer_may_write(writer))
        writer_tell_guard(writer);
    writer_send(writer);
    database_mend(&writer->database);
    if (writer->database.store)
        writer_hand_out_tasks(writer);
    /* A fault is not logged here: the next job that needs the store logs it. */
    if (writer_may_write(writer))
        (void)store_metrics_look(&writer->service->store_metrics, writer->database.store,
                                 clock_mono_ms());
    if (writer->database.store)
        checkpointer_edge(writer->database.checkpointer, writer->database.store);
    atomic_store(&writer->service->metrics.log_bytes,
                 writer->database.store ? store_idle_bytes(writer->database.store) : 0);
}

/* When to go on even if nobody asks. */
static int64_t writer_next_ms(const struct writer *writer)
{
    int64_t tick_ms = clock_mono_ms() + WRITER_TICK_MS;
    int64_t prune_ms = writer->pruner.next_ms;
    int64_t send_ms = courier_next_ms(&writer->courier, clock_mono_ms());
    int64_t next_ms = writer_may_write(writer) && prune_ms < tick_ms ? prune_ms : tick_ms;

    return send_ms < next_ms ? send_ms : next_ms;
}

/* --- the thread ------------------------------------------------------------------ */

static void *writer_run(void *argument)
{
    struct writer *writer = argument;
    struct queue *jobs = &writer->service->jobs;
    busy_since *busy = &writer->service->busy[BUSY_WRITER];

    for (;;) {
        struct queue_node *batch =
            queue_take(jobs, WRITER_BATCH_MAX, writer_next_ms(writer));
        bool is_idle = !batch;

        /* In this order: after the close nobody pushes. */
        if (is_idle && queue_is_closed(jobs) && queue_count(jobs) == 0)
            break;
        busy_begin(busy, clock_mono_ms());
        batch = batch_sort_out(batch);
        if (batch)
            batch_write(writer, batch);
        writer_keep_house(writer, is_idle);
        busy_end(busy);
    }
    return NULL;
}

int writer_start(struct service *service, struct store *store, struct writer **ret)
{
    struct writer *writer = calloc(1, sizeof(*writer));
    int r;

    if (!writer)
        return -ENOMEM;
    writer->service = service;
    writer->database = (struct database){.service = service, .store = store};
    pruner_init(&writer->pruner, service->settings);
    courier_init(&writer->courier, service);
    if (store)
        service_allow_readers(service, store);
    r = checkpointer_start(service->settings->store.path,
                           &service->busy[BUSY_CHECKPOINTER],
                           &writer->database.checkpointer);
    if (r == 0)
        r = -pthread_create(&writer->thread, NULL, writer_run, writer);
    if (r < 0) { /* the store is still the caller's */
        checkpointer_stop(writer->database.checkpointer);
        free(writer);
        return r;
    }
    *ret = writer;
    return 0;
}

void writer_stop(struct writer *writer)
{
    struct store *store;

    if (!writer)
        return;
    queue_close(&writer->service->jobs);
    (void)pthread_join(writer->thread, NULL);
    checkpointer_stop(writer->database.checkpointer);
    store = writer->database.store;
    if (store)
        (void)store_idle_end(store);
    store_close(store);
    free(writer);
}

/* --- the sweep, by main ---------------------------------------------------------- */

static bool job_is_late(struct queue_node *node, void *by_ms)
{
    return job_of(node)->deadline_ms <= *(int64_t *)by_ms;
}

void writer_sweep(struct service *service, int64_t mono_ms)
{
    int64_t next_tick_ms = mono_ms + MAIN_TICK_MS;

    batch_end(queue_take_if(&service->jobs, job_is_late, &next_tick_ms), -ETIME);
    /* Until the writer comes back, which tries the store before anything else. */
    if (!busy_longer(&service->busy[BUSY_WRITER], mono_ms, ANSWER_MS) ||
        !health_store_hangs(&service->health))
        return;
    health_store_tell(&service->health, service->settings->store.path);
}

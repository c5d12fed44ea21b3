#include "daemon/writer.h"

#include <errno.h>

#include "daemon/checkpointer.h"
#include "daemon/http.h"
#include "daemon/limits.h"
#include "daemon/outbound.h"

struct writer {
    struct service *service;
    struct queue queue;
    struct store *store; /* NULL while the file cannot be opened */
    struct checkpointer *checkpointer;
    pthread_t thread;
    busy_since busy;
    atomic_int fatal;
    /* A fault that stays until somebody puts another file there, and how the file looked
     * when it was last tried, and a moment ago. */
    int lasting;
    uint64_t look_tried;
    uint64_t look_seen;
    struct store_files held;      /* those of the store that was put down */
    int64_t confirmations_due_ms; /* wall clock; CLOCK_NONE: nothing in the outbox */
    struct log_ration fault_ration;
    /* The log's last word is that it is not storing. A hanging disk is told by main. */
    atomic_bool told_not_storing;
    struct log_ration not_storing_ration;
    bool quarantined; /* something, since the quarantine was last seen to be in bounds */
    uint64_t dropped; /* from it, and not told yet */
    struct log_ration dropped_ration;
};

/* Unless the log says so; what the ration holds back now is told when it next allows. */
static void tell_not_storing(struct writer *writer)
{
    const char *trouble = atomic_load(&writer->service->trouble);
    unsigned held_back = 0;

    if (atomic_load(&writer->told_not_storing) ||
        !log_ration_pass(&writer->not_storing_ration, clock_mono_ms(),
                         STORE_FAULT_LOGS_A_MINUTE, &held_back))
        return;
    log_event(LOG_LEVEL_ERROR, "NOT STORING, deliveries get 503 and SNS repeats them",
              {"PATH", str_of(writer->service->settings->store.path)},
              {"ADVICE", str_of(trouble)});
    atomic_store(&writer->told_not_storing, true);
}

static void tell_fault(struct writer *writer, const char *what, int error)
{
    unsigned held_back = 0;

    metrics_count(&writer->service->metrics.store_faults);
    atomic_store(&writer->service->trouble, store_advice(error));
    atomic_store(&writer->service->storing, false);
    if (error == -EUCLEAN || error == -ENOTSUP)
        atomic_store(&writer->fatal, error);
    if (log_ration_pass(&writer->fault_ration, clock_mono_ms(), STORE_FAULT_LOGS_A_MINUTE,
                        &held_back))
        log_event(LOG_LEVEL_ERROR, what, {"ERROR", str_of(strerror(-error))},
                  {"DETAIL", str_of(writer->store ? store_fault(writer->store) : NULL)});
    tell_not_storing(writer);
}

/* Lets go of a file that cannot be used until it is another one. What was replaced before
 * we noticed (-ESTALE) is another one already. */
static void put_down(struct writer *writer, int error)
{
    const char *path = writer->service->settings->store.path;

    checkpointer_let_go(writer->checkpointer);
    if (writer->store)
        store_files_of(writer->store, &writer->held);
    store_close(take_ptr(writer->store));
    writer->lasting = error;
    writer->look_seen = store_fingerprint(path);
    writer->look_tried = error == -ESTALE ? 0 : writer->look_seen;
}

static void note_fault(struct writer *writer, const char *what, int error)
{
    tell_fault(writer, what, error);
    if (store_fault_stays(error))
        put_down(writer, error);
}

void writer_tell_if_new(const struct store *store, const char *path)
{
    if (store_is_new(store))
        log_event(LOG_LEVEL_WARNING,
                  "there was no database, so a new, empty list was begun",
                  {"PATH", str_of(path)},
                  {"ADVICE", STR("on a new installation all is well; if a database was "
                                 "lost, stop sesbounced and restore a backup: "
                                 "sesbounced(8)")});
}

static void note_success(struct writer *writer)
{
    if (writer->lasting)
        return;
    atomic_store(&writer->service->storing, true);
    if (atomic_exchange(&writer->told_not_storing, false))
        log_event(LOG_LEVEL_NOTICE, "the store works again",
                  {"PATH", str_of(writer->service->settings->store.path)});
}

static struct delivery *delivery_of(struct queue_node *node)
{
    return queue_entry(queue_entry(node, struct writer_job, node), struct delivery, job);
}

/* One transaction for all of `first`; 0, or the fault after which nothing of it is kept.
 */
static int commit_list(struct writer *writer, struct queue_node *first)
{
    int r = store_begin(writer->store);

    if (r < 0)
        return r;
    for (struct queue_node *node = first; r == 0 && node; node = node->next) {
        struct delivery *delivery = delivery_of(node);

        r = store_apply(writer->store, &delivery->intake, &delivery->applied);
    }
    if (r == 0)
        r = store_commit(writer->store);
    if (r < 0)
        store_rollback(writer->store);
    else
        metrics_count(&writer->service->metrics.batches);
    return r;
}

/* After the commit, and only then, what was applied becomes the answer. */
static void answer_list(struct writer *writer, struct queue_node *first, int fault)
{
    while (first) {
        struct delivery *delivery = delivery_of(first);

        first = first->next;
        if (fault == 0) {
            delivery_decide(delivery, delivery->applied, NULL);
            if (delivery->applied == VERDICT_QUARANTINED)
                writer->quarantined = true;
            if (delivery->intake.kind == INTAKE_CONFIRM)
                writer->confirmations_due_ms = 0; /* look at the outbox at once */
        } else {
            delivery_decide(delivery,
                            fault == -ENOMEM ? VERDICT_NO_MEMORY : VERDICT_STORE,
                            store_advice(fault));
        }
        http_resume(delivery);
    }
}

/*
 * One transaction each, so that one delivery's fault is not another's. `fault` is that of
 * the whole batch. A fault of the surroundings hits all alike, and nobody shall wait for
 * more of the same: then the rest is not tried, and so not acknowledged.
 */
static void write_alone(struct writer *writer, struct queue_node *first, int fault)
{
    int64_t give_up_ms = clock_mono_ms() + WRITER_REPLAY_MS;
    int for_all = fault == -EBUSY ? fault : 0;

    while (first) {
        struct queue_node *next = first->next;
        int r = for_all;

        first->next = NULL;
        if (r == 0)
            r = commit_list(writer, first);
        if (r == -EBUSY || store_fault_stays(r))
            for_all = r;
        else if (clock_mono_ms() >= give_up_ms)
            for_all = r < 0 ? r : fault;
        if (r < 0 && !writer->lasting)
            note_fault(writer,
                       "a delivery could not be stored and gets 503; SNS repeats it", r);
        answer_list(writer, first, r);
        first = next;
    }
}

static void write_list(struct writer *writer, struct queue_node *first)
{
    int r;

    if (!first)
        return;
    if (!writer->store) {
        answer_list(writer, first, writer->lasting ? writer->lasting : -EIO);
        return;
    }
    r = commit_list(writer, first);
    if (r < 0 && first->next && !store_fault_stays(r)) {
        note_fault(writer,
                   "a batch could not be stored; its deliveries are tried one by one", r);
        write_alone(writer, first, r);
        return;
    }
    if (r < 0)
        note_fault(writer, "a delivery could not be stored and gets 503; SNS repeats it",
                   r);
    answer_list(writer, first, r);
    if (r == 0)
        note_success(writer);
}

static void write_confirmation(struct writer *writer, struct queue_node *node)
{
    struct writer_job *job = queue_entry(node, struct writer_job, node);
    struct outbound_confirmation *task =
        queue_entry(job, struct outbound_confirmation, job);
    int r = writer->store ? store_confirmation_result(writer->store,
                                                      task->confirmation.id, task->result,
                                                      str_of(task->text), clock_wall_ms())
                          : -EIO;

    if (r < 0 && writer->store)
        note_fault(writer, "the outcome of a confirmation could not be stored", r);
    writer->confirmations_due_ms = 0;
    outbound_confirmation_free(task);
}

static void answer_late(struct delivery *delivery)
{
    delivery_decide(delivery, VERDICT_BUSY, "waited too long for the disk");
    http_resume(delivery);
}

/*
 * Sorts a batch: late deliveries out, the rest to one transaction, in their order; then
 * the outcomes of confirmations, for which nobody waits.
 */
static void handle_batch(struct writer *writer, struct queue_node *node)
{
    struct queue_node *first = NULL;
    struct queue_node **link = &first;
    struct queue_node *outcomes = NULL;
    int64_t now_ms = clock_mono_ms();

    while (node) {
        struct queue_node *next = node->next;

        node->next = NULL;
        if (queue_entry(node, struct writer_job, node)->kind == WRITER_JOB_CONFIRMATION) {
            node->next = outcomes;
            outcomes = node;
        } else if (now_ms >= delivery_of(node)->deadline_ms) {
            answer_late(delivery_of(node));
        } else {
            *link = node;
            link = &node->next;
        }
        node = next;
    }
    write_list(writer, first);
    while (outcomes) {
        struct queue_node *next = outcomes->next;

        write_confirmation(writer, outcomes);
        outcomes = next;
    }
}

static int hand_over(struct writer *writer, struct store_confirmation *due)
{
    struct outbound_confirmation *task = calloc(1, sizeof(*task));
    int r = -ENOMEM;

    if (task) {
        task->job.kind = WRITER_JOB_CONFIRMATION;
        task->outbound = writer->service->outbound;
        task->confirmation = *due;
        *due = (struct store_confirmation){0};
        r = outbound_confirm(writer->service->outbound, task);
        if (r < 0)
            outbound_confirmation_free(task);
    }
    store_confirmation_done(due);
    return r;
}

static void look_at_outbox(struct writer *writer)
{
    struct store_confirmation due[CONFIRMATIONS_AT_ONCE];
    struct outbound *outbound = atomic_load(&writer->service->outbound);
    int64_t now_ms = clock_wall_ms();
    size_t room;
    int count;

    if (!writer->store || !outbound)
        return;
    if (store_changed_elsewhere(writer->store))
        writer->confirmations_due_ms = 0; /* `sesbouncectl topics confirm` */
    /* Further ahead than any back-off: the clock was set back since. */
    if (writer->confirmations_due_ms > now_ms + CONFIRM_MAX_MS)
        writer->confirmations_due_ms = 0;
    if (writer->confirmations_due_ms == CLOCK_NONE ||
        now_ms < writer->confirmations_due_ms)
        return;
    /* What is given out must be taken: the rest waits in the outbox. */
    room = outbound_room(outbound);
    if (room == 0)
        return;
    count = store_confirmations_due(writer->store, now_ms, due, room,
                                    &writer->confirmations_due_ms);
    if (count < 0) {
        note_fault(writer, "the outbox could not be read", count);
        writer->confirmations_due_ms = now_ms + CLOCK_SECOND_MS;
    }
    for (int i = 0; i < count; i++)
        (void)hand_over(writer, &due[i]);
}

static int open_again(struct writer *writer)
{
    const char *path = writer->service->settings->store.path;
    int r = store_open(path, STORE_OWN, &writer->store, NULL);

    if (r == 0) {
        writer->confirmations_due_ms = 0;
        writer_tell_if_new(writer->store, path);
    }
    if (store_fault_stays(r))
        put_down(writer, r);
    return r;
}

/* Whoever replaced the database may have left the log of the old one beside it. */
static int set_log_aside(struct writer *writer, const char *path)
{
    int r = store_set_log_aside(path, &writer->held);

    if (r == 1)
        log_event(
            LOG_LEVEL_WARNING,
            "the write-ahead log of the database that was replaced does not belong "
            "to the new one and was renamed",
            {"PATH", str_of(path)},
            {"ADVICE", STR("it is PATH-wal.old; remove it, or keep it together with "
                           "the old database")});
    return r < 0 ? r : 0;
}

/* What fails for a reason that is not the file's own, such as a lock, is tried again. */
static void try_replaced(struct writer *writer, const char *path)
{
    const char *trouble = atomic_load(&writer->service->trouble);
    _cleanup_(buf_done) struct buf detail;
    bool of_file;
    int r;

    buf_init(&detail, STORE_FAULT_BYTES_MAX);
    r = set_log_aside(writer, path);
    if (r == 0)
        r = store_open_again(path, &writer->store, &detail);
    if (r == 0) {
        writer->lasting = 0;
        writer->confirmations_due_ms = 0;
        note_success(writer);
        return;
    }
    of_file = store_fault_stays(r) || r == -ENOENT || r == -EACCES;
    if (of_file || store_advice(r) != trouble)
        log_event(LOG_LEVEL_ERROR, "the database that is there now cannot be used",
                  {"ERROR", str_of(strerror(-r))}, {"DETAIL", buf_str(&detail)});
    atomic_store(&writer->service->trouble, store_advice(r));
    if (of_file)
        writer->look_tried = writer->look_seen = store_fingerprint(path);
}

/*
 * Has another file taken the place of the one that cannot be used? It is tried once for
 * each change, and only when it has not changed for a tick, so that no half of a copy is.
 */
static void mend_lasting(struct writer *writer)
{
    const char *path = writer->service->settings->store.path;
    uint64_t look = store_fingerprint(path);

    if (look == writer->look_tried || look != writer->look_seen) {
        metrics_count(&writer->service->metrics.store_faults);
        writer->look_seen = look;
        return;
    }
    try_replaced(writer, path);
}

/* A file that cannot be opened yet is tried again; a store that failed is probed. */
static void try_to_mend(struct writer *writer)
{
    const char *trouble = atomic_load(&writer->service->trouble);
    int r;

    if (writer->lasting) {
        mend_lasting(writer);
        return;
    }
    r = writer->store ? store_probe(writer->store) : open_again(writer);
    if (r == 0)
        note_success(writer);
    else if (store_advice(r) != trouble) /* not the same each second */
        note_fault(writer, "the database still cannot be used", r);
    else
        metrics_count(&writer->service->metrics.store_faults);
}

static void writer_mend(struct writer *writer)
{
    if (atomic_load(&writer->service->storing))
        return;
    try_to_mend(writer);
    if (!atomic_load(&writer->service->storing))
        tell_not_storing(writer);
}

static void writer_tidy(struct writer *writer)
{
    bool more = false;
    int r = 0;

    if (writer->store && atomic_load(&writer->service->storing))
        r = store_tidy(writer->store, clock_wall_ms(), &more);
    if (r < 0)
        note_fault(writer, "expired de-duplication keys could not be deleted", r);
}

static void tell_dropped(struct writer *writer)
{
    unsigned held_back = 0;
    struct buf count;

    if (writer->dropped == 0 ||
        !log_ration_pass(&writer->dropped_ration, clock_mono_ms(), 1, &held_back))
        return;
    buf_init(&count, LOG_VALUE_BYTES_MAX);
    (void)buf_printf(&count, "%llu", (unsigned long long)writer->dropped);
    log_event(LOG_LEVEL_WARNING,
              "the quarantine has reached [retention] quarantine_bytes, so the oldest "
              "messages of the topic and reason that take the most were dropped",
              {"COUNT", buf_str(&count)},
              {"ADVICE", STR("`sesbouncectl quarantine list` shows what fills it")});
    buf_done(&count);
    writer->dropped = 0;
}

/* A step; while there is more to drop, another one follows each batch. */
static void bound_quarantine(struct writer *writer)
{
    uint64_t max_bytes = writer->service->settings->retention.quarantine_bytes;
    size_t dropped = 0;
    int r;

    if (!writer->store || !atomic_load(&writer->service->storing))
        return;
    r = store_quarantine_bound(writer->store, (int64_t)max_bytes, clock_wall_ms(),
                               &dropped);
    writer->quarantined = dropped > 0;
    writer->dropped += dropped;
    tell_dropped(writer);
    if (r < 0)
        note_fault(writer, "the quarantine could not be kept within its bounds", r);
}

/* A fault is told by whoever needs the store. */
static void look_for_metrics(struct writer *writer)
{
    if (writer->store && atomic_load(&writer->service->storing))
        (void)store_metrics_look(&writer->service->store_metrics, writer->store,
                                 clock_mono_ms());
}

static void *writer_run(void *argument)
{
    struct writer *writer = argument;

    for (;;) {
        struct queue_node *batch = queue_take(&writer->queue, WRITER_BATCH_MAX,
                                              clock_mono_ms() + WRITER_TICK_MS);

        busy_begin(&writer->busy, clock_mono_ms());
        if (batch)
            handle_batch(writer, batch);
        else if (queue_is_closed(&writer->queue))
            break;
        else
            writer_tidy(writer);
        if (!batch || writer->quarantined)
            bound_quarantine(writer);
        writer_mend(writer);
        look_at_outbox(writer);
        look_for_metrics(writer);
        if (writer->store)
            checkpointer_edge(writer->checkpointer, writer->store);
        busy_end(&writer->busy);
    }
    busy_end(&writer->busy);
    return NULL;
}

int writer_start(struct service *service, struct store *store, struct writer **ret)
{
    struct writer *writer = calloc(1, sizeof(*writer));
    int r;

    if (!writer)
        return -ENOMEM;
    writer->service = service;
    r = queue_init(&writer->queue, service->bounds.writer_queue);
    if (r < 0) {
        free(writer);
        return r;
    }
    writer->store = store;
    atomic_store(&service->storing, store != NULL);
    atomic_store(&writer->told_not_storing, store == NULL); /* by main */
    r = checkpointer_start(service->settings->store.path, &writer->checkpointer);
    if (r == 0)
        r = -pthread_create(&writer->thread, NULL, writer_run, writer);
    if (r < 0) {
        writer->store = NULL; /* still the caller's */
        checkpointer_stop(writer->checkpointer);
        queue_done(&writer->queue);
        free(writer);
        return r;
    }
    *ret = writer;
    return 0;
}

int writer_push(struct writer *writer, struct writer_job *job)
{
    return queue_push(&writer->queue, &job->node);
}

bool writer_is_full(struct writer *writer)
{
    return queue_count(&writer->queue) >= writer->queue.max;
}

static bool is_late(struct queue_node *node, void *by_ms)
{
    return queue_entry(node, struct writer_job, node)->kind == WRITER_JOB_DELIVERY &&
           delivery_of(node)->deadline_ms <= *(int64_t *)by_ms;
}

/* Until the writer comes back, which tries the store before anything else. */
static void tell_if_hanging(struct writer *writer, int64_t mono_ms)
{
    static const char advice[] = "the disk does not answer: `dmesg`";
    struct service *service = writer->service;

    if (!busy_longer(&writer->busy, mono_ms, ANSWER_MS) ||
        !atomic_load(&service->storing))
        return;
    metrics_count(&service->metrics.store_faults);
    atomic_store(&service->trouble, advice);
    atomic_store(&service->storing, false);
    tell_not_storing(writer);
}

void writer_sweep(struct writer *writer, int64_t mono_ms)
{
    int64_t next_tick_ms = mono_ms + MAIN_TICK_MS;
    struct queue_node *late = queue_take_if(&writer->queue, is_late, &next_tick_ms);

    while (late) {
        struct queue_node *next = late->next;

        answer_late(delivery_of(late));
        late = next;
    }
    tell_if_hanging(writer, mono_ms);
}

void writer_stop(struct writer *writer)
{
    if (!writer)
        return;
    queue_close(&writer->queue);
    (void)pthread_join(writer->thread, NULL);
    checkpointer_stop(take_ptr(writer->checkpointer));
    if (writer->store)
        (void)store_checkpoint_restart(writer->store);
    store_close(take_ptr(writer->store));
}

void writer_free(struct writer *writer)
{
    if (!writer)
        return;
    queue_done(&writer->queue);
    free(writer);
}

bool writer_is_stuck(struct writer *writer, int64_t mono_ms)
{
    return busy_too_long(&writer->busy, mono_ms) ||
           checkpointer_is_stuck(writer->checkpointer, mono_ms);
}

int writer_fatal(struct writer *writer)
{
    return atomic_load(&writer->fatal);
}

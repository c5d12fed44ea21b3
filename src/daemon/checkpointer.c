#include "daemon/checkpointer.h"

#include <errno.h>
#include <pthread.h>

#include "daemon/limits.h"
#include "sesbounce/log.h"

enum checkpoint_state { CHECKPOINT_IDLE, CHECKPOINT_ASKED, CHECKPOINT_COPIED };

struct checkpointer {
    pthread_mutex_t mutex;
    pthread_cond_t asked;
    pthread_cond_t copied;
    enum checkpoint_state state;
    bool stopping;
    const char *path;
    struct store *store; /* the thread's while ASKED, else the writer's to close */
    struct log_ration fault_ration;
    pthread_t thread;
    busy_since *busy;
    /* By the writer only. */
    int64_t asked_at_bytes; /* the WAL's size when it last asked */
    struct log_ration pinned_ration;
    bool early_reads; /* told: somebody reads who began before the store was opened */
};

static void checkpointer_copy(struct checkpointer *checkpointer)
{
    unsigned held_back = 0;
    int r = 0;

    if (!checkpointer->store)
        r = store_open(checkpointer->path, STORE_IDLE, &checkpointer->store, NULL);
    if (r == 0)
        r = store_idle(checkpointer->store);
    if (r < 0)
        store_close(take_ptr(checkpointer->store));
    /* What is committed is safe in the WAL all the same: told, and tried again. */
    if (r < 0 && log_ration_pass(&checkpointer->fault_ration, clock_mono_ms(),
                                 STORE_FAULT_LOGS_A_MINUTE, &held_back))
        log_event(LOG_LEVEL_WARNING, "a checkpoint failed, so the write-ahead log grows",
                  {"PATH", str_of(checkpointer->path)},
                  {"ADVICE", str_of(store_advice(r))});
}

static void *checkpointer_run(void *argument)
{
    struct checkpointer *checkpointer = argument;

    pthread_mutex_lock(&checkpointer->mutex);
    for (;;) {
        while (checkpointer->state != CHECKPOINT_ASKED && !checkpointer->stopping)
            pthread_cond_wait(&checkpointer->asked, &checkpointer->mutex);
        if (checkpointer->stopping)
            break;
        pthread_mutex_unlock(&checkpointer->mutex);

        busy_begin(checkpointer->busy, clock_mono_ms());
        checkpointer_copy(checkpointer);
        busy_end(checkpointer->busy);

        pthread_mutex_lock(&checkpointer->mutex);
        checkpointer->state = CHECKPOINT_COPIED;
        pthread_cond_signal(&checkpointer->copied);
    }
    pthread_mutex_unlock(&checkpointer->mutex);
    return NULL;
}

static void free_checkpointer(struct checkpointer *checkpointer)
{
    (void)pthread_cond_destroy(&checkpointer->asked);
    (void)pthread_cond_destroy(&checkpointer->copied);
    (void)pthread_mutex_destroy(&checkpointer->mutex);
    store_close(checkpointer->store);
    free(checkpointer);
}

int checkpointer_start(const char *path, busy_since *busy, struct checkpointer **ret)
{
    struct checkpointer *checkpointer = calloc(1, sizeof(*checkpointer));
    int r;

    if (!checkpointer)
        return -ENOMEM;
    checkpointer->path = path;
    checkpointer->busy = busy;
    (void)pthread_mutex_init(&checkpointer->mutex, NULL);
    (void)pthread_cond_init(&checkpointer->asked, NULL);
    (void)pthread_cond_init(&checkpointer->copied, NULL);
    r = -pthread_create(&checkpointer->thread, NULL, checkpointer_run, checkpointer);
    if (r < 0) {
        free_checkpointer(checkpointer);
        return r;
    }
    *ret = checkpointer;
    return 0;
}

/* It may hold only -wal or -shm. */
static void print_advice(const struct checkpointer *checkpointer, struct buf *ret)
{
    buf_init(ret, LOG_VALUE_BYTES_MAX);
    (void)buf_printf(ret,
                     "if it does not end by itself, end it: as root, `fuser -v %s*` "
                     "shows it",
                     checkpointer->path);
}

/* Those who began to read the file at rest hold up nothing but the checkpoints. A process
 * that has several connections holds them up until it has closed all of them. */
static void log_early_reader(const struct checkpointer *checkpointer, pid_t pid)
{
    struct buf text;
    struct buf advice;

    buf_init(&text, LOG_VALUE_BYTES_MAX);
    (void)buf_printf(&text, "%ld", (long)pid);
    print_advice(checkpointer, &advice);
    log_event(LOG_LEVEL_NOTICE,
              "a process that began to read the database while sesbounced was stopped "
              "is still reading: messages are stored, but the write-ahead log grows "
              "until it ends or has closed all of its connections",
              {"READER", pid > 0 ? buf_str(&text) : STR("in another container")},
              {"PATH", str_of(checkpointer->path)}, {"ADVICE", buf_str(&advice)});
    buf_done(&advice);
    buf_done(&text);
}

static void look_at_early_reader(struct checkpointer *checkpointer, struct store *store)
{
    pid_t pid = 0;
    bool reads = store_early_reader(store, &pid);

    if (reads == checkpointer->early_reads)
        return;
    checkpointer->early_reads = reads;
    if (reads)
        log_early_reader(checkpointer, pid);
    else
        log_event(LOG_LEVEL_NOTICE, "the last process that began to read the database "
                                    "while sesbounced was stopped has ended");
}

static void tell_if_pinned(struct checkpointer *checkpointer, struct store *store,
                           int64_t wal_bytes)
{
    unsigned held_back = 0;
    struct buf advice;
    pid_t pid = 0;

    if (wal_bytes < STORE_WAL_PINNED_BYTES ||
        !log_ration_pass(&checkpointer->pinned_ration, clock_mono_ms(), 1, &held_back))
        return;
    if (store_early_reader(store, &pid)) {
        log_early_reader(checkpointer, pid);
        return;
    }
    print_advice(checkpointer, &advice);
    log_event(LOG_LEVEL_WARNING,
              "the write-ahead log grows, because a reader does not end its transaction",
              {"PATH", str_of(checkpointer->path)}, {"ADVICE", buf_str(&advice)});
    buf_done(&advice);
}

void checkpointer_edge(struct checkpointer *checkpointer, struct store *store)
{
    int64_t wal_bytes = store_idle_bytes(store);
    enum checkpoint_state state;

    look_at_early_reader(checkpointer, store);
    pthread_mutex_lock(&checkpointer->mutex);
    state = checkpointer->state;
    if (state == CHECKPOINT_COPIED) {
        checkpointer->state = CHECKPOINT_IDLE;
    } else if (state == CHECKPOINT_IDLE &&
               wal_bytes >= checkpointer->asked_at_bytes + STORE_WAL_BYTES) {
        checkpointer->state = CHECKPOINT_ASKED;
        checkpointer->asked_at_bytes = wal_bytes;
        pthread_cond_signal(&checkpointer->asked);
    }
    pthread_mutex_unlock(&checkpointer->mutex);
    if (state != CHECKPOINT_COPIED)
        return;
    /* A reader that pins the WAL makes this fail: then ask again after as much growth. */
    if (store_idle_end(store) == 0)
        checkpointer->asked_at_bytes = 0;
    else
        tell_if_pinned(checkpointer, store, wal_bytes);
}

void checkpointer_let_go(struct checkpointer *checkpointer)
{
    pthread_mutex_lock(&checkpointer->mutex);
    while (checkpointer->state == CHECKPOINT_ASKED)
        pthread_cond_wait(&checkpointer->copied, &checkpointer->mutex);
    checkpointer->state = CHECKPOINT_IDLE;
    checkpointer->asked_at_bytes = 0;
    store_close(take_ptr(checkpointer->store));
    pthread_mutex_unlock(&checkpointer->mutex);
}

void checkpointer_stop(struct checkpointer *checkpointer)
{
    if (!checkpointer)
        return;
    pthread_mutex_lock(&checkpointer->mutex);
    checkpointer->stopping = true;
    pthread_cond_signal(&checkpointer->asked);
    pthread_mutex_unlock(&checkpointer->mutex);
    (void)pthread_join(checkpointer->thread, NULL);
    free_checkpointer(checkpointer);
}

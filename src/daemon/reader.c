#include "daemon/reader.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/limits.h"
#include "sesbounce/clock.h"

int reader_init(struct reader *reader, size_t waits_max)
{
    *reader = (struct reader){.waits = {.max = waits_max}};
    /* One more for `wake`. */
    int r = queue_init(&reader->questions, READER_QUESTIONS_MAX + waits_max + 1);

    if (r < 0)
        return r;
    r = -pthread_mutex_init(&reader->mutex, NULL);
    if (r < 0)
        queue_done(&reader->questions);
    return r;
}

void reader_done(struct reader *reader)
{
    queue_done(&reader->questions);
    (void)pthread_mutex_destroy(&reader->mutex);
}

/* Is the file at the path the one that the writer has open? */
static int reader_check_file(const struct reader *reader)
{
    struct stat st;
    int fault = health_store_fault(reader->health);

    if (reader->files.database == 0)
        return fault != 0 ? fault : -EIO;
    if (stat(reader->path, &st) < 0)
        return -ENOENT;
    return st.st_dev == reader->files.device && st.st_ino == reader->files.database
               ? 0
               : -ESTALE;
}

/* The writer's own faults are logged by the writer. */
static void reader_tell(struct reader *reader, int fault)
{
    unsigned held_back = 0;

    if (health_store_fault(reader->health) != 0 || fault == -ESTALE ||
        !log_ration_pass(&reader->ration, clock_mono_ms(), STORE_FAULT_LOGS_A_MINUTE,
                         &held_back))
        return;
    log_event(LOG_LEVEL_ERROR, "the database could not be read for the API or the alerts",
              {"ERROR", str_of(strerror(-fault))},
              {"DETAIL", str_of(reader->store ? store_fault(reader->store) : NULL)},
              {"ADVICE", str_of(store_advice(fault))});
}

/* Opens the store, unless it is open. */
static int reader_open(struct reader *reader)
{
    int r = reader_check_file(reader);

    return r == 0 && !reader->store
               ? store_open(reader->path, STORE_READ, &reader->store, NULL)
               : r;
}

/* Closes it after a fault, so that it is opened again. */
static int reader_end(struct reader *reader, int r)
{
    if (r < 0) {
        reader_tell(reader, r);
        store_close(take_ptr(reader->store));
    }
    return r;
}

static int question_put(struct reader *reader, struct question *question)
{
    if (queue_is_closed(&reader->questions))
        return -ESHUTDOWN;
    int r = reader_open(reader);

    if (r == 0)
        r = question->ask(question, reader->store);
    return reader_end(reader, r);
}

static void question_end(struct reader *reader, struct question *question, int fault)
{
    if (question->may_wait)
        atomic_fetch_sub(&reader->may_wait, 1);
    question->done(question, fault);
}

/* Asks it. Does it wait (again)? */
static bool question_answer(struct reader *reader, struct question *question)
{
    bool waits = false;

    (void)pthread_mutex_lock(&reader->mutex);
    int r = question_put(reader, question);
    (void)pthread_mutex_unlock(&reader->mutex);
    if (r == QUESTION_WAITS) {
        r = waits_add(&reader->waits, question);
        waits = r == 0;
    }
    if (!waits)
        question_end(reader, question, r);
    return waits;
}

/* --- those that wait -------------------------------------------------------------- */

static void look_schedule(struct reader *reader)
{
    int64_t now_ms = clock_mono_ms();

    reader->look_ms = now_ms > reader->rest_ms ? now_ms : reader->rest_ms;
}

static int newest_id_find(struct reader *reader, int64_t *ret)
{
    struct store_span span = {.newest_id = 0};

    (void)pthread_mutex_lock(&reader->mutex);
    int r = reader_open(reader);
    if (r == 0)
        r = store_span(reader->store, STORE_EVENTS, &span);
    r = reader_end(reader, r);
    (void)pthread_mutex_unlock(&reader->mutex);
    *ret = span.newest_id;
    return r;
}

static void waiting_end(struct reader *reader, int fault)
{
    struct question *question;

    while ((question = waits_take(&reader->waits, INT64_MAX, INT64_MAX)))
        question_end(reader, question, fault);
}

/* Some of those that may find something; other questions are answered in between. */
static void waiting_look(struct reader *reader)
{
    int64_t begun_ms = clock_mono_ms(), newest_id;
    struct question *question;
    bool in_vain = false;
    int r = reader->waits.count > 0 ? newest_id_find(reader, &newest_id) : 0;

    reader->look_ms = INT64_MAX;
    if (r < 0)
        waiting_end(reader, r);
    for (unsigned i = 0; i < READER_LOOKS_AT_ONCE && reader->waits.count > 0 &&
                         (question = waits_take(&reader->waits, newest_id, begun_ms));
         i++) {
        if (begun_ms >= question->deadline_ms)
            question_end(reader, question, 0);
        else if (question_answer(reader, question))
            in_vain = true;
    }
    if (in_vain) {
        int64_t ended_ms = clock_mono_ms();

        reader->rest_ms = ended_ms + READER_REST_TIMES * (ended_ms - begun_ms);
    }
    if (reader->waits.count > 0 && waits_are_due(&reader->waits, newest_id, begun_ms))
        look_schedule(reader);
}

size_t reader_waiting(struct reader *reader)
{
    return atomic_load_explicit(&reader->may_wait, memory_order_relaxed);
}

void reader_wake(struct reader *reader)
{
    if (atomic_load(&reader->may_wait) > 0 && !atomic_exchange(&reader->is_woken, true))
        (void)queue_push(&reader->questions, &reader->wake);
}

/* --- the thread ------------------------------------------------------------------- */

static void reader_take(struct reader *reader, struct queue_node *node)
{
    struct question *question = queue_entry(node, struct question, node);

    if (node == &reader->wake) {
        atomic_store(&reader->is_woken, false);
        look_schedule(reader);
        return;
    }
    /* Before it is asked, so that no commit behind what it saw is missed. */
    if (question->may_wait)
        atomic_fetch_add(&reader->may_wait, 1);
    if (question_answer(reader, question))
        look_schedule(reader);
}

static void *reader_run(void *argument)
{
    struct reader *reader = argument;
    struct queue *questions = &reader->questions;
    struct queue_node *node;

    /* In this order: after the close nobody pushes. */
    while ((node = queue_take(questions, 1, reader->look_ms)) ||
           !queue_is_closed(questions) || queue_count(questions) > 0) {
        if (node)
            reader_take(reader, node);
        if (clock_mono_ms() >= reader->look_ms)
            waiting_look(reader);
    }
    waiting_end(reader, 0);
    return NULL;
}

int reader_start(struct reader *reader, const char *path, struct health *health)
{
    reader->path = path;
    reader->health = health;
    reader->look_ms = INT64_MAX;
    int r = -pthread_create(&reader->thread, NULL, reader_run, reader);

    reader->is_running = r == 0;
    return r;
}

void reader_stop(struct reader *reader)
{
    if (!reader->is_running)
        return;
    queue_close(&reader->questions);
    (void)pthread_join(reader->thread, NULL);
    reader->is_running = false;
    reader_let_go(reader);
}

int reader_ask(struct reader *reader, struct question *question)
{
    return queue_count(&reader->questions) + 1 >= reader->questions.max
               ? -EAGAIN
               : queue_push(&reader->questions, &question->node);
}

void reader_allow(struct reader *reader, const struct store *store)
{
    (void)pthread_mutex_lock(&reader->mutex);
    store_files_of(store, &reader->files);
    (void)pthread_mutex_unlock(&reader->mutex);
}

void reader_let_go(struct reader *reader)
{
    (void)pthread_mutex_lock(&reader->mutex);
    store_close(take_ptr(reader->store));
    reader->files = (struct store_files){.database = 0};
    (void)pthread_mutex_unlock(&reader->mutex);
}

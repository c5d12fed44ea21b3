#include "daemon/reader.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/limits.h"
#include "sesbounce/clock.h"

int reader_init(struct reader *reader)
{
    *reader = (struct reader){.store = NULL};
    int r = queue_init(&reader->questions, READER_QUESTIONS_MAX);

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
    log_event(LOG_LEVEL_ERROR, "a question to the API could not be answered",
              {"ERROR", str_of(strerror(-fault))},
              {"DETAIL", str_of(reader->store ? store_fault(reader->store) : NULL)},
              {"ADVICE", str_of(store_advice(fault))});
}

static int reader_look(struct reader *reader, struct question *question)
{
    int r = reader_check_file(reader);

    if (r == 0 && !reader->store)
        r = store_open(reader->path, STORE_READ, &reader->store, NULL);
    if (r == 0)
        r = question->ask(question, reader->store);
    if (r == 0)
        return 0;
    reader_tell(reader, r);
    store_close(take_ptr(reader->store));
    return r;
}

static void question_answer(struct reader *reader, struct question *question)
{
    (void)pthread_mutex_lock(&reader->mutex);
    int r =
        queue_is_closed(&reader->questions) ? -ESHUTDOWN : reader_look(reader, question);
    (void)pthread_mutex_unlock(&reader->mutex);
    question->done(question, r);
}

static void *reader_run(void *argument)
{
    struct reader *reader = argument;
    struct queue *questions = &reader->questions;
    struct queue_node *node;

    /* In this order: after the close nobody pushes. */
    while ((node = queue_take(questions, 1, INT64_MAX)) || !queue_is_closed(questions) ||
           queue_count(questions) > 0)
        if (node)
            question_answer(reader, queue_entry(node, struct question, node));
    return NULL;
}

int reader_start(struct reader *reader, const char *path, struct health *health)
{
    reader->path = path;
    reader->health = health;
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
    return queue_push(&reader->questions, &question->node);
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

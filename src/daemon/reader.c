#include "daemon/reader.h"

#include <errno.h>

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

/* While somebody puts another file in the place of one, nobody may use it. */
static int reader_may_look(struct reader *reader)
{
    int fault = health_store_fault(reader->health);

    return store_fault_stays(fault) || fault == -ENOENT || fault == -EACCES ? fault : 0;
}

/* A file that was replaced stays open until the writer has noticed: what is there now may
 * still lie beside the log of the old one, and must not be read together with it. */
static int reader_look(struct reader *reader, struct question *question)
{
    int r = reader_may_look(reader);

    if (r == 0 && reader->store)
        r = store_check_in_place(reader->store);
    else if (r == 0)
        r = store_open(reader->path, STORE_READ, &reader->store, NULL);
    if (r < 0)
        return r;
    r = question->ask(question, reader->store);
    if (r < 0)
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

void reader_let_go(struct reader *reader)
{
    (void)pthread_mutex_lock(&reader->mutex);
    store_close(take_ptr(reader->store));
    (void)pthread_mutex_unlock(&reader->mutex);
}

/*
 * The thread that looks into the list for the admin side. It has a connection of its own,
 * so that no question waits for a delivery, nor a delivery for a question; and a thread
 * of its own, so that metrics and health are served while a disk hangs. The connection is
 * opened when it is first needed.
 *
 * Only the very file that the writer has open is opened: another one that lies at its
 * path may lie beside the log of the old one. The mutex guards `files`, `store` and
 * `ration`, and is held while a question is answered.
 *
 * Questions may wait for rows that are not there yet. A commit wakes the reader if
 * any does, at the cost of one atomic if none does. It asks only those again for which
 * an id has been drawn, and what it asks in vain takes at most a part of its time.
 */
#ifndef SESBOUNCED_READER_H
#define SESBOUNCED_READER_H

#include <pthread.h>

#include "daemon/health.h"
#include "daemon/waits.h"
#include "sesbounce/log.h"
#include "sesbounce/store_read.h"

struct reader {
    pthread_mutex_t mutex;
    struct store_files files; /* that the writer has open; all 0: it has none */
    struct store *store;      /* NULL: not open */
    struct log_ration ration;
    struct queue questions;
    struct waits waits;     /* the reader's thread alone, with the next two */
    int64_t look_ms;        /* when to look at them again; CLOCK_MONOTONIC */
    int64_t rest_ms;        /* not before this */
    struct queue_node wake; /* among the questions: look at them */
    atomic_bool is_woken;   /* it is there */
    atomic_size_t may_wait; /* questions that wait, or are asked and may */
    struct health *health;
    const char *path;
    pthread_t thread;
    bool is_running;
};

/* `waits_max` questions may wait for rows. 0 or a negative errno, then reader_done() is
 * not called. */
int reader_init(struct reader *reader, size_t waits_max);
void reader_done(struct reader *reader);

/* Borrows both. 0 or a negative errno. */
int reader_start(struct reader *reader, const char *path, struct health *health);

/* Ends the questions that were not asked with -ESHUTDOWN, those that wait with 0, and
 * closes the connection: before the writer closes its own, since the last one puts the
 * file to rest. */
void reader_stop(struct reader *reader);

/* 0: it is lent. -EAGAIN: too many wait for their turn; -ESHUTDOWN: it is stopped.
 * Any thread, once it is started. */
int reader_ask(struct reader *reader, struct question *question);

/* Something was committed, or a second has passed. Any thread; cheap if nobody waits. */
void reader_wake(struct reader *reader);

/* How many wait. Any thread. */
size_t reader_waiting(struct reader *reader);

/* By the writer, which has opened a file. */
void reader_allow(struct reader *reader, const struct store *store);

/* By the writer, which lets go of the file: waits for the question under way, and closes.
 * A file that is about to be replaced must have no other user (checkpointer.h). */
void reader_let_go(struct reader *reader);

#endif

/*
 * The thread that looks into the list for the admin side. It has a connection of its own,
 * so that no question waits for a delivery, nor a delivery for a question; and a thread
 * of its own, so that metrics and health are served while a disk hangs. The connection is
 * opened when it is first needed.
 *
 * Only the very file that the writer has open is opened: another one that lies at its
 * path may lie beside the log of the old one. The mutex guards `files`, `store` and
 * `ration`, and is held while a question is answered.
 */
#ifndef SESBOUNCED_READER_H
#define SESBOUNCED_READER_H

#include <pthread.h>

#include "daemon/health.h"
#include "sesbounce/log.h"
#include "sesbounce/queue.h"
#include "sesbounce/store_read.h"

/* What somebody wants to know. It lies in the object that it is a part of, which
 * reader_ask() lends until `done` is called, exactly once. */
struct question {
    struct queue_node node;

    /* Reads what it wants. 0, or a fault of the store, for which the file is opened
     * again. */
    int (*ask)(struct question *question, struct store *store);

    /* The last access: 0; or why it was not asked or failed, -ESHUTDOWN when the daemon
     * stops. On the reader's thread. */
    void (*done)(struct question *question, int fault);
};

struct reader {
    pthread_mutex_t mutex;
    struct store_files files; /* that the writer has open; all 0: it has none */
    struct store *store;      /* NULL: not open */
    struct log_ration ration;
    struct queue questions;
    struct health *health;
    const char *path;
    pthread_t thread;
    bool is_running;
};

/* 0 or a negative errno, then reader_done() is not called. */
int reader_init(struct reader *reader);
void reader_done(struct reader *reader);

/* Borrows both. 0 or a negative errno. */
int reader_start(struct reader *reader, const char *path, struct health *health);

/* Ends the questions that wait with -ESHUTDOWN, and closes the connection: before the
 * writer closes its own, since the last one puts the file to rest. */
void reader_stop(struct reader *reader);

/* 0: it is lent. -EAGAIN: READER_QUESTIONS_MAX wait; -ESHUTDOWN: it is stopped.
 * Any thread, once it is started. */
int reader_ask(struct reader *reader, struct question *question);

/* By the writer, which has opened a file. */
void reader_allow(struct reader *reader, const struct store *store);

/* By the writer, which lets go of the file: waits for the question under way, and closes.
 * A file that is about to be replaced must have no other user (checkpointer.h). */
void reader_let_go(struct reader *reader);

#endif

/*
 * What somebody wants to know from the store, by the reader (reader.h). It lies in the
 * object that it is a part of, which is lent until `done` is called, exactly once.
 */
#ifndef SESBOUNCED_QUESTION_H
#define SESBOUNCED_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "sesbounce/queue.h"

struct store;

/* Nothing of it is there yet. */
#define QUESTION_WAITS 1

struct question {
    struct queue_node node;

    /* Reads what it wants. 0; QUESTION_WAITS: it wants to be asked again; or a fault of
     * the store, for which the file is opened again. */
    int (*ask)(struct question *question, struct store *store);

    /* The last access: 0, also when its time to wait is over; or why it was not asked or
     * failed, -ESHUTDOWN when the daemon stops. On the reader's thread. */
    void (*done)(struct question *question, int fault);

    /* With QUESTION_WAITS: */
    bool may_wait;       /* set before it is lent */
    int64_t seen_id;     /* asked again when a later id has been drawn (store_span()) */
    int64_t deadline_ms; /* CLOCK_MONOTONIC */
};

#endif

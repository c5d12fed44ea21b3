/*
 * What somebody wants from the writer, of whatever kind. It lies in the object that it is
 * a part of, and a thread that pushes it to the writer's mailbox (service.h) lends that
 * object until `done` is called, exactly once.
 */
#ifndef SESBOUNCED_JOB_H
#define SESBOUNCED_JOB_H

#include <stdint.h>

#include "sesbounce/queue.h"

struct store;

#define JOB_WHENEVER INT64_MAX

struct job {
    struct queue_node node;
    int64_t deadline_ms; /* CLOCK_MONOTONIC; it is not begun then or later */

    /* Inside a transaction: writes what it wants. 0 or a fault of the store. Called again
     * when the transaction was rolled back, because of this job or another. */
    int (*add)(struct job *job, struct store *store);

    /* The last access. 0: it is committed and fsynced. -ETIME: it was not begun by the
     * deadline. Any other fault of the store: nothing of it is kept. Any thread. */
    void (*done)(struct job *job, int fault);
};

static inline struct job *job_of(struct queue_node *node)
{
    return queue_entry(node, struct job, node);
}

#endif

/*
 * A task of the outbox on its way: from the writer, which finds it there, through the
 * mailbox of outbound, which performs it, and back to the writer as a job with the
 * result. Owned by one thread at a time.
 */
#ifndef SESBOUNCED_TASK_H
#define SESBOUNCED_TASK_H

#include "daemon/job.h"
#include "daemon/service.h"
#include "sesbounce/store.h"

struct task {
    struct job job; /* queued both ways by its node */
    struct store_task row;
    enum store_task_result result;
    char text[1024]; /* the result, or why there is none */
};

static inline struct task *task_of(struct queue_node *node)
{
    return queue_entry(job_of(node), struct task, job);
}

void task_free(struct task *task);

/*
 * By the writer, between two transactions: puts what is due into outbound's mailbox, as
 * far as there is room. `*due_ms` (wall clock) is when to look again, kept between the
 * calls; 0 at first, CLOCK_NONE while nothing is left. 0, or a fault of the store.
 */
int task_hand_out(struct service *service, struct store *store, int64_t *due_ms);

/* By outbound: sets the result. `text` is cut when it is too long. */
void task_conclude(struct task *task, enum store_task_result result, struct str text);

/* By outbound, which gives it away: the result goes to the writer. When it cannot, the
 * task stays in the outbox, and is handed out again later or by the next start. */
void task_report(struct task *task, struct service *service);

#endif

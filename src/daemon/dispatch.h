/*
 * A message on its way: from the courier (the writer), which made it of what is in the
 * outbox, through a mailbox to the carrier (outbound), which sends it, and back to the
 * writer as a job with the outcome. Owned by one thread at a time.
 */
#ifndef SESBOUNCED_DISPATCH_H
#define SESBOUNCED_DISPATCH_H

#include "daemon/compose.h"
#include "daemon/job.h"
#include "daemon/service.h"

struct dispatch {
    struct job job; /* queued both ways by its node */
    const struct receiver *receiver;
    struct store_message message;
    struct composed composed; /* owned */
    struct store_outcome outcome;
    char text[OUTCOME_BYTES]; /* the outcome's */
};

static inline struct dispatch *dispatch_of(struct queue_node *node)
{
    return queue_entry(job_of(node), struct dispatch, job);
}

/* Takes over `composed`. NULL when memory is short. */
struct dispatch *dispatch_new(const struct receiver *receiver,
                              const struct store_message *message,
                              struct composed *composed);
void dispatch_free(struct dispatch *dispatch);

/* By the carrier, which gives it away: the outcome goes to the writer. When it cannot,
 * the message stays in the outbox, and is sent again later or by the next start. */
void dispatch_report(struct dispatch *dispatch, struct service *service);

#endif

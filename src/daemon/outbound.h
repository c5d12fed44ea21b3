/*
 * Outbound: the one thread that asks the network. Fetches signing certificates for the
 * waiting room, and confirms subscriptions that the writer found in the outbox.
 */
#ifndef SESBOUNCED_OUTBOUND_H
#define SESBOUNCED_OUTBOUND_H

#include "daemon/service.h"
#include "sesbounce/store.h"

struct outbound;

/*
 * 0, or a negative errno. `*ret_of_ca_file`: it is [sns] ca_file that could not be read,
 * and not a lack of memory or of a thread.
 */
int outbound_start(struct service *service, struct outbound **ret, bool *ret_of_ca_file);

/* Somebody has entered the waiting room. Any thread, never blocks. */
void outbound_wake(struct outbound *outbound);

/* A confirmation on its way: from the writer to outbound, and back with its result. */
struct outbound_confirmation {
    struct writer_job job; /* queued both ways by its node */
    struct outbound *outbound;
    struct store_confirmation confirmation;
    enum store_confirm_result result;
    char text[1024]; /* the subscription's ARN, or why not */
};
void outbound_confirmation_free(struct outbound_confirmation *task);

/* How many more confirmations outbound would take now; only the writer offers any. */
size_t outbound_room(struct outbound *outbound);

/* 0: taken over. -EAGAIN or -ESHUTDOWN: the caller keeps it (the outbox still has it). */
int outbound_confirm(struct outbound *outbound, struct outbound_confirmation *task);

/* Lets everybody out of the waiting room with 503 and joins. */
void outbound_stop(struct outbound *outbound);
/* After writer_stop(), which may still offer confirmations: abandons transfers, frees. */
void outbound_free(struct outbound *outbound);

bool outbound_is_stuck(struct outbound *outbound, int64_t mono_ms);

#endif

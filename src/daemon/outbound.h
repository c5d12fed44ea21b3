/*
 * Outbound: the one thread that asks the network. Fetches signing certificates for the
 * waiting room, and performs the tasks that the writer found in the outbox.
 */
#ifndef SESBOUNCED_OUTBOUND_H
#define SESBOUNCED_OUTBOUND_H

#include "daemon/service.h"

struct outbound;

/* `service` has its https, which is outbound's from now on. 0, or a negative errno. */
int outbound_start(struct service *service, struct outbound **ret);

/* Closes its mailbox, lets everybody out of the waiting room with 503, joins, abandons
 * what is under way, frees. NULL is allowed. */
void outbound_stop(struct outbound *outbound);

#endif

/*
 * The admin side: `GET /metrics` (Prometheus text), `GET /healthz` and the JSON API on
 * `[admin] listen`, apart from ingest, so that what strangers reach and what operators
 * and applications see never meet.
 */
#ifndef SESBOUNCED_ADMIN_H
#define SESBOUNCED_ADMIN_H

#include "daemon/exchange.h"
#include "daemon/listen.h"
#include "daemon/service.h"

struct admin {
    struct service *service;
    struct desk desk;
    struct listen_sockets sockets;
    struct server *server; /* NULL: it is off */
};

/*
 * Starts its threads; nobody is accepted yet. 0 also when it is off. A port that is taken
 * is logged and no reason not to start: bounces must be kept even when nobody watches.
 * -EINVAL with a line in `fault` for a tokens file, certificate or key that cannot be
 * used, or that an address in the open lacks: without them nothing is served.
 */
int admin_start(struct admin *admin, struct service *service, struct buf *fault);

/* Accepts. That it cannot is logged, too. */
void admin_open(struct admin *admin);

/* Nobody is accepted any more, and nothing is read from the store: before the writer
 * closes it. What is asked from now on gets 503. */
void admin_close(struct admin *admin);

/* Once nothing can be lent to the writer any more. */
void admin_stop(struct admin *admin);

#endif

/*
 * The server of ingest: `[ingest]` of the settings, the threads, and the requests that
 * libmicrohttpd hands over. A request is HTTP's struct around a delivery: a handler reads
 * it on a thread of the server's pool, lets delivery.c decide, and suspends the
 * connection while the delivery is lent.
 */
#ifndef SESBOUNCED_INGEST_H
#define SESBOUNCED_INGEST_H

#include "daemon/answers.h"

struct ingest {
    struct service *service;
    struct secrets *credentials; /* NULL: nobody is asked */
    struct answers answers;
    struct server *server; /* the owner opens and closes it */
    atomic_size_t lent;    /* requests that were lent, until their answer is sent */
};

/* Starts the threads; nobody is accepted yet. 0; -EINVAL with a line in `fault` for a
 * certificate, key or credentials file that cannot be used; another negative errno. */
int ingest_start(struct ingest *ingest, struct service *service, struct buf *fault);

/* Ends all connections, once those whose delivery was given back have their answer, for
 * which they have STOP_GRACE_MS. No delivery may be lent any more: libmicrohttpd would
 * abort. */
void ingest_stop(struct ingest *ingest);

#endif

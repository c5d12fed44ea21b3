/*
 * The server of ingest: `[ingest]` of the settings, the threads, and what requests
 * (request.h) are answered from. Its server is opened and closed as server.h says.
 */
#ifndef SESBOUNCED_INGEST_H
#define SESBOUNCED_INGEST_H

#include "daemon/request.h"

/* Starts the threads; nobody is accepted yet. 0; -EINVAL with a line in `fault` for a
 * certificate, key or credentials file that cannot be used; another negative errno. */
int ingest_start(struct ingest *ingest, struct service *service, struct buf *fault);

/* Ends all connections. No delivery may be lent any more: libmicrohttpd would abort. */
void ingest_stop(struct ingest *ingest);

#endif

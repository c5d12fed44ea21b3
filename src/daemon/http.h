/*
 * The server of ingest: `[ingest]` of the settings, the threads, and what requests
 * (request.h) are answered from.
 */
#ifndef SESBOUNCED_HTTP_H
#define SESBOUNCED_HTTP_H

#include "daemon/service.h"

struct http;

/* Starts the threads; nobody is accepted yet. 0; -EINVAL with a line in `fault` for a
 * certificate, key or credentials file that cannot be used; another negative errno. */
int http_start(struct service *service, struct http **ret, struct buf *fault);

/* Accepts on `sockets`, which it borrows. 0 or a negative errno. */
int http_open(struct http *http, const int *sockets, size_t count);

/* No more connections are accepted; the sockets and their backlog stay as they are, and
 * whatever was accepted is in service.connections. */
void http_close(struct http *http);

/* Ends all connections. No delivery may be lent any more: libmicrohttpd would abort. */
void http_stop(struct http *http);

#endif

/*
 * The HTTP side of ingest. A handler reads a request on a thread of the server's pool,
 * lets delivery.c decide, and suspends the connection while the delivery is lent. One
 * prebuilt response for each verdict is shared by all.
 */
#ifndef SESBOUNCED_HTTP_H
#define SESBOUNCED_HTTP_H

#include "daemon/service.h"

struct http;

/*
 * Serves on `sockets`, which it borrows. 0; -EINVAL with a line in `fault` for a
 * certificate, key or credentials file that cannot be used; another negative errno.
 */
int http_start(struct service *service, const int *sockets, size_t count,
               struct http **ret, struct buf *fault);

/* No more connections are accepted; the sockets and their backlog stay as they are, and
 * whatever was accepted is in service.connections. */
void http_quiesce(struct http *http);

/* Ends all connections. No delivery may be lent any more: libmicrohttpd would abort. */
void http_stop(struct http *http);

/* Gives a lent delivery back to its HTTP thread. The caller's last access to it. */
void http_resume(struct delivery *delivery);

/* The same for a list linked by next_waiting; decides those that are undecided when
 * `verdict` is not VERDICT_UNDECIDED. */
void http_resume_waiting(struct delivery *first, enum verdict verdict, const char *fault);

#endif

/*
 * A request to ingest, as libmicrohttpd hands it over: HTTP's struct around a delivery. A
 * handler reads it on a thread of the server's pool, lets delivery.c decide, and suspends
 * the connection while the delivery is lent.
 */
#ifndef SESBOUNCED_REQUEST_H
#define SESBOUNCED_REQUEST_H

#include "daemon/answers.h"

/* What requests are answered from. */
struct ingest {
    struct service *service;
    struct secrets *credentials; /* NULL: nobody is asked */
    struct answers answers;
    struct server *server;
};

/* libmicrohttpd's callbacks; their context is a struct ingest. */
void *request_begin(void *context, const char *uri, struct MHD_Connection *connection);
enum MHD_Result request_read(void *context, struct MHD_Connection *connection,
                             const char *url, const char *method, const char *version,
                             const char *bytes, size_t *len, void **state);
void request_end(void *context, struct MHD_Connection *connection, void **state,
                 enum MHD_RequestTerminationCode how);

#endif

/*
 * An HTTP server for one purpose: its listening sockets, its connections, and
 * libmicrohttpd with a pool of threads that never sees the sockets.
 *
 * The thread that accepts (acceptor.h) looks at the address first, so that what one
 * address has too much of is reset before libmicrohttpd knows of it, and takes nobody
 * while all places are taken. It owns the libmicrohttpd daemons: when the files of the
 * TLS certificate have changed, it starts another daemon with them for new
 * connections, and stops the previous one when the last of its connections has been
 * closed after an answer.
 */
#ifndef SESBOUNCED_SERVER_H
#define SESBOUNCED_SERVER_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "daemon/connections.h"
#include "daemon/metrics.h"
#include "sesbounce/buf.h"

struct server;

struct server_options {
    const char *section;     /* of the settings, for messages */
    const char *certificate; /* paths; both NULL: plain HTTP */
    const char *key;
    unsigned threads;
    unsigned idle_s;
    bool suspends;                   /* connections are lent to other threads */
    bool displaces;                  /* when full: connections_displace() */
    struct connections *connections; /* borrowed; nobody else adds to it */
    atomic_uint_fast64_t *refused;   /* counts whom connections_admit() refuses */
    struct metrics_tls *tls;
    void *context; /* of the callbacks below */
    MHD_AccessHandlerCallback on_request;
    void *(*on_request_line)(void *, const char *, struct MHD_Connection *);
    MHD_RequestCompletedCallback on_completed; /* may be NULL */
};

/* Starts the threads; nobody is accepted yet. 0; -EINVAL with a line in `fault` for a
 * certificate or key that cannot be used; another negative errno. */
int server_start(const struct server_options *options, struct server **ret,
                 struct buf *fault);

/* Accepts on `sockets`, which it borrows and never shuts down. 0 or a negative errno. */
int server_open(struct server *server, const int *sockets, size_t count);

/* Nobody is accepted any more; the sockets and their backlog stay as they are. */
void server_close(struct server *server);

/*
 * Ends all connections. No connection may be suspended any more:
 * libmicrohttpd would abort. NULL is allowed.
 */
void server_stop(struct server *server);

/* The client of a connection of ours, NULL when it is not known. */
struct connection *server_client(struct MHD_Connection *connection);

#endif

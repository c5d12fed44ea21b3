/*
 * Who is connected: how many from one address, and until when a whole request must be
 * there. libmicrohttpd's own time-out starts again with every byte.
 *
 * The thread that accepts adds a connection before libmicrohttpd gets it, so that the
 * counts are right at the next one. The mutex guards every member but the deadlines;
 * under it nothing is done but linking, comparing, and shutting down sockets, which does
 * not wait. A connection is taken out before its descriptor is closed, so that the sweep
 * never meets somebody else's. Deadlines belong to the thread of the connection; the
 * sweep takes one away only if it has not changed meanwhile.
 */
#ifndef SESBOUNCED_CONNECTIONS_H
#define SESBOUNCED_CONNECTIONS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "daemon/bounds.h"
#include "sesbounce/buf.h"

/* What the connections of one address hold together of what others want, too. Counted
 * where it is handed out: bodies.h, waiting_room.h. */
struct connections_share {
    atomic_uint_fast64_t large_body_bytes;
    atomic_uint_fast64_t waiting;
};

struct connections_address; /* one that has connections, and how many */

/* Connections that are served by one libmicrohttpd daemon, and close together. */
struct connections_group {
    atomic_size_t count;
    atomic_bool leaving; /* each of them is closed behind its next answer */
};

struct connection {
    int fd;                              /* -1: this place is free */
    struct connections_address *address; /* NULL: not limited */
    struct connections_group *group;
    struct connection *next; /* among the free ones, or in its bucket of descriptors */
    int64_t start_by_ms;     /* while connections_start() is to come */
    atomic_int_fast64_t deadline_ms; /* CLOCK_MONOTONIC */
    atomic_bool idle;                /* answered, and nothing has come since */
};

struct connections {
    pthread_mutex_t mutex;
    struct connection *places; /* one a connection: nothing is allocated later */
    struct connection *free_places;
    struct connections_address *addresses;
    struct connections_address *free_addresses;
    struct connections_address **buckets;
    struct connection **fd_buckets;
    size_t max;
    atomic_size_t count; /* written under the mutex */
    size_t of_address_max;
    uint64_t refused; /* the last address that was */
};

/* 0 or a negative errno. */
int connections_init(struct connections *connections, const struct bounds *bounds);
void connections_done(struct connections *connections);

/*
 * What counts as one address: an IPv4 address, mapped into IPv6 or not, or an IPv6 /64,
 * which is what one customer gets. 0: not limited, since a proxy there speaks for
 * everybody: loopback, a unix socket, anything else. The address is as long as its
 * family says.
 */
uint64_t connections_key(const struct sockaddr *address);

/* May one more come from there? Who may not is remembered for connections_refused(). */
bool connections_admit(struct connections *connections, const struct sockaddr *address);

bool connections_are_full(struct connections *connections);

/*
 * Counts a connection on `fd`, which it borrows; its deadline begins with
 * connections_start(). libmicrohttpd may close one that it could not begin with without a
 * word; its place is free after HTTP_REQUEST_MS, or when another connection has that
 * descriptor. NULL when the table is full.
 */
struct connection *connections_add(struct connections *connections, int fd,
                                   const struct sockaddr *address,
                                   struct connections_group *group, int64_t mono_ms);

/* libmicrohttpd has begun to read from it. NULL when it has no place (any more). */
struct connection *connections_start(struct connections *connections, int fd,
                                     int64_t mono_ms);

/* Before its descriptor is closed. NULL means no connection. */
void connections_remove(struct connections *connections, struct connection *connection);

/* A request line is there; the rest has to follow. NULL is allowed, as in the next two.
 */
void connection_begins(struct connection *connection, int64_t mono_ms);

/* The whole request is there: it is ours until it is answered. */
void connection_received(struct connection *connection);

/* `kept`: it delivered something genuine, and may keep the connection for more. */
void connection_answered(struct connection *connection, bool kept, int64_t mono_ms);

/* Shuts down the connections that are late, sooner when there are many; libmicrohttpd
 * then closes them. Takes out those that were never started. How many of them owed a
 * request: the others were idle. */
size_t connections_sweep(struct connections *connections, int64_t mono_ms);

/*
 * Somebody waits for a place: shuts down the one that owes a request, or idles, for the
 * longest, if that is HTTP_DISPLACE_MS or more. Was there one?
 */
bool connections_displace(struct connections *connections, int64_t mono_ms);

size_t connections_count(struct connections *connections);

/* Is only one place in HTTP_CROWDED_SHARE free? Then nobody keeps one without need. */
bool connections_are_crowded(struct connections *connections);

/* Is its group leaving? NULL is allowed. */
bool connection_is_leaving(const struct connection *connection);

/* As long as the connection. NULL: its address is not limited. NULL is allowed. */
struct connections_share *connection_share(struct connection *connection);

/* Appends the address that was refused last: `203.0.113.7`, `2001:db8:1:2::/64`. */
void connections_refused(struct connections *connections, struct buf *ret);

#endif

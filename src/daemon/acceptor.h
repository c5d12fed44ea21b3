/*
 * Accepts connections: one thread for all listening sockets of one purpose.
 *
 * libmicrohttpd could do it, but aborts the process if it must stop accepting while its
 * threads are busy, and makes a connection of what is then refused. This thread knows
 * nothing of HTTP. The sockets are borrowed and never shut down, so that with systemd's
 * socket the backlog outlives us.
 */
#ifndef SESBOUNCED_ACCEPTOR_H
#define SESBOUNCED_ACCEPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct acceptor;

/* All are called by the acceptor's thread. */
struct acceptor_owner {
    void *context;

    /* False: new connections wait in the backlog until acceptor_wake(). */
    bool (*has_room)(void *context);

    /* Owns `fd`, which does not block. The address is as long as its family says. */
    void (*take)(void *context, int fd, const struct sockaddr *address, socklen_t len);

    /* Somebody waits, and there is no room: called every ACCEPT_AGAIN_MS. May be NULL. */
    void (*make_room)(void *context);

    /* Called every `tick_ms`, unless that is 0. */
    void (*tick)(void *context);
    int tick_ms;
};

/* Borrows `sockets`, which must not block. 0 or a negative errno. */
int acceptor_start(const struct acceptor_owner *owner, const int *sockets, size_t count,
                   struct acceptor **ret);

/* There may be room again. Any thread, until acceptor_free(); cheap when nobody waits. */
void acceptor_wake(struct acceptor *acceptor);

/* Nothing is accepted any more when this returns. NULL, and a second time, are allowed.
 */
void acceptor_stop(struct acceptor *acceptor);

/* Stops it, too. NULL is allowed. */
void acceptor_free(struct acceptor *acceptor);

#endif

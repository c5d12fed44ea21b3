/*
 * Listening sockets: those that systemd passed, else those of the settings. One thread.
 */
#ifndef SESBOUNCED_LISTEN_H
#define SESBOUNCED_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "sesbounce/buf.h"
#include "sesbounce/settings.h"

struct listen_sockets {
    int fds[LISTEN_SOCKETS_MAX];
    size_t count;
    bool passed; /* by systemd: they outlive us, so a restart refuses no connection */
};

/*
 * Takes the sockets that systemd passed under `name` (sd_listen_fds(3)), else opens those
 * of `list`. 0, or a negative errno with a line for the operator in `fault`.
 */
int listen_open(const char *name, const struct settings_list *list,
                struct listen_sockets *ret, struct buf *fault);

/* Is it a loopback address or a unix socket? The address is as long as its family says.
 */
bool listen_address_is_local(const struct sockaddr *address);

/* Can nobody outside this machine reach any of them? */
bool listen_is_local(const struct listen_sockets *sockets);

/* Did a connection, accepted by one of these, come over a loopback address or a unix
 * socket that is listened on as such? Not over one of all addresses. */
bool listen_is_reached_locally(const struct listen_sockets *sockets, int connection);

/* Appends where they listen: `127.0.0.1:9025 unix:/run/s.sock`. */
void listen_describe(const struct listen_sockets *sockets, struct buf *ret);
void listen_close(struct listen_sockets *sockets);

/*
 * Where the daemon listens, in a file beside the database: DATABASE.listen, mode 0640.
 * With sockets that systemd passed, the settings do not know, and sesbouncectl asks here.
 * A line each: `ingest http 127.0.0.1:9025`, `admin https unix:/run/s.sock`. Written as a
 * whole once both listeners serve, removed at the stop; a daemon that was killed leaves
 * it behind.
 */
void listen_file_add(struct buf *lines, const char *name, bool tls,
                     const struct listen_sockets *sockets);
int listen_file_replace(const char *database, struct str lines);
void listen_file_remove(const char *database);

#endif

/*
 * Listening sockets: those that systemd passed, else those of the settings.
 */
#ifndef SESBOUNCED_LISTEN_H
#define SESBOUNCED_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

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

/* Is it a loopback address or a unix socket? */
bool listen_is_local(int fd);

/* Appends where they listen: `127.0.0.1:9025 unix:/run/s.sock`. */
void listen_describe(const struct listen_sockets *sockets, struct buf *ret);
void listen_close(struct listen_sockets *sockets);

#endif

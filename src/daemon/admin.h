/*
 * The admin side: `GET /metrics` (Prometheus text) and `GET /healthz` on `[admin]
 * listen`, apart from ingest, so that what strangers reach and what operators see never
 * meet.
 */
#ifndef SESBOUNCED_ADMIN_H
#define SESBOUNCED_ADMIN_H

#include "daemon/listen.h"
#include "daemon/service.h"

struct admin;

/*
 * 0 with `*ret` NULL when it is off. A port that is taken is logged and no reason not to
 * start: bounces must be kept even when nobody watches. -EINVAL with a line in `fault`
 * for a tokens file, certificate or key that cannot be used, or that an address in the
 * open lacks: without them nothing is served.
 */
int admin_start(struct service *service, struct admin **ret, struct buf *fault);
/* Where it listens; NULL while it is off. */
const struct listen_sockets *admin_sockets(const struct admin *admin);
void admin_stop(struct admin *admin);

#endif

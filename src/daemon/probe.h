/*
 * The answer to GET /healthz, on either listener.
 */
#ifndef SESBOUNCED_PROBE_H
#define SESBOUNCED_PROBE_H

#include <microhttpd.h>

#include "daemon/service.h"

/*
 * 200 `ok`, or 503 with Retry-After and the reason in one line. `detail`: the operator
 * asks, and may read what health.h keeps from strangers. `close`: the connection is
 * closed behind the answer. A header says when a renewed TLS certificate cannot be used
 * (expiry.h). MHD_NO when memory is short.
 */
enum MHD_Result probe_answer(struct service *service, struct MHD_Connection *connection,
                             bool detail, bool close);

#endif

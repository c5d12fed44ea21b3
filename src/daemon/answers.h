/*
 * The answers of ingest, and that to GET /healthz on either listener. One prebuilt
 * response for each verdict, with and without keep-alive, is shared by all threads;
 * immutable after answers_init().
 */
#ifndef SESBOUNCED_ANSWERS_H
#define SESBOUNCED_ANSWERS_H

#include <microhttpd.h>

#include "daemon/service.h"

struct answers {
    struct service *service;
    struct MHD_Response *of[VERDICT_COUNT][2]; /* [true]: it closes the connection */
};

/* 0 or -ENOMEM; the caller calls answers_done() in any case. */
int answers_init(struct answers *answers, struct service *service);
void answers_done(struct answers *answers);

/* Answers with the verdict, counts and logs it. `close`: what follows on the connection
 * cannot be trusted. */
enum MHD_Result answers_send(struct answers *answers, struct MHD_Connection *connection,
                             struct connection *client, const struct delivery *delivery,
                             bool close);

/*
 * To GET /healthz: 200 `ok`, or 503 with Retry-After and the reason in one line.
 * `detail`: the operator asks, and may read what health.h keeps from strangers. A header
 * says when a renewed TLS certificate cannot be used (expiry.h). MHD_NO when memory is
 * short.
 */
enum MHD_Result answers_send_health(struct service *service,
                                    struct MHD_Connection *connection,
                                    struct connection *client, bool detail, bool close);

/* When there is no memory even for the delivery. */
enum MHD_Result answers_send_no_memory(struct answers *answers,
                                       struct MHD_Connection *connection);

#endif

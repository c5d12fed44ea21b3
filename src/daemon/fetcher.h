/*
 * Fetches the signing certificates that deliveries in the waiting room want: from memory,
 * from disk, then from SNS. A part of outbound; its thread only.
 *
 * What a failed fetch says about the way to SNS goes to health.h. While nothing can be
 * obtained, the last URL that failed is asked for again from time to time, also when
 * nobody delivers.
 */
#ifndef SESBOUNCED_FETCHER_H
#define SESBOUNCED_FETCHER_H

#include "daemon/service.h"
#include "sesbounce/https.h"

/* One certificate on its way. */
struct fetch {
    struct fetcher *fetcher;
    bool under_way;
    bool hurried; /* it has CERTIFICATE_HURRIED_MS and not the whole time */
    struct waiting_wish wish;
    struct sns_cert_url url; /* borrows from wish */
    struct sns_origin origin;
};

struct fetcher {
    struct service *service;
    struct fetch fetches[CERTIFICATE_FETCHES_MAX];
    struct log_ration fault_ration;
    struct waiting_wish lost; /* while health.h says so: one of the lost origin */
    int64_t lost_again_ms;    /* when to ask for it again */
};

void fetcher_init(struct fetcher *fetcher, struct service *service);

/* Begins what can be begun; returns how long the thread may wait before it calls again.
 */
int fetcher_serve(struct fetcher *fetcher);

#endif

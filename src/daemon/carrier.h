/*
 * The carrier: sends the messages that the courier has made, by HTTP or SMTP. A part of
 * outbound; its thread only. Each receiver has a place of its own.
 */
#ifndef SESBOUNCED_CARRIER_H
#define SESBOUNCED_CARRIER_H

#include "daemon/dispatch.h"
#include "sesbounce/https.h"
#include "sesbounce/log.h"

struct carrier {
    struct service *service;
    struct carriage {
        struct carrier *carrier;
        struct dispatch *dispatch; /* owned; NULL: nothing is on its way */
        bool is_failing;           /* and that is logged */
    } carriages[SETTINGS_RECEIVERS_MAX];
    struct log_ration ration;
};

void carrier_init(struct carrier *carrier, struct service *service);

/* Begins what is in its mailbox. */
void carrier_serve(struct carrier *carrier);

/* Drops what is on its way: the outbox still has it. */
void carrier_done(struct carrier *carrier);

#endif

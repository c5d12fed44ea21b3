/*
 * What all requests to the admin side share, for exchange.c; set up by admin.c before the
 * first.
 */
#ifndef SESBOUNCED_DESK_H
#define SESBOUNCED_DESK_H

#include "daemon/caller.h"
#include "daemon/service.h"

struct desk {
    struct service *service;
    struct caller_rules rules;
    struct bodies bodies;
    atomic_size_t lent;         /* exchanges that were, and are not over */
    atomic_size_t answer_bytes; /* of answers that the reader has made, until then */
};

#endif

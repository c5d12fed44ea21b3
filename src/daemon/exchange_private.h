/*
 * An exchange, for the files that carry one out: exchange.c, which libmicrohttpd calls,
 * and exchange_lend.c. One thread at a time: the admin thread, or whom it is lent to.
 */
#ifndef SESBOUNCED_EXCHANGE_PRIVATE_H
#define SESBOUNCED_EXCHANGE_PRIVATE_H

#include <microhttpd.h>

#include "daemon/desk.h"
#include "daemon/job.h"

enum exchange_stage { EXCHANGE_HAS_LINE, EXCHANGE_HAS_HEAD, EXCHANGE_IS_LENT };

struct exchange {
    struct question question; /* lent to the reader, */
    struct job job;           /* or to the writer */
    struct api_change change;
    struct api_wait wait;
    struct desk *desk;
    struct MHD_Connection *connection;
    struct connection *client;
    enum exchange_stage stage;
    const struct api_route *route; /* NULL: none was found */
    const char *rest;              /* of the path, behind the route's */
    struct caller caller;
    struct buf body;
    uint64_t announced_bytes;
    uint64_t swallowed_bytes; /* read and thrown away behind a problem */
    struct buf answer;
    size_t answer_bytes;    /* of it, in desk->answer_bytes */
    bool speaks_ses;        /* its errors have the form of SES's */
    bool has_nul;           /* in its path or a parameter */
    bool is_last;           /* where it ends is not sure, so nothing may follow it */
    struct problem problem; /* with a status: decided */
    char allow[ROUTE_METHODS_BYTES]; /* with 405: the methods that the path has */
};

/* Reads what its route answers without a store, on this thread. */
void exchange_read_fixed(struct exchange *exchange);

/*
 * Lends it to the thread that its route needs, with its connection suspended; then it
 * comes back to exchange_read(). False: it is decided already.
 */
bool exchange_lend(struct exchange *exchange);

/* Of one that was lent to the writer: what that made of it. */
void exchange_tell(struct exchange *exchange);

#endif

/*
 * The courier: what the writer does for webhooks and mail, between two batches. It puts
 * what was committed into the outbox, and hands out what is due, one message at a time to
 * each receiver: so each gets them in order as long as it takes them, and a slow one
 * delays nobody else.
 */
#ifndef SESBOUNCED_COURIER_H
#define SESBOUNCED_COURIER_H

#include "daemon/service.h"

struct courier {
    struct service *service;
    bool begun; /* the present store knows the receivers */
    char instance[STORE_INSTANCE_BYTES];
    int64_t looked_ms;     /* CLOCK_MONOTONIC */
    int64_t rest_until_ms; /* after a fault; CLOCK_MONOTONIC */
    struct courier_place {
        int64_t next_ms; /* wall clock: when to look for a message; INT64_MAX: never */
        int64_t put_ms;  /* CLOCK_MONOTONIC; 0: not yet */
        bool is_out;     /* `message` is on its way, … */
        int64_t out_until_ms; /* … until then; CLOCK_MONOTONIC */
        struct store_message message;
    } places[SETTINGS_RECEIVERS_MAX];
};

void courier_init(struct courier *courier, struct service *service);

/* `store` NULL: there is none now, and the next may be another. 0 or a fault of it. */
int courier_step(struct courier *courier, struct store *store, bool may_write);

/* When to call again even if nothing happens (CLOCK_MONOTONIC). */
int64_t courier_next_ms(const struct courier *courier, int64_t mono_ms);

#endif

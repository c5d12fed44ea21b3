/*
 * The alerts of the daemon: main has them looked at every ALERT_EVERY_MS. The look is a
 * question to the reader for reports, which may take long, and what it changes is a job
 * for the writer; so while the database cannot be read or written, no alert is raised or
 * ends, and /healthz and the log say why.
 *
 * Time is that of the wall clock, so that a machine that slept looks at once. What is
 * changed belongs to the thread that it is lent to; the rest is main's, or atomic.
 */
#ifndef SESBOUNCED_ALERTS_H
#define SESBOUNCED_ALERTS_H

#include <stdatomic.h>

#include "daemon/alert_look.h"
#include "daemon/job.h"
#include "daemon/reader.h"

struct alerts {
    struct question question; /* lent to the reader */
    struct job job;           /* lent to the writer */
    struct alert_look look;   /* of who has either */
    atomic_bool is_lent;
    atomic_bool is_wanted;       /* something came that alerts are about */
    atomic_int levels[ALERTS];   /* enum alert_level; -1: not known yet */
    atomic_int_fast64_t took_ms; /* the last look */
    atomic_int_fast64_t seen_ms; /* wall clock: the last one whose outcome is committed */
    int64_t looked_ms;           /* wall clock; main's */
    struct reader *reader;
    struct queue *jobs; /* the writer's */
};

/* With `look` knowing settings, health and metrics. Borrows all of them. */
void alerts_init(struct alerts *alerts, struct reader *reader, struct queue *jobs);

/* By main, at each tick: looks if it is time. */
void alerts_tick(struct alerts *alerts, int64_t wall_ms);

/* A message came by which somebody's sending is paused or resumed: looks at the next
 * tick. Any thread. */
void alerts_want(struct alerts *alerts);

/* Appends `sesbounced_alert`, once it is known. Any thread. Errors as buf_append. */
int alerts_print(struct alerts *alerts, struct buf *ret);

#endif

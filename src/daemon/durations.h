/*
 * How long something took, each time: a histogram of Prometheus. Atomics, any thread;
 * since start.
 */
#ifndef SESBOUNCED_DURATIONS_H
#define SESBOUNCED_DURATIONS_H

#include <stdatomic.h>
#include <stdint.h>

#include "sesbounce/buf.h"

#define DURATIONS_BOUNDS 14

struct durations {
    atomic_uint_fast64_t
        counts[DURATIONS_BOUNDS + 1]; /* the last: longer than all bounds */
    atomic_uint_fast64_t sum_us;
};

/* One that took from `begin_us` until now, of clock_mono_us(). */
void durations_add(struct durations *durations, int64_t begin_us);

/* Appends it in the Prometheus text format, without its head. Errors as buf_append. */
int durations_print(struct durations *durations, const char *name, struct buf *ret);

#endif

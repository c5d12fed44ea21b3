/*
 * A truthful watchdog: each thread that may get stuck publishes since when it has been at
 * one thing.
 */
#ifndef SESBOUNCED_BUSY_H
#define SESBOUNCED_BUSY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/limits.h"

enum busy_thread { BUSY_WRITER, BUSY_CHECKPOINTER, BUSY_OUTBOUND, BUSY_THREADS };

/* Since when it is busy (CLOCK_MONOTONIC), 0 = idle. */
typedef atomic_int_fast64_t busy_since;

static inline void busy_begin(busy_since *since, int64_t mono_ms)
{
    atomic_store_explicit(since, mono_ms, memory_order_relaxed);
}

static inline void busy_end(busy_since *since)
{
    atomic_store_explicit(since, 0, memory_order_relaxed);
}

static inline bool busy_longer(busy_since *since, int64_t mono_ms, int64_t than_ms)
{
    int64_t begun = atomic_load_explicit(since, memory_order_relaxed);

    return begun != 0 && mono_ms - begun > than_ms;
}

static inline bool busy_too_long(busy_since *since, int64_t mono_ms)
{
    return busy_longer(since, mono_ms, BUSY_TOO_LONG_MS);
}

#endif

/*
 * What the threads of the daemon share, set up by main before the first of them starts.
 */
#ifndef SESBOUNCED_SERVICE_H
#define SESBOUNCED_SERVICE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "daemon/bodies.h"
#include "daemon/bounds.h"
#include "daemon/connections.h"
#include "daemon/delivery.h"
#include "daemon/health.h"
#include "daemon/limits.h"
#include "daemon/metrics.h"
#include "daemon/store_metrics.h"
#include "daemon/waiting_room.h"

struct writer;
struct outbound;

struct service {
    const struct settings *settings;
    struct bounds bounds;
    struct delivery_rules rules;
    struct connections connections;       /* of ingest */
    struct connections admin_connections; /* of admin */
    struct bodies bodies;
    struct waiting_room room;
    struct writer *writer;
    struct outbound *_Atomic outbound; /* started after the writer, which uses it */
    struct metrics metrics;
    struct health health;
    struct store_metrics store_metrics;
    atomic_bool closing;         /* connections are closed behind an answer */
    atomic_bool stopping;        /* and new work gets 503 */
    atomic_bool storing;         /* the last thing tried with the store worked */
    const char *_Atomic trouble; /* else why not, and what to type: a constant text */
};

/* Why a thread may be stuck: since when it is busy (CLOCK_MONOTONIC), 0 = idle. */
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

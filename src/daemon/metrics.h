/*
 * Counters: what was answered and what the threads did. Atomics, any thread; since start.
 */
#ifndef SESBOUNCED_METRICS_H
#define SESBOUNCED_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/durations.h"
#include "sesbounce/buf.h"
#include "sesbounce/verdict.h"

/* What was not taken on because there is too much of it. */
enum shed {
    SHED_ADDRESS,      /* connections beyond the share of one address */
    SHED_ADMIN,        /* the same, of the admin listener */
    SHED_SLOW,         /* connections without a whole request in time */
    SHED_QUEUE,        /* deliveries beyond the writer's queue */
    SHED_WAITING_ROOM, /* deliveries beyond those that wait for a certificate */
    SHED_BODIES,       /* large bodies beyond the memory for them */
    SHED_QUESTIONS,    /* requests to the API beyond those that wait for their turn */
    SHED_COUNT,
};

enum listener { LISTENER_INGEST, LISTENER_ADMIN, LISTENER_COUNT };

/* The TLS certificate that a listener serves. */
struct metrics_tls {
    atomic_int_fast64_t expires_ms; /* CLOCK_NONE, or 0 before the start: plain HTTP */
    atomic_int_fast64_t begins_ms;  /* likewise */
    atomic_bool is_outdated;        /* its renewed files cannot be used */
};

#define METRICS_STATUSES 6

enum duration {
    DURATION_VERIFY,   /* checking and reading a genuine delivery */
    DURATION_COMMIT,   /* of a transaction, with the sync of the disk */
    DURATION_RESPONSE, /* from the last byte of a delivery to its answer */
    DURATION_COUNT,
};

struct metrics {
    struct durations durations[DURATION_COUNT];
    atomic_uint_fast64_t shed[SHED_COUNT];
    atomic_uint_fast64_t verdicts[VERDICT_COUNT];
    atomic_uint_fast64_t batches;
    atomic_uint_fast64_t certificates_fetched;
    atomic_uint_fast64_t certificates_failed;
    atomic_int_fast64_t last_kept_ms; /* wall clock; 0 = none yet */
    atomic_int_fast64_t log_bytes;    /* of the database's log, that wait for upkeep */
    struct metrics_tls tls[LISTENER_COUNT];
    atomic_uint_fast64_t api_requests[METRICS_STATUSES]; /* by the first digit */
};

/* An answer of the API. */
void metrics_count_api(struct metrics *metrics, unsigned status);

static inline void metrics_count(atomic_uint_fast64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* How many deliveries were kept, or refused and put off, since start. */
uint64_t metrics_deliveries(struct metrics *metrics, bool kept);

uint64_t metrics_shed(struct metrics *metrics, enum shed what);
uint64_t metrics_shed_in_all(struct metrics *metrics);

/* What is at this moment, and kept elsewhere. */
struct metrics_now {
    int64_t wall_ms;
    bool storing;
    uint64_t store_faults;
    uint64_t connections;
    uint64_t connections_max;
    uint64_t large_body_bytes;
    uint64_t api_waiting;
};

/* Appends all in the Prometheus text format (exposition_formats.md). Errors as
 * buf_append. */
int metrics_print(struct metrics *metrics, const struct metrics_now *now,
                  struct buf *ret);

/* The lines before the samples of a metric, and those of a metric with one sample. */
int metrics_print_head(struct buf *ret, const char *name, const char *type,
                       const char *help);
int metrics_print_one(struct buf *ret, const char *name, const char *type,
                      const char *help, int64_t value);

#endif

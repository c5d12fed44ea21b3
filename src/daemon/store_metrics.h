/*
 * What /metrics reports about the database: how many addresses are suppressed and why,
 * how much is in quarantine, when each topic was last heard, how large the files are.
 *
 * The writer looks from time to time and leaves a text; a scraper gets the last one, so
 * that a disk that hangs never holds up a scrape.
 */
#ifndef SESBOUNCED_STORE_METRICS_H
#define SESBOUNCED_STORE_METRICS_H

#include <pthread.h>
#include <stdint.h>

#include "sesbounce/buf.h"
#include "sesbounce/store_read.h"

struct store_metrics {
    pthread_mutex_t mutex; /* guards `text` */
    struct buf text;       /* empty: nothing is known yet */
    int64_t next_ms;       /* CLOCK_MONOTONIC; the writer's alone */
};

int store_metrics_init(struct store_metrics *metrics);
void store_metrics_done(struct store_metrics *metrics);

/* Looks again, at most every STORE_METRICS_EVERY_MS and for one part in
 * STORE_METRICS_SHARE of the time; `mono_ms` is now. 0 or a fault of the store, after
 * which the last text stays. The writer's thread, outside of a transaction. */
int store_metrics_look(struct store_metrics *metrics, struct store *store,
                       int64_t mono_ms);

/* Appends the last text. Any thread. Errors as buf_append. */
int store_metrics_print(struct store_metrics *metrics, struct buf *ret);

#endif

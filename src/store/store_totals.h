/*
 * Totals, so that `status` need not count rows (store_write_total.c). A transaction
 * gathers what it adds to them; one thread.
 */
#ifndef STORE_STORE_TOTALS_H
#define STORE_STORE_TOTALS_H

#include "sesbounce/policy_list.h"

struct store;

/* Rows of `total`; triggers on soft_event count another. */
enum total {
    TOTAL_QUARANTINE,
    TOTAL_QUARANTINE_BYTES,
    TOTAL_LEAKS,
    TOTAL_EVENTS,
    TOTAL_COUNT
};

/* How many addresses the list shows, by reason, and how many of these for the mail of one
 * scope only. */
struct list_total {
    struct policy_total total;
    bool is_scoped;
};

/* Adds `n` to one of them. */
void total_add(struct store *store, enum total total, int64_t n);
int total_change(struct store *store, const struct list_total *change);

/* 0 or a fault. */
int total_flush(struct store *store);
void total_forget(struct store *store);

#endif

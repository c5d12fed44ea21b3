/*
 * What alerts are measured by, and the alerts themselves. Cheap: counters and indexes,
 * and a bounded number of rows.
 *
 * Results are 0 or a fault of the store, or what a callback returned if that is not 0,
 * which ends the query.
 */
#ifndef SESBOUNCE_STORE_ALERT_H
#define SESBOUNCE_STORE_ALERT_H

#include "sesbounce/alert.h"
#include "sesbounce/store_read.h"

/* --- reading --------------------------------------------------------------------- */

/* What each identity's mail (absent: not known) came to in the clock hours (since 1970)
 * from `from` until before `until`, and in those of them from `late` on. */
struct store_alert_hours {
    int64_t from, until, late;
};
typedef int store_alert_sender_fn(void *context, struct str identity,
                                  const struct alert_counts *all,
                                  const struct alert_counts *late);
int store_alert_senders(struct store *store, const struct store_alert_hours *hours,
                        store_alert_sender_fn *each, void *context);

/* The counts of `ret`, which has the time; the rest is left. */
int store_alert_figures(struct store *store, struct alert_figures *ret);

/* Findings of SES's that are open. */
typedef int store_alert_party_fn(void *context, const struct alert_party *party);
int store_alert_findings(struct store *store, store_alert_party_fn *each, void *context);

/* `hours`, `span_ms` and `pause_ms` of a topic, which has its ARN. */
int store_alert_topic_hours(struct store *store, int64_t now_ms, struct alert_topic *ret);

/* Those that are raised, the oldest first; `about` is what store_alert_raise() got. */
typedef int store_alert_open_fn(void *context, const struct alert_open *open,
                                struct str about);
int store_alert_open(struct store *store, store_alert_open_fn *each, void *context);

/* --- writing: inside a transaction ------------------------------------------------ */

struct store_alert {
    const struct alert_reading *reading;
    struct str text;  /* what it says, and what to type */
    struct str about; /* JSON for receivers; or absent */
    int64_t now_ms;
};
/* 1, and its id; 0: one of that name and subject is open already. */
int store_alert_raise(struct store *store, const struct store_alert *alert,
                      int64_t *ret_id);
/* Of these 1, or 0: it is not open any more. */
int store_alert_rise(struct store *store, int64_t id, const struct store_alert *alert);
int store_alert_resolve(struct store *store, int64_t id, int64_t now_ms);
/* Since when what it rests on is gone; CLOCK_NONE: it is not. */
int store_alert_gone(struct store *store, int64_t id, int64_t gone_ms);

#endif

/*
 * A look at everything that alerts are about: what the database says, and what the daemon
 * knows of itself; and what follows from it for the alerts that are raised.
 *
 * Belongs to one thread at a time: to the reader's, and then to the writer's (alerts.h).
 */
#ifndef SESBOUNCED_ALERT_LOOK_H
#define SESBOUNCED_ALERT_LOOK_H

#include "daemon/health.h"
#include "daemon/metrics.h"
#include "sesbounce/settings.h"
#include "sesbounce/store_alert.h"

/* What becomes of one alert. */
struct alert_change {
    enum alert_step step;
    struct alert_open open;              /* of ALERT_RAISED only name and subject */
    const struct alert_reading *reading; /* of what is raised or rises; borrowed */
    char *about;                         /* owned; JSON, or empty */
    bool is_done;                        /* the transaction changed it */
};

/* What receivers get of a reading, beside its fact. */
struct alert_about {
    size_t reading; /* its index */
    char *json;     /* owned */
};

struct alert_look {
    const struct settings *settings;
    struct health *health;
    struct metrics *metrics;
    int64_t started_ms; /* when the daemon began to listen */
    int64_t now_ms;
    struct alert_readings readings;
    struct alert_about abouts[2 * ALERT_SUBJECTS_MAX];
    size_t about_count;
    struct alert_change *changes; /* owned */
    size_t count, room;
    enum alert_level levels[ALERTS]; /* afterwards, the highest of each name */
};

/* Looks. 0, a fault of the store or -ENOMEM; alert_look_done() in every case. */
int alert_look_take(struct alert_look *look, struct store *store);

/* Inside a transaction, and once more if that is rolled back: the changes, and what
 * receivers get of them. 0, a fault of the store or -ENOMEM. */
int alert_look_save(struct alert_look *look, struct store *store);

/* Frees what it found. */
void alert_look_done(struct alert_look *look);

#endif

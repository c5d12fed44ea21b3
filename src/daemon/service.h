/*
 * What the threads of the daemon share, set up by main before the first of them starts
 * and taken down after the last has ended: settings, counters, and the mailboxes through
 * which the threads reach each other. No thread calls another.
 *
 *   HTTP ── delivery ──▶ waiting room ──▶ outbound (woken), which gives it back
 *   HTTP ── delivery ──▶ jobs ──▶ writer, which gives it back
 *   writer ── task ──▶ tasks ──▶ outbound (woken) ── its result ──▶ jobs ──▶ writer
 *   writer ── dispatch ──▶ messages ──▶ outbound, likewise
 */
#ifndef SESBOUNCED_SERVICE_H
#define SESBOUNCED_SERVICE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "daemon/alerts.h"
#include "daemon/bodies.h"
#include "daemon/bounds.h"
#include "daemon/busy.h"
#include "daemon/connections.h"
#include "daemon/delivery.h"
#include "daemon/health.h"
#include "daemon/limits.h"
#include "daemon/metrics.h"
#include "daemon/reader.h"
#include "daemon/receivers.h"
#include "daemon/store_metrics.h"
#include "daemon/waiting_room.h"

struct https;

struct service {
    const struct settings *settings;
    struct bounds bounds;
    struct delivery_rules rules;
    struct connections connections;       /* of ingest */
    struct connections admin_connections; /* of admin */
    struct bodies bodies;
    struct waiting_room room;   /* deliveries for which outbound fetches a certificate */
    struct queue jobs;          /* struct job, for the writer */
    struct queue tasks;         /* the jobs of struct task, for outbound */
    struct queue messages;      /* and those of struct dispatch */
    struct receivers receivers; /* of what is sent out; what they know is the writer's */
    struct reader reader;       /* of the list, for the admin side */
    struct reader reports; /* for its questions that take long: nobody waits for these */
    struct https *https;   /* outbound's; NULL until main has made it */
    busy_since busy[BUSY_THREADS];
    struct metrics metrics;
    struct health health;
    struct store_metrics store_metrics;
    struct alerts alerts;
    atomic_bool closing;  /* connections are closed behind an answer */
    atomic_bool stopping; /* and new work gets 503 */
};

/* With `bounds` set. 0, or a negative errno, with which the program ends. */
int service_init(struct service *service);

/* Drops the tasks that nobody took, which the outbox still has, and which end as jobs
 * that failed. */
void service_done(struct service *service);

/* Can a delivery be verified and stored now? When several things are wrong, the first in
 * the enum is the state. Any thread. */
void service_look(struct service *service, struct health_now *ret);

/* The readers may look into the file that is open in `store`, or must no longer: see
 * reader.h. By the writer. */
void service_allow_readers(struct service *service, const struct store *store);
void service_send_readers_away(struct service *service);

/* Lends a job to the writer. 0; -EAGAIN when full, -ESHUTDOWN when stopping. Any thread.
 */
int service_lend_to_writer(struct service *service, struct job *job);

/* Lends a delivery to the waiting room, as waiting_room_enter(). Any thread. */
int service_lend_to_waiting_room(struct service *service, struct delivery *delivery,
                                 struct delivery **ret_displaced);

/* 0: outbound owns the task. -EAGAIN or -ESHUTDOWN: the caller keeps it. */
int service_give_to_outbound(struct service *service, struct job *task);

/* The same of a struct dispatch. */
int service_send(struct service *service, struct job *message);

#endif

/*
 * An incoming message on its way to a verdict, wherever it came from: the order of the
 * checks, and nothing of HTTP, threads or SQL. What carries it wraps it in a struct of
 * its own, and turns the verdict into its kind of answer.
 *
 *   envelope -> topic allowed -> signature version -> certificate URL -> certificate
 *            -> signature -> SES message -> the writer -> 200
 *
 * Ownership: the carrier's thread owns a delivery. It lends it through exactly one of the
 * waiting room and the writer's mailbox, and the thread that takes it out there gives it
 * back as its last access.
 */
#ifndef SESBOUNCED_DELIVERY_H
#define SESBOUNCED_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/job.h"
#include "daemon/sightings.h"
#include "sesbounce/certificates.h"
#include "sesbounce/intake.h"
#include "sesbounce/settings.h"

struct connections_share;

/* How far it has come. Only grows, so that no check is made twice. */
enum delivery_stage {
    DELIVERY_ARRIVES, /* nothing but the body */
    DELIVERY_PARSED,  /* `message` is there, if the verdict does not say otherwise */
    DELIVERY_GENUINE, /* its signature is right; `intake` is what it means */
};

struct delivery {
    struct job job; /* while lent to the writer; its deadline is that of the answer */

    /* The carrier's: takes it back from the borrower, as the borrower's last access. */
    void (*give_back)(struct delivery *delivery);

    /* while in the waiting room, which alone uses these */
    struct delivery *next_waiting;
    uint64_t waiting_for; /* a hash of the certificate's URL */
    enum sighting waiting_as;
    bool stands_for_url; /* the first in there of its URL */
    bool is_asked_for;   /* somebody has been sent for it */

    /* what its carrier knows of it */
    struct connections_share *sender; /* whose places it takes; NULL: not limited */
    int64_t arrived_ms;               /* CLOCK_MONOTONIC */
    bool is_raw;                      /* not in an envelope, they say */
    char claimed_type[32];            /* of the envelope; "" when nobody said it */
    struct buf body;                  /* HTTP: sized by bodies.h */

    /* what the checks made of it */
    enum delivery_stage stage;
    struct sns_message message;
    struct arn topic;
    struct sns_cert_url certificate_url;
    struct intake intake;
    enum verdict applied; /* the writer's, until the commit makes it the verdict */
    enum verdict verdict;
    const char *fault; /* constant text for the log, or NULL */
};

/* What the checks are made against; all of it outlives every delivery. */
struct delivery_rules {
    const struct settings *settings;
    struct certificates *certificates;
    struct sns_certificate *simulator; /* NULL: the simulator is off */
};

/* `arrived_ms` is CLOCK_MONOTONIC; the answer is due ANSWER_MS later, because SNS gives
 * up at 15 s. */
void delivery_init(struct delivery *delivery, const struct settings *settings,
                   int64_t arrived_ms);
void delivery_done(struct delivery *delivery);

/* What became of a step; the caller of delivery_advance() sees the last three. */
enum delivery_step {
    DELIVERY_GOES_ON,
    DELIVERY_DECIDED,  /* `verdict` is the answer */
    DELIVERY_WAITS,    /* needs a certificate that is not in memory */
    DELIVERY_STORABLE, /* `intake` is for the writer */
};

/*
 * Goes as far as it can with the whole body. Called again after a wait for a certificate.
 * Never blocks; keeps its place, so that no check is made twice.
 */
enum delivery_step delivery_advance(struct delivery *delivery,
                                    const struct delivery_rules *rules, int64_t wall_ms,
                                    int64_t mono_ms);

/* Decides, and returns DELIVERY_DECIDED for the caller to pass on. */
enum delivery_step delivery_decide(struct delivery *delivery, enum verdict verdict,
                                   const char *fault);

/*
 * Gives back a list linked by next_waiting; decides those that are undecided when
 * `verdict` is not VERDICT_NONE.
 */
void delivery_give_back_all(struct delivery *first, enum verdict verdict,
                            const char *fault);

#endif

/*
 * One HTTP request on its way to an answer: the order of the checks, and nothing of HTTP,
 * threads or SQL.
 *
 *   envelope -> topic allowed -> signature version -> certificate URL -> certificate
 *            -> signature -> SES message -> the writer -> 200
 *
 * Ownership: an HTTP thread owns a delivery; while its connection is suspended it is
 * lent, through exactly one of the waiting room and the writer's queue, and the thread
 * that takes it out there resumes it as the last access.
 */
#ifndef SESBOUNCED_DELIVERY_H
#define SESBOUNCED_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/sightings.h"
#include "daemon/writer_job.h"
#include "sesbounce/certificates.h"
#include "sesbounce/intake.h"
#include "sesbounce/settings.h"

struct MHD_Connection;
struct connection;

enum delivery_target { DELIVERY_TO_INGEST, DELIVERY_TO_HEALTHZ, DELIVERY_TO_NOWHERE };

struct delivery {
    struct writer_job job; /* while lent to the writer */

    /* while in the waiting room, which alone uses these */
    struct delivery *next_waiting;
    uint64_t waiting_for; /* a hash of the certificate's URL */
    enum sighting waiting_as;
    bool stands_for_url; /* the first in there of its URL */
    bool is_asked_for;   /* somebody has been sent for it */

    struct MHD_Connection *connection;
    struct connection *client; /* NULL: nobody sweeps it */

    /* what HTTP brought */
    enum delivery_target target;
    bool begun;               /* the headers were looked at */
    bool is_probe;            /* GET or HEAD */
    bool close_after;         /* what follows on the connection cannot be trusted */
    bool raw_header;          /* x-amz-sns-rawdelivery: true */
    char type_header[32];     /* x-amz-sns-message-type, "" when absent */
    struct buf body;          /* sized by bodies.h */
    uint64_t event_taken;     /* bytes for `intake`, see bodies_take_event() */
    uint64_t announced_bytes; /* Content-Length */
    uint64_t swallowed_bytes; /* read and thrown away behind a decided refusal */

    /* what the checks made of it */
    int64_t arrived_ms;  /* CLOCK_MONOTONIC */
    int64_t deadline_ms; /* answered by then: SNS gives up at 15 s */
    bool parsed;
    bool verified;
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

/* NULL when memory is short. `arrived_ms` is CLOCK_MONOTONIC. */
struct delivery *delivery_new(const struct settings *settings, int64_t arrived_ms);
void delivery_free(struct delivery *delivery);

enum delivery_step {
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

#endif

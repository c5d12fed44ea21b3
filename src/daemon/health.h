/*
 * Can a delivery be verified and stored now, and if not, why? The one answer to that, for
 * /healthz of both listeners, `sesbounced_storing`, STATUS= and the log (service_look()).
 *
 * The store's part is one fact, 0 or the fault of the last thing that was tried, set by
 * the writer, and by main while that hangs. The certificates' part: outbound reports what
 * a fetch came to, HTTP threads report what was verified. It is about the way to SNS and
 * not about one URL: strangers name URLs that SNS has nothing under, and its 403 or 404
 * for these proves that the way is open. Once lost, it is lost until a certificate has
 * been fetched from that origin, a delivery of it has been verified, or SNS itself has
 * answered for the same URL.
 *
 * While a certificate of that origin is known, a failed fetch is only a doubt: genuine
 * deliveries most likely need no other, and any stranger can want one that does not
 * exist. SNS may have renewed its certificate, however; then no delivery is verified. So
 * the origin is lost when another fetch fails HEALTH_DOUBT_MS later, and nothing that
 * ends a loss has happened in between.
 *
 * The mutex guards all but the store's part and `watching`, and `lost` is written under
 * it; nothing is done under it but comparing and copying.
 */
#ifndef SESBOUNCED_HEALTH_H
#define SESBOUNCED_HEALTH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/limits.h"
#include "sesbounce/buf.h"
#include "sesbounce/log.h"
#include "sesbounce/str.h"

struct delivery;

/* Why no certificate can be obtained from an origin. */
struct health_loss {
    int64_t since_ms; /* wall clock */
    char origin[SNS_ORIGIN_BYTES_MAX];
    char brief[HEALTH_BRIEF_BYTES];   /* for everybody: names nobody but the origin */
    char detail[HEALTH_DETAIL_BYTES]; /* for the operator: may name a proxy */
    const char *hint;                 /* what to look at, or NULL */
    bool is_guess; /* perhaps only a stranger names the origin: any other ends it */
};

/* No certificate was obtained from an origin of which some are known. */
struct health_doubt {
    int64_t since_mono_ms;
    int64_t since_ms;                  /* wall clock */
    char origin[SNS_ORIGIN_BYTES_MAX]; /* "": this place is free */
};

struct health {
    atomic_int store_fault;
    atomic_uint_fast64_t store_faults; /* since start */
    /* The log's last word is that nothing is stored. */
    atomic_bool told_not_storing;
    struct log_ration not_storing_ration;
    atomic_bool lost;
    atomic_bool watching; /* something is lost or in doubt, so that it can be found */
    pthread_mutex_t mutex;
    struct health_loss loss;
    struct health_doubt doubts[HEALTH_DOUBTS_MAX];
    struct log_ration ration;
    bool told; /* the log says that `loss` is lost */
};

/* 0 or a negative errno. */
int health_init(struct health *health);
void health_done(struct health *health);

/* 0: the store works. Else why nothing is stored; store_advice() says what to type. */
int health_store_fault(struct health *health);

/* Sets and counts the fault. Any thread. */
void health_store_fails(struct health *health, int fault);

/* Sets and counts -ETIMEDOUT, unless there is a fault already: false. By main, so that it
 * never takes the place of what the writer has found meanwhile. */
bool health_store_hangs(struct health *health);

/* Logs the fault of the file at `path` unless the log says so already; what the ration
 * holds back now is logged when it next allows. Any thread. */
void health_store_tell(struct health *health, const char *path);

/* Logs that the store works again if the log says that it does not. By the writer. */
void health_store_works(struct health *health, const char *path);

/*
 * A fetch from `origin` failed in a way in which it would have failed for any
 * certificate; `at_hand` when there is a certificate of that origin. True when the origin
 * is lost now; that the state turned is logged with a ration. What is lost already keeps
 * its time; a further origin is not noted before the first has been found again.
 * `mono_ms` is CLOCK_MONOTONIC.
 */
bool health_lose(struct health *health, const struct health_loss *loss, bool at_hand,
                 int64_t mono_ms);

/* A certificate came from `origin`, or verified a message of it. True when the state
 * turned and that was logged: when it was logged that it was lost. Costs one atomic read
 * while nothing is lost or in doubt. */
bool health_find(struct health *health, struct str origin);

/* SNS itself has answered there, if not with a certificate: nothing is in doubt. */
void health_answered(struct health *health, struct str origin);

/* A genuine message proves that its certificate was obtained. `endpoint` is that of the
 * settings. */
void health_verified(struct health *health, const struct delivery *delivery,
                     const char *endpoint);

enum health_state {
    HEALTH_WELL,
    HEALTH_STOPPING,
    HEALTH_NOT_STORING,   /* the store does not work */
    HEALTH_OVERLOADED,    /* the writer's queue is full */
    HEALTH_NOT_VERIFYING, /* certificates cannot be obtained */
};

struct health_now {
    enum health_state state;
    int store_fault;         /* HEALTH_NOT_STORING */
    struct health_loss loss; /* HEALTH_NOT_VERIFYING */
};

/* Any thread. HEALTH_WELL, or the first in the enum of what is wrong here: whether the
 * daemon stops or its queue is full, service_look() adds. */
void health_look(struct health *health, struct health_now *ret);

/*
 * Appends the state as one line without a line end: `ok`, or what is wrong and what to
 * type. `detail` adds what only the operator may know. Errors as buf_append.
 */
int health_print(const struct health_now *now, bool detail, struct buf *ret);

#endif

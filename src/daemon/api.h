/*
 * What a handler of the JSON API gets and gives; routes.c lists the handlers. They know
 * neither sockets nor libmicrohttpd's callbacks; exchange.c carries requests to them.
 */
#ifndef SESBOUNCED_API_H
#define SESBOUNCED_API_H

#include "daemon/api_change.h"
#include "daemon/problem.h"
#include "sesbounce/settings.h"
#include "sesbounce/store_read.h"

/* A parameter behind the `?`, decoded; of one that is given several times, the nth from 0
 * on. NULL when it is not given. */
typedef const char *api_parameter_fn(void *context, const char *name, size_t nth);

/* Of a request that may wait for rows that are not there yet. */
struct api_wait {
    bool has_begun;
    int64_t after_id; /* then: where the next look begins */
    int64_t ms;       /* how long it may wait; 0: this answer is the answer */
};

struct service;

struct api_request {
    api_parameter_fn *parameter;
    void *context;    /* of `parameter` */
    const char *rest; /* what follows the route's path, decoded; "": nothing */
    struct str body;
    const struct settings *settings;
    struct service *service; /* how the daemon is */
    int64_t now_ms;
    struct api_wait *wait;
};

/* Appends the JSON to `ret`. 0; -EINVAL with a problem; or, without one, a fault of the
 * store. */
typedef int api_handler(struct store *store, const struct api_request *request,
                        struct buf *ret, struct problem *problem);

/*
 * Reads, on the admin thread, what the request wants changed. Of `ret->decision` it sets
 * all but actor, origin and now_ms, which are set already; `ret` is freed by the caller.
 * 0; -EINVAL with a problem; -ENOMEM.
 */
typedef int api_plan_fn(const struct api_request *request, struct api_change *ret,
                        struct problem *problem);

/* Once it is committed: as api_handler, on the admin thread. */
typedef int api_tell_fn(const struct api_change *change, struct buf *ret,
                        struct problem *problem);

/* Who answers, and on which thread. */
enum api_kind {
    API_HEALTH, /* these two: exchange.c, on the admin thread */
    API_METRICS,
    API_FIXED,   /* `read`, on the admin thread, without a store */
    API_PUBLIC,  /* the same, for everybody: nothing of the list is in it */
    API_READS,   /* `read`, on the reader's thread */
    API_PAGE,    /* the same, for people: a problem is a page, too */
    API_REPORTS, /* as API_READS, on another one's: it takes seconds where much is counted
                  */
    API_WRITES,  /* `plan`, then the writer, then `tell`; needs a token that may write */
};

struct api_route {
    /* One that ends in '/', but `/` itself: of everything that begins so and goes on. */
    const char *path;
    const char *method;
    enum api_kind kind;
    size_t body_bytes_max;         /* 0: it takes none */
    const char *const *parameters; /* names, ended by NULL; NULL: any, and none counts */
    api_handler *read;
    bool waits; /* `read` sets `wait` of the request, and may be called again */
    api_plan_fn *plan;
    api_tell_fn *tell;
    const char *type; /* of what it answers; NULL: application/json */
};

#endif

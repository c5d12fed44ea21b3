/*
 * Every outbound request: libcurl's multi interface, driven by one thread.
 *
 * Only https (http where the origin is a configured loopback endpoint), no redirect,
 * bounded body and time, the configured CA file, proxies as in the environment. Not
 * thread-safe but for https_wake().
 */
#ifndef SESBOUNCE_HTTPS_H
#define SESBOUNCE_HTTPS_H

#include <stdbool.h>
#include <stdint.h>

#include "sesbounce/cleanup.h"
#include "sesbounce/str.h"

struct https;

/* Call once before the first thread: curl_global_init, and RES_OPTIONS unless it is set,
 * because libcurl's time-outs do not bound DNS. */
int https_global_start(void);
void https_global_stop(void);

/* `ca_file` NULL: the system's store. 0 or a negative errno. */
int https_new(const char *ca_file, struct https **ret);

/* Abandons what is under way without calling back. */
void https_free(struct https *https);
DEFINE_CLEANUP(struct https, https_free)

struct https_answer {
    long status;       /* HTTP status; 0 when there was no answer */
    struct str body;   /* borrowed during the callback; at most HTTPS_BODY_BYTES_MAX */
    const char *fault; /* NULL, or why there was no answer: one line, no secrets */
};
typedef void https_done_fn(void *context, const struct https_answer *answer);

/*
 * Begins a GET. `done` is called exactly once from https_run(), unless https_free() comes
 * first. 0, -ENOMEM, or -EAGAIN when HTTPS_TRANSFERS_MAX are under way.
 */
int https_get(struct https *https, const char *url, https_done_fn *done, void *context);

/* Works and waits for at most `timeout_ms`, or until https_wake(). */
int https_run(struct https *https, int timeout_ms);

/* From any thread. */
void https_wake(struct https *https);

/* How many transfers are under way. */
unsigned https_pending(const struct https *https);

#endif

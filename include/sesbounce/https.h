/*
 * Every outbound request, and mail: libcurl's multi interface, driven by one thread.
 *
 * Only https (http where the origin is a loopback address), no redirect, bounded body and
 * time, the configured CA file, proxies as in the environment but never for loopback. Not
 * thread-safe except https_wake(). SIGPIPE must be ignored by the program.
 *
 * A name that is still being resolved when its time is up is given up at once: libcurl's
 * resolver thread is detached (CURLOPT_QUICK_EXIT) and ends by itself within the time of
 * RES_OPTIONS. Without that, libcurl 7.88 blocks its caller until the resolver returns.
 */
#ifndef SESBOUNCE_HTTPS_H
#define SESBOUNCE_HTTPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sesbounce/cleanup.h"
#include "sesbounce/limits.h"
#include "sesbounce/str.h"

struct https;

/* Call once before the first thread: curl_global_init, and RES_OPTIONS unless it is set,
 * because libcurl's time-outs do not bound DNS. 0 or a negative errno. */
int https_global_start(void);
void https_global_stop(void);

/*
 * True when the environment names a proxy for https; `ret` then holds a text for the log,
 * `VARIABLE=PROXY` without the proxy's user and password, cut at `size`.
 */
bool https_proxy_in_use(char *ret, size_t size);

/* `ca_file` NULL: the system's store. 0; -ENOENT, -EACCES, … when `ca_file` cannot be
 * read; -ENOMEM. */
int https_new(const char *ca_file, struct https **ret);

/* Abandons what is under way without calling back. Not from within a callback. */
void https_free(struct https *https);
DEFINE_CLEANUP(struct https, https_free)

struct https_request {
    const char *url;
    const char *method;         /* NULL: GET, or POST with a body */
    const char *const *headers; /* "Name: value", ended by NULL; may be NULL */
    struct str body;            /* absent: none */
    long total_ms;              /* 0: HTTPS_TOTAL_MS */
    bool ignores_answer;        /* any size, and nothing of it is kept */
};

struct https_answer {
    long status;        /* HTTP status, 3xx included; 0 when there was no whole answer */
    long reply;         /* the same, or that of SMTP, also where it was not whole */
    long retry_after_s; /* what its Retry-After asks for; 0: there is none */
    struct str body;    /* borrowed during the callback; at most HTTPS_BODY_BYTES_MAX */
    const char *fault;  /* NULL, or why there was no answer: one line, no secrets */
    const char *brief;  /* with a fault: the same as a constant that names nobody */
    bool unresolved;    /* the fault is that the host's name has no address */
    bool untrusted;     /* the fault is the trust in the server, and says what to do */
    bool timed_out;     /* the fault is that the time was up */
    bool ours;          /* the fault is this program's: short of memory */
};
typedef void https_done_fn(void *context, const struct https_answer *answer);

/*
 * Begins a request, which is copied. `done` is called exactly once from https_run(),
 * unless https_free() comes first; it may begin another. 0; -EINVAL for text that is not
 * a URL, and for a URL with a user, a password, or a scheme other than https (http on
 * 127.0.0.0/8, [::1] and localhost); -EAGAIN when HTTPS_TRANSFERS_MAX are under way;
 * -ENOMEM.
 */
int https_begin(struct https *https, const struct https_request *request,
                https_done_fn *done, void *context);

/* The same with nothing but a URL. */
int https_get(struct https *https, const char *url, https_done_fn *done, void *context);

struct https_mail {
    const char *url; /* `smtp://…` or `smtps://…` */
    const char *from;
    const char *const *to; /* ended by NULL, at least one */
    const char *user;      /* NULL: no login */
    const char *password;
    struct str text; /* the whole message, with CRLF */
    long total_ms;
};

/*
 * Sends a mail, likewise; `reply` of the answer is the server's last, and without a fault
 * it took the mail for one of the recipients at least. smtp:// requires STARTTLS, except
 * on loopback, where nothing is encrypted. Results as https_begin().
 */
int https_mail(struct https *https, const struct https_mail *mail, https_done_fn *done,
               void *context);

/*
 * Works, then waits until something happens, https_wake(), or `timeout_ms` have passed,
 * and works again. May return early without a reason. 0 or a negative errno.
 */
int https_run(struct https *https, int timeout_ms);

/* From any thread. A wake before https_run() is not lost. */
void https_wake(struct https *https);

/*
 * The fault's text for a libcurl result; for https.c and its test. `detail` is libcurl's
 * own text, used only where it cannot hold the URL's path or query. Returns `brief`.
 */
const char *https_fault_text(int curl_code, const char *detail, bool own_ca_file,
                             char ret[HTTPS_FAULT_BYTES_MAX]);

/* How many transfers are under way; one whose callback runs still counts. */
unsigned https_pending(const struct https *https);

#endif

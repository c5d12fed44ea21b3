/*
 * Asks the running daemon on its own ingest listener, as SNS or a load balancer would:
 * where the daemon says that it listens (daemon/address_file.h), else where the settings
 * say.
 * One thread; libcurl's easy interface, started and stopped within.
 */
#ifndef CTL_INGEST_CLIENT_H
#define CTL_INGEST_CLIENT_H

#include "ctl/limits.h"
#include "sesbounce/buf.h"
#include "sesbounce/settings.h"
#include "sesbounce/str.h"

struct ingest_answer {
    long status;                     /* 0: no answer */
    char body[CTL_ANSWER_BYTES_MAX]; /* the first line, neutralised */
    char fault[256];                 /* why there was no answer */
    char where[256];                 /* whom we asked */
    int64_t tls_begins_ms;           /* of its certificate; CLOCK_NONE: plain HTTP */
    int64_t tls_expires_ms;
    bool tls_is_outdated; /* its renewed files cannot be used */
    bool lacks_metrics;   /* the daemon's file of addresses has no `[admin]` address */
};

/*
 * GET `path`, or POST `body` when it is present, with `headers` (`Name: value`, ended by
 * NULL, may be NULL). 0 with an answer of any status, or a negative errno with a fault.
 */
int ingest_ask(const struct settings *settings, const char *path, struct str body,
               const char *const *headers, struct ingest_answer *ret);

/* `[ingest] listen` as the origin of a URL; pure. `ret_socket` gets the path of a unix
 * socket or stays empty. False when it does not fit. */
bool ingest_origin(const char *listen, bool tls, char *ret, size_t size, char *ret_socket,
                   size_t socket_size);

#endif

/*
 * The outcome of a delivery: one table maps each outcome to its name, HTTP answer and log
 * level, so that no other place decides on a status.
 *
 * The rule behind the statuses (sns-message-delivery-retries): SNS drops a message on a
 * 4xx and tries again on a 5xx. A 4xx is therefore only for what can never be accepted;
 * "cannot tell now" is always 503. Pure; any thread.
 */
#ifndef SESBOUNCE_VERDICT_H
#define SESBOUNCE_VERDICT_H

#include <stdbool.h>

#include "sesbounce/log.h"

enum verdict {
    VERDICT_NONE, /* not decided, or nothing against it; never answered with, asserts */

    /* 200: committed and fsynced */
    VERDICT_STORED,      /* new rows */
    VERDICT_DUPLICATE,   /* known already: a retry, or the other feed */
    VERDICT_COUNTED,     /* a type of `[events] count` */
    VERDICT_IGNORED,     /* a type of `[events] ignore` */
    VERDICT_ERASED,      /* from before its address was erased; nothing is kept */
    VERDICT_ANNOUNCED,   /* SES announcing itself; noted on the topic */
    VERDICT_QUARANTINED, /* authentic, but cannot be applied; kept verbatim */
    VERDICT_CONFIRMING,  /* the confirmation is in the outbox */
    VERDICT_PENDING,     /* `confirm = manual`: waits for sesbouncectl */
    VERDICT_UNSUBSCRIBED_IN_PART, /* another subscription delivers, or is waiting */
    VERDICT_UNSUBSCRIBED,

    /* 400: not an SNS envelope */
    VERDICT_EMPTY,
    VERDICT_NOT_JSON,
    VERDICT_HTML,
    VERDICT_RAW_DELIVERY,
    VERDICT_NOT_ENVELOPE,
    VERDICT_UNKNOWN_TYPE,
    VERDICT_TYPE_CONTRADICTED,
    VERDICT_BAD_FRAMING,

    /* 401 */
    VERDICT_NO_CREDENTIALS, /* none were sent: SNS answers this with a second request */
    VERDICT_CREDENTIALS,    /* they are wrong */

    /* 403: not ours, or not genuine; all with the same body */
    VERDICT_TOPIC_REFUSED,
    VERDICT_CERTIFICATE_URL,
    VERDICT_SIGNATURE_VERSION,
    VERDICT_SIGNATURE,

    VERDICT_NOT_FOUND, /* 404 */
    VERDICT_METHOD,    /* 405 */
    VERDICT_TOO_LARGE, /* 413 */

    /* 503: cannot tell or store now; SNS tries again */
    VERDICT_NO_CERTIFICATE,
    VERDICT_STORE,
    VERDICT_BUSY,
    VERDICT_NO_MEMORY,
    VERDICT_STOPPING,

    VERDICT_COUNT,
};

struct verdict_info {
    const char *name; /* lower-case words with dashes: log field, metric label */
    unsigned http_status;
    enum log_level level;
    const char *body; /* one line of plain text: why, and what to do */
};

/* Never NULL; `verdict` must be a member of the enum. */
const struct verdict_info *verdict_info(enum verdict verdict);

/* True for the 200s: the message is kept. */
bool verdict_is_kept(enum verdict verdict);

#endif

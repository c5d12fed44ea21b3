/*
 * Why a request to the admin side gets no answer, as application/problem+json (RFC 9457):
 * `type title status detail`, and `oldest` with 410. One thread.
 */
#ifndef SESBOUNCED_PROBLEM_H
#define SESBOUNCED_PROBLEM_H

#include <stdint.h>

#include "daemon/limits.h"
#include "sesbounce/buf.h"

struct problem {
    unsigned status;
    char detail[PROBLEM_DETAIL_BYTES]; /* a sentence; may quote the request */
    int64_t oldest_id; /* with 410: the first of the rows that are there */
};

/* Returns -EINVAL, so that a handler can return it. A detail that is too long is cut. */
int problem_set(struct problem *problem, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Appends the object. 0 or -ENOMEM. */
int problem_print(const struct problem *problem, struct buf *ret);

#endif

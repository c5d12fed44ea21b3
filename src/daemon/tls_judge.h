/*
 * What is wrong with a certificate and its key, before a listener serves with them: the
 * same at --check-config, at the start and when they are renewed.
 *
 * Pure; any thread.
 */
#ifndef SESBOUNCED_TLS_JUDGE_H
#define SESBOUNCED_TLS_JUDGE_H

#include <stdbool.h>

#include "sesbounce/buf.h"

struct tls_judgement {
    const char *fault; /* a constant text; NULL: it can be served with */
    bool of_key;       /* else of the certificate */
    int64_t begins_ms; /* of the first certificate; CLOCK_NONE: not told */
    int64_t expires_ms;
};

/* Either text may be NULL: what is not there is not judged. -ENOMEM, or 0 with the
 * judgement. */
int tls_judge(const char *certificate, const char *key, struct tls_judgement *ret);

/*
 * Does SNS refuse it by its dates, or is it time to renew it (expiry.h)? True with a text
 * appended: `expired on 2026-11-27, so SNS refuses it …`, `expires on …`, `is valid from
 * … on, …`.
 */
bool tls_judge_expiry(const struct tls_judgement *judgement, int64_t now_ms,
                      struct buf *ret);

#endif

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
 * Is it time to renew it? Appends `has expired, on 2026-11-27, …` or the like. True when
 * there is something to say: from TLS_EXPIRY_WARNING_MS before its end on, or the last
 * third of its life where that is shorter.
 */
bool tls_judge_expiry(const struct tls_judgement *judgement, int64_t now_ms,
                      struct buf *ret);

#endif

/*
 * When a TLS certificate is due to be renewed, and how the daemon tells `sesbouncectl
 * status` that a renewal failed: one rule for both programs. Pure; any thread.
 */
#ifndef SESBOUNCE_EXPIRY_H
#define SESBOUNCE_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "sesbounce/clock.h"
#include "sesbounce/limits.h"

/* In the answer to GET /healthz while renewed files cannot be used: `status` reads it. */
#define TLS_HEADER          "Sesbounced-Tls"
#define TLS_HEADER_OUTDATED "renewal-unusable"

/*
 * True from TLS_EXPIRY_WARNING_MS before its end on, or in the last third of its life if
 * that is shorter. False when a time is CLOCK_NONE.
 */
static inline bool expiry_is_near(int64_t begins_ms, int64_t expires_ms, int64_t now_ms)
{
    int64_t left_ms, third_ms;

    if (begins_ms == CLOCK_NONE || expires_ms == CLOCK_NONE)
        return false;
    left_ms = expires_ms - now_ms;
    third_ms = (expires_ms - begins_ms) / 3;
    return left_ms <= TLS_EXPIRY_WARNING_MS && left_ms <= third_ms;
}

#endif

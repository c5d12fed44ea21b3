/*
 * SHA-256 (FIPS 180-4), to know something again: keys, log hashes, credentials.
 *
 * Cannot fail and allocates nothing: a key that is missing would count an event twice.
 * Pure; any thread.
 */
#ifndef SESBOUNCE_DIGEST_H
#define SESBOUNCE_DIGEST_H

#include "sesbounce/str.h"

#define DIGEST_BYTES 32

void digest_sha256(struct str bytes, unsigned char ret[DIGEST_BYTES]);

/* The first `digits` digits of a digest in lower-case hex, NUL behind them. */
void digest_hex(const unsigned char digest[DIGEST_BYTES], size_t digits, char *ret);

#endif

/*
 * SHA-256 (FIPS 180-4), to recognise something: keys, log hashes, credentials.
 *
 * Cannot fail and allocates nothing: a key that is missing would count an event twice.
 * Pure; any thread.
 */
#ifndef SESBOUNCE_DIGEST_H
#define SESBOUNCE_DIGEST_H

#include "sesbounce/str.h"

#define DIGEST_BYTES 32

void digest_sha256(struct str bytes, unsigned char ret[DIGEST_BYTES]);

/* HMAC-SHA256 (RFC 2104) under a key of DIGEST_KEY_BYTES_MAX at most. */
#define DIGEST_KEY_BYTES_MAX 64
void digest_hmac_sha256(struct str key, struct str bytes,
                        unsigned char ret[DIGEST_BYTES]);

/* Bytes as `digits` digits of lower-case hex, and a NUL. */
void digest_hex(const unsigned char *bytes, size_t digits, char *ret);

#endif

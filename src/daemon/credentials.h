/*
 * HTTP Basic credentials (RFC 7617) from `[ingest] credentials_file`: `user:password` a
 * line, blank lines and `#` comments aside. Immutable after reading; any thread.
 */
#ifndef SESBOUNCED_CREDENTIALS_H
#define SESBOUNCED_CREDENTIALS_H

#include <stdbool.h>

#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/str.h"
#include "sesbounce/verdict.h"

struct credentials;

/*
 * 0; -EINVAL when no line or a line without a colon is in it; another negative errno.
 * `fault` gets what is wrong, without the path and without a line's text.
 */
int credentials_read(const char *file, struct credentials **ret, struct buf *fault);
void credentials_free(struct credentials *credentials);
DEFINE_CLEANUP(struct credentials, credentials_free)

/* Compares with every line in constant time. 1 or 0, or -ENOMEM: cannot tell now. NULL
 * arguments never match. */
int credentials_match(const struct credentials *credentials, const char *user,
                      const char *password);

/*
 * VERDICT_UNDECIDED when they match. `was_sent`: was there an Authorization header at
 * all? With VERDICT_CREDENTIALS `*ret_fault` is a constant text for the log.
 */
enum verdict credentials_check(const struct credentials *credentials, bool was_sent,
                               const char *user, const char *password,
                               const char **ret_fault);

#endif

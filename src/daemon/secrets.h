/*
 * Who may ask, from the files that the settings name; blank lines and `#` comments aside:
 *
 *   [ingest] credentials_file   `user:password` a line, for HTTP Basic (RFC 7617)
 *   [admin] tokens_file         `NAME:read:SHA256HEX` or `NAME:write:SHA256HEX` a line,
 *                               for bearer tokens (RFC 6750); it holds hashes, so that
 *                               who reads it cannot ask
 *
 * Immutable after reading; any thread. Every line is compared in constant time.
 */
#ifndef SESBOUNCED_SECRETS_H
#define SESBOUNCED_SECRETS_H

#include <stdbool.h>

#include "daemon/limits.h"
#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/str.h"
#include "sesbounce/verdict.h"

struct secrets;

enum secrets_kind { SECRETS_CREDENTIALS, SECRETS_TOKENS };

/*
 * 0; -EINVAL when a line has another form or there is none; another negative errno.
 * `fault` gets what is wrong, without the path and without a line's text.
 */
int secrets_read(enum secrets_kind kind, const char *path, struct secrets **ret,
                 struct buf *fault);

/* The same at the start, where `path` may be NULL: 0; -EINVAL, whatever is wrong with the
 * file, with a line in `fault` that names the setting; -ENOMEM. */
int secrets_open(enum secrets_kind kind, const char *path, struct secrets **ret,
                 struct buf *fault);
void secrets_free(struct secrets *secrets);
DEFINE_CLEANUP(struct secrets, secrets_free)

/*
 * VERDICT_NONE when they match. `was_sent`: was there an Authorization header at
 * all? With VERDICT_CREDENTIALS `*ret_fault` is a constant text for the log.
 */
enum verdict secrets_check_credentials(const struct secrets *secrets, bool was_sent,
                                       const char *user, const char *password,
                                       const char **ret_fault);

/* One of a tokens file. */
struct secrets_token {
    char name[SECRET_NAME_BYTES]; /* who has it: the actor of what is done with it */
    bool writes;                  /* and reads; else it only reads */
};

/*
 * The token of the file that `authorization`, the value of that header, has: `Bearer
 * TOKEN`, or in the place of an AWS access key id, `AWS4-HMAC-SHA256
 * Credential=TOKEN/DATE/REGION/ses/aws4_request, …` (Signature Version 4), whose
 * signature nobody checks: the key to it is known only as a hash. Borrowed from
 * `secrets`; NULL: none.
 */
const struct secrets_token *secrets_find_token(const struct secrets *secrets,
                                               struct str authorization);

#endif

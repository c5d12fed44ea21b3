/*
 * Bearer tokens (RFC 6750) from `[admin] tokens_file`: `NAME:read:SHA256HEX` or
 * `NAME:write:SHA256HEX` a line, blank lines and `#` comments aside. The file holds
 * hashes, so that who reads it cannot ask. Immutable after reading; any thread.
 */
#ifndef SESBOUNCED_TOKENS_H
#define SESBOUNCED_TOKENS_H

#include <stdbool.h>

#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/str.h"

struct tokens;

/*
 * 0; -EINVAL if a line is not like one of the above or there is no line; another
 * negative errno. `fault` gets what is wrong, without the path.
 */
int tokens_read(const char *file, struct tokens **ret, struct buf *fault);
void tokens_free(struct tokens *tokens);
DEFINE_CLEANUP(struct tokens, tokens_free)

/*
 * True when `authorization`, the value of that header, is `Bearer TOKEN` with a token of
 * the file, be it for reading or writing. Compares with every line in constant time.
 */
bool tokens_match(const struct tokens *tokens, struct str authorization);

#endif

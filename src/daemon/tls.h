/*
 * What a listener of ours serves TLS with: the PEM texts that the settings name.
 *
 * Immutable after reading; any thread.
 */
#ifndef SESBOUNCED_TLS_H
#define SESBOUNCED_TLS_H

#include <microhttpd.h>

#include "sesbounce/buf.h"

enum { TLS_OPTIONS = 4 };

/* Both NULL: plain HTTP. */
struct tls {
    char *certificate;
    char *key;
};

/*
 * Reads both files; NULL paths are left out. 0; -EINVAL with a line in `fault` that names
 * `section` when one cannot be used; -ENOMEM. The caller calls tls_done() in any case.
 */
int tls_read(const char *section, const char *certificate, const char *key,
             struct tls *ret, struct buf *fault);
void tls_done(struct tls *tls);

/*
 * For MHD_OPTION_ARRAY: TLS 1.2 or later, or no option at all. MHD_USE_TLS is for the
 * caller to set.
 */
void tls_options(const struct tls *tls, struct MHD_OptionItem ret[TLS_OPTIONS]);

#endif

/*
 * Is an envelope genuine? For `message verify` and `import`, without a daemon.
 *
 * The certificate is one given by the operator, one that the daemon keeps on disk, or
 * fetched by https from the origin of the topic's region. Nothing is ever written: a file
 * of ours in the daemon's folder would lock it out. One thread.
 */
#ifndef CTL_VERIFY_H
#define CTL_VERIFY_H

#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/settings.h"
#include "sesbounce/sns_message.h"

enum verify_answer {
    VERIFY_GENUINE,
    VERIFY_REFUSED,
    VERIFY_CANNOT_TELL, /* the certificate is not available */
};

struct verify;

/* Borrows `settings` (endpoint, ca_file, certificates). 0 or -ENOMEM. */
int verify_new(const struct settings *settings, unsigned min_version,
               struct verify **ret);
void verify_free(struct verify *verify);
DEFINE_CLEANUP(struct verify, verify_free)

/* From now on only this certificate counts; no network. -EINVAL with a constant
 * `*ret_fault` when it is not one certificate. */
int verify_pin(struct verify *verify, struct str pem, const char **ret_fault);

/* `reason` gets a line unless the answer is VERIFY_GENUINE. */
enum verify_answer verify_message(struct verify *verify,
                                  const struct sns_message *message, struct buf *reason);

#endif

/*
 * The fuzzer's own key, made in each process, and a certificate for it that is
 * good for every region and from 2000 to 2099: with it inputs get behind the signature.
 */
#ifndef SESBOUNCE_TESTS_FUZZ_SIGNER_H
#define SESBOUNCE_TESTS_FUZZ_SIGNER_H

#include <stdbool.h>

#include "sesbounce/buf.h"
#include "sesbounce/sns_message.h"

/* Once, before the others. */
void signer_start(void);

/* The certificate as PEM. */
struct str signer_certificate(void);

/*
 * Appends `body` to `ret`, with a right signature where the envelope has the value SIGN.
 * True when it could: `body` is an envelope of SignatureVersion 1 or 2 that has it.
 */
bool signer_sign(struct str body, struct buf *ret);

/* Is this, canonically, what signer_sign() signed last? */
bool signer_has_signed(const struct sns_message *message);
/* Forgets what that was. */
void signer_forget(void);

#endif

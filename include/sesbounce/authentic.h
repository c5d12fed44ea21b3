/*
 * Did SNS sign this message, for this topic? The order of the checks, for every caller:
 *
 *   signature version -> certificate URL -> the certificate's region -> signature
 *
 * What needs no certificate comes first, and what costs most comes last. Whether the
 * topic is one of ours is asked before, where there is a list of them. Pure; any thread.
 */
#ifndef SESBOUNCE_AUTHENTIC_H
#define SESBOUNCE_AUTHENTIC_H

#include "sesbounce/arn.h"
#include "sesbounce/sns_message.h"
#include "sesbounce/sns_signature.h"
#include "sesbounce/sns_url.h"
#include "sesbounce/verdict.h"

struct authentic_rules {
    struct str endpoint;  /* [sns] endpoint */
    unsigned min_version; /* [sns] min_signature_version */
};

/* What can be refused without a certificate: VERDICT_SIGNATURE_VERSION,
 * VERDICT_CERTIFICATE_URL. VERDICT_NONE: `*ret_url` is where the certificate is. */
enum verdict authentic_check(const struct sns_message *message, const struct arn *topic,
                             const struct authentic_rules *rules,
                             struct sns_cert_url *ret_url);

/* VERDICT_NO_CERTIFICATE when the certificate is not one that SNS signs with in the
 * topic's region; else as sns_signature_verify(). */
enum verdict authentic_verify(const struct sns_message *message, const struct arn *topic,
                              const struct authentic_rules *rules,
                              const struct sns_certificate *certificate,
                              const char **ret_fault);

#endif

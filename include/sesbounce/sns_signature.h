/*
 * SNS's signing certificate and the check of a signature with it (OpenSSL).
 *
 * Version 1 is SHA-1, version 2 SHA-256, both RSA PKCS#1 v1.5 over the canonical string.
 * The certificate is a leaf without a chain: trust comes from the TLS fetch (or from the
 * operator who put the file there); the name and the term are checked here. A certificate
 * is immutable, shared between threads and reference-counted.
 */
#ifndef SESBOUNCE_SNS_SIGNATURE_H
#define SESBOUNCE_SNS_SIGNATURE_H

#include <stdbool.h>
#include <stdint.h>

#include "sesbounce/arn.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/sns_message.h"
#include "sesbounce/str.h"

struct sns_certificate;

/*
 * Reads exactly one PEM certificate and nothing around it but white space: RSA of 2048
 * bits or more. 0 and a reference for the caller; -EINVAL with a constant `*ret_fault`;
 * -ENOMEM.
 */
int sns_certificate_parse(struct str pem, struct sns_certificate **ret,
                          const char **ret_fault);
struct sns_certificate *sns_certificate_ref(struct sns_certificate *certificate);
void sns_certificate_unref(struct sns_certificate *certificate);
DEFINE_CLEANUP(struct sns_certificate, sns_certificate_unref)

/*
 * True when its subject or a subject alternative name is one SNS signs with in the
 * topic's region: sns.amazonaws.com, sns-signing.REGION.…, sns-REGION.… with the
 * partition's domain; sns-us-gov-west-1.amazonaws.com in both GovCloud regions.
 */
bool sns_certificate_is_for(const struct sns_certificate *certificate,
                            const struct arn *topic);

/* True when one of its names is one that SNS signs with in any region. Any other is not
 * worth keeping; for which topic it may be used is another question. */
bool sns_certificate_is_of_sns(const struct sns_certificate *certificate);

/* Was it valid at that time? */
bool sns_certificate_valid_at(const struct sns_certificate *certificate, int64_t ms);

/* Is SignatureVersion 1 or 2, and at least `min_version`? Needs no certificate. */
bool sns_signature_accepts_version(const struct sns_message *message,
                                   unsigned min_version);

/*
 * VERDICT_NONE when `message` is genuine; VERDICT_SIGNATURE_VERSION for a version
 * other than 1 or 2 or below `min_version`; VERDICT_SIGNATURE when it is not base64, has
 * the wrong length, does not verify, or the certificate was not valid at the message's
 * Timestamp; VERDICT_NO_MEMORY, also if this system's OpenSSL policy forbids SHA-1
 * (503, because the fault is ours). `*ret_fault` is a constant text.
 */
enum verdict sns_signature_verify(const struct sns_certificate *certificate,
                                  const struct sns_message *message, unsigned min_version,
                                  const char **ret_fault);

#endif

/*
 * Which URLs we may ask: derived from the topic's region, never taken from a message.
 *
 * AWS's published pattern for SigningCertURL has holes (sns.s3-us-west-2.amazonaws.com is
 * an S3 bucket); the host must be exactly the SNS endpoint of the region in TopicArn, or
 * the origin of the configured `[sns] endpoint`. Pure; any thread.
 */
#ifndef SESBOUNCE_SNS_URL_H
#define SESBOUNCE_SNS_URL_H

#include <stdbool.h>

#include "sesbounce/arn.h"
#include "sesbounce/buf.h"
#include "sesbounce/limits.h"
#include "sesbounce/str.h"

/* An origin, `https://HOST[:PORT]`, without a slash after it. */
struct sns_origin {
    char text[SNS_ORIGIN_BYTES_MAX];
};

/* The DNS domain of an AWS partition, `amazonaws.com` for `aws`; absent for one we do not
 * know. And of all partitions, by number; absent after the last. */
struct str sns_url_domain(struct str partition);
struct str sns_url_domain_at(size_t number);

/*
 * 0 when `text` may be a value of `[sns] endpoint`: absent or `auto`; else an origin
 * only, `{region}` optional, https, or http on a loopback address. -EINVAL with a
 * constant `*ret_fault` otherwise.
 */
int sns_url_check_endpoint(struct str text, const char **ret_fault);

/*
 * Where certificates and confirmations of this topic are fetched: the configured
 * `endpoint` with its {region} filled in, or the partition's SNS endpoint when `endpoint`
 * is absent or `auto`. 0, or -EINVAL for a partition we do not know.
 */
int sns_url_origin(const struct arn *topic, struct str endpoint, struct sns_origin *ret);

/* HOST[:PORT] of an origin, borrowed from it. */
struct str sns_url_origin_host(const struct sns_origin *origin);

/* The host alone of AWS's SNS endpoint in the topic's region, which SigningCertURL may
 * name whatever is configured. 0, or -EINVAL for a partition we do not know. */
int sns_url_aws_host(const struct arn *topic, struct sns_origin *ret);

/* SimpleNotificationService-HEX.pem, HEX in lower case, at most SNS_CERT_HEX_MAX long. */
bool sns_url_is_certificate_file(struct str file);

/* What a SigningCertURL names, borrowed from it. */
struct sns_cert_url {
    struct str host; /* as in the URL, port included when not 443: the folder on disk */
    struct str file; /* SimpleNotificationService-HEX.pem */
};

/*
 * True when `url` may be asked for the certificate of a message of `topic`: https, no
 * userinfo, query, fragment, percent-encoding or upper case in the host; port absent or
 * 443; host as above; path /SimpleNotificationService-[0-9a-f]+.pem. The same path is
 * fetched from sns_url_origin(). A URL on the configured endpoint's own origin is
 * accepted too (http and other ports included when the endpoint has them).
 */
bool sns_url_certificate(struct str url, const struct arn *topic, struct str endpoint,
                         struct sns_cert_url *ret);

/*
 * Appends `ORIGIN/?Action=ConfirmSubscription&TopicArn=…&Token=…`, percent-encoded.
 * Errors as buf_append.
 */
int sns_url_confirmation(const struct sns_origin *origin, struct str topic_arn,
                         struct str token, struct buf *ret);

#endif

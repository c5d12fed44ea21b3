/*
 * The signing certificates in memory and on disk, with remembered failures.
 * No network: the outbound thread fetches and reports here.
 *
 * On disk a certificate is HOST/SimpleNotificationService-HEX.pem under `[store]
 * certificates`, written to a temporary name, fsynced and renamed; a file that the
 * operator put there is used like a fetched one. All functions are thread-safe; the one
 * mutex guards the tables and is never held over disk access.
 *
 * Certificates and failures have separate bounds, and the least recently used goes first:
 * a client that names many URLs evicts only remembered failures. Whether a certificate
 * may be used for a topic's region is not decided here, but at each use: with one `[sns]
 * endpoint` for several regions, the topic that asked first says nothing about what was
 * fetched, and a failure is remembered only if no topic could use the certificate. A URL
 * whose host or file could not be a name on disk (a slash, a leading dot, …) counts as
 * failed and is never kept.
 */
#ifndef SESBOUNCE_CERTIFICATES_H
#define SESBOUNCE_CERTIFICATES_H

#include <stdbool.h>
#include <stdint.h>

#include "sesbounce/arn.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/sns_signature.h"
#include "sesbounce/sns_url.h"

struct certificates;

enum certificates_answer {
    CERTIFICATES_READY,   /* `*ret` holds a reference */
    CERTIFICATES_UNKNOWN, /* not in memory: ask certificates_load(), then fetch */
    CERTIFICATES_FAILED,  /* could not be obtained a moment ago: 503 */
};

/*
 * `directory` is created (0750) when missing, its parent must exist; temporary files that
 * a crash left behind are removed. 0 or a negative errno.
 */
int certificates_new(const char *directory, struct certificates **ret);
void certificates_free(struct certificates *certificates);
DEFINE_CLEANUP(struct certificates, certificates_free)

/* Memory only, never blocks on disk: for the HTTP threads. `now_ms` is CLOCK_MONOTONIC
 * here and below. */
enum certificates_answer certificates_get(struct certificates *certificates,
                                          const struct sns_cert_url *url, int64_t now_ms,
                                          struct sns_certificate **ret);

/* Is a certificate of that host in memory or on disk? May look there. */
bool certificates_has_host(struct certificates *certificates, struct str host);

/* Is there any in memory? */
bool certificates_have_any(struct certificates *certificates);

/*
 * Reads the file from disk into memory. 0, -ENOENT, or another negative errno when what
 * is there cannot be used (not a regular file, too large, writable by everybody,
 * damaged); the caller treats all of them as missing and fetches, which replaces the
 * file. A certificate whose name is not one that SNS signs with anywhere is -EINVAL.
 */
int certificates_load(struct certificates *certificates, const struct sns_cert_url *url);

/*
 * The result of a fetch. Checks it as sns_certificate_parse and
 * sns_certificate_is_of_sns, keeps it in memory, then on disk. 0; -EINVAL (remembered as
 * a failure) with
 * `*ret_fault`; -ENOMEM likewise; another negative errno when only the disk failed: the
 * certificate is in memory all the same. `*ret_fault` is a constant text, NULL on 0.
 */
int certificates_put(struct certificates *certificates, const struct sns_cert_url *url,
                     struct str pem, int64_t now_ms, const char **ret_fault);

/* Remembers a failure for CERTIFICATE_FAILURE_MS; a certificate that is known stays. */
void certificates_fail(struct certificates *certificates, const struct sns_cert_url *url,
                       int64_t now_ms);

#endif

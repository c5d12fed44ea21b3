#include "ctl/verify.h"

#include <errno.h>
#include <string.h>

#include "ctl/limits.h"
#include "remote/certificate_files.h"
#include "sesbounce/authentic.h"
#include "sesbounce/clock.h"
#include "sesbounce/https.h"

struct kept {
    char name[SNS_URL_BYTES_MAX]; /* HOST/FILE */
    struct sns_certificate *certificate;
};

struct verify {
    const struct settings *settings;
    unsigned min_version;
    struct sns_certificate *pinned;
    struct https *https; /* made at the first fetch */
    bool curl_started;
    struct kept kept[CTL_CERTIFICATES_MAX];
    size_t kept_count;
    char failed[SNS_URL_BYTES_MAX]; /* asked for last, in vain: not again each record */
    char failed_why[256];
};

int verify_new(const struct settings *settings, unsigned min_version, struct verify **ret)
{
    *ret = calloc(1, sizeof(**ret));
    if (!*ret)
        return -ENOMEM;
    (*ret)->settings = settings;
    (*ret)->min_version = min_version;
    return 0;
}

void verify_free(struct verify *verify)
{
    if (!verify)
        return;
    for (size_t i = 0; i < verify->kept_count; i++)
        sns_certificate_unref(verify->kept[i].certificate);
    if (verify->pinned)
        sns_certificate_unref(verify->pinned);
    https_free(verify->https);
    if (verify->curl_started)
        https_global_stop();
    free(verify);
}

int verify_pin(struct verify *verify, struct str pem, const char **ret_fault)
{
    return sns_certificate_parse(pem, &verify->pinned, ret_fault);
}

/* --- fetching --- */

struct fetched {
    bool done;
    long status;
    struct buf body;
    char fault[200];
};

static void fetched_keep(void *context, const struct https_answer *answer)
{
    struct fetched *fetched = context;
    fetched->done = true;
    fetched->status = answer->status;
    if (answer->fault)
        (void)snprintf(fetched->fault, sizeof(fetched->fault), "%s", answer->fault);
    else if (buf_append_str(&fetched->body, answer->body) < 0)
        (void)snprintf(fetched->fault, sizeof(fetched->fault), "out of memory");
}

static int https_prepare(struct verify *verify, struct buf *reason)
{
    const char *ca_file = verify->settings->sns.ca_file;
    if (verify->https)
        return 0;
    int r = verify->curl_started ? 0 : https_global_start();
    verify->curl_started = verify->curl_started || r == 0;
    if (r == 0)
        r = https_new(ca_file, &verify->https);
    if (r < 0)
        (void)buf_printf(reason, "https cannot be used: %s%s%s", strerror(-r),
                         ca_file ? ": " : "", ca_file ? ca_file : "");
    return r;
}

static int fetched_wait(struct verify *verify, const char *url, struct fetched *fetched)
{
    int64_t deadline_ms = clock_mono_ms() + HTTPS_TOTAL_MS + HTTPS_CONNECT_MS;
    int r = https_get(verify->https, url, fetched_keep, fetched);
    while (r == 0 && !fetched->done && clock_mono_ms() < deadline_ms)
        r = https_run(verify->https, 200);
    if (r < 0)
        (void)snprintf(fetched->fault, sizeof(fetched->fault), "%s", strerror(-r));
    else if (!fetched->done)
        (void)snprintf(fetched->fault, sizeof(fetched->fault), "no answer in time");
    if (!fetched->done) {
        /* The transfer must not call back into a frame that is gone. */
        https_free(verify->https);
        verify->https = NULL;
    }
    return fetched->done && !*fetched->fault ? 0 : -EIO;
}

static int certificate_fetch(struct verify *verify, const struct arn *topic,
                             const struct sns_cert_url *cert_url,
                             struct sns_certificate **ret, struct buf *reason)
{
    struct fetched fetched = {.body = {.max = HTTPS_BODY_BYTES_MAX}};
    struct sns_origin origin;
    char url[SNS_URL_BYTES_MAX + SNS_ORIGIN_BYTES_MAX];
    const char *fault = fetched.fault;
    int r = sns_url_origin(topic, str_of(verify->settings->sns.endpoint), &origin);
    if (r == 0)
        r = https_prepare(verify, reason);
    if (r < 0)
        return r;
    (void)snprintf(url, sizeof(url), "%s/%.*s", origin.text, STR_ARG(cert_url->file));
    r = fetched_wait(verify, url, &fetched);
    if (r == 0 && fetched.status != 200) {
        (void)buf_printf(reason, "%s answered %ld", url, fetched.status);
        r = -EIO;
    } else {
        if (r == 0)
            r = sns_certificate_parse(buf_str(&fetched.body), ret, &fault);
        if (r < 0)
            (void)buf_printf(reason, "%s: %s", url, fault);
    }
    buf_done(&fetched.body);
    return r;
}

/* --- the certificate of a message --- */

static int certificate_load(const struct verify *verify, const struct sns_cert_url *url,
                            struct sns_certificate **ret)
{
    _cleanup_(buf_done) struct buf pem = {.max = CERTIFICATE_FILE_BYTES_MAX};
    const char *fault;
    int r = certificate_files_read(verify->settings->store.certificates, url, &pem);
    return r < 0 ? r : sns_certificate_parse(buf_str(&pem), ret, &fault);
}

static struct sns_certificate *verify_keep(struct verify *verify, const char *name,
                                           struct sns_certificate *certificate)
{
    if (verify->kept_count == CTL_CERTIFICATES_MAX)
        sns_certificate_unref(verify->kept[--verify->kept_count].certificate);
    struct kept *kept = &verify->kept[verify->kept_count++];
    (void)snprintf(kept->name, sizeof(kept->name), "%s", name);
    kept->certificate = certificate;
    return certificate;
}

/* Borrowed; NULL with a reason if it is not available. */
static struct sns_certificate *certificate_find(struct verify *verify,
                                                const struct arn *topic,
                                                const struct sns_cert_url *url,
                                                struct buf *reason)
{
    struct sns_certificate *certificate = NULL;
    char name[SNS_URL_BYTES_MAX];
    (void)snprintf(name, sizeof(name), "%.*s/%.*s", STR_ARG(url->host),
                   STR_ARG(url->file));
    for (size_t i = 0; i < verify->kept_count; i++)
        if (strcmp(verify->kept[i].name, name) == 0)
            return verify->kept[i].certificate;
    /* A damaged or foreign file counts as missing, as in the daemon. */
    if (certificate_load(verify, url, &certificate) == 0) {
        if (sns_certificate_is_of_sns(certificate))
            return verify_keep(verify, name, certificate);
        sns_certificate_unref(take_ptr(certificate));
    }
    if (strcmp(verify->failed, name) == 0) {
        (void)buf_append_str(reason, str_of(verify->failed_why));
        return NULL;
    }
    _cleanup_(buf_done) struct buf why = {.max = CTL_MESSAGE_BYTES_MAX};
    if (certificate_fetch(verify, topic, url, &certificate, &why) == 0) {
        if (sns_certificate_is_of_sns(certificate))
            return verify_keep(verify, name, certificate);
        (void)buf_printf(&why, "the certificate URL does not serve a certificate of SNS");
        sns_certificate_unref(take_ptr(certificate));
    }
    (void)snprintf(verify->failed, sizeof(verify->failed), "%s", name);
    (void)snprintf(verify->failed_why, sizeof(verify->failed_why),
                   "the certificate cannot be obtained: %s", buf_str(&why).data);
    (void)buf_append_str(reason, str_of(verify->failed_why));
    return NULL;
}

/* Why not, in words for somebody who asks about a file. */
static const char *refusal_of(enum verdict verdict, unsigned min_version,
                              const char *fault)
{
    if (verdict == VERDICT_CERTIFICATE_URL)
        return "SigningCertURL is not where SNS keeps the certificates of the topic's "
               "region";
    if (verdict == VERDICT_SIGNATURE_VERSION)
        return min_version > 1 ? "SignatureVersion is not 2, the lowest that [sns] "
                                 "min_signature_version accepts"
                               : "SignatureVersion is neither 1 nor 2";
    if (verdict == VERDICT_NO_CERTIFICATE)
        return "the certificate is not one that SNS signs with in the topic's region";
    return fault ? fault : verdict_info(verdict)->body;
}

/* As in the daemon, which answers 503 where it cannot tell: a wrong file may have been
 * put among the certificates. */
static enum verify_answer answer_of(const struct verify *verify, enum verdict verdict)
{
    if (verdict == VERDICT_NONE)
        return VERIFY_GENUINE;
    if (verdict == VERDICT_NO_MEMORY ||
        (verdict == VERDICT_NO_CERTIFICATE && !verify->pinned))
        return VERIFY_CANNOT_TELL;
    return VERIFY_REFUSED;
}

enum verify_answer verify_message(struct verify *verify,
                                  const struct sns_message *message, struct buf *reason)
{
    const struct authentic_rules rules = {str_of(verify->settings->sns.endpoint),
                                          verify->min_version};
    struct sns_certificate *certificate = verify->pinned;
    struct sns_cert_url url;
    struct arn topic;
    const char *fault = NULL;
    if (!arn_parse(message->topic_arn, &topic)) {
        (void)buf_printf(reason, "TopicArn is not the ARN of an SNS topic");
        return VERIFY_REFUSED;
    }
    enum verdict verdict = authentic_check(message, &topic, &rules, &url);
    if (verdict == VERDICT_NONE) {
        if (sns_message_is_token_removed(message)) {
            (void)buf_printf(reason, "the token was removed when the message was put in "
                                     "quarantine, so its signature cannot be checked");
            return VERIFY_CANNOT_TELL;
        }
        if (!certificate)
            certificate = certificate_find(verify, &topic, &url, reason);
        if (!certificate)
            return VERIFY_CANNOT_TELL;
        verdict = authentic_verify(message, &topic, &rules, certificate, &fault);
    }
    if (verdict != VERDICT_NONE)
        (void)buf_append_str(
            reason, str_trim(str_of(refusal_of(verdict, verify->min_version, fault))));
    return answer_of(verify, verdict);
}

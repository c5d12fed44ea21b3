#include "daemon/tls_judge.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "sesbounce/cleanup.h"
#include "sesbounce/clock.h"
#include "sesbounce/expiry.h"

DEFINE_CLEANUP(BIO, BIO_free_all)
DEFINE_CLEANUP(X509, X509_free)
DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free)

/* OpenSSL would ask the terminal. */
static int no_passphrase(char *ret, int size, int writing, void *context)
{
    bool *asked = context;

    (void)ret, (void)size, (void)writing;
    *asked = true;
    return -1;
}

/* Whole: what follows the last one in the file is not a broken one. */
static const char *read_chain(BIO *bio, X509 **ret_first)
{
    bool asked = false;

    *ret_first = PEM_read_bio_X509(bio, NULL, no_passphrase, &asked);
    if (!*ret_first)
        return "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)";
    for (;;) {
        _cleanup_(X509_freep) X509 *next =
            PEM_read_bio_X509(bio, NULL, no_passphrase, &asked);

        if (next)
            continue;
        /* The end, or something that is not a certificate. */
        return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE
                   ? NULL
                   : "contains a certificate that cannot be read, after others that can";
    }
}

static const char *read_key(BIO *bio, EVP_PKEY **ret)
{
    bool asked = false;

    *ret = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &asked);
    if (*ret)
        return NULL;
    return asked ? "is encrypted, and the daemon cannot ask for its passphrase: store it "
                   "without one (openssl pkey -in KEY -out KEY.plain)"
                 : "holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)";
}

/* Without the zone files and the lock of the C library's functions. */
static int64_t time_of(const ASN1_TIME *time)
{
    int days = 0, seconds = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int64_t ms = CLOCK_NONE;

    if (epoch && ASN1_TIME_diff(&days, &seconds, epoch, time) == 1)
        ms = days * CLOCK_DAY_MS + seconds * CLOCK_SECOND_MS;
    ASN1_TIME_free(epoch);
    return ms;
}

static int judge_certificate(const char *text, X509 **ret_first,
                             struct tls_judgement *ret)
{
    _cleanup_(BIO_free_allp) BIO *bio = BIO_new_mem_buf(text, -1);

    if (!bio)
        return -ENOMEM;
    ret->fault = read_chain(bio, ret_first);
    if (*ret_first) {
        ret->begins_ms = time_of(X509_get0_notBefore(*ret_first));
        ret->expires_ms = time_of(X509_get0_notAfter(*ret_first));
    }
    return 0;
}

static int judge_key(const char *text, const X509 *certificate, struct tls_judgement *ret)
{
    _cleanup_(BIO_free_allp) BIO *bio = BIO_new_mem_buf(text, -1);
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *key = NULL;

    if (!bio)
        return -ENOMEM;
    ret->of_key = true;
    ret->fault = read_key(bio, &key);
    if (!ret->fault && certificate && X509_check_private_key(certificate, key) != 1)
        ret->fault = "does not belong to the first certificate in `certificate`: name "
                     "the key that it was issued for, and put the server's own "
                     "certificate before those of its CA";
    return 0;
}

int tls_judge(const char *certificate, const char *key, struct tls_judgement *ret)
{
    _cleanup_(X509_freep) X509 *first = NULL;
    int r = 0;

    *ret = (struct tls_judgement){.begins_ms = CLOCK_NONE, .expires_ms = CLOCK_NONE};
    ERR_clear_error();
    if (certificate)
        r = judge_certificate(certificate, &first, ret);
    if (r == 0 && !ret->fault && key)
        r = judge_key(key, first, ret);
    ERR_clear_error();
    return r;
}

bool tls_judge_expiry(const struct tls_judgement *judgement, int64_t now_ms,
                      struct buf *ret)
{
    int64_t left_ms;
    char day[CLOCK_TEXT_BYTES];

    if (judgement->expires_ms == CLOCK_NONE || judgement->begins_ms == CLOCK_NONE)
        return false;
    if (judgement->begins_ms > now_ms) {
        clock_format_rfc3339(judgement->begins_ms, day);
        (void)buf_printf(ret,
                         "is valid from %s on, so SNS refuses it until then: check "
                         "this machine's clock",
                         day);
        return true;
    }
    if (!expiry_is_near(judgement->begins_ms, judgement->expires_ms, now_ms))
        return false;
    left_ms = judgement->expires_ms - now_ms;
    clock_format_day(judgement->expires_ms, day);
    if (left_ms <= 0)
        (void)buf_printf(ret,
                         "expired on %s, so SNS refuses it and delivers nothing: "
                         "renew it",
                         day);
    else
        (void)buf_printf(ret, "expires on %s, in %lld days: renew it", day,
                         (long long)(left_ms / CLOCK_DAY_MS));
    return true;
}

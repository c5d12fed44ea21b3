/*
 * Certificates: PEM, or DER (which begins with 0x30) that is put into PEM here. What is
 * accepted must be one for OpenSSL too, and for a region only with the region's name.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "fuzz.h"
#include "sesbounce/buf.h"
#include "sesbounce/limits.h"
#include "sesbounce/sns_signature.h"

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END   "\n-----END CERTIFICATE-----\n"
#define FLAGS (X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT | X509_CHECK_FLAG_NO_WILDCARDS)

static void to_pem(struct str input, struct buf *ret)
{
    if (input.len == 0 || input.data[0] != 0x30) {
        PROMISE(buf_append_str(ret, input) == 0);
        return;
    }
    char *text = malloc(4 * ((input.len + 2) / 3) + 1);
    PROMISE(text);
    (void)EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)input.data,
                          (int)input.len);
    PROMISE(buf_append_str(ret, STR(BEGIN)) == 0);
    PROMISE(buf_append_str(ret, str_of(text)) == 0);
    PROMISE(buf_append_str(ret, STR(END)) == 0);
    free(text);
}

static X509 *read_with_openssl(struct str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return x509;
}

static void check_region(const struct sns_certificate *certificate, X509 *x509,
                         const char *text, const char *const names[4])
{
    struct arn topic;
    bool named = false;

    PROMISE(arn_parse(str_of(text), &topic));
    for (int i = 0; i < 4 && names[i]; i++)
        named = named || X509_check_host(x509, names[i], 0, FLAGS, NULL) == 1;
    PROMISE(named || !sns_certificate_is_for(certificate, &topic));
    PROMISE(sns_certificate_is_of_sns(certificate) ||
            !sns_certificate_is_for(certificate, &topic));
}

static void check_certificate(const struct sns_certificate *certificate, struct str pem)
{
    static const char *const ireland[4] = {"sns.amazonaws.com",
                                           "sns-signing.eu-west-1.amazonaws.com",
                                           "sns-eu-west-1.amazonaws.com"};
    static const char *const beijing[4] = {"sns.amazonaws.com",
                                           "sns-signing.cn-north-1.amazonaws.com.cn",
                                           "sns-cn-north-1.amazonaws.com.cn"};
    static const char *const ohio[4] = {
        "sns.amazonaws.com", "sns-signing.us-gov-east-1.amazonaws.com",
        "sns-us-gov-east-1.amazonaws.com", "sns-us-gov-west-1.amazonaws.com"};
    X509 *x509 = read_with_openssl(pem);

    /* OpenSSL's reader minds the length of a line; where it refuses there is nothing to
     * compare with. */
    if (!x509)
        return;
    EVP_PKEY *key = X509_get0_pubkey(x509);
    PROMISE(EVP_PKEY_is_a(key, "RSA"));
    PROMISE(EVP_PKEY_get_bits(key) >= SNS_KEY_BITS_MIN);
    PROMISE(EVP_PKEY_get_bits(key) <= SNS_KEY_BITS_MAX);
    check_region(certificate, x509, "arn:aws:sns:eu-west-1:123456789012:a", ireland);
    check_region(certificate, x509, "arn:aws-cn:sns:cn-north-1:123456789012:a", beijing);
    check_region(certificate, x509, "arn:aws-us-gov:sns:us-gov-east-1:123456789012:a",
                 ohio);
    for (int64_t s = 0; s <= 8000000000; s += 500000000) {
        time_t when = (time_t)s;
        bool within = X509_cmp_time(X509_get0_notBefore(x509), &when) <= 0 &&
                      X509_cmp_time(X509_get0_notAfter(x509), &when) >= 0;
        /* X509_cmp_time() has 0 for "cannot tell" and -1 for "the same". */
        if (X509_cmp_time(X509_get0_notBefore(x509), &when) != 0 &&
            X509_cmp_time(X509_get0_notAfter(x509), &when) != 0 && within)
            PROMISE(sns_certificate_valid_at(certificate, s * 1000) ||
                    X509_cmp_time(X509_get0_notAfter(x509), &when) == -1);
    }
    X509_free(x509);
}

/* With a signature that cannot be right it must say so. */
static void check_verification(const struct sns_certificate *certificate)
{
    const char *fault = NULL;
    struct sns_message message = {
        .timestamp_ms = INT64_C(1790000000000),
        .message = STR("m"),
        .signature_version = STR("2"),
        .signature = STR("AAAA"),
    };
    enum verdict verdict = sns_signature_verify(certificate, &message, 1, &fault);
    PROMISE(verdict == VERDICT_SIGNATURE && fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sns_certificate *certificate = NULL;
    const char *fault = NULL;
    struct buf pem;

    if (size > HTTPS_BODY_BYTES_MAX)
        return 0;
    buf_init(&pem, 2 * HTTPS_BODY_BYTES_MAX);
    to_pem(fuzz_str(data, size), &pem);
    int r = sns_certificate_parse(buf_str(&pem), &certificate, &fault);
    PROMISE((r == 0) == (certificate != NULL));
    PROMISE(r == 0 || fault);
    if (certificate) {
        check_certificate(certificate, buf_str(&pem));
        check_verification(certificate);
        sns_certificate_unref(certificate);
    }
    buf_done(&pem);
    return 0;
}

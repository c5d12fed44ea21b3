#include "sesbounce/sns_signature.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "sesbounce/base64.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/limits.h"
#include "sesbounce/sns_url.h"

#define SIGNATURE_BYTES_MAX (SNS_KEY_BITS_MAX / 8)

static void openssl_free(void *pointer)
{
    OPENSSL_free(pointer);
}

DEFINE_CLEANUP(X509, X509_free)
DEFINE_CLEANUP(ASN1_TIME, ASN1_TIME_free)
DEFINE_CLEANUP(GENERAL_NAMES, GENERAL_NAMES_free)
DEFINE_CLEANUP(EVP_MD_CTX, EVP_MD_CTX_free)
DEFINE_CLEANUP(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
DEFINE_CLEANUP(unsigned char, openssl_free)

enum version { VERSION_1, VERSION_2, VERSIONS };

/*
 * What a check needs is made once: looking up an algorithm by name takes longer than
 * hashing, and a copy of a ready context is cheaper than making one.
 */
struct scheme {
    EVP_MD *digest;
    EVP_PKEY_CTX *ready; /* never used itself, only copied; NULL: see context_new() */
};

struct sns_certificate {
    atomic_uint references;
    EVP_PKEY *key;
    struct scheme schemes[VERSIONS];
    int64_t not_before_ms, not_after_ms;
    size_t names_count;
    char *names[SNS_CERT_NAMES_MAX];
};

struct sns_certificate *sns_certificate_ref(struct sns_certificate *certificate)
{
    (void)atomic_fetch_add_explicit(&certificate->references, 1, memory_order_relaxed);
    return certificate;
}

void sns_certificate_unref(struct sns_certificate *certificate)
{
    if (!certificate ||
        atomic_fetch_sub_explicit(&certificate->references, 1, memory_order_acq_rel) > 1)
        return;
    for (int i = 0; i < VERSIONS; i++) {
        EVP_PKEY_CTX_free(certificate->schemes[i].ready);
        EVP_MD_free(certificate->schemes[i].digest);
    }
    for (size_t i = 0; i < certificate->names_count; i++)
        free(certificate->names[i]);
    EVP_PKEY_free(certificate->key);
    free(certificate);
}

static int fault_set(const char *text, const char **ret_fault)
{
    *ret_fault = text;
    return -EINVAL;
}

/* A call of OpenSSL failed: -ENOMEM if memory was short, else -EINVAL and `text`. */
static int openssl_fault(const char *text, const char **ret_fault)
{
    bool none = true, memory = false;
    for (unsigned long error; (error = ERR_get_error()) != 0; none = false)
        if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE)
            memory = true;
    return memory || none ? -ENOMEM : fault_set(text, ret_fault);
}

/*
 * The base64 between the two lines, without line ends. OpenSSL's own reader would skip
 * what stands before, and ask at the terminal for a password.
 */
static int pem_extract(struct str pem, char *ret, size_t *ret_len, const char **ret_fault)
{
    struct str first = STR("-----BEGIN CERTIFICATE-----"),
               last = STR("-----END CERTIFICATE-----");
    pem = str_trim(pem);
    if (pem.len < first.len + last.len || !str_starts_with(pem, first) ||
        !str_ends_with(pem, last))
        return fault_set("not exactly one PEM certificate", ret_fault);
    size_t len = 0;
    for (size_t i = first.len; i < pem.len - last.len; i++) {
        if (pem.data[i] == '-')
            return fault_set("more than one PEM block", ret_fault);
        if (pem.data[i] != '\n' && pem.data[i] != '\r')
            ret[len++] = pem.data[i];
    }
    *ret_len = len;
    return 0;
}

static int x509_read(struct str pem, X509 **ret, const char **ret_fault)
{
    size_t text_len, der_len;
    if (pem.len > HTTPS_BODY_BYTES_MAX)
        return fault_set("too large for a certificate", ret_fault);
    _cleanup_(freep) char *text = malloc(pem.len + 1);
    _cleanup_(freep) unsigned char *der = malloc(pem.len + 1);
    if (!text || !der)
        return -ENOMEM;
    int r = pem_extract(pem, text, &text_len, ret_fault);
    if (r < 0)
        return r;
    if (base64_decode((struct str){text, text_len}, der, pem.len, &der_len) < 0)
        return fault_set("the PEM block is not base64", ret_fault);
    const unsigned char *at = der;
    ERR_clear_error();
    _cleanup_(X509_freep) X509 *x509 = d2i_X509(NULL, &at, (long)der_len);
    if (!x509)
        return openssl_fault("the PEM block is not a certificate", ret_fault);
    if (at != der + der_len)
        return fault_set("something follows the certificate in its PEM block", ret_fault);
    *ret = take_ptr(x509);
    return 0;
}

static int key_read(X509 *x509, struct sns_certificate *certificate,
                    const char **ret_fault)
{
    ERR_clear_error();
    EVP_PKEY *key = X509_get0_pubkey(x509);
    if (!key)
        return openssl_fault("no usable key", ret_fault);
    if (!EVP_PKEY_is_a(key, "RSA"))
        return fault_set("the key is not RSA", ret_fault);
    if (EVP_PKEY_get_bits(key) < SNS_KEY_BITS_MIN)
        return fault_set("the RSA key has fewer than 2048 bits", ret_fault);
    if (EVP_PKEY_get_bits(key) > SNS_KEY_BITS_MAX)
        return fault_set("the RSA key has more than 8192 bits", ret_fault);
    if (!EVP_PKEY_up_ref(key))
        return -ENOMEM;
    certificate->key = key;
    return 0;
}

/* 0, -EINVAL if it is not a time, -ENOMEM. */
static int time_read(const ASN1_TIME *time, int64_t *ret_ms)
{
    int days, seconds;
    _cleanup_(ASN1_TIME_freep) ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    if (!epoch)
        return -ENOMEM;
    if (!ASN1_TIME_diff(&days, &seconds, epoch, time))
        return -EINVAL;
    *ret_ms = ((int64_t)days * 86400 + seconds) * 1000;
    return 0;
}

static int term_read(const X509 *x509, struct sns_certificate *certificate,
                     const char **ret_fault)
{
    int r = time_read(X509_get0_notBefore(x509), &certificate->not_before_ms);
    if (r == 0)
        r = time_read(X509_get0_notAfter(x509), &certificate->not_after_ms);
    return r == -EINVAL ? fault_set("its period of validity cannot be read", ret_fault)
                        : r;
}

static bool is_dns_char(char c)
{
    return ascii_is_alnum(c) || c == '-' || c == '.';
}

/* A name that is not a plain DNS name cannot be one of SNS's, so it is not kept. */
static int name_keep(struct sns_certificate *certificate, struct str name)
{
    if (name.len == 0 || name.len > SNS_CERT_NAME_BYTES_MAX ||
        !str_all(name, is_dns_char) || certificate->names_count == SNS_CERT_NAMES_MAX)
        return 0;
    char *copy = str_dup(name);
    if (!copy)
        return -ENOMEM;
    certificate->names[certificate->names_count++] = copy;
    return 0;
}

static int common_names_read(const X509 *x509, struct sns_certificate *certificate)
{
    const X509_NAME *subject = X509_get_subject_name(x509);
    int r = 0, at = -1;
    while (r == 0 &&
           (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, at);
        _cleanup_(openssl_freep) unsigned char *utf8 = NULL;
        int len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
        if (len >= 0)
            r = name_keep(certificate, (struct str){(char *)utf8, (size_t)len});
    }
    return r;
}

static int alternative_names_read(const X509 *x509, struct sns_certificate *certificate)
{
    _cleanup_(GENERAL_NAMES_freep) GENERAL_NAMES *names =
        X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    int r = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && r == 0; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS)
            continue;
        const ASN1_STRING *dns = name->d.dNSName;
        r = name_keep(certificate, (struct str){(const char *)ASN1_STRING_get0_data(dns),
                                                (size_t)ASN1_STRING_length(dns)});
    }
    return r;
}

/* Ready to check one signature; NULL if memory is short or policy forbids the digest. */
static EVP_PKEY_CTX *context_new(EVP_PKEY *key, const EVP_MD *digest)
{
    _cleanup_(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *context =
        EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (!context || EVP_PKEY_verify_init(context) <= 0 ||
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) <= 0 ||
        EVP_PKEY_CTX_set_signature_md(context, digest) <= 0)
        return NULL;
    return take_ptr(context);
}

static int scheme_make(EVP_PKEY *key, const char *digest, struct scheme *ret)
{
    ret->digest = EVP_MD_fetch(NULL, digest, NULL);
    if (!ret->digest)
        return -ENOMEM;
    ret->ready = context_new(key, ret->digest);
    return 0;
}

static int certificate_fill(X509 *x509, struct sns_certificate *certificate,
                            const char **ret_fault)
{
    int r = key_read(x509, certificate, ret_fault);
    if (r == 0)
        r = term_read(x509, certificate, ret_fault);
    if (r == 0)
        r = common_names_read(x509, certificate);
    if (r == 0)
        r = alternative_names_read(x509, certificate);
    if (r == 0)
        r = scheme_make(certificate->key, "SHA1", &certificate->schemes[VERSION_1]);
    if (r == 0)
        r = scheme_make(certificate->key, "SHA256", &certificate->schemes[VERSION_2]);
    if (r == 0 && !certificate->schemes[VERSION_2].ready)
        r = -ENOMEM;
    return r;
}

int sns_certificate_parse(struct str pem, struct sns_certificate **ret,
                          const char **ret_fault)
{
    _cleanup_(X509_freep) X509 *x509 = NULL;
    int r = x509_read(pem, &x509, ret_fault);
    if (r < 0)
        return r;
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate =
        calloc(1, sizeof(*certificate));
    if (!certificate)
        return -ENOMEM;
    atomic_init(&certificate->references, 1);
    r = certificate_fill(x509, certificate, ret_fault);
    if (r < 0)
        return r;
    *ret = take_ptr(certificate);
    return 0;
}

/* REGION of `PREFIX` REGION `.` DOMAIN, blind to case; absent: the name is another. */
static struct str name_region(struct str name, struct str prefix, struct str domain)
{
    if (!str_present(domain) || name.len <= prefix.len + 1 + domain.len)
        return STR_ABSENT;
    struct str region = {name.data + prefix.len, name.len - prefix.len - 1 - domain.len};
    bool is_regional = str_equal_nocase((struct str){name.data, prefix.len}, prefix) &&
                       region.data[region.len] == '.' &&
                       str_equal_nocase(str_skip(name, name.len - domain.len), domain);
    return is_regional ? region : STR_ABSENT;
}

static bool is_global_name(struct str name)
{
    return str_equal_nocase(name, STR("sns.amazonaws.com"));
}

/* Both GovCloud regions sign with the western one's name (AWS's Java validator, 2026). */
static bool name_is_for(struct str name, const struct arn *topic)
{
    struct str domain = sns_url_domain(topic->partition);
    struct str region = name_region(name, STR("sns-"), domain);
    return is_global_name(name) || str_equal_nocase(region, topic->region) ||
           str_equal_nocase(name_region(name, STR("sns-signing."), domain),
                            topic->region) ||
           (str_equal(topic->partition, STR("aws-us-gov")) &&
            str_equal_nocase(region, STR("us-gov-west-1")));
}

bool sns_certificate_is_for(const struct sns_certificate *certificate,
                            const struct arn *topic)
{
    for (size_t i = 0; i < certificate->names_count; i++)
        if (name_is_for(str_of(certificate->names[i]), topic))
            return true;
    return false;
}

static bool name_is_of_sns(struct str name)
{
    struct str domain;
    for (size_t i = 0; str_present(domain = sns_url_domain_at(i)); i++) {
        struct str region = name_region(name, STR("sns-signing."), domain);
        if (!str_present(region))
            region = name_region(name, STR("sns-"), domain);
        if (str_present(region) && !str_find(region, '.'))
            return true;
    }
    return is_global_name(name);
}

bool sns_certificate_is_of_sns(const struct sns_certificate *certificate)
{
    for (size_t i = 0; i < certificate->names_count; i++)
        if (name_is_of_sns(str_of(certificate->names[i])))
            return true;
    return false;
}

/* The last second belongs to the term (RFC 5280, 4.1.2.5). */
bool sns_certificate_valid_at(const struct sns_certificate *certificate, int64_t ms)
{
    return ms >= certificate->not_before_ms && ms - 1000 < certificate->not_after_ms;
}

/* 1, 2, or 0 for any other. */
static unsigned message_version(const struct sns_message *message)
{
    if (str_equal(message->signature_version, STR("1")))
        return 1;
    return str_equal(message->signature_version, STR("2")) ? 2 : 0;
}

bool sns_signature_accepts_version(const struct sns_message *message,
                                   unsigned min_version)
{
    unsigned version = message_version(message);
    return version > 0 && version >= min_version;
}

static bool message_hash(const struct sns_message *message, const EVP_MD *digest,
                         unsigned char ret[EVP_MAX_MD_SIZE], unsigned *ret_len)
{
    struct str pieces[SNS_CANONICAL_PIECES_MAX];
    size_t count = sns_message_canonical(message, pieces);
    _cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context || !EVP_DigestInit_ex2(context, digest, NULL))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!EVP_DigestUpdate(context, pieces[i].data, pieces[i].len))
            return false;
    return EVP_DigestFinal_ex(context, ret, ret_len) > 0;
}

static enum verdict signature_refuse(enum verdict verdict, const char *text,
                                     const char **ret_fault)
{
    *ret_fault = text;
    return verdict;
}

/* A refusal is final for SNS, so what may be want of memory must not become one. */
static enum verdict signature_check(const struct sns_certificate *certificate,
                                    const struct scheme *scheme,
                                    const struct sns_message *message,
                                    struct str signature, const char **ret_fault)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len;
    if (!message_hash(message, scheme->digest, digest, &digest_len))
        return signature_refuse(VERDICT_NO_MEMORY, "out of memory", ret_fault);
    _cleanup_(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *context =
        scheme->ready ? EVP_PKEY_CTX_dup(scheme->ready)
                      : context_new(certificate->key, scheme->digest);
    if (!context)
        return signature_refuse(VERDICT_NO_MEMORY,
                                scheme->ready
                                    ? "out of memory"
                                    : "out of memory, or this system's OpenSSL forbids "
                                      "SHA-1: set SignatureVersion 2 on the topic",
                                ret_fault);
    ERR_clear_error();
    if (EVP_PKEY_verify(context, (const unsigned char *)signature.data, signature.len,
                        digest, digest_len) == 1)
        return VERDICT_NONE;
    if (openssl_fault("the signature does not verify", ret_fault) == -ENOMEM)
        return signature_refuse(VERDICT_NO_MEMORY, "out of memory", ret_fault);
    return VERDICT_SIGNATURE;
}

enum verdict sns_signature_verify(const struct sns_certificate *certificate,
                                  const struct sns_message *message, unsigned min_version,
                                  const char **ret_fault)
{
    _uninitialized_ unsigned char signature[SIGNATURE_BYTES_MAX];
    size_t len;
    unsigned version = message_version(message);
    if (version == 0)
        return signature_refuse(VERDICT_SIGNATURE_VERSION,
                                "SignatureVersion is neither 1 nor 2", ret_fault);
    if (version < min_version)
        return signature_refuse(VERDICT_SIGNATURE_VERSION,
                                "SignatureVersion is below [sns] min_signature_version",
                                ret_fault);
    if (!sns_certificate_valid_at(certificate, message->timestamp_ms))
        return signature_refuse(
            VERDICT_SIGNATURE, "the certificate was not valid at the message's Timestamp",
            ret_fault);
    if (base64_decode(message->signature, signature, sizeof(signature), &len) < 0)
        return signature_refuse(VERDICT_SIGNATURE, "Signature is not base64", ret_fault);
    if (len != (size_t)EVP_PKEY_get_size(certificate->key))
        return signature_refuse(VERDICT_SIGNATURE, "Signature has the wrong length",
                                ret_fault);
    return signature_check(certificate, &certificate->schemes[version - 1], message,
                           (struct str){(char *)signature, len}, ret_fault);
}

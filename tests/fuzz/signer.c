#include "signer.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "fuzz.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/limits.h"

#define SIGN      STR("SIGN")
#define KEY_BITS  2048
#define KEY_BYTES (KEY_BITS / 8)

static EVP_PKEY *key;
static BIO *pem;
static struct buf signed_last; /* the canonical string */

void signer_start(void)
{
    X509 *certificate = X509_new();
    key = EVP_RSA_gen(KEY_BITS);
    pem = BIO_new(BIO_s_mem());
    PROMISE(key && certificate && pem);
    X509_NAME *name = X509_get_subject_name(certificate);
    PROMISE(X509_set_version(certificate, X509_VERSION_3));
    PROMISE(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1));
    PROMISE(X509_NAME_add_entry_by_txt(
        name, "CN", MBSTRING_ASC, (const unsigned char *)"sns.amazonaws.com", -1, -1, 0));
    PROMISE(X509_set_issuer_name(certificate, name));
    PROMISE(ASN1_TIME_set_string(X509_getm_notBefore(certificate), "000101000000Z"));
    PROMISE(ASN1_TIME_set_string(X509_getm_notAfter(certificate), "20991231235959Z"));
    PROMISE(X509_set_pubkey(certificate, key));
    PROMISE(X509_sign(certificate, key, EVP_sha256()));
    PROMISE(PEM_write_bio_X509(pem, certificate));
    X509_free(certificate);
    buf_init(&signed_last, 2 * SNS_ENVELOPE_BYTES_MAX);
}

struct str signer_certificate(void)
{
    char *data = NULL;
    long len = BIO_get_mem_data(pem, &data);
    return (struct str){data, (size_t)len};
}

static void append_canonical(const struct sns_message *message, struct buf *ret)
{
    struct str pieces[SNS_CANONICAL_PIECES_MAX];
    size_t count = sns_message_canonical(message, pieces);
    for (size_t i = 0; i < count; i++)
        PROMISE(buf_append_str(ret, pieces[i]) == 0);
}

/* Base64 of the signature over signed_last, NUL behind it. */
static void make_signature(const EVP_MD *digest, char ret[2 * KEY_BYTES])
{
    unsigned char signature[KEY_BYTES];
    size_t size = sizeof(signature);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    PROMISE(context && EVP_DigestSignInit(context, NULL, digest, NULL, key));
    PROMISE(EVP_DigestSign(context, signature, &size,
                           (const unsigned char *)signed_last.data,
                           signed_last.len) == 1);
    PROMISE(size == sizeof(signature));
    (void)EVP_EncodeBlock((unsigned char *)ret, signature, (int)size);
    EVP_MD_CTX_free(context);
}

/* Borrowed from the body, not decoded to some place else. */
static bool lies_in(struct str part, struct str body)
{
    return part.data >= body.data && part.data + part.len <= body.data + body.len;
}

static bool sign(const struct sns_message *message, struct str body, struct buf *ret)
{
    char signature[2 * KEY_BYTES];
    struct str where = message->signature;
    bool first = str_equal(message->signature_version, STR("1"));

    if (!str_equal(where, SIGN) || !lies_in(where, body) ||
        (!first && !str_equal(message->signature_version, STR("2"))))
        return false;
    append_canonical(message, &signed_last);
    make_signature(first ? EVP_sha1() : EVP_sha256(), signature);
    size_t before = (size_t)(where.data - body.data);
    struct str rest = {where.data + where.len, body.len - before - where.len};
    return buf_append(ret, body.data, before) == 0 &&
           buf_append_str(ret, str_of(signature)) == 0 && buf_append_str(ret, rest) == 0;
}

bool signer_sign(struct str body, struct buf *ret)
{
    struct sns_message message;
    const char *fault;

    signer_forget();
    bool is_signed = sns_message_parse(body, &message, &fault) == VERDICT_NONE &&
                     sign(&message, body, ret);
    sns_message_done(&message);
    if (!is_signed)
        PROMISE(buf_append_str(ret, body) == 0);
    return is_signed;
}

bool signer_has_signed(const struct sns_message *message)
{
    struct buf canonical;
    buf_init(&canonical, signed_last.max);
    append_canonical(message, &canonical);
    bool same =
        signed_last.len > 0 && str_equal(buf_str(&canonical), buf_str(&signed_last));
    buf_done(&canonical);
    return same;
}

void signer_forget(void)
{
    buf_clear(&signed_last);
}

/*
 * A genuine message must never be refused because memory was short: SNS drops what gets a
 * 4xx. Every allocation of OpenSSL fails once, through OpenSSL's own hooks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "sesbounce/sns_signature.h"

/* Allocations to go until one fails; negative: none does. */
static long countdown = -1;

static bool is_time_to_fail(void)
{
    return countdown >= 0 && countdown-- == 0;
}

static void *failing_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return is_time_to_fail() ? NULL : malloc(size);
}

static void *failing_realloc(void *pointer, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    return is_time_to_fail() ? NULL : realloc(pointer, size);
}

static void plain_free(void *pointer, const char *file, int line)
{
    (void)file;
    (void)line;
    free(pointer);
}

struct genuine {
    char *pem;
    struct sns_message message;
    char signature[1024];
};

static void sign(struct genuine *genuine, EVP_PKEY *key, const EVP_MD *digest)
{
    struct str pieces[SNS_CANONICAL_PIECES_MAX];
    unsigned char signature[512];
    size_t len = sizeof signature,
           count = sns_message_canonical(&genuine->message, pieces);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(context, NULL, digest, NULL, key), 1);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(EVP_DigestSignUpdate(context, pieces[i].data, pieces[i].len), 1);
    assert_int_equal(EVP_DigestSignFinal(context, signature, &len), 1);
    EVP_MD_CTX_free(context);
    (void)EVP_EncodeBlock((unsigned char *)genuine->signature, signature, (int)len);
    genuine->message.signature = str_of(genuine->signature);
}

static char *pem_of(EVP_PKEY *key)
{
    char *data;
    X509 *x509 = X509_new();
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(x509), 1704067200));
    assert_non_null(ASN1_TIME_set(X509_getm_notAfter(x509), 1735689600));
    assert_int_equal(
        X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                                   (const unsigned char *)"sns.amazonaws.com", -1, -1, 0),
        1);
    assert_int_equal(X509_set_pubkey(x509, key), 1);
    assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(bio, x509), 1);
    long len = BIO_get_mem_data(bio, &data);
    char *pem = str_dup((struct str){data, (size_t)len});
    BIO_free(bio);
    X509_free(x509);
    return pem;
}

static int make(void **state)
{
    static struct genuine genuine;
    EVP_PKEY *key = EVP_RSA_gen(2048);
    genuine.message = (struct sns_message){
        .type = SNS_NOTIFICATION,
        .timestamp_ms = INT64_C(1709210096789),
        .type_text = STR("Notification"),
        .message_id = STR("1"),
        .topic_arn = STR("arn:aws:sns:eu-west-1:012345678901:t"),
        .message = STR("m"),
        .timestamp = STR("2024-02-29T12:34:56.789Z"),
        .signature_version = STR("2"),
    };
    sign(&genuine, key, EVP_sha256());
    genuine.pem = pem_of(key);
    EVP_PKEY_free(key);
    *state = &genuine;
    return 0;
}

static int drop(void **state)
{
    struct genuine *genuine = *state;
    free(genuine->pem);
    return 0;
}

static void short_memory_never_refuses_a_genuine_message(void **state)
{
    const struct genuine *genuine = *state;
    struct sns_certificate *certificate;
    const char *fault;
    assert_int_equal(sns_certificate_parse(str_of(genuine->pem), &certificate, &fault),
                     0);
    unsigned failed = 0;
    for (long nth = 0;; nth++) {
        countdown = nth;
        enum verdict verdict =
            sns_signature_verify(certificate, &genuine->message, 1, &fault);
        bool through = countdown >= 0;
        countdown = -1;
        if (verdict == VERDICT_NO_MEMORY)
            failed++;
        else if (verdict != VERDICT_NONE)
            fail_msg("allocation %ld: %s", nth, fault);
        if (through)
            break;
    }
    assert_true(failed >= 3);
    sns_certificate_unref(certificate);
}

static void
short_memory_while_a_certificate_is_read_leaves_none_or_a_good_one(void **state)
{
    const struct genuine *genuine = *state;
    unsigned failed = 0;
    for (long nth = 0;; nth++) {
        struct sns_certificate *certificate = NULL;
        const char *fault = "";
        countdown = nth;
        int r = sns_certificate_parse(str_of(genuine->pem), &certificate, &fault);
        bool through = countdown >= 0;
        countdown = -1;
        if (r == 0)
            assert_int_equal(
                sns_signature_verify(certificate, &genuine->message, 1, &fault),
                VERDICT_NONE);
        else
            failed++;
        sns_certificate_unref(certificate);
        if (through)
            break;
    }
    assert_true(failed >= 10);
}

int main(void)
{
    if (!CRYPTO_set_mem_functions(failing_malloc, failing_realloc, plain_free))
        return EXIT_FAILURE;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_memory_never_refuses_a_genuine_message),
        cmocka_unit_test(
            short_memory_while_a_certificate_is_read_leaves_none_or_a_good_one),
    };
    return cmocka_run_group_tests(tests, make, drop);
}

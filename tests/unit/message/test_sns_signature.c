#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "sesbounce/buf.h"
#include "sesbounce/clock.h"
#include "sesbounce/sns_signature.h"

#define ARN "arn:aws:sns:eu-west-1:012345678901:t"
/* The term of every certificate here: 2024-01-01 and 2025-01-01. */
#define NOT_BEFORE 1704067200
#define NOT_AFTER  1735689600
#define WITHIN     (INT64_C(1709210096) * 1000)

/* Keys take long to make, so all tests share them. */
static EVP_PKEY *key, *other_key;

static int make_keys(void **state)
{
    (void)state;
    key = EVP_RSA_gen(2048);
    other_key = EVP_RSA_gen(2048);
    return key && other_key ? 0 : -1;
}

static int free_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    EVP_PKEY_free(other_key);
    return 0;
}

static void add_alternative_name(X509 *x509, const char *value)
{
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(x509, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* Appends a certificate of `subject_key`. `alternative`: as in openssl.cnf, or NULL. */
static void append_pem(EVP_PKEY *subject_key, struct str common_name,
                       const char *alternative, struct buf *ret)
{
    char *data;
    X509 *x509 = X509_new();
    assert_non_null(x509);
    assert_int_equal(X509_set_version(x509, 2), 1);
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(x509), NOT_BEFORE));
    assert_non_null(ASN1_TIME_set(X509_getm_notAfter(x509), NOT_AFTER));
    assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN",
                                                MBSTRING_UTF8,
                                                (const unsigned char *)common_name.data,
                                                (int)common_name.len, -1, 0),
                     1);
    assert_int_equal(X509_set_pubkey(x509, subject_key), 1);
    if (alternative)
        add_alternative_name(x509, alternative);
    assert_true(X509_sign(x509, subject_key, EVP_sha256()) > 0);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(bio, x509), 1);
    long len = BIO_get_mem_data(bio, &data);
    assert_int_equal(buf_append(ret, data, (size_t)len), 0);
    BIO_free(bio);
    X509_free(x509);
}

static struct sns_certificate *certificate_named(struct str common_name,
                                                 const char *alternative)
{
    struct sns_certificate *certificate = NULL;
    const char *fault = "";
    _cleanup_(buf_done) struct buf pem;
    buf_init(&pem, 65536);
    append_pem(key, common_name, alternative, &pem);
    if (sns_certificate_parse(buf_str(&pem), &certificate, &fault) < 0)
        fail_msg("%s", fault);
    return certificate;
}

/* Signs what `message` says with its version, and puts base64 into `ret`. */
static void sign(struct sns_message *message, EVP_PKEY *signing_key, char ret[1024])
{
    struct str pieces[SNS_CANONICAL_PIECES_MAX];
    unsigned char signature[512];
    size_t len = sizeof signature, count = sns_message_canonical(message, pieces);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *digest =
        str_equal(message->signature_version, STR("1")) ? EVP_sha1() : EVP_sha256();
    assert_int_equal(EVP_DigestSignInit(context, NULL, digest, NULL, signing_key), 1);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(EVP_DigestSignUpdate(context, pieces[i].data, pieces[i].len), 1);
    assert_int_equal(EVP_DigestSignFinal(context, signature, &len), 1);
    EVP_MD_CTX_free(context);
    int encoded = EVP_EncodeBlock((unsigned char *)ret, signature, (int)len);
    message->signature = (struct str){ret, (size_t)encoded};
}

static struct sns_message message_of(const char *version)
{
    return (struct sns_message){
        .type = SNS_NOTIFICATION,
        .timestamp_ms = WITHIN,
        .type_text = STR("Notification"),
        .message_id = STR("0d5c9e1a-7b1f-5c0e-9a44-000000000001"),
        .topic_arn = STR(ARN),
        .message = STR("bytes \0 and all\n"),
        .timestamp = STR("2024-02-29T12:34:56.789Z"),
        .signature_version = str_of(version),
    };
}

static void expect(enum verdict expected, const struct sns_certificate *certificate,
                   const struct sns_message *message, const char *expected_fault)
{
    const char *fault = "";
    enum verdict verdict = sns_signature_verify(certificate, message, 1, &fault);
    assert_int_equal(verdict, expected);
    assert_string_equal(fault, expected_fault);
}

/* Complaint 8 of the users of comparable software: version 2 is as good as version 1. */
static void both_versions_verify(void **state)
{
    (void)state;
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate =
        certificate_named(STR("sns.amazonaws.com"), NULL);
    static const char *const versions[] = {"1", "2"};
    for (size_t i = 0; i < 2; i++) {
        char signature[1024];
        struct sns_message message = message_of(versions[i]);
        sign(&message, key, signature);
        expect(VERDICT_NONE, certificate, &message, "");
        message.subject = STR("now it has one");
        expect(VERDICT_SIGNATURE, certificate, &message, "the signature does not verify");
        message = message_of(versions[1 - i]);
        message.signature = str_of(signature);
        expect(VERDICT_SIGNATURE, certificate, &message, "the signature does not verify");
    }
}

static void a_confirmation_verifies_with_token_and_url(void **state)
{
    (void)state;
    char signature[1024];
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate =
        certificate_named(STR("sns.amazonaws.com"), NULL);
    struct sns_message message = message_of("2");
    message.type = SNS_SUBSCRIPTION_CONFIRMATION;
    message.type_text = STR("SubscriptionConfirmation");
    message.token = STR("2336");
    message.subscribe_url = STR("https://x/");
    sign(&message, key, signature);
    expect(VERDICT_NONE, certificate, &message, "");
    message.token = STR("2337");
    expect(VERDICT_SIGNATURE, certificate, &message, "the signature does not verify");
}

static void every_signed_byte_counts(void **state)
{
    (void)state;
    char signature[1024];
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate =
        certificate_named(STR("sns.amazonaws.com"), NULL);
    struct sns_message message = message_of("2"), changed;
    sign(&message, key, signature);
    changed = message;
    changed.message = STR("bytes \0 and all");
    expect(VERDICT_SIGNATURE, certificate, &changed, "the signature does not verify");
    changed = message;
    changed.message = STR("bytes \0 and alL\n");
    expect(VERDICT_SIGNATURE, certificate, &changed, "the signature does not verify");
    changed = message;
    changed.topic_arn = STR("arn:aws:sns:eu-west-1:012345678901:u");
    expect(VERDICT_SIGNATURE, certificate, &changed, "the signature does not verify");
    changed = message;
    changed.timestamp = STR("2024-02-29T12:34:56.788Z");
    expect(VERDICT_SIGNATURE, certificate, &changed, "the signature does not verify");
    changed = message;
    changed.message_id = STR("0d5c9e1a-7b1f-5c0e-9a44-000000000002");
    expect(VERDICT_SIGNATURE, certificate, &changed, "the signature does not verify");
}

static void a_foreign_key_does_not_verify(void **state)
{
    (void)state;
    char signature[1024];
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate =
        certificate_named(STR("sns.amazonaws.com"), NULL);
    struct sns_message message = message_of("2");
    sign(&message, other_key, signature);
    expect(VERDICT_SIGNATURE, certificate, &message, "the signature does not verify");
}

static void a_signature_has_one_spelling_and_one_length(void **state)
{
    (void)state;
    char signature[1024], changed[1100];
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate =
        certificate_named(STR("sns.amazonaws.com"), NULL);
    struct sns_message message = message_of("2");
    sign(&message, key, signature);
    size_t len = message.signature.len;

    message.signature.len = len - 4;
    expect(VERDICT_SIGNATURE, certificate, &message, "Signature has the wrong length");
    message.signature.len = len - 1;
    expect(VERDICT_SIGNATURE, certificate, &message, "Signature is not base64");
    message.signature = STR("");
    expect(VERDICT_SIGNATURE, certificate, &message, "Signature is not base64");
    message.signature = STR("AAAA");
    expect(VERDICT_SIGNATURE, certificate, &message, "Signature has the wrong length");
    (void)snprintf(changed, sizeof changed, "%.76s\n%s", signature, signature + 76);
    message.signature = str_of(changed);
    expect(VERDICT_SIGNATURE, certificate, &message, "Signature is not base64");
    memset(changed, 'A', len);
    memcpy(changed + len - 2, "==", 2);
    message.signature = (struct str){changed, len};
    expect(VERDICT_SIGNATURE, certificate, &message, "the signature does not verify");
    memset(changed, '/', len);
    memcpy(changed + len - 3, "w==", 3);
    expect(VERDICT_SIGNATURE, certificate, &message, "the signature does not verify");
}

static void only_versions_1_and_2_are_known_and_1_can_be_refused(void **state)
{
    (void)state;
    static const char *const others[] = {"3", "0", "", "01", "1 ", "12", "2.0"};
    char signature[1024];
    const char *fault;
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate =
        certificate_named(STR("sns.amazonaws.com"), NULL);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct sns_message message = message_of(others[i]);
        sign(&message, key, signature);
        assert_false(sns_signature_accepts_version(&message, 1));
        expect(VERDICT_SIGNATURE_VERSION, certificate, &message,
               "SignatureVersion is neither 1 nor 2");
    }
    struct sns_message message = message_of("1");
    sign(&message, key, signature);
    assert_true(sns_signature_accepts_version(&message, 1));
    assert_false(sns_signature_accepts_version(&message, 2));
    assert_int_equal(sns_signature_verify(certificate, &message, 2, &fault),
                     VERDICT_SIGNATURE_VERSION);
    assert_int_equal(sns_signature_verify(certificate, &message, 1, &fault),
                     VERDICT_NONE);
    message = message_of("2");
    sign(&message, key, signature);
    assert_true(sns_signature_accepts_version(&message, 2));
    assert_int_equal(sns_signature_verify(certificate, &message, 2, &fault),
                     VERDICT_NONE);
}

static void the_certificate_must_have_been_valid_at_the_timestamp(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        bool valid;
    } cases[] = {
        {NOT_BEFORE * INT64_C(1000) - 1, false},
        {NOT_BEFORE * INT64_C(1000), true},
        {WITHIN, true},
        {NOT_AFTER * INT64_C(1000) + 999, true},
        {NOT_AFTER * INT64_C(1000) + 1000, false},
        {0, false},
        {INT64_MAX, false},
        {CLOCK_NONE, false},
    };
    char signature[1024];
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate =
        certificate_named(STR("sns.amazonaws.com"), NULL);
    struct sns_message message = message_of("2");
    sign(&message, key, signature);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(sns_certificate_valid_at(certificate, cases[i].ms),
                         cases[i].valid);
        message.timestamp_ms = cases[i].ms;
        expect(cases[i].valid ? VERDICT_NONE : VERDICT_SIGNATURE, certificate, &message,
               cases[i].valid
                   ? ""
                   : "the certificate was not valid at the message's Timestamp");
    }
}

static void a_certificate_is_for_the_names_that_sns_signs_with(void **state)
{
    (void)state;
    static const struct {
        const char *partition, *region, *common_name, *alternative;
        bool is_for;
    } cases[] = {
        {"aws", "eu-west-1", "sns.amazonaws.com", NULL, true},
        {"aws", "eu-west-1", "SNS.Amazonaws.COM", NULL, true},
        {"aws", "eu-west-1", "whatever", "DNS:sns.amazonaws.com", true},
        {"aws", "eu-west-1", "whatever", "DNS:a.example,DNS:SNS.amazonaws.com", true},
        {"aws", "me-south-1", "sns-signing.me-south-1.amazonaws.com", NULL, true},
        {"aws", "me-south-1", "x", "DNS:sns-signing.me-south-1.amazonaws.com", true},
        {"aws-cn", "cn-north-1", "sns-cn-north-1.amazonaws.com.cn", NULL, true},
        {"aws-us-gov", "us-gov-west-1", "sns-us-gov-west-1.amazonaws.com", NULL, true},
        {"aws-us-gov", "us-gov-east-1", "sns-us-gov-west-1.amazonaws.com", NULL, true},
        {"aws-us-gov", "us-gov-east-1", "sns-us-gov-east-1.amazonaws.com", NULL, true},
        {"aws-us-gov", "us-gov-west-1", "sns-us-gov-east-1.amazonaws.com", NULL, false},
        {"aws", "us-east-1", "sns-us-gov-west-1.amazonaws.com", NULL, false},
        {"aws-eusc", "eusc-de-east-1", "sns-signing.eusc-de-east-1.amazonaws.eu", NULL,
         true},
        {"aws-iso", "us-iso-east-1", "sns-us-iso-east-1.c2s.ic.gov", NULL, true},
        {"aws", "eu-west-1", "sns.amazonaws.com.evil.example", NULL, false},
        {"aws", "eu-west-1", "xsns.amazonaws.com", NULL, false},
        {"aws", "eu-west-1", "*.amazonaws.com", "DNS:*.amazonaws.com", false},
        {"aws", "eu-west-1", "sns.eu-west-1.amazonaws.com", NULL, false},
        {"aws", "eu-west-1", "sns-signing.me-south-1.amazonaws.com", NULL, false},
        {"aws", "eu-west-1", "sns-signing.eu-west-1.amazonaws.com.cn", NULL, false},
        {"aws", "eu-west-1", "sns-eu-west-1-amazonaws.com", NULL, false},
        {"aws", "eu-west-1", "sns-eu-west-1.", NULL, false},
        {"aws", "eu-west-1", "example.com", "email:sns@amazonaws.com", false},
        {"aws", "eu-west-1", "example.com", "URI:sns.amazonaws.com", false},
        {"aws-new", "xx-west-1", "sns-xx-west-1.amazonaws.com", NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[128];
        struct arn topic;
        (void)snprintf(text, sizeof text, "arn:%s:sns:%s:012345678901:t",
                       cases[i].partition, cases[i].region);
        assert_true(arn_parse(str_of(text), &topic));
        _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate =
            certificate_named(str_of(cases[i].common_name), cases[i].alternative);
        if (sns_certificate_is_for(certificate, &topic) != cases[i].is_for)
            fail_msg("%s, %s", cases[i].common_name, text);
        assert_true(!cases[i].is_for || sns_certificate_is_of_sns(certificate));
    }
}

static void a_certificate_is_of_sns_when_any_region_signs_with_its_name(void **state)
{
    (void)state;
    static const struct {
        const char *common_name;
        bool is_of_sns;
    } cases[] = {
        {"sns.amazonaws.com", true},
        {"sns-signing.me-south-1.amazonaws.com", true},
        {"SNS-Signing.me-south-1.Amazonaws.com", true},
        {"sns-cn-north-1.amazonaws.com.cn", true},
        {"sns-us-iso-east-1.c2s.ic.gov", true},
        {"www.example.com", false},
        {"sns-signing..amazonaws.com", false},
        {"sns-signing.a.b.amazonaws.com", false},
        {"sns-xx-west-1.example.com", false},
        {"sns-.amazonaws.com", false},
        {"sns-", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate =
            certificate_named(str_of(cases[i].common_name), NULL);
        if (sns_certificate_is_of_sns(certificate) != cases[i].is_of_sns)
            fail_msg("%s", cases[i].common_name);
    }
}

static void a_nul_in_a_name_does_not_end_it(void **state)
{
    (void)state;
    struct arn topic;
    assert_true(arn_parse(STR(ARN), &topic));
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate =
        certificate_named(STR("sns.amazonaws.com\0.evil.example"), NULL);
    assert_false(sns_certificate_is_for(certificate, &topic));
}

static void expect_refused(struct str pem, const char *expected_fault)
{
    struct sns_certificate *certificate = NULL;
    const char *fault = "accepted";
    int r = sns_certificate_parse(pem, &certificate, &fault);
    assert_string_equal(fault, expected_fault);
    assert_int_equal(r, -EINVAL);
    assert_null(certificate);
}

static void white_space_around_the_certificate_is_all_there_may_be(void **state)
{
    (void)state;
    const char *fault;
    struct sns_certificate *certificate = NULL;
    _cleanup_(buf_done) struct buf pem;
    _cleanup_(buf_done) struct buf text;
    buf_init(&pem, 65536);
    buf_init(&text, 65536);
    append_pem(key, STR("sns.amazonaws.com"), NULL, &pem);
    assert_int_equal(buf_printf(&text, "\r\n %s\n\n\t", pem.data), 0);
    assert_int_equal(sns_certificate_parse(buf_str(&text), &certificate, &fault), 0);
    sns_certificate_unref(certificate);

    static const char *const around[] = {"x%s", "%sx", "<pre>%s</pre>", "subject=x\n%s"};
    for (size_t i = 0; i < sizeof around / sizeof around[0]; i++) {
        const char *mark = strstr(around[i], "%s");
        buf_clear(&text);
        assert_int_equal(buf_append(&text, around[i], (size_t)(mark - around[i])), 0);
        assert_int_equal(buf_append_str(&text, buf_str(&pem)), 0);
        assert_int_equal(buf_append_str(&text, str_of(mark + 2)), 0);
        expect_refused(buf_str(&text), "not exactly one PEM certificate");
    }
    buf_clear(&text);
    assert_int_equal(buf_printf(&text, "%s%s", pem.data, pem.data), 0);
    expect_refused(buf_str(&text), "more than one PEM block");
}

static void what_is_not_a_certificate_is_refused(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf pem;
    buf_init(&pem, 65536);
    append_pem(key, STR("sns.amazonaws.com"), NULL, &pem);
    expect_refused(STR_ABSENT, "not exactly one PEM certificate");
    expect_refused(STR(""), "not exactly one PEM certificate");
    expect_refused(STR("<html></html>"), "not exactly one PEM certificate");
    expect_refused(STR("-----BEGIN CERTIFICATE-----END CERTIFICATE-----"),
                   "not exactly one PEM certificate");
    expect_refused((struct str){pem.data, pem.len / 2},
                   "not exactly one PEM certificate");
    expect_refused(STR("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
                   "the PEM block is not base64");
    expect_refused(STR("-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n"
                       "-----END CERTIFICATE-----\n"),
                   "more than one PEM block");
    expect_refused(STR("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
                   "the PEM block is not a certificate");
    _cleanup_(buf_done) struct buf text;
    buf_init(&text, 200000);
    while (text.len < 70000)
        assert_int_equal(buf_append_char(&text, 'A'), 0);
    expect_refused(buf_str(&text), "too large for a certificate");
}

static void only_rsa_of_a_sound_size_is_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *name, *fault;
    } cases[] = {
        {"ec", "the key is not RSA"},
        {"small", "the RSA key has fewer than 2048 bits"},
    };
    for (size_t i = 0; i < 2; i++) {
        _cleanup_(buf_done) struct buf pem;
        buf_init(&pem, 65536);
        EVP_PKEY *bad = i == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(1024);
        append_pem(bad, STR("sns.amazonaws.com"), NULL, &pem);
        EVP_PKEY_free(bad);
        expect_refused(buf_str(&pem), cases[i].fault);
    }
}

struct verifier {
    struct sns_certificate *certificate;
    const struct sns_message *message;
    unsigned genuine;
};

static void *verify_often(void *argument)
{
    struct verifier *verifier = argument;
    for (int i = 0; i < 200; i++) {
        const char *fault;
        struct sns_certificate *mine = sns_certificate_ref(verifier->certificate);
        if (sns_signature_verify(mine, verifier->message, 1, &fault) == VERDICT_NONE)
            verifier->genuine++;
        sns_certificate_unref(mine);
    }
    sns_certificate_unref(verifier->certificate);
    return NULL;
}

static void threads_share_one_certificate(void **state)
{
    (void)state;
    char signatures[2][1024];
    pthread_t threads[4];
    struct verifier verifiers[4];
    struct sns_certificate *certificate =
        certificate_named(STR("sns.amazonaws.com"), NULL);
    struct sns_message messages[2] = {message_of("1"), message_of("2")};
    sign(&messages[0], key, signatures[0]);
    sign(&messages[1], key, signatures[1]);
    for (size_t i = 0; i < 4; i++) {
        verifiers[i] =
            (struct verifier){sns_certificate_ref(certificate), &messages[i % 2], 0};
        assert_int_equal(pthread_create(&threads[i], NULL, verify_often, &verifiers[i]),
                         0);
    }
    sns_certificate_unref(certificate);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(verifiers[i].genuine, 200);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_versions_verify),
        cmocka_unit_test(a_confirmation_verifies_with_token_and_url),
        cmocka_unit_test(every_signed_byte_counts),
        cmocka_unit_test(a_foreign_key_does_not_verify),
        cmocka_unit_test(a_signature_has_one_spelling_and_one_length),
        cmocka_unit_test(only_versions_1_and_2_are_known_and_1_can_be_refused),
        cmocka_unit_test(the_certificate_must_have_been_valid_at_the_timestamp),
        cmocka_unit_test(a_certificate_is_for_the_names_that_sns_signs_with),
        cmocka_unit_test(a_certificate_is_of_sns_when_any_region_signs_with_its_name),
        cmocka_unit_test(a_nul_in_a_name_does_not_end_it),
        cmocka_unit_test(white_space_around_the_certificate_is_all_there_may_be),
        cmocka_unit_test(what_is_not_a_certificate_is_refused),
        cmocka_unit_test(only_rsa_of_a_sound_size_is_accepted),
        cmocka_unit_test(threads_share_one_certificate),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}

/*
 * What the tests of certificates share: PEMs made in memory, and a directory for each
 * test.
 */
#ifndef SESBOUNCE_TESTS_CERTIFICATES_FIXTURE_H
#define SESBOUNCE_TESTS_CERTIFICATES_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "sesbounce/certificates.h"
#include "sesbounce/limits.h"

/* Not every test program uses every helper. */
#define SHARED __attribute__((unused)) static

#define HOST   "sns.eu-test-1.amazonaws.com"
#define FILE_1 "SimpleNotificationService-0123456789abcdef.pem"

struct fixture {
    EVP_PKEY *key;
    char *good;    /* a PEM of SNS's name */
    char *renewed; /* another one */
    char *strange; /* a PEM of another name */
};

static struct fixture fixture;
static char top[96];
static char directory[128];

static const struct arn topic = {
    .text = STR("arn:aws:sns:eu-test-1:123456789012:bounces"),
    .partition = STR("aws"),
    .region = STR("eu-test-1"),
    .account = STR("123456789012"),
    .topic = STR("bounces"),
};
static const struct sns_cert_url url_1 = {STR(HOST), STR(FILE_1)};

SHARED char *make_pem(EVP_PKEY *key, const char *name, long serial)
{
    X509 *certificate = X509_new();
    assert_non_null(certificate);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
    char *bytes = NULL;
    long len = BIO_get_mem_data(bio, &bytes);
    char *pem = strndup(bytes, (size_t)len);
    assert_non_null(pem);
    BIO_free(bio);
    X509_free(certificate);
    return pem;
}

SHARED struct certificates *open_certificates(void)
{
    struct certificates *certificates = NULL;
    assert_int_equal(certificates_new(directory, &certificates), 0);
    return certificates;
}

SHARED int put(struct certificates *certificates, const struct sns_cert_url *url,
               const char *pem, int64_t now_ms)
{
    const char *fault = NULL;
    int r = certificates_put(certificates, url, str_of(pem), now_ms, &fault);
    assert_true((r == 0) == (fault == NULL));
    return r;
}

SHARED enum certificates_answer ask(struct certificates *certificates,
                                    const struct sns_cert_url *url, int64_t now_ms)
{
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate = NULL;
    enum certificates_answer answer =
        certificates_get(certificates, url, now_ms, &certificate);
    assert_true((answer == CERTIFICATES_READY) == (certificate != NULL));
    return answer;
}

SHARED void path_of(const char *rest, char ret[512])
{
    (void)snprintf(ret, 512, "%s/%s", directory, rest);
}

SHARED void write_file(const char *rest, const char *content)
{
    char path[512];
    path_of(rest, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0640), 0);
}

SHARED void make_folder(const char *rest)
{
    char path[512];
    path_of(rest, path);
    assert_int_equal(mkdir(path, 0750), 0);
}

SHARED struct stat stat_of(const char *rest)
{
    char path[512];
    struct stat st;
    path_of(rest, path);
    assert_int_equal(lstat(path, &st), 0);
    return st;
}

SHARED bool exists(const char *rest)
{
    char path[512];
    path_of(rest, path);
    return access(path, F_OK) == 0;
}

static size_t files_seen;

SHARED int count_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)path;
    (void)st;
    (void)ftw;
    files_seen += type != FTW_D && type != FTW_DP;
    return 0;
}

static size_t count_files(void)
{
    files_seen = 0;
    assert_int_equal(nftw(directory, count_file, 8, FTW_PHYS), 0);
    return files_seen;
}

SHARED int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

SHARED int start_test(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(top, sizeof(top), "%.60s/certificates-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(top))
        return -1;
    (void)snprintf(directory, sizeof(directory), "%s/kept", top);
    return 0;
}

SHARED int stop_test(void **state)
{
    (void)state;
    return nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

SHARED int start(void **state)
{
    (void)state;
    fixture.key = EVP_RSA_gen(2048);
    if (!fixture.key)
        return -1;
    fixture.good = make_pem(fixture.key, "sns.amazonaws.com", 1);
    fixture.renewed = make_pem(fixture.key, "sns.amazonaws.com", 1L << 40);
    fixture.strange = make_pem(fixture.key, "www.example.com", 3);
    return 0;
}

SHARED int stop(void **state)
{
    (void)state;
    free(fixture.good);
    free(fixture.renewed);
    free(fixture.strange);
    EVP_PKEY_free(fixture.key);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_test, stop_test)

#endif

/* Making the simulator's key file. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include "sesbounce/file.h"
#include "sesbounce/simulator.h"

#define SIMULATOR_KEY_BITS 2048
#define SIMULATOR_NAME     "sesbounced simulator"
/* From a day ago, because clocks differ, for 20 years. */
#define SIMULATOR_DAYS_BACK  1
#define SIMULATOR_DAYS_AHEAD (20 * 365)

DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free)
DEFINE_CLEANUP(X509, X509_free)
DEFINE_CLEANUP(BIO, BIO_free_all)

static int certificate_name(X509 *certificate)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    const unsigned char *text = (const unsigned char *)SIMULATOR_NAME;
    if (X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0) != 1 ||
        X509_set_issuer_name(certificate, name) != 1)
        return -EIO;
    return 0;
}

static int certificate_date(X509 *certificate)
{
    uint32_t serial;
    if (RAND_bytes((unsigned char *)&serial, sizeof(serial)) != 1)
        return -EIO;
    ASN1_INTEGER *number = X509_get_serialNumber(certificate);
    if (ASN1_INTEGER_set_uint64(number, (uint64_t)serial + 1) != 1 ||
        !X509_time_adj_ex(X509_getm_notBefore(certificate), -SIMULATOR_DAYS_BACK, 0,
                          NULL) ||
        !X509_time_adj_ex(X509_getm_notAfter(certificate), SIMULATOR_DAYS_AHEAD, 0, NULL))
        return -EIO;
    return 0;
}

static int certificate_make(EVP_PKEY *key, X509 **ret)
{
    _cleanup_(X509_freep) X509 *certificate = X509_new();
    if (!certificate)
        return -ENOMEM;
    if (X509_set_version(certificate, X509_VERSION_3) != 1 ||
        X509_set_pubkey(certificate, key) != 1 || certificate_name(certificate) < 0 ||
        certificate_date(certificate) < 0 ||
        X509_sign(certificate, key, EVP_sha256()) == 0)
        return -EIO;
    *ret = take_ptr(certificate);
    return 0;
}

/* Key and certificate as PEM in a memory BIO that clears itself. */
static int pem_make(BIO **ret)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *key = EVP_RSA_gen(SIMULATOR_KEY_BITS);
    _cleanup_(X509_freep) X509 *certificate = NULL;
    _cleanup_(BIO_free_allp) BIO *bio = BIO_new(BIO_s_secmem());
    if (!key || !bio)
        return -ENOMEM;
    int r = certificate_make(key, &certificate);
    if (r < 0)
        return r;
    if (PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1 ||
        PEM_write_bio_X509(bio, certificate) != 1)
        return -EIO;
    *ret = take_ptr(bio);
    return 0;
}

/* A link, not a rename: it never takes the place of a file that is there. */
static int key_file_write(const char *path, struct str bytes)
{
    _cleanup_(freep) char *temporary = NULL;
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
        temporary = NULL;
        return -ENOMEM;
    }
    /* Mode 0600. */
    _cleanup_(closep) int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = file_write_fd(fd, bytes);
    if (r == 0 && link(temporary, path) < 0)
        r = -errno;
    (void)unlink(temporary);
    return r < 0 ? r : file_sync_directory_of(path);
}

int simulator_create(const char *path)
{
    struct stat status;
    if (lstat(path, &status) == 0)
        return -EEXIST;
    _cleanup_(BIO_free_allp) BIO *pem = NULL;
    int r = pem_make(&pem);
    if (r < 0)
        return r;
    char *bytes = NULL;
    long len = BIO_get_mem_data(pem, &bytes);
    return key_file_write(path, (struct str){bytes, (size_t)len});
}

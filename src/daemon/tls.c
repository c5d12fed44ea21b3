#include "daemon/tls.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include "daemon/limits.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/expiry.h"
#include "sesbounce/file.h"

/*
 * GnuTLS's words. NORMAL still has key exchange without forward secrecy (RSA) and, for
 * TLS 1.2, CBC; what is left are ECDHE and DHE with GCM, CCM and ChaCha20, which every
 * client of SNS has had for ten years.
 */
#define TLS_PRIORITIES                                                                   \
    "NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3:-RSA:-SHA1:-AES-128-CBC:-AES-256-CBC"

/* --- have they changed? ---------------------------------------------------------- */

static struct tls_stamp stamp_of(const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return (struct tls_stamp){.changed.tv_nsec = -1};
    return (struct tls_stamp){st.st_dev, st.st_ino, st.st_ctim};
}

static bool stamp_equal(const struct tls_stamp *a, const struct tls_stamp *b)
{
    return a->device == b->device && a->inode == b->inode &&
           a->changed.tv_sec == b->changed.tv_sec &&
           a->changed.tv_nsec == b->changed.tv_nsec;
}

bool tls_look(struct tls_files *files)
{
    const struct tls_stamp now[2] = {stamp_of(files->certificate), stamp_of(files->key)};
    bool same = true, read = true;

    for (size_t i = 0; i < 2; i++) {
        same &= stamp_equal(&now[i], &files->seen[i]);
        read &= stamp_equal(&now[i], &files->read[i]);
        files->seen[i] = now[i];
    }
    return same && !read;
}

void tls_unread(struct tls_files *files)
{
    for (size_t i = 0; i < 2; i++)
        files->read[i] = (struct tls_stamp){.changed.tv_nsec = -2}; /* equals none */
}

/* --- what is in them ------------------------------------------------------------- */

DEFINE_CLEANUP(BIO, BIO_free_all)
DEFINE_CLEANUP(X509, X509_free)
DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free)

/* OpenSSL would ask the terminal. */
static int passphrase_refuse(char *ret, int size, int writing, void *context)
{
    bool *asked = context;

    (void)ret, (void)size, (void)writing;
    *asked = true;
    return -1;
}

/* Whole: what follows the last one in the file is not a broken one. */
static const char *pem_read_chain(BIO *bio, X509 **ret_first)
{
    bool asked = false;

    *ret_first = PEM_read_bio_X509(bio, NULL, passphrase_refuse, &asked);
    if (!*ret_first)
        return "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)";
    for (;;) {
        _cleanup_(X509_freep) X509 *next =
            PEM_read_bio_X509(bio, NULL, passphrase_refuse, &asked);

        if (next)
            continue;
        /* The end, or something that is not a certificate. */
        return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE
                   ? NULL
                   : "contains a certificate that cannot be read, after others that can";
    }
}

static const char *pem_read_key(BIO *bio, EVP_PKEY **ret)
{
    bool asked = false;

    *ret = PEM_read_bio_PrivateKey(bio, NULL, passphrase_refuse, &asked);
    if (*ret)
        return NULL;
    return asked ? "is encrypted, and the daemon cannot ask for its passphrase: store it "
                   "without one (openssl pkey -in KEY -out KEY.plain)"
                 : "holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)";
}

/* Without the zone files and the lock of the C library's functions. */
static int64_t certificate_time(const ASN1_TIME *time)
{
    int days = 0, seconds = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int64_t ms = CLOCK_NONE;

    if (epoch && ASN1_TIME_diff(&days, &seconds, epoch, time) == 1)
        ms = days * CLOCK_DAY_MS + seconds * CLOCK_SECOND_MS;
    ASN1_TIME_free(epoch);
    return ms;
}

static int tls_judge_certificate(struct tls *tls, X509 **ret_first)
{
    _cleanup_(BIO_free_allp) BIO *bio = BIO_new_mem_buf(tls->certificate, -1);

    if (!bio)
        return -ENOMEM;
    tls->fault = pem_read_chain(bio, ret_first);
    if (*ret_first) {
        tls->begins_ms = certificate_time(X509_get0_notBefore(*ret_first));
        tls->expires_ms = certificate_time(X509_get0_notAfter(*ret_first));
    }
    return 0;
}

static int tls_judge_key(struct tls *tls, const X509 *certificate)
{
    _cleanup_(BIO_free_allp) BIO *bio = BIO_new_mem_buf(tls->key, -1);
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *key = NULL;

    if (!bio)
        return -ENOMEM;
    tls->is_of_key = true;
    tls->fault = pem_read_key(bio, &key);
    if (!tls->fault && certificate && X509_check_private_key(certificate, key) != 1)
        tls->fault = "does not belong to the first certificate in `certificate`: name "
                     "the key that it was issued for, and put the server's own "
                     "certificate before those of its CA";
    return 0;
}

static int tls_judge(struct tls *tls)
{
    _cleanup_(X509_freep) X509 *first = NULL;
    int r = 0;

    ERR_clear_error();
    if (tls->certificate)
        r = tls_judge_certificate(tls, &first);
    if (r == 0 && !tls->fault && tls->key)
        r = tls_judge_key(tls, first);
    ERR_clear_error();
    return r;
}

/* What is short says nothing of the file. */
static int pem_read(const char *path, size_t max_bytes, char **ret,
                    const char **ret_fault)
{
    int r = path ? file_read_text(path, max_bytes, ret) : 0;

    if (r == 0 || r == -ENOMEM || r == -EMFILE || r == -ENFILE)
        return r;
    *ret_fault = strerror(-r);
    return 0;
}

int tls_load(const char *certificate, const char *key, size_t max_bytes, struct tls *ret)
{
    int r;

    *ret = (struct tls){.begins_ms = CLOCK_NONE, .expires_ms = CLOCK_NONE};
    r = pem_read(certificate, max_bytes, &ret->certificate, &ret->fault);
    if (r < 0 || ret->fault)
        return r;
    r = pem_read(key, max_bytes, &ret->key, &ret->fault);
    ret->is_of_key = ret->fault != NULL;
    return r < 0 || ret->fault ? r : tls_judge(ret);
}

int tls_read(struct tls_files *files, struct tls *ret, struct buf *fault)
{
    int r;

    /* Before they are read: what is written meanwhile has changed at the next look. */
    if (files->certificate) {
        files->read[0] = stamp_of(files->certificate);
        files->read[1] = stamp_of(files->key);
    }
    r = tls_load(files->certificate, files->key, PEM_BYTES_MAX, ret);
    if (r < 0 || !ret->fault)
        return r;
    (void)buf_printf(fault, "[%s] %s: %s: %s", files->section,
                     ret->is_of_key ? "key" : "certificate",
                     ret->is_of_key ? files->key : files->certificate, ret->fault);
    return -EINVAL;
}

void tls_done(struct tls *tls)
{
    free(tls->certificate);
    if (tls->key)
        OPENSSL_cleanse(tls->key, strlen(tls->key));
    free(tls->key);
}

/* --- what is served -------------------------------------------------------------- */

bool tls_describe_expiry(const struct tls *tls, struct buf *ret)
{
    int64_t now_ms = clock_wall_ms();
    int64_t left_ms;
    char day[CLOCK_TEXT_BYTES];

    if (tls->expires_ms == CLOCK_NONE || tls->begins_ms == CLOCK_NONE)
        return false;
    if (tls->begins_ms > now_ms) {
        clock_format_rfc3339(tls->begins_ms, day);
        (void)buf_printf(ret,
                         "is valid from %s on, so SNS refuses it until then: check "
                         "this machine's clock",
                         day);
        return true;
    }
    if (!expiry_is_near(tls->begins_ms, tls->expires_ms, now_ms))
        return false;
    left_ms = tls->expires_ms - now_ms;
    clock_format_day(tls->expires_ms, day);
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

bool tls_describe(const struct tls *tls, struct buf *ret)
{
    char day[CLOCK_TEXT_BYTES];

    if (tls_describe_expiry(tls, ret))
        return true;
    if (tls->expires_ms != CLOCK_NONE) {
        clock_format_day(tls->expires_ms, day);
        (void)buf_printf(ret, "is valid until %s", day);
    }
    return false;
}

void tls_options(const struct tls *tls, struct MHD_OptionItem ret[TLS_OPTIONS])
{
    const struct MHD_OptionItem options[TLS_OPTIONS] = {
        {tls->certificate ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0,
         tls->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES},
        {MHD_OPTION_END, 0, NULL},
    };

    memcpy(ret, options, sizeof(options));
}

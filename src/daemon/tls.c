#include "daemon/tls.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/limits.h"
#include "daemon/tls_judge.h"
#include "sesbounce/clock.h"
#include "sesbounce/file.h"

/*
 * GnuTLS's words. NORMAL still has key exchange without forward secrecy (RSA) and, for
 * TLS 1.2, CBC; what is left are ECDHE and DHE with GCM, CCM and ChaCha20, which every
 * client of SNS has had for ten years.
 */
#define TLS_PRIORITIES                                                                   \
    "NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3:-RSA:-SHA1:-AES-128-CBC:-AES-256-CBC"

/* --- the files ------------------------------------------------------------------- */

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

/* Are they as at the last look, and other than when they were read? */
bool tls_has_changed(struct tls_files *files)
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

/* Says nothing of the file. */
static bool is_want_of_resources(int r)
{
    return r == -ENOMEM || r == -EMFILE || r == -ENFILE;
}

static int pem_read(const char *path, char **ret, const char **ret_fault)
{
    int r = path ? file_read_text(path, PEM_BYTES_MAX, ret) : 0;

    if (r == 0 || is_want_of_resources(r))
        return r;
    *ret_fault = strerror(-r);
    return 0;
}

int tls_load(const char *certificate, const char *key, struct tls *ret,
             struct tls_judgement *judgement)
{
    int r;

    *ret = (struct tls){NULL, NULL, CLOCK_NONE};
    *judgement =
        (struct tls_judgement){.begins_ms = CLOCK_NONE, .expires_ms = CLOCK_NONE};
    r = pem_read(certificate, &ret->certificate, &judgement->fault);
    if (r < 0 || judgement->fault)
        return r;
    judgement->of_key = true;
    r = pem_read(key, &ret->key, &judgement->fault);
    if (r < 0 || judgement->fault)
        return r;
    r = tls_judge(ret->certificate, ret->key, judgement);
    ret->expires_ms = judgement->expires_ms;
    return r;
}

int tls_read(struct tls_files *files, struct tls *ret, struct buf *fault)
{
    struct tls_judgement judgement;
    int r;

    *ret = (struct tls){NULL, NULL, CLOCK_NONE};
    if (!files->certificate)
        return 0;
    /* Before they are read: what is written meanwhile has changed at the next look. */
    files->read[0] = stamp_of(files->certificate);
    files->read[1] = stamp_of(files->key);
    r = tls_load(files->certificate, files->key, ret, &judgement);
    if (r < 0 || !judgement.fault)
        return r;
    (void)buf_printf(fault, "[%s] %s: %s: %s", files->section,
                     judgement.of_key ? "key" : "certificate",
                     judgement.of_key ? files->key : files->certificate, judgement.fault);
    return -EINVAL;
}

void tls_done(struct tls *tls)
{
    free(tls->certificate);
    if (tls->key)
        OPENSSL_cleanse(tls->key, strlen(tls->key));
    free(tls->key);
    *tls = (struct tls){NULL, NULL, CLOCK_NONE};
}

/* --- what is served -------------------------------------------------------------- */

bool tls_describe(const struct tls *tls, struct buf *ret)
{
    struct tls_judgement judgement;
    char day[CLOCK_TEXT_BYTES];

    if (tls_judge(tls->certificate, NULL, &judgement) < 0 ||
        judgement.expires_ms == CLOCK_NONE)
        return false;
    if (tls_judge_expiry(&judgement, clock_wall_ms(), ret))
        return true;
    clock_format_day(judgement.expires_ms, day);
    (void)buf_printf(ret, "is valid until %s", day);
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

/*
 * What a listener of ours serves TLS with: the PEM texts of the files that the settings
 * name, what is wrong with them, the same at --check-config, at the start and when they
 * are renewed, and whether the files have changed since.
 *
 * A `struct tls` is immutable after reading; `struct tls_files` belongs to one thread.
 */
#ifndef SESBOUNCED_TLS_H
#define SESBOUNCED_TLS_H

#include <microhttpd.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "sesbounce/buf.h"

enum { TLS_OPTIONS = 4 };

struct tls {
    char *certificate; /* both NULL: plain HTTP */
    char *key;
    const char *fault;  /* a constant text; NULL: it can be served with */
    bool is_of_key;     /* else `fault` is of the certificate */
    int64_t begins_ms;  /* of the first certificate; CLOCK_NONE: not told */
    int64_t expires_ms; /* likewise */
};

/* Another file, another content or other permissions differ in one of these. */
struct tls_stamp {
    dev_t device;
    ino_t inode;
    struct timespec changed; /* tv_nsec is -1 where there is no file */
};

/* The paths are borrowed; NULL: plain HTTP. The stamps are of the certificate and the
 * key, at the last look and when they were read. */
struct tls_files {
    const char *section; /* of the settings */
    const char *certificate;
    const char *key;
    struct tls_stamp seen[2];
    struct tls_stamp read[2];
};

/*
 * Reads both. 0; -EINVAL with a line in `fault` that names the setting when the two
 * cannot be served with; -ENOMEM, -EMFILE or -ENFILE, which is not their fault. The
 * caller calls tls_done() in any case.
 */
int tls_read(struct tls_files *files, struct tls *ret, struct buf *fault);

/* Reads the files that are not NULL, of `max_bytes` each, and judges them together:
 * `ret->fault` says what is wrong with which. 0 also then; -ENOMEM, -EMFILE or -ENFILE.
 * As for tls_done() above. */
int tls_load(const char *certificate, const char *key, size_t max_bytes, struct tls *ret);

void tls_done(struct tls *tls);

/* What was read could not be served, because something was short: tls_look() is
 * true until it is read again. */
void tls_unread(struct tls_files *files);

/*
 * Looks at both. True when they are others than those that were read, and have stayed the
 * same since the last look: a renewal replaces one after the other.
 */
bool tls_look(struct tls_files *files);

/*
 * Does SNS refuse it by its dates now, or is it time to renew it (expiry.h)? True with a
 * text appended: `expired on 2026-11-27, so SNS refuses it …`, `expires on …`, `is valid
 * from … on, …`.
 */
bool tls_describe_expiry(const struct tls *tls, struct buf *ret);

/* The same; where it is false, appends `is valid until 2027-02-25`. */
bool tls_describe(const struct tls *tls, struct buf *ret);

/*
 * For MHD_OPTION_ARRAY: TLS 1.2 or later with forward secrecy and authenticated
 * encryption, or no option at all. MHD_USE_TLS is for the caller to set.
 */
void tls_options(const struct tls *tls, struct MHD_OptionItem ret[TLS_OPTIONS]);

#endif

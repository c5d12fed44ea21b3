/*
 * The receivers of what is sent out, from the sections [webhook NAME] and [mail NAME]:
 * with the secrets that their files hold. Made at the start; immutable, except for
 * `store`, which is the writer's.
 */
#ifndef SESBOUNCED_RECEIVERS_H
#define SESBOUNCED_RECEIVERS_H

#include "sesbounce/digest.h"
#include "sesbounce/limits.h"
#include "sesbounce/settings.h"
#include "sesbounce/store_sending.h"

#include "daemon/limits.h"

enum receiver_kind { RECEIVER_STANDARD, RECEIVER_SLACK, RECEIVER_MAIL };

/* The keys that requests are signed with: what stands behind `whsec_` in base64. */
struct receiver_keys {
    size_t count;
    struct receiver_key {
        unsigned char bytes[DIGEST_KEY_BYTES_MAX];
        size_t len;
    } keys[RECEIVER_KEYS_MAX];
};

struct receiver {
    struct store_receiver store; /* the writer's */
    size_t index;                /* among the receivers */
    enum receiver_kind kind;
    bool shows_addresses; /* in full */
    long timeout_ms;
    const struct settings_webhook *webhook; /* NULL: it is a mail */
    const struct settings_mail *mail;
    struct receiver_keys keys;
    char *password; /* owned; NULL: none */
};

struct receivers {
    struct receiver items[SETTINGS_RECEIVERS_MAX];
    size_t count;
};

/* 0; -EINVAL with a line in `fault` that names section, key and path; -ENOMEM. */
int receivers_open(const struct settings *settings, struct receivers *ret,
                   struct buf *fault);
void receivers_done(struct receivers *receivers);

/* `whsec_` and base64 a line; blank lines and `#` comments aside. 0; -EINVAL and the
 * like, with what is wrong in `fault`, without the path and without a line's text. */
int receiver_keys_read(const char *path, struct receiver_keys *ret, struct buf *fault);

/* The first line, which the caller owns. Results likewise. */
int receiver_password_read(const char *path, char **ret, struct buf *fault);

#endif

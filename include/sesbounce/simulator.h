/*
 * The simulator's own key: what `sesbouncectl simulate` and `make run` sign with.
 *
 * One PEM file (`[simulator] key`), mode 0600, holding an RSA private key and a
 * self-signed certificate. The daemon creates it when `[simulator] enabled` is on, and
 * trusts it for ARN_SIMULATOR_TOPIC only. Not thread-safe; a struct simulator
 * belongs to one thread.
 */
#ifndef SESBOUNCE_SIMULATOR_H
#define SESBOUNCE_SIMULATOR_H

#include <stdint.h>

#include "sesbounce/arn.h"
#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/sns_signature.h"

struct simulator;

/* Creates the file (temporary name, fsync, rename). -EEXIST when it is there already. */
int simulator_create(const char *path);

/* 0; -ENOENT, -EACCES, …; -EINVAL when the file holds no such key. */
int simulator_open(const char *path, struct simulator **ret);
void simulator_free(struct simulator *simulator);
DEFINE_CLEANUP(struct simulator, simulator_free)

/* A new reference to its certificate, as the daemon checks with. */
struct sns_certificate *simulator_certificate(struct simulator *simulator);

struct simulator_message {
    const char *type;      /* NULL: Notification */
    const char *topic_arn; /* NULL: ARN_SIMULATOR_TOPIC */
    const char *subject;   /* NULL: none */
    struct str message;
    const char *message_id; /* NULL: a random UUID */
    int64_t timestamp_ms;
};

/* Appends a complete envelope, SignatureVersion 2. 0 or a negative errno. */
int simulator_sign(struct simulator *simulator, const struct simulator_message *message,
                   struct buf *ret);

#endif

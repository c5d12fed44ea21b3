/*
 * What a request wants changed, as a job of the writer: a decision about an address, or
 * about entries that are held, of which each transaction takes a part, so that deliveries
 * wait no longer for many than for one. Lent to the writer; else one thread.
 */
#ifndef SESBOUNCED_API_CHANGE_H
#define SESBOUNCED_API_CHANGE_H

#include <jansson.h>

#include "sesbounce/store_read.h"

/* How far it is. */
struct api_progress {
    size_t ids;       /* of `ids`, how many are dealt with */
    int64_t after_id; /* of those that are held for `why`, the last */
    bool has_more;
    enum policy_decided decided; /* about the address */
    int64_t changed;
};

struct api_change {
    json_t *body; /* owned; the texts of the rest lie in it */
    struct store_decision decision;
    /* Of held entries, instead of its address: */
    const json_t *ids; /* an array of integers; or NULL: */
    const char *why;
    struct api_progress done; /* and committed */
    struct api_progress next; /* once the transaction is committed */
};

void api_change_done(struct api_change *change);

/* In the writer's transaction, and again after it was rolled back. 0, or a fault. */
int api_change_add(struct api_change *change, struct store *store);

/* The transaction is committed. Is there more to add? */
bool api_change_go_on(struct api_change *change);

#endif

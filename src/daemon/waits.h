/*
 * Questions that wait for what is not there yet (long polls), in the order in which they
 * were asked last. Each is a suspended connection and no thread. The reader's thread
 * alone.
 */
#ifndef SESBOUNCED_WAITS_H
#define SESBOUNCED_WAITS_H

#include <stddef.h>

#include "daemon/question.h"

struct waits {
    struct queue_node *first;
    struct queue_node *last;
    size_t count;
    size_t max; /* set by the owner */
};

/* Takes it over until waits_take(). -EAGAIN: there are too many. */
int waits_add(struct waits *waits, struct question *question);

/* The first that may find something, now that `newest_id` has been drawn, or whose time
 * is over; NULL: none. */
struct question *waits_take(struct waits *waits, int64_t newest_id, int64_t mono_ms);

/* Is there one? */
bool waits_are_due(const struct waits *waits, int64_t newest_id, int64_t mono_ms);

#endif

/*
 * The memory that bodies of requests take, all together, and what is read out of them.
 *
 * A body's first BODY_FIRST_BYTES are bounded by the number of connections and always
 * available, so what SES usually sends is never refused because others send much. What a
 * body takes beyond them comes out of one account, as it arrives: announcing a length
 * takes nothing; and nobody takes more than one in HTTP_ADDRESS_SHARE for one address.
 * The account is what `cap` of the bodies says, so a body changes its size only here. Any
 * thread; a body has one owner at a time.
 */
#ifndef SESBOUNCED_BODIES_H
#define SESBOUNCED_BODIES_H

#include <stdatomic.h>
#include <stdint.h>

#include "daemon/connections.h"
#include "sesbounce/buf.h"

struct bodies {
    uint64_t large_max_bytes;
    atomic_uint_fast64_t large_bytes;
};

void bodies_init(struct bodies *bodies, uint64_t large_max_bytes);

/*
 * Appends what has arrived to `body`, which will become `announced_bytes` long (0: not
 * known), on behalf of the address whose share it is (NULL: not limited). 0; -ENOMEM,
 * -E2BIG beyond the body's maximum, -EAGAIN when the account is empty or the share taken;
 * on failure the body is freed and what it took is given back.
 */
int bodies_append(struct bodies *bodies, struct connections_share *share,
                  struct buf *body, const char *bytes, size_t len,
                  uint64_t announced_bytes);

/* Frees the body and gives back what it took. */
void bodies_release(struct bodies *bodies, struct connections_share *share,
                    struct buf *body);

/*
 * What was read out of a body takes `event_bytes` until its answer: what of it is beyond
 * EVENT_FIRST_BYTES comes out of the same account. 0 and `*ret_taken`, or -EAGAIN as
 * above with nothing taken.
 */
int bodies_take_event(struct bodies *bodies, struct connections_share *share,
                      uint64_t event_bytes, uint64_t *ret_taken);
void bodies_give_back(struct bodies *bodies, struct connections_share *share,
                      uint64_t taken);

/* What is taken out of the account now. */
uint64_t bodies_large_bytes(struct bodies *bodies);

#endif

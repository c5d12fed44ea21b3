#include "daemon/bodies.h"

#include <errno.h>

#include "daemon/limits.h"

void bodies_init(struct bodies *bodies, uint64_t large_max_bytes)
{
    *bodies = (struct bodies){.large_max_bytes = large_max_bytes};
}

static uint64_t body_large_bytes(const struct buf *body)
{
    return body->cap > BODY_FIRST_BYTES ? body->cap - BODY_FIRST_BYTES : 0;
}

/* The first piece is of the announced size, as far as nobody pays for it; later ones
 * double it. */
static int body_append(struct buf *body, const char *bytes, size_t len,
                       uint64_t announced_bytes)
{
    size_t first = BODY_FIRST_BYTES - 1; /* and a NUL */

    if (announced_bytes > 0 && announced_bytes < first)
        first = (size_t)announced_bytes;
    if (first > body->max)
        first = body->max;
    if (body->cap == 0 && buf_reserve(body, first) < 0)
        return -ENOMEM;
    return buf_append(body, bytes, len);
}

static bool account_take(struct bodies *bodies, struct connections_share *share,
                         uint64_t more)
{
    uint64_t most = bodies->large_max_bytes;
    bool granted = atomic_fetch_add(&bodies->large_bytes, more) + more <= most;

    if (!share)
        return granted;
    most /= HTTP_ADDRESS_SHARE;
    return atomic_fetch_add(&share->large_body_bytes, more) + more <= most && granted;
}

int bodies_append(struct bodies *bodies, struct connections_share *share,
                  struct buf *body, const char *bytes, size_t len,
                  uint64_t announced_bytes)
{
    uint64_t before = body_large_bytes(body);
    int r = body_append(body, bytes, len, announced_bytes);
    uint64_t more = body_large_bytes(body) - before;

    if (more > 0 && !account_take(bodies, share, more))
        r = -EAGAIN;
    if (r < 0)
        bodies_release(bodies, share, body);
    return r;
}

void bodies_release(struct bodies *bodies, struct connections_share *share,
                    struct buf *body)
{
    uint64_t taken = body_large_bytes(body);

    buf_done(body);
    bodies_give_back(bodies, share, taken);
}

void bodies_give_back(struct bodies *bodies, struct connections_share *share,
                      uint64_t taken)
{
    if (taken == 0)
        return;
    atomic_fetch_sub(&bodies->large_bytes, taken);
    if (share)
        atomic_fetch_sub(&share->large_body_bytes, taken);
}

int bodies_take_event(struct bodies *bodies, struct connections_share *share,
                      uint64_t event_bytes, uint64_t *ret_taken)
{
    uint64_t more = event_bytes > EVENT_FIRST_BYTES ? event_bytes - EVENT_FIRST_BYTES : 0;

    *ret_taken = 0;
    if (more > 0 && !account_take(bodies, share, more)) {
        bodies_give_back(bodies, share, more);
        return -EAGAIN;
    }
    *ret_taken = more;
    return 0;
}

uint64_t bodies_large_bytes(struct bodies *bodies)
{
    return atomic_load_explicit(&bodies->large_bytes, memory_order_relaxed);
}

/*
 * Where deliveries wait for a signing certificate that is not in memory, and who is
 * served next.
 *
 * HTTP threads put them in, suspended; outbound lets out everybody who waits for a URL,
 * once the certificate is there or known to be unavailable; main sweeps out those that
 * have waited too long. The thread that takes a delivery out owns it and resumes it. The
 * mutex guards every member; under it nothing is done but linking, copying and comparing.
 *
 * Nobody in here is authenticated: who knows a topic can name any URL of SNS. Why a
 * stranger cannot keep the genuine certificate from being fetched:
 *
 * - What is fetched next is drawn by lot, first among the addresses that wait, then among
 *   the URLs of that address: more requests, more deliveries of one URL or more URLs do
 *   not outvote another address.
 * - A URL that was wanted before and never tried goes first in half of the draws, a new
 *   one in three of eight, one that has failed in one of eight: see sightings.h. From its
 *   second delivery on, the genuine URL has half of the fetches nearly to itself, even
 *   where a proxy makes all addresses one; a stranger's URL has failed by then.
 * - Nothing else rations fetches (limits.h says why), and one that hangs is cut short
 *   while others wait.
 * - A full room accepts the new delivery and displaces another one of the address that
 * has most: a further delivery of a URL for which another one waits, or else one drawn by
 *   lot; one whose URL was wanted before is displaced only by another of those.
 */
#ifndef SESBOUNCED_WAITING_ROOM_H
#define SESBOUNCED_WAITING_ROOM_H

#include <pthread.h>

#include "daemon/delivery.h"
#include "daemon/sightings.h"

struct waiting_room {
    pthread_mutex_t mutex;
    struct delivery *first; /* the oldest */
    struct delivery **end;
    size_t count;
    size_t unlimited; /* of these, from addresses that have no share */
    size_t max;
    bool closed;
    struct sightings sightings;
    uint64_t lot; /* the generator's state, never 0 */
};

/* Room for `max` deliveries. 0 or a negative errno. */
int waiting_room_init(struct waiting_room *room, size_t max);
void waiting_room_done(struct waiting_room *room);

/*
 * 0: lent, and `*ret_displaced` is NULL or a delivery that made room and is now the
 * caller's. -EAGAIN when the room is full, or the delivery's address has taken one place
 * in HTTP_ADDRESS_SHARE, and nobody there counts for less; -ESHUTDOWN when closed.
 */
int waiting_room_enter(struct waiting_room *room, struct delivery *delivery,
                       int64_t mono_ms, struct delivery **ret_displaced);

/* A certificate that somebody waits for, copied out. */
struct waiting_wish {
    char host[SNS_ORIGIN_BYTES_MAX];
    char file[SNS_URL_BYTES_MAX];
    char topic[ARN_BYTES_MAX + 1];
    uint64_t hash;
    bool has_failed; /* it was tried before */
};

/* The wish drawn among those whose hash `skip` does not know. False when there is none.
 */
bool waiting_room_wish(struct waiting_room *room, struct waiting_wish *ret,
                       bool (*skip)(void *context, uint64_t hash), void *context);

/* Remembers that this wish was tried in vain. */
void waiting_room_failed(struct waiting_room *room, const struct waiting_wish *wish,
                         int64_t mono_ms);

/* Each returns a list linked by next_waiting, which the caller owns. */
struct delivery *waiting_room_leave(struct waiting_room *room,
                                    const struct sns_cert_url *url);
struct delivery *waiting_room_sweep(struct waiting_room *room, int64_t mono_ms);
struct delivery *waiting_room_close(struct waiting_room *room);

#endif

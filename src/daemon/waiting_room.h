/*
 * Where deliveries wait for a signing certificate that is not at hand.
 *
 * HTTP threads put them in, suspended; outbound lets out everybody who waits for a URL,
 * once the certificate is there or known not to be had; main sweeps out who has waited
 * too long. Whoever takes a delivery out owns it and resumes it. The mutex guards every
 * member; under it nothing is done but linking, copying and comparing.
 */
#ifndef SESBOUNCED_WAITING_ROOM_H
#define SESBOUNCED_WAITING_ROOM_H

#include <pthread.h>

#include "daemon/delivery.h"

struct waiting_room {
    pthread_mutex_t mutex;
    struct delivery *first; /* the oldest: nobody is overtaken */
    struct delivery **end;
    size_t count;
    size_t max;
    bool closed;
};

/* Room for `max` deliveries. 0 or a negative errno. */
int waiting_room_init(struct waiting_room *room, size_t max);
void waiting_room_done(struct waiting_room *room);

/* 0: lent. -EAGAIN when it is full, or when those of the delivery's address have taken
 * one place in HTTP_ADDRESS_SHARE; -ESHUTDOWN when closed. */
int waiting_room_enter(struct waiting_room *room, struct delivery *delivery);

/* A certificate that somebody waits for, copied out. */
struct waiting_wish {
    char host[SNS_ORIGIN_BYTES_MAX];
    char file[SNS_URL_BYTES_MAX];
    char topic[ARN_BYTES_MAX + 1];
};

/*
 * The wish that most wait for and `skip` does not know; the oldest of equals. SNS's
 * messages name one URL again and again, strangers' junk names many. False when there is
 * none.
 */
bool waiting_room_wish(struct waiting_room *room, struct waiting_wish *ret,
                       bool (*skip)(void *context, const struct sns_cert_url *url),
                       void *context);

/* Each returns a list linked by next_waiting, which the caller owns. */
struct delivery *waiting_room_leave(struct waiting_room *room,
                                    const struct sns_cert_url *url);
struct delivery *waiting_room_sweep(struct waiting_room *room, int64_t mono_ms);
struct delivery *waiting_room_close(struct waiting_room *room);

#endif

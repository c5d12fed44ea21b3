#include "daemon/acceptor.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/limits.h"
#include "sesbounce/clock.h"
#include "sesbounce/log.h"

struct acceptor {
    struct acceptor_owner owner;
    struct pollfd polled[LISTEN_SOCKETS_MAX + 1];
    size_t count;
    int wake_fd;
    atomic_bool stopping;
    atomic_bool waits; /* for room */
    bool pausing;      /* a call failed: ACCEPT_AGAIN_MS pass before it is tried again */
    int64_t tick_again_ms;
    struct log_ration ration;
    pthread_t thread;
};

/* --- accepting ------------------------------------------------------------------- */

/* What accept(2) passes on of the connection itself, which is gone: the next one may do.
 */
static bool error_is_of_connection(int error)
{
    switch (error) {
    case ECONNABORTED:
    case EINTR:
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case EOPNOTSUPP:
        return true;
    default:
        return false;
    }
}

/* New connections wait in the backlog meanwhile: nobody is refused. */
static void acceptor_pause(struct acceptor *acceptor, int error)
{
    unsigned held_back = 0;

    acceptor->pausing = true;
    if (log_ration_pass(&acceptor->ration, clock_mono_ms(), ACCEPT_LOGS_A_MINUTE,
                        &held_back))
        log_event(LOG_LEVEL_WARNING,
                  "connections cannot be accepted now; clients wait meanwhile",
                  {"ERROR", str_of(strerror(error))});
}

/* Some, so that the other sockets have their turn. */
static void acceptor_accept_some(struct acceptor *acceptor, int listener)
{
    for (unsigned i = 0; i < ACCEPT_AT_ONCE; i++) {
        union {
            struct sockaddr any;
            struct sockaddr_storage room;
        } address = {.room = {.ss_family = AF_UNSPEC}};
        socklen_t len = sizeof(address);
        int fd;

        if (!acceptor->owner.has_room(acceptor->owner.context))
            return;
        fd = accept4(listener, &address.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            acceptor->owner.take(acceptor->owner.context, fd, &address.any, len);
        } else if (!error_is_of_connection(errno)) {
            if (errno != EAGAIN)
                acceptor_pause(acceptor, errno);
            return;
        }
    }
}

/* --- waiting --------------------------------------------------------------------- */

/*
 * Whether to look at the sockets. A thread that makes room after `waits` was set writes
 * to wake_fd; room that was made before is seen by the second look.
 */
static bool acceptor_look_for_room(struct acceptor *acceptor)
{
    const struct acceptor_owner *owner = &acceptor->owner;

    if (owner->has_room(owner->context))
        return true;
    atomic_store(&acceptor->waits, true);
    return owner->has_room(owner->context);
}

static int acceptor_timeout_ms(const struct acceptor *acceptor, bool soon)
{
    int tick_ms = acceptor->owner.tick_ms > 0 ? acceptor->owner.tick_ms : -1;

    return soon && (tick_ms < 0 || tick_ms > ACCEPT_AGAIN_MS) ? ACCEPT_AGAIN_MS : tick_ms;
}

/* Does somebody wait for a connection? A failure that lasts must not make the thread
 * spin: of one descriptor, wake_fd, the kernel can always wait. */
static bool acceptor_poll(struct acceptor *acceptor, bool look, bool soon)
{
    struct pollfd *polled = acceptor->polled;
    size_t first = look ? 0 : acceptor->count;
    bool waiting = false;

    for (size_t i = 0; i <= acceptor->count; i++)
        polled[i].revents = 0;
    if (poll(polled + first, acceptor->count + 1 - first,
             acceptor_timeout_ms(acceptor, soon)) < 0) {
        if (errno != EINTR)
            acceptor_pause(acceptor, errno);
        return false;
    }
    if (polled[acceptor->count].revents) {
        eventfd_t woken;

        (void)eventfd_read(acceptor->wake_fd, &woken);
    }
    for (size_t i = 0; i < acceptor->count; i++)
        waiting |= polled[i].revents != 0;
    return waiting;
}

static void acceptor_tick(struct acceptor *acceptor)
{
    int64_t now_ms;

    if (acceptor->owner.tick_ms == 0)
        return;
    now_ms = clock_mono_ms();
    if (now_ms < acceptor->tick_again_ms)
        return;
    acceptor->tick_again_ms = now_ms + acceptor->owner.tick_ms;
    acceptor->owner.tick(acceptor->owner.context);
}

/* One turn. After make_room() a pause follows, since the room is not there at once. */
static void acceptor_turn(struct acceptor *acceptor)
{
    const struct acceptor_owner *owner = &acceptor->owner;
    bool room = acceptor_look_for_room(acceptor);
    bool pausing = acceptor->pausing;
    bool waiting;

    acceptor->pausing = false;
    waiting = acceptor_poll(acceptor, !pausing && (room || owner->make_room), pausing);
    if (waiting && !room) {
        owner->make_room(owner->context);
        acceptor->pausing = true;
    }
    for (size_t i = 0; waiting && room && i < acceptor->count; i++) {
        if (acceptor->polled[i].revents && !acceptor->pausing)
            acceptor_accept_some(acceptor, acceptor->polled[i].fd);
    }
}

static void *acceptor_run(void *context)
{
    struct acceptor *acceptor = context;

    while (!atomic_load(&acceptor->stopping)) {
        acceptor_turn(acceptor);
        acceptor_tick(acceptor);
    }
    return NULL;
}

/* --- start and stop -------------------------------------------------------------- */

int acceptor_start(const struct acceptor_owner *owner, const int *sockets, size_t count,
                   struct acceptor **ret)
{
    struct acceptor *acceptor = calloc(1, sizeof(*acceptor));
    int r;

    if (!acceptor)
        return -ENOMEM;
    acceptor->owner = *owner;
    acceptor->count = count;
    acceptor->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    for (size_t i = 0; i < count; i++)
        acceptor->polled[i] = (struct pollfd){.fd = sockets[i], .events = POLLIN};
    acceptor->polled[count] = (struct pollfd){.fd = acceptor->wake_fd, .events = POLLIN};
    *ret = acceptor; /* the owner may be called before this returns */
    r = acceptor->wake_fd < 0
            ? -errno
            : -pthread_create(&acceptor->thread, NULL, acceptor_run, acceptor);
    if (r < 0) {
        *ret = NULL;
        atomic_store(&acceptor->stopping, true); /* there is no thread to stop */
        acceptor_free(acceptor);
    }
    return r;
}

void acceptor_wake(struct acceptor *acceptor)
{
    if (atomic_exchange(&acceptor->waits, false))
        (void)eventfd_write(acceptor->wake_fd, 1);
}

void acceptor_stop(struct acceptor *acceptor)
{
    if (!acceptor || atomic_exchange(&acceptor->stopping, true))
        return;
    (void)eventfd_write(acceptor->wake_fd, 1);
    (void)pthread_join(acceptor->thread, NULL);
}

void acceptor_free(struct acceptor *acceptor)
{
    if (!acceptor)
        return;
    acceptor_stop(acceptor);
    if (acceptor->wake_fd >= 0)
        (void)close(acceptor->wake_fd);
    free(acceptor);
}

#include "daemon/watch.h"

#include "daemon/limits.h"
#include "daemon/writer.h"

void watch_init(struct watch *watch, struct service *service)
{
    *watch = (struct watch){.service = service};
}

void watch_sweep(struct watch *watch, int64_t mono_ms)
{
    struct service *service = watch->service;
    size_t slow = connections_sweep(&service->connections, mono_ms) +
                  connections_sweep(&service->admin_connections, mono_ms);

    atomic_fetch_add_explicit(&service->metrics.shed[SHED_SLOW], slow,
                              memory_order_relaxed);
    delivery_give_back_all(waiting_room_sweep(&service->room, mono_ms),
                           VERDICT_NO_CERTIFICATE, "it did not arrive in time");
    writer_sweep(service, mono_ms);
}

/* How many more there are than were logged. */
static uint64_t untold(struct watch *watch, enum shed what)
{
    uint64_t now = metrics_shed(&watch->service->metrics, what);
    uint64_t more = now - watch->told[what];

    watch->told[what] = now;
    return more;
}

static void shed_tell(enum log_level level, const char *message, uint64_t count,
                      struct str address)
{
    struct buf number;

    buf_init(&number, LOG_VALUE_BYTES_MAX);
    (void)buf_printf(&number, "%llu", (unsigned long long)count);
    log_event(level, message, {"COUNT", buf_str(&number)}, {"ADDRESS", address});
    buf_done(&number);
}

/* One of the addresses: the last. */
static void tell_refused(const char *message, uint64_t count,
                         struct connections *connections)
{
    struct buf address;

    if (count == 0)
        return;
    buf_init(&address, LOG_VALUE_BYTES_MAX);
    connections_refused(connections, &address);
    shed_tell(LOG_LEVEL_WARNING, message, count, buf_str(&address));
    buf_done(&address);
}

void watch_tell_shed(struct watch *watch, int64_t mono_ms)
{
    struct service *service = watch->service;
    uint64_t refused, of_admin, slow, crowd;

    if (mono_ms < watch->tell_again_ms)
        return;
    refused = untold(watch, SHED_ADDRESS);
    of_admin = untold(watch, SHED_ADMIN);
    slow = untold(watch, SHED_SLOW);
    crowd = connections_are_crowded(&service->connections)
                ? connections_count(&service->connections)
                : 0;
    if (refused == 0 && of_admin == 0 && slow == 0 && crowd == 0)
        return;
    watch->tell_again_ms = mono_ms + SHED_LOG_EVERY_MS;
    tell_refused("connections were closed at once, because one address had a quarter of "
                 "them; is that your proxy? then raise [ingest] max_connections",
                 refused, &service->connections);
    tell_refused("connections to the [admin] listener were closed at once, because one "
                 "address had a quarter of them",
                 of_admin, &service->admin_connections);
    if (crowd > 0)
        shed_tell(
            LOG_LEVEL_WARNING,
            "more than three quarters of [ingest] max_connections are taken; when all "
            "are, others wait",
            crowd, STR_ABSENT);
    if (slow > 0)
        shed_tell(
            LOG_LEVEL_INFO,
            "clients were disconnected that had not sent a complete request in time",
            slow, STR_ABSENT);
}

bool watch_is_stuck(const struct watch *watch, int64_t mono_ms)
{
    for (int i = 0; i < BUSY_THREADS; i++) {
        if (busy_too_long(&watch->service->busy[i], mono_ms))
            return true;
    }
    return false;
}

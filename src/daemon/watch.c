#include "daemon/watch.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

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
    reader_wake(&service->reader);
}

/* How many more there are than were logged. */
static uint64_t shed_untold(struct watch *watch, enum shed what)
{
    uint64_t now = metrics_shed(&watch->service->metrics, what);
    uint64_t more = now - watch->told[what];

    watch->told[what] = now;
    return more;
}

/* `refusing` names the last address that they refused; NULL: none. */
static void shed_tell(enum log_level level, const char *message, uint64_t count,
                      struct connections *refusing)
{
    struct buf address;
    char number[24];

    if (count == 0)
        return;
    buf_init(&address, LOG_VALUE_BYTES_MAX);
    (void)snprintf(number, sizeof(number), "%llu", (unsigned long long)count);
    if (refusing)
        connections_refused(refusing, &address);
    log_event(level, message, {"COUNT", str_of(number)},
              {"ADDRESS", refusing ? buf_str(&address) : STR_ABSENT});
    buf_done(&address);
}

void watch_tell_shed(struct watch *watch, int64_t mono_ms)
{
    struct service *service = watch->service;
    uint64_t refused, of_admin, slow, crowd;

    if (mono_ms < watch->tell_shed_again_ms)
        return;
    refused = shed_untold(watch, SHED_ADDRESS);
    of_admin = shed_untold(watch, SHED_ADMIN);
    slow = shed_untold(watch, SHED_SLOW);
    crowd = connections_are_crowded(&service->connections)
                ? connections_count(&service->connections)
                : 0;
    if (refused == 0 && of_admin == 0 && slow == 0 && crowd == 0)
        return;
    watch->tell_shed_again_ms = mono_ms + SHED_LOG_EVERY_MS;
    shed_tell(LOG_LEVEL_WARNING,
              "connections were closed at once, because one address had a quarter of "
              "them; is that your proxy? then raise [ingest] max_connections",
              refused, &service->connections);
    shed_tell(LOG_LEVEL_WARNING,
              "connections to the [admin] listener were closed at once, because one "
              "address had a quarter of them",
              of_admin, &service->admin_connections);
    shed_tell(LOG_LEVEL_WARNING,
              "more than three quarters of [ingest] max_connections are taken; when all "
              "are, others wait",
              crowd, NULL);
    shed_tell(LOG_LEVEL_INFO,
              "clients were disconnected that had not sent a complete request in time",
              slow, NULL);
}

bool watch_is_stuck(const struct watch *watch, int64_t mono_ms)
{
    for (int i = 0; i < BUSY_THREADS; i++) {
        if (busy_too_long(&watch->service->busy[i], mono_ms))
            return true;
    }
    return false;
}

/* --- systemd --------------------------------------------------------------------- */

/* sd_notify(3): a path, or with '@' a name in the abstract namespace. */
static int systemd_address(const char *name, struct sockaddr_un *ret, socklen_t *ret_len)
{
    size_t len = strlen(name);

    if (len < 2 || len >= sizeof(ret->sun_path) || (name[0] != '/' && name[0] != '@'))
        return -EINVAL;
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(ret->sun_path, name, len);
    if (name[0] == '@')
        ret->sun_path[0] = '\0';
    *ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return 0;
}

int watch_notify(const char *format, ...)
{
    const char *name = getenv("NOTIFY_SOCKET");
    char text[NOTIFY_BYTES_MAX];
    struct sockaddr_un address;
    socklen_t address_len;
    _cleanup_(closep) int fd = -1;
    va_list arguments;
    int r;

    if (!name)
        return 0;
    r = systemd_address(name, &address, &address_len);
    if (r < 0)
        return r;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || sendto(fd, text, strlen(text), MSG_NOSIGNAL,
                         (struct sockaddr *)&address, address_len) < 0)
        return -errno;
    return 0;
}

/* What `systemctl status` shows: what is wrong, and what to type. */
static void systemd_tell_state(struct watch *watch, int64_t mono_ms)
{
    struct metrics *metrics = &watch->service->metrics;
    struct health_now health;
    struct buf line;
    int r;

    service_look(watch->service, &health);
    if (health.state == watch->told_state && mono_ms < watch->tell_state_again_ms)
        return;
    buf_init(&line, HEALTH_LINE_BYTES_MAX);
    (void)health_print(&health, true, &line);
    if (health.state == HEALTH_WELL)
        r = watch_notify(
            "STATUS=storing; kept %llu deliveries, answered %llu otherwise, shed "
            "%llu",
            (unsigned long long)metrics_deliveries(metrics, true),
            (unsigned long long)metrics_deliveries(metrics, false),
            (unsigned long long)metrics_shed_in_all(metrics));
    else if (health.state == HEALTH_NOT_VERIFYING)
        r = watch_notify(
            "STATUS=NOT VERIFYING, deliveries get 503 and SNS repeats them: %s",
            buf_str(&line).data);
    else
        r = watch_notify(
            "STATUS=NOT STORING, deliveries get 503 and SNS repeats them: %s (%s)",
            health.store_fault ? store_advice(health.store_fault) : buf_str(&line).data,
            watch->service->settings->store.path);
    buf_done(&line);
    if (r == -EAGAIN)
        return;
    watch->told_state = health.state;
    watch->tell_state_again_ms = mono_ms + STATUS_EVERY_MS;
}

/* Twice in the time the unit allows. */
static void systemd_pet_watchdog(struct watch *watch, int64_t mono_ms)
{
    uint64_t allowed_us = 0;

    if (mono_ms < watch->pet_again_ms || sd_watchdog_enabled(0, &allowed_us) <= 0)
        return;
    if (watch_notify("WATCHDOG=1") != -EAGAIN)
        watch->pet_again_ms = mono_ms + (int64_t)(allowed_us / 1000 / 2);
}

void watch_tell_systemd(struct watch *watch, int64_t mono_ms)
{
    if (!watch_is_stuck(watch, mono_ms))
        systemd_pet_watchdog(watch, mono_ms);
    systemd_tell_state(watch, mono_ms);
}

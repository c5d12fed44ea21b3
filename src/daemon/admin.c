#include "daemon/admin.h"

#include <errno.h>

#include "daemon/limits.h"
#include "daemon/secrets.h"
#include "daemon/server.h"

/* Of `listen` the settings have made sure; what systemd passes they have not seen. */
static int admin_check_passed(const struct admin *admin, struct buf *fault)
{
    if (admin->desk.rules.tokens && admin->service->settings->admin.certificate)
        return 0;
    if (!admin->sockets.passed || listen_is_local(&admin->sockets))
        return 0;
    (void)buf_printf(fault,
                     "the socket named admin is neither loopback nor a unix socket, "
                     "so it needs [admin] tokens_file, certificate and key");
    return -EINVAL;
}

static void admin_tell(int r)
{
    log_event(LOG_LEVEL_WARNING, "no metrics: their server could not be started",
              {"ERROR", str_of(strerror(-r))});
}

/* Plain HTTP needs nothing that could be wrong in the settings. */
static int admin_serve(struct admin *admin, struct buf *fault)
{
    struct service *service = admin->service;
    const struct server_options options = {
        .section = "admin",
        .certificate = service->settings->admin.certificate,
        .key = service->settings->admin.key,
        .threads = 1,
        .idle_s = ADMIN_IDLE_S,
        .suspends = true,
        .displaces = true,
        .connections = &service->admin_connections,
        .refused = &service->metrics.shed[SHED_ADMIN],
        .tls = &service->metrics.tls[LISTENER_ADMIN],
        .context = &admin->desk,
        .on_request = exchange_read,
        .on_request_line = exchange_begin,
        .on_completed = exchange_end,
    };
    int r = server_start(&options, &admin->server, fault);

    if (r != -EINVAL && r < 0)
        admin_tell(r);
    return r == -EINVAL ? r : 0;
}

static void admin_open_sockets(struct admin *admin)
{
    struct buf fault;

    buf_init(&fault, LOG_VALUE_BYTES_MAX);
    if (listen_open("admin", &admin->service->settings->admin.listen, &admin->sockets,
                    &fault) < 0)
        log_event(LOG_LEVEL_WARNING, "no metrics: [admin] listen cannot be used",
                  {"DETAIL", buf_str(&fault)});
    buf_done(&fault);
}

int admin_start(struct admin *admin, struct service *service, struct buf *fault)
{
    const struct settings *settings = service->settings;
    int r;

    admin->service = service;
    admin->desk.service = service;
    admin->desk.rules.hosts = &settings->admin.host;
    admin->desk.rules.sockets = &admin->sockets;
    bodies_init(&admin->desk.bodies, API_BODIES_BYTES_MAX);
    if (settings->admin.listen.count == 0)
        return 0;
    r = secrets_open(SECRETS_TOKENS, settings->admin.tokens_file,
                     &admin->desk.rules.tokens, fault);
    if (r == 0)
        admin_open_sockets(admin);
    if (r == 0)
        r = admin_check_passed(admin, fault);
    if (r == 0)
        r = admin_serve(admin, fault);
    if (r < 0)
        admin_stop(admin);
    return r;
}

void admin_open(struct admin *admin)
{
    int r;

    if (!admin->server)
        return;
    r = server_open(admin->server, admin->sockets.fds, admin->sockets.count);
    if (r < 0)
        admin_tell(r);
}

void admin_close(struct admin *admin)
{
    if (admin->server)
        server_close(admin->server);
}

void admin_stop(struct admin *admin)
{
    const struct timespec pause = {0, 1000000L};
    int64_t until_ms = clock_mono_ms() + STOP_GRACE_MS;

    /* What was given back is answered first: libmicrohttpd ends connections as they are.
     */
    while (atomic_load(&admin->desk.lent) > 0 && clock_mono_ms() < until_ms)
        (void)nanosleep(&pause, NULL);
    server_stop(admin->server);
    listen_close(&admin->sockets);
    secrets_free(admin->desk.rules.tokens);
}

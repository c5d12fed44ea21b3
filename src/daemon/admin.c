#include "daemon/admin.h"

#include <errno.h>
#include <microhttpd.h>

#include "daemon/listen.h"
#include "sesbounce/limits.h"

struct admin {
    struct service *service;
    struct listen_sockets sockets;
    struct MHD_Daemon *daemons[LISTEN_SOCKETS_MAX];
};

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status,
                             struct str body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.len, (void *)(uintptr_t)body.data, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result;

    if (!response)
        return MHD_NO;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                  "text/plain; version=0.0.4; charset=utf-8");
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result reply_metrics(struct admin *admin,
                                     struct MHD_Connection *connection)
{
    enum MHD_Result result = MHD_NO;
    struct buf text;

    buf_init(&text, METRICS_BYTES_MAX);
    if (metrics_print(&admin->service->metrics, &text) == 0)
        result = reply(connection, MHD_HTTP_OK, buf_str(&text));
    buf_done(&text);
    return result;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *bytes, size_t *len,
                                  void **request)
{
    struct admin *admin = context;

    (void)version;
    (void)bytes;
    (void)request;
    if (*len > 0)
        return MHD_NO; /* nothing here takes a body */
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        return reply(connection, MHD_HTTP_METHOD_NOT_ALLOWED, STR("only GET\n"));
    if (strcmp(url, "/metrics") == 0)
        return reply_metrics(admin, connection);
    if (strcmp(url, "/healthz") != 0)
        return reply(connection, MHD_HTTP_NOT_FOUND, STR("try /metrics or /healthz\n"));
    return atomic_load(&admin->service->storing)
               ? reply(connection, MHD_HTTP_OK, STR("ok\n"))
               : reply(connection, MHD_HTTP_SERVICE_UNAVAILABLE, STR("not storing\n"));
}

int admin_start(struct service *service, struct admin **ret)
{
    struct admin *admin;
    struct buf fault;
    int r;

    *ret = NULL;
    if (service->settings->admin.listen.count == 0)
        return 0;
    admin = calloc(1, sizeof(*admin));
    if (!admin)
        return -ENOMEM;
    admin->service = service;
    buf_init(&fault, LOG_VALUE_BYTES_MAX);
    r = listen_open("admin", &service->settings->admin.listen, &admin->sockets, &fault);
    if (r < 0)
        log_event(LOG_LEVEL_WARNING, "no metrics: [admin] listen cannot be used",
                  {"DETAIL", buf_str(&fault)});
    buf_done(&fault);
    for (size_t i = 0; r == 0 && i < admin->sockets.count; i++)
        admin->daemons[i] = MHD_start_daemon(
            MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, admin,
            MHD_OPTION_LISTEN_SOCKET, admin->sockets.fds[i], MHD_OPTION_CONNECTION_LIMIT,
            (unsigned)ADMIN_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
            (unsigned)HTTP_IDLE_S, MHD_OPTION_END);
    *ret = admin;
    return 0;
}

void admin_stop(struct admin *admin)
{
    if (!admin)
        return;
    for (size_t i = 0; i < admin->sockets.count; i++) {
        if (admin->daemons[i])
            MHD_stop_daemon(admin->daemons[i]);
        else
            (void)close(admin->sockets.fds[i]);
    }
    free(admin);
}

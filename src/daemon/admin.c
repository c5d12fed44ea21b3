#include "daemon/admin.h"

#include <errno.h>

#include "daemon/admin_host.h"
#include "daemon/answers.h"
#include "daemon/limits.h"
#include "daemon/secrets.h"
#include "daemon/server.h"

/* --- answers --------------------------------------------------------------------- */

/*
 * `header` may be NULL. Each answer closes its connection: no request here announces a
 * body, so none has a sure end (framing.h), and nobody holds a place without asking.
 */
static enum MHD_Result admin_reply_with(struct MHD_Connection *connection,
                                        unsigned status, struct str body,
                                        const char *header, const char *value)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.len, (void *)(uintptr_t)body.data, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result;

    if (!response)
        return MHD_NO;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                  "text/plain; version=0.0.4; charset=utf-8");
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (header)
        (void)MHD_add_response_header(response, header, value);
    connection_answered(server_client(connection), false, clock_mono_ms());
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result admin_reply(struct MHD_Connection *connection, unsigned status,
                                   struct str body)
{
    return admin_reply_with(connection, status, body, NULL, NULL);
}

static enum MHD_Result admin_reply_metrics(struct admin *admin,
                                           struct MHD_Connection *connection)
{
    struct health_now health;
    struct metrics_now now = {
        .wall_ms = clock_wall_ms(),
        .store_faults = atomic_load(&admin->service->health.store_faults),
        .connections = connections_count(&admin->service->connections),
        .connections_max = admin->service->bounds.connections,
        .large_body_bytes = bodies_large_bytes(&admin->service->bodies),
    };
    enum MHD_Result result = MHD_NO;
    struct buf text;

    service_look(admin->service, &health);
    now.storing = health.state == HEALTH_WELL;
    buf_init(&text, METRICS_BYTES_MAX);
    if (metrics_print(&admin->service->metrics, &now, &text) == 0 &&
        store_metrics_print(&admin->service->store_metrics, &text) == 0)
        result = admin_reply(connection, MHD_HTTP_OK, buf_str(&text));
    buf_done(&text);
    return result;
}

static bool admin_may_ask(const struct admin *admin, struct MHD_Connection *connection)
{
    const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                     MHD_HTTP_HEADER_AUTHORIZATION);

    return !admin->tokens ||
           (header && secrets_match_token(admin->tokens, str_of(header)));
}

static bool admin_is_asked(const struct admin *admin, struct MHD_Connection *connection)
{
    const char *host =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);

    return admin_host_is_ours(&admin->service->settings->admin.host, str_of(host));
}

static enum MHD_Result admin_on_request(void *context, struct MHD_Connection *connection,
                                        const char *url, const char *method,
                                        const char *version, const char *bytes,
                                        size_t *len, void **request)
{
    struct admin *admin = context;

    (void)version;
    (void)bytes;
    (void)request;
    if (*len > 0)
        return MHD_NO; /* nothing here takes a body */
    if (!admin_is_asked(admin, connection))
        return admin_reply(connection, MHD_HTTP_MISDIRECTED_REQUEST,
                           STR("the Host of this request is neither an IP address nor "
                               "localhost; other names need a line `host = NAME` under "
                               "[admin]\n"));
    if (!admin_may_ask(admin, connection))
        return admin_reply_with(
            connection, MHD_HTTP_UNAUTHORIZED,
            STR("send the header `Authorization: Bearer TOKEN`, with a "
                "token whose hash is in [admin] tokens_file\n"),
            MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        return admin_reply_with(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                                STR("only GET\n"), MHD_HTTP_HEADER_ALLOW,
                                MHD_HTTP_METHOD_GET);
    if (strcmp(url, "/metrics") == 0)
        return admin_reply_metrics(admin, connection);
    if (strcmp(url, "/healthz") != 0)
        return admin_reply(connection, MHD_HTTP_NOT_FOUND,
                           STR("try /metrics or /healthz\n"));
    return answers_send_health(admin->service, connection, server_client(connection),
                               true, true);
}

static void *admin_on_request_line(void *context, const char *uri,
                                   struct MHD_Connection *connection)
{
    (void)context;
    (void)uri;
    connection_begins(server_client(connection), clock_mono_ms());
    return NULL;
}

/* --- start and stop -------------------------------------------------------------- */

/* Of `listen` the settings have made sure; what systemd passes they have not seen. */
static int admin_check_passed(const struct admin *admin, struct buf *fault)
{
    if (admin->tokens && admin->service->settings->admin.certificate)
        return 0;
    if (!admin->sockets.passed || listen_is_local(&admin->sockets))
        return 0;
    (void)buf_printf(fault,
                     "the socket named admin is neither loopback nor a unix socket, "
                     "so it needs [admin] tokens_file, certificate and key");
    return -EINVAL;
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
        .displaces = true,
        .connections = &service->admin_connections,
        .refused = &service->metrics.shed[SHED_ADMIN],
        .tls = &service->metrics.tls[LISTENER_ADMIN],
        .context = admin,
        .on_request = admin_on_request,
        .on_request_line = admin_on_request_line,
    };
    int r = server_start(&options, &admin->server, fault);

    if (r == 0)
        r = server_open(admin->server, admin->sockets.fds, admin->sockets.count);
    if (r == -EINVAL || r == 0)
        return r;
    log_event(LOG_LEVEL_WARNING, "no metrics: their server could not be started",
              {"ERROR", str_of(strerror(-r))});
    return 0;
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
    if (settings->admin.listen.count == 0)
        return 0;
    r = secrets_open(SECRETS_TOKENS, settings->admin.tokens_file, &admin->tokens, fault);
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

void admin_stop(struct admin *admin)
{
    server_stop(admin->server);
    listen_close(&admin->sockets);
    secrets_free(admin->tokens);
}

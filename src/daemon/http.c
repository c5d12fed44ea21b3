#include "daemon/http.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <stdarg.h>

#include "daemon/credentials.h"
#include "daemon/delivery_log.h"
#include "daemon/framing.h"
#include "daemon/outbound.h"
#include "daemon/probe.h"
#include "daemon/tls.h"
#include "daemon/writer.h"
#include "sesbounce/limits.h"

/* The same body goes out with and, while stopping, without keep-alive. */
enum { RESPONSE_KEEP, RESPONSE_CLOSE, RESPONSE_FORMS };

struct http {
    struct service *service;
    struct credentials *credentials; /* NULL: nobody is asked */
    struct tls tls;
    struct MHD_Response *responses[RESPONSE_FORMS][VERDICT_COUNT];
    struct MHD_Daemon *daemons[LISTEN_SOCKETS_MAX];
    int sockets[LISTEN_SOCKETS_MAX];
    bool quiesced; /* then the sockets are ours to close */
    size_t daemon_count;
    struct log_ration library_ration;
};

/* --- answers --------------------------------------------------------------------- */

/* In a crowd only who delivers something genuine keeps the connection: others could hold
 * all of them with a little request now and then. */
static bool closes(struct http *http, bool kept)
{
    return atomic_load(&http->service->closing) ||
           (!kept && connections_are_crowded(&http->service->connections));
}

/* A genuine message proves that its certificate was obtained; the simulator's needs
 * none. */
static void note_verified(struct service *service, const struct delivery *delivery)
{
    struct sns_origin origin;

    if (atomic_load_explicit(&service->health.lost, memory_order_relaxed) &&
        str_present(delivery->certificate_url.host) &&
        sns_url_origin(&delivery->topic, str_of(service->settings->sns.endpoint),
                       &origin) == 0 &&
        health_find(&service->health, str_of(origin.text)))
        log_event(LOG_LEVEL_NOTICE, "messages can be verified again",
                  {"ORIGIN", str_of(origin.text)});
}

static enum MHD_Result answer(struct http *http, struct delivery *delivery)
{
    bool kept = verdict_is_kept(delivery->verdict);
    bool close = delivery->close_after || closes(http, kept);
    const struct verdict_info *info = verdict_info(delivery->verdict);
    struct MHD_Response *response =
        http->responses[close ? RESPONSE_CLOSE : RESPONSE_KEEP][delivery->verdict];

    assert(delivery->verdict != VERDICT_UNDECIDED);
    metrics_count(&http->service->metrics.verdicts[delivery->verdict]);
    if (kept)
        atomic_store_explicit(&http->service->metrics.last_kept_ms,
                              delivery->intake.received_ms, memory_order_relaxed);
    if (delivery->verified)
        note_verified(http->service, delivery);
    delivery_log(delivery, http->service->settings);
    connection_answered(delivery->client, kept, clock_mono_ms());
    return MHD_queue_response(delivery->connection, info->http_status, response);
}

static enum MHD_Result answer_probe(struct http *http, const struct delivery *delivery)
{
    connection_answered(delivery->client, false, clock_mono_ms());
    return probe_answer(http->service, delivery->connection, false, closes(http, false));
}

void http_resume(struct delivery *delivery)
{
    struct MHD_Connection *connection = delivery->connection;

    MHD_resume_connection(connection);
}

void http_resume_waiting(struct delivery *first, enum verdict verdict, const char *fault)
{
    while (first) {
        struct delivery *delivery = first;

        first = delivery->next_waiting;
        if (verdict != VERDICT_UNDECIDED)
            delivery_decide(delivery, verdict, fault);
        http_resume(delivery);
    }
}

/* --- lending --------------------------------------------------------------------- */

/* `r` says why it was not taken: the bound was reached, or we are stopping. */
static void put_off(struct http *http, struct delivery *delivery, int r, enum shed what,
                    const char *fault)
{
    if (r == -ESHUTDOWN) {
        delivery_decide(delivery, VERDICT_STOPPING, NULL);
        return;
    }
    metrics_count(&http->service->metrics.shed[what]);
    delivery_decide(delivery, VERDICT_BUSY, fault);
}

/*
 * Suspend first, then push, then touch nothing: the borrower may have resumed already. A
 * refused push leaves the delivery with us, and it is resumed at once.
 */
static enum MHD_Result lend_to_writer(struct http *http, struct delivery *delivery)
{
    int r;

    MHD_suspend_connection(delivery->connection);
    r = writer_push(http->service->writer, &delivery->job);
    if (r < 0) {
        put_off(http, delivery, r, SHED_QUEUE, "the writer's queue is full");
        http_resume(delivery);
    }
    return MHD_YES;
}

static enum MHD_Result lend_to_waiting_room(struct http *http, struct delivery *delivery)
{
    int r;

    MHD_suspend_connection(delivery->connection);
    r = waiting_room_enter(&http->service->room, delivery);
    if (r < 0) {
        put_off(http, delivery, r, SHED_WAITING_ROOM,
                "too many deliveries wait for a certificate");
        http_resume(delivery);
    } else {
        outbound_wake(http->service->outbound);
    }
    return MHD_YES;
}

/* The body is complete, or the delivery has come back from where it was lent. */
static enum MHD_Result finish(struct http *http, struct delivery *delivery)
{
    if (delivery->verdict == VERDICT_UNDECIDED) {
        if (atomic_load(&http->service->stopping))
            delivery_decide(delivery, VERDICT_STOPPING, NULL);
        else if (!atomic_load(&http->service->storing))
            delivery_decide(delivery, VERDICT_STORE,
                            atomic_load(&http->service->trouble));
    }
    switch (delivery_advance(delivery, &http->service->rules, clock_wall_ms(),
                             clock_mono_ms())) {
    case DELIVERY_WAITS:
        return lend_to_waiting_room(http, delivery);
    case DELIVERY_STORABLE:
        return lend_to_writer(http, delivery);
    case DELIVERY_DECIDED:
    default:
        return answer(http, delivery);
    }
}

/* --- the request ----------------------------------------------------------------- */

static const char *header(struct delivery *delivery, const char *name)
{
    return MHD_lookup_connection_value(delivery->connection, MHD_HEADER_KIND, name);
}

static void copy_sns_headers(struct delivery *delivery)
{
    struct str raw = str_of(header(delivery, "x-amz-sns-rawdelivery"));
    struct str type = str_of(header(delivery, "x-amz-sns-message-type"));

    delivery->raw_header = str_equal_nocase(raw, STR("true"));
    if (str_present(type)) {
        size_t len = type.len < sizeof(delivery->type_header)
                         ? type.len
                         : sizeof(delivery->type_header) - 1;

        memcpy(delivery->type_header, type.data, len);
        delivery->type_header[len] = '\0';
    }
}

/* VERDICT_UNDECIDED: go on. */
static enum verdict check_credentials(struct http *http, struct delivery *delivery,
                                      const char **ret_fault)
{
    char *password = NULL;
    char *user;
    enum verdict verdict;

    if (!http->credentials)
        return VERDICT_UNDECIDED;
    user = MHD_basic_auth_get_username_password(delivery->connection, &password);
    verdict =
        credentials_check(http->credentials,
                          header(delivery, MHD_HTTP_HEADER_AUTHORIZATION) != NULL, user,
                          password, ret_fault);
    MHD_free(user);
    if (password)
        OPENSSL_cleanse(password, strlen(password));
    MHD_free(password);
    return verdict;
}

/* Cheap checks, before a byte of the body is kept. May leave the delivery undecided. */
static void check_headers(struct http *http, struct delivery *delivery,
                          const char *method, const char *version)
{
    uint64_t max_body_bytes = http->service->settings->ingest.max_body_bytes;
    const char *fault = NULL;
    enum verdict verdict;

    if (!framing_is_clear(delivery->connection, version, &delivery->announced_bytes)) {
        delivery->close_after = true;
        delivery_decide(delivery, VERDICT_BAD_FRAMING, NULL);
        return;
    }
    delivery->is_probe = strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
                         strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    if (delivery->target == DELIVERY_TO_HEALTHZ && delivery->is_probe)
        return;
    if (delivery->target != DELIVERY_TO_INGEST)
        delivery_decide(delivery, VERDICT_NOT_FOUND, NULL);
    else if (strcmp(method, MHD_HTTP_METHOD_POST) != 0)
        delivery_decide(delivery, VERDICT_METHOD, NULL);
    else if ((verdict = check_credentials(http, delivery, &fault)) != VERDICT_UNDECIDED)
        delivery_decide(delivery, verdict, fault);
    else if (delivery->announced_bytes > max_body_bytes)
        delivery_decide(delivery, VERDICT_TOO_LARGE, NULL);
    /* What is too long even to be thrown away: answered before it arrives. */
    if (delivery->verdict != VERDICT_UNDECIDED &&
        delivery->announced_bytes > HTTP_SWALLOW_FACTOR * max_body_bytes)
        delivery->close_after = true;
    if (delivery->verdict == VERDICT_UNDECIDED)
        copy_sns_headers(delivery);
}

/*
 * A refused body is still read, up to a bound, so that the client sees the answer and not
 * a reset. MHD_NO closes the connection.
 */
static enum MHD_Result receive(struct http *http, struct delivery *delivery,
                               const char *bytes, size_t len)
{
    if (delivery->verdict == VERDICT_UNDECIDED) {
        size_t before = delivery->body.len;
        int r = bodies_append(&http->service->bodies, connection_share(delivery->client),
                              &delivery->body, bytes, len, delivery->announced_bytes);

        if (r == 0)
            return MHD_YES;
        if (r == -EAGAIN)
            put_off(http, delivery, r, SHED_BODIES, "too many large bodies at a time");
        else
            delivery_decide(delivery, r == -E2BIG ? VERDICT_TOO_LARGE : VERDICT_NO_MEMORY,
                            NULL);
        delivery->swallowed_bytes = before;
    }
    delivery->swallowed_bytes += len;
    return delivery->swallowed_bytes <=
                   HTTP_SWALLOW_FACTOR * http->service->settings->ingest.max_body_bytes
               ? MHD_YES
               : MHD_NO;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *bytes, size_t *len,
                                  void **request)
{
    struct http *http = context;
    struct delivery *delivery = *request;

    (void)url;
    if (!delivery)
        return MHD_queue_response(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                                  http->responses[RESPONSE_CLOSE][VERDICT_NO_MEMORY]);
    delivery->connection = connection;
    if (!delivery->begun) {
        delivery->begun = true;
        check_headers(http, delivery, method, version);
        return delivery->close_after ? answer(http, delivery) : MHD_YES;
    }
    if (*len > 0) {
        enum MHD_Result result = receive(http, delivery, bytes, *len);

        *len = 0;
        return result;
    }
    if (delivery->target == DELIVERY_TO_HEALTHZ && delivery->is_probe)
        return answer_probe(http, delivery);
    connection_is_whole(delivery->client);
    return finish(http, delivery);
}

static struct connection *client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

/* The raw request target: libmicrohttpd hands the path to on_request decoded. */
static void *on_request_line(void *context, const char *uri,
                             struct MHD_Connection *connection)
{
    struct http *http = context;
    const struct settings *settings = http->service->settings;
    int64_t now_ms = clock_mono_ms();
    struct delivery *delivery = delivery_new(settings, now_ms);
    struct str path = {uri, strcspn(uri, "?")};

    if (!delivery)
        return NULL;
    delivery->client = client_of(connection);
    connection_begins(delivery->client, now_ms);
    if (str_equal(path, str_of(settings->ingest.path)))
        delivery->target = DELIVERY_TO_INGEST;
    else if (str_equal(path, STR("/healthz")))
        delivery->target = DELIVERY_TO_HEALTHZ;
    else
        delivery->target = DELIVERY_TO_NOWHERE;
    return delivery;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode how)
{
    struct http *http = context;
    struct delivery *delivery = *request;

    (void)connection;
    (void)how;
    if (delivery)
        bodies_release(&http->service->bodies, connection_share(delivery->client),
                       &delivery->body);
    delivery_free(delivery);
    *request = NULL;
}

/* MHD_NO closes what was just accepted. */
static enum MHD_Result on_accept(void *context, const struct sockaddr *address,
                                 socklen_t len)
{
    struct http *http = context;

    (void)len;
    if (connections_admits(&http->service->connections, address))
        return MHD_YES;
    metrics_count(&http->service->metrics.shed[SHED_ADDRESS]);
    return MHD_NO;
}

/* libmicrohttpd tells the end before it closes the descriptor. */
static void on_connection(void *context, struct MHD_Connection *connection, void **client,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http *http = context;
    struct connections *connections = &http->service->connections;
    const union MHD_ConnectionInfo *fd, *address;

    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        connections_remove(connections, *client);
        *client = NULL;
        return;
    }
    fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    address = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    *client = connections_add(connections, fd->connect_fd, address->client_addr,
                              clock_mono_ms());
}

/* libmicrohttpd and GnuTLS complain about strangers' junk; a little of it is enough. */
static void on_library_log(void *context, const char *format, va_list arguments)
{
    struct http *http = context;
    unsigned held_back = 0;
    char text[LOG_VALUE_BYTES_MAX];

    if (!log_ration_pass(&http->library_ration, clock_mono_ms(), LIBRARY_LOGS_A_MINUTE,
                         &held_back))
        return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)vsnprintf(text, sizeof(text), format, arguments);
#pragma GCC diagnostic pop
    log_event(LOG_LEVEL_DEBUG, "HTTP", {"DETAIL", str_trim(str_of(text))});
}

/* --- start and stop -------------------------------------------------------------- */

static struct MHD_Response *response_new(const char *body, bool close)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(body), (void *)(uintptr_t)body, MHD_RESPMEM_PERSISTENT);

    if (response)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                      "text/plain; charset=utf-8");
    if (response && close)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    return response;
}

static struct MHD_Response *verdict_response(enum verdict verdict, bool close)
{
    const struct verdict_info *info = verdict_info(verdict);
    struct MHD_Response *response = response_new(info->body, close);

    if (!response)
        return NULL;
    if (info->http_status == MHD_HTTP_SERVICE_UNAVAILABLE)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER,
                                      HTTP_RETRY_AFTER_S);
    if (info->http_status == MHD_HTTP_UNAUTHORIZED)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                      "Basic realm=\"sesbounced\"");
    if (info->http_status == MHD_HTTP_METHOD_NOT_ALLOWED)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "POST");
    return response;
}

static int make_responses(struct http *http)
{
    for (int form = 0; form < RESPONSE_FORMS; form++) {
        bool close = form == RESPONSE_CLOSE;

        for (int v = VERDICT_UNDECIDED + 1; v < VERDICT_COUNT; v++) {
            http->responses[form][v] = verdict_response((enum verdict)v, close);
            if (!http->responses[form][v])
                return -ENOMEM;
        }
    }
    return 0;
}

/* What is named in the settings and cannot be used is a fault of the settings. */
static int read_files(struct http *http, struct buf *fault)
{
    const struct settings *settings = http->service->settings;
    const char *path = settings->ingest.credentials_file;
    struct buf wrong;
    int r;

    buf_init(&wrong, LOG_VALUE_BYTES_MAX);
    r = path ? credentials_read(path, &http->credentials, &wrong) : 0;
    if (r < 0)
        (void)buf_printf(fault, "[ingest] credentials_file: %s: %.*s", path,
                         STR_ARG(buf_str(&wrong)));
    buf_done(&wrong);
    if (r < 0)
        return r != -ENOMEM ? -EINVAL : r;
    return tls_read("ingest", settings->ingest.certificate, settings->ingest.key,
                    &http->tls, fault);
}

static struct MHD_Daemon *serve(struct http *http, int fd, unsigned threads,
                                unsigned connections)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_ERROR_LOG | (http->tls.certificate ? MHD_USE_TLS : 0);
    struct MHD_OptionItem pool[] = {
        {threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)threads,
         NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem tls[TLS_OPTIONS];

    tls_options(&http->tls, tls);
    return MHD_start_daemon(
        flags, 0, on_accept, http, on_request, http, MHD_OPTION_EXTERNAL_LOGGER,
        on_library_log, http, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK,
        on_request_line, http, MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_CONNECTION_LIMIT,
        connections, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S,
        MHD_OPTION_ARRAY, pool, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

static void http_free(struct http *http)
{
    for (int form = 0; form < RESPONSE_FORMS; form++) {
        for (int v = 0; v < VERDICT_COUNT; v++) {
            if (http->responses[form][v])
                MHD_destroy_response(http->responses[form][v]);
        }
    }
    credentials_free(http->credentials);
    tls_done(&http->tls);
    free(http);
}

static unsigned thread_count(const struct service *service, size_t sockets)
{
    uint64_t threads = service->settings->ingest.threads;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (threads == 0)
        threads = cores > 0 ? (uint64_t)cores : 1;
    threads /= sockets;
    return threads > 0 ? (unsigned)threads : 1;
}

/* One libmicrohttpd daemon a socket; returns how many sockets it was given. */
static size_t serve_all(struct http *http, const int *sockets, size_t count, int *ret)
{
    size_t given = 0;

    while (*ret == 0 && given < count) {
        struct MHD_Daemon *daemon =
            serve(http, sockets[given], thread_count(http->service, count),
                  (unsigned)(http->service->bounds.connections / count));

        if (daemon) {
            http->sockets[http->daemon_count] = sockets[given];
            http->daemons[http->daemon_count++] = daemon;
        } else {
            *ret = http->tls.certificate ? -EINVAL : -EIO;
        }
        given++; /* it has closed the one that it could not serve */
    }
    return given;
}

int http_start(struct service *service, const int *sockets, size_t count,
               struct http **ret, struct buf *fault)
{
    struct http *http = calloc(1, sizeof(*http));
    size_t given;
    int r;

    if (!http)
        return -ENOMEM;
    http->service = service;
    r = read_files(http, fault);
    if (r == 0)
        r = make_responses(http);
    given = serve_all(http, sockets, count, &r);
    if (r < 0) {
        for (size_t i = given; i < count; i++)
            (void)close(sockets[i]);
        if (fault->len == 0)
            (void)buf_printf(fault, "the HTTP server could not be started%s",
                             http->tls.certificate
                                 ? ": do [ingest] certificate and key belong together?"
                                 : "");
        http_stop(http);
        return r;
    }
    *ret = http;
    return 0;
}

void http_quiesce(struct http *http)
{
    /* The returned descriptor is not closed: with systemd's socket the backlog goes on.
     */
    for (size_t i = 0; i < http->daemon_count; i++)
        (void)MHD_quiesce_daemon(http->daemons[i]);
    http->quiesced = true;
}

unsigned http_connections(struct http *http)
{
    unsigned total = 0;

    for (size_t i = 0; i < http->daemon_count; i++) {
        const union MHD_DaemonInfo *info =
            MHD_get_daemon_info(http->daemons[i], MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

        total += info ? info->num_connections : 0;
    }
    return total;
}

void http_stop(struct http *http)
{
    if (!http)
        return;
    for (size_t i = 0; i < http->daemon_count; i++) {
        MHD_stop_daemon(http->daemons[i]);
        if (http->quiesced)
            (void)close(http->sockets[i]);
    }
    http_free(http);
}

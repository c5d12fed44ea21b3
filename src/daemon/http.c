#include "daemon/http.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <openssl/crypto.h>

#include "daemon/credentials.h"
#include "daemon/delivery_log.h"
#include "daemon/framing.h"
#include "daemon/limits.h"
#include "daemon/outbound.h"
#include "daemon/probe.h"
#include "daemon/responses.h"
#include "daemon/server.h"
#include "daemon/writer.h"

struct http {
    struct service *service;
    struct credentials *credentials; /* NULL: nobody is asked */
    struct responses responses;
    struct server *server;
};

/* --- answers --------------------------------------------------------------------- */

/* In a crowd only who delivers something genuine keeps the connection: others could hold
 * all of them with a little request now and then. */
static bool closes(struct http *http, const struct delivery *delivery, bool kept)
{
    return delivery->close_after || atomic_load(&http->service->closing) ||
           connection_is_leaving(delivery->client) ||
           (!kept && connections_are_crowded(&http->service->connections));
}

static enum MHD_Result answer(struct http *http, struct delivery *delivery)
{
    bool kept = verdict_is_kept(delivery->verdict);
    bool close = closes(http, delivery, kept);
    const struct verdict_info *info = verdict_info(delivery->verdict);
    struct MHD_Response *response =
        http->responses
            .verdicts[close ? RESPONSE_CLOSE : RESPONSE_KEEP][delivery->verdict];

    assert(delivery->verdict != VERDICT_UNDECIDED);
    metrics_count(&http->service->metrics.verdicts[delivery->verdict]);
    if (kept)
        atomic_store_explicit(&http->service->metrics.last_kept_ms,
                              delivery->intake.received_ms, memory_order_relaxed);
    if (delivery->verified)
        health_verified(http->service, delivery);
    delivery_log(delivery, http->service->settings);
    connection_answered(delivery->client, kept, clock_mono_ms());
    return MHD_queue_response(delivery->connection, info->http_status, response);
}

static enum MHD_Result answer_probe(struct http *http, const struct delivery *delivery)
{
    connection_answered(delivery->client, false, clock_mono_ms());
    return probe_answer(http->service, delivery->connection, false,
                        closes(http, delivery, false));
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
    int r = bodies_take_event(&http->service->bodies, connection_share(delivery->client),
                              delivery->intake.event.owned_bytes, &delivery->event_taken);

    if (r < 0) {
        /* At once: many requests may be answered before the first is completed. */
        intake_done(&delivery->intake);
        put_off(http, delivery, r, SHED_BODIES, "too many large messages at a time");
        return answer(http, delivery);
    }
    MHD_suspend_connection(delivery->connection);
    r = writer_push(http->service->writer, &delivery->job);
    if (r < 0) {
        put_off(http, delivery, r, SHED_QUEUE, "the writer's queue is full");
        http_resume(delivery);
    }
    return MHD_YES;
}

static void put_off_waiting(struct http *http, struct delivery *delivery, int r)
{
    put_off(http, delivery, r, SHED_WAITING_ROOM,
            "too many deliveries wait for a certificate");
    http_resume(delivery);
}

static enum MHD_Result lend_to_waiting_room(struct http *http, struct delivery *delivery)
{
    struct delivery *displaced = NULL;
    int r;

    MHD_suspend_connection(delivery->connection);
    r = waiting_room_enter(&http->service->room, delivery, clock_mono_ms(), &displaced);
    if (displaced)
        put_off_waiting(http, displaced, -EAGAIN);
    if (r < 0)
        put_off_waiting(http, delivery, r);
    else
        outbound_wake(http->service->outbound);
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
    verdict = credentials_check(http->credentials,
                                header(delivery, MHD_HTTP_HEADER_AUTHORIZATION) != NULL,
                                user, password, ret_fault);
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
    struct framing framing;

    if (!framing_is_clear(delivery->connection, version, &framing)) {
        delivery->close_after = true;
        delivery_decide(delivery, VERDICT_BAD_FRAMING, NULL);
        return;
    }
    delivery->announced_bytes = framing.length;
    delivery->close_after = !framing.is_announced;
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
        return MHD_queue_response(
            connection, MHD_HTTP_SERVICE_UNAVAILABLE,
            http->responses.verdicts[RESPONSE_CLOSE][VERDICT_NO_MEMORY]);
    delivery->connection = connection;
    if (!delivery->begun) {
        delivery->begun = true;
        check_headers(http, delivery, method, version);
        return delivery->close_after && delivery->verdict != VERDICT_UNDECIDED
                   ? answer(http, delivery)
                   : MHD_YES;
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

/* The raw request target: libmicrohttpd hands the path to on_request decoded. */
static void *on_request_line(void *context, const char *uri,
                             struct MHD_Connection *connection)
{
    struct http *http = context;
    const struct settings *settings = http->service->settings;
    int64_t now_ms = clock_mono_ms();
    struct connection *client = server_client(connection);
    struct delivery *delivery = client ? delivery_new(settings, now_ms) : NULL;
    struct str path = {uri, strcspn(uri, "?")};

    if (!delivery)
        return NULL;
    delivery->client = client;
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
    if (delivery) {
        struct bodies *bodies = &http->service->bodies;
        struct connections_share *share = connection_share(delivery->client);

        bodies_release(bodies, share, &delivery->body);
        bodies_give_back(bodies, share, delivery->event_taken);
    }
    delivery_free(delivery);
    *request = NULL;
}

/* --- start and stop -------------------------------------------------------------- */

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
    return 0;
}

static unsigned thread_count(const struct service *service)
{
    uint64_t threads = service->settings->ingest.threads;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (threads == 0)
        threads = cores > 0 ? (uint64_t)cores : 1;
    return (unsigned)threads;
}

static int serve(struct http *http, const int *sockets, size_t count, struct buf *fault)
{
    struct service *service = http->service;
    const struct server_options options = {
        .section = "ingest",
        .certificate = service->settings->ingest.certificate,
        .key = service->settings->ingest.key,
        .threads = thread_count(service),
        .idle_s = HTTP_IDLE_S,
        .suspends = true,
        .connections = &service->connections,
        .refused = &service->metrics.shed[SHED_ADDRESS],
        .expires_ms = &service->metrics.tls_expires_ms[LISTENER_INGEST],
        .outdated = &service->metrics.tls_outdated[LISTENER_INGEST],
        .context = http,
        .on_request = on_request,
        .on_request_line = on_request_line,
        .on_completed = on_completed,
    };

    return server_start(&options, sockets, count, &http->server, fault);
}

int http_start(struct service *service, const int *sockets, size_t count,
               struct http **ret, struct buf *fault)
{
    struct http *http = calloc(1, sizeof(*http));
    int r;

    if (!http)
        return -ENOMEM;
    http->service = service;
    r = read_files(http, fault);
    if (r == 0)
        r = responses_make(&http->responses);
    if (r == 0)
        r = serve(http, sockets, count, fault);
    if (r < 0) {
        http_stop(http);
        return r;
    }
    *ret = http;
    return 0;
}

void http_quiesce(struct http *http)
{
    server_quiesce(http->server);
}

void http_stop(struct http *http)
{
    if (!http)
        return;
    server_stop(http->server);
    responses_done(&http->responses);
    credentials_free(http->credentials);
    free(http);
}

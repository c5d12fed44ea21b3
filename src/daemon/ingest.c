#include "daemon/ingest.h"

#include <errno.h>
#include <openssl/crypto.h>

#include "daemon/framing.h"
#include "daemon/limits.h"
#include "daemon/secrets.h"
#include "daemon/server.h"
#include "sesbounce/store.h"

enum request_target { REQUEST_TO_INGEST, REQUEST_TO_HEALTHZ, REQUEST_TO_NOWHERE };

/* What has been read, and whether another request may follow on the connection. */
enum request_stage {
    REQUEST_HAS_LINE, /* nothing but the first line */
    REQUEST_HAS_HEAD,
    REQUEST_IS_LAST, /* its head, too; what follows it cannot be trusted */
};

struct request {
    struct delivery delivery;
    struct ingest *ingest;
    struct MHD_Connection *connection;
    struct connection *client;
    enum request_target target;
    enum request_stage stage;
    int64_t received_us;      /* clock_mono_us(); 0: it is not complete */
    bool was_lent;            /* and is counted in ingest->lent until it ends */
    uint64_t announced_bytes; /* Content-Length */
    uint64_t swallowed_bytes; /* read and thrown away behind a decided refusal */
    uint64_t event_taken;     /* bytes for the intake, see bodies_take_event() */
};

static enum MHD_Result request_answer(struct request *request)
{
    struct metrics *metrics = &request->ingest->service->metrics;

    if (request->received_us != 0)
        durations_add(&metrics->durations[DURATION_RESPONSE], request->received_us);
    return answers_send(&request->ingest->answers, request->connection, request->client,
                        &request->delivery, request->stage == REQUEST_IS_LAST);
}

static void request_suspend(struct request *request)
{
    if (!request->was_lent) {
        request->was_lent = true;
        atomic_fetch_add(&request->ingest->lent, 1);
    }
    MHD_suspend_connection(request->connection);
}

static void request_resume(struct delivery *delivery)
{
    MHD_resume_connection(queue_entry(delivery, struct request, delivery)->connection);
}

/* --- lending --------------------------------------------------------------------- */

/* `r` says why it was not taken: the bound was reached, or we are stopping. */
static void request_put_off(struct service *service, struct delivery *delivery, int r,
                            enum shed what, const char *fault)
{
    if (r == -ESHUTDOWN) {
        delivery_decide(delivery, VERDICT_STOPPING, NULL);
        return;
    }
    metrics_count(&service->metrics.shed[what]);
    delivery_decide(delivery, VERDICT_BUSY, fault);
}

/*
 * Suspend first, then push, then touch nothing: the borrower may have given it back
 * already. A refused push leaves the delivery with us, and it is resumed at once.
 */
static enum MHD_Result request_lend_to_writer(struct request *request)
{
    struct service *service = request->ingest->service;
    struct delivery *delivery = &request->delivery;
    int r = bodies_take_event(&service->bodies, delivery->sender,
                              delivery->intake.event.owned_bytes, &request->event_taken);

    if (r < 0) {
        /* At once: many requests may be answered before the first is completed. */
        intake_done(&delivery->intake);
        request_put_off(service, delivery, r, SHED_BODIES,
                        "too many large messages at a time");
        return request_answer(request);
    }
    request_suspend(request);
    r = service_lend_to_writer(service, &delivery->job);
    if (r < 0) {
        request_put_off(service, delivery, r, SHED_QUEUE, "the writer's queue is full");
        delivery->give_back(delivery);
    }
    return MHD_YES;
}

static void request_put_off_waiting(struct service *service, struct delivery *delivery,
                                    int r)
{
    request_put_off(service, delivery, r, SHED_WAITING_ROOM,
                    "too many deliveries wait for a certificate");
    delivery->give_back(delivery);
}

static enum MHD_Result request_lend_to_waiting_room(struct request *request)
{
    struct service *service = request->ingest->service;
    struct delivery *displaced = NULL;
    int r;

    request_suspend(request);
    r = service_lend_to_waiting_room(service, &request->delivery, &displaced);
    if (displaced)
        request_put_off_waiting(service, displaced, -EAGAIN);
    if (r < 0)
        request_put_off_waiting(service, &request->delivery, r);
    return MHD_YES;
}

static enum delivery_step request_advance(struct request *request)
{
    struct service *service = request->ingest->service;
    struct delivery *delivery = &request->delivery;
    bool was_genuine = delivery->stage == DELIVERY_GENUINE;
    int64_t begin_us = clock_mono_us();
    enum delivery_step step =
        delivery_advance(delivery, &service->rules, clock_wall_ms(), clock_mono_ms());

    if (!was_genuine && delivery->stage == DELIVERY_GENUINE)
        durations_add(&service->metrics.durations[DURATION_VERIFY], begin_us);
    if (request->received_us == 0)
        request->received_us = begin_us;
    return step;
}

/* The body is complete, or the delivery has come back from where it was lent. */
static enum MHD_Result request_finish(struct request *request)
{
    struct service *service = request->ingest->service;
    struct delivery *delivery = &request->delivery;
    int fault = health_store_fault(&service->health);

    if (delivery->verdict == VERDICT_NONE) {
        if (atomic_load(&service->stopping))
            delivery_decide(delivery, VERDICT_STOPPING, NULL);
        else if (fault != 0)
            delivery_decide(delivery, VERDICT_STORE, store_advice(fault));
    }
    switch (request_advance(request)) {
    case DELIVERY_WAITS:
        return request_lend_to_waiting_room(request);
    case DELIVERY_STORABLE:
        return request_lend_to_writer(request);
    case DELIVERY_GOES_ON:
    case DELIVERY_DECIDED:
    default:
        return request_answer(request);
    }
}

/* --- headers --------------------------------------------------------------------- */

static const char *request_header(struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

static void request_copy_sns_headers(struct request *request)
{
    struct delivery *delivery = &request->delivery;
    const char *type = request_header(request, "x-amz-sns-message-type");

    delivery->is_raw = str_equal_nocase(
        str_of(request_header(request, "x-amz-sns-rawdelivery")), STR("true"));
    if (type)
        (void)snprintf(delivery->claimed_type, sizeof(delivery->claimed_type), "%s",
                       type);
}

/* VERDICT_NONE: they are right, or nobody is asked. */
static enum verdict request_check_credentials(struct request *request,
                                              const char **ret_fault)
{
    const struct secrets *credentials = request->ingest->credentials;
    char *password = NULL;
    char *user;
    enum verdict verdict;

    if (!credentials)
        return VERDICT_NONE;
    user = MHD_basic_auth_get_username_password(request->connection, &password);
    verdict = secrets_check_credentials(
        credentials, request_header(request, MHD_HTTP_HEADER_AUTHORIZATION) != NULL, user,
        password, ret_fault);
    MHD_free(user);
    if (password)
        OPENSSL_cleanse(password, strlen(password));
    MHD_free(password);
    return verdict;
}

static bool request_asks_for_health(const struct request *request, const char *method)
{
    return request->target == REQUEST_TO_HEALTHZ &&
           (strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
            strcmp(method, MHD_HTTP_METHOD_HEAD) == 0);
}

/* Cheap checks, before a byte of the body is kept. */
static enum verdict request_check_head(struct request *request, const char *method,
                                       const char *version, const char **ret_fault)
{
    uint64_t max_body_bytes = request->ingest->service->settings->ingest.max_body_bytes;
    enum verdict verdict;
    struct framing framing;

    request->stage = REQUEST_IS_LAST;
    if (!framing_read(request->connection, version, &framing))
        return VERDICT_BAD_FRAMING;
    request->announced_bytes = framing.length;
    if (framing.is_announced)
        request->stage = REQUEST_HAS_HEAD;
    if (request_asks_for_health(request, method))
        return VERDICT_NONE;
    if (request->target != REQUEST_TO_INGEST) {
        request->target = REQUEST_TO_NOWHERE;
        return VERDICT_NOT_FOUND;
    }
    if (strcmp(method, MHD_HTTP_METHOD_POST) != 0)
        return VERDICT_METHOD;
    verdict = request_check_credentials(request, ret_fault);
    if (verdict == VERDICT_NONE && framing.length > max_body_bytes)
        return VERDICT_TOO_LARGE;
    return verdict;
}

static enum MHD_Result request_read_head(struct request *request, const char *method,
                                         const char *version)
{
    uint64_t max_body_bytes = request->ingest->service->settings->ingest.max_body_bytes;
    const char *fault = NULL;
    enum verdict verdict = request_check_head(request, method, version, &fault);

    if (verdict == VERDICT_NONE) {
        request_copy_sns_headers(request);
        return MHD_YES;
    }
    delivery_decide(&request->delivery, verdict, fault);
    /* What is too long even to be thrown away: answered before it arrives. */
    if (request->announced_bytes > HTTP_SWALLOW_FACTOR * max_body_bytes)
        request->stage = REQUEST_IS_LAST;
    return request->stage == REQUEST_IS_LAST ? request_answer(request) : MHD_YES;
}

/* --- the body -------------------------------------------------------------------- */

/*
 * A refused body is still read, up to a bound, so that the client sees the answer and not
 * a reset. MHD_NO closes the connection.
 */
static enum MHD_Result request_read_body(struct request *request, const char *bytes,
                                         size_t len)
{
    struct service *service = request->ingest->service;
    struct delivery *delivery = &request->delivery;

    if (delivery->verdict == VERDICT_NONE) {
        size_t before = delivery->body.len;
        int r = bodies_append(&service->bodies, delivery->sender, &delivery->body, bytes,
                              len, request->announced_bytes);

        if (r == 0)
            return MHD_YES;
        if (r == -EAGAIN)
            request_put_off(service, delivery, r, SHED_BODIES,
                            "too many large bodies at a time");
        else
            delivery_decide(delivery, r == -E2BIG ? VERDICT_TOO_LARGE : VERDICT_NO_MEMORY,
                            NULL);
        request->swallowed_bytes = before;
    }
    request->swallowed_bytes += len;
    return request->swallowed_bytes <=
                   HTTP_SWALLOW_FACTOR * service->settings->ingest.max_body_bytes
               ? MHD_YES
               : MHD_NO;
}

/* --- libmicrohttpd's callbacks --------------------------------------------------- */

/* The raw request target: libmicrohttpd hands the path to request_read decoded. */
static void *request_begin(void *context, const char *uri,
                           struct MHD_Connection *connection)
{
    struct ingest *ingest = context;
    const struct settings *settings = ingest->service->settings;
    int64_t now_ms = clock_mono_ms();
    struct connection *client = server_client(connection);
    struct request *request = client ? calloc(1, sizeof(*request)) : NULL;
    struct str path = {uri, strcspn(uri, "?")};

    if (!request)
        return NULL;
    delivery_init(&request->delivery, settings, now_ms);
    request->delivery.give_back = request_resume;
    request->delivery.sender = connection_share(client);
    request->ingest = ingest;
    request->connection = connection;
    request->client = client;
    connection_begins(client, now_ms);
    if (str_equal(path, str_of(settings->ingest.path)))
        request->target = REQUEST_TO_INGEST;
    else if (str_equal(path, STR("/healthz")))
        request->target = REQUEST_TO_HEALTHZ;
    else
        request->target = REQUEST_TO_NOWHERE;
    return request;
}

static enum MHD_Result request_read(void *context, struct MHD_Connection *connection,
                                    const char *url, const char *method,
                                    const char *version, const char *bytes, size_t *len,
                                    void **state)
{
    struct ingest *ingest = context;
    struct request *request = *state;

    (void)url;
    if (!request)
        return answers_send_no_memory(&ingest->answers, connection);
    if (request->stage == REQUEST_HAS_LINE)
        return request_read_head(request, method, version);
    if (*len > 0) {
        enum MHD_Result result = request_read_body(request, bytes, *len);

        *len = 0;
        return result;
    }
    if (request->target == REQUEST_TO_HEALTHZ)
        return answers_send_health(ingest->service, connection, request->client, false,
                                   request->stage == REQUEST_IS_LAST);
    connection_received(request->client);
    return request_finish(request);
}

static void request_end(void *context, struct MHD_Connection *connection, void **state,
                        enum MHD_RequestTerminationCode how)
{
    struct ingest *ingest = context;
    struct request *request = *state;
    struct bodies *bodies = &ingest->service->bodies;

    (void)connection;
    (void)how;
    if (!request)
        return;
    bodies_release(bodies, request->delivery.sender, &request->delivery.body);
    bodies_give_back(bodies, request->delivery.sender, request->event_taken);
    delivery_done(&request->delivery);
    if (request->was_lent)
        atomic_fetch_sub(&ingest->lent, 1);
    free(request);
    *state = NULL;
}

/* --- the server ------------------------------------------------------------------ */

static unsigned ingest_threads(const struct settings *settings)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (settings->ingest.threads > 0)
        return (unsigned)settings->ingest.threads;
    return cores > 0 ? (unsigned)cores : 1;
}

int ingest_start(struct ingest *ingest, struct service *service, struct buf *fault)
{
    const struct settings *settings = service->settings;
    const struct server_options options = {
        .section = "ingest",
        .certificate = settings->ingest.certificate,
        .key = settings->ingest.key,
        .threads = ingest_threads(settings),
        .idle_s = HTTP_IDLE_S,
        .suspends = true,
        .connections = &service->connections,
        .refused = &service->metrics.shed[SHED_ADDRESS],
        .tls = &service->metrics.tls[LISTENER_INGEST],
        .context = ingest,
        .on_request = request_read,
        .on_request_line = request_begin,
        .on_completed = request_end,
    };
    int r;

    ingest->service = service;
    r = secrets_open(SECRETS_CREDENTIALS, settings->ingest.credentials_file,
                     &ingest->credentials, fault);
    if (r == 0)
        r = answers_init(&ingest->answers, service);
    if (r == 0)
        r = server_start(&options, &ingest->server, fault);
    if (r < 0)
        ingest_stop(ingest);
    return r;
}

void ingest_stop(struct ingest *ingest)
{
    const struct timespec pause = {0, 1000000L};
    int64_t until_ms = clock_mono_ms() + STOP_GRACE_MS;

    /* What was given back is answered first: libmicrohttpd ends connections as they are.
     */
    while (atomic_load(&ingest->lent) > 0 && clock_mono_ms() < until_ms)
        (void)nanosleep(&pause, NULL);
    server_stop(ingest->server);
    answers_done(&ingest->answers);
    secrets_free(ingest->credentials);
}

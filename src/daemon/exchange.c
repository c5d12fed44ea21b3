#include "daemon/exchange.h"

#include <errno.h>

#include "daemon/answers.h"
#include "daemon/api_ses.h"
#include "daemon/exchange_private.h"
#include "daemon/framing.h"
#include "daemon/limits.h"
#include "daemon/page.h"
#include "daemon/routes.h"
#include "daemon/server.h"

/* --- answers --------------------------------------------------------------------- */

static bool exchange_closes(const struct desk *desk, const struct exchange *exchange)
{
    return exchange->is_last || atomic_load(&desk->service->closing) ||
           connection_is_leaving(exchange->client) ||
           connections_are_crowded(&desk->service->admin_connections);
}

/* What a browser may do with it: a page loads what is ours, and nothing that is written
 * into it is obeyed. */
static void response_protect(struct MHD_Response *response, const char *type)
{
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    (void)MHD_add_response_header(response, "Cross-Origin-Resource-Policy",
                                  "same-origin");
    if (strcmp(type, PAGE_TYPE) != 0)
        return;
    (void)MHD_add_response_header(response, "Content-Security-Policy", PAGE_POLICY);
    (void)MHD_add_response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    (void)MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    (void)MHD_add_response_header(response, "X-Frame-Options", "DENY");
}

/* Takes the text, which the response frees. */
static enum MHD_Result exchange_reply(struct desk *desk,
                                      struct MHD_Connection *connection,
                                      const struct exchange *exchange, unsigned status,
                                      const char *type, struct buf *text)
{
    size_t len = text->len;
    char *bytes = buf_take(text);
    struct MHD_Response *response =
        bytes ? MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE) : NULL;

    if (!response) {
        free(bytes);
        return MHD_NO;
    }
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    response_protect(response, type);
    if (exchange_closes(desk, exchange))
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (status == MHD_HTTP_UNAUTHORIZED)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                      "Bearer");
    if (exchange->speaks_ses && status != MHD_HTTP_OK)
        (void)MHD_add_response_header(response, "x-amzn-ErrorType",
                                      api_ses_error_type(status));
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, exchange->allow);
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER,
                                      HTTP_RETRY_AFTER_S);
    if (!exchange->route || exchange->route->kind != API_METRICS)
        metrics_count_api(&desk->service->metrics, status);
    connection_answered(exchange->client, false, clock_mono_ms());
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

struct problem_form {
    int (*print)(const struct problem *problem, struct buf *ret);
    const char *type;
};

static struct problem_form exchange_problem_form(const struct exchange *exchange)
{
    if (exchange->speaks_ses)
        return (struct problem_form){api_ses_error_print, "application/json"};
    if (exchange->route && exchange->route->kind == API_PAGE)
        return (struct problem_form){page_refuse, PAGE_TYPE};
    return (struct problem_form){problem_print, "application/problem+json"};
}

static enum MHD_Result exchange_refuse(struct desk *desk,
                                       struct MHD_Connection *connection,
                                       struct exchange *exchange)
{
    _cleanup_(buf_done) struct buf text = {.max = API_ANSWER_BYTES_MAX};
    const struct problem_form form = exchange_problem_form(exchange);

    if (form.print(&exchange->problem, &text) < 0)
        return MHD_NO;
    return exchange_reply(desk, connection, exchange, exchange->problem.status, form.type,
                          &text);
}

static enum MHD_Result exchange_answer(struct desk *desk,
                                       struct MHD_Connection *connection,
                                       struct exchange *exchange)
{
    if (exchange->problem.status != 0)
        return exchange_refuse(desk, connection, exchange);
    const char *type = exchange->route->type;
    return exchange_reply(desk, connection, exchange, MHD_HTTP_OK,
                          type ? type : "application/json", &exchange->answer);
}

static enum MHD_Result exchange_send_metrics(struct desk *desk,
                                             struct MHD_Connection *connection,
                                             struct exchange *exchange)
{
    struct service *service = desk->service;
    _cleanup_(buf_done) struct buf text = {.max = METRICS_BYTES_MAX};
    struct health_now health;
    struct metrics_now now = {
        .wall_ms = clock_wall_ms(),
        .store_faults = atomic_load(&service->health.store_faults),
        .connections = connections_count(&service->connections),
        .connections_max = service->bounds.connections,
        .large_body_bytes = bodies_large_bytes(&service->bodies),
        .api_waiting = reader_waiting(&service->reader),
    };

    service_look(service, &health);
    now.storing = health.state == HEALTH_WELL;
    if (metrics_print(&service->metrics, &now, &text) < 0 ||
        store_metrics_print(&service->store_metrics, &text) < 0 ||
        alerts_print(&service->alerts, &text) < 0)
        return MHD_NO;
    return exchange_reply(desk, connection, exchange, MHD_HTTP_OK,
                          "text/plain; version=0.0.4; charset=utf-8", &text);
}

/* --- the head -------------------------------------------------------------------- */

static int route_check(struct exchange *exchange, const char *path)
{
    struct buf allow = {.max = sizeof(exchange->allow) - 1};
    int r;

    if (exchange->route) {
        exchange->rest = route_rest(exchange->route, path);
        return 0;
    }
    r = route_methods(path, &allow);
    if (r == 0)
        (void)snprintf(exchange->allow, sizeof(exchange->allow), "%s",
                       buf_str(&allow).data);
    buf_done(&allow);
    if (r < 0 || exchange->allow[0] == '\0')
        return problem_set(&exchange->problem, MHD_HTTP_NOT_FOUND,
                           "there is no such path; sesbounced(8) lists them under API");
    return problem_set(&exchange->problem, MHD_HTTP_METHOD_NOT_ALLOWED,
                       "this path takes only %s", exchange->allow);
}

struct naming {
    const char *const *known;
    struct problem *problem;
};

static enum MHD_Result parameter_check(void *context, enum MHD_ValueKind kind,
                                       const char *name, const char *value)
{
    const struct naming *naming = context;
    const char *const *known = naming->known;

    (void)kind;
    while (*known && strcmp(*known, name) != 0)
        known++;
    if (*known && value)
        return MHD_YES;
    (void)problem_set(naming->problem, MHD_HTTP_BAD_REQUEST,
                      "the parameter `%s` is unknown or has no value", name);
    return MHD_NO;
}

static int parameters_check(struct exchange *exchange, struct MHD_Connection *connection)
{
    struct naming naming = {exchange->route->parameters, &exchange->problem};

    if (naming.known)
        (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND,
                                        parameter_check, &naming);
    return exchange->problem.status == 0 ? 0 : -EINVAL;
}

static int exchange_check_head(struct desk *desk, struct MHD_Connection *connection,
                               struct exchange *exchange, const char *path,
                               const char *method, const char *version)
{
    struct framing framing;
    struct problem *problem = &exchange->problem;
    size_t most;
    int r;

    exchange->is_last = true;
    if (!framing_read(connection, version, &framing))
        return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                           "it is not clear where this request ends");
    exchange->is_last = !framing.is_announced;
    exchange->announced_bytes = framing.length;
    if (exchange->has_nul)
        return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                           "the path or a parameter has a NUL");
    exchange->route = route_find(path, method);
    r = caller_identify(&desk->rules, connection, exchange->route, &exchange->caller,
                        problem);
    if (r == 0)
        r = route_check(exchange, path);
    if (r == 0)
        r = caller_may(&desk->rules, &exchange->caller, exchange->route, problem);
    if (r == 0)
        r = parameters_check(exchange, connection);
    most = r == 0 ? exchange->route->body_bytes_max : 0;
    exchange->body.max = most;
    return r == 0 && framing.length > most
               ? problem_set(problem, MHD_HTTP_CONTENT_TOO_LARGE,
                             "a body of more than %zu bytes is not accepted here", most)
               : r;
}

/* --- libmicrohttpd's callbacks --------------------------------------------------- */

void *exchange_begin(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct connection *client = server_client(connection);
    struct exchange *exchange = client ? calloc(1, sizeof(*exchange)) : NULL;

    if (exchange) {
        /* libmicrohttpd's decoded strings would end there. */
        exchange->has_nul = strstr(uri, "%00");
        exchange->speaks_ses = api_ses_has_path(uri);
        exchange->desk = context;
        exchange->client = client;
        exchange->connection = connection;
    }
    connection_begins(client, clock_mono_ms());
    return exchange;
}

/* What is too long is still read, up to a bound, so that the client sees the answer. */
static enum MHD_Result exchange_read_body(struct desk *desk, struct exchange *exchange,
                                          const char *bytes, size_t len)
{
    int r = exchange->problem.status != 0
                ? -E2BIG
                : bodies_append(&desk->bodies, connection_share(exchange->client),
                                &exchange->body, bytes, len, exchange->announced_bytes);

    if (r == 0)
        return MHD_YES;
    if (exchange->problem.status == 0 && r == -E2BIG)
        (void)problem_set(&exchange->problem, MHD_HTTP_CONTENT_TOO_LARGE,
                          "the body is too long");
    if (exchange->problem.status == 0)
        (void)problem_set(&exchange->problem, MHD_HTTP_SERVICE_UNAVAILABLE,
                          "too many large requests at a time");
    exchange->swallowed_bytes += len;
    return exchange->swallowed_bytes <= HTTP_SWALLOW_FACTOR * API_BODY_BYTES_MAX ? MHD_YES
                                                                                 : MHD_NO;
}

/* The whole request is there. */
static enum MHD_Result exchange_run(struct desk *desk, struct MHD_Connection *connection,
                                    struct exchange *exchange)
{
    exchange->answer.max = API_ANSWER_BYTES_MAX;
    switch (exchange->route->kind) {
    case API_HEALTH:
        return answers_send_health(desk->service, connection, exchange->client, true,
                                   exchange_closes(desk, exchange));
    case API_METRICS:
        return exchange_send_metrics(desk, connection, exchange);
    case API_FIXED:
    case API_PUBLIC:
        exchange_read_fixed(exchange);
        break;
    case API_READS:
    case API_PAGE:
    case API_REPORTS:
    case API_WRITES:
        if (exchange_lend(exchange))
            return MHD_YES;
    }
    return exchange_answer(desk, connection, exchange);
}

static enum MHD_Result exchange_finish(struct desk *desk,
                                       struct MHD_Connection *connection,
                                       struct exchange *exchange)
{
    connection_received(exchange->client);
    if (exchange->problem.status == 0 && exchange->stage != EXCHANGE_IS_LENT)
        return exchange_run(desk, connection, exchange);
    if (exchange->problem.status == 0 && exchange->route->kind == API_WRITES)
        exchange_tell(exchange);
    return exchange_answer(desk, connection, exchange);
}

enum MHD_Result exchange_read(void *context, struct MHD_Connection *connection,
                              const char *url, const char *method, const char *version,
                              const char *bytes, size_t *len, void **state)
{
    struct desk *desk = context;
    struct exchange *exchange = *state;

    if (!exchange)
        return MHD_NO; /* no memory: the connection is closed */
    if (exchange->stage == EXCHANGE_HAS_LINE) {
        exchange->stage = EXCHANGE_HAS_HEAD;
        if (exchange_check_head(desk, connection, exchange, url, method, version) == 0)
            return MHD_YES;
        return exchange->is_last || exchange->announced_bytes >
                                        HTTP_SWALLOW_FACTOR * API_BODY_BYTES_MAX
                   ? exchange_refuse(desk, connection, exchange)
                   : MHD_YES;
    }
    if (*len > 0) {
        enum MHD_Result result = exchange_read_body(desk, exchange, bytes, *len);

        *len = 0;
        return result;
    }
    return exchange_finish(desk, connection, exchange);
}

void exchange_end(void *context, struct MHD_Connection *connection, void **state,
                  enum MHD_RequestTerminationCode how)
{
    struct desk *desk = context;
    struct exchange *exchange = *state;

    (void)connection;
    (void)how;
    if (!exchange)
        return;
    bodies_release(&desk->bodies, connection_share(exchange->client), &exchange->body);
    buf_done(&exchange->answer);
    api_change_done(&exchange->change);
    atomic_fetch_sub(&desk->answer_bytes, exchange->answer_bytes);
    if (exchange->stage == EXCHANGE_IS_LENT)
        atomic_fetch_sub(&desk->lent, 1);
    free(exchange);
    *state = NULL;
}

#include "daemon/answers.h"

#include <assert.h>
#include <errno.h>

#include "daemon/delivery_log.h"
#include "daemon/limits.h"
#include "sesbounce/expiry.h"

static struct MHD_Response *response_new(struct str body, enum MHD_ResponseMemoryMode how,
                                         unsigned status, bool close)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)body.data, how);

    if (!response)
        return NULL;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                  "text/plain; charset=utf-8");
    if (close)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER,
                                      HTTP_RETRY_AFTER_S);
    if (status == MHD_HTTP_UNAUTHORIZED)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                      "Basic realm=\"sesbounced\"");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "POST");
    return response;
}

int answers_init(struct answers *answers, struct service *service)
{
    *answers = (struct answers){.service = service};
    for (int v = VERDICT_NONE + 1; v < VERDICT_COUNT; v++) {
        const struct verdict_info *info = verdict_info((enum verdict)v);

        for (int close = 0; close < 2; close++) {
            answers->of[v][close] = response_new(
                str_of(info->body), MHD_RESPMEM_PERSISTENT, info->http_status, close);
            if (!answers->of[v][close])
                return -ENOMEM;
        }
    }
    return 0;
}

void answers_done(struct answers *answers)
{
    for (int v = VERDICT_NONE + 1; v < VERDICT_COUNT; v++) {
        for (int close = 0; close < 2; close++) {
            if (answers->of[v][close])
                MHD_destroy_response(answers->of[v][close]);
        }
    }
}

/* In a crowd only a client that delivers something genuine keeps its connection: others
 * could hold all of them by sending a small request from time to time. */
static bool answer_closes(struct service *service, const struct connection *client,
                          bool kept)
{
    return atomic_load(&service->closing) || connection_is_leaving(client) ||
           (!kept && connections_are_crowded(&service->connections));
}

enum MHD_Result answers_send(struct answers *answers, struct MHD_Connection *connection,
                             struct connection *client, const struct delivery *delivery,
                             bool close)
{
    struct service *service = answers->service;
    enum verdict verdict = delivery->verdict;
    bool kept = verdict_is_kept(verdict);

    assert(verdict != VERDICT_NONE);
    close = close || answer_closes(service, client, kept);
    metrics_count(&service->metrics.verdicts[verdict]);
    if (kept)
        atomic_store_explicit(&service->metrics.last_kept_ms,
                              delivery->intake.received_ms, memory_order_relaxed);
    if (kept && (str_present(delivery->intake.event.sending_status) ||
                 delivery->intake.event.finding != SES_FINDING_NONE))
        alerts_want(&service->alerts);
    if (delivery->stage == DELIVERY_GENUINE)
        health_verified(&service->health, delivery, service->settings->sns.endpoint);
    delivery_log(delivery, service->settings);
    connection_answered(client, kept, clock_mono_ms());
    return MHD_queue_response(connection, verdict_info(verdict)->http_status,
                              answers->of[verdict][close]);
}

static bool tls_is_outdated(struct metrics *metrics)
{
    for (int i = 0; i < LISTENER_COUNT; i++) {
        if (atomic_load(&metrics->tls[i].is_outdated))
            return true;
    }
    return false;
}

enum MHD_Result answers_send_health(struct service *service,
                                    struct MHD_Connection *connection,
                                    struct connection *client, bool detail, bool close)
{
    struct MHD_Response *response = NULL;
    enum MHD_Result result;
    struct health_now now;
    unsigned status;
    struct buf line;

    connection_answered(client, false, clock_mono_ms());
    close = close || answer_closes(service, client, false);
    service_look(service, &now);
    status = now.state == HEALTH_WELL ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
    buf_init(&line, HEALTH_LINE_BYTES_MAX);
    if (health_print(&now, detail, &line) == 0 && buf_append_char(&line, '\n') == 0)
        response = response_new(buf_str(&line), MHD_RESPMEM_MUST_COPY, status, close);
    buf_done(&line);
    if (!response)
        return MHD_NO;
    if (tls_is_outdated(&service->metrics))
        (void)MHD_add_response_header(response, TLS_HEADER, TLS_HEADER_OUTDATED);
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result answers_send_no_memory(struct answers *answers,
                                       struct MHD_Connection *connection)
{
    return MHD_queue_response(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                              answers->of[VERDICT_NO_MEMORY][true]);
}

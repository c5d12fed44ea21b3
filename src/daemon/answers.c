#include "daemon/answers.h"

#include <assert.h>
#include <errno.h>

#include "daemon/delivery_log.h"
#include "daemon/probe.h"
#include "sesbounce/limits.h"

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

int answers_init(struct answers *answers, struct service *service)
{
    *answers = (struct answers){.service = service};
    for (int v = VERDICT_UNDECIDED + 1; v < VERDICT_COUNT; v++) {
        answers->kept_open[v] = verdict_response((enum verdict)v, false);
        answers->closing[v] = verdict_response((enum verdict)v, true);
        if (!answers->kept_open[v] || !answers->closing[v])
            return -ENOMEM;
    }
    return 0;
}

void answers_done(struct answers *answers)
{
    for (int v = VERDICT_UNDECIDED + 1; v < VERDICT_COUNT; v++) {
        if (answers->kept_open[v])
            MHD_destroy_response(answers->kept_open[v]);
        if (answers->closing[v])
            MHD_destroy_response(answers->closing[v]);
    }
}

/* In a crowd only a client that delivers something genuine keeps its connection: others
 * could hold all of them by sending a small request from time to time. */
static bool answers_close(struct answers *answers, const struct connection *client,
                          bool kept)
{
    return atomic_load(&answers->service->closing) || connection_is_leaving(client) ||
           (!kept && connections_are_crowded(&answers->service->connections));
}

enum MHD_Result answers_send(struct answers *answers, struct MHD_Connection *connection,
                             struct connection *client, const struct delivery *delivery,
                             bool close)
{
    struct service *service = answers->service;
    enum verdict verdict = delivery->verdict;
    bool kept = verdict_is_kept(verdict);

    assert(verdict != VERDICT_UNDECIDED);
    close = close || answers_close(answers, client, kept);
    metrics_count(&service->metrics.verdicts[verdict]);
    if (kept)
        atomic_store_explicit(&service->metrics.last_kept_ms,
                              delivery->intake.received_ms, memory_order_relaxed);
    if (delivery->stage == DELIVERY_GENUINE)
        health_verified(&service->health, delivery, service->settings->sns.endpoint);
    delivery_log(delivery, service->settings);
    connection_answered(client, kept, clock_mono_ms());
    return MHD_queue_response(connection, verdict_info(verdict)->http_status,
                              close ? answers->closing[verdict]
                                    : answers->kept_open[verdict]);
}

enum MHD_Result answers_send_probe(struct answers *answers,
                                   struct MHD_Connection *connection,
                                   struct connection *client, bool close)
{
    connection_answered(client, false, clock_mono_ms());
    return probe_answer(answers->service, connection, false,
                        close || answers_close(answers, client, false));
}

enum MHD_Result answers_send_no_memory(struct answers *answers,
                                       struct MHD_Connection *connection)
{
    return MHD_queue_response(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                              answers->closing[VERDICT_NO_MEMORY]);
}

#include "daemon/probe.h"

#include "daemon/limits.h"
#include "sesbounce/expiry.h"

static bool is_outdated(struct metrics *metrics)
{
    for (int i = 0; i < LISTENER_COUNT; i++) {
        if (atomic_load(&metrics->tls_outdated[i]))
            return true;
    }
    return false;
}

enum MHD_Result probe_answer(struct service *service, struct MHD_Connection *connection,
                             bool detail, bool close)
{
    struct MHD_Response *response = NULL;
    enum MHD_Result result;
    struct health_now now;
    struct buf line;

    service_look(service, &now);
    buf_init(&line, HEALTH_LINE_BYTES_MAX);
    if (health_print(&now, detail, &line) == 0 && buf_append_char(&line, '\n') == 0)
        response =
            MHD_create_response_from_buffer(line.len, line.data, MHD_RESPMEM_MUST_COPY);
    buf_done(&line);
    if (!response)
        return MHD_NO;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                  "text/plain; charset=utf-8");
    if (now.state != HEALTH_WELL)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER,
                                      HTTP_RETRY_AFTER_S);
    if (is_outdated(&service->metrics))
        (void)MHD_add_response_header(response, TLS_HEADER, TLS_HEADER_OUTDATED);
    if (close)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    result = MHD_queue_response(
        connection, now.state == HEALTH_WELL ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
        response);
    MHD_destroy_response(response);
    return result;
}

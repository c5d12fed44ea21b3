#include "daemon/api_status.h"

#include <microhttpd.h>

#include "daemon/api_body.h"
#include "daemon/service.h"

static struct status_daemon daemon_look(struct service *service, struct buf *line)
{
    struct metrics_tls *tls = &service->metrics.tls[LISTENER_INGEST];
    int64_t expires_ms = atomic_load(&tls->expires_ms);
    struct health_now health;

    service_look(service, &health);
    (void)health_print(&health, true, line);
    return (struct status_daemon){
        .status =
            health.state == HEALTH_WELL ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
        .body = buf_str(line).data,
        .tls_begins_ms = atomic_load(&tls->begins_ms),
        .tls_expires_ms = expires_ms == 0 ? CLOCK_NONE : expires_ms,
        .tls_is_outdated = atomic_load(&tls->is_outdated),
    };
}

int api_status_rows(struct store *store, const struct api_request *request, bool is_brief,
                    const struct status_rows *rows, size_t *ret_attention)
{
    const struct settings *settings = request->service->settings;
    const struct status_setup setup = {
        .reads = API_COMMAND_READS,
        .writes = API_COMMAND_WRITES,
        .config = "",
        .config_file = "the configuration file",
        .topics = settings->sns.topic.items,
        .topic_count = settings->sns.topic.count,
        .simulates = settings->simulator.enabled,
        .counts_soft = settings->policy.soft_days > 0,
        .is_brief = is_brief,
        .now_ms = request->now_ms,
    };
    _cleanup_(buf_done) struct buf line = {.max = HEALTH_LINE_BYTES_MAX};
    const struct status_daemon daemon = daemon_look(request->service, &line);

    return status_write(store, &setup, &daemon, rows, ret_attention);
}

int api_status(struct store *store, const struct api_request *request, struct buf *ret,
               struct problem *problem)
{
    struct api_rows elements = {.to = ret};
    struct output output;
    const struct status_rows rows = {output_row, &output, true};
    size_t attention = 0;

    (void)problem;
    output_init(&output, api_rows_sink(&elements), OUTPUT_JSON, NULL);
    int r = buf_append_str(ret, STR("{\"items\":["));
    if (r == 0)
        r = api_status_rows(store, request, false, &rows, &attention);
    output_done(&output);
    return r < 0 ? r : buf_printf(ret, "],\"attention\":%zu}\n", attention);
}

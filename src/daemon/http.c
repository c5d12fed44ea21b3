#include "daemon/http.h"

#include <errno.h>

#include "daemon/credentials.h"
#include "daemon/limits.h"
#include "daemon/request.h"
#include "daemon/server.h"

struct http {
    struct ingest ingest;
    struct server *server;
};

/* What is named in the settings and cannot be used is a fault of the settings. */
static int read_files(struct http *http, struct buf *fault)
{
    const struct settings *settings = http->ingest.service->settings;
    const char *path = settings->ingest.credentials_file;
    struct buf wrong;
    int r;

    buf_init(&wrong, LOG_VALUE_BYTES_MAX);
    r = path ? credentials_read(path, &http->ingest.credentials, &wrong) : 0;
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

static int http_serve(struct http *http, struct buf *fault)
{
    struct service *service = http->ingest.service;
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
        .context = &http->ingest,
        .on_request = request_read,
        .on_request_line = request_begin,
        .on_completed = request_end,
    };

    return server_start(&options, &http->server, fault);
}

int http_start(struct service *service, struct http **ret, struct buf *fault)
{
    struct http *http = calloc(1, sizeof(*http));
    int r;

    if (!http)
        return -ENOMEM;
    http->ingest.service = service;
    r = read_files(http, fault);
    if (r == 0)
        r = answers_init(&http->ingest.answers, service);
    if (r == 0)
        r = http_serve(http, fault);
    if (r < 0) {
        http_stop(http);
        return r;
    }
    *ret = http;
    return 0;
}

int http_open(struct http *http, const int *sockets, size_t count)
{
    return server_open(http->server, sockets, count);
}

void http_close(struct http *http)
{
    server_close(http->server);
}

void http_stop(struct http *http)
{
    if (!http)
        return;
    server_stop(http->server);
    answers_done(&http->ingest.answers);
    credentials_free(http->ingest.credentials);
    free(http);
}

#include "daemon/ingest.h"

#include "daemon/limits.h"
#include "daemon/secrets.h"
#include "daemon/server.h"

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
        .expires_ms = &service->metrics.tls_expires_ms[LISTENER_INGEST],
        .outdated = &service->metrics.tls_outdated[LISTENER_INGEST],
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
    server_stop(ingest->server);
    answers_done(&ingest->answers);
    secrets_free(ingest->credentials);
}

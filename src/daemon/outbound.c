#include "daemon/outbound.h"

#include <errno.h>

#include "daemon/fetcher.h"
#include "daemon/performer.h"
#include "sesbounce/https.h"

struct outbound {
    struct service *service;
    struct fetcher fetcher;
    struct performer performer;
    pthread_t thread;
};

static void *outbound_run(void *argument)
{
    struct outbound *outbound = argument;
    struct service *service = outbound->service;
    busy_since *busy = &service->busy[BUSY_OUTBOUND];

    while (!queue_is_closed(&service->tasks)) {
        int wait_ms;

        busy_begin(busy, clock_mono_ms());
        /* Certificates first: a delivery waits for one. */
        wait_ms = fetcher_serve(&outbound->fetcher);
        performer_serve(&outbound->performer);
        /* Still busy: the wait is short, and what it calls back may be slow. */
        (void)https_run(service->https, wait_ms);
    }
    busy_end(busy);
    return NULL;
}

int outbound_start(struct service *service, struct outbound **ret)
{
    struct outbound *outbound = calloc(1, sizeof(*outbound));
    int r;

    if (!outbound)
        return -ENOMEM;
    outbound->service = service;
    fetcher_init(&outbound->fetcher, service);
    performer_init(&outbound->performer, service);
    r = -pthread_create(&outbound->thread, NULL, outbound_run, outbound);
    if (r < 0) {
        free(outbound);
        return r;
    }
    *ret = outbound;
    return 0;
}

void outbound_stop(struct outbound *outbound)
{
    struct service *service;

    if (!outbound)
        return;
    service = outbound->service;
    queue_close(&service->tasks);
    https_wake(service->https);
    delivery_give_back_all(waiting_room_close(&service->room), VERDICT_STOPPING, NULL);
    (void)pthread_join(outbound->thread, NULL);
    performer_done(&outbound->performer);
    free(outbound);
}

#include "daemon/service.h"

#include <errno.h>

#include "daemon/limits.h"
#include "sesbounce/https.h"

int service_init(struct service *service)
{
    uint64_t places = ADMIN_CONNECTIONS_LEAST + service->bounds.api_waits;
    const struct bounds admin = {
        .connections = places,
        .connections_of_address = places / HTTP_ADDRESS_SHARE,
    };
    int r = connections_init(&service->connections, &service->bounds);

    if (r == 0)
        r = connections_init(&service->admin_connections, &admin);
    if (r == 0)
        r = reader_init(&service->reader, service->bounds.api_waits);
    if (r == 0)
        r = reader_init(&service->reports, 0);
    if (r == 0)
        r = store_metrics_init(&service->store_metrics);
    if (r == 0)
        r = health_init(&service->health);
    if (r == 0)
        r = waiting_room_init(&service->room, service->bounds.waiting_room);
    if (r == 0)
        r = queue_init(&service->jobs, service->bounds.writer_queue);
    if (r == 0)
        r = queue_init(&service->tasks, TASKS_AT_ONCE);
    if (r == 0)
        r = queue_init(&service->messages, SETTINGS_RECEIVERS_MAX);
    bodies_init(&service->bodies, service->bounds.large_body_bytes);
    service->alerts.look.settings = service->settings;
    service->alerts.look.health = &service->health;
    service->alerts.look.metrics = &service->metrics;
    alerts_init(&service->alerts, &service->reports, &service->jobs);
    return r;
}

void service_done(struct service *service)
{
    struct queue_node *node;

    while ((node = queue_take(&service->tasks, 1, 0)))
        job_of(node)->done(job_of(node), -ESHUTDOWN);
    while ((node = queue_take(&service->messages, 1, 0)))
        job_of(node)->done(job_of(node), -ESHUTDOWN);
    queue_done(&service->messages);
    queue_done(&service->tasks);
    queue_done(&service->jobs);
    waiting_room_done(&service->room);
    health_done(&service->health);
    store_metrics_done(&service->store_metrics);
    reader_done(&service->reports);
    reader_done(&service->reader);
    connections_done(&service->admin_connections);
    connections_done(&service->connections);
}

void service_allow_readers(struct service *service, const struct store *store)
{
    reader_allow(&service->reader, store);
    reader_allow(&service->reports, store);
}

void service_send_readers_away(struct service *service)
{
    reader_let_go(&service->reader);
    reader_let_go(&service->reports);
}

int service_lend_to_writer(struct service *service, struct job *job)
{
    return queue_push(&service->jobs, &job->node);
}

void service_look(struct service *service, struct health_now *ret)
{
    health_look(&service->health, ret);
    if (atomic_load(&service->stopping))
        ret->state = HEALTH_STOPPING;
    else if (ret->state != HEALTH_NOT_STORING &&
             queue_count(&service->jobs) >= service->jobs.max)
        ret->state = HEALTH_OVERLOADED;
}

int service_lend_to_waiting_room(struct service *service, struct delivery *delivery,
                                 struct delivery **ret_displaced)
{
    int r = waiting_room_enter(&service->room, delivery, clock_mono_ms(), ret_displaced);

    if (r == 0)
        https_wake(service->https);
    return r;
}

static int outbound_push(struct service *service, struct queue *queue, struct job *job)
{
    int r = queue_push(queue, &job->node);

    if (r == 0)
        https_wake(service->https);
    return r;
}

int service_give_to_outbound(struct service *service, struct job *task)
{
    return outbound_push(service, &service->tasks, task);
}

int service_send(struct service *service, struct job *message)
{
    return outbound_push(service, &service->messages, message);
}

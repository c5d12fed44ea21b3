#include "daemon/health.h"

#include <errno.h>

#include "daemon/service.h"
#include "daemon/writer.h"
#include "sesbounce/clock.h"

int health_init(struct health *health)
{
    *health = (struct health){.lost = false};
    return -pthread_mutex_init(&health->mutex, NULL);
}

void health_done(struct health *health)
{
    (void)pthread_mutex_destroy(&health->mutex);
}

bool health_lose(struct health *health, const struct health_loss *loss)
{
    bool turned;

    pthread_mutex_lock(&health->mutex);
    turned = !atomic_load(&health->lost);
    if (turned)
        health->loss = *loss;
    atomic_store(&health->lost, true);
    pthread_mutex_unlock(&health->mutex);
    return turned;
}

bool health_find(struct health *health, struct str origin)
{
    bool turned;

    if (!atomic_load_explicit(&health->lost, memory_order_relaxed))
        return false;
    pthread_mutex_lock(&health->mutex);
    turned = atomic_load(&health->lost) && str_equal(str_of(health->loss.origin), origin);
    if (turned)
        atomic_store(&health->lost, false);
    pthread_mutex_unlock(&health->mutex);
    return turned;
}

void health_verified(struct service *service, const struct delivery *delivery)
{
    struct sns_origin origin;

    /* The simulator's certificate comes from nowhere, and has no URL. */
    if (atomic_load_explicit(&service->health.lost, memory_order_relaxed) &&
        str_present(delivery->certificate_url.host) &&
        sns_url_origin(&delivery->topic, str_of(service->settings->sns.endpoint),
                       &origin) == 0 &&
        health_find(&service->health, str_of(origin.text)))
        log_event(LOG_LEVEL_NOTICE, "messages can be verified again",
                  {"ORIGIN", str_of(origin.text)});
}

void health_look(struct service *service, struct health_now *ret)
{
    struct health *health = &service->health;

    *ret = (struct health_now){.state = HEALTH_WELL};
    if (atomic_load(&service->stopping)) {
        ret->state = HEALTH_STOPPING;
    } else if (!atomic_load(&service->storing)) {
        ret->state = HEALTH_NOT_STORING;
        ret->trouble = atomic_load(&service->trouble);
    } else if (service->writer && writer_is_full(service->writer)) {
        ret->state = HEALTH_OVERLOADED;
    } else if (atomic_load(&health->lost)) {
        pthread_mutex_lock(&health->mutex);
        ret->loss = health->loss;
        if (atomic_load(&health->lost))
            ret->state = HEALTH_NOT_VERIFYING;
        pthread_mutex_unlock(&health->mutex);
    }
}

bool health_is_well(struct service *service)
{
    struct health_now now;

    health_look(service, &now);
    return now.state == HEALTH_WELL;
}

static int print_loss(const struct health_loss *loss, bool detail, struct buf *ret)
{
    char since[CLOCK_TEXT_BYTES];

    clock_format_rfc3339(loss->since_ms, since);
    return buf_printf(ret,
                      "messages cannot be verified: no signing certificate can be "
                      "obtained from %s since %s: %s%s%s; type: curl -v %s/",
                      loss->origin, since,
                      detail && loss->detail[0] ? loss->detail : loss->brief,
                      loss->hint ? "; " : "", loss->hint ? loss->hint : "", loss->origin);
}

int health_print(const struct health_now *now, bool detail, struct buf *ret)
{
    switch (now->state) {
    case HEALTH_WELL:
        return buf_append_str(ret, STR("ok"));
    case HEALTH_STOPPING:
        return buf_append_str(ret, STR("sesbounced is being stopped or restarted"));
    case HEALTH_NOT_STORING:
        return buf_printf(ret, "messages cannot be stored: %s",
                          now->trouble ? now->trouble : "see the log of sesbounced");
    case HEALTH_OVERLOADED:
        return buf_append_str(ret, STR("messages cannot be stored: more arrive than the "
                                       "disk takes"));
    case HEALTH_NOT_VERIFYING:
    default:
        return print_loss(&now->loss, detail, ret);
    }
}

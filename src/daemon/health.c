#include "daemon/health.h"

#include <errno.h>

#include "daemon/delivery.h"
#include "daemon/limits.h"
#include "daemon/metrics.h"
#include "sesbounce/clock.h"
#include "sesbounce/store.h"

int health_init(struct health *health)
{
    *health = (struct health){.lost = false};
    return -pthread_mutex_init(&health->mutex, NULL);
}

void health_done(struct health *health)
{
    (void)pthread_mutex_destroy(&health->mutex);
}

/* --- the store ------------------------------------------------------------------ */

int health_store_fault(struct health *health)
{
    return atomic_load(&health->store_fault);
}

void health_store_fails(struct health *health, int fault)
{
    metrics_count(&health->store_faults);
    atomic_store(&health->store_fault, fault);
}

bool health_store_hangs(struct health *health)
{
    int none = 0;

    if (!atomic_compare_exchange_strong(&health->store_fault, &none, -ETIMEDOUT))
        return false;
    metrics_count(&health->store_faults);
    return true;
}

void health_store_tell(struct health *health, const char *path)
{
    unsigned held_back = 0;

    if (atomic_load(&health->told_not_storing) ||
        !log_ration_pass(&health->not_storing_ration, clock_mono_ms(),
                         STORE_FAULT_LOGS_A_MINUTE, &held_back))
        return;
    log_event(LOG_LEVEL_ERROR, "NOT STORING, deliveries get 503 and SNS repeats them",
              {"PATH", str_of(path)},
              {"ADVICE", str_of(store_advice(health_store_fault(health)))});
    atomic_store(&health->told_not_storing, true);
}

void health_store_works(struct health *health, const char *path)
{
    atomic_store(&health->store_fault, 0);
    if (atomic_exchange(&health->told_not_storing, false))
        log_event(LOG_LEVEL_NOTICE, "the store works again", {"PATH", str_of(path)});
}

/* --- certificates: doubts; under the mutex -------------------------------------- */

/* The doubt about `origin`; "": a free place. NULL: there is none. */
static struct health_doubt *doubt_find(struct health *health, struct str origin)
{
    for (size_t i = 0; i < HEALTH_DOUBTS_MAX; i++) {
        if (str_equal(str_of(health->doubts[i].origin), origin))
            return &health->doubts[i];
    }
    return NULL;
}

static bool doubt_is_any(const struct health *health)
{
    for (size_t i = 0; i < HEALTH_DOUBTS_MAX; i++) {
        if (health->doubts[i].origin[0])
            return true;
    }
    return false;
}

/* That of the loss's origin, begun now if need be; NULL when there is no place. */
static struct health_doubt *doubt_claim(struct health *health,
                                        const struct health_loss *loss, int64_t mono_ms)
{
    struct health_doubt *doubt = doubt_find(health, str_of(loss->origin));

    if (doubt)
        return doubt;
    doubt = doubt_find(health, STR(""));
    if (doubt) {
        doubt->since_mono_ms = mono_ms;
        doubt->since_ms = loss->since_ms;
        memcpy(doubt->origin, loss->origin, sizeof(doubt->origin));
    }
    return doubt;
}

static void doubt_end(struct health *health, struct str origin)
{
    struct health_doubt *doubt = doubt_find(health, origin);

    if (doubt)
        doubt->origin[0] = '\0';
}

/* --- certificates: losses ------------------------------------------------------- */

static bool health_is_lost_at(struct health *health, struct str origin)
{
    return atomic_load(&health->lost) && str_equal(str_of(health->loss.origin), origin);
}

bool health_lose(struct health *health, const struct health_loss *loss, bool at_hand,
                 int64_t mono_ms)
{
    const struct health_doubt *doubt = NULL;
    unsigned held_back;
    bool turns, tell, lost;

    pthread_mutex_lock(&health->mutex);
    if (at_hand)
        doubt = doubt_claim(health, loss, mono_ms);
    turns = !atomic_load(&health->lost) &&
            (!doubt || mono_ms - doubt->since_mono_ms >= HEALTH_DOUBT_MS);
    if (turns) {
        health->loss = *loss;
        health->loss.since_ms = doubt ? doubt->since_ms : loss->since_ms;
        health->told =
            log_ration_pass(&health->ration, mono_ms, HEALTH_LOGS_A_MINUTE, &held_back);
        atomic_store(&health->lost, true);
    }
    tell = turns && health->told;
    lost = health_is_lost_at(health, str_of(loss->origin));
    atomic_store(&health->watching, true);
    pthread_mutex_unlock(&health->mutex);
    if (tell)
        log_event(LOG_LEVEL_ERROR,
                  "NOT VERIFYING, deliveries get 503 and SNS repeats them: no signing "
                  "certificate can be obtained; type: curl -v ORIGIN",
                  {"ORIGIN", str_of(loss->origin)}, {"FAULT", str_of(loss->detail)},
                  {"ADVICE", str_of(loss->hint)});
    return lost;
}

bool health_find(struct health *health, struct str origin)
{
    bool tell = false;

    if (!atomic_load_explicit(&health->watching, memory_order_relaxed))
        return false;
    pthread_mutex_lock(&health->mutex);
    doubt_end(health, origin);
    if (health_is_lost_at(health, origin) ||
        (atomic_load(&health->lost) && health->loss.is_guess)) {
        tell = health->told;
        atomic_store(&health->lost, false);
    }
    atomic_store(&health->watching, atomic_load(&health->lost) || doubt_is_any(health));
    pthread_mutex_unlock(&health->mutex);
    if (tell)
        log_event(LOG_LEVEL_NOTICE, "messages can be verified again", {"ORIGIN", origin});
    return tell;
}

void health_answered(struct health *health, struct str origin)
{
    pthread_mutex_lock(&health->mutex);
    doubt_end(health, origin);
    pthread_mutex_unlock(&health->mutex);
}

void health_verified(struct health *health, const struct delivery *delivery,
                     const char *endpoint)
{
    struct sns_origin origin;

    /* The simulator's certificate comes from nowhere, and has no URL. */
    if (atomic_load_explicit(&health->watching, memory_order_relaxed) &&
        str_present(delivery->certificate_url.host) &&
        sns_url_origin(&delivery->topic, str_of(endpoint), &origin) == 0)
        (void)health_find(health, str_of(origin.text));
}

/* --- the whole -------------------------------------------------------------------- */

void health_look(struct health *health, struct health_now *ret)
{
    *ret = (struct health_now){.store_fault = health_store_fault(health)};
    if (ret->store_fault != 0) {
        ret->state = HEALTH_NOT_STORING;
    } else if (atomic_load(&health->lost)) {
        pthread_mutex_lock(&health->mutex);
        ret->loss = health->loss;
        if (atomic_load(&health->lost))
            ret->state = HEALTH_NOT_VERIFYING;
        pthread_mutex_unlock(&health->mutex);
    }
}

static int loss_print(const struct health_loss *loss, bool detail, struct buf *ret)
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
                          store_advice(now->store_fault));
    case HEALTH_OVERLOADED:
        return buf_append_str(
            ret, STR("messages cannot be stored: more arrive than the disk can write"));
    case HEALTH_NOT_VERIFYING:
    default:
        return loss_print(&now->loss, detail, ret);
    }
}

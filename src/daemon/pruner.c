#include "daemon/pruner.h"

#include "daemon/limits.h"
#include "sesbounce/clock.h"

void pruner_init(struct pruner *pruner, const struct settings *settings)
{
    *pruner = (struct pruner){
        .pruning = {
            .keep_ms = {[STORE_PRUNE_BODIES] = (int64_t)settings->retention.bodies_ms,
                        [STORE_PRUNE_EVENTS] = (int64_t)settings->retention.events_ms,
                        [STORE_PRUNE_QUARANTINE] =
                            (int64_t)settings->retention.quarantine_ms,
                        [STORE_PRUNE_LOG] = (int64_t)settings->retention.log_ms}}};
}

static int pruner_prune(struct pruner *pruner, struct store *store, bool *ret_more)
{
    int64_t now_ms = 0;
    int r = store_prune_clock(store, clock_wall_ms(), &now_ms);

    if (r == 0)
        r = store_prune(store, &pruner->pruning, now_ms, ret_more);
    return r;
}

int pruner_step(struct pruner *pruner, struct store *store)
{
    int64_t begun_ms = clock_mono_ms();
    bool more = false;
    int64_t took_ms;
    int r;

    if (begun_ms < pruner->next_ms)
        return 0;
    if (begun_ms >= pruner->restart_ms) {
        store_prune_begin(&pruner->pruning);
        pruner->restart_ms = begun_ms + PRUNER_RESTART_MS;
    }
    r = store_tidy(store, clock_wall_ms(), &more);
    if (r == 0 && !more)
        r = pruner_prune(pruner, store, &more);
    if (r == 0 && !more)
        r = store_give_back(store, &more);
    took_ms = clock_mono_ms() - begun_ms;
    pruner->next_ms =
        begun_ms + took_ms + (more ? 1 + PRUNER_PAUSE_TIMES * took_ms : PRUNER_AGAIN_MS);
    return r;
}

#include "daemon/pruner.h"

#include "daemon/limits.h"
#include "sesbounce/clock.h"
#include "sesbounce/log.h"
#include "sesbounce/rule_text.h"

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

/* `events = 400d: from 2023-01-31 to 2025-10-24`, behind the others. */
static void due_print(const struct pruner *pruner,
                      const struct store_prune_notice *notice, unsigned kind,
                      struct buf *to)
{
    static const char *const names[STORE_PRUNE_KINDS] = {[STORE_PRUNE_BODIES] = "bodies",
                                                         [STORE_PRUNE_EVENTS] = "events",
                                                         [STORE_PRUNE_QUARANTINE] =
                                                             "quarantine",
                                                         [STORE_PRUNE_LOG] = "log"};
    char oldest[CLOCK_TEXT_BYTES], before[CLOCK_TEXT_BYTES];

    clock_format_day(notice->oldest_ms[kind], oldest);
    clock_format_day(notice->before_ms[kind], before);
    (void)buf_printf(to, "%s%s = ", to->len ? "; " : "", names[kind]);
    (void)rule_duration(to, pruner->pruning.keep_ms[kind]);
    (void)buf_printf(to, ": from %s to %s", oldest, before);
}

static void notice_tell(const struct pruner *pruner,
                        const struct store_prune_notice *notice)
{
    char from[CLOCK_TEXT_BYTES];
    struct buf due;

    buf_init(&due, LOG_VALUE_BYTES_MAX);
    for (unsigned i = 0; i < STORE_PRUNE_KINDS; i++)
        if (notice->oldest_ms[i] != CLOCK_NONE)
            due_print(pruner, notice, i, &due);
    clock_format_rfc3339(notice->from_ms, from);
    log_event(
        LOG_LEVEL_WARNING,
        "[retention] is about to delete what it keeps no longer, for the first time "
        "in this database; until then nothing is deleted",
        {"FROM", str_of(from)}, {"SETTINGS", buf_str(&due)},
        {"ADVICE", STR("`sesbouncectl db prune --dry-run` says how much that is; to "
                       "keep it, write `events = forever` and the like under "
                       "[retention], and restart sesbounced")});
    buf_done(&due);
}

/* After an upgrade the log says so a day before; again after a restart, which does not
 * make it later. */
static int pruner_may_prune(struct pruner *pruner, struct store *store, int64_t due_ms,
                            bool *ret)
{
    struct store_prune_notice notice;
    int r;

    *ret = pruner->is_announced;
    if (*ret)
        return 0;
    r = store_prune_announce(store, &pruner->pruning, due_ms, due_ms, &notice);
    if (r < 0)
        return r;
    *ret = notice.from_ms == CLOCK_NONE;
    if (!*ret && notice.from_ms != pruner->from_ms)
        notice_tell(pruner, &notice);
    pruner->from_ms = *ret ? 0 : notice.from_ms;
    return 0;
}

static int pruner_prune(struct pruner *pruner, struct store *store, int64_t now_ms,
                        bool *ret_more)
{
    bool may = false;
    int r = pruner_may_prune(pruner, store, now_ms, &may);

    if (r == 0 && may)
        r = store_prune(store, &pruner->pruning, now_ms, ret_more);
    /* Something went, so that is allowed from now on. */
    pruner->is_announced = pruner->is_announced || *ret_more;
    return r;
}

int pruner_step(struct pruner *pruner, struct store *store)
{
    int64_t begun_ms = clock_mono_ms(), wall_ms = clock_wall_ms(), due_ms = 0;
    bool more = false;
    int64_t took_ms;
    int r;

    if (begun_ms < pruner->next_ms)
        return 0;
    if (begun_ms >= pruner->restart_ms) {
        store_prune_begin(&pruner->pruning);
        pruner->restart_ms = begun_ms + PRUNER_RESTART_MS;
    }
    r = store_prune_clock(store, wall_ms, &due_ms);
    if (r == 0)
        r = store_tidy(store, wall_ms, due_ms, &more);
    if (r == 0 && !more)
        r = pruner_prune(pruner, store, due_ms, &more);
    if (r == 0 && !more)
        r = store_give_back(store, &more);
    took_ms = clock_mono_ms() - begun_ms;
    pruner->next_ms =
        begun_ms + took_ms + (more ? 1 + PRUNER_PAUSE_TIMES * took_ms : PRUNER_AGAIN_MS);
    return r;
}

/* db prune: what `[retention]` keeps no longer goes now, in short transactions. */
#include <errno.h>

#include "ctl/ctl.h"
#include "ctl/progress.h"
#include "sesbounce/store_retention.h"

static void pruning_begin(const struct settings *settings, struct store_pruning *ret)
{
    *ret = (struct store_pruning){
        .keep_ms = {[STORE_PRUNE_BODIES] = (int64_t)settings->retention.bodies_ms,
                    [STORE_PRUNE_EVENTS] = (int64_t)settings->retention.events_ms,
                    [STORE_PRUNE_QUARANTINE] = (int64_t)settings->retention.quarantine_ms,
                    [STORE_PRUNE_LOG] = (int64_t)settings->retention.log_ms}};
    store_prune_begin(ret);
}

static uint64_t pruning_sum(const struct store_pruning *pruning)
{
    int64_t sum = 0;
    for (size_t i = 0; i < STORE_PRUNE_KINDS; i++)
        sum += pruning->pruned[i];
    return (uint64_t)sum;
}

static int pruning_run(struct ctl *ctl, struct store_pruning *pruning, bool dry_run)
{
    struct progress progress;
    bool more = true;
    int r = 0;
    progress_start(&progress, "rows pruned", false);
    while (r == 0 && more) {
        r = dry_run ? store_prune_count(ctl->store, pruning, ctl->now_ms, &more)
                    : store_prune(ctl->store, pruning, ctl->now_ms, &more);
        progress_show(&progress, pruning_sum(pruning));
    }
    progress_end(&progress);
    return r;
}

/* A person has the clock in view, and so is believed more than the daemon's guess; but
 * not where the messages say that it is wrong. False after telling. */
static bool clock_is_right(struct ctl *ctl)
{
    struct store_clock_signs signs;
    int r = store_clock_signs(ctl->store, ctl->now_ms, &signs);
    if (r < 0)
        return ctl_fail_store(ctl, r) == CTL_DONE;
    if (!signs.is_surge)
        return true;
    ctl_fail("nothing is pruned: most messages of the last hour are too old, which is a "
             "sign that this machine's clock is ahead; see `timedatectl`");
    return false;
}

static int pruning_print(struct ctl *ctl, const struct store_pruning *pruning,
                         bool dry_run)
{
    const int64_t *n = pruning->pruned;
    const struct store_value row[] = {
        output_integer("bodies", n[STORE_PRUNE_BODIES]),
        output_integer("events", n[STORE_PRUNE_EVENTS]),
        output_integer("quarantined", n[STORE_PRUNE_QUARANTINE]),
        output_integer("changes", n[STORE_PRUNE_LOG]),
    };
    if (ctl->format != OUTPUT_TABLE)
        return ctl_print_row(ctl, row, sizeof(row) / sizeof(*row), CTL_DONE);
    if (printf("%s: %lld bodies, %lld events, %lld messages in quarantine, %lld changes "
               "of the list\n",
               dry_run ? "would be pruned" : "pruned", (long long)n[STORE_PRUNE_BODIES],
               (long long)n[STORE_PRUNE_EVENTS], (long long)n[STORE_PRUNE_QUARANTINE],
               (long long)n[STORE_PRUNE_LOG]) < 0)
        return ctl_fail_output(-EIO);
    return CTL_DONE;
}

int cmd_db_prune(struct ctl *ctl)
{
    bool dry_run = ctl_given(ctl, OPTION_DRY_RUN);
    struct store_pruning pruning;
    if (!ctl_settings(ctl) || !ctl_store(ctl, dry_run ? STORE_READ : STORE_WRITE) ||
        !clock_is_right(ctl))
        return CTL_COULD_NOT;
    pruning_begin(ctl->settings, &pruning);
    int r = pruning_run(ctl, &pruning, dry_run);
    /* After a fault, too, it says what is gone so far. */
    int code = pruning_print(ctl, &pruning, dry_run);
    if (r == 0 && !dry_run)
        (void)store_idle(ctl->store);
    return r < 0 ? ctl_fail_store(ctl, r) : code;
}

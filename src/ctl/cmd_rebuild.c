/* suppress rebuild: the list as the policy in force makes it of the kept events. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/limits.h"
#include "ctl/progress.h"

/* Addresses that are changed in one transaction: some entries, lines of the log and
 * look-ups each. */
#define TURN_REBUILD_MAX (STORE_TURN_ROWS_MAX / 8)

/* Changes of one kind. */
struct kind {
    enum policy_action action;
    enum policy_reason reason;
    char rule[64];
    uint64_t count;
    char samples[CTL_REBUILD_SAMPLES_MAX][ADDRESS_BYTES_MAX];
};

struct rebuild {
    struct ctl *ctl;
    struct store_rebuild store;
    struct output output;
    struct progress progress;
    const char *address;                            /* the present one */
    bool quiet;                                     /* it is looked at only */
    char turn[TURN_REBUILD_MAX][ADDRESS_BYTES_MAX]; /* those that differ */
    size_t turn_count, turn_at;
    struct kind kinds[CTL_REBUILD_KINDS_MAX];
    size_t kind_count;
    uint64_t looked, changed;
};

static struct kind *kind_get(struct rebuild *rebuild, const struct store_rebuilt *change)
{
    const char *rule = change->rule ? change->rule : "";
    size_t i = 0;

    while (i < rebuild->kind_count && (rebuild->kinds[i].action != change->action ||
                                       rebuild->kinds[i].reason != change->reason ||
                                       strcmp(rebuild->kinds[i].rule, rule) != 0))
        i++;
    /* The last one is for all others: there are a few dozen rules. */
    if (i == CTL_REBUILD_KINDS_MAX)
        return &rebuild->kinds[i - 1];
    if (i == rebuild->kind_count) {
        rebuild->kinds[i] =
            (struct kind){.action = change->action, .reason = change->reason};
        (void)snprintf(rebuild->kinds[i].rule, sizeof(rebuild->kinds[i].rule), "%s",
                       rule);
        rebuild->kind_count++;
    }
    return &rebuild->kinds[i];
}

static int rebuilt_note(void *context, const struct store_rebuilt *change)
{
    struct rebuild *rebuild = context;

    if (rebuild->quiet)
        return 0;
    if (rebuild->ctl->format != OUTPUT_TABLE) {
        const struct store_value row[] = {
            output_text("address", rebuild->address),
            output_text("scope", change->scope),
            output_text("action", policy_action_word(change->action)),
            output_text("reason", policy_reason_word(change->reason)),
            output_text("rule", change->rule),
        };
        return output_row(&rebuild->output, row, sizeof(row) / sizeof(*row));
    }
    struct kind *kind = kind_get(rebuild, change);
    if (kind->count < CTL_REBUILD_SAMPLES_MAX)
        (void)snprintf(kind->samples[kind->count], ADDRESS_BYTES_MAX, "%s",
                       rebuild->address);
    kind->count++;
    return 0;
}

static int address_rebuild(struct rebuild *rebuild, const char *address, bool dry_run)
{
    rebuild->address = address;
    rebuild->store.dry_run = dry_run;
    rebuild->quiet = dry_run && !ctl_given(rebuild->ctl, OPTION_DRY_RUN);
    return store_rebuild_address(rebuild->ctl->store, &rebuild->store, address,
                                 rebuilt_note, rebuild);
}

static int turn_rebuild_next(void *context, bool *ret_end)
{
    struct rebuild *rebuild = context;

    if (rebuild->turn_at == rebuild->turn_count) {
        *ret_end = true;
        return 0;
    }
    int r = address_rebuild(rebuild, rebuild->turn[rebuild->turn_at], false);
    if (r < 0)
        return r;
    rebuild->turn_at++;
    *ret_end = rebuild->turn_at == rebuild->turn_count;
    return 0;
}

/* What differs is computed once more where it cannot change meanwhile. */
static int turns_rebuild(struct rebuild *rebuild)
{
    int r = 0;

    rebuild->turn_at = 0;
    while (r == 0 && rebuild->turn_at < rebuild->turn_count)
        r = ctl_turn(rebuild->ctl->store, TURN_COMMITS, turn_rebuild_next, rebuild);
    rebuild->turn_count = 0;
    return r;
}

static int list_rebuild(struct rebuild *rebuild)
{
    bool dry_run = ctl_given(rebuild->ctl, OPTION_DRY_RUN);
    char address[ADDRESS_BYTES_MAX] = "";
    int r;

    while ((r = store_rebuild_next(rebuild->ctl->store, address)) == 1) {
        r = address_rebuild(rebuild, address, true);
        if (r < 0)
            return r;
        rebuild->changed += r == 1;
        if (r == 1 && !dry_run)
            memcpy(rebuild->turn[rebuild->turn_count++], address, sizeof(address));
        if (rebuild->turn_count == TURN_REBUILD_MAX && (r = turns_rebuild(rebuild)) < 0)
            return r;
        progress_show(&rebuild->progress, ++rebuild->looked);
    }
    return r < 0 ? r : turns_rebuild(rebuild);
}

static int kind_print(struct rebuild *rebuild, const struct kind *kind)
{
    const char *would = ctl_given(rebuild->ctl, OPTION_DRY_RUN) ? "would be " : "";
    int r = output_printf(
        &rebuild->output, "%llu %s%s: %s%s%s, such as", (unsigned long long)kind->count,
        would, policy_action_word(kind->action), policy_reason_word(kind->reason),
        *kind->rule ? " by " : "", kind->rule);

    for (uint64_t i = 0; r == 0 && i < kind->count && i < CTL_REBUILD_SAMPLES_MAX; i++)
        r = output_printf(&rebuild->output, "%s %s", i ? "," : "", kind->samples[i]);
    return r < 0 ? r : output_printf(&rebuild->output, "\n");
}

static int rebuild_tell(struct rebuild *rebuild)
{
    int r = 0;

    if (rebuild->ctl->format != OUTPUT_TABLE)
        return 0;
    for (size_t i = 0; r == 0 && i < rebuild->kind_count; i++)
        r = kind_print(rebuild, &rebuild->kinds[i]);
    if (r < 0)
        return r;
    return output_printf(&rebuild->output, "%llu addresses, %llu of them differ\n",
                         (unsigned long long)rebuild->looked,
                         (unsigned long long)rebuild->changed);
}

int cmd_suppress_rebuild(struct ctl *ctl)
{
    bool dry_run = ctl_given(ctl, OPTION_DRY_RUN);
    _cleanup_(freep) struct rebuild *rebuild = calloc(1, sizeof(*rebuild));

    if (!rebuild)
        return ctl_fail("out of memory");
    if (!ctl_settings(ctl) || !ctl_store(ctl, dry_run ? STORE_READ : STORE_WRITE))
        return CTL_COULD_NOT;
    rebuild->ctl = ctl;
    rebuild->store = (struct store_rebuild){
        .policy = &ctl->settings->policy, .actor = ctl_actor(), .now_ms = ctl->now_ms};
    ctl_output(ctl, &rebuild->output, NULL);
    progress_start(&rebuild->progress, "addresses", false);
    int r = list_rebuild(rebuild);
    progress_end(&rebuild->progress);
    if (r == 0)
        r = rebuild_tell(rebuild);
    return ctl_output_end(ctl, &rebuild->output, r);
}

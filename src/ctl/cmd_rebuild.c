/* suppress rebuild: the list as the policy in force makes it of the kept events. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/limits.h"
#include "ctl/progress.h"

/* Addresses that are read at a time, and then changed, in as many transactions as
 * STORE_TURN_MS makes of it: each writes two rows or three. */
#define TURN_REBUILD_MAX (STORE_TURN_ROWS_MAX / 2)

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
    char page[TURN_REBUILD_MAX][ADDRESS_BYTES_MAX];
    struct store_rebuilding *turn[TURN_REBUILD_MAX]; /* owned: what of it differs */
    size_t turn_count, turn_at;
    struct kind kinds[CTL_REBUILD_KINDS_MAX];
    size_t kind_count;
    uint64_t looked, changed, left;
    char left_samples[CTL_REBUILD_SAMPLES_MAX][ADDRESS_BYTES_MAX];
};

static void rebuild_free(struct rebuild *rebuild)
{
    for (size_t i = 0; rebuild && i < rebuild->turn_count; i++)
        store_rebuilding_free(rebuild->turn[i]);
    free(rebuild);
}
DEFINE_CLEANUP(struct rebuild, rebuild_free)

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

    if (rebuild->ctl->format != OUTPUT_TABLE) {
        const struct store_value row[] = {
            output_text("address", change->address),
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
                       change->address);
    kind->count++;
    return 0;
}

/* 0 where it has too many events, or another fault. */
static int left_note(struct rebuild *rebuild, const char *address, int r)
{
    if (r != -E2BIG)
        return r;
    if (rebuild->left < CTL_REBUILD_SAMPLES_MAX)
        memcpy(rebuild->left_samples[rebuild->left], address, strlen(address) + 1);
    rebuild->left++;
    return 0;
}

static int turn_rebuild_next(void *context, bool *ret_end)
{
    struct rebuild *rebuild = context;
    int r = 0;

    if (rebuild->turn_at < rebuild->turn_count)
        r = store_rebuild_save(rebuild->turn[rebuild->turn_at], rebuilt_note, rebuild);
    if (r < 0 && r != -E2BIG) /* it has got too many events meanwhile */
        return r;
    if (rebuild->turn_at < rebuild->turn_count) {
        store_rebuilding_free(take_ptr(rebuild->turn[rebuild->turn_at]));
        rebuild->turn_at++;
    }
    *ret_end = rebuild->turn_at == rebuild->turn_count;
    return 0;
}

static int turns_rebuild(struct rebuild *rebuild)
{
    enum ctl_turn_end end =
        ctl_given(rebuild->ctl, OPTION_DRY_RUN) ? TURN_READS : TURN_COMMITS;
    int r = 0;

    rebuild->turn_at = 0;
    while (r == 0 && rebuild->turn_at < rebuild->turn_count)
        r = ctl_turn(rebuild->ctl->store, end, turn_rebuild_next, rebuild);
    rebuild->turn_count = r == 0 ? 0 : rebuild->turn_count;
    return r;
}

static int rebuild_page_look(struct rebuild *rebuild, int count)
{
    struct store *store = rebuild->ctl->store;
    int r = 0;

    for (int i = 0; r >= 0 && i < count; i++) {
        struct store_rebuilding **differs = &rebuild->turn[rebuild->turn_count];

        r = left_note(
            rebuild, rebuild->page[i],
            store_rebuild_look(store, &rebuild->store, rebuild->page[i], differs));
        rebuild->turn_count += r == 1;
        progress_show(&rebuild->progress, ++rebuild->looked);
    }
    return r < 0 ? r : 0;
}

/* How many addresses there were, or a fault. Within one transaction, since each statement
 * alone would begin one; so nothing is written meanwhile, which may have to wait. */
static int rebuild_page(struct rebuild *rebuild, const char *after)
{
    struct store *store = rebuild->ctl->store;
    int r = store_read_begin(store), ended;

    if (r < 0)
        return r;
    int count = store_rebuild_next(store, after, rebuild->page, TURN_REBUILD_MAX);
    if (count > 0)
        r = rebuild_page_look(rebuild, count);
    ended = store_read_end(store);
    return count < 0 ? count : r < 0 ? r : ended < 0 ? ended : count;
}

static int list_rebuild(struct rebuild *rebuild)
{
    char after[ADDRESS_BYTES_MAX] = "";
    int count;

    while ((count = rebuild_page(rebuild, after)) > 0) {
        rebuild->changed += rebuild->turn_count;
        int r = turns_rebuild(rebuild);
        if (r < 0)
            return r;
        memcpy(after, rebuild->page[count - 1], sizeof(after));
    }
    return count;
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

/* On standard error, since it concerns every format. */
static void left_tell(const struct rebuild *rebuild)
{
    uint64_t n = rebuild->left;

    if (n > 0)
        ctl_note("%llu addresses have more than %d bounces, complaints and opt-outs, and "
                 "stay as they are, such as %s%s%s%s%s",
                 (unsigned long long)n, STORE_REBUILD_EVENTS_MAX,
                 rebuild->left_samples[0], n > 1 ? ", " : "", rebuild->left_samples[1],
                 n > 2 ? ", " : "", rebuild->left_samples[2]);
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
    _cleanup_(rebuild_freep) struct rebuild *rebuild = calloc(1, sizeof(*rebuild));

    if (!rebuild)
        return ctl_fail("out of memory");
    if (!ctl_settings(ctl) || !ctl_store(ctl, dry_run ? STORE_READ : STORE_WRITE))
        return CTL_COULD_NOT;
    rebuild->ctl = ctl;
    rebuild->store = (struct store_rebuild){.policy = &ctl->settings->policy,
                                            .actor = ctl_actor(),
                                            .now_ms = ctl->now_ms,
                                            .dry_run = dry_run};
    ctl_output(ctl, &rebuild->output, NULL);
    progress_start(&rebuild->progress, "addresses", false);
    int r = list_rebuild(rebuild);
    progress_end(&rebuild->progress);
    left_tell(rebuild);
    if (r == 0)
        r = rebuild_tell(rebuild);
    return ctl_output_end(ctl, &rebuild->output, r);
}

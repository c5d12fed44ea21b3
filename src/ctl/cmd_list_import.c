/* suppress import: lists of other services, and our own exports. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "ctl/list_keys.h"
#include "ctl/list_reading.h"

/* An entry and its line of the log each: no more than STORE_TURN_ROWS_MAX. */
#define TURN_ENTRIES_MAX (STORE_TURN_ROWS_MAX / 2)

struct list_import {
    struct ctl *ctl;
    struct list_reading reading;
    bool dry_run;
    const char *actor;
    const char *note; /* of entries without one; NULL: none */
    /* Read before the turn is taken, and sorted: neighbours share the pages of the
     * database that they change. */
    struct list_keys waiting;
    size_t at;
    uint64_t turn_entries, turn_imported, turn_erased;
    char scope[POLICY_SCOPE_BYTES_MAX]; /* the first other than `*`; empty: none */
    /* the summary */
    uint64_t done, imported, erased, expired, without_reason;
};

static volatile sig_atomic_t import_interrupted;

static void import_interrupt(int signal_number)
{
    (void)signal_number;
    import_interrupted = 1;
}

/* --- applying --- */

static int entry_decide(void *context, bool *ret_end)
{
    struct list_import *import = context;
    const struct list_key entry = list_keys_get(&import->waiting, import->at++);
    const struct store_decision decision = {.what = POLICY_DECIDE_IMPORT,
                                            .reason = entry.reason,
                                            .origin = POLICY_ORIGIN_IMPORT,
                                            .address = entry.address,
                                            .scope = entry.scope,
                                            .actor = import->actor,
                                            .note =
                                                *entry.note ? entry.note : import->note,
                                            .detail = *entry.detail ? entry.detail : NULL,
                                            .now_ms = import->ctl->now_ms,
                                            .since_ms = entry.since_ms,
                                            .until_ms = entry.until_ms};
    enum policy_decided decided;
    int r = store_decide(import->ctl->store, &decision, &decided);
    import->turn_imported += r == 0 && decided == POLICY_CHANGED;
    import->turn_erased += r == 0 && decided == POLICY_ERASED;
    *ret_end =
        ++import->turn_entries == TURN_ENTRIES_MAX || import->at == import->waiting.count;
    return r;
}

/* Interrupted: what is committed stays. */
static int waiting_apply(struct list_import *import)
{
    size_t before = 0;
    int r = 0;
    import->at = 0;
    list_keys_sort(&import->waiting);
    while (r == 0 && import->at < import->waiting.count) {
        import->turn_imported = import->turn_erased = import->turn_entries = 0;
        r = import_interrupted
                ? -EINTR
                : ctl_turn(import->ctl->store,
                           import->dry_run ? TURN_ROLLS_BACK : TURN_COMMITS, entry_decide,
                           import);
        if (r < 0)
            break;
        import->imported += import->turn_imported;
        import->erased += import->turn_erased;
        import->done += import->at - before;
        before = import->at;
        progress_show(&import->reading.progress, import->done);
    }
    list_keys_clear(&import->waiting);
    return r;
}

static int entry_keep(struct list_import *import, const struct list_entry *entry)
{
    int r = list_keys_add(&import->waiting, entry);
    if (r != -E2BIG)
        return r;
    r = waiting_apply(import);
    return r < 0 ? r : list_keys_add(&import->waiting, entry);
}

static int entry_wait(void *context, const struct list_entry *entry)
{
    struct list_import *import = context;
    struct list_entry kept;
    if (import_interrupted)
        return -EINTR;
    if (entry->until_ms <= import->ctl->now_ms) {
        import->expired++;
        return 0;
    }
    if (!*import->scope && strcmp(entry->scope.data, POLICY_SCOPE_ALL) != 0)
        (void)snprintf(import->scope, sizeof(import->scope), "%s", entry->scope.data);
    if (entry->reason != POLICY_REASON_NONE)
        return entry_keep(import, entry);
    import->without_reason++;
    /* `address.domain` stays that of `entry`, and is not asked for. */
    kept = *entry;
    kept.reason = POLICY_REASON_MANUAL;
    return entry_keep(import, &kept);
}

/* --- telling --- */

/* What people might not expect of what was done. */
static void surprises_tell(const struct list_import *import)
{
    if (import->without_reason > 0)
        ctl_note("%llu entries have no reason, and are MANUAL; --reason gives another",
                 (unsigned long long)import->without_reason);
    if (*import->scope && !ctl_given(import->ctl, OPTION_SCOPE))
        ctl_note(
            "some entries are of a scope, such as `%s`, and apply to that mail only; "
            "--scope '*' imports them for all mail",
            import->scope);
}

/* Returns `code` if it could be printed. */
static int summary_tell(const struct list_import *import, int code)
{
    uint64_t unchanged = import->done - import->imported - import->erased;
    const struct store_value values[] = {
        output_integer("imported", (int64_t)import->imported),
        output_integer("unchanged", (int64_t)unchanged),
        output_integer("erased", (int64_t)import->erased),
        output_integer("expired", (int64_t)import->expired),
        output_integer("refused", (int64_t)import->reading.faults),
    };
    if (import->ctl->format != OUTPUT_TABLE)
        return ctl_print_row(import->ctl, values, sizeof(values) / sizeof(*values), code);
    printf("%llu %simported, %llu unchanged", (unsigned long long)import->imported,
           import->dry_run ? "would be " : "", (unsigned long long)unchanged);
    if (import->erased > 0)
        printf(", %llu skipped: from before their address was erased",
               (unsigned long long)import->erased);
    if (import->expired > 0)
        printf(", %llu have ended already", (unsigned long long)import->expired);
    if (import->reading.faults > 0)
        printf(", %llu lines are not entries",
               (unsigned long long)import->reading.faults);
    return putchar('\n') == EOF ? ctl_fail_output(-EIO) : code;
}

static int import_entries(struct list_import *import)
{
    int r = list_reading_run(&import->reading, import->ctl, entry_wait, import);
    bool is_told = r == -ECANCELED;
    /* What was read before a failure is imported all the same. */
    int applied = r == 0 || is_told || r == -EINTR ? waiting_apply(import) : 0;
    int code = import->reading.faults > 0 ? CTL_NO : CTL_DONE;
    if (applied < 0)
        r = applied;
    if (r == -EINTR)
        code = ctl_fail("interrupted");
    else if (r < 0)
        code = is_told && applied == 0 ? CTL_COULD_NOT : ctl_fail_store(import->ctl, r);
    if (r < 0 && !import->dry_run)
        ctl_note("%llu entries are done; repeat the command for the rest: what is "
                 "imported already stays as it is",
                 (unsigned long long)import->done);
    surprises_tell(import);
    return summary_tell(import, code);
}

int cmd_list_import(struct ctl *ctl)
{
    const char *note = ctl->value[OPTION_NOTE];
    struct list_import import = {.ctl = ctl,
                                 .dry_run = ctl_given(ctl, OPTION_DRY_RUN),
                                 .actor = ctl_actor(),
                                 /* Absent is NULL, never ''. */
                                 .note = note && *note ? note : NULL};
    if (!list_reading_init(&import.reading, ctl) || !ctl_store(ctl, STORE_WRITE))
        return CTL_COULD_NOT;
    scopes_warn(ctl);
    list_keys_init(&import.waiting, CTL_IMPORT_BYTES_MAX, true);
    signal(SIGINT, import_interrupt);
    int code = import_entries(&import);
    list_keys_done(&import.waiting);
    return code;
}

/* db check: is the file sound. db settle: leave it readable without the daemon. db
 * compact: what is free in the file goes back to the file system, in short steps. */
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>

#include "ctl/ctl.h"
#include "ctl/limits.h"
#include "ctl/progress.h"
#include "sesbounce/text.h"

/* --- check --- */

struct checking {
    struct progress progress;
    uint64_t steps;
};

static void checking_show(void *context)
{
    struct checking *checking = context;
    progress_show(&checking->progress, ++checking->steps);
}

/* `faults` is empty when the file is sound. */
static int soundness_print(struct ctl *ctl, struct str faults)
{
    const char *path = ctl_store_path(ctl);
    const struct store_value row[] = {
        output_text("file", path), output_boolean("sound", faults.len == 0),
        output_str("faults", faults.len > 0 ? faults : STR_ABSENT)};
    _cleanup_(buf_done) struct buf safe = {.max = 4 * (size_t)CTL_FAULTS_BYTES_MAX};
    int code = CTL_DONE;
    (void)text_neutral(&safe, faults, true);
    if (ctl->format != OUTPUT_TABLE)
        code = ctl_print_row(ctl, row, 3, CTL_DONE);
    else if (printf("%s: %s%s\n", path, faults.len > 0 ? "damaged\n" : "sound",
                    buf_str(&safe).data) < 0)
        code = ctl_fail_output(-EIO);
    if (code != CTL_DONE || faults.len == 0)
        return code;
    ctl_note("stop the daemon, keep a copy of the file, then restore a backup, or save "
             "what can be read: sqlite3 FILE .recover");
    return CTL_NO;
}

int cmd_db_check(struct ctl *ctl)
{
    struct checking checking = {0};
    _cleanup_(buf_done) struct buf faults = {.max = CTL_FAULTS_BYTES_MAX};
    if (!ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    progress_start(&checking.progress, "steps", false);
    int r = store_check(ctl->store, &faults, checking_show, &checking);
    progress_end(&checking.progress);
    if (r < 0 && r != -EUCLEAN)
        return ctl_fail_store(ctl, r);
    /* Damage without words is still damage. */
    if (r < 0 && faults.len == 0)
        (void)buf_append_str(&faults, STR("damaged"));
    return soundness_print(ctl, str_trim(buf_str(&faults)));
}

/* --- settle --- */

/* The unit calls us also where the settings are what ended the daemon: the path in them,
 * or its default, is good all the same. */
static const char *settle_path(struct ctl *ctl)
{
    _cleanup_(buf_done) struct buf faults = {.max = CTL_FAULTS_BYTES_MAX};
    if (ctl_given(ctl, OPTION_DB))
        return ctl->value[OPTION_DB];
    (void)settings_read_partly(ctl->value[OPTION_CONFIG], &ctl->settings, &faults);
    fputs(buf_str(&faults).data, stderr);
    return ctl->settings ? ctl->settings->store.path : NULL;
}

int cmd_db_settle(struct ctl *ctl)
{
    const char *path = settle_path(ctl);
    _cleanup_(buf_done) struct buf fault = {.max = CTL_FAULTS_BYTES_MAX};
    if (!path)
        return CTL_COULD_NOT;
    int r = store_settle(path, &fault);
    if (r < 0)
        ctl_fail_open(ctl, path, r, str_trim(buf_str(&fault)), STORE_WRITE);
    return r < 0 ? CTL_COULD_NOT : CTL_DONE;
}

/* --- compact --- */

static volatile sig_atomic_t interrupted;

static void interrupt_note(int number)
{
    (void)number;
    interrupted = 1;
}

static bool is_interrupted(void)
{
    return interrupted;
}

/* What is being done is finished, or undone, and then told. */
static void interrupts_catch(void)
{
    struct sigaction action = {.sa_handler = interrupt_note};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

struct compacting {
    struct ctl *ctl;
    struct store_space before;
    int64_t given_bytes;
};

static int compacting_print(struct compacting *compacting, bool dry_run)
{
    const char *path = ctl_store_path(compacting->ctl);
    struct store_space now = compacting->before;
    struct stat st;
    if (!dry_run)
        (void)store_space(compacting->ctl->store, &now);
    const struct store_value row[] = {
        output_text("file", path),
        output_integer("file_bytes", stat(path, &st) == 0 ? st.st_size : 0),
        output_integer("given_back_bytes", compacting->given_bytes),
        output_integer("free_bytes", now.free_bytes),
        output_integer("in_steps", now.in_steps),
    };
    return ctl_print_row(compacting->ctl, row, sizeof(row) / sizeof(*row), CTL_DONE);
}

static int compact_in_steps(struct compacting *compacting)
{
    struct store *store = compacting->ctl->store;
    struct progress progress;
    int64_t bytes = 1;
    int r = 0;
    progress_start(&progress, "bytes returned", false);
    while (r == 0 && bytes > 0 && !interrupted) {
        r = store_compact_step(store, &bytes);
        compacting->given_bytes += bytes;
        progress_show(&progress, (uint64_t)compacting->given_bytes);
    }
    progress_end(&progress);
    /* The file shrinks when the log is copied into it; if not now, the daemon does it. */
    (void)store_idle(store);
    return r < 0 ? r : interrupted ? -EINTR : 0;
}

static int compact_by_rewriting(struct compacting *compacting)
{
    struct store_space after = {0};
    int r = store_rewrite(compacting->ctl->store, is_interrupted);
    if (r == 0)
        r = store_space(compacting->ctl->store, &after);
    if (r < 0)
        return r;
    compacting->given_bytes = compacting->before.bytes - after.bytes;
    (void)store_idle(compacting->ctl->store);
    return 0;
}

int cmd_db_compact(struct ctl *ctl)
{
    struct compacting compacting = {.ctl = ctl};
    bool dry_run = ctl_given(ctl, OPTION_DRY_RUN);
    if (!ctl_store(ctl, dry_run ? STORE_READ : STORE_WRITE))
        return CTL_COULD_NOT;
    int r = store_space(ctl->store, &compacting.before);
    if (r < 0)
        return ctl_fail_store(ctl, r);
    bool in_steps = compacting.before.in_steps;
    interrupts_catch();
    if (!dry_run)
        r = in_steps ? compact_in_steps(&compacting) : compact_by_rewriting(&compacting);
    int code = compacting_print(&compacting, dry_run);
    if (code != CTL_DONE)
        return code;
    if (r == -EINTR)
        return ctl_fail("interrupted; the space returned so far is shown above, and the "
                        "file is sound");
    if (!in_steps && (dry_run || r == -EBUSY))
        ctl_note(
            "an earlier version made this file, so it must be rewritten once: stop "
            "sesbounced, run this command again, and start it; that takes as long as "
            "copying the file twice, and up to twice its size in free disk space; "
            "afterwards, compacting works in short steps while the daemon runs");
    else if (r < 0)
        return ctl_fail_store(ctl, r);
    return r < 0 ? CTL_COULD_NOT : CTL_DONE;
}

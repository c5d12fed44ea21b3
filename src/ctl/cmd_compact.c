/* db compact: what is free in the file goes back to the file system, in short steps. */
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>

#include "ctl/ctl.h"
#include "ctl/progress.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static bool is_interrupted(void)
{
    return interrupted;
}

/* What is being done is finished, or undone, and then told. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

struct compacting {
    struct ctl *ctl;
    struct store_space before;
    int64_t given_bytes;
};

static int64_t file_bytes(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_size : 0;
}

static int print_row(struct compacting *compacting, bool dry_run)
{
    const char *path = ctl_store_path(compacting->ctl);
    struct store_space now = compacting->before;
    if (!dry_run)
        (void)store_space(compacting->ctl->store, &now);
    const struct store_value row[] = {
        output_text("file", path),
        output_integer("file_bytes", file_bytes(path)),
        output_integer("given_back_bytes", compacting->given_bytes),
        output_integer("free_bytes", now.free_bytes),
        output_integer("in_steps", now.in_steps),
    };
    return ctl_print_row(compacting->ctl, row, sizeof(row) / sizeof(*row));
}

static void say_how(const struct compacting *compacting)
{
    if (!compacting->before.in_steps)
        ctl_note(
            "an earlier version made this file, so it must be rewritten once: stop "
            "sesbounced, run this command again, and start it; that takes as long as "
            "copying the file twice, and up to twice its size in free disk space; "
            "afterwards, compacting works in short steps while the daemon runs");
}

static int go_in_steps(struct compacting *compacting)
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

static int rewrite(struct compacting *compacting)
{
    struct store_space after = {0};
    int r = store_rewrite(compacting->ctl->store, is_interrupted);
    if (r == 0)
        r = store_space(compacting->ctl->store, &after);
    if (r == 0)
        compacting->given_bytes = compacting->before.bytes - after.bytes;
    if (r == 0)
        (void)store_idle(compacting->ctl->store);
    return r;
}

static int explain(struct compacting *compacting, int r)
{
    if (r == -EINTR)
        return ctl_fail("interrupted; the space returned so far is shown above, and the "
                        "file is sound");
    if (r == -EBUSY && !compacting->before.in_steps) {
        say_how(compacting);
        return CTL_COULD_NOT;
    }
    return ctl_fail_store(compacting->ctl, r);
}

int cmd_db_compact(struct ctl *ctl)
{
    struct compacting compacting = {.ctl = ctl};
    bool dry_run = ctl_given(ctl, OPTION_DRY_RUN);
    int r;
    if (!ctl_store(ctl, dry_run ? STORE_READ : STORE_WRITE))
        return CTL_COULD_NOT;
    r = store_space(ctl->store, &compacting.before);
    if (r < 0)
        return ctl_fail_store(ctl, r);
    catch_signals();
    if (!dry_run)
        r = compacting.before.in_steps ? go_in_steps(&compacting) : rewrite(&compacting);
    int written = print_row(&compacting, dry_run);
    if (written < 0)
        return ctl_fail_output(written);
    if (dry_run)
        say_how(&compacting);
    return r < 0 ? explain(&compacting, r) : CTL_DONE;
}

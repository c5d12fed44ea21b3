/* db check: is the file sound. db settle: leave it readable without the daemon. */
#include <errno.h>

#include "ctl/ctl.h"
#include "ctl/limits.h"
#include "ctl/progress.h"
#include "sesbounce/text.h"

struct checking {
    struct progress progress;
    uint64_t steps;
};

static void on_progress(void *context)
{
    struct checking *checking = context;
    progress_show(&checking->progress, ++checking->steps);
}

/* `faults` is empty when the file is sound. */
static int print_row(const struct ctl *ctl, const char *path, struct str faults)
{
    const struct store_value row[] = {
        output_text("file", path), output_boolean("sound", faults.len == 0),
        faults.len > 0 ? output_str("faults", faults) : output_text("faults", NULL)};
    return ctl_print_row(ctl, row, 3);
}

static int print_lines(const char *path, struct str faults)
{
    struct buf safe;
    if (faults.len == 0)
        return printf("%s: sound\n", path) < 0 ? -EIO : 0;
    buf_init(&safe, 4 * (size_t)CTL_FAULTS_BYTES_MAX);
    (void)text_neutral(&safe, faults, true);
    int written = printf("%s: damaged\n%s\n", path, buf_str(&safe).data);
    buf_done(&safe);
    return written < 0 ? -EIO : 0;
}

static int tell(const struct ctl *ctl, const char *path, struct str faults)
{
    int r = ctl->format == OUTPUT_TABLE ? print_lines(path, faults)
                                        : print_row(ctl, path, faults);
    if (r < 0)
        return ctl_fail_output(r);
    if (faults.len == 0)
        return CTL_DONE;
    ctl_note("stop the daemon, keep a copy of the file, then restore a backup, or save "
             "what can be read: sqlite3 FILE .recover");
    return CTL_NO;
}

int cmd_db_check(struct ctl *ctl)
{
    struct checking checking = {0};
    struct buf faults;
    if (!ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    buf_init(&faults, CTL_FAULTS_BYTES_MAX);
    progress_start(&checking.progress, "steps", false);
    int r = store_check(ctl->store, &faults, on_progress, &checking);
    progress_end(&checking.progress);
    /* Damage without words is still damage. */
    if (r == -EUCLEAN && faults.len == 0)
        (void)buf_append_str(&faults, STR("damaged"));
    int code = r == 0 || r == -EUCLEAN
                   ? tell(ctl, ctl_store_path(ctl), str_trim(buf_str(&faults)))
                   : ctl_fail_store(ctl, r);
    buf_done(&faults);
    return code;
}

/* The unit calls us also where the settings are what ended the daemon: the path in them,
 * or its default, is good all the same. */
static const char *settle_path(struct ctl *ctl)
{
    _cleanup_(buf_done) struct buf faults;
    if (ctl_given(ctl, OPTION_DB))
        return ctl->value[OPTION_DB];
    buf_init(&faults, CTL_FAULTS_BYTES_MAX);
    int r = ctl->settings ? 0
                          : settings_read_partly(ctl->value[OPTION_CONFIG],
                                                 &ctl->settings, &faults);
    if (r < 0 && faults.len > 0)
        fwrite(faults.data, 1, faults.len, stderr);
    return ctl->settings ? ctl->settings->store.path : NULL;
}

int cmd_db_settle(struct ctl *ctl)
{
    const char *path = settle_path(ctl);
    _cleanup_(buf_done) struct buf fault;
    int r;
    buf_init(&fault, CTL_FAULTS_BYTES_MAX);
    if (!path)
        return CTL_COULD_NOT;
    r = store_settle(path, &fault);
    if (r < 0)
        ctl_fail_open(path, r, str_trim(buf_str(&fault)), STORE_WRITE);
    return r < 0 ? CTL_COULD_NOT : CTL_DONE;
}

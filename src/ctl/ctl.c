#include "ctl/ctl.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/limits.h"
#include "sesbounce/listing.h"
#include "sesbounce/story.h"
#include "sesbounce/text.h"

/* What was typed or read is quoted in it, so that it is neutralised as a whole. */
__attribute__((format(printf, 1, 0))) static void message_print(const char *format,
                                                                va_list arguments)
{
    char text[CTL_MESSAGE_BYTES_MAX];
    _cleanup_(buf_done) struct buf safe = {.max = 4 * sizeof(text)};
    vsnprintf(text, sizeof(text), format, arguments);
    fflush(stdout);
    if (text_neutral(&safe, str_of(text), true) == 0)
        fprintf(stderr, "sesbouncectl: %s\n", buf_str(&safe).data);
}

int ctl_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    message_print(format, arguments);
    va_end(arguments);
    return CTL_COULD_NOT;
}

void ctl_note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    message_print(format, arguments);
    va_end(arguments);
}

bool ctl_address(const char *typed, struct address *ret)
{
    char fault[ADDRESS_FAULT_BYTES];
    if (address_read(str_of(typed), ret, fault) == 0)
        return true;
    ctl_fail("`%s` is not a mail address: %s", typed, fault);
    return false;
}

const char *ctl_actor(void)
{
    static char number[32];
    const char *sudo = getenv("SUDO_USER");
    if (sudo && *sudo)
        return sudo;
    const struct passwd *user = getpwuid(getuid());
    if (user && user->pw_name && *user->pw_name)
        return user->pw_name;
    snprintf(number, sizeof(number), "uid %lu", (unsigned long)getuid());
    return number;
}

/* What to type about a fault of the store, by its one meaning each (store.h). */
static const struct {
    int fault;
    const char *remedy;
} remedies[] = {
    {-EUCLEAN,
     "stop the daemon, keep a copy of the file, and see `sesbouncectl db check`; "
     "then restore a backup"},
    {-ENOTSUP, "upgrade sesbouncectl to the version of the daemon"},
    {-EBUSY, "another process had locked the database; try again"},
    {-EROFS,
     "the file system is read-only: mount it writable, or, in a unit, allow it with "
     "ReadWritePaths=DIRECTORY"},
    {-ENOSPC, "free some space on that file system, then try again"},
    {-ENOENT,
     "on a new installation start the daemon once (systemctl start sesbounced), or "
     "name the file with --db FILE; if the file was there before, restore a "
     "backup: sesbounced(8)"},
    {-EIO, "look for disk errors: journalctl -k -p err"},
};

static void remedy_note(int fault)
{
    for (size_t i = 0; i < sizeof(remedies) / sizeof(*remedies); i++)
        if (remedies[i].fault == fault)
            ctl_note("%s", remedies[i].remedy);
}

void ctl_fail_open(const struct ctl *ctl, const char *path, int r, struct str text,
                   enum store_mode mode)
{
    if (text.len > 0)
        ctl_note("%.*s", (int)(text.len < 2000 ? text.len : 2000), text.data);
    else
        ctl_note("%s: %s", path, strerror(-r));
    if (r == -EACCES && mode == STORE_WRITE && eaccess(path, W_OK) < 0)
        command_note_as_owner(ctl, path);
    if (text.len > 0)
        return;
    if (r == -EACCES && mode == STORE_READ)
        ctl_note(
            "add yourself to the group and log in again: sudo usermod -aG sesbounced %s",
            ctl_actor());
    remedy_note(r);
}

int ctl_fail_store(struct ctl *ctl, int r)
{
    const char *path = ctl_store_path(ctl);
    const char *text = ctl->store ? store_fault(ctl->store) : NULL;
    ctl_note("%s: %s", path ? path : "the database", text && *text ? text : strerror(-r));
    remedy_note(r);
    return CTL_COULD_NOT;
}

int ctl_fail_output(int r)
{
    if (r == -EPIPE)
        return CTL_COULD_NOT;
    return ctl_fail("cannot write the output: %s", strerror(-r));
}

bool ctl_settings(struct ctl *ctl)
{
    if (ctl->settings)
        return true;
    _cleanup_(buf_done) struct buf faults = {.max = CTL_FAULTS_BYTES_MAX};
    int r = settings_read(ctl->value[OPTION_CONFIG], &ctl->settings, &faults);
    if (r == 0)
        return true;
    fputs(buf_str(&faults).data, stderr);
    if (r == -EACCES)
        ctl_note("you may not read the configuration: use sudo, or --db FILE");
    else if (r == -EINVAL)
        ctl_note("the configuration cannot be used; correct it (sesbounced "
                 "--check-config) or, if the verb needs only the database, name that: "
                 "--db FILE");
    else
        ctl_note("the configuration cannot be used (%s); where a verb needs only the "
                 "database, name that: --db FILE",
                 strerror(-r));
    return false;
}

const char *ctl_store_path(struct ctl *ctl)
{
    if (ctl_given(ctl, OPTION_DB))
        return ctl->value[OPTION_DB];
    return ctl_settings(ctl) ? ctl->settings->store.path : NULL;
}

bool ctl_store(struct ctl *ctl, enum store_mode mode)
{
    const char *path = ctl_store_path(ctl);
    if (!path)
        return false;
    _cleanup_(buf_done) struct buf fault = {.max = CTL_MESSAGE_BYTES_MAX};
    int r = store_open(path, mode, &ctl->store, &fault);
    if (r < 0)
        ctl_fail_open(ctl, path, r, str_trim(buf_str(&fault)), mode);
    return r == 0;
}

int ctl_turn(struct store *store, enum ctl_turn_end end,
             int (*step)(void *context, bool *ret_end), void *context)
{
    int r = end == TURN_READS ? 0 : store_begin(store);
    if (r < 0)
        return r;
    int64_t deadline_ms = clock_mono_ms() + STORE_TURN_MS;
    bool ended = false;
    do {
        r = step(context, &ended);
    } while (r == 0 && !ended && clock_mono_ms() < deadline_ms);
    if (r == 0 && end == TURN_COMMITS)
        return store_commit(store);
    if (end != TURN_READS)
        store_rollback(store);
    return r;
}

/* --- selecting --- */

bool ctl_number(const char *what, const char *text, int64_t *ret)
{
    _cleanup_(buf_done) struct buf fault = {.max = CTL_MESSAGE_BYTES_MAX};
    if (filter_number(what, text, ret, &fault) == 0)
        return true;
    ctl_fail("%s", buf_str(&fault).data);
    return false;
}

bool ctl_filter(const struct ctl *ctl, enum store_view view, struct filter *ret)
{
    _cleanup_(buf_done) struct buf fault = {.max = CTL_MESSAGE_BYTES_MAX};
    filter_init(ret, view, ctl->now_ms, "--");
    for (enum ctl_option i = 0; i < OPTION_COUNT; i++)
        if (ctl_given(ctl, i) &&
            filter_set(ret, options_name(i), ctl->value[i], &fault) == -EINVAL) {
            ctl_fail("%s", buf_str(&fault).data);
            return false;
        }
    return true;
}

/* --- output --- */

static int stdout_write(void *context, struct str text)
{
    (void)context;
    errno = 0;
    if (fwrite(text.data, 1, text.len, stdout) == text.len)
        return 0;
    return errno ? -errno : -EIO;
}

void ctl_output(const struct ctl *ctl, struct output *ret,
                const struct output_columns *columns)
{
    struct output_sink to = {stdout_write, NULL, isatty(STDOUT_FILENO)};
    output_init(ret, to, ctl->format, columns);
}

int ctl_output_flush(struct output *output)
{
    int r = output_end(output);
    if (r == 0 && (fflush(stdout) != 0 || ferror(stdout)))
        r = output->fault = errno ? -errno : -EIO;
    return r;
}

int ctl_output_end(struct ctl *ctl, struct output *output, int r)
{
    if (r == 0)
        r = ctl_output_flush(output);
    output_done(output);
    if (r == 0)
        return CTL_DONE;
    return output->fault < 0 ? ctl_fail_output(r) : ctl_fail_store(ctl, r);
}

int ctl_print_row(struct ctl *ctl, const struct store_value *values, size_t count,
                  int code)
{
    struct output output;
    ctl_output(ctl, &output, NULL);
    int ended = ctl_output_end(ctl, &output, output_row(&output, values, count));
    return ended == CTL_DONE ? code : ended;
}

struct held_first {
    int64_t id;
};

static int held_first_take(void *context, const struct store_value *values, size_t count)
{
    struct held_first *first = context;
    const struct store_value *id = output_find(values, count, "id");
    first->id = id ? id->integer : 0;
    return 0;
}

/* Lines that can be pasted: with the id of an entry that is there. */
static void held_advise(struct ctl *ctl)
{
    const struct store_filter one = {.limit = 1, .ids_only = true};
    struct held_first first = {0};
    const char *writes = command_writes(ctl);
    if (store_query(ctl->store, STORE_HELD, &one, held_first_take, &first) < 0 ||
        first.id == 0)
        return;
    ctl_note("to let an entry take effect, or to discard it, type the one or the other "
             "(instead of an ID, a WHY stands for all its entries):");
    ctl_note("  %s suppress release --note '" STORY_REASON_MARK "' %lld", writes,
             (long long)first.id);
    ctl_note("  %s suppress drop --note '" STORY_REASON_MARK "' %lld", writes,
             (long long)first.id);
}

int cmd_list(struct ctl *ctl)
{
    const struct output_columns columns = listing_columns(ctl->verb->view);
    struct filter filter;
    struct output output;
    if (!ctl_filter(ctl, ctl->verb->view, &filter) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    ctl_output(ctl, &output, &columns);
    int r = listing_write(ctl->store, &filter, &output, NULL);
    bool any = output.rows > 0;
    int code = ctl_output_end(ctl, &output, r);
    if (code == CTL_DONE && any && ctl->verb->view == STORE_HELD &&
        ctl->format == OUTPUT_TABLE)
        held_advise(ctl);
    return code;
}

/*
 * follow: changes or events as they come, for programs; watch: events, for people.
 *
 * Between two looks the database is not open, so that nobody waits for a follower: not
 * the upkeep of the file, nor the daemon that starts or stops. A look reads a part and
 * closes, and only then writes it, however slow the reader of our output is.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/limits.h"
#include "sesbounce/following.h"
#include "sesbounce/text.h"

static volatile sig_atomic_t follow_stopped;

static void follow_stop(int signal_number)
{
    (void)signal_number;
    follow_stopped = 1;
}

/* What a file looks like; all 0: it is not there. */
struct sight {
    uint64_t inode;
    int64_t size;
    struct timespec changed;
};

struct follow {
    struct ctl *ctl;
    const char *path;
    char *log_path; /* owned: of the write-ahead log */
    struct following following;
    struct buf part; /* rows that are not written yet */
    struct output output;
    struct sight database, log; /* as of the last look */
    int64_t look_ms;            /* when to look whatever the files say */
    int64_t trouble_ms;         /* since when it cannot be read; 0: it can */
    bool is_told;               /* of that */
};

/* --- reading ---------------------------------------------------------------------- */

static const struct output_part event_parts[] = {
    {"", "occurred_at"}, {"  ", "type"},       {" ", "class"}, {" ", "cause"},
    {"  ", "address"},   {"  ", "diagnostic"}, {"", NULL}};

/* One readable line of an event. */
static int event_print(struct buf *to, const struct store_value *values, size_t count)
{
    _cleanup_(buf_done) struct buf line = {.max = CTL_WATCH_BYTES_MAX};
    int r = output_parts(&line, values, count, event_parts);

    if (r == 0)
        r = text_neutral(to, text_prefix(buf_str(&line), CTL_WATCH_WIDTH_MAX), false);
    return r == 0 ? buf_append_char(to, '\n') : r;
}

static int row_keep(void *context, const struct store_value *values, size_t count)
{
    struct follow *follow = context;

    if (follow->part.len >= CTL_FOLLOW_PART_BYTES)
        return 1;
    return follow->ctl->format == OUTPUT_JSON ? output_row(&follow->output, values, count)
                                              : event_print(&follow->part, values, count);
}

static struct sight file_see(const char *path)
{
    struct sight seen = {.inode = 0};
    struct stat st;

    if (stat(path, &st) == 0)
        seen = (struct sight){st.st_ino, st.st_size, st.st_mtim};
    return seen;
}

static bool sights_differ(const struct sight *a, const struct sight *b)
{
    return a->inode != b->inode || a->size != b->size ||
           a->changed.tv_sec != b->changed.tv_sec ||
           a->changed.tv_nsec != b->changed.tv_nsec;
}

/* Has somebody written since the last look, or was that long ago? */
static bool look_is_due(const struct follow *follow)
{
    struct sight database = file_see(follow->path), log = file_see(follow->log_path);

    return clock_mono_ms() >= follow->look_ms ||
           sights_differ(&database, &follow->database) ||
           sights_differ(&log, &follow->log);
}

/* Opens the database for one look. 0, FOLLOWING_GONE, or a fault. */
static int follow_look(struct follow *follow)
{
    _cleanup_(store_closep) struct store *store = NULL;

    follow->database = file_see(follow->path);
    follow->log = file_see(follow->log_path);
    follow->look_ms = clock_mono_ms() + CTL_FOLLOW_LOOK_MS;
    int r = store_open(follow->path, STORE_READ, &store, NULL);
    return r == 0 ? following_look(&follow->following, store, row_keep, follow) : r;
}

/* --- writing ---------------------------------------------------------------------- */

/* 0; -EPIPE: the reader has gone; -EINTR: we are to stop; or another negative errno. */
static int part_write(struct follow *follow)
{
    struct str rest = buf_str(&follow->part);

    while (rest.len > 0) {
        ssize_t written = write(STDOUT_FILENO, rest.data, rest.len);

        if (written < 0 && (errno != EINTR || follow_stopped))
            return -errno;
        rest = str_skip(rest, written > 0 ? (size_t)written : 0);
    }
    buf_clear(&follow->part);
    return 0;
}

/* Until the files may have changed. 0 or as part_write(). */
static int follow_wait(const struct follow *follow)
{
    while (!follow_stopped && !look_is_due(follow)) {
        /* No event is asked for: poll() only reports that its reader has gone. */
        struct pollfd reader = {.fd = STDOUT_FILENO};

        if (poll(&reader, 1, CTL_FOLLOW_POLL_MS) > 0)
            return -EPIPE;
    }
    return follow_stopped ? -EINTR : 0;
}

/* --- the loop --------------------------------------------------------------------- */

/* The daemon may be starting, or somebody may be putting another file in its place. */
static void trouble_tell(struct follow *follow, int fault)
{
    int64_t now_ms = clock_mono_ms();

    if (fault == 0 && follow->is_told)
        ctl_note("%s: it can be read again", follow->path);
    if (fault == 0) {
        follow->is_told = false;
        follow->trouble_ms = 0;
        return;
    }
    if (follow->trouble_ms == 0)
        follow->trouble_ms = now_ms;
    if (!follow->is_told && now_ms - follow->trouble_ms >= CTL_FOLLOW_TROUBLE_MS) {
        ctl_note("%s: %s; waiting until it can be read again", follow->path,
                 store_advice(fault));
        follow->is_told = true;
    }
}

static int follow_tell_gone(struct follow *follow)
{
    _cleanup_(buf_done) struct buf why = {.max = CTL_MESSAGE_BYTES_MAX};
    const struct verb *verb = follow->ctl->verb;
    int r = following_explain(&follow->following, &why);

    return ctl_fail("%s; to go on, type: %s %s%s%s --after-id %lld",
                    r == 0 ? buf_str(&why).data : "rows are missing",
                    command_reads(follow->ctl), verb->name, verb->sub ? " " : "",
                    verb->sub ? verb->sub : "",
                    (long long)following_way_back(&follow->following));
}

/* Exit code. */
static int follow_run(struct follow *follow)
{
    int r = 0;

    while (r == 0 && !follow_stopped) {
        int looked = follow_look(follow);

        if (looked == FOLLOWING_GONE)
            return follow_tell_gone(follow);
        if (looked == -ENOMEM || looked == -E2BIG || looked == -EINVAL)
            return ctl_fail("cannot go on: %s", strerror(-looked));
        trouble_tell(follow, looked);
        r = part_write(follow);
        if (r == 0 && (looked != 0 || following_is_at_end(&follow->following)))
            r = follow_wait(follow);
    }
    return r == 0 || r == -EPIPE || follow_stopped ? CTL_DONE : ctl_fail_output(r);
}

/* From where: --after-id, else the oldest row, or for people what comes from now on. */
static int follow_begin(struct follow *follow, const struct filter *filter)
{
    struct following *following = &follow->following;
    bool from_now = !follow->ctl->verb->sub && !ctl_given(follow->ctl, OPTION_AFTER_ID);

    following->view = filter->view;
    following->filter = filter->store;
    following->filter.limit = CTL_FOLLOW_ROWS;
    following->after_id = filter->store.after_id;
    following->from_oldest = !from_now && !ctl_given(follow->ctl, OPTION_AFTER_ID);
    if (!from_now)
        return 0;
    int r = store_span(follow->ctl->store, filter->view, &following->span);
    following->after_id = following->span.newest_id;
    return r;
}

int cmd_follow(struct ctl *ctl)
{
    const struct sigaction action = {.sa_handler = follow_stop};
    struct follow follow = {.ctl = ctl, .part = {.max = 2 * CTL_FOLLOW_PART_BYTES}};
    struct filter filter;
    bool for_people = !ctl->verb->sub;

    if (output_is_csv(ctl->format) ||
        (!for_people && ctl_given(ctl, OPTION_OUTPUT) && ctl->format != OUTPUT_JSON))
        return ctl_fail("`%s` prints %s, not what -o asks for", ctl->verb->name,
                        for_people ? "lines for people, or -o json"
                                   : "one JSON object per line");
    if (!for_people)
        ctl->format = OUTPUT_JSON;
    follow.path = ctl_store_path(ctl);
    if (!follow.path || !ctl_filter(ctl, ctl->verb->view, &filter) ||
        !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    if (asprintf(&follow.log_path, "%s-wal", follow.path) < 0)
        return ctl_fail("cannot begin: %s", strerror(ENOMEM));
    int r = follow_begin(&follow, &filter);
    int code = r < 0 ? ctl_fail_store(ctl, r) : CTL_DONE;
    store_close(take_ptr(ctl->store));
    output_init(&follow.output, output_to_buf(&follow.part), OUTPUT_JSON, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    if (code == CTL_DONE)
        code = follow_run(&follow);
    output_done(&follow.output);
    buf_done(&follow.part);
    free(follow.log_path);
    return code;
}

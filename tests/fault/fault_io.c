/*
 * Faults of the disk: for each step of the workload, each kind of call and each errno,
 * the N-th call fails, for every N there is; once, or from then on until it is healed.
 * The step that failed keeps nothing, the fault has its documented errno, and afterwards
 * the same connection works again and comes to the same state.
 */
#include "../unit/store/store_fixture.h"

#include "report.h"
#include "vfs.h"
#include "workload.h"

struct kind {
    const char *name;
    unsigned call;
    int error;    /* what the system says */
    int expected; /* what the store shall say */
    struct report *report;
};

static struct report io_error = {.kind = "I/O error"};
static struct report disk_full = {.kind = "disk full"};
static struct report read_only = {.kind = "disk read-only"};

static const struct kind kinds[] = {
    {"open", VFS_OPEN, EIO, -EIO, &io_error},
    {"read", VFS_READ, EIO, -EIO, &io_error},
    {"write", VFS_WRITE, EIO, -EIO, &io_error},
    {"truncate", VFS_TRUNCATE, EIO, -EIO, &io_error},
    {"sync", VFS_SYNC, EIO, -EIO, &io_error},
    {"size", VFS_SIZE, EIO, -EIO, &io_error},
    {"lock", VFS_LOCK, EIO, -EIO, &io_error},
    {"shared memory", VFS_SHM_MAP, EIO, -EIO, &io_error},
    {"lock of the log", VFS_SHM_LOCK, EIO, -EIO, &io_error},
    {"delete", VFS_DELETE, EIO, -EIO, &io_error},
    {"open", VFS_OPEN, ENOSPC, -ENOSPC, &disk_full},
    {"write", VFS_WRITE, ENOSPC, -ENOSPC, &disk_full},
    {"sync", VFS_SYNC, ENOSPC, -ENOSPC, &disk_full},
    {"shared memory", VFS_SHM_MAP, ENOSPC, -ENOSPC, &disk_full},
    {"write", VFS_WRITE, EROFS, -EROFS, &read_only},
    {"sync", VFS_SYNC, EROFS, -EROFS, &read_only},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

#define CALLS_MAX 2000

struct course {
    struct place place;
    struct snapshot before[WORKLOAD_STEPS_MAX]; /* of each step */
};

static void note_step(void *context, size_t step)
{
    struct course *course = context;

    if (step + 1 < workload_steps())
        snapshot_take(&course->place, &course->before[step + 1]);
}

static int setup(void **state)
{
    struct course *course = calloc(1, sizeof(*course));

    assert_non_null(course);
    place_make(&course->place);
    workload_learn(&course->place, note_step, course);
    place_clear(&course->place);
    *state = course;
    return 0;
}

static int teardown(void **state)
{
    struct course *course = *state;

    if (!course)
        return -1;
    report_end(&io_error);
    report_end(&disk_full);
    report_end(&read_only);
    for (size_t i = 0; i < WORKLOAD_STEPS_MAX; i++)
        snapshot_done(&course->before[i]);
    place_remove(&course->place);
    workload_done();
    free(course);
    return 0;
}

/* --- one fault -------------------------------------------------------------------- */

struct injection {
    size_t step;
    const struct kind *kind;
    long at;
    bool lasting;
    char what[160];
};

static void begin(struct course *course, size_t step)
{
    place_clear(&course->place);
    snapshot_put(&course->before[step], &course->place);
    if (step > 0)
        place_open(&course->place);
}

static void expect_state(struct course *course, const struct injection *injection,
                         size_t step)
{
    struct report *report = injection->kind->report;
    const struct state *expected = workload_state(step);
    struct state state;

    state_read(&course->place, &state);
    report->acknowledged += workload_acknowledged(step + 1);
    if (state.messages < expected->messages)
        report->lost += expected->messages - state.messages;
    if (state.messages > expected->messages)
        report->doubled += state.messages - expected->messages;
    state_expect(&state, expected, injection->what);
    state_done(&state);
}

/* SQLite forgets the errno of what fails inside COMMIT, but for SQLITE_FULL. */
static bool may_be_eio(const struct kind *kind)
{
    return kind->call != VFS_OPEN && !(kind->call == VFS_WRITE && kind->error == ENOSPC);
}

static void expect_errno(const struct injection *injection, int r,
                         const struct store *store)
{
    if (r == -EIO && may_be_eio(injection->kind))
        return;
    if (r != injection->kind->expected)
        fail_msg("%s: %d (%s) instead of %d", injection->what, r,
                 store ? store_fault(store) : "", injection->kind->expected);
}

/* While it lasts nothing can be stored, or it is stored in spite of it. */
static bool try_under_fault(struct course *course, const struct injection *injection)
{
    struct place *place = &course->place;
    int r = workload_run(place, injection->step);

    if (r == 0)
        return true;
    expect_errno(injection, r, place->store);
    return false;
}

/* As the daemon does it: open what is not open, probe, then SNS tries again. */
static void recover(struct course *course, const struct injection *injection, bool done)
{
    struct place *place = &course->place;
    int r = 0;

    if (!place->store && injection->step > 0)
        place_open(place);
    if (injection->step > 0) {
        r = store_probe(place->store);
        if (r < 0)
            fail_msg("%s: not usable afterwards: %d %s", injection->what, r,
                     store_fault(place->store));
        expect_state(course, injection, done ? injection->step : injection->step - 1);
    }
    if (!done)
        r = workload_run(place, injection->step);
    if (r < 0)
        fail_msg("%s: not possible afterwards: %d %s", injection->what, r,
                 store_fault(place->store));
    expect_state(course, injection, injection->step);
}

/* False: there is no N-th call. */
static bool inject(struct course *course, struct injection *injection)
{
    const struct kind *kind = injection->kind;
    bool done, fired;

    (void)snprintf(injection->what, sizeof(injection->what),
                   "%s number %ld of \"%s\" fails %s with %s", kind->name, injection->at,
                   workload_name(injection->step), injection->lasting ? "on" : "once",
                   strerrorname_np(kind->error));
    begin(course, injection->step);
    vfs_arm(kind->call, injection->at, kind->error, injection->lasting);
    done = try_under_fault(course, injection);
    if (!done && injection->lasting && course->place.store)
        done = try_under_fault(course, injection);
    fired = vfs_disarm();
    if (!fired)
        return false;
    kind->report->injected++;
    recover(course, injection, done);
    return true;
}

static void inject_each(struct course *course, size_t step, const struct kind *kind,
                        bool lasting)
{
    struct injection injection = {.step = step, .kind = kind, .lasting = lasting};
    long stride = 1;

    for (long at = 1; at < CALLS_MAX; at += stride) {
        injection.at = at;
        if (!inject(course, &injection))
            return;
        /* The first calls of a kind differ most from each other. */
        if (fault_is_short() && at >= 3)
            stride = at;
    }
    fail_msg("%s: no end", injection.what);
}

static void every_fault_of_the_disk_is_survived(void **state)
{
    for (size_t step = 0; step < workload_steps(); step++)
        for (size_t i = 0; i < KINDS; i++) {
            inject_each(*state, step, &kinds[i], false);
            inject_each(*state, step, &kinds[i], true);
        }
    assert_true(io_error.injected > 100 && disk_full.injected > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_of_the_disk_is_survived),
    };

    if (vfs_install() < 0)
        return 1;
    workload_start();
    return cmocka_run_group_tests_name("disk faults", tests, setup, teardown);
}

/*
 * Power cut: the workload runs once while every write and sync is recorded. Then the
 * power is cut before and after each of them, in variants of what of the unsynced
 * survives, and what is durable is opened again: it must be exactly the state after the
 * last acknowledged step, or the one after the step that was under way.
 */
#include "../unit/store/store_fixture.h"

#include "disk.h"

int __real_fsync(int fd);
int __wrap_fsync(int fd);

/* The store syncs its directory itself, past SQLite. */
int __wrap_fsync(int fd)
{
    struct stat st;

    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        vfs_note(VFS_OP_DIRECTORY, VFS_DATABASE);
        return 0;
    }
    return __real_fsync(fd);
}

struct course {
    struct place place;
    struct vfs_log log;
    size_t acknowledged_at[WORKLOAD_STEPS_MAX]; /* length of the log */
    struct dice dice;
    struct report report;
};

static void note_step(void *context, size_t step)
{
    struct course *course = context;

    course->acknowledged_at[step] = course->log.count;
}

static int setup(void **state)
{
    struct course *course = calloc(1, sizeof(*course));

    assert_non_null(course);
    course->dice = dice_new("power");
    course->report.kind = "power cut";
    place_make(&course->place);
    vfs_record(&course->log);
    workload_learn(&course->place, note_step, course);
    vfs_record(NULL);
    place_clear(&course->place);
    *state = course;
    return 0;
}

static int teardown(void **state)
{
    struct course *course = *state;

    if (!course)
        return -1;
    report_end(&course->report);
    place_remove(&course->place);
    vfs_log_done(&course->log);
    workload_done();
    free(course);
    return 0;
}

/* How many steps had returned when the log was this long. */
static size_t steps_done(const struct course *course, size_t ops)
{
    size_t done = 0;

    while (done < workload_steps() && course->acknowledged_at[done] <= ops)
        done++;
    return done;
}

static void judge_messages(struct course *course, const struct state *found, size_t done)
{
    size_t last = done < workload_steps() ? done : done - 1;
    long least = done ? workload_state(done - 1)->messages : 0;
    long most = workload_state(last)->messages;

    /* Tidying lets go of some. */
    if (least > most) {
        long swap = least;

        least = most;
        most = swap;
    }
    course->report.injected++;
    course->report.acknowledged += workload_acknowledged(done);
    if (found->messages < least)
        course->report.lost += least - found->messages;
    if (found->messages > most)
        course->report.doubled += found->messages - most;
}

/* SNS sends again what was not acknowledged, and may send again what was; then life goes
 * on to the same end. */
static void go_on(struct course *course, size_t done, bool survived, const char *what)
{
    struct place *place = &course->place;
    struct state state;

    for (size_t step = 0; step < done + survived; step++)
        if (workload_is_batch(step))
            workload_repeat(place, step);
    for (size_t step = done ? done : 1; step < workload_steps(); step++)
        if (step > done || !survived || workload_is_batch(step))
            assert_int_equal(workload_run(place, step), 0);
    state_read(place, &state);
    state_expect(&state, workload_state(workload_steps() - 1), what);
    state_done(&state);
}

static void cut(struct course *course, const struct disk *disk, size_t ops,
                enum disk_cut how)
{
    size_t done = steps_done(course, ops);
    struct snapshot durable;
    struct state state;
    bool survived;
    char what[120];
    struct buf fault;

    (void)snprintf(what, sizeof(what), "cut %d after write %zu of %zu, in \"%s\"", how,
                   ops, course->log.count,
                   workload_name(done < workload_steps() ? done : done - 1));
    disk_cut(disk, how, &course->dice, &durable);
    snapshot_put(&durable, &course->place);
    snapshot_done(&durable);
    place_open(&course->place);
    buf_init(&fault, 4096);
    if (store_check(course->place.store, &fault, NULL, NULL) != 0)
        fail_msg("%s: %.*s", what, STR_ARG(buf_str(&fault)));
    buf_done(&fault);
    state_read(&course->place, &state);
    judge_messages(course, &state, done);
    survived =
        done < workload_steps() && strcmp(state.text, workload_state(done)->text) == 0;
    /* An empty file is set up anew: nothing was acknowledged before. */
    if (!survived)
        state_expect(&state, workload_state(done ? done - 1 : 0), what);
    state_done(&state);
    go_on(course, done, survived, what);
    place_clear(&course->place);
}

static bool is_sync(const struct course *course, size_t op)
{
    return op < course->log.count && course->log.ops[op].kind != VFS_OP_WRITE;
}

/* At and around every sync, and between all writes; a short run takes each eighth. */
static bool is_chosen(const struct course *course, size_t ops)
{
    return !fault_is_short() || ops == 0 || is_sync(course, ops) ||
           is_sync(course, ops - 1) || ops % 8 == 0;
}

static void acknowledged_messages_survive_a_power_cut_at_every_write(void **state)
{
    struct course *course = *state;
    unsigned throws = fault_is_short() ? 1 : 8;
    struct disk disk = {0};

    for (size_t ops = 0; ops <= course->log.count; ops++) {
        if (ops > 0)
            disk_apply(&disk, &course->log.ops[ops - 1]);
        if (!is_chosen(course, ops))
            continue;
        cut(course, &disk, ops, DISK_LOSES_ALL);
        cut(course, &disk, ops, DISK_KEEPS_ALL);
        for (unsigned i = 0; i < throws; i++)
            cut(course, &disk, ops, DISK_KEEPS_SOME);
    }
    disk_done(&disk);
    assert_int_equal(course->report.lost + course->report.doubled, 0);
}

/* So that the test cuts where it matters. */
static void the_workload_writes_every_file_and_restarts_the_log(void **state)
{
    struct course *course = *state;
    size_t kinds[VFS_FILES][6] = {{0}};
    size_t log_headers = 0;

    for (size_t i = 0; i < course->log.count; i++) {
        const struct vfs_op *op = &course->log.ops[i];

        kinds[op->file][op->kind]++;
        log_headers += op->file == VFS_WAL && op->kind == VFS_OP_WRITE && op->at == 0;
    }
    assert_true(kinds[VFS_DATABASE][VFS_OP_DIRECTORY] >= 1);
    assert_true(kinds[VFS_DATABASE][VFS_OP_SYNC] >= 3);
    assert_true(kinds[VFS_WAL][VFS_OP_SYNC] >= 10);
    /* A close leaves WAL, and an open goes back to it, through the journal. */
    assert_true(kinds[VFS_WAL][VFS_OP_DELETE] >= 1);
    assert_true(kinds[VFS_JOURNAL][VFS_OP_WRITE] >= 2);
    assert_true(log_headers >= 3);
    (void)printf("%zu writes and syncs in %zu steps\n", course->log.count,
                 workload_steps());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_workload_writes_every_file_and_restarts_the_log),
        cmocka_unit_test(acknowledged_messages_survive_a_power_cut_at_every_write),
    };

    if (vfs_install() < 0)
        return 1;
    workload_start();
    return cmocka_run_group_tests_name("power cut", tests, setup, teardown);
}

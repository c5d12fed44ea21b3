/*
 * Every allocation of SQLite and every write, sync and read of its files fails once.
 * After each fault nothing of the transaction is kept, and the same again succeeds.
 */
#include "store_fixture.h"

#define STEPS_MAX  20000
#define STEPS_EACH 300

/* --- allocations
 * -------------------------------------------------------------------------- */

static sqlite3_mem_methods real_memory;
static long allocations_left = -1; /* the one that makes it 0 fails; < 0: none */

static int memory_fails(void)
{
    return allocations_left > 0 && --allocations_left == 0;
}

static void *failing_malloc(int size)
{
    return memory_fails() ? NULL : real_memory.xMalloc(size);
}

static void *failing_realloc(void *old, int size)
{
    return memory_fails() ? NULL : real_memory.xRealloc(old, size);
}

/* --- files
 * -------------------------------------------------------------------------------- */

struct faulty_file {
    sqlite3_file base;
    sqlite3_file *real;
};

static sqlite3_vfs faulty_vfs;
static sqlite3_vfs *real_vfs;
static long steps_left = -1;
static int step_fault;

static int step(sqlite3_file *file, sqlite3_file **ret_real)
{
    *ret_real = ((struct faulty_file *)(void *)file)->real;
    return steps_left > 0 && --steps_left == 0 ? step_fault : SQLITE_OK;
}

#define PASS(name, parameters, arguments)                                                \
    static int faulty_##name parameters                                                  \
    {                                                                                    \
        sqlite3_file *real;                                                              \
        int rc = step(file, &real);                                                      \
                                                                                         \
        return rc == SQLITE_OK ? real->pMethods->name arguments : rc;                    \
    }
#define PASS_ALWAYS(type, name, parameters, arguments)                                   \
    static type faulty_##name parameters                                                 \
    {                                                                                    \
        sqlite3_file *real = ((struct faulty_file *)(void *)file)->real;                 \
                                                                                         \
        return real->pMethods->name arguments;                                           \
    }

/* clang-format off */
PASS(xRead, (sqlite3_file *file, void *to, int n, sqlite3_int64 at), (real, to, n, at))
PASS(xWrite, (sqlite3_file *file, const void *from, int n, sqlite3_int64 at),
     (real, from, n, at))
PASS(xTruncate, (sqlite3_file *file, sqlite3_int64 size), (real, size))
PASS(xFileSize, (sqlite3_file *file, sqlite3_int64 *size), (real, size))
PASS_ALWAYS(int, xClose, (sqlite3_file *file), (real))
PASS_ALWAYS(int, xLock, (sqlite3_file *file, int lock), (real, lock))
PASS_ALWAYS(int, xUnlock, (sqlite3_file *file, int lock), (real, lock))
PASS_ALWAYS(int, xCheckReservedLock, (sqlite3_file *file, int *out), (real, out))
PASS_ALWAYS(int, xFileControl, (sqlite3_file *file, int op, void *arg), (real, op, arg))
PASS_ALWAYS(int, xSectorSize, (sqlite3_file *file), (real))
PASS_ALWAYS(int, xDeviceCharacteristics, (sqlite3_file *file), (real))
PASS_ALWAYS(int, xShmMap, (sqlite3_file *file, int page, int size, int extend,
                           void volatile **out), (real, page, size, extend, out))
PASS_ALWAYS(int, xShmLock, (sqlite3_file *file, int at, int n, int flags),
            (real, at, n, flags))
PASS_ALWAYS(void, xShmBarrier, (sqlite3_file *file), (real))
PASS_ALWAYS(int, xShmUnmap, (sqlite3_file *file, int remove), (real, remove))
/* clang-format on */

/* Fails, but never waits for a disk. */
static int faulty_xSync(sqlite3_file *file, int flags)
{
    sqlite3_file *real;

    (void)flags;
    return step(file, &real);
}

static const sqlite3_io_methods faulty_methods = {
    .iVersion = 2,
    .xClose = faulty_xClose,
    .xRead = faulty_xRead,
    .xWrite = faulty_xWrite,
    .xTruncate = faulty_xTruncate,
    .xSync = faulty_xSync,
    .xFileSize = faulty_xFileSize,
    .xLock = faulty_xLock,
    .xUnlock = faulty_xUnlock,
    .xCheckReservedLock = faulty_xCheckReservedLock,
    .xFileControl = faulty_xFileControl,
    .xSectorSize = faulty_xSectorSize,
    .xDeviceCharacteristics = faulty_xDeviceCharacteristics,
    .xShmMap = faulty_xShmMap,
    .xShmLock = faulty_xShmLock,
    .xShmBarrier = faulty_xShmBarrier,
    .xShmUnmap = faulty_xShmUnmap,
};

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                       int *ret_flags)
{
    struct faulty_file *faulty = (void *)file;
    int rc;

    (void)vfs;
    faulty->real = (sqlite3_file *)(void *)(faulty + 1);
    rc = real_vfs->xOpen(real_vfs, name, faulty->real, flags, ret_flags);
    faulty->base.pMethods = faulty->real->pMethods ? &faulty_methods : NULL;
    return rc;
}

static int install_faults(void)
{
    sqlite3_mem_methods memory;

    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory) != SQLITE_OK)
        return -1;
    memory = real_memory;
    memory.xMalloc = failing_malloc;
    memory.xRealloc = failing_realloc;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &memory) != SQLITE_OK ||
        sqlite3_initialize() != SQLITE_OK)
        return -1;
    real_vfs = sqlite3_vfs_find(NULL);
    faulty_vfs = *real_vfs;
    faulty_vfs.zName = "faulty";
    faulty_vfs.szOsFile = (int)sizeof(struct faulty_file) + real_vfs->szOsFile;
    faulty_vfs.xOpen = faulty_open;
    return sqlite3_vfs_register(&faulty_vfs, 1) == SQLITE_OK ? 0 : -1;
}

/* --- what is done under them
 * -------------------------------------------------------------- */

/* A batch of every kind of message, in one transaction. */
struct batch {
    struct intake intakes[8];
    char ids[8][40];
    size_t count;
};

static void batch_make(struct fixture *fixture, struct batch *batch)
{
    const struct post posts[] = {
        {.json = hard("a@example.com", "f1")},
        {.json = complaint("abuse", "b@example.com", "f2")},
        {.json = doubtful("c@example.com", "f3")},
        {.json = delivery("c@example.com", "m4", fixture->now_ms)},
        {.json = delivery("d@example.com", "m5", fixture->now_ms), .rules = &counting},
        {.json = soft("d@example.com", "f6"), .at_ms = fixture->now_ms - CLOCK_DAY_MS},
        {.json = "{\"no\":1}"},
    };

    batch->count = sizeof(posts) / sizeof(posts[0]);
    for (size_t i = 0; i < batch->count; i++)
        fixture_intake(fixture, &posts[i], batch->ids[i], &batch->intakes[i]);
}

static void batch_done(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        intake_done(&batch->intakes[i]);
}

static int batch_apply(struct store *store, const struct batch *batch)
{
    int r = store_begin(store);

    if (r < 0)
        return r;
    for (size_t i = 0; r == 0 && i < batch->count; i++) {
        enum verdict verdict;

        r = store_apply(store, &batch->intakes[i], &verdict);
        if (r == 0)
            assert_int_not_equal(verdict, VERDICT_DUPLICATE);
    }
    if (r == 0)
        r = store_commit(store);
    if (r < 0)
        store_rollback(store);
    return r;
}

static const char everything[] =
    "SELECT (SELECT count(*) FROM sns_message) || ' ' || (SELECT count(*) FROM event) || "
    "' "
    "' || (SELECT count(*) FROM body) || ' ' || (SELECT count(*) FROM unapplied) || ' ' "
    "|| "
    "(SELECT count(*) FROM suppression) || ' ' || (SELECT coalesce(sum(n), 0) FROM "
    "daily_count) || ' ' || (SELECT count(*) FROM counted) || ' ' || (SELECT "
    "coalesce(sum(messages), 0) FROM topic) || ' ' || (SELECT count(*) FROM soft_day)";

static void no_faults(void)
{
    allocations_left = -1;
    steps_left = -1;
}

/* The `n`-th time each; false when that was beyond the last. */
static bool fail_batch_at(struct fixture *fixture, long *left, long n, int expected)
{
    struct batch batch;
    int r;

    batch_make(fixture, &batch);
    *left = n;
    r = batch_apply(fixture->store, &batch);
    bool was_beyond = *left > 0;
    no_faults();
    if (!was_beyond && r != expected && r != 0)
        fail_msg("step %ld: %d (%s)", n, r, store_fault(fixture->store));
    if (r < 0) {
        assert_answer(fixture, everything, "0 0 0 0 0 0 0 0 0");
        assert_int_equal(batch_apply(fixture->store, &batch), 0);
    }
    assert_answer(fixture, everything, "6 5 6 1 2 6 1 7 1");
    batch_done(&batch);
    return !was_beyond;
}

static long next_step(long n)
{
    return n < STEPS_EACH || getenv("TORTURE") ? n + 1 : n + 9;
}

/* Each round on a new file, so that every statement is prepared under fire, too. */
static void fail_everywhere(long *left, int expected)
{
    long n = 1;
    bool more = true;

    for (; more && n < STEPS_MAX; n = next_step(n)) {
        void *state = NULL;

        (void)fixture_setup(&state);
        more = fail_batch_at(state, left, n, expected);
        (void)fixture_teardown(&state);
    }
    assert_in_range(n, 20, STEPS_MAX - 1);
}

static void each_allocation_may_fail_once(void **state)
{
    (void)state;
    fail_everywhere(&allocations_left, -ENOMEM);
}

static void each_step_on_the_disk_may_fail_once(void **state)
{
    (void)state;
    step_fault = SQLITE_IOERR_WRITE;
    fail_everywhere(&steps_left, -EIO);
}

static void the_disk_may_be_full_at_each_step(void **state)
{
    (void)state;
    step_fault = SQLITE_FULL;
    fail_everywhere(&steps_left, -ENOSPC);
}

static void opening_survives_each_fault(void **state)
{
    long *const counters[] = {&allocations_left, &steps_left};
    struct fixture *fixture = *state;

    step_fault = SQLITE_IOERR_READ;
    for (size_t i = 0; i < 2; i++) {
        bool more = true;

        for (long n = 1; more && n < STEPS_MAX; n = next_step(n)) {
            struct buf fault;
            int r;

            fixture_close(fixture);
            if (n % 2) /* anew, or as it is */
                (void)unlink(fixture->path);
            buf_init(&fault, 1024);
            *counters[i] = n;
            r = store_open(fixture->path, STORE_OWN, &fixture->store, &fault);
            more = *counters[i] == 0;
            no_faults();
            if (r < 0)
                assert_true(fault.len > 0 || r == -ENOMEM);
            buf_done(&fault);
            if (r < 0)
                assert_int_equal(
                    store_open(fixture->path, STORE_OWN, &fixture->store, NULL), 0);
            assert_answer(fixture, "SELECT user_version FROM pragma_user_version", "1");
        }
    }
}

static void decisions_and_confirmations_survive_each_fault(void **state)
{
    struct fixture *fixture = *state;
    struct store_decision decision = {
        "a@example.com", "*", "ann", "note", fixture->now_ms, POLICY_FOR_EVER};
    bool more = true;

    for (long n = 1; more && n < STEPS_MAX; n = next_step(n)) {
        bool changed = false;
        int r;

        fixture_reopen(fixture);
        allocations_left = n;
        r = store_suppress_add(fixture->store, &decision, &changed);
        if (r == 0)
            r = store_suppress_remove(fixture->store, &decision, &changed);
        if (r == 0)
            r = store_probe(fixture->store);
        more = allocations_left == 0;
        no_faults();
        assert_true(r == 0 || r == -ENOMEM);
        (void)store_suppress_remove(fixture->store, &decision, &changed);
        assert_answer(fixture, "SELECT count(*) FROM suppressed", "0");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_may_fail_once),
        cmocka_unit_test(each_step_on_the_disk_may_fail_once),
        cmocka_unit_test(the_disk_may_be_full_at_each_step),
        cmocka_unit_test_setup_teardown(opening_survives_each_fault, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(decisions_and_confirmations_survive_each_fault,
                                        fixture_setup, fixture_teardown),
    };

    if (install_faults() < 0) {
        print_message("SQLite was in use already: no faults can be made\n");
        return 1;
    }
    return cmocka_run_group_tests_name("store_fault", tests, NULL, NULL);
}

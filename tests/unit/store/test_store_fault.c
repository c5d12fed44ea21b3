/*
 * Every allocation of SQLite and every write, sync and read of its files fails once.
 * After each fault nothing of the transaction is kept, and the same again succeeds.
 */
#include "store_fixture.h"

#include "../../fault/allocations.h"
#include "../../fault/vfs.h"

#define STEPS_MAX 20000
/* Of a batch: less means that nothing was injected. */
#define STEPS_LEAST 3
#define DISK        (VFS_READ | VFS_WRITE | VFS_TRUNCATE | VFS_SYNC | VFS_SIZE)

/* What fails: an allocation, or a call for the disk with this errno. */
struct kind {
    bool is_memory;
    int error;
    int expected;
};

static void arm(const struct kind *kind, long n)
{
    if (kind->is_memory)
        allocations_arm(n, false);
    else
        vfs_arm(DISK, n, kind->error, false);
}

/* Did it come to the fault? */
static bool disarm(void)
{
    bool memory = allocations_disarm();

    return vfs_disarm() || memory;
}

/* --- what is done under them ------------------------------------------------------ */

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
    "(SELECT count(*) FROM suppression) || ' ' || (SELECT coalesce(sum(other + sends + "
    "deliveries + hard_bounces + soft_bounces + complaints), 0) FROM "
    "day_count) || ' ' || (SELECT count(*) FROM counted) || ' ' || (SELECT "
    "coalesce(sum(messages), 0) FROM topic) || ' ' || (SELECT count(*) FROM soft_event)";

/* The `n`-th time each; false when that was beyond the last. */
static bool fail_batch_at(struct fixture *fixture, const struct kind *kind, long n)
{
    struct batch batch;
    bool fired;
    int r;

    batch_make(fixture, &batch);
    arm(kind, n);
    r = batch_apply(fixture->store, &batch);
    fired = disarm();
    if (fired && r != kind->expected && r != 0 && !(r == -EIO && kind->error))
        fail_msg("step %ld: %d (%s)", n, r, store_fault(fixture->store));
    if (r < 0) {
        assert_answer(fixture, everything, "0 0 0 0 0 0 0 0 0");
        assert_int_equal(batch_apply(fixture->store, &batch), 0);
    }
    assert_answer(fixture, everything, "6 5 6 1 2 6 1 7 3");
    batch_done(&batch);
    return fired;
}

/* All of them is what `make check-faults` does; a sanitizer takes three times as long. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STEPS_EACH 20
#define STRIDE     307
#else
#define STEPS_EACH 60
#define STRIDE     101
#endif

static long next_step(long n)
{
    return n < STEPS_EACH ? n + 1 : n + STRIDE;
}

/* Each round on a new file, so that every statement is prepared under fire, too. */
static void fail_everywhere(const struct kind *kind)
{
    long n = 1;
    bool more = true;

    for (; more && n < STEPS_MAX; n = next_step(n)) {
        void *state = NULL;

        (void)fixture_setup(&state);
        more = fail_batch_at(state, kind, n);
        (void)fixture_teardown(&state);
    }
    assert_in_range(n, STEPS_LEAST, STEPS_MAX - 1);
}

static void each_allocation_may_fail_once(void **state)
{
    (void)state;
    fail_everywhere(&(struct kind){true, 0, -ENOMEM});
}

static void each_step_on_the_disk_may_fail_once(void **state)
{
    (void)state;
    fail_everywhere(&(struct kind){false, EIO, -EIO});
}

static void the_disk_may_be_full_at_each_step(void **state)
{
    (void)state;
    fail_everywhere(&(struct kind){false, ENOSPC, -ENOSPC});
}

static void opening_survives_each_fault(void **state)
{
    static const struct kind kinds[] = {{true, 0, -ENOMEM}, {false, EIO, -EIO}};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < 2; i++) {
        bool more = true;

        for (long n = 1; more && n < STEPS_MAX; n = next_step(n)) {
            struct buf fault;
            int r;

            fixture_close(fixture);
            if (n % 2) /* anew, or as it is */
                (void)unlink(fixture->path);
            buf_init(&fault, 1024);
            arm(&kinds[i], n);
            r = store_open(fixture->path, STORE_OWN, &fixture->store, &fault);
            more = disarm();
            if (r < 0)
                assert_true(fault.len > 0 || r == -ENOMEM);
            buf_done(&fault);
            if (r < 0)
                assert_int_equal(
                    store_open(fixture->path, STORE_OWN, &fixture->store, NULL), 0);
            assert_answer(fixture, "SELECT user_version FROM pragma_user_version", "9");
        }
    }
}

static void decisions_and_confirmations_survive_each_fault(void **state)
{
    struct fixture *fixture = *state;
    struct store_decision decision = {.address = "a@example.com",
                                      .actor = "ann",
                                      .note = "note",
                                      .now_ms = fixture->now_ms,
                                      .until_ms = POLICY_FOR_EVER};
    bool more = true;

    for (long n = 1; more && n < STEPS_MAX; n = next_step(n)) {
        bool changed = false;
        int r;

        fixture_reopen(fixture);
        allocations_arm(n, false);
        r = decide_add(fixture->store, &decision, &changed);
        if (r == 0)
            r = decide_remove(fixture->store, &decision, &changed);
        if (r == 0)
            r = store_probe(fixture->store);
        more = disarm();
        assert_true(r == 0 || r == -ENOMEM);
        (void)decide_remove(fixture->store, &decision, &changed);
        assert_answer(fixture, "SELECT count(*) FROM suppressed", "0");
    }
}

static int prune_all(struct fixture *fixture)
{
    struct store_pruning pruning = {.keep_ms = {1, 1, 1, 1}};
    bool more = true;
    int r = 0;

    while (r == 0 && more)
        r = store_prune(fixture->store, &pruning, fixture->now_ms + CLOCK_HOUR_MS, &more);
    return r;
}

static int erase_all(struct fixture *fixture)
{
    static struct store_erasure erasure;
    bool more = true;
    int r;

    erasure = (struct store_erasure){.forget = true,
                                     .actor = "ann",
                                     .note = "a@example.com asked",
                                     .now_ms = fixture->now_ms + CLOCK_HOUR_MS};
    r = store_erase_begin(fixture->store, "a@example.com", &erasure);
    while (r == 0 && more)
        r = store_erase(fixture->store, &erasure, &more);
    return r;
}

/* What `status` says is what there is, however far it came. */
static void assert_totals_agree(struct fixture *fixture)
{
    assert_answer(
        fixture,
        "SELECT ((SELECT sum(events) FROM day_count) + (SELECT sum(n) FROM total WHERE "
        "name = 'events') - (SELECT count(*) FROM event)) || ' ' || ((SELECT n FROM "
        "total WHERE name = 'quarantine') - (SELECT count(*) FROM unapplied))",
        "0 0");
}

static bool fail_pruning_at(struct fixture *fixture, const struct kind *kind, long n,
                            int (*work)(struct fixture *fixture))
{
    struct batch batch;
    bool fired;
    int r;

    batch_make(fixture, &batch);
    assert_int_equal(batch_apply(fixture->store, &batch), 0);
    batch_done(&batch);
    (void)deliver(fixture, hard("a@example.com", "f8"));
    arm(kind, n);
    r = work(fixture);
    fired = disarm();
    if (!fired || r == 0)
        assert_int_equal(r, 0);
    assert_totals_agree(fixture);
    assert_int_equal(work(fixture), 0);
    assert_totals_agree(fixture);
    return fired;
}

static void pruning_and_erasing_survive_each_fault(void **state)
{
    static const struct kind kinds[] = {{true, 0, -ENOMEM}, {false, EIO, -EIO}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        bool more = true;

        for (long n = 1; more && n < STEPS_MAX; n = next_step(n)) {
            void *fresh = NULL;
            struct fixture *fixture;

            (void)fixture_setup(&fresh);
            fixture = fresh;
            more =
                fail_pruning_at(fixture, &kinds[i / 2], n, i % 2 ? prune_all : erase_all);
            if (i % 2)
                assert_answer(fixture, "SELECT count(*) FROM event", "0");
            else
                assert_answer(fixture,
                              "SELECT (SELECT count(*) FROM event WHERE address = "
                              "'a@example.com') || (SELECT count(*) FROM suppression "
                              "WHERE address = 'a@example.com')",
                              "00");
            assert_answer(fixture,
                          "SELECT count(*) FROM suppressed WHERE address = "
                          "'b@example.com'",
                          "1");
            (void)fixture_teardown(&fresh);
        }
    }
}

/* For want of memory even a rollback fails; the next transaction makes up for it. */
static void a_rollback_without_memory_is_made_up_for(void **state)
{
    struct fixture *fixture = *state;

    for (long n = 1; n < 60; n++) {
        struct batch batch;
        enum verdict verdict;
        bool fired;

        fixture_reopen(fixture);
        batch_make(fixture, &batch);
        assert_int_equal(store_begin(fixture->store), 0);
        allocations_arm(n, true);
        (void)store_apply(fixture->store, &batch.intakes[0], &verdict);
        store_rollback(fixture->store);
        fired = disarm();
        assert_true(fired);
        assert_int_equal(store_probe(fixture->store), 0);
        assert_answer(fixture, everything, "0 0 0 0 0 0 0 0 0");
        batch_done(&batch);
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
        cmocka_unit_test(pruning_and_erasing_survive_each_fault),
        cmocka_unit_test_setup_teardown(a_rollback_without_memory_is_made_up_for,
                                        fixture_setup, fixture_teardown),
    };

    if (allocations_install() < 0 || vfs_install() < 0) {
        print_message("SQLite was in use already: no faults can be made\n");
        return 1;
    }
    return cmocka_run_group_tests_name("store_fault", tests, NULL, NULL);
}

/*
 * Other processes in the way: one that holds the write lock, a reader that pins the
 * write-ahead log, one that writes at the same time, one that takes the file away.
 */
#include "../unit/store/store_fixture.h"

#include "foreign.h"
#include "report.h"

static struct report locks = {.kind = "foreign lock"};
static struct report pins = {.kind = "pinned log"};
static struct report moves = {.kind = "file replaced"};

static long serial; /* of messages; each is a bounce of an address of its own */

/* One batch; 0 or the fault. */
static int bounces(struct fixture *fixture, long count)
{
    int r = store_begin(fixture->store);
    long first = serial;

    if (r < 0)
        return r;
    for (long i = 0; r == 0 && i < count; i++) {
        char address[40], feedback[24], id[40];
        struct intake intake;
        enum verdict verdict;

        (void)snprintf(address, sizeof(address), "user-%ld@example.com", serial);
        (void)snprintf(feedback, sizeof(feedback), "f-%ld", serial);
        (void)snprintf(id, sizeof(id), "id-%ld", serial++);
        const struct post post = {.json = hard(address, feedback), .sns_id = id};
        char unused[40];

        fixture_intake(fixture, &post, unused, &intake);
        r = store_apply(fixture->store, &intake, &verdict);
        intake_done(&intake);
    }
    if (r == 0)
        r = store_commit(fixture->store);
    if (r < 0) {
        store_rollback(fixture->store);
        serial = first;
    }
    return r;
}

/* Everything acknowledged is there, once. */
static void expect_all(struct fixture *fixture, struct report *report)
{
    long events = 0, messages = 0;

    (void)sscanf(ask(fixture, "SELECT count(DISTINCT address) FROM event"), "%ld",
                 &events);
    (void)sscanf(ask(fixture, "SELECT count(*) FROM sns_message"), "%ld", &messages);
    report->acknowledged += serial;
    report->lost += events < serial ? serial - events : 0;
    report->doubled += messages > serial ? messages - serial : 0;
    assert_int_equal(events, serial);
    assert_int_equal(messages, serial);
    assert_int_equal(store_check(fixture->store, NULL, NULL, NULL), 0);
}

static int begin(void **state)
{
    serial = 0;
    return fixture_setup(state);
}

static void a_foreign_lock_is_busy_and_ends_with_its_holder(void **state)
{
    static const enum foreign_order orders[] = {FOREIGN_LOCK, FOREIGN_TURN, FOREIGN_BOTH};
    struct fixture *fixture = *state;
    int rounds = fault_is_short() ? 1 : 4;

    assert_int_equal(bounces(fixture, 3), 0);
    for (int i = 0; i < 3 * rounds; i++) {
        struct foreign foreign;

        foreign_start(&foreign, fixture->path);
        foreign_do(&foreign, orders[i % 3]);
        assert_int_equal(bounces(fixture, 3), -EBUSY);
        locks.injected++;
        if (i % 2)
            foreign_do(&foreign, FOREIGN_LET_GO);
        foreign_kill(&foreign);
        expect_all(fixture, &locks);
        assert_int_equal(store_probe(fixture->store), 0);
        assert_int_equal(bounces(fixture, 3), 0);
        expect_all(fixture, &locks);
    }
}

static void two_writers_at_once_lose_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct foreign foreign;
    char expected[16];

    foreign_start(&foreign, fixture->path);
    foreign_order(&foreign, FOREIGN_SUPPRESS);
    for (int i = 0; i < 200; i++)
        assert_int_equal(bounces(fixture, 2), 0);
    foreign_wait(&foreign);
    foreign_kill(&foreign);
    locks.injected += FOREIGN_PEOPLE;
    expect_all(fixture, &locks);
    (void)snprintf(expected, sizeof(expected), "%d", FOREIGN_PEOPLE);
    assert_answer(fixture, "SELECT count(*) FROM suppression WHERE reason = 'MANUAL'",
                  expected);
    assert_answer(fixture, "SELECT count(*) FROM decision", expected);
}

static int64_t log_bytes(const struct fixture *fixture)
{
    char name[120];
    struct stat st;

    (void)snprintf(name, sizeof(name), "%s-wal", fixture->path);
    assert_int_equal(stat(name, &st), 0);
    return st.st_size;
}

/* As the checkpointer and the writer do it; did the log begin anew? */
static bool begin_log_anew(struct fixture *fixture)
{
    _cleanup_(store_closep) struct store *second = NULL;
    int r;

    assert_int_equal(store_open(fixture->path, STORE_IDLE, &second, NULL), 0);
    assert_true(store_idle(second) >= 0);
    r = store_idle_end(fixture->store);
    assert_true(r == 0 || r == -EBUSY);
    return r == 0;
}

static void
a_reader_that_pins_the_log_loses_nothing_and_the_log_ends_with_it(void **state)
{
    struct fixture *fixture = *state;
    int rounds = fault_is_short() ? 20 : 200;
    struct foreign foreign;
    int64_t pinned_bytes, batch_bytes;

    assert_int_equal(bounces(fixture, 10), 0);
    foreign_start(&foreign, fixture->path);
    foreign_do(&foreign, FOREIGN_READ);
    batch_bytes = log_bytes(fixture);
    for (int i = 0; i < rounds; i++) {
        assert_int_equal(bounces(fixture, 10), 0);
        assert_false(begin_log_anew(fixture));
        pins.injected++;
    }
    pinned_bytes = log_bytes(fixture);
    /* It grows by what is written, and by nothing else: checkpoints in vain add none. */
    batch_bytes = (pinned_bytes - batch_bytes) / rounds;
    assert_in_range(batch_bytes, 8192, 64 * 8192);
    expect_all(fixture, &pins);

    foreign_do(&foreign, FOREIGN_STOP_READ);
    assert_true(begin_log_anew(fixture));
    for (int i = 0; i < rounds / 2; i++)
        assert_int_equal(bounces(fixture, 10), 0);
    assert_int_equal(log_bytes(fixture), pinned_bytes);
    foreign_kill(&foreign);
    expect_all(fixture, &pins);
}

static void move(const char *from, const char *from_suffix, const char *to,
                 const char *to_suffix)
{
    char old[140], new[140];

    (void)snprintf(old, sizeof(old), "%s%s", from, from_suffix);
    (void)snprintf(new, sizeof(new), "%s%s", to, to_suffix);
    assert_int_equal(rename(old, new), 0);
}

static void nothing_is_acknowledged_into_a_file_that_was_taken_away(void **state)
{
    struct fixture *fixture = *state;
    int rounds = fault_is_short() ? 3 : 50;

    for (int i = 0; i < rounds; i++) {
        FILE *other;

        assert_int_equal(bounces(fixture, 5), 0);
        move(fixture->path, "", fixture->path, ".aside");
        assert_int_equal(bounces(fixture, 5), -ESTALE);
        other = fopen(fixture->path, "we");
        assert_non_null(other);
        assert_int_equal(fclose(other), 0);
        assert_int_equal(bounces(fixture, 5), -ESTALE);
        moves.injected += 2;
        assert_int_equal(unlink(fixture->path), 0);
        move(fixture->path, ".aside", fixture->path, "");
        assert_int_equal(bounces(fixture, 5), 0);
        expect_all(fixture, &moves);
    }
}

static void a_file_that_may_only_be_read_is_refused_and_kept(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;

    if (geteuid() == 0) {
        (void)printf("skipped: file modes do not bind root\n");
        skip();
    }
    assert_int_equal(bounces(fixture, 5), 0);
    fixture_close(fixture);
    assert_int_equal(chmod(fixture->path, 0440), 0);
    assert_int_equal(store_open(fixture->path, STORE_OWN, &store, NULL), -EACCES);
    assert_null(store);
    assert_int_equal(chmod(fixture->path, 0640), 0);
    fixture_reopen(fixture);
    expect_all(fixture, &moves);
}

static int end(void **state)
{
    (void)state;
    report_end(&locks);
    report_end(&pins);
    report_end(&moves);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, fixture_teardown)

int main(int argc, char **argv)
{
    foreign_main(argc, argv);
    const struct CMUnitTest tests[] = {
        TEST(a_foreign_lock_is_busy_and_ends_with_its_holder),
        TEST(two_writers_at_once_lose_nothing),
        TEST(a_reader_that_pins_the_log_loses_nothing_and_the_log_ends_with_it),
        TEST(nothing_is_acknowledged_into_a_file_that_was_taken_away),
        TEST(a_file_that_may_only_be_read_is_refused_and_kept),
    };
    return cmocka_run_group_tests_name("locks", tests, NULL, end);
}

/* Free space goes back to the file system, in steps or by rewriting the file once. */
#include "store_fixture.h"

#include <pthread.h>

#include "store/sqlite/db.h"

/* Some 8 MB that are free. */
static void make_room(struct fixture *fixture)
{
    deliver(fixture, hard("a@example.com", "f1"));
    tamper(fixture,
           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
           "i < 1000) INSERT INTO sns_message (id, sns_timestamp_ms, sns_message_id, "
           "received_at) SELECT 1000 + i, i, i, '' FROM n;"
           "INSERT INTO body (message_id, body) SELECT id, randomblob(8000) FROM "
           "sns_message WHERE "
           "id > 1000;"
           "DELETE FROM body WHERE message_id BETWEEN 1001 AND 1900");
}

static struct store_space space_of(struct store *store)
{
    struct store_space space = {0};

    assert_int_equal(store_space(store, &space), 0);
    return space;
}

static int64_t size_of(struct fixture *fixture)
{
    struct stat st;

    assert_int_equal(stat(fixture->path, &st), 0);
    return st.st_size;
}

static void a_new_file_gives_space_back_in_steps(void **state)
{
    struct fixture *fixture = *state;
    struct store_space before, after;
    struct store *person = NULL;
    int64_t given = 0;
    int64_t bytes;
    int steps = 0;

    make_room(fixture);
    assert_int_equal(store_open(fixture->path, STORE_WRITE, &person, NULL), 0);
    before = space_of(person);
    assert_true(before.in_steps);
    assert_true(before.free_bytes > 7000000);
    do {
        assert_int_equal(store_compact_step(person, &bytes), 0);
        given += bytes;
        steps++;
        /* The daemon writes in between. */
        assert_int_equal(store_probe(fixture->store), 0);
    } while (bytes > 0);
    assert_true(steps > 3);
    after = space_of(person);
    assert_int_equal(after.free_bytes, 0);
    assert_int_equal(before.bytes - after.bytes, given);
    assert_true(given >= before.free_bytes);
    assert_true(store_idle(person) >= 0);
    store_close(person);
    fixture_close(fixture);
    assert_int_equal(size_of(fixture), after.bytes);
    assert_answer(fixture, "SELECT * FROM pragma_integrity_check", "ok");
    assert_answer(fixture, "SELECT count(*) FROM body", "101");
}

static void *one_step(void *person)
{
    int64_t bytes;

    return store_compact_step(person, &bytes) == 0 ? person : NULL;
}

/* How many pages the step after one has that waits for the daemon longer than a step may
 * take. */
static int pages_after_waiting(struct fixture *fixture, struct store *person, int pages)
{
    int64_t until_ms = clock_mono_ms() + 2 * STORE_TURN_MS;
    pthread_t thread;
    void *done = NULL;

    person->db->compact_pages = pages;
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(pthread_create(&thread, NULL, one_step, person), 0);
    while (clock_mono_ms() < until_ms)
        ;
    assert_int_equal(store_commit(fixture->store), 0);
    assert_int_equal(pthread_join(thread, &done), 0);
    assert_non_null(done);
    return person->db->compact_pages;
}

static void a_step_is_not_smaller_after_waiting_for_the_daemon(void **state)
{
    struct fixture *fixture = *state;
    struct store *person = NULL;
    int pages = 2 * STORE_COMPACT_PAGES_MIN;
    int after = 0;

    make_room(fixture);
    assert_int_equal(store_open(fixture->path, STORE_WRITE, &person, NULL), 0);
    /* again when this machine was so slow that the step itself took too long */
    for (int i = 0; i < 10 && after < pages; i++)
        after = pages_after_waiting(fixture, person, pages);
    assert_true(after >= pages);
    store_close(person);
}

static void
a_step_leaves_the_turn_to_others_for_half_as_long_as_the_one_before_had_it(void **state)
{
    struct fixture *fixture = *state;
    struct store *person = NULL;
    int64_t bytes;
    int64_t given_ms;
    int64_t had_ms;

    make_room(fixture);
    assert_int_equal(store_open(fixture->path, STORE_WRITE, &person, NULL), 0);
    person->db->compact_pages = 512;
    assert_int_equal(store_compact_step(person, &bytes), 0);
    given_ms = person->db->turn_given_ms;
    had_ms = given_ms - person->db->turn_taken_ms;
    assert_int_equal(store_compact_step(person, &bytes), 0);
    assert_true(person->db->turn_taken_ms - given_ms >= had_ms / 2);
    assert_true(person->db->turn_taken_ms - given_ms >= STORE_TURN_GAP_MS);
    store_close(person);
}

static bool never(void)
{
    return false;
}

static bool at_once(void)
{
    return true;
}

static void an_earlier_file_is_rewritten_once_while_nobody_has_it_open(void **state)
{
    struct fixture *fixture = *state;
    struct store *person = NULL;
    struct store_space before;

    make_room(fixture);
    fixture_close(fixture);
    tamper(fixture, "PRAGMA auto_vacuum = NONE; VACUUM");
    tamper(fixture, "DELETE FROM body WHERE message_id > 1000");
    assert_int_equal(store_open(fixture->path, STORE_OWN, &fixture->store, NULL), 0);
    assert_int_equal(store_open(fixture->path, STORE_WRITE, &person, NULL), 0);
    before = space_of(person);
    assert_false(before.in_steps);
    assert_int_equal(store_rewrite(person, never), -EBUSY);
    deliver(fixture, hard("b@example.com", "f2"));
    fixture_close(fixture);
    /* Interrupted, it is as before. */
    assert_int_equal(store_rewrite(person, at_once), -EINTR);
    assert_false(space_of(person).in_steps);
    assert_int_equal(store_rewrite(person, never), 0);
    assert_true(space_of(person).in_steps);
    assert_int_equal(space_of(person).free_bytes, 0);
    store_close(person);
    assert_true(size_of(fixture) < before.bytes - 700000);
    assert_answer(fixture, "SELECT * FROM pragma_integrity_check", "ok");
    assert_answer(fixture, "SELECT count(*) FROM events", "2");
    assert_int_equal(store_open(fixture->path, STORE_OWN, &fixture->store, NULL), 0);
    deliver(fixture, hard("c@example.com", "f3"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_file_gives_space_back_in_steps),
        TEST(a_step_is_not_smaller_after_waiting_for_the_daemon),
        TEST(a_step_leaves_the_turn_to_others_for_half_as_long_as_the_one_before_had_it),
        TEST(an_earlier_file_is_rewritten_once_while_nobody_has_it_open),
    };

    return cmocka_run_group_tests_name("store_compact", tests, NULL, NULL);
}

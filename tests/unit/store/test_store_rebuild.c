/* `suppress rebuild`: what was found is changed only while it is still so. */
#include "store_fixture.h"

#define ANN "ann@example.com"

static int count_rebuilt(void *context, const struct store_rebuilt *change)
{
    assert_string_equal(change->address, ANN);
    ++*(int *)context;
    return 0;
}

/* As of another process: what changes meanwhile is not of the same connection. */
static struct store *rebuilder;

/* An entry that the policy would not have made so, and what is found about it. */
static struct store_rebuilding *look(struct fixture *fixture)
{
    const struct store_rebuild rebuild = {
        .policy = &policy_built_in, .actor = "ann", .now_ms = fixture->now_ms};
    struct store_rebuilding *found = NULL;

    (void)fixture_deliver(fixture, (struct post){.json = hard(ANN, "f1")});
    tamper(fixture, "UPDATE suppression SET since = '2020-01-01 00:00:00.000'");
    assert_int_equal(store_open(fixture->path, STORE_WRITE, &rebuilder, NULL), 0);
    assert_int_equal(store_rebuild_look(rebuilder, &rebuild, ANN, &found), 1);
    return found;
}

static int save(struct store_rebuilding *found)
{
    int count = 0;

    assert_int_equal(store_begin(rebuilder), 0);
    assert_int_equal(store_rebuild_save(found, count_rebuilt, &count), 0);
    assert_int_equal(store_commit(rebuilder), 0);
    store_rebuilding_free(found);
    store_close(rebuilder);
    return count;
}

static void assert_rebuilt(struct fixture *fixture, const char *expected)
{
    assert_answer(fixture,
                  "SELECT count(*) || coalesce(max(since > '2020-02-01'), '-') ||"
                  " coalesce(max(event_count), '-') FROM suppressed",
                  expected);
}

static void what_was_found_is_changed(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(save(look(fixture)), 1);
    assert_rebuilt(fixture, "111");
    assert_answer(fixture,
                  "SELECT count(*) FROM suppression_log WHERE note = "
                  "'suppress rebuild'",
                  "1");
}

static void what_a_person_decided_meanwhile_counts(void **state)
{
    struct fixture *fixture = *state;
    struct store_rebuilding *found = look(fixture);
    const struct store_decision decision = {.what = POLICY_DECIDE_REMOVE,
                                            .origin = POLICY_ORIGIN_PERSON,
                                            .address = ANN,
                                            .now_ms = fixture->now_ms};
    enum policy_decided decided;

    assert_int_equal(store_decide(fixture->store, &decision, &decided), 0);
    assert_int_equal(save(found), 0);
    assert_rebuilt(fixture, "0--");
}

static void an_event_that_came_meanwhile_counts(void **state)
{
    struct fixture *fixture = *state;
    struct store_rebuilding *found = look(fixture);

    (void)fixture_deliver(fixture, (struct post){.json = hard(ANN, "f2")});
    assert_int_equal(save(found), 1);
    assert_rebuilt(fixture, "112");
}

static void what_was_pruned_meanwhile_stays(void **state)
{
    struct fixture *fixture = *state;
    struct store_rebuilding *found = look(fixture);

    tamper(fixture, "UPDATE suppression SET is_basis = 1");
    assert_int_equal(save(found), 0);
    assert_rebuilt(fixture, "101");
}

static void what_was_erased_meanwhile_stays_away(void **state)
{
    struct fixture *fixture = *state;
    struct store_rebuilding *found = look(fixture);

    tamper(fixture, "DELETE FROM suppression");
    tamper(fixture, "DELETE FROM event");
    assert_int_equal(save(found), 0);
    assert_rebuilt(fixture, "0--");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_found_is_changed),
        TEST(what_a_person_decided_meanwhile_counts),
        TEST(an_event_that_came_meanwhile_counts),
        TEST(what_was_pruned_meanwhile_stays),
        TEST(what_was_erased_meanwhile_stays_away),
    };

    return cmocka_run_group_tests_name("store_rebuild", tests, NULL, NULL);
}

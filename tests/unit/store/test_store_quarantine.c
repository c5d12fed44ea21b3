/* The quarantine's bound in bytes: what goes first, and what is told of it. */
#include "store_fixture.h"

static const char sum_of_bytes[] =
    "SELECT sum(length(CAST(body AS BLOB))) FROM quarantine";

/* Until it drops nothing more; how many there were. */
static size_t bound(struct fixture *fixture, int64_t max_bytes)
{
    size_t dropped;
    size_t all = 0;

    do {
        assert_int_equal(
            store_quarantine_bound(fixture->store, max_bytes, fixture->now_ms, &dropped),
            0);
        all += dropped;
    } while (dropped > 0);
    return all;
}

/* Each of 40 bytes. */
static void quarantine(struct fixture *fixture, const char *topic, const char *what)
{
    char *text = text_room();

    (void)snprintf(text, TEXT_ROOM, "%-40s", what);
    assert_int_equal(deliver(fixture, text, .topic = topic), VERDICT_QUARANTINED);
}

static const char kept[] = "SELECT group_concat(trim(body), ' ') FROM (SELECT body FROM "
                           "quarantine ORDER BY id)";

static void the_oldest_repeated_messages_are_dropped_first(void **state)
{
    struct fixture *fixture = *state;

    quarantine(fixture, TOPIC_B, "only-b");
    quarantine(fixture, TOPIC_A, "a1");
    quarantine(fixture, TOPIC_A, "a2");
    quarantine(fixture, TOPIC_A, "{\"a\":1}"); /* another reason: no-type */
    quarantine(fixture, TOPIC_A, "a3");
    assert_int_equal(bound(fixture, 200), 0);
    assert_int_equal(bound(fixture, 199), 1);
    assert_answer(fixture, kept, "only-b a2 {\"a\":1} a3");
    assert_int_equal(bound(fixture, 100), 2);
    /* One example of each is left, so the oldest of all goes. */
    assert_answer(fixture, kept, "{\"a\":1} a3");
    assert_int_equal(bound(fixture, 40), 1);
    assert_answer(fixture, kept, "a3");
    assert_answer(fixture, "SELECT sum(n) FROM quarantine_dropped", "4");
}

static void a_dropped_message_is_known_again(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(deliver(fixture, "no json", .sns_id = "x"), VERDICT_QUARANTINED);
    deliver(fixture, "none either");
    assert_int_equal(bound(fixture, 11), 1);
    assert_int_equal(deliver(fixture, "no json", .sns_id = "x"), VERDICT_DUPLICATE);
    assert_answer(fixture, "SELECT count(*) FROM quarantine", "1");
}

static void a_call_drops_a_bounded_number(void **state)
{
    struct fixture *fixture = *state;
    size_t dropped = 0;

    assert_int_equal(store_begin(fixture->store), 0);
    for (int i = 0; i < 2 * STORE_QUARANTINE_STEP_ROWS; i++) {
        struct post post = {.json = "no json"};
        enum verdict verdict;
        struct intake intake;
        char id[40];

        fixture_intake(fixture, &post, id, &intake);
        assert_int_equal(store_apply(fixture->store, &intake, &verdict), 0);
        intake_done(&intake);
    }
    assert_int_equal(store_commit(fixture->store), 0);
    assert_int_equal(store_quarantine_bound(fixture->store, 7, fixture->now_ms, &dropped),
                     0);
    assert_int_equal(dropped, STORE_QUARANTINE_STEP_ROWS);
    assert_int_equal(bound(fixture, 7), STORE_QUARANTINE_STEP_ROWS - 1);
    assert_answer(fixture, sum_of_bytes, "7");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_oldest_repeated_messages_are_dropped_first),
        TEST(a_dropped_message_is_known_again),
        TEST(a_call_drops_a_bounded_number),
    };

    return cmocka_run_group_tests_name("store_quarantine", tests, NULL, NULL);
}

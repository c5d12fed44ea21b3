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

static void the_topic_and_reason_with_the_most_bytes_gives_room_first(void **state)
{
    struct fixture *fixture = *state;
    char name[16];

    quarantine(fixture, TOPIC_B, "b1");
    quarantine(fixture, TOPIC_B, "b2");
    quarantine(fixture, TOPIC_A, "{\"a\":1}");
    quarantine(fixture, TOPIC_A, "{\"a\":2}");
    for (int i = 1; i <= 9; i++) {
        (void)snprintf(name, sizeof(name), "a%d", i);
        quarantine(fixture, TOPIC_A, name);
    }
    for (int bytes = 480; bytes >= 240; bytes -= 40)
        assert_int_equal(bound(fixture, bytes), 1);
    assert_answer(fixture, kept, "b1 b2 {\"a\":1} {\"a\":2} a8 a9");
}

static void what_each_topic_and_reason_takes_is_known(void **state)
{
    struct fixture *fixture = *state;
    const char *difference =
        "SELECT count(*) FROM (SELECT coalesce(topic_id, 0), reason, count(*),"
        " sum(body_bytes) FROM unapplied GROUP BY 1, 2 EXCEPT"
        " SELECT topic_id, reason, n, bytes FROM unapplied_total)";
    const char *sum = "SELECT sum(n) || ' ' || sum(bytes) FROM unapplied_total";
    const char *text = hard("a@example.com", "f1");
    int64_t old_ms = fixture->now_ms - CLOCK_DAY_MS;

    quarantine(fixture, TOPIC_A, "a1");
    deliver(fixture, text, .sns_id = "x", .at_ms = old_ms, .max_age_ms = CLOCK_HOUR_MS);
    assert_answer(fixture, difference, "0");
    /* It is in quarantine for another reason, and then applied. */
    assert_int_equal(deliver(fixture, "{\"a\":1}", .sns_id = "x", .at_ms = old_ms),
                     VERDICT_QUARANTINED);
    assert_answer(fixture, difference, "0");
    assert_int_equal(deliver(fixture, text, .sns_id = "x", .at_ms = old_ms),
                     VERDICT_STORED);
    assert_answer(fixture, difference, "0");
    assert_answer(fixture, sum, "1 40");
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

static void a_call_drops_a_bounded_number_of_bytes(void **state)
{
    struct fixture *fixture = *state;
    size_t len = STORE_QUARANTINE_STEP_BYTES / 2 + 1024;
    char *text = malloc(len + 1);
    size_t dropped = 0;

    assert_non_null(text);
    memset(text, 'x', len);
    text[len] = '\0';
    for (int i = 0; i < 4; i++)
        assert_int_equal(deliver(fixture, text), VERDICT_QUARANTINED);
    free(text);
    assert_int_equal(store_quarantine_bound(fixture->store, 1, fixture->now_ms, &dropped),
                     0);
    assert_int_equal(dropped, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_oldest_repeated_messages_are_dropped_first),
        TEST(the_topic_and_reason_with_the_most_bytes_gives_room_first),
        TEST(what_each_topic_and_reason_takes_is_known),
        TEST(a_dropped_message_is_known_again),
        TEST(a_call_drops_a_bounded_number),
        TEST(a_call_drops_a_bounded_number_of_bytes),
    };

    return cmocka_run_group_tests_name("store_quarantine", tests, NULL, NULL);
}

/* This machine's clock is ahead or behind: what is mended, and what are the signs. */
#include "store_fixture.h"

static void a_time_ahead_of_the_clock_goes_with_the_next_message(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, hard("a@example.com", "f1"),
            .received_ms = fixture->now_ms + 30 * CLOCK_DAY_MS);
    assert_answer(fixture,
                  "SELECT last_message_at > datetime('now', '+1 day') FROM topics", "1");
    /* our clock has been set back, and the daemon may have gone on */
    deliver(fixture, hard("a@example.com", "f2"));
    assert_answer(fixture,
                  "SELECT last_message_at < datetime('now', '+1 minute') FROM topics",
                  "1");
    deliver(fixture, hard("a@example.com", "f3"),
            .received_ms = fixture->now_ms + 30 * CLOCK_DAY_MS);
    fixture_reopen(fixture);
    deliver(fixture, hard("a@example.com", "f4"));
    assert_answer(fixture,
                  "SELECT last_message_at < datetime('now', '+1 minute') FROM topics",
                  "1");
}

static void a_time_ahead_goes_without_a_message_unless_the_clock_is_behind(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_ms = fixture->now_ms;
    bool more = false;

    deliver(fixture, "Successfully validated SNS topic for Amazon SES event publishing.",
            .received_ms = now_ms + 30 * CLOCK_DAY_MS);
    /* behind: SNS's time of that message lies ahead of it */
    assert_int_equal(
        store_tidy(fixture->store, now_ms - CLOCK_HOUR_MS, now_ms - CLOCK_HOUR_MS, &more),
        0);
    assert_answer(fixture,
                  "SELECT last_message_at > datetime('now', '+1 day')"
                  " AND announced_at > datetime('now', '+1 day')"
                  " AND since > datetime('now', '+1 day') FROM topics",
                  "1");
    assert_int_equal(store_tidy(fixture->store, now_ms + STORE_TIDY_AGAIN_MS,
                                now_ms + STORE_TIDY_AGAIN_MS, &more),
                     0);
    assert_answer(fixture,
                  "SELECT last_message_at < datetime('now', '+1 day')"
                  " AND announced_at < datetime('now', '+1 day')"
                  " AND since < datetime('now', '+1 day') FROM topics",
                  "1");
}

static void what_a_file_says_of_the_future_keeps_no_time_ahead_of_the_clock(void **state)
{
    struct fixture *fixture = *state;
    int64_t ahead_ms = fixture->now_ms + 30 * CLOCK_DAY_MS;
    bool more = false;

    deliver(fixture, "Successfully validated SNS topic for Amazon SES event publishing.",
            .received_ms = ahead_ms);
    deliver(fixture, send_of("\"a@example.com\"", "m1", ahead_ms), .imported = true,
            .bare = true);
    assert_int_equal(
        deliver(fixture, hard("a@example.com", "f1"), .at_ms = ahead_ms, .max_age_ms = 1),
        VERDICT_QUARANTINED);
    assert_answer(fixture, "SELECT count(DISTINCT sns_timestamp_ms) FROM sns_message",
                  "2");
    assert_int_equal(store_tidy(fixture->store, fixture->now_ms, fixture->now_ms, &more),
                     0);
    assert_answer(fixture,
                  "SELECT announced_at < datetime('now', '+1 day')"
                  " AND since < datetime('now', '+1 day') FROM topics",
                  "1");
}

/* Ten stale messages, and `good` others. */
static bool is_surge(struct fixture *fixture, int good)
{
    struct store_clock_signs signs;

    for (int i = 0; i < STORE_STALE_SURGE; i++)
        deliver(fixture, "stale", .at_ms = fixture->now_ms - CLOCK_DAY_MS,
                .max_age_ms = CLOCK_HOUR_MS);
    for (int i = 0; i < good; i++)
        deliver(fixture, "good");
    assert_int_equal(store_clock_signs(fixture->store, fixture->now_ms, &signs), 0);
    assert_int_equal(signs.stale, STORE_STALE_SURGE);
    return signs.is_surge;
}

static void stale_messages_are_a_surge_when_fewer_are_good(void **state)
{
    assert_true(is_surge(*state, STORE_STALE_SURGE - 1));
}

static void stale_messages_are_not_a_surge_when_as_many_are_good(void **state)
{
    assert_false(is_surge(*state, STORE_STALE_SURGE));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_time_ahead_of_the_clock_goes_with_the_next_message),
        TEST(a_time_ahead_goes_without_a_message_unless_the_clock_is_behind),
        TEST(what_a_file_says_of_the_future_keeps_no_time_ahead_of_the_clock),
        TEST(stale_messages_are_a_surge_when_fewer_are_good),
        TEST(stale_messages_are_not_a_surge_when_as_many_are_good),
    };

    return cmocka_run_group_tests_name("store_clock", tests, NULL, NULL);
}

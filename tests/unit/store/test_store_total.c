/* What is counted while it changes, so that nobody has to count it when it is asked for.
 */
#include <ctype.h>

#include "store_fixture.h"

/* What is on the list, as `status` counts it. */
static const char listed[] =
    "SELECT group_concat(reason || ' ' || n) FROM (SELECT reason, count(*) AS n FROM"
    " suppressed GROUP BY reason ORDER BY reason)";

/* Of a row `suppressed_bounce`, 2: `,BOUNCE 2` */
static int note_count(void *context, const struct store_value *values, size_t count)
{
    char *counted = context;
    size_t len = strlen(counted);
    struct str name = values[0].text;
    size_t prefix = sizeof("suppressed_") - 1;

    assert_int_equal(count, 2);
    if (!str_starts_with(name, STR("suppressed_")))
        return 0;
    if (len > 0)
        counted[len++] = ',';
    for (size_t i = prefix; i < name.len; i++)
        counted[len++] = (char)toupper(name.data[i]);
    (void)snprintf(counted + len, TEXT_ROOM - len, " %lld", (long long)values[1].integer);
    return 0;
}

static void assert_list(struct fixture *fixture, const char *expected)
{
    char counted[TEXT_ROOM] = "";

    assert_answer(fixture, listed, expected);
    assert_int_equal(store_status(fixture->store, note_count, counted), 0);
    assert_string_equal(counted, expected);
}

static void what_is_rolled_back_is_not_counted_with_what_comes_next(void **state)
{
    struct fixture *fixture = *state;
    struct store_decision decision = {.address = "a@example.com",
                                      .actor = "ann",
                                      .now_ms = fixture->now_ms,
                                      .until_ms = POLICY_FOR_EVER};
    bool changed = false;

    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(decide_add(fixture->store, &decision, &changed), 0);
    store_rollback(fixture->store);
    deliver(fixture, hard("b@example.com", "f1"));
    assert_list(fixture, "BOUNCE 1");
}

static void an_entry_that_an_event_lifts_is_not_counted_any_more(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, complaint("abuse", "a@example.com", "c1"));
    deliver(fixture, complaint("abuse", "b@example.com", "c2"));
    assert_list(fixture, "COMPLAINT 2");
    deliver(fixture, complaint("not-spam", "a@example.com", "c3"),
            .at_ms = fixture->now_ms + 1000);
    assert_list(fixture, "COMPLAINT 1");
}

static void a_weaker_entry_is_counted_when_an_event_lifts_the_stronger_one(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, hard("a@example.com", "f1"));
    deliver(fixture, complaint("abuse", "a@example.com", "c1"));
    assert_list(fixture, "COMPLAINT 1");
    deliver(fixture, complaint("not-spam", "a@example.com", "c2"),
            .at_ms = fixture->now_ms + 1000);
    assert_list(fixture, "BOUNCE 1");
}

/* Of `scoped_REASON`, what is not over. */
static const char scoped[] =
    "SELECT coalesce(group_concat(name || ' ' || n), '-') FROM (SELECT name, sum(n) AS n"
    " FROM total WHERE name GLOB 'scoped_*' GROUP BY name HAVING sum(n) > 0)";

static void entries_of_one_scope_are_counted_among_the_others(void **state)
{
    struct fixture *fixture = *state;
    struct store_decision decision = {.address = "a@example.com",
                                      .scope = "news",
                                      .actor = "ann",
                                      .now_ms = fixture->now_ms,
                                      .until_ms = POLICY_FOR_EVER};
    bool changed = false;

    deliver(fixture, hard("a@example.com", "f1"));
    assert_answer(fixture, scoped, "-");
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(decide_add(fixture->store, &decision, &changed), 0);
    assert_int_equal(store_commit(fixture->store), 0);
    assert_list(fixture, "BOUNCE 1,MANUAL 1");
    assert_answer(fixture, scoped, "scoped_manual 1");
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(decide_remove(fixture->store, &decision, &changed), 0);
    assert_int_equal(store_commit(fixture->store), 0);
    assert_list(fixture, "BOUNCE 1");
    assert_answer(fixture, scoped, "-");
}

static void what_ended_long_ago_leaves_no_count(void **state)
{
    struct fixture *fixture = *state;
    bool more = false;

    /* A list hit holds for thirty days. */
    deliver(fixture, bounce_of("Permanent", "Suppressed", "a@example.com", "f1", NULL),
            .at_ms = fixture->now_ms - 91 * CLOCK_DAY_MS);
    deliver(fixture, bounce_of("Permanent", "Suppressed", "b@example.com", "f2", NULL),
            .at_ms = fixture->now_ms - 89 * CLOCK_DAY_MS);
    assert_answer(fixture, "SELECT count(*) FROM total WHERE name = 'suppressed_bounce'",
                  "2");
    assert_int_equal(store_tidy(fixture->store, fixture->now_ms, fixture->now_ms, &more),
                     0);
    assert_answer(fixture, "SELECT count(*) FROM total WHERE name = 'suppressed_bounce'",
                  "1");
}

static void a_complaint_of_a_candidate_and_another_one_counts_once(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, complaint("abuse", "a@example.com", "c1"));
    assert_int_equal(
        deliver(fixture,
                "{\"eventType\":\"Complaint\",\"complaint\":{\"complainedRecipients\":[{"
                "\"emailAddress\":\"a@example.com\"},{\"emailAddress\":\"b@example.com\"}"
                "],\"timestamp\":\"2024-05-01T11:00:00.000Z\",\"feedbackId\":\"c1\","
                "\"complaintFeedbackType\":\"abuse\"},\"mail\":{\"timestamp\":"
                "\"2024-05-01T10:00:00.000Z\",\"messageId\":\"m-c1\",\"destination\":["
                "\"a@example.com\",\"b@example.com\"]}}"),
        VERDICT_STORED);
    assert_answer(fixture, "SELECT count(*) FROM complaints", "2");
    assert_answer(fixture, "SELECT complaints FROM daily", "1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_rolled_back_is_not_counted_with_what_comes_next),
        TEST(an_entry_that_an_event_lifts_is_not_counted_any_more),
        TEST(a_weaker_entry_is_counted_when_an_event_lifts_the_stronger_one),
        TEST(entries_of_one_scope_are_counted_among_the_others),
        TEST(what_ended_long_ago_leaves_no_count),
        TEST(a_complaint_of_a_candidate_and_another_one_counts_once),
    };

    return cmocka_run_group_tests_name("store_total", tests, NULL, NULL);
}

#include "store_fixture.h"

static void a_hard_bounce_becomes_a_row_with_its_body_and_an_entry(void **state)
{
    struct fixture *fixture = *state;
    const char *json = hard("A.User@Example.COM", "f1");

    assert_int_equal(deliver(fixture, json), VERDICT_STORED);
    assert_answer(fixture, "SELECT count(*) FROM events", "1");
    assert_answer(fixture, "SELECT address FROM events", "a.user@example.com");
    assert_answer(fixture, "SELECT address_seen FROM events", "A.User@example.com");
    assert_answer(fixture, "SELECT typeof(body) FROM body", "blob");
    assert_message(fixture, 1, json);
    assert_answer(fixture, "SELECT reason || ' ' || detail FROM suppressed",
                  "BOUNCE Permanent/General");
}

static void the_same_sns_message_is_kept_once(void **state)
{
    struct fixture *fixture = *state;
    const char *json = hard("a@example.com", "f1");

    assert_int_equal(deliver(fixture, json, .sns_id = "one"), VERDICT_STORED);
    assert_int_equal(deliver(fixture, json, .sns_id = "one"), VERDICT_DUPLICATE);
    /* the id alone is no key, nor is the time */
    assert_int_equal(deliver(fixture, hard("b@example.com", "f2"), .sns_id = "one",
                             .at_ms = fixture->now_ms - 1),
                     VERDICT_STORED);
    assert_answer(fixture, "SELECT count(*) FROM sns_message", "2");
    assert_answer(fixture, "SELECT event_count FROM suppressed LIMIT 1", "1");
    assert_answer(fixture, "SELECT messages FROM topics", "2");
}

static void the_same_event_through_two_feeds_is_one_row_and_counts_once(void **state)
{
    struct fixture *fixture = *state;
    const char *json = hard("a@example.com", "f1");

    assert_int_equal(deliver(fixture, json), VERDICT_STORED);
    assert_int_equal(deliver(fixture, json, .topic = TOPIC_B), VERDICT_DUPLICATE);
    assert_answer(fixture, "SELECT count(*) FROM events", "1");
    assert_answer(fixture, "SELECT count(*) FROM body", "1");
    assert_answer(fixture, "SELECT hard_bounces FROM daily", "1");
    assert_answer(fixture, "SELECT event_count FROM suppressed", "1");
    assert_answer(fixture, "SELECT count(*) FROM topics", "2");
}

static void the_second_feed_adds_what_the_first_did_not_know(void **state)
{
    struct fixture *fixture = *state;
    static const char bare[] =
        "{\"notificationType\":\"Bounce\",\"bounce\":{\"bounceType\":\"Permanent\","
        "\"bounceSubType\":\"General\",\"bouncedRecipients\":[{\"emailAddress\":"
        "\"a@example.com\"}],\"timestamp\":\"2024-05-01T10:00:00.000Z\",\"feedbackId\":"
        "\"f1\"},\"mail\":{\"timestamp\":\"2024-05-01T09:59:58.000Z\",\"messageId\":"
        "\"m-f1\",\"source\":\"news@example.org\",\"sourceIp\":\"192.0.2.9\","
        "\"destination\":[\"a@example.com\"]}}";

    assert_int_equal(deliver(fixture, bare), VERDICT_STORED);
    assert_answer(fixture, "SELECT campaign FROM events", "");
    assert_int_equal(deliver(fixture, hard("a@example.com", "f1")), VERDICT_DUPLICATE);
    assert_answer(fixture,
                  "SELECT campaign || configuration_set || source_ip FROM events",
                  "springset-one192.0.2.9");
    assert_answer(fixture, "SELECT count(*) FROM events", "1");
}

static void a_bounce_of_three_is_three_rows_and_one_body(void **state)
{
    struct fixture *fixture = *state;
    const char *json = bounce_of(
        "Permanent", "General",
        "a@example.com\"},{\"emailAddress\":\"b@example.com\"},{\"emailAddress\":\"c@"
        "example.com",
        "f1", NULL);

    assert_int_equal(deliver(fixture, json), VERDICT_STORED);
    assert_answer(fixture, "SELECT count(*) FROM events", "3");
    assert_answer(fixture, "SELECT count(*) FROM suppressed", "3");
    assert_answer(fixture, "SELECT count(*) FROM body", "1");
    assert_answer(fixture, "SELECT hard_bounces FROM daily", "3");
}

static const char *complaint_of_three(const char *feed)
{
    char *text = text_room();

    (void)snprintf(
        text, TEXT_ROOM,
        "{\"%s\":\"Complaint\",\"complaint\":{\"complainedRecipients\":[{"
        "\"emailAddress\":"
        "\"a@example.com\"},{\"emailAddress\":\"b@example.com\"},{\"emailAddress\":"
        "\"c@example.com\"}],\"timestamp\":\"2024-05-01T11:00:00.000Z\",\"feedbackId\":"
        "\"f1\"},\"mail\":{\"messageId\":\"m-1\",\"destination\":[\"a@example.com\","
        "\"b@example.com\",\"c@example.com\"]}}",
        feed);
    return text;
}

static void a_complaint_of_three_candidates_counts_once(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(deliver(fixture, complaint_of_three("eventType")), VERDICT_STORED);
    assert_answer(fixture, "SELECT count(*) FROM complaints", "3");
    assert_answer(fixture, "SELECT complaints FROM daily", "1");
    assert_int_equal(deliver(fixture, complaint_of_three("notificationType")),
                     VERDICT_DUPLICATE);
    assert_answer(fixture, "SELECT complaints FROM daily", "1");
    deliver(fixture, complaint("abuse", "d@example.com", "f2"));
    assert_answer(fixture, "SELECT complaints FROM daily", "2");
}

static void a_complaint_that_is_only_counted_counts_once_too(void **state)
{
    struct fixture *fixture = *state;
    struct ses_rule count_all[] = {{(char *)(uintptr_t) "*", SES_COUNT}};
    const struct ses_rules rules = {count_all, 1, NULL, 0};

    assert_int_equal(deliver(fixture, complaint_of_three("eventType"), .rules = &rules),
                     VERDICT_COUNTED);
    assert_int_equal(
        deliver(fixture, complaint_of_three("notificationType"), .rules = &rules),
        VERDICT_DUPLICATE);
    assert_answer(fixture, "SELECT count(*) FROM complaints", "0");
    assert_answer(fixture, "SELECT complaints FROM daily", "1");
}

static void absent_is_null_and_nul_becomes_a_replacement_character(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(
        deliver(fixture, bounce_of("Permanent", "General", "a@example.com", "f1",
                                   "\"diagnosticCode\":\"x\\u0000y\"")),
        VERDICT_STORED);
    assert_answer(fixture, "SELECT diagnostic FROM events", "x\xEF\xBF\xBDy");
    assert_answer(fixture, "SELECT status IS NULL AND tenant IS NULL FROM events", "1");
    assert_answer(fixture, "SELECT candidates IS NULL FROM events", "1");
}

static void times_are_in_sqlites_own_form(void **state)
{
    struct fixture *fixture = *state;
    char expected[CLOCK_TEXT_BYTES];

    clock_format_sql(fixture->now_ms - 1234, expected);
    assert_int_equal(
        deliver(fixture, hard("a@example.com", "f1"), .at_ms = fixture->now_ms - 1234),
        VERDICT_STORED);
    assert_answer(fixture, "SELECT occurred_at FROM events", expected);
    assert_answer(fixture, "SELECT sent_at FROM events", "2024-05-01 09:59:58.000");
    assert_answer(fixture, "SELECT ses_timestamp FROM events", "2024-05-01 10:00:00.000");
    assert_answer(fixture,
                  "SELECT count(*) FROM events WHERE occurred_at >= "
                  "datetime('now', '-1 days')",
                  "1");
}

static void a_stale_message_is_quarantined_and_applied_when_tried_again(void **state)
{
    struct fixture *fixture = *state;
    const char *json = hard("a@example.com", "f1");
    struct post post = {.json = json,
                        .sns_id = "old",
                        .at_ms = fixture->now_ms - CLOCK_DAY_MS,
                        .max_age_ms = CLOCK_HOUR_MS};

    assert_int_equal(fixture_deliver(fixture, post), VERDICT_QUARANTINED);
    assert_int_equal(fixture_deliver(fixture, post), VERDICT_DUPLICATE);
    assert_answer(fixture, "SELECT reason FROM quarantine", "stale");
    assert_answer(fixture, "SELECT body FROM quarantine", json);
    assert_answer(fixture, "SELECT sns_message_id FROM quarantine", "old");
    assert_answer(fixture, "SELECT count(*) FROM suppressed", "0");
    post.max_age_ms = 0;
    assert_int_equal(fixture_deliver(fixture, post), VERDICT_STORED);
    assert_answer(fixture, "SELECT count(*) FROM quarantine", "0");
    assert_answer(fixture, "SELECT count(*) FROM suppressed", "1");
    assert_answer(fixture, "SELECT count(*) FROM body", "1");
    assert_int_equal(fixture_deliver(fixture, post), VERDICT_DUPLICATE);
}

static void a_dropped_message_takes_its_body_along_but_stays_known(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(deliver(fixture, "{\"no\":1}", .sns_id = "x"), VERDICT_QUARANTINED);
    assert_answer(fixture, "SELECT reason FROM quarantine", "no-type");
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_quarantine_drop(fixture->store, 1), 0);
    assert_int_equal(store_quarantine_drop(fixture->store, 1), 0);
    assert_int_equal(store_commit(fixture->store), 0);
    assert_answer(fixture, "SELECT count(*) FROM quarantine", "0");
    assert_answer(fixture, "SELECT count(*) FROM body", "0");
    assert_int_equal(deliver(fixture, "{\"no\":1}", .sns_id = "x"), VERDICT_DUPLICATE);
}

static void a_dropped_retry_keeps_the_body_that_events_came_from(void **state)
{
    struct fixture *fixture = *state;
    struct post post = {.json = hard("a@example.com", "f1"),
                        .sns_id = "old",
                        .at_ms = fixture->now_ms - CLOCK_DAY_MS,
                        .max_age_ms = CLOCK_HOUR_MS};
    enum verdict verdict;
    struct intake intake;
    char id[40];

    assert_int_equal(fixture_deliver(fixture, post), VERDICT_QUARANTINED);
    post.max_age_ms = 0;
    fixture_intake(fixture, &post, id, &intake);
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_apply(fixture->store, &intake, &verdict), 0);
    assert_int_equal(verdict, VERDICT_STORED);
    assert_int_equal(store_quarantine_drop(fixture->store, 1), 0);
    assert_int_equal(store_commit(fixture->store), 0);
    intake_done(&intake);
    assert_answer(fixture, "SELECT count(*) FROM body", "1");
}

static void counted_types_leave_no_row_but_count_exactly(void **state)
{
    struct fixture *fixture = *state;
    int64_t ses_ms = fixture->now_ms - 1000;
    const char *send = send_of("\"a@example.com\",\"b@example.com\"", "m1", ses_ms);

    assert_int_equal(deliver(fixture, send, .rules = &counting, .sns_id = "s"),
                     VERDICT_COUNTED);
    assert_int_equal(deliver(fixture, send, .rules = &counting, .sns_id = "s"),
                     VERDICT_DUPLICATE);
    /* another feed: another SNS message with a later time, over the edge of a minute */
    assert_int_equal(deliver(fixture, send, .rules = &counting, .topic = TOPIC_B,
                             .at_ms = fixture->now_ms + CLOCK_MINUTE_MS),
                     VERDICT_DUPLICATE);
    assert_int_equal(
        deliver(fixture, delivery("a@example.com", "m1", ses_ms), .rules = &counting),
        VERDICT_COUNTED);
    assert_answer(fixture, "SELECT sum(sends) || ' ' || sum(deliveries) FROM daily",
                  "2 1");
    assert_answer(fixture, "SELECT count(*) FROM events", "0");
    assert_answer(fixture, "SELECT count(*) FROM body", "0");
    assert_answer(fixture, "SELECT n FROM type_count WHERE type = 'Send'", "1");
    assert_answer(fixture, "SELECT sum(messages) FROM topics", "2");
}

static void ignored_types_are_counted_by_type_only(void **state)
{
    struct fixture *fixture = *state;
    static const char open[] = "{\"eventType\":\"Open\",\"open\":{\"ipAddress\":\"::1\"},"
                               "\"mail\":{\"messageId\":\"m1\",\"destination\":"
                               "[\"a@example.com\"]}}";

    assert_int_equal(deliver(fixture, open, .rules = &counting), VERDICT_IGNORED);
    assert_answer(fixture, "SELECT n FROM type_count WHERE type = 'Open'", "1");
    assert_answer(fixture, "SELECT count(*) FROM sns_message", "0");
    assert_answer(fixture, "SELECT count(*) FROM daily", "0");
}

static void an_ignored_message_that_is_replayed_counts_once(void **state)
{
    struct fixture *fixture = *state;
    static const char first[] =
        "{\"eventType\":\"Open\",\"open\":{\"timestamp\":\"2024-05-01T10:00:00.001Z\"},"
        "\"mail\":{\"messageId\":\"m1\",\"destination\":[\"a@example.com\"]}}";
    static const char second[] =
        "{\"eventType\":\"Open\",\"open\":{\"timestamp\":\"2024-05-01T10:00:00.002Z\"},"
        "\"mail\":{\"messageId\":\"m1\",\"destination\":[\"a@example.com\"]}}";
    static const char nameless[] = "{\"eventType\":\"Open\"}";

    assert_int_equal(deliver(fixture, first, .rules = &counting, .sns_id = "s1"),
                     VERDICT_IGNORED);
    assert_int_equal(deliver(fixture, first, .rules = &counting, .sns_id = "s1"),
                     VERDICT_DUPLICATE);
    assert_int_equal(
        deliver(fixture, first, .rules = &counting, .topic = TOPIC_B, .sns_id = "s2"),
        VERDICT_DUPLICATE);
    assert_int_equal(deliver(fixture, second, .rules = &counting), VERDICT_IGNORED);
    /* Without an id of SES's it is the SNS message that is known again. */
    assert_int_equal(deliver(fixture, nameless, .rules = &counting, .sns_id = "s3"),
                     VERDICT_IGNORED);
    assert_int_equal(deliver(fixture, nameless, .rules = &counting, .sns_id = "s3"),
                     VERDICT_DUPLICATE);
    assert_int_equal(deliver(fixture, nameless, .rules = &counting, .sns_id = "s4"),
                     VERDICT_IGNORED);
    assert_answer(fixture, "SELECT n FROM type_count WHERE type = 'Open'", "4");
    assert_answer(fixture, "SELECT sum(messages) FROM topics", "4");
}

static void bare_messages_have_no_topic_and_import_twice_as_one(void **state)
{
    struct fixture *fixture = *state;
    const char *json = hard("a@example.com", "f1");

    assert_int_equal(deliver(fixture, json, .bare = true, .imported = true),
                     VERDICT_STORED);
    assert_int_equal(deliver(fixture, json, .bare = true, .imported = true,
                             .received_ms = fixture->now_ms + 5000),
                     VERDICT_DUPLICATE);
    assert_int_equal(deliver(fixture, "what is this", .bare = true, .imported = true),
                     VERDICT_QUARANTINED);
    assert_int_equal(deliver(fixture, "what is this", .bare = true, .imported = true,
                             .received_ms = fixture->now_ms + 5000),
                     VERDICT_DUPLICATE);
    assert_answer(fixture,
                  "SELECT count(*) FROM events WHERE topic_arn IS NULL AND "
                  "sns_message_id IS NULL AND occurred_at = '2024-05-01 10:00:00.000'",
                  "1");
    assert_answer(fixture, "SELECT origin FROM suppressed", "import");
    assert_answer(fixture, "SELECT reason FROM quarantine", "not-json");
}

static void simulator_addresses_stay_out_of_the_rates(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(deliver(fixture, hard("bounce@simulator.amazonses.com", "f1")),
                     VERDICT_STORED);
    assert_int_equal(
        deliver(fixture, send_of("\"ok@simulator.amazonses.com\"", "m1", fixture->now_ms),
                .rules = &counting),
        VERDICT_COUNTED);
    assert_answer(fixture, "SELECT sends + hard_bounces FROM daily", "0");
    assert_answer(fixture, "SELECT is_simulator FROM events", "1");
    assert_answer(fixture, "SELECT detail FROM suppressed",
                  "Permanent/General (simulator)");
}

static void list_hits_are_counted_apart(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(deliver(fixture, bounce_of("Permanent", "OnAccountSuppressionList",
                                                "a@example.com", "f1", NULL)),
                     VERDICT_STORED);
    assert_answer(fixture, "SELECT hard_bounces || ' ' || list_hits FROM daily", "0 1");
}

static void rates_have_the_denominator_that_is_known(void **state)
{
    struct fixture *fixture = *state;
    const char *rates = "SELECT coalesce(bounce_rate, 'none') || ' ' || "
                        "coalesce(complaint_rate, 'none') FROM daily";

    deliver(fixture, hard("a@example.com", "f1"));
    deliver(fixture, complaint("abuse", "b@example.com", "f2"));
    assert_answer(fixture, rates, "none none");
    for (int i = 0; i < 3; i++) {
        char id[16];

        (void)snprintf(id, sizeof(id), "d%d", i);
        deliver(fixture, delivery("c@example.com", id, fixture->now_ms));
    }
    assert_answer(fixture, rates, "0.25 0.333333333333333");
    deliver(fixture,
            send_of("\"a@example.com\",\"c@example.com\"", "s1", fixture->now_ms));
    assert_answer(fixture, rates, "0.5 0.333333333333333");
}

static void a_rollback_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct post post = {.json = hard("a@example.com", "f1"), .sns_id = "x"};
    enum verdict verdict;
    struct intake intake;
    char id[40];

    fixture_intake(fixture, &post, id, &intake);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(store_begin(fixture->store), 0);
        assert_int_equal(store_apply(fixture->store, &intake, &verdict), 0);
        assert_int_equal(verdict, VERDICT_STORED);
        store_rollback(fixture->store);
    }
    assert_answer(fixture,
                  "SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM topic) + "
                  "(SELECT count(*) FROM body) + (SELECT count(*) FROM sns_message) + "
                  "(SELECT count(*) FROM suppression) + (SELECT count(*) FROM daily)",
                  "0");
    /* nor does what was gathered for it leak into the next */
    assert_int_equal(fixture_apply_intake(fixture, &intake), VERDICT_STORED);
    assert_answer(fixture, "SELECT hard_bounces FROM daily", "1");
    assert_answer(fixture, "SELECT messages FROM topics", "1");
    intake_done(&intake);
}

static void ids_grow_and_are_never_reused(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, hard("a@example.com", "f1"));
    deliver(fixture, hard("b@example.com", "f2"));
    tamper(fixture, "DELETE FROM event WHERE id = 2");
    deliver(fixture, hard("c@example.com", "f3"));
    assert_answer(fixture, "SELECT max(id) FROM events", "3");
}

static void an_event_without_any_id_is_known_by_its_sns_message(void **state)
{
    struct fixture *fixture = *state;
    static const char reject[] =
        "{\"eventType\":\"Reject\",\"reject\":{\"reason\":\"Bad\"},"
        "\"mail\":{\"destination\":[\"a@example.com\"]}}";

    assert_int_equal(deliver(fixture, reject, .sns_id = "x"), VERDICT_STORED);
    assert_int_equal(deliver(fixture, reject, .sns_id = "x"), VERDICT_DUPLICATE);
    assert_int_equal(deliver(fixture, reject, .sns_id = "y"), VERDICT_STORED);
    assert_answer(fixture, "SELECT rejects FROM daily", "2");
}

static void many_topics_and_days_in_one_transaction_are_all_counted(void **state)
{
    struct fixture *fixture = *state;
    enum verdict verdict;

    assert_int_equal(store_begin(fixture->store), 0);
    for (int i = 0; i < 200; i++) {
        char topic[128];
        char id[40];
        char feedback[16];
        struct intake intake;

        (void)snprintf(topic, sizeof(topic), TOPIC_A "-%d", i % 100);
        (void)snprintf(feedback, sizeof(feedback), "f%d", i);
        struct post post = {.json = hard("a@example.com", feedback),
                            .topic = topic,
                            .at_ms = fixture->now_ms - (i % 100) * CLOCK_DAY_MS};
        fixture_intake(fixture, &post, id, &intake);
        assert_int_equal(store_apply(fixture->store, &intake, &verdict), 0);
        assert_int_equal(verdict, VERDICT_STORED);
        intake_done(&intake);
    }
    assert_int_equal(store_commit(fixture->store), 0);
    assert_answer(fixture, "SELECT count(*) || ' ' || sum(messages) FROM topics",
                  "100 200");
    assert_answer(fixture, "SELECT count(*) || ' ' || sum(hard_bounces) FROM daily",
                  "100 200");
    assert_answer(fixture, "SELECT event_count FROM suppressed", "200");
}

/* Each time something else has drawn an id since the last event. */
static void a_message_says_where_its_events_are(void **state)
{
    static const char where[] =
        "SELECT count(*) FROM sns_message AS m JOIN (SELECT message_id, min(id) AS first,"
        " max(id) AS last FROM event GROUP BY message_id) AS e ON e.message_id = m.id"
        " WHERE m.first_event_id = e.first AND m.last_event_id = e.last";
    struct fixture *fixture = *state;
    const char *stale = hard("stale@example.com", "f0");
    const char *three =
        send_of("\"a@x.example\",\"b@x.example\",\"c@x.example\"", "m1", 0);

    deliver(fixture, stale, .sns_id = "s", .at_ms = fixture->now_ms - 2 * CLOCK_HOUR_MS,
            .max_age_ms = CLOCK_HOUR_MS);
    deliver(fixture, three);
    deliver(fixture, three, .topic = TOPIC_B);
    deliver(fixture, hard("a@example.com", "f1"));
    deliver(fixture, stale, .sns_id = "s", .at_ms = fixture->now_ms - 2 * CLOCK_HOUR_MS);
    tamper(fixture, "UPDATE sqlite_sequence SET seq = seq + 9 WHERE name = 'event'");
    deliver(fixture, hard("b@example.com", "f2"));
    fixture_reopen(fixture);
    deliver(fixture, hard("c@example.com", "f3"));
    assert_answer(fixture, where, "5");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_hard_bounce_becomes_a_row_with_its_body_and_an_entry),
        TEST(the_same_sns_message_is_kept_once),
        TEST(the_same_event_through_two_feeds_is_one_row_and_counts_once),
        TEST(the_second_feed_adds_what_the_first_did_not_know),
        TEST(a_bounce_of_three_is_three_rows_and_one_body),
        TEST(a_complaint_of_three_candidates_counts_once),
        TEST(a_complaint_that_is_only_counted_counts_once_too),
        TEST(absent_is_null_and_nul_becomes_a_replacement_character),
        TEST(times_are_in_sqlites_own_form),
        TEST(a_stale_message_is_quarantined_and_applied_when_tried_again),
        TEST(a_dropped_message_takes_its_body_along_but_stays_known),
        TEST(a_dropped_retry_keeps_the_body_that_events_came_from),
        TEST(counted_types_leave_no_row_but_count_exactly),
        TEST(ignored_types_are_counted_by_type_only),
        TEST(an_ignored_message_that_is_replayed_counts_once),
        TEST(bare_messages_have_no_topic_and_import_twice_as_one),
        TEST(simulator_addresses_stay_out_of_the_rates),
        TEST(list_hits_are_counted_apart),
        TEST(rates_have_the_denominator_that_is_known),
        TEST(a_rollback_leaves_nothing),
        TEST(ids_grow_and_are_never_reused),
        TEST(a_message_says_where_its_events_are),
        TEST(an_event_without_any_id_is_known_by_its_sns_message),
        TEST(many_topics_and_days_in_one_transaction_are_all_counted),
    };
    return cmocka_run_group_tests_name("store_write", tests, NULL, NULL);
}

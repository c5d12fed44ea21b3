/* Counters by hour, sender and provider: that they agree with those by day, and how they
 * become fewer as the years pass. */
#include "store_fixture.h"

#define COUNTERS                                                                         \
    "sum(sends) || ' ' || sum(deliveries) || ' ' || sum(hard_bounces) || ' ' ||"         \
    " sum(soft_bounces) || ' ' || sum(complaints) || ' ' || sum(rejects) || ' ' ||"      \
    " sum(list_hits)"

static void assert_agrees(struct fixture *fixture, const char *expected)
{
    assert_answer(fixture, "SELECT " COUNTERS " FROM daily", expected);
    assert_answer(fixture, "SELECT " COUNTERS " FROM hourly", expected);
    assert_answer(fixture,
                  "SELECT count(*) FROM (SELECT day, " COUNTERS " FROM daily GROUP BY day"
                  " EXCEPT SELECT date(hour), " COUNTERS " FROM hourly GROUP BY 1)",
                  "0");
}

static const char *rejected(const char *address, const char *id)
{
    char *text = text_room();

    (void)snprintf(text, TEXT_ROOM,
                   "{\"eventType\":\"Reject\",\"reject\":{\"reason\":\"Bad content\"},"
                   "\"mail\":{\"timestamp\":\"2024-05-01T10:00:00.000Z\",\"messageId\":"
                   "\"%s\",\"destination\":[\"%s\"]}}",
                   id, address);
    return text;
}

/* From an identity of its own. */
static const char *sent_by(const char *identity, const char *id)
{
    char *text = text_room();

    (void)snprintf(text, TEXT_ROOM,
                   "{\"eventType\":\"Send\",\"send\":{},\"mail\":{\"timestamp\":"
                   "\"2024-05-01T10:00:00.000Z\",\"messageId\":\"%s\",\"sourceArn\":"
                   "\"arn:aws:ses:eu-west-1:123456789012:identity/%s\",\"destination\":"
                   "[\"a@x.example\"]}}",
                   id, identity);
    return text;
}

static void counts_by_hour_agree_with_those_by_day(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_ms = fixture->now_ms;
    char id[16];

    deliver(fixture, send_of("\"a@x.example\",\"b@y.example\"", "s1", now_ms));
    deliver(fixture, send_of("\"a@x.example\"", "s2", now_ms), .rules = &counting);
    deliver(fixture, delivery("a@x.example", "d1", now_ms), .rules = &counting);
    deliver(fixture, hard("a@x.example", "h1"), .at_ms = now_ms - 3 * CLOCK_DAY_MS);
    deliver(fixture, hard("a@x.example", "h1"), .topic = TOPIC_B);
    deliver(fixture, soft("b@y.example", "t1"));
    deliver(fixture, rejected("c@z.example", "r1"));
    deliver(fixture, bounce_of("Permanent", "OnAccountSuppressionList", "c@z.example",
                               "l1", NULL));
    /* Of whom a complaint may be makes no difference: it counts once. */
    deliver(fixture,
            "{\"eventType\":\"Complaint\",\"complaint\":{\"complainedRecipients\":[{"
            "\"emailAddress\":\"a@x.example\"},{\"emailAddress\":\"b@y.example\"}],"
            "\"feedbackId\":\"c1\",\"complaintFeedbackType\":\"abuse\"},\"mail\":{"
            "\"messageId\":\"m-c1\",\"destination\":[\"a@x.example\","
            "\"b@y.example\"]}}");
    deliver(fixture, complaint("not-spam", "a@x.example", "c2"));
    assert_agrees(fixture, "3 1 1 1 1 1 1");
    /* Neither what is repeated, nor the simulator. */
    for (int i = 0; i < 50; i++) {
        (void)snprintf(id, sizeof(id), "h1-%d", i);
        char *again = text_room();
        (void)snprintf(again, TEXT_ROOM,
                       "{\"eventType\":\"Bounce\",\"bounce\":{\"bounceType\":"
                       "\"Permanent\",\"bounceSubType\":\"General\",\"feedbackId\":"
                       "\"%s\",\"bouncedRecipients\":[{\"emailAddress\":"
                       "\"a@x.example\"}]},\"mail\":{\"messageId\":\"m-h1\","
                       "\"destination\":[\"a@x.example\"]}}",
                       id);
        deliver(fixture, again);
    }
    deliver(fixture, hard("bounce@simulator.amazonses.com", "sim"));
    assert_agrees(fixture, "3 1 1 1 1 1 1");
    assert_answer(fixture, "SELECT provider FROM hourly WHERE complaints > 0",
                  "x.example");
    /* No row says nothing: a remote server could make any number of these. */
    assert_answer(fixture,
                  "SELECT count(*) FROM hour_count WHERE kind NOT IN"
                  " (1, 2, 3, 4, 5, 6, 7)",
                  "0");
}

static void a_row_is_of_an_hour_a_sender_and_a_provider(void **state)
{
    struct fixture *fixture = *state;
    int64_t hour_ms = fixture->now_ms / CLOCK_HOUR_MS * CLOCK_HOUR_MS - CLOCK_HOUR_MS;
    char begin[CLOCK_TEXT_BYTES];

    deliver(fixture, hard("a@x.example", "1"), .at_ms = hour_ms);
    deliver(fixture, hard("b@X.example", "2"), .at_ms = hour_ms + CLOCK_HOUR_MS - 1);
    deliver(fixture, hard("b@y.example", "3"), .at_ms = hour_ms);
    deliver(fixture, hard("b@y.example", "4"), .at_ms = hour_ms - 1);
    clock_format_sql(hour_ms, begin);
    assert_answer(fixture, "SELECT count(*) FROM hourly", "3");
    assert_string_equal(ask(fixture, "SELECT max(hour) FROM hourly"), begin);
    assert_answer(fixture,
                  "SELECT account_id || ' ' || region || ' ' || identity || ' ' ||"
                  " configuration_set || ' ' || provider || ' ' || scope || ' ' ||"
                  " hard_bounces FROM hourly ORDER BY hour DESC, provider LIMIT 1",
                  "123456789012 eu-west-1 example.org set-one x.example * 2");
    deliver(fixture, delivery("a@x.example", "d", fixture->now_ms));
    assert_answer(fixture,
                  "SELECT count(*) FROM hourly WHERE identity IS NULL AND region IS NULL"
                  " AND configuration_set IS NULL AND account_id IS NULL",
                  "1");
}

static void what_is_rolled_back_is_not_counted(void **state)
{
    struct fixture *fixture = *state;
    const struct post post = {.json = hard("a@x.example", "1")};
    struct intake intake;
    enum verdict verdict;
    char id[40];

    fixture_intake(fixture, &post, id, &intake);
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_apply(fixture->store, &intake, &verdict), 0);
    store_rollback(fixture->store);
    assert_int_equal(fixture_apply_intake(fixture, &intake), VERDICT_STORED);
    intake_done(&intake);
    assert_agrees(fixture, "0 0 1 0 0 0 0");
    assert_answer(fixture, "SELECT identity FROM hourly", "example.org");
}

static void more_than_fits_into_memory_is_counted_too(void **state)
{
    struct fixture *fixture = *state;
    char id[16], address[64];

    assert_int_equal(store_begin(fixture->store), 0);
    for (int i = 0; i < 2 * STORE_HOURS_TALLIED_MAX; i++) {
        struct intake intake;
        enum verdict verdict;
        char sns_id[40];

        (void)snprintf(id, sizeof(id), "f%d", i);
        (void)snprintf(address, sizeof(address), "a@x%d.example",
                       i % (STORE_HOURS_TALLIED_MAX + 9));
        const struct post post = {.json = hard(address, id)};
        fixture_intake(fixture, &post, sns_id, &intake);
        assert_int_equal(store_apply(fixture->store, &intake, &verdict), 0);
        intake_done(&intake);
    }
    assert_int_equal(store_commit(fixture->store), 0);
    assert_agrees(fixture, "0 0 1024 0 0 0 0");
    assert_answer(fixture, "SELECT count(*) FROM hourly", "521");
    for (int turn = 0; turn < 2; turn++)
        for (int i = 0; i < STORE_DIMENSIONS_CACHED_MAX + 5; i++) {
            (void)snprintf(id, sizeof(id), "s%d-%d", turn, i);
            (void)snprintf(address, sizeof(address), "s%d.example", i);
            deliver(fixture, sent_by(address, id));
        }
    assert_answer(fixture,
                  "SELECT count(*) || ' ' || min(sends) || ' ' || max(sends) FROM hourly"
                  " WHERE sends > 0",
                  "69 2 2");
}

/* By its row at first, and after that is gone or gathered as much. */
static void an_event_counts_once_wherever_it_is_counted(void **state)
{
    struct fixture *fixture = *state;
    bool more = true;

    deliver(fixture, hard("a@x.example", "1"));
    deliver(fixture, hard("b@x.example", "2"));
    deliver(fixture, hard("c@x.example", "3"));
    assert_answer(fixture, "SELECT count(*) FROM event WHERE tallied = 3", "3");
    assert_agrees(fixture, "0 0 3 0 0 0 0");
    tamper(fixture, "DELETE FROM event WHERE address = 'c@x.example'");
    assert_agrees(fixture, "0 0 3 0 0 0 0");
    deliver(fixture, hard("d@x.example", "4"));
    assert_agrees(fixture, "0 0 4 0 0 0 0");
    assert_int_equal(store_tidy(fixture->store, fixture->now_ms, fixture->now_ms, &more),
                     0);
    assert_agrees(fixture, "0 0 4 0 0 0 0");
    tamper(fixture, "DELETE FROM event");
    assert_agrees(fixture, "0 0 4 0 0 0 0");
    assert_answer(fixture, "SELECT sum(n) FROM hour_count", "4");
}

/* Bounces of four senders, two providers and two hours; `id` makes them new ones. */
static void deliver_varied(struct fixture *fixture, const char *id)
{
    static const char *const mails[] = {
        ("\"sourceArn\":\"arn:aws:ses:eu-west-1:123456789012:identity/one.example\","
         "\"tags\":{\"ses:configuration-set\":[\"set-two\"]},"),
        "\"sourceArn\":\"arn:aws:ses:us-east-1:999999999999:identity/two.example\",",
        "\"tags\":{\"ses:configuration-set\":[\"set-two\"]},", ""};

    for (size_t i = 0; i < sizeof(mails) / sizeof(mails[0]); i++) {
        char *text = text_room();

        (void)snprintf(text, TEXT_ROOM,
                       "{\"eventType\":\"Bounce\",\"bounce\":{\"bounceType\":"
                       "\"%s\",\"bounceSubType\":\"%s\",\"feedbackId\":"
                       "\"%s-%zu\",\"bouncedRecipients\":[{\"emailAddress\":"
                       "\"a%zu@%s.example\"}]},\"mail\":{%s\"messageId\":\"m-%s-%zu\"}}",
                       i % 3 ? "Permanent" : "Transient",
                       i % 3 ? "General" : "MailboxFull", id, i, i, i < 3 ? "x" : "y",
                       mails[i], id, i);
        deliver(fixture, text,
                .at_ms = fixture->now_ms - (int64_t)(i % 2) * CLOCK_HOUR_MS);
    }
}

#define HOURLY                                                                           \
    "SELECT group_concat(row, char(10)) FROM (SELECT hour || ' ' ||"                     \
    " ifnull(account_id, '-') || ' ' || ifnull(region, '-') || ' ' ||"                   \
    " ifnull(identity, '-') || ' ' || ifnull(configuration_set, '-') || ' ' ||"          \
    " provider || ' ' || scope || ' ' || hard_bounces || ' ' || soft_bounces AS row"     \
    " FROM hourly ORDER BY 1)"

static const char *hourly(struct fixture *fixture)
{
    char *text = text_room();

    (void)snprintf(text, TEXT_ROOM, "%s", ask(fixture, HOURLY));
    return text;
}

/* A view, the writer's memory, a statement and a trigger each know what an event's row
 * counts as. */
static void a_row_counts_the_same_in_every_place(void **state)
{
    struct fixture *fixture = *state;
    const char *of_view;
    bool more;

    deliver_varied(fixture, "1");
    of_view = hourly(fixture);
    assert_answer(fixture, "SELECT count(*) FROM hourly", "4");
    assert_int_equal(store_tidy(fixture->store, fixture->now_ms, fixture->now_ms, &more),
                     0);
    assert_answer(fixture, "SELECT count(*) FROM hour_count", "4");
    assert_string_equal(hourly(fixture), of_view);

    deliver_varied(fixture, "2");
    of_view = hourly(fixture);
    fixture_reopen(fixture); /* it has nothing of them in memory */
    assert_int_equal(store_tidy(fixture->store, fixture->now_ms, fixture->now_ms, &more),
                     0);
    assert_answer(fixture, "SELECT sum(n) FROM hour_count", "8");
    assert_string_equal(hourly(fixture), of_view);

    deliver_varied(fixture, "3");
    of_view = hourly(fixture);
    tamper(fixture, "DELETE FROM event");
    assert_answer(fixture, "SELECT sum(n) FROM hour_count", "12");
    assert_string_equal(hourly(fixture), of_view);
}

static void tidy(struct fixture *fixture, int64_t now_ms)
{
    bool more = true;

    for (int i = 0; more; i++) {
        assert_true(i < 100);
        assert_int_equal(store_tidy(fixture->store, now_ms, now_ms, &more), 0);
    }
}

static void old_hours_become_days_and_old_days_lose_the_provider(void **state)
{
    struct fixture *fixture = *state;
    int64_t midnight = fixture->now_ms / CLOCK_DAY_MS * CLOCK_DAY_MS;
    int64_t old = midnight - 40 * CLOCK_DAY_MS;
    const struct {
        const char *address;
        int64_t at_ms;
    } posts[] = {{"a@x.example", old},
                 {"b@x.example", old + 5 * CLOCK_HOUR_MS},
                 {"c@x.example", old + 23 * CLOCK_HOUR_MS},
                 {"d@y.example", old + 23 * CLOCK_HOUR_MS},
                 {"e@x.example", old + CLOCK_DAY_MS},
                 {"f@x.example", midnight}};
    char id[16];

    for (size_t i = 0; i < sizeof(posts) / sizeof(posts[0]); i++) {
        (void)snprintf(id, sizeof(id), "f%zu", i);
        deliver(fixture, hard(posts[i].address, id), .at_ms = posts[i].at_ms,
                .received_ms = posts[i].at_ms);
    }
    assert_answer(fixture, "SELECT count(*) FROM hourly", "6");
    tidy(fixture, fixture->now_ms);
    assert_agrees(fixture, "0 0 6 0 0 0 0");
    assert_answer(fixture,
                  "SELECT group_concat(n) FROM (SELECT hard_bounces AS n FROM hourly"
                  " ORDER BY hour, provider)",
                  "3,1,1,1");
    assert_answer(fixture, "SELECT count(*) FROM hourly WHERE time(hour) <> '00:00:00'",
                  "0");
    /* A year later. */
    tidy(fixture, fixture->now_ms + 365 * CLOCK_DAY_MS);
    assert_agrees(fixture, "0 0 6 0 0 0 0");
    assert_answer(fixture,
                  "SELECT group_concat(coalesce(provider, '-') || ' ' || n) FROM (SELECT"
                  " provider, hard_bounces AS n FROM hourly ORDER BY hour)",
                  "- 4,- 1,x.example 1");
    tidy(fixture, fixture->now_ms + 366 * CLOCK_DAY_MS);
    assert_answer(fixture, "SELECT count(*) FROM hourly", "3");
}

static void more_rows_than_one_step_takes_are_folded(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, hard("a@x.example", "1"));
    tamper(fixture, "WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 "
                    "FROM n WHERE value < 4500) INSERT INTO hour_count SELECT 1001, 1, "
                    "'p' || value || '.example', "
                    "1, 1 FROM n");
    tidy(fixture, fixture->now_ms);
    assert_answer(fixture,
                  "SELECT count(*) || ' ' || sum(sends) FROM hourly WHERE hour <"
                  " '2000'",
                  "1 4500");
}

static void what_is_imported_late_goes_where_it_would_be(void **state)
{
    struct fixture *fixture = *state;
    int64_t midnight = fixture->now_ms / CLOCK_DAY_MS * CLOCK_DAY_MS;

    deliver(fixture, hard("a@x.example", "1"), .imported = true,
            .at_ms = midnight - 50 * CLOCK_DAY_MS + 7 * CLOCK_HOUR_MS);
    deliver(fixture, hard("a@x.example", "2"), .imported = true,
            .at_ms = midnight - 500 * CLOCK_DAY_MS + 7 * CLOCK_HOUR_MS);
    assert_answer(fixture,
                  "SELECT group_concat(coalesce(provider, '-') || ' ' || time(hour))"
                  " FROM (SELECT * FROM hourly ORDER BY hour)",
                  "- 00:00:00,x.example 00:00:00");
    assert_agrees(fixture, "0 0 2 0 0 0 0");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(counts_by_hour_agree_with_those_by_day),
        TEST(a_row_is_of_an_hour_a_sender_and_a_provider),
        TEST(what_is_rolled_back_is_not_counted),
        TEST(more_than_fits_into_memory_is_counted_too),
        TEST(an_event_counts_once_wherever_it_is_counted),
        TEST(a_row_counts_the_same_in_every_place),
        TEST(old_hours_become_days_and_old_days_lose_the_provider),
        TEST(more_rows_than_one_step_takes_are_folded),
        TEST(what_is_imported_late_goes_where_it_would_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

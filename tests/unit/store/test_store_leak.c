/* Mail that was sent after its address was suppressed. */
#include "store_fixture.h"

#define A "a@example.com"

/* A soft bounce of a mail sent at `sent_ms`; `rest` follows its destination. */
static const char *bounced(const char *address, const char *id, int64_t sent_ms,
                           const char *destination)
{
    char *text = text_room();
    char sent[CLOCK_TEXT_BYTES];

    clock_format_rfc3339(sent_ms, sent);
    (void)snprintf(
        text, TEXT_ROOM,
        "{\"eventType\":\"Bounce\",\"bounce\":{\"bounceType\":\"Transient\","
        "\"bounceSubType\":\"MailboxFull\",\"bouncedRecipients\":[{\"emailAddress\":"
        "\"%s\"}],\"feedbackId\":\"f-%s\"},\"mail\":{\"timestamp\":\"%s\",\"messageId\":"
        "\"m-%s\",\"sourceArn\":\"arn:aws:ses:eu-west-1:123456789012:identity/"
        "example.org\",\"destination\":[%s],\"tags\":{\"ses:configuration-set\":"
        "[\"set-one\"],\"ses:source-ip\":[\"192.0.2.1\"],\"campaign\":[\"spring\"]}}}",
        address, id, sent, id, destination);
    return text;
}

/* On the list since an hour ago. */
static int64_t list(struct fixture *fixture, const char *address)
{
    int64_t since_ms = fixture->now_ms - CLOCK_HOUR_MS;

    deliver(fixture, hard(address, address), .at_ms = since_ms);
    assert_answer(fixture, "SELECT count(*) FROM leaks", "0");
    return since_ms;
}

#define TOTAL_OF_LEAKS "SELECT n FROM total WHERE name = 'leaks'"

static void a_mail_sent_after_its_address_was_listed_is_a_leak_once(void **state)
{
    struct fixture *fixture = *state;
    int64_t since_ms = list(fixture, A);
    const char *text = bounced(A, "1", since_ms + 1, "\"" A "\"");

    deliver(fixture, text);
    deliver(fixture, text, .topic = TOPIC_B);
    deliver(fixture, delivery(A, "m-1", since_ms + 1));
    assert_answer(fixture,
                  "SELECT address || ' ' || scope || ' ' || identity || ' ' ||"
                  " configuration_set || ' ' || source_ip || ' ' || campaign || ' ' ||"
                  " ses_message_id FROM leaks",
                  A " * example.org set-one 192.0.2.1 spring m-1");
    assert_answer(fixture,
                  "SELECT suppressed_since = (SELECT since FROM suppressed) FROM leaks",
                  "1");
    assert_answer(fixture, TOTAL_OF_LEAKS, "1");
    /* The next mail is another. */
    deliver(fixture, bounced(A, "2", since_ms + 5, "\"" A "\""));
    assert_answer(fixture, TOTAL_OF_LEAKS, "2");
}

static void a_mail_sent_before_or_at_that_moment_is_not_one(void **state)
{
    struct fixture *fixture = *state;
    int64_t since_ms = list(fixture, A);

    deliver(fixture, bounced(A, "1", since_ms, "\"" A "\""));
    deliver(fixture, bounced(A, "2", since_ms - 1, "\"" A "\""));
    deliver(fixture, delivery(A, "m-3", since_ms));
    assert_answer(fixture, "SELECT count(*) FROM leaks", "0");
    assert_answer(fixture, TOTAL_OF_LEAKS, "0");
}

static void an_event_that_begins_a_term_looks_at_the_one_before(void **state)
{
    struct fixture *fixture = *state;
    int64_t since_ms = list(fixture, A);
    char since[CLOCK_TEXT_BYTES];

    /* A complaint about a mail that was sent after the bounce. */
    char *text = text_room();
    char sent[CLOCK_TEXT_BYTES];
    clock_format_rfc3339(since_ms + 1, sent);
    (void)snprintf(text, TEXT_ROOM,
                   "{\"eventType\":\"Complaint\",\"complaint\":{"
                   "\"complainedRecipients\":[{\"emailAddress\":\"" A "\"}],"
                   "\"complaintFeedbackType\":\"abuse\",\"feedbackId\":\"c\"},\"mail\":{"
                   "\"timestamp\":\"%s\",\"messageId\":\"m-c\",\"destination\":[\"" A
                   "\"]}}",
                   sent);
    deliver(fixture, text);
    clock_format_sql(since_ms, since);
    assert_string_equal(ask(fixture, "SELECT suppressed_since FROM leaks"), since);
}

static void what_is_only_counted_shows_leaks(void **state)
{
    struct fixture *fixture = *state;
    int64_t since_ms = list(fixture, A);

    deliver(fixture, send_of("\"b@example.com\",\"" A "\"", "m-1", since_ms + 1),
            .rules = &counting);
    assert_answer(fixture, "SELECT group_concat(ses_message_id) FROM leaks", "m-1");
    deliver(fixture, delivery(A, "m-1", since_ms + 1), .rules = &counting);
    deliver(fixture, delivery(A, "m-2", since_ms + 1), .rules = &counting);
    assert_answer(fixture, "SELECT group_concat(ses_message_id) FROM leaks", "m-1,m-2");
    assert_answer(fixture, TOTAL_OF_LEAKS, "2");
}

static void only_what_was_in_force_then_counts(void **state)
{
    struct fixture *fixture = *state;
    int64_t since_ms = list(fixture, A);
    int64_t lifted_ms = fixture->now_ms;
    const struct store_decision remove = {
        .address = A, .actor = "ann", .now_ms = lifted_ms};
    bool changed = false;

    assert_int_equal(decide_remove(fixture->store, &remove, &changed), 0);
    assert_true(changed);
    deliver(fixture, delivery(A, "m-1", lifted_ms + 1), .rules = &counting);
    deliver(fixture, bounced(A, "2", lifted_ms + 1, "\"" A "\""));
    assert_answer(fixture, "SELECT count(*) FROM leaks", "0");
    deliver(fixture, delivery(A, "m-3", since_ms + 1), .rules = &counting);
    deliver(fixture, bounced(A, "4", since_ms + 1, "\"" A "\""));
    assert_answer(fixture, "SELECT group_concat(ses_message_id) FROM leaks", "m-3,m-4");
    /* A term that was over. */
    tamper(fixture, "DELETE FROM leak; UPDATE suppression SET lifted_at = NULL,"
                    " until = strftime('%Y-%m-%d %H:%M:%f', since, '+1 second')");
    deliver(fixture, delivery(A, "m-5", since_ms + 1001), .rules = &counting);
    deliver(fixture, delivery(A, "m-6", since_ms + 999), .rules = &counting);
    deliver(fixture, bounced(A, "5b", since_ms + 1001, "\"" A "\""));
    assert_answer(fixture, "SELECT group_concat(ses_message_id) FROM leaks", "m-6");
    /* One that is held. */
    tamper(fixture, "DELETE FROM leak; UPDATE suppression SET until = NULL,"
                    " held_why = 'x', held_id = 1");
    deliver(fixture, delivery(A, "m-7", since_ms + 1), .rules = &counting);
    deliver(fixture, bounced(A, "8", since_ms + 1, "\"" A "\""));
    assert_answer(fixture, "SELECT count(*) FROM leaks", "0");
}

static void a_remote_server_makes_none(void **state)
{
    struct fixture *fixture = *state;
    int64_t since_ms = list(fixture, A);

    /* It names whom the mail was not sent to, or the destination is not known. */
    deliver(fixture, bounced("x@evil.example\"},{\"emailAddress\":\"" A, "1",
                             since_ms + 1, "\"x@evil.example\",\"y@evil.example\""));
    deliver(fixture, bounced(A, "2", since_ms + 1, ""));
    assert_answer(fixture, "SELECT count(*) FROM leaks", "0");
}

static void the_simulator_makes_none(void **state)
{
    struct fixture *fixture = *state;
    int64_t since_ms = list(fixture, "bounce@simulator.amazonses.com");

    deliver(fixture, delivery("bounce@simulator.amazonses.com", "m-1", since_ms + 1));
    assert_answer(fixture, "SELECT count(*) FROM leaks", "0");
}

static void mail_that_ses_received_for_us_makes_none(void **state)
{
    struct fixture *fixture = *state;
    char *text = text_room();
    char sent[CLOCK_TEXT_BYTES];

    clock_format_rfc3339(list(fixture, A) + 1, sent);
    (void)snprintf(text, TEXT_ROOM,
                   "{\"notificationType\":\"Received\",\"receipt\":{\"recipients\":[\"" A
                   "\"]},\"mail\":{\"timestamp\":\"%s\",\"messageId\":\"m-1\","
                   "\"destination\":[\"" A "\"]}}",
                   sent);
    assert_int_equal(deliver(fixture, text), VERDICT_STORED);
    assert_answer(fixture, "SELECT count(*) FROM leaks", "0");
}

static void the_newest_are_kept_and_all_are_counted(void **state)
{
    struct fixture *fixture = *state;
    int64_t since_ms = list(fixture, A);

    deliver(fixture, delivery(A, "m-1", since_ms + 1), .rules = &counting);
    deliver(fixture, delivery(A, "m-2", since_ms + 1), .rules = &counting);
    tamper(fixture, "UPDATE sqlite_sequence SET seq = 100000 WHERE name = 'leak'");
    deliver(fixture, delivery(A, "m-3", since_ms + 1), .rules = &counting);
    assert_answer(fixture, "SELECT group_concat(ses_message_id) FROM leaks", "m-2,m-3");
    assert_answer(fixture, TOTAL_OF_LEAKS, "3");
}

static int note_leaks(void *context, const struct store_value *values, size_t count)
{
    char *said = context;
    size_t len = strlen(said);

    assert_int_equal(count, 2);
    if (!str_starts_with(values[0].text, STR("leaks")))
        return 0;
    if (values[1].type == STORE_INTEGER)
        (void)snprintf(said + len, TEXT_ROOM - len, "%.*s %lld,", STR_ARG(values[0].text),
                       (long long)values[1].integer);
    else
        (void)snprintf(said + len, TEXT_ROOM - len, "%.*s %.*s,", STR_ARG(values[0].text),
                       STR_ARG(values[1].text));
    return 0;
}

static void status_has_the_last_day_and_who_sent_most(void **state)
{
    struct fixture *fixture = *state;
    char said[TEXT_ROOM] = "";
    int64_t since_ms = list(fixture, A);

    assert_int_equal(store_status(fixture->store, note_leaks, said), 0);
    assert_string_equal(said, "leaks 0,leaks_last_day 0,");
    deliver(fixture, delivery(A, "m-1", since_ms + 1), .rules = &counting);
    deliver(fixture, bounced(A, "2", since_ms + 1, "\"" A "\""));
    deliver(fixture, bounced(A, "3", since_ms + 1, "\"" A "\""));
    tamper(fixture, "INSERT INTO leak (address, scope, suppressed_since, sent_at,"
                    " ses_message_id) VALUES ('o@x', '*', '2020-01-01 00:00:00.000',"
                    " '2020-01-02 00:00:00.000', 'old')");
    *said = '\0';
    assert_int_equal(store_status(fixture->store, note_leaks, said), 0);
    assert_string_equal(said,
                        "leaks 3,leaks_last_day 3,leaks_last_day_identity example.org,");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_mail_sent_after_its_address_was_listed_is_a_leak_once),
        TEST(a_mail_sent_before_or_at_that_moment_is_not_one),
        TEST(an_event_that_begins_a_term_looks_at_the_one_before),
        TEST(what_is_only_counted_shows_leaks),
        TEST(only_what_was_in_force_then_counts),
        TEST(a_remote_server_makes_none),
        TEST(the_simulator_makes_none),
        TEST(mail_that_ses_received_for_us_makes_none),
        TEST(the_newest_are_kept_and_all_are_counted),
        TEST(status_has_the_last_day_and_who_sent_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

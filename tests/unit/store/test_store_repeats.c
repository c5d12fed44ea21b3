/* What a remote server says again and again about one mail: how much of it is kept, and
 * what it counts as. */
#include "store_fixture.h"

static struct ses_rule bounces_counted[] = {{(char *)(uintptr_t) "Bounce", SES_COUNT}};
static const struct ses_rules counting_bounces = {bounces_counted, 1, NULL, 0};

#define MAIL_1                                                                           \
    "\"mail\":{\"timestamp\":\"2026-01-01T00:00:00.000Z\",\"messageId\":\"mail-1\","     \
    "\"source\":\"n@example.org\",\"destination\":[\"ann@corp.example\","                \
    "\"bob@evil.example\"]}}"

/* Reports about mail 1, which went to Ann and Bob; `named` is a JSON string, and what may
 * follow it. */
static const char *bounced(const char *type, const char *id, const char *named)
{
    char *text = text_room();

    (void)snprintf(text, TEXT_ROOM,
                   "{\"notificationType\":\"Bounce\",\"bounce\":{\"bounceType\":\"%s\","
                   "\"bounceSubType\":\"General\",\"feedbackId\":\"%s\",\"timestamp\":"
                   "\"2026-01-01T00:00:00.000Z\",\"bouncedRecipients\":[{"
                   "\"emailAddress\":%s}]}," MAIL_1,
                   type, id, named);
    return text;
}

static const char *complained(const char *feedback, const char *id, const char *named)
{
    char *text = text_room();

    (void)snprintf(text, TEXT_ROOM,
                   "{\"notificationType\":\"Complaint\",\"complaint\":{"
                   "\"complaintFeedbackType\":\"%s\",\"feedbackId\":\"%s\",\"timestamp\":"
                   "\"2026-01-01T00:00:00.000Z\",\"complainedRecipients\":[{"
                   "\"emailAddress\":%s}]}," MAIL_1,
                   feedback, id, named);
    return text;
}

/* Two recipients of one mail, in one report. */
static const char *joint(const char *id)
{
    char *text = text_room();

    (void)snprintf(text, TEXT_ROOM,
                   "{\"notificationType\":\"Bounce\",\"bounce\":{\"bounceType\":"
                   "\"Permanent\",\"bounceSubType\":\"General\",\"feedbackId\":\"%s\","
                   "\"timestamp\":\"2026-01-01T00:00:00.000Z\",\"bouncedRecipients\":[{"
                   "\"emailAddress\":\"a@evil.example\"},{\"emailAddress\":"
                   "\"b@evil.example\"}]},\"mail\":{\"timestamp\":"
                   "\"2026-01-01T00:00:00.000Z\",\"messageId\":\"mail-1\",\"source\":"
                   "\"n@example.org\",\"destination\":[\"a@evil.example\","
                   "\"b@evil.example\"]}}",
                   id);
    return text;
}

static const char *about_mail_1(const char *id, const char *address)
{
    char *text = text_room();

    (void)snprintf(text, TEXT_ROOM,
                   "{\"notificationType\":\"Bounce\",\"bounce\":{\"bounceType\":"
                   "\"Permanent\",\"bounceSubType\":\"General\",\"feedbackId\":\"%s\","
                   "\"timestamp\":\"2026-01-01T00:00:00.000Z\",\"bouncedRecipients\":[{"
                   "\"emailAddress\":\"%s\"}]},\"mail\":{\"timestamp\":"
                   "\"2026-01-01T00:00:00.000Z\",\"messageId\":\"mail-1\",\"source\":"
                   "\"n@example.org\",\"destination\":[\"%s\"]}}",
                   id, address, address);
    return text;
}

#define ROWS_OF_EVENTS                                                                   \
    "SELECT (SELECT count(*) FROM event) || ' ' || (SELECT count(*) FROM body) || ' '"   \
    " || (SELECT count(*) FROM sns_message)"

static void after_twenty_events_of_a_mail_and_address_more_are_only_counted(void **state)
{
    struct fixture *fixture = *state;
    char id[16];

    for (int i = 0; i < 50; i++) {
        (void)snprintf(id, sizeof(id), "f%d", i);
        assert_int_equal(deliver(fixture, about_mail_1(id, "a@evil.example")),
                         i < STORE_REPEATS_KEPT ? VERDICT_STORED : VERDICT_COUNTED);
    }
    assert_answer(fixture, ROWS_OF_EVENTS, "20 20 20");
    /* Nothing is lost for the list, and a mail bounces once for somebody. */
    assert_answer(fixture, "SELECT hard_bounces FROM daily", "1");
    assert_answer(fixture, "SELECT event_count FROM suppressed", "50");
    assert_answer(fixture, "SELECT messages FROM topics", "50");
    assert_answer(fixture, "SELECT repeats FROM day_count", "30");
    /* And it is known again, whether it has a row or not. */
    for (int i = 0; i < 50; i++) {
        (void)snprintf(id, sizeof(id), "f%d", i);
        assert_int_equal(deliver(fixture, about_mail_1(id, "a@evil.example")),
                         VERDICT_DUPLICATE);
    }
    assert_answer(fixture, ROWS_OF_EVENTS, "20 20 20");
    assert_answer(fixture, "SELECT hard_bounces FROM daily", "1");
    /* Another address, another mail, another type. */
    assert_int_equal(deliver(fixture, about_mail_1("g", "b@evil.example")),
                     VERDICT_STORED);
    assert_int_equal(deliver(fixture, hard("a@evil.example", "h")), VERDICT_STORED);
    assert_int_equal(deliver(fixture, complaint("abuse", "a@evil.example", "i")),
                     VERDICT_STORED);
}

static void a_repeated_recipient_beside_another_has_no_row(void **state)
{
    struct fixture *fixture = *state;
    char id[16];

    for (int i = 0; i < STORE_REPEATS_KEPT; i++) {
        (void)snprintf(id, sizeof(id), "f%d", i);
        deliver(fixture, about_mail_1(id, "a@evil.example"));
    }
    assert_int_equal(deliver(fixture, joint("j1")), VERDICT_STORED);
    assert_answer(fixture, "SELECT address FROM events WHERE feedback_id = 'j1'",
                  "b@evil.example");
    assert_int_equal(deliver(fixture, joint("j1")), VERDICT_DUPLICATE);
    assert_answer(fixture, "SELECT event_count FROM suppressed WHERE address LIKE 'a%'",
                  "21");
}

static void a_repeated_event_leaves_the_quarantine(void **state)
{
    struct fixture *fixture = *state;
    char id[16];

    deliver(fixture, about_mail_1("old", "a@evil.example"), .sns_id = "q",
            .at_ms = fixture->now_ms - CLOCK_DAY_MS, .max_age_ms = CLOCK_HOUR_MS);
    assert_answer(fixture, "SELECT reason FROM quarantine", "stale");
    for (int i = 0; i < STORE_REPEATS_KEPT; i++) {
        (void)snprintf(id, sizeof(id), "f%d", i);
        deliver(fixture, about_mail_1(id, "a@evil.example"));
    }
    assert_int_equal(deliver(fixture, about_mail_1("old", "a@evil.example"),
                             .sns_id = "q", .at_ms = fixture->now_ms - CLOCK_DAY_MS),
                     VERDICT_COUNTED);
    assert_answer(fixture, "SELECT count(*) FROM quarantine", "0");
    assert_answer(fixture, ROWS_OF_EVENTS, "20 20 21");
}

static void all_strangers_of_a_mail_have_twenty_rows_together(void **state)
{
    struct fixture *fixture = *state;
    char id[16];
    char named[40];

    for (int i = 0; i < 50; i++) {
        (void)snprintf(id, sizeof(id), "f%d", i);
        (void)snprintf(named, sizeof(named),
                       i % 5 == 0 ? "\"no address %d\"" : "\"x%d@nowhere.example\"", i);
        deliver(fixture, bounced("Permanent", id, "\"bob@evil.example\""));
        (void)snprintf(id, sizeof(id), "g%d", i);
        char both[80];
        (void)snprintf(both, sizeof(both), "\"bob@evil.example\"},{\"emailAddress\":%s",
                       named);
        assert_int_equal(deliver(fixture, bounced("Permanent", id, both)),
                         i < STORE_REPEATS_KEPT ? VERDICT_STORED : VERDICT_COUNTED);
    }
    assert_answer(fixture, "SELECT count(*) FROM events WHERE rule = 'not-addressed'",
                  "16");
    assert_answer(fixture, "SELECT count(*) FROM events WHERE rule = 'no-address'", "4");
    assert_answer(fixture, "SELECT count(*) FROM events WHERE address LIKE 'bob%'", "20");
    assert_answer(fixture, "SELECT hard_bounces FROM daily", "1");
    /* Another mail has its own. */
    assert_int_equal(deliver(fixture, hard("ann@corp.example", "other")), VERDICT_STORED);
}

static void an_event_that_makes_an_entry_is_kept_beyond_the_twenty(void **state)
{
    struct fixture *fixture = *state;
    char id[16];

    for (int i = 0; i < STORE_REPEATS_KEPT + 5; i++) {
        (void)snprintf(id, sizeof(id), "f%d", i);
        deliver(fixture, bounced("Transient", id, "\"ann@corp.example\""));
    }
    assert_answer(fixture, ROWS_OF_EVENTS, "20 20 20");
    assert_int_equal(
        deliver(fixture, bounced("Permanent", "hard", "\"ann@corp.example\"")),
        VERDICT_STORED);
    assert_answer(fixture, "SELECT rule FROM events WHERE feedback_id = 'hard'",
                  "permanent-general");
    assert_answer(fixture, ROWS_OF_EVENTS, "21 21 21");
    assert_answer(fixture, "SELECT hard_bounces FROM daily", "1");
    /* The next one changes nothing. */
    assert_int_equal(
        deliver(fixture, bounced("Permanent", "hard again", "\"ann@corp.example\"")),
        VERDICT_COUNTED);
    assert_answer(fixture, "SELECT hard_bounces FROM daily", "1");
}

static void reports_that_list_and_lift_in_turn_have_forty_rows(void **state)
{
    struct fixture *fixture = *state;
    char id[16];

    for (int i = 0; i < 100; i++) {
        (void)snprintf(id, sizeof(id), "f%d", i);
        deliver(fixture,
                complained(i % 2 == 0 ? "abuse" : "not-spam", id, "\"bob@evil.example\""),
                .at_ms = fixture->now_ms + i);
    }
    assert_answer(fixture, "SELECT count(*) FROM events", "40");
    assert_answer(fixture, "SELECT complaints FROM daily", "1");
}

static void a_mail_that_is_reported_again_counts_once_in_the_rates(void **state)
{
    struct fixture *fixture = *state;
    const char *rates = "SELECT hard_bounces || ' ' || soft_bounces || ' ' || complaints "
                        "FROM daily";
    char id[16];

    for (int i = 0; i < 60; i++) {
        (void)snprintf(id, sizeof(id), "f%d", i);
        deliver(fixture, complained("abuse", id, "\"bob@evil.example\""));
        deliver(fixture, bounced("Permanent", id, "\"bob@evil.example\""));
    }
    assert_answer(fixture, rates, "1 0 1");
    /* Of whom nothing was said before. */
    deliver(fixture, bounced("Permanent", "g", "\"ann@corp.example\""));
    deliver(fixture, complained("abuse", "g", "\"ann@corp.example\""));
    assert_answer(fixture, rates, "2 0 2");
}

static void of_a_mail_that_is_only_counted_a_report_counts_once(void **state)
{
    struct fixture *fixture = *state;
    char id[16];

    for (int i = 0; i < 30; i++) {
        (void)snprintf(id, sizeof(id), "f%d", i);
        assert_int_equal(deliver(fixture,
                                 bounced("Permanent", id, "\"bob@evil.example\""),
                                 .rules = &counting_bounces),
                         VERDICT_COUNTED);
    }
    assert_answer(fixture, "SELECT hard_bounces FROM daily", "1");
}

static void beyond_the_twenty_another_kind_counts_once(void **state)
{
    struct fixture *fixture = *state;
    char id[16];

    for (int i = 0; i < STORE_REPEATS_KEPT; i++) {
        (void)snprintf(id, sizeof(id), "f%d", i);
        deliver(fixture, bounced("Transient", id, "\"ann@corp.example\""));
    }
    /* By a rule that makes no entry, so that there is never a row. */
    for (int i = 0; i < 5; i++) {
        (void)snprintf(id, sizeof(id), "g%d", i);
        assert_int_equal(
            deliver(fixture, bounced("Permanent", id,
                                     "\"ann@corp.example\",\"diagnosticCode\":\"smtp; "
                                     "550 5.7.26 unauthenticated mail\"")),
            VERDICT_COUNTED);
    }
    assert_answer(fixture, "SELECT hard_bounces FROM daily", "1");
}

/* Later Deliveries are looked for from the newest hour back. */
static void a_mail_from_the_future_hides_no_delivery(void **state)
{
    static struct ses_rule rows[] = {{(char *)(uintptr_t) "Complaint", SES_COUNT},
                                     {(char *)(uintptr_t) "Delivery", SES_COUNT}};
    static const struct ses_rules rules = {rows, 2, NULL, 0};
    struct fixture *fixture = *state;
    int64_t delivered_ms = fixture->now_ms - CLOCK_HOUR_MS;
    bool more = true;

    deliver(fixture,
            "{\"eventType\":\"Complaint\",\"complaint\":{\"complainedRecipients\":[{"
            "\"emailAddress\":\"z@example.com\"}],\"timestamp\":"
            "\"2024-05-01T11:00:00.000Z\",\"feedbackId\":\"q\","
            "\"complaintFeedbackType\":\"abuse\"},\"mail\":{\"timestamp\":"
            "\"2099-05-01T10:00:00.000Z\",\"messageId\":\"m-q\",\"destination\":["
            "\"z@example.com\"]}}",
            .rules = &rules);
    deliver(fixture, delivery("a@example.com", "d1", delivered_ms), .at_ms = delivered_ms,
            .rules = &rules);
    deliver(fixture, soft("a@example.com", "s1"),
            .at_ms = fixture->now_ms - 2 * CLOCK_HOUR_MS, .rules = &rules);
    assert_answer(fixture, "SELECT count(*) FROM soft_event WHERE is_counted", "0");
    fixture->now_ms += 10 * CLOCK_DAY_MS;
    while (more)
        assert_int_equal(
            store_tidy(fixture->store, fixture->now_ms, fixture->now_ms, &more), 0);
    assert_answer(fixture, "SELECT count(*) FROM counted", "0");
}

/* `candidates` of one mail, by whom they may be: a JSON list's elements. */
static const char *guess(const char *mail, const char *id)
{
    char *text = text_room();

    (void)snprintf(text, TEXT_ROOM,
                   "{\"notificationType\":\"Complaint\",\"complaint\":{"
                   "\"feedbackId\":\"%s\",\"timestamp\":\"2026-01-01T00:00:00.000Z\","
                   "\"complainedRecipients\":[{\"emailAddress\":\"ann@corp.example\"},{"
                   "\"emailAddress\":\"bob@corp.example\"}]},\"mail\":{\"timestamp\":"
                   "\"2026-01-01T00:00:00.000Z\",\"messageId\":\"%s\",\"source\":"
                   "\"n@example.org\",\"destination\":[\"ann@corp.example\","
                   "\"bob@corp.example\"]}}",
                   id, mail);
    return text;
}

static void a_second_complaint_about_the_same_mail_is_the_same_guess(void **state)
{
    struct fixture *fixture = *state;
    const char *term = "SELECT event_count || ' ' || (until IS NULL) FROM suppressed "
                       "WHERE address = 'ann@corp.example'";
    char id[16];

    for (int i = 0; i < 30; i++) {
        (void)snprintf(id, sizeof(id), "f%d", i);
        deliver(fixture, guess("mail-1", id));
    }
    assert_answer(fixture, term, "30 0");
    deliver(fixture, guess("mail-2", "g"));
    assert_answer(fixture, term, "31 1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(after_twenty_events_of_a_mail_and_address_more_are_only_counted),
        TEST(a_repeated_recipient_beside_another_has_no_row),
        TEST(a_repeated_event_leaves_the_quarantine),
        TEST(all_strangers_of_a_mail_have_twenty_rows_together),
        TEST(an_event_that_makes_an_entry_is_kept_beyond_the_twenty),
        TEST(reports_that_list_and_lift_in_turn_have_forty_rows),
        TEST(a_mail_that_is_reported_again_counts_once_in_the_rates),
        TEST(of_a_mail_that_is_only_counted_a_report_counts_once),
        TEST(beyond_the_twenty_another_kind_counts_once),
        TEST(a_mail_from_the_future_hides_no_delivery),
        TEST(a_second_complaint_about_the_same_mail_is_the_same_guess),
    };

    return cmocka_run_group_tests_name("store_repeats", tests, NULL, NULL);
}

/* What alerts are measured by, and the rows of the alerts themselves. */
#include "store_fixture.h"

#include "sesbounce/policy.h"
#include "sesbounce/store_alert.h"
#include "sesbounce/store_notice.h"

/* --- rates ------------------------------------------------------------------------ */

struct seen {
    size_t count;
    char identity[8][64];
    struct alert_counts all[8], late[8];
};

static int sender_see(void *context, struct str identity, const struct alert_counts *all,
                      const struct alert_counts *late)
{
    struct seen *seen = context;

    assert_true(seen->count < 8);
    (void)snprintf(seen->identity[seen->count], 64, "%.*s", STR_ARG(identity));
    seen->all[seen->count] = *all;
    seen->late[seen->count++] = *late;
    return 0;
}

/* A bounce of a mail that `identity` (NULL: nobody knows who) sent. */
static const char *bounce_from(const char *identity, const char *address)
{
    char *text = text_room();
    char arn[128] = "";

    if (identity)
        (void)snprintf(
            arn, sizeof(arn),
            "\"sourceArn\":\"arn:aws:ses:eu-west-1:123456789012:identity/%s\",",
            identity);
    (void)snprintf(text, TEXT_ROOM,
                   "{\"eventType\":\"Bounce\",\"bounce\":{\"bounceType\":\"Permanent\","
                   "\"bounceSubType\":\"General\",\"feedbackId\":\"f-%s\","
                   "\"bouncedRecipients\":[{\"emailAddress\":\"%s\"}]},\"mail\":{%s"
                   "\"messageId\":\"m-%s\",\"destination\":[\"%s\"]}}",
                   address, address, arn, address, address);
    return text;
}

static void hours_are_counted_by_identity_within_their_bounds(void **state)
{
    struct fixture *fixture = *state;
    int64_t hour = fixture->now_ms / CLOCK_HOUR_MS;
    const struct store_alert_hours hours = {hour - 23, hour + 1, hour - 1};
    struct seen seen = {.count = 0};

    deliver(fixture, bounce_from("a.example", "a1@x.example"));
    deliver(fixture, bounce_from("a.example", "a2@x.example"),
            .at_ms = fixture->now_ms - 5 * CLOCK_HOUR_MS);
    deliver(fixture, bounce_from("a.example", "a3@x.example"),
            .at_ms = fixture->now_ms - 24 * CLOCK_HOUR_MS);
    deliver(fixture, bounce_from(NULL, "b@x.example"));
    deliver(fixture, bounce_from("a.example", "bounce@simulator.amazonses.com"));
    assert_int_equal(store_alert_senders(fixture->store, &hours, sender_see, &seen), 0);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.identity[0], "");
    assert_int_equal(seen.all[0].hard_bounces, 1);
    assert_string_equal(seen.identity[1], "a.example");
    assert_int_equal(seen.all[1].hard_bounces, 2);
    assert_int_equal(seen.late[1].hard_bounces, 1);
    assert_int_equal(seen.all[1].sends + seen.all[1].complaints, 0);
}

/* --- figures ---------------------------------------------------------------------- */

static void the_rules_that_alert_are_those_that_are_indexed(void **state)
{
    static const char *const names[] = {"permanent-auth", "permanent-blocked",
                                        "complaint-auth-failure", "complaint-virus"};
    struct policy_judgement judgement;
    const struct policy_rule *rule;
    size_t count = 0;

    (void)state;
    for (size_t i = 0; (rule = policy_rule_at(i)); i++) {
        policy_rule_judge(&policy_built_in, rule, &judgement);
        if (!judgement.alert)
            continue;
        assert_true(count < 4);
        assert_string_equal(rule->name, names[count++]);
    }
    assert_int_equal(count, 4);
}

static void what_providers_refuse_and_what_is_aside_is_counted(void **state)
{
    struct fixture *fixture = *state;
    struct alert_figures figures = {.now_ms = fixture->now_ms};

    assert_int_equal(store_alert_figures(fixture->store, &figures), 0);
    assert_int_equal(figures.auth_refused + figures.reputation_refused + figures.viruses +
                         figures.leaks + figures.held + figures.quarantined +
                         figures.quarantine_dropped + figures.future + figures.stale,
                     0);
    assert_int_equal(figures.held_since_ms, CLOCK_NONE);
    deliver(
        fixture,
        bounce_of(
            "Permanent", "General", "a@example.com", "1",
            "\"status\":\"5.7.26\",\"diagnosticCode\":\"550 5.7.26 SPF check failed\""));
    deliver(
        fixture,
        bounce_of(
            "Permanent", "General", "b@example.com", "2",
            "\"status\":\"5.7.26\",\"diagnosticCode\":\"550 5.7.26 SPF check failed\""),
        .at_ms = fixture->now_ms - 25 * CLOCK_HOUR_MS);
    deliver(fixture, "no JSON");
    deliver(fixture, hard("c@example.com", "3"),
            .at_ms = fixture->now_ms - 3 * CLOCK_HOUR_MS, .max_age_ms = CLOCK_HOUR_MS);
    deliver(fixture, hard("d@example.com", "4"), .at_ms = fixture->now_ms + CLOCK_HOUR_MS,
            .max_age_ms = CLOCK_HOUR_MS);
    assert_int_equal(store_alert_figures(fixture->store, &figures), 0);
    assert_int_equal(figures.auth_refused, 1);
    assert_int_equal(figures.reputation_refused, 0);
    /* The one of the future is not among them. */
    assert_int_equal(figures.quarantined, 2);
    assert_int_equal(figures.future, 1);
    assert_int_equal(figures.stale, 0);
}

/* --- topics ----------------------------------------------------------------------- */

static struct alert_topic hours_of(struct fixture *fixture, const char *arn)
{
    struct alert_topic topic = {.arn = str_of(arn)};

    assert_int_equal(store_alert_topic_hours(fixture->store, fixture->now_ms, &topic), 0);
    return topic;
}

static void the_pauses_of_a_topic_are_remembered_by_the_hour(void **state)
{
    static const int ago[] = {400, 300, 299, 250, 249, 229, 100, 5};
    struct fixture *fixture = *state;
    struct alert_topic topic;
    char address[32];

    for (size_t i = 0; i < sizeof(ago) / sizeof(*ago); i++)
        for (int twice = 0; twice < 2; twice++) {
            (void)snprintf(address, sizeof(address), "p%zu-%d@example.com", i, twice);
            deliver(fixture, hard(address, address),
                    .received_ms = fixture->now_ms - ago[i] * CLOCK_HOUR_MS);
        }
    topic = hours_of(fixture, TOPIC_A);
    assert_int_equal(topic.hours, 8);
    assert_int_equal(topic.span_ms, 395 * CLOCK_HOUR_MS);
    /* 129, 100 and 95 are the longest. */
    assert_int_equal(topic.pause_ms, 95 * CLOCK_HOUR_MS);
    topic = hours_of(fixture, TOPIC_B);
    assert_int_equal(topic.hours + topic.span_ms + topic.pause_ms, 0);
}

static void hours_of_long_ago_are_forgotten_and_so_are_those_of_a_topic(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, hard("a@example.com", "1"),
            .received_ms = fixture->now_ms - 91 * CLOCK_DAY_MS);
    assert_answer(fixture, "SELECT count(*) FROM topic_hour", "1");
    deliver(fixture, hard("b@example.com", "2"));
    assert_answer(fixture, "SELECT count(*) FROM topic_hour", "1");
    assert_int_equal(store_topic_forget(fixture->store, TOPIC_A), 0);
    assert_answer(fixture, "SELECT count(*) FROM topic_hour", "0");
}

static void an_hour_of_a_transaction_that_failed_is_noted_again(void **state)
{
    struct fixture *fixture = *state;
    struct post post = {.json = hard("a@example.com", "1")};
    enum verdict verdict;
    struct intake intake;
    char id[40];

    fixture_intake(fixture, &post, id, &intake);
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_apply(fixture->store, &intake, &verdict), 0);
    store_rollback(fixture->store);
    (void)fixture_apply_intake(fixture, &intake);
    intake_done(&intake);
    assert_answer(fixture, "SELECT count(*) FROM topic_hour", "1");
}

/* --- rows ------------------------------------------------------------------------- */

static int64_t raise_one(struct fixture *fixture, const char *subject,
                         enum alert_level level, int expected)
{
    struct alert_reading reading = {.name = ALERT_BOUNCE_RATE,
                                    .reached = level,
                                    .kept = level,
                                    .has_value = true,
                                    .value = 0.06,
                                    .threshold = 0.05};
    const struct store_alert alert = {&reading, STR("a text"), STR("{}"),
                                      fixture->now_ms};
    int64_t id = 0;

    (void)snprintf(reading.subject, sizeof(reading.subject), "%s", subject);
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_alert_raise(fixture->store, &alert, &id), expected);
    assert_int_equal(store_commit(fixture->store), 0);
    return id;
}

static int open_see(void *context, const struct alert_open *open, struct str about)
{
    assert_true(str_equal(about, STR("{}")));
    *(struct alert_open *)context = *open;
    return 0;
}

static void of_a_name_and_subject_one_is_open(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = raise_one(fixture, "a.example", ALERT_ALERT, 1);
    struct alert_open open = {.id = 0};

    (void)raise_one(fixture, "a.example", ALERT_PAUSE, 0);
    assert_int_equal(store_alert_open(fixture->store, open_see, &open), 0);
    assert_int_equal(open.id, id);
    assert_int_equal(open.name, ALERT_BOUNCE_RATE);
    assert_int_equal(open.level, ALERT_ALERT);
    assert_int_equal(open.since_ms, fixture->now_ms);
    assert_int_equal(open.gone_ms, CLOCK_NONE);
    assert_string_equal(open.subject, "a.example");
    assert_answer(fixture, "SELECT name || ' ' || value || ' ' || threshold FROM alerts",
                  "bounce-rate 0.06 0.05");
    assert_answer(fixture, "SELECT count(*) FROM alerts WHERE resolved_at IS NULL", "1");
}

static void an_alert_ends_once_and_another_may_follow(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = raise_one(fixture, "", ALERT_ALERT, 1);
    struct alert_open open = {.id = 0};

    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_alert_gone(fixture->store, id, fixture->now_ms), 1);
    assert_int_equal(store_alert_open(fixture->store, open_see, &open), 0);
    assert_int_equal(open.gone_ms, fixture->now_ms);
    assert_int_equal(store_alert_gone(fixture->store, id, CLOCK_NONE), 1);
    assert_int_equal(store_alert_resolve(fixture->store, id, fixture->now_ms - 5), 1);
    assert_int_equal(store_alert_resolve(fixture->store, id, fixture->now_ms), 0);
    assert_int_equal(store_alert_gone(fixture->store, id, fixture->now_ms), 0);
    assert_int_equal(store_commit(fixture->store), 0);
    /* By a clock that was set back it did not end before it began. */
    assert_answer(fixture, "SELECT resolved_at = since AND subject IS NULL FROM alerts",
                  "1");
    assert_true(raise_one(fixture, "", ALERT_WARNING, 1) > id);
}

static void notices_go_after_their_time(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_ms = fixture->now_ms;
    bool more;

    assert_int_equal(store_begin(fixture->store), 0);
    for (int64_t day = 0; day < 2; day++)
        assert_int_equal(store_notice_add(fixture->store, STR("alert.raised"), STR("{}"),
                                          now_ms + day * CLOCK_DAY_MS),
                         0);
    assert_int_equal(store_commit(fixture->store), 0);
    now_ms += STORE_NOTICE_KEEP_MS + CLOCK_HOUR_MS;
    assert_int_equal(store_tidy(fixture->store, now_ms, now_ms, &more), 0);
    assert_answer(fixture, "SELECT group_concat(id) FROM notice", "2");
}

static void old_alerts_go_and_open_ones_stay(void **state)
{
    struct fixture *fixture = *state;

    (void)raise_one(fixture, "stays", ALERT_ALERT, 1);
    (void)raise_one(fixture, "goes", ALERT_ALERT, 1);
    tamper(fixture, "UPDATE alert SET resolved_at = since WHERE subject = 'goes';"
                    "UPDATE sqlite_sequence SET seq = 20000 WHERE name = 'alert'");
    (void)raise_one(fixture, "new", ALERT_ALERT, 1);
    assert_answer(fixture, "SELECT group_concat(subject) FROM alerts", "stays,new");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hours_are_counted_by_identity_within_their_bounds,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test(the_rules_that_alert_are_those_that_are_indexed),
        cmocka_unit_test_setup_teardown(
            what_providers_refuse_and_what_is_aside_is_counted, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(the_pauses_of_a_topic_are_remembered_by_the_hour,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            hours_of_long_ago_are_forgotten_and_so_are_those_of_a_topic, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(
            an_hour_of_a_transaction_that_failed_is_noted_again, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(of_a_name_and_subject_one_is_open, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(an_alert_ends_once_and_another_may_follow,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(notices_go_after_their_time, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(old_alerts_go_and_open_ones_stay, fixture_setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

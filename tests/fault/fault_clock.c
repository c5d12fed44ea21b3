/*
 * A wall clock that jumps a day back or 30 days ahead, and returns: nothing is lost or
 * kept twice, and what waits on the monotonic clock does not notice.
 */
#include "../unit/store/store_fixture.h"

#include "daemon/limits.h"
#include "daemon/waiting_room.h"
#include "report.h"
#include "sesbounce/certificates.h"

#define HOST "sns.eu-west-1.amazonaws.com"
#define URL  "https://" HOST "/SimpleNotificationService-0a.pem"

int64_t __real_clock_wall_ms(void);
int64_t __wrap_clock_wall_ms(void);

static struct report report = {.kind = "clock jump"};
static long wall_asked;
static int64_t wall_offset_ms;

int64_t __wrap_clock_wall_ms(void)
{
    wall_asked++;
    return __real_clock_wall_ms() + wall_offset_ms;
}

static const int64_t jumps_ms[] = {-CLOCK_DAY_MS, -CLOCK_HOUR_MS, CLOCK_HOUR_MS,
                                   30 * CLOCK_DAY_MS};
#define JUMPS (sizeof(jumps_ms) / sizeof(jumps_ms[0]))

static int begin(void **state)
{
    wall_offset_ms = 0;
    return fixture_setup(state);
}

/* --- messages --------------------------------------------------------------------- */

/* Stale is what a wrong clock makes of a good message: it is kept, and applied once the
 * clock is right, as `quarantine retry` and a retry of SNS's do. */
static void a_message_of_another_time_is_quarantined_and_applied_once(void **state)
{
    struct fixture *fixture = *state;
    char id[16], feedback[16], address[32];

    for (size_t i = 0; i < JUMPS; i++) {
        int64_t jump = jumps_ms[i] > 0 ? jumps_ms[i] + 3 * CLOCK_HOUR_MS : jumps_ms[i];
        struct post post = {.sns_id = id, .max_age_ms = 2 * CLOCK_HOUR_MS};

        (void)snprintf(id, sizeof(id), "clock-%zu", i);
        (void)snprintf(feedback, sizeof(feedback), "f-%zu", i);
        (void)snprintf(address, sizeof(address), "user-%zu@example.com", i);
        post.json = hard(address, feedback);
        post.received_ms = fixture->now_ms + jump;
        assert_int_equal(fixture_deliver(fixture, post), VERDICT_QUARANTINED);
        assert_int_equal(fixture_deliver(fixture, post), VERDICT_DUPLICATE);
        post.received_ms = fixture->now_ms;
        assert_int_equal(fixture_deliver(fixture, post), VERDICT_STORED);
        assert_int_equal(fixture_deliver(fixture, post), VERDICT_DUPLICATE);
        report.injected++;
        report.acknowledged++;
    }
    assert_answer(fixture, "SELECT count(*) FROM quarantine", "0");
    assert_answer(fixture, "SELECT count(*) || ' ' || count(DISTINCT address) FROM event",
                  "4 4");
    assert_answer(fixture, "SELECT hard_bounces FROM daily", "4");
    assert_answer(fixture, "SELECT count(*) FROM suppressed", "4");
}

/* Suppressions and counters follow the time that SNS gives, not ours. */
static void what_a_message_means_does_not_depend_on_our_clock(void **state)
{
    static const char meaning[] =
        "SELECT group_concat(address || reason || since || coalesce(until, '-') || "
        "first_event_at || last_event_at || event_count, ' ') || (SELECT "
        "group_concat(day || hard_bounces || soft_bounces || events || "
        "suppressed_bounce, "
        "' ') FROM day_count) || (SELECT "
        "group_concat(address || at_ms, ' ') FROM soft_event) FROM suppression";
    struct fixture *fixture = *state;
    char expected[TEXT_ROOM] = "";

    for (size_t i = 0; i <= JUMPS; i++) {
        void *other = NULL;
        struct fixture *jumped;
        int64_t received_ms;

        assert_int_equal(fixture_setup(&other), 0);
        jumped = other;
        jumped->now_ms = fixture->now_ms;
        received_ms = fixture->now_ms + (i < JUMPS ? jumps_ms[i] : 0);
        deliver(jumped, hard("a@example.com", "f1"), .received_ms = received_ms);
        deliver(jumped, doubtful("b@example.com", "f2"), .received_ms = received_ms,
                .at_ms = fixture->now_ms - 2 * CLOCK_DAY_MS);
        deliver(jumped, doubtful("b@example.com", "f3"), .received_ms = received_ms);
        deliver(jumped, complaint("abuse", "c@example.com", "f4"),
                .received_ms = received_ms);
        deliver(jumped, soft("d@example.com", "f5"), .received_ms = received_ms);
        if (i == 0)
            (void)snprintf(expected, sizeof(expected), "%s", ask(jumped, meaning));
        assert_true(strlen(expected) > 100);
        assert_answer(jumped, meaning, expected);
        report.injected++;
        report.acknowledged += 5;
        (void)fixture_teardown(&other);
    }
}

/* --- tidying ---------------------------------------------------------------------- */

static void tidying_goes_on_after_the_clock_was_ahead(void **state)
{
    struct fixture *fixture = *state;
    int64_t old_ms = fixture->now_ms - 73 * CLOCK_HOUR_MS;
    bool more;

    assert_int_equal(store_tidy(fixture->store, fixture->now_ms + 30 * CLOCK_DAY_MS,
                                fixture->now_ms + 30 * CLOCK_DAY_MS, &more),
                     0);
    deliver(fixture, delivery("a@example.com", "m1", old_ms), .at_ms = old_ms,
            .rules = &counting);
    assert_answer(fixture, "SELECT count(*) FROM counted", "1");
    assert_int_equal(store_tidy(fixture->store, fixture->now_ms, fixture->now_ms, &more),
                     0);
    assert_answer(fixture, "SELECT count(*) FROM counted", "0");
    report.injected++;
}

/* Two doubtful bounces within 30 days suppress: what may still be half of such a pair
 * stays, though the clock said it was 30 days older. */
static void a_clock_that_was_ahead_costs_no_half_of_a_pair(void **state)
{
    struct fixture *fixture = *state;
    bool more;

    deliver(fixture, doubtful("a@example.com", "f1"),
            .at_ms = fixture->now_ms - 28 * CLOCK_DAY_MS);
    assert_int_equal(store_tidy(fixture->store, fixture->now_ms + 30 * CLOCK_DAY_MS,
                                fixture->now_ms + 30 * CLOCK_DAY_MS, &more),
                     0);
    deliver(fixture, doubtful("a@example.com", "f2"));
    assert_answer(fixture, "SELECT count(*) FROM suppressed", "1");
    report.injected++;
    report.acknowledged += 2;
}

/* --- confirmations ---------------------------------------------------------------- */

static void subscribe(struct fixture *fixture)
{
    const struct sns_message message = {
        .type = SNS_SUBSCRIPTION_CONFIRMATION,
        .message = STR("You have chosen to subscribe"),
        .topic_arn = STR(TOPIC_A),
        .message_id = STR("subscription"),
        .token = STR("token"),
        .timestamp_ms = fixture->now_ms,
    };
    const struct intake_options options = {.policy = &policy_built_in,
                                           .rules = &keeping,
                                           .now_ms = fixture->now_ms,
                                           .confirm_now = true};
    struct intake intake;

    assert_int_equal(intake_from_sns(&message, message.message, &options, &intake), 0);
    assert_int_equal(fixture_apply_intake(fixture, &intake), VERDICT_CONFIRMING);
    intake_done(&intake);
}

/* How many are due at that time of the wall clock; `*ret_next_ms` is when to ask again.
 */
static int due(struct fixture *fixture, int64_t now_ms, int64_t *ret_next_ms)
{
    struct store_task given[4];
    int count = store_tasks_due(fixture->store, now_ms, given, 4, ret_next_ms);

    assert_true(count >= 0);
    for (int i = 0; i < count; i++)
        store_task_done(&given[i]);
    return count;
}

static void a_confirmation_outlives_every_jump(void **state)
{
    struct fixture *fixture = *state;
    int64_t now = fixture->now_ms, next_ms;

    subscribe(fixture);
    /* A day back: at once rather than a day late, and once. */
    assert_int_equal(due(fixture, now - CLOCK_DAY_MS, &next_ms), 1);
    assert_int_equal(due(fixture, now - CLOCK_DAY_MS, &next_ms), 0);
    assert_int_equal(store_task_finish(fixture->store, 1, STORE_TASK_RETRY,
                                       STR("no route"), now - CLOCK_DAY_MS),
                     0);
    /* Back again: given out, and once. */
    assert_int_equal(due(fixture, now + TASK_FIRST_MS, &next_ms), 1);
    assert_int_equal(due(fixture, now + TASK_FIRST_MS, &next_ms), 0);
    /* Ahead while it is under way: asking SNS twice is harmless, losing it is not. */
    assert_int_equal(due(fixture, now + 30 * CLOCK_DAY_MS, &next_ms), 1);
    assert_int_equal(store_task_finish(fixture->store, 1, STORE_TASK_DONE,
                                       STR(TOPIC_A ":sub"), now + 30 * CLOCK_DAY_MS),
                     0);
    assert_int_equal(
        store_task_finish(fixture->store, 1, STORE_TASK_DONE, STR(TOPIC_A ":sub"), now),
        0);
    assert_answer(fixture, "SELECT state FROM topics", "confirmed");
    assert_answer(fixture, "SELECT count(*) FROM outbox", "0");
    report.injected += 3;
    report.acknowledged++;
}

/* 30 days ahead no token lives: given up, and `topics confirm` begins anew. */
static void a_confirmation_that_a_jump_ended_can_be_started_again(void **state)
{
    struct fixture *fixture = *state;
    int64_t now = fixture->now_ms, next_ms;

    subscribe(fixture);
    assert_int_equal(store_task_finish(fixture->store, 1, STORE_TASK_RETRY,
                                       STR("no route"), now + 30 * CLOCK_DAY_MS),
                     0);
    assert_answer(fixture, "SELECT state FROM topics", "failed");
    assert_int_equal(store_topic_confirm(fixture->store, TOPIC_A, now), 0);
    assert_int_equal(due(fixture, now, &next_ms), 1);
    report.injected++;
    report.acknowledged++;
}

/* --- the monotonic clock ---------------------------------------------------------- */

static void what_waits_does_not_look_at_the_wall_clock(void **state)
{
    static char topic_arn[] = TOPIC_A;
    struct fixture *fixture = *state;
    struct waiting_room room;
    struct settings *settings = NULL;
    struct certificates *certificates = NULL;
    struct sns_certificate *certificate = NULL;
    struct delivery delivery, *displaced;
    struct sns_cert_url url;
    struct arn topic;
    char directory[100];
    long asked;

    assert_int_equal(settings_new(&settings), 0);
    assert_true(arn_parse(str_of(topic_arn), &topic));
    assert_true(sns_url_certificate(STR(URL), &topic, STR_ABSENT, &url));
    (void)snprintf(directory, sizeof(directory), "%s/c", fixture->directory);
    assert_int_equal(certificates_new(directory, &certificates), 0);
    assert_int_equal(waiting_room_init(&room, 8), 0);
    asked = wall_asked;
    for (size_t i = 0; i < JUMPS; i++) {
        wall_offset_ms = 0;
        certificates_fail(certificates, &url, 1000);
        delivery_init(&delivery, settings, 1000);
        assert_int_equal(delivery.job.deadline_ms, 1000 + ANSWER_MS);
        assert_int_equal(waiting_room_enter(&room, &delivery, 1000, &displaced), 0);
        wall_offset_ms = jumps_ms[i];
        assert_int_equal(certificates_get(certificates, &url, 1000 + 1, &certificate),
                         CERTIFICATES_FAILED);
        assert_null(waiting_room_sweep(&room, 1000 + WAITING_MS - 1));
        assert_ptr_equal(waiting_room_sweep(&room, 1000 + WAITING_MS), &delivery);
        delivery_done(&delivery);
        report.injected++;
    }
    assert_int_equal(wall_asked, asked);
    waiting_room_done(&room);
    certificates_free(certificates);
    settings_free(settings);
    assert_int_equal(rmdir(directory), 0);
}

static int end(void **state)
{
    (void)state;
    report_end(&report);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_of_another_time_is_quarantined_and_applied_once),
        TEST(what_a_message_means_does_not_depend_on_our_clock),
        TEST(tidying_goes_on_after_the_clock_was_ahead),
        TEST(a_clock_that_was_ahead_costs_no_half_of_a_pair),
        TEST(a_confirmation_outlives_every_jump),
        TEST(a_confirmation_that_a_jump_ended_can_be_started_again),
        TEST(what_waits_does_not_look_at_the_wall_clock),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, end);
}

/* What is put into the outbox for webhooks and mail, and when it is tried again. */
#include "sesbounce/store_notice.h"
#include "sesbounce/store_sending.h"
#include "store_fixture.h"

#define CHANGES (1u << NEWS_SUPPRESSION_ADDED | 1u << NEWS_SUPPRESSION_REMOVED)
#define BOUNCES (1u << NEWS_EVENT_BOUNCE)
#define ALERTS  (1u << NEWS_ALERT_RAISED | 1u << NEWS_ALERT_RESOLVED)

static struct store_receiver app_of(unsigned wanted)
{
    return (struct store_receiver){.name = "app", .format = "standard", .wanted = wanted};
}

static void begin(struct fixture *fixture, struct store_receiver *receivers, size_t count)
{
    int64_t dropped = 0;

    assert_int_equal(store_receivers_begin(fixture->store, receivers, count, &dropped),
                     0);
    assert_int_equal(dropped, 0);
}

static size_t put(struct fixture *fixture, struct store_receiver *receiver)
{
    int64_t ends[STORE_SOURCES];
    size_t count = 0;

    assert_int_equal(store_sending_ends(fixture->store, ends), 0);
    assert_int_equal(
        store_receiver_put(fixture->store, receiver, ends, fixture->now_ms, &count), 0);
    return count;
}

static void suppress(struct fixture *fixture, const char *address)
{
    deliver(fixture, hard(address, address));
}

static void notice(struct fixture *fixture, const char *type)
{
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_notice_add(fixture->store, str_of(type),
                                      STR("{\"text\":\"x\"}"), fixture->now_ms),
                     0);
    assert_int_equal(store_commit(fixture->store), 0);
}

static struct store_message next(struct fixture *fixture, struct store_receiver *receiver,
                                 int64_t now_ms)
{
    struct store_message message = {.id = 0};
    int64_t next_ms;

    assert_int_equal(
        store_message_next(fixture->store, receiver, now_ms, &message, &next_ms), 1);
    return message;
}

static void finish(struct fixture *fixture, int64_t id, struct store_outcome outcome,
                   int64_t now_ms)
{
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_message_finish(fixture->store, id, &outcome, now_ms), 0);
    assert_int_equal(store_commit(fixture->store), 0);
}

static void each_gets_what_it_wants_from_its_beginning_on(void **state)
{
    struct fixture *fixture = *state;
    struct store_receiver receivers[] = {app_of(CHANGES), app_of(BOUNCES | ALERTS)};

    receivers[1].name = "ops";
    suppress(fixture, "before@example.com");
    begin(fixture, receivers, 2);
    assert_int_equal(put(fixture, &receivers[0]), 0);
    suppress(fixture, "a@example.com");
    notice(fixture, "alert.raised");
    notice(fixture, "sending.paused");
    assert_int_equal(put(fixture, &receivers[0]), 1);
    assert_int_equal(put(fixture, &receivers[1]), 2);
    assert_int_equal(put(fixture, &receivers[0]), 0);
    assert_answer(fixture,
                  "SELECT group_concat(target || ' ' || payload, ', ') FROM outbox",
                  "app change 2, ops event 2, ops notice 1");
}

/* Nothing is written on the way of what is for nobody. */
static void what_is_for_nobody_moves_no_place_on_disk(void **state)
{
    struct fixture *fixture = *state;
    struct store_receiver app = app_of(CHANGES);

    begin(fixture, &app, 1);
    for (int i = 0; i < 5; i++) {
        char address[32];

        (void)snprintf(address, sizeof(address), "s%d@example.com", i);
        deliver(fixture, delivery(address, "m", fixture->now_ms));
        assert_int_equal(put(fixture, &app), 0);
    }
    assert_true(app.at[STORE_SOURCE_CHANGES] >= app.kept[STORE_SOURCE_CHANGES]);
    assert_answer(fixture, "SELECT change_id FROM receiver", "0");
    suppress(fixture, "a@example.com");
    assert_int_equal(put(fixture, &app), 1);
}

static void a_batch_is_one_message_about_many_rows(void **state)
{
    struct fixture *fixture = *state;
    struct store_receiver app = app_of(CHANGES | BOUNCES);
    int64_t counts[NEWS_TYPES];

    app.batches = true;
    begin(fixture, &app, 1);
    suppress(fixture, "a@example.com");
    suppress(fixture, "b@example.com");
    assert_int_equal(put(fixture, &app), 1);
    assert_answer(fixture, "SELECT payload FROM outbox", "change 1-2 event 1-2");
    struct store_message message = next(fixture, &app, fixture->now_ms);
    assert_int_equal(
        store_parcel_count(fixture->store, &message.parcel, app.wanted, counts), 0);
    assert_int_equal(counts[NEWS_SUPPRESSION_ADDED], 2);
    assert_int_equal(counts[NEWS_EVENT_BOUNCE], 2);
}

static void a_place_that_somebody_moved_is_not_overwritten(void **state)
{
    struct fixture *fixture = *state;
    struct store_receiver app = app_of(CHANGES);

    suppress(fixture, "old@example.com");
    begin(fixture, &app, 1);
    suppress(fixture, "a@example.com");
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(
        store_webhook_replay(fixture->store, "app", fixture->now_ms - CLOCK_DAY_MS), 0);
    assert_int_equal(store_commit(fixture->store), 0);
    assert_int_equal(put(fixture, &app), 0); /* it learns of it */
    assert_int_equal(put(fixture, &app), 2);
}

static void replay_begins_at_the_first_row_of_that_time(void **state)
{
    struct fixture *fixture = *state;
    struct store_receiver app = app_of(CHANGES | BOUNCES | ALERTS);

    for (int i = 0; i < 40; i++) {
        char address[32];

        (void)snprintf(address, sizeof(address), "a%d@example.com", i);
        deliver(fixture, hard(address, address),
                .at_ms = fixture->now_ms - (40 - i) * CLOCK_HOUR_MS,
                .received_ms = fixture->now_ms - (40 - i) * CLOCK_HOUR_MS);
    }
    begin(fixture, &app, 1);
    for (int hours = 0; hours <= 41; hours++) {
        char expected[64];
        int first = hours > 40 ? 0 : 40 - hours;

        assert_int_equal(store_begin(fixture->store), 0);
        /* It only goes back. */
        assert_int_equal(store_webhook_replay(fixture->store, "app",
                                              fixture->now_ms - hours * CLOCK_HOUR_MS -
                                                  CLOCK_MINUTE_MS),
                         0);
        assert_int_equal(store_commit(fixture->store), 0);
        (void)snprintf(expected, sizeof(expected), "%d %d", first, first);
        assert_answer(fixture, "SELECT change_id || ' ' || event_id FROM receiver",
                      expected);
    }
    assert_int_equal(store_webhook_replay(fixture->store, "nobody", 0), -ENOENT);
}

/* At once, then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h, each
 * lengthened by up to a fifth; then it is given up, and stays listed. */
static void the_schedule_is_kept_and_then_it_is_given_up(void **state)
{
    static const int64_t delays_s[] = {5,     300,   1800,  7200, 18000,
                                       36000, 50400, 72000, 86400};
    const struct store_outcome no = {.sent = STORE_SENT_NOT, .text = STR("HTTP 500")};
    struct fixture *fixture = *state;
    struct store_receiver app = app_of(CHANGES);
    int64_t now_ms = fixture->now_ms, next_ms = 0, count = 0;
    struct store_message message;

    begin(fixture, &app, 1);
    suppress(fixture, "a@example.com");
    assert_int_equal(put(fixture, &app), 1);
    for (size_t i = 0; i < sizeof(delays_s) / sizeof(delays_s[0]); i++) {
        int64_t least_ms = delays_s[i] * CLOCK_SECOND_MS;

        message = next(fixture, &app, now_ms);
        assert_int_equal(message.attempts, i);
        finish(fixture, message.id, no, now_ms);
        assert_int_equal(
            store_message_next(fixture->store, &app, now_ms, &message, &next_ms), 0);
        assert_true(next_ms - now_ms >= least_ms);
        assert_true(next_ms - now_ms <= least_ms + least_ms / 5);
        now_ms = next_ms;
    }
    message = next(fixture, &app, now_ms);
    finish(fixture, message.id, no, now_ms);
    assert_int_equal(store_message_next(fixture->store, &app, now_ms + CLOCK_DAY_MS,
                                        &message, &next_ms),
                     0);
    assert_true(next_ms == CLOCK_NONE);
    assert_answer(fixture, "SELECT state || ' ' || attempts FROM webhook_messages",
                  "failed 10");
    assert_answer(fixture,
                  "SELECT state || ' ' || failed || ' ' || waiting FROM webhooks",
                  "failing 1 0");
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_webhook_retry(fixture->store, "app", now_ms, &count), 0);
    assert_int_equal(store_commit(fixture->store), 0);
    assert_int_equal(count, 1);
    assert_int_equal(next(fixture, &app, now_ms).attempts, 0);
}

static void a_receiver_decides_when_not_to_be_asked(void **state)
{
    struct fixture *fixture = *state;
    struct store_receiver app = app_of(CHANGES);
    struct store_message message;
    int64_t next_ms = 0, now_ms = fixture->now_ms, id = 0;

    begin(fixture, &app, 1);
    suppress(fixture, "a@example.com");
    suppress(fixture, "b@example.com");
    assert_int_equal(put(fixture, &app), 2);
    finish(fixture, next(fixture, &app, now_ms).id,
           (struct store_outcome){.sent = STORE_SENT_NOT,
                                  .text = STR("HTTP 429"),
                                  .retry_after_ms = CLOCK_HOUR_MS,
                                  .pauses = true},
           now_ms);
    assert_int_equal(store_receiver_load(fixture->store, &app), 0);
    assert_int_equal(store_message_next(fixture->store, &app, now_ms, &message, &next_ms),
                     0);
    assert_int_equal(next_ms, now_ms + CLOCK_HOUR_MS);
    now_ms += CLOCK_HOUR_MS;
    finish(fixture, next(fixture, &app, now_ms).id,
           (struct store_outcome){.sent = STORE_SENT_GONE, .text = STR("HTTP 410")},
           now_ms);
    assert_int_equal(store_receiver_load(fixture->store, &app), 0);
    assert_int_equal(store_message_next(fixture->store, &app, now_ms, &message, &next_ms),
                     0);
    assert_answer(fixture, "SELECT state || ' ' || waiting FROM webhooks", "off 2");
    /* A test goes nevertheless, and is tried once. */
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_webhook_test(fixture->store, "app", now_ms, &id), 0);
    assert_int_equal(store_commit(fixture->store), 0);
    message = next(fixture, &app, now_ms);
    assert_true(message.is_test);
    finish(fixture, message.id,
           (struct store_outcome){.sent = STORE_SENT_NOT, .text = STR("HTTP 404")},
           now_ms);
    _cleanup_(buf_done) struct buf fault = {.max = 64};
    assert_int_equal(store_webhook_tested(fixture->store, id, &fault), -ECANCELED);
    assert_string_equal(fault.data, "HTTP 404");
}

static void who_is_not_in_the_settings_any_more_is_forgotten(void **state)
{
    struct fixture *fixture = *state;
    struct store_receiver app = app_of(CHANGES), other = app_of(CHANGES);
    int64_t dropped = 0;

    other.name = "other";
    begin(fixture, &app, 1);
    suppress(fixture, "a@example.com");
    assert_int_equal(put(fixture, &app), 1);
    assert_int_equal(store_receivers_begin(fixture->store, &other, 1, &dropped), 0);
    assert_int_equal(dropped, 1);
    assert_answer(fixture, "SELECT group_concat(name) FROM webhooks", "other");
    assert_int_equal(store_receiver_load(fixture->store, &app), -ENOENT);
    /* One that did not want it before does not get what is old. */
    other.wanted = ALERTS;
    begin(fixture, &other, 1);
    notice(fixture, "alert.raised");
    suppress(fixture, "b@example.com");
    other.wanted = ALERTS | CHANGES;
    begin(fixture, &other, 1);
    assert_int_equal(put(fixture, &other), 1);
    assert_answer(fixture, "SELECT payload FROM outbox", "notice 1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_gets_what_it_wants_from_its_beginning_on),
        TEST(what_is_for_nobody_moves_no_place_on_disk),
        TEST(a_batch_is_one_message_about_many_rows),
        TEST(a_place_that_somebody_moved_is_not_overwritten),
        TEST(replay_begins_at_the_first_row_of_that_time),
        TEST(the_schedule_is_kept_and_then_it_is_given_up),
        TEST(a_receiver_decides_when_not_to_be_asked),
        TEST(who_is_not_in_the_settings_any_more_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

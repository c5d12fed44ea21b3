#include "store_fixture.h"

/* A subscription message as intake_from_sns() makes it. */
static enum verdict subscription(struct fixture *fixture, enum intake_kind kind,
                                 const char *sns_id, const char *token, int64_t at_ms,
                                 bool confirm_now)
{
    struct intake intake = {
        .kind = kind,
        .origin = INTAKE_FROM_SNS,
        .body = STR("{}"),
        .topic_arn = STR(TOPIC_A),
        .sns_message_id = str_of(sns_id),
        .token = str_of(token),
        .confirm_now = confirm_now,
        .sns_timestamp_ms = at_ms,
        .received_ms = at_ms,
        .occurred_ms = at_ms,
        .event = {.ses_time_ms = CLOCK_NONE, .sent_ms = CLOCK_NONE},
    };

    return fixture_apply_intake(fixture, &intake);
}

static enum verdict confirmation(struct fixture *fixture, const char *sns_id,
                                 const char *token, bool now)
{
    return subscription(fixture, INTAKE_CONFIRM, sns_id, token, fixture->now_ms, now);
}

/* How many are due at `at_ms`; the first stays in `ret`. */
static int due(struct fixture *fixture, int64_t at_ms, struct store_task *ret,
               int64_t *ret_next_ms)
{
    struct store_task all[8] = {0};
    int count = store_tasks_due(fixture->store, at_ms, all, 8, ret_next_ms);

    for (int i = 1; i < count; i++)
        store_task_done(&all[i]);
    *ret = all[0];
    return count;
}

static void result(struct fixture *fixture, int64_t id, enum store_task_result result,
                   const char *text, int64_t at_ms)
{
    assert_int_equal(store_task_finish(fixture->store, id, result, str_of(text), at_ms),
                     0);
}

static const char state_of[] = "SELECT state FROM topics";

static void a_notification_makes_its_topic_confirmed(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, hard("a@example.com", "f1"));
    assert_answer(fixture,
                  "SELECT topic_arn || state || account_id || region FROM topics",
                  TOPIC_A "confirmed123456789012eu-west-1");
    assert_answer(fixture, "SELECT since = last_message_at FROM topics", "1");
}

static void imported_messages_do_not_make_a_topic_talk(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, hard("a@example.com", "f1"), .imported = true);
    assert_answer(fixture, "SELECT count(*) FROM topics", "0");
    assert_answer(fixture, "SELECT topic_arn FROM events", TOPIC_A);
    deliver(fixture, hard("a@example.com", "f2"));
    assert_answer(fixture, "SELECT messages || state FROM topics", "1confirmed");
}

static void a_confirmation_goes_through_the_outbox(void **state)
{
    struct fixture *fixture = *state;
    struct store_task given = {0};
    int64_t next_ms = 0;

    assert_int_equal(confirmation(fixture, "c1", "token-1", true), VERDICT_CONFIRMING);
    assert_int_equal(confirmation(fixture, "c1", "token-1", true), VERDICT_DUPLICATE);
    assert_answer(fixture, state_of, "confirming");
    assert_int_equal(due(fixture, fixture->now_ms, &given, &next_ms), 0);
    assert_int_equal(next_ms, fixture->now_ms + TASK_FIRST_MS);
    assert_int_equal(due(fixture, next_ms, &given, &next_ms), 1);
    assert_string_equal(given.target, TOPIC_A);
    assert_string_equal(given.payload, "token-1");
    store_task_done(&given);
    result(fixture, 1, STORE_TASK_DONE, TOPIC_A ":sub", fixture->now_ms + 2000);
    assert_answer(fixture, "SELECT state || subscription_arn FROM topics",
                  "confirmed" TOPIC_A ":sub");
    assert_answer(fixture, "SELECT count(*) FROM outbox", "0");
    assert_int_equal(due(fixture, fixture->now_ms + CLOCK_DAY_MS, &given, &next_ms), 0);
    assert_true(next_ms == CLOCK_NONE);
}

static void what_was_given_out_is_not_given_out_again_until_its_result(void **state)
{
    struct fixture *fixture = *state;
    struct store_task given = {0};
    int64_t at_ms = fixture->now_ms + TASK_FIRST_MS;
    int64_t next_ms = 0;

    confirmation(fixture, "c1", "token-1", true);
    assert_int_equal(due(fixture, at_ms, &given, &next_ms), 1);
    store_task_done(&given);
    assert_int_equal(due(fixture, at_ms + 1, &given, &next_ms), 0);
    assert_int_equal(next_ms, at_ms + STORE_TASK_OUT_MS);
    /* its result was lost */
    assert_int_equal(due(fixture, next_ms, &given, &next_ms), 1);
    store_task_done(&given);
    result(fixture, 1, STORE_TASK_RETRY, "no answer", at_ms);
    assert_int_equal(due(fixture, at_ms + 2 * TASK_FIRST_MS - 1, &given, &next_ms), 0);
    assert_int_equal(due(fixture, at_ms + 2 * TASK_FIRST_MS, &given, &next_ms), 1);
    assert_int_equal(given.attempts, 1);
    store_task_done(&given);
}

static void a_result_counts_once_its_transaction_is_kept(void **state)
{
    struct fixture *fixture = *state;
    struct store_task given = {0};
    int64_t at_ms = fixture->now_ms + TASK_FIRST_MS;
    int64_t next_ms = 0;

    confirmation(fixture, "c1", "token-1", true);
    assert_true(store_outbox_changed(fixture->store));
    assert_int_equal(due(fixture, at_ms, &given, &next_ms), 1);
    store_task_done(&given);
    assert_false(store_outbox_changed(fixture->store));
    assert_int_equal(store_begin(fixture->store), 0);
    result(fixture, 1, STORE_TASK_RETRY, "no answer", at_ms);
    store_rollback(fixture->store);
    assert_int_equal(due(fixture, at_ms + 2 * TASK_FIRST_MS, &given, &next_ms), 0);
    assert_int_equal(store_begin(fixture->store), 0);
    result(fixture, 1, STORE_TASK_RETRY, "no answer", at_ms);
    assert_int_equal(store_commit(fixture->store), 0);
    assert_true(store_outbox_changed(fixture->store));
    assert_int_equal(due(fixture, at_ms + 2 * TASK_FIRST_MS, &given, &next_ms), 1);
    store_task_done(&given);
}

static void back_off_doubles_to_five_minutes_and_ends_after_two_days(void **state)
{
    struct fixture *fixture = *state;
    struct store_task given = {0};
    int64_t begin_ms = fixture->now_ms;
    int64_t at_ms = begin_ms;
    int64_t next_ms = 0;
    int64_t longest_ms = 0;
    int tries = 0;

    confirmation(fixture, "c1", "token-1", true);
    while (due(fixture, at_ms, &given, &next_ms) == 0 && next_ms != CLOCK_NONE) {
        longest_ms = next_ms - at_ms > longest_ms ? next_ms - at_ms : longest_ms;
        at_ms = next_ms;
        assert_int_equal(due(fixture, at_ms, &given, &next_ms), 1);
        store_task_done(&given);
        result(fixture, 1, STORE_TASK_RETRY, "no answer", at_ms);
        tries++;
    }
    assert_int_equal(longest_ms, TASK_AGAIN_MAX_MS);
    assert_in_range(at_ms - begin_ms, CONFIRM_EXPIRY_MS - TASK_AGAIN_MAX_MS,
                    CONFIRM_EXPIRY_MS);
    assert_in_range(tries, 570, 590);
    assert_answer(fixture, "SELECT state || ': ' || fault FROM topics",
                  "failed: no answer");
    /* its token is kept for `topics confirm` */
    assert_int_equal(store_topic_confirm(fixture->store, TOPIC_A, at_ms), 0);
    assert_answer(fixture, state_of, "confirming");
    assert_int_equal(due(fixture, at_ms, &given, &next_ms), 1);
    store_task_done(&given);
}

static void a_refusal_is_final_until_a_new_token_comes(void **state)
{
    struct fixture *fixture = *state;

    confirmation(fixture, "c1", "token-1", true);
    result(fixture, 1, STORE_TASK_FAILED, "HTTP 400", fixture->now_ms + 1000);
    assert_answer(fixture, "SELECT state || fault FROM topics", "failedHTTP 400");
    assert_int_equal(confirmation(fixture, "c2", "token-2", true), VERDICT_CONFIRMING);
    assert_answer(fixture, state_of, "confirming");
    /* the result of one that is gone changes nothing */
    result(fixture, 1, STORE_TASK_FAILED, "HTTP 400", fixture->now_ms + 1000);
    assert_answer(fixture, state_of, "confirming");
}

static void manual_keeps_it_pending(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(confirmation(fixture, "c1", "token-1", false), VERDICT_PENDING);
    assert_answer(fixture, state_of, "pending");
    assert_answer(fixture, "SELECT count(*) FROM outbox", "0");
    assert_int_equal(store_topic_confirm(fixture->store, TOPIC_B, 1), -ENOENT);
    assert_int_equal(store_topic_confirm(fixture->store, TOPIC_A, fixture->now_ms), 0);
    assert_answer(fixture, "SELECT count(*) FROM outbox", "1");
    deliver(fixture, hard("a@example.com", "f1"));
    assert_answer(fixture, state_of, "confirmed");
    result(fixture, 1, STORE_TASK_FAILED, "HTTP 400", fixture->now_ms + 1000);
    assert_answer(fixture, state_of, "confirmed");
}

static void unsubscribed_stays_until_a_later_notification(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_ms = fixture->now_ms;

    deliver(fixture, hard("a@example.com", "f1"), .at_ms = now_ms - 5000);
    assert_int_equal(
        subscription(fixture, INTAKE_UNSUBSCRIBED, "u1", "t", now_ms - 2000, true),
        VERDICT_UNSUBSCRIBED);
    assert_answer(fixture, state_of, "unsubscribed");
    assert_answer(fixture, "SELECT count(*) FROM outbox", "0");
    deliver(fixture, hard("a@example.com", "f2"), .at_ms = now_ms - 3000);
    assert_answer(fixture, state_of, "unsubscribed");
    deliver(fixture, hard("a@example.com", "f3"), .at_ms = now_ms - 1000);
    assert_answer(fixture, state_of, "confirmed");
}

static void a_stale_notification_proves_nothing(void **state)
{
    struct fixture *fixture = *state;

    confirmation(fixture, "c1", "token-1", false);
    deliver(fixture, hard("a@example.com", "f1"), .at_ms = fixture->now_ms - CLOCK_DAY_MS,
            .max_age_ms = CLOCK_HOUR_MS);
    assert_answer(fixture, state_of, "pending");
}

static void an_announcement_is_noted_on_the_topic(void **state)
{
    struct fixture *fixture = *state;
    static const char text[] =
        "Successfully validated SNS topic for Amazon SES event publishing.";

    assert_int_equal(deliver(fixture, text), VERDICT_ANNOUNCED);
    assert_answer(fixture, "SELECT announced_at IS NOT NULL FROM topics", "1");
    assert_answer(
        fixture,
        "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM quarantine)", "0");
}

static void what_another_process_wrote_is_seen(void **state)
{
    struct fixture *fixture = *state;
    struct store *other = NULL;

    deliver(fixture, hard("a@example.com", "f1"));
    (void)store_outbox_changed(fixture->store);
    deliver(fixture, hard("a@example.com", "f2"));
    assert_false(store_outbox_changed(fixture->store));
    assert_int_equal(store_open(fixture->path, STORE_WRITE, &other, NULL), 0);
    assert_int_equal(store_probe(other), 0);
    store_close(other);
    assert_true(store_outbox_changed(fixture->store));
    assert_false(store_outbox_changed(fixture->store));
    /* the cached topic is gone, too */
    tamper(fixture, "UPDATE subscription SET state = 'failed'");
    deliver(fixture, hard("a@example.com", "f3"));
    assert_answer(fixture, state_of, "confirmed");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_notification_makes_its_topic_confirmed),
        TEST(imported_messages_do_not_make_a_topic_talk),
        TEST(a_confirmation_goes_through_the_outbox),
        TEST(what_was_given_out_is_not_given_out_again_until_its_result),
        TEST(a_result_counts_once_its_transaction_is_kept),
        TEST(back_off_doubles_to_five_minutes_and_ends_after_two_days),
        TEST(a_refusal_is_final_until_a_new_token_comes),
        TEST(manual_keeps_it_pending),
        TEST(unsubscribed_stays_until_a_later_notification),
        TEST(a_stale_notification_proves_nothing),
        TEST(an_announcement_is_noted_on_the_topic),
        TEST(what_another_process_wrote_is_seen),
    };
    return cmocka_run_group_tests_name("store_topic", tests, NULL, NULL);
}

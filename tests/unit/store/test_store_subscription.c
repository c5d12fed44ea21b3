#include <fcntl.h>

#include "sesbounce/digest.h"
#include "sesbounce/limits.h"
#include "store_fixture.h"

#define SUB_X TOPIC_A ":0000-x"
#define SUB_Y TOPIC_A ":0000-y"

/* A subscription message as intake_from_sns() makes it. */
struct message {
    enum intake_kind kind;
    const char *sns_id; /* one of its own */
    const char *token;  /* of a confirmation */
    const char *arn;    /* of an end; NULL: it names none */
    int64_t at_ms;      /* now */
    bool manual;
};

static enum verdict subscription(struct fixture *fixture, struct message message)
{
    char id[40];
    struct intake intake = {
        .kind = message.kind,
        .origin = INTAKE_FROM_SNS,
        .body = STR("{}"),
        .topic_arn = STR(TOPIC_A),
        .token = str_of(message.token),
        .subscription_arn = str_of(message.arn),
        .confirm_now = !message.manual,
        .sns_timestamp_ms = message.at_ms ? message.at_ms : fixture->now_ms,
        .received_ms = fixture->now_ms,
        .occurred_ms = fixture->now_ms,
        .event = {.ses_time_ms = CLOCK_NONE, .sent_ms = CLOCK_NONE},
    };

    (void)snprintf(id, sizeof(id), "sub-%u", ++fixture->sns_serial);
    intake.sns_message_id = str_of(message.sns_id ? message.sns_id : id);
    return fixture_apply_intake(fixture, &intake);
}

#define asked(fixture, name, ...)                                                        \
    subscription(fixture,                                                                \
                 (struct message){.kind = INTAKE_CONFIRM, .token = (name), __VA_ARGS__})
#define ended(fixture, name, ...)                                                        \
    subscription(fixture, (struct message){                                              \
                              .kind = INTAKE_UNSUBSCRIBED, .arn = (name), __VA_ARGS__})

/* The tokens that are due, in order, each with a blank behind it. */
static const char *due(struct fixture *fixture, int64_t at_ms)
{
    static char text[512];
    struct store_task all[8] = {0};
    int64_t next_ms = 0;
    int count = store_tasks_due(fixture->store, at_ms, all, 8, &next_ms);

    assert_true(count >= 0);
    text[0] = '\0';
    for (int i = 0; i < count; i++) {
        size_t len = strlen(text);

        (void)snprintf(text + len, sizeof(text) - len, "%s ",
                       all[i].payload ? all[i].payload : "(lost)");
        store_task_done(&all[i]);
    }
    return text;
}

static void result(struct fixture *fixture, int64_t id, enum store_task_result result,
                   const char *text)
{
    assert_int_equal(store_task_finish(fixture->store, id, result, str_of(text),
                                       fixture->now_ms + 2000),
                     0);
}

static const char state_of[] = "SELECT state FROM topics";
static const char all_states[] =
    "SELECT group_concat(state, ' ') FROM (SELECT state FROM subscription ORDER BY id)";

static void of_two_tokens_within_a_second_both_are_confirmed_in_either_order(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t offsets_ms[] = {0, 400, -400};

    for (size_t i = 0; i < 3; i++) {
        char first[16], second[16], expected[40];

        (void)snprintf(first, sizeof(first), "first-%zu", i);
        (void)snprintf(second, sizeof(second), "second-%zu", i);
        (void)snprintf(expected, sizeof(expected), "%s %s ", first, second);
        assert_int_equal(asked(fixture, first), VERDICT_CONFIRMING);
        assert_int_equal(asked(fixture, second, .at_ms = fixture->now_ms + offsets_ms[i]),
                         VERDICT_CONFIRMING);
        assert_string_equal(due(fixture, fixture->now_ms + TASK_FIRST_MS), expected);
        result(fixture, (int64_t)(2 * i + 1), STORE_TASK_DONE, first);
        assert_answer(fixture, state_of, "confirmed");
        result(fixture, (int64_t)(2 * i + 2), STORE_TASK_DONE, second);
    }
    assert_answer(fixture, "SELECT count(*) FROM subscription WHERE state = 'confirmed'",
                  "6");
    assert_answer(fixture, "SELECT count(*) FROM outbox", "0");
}

static void a_confirmation_keeps_what_deliveries_of_its_batch_count(void **state)
{
    struct fixture *fixture = *state;
    const struct post post = {.json = hard("a@example.com", "f1")};
    enum verdict verdict = VERDICT_NONE;
    struct intake intake;
    char id[40];

    asked(fixture, "t");
    fixture_intake(fixture, &post, id, &intake);
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_apply(fixture->store, &intake, &verdict), 0);
    assert_int_equal(store_task_finish(fixture->store, 1, STORE_TASK_DONE, STR("arn"),
                                       fixture->now_ms),
                     0);
    assert_int_equal(store_commit(fixture->store), 0);
    intake_done(&intake);
    assert_answer(
        fixture,
        "SELECT messages || ' ' || (last_message_at IS NOT NULL) || ' ' || state"
        " FROM topics",
        "2 1 confirmed");
}

static void each_token_has_its_own_attempts_and_its_own_end(void **state)
{
    struct fixture *fixture = *state;
    int64_t begin_ms = fixture->now_ms;

    asked(fixture, "old");
    fixture->now_ms += CLOCK_DAY_MS;
    asked(fixture, "new");
    result(fixture, 2, STORE_TASK_RETRY, "no answer");
    assert_answer(fixture, "SELECT group_concat(attempts) FROM outbox", "0,1");
    fixture->now_ms = begin_ms + CONFIRM_EXPIRY_MS;
    result(fixture, 1, STORE_TASK_RETRY, "no answer");
    result(fixture, 2, STORE_TASK_RETRY, "no answer");
    assert_answer(fixture, all_states, "failed confirming");
    assert_answer(fixture, state_of, "confirming");
    fixture->now_ms += CLOCK_HOUR_MS;
    result(fixture, 2, STORE_TASK_FAILED, "HTTP 400");
    assert_answer(fixture, "SELECT state || ' ' || fault FROM topics", "failed HTTP 400");
}

static void a_token_that_comes_again_is_one_subscription(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(asked(fixture, "t", .sns_id = "s1"), VERDICT_CONFIRMING);
    assert_int_equal(asked(fixture, "t", .sns_id = "s1"), VERDICT_DUPLICATE);
    assert_int_equal(asked(fixture, "t", .sns_id = "s2"), VERDICT_CONFIRMING);
    assert_answer(fixture, "SELECT count(*) FROM outbox", "1");
    result(fixture, 1, STORE_TASK_DONE, SUB_X);
    assert_int_equal(asked(fixture, "t", .sns_id = "s3"), VERDICT_DUPLICATE);
    assert_answer(fixture, all_states, "confirmed");
    assert_answer(fixture, "SELECT count(*) FROM outbox", "0");
}

static void two_tokens_of_one_subscription_end_as_one(void **state)
{
    struct fixture *fixture = *state;

    asked(fixture, "t1");
    asked(fixture, "t2");
    result(fixture, 1, STORE_TASK_DONE, SUB_X);
    result(fixture, 2, STORE_TASK_DONE, SUB_X);
    assert_answer(fixture, all_states, "confirmed");
    assert_int_equal(ended(fixture, SUB_X), VERDICT_UNSUBSCRIBED);
    assert_answer(fixture, state_of, "unsubscribed");
}

static void an_end_ends_only_the_subscription_it_names(void **state)
{
    struct fixture *fixture = *state;

    asked(fixture, "t1");
    asked(fixture, "t2");
    result(fixture, 1, STORE_TASK_DONE, SUB_X);
    result(fixture, 2, STORE_TASK_DONE, SUB_Y);
    assert_int_equal(ended(fixture, SUB_X, .sns_id = "e1"), VERDICT_UNSUBSCRIBED_IN_PART);
    assert_int_equal(ended(fixture, SUB_X, .sns_id = "e1"), VERDICT_DUPLICATE);
    assert_answer(fixture, "SELECT state || ' ' || subscription_arn FROM topics",
                  "confirmed " SUB_Y);
    /* one that we never heard of */
    assert_int_equal(ended(fixture, TOPIC_A ":other"), VERDICT_UNSUBSCRIBED_IN_PART);
    assert_answer(fixture, state_of, "confirmed");
    assert_int_equal(ended(fixture, SUB_Y), VERDICT_UNSUBSCRIBED);
    assert_answer(fixture, state_of, "unsubscribed");
}

static void a_token_that_waits_outlives_the_end_of_another(void **state)
{
    struct fixture *fixture = *state;

    asked(fixture, "t1");
    result(fixture, 1, STORE_TASK_DONE, SUB_X);
    asked(fixture, "t2", .at_ms = fixture->now_ms - 5000);
    assert_int_equal(ended(fixture, SUB_X), VERDICT_UNSUBSCRIBED_IN_PART);
    assert_answer(fixture, state_of, "confirming");
    assert_string_equal(due(fixture, fixture->now_ms + TASK_FIRST_MS), "t2 ");
    result(fixture, 2, STORE_TASK_DONE, SUB_Y);
    assert_answer(fixture, state_of, "confirmed");
    /* and it need not have been there yet */
    assert_int_equal(ended(fixture, SUB_Y), VERDICT_UNSUBSCRIBED);
    assert_int_equal(asked(fixture, "t3", .at_ms = fixture->now_ms - 9000),
                     VERDICT_CONFIRMING);
    assert_answer(fixture, state_of, "confirming");
}

static void an_end_that_names_none_counts_for_all_until_a_notification(void **state)
{
    struct fixture *fixture = *state;

    asked(fixture, "t1");
    asked(fixture, "t2");
    asked(fixture, "t3");
    result(fixture, 1, STORE_TASK_DONE, SUB_X);
    result(fixture, 2, STORE_TASK_DONE, SUB_Y);
    assert_int_equal(ended(fixture, NULL), VERDICT_UNSUBSCRIBED_IN_PART);
    assert_answer(fixture, all_states, "unsubscribed unsubscribed confirming");
    result(fixture, 3, STORE_TASK_FAILED, "HTTP 400");
    tamper(fixture, "DELETE FROM subscription WHERE state = 'failed'");
    assert_answer(fixture, "SELECT state || ': ' || fault FROM topics",
                  "unsubscribed: SNS did not say which subscription ended");
    deliver(fixture, hard("a@example.com", "f1"), .at_ms = fixture->now_ms - 1000);
    assert_answer(fixture, state_of, "unsubscribed");
    deliver(fixture, hard("a@example.com", "f2"), .at_ms = fixture->now_ms + 1000);
    assert_answer(fixture, state_of, "confirmed");
}

static void what_only_messages_prove_ends_with_a_name_nobody_knows(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_ms = fixture->now_ms;

    deliver(fixture, hard("a@example.com", "f1"), .at_ms = now_ms - 9000);
    assert_int_equal(ended(fixture, SUB_X, .at_ms = now_ms - 5000), VERDICT_UNSUBSCRIBED);
    assert_answer(fixture, "SELECT state || ' ' || subscription_arn FROM topics",
                  "unsubscribed " SUB_X);
    deliver(fixture, hard("a@example.com", "f2"), .at_ms = now_ms - 4000);
    assert_answer(fixture, state_of, "confirmed");
    /* it delivered after this one had ended */
    assert_int_equal(ended(fixture, SUB_Y, .at_ms = now_ms - 4500),
                     VERDICT_UNSUBSCRIBED_IN_PART);
    assert_answer(fixture, state_of, "confirmed");
}

static void a_notification_of_the_very_moment_of_an_end_proves_nothing(void **state)
{
    struct fixture *fixture = *state;

    asked(fixture, "t1");
    result(fixture, 1, STORE_TASK_DONE, SUB_X);
    ended(fixture, SUB_X);
    deliver(fixture, hard("a@example.com", "f1"));
    assert_answer(fixture, state_of, "unsubscribed");
    deliver(fixture, hard("a@example.com", "f2"), .at_ms = fixture->now_ms + 1);
    assert_answer(fixture, state_of, "confirmed");
}

static void an_older_subscription_proven_by_messages_stays_beside_a_new_one(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, hard("a@example.com", "f1"), .at_ms = fixture->now_ms - 9000);
    asked(fixture, "t1");
    result(fixture, 1, STORE_TASK_DONE, SUB_X);
    assert_int_equal(ended(fixture, SUB_X), VERDICT_UNSUBSCRIBED_IN_PART);
    assert_answer(fixture, state_of, "confirmed");
}

static void a_notification_after_it_was_asked_for_is_its_own(void **state)
{
    struct fixture *fixture = *state;

    asked(fixture, "t1", .at_ms = fixture->now_ms - 9000);
    deliver(fixture, hard("a@example.com", "f1"));
    assert_answer(fixture, "SELECT state || waiting FROM topics", "confirmed1");
    result(fixture, 1, STORE_TASK_DONE, SUB_X);
    assert_answer(fixture, all_states, "confirmed");
    assert_answer(fixture, "SELECT since = last_message_at FROM topics", "1");
    assert_int_equal(ended(fixture, SUB_X), VERDICT_UNSUBSCRIBED);
}

static void topics_confirm_starts_all_that_wait_or_failed(void **state)
{
    struct fixture *fixture = *state;

    asked(fixture, "t1", .manual = true);
    asked(fixture, "t2");
    result(fixture, 1, STORE_TASK_FAILED, "HTTP 500");
    asked(fixture, "t3", .manual = true);
    asked(fixture, "old", .manual = true, .at_ms = fixture->now_ms - INTAKE_TOKEN_MS);
    assert_answer(fixture, state_of, "pending");
    assert_answer(fixture, "SELECT waiting FROM topics", "3");
    deliver(fixture, hard("a@example.com", "f1"));
    assert_answer(fixture, state_of, "confirmed");
    assert_int_equal(store_topic_confirm(fixture->store, TOPIC_B, 1), -ENOENT);
    assert_int_equal(store_topic_confirm(fixture->store, TOPIC_A, fixture->now_ms), 0);
    assert_answer(fixture, "SELECT count(*) FROM outbox", "3");
    assert_answer(fixture, all_states,
                  "confirming confirming confirming pending confirmed");
    assert_int_equal(strlen(due(fixture, fixture->now_ms)), 9);
}

_Static_assert(STORE_SUBSCRIPTIONS_MAX == 64, "TEXT_OF_MAX");
#define TEXT_OF_MAX "64"

static void the_owner_of_a_topic_cannot_make_it_grow_without_end(void **state)
{
    struct fixture *fixture = *state;
    char name[96];

    asked(fixture, "t");
    result(fixture, 1, STORE_TASK_DONE, SUB_X);
    for (int i = 0; i < STORE_SUBSCRIPTIONS_MAX + 20; i++) {
        (void)snprintf(name, sizeof(name), TOPIC_A ":%d", i);
        ended(fixture, name);
        (void)snprintf(name, sizeof(name), "token-%d", i);
        asked(fixture, name);
    }
    assert_answer(fixture, "SELECT count(*) FROM subscription", TEXT_OF_MAX);
    assert_answer(fixture, "SELECT count(*) < " TEXT_OF_MAX " FROM outbox", "1");
    assert_answer(fixture, "SELECT subscription_arn FROM topics", SUB_X);
}

/* As many as are remembered, the first of which has ended, and the last of which waits.
 */
static void fill_topic(struct fixture *fixture)
{
    char name[96];

    ended(fixture, SUB_X);
    for (int i = 1; i < STORE_SUBSCRIPTIONS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "token-%d", i);
        asked(fixture, name, .manual = true);
    }
    assert_answer(fixture, "SELECT count(*) FROM subscription", TEXT_OF_MAX);
}

static void a_known_token_drops_no_other_subscription_of_a_full_topic(void **state)
{
    struct fixture *fixture = *state;

    fill_topic(fixture);
    assert_int_equal(asked(fixture, "token-9"), VERDICT_CONFIRMING);
    assert_answer(fixture, "SELECT arn FROM subscription WHERE state = 'unsubscribed'",
                  SUB_X);
    assert_answer(fixture, "SELECT count(*) FROM subscription", TEXT_OF_MAX);
}

static void an_end_that_is_known_drops_no_other_subscription_of_a_full_topic(void **state)
{
    struct fixture *fixture = *state;

    fill_topic(fixture);
    tamper(fixture, "UPDATE subscription SET arn = 'dropped' WHERE id = 1;"
                    "UPDATE subscription SET state = 'failed' WHERE id = 2");
    ended(fixture, NULL);
    assert_answer(fixture, "SELECT count(*) FROM subscription WHERE arn = 'dropped'",
                  "0");
    ended(fixture, NULL);
    assert_answer(fixture, "SELECT min(id) FROM subscription", "2");
    assert_answer(fixture, "SELECT count(*) FROM subscription", TEXT_OF_MAX);
}

static void a_notification_drops_no_subscription_of_a_topic_proven_before(void **state)
{
    struct fixture *fixture = *state;

    ended(fixture, SUB_X, .at_ms = fixture->now_ms - 9000);
    deliver(fixture, hard("a@example.com", "f1"), .at_ms = fixture->now_ms - 8000);
    ended(fixture, NULL, .at_ms = fixture->now_ms - 5000);
    for (int i = 2; i < STORE_SUBSCRIPTIONS_MAX; i++) {
        char name[96];

        (void)snprintf(name, sizeof(name), "token-%d", i);
        asked(fixture, name, .manual = true);
    }
    assert_answer(fixture, "SELECT count(*) FROM subscription", TEXT_OF_MAX);
    deliver(fixture, hard("a@example.com", "f2"));
    assert_answer(fixture, "SELECT state FROM topics", "confirmed");
    assert_answer(fixture, "SELECT arn FROM subscription WHERE state = 'unsubscribed'",
                  SUB_X);
    assert_answer(fixture, "SELECT count(*) FROM subscription", TEXT_OF_MAX);
}

/* --- tokens ----------------------------------------------------------------------- */

/* Members of the directory that begin like this and hold this text. */
static int files_with(struct fixture *fixture, const char *begin, const char *text)
{
    DIR *directory = opendir(fixture->directory);
    struct dirent *entry;
    int count = 0;

    assert_non_null(directory);
    while ((entry = readdir(directory))) {
        static char bytes[4 * 1024 * 1024];
        char name[400];
        ssize_t len;
        int fd;

        if (strncmp(entry->d_name, begin, strlen(begin)) != 0 || entry->d_name[0] == '.')
            continue;
        (void)snprintf(name, sizeof(name), "%s/%s", fixture->directory, entry->d_name);
        fd = open(name, O_RDONLY);
        assert_true(fd >= 0);
        len = read(fd, bytes, sizeof(bytes));
        (void)close(fd);
        assert_true(len >= 0);
        if (memmem(bytes, (size_t)len, text, strlen(text)))
            count++;
    }
    (void)closedir(directory);
    return count;
}

static void token_file_of(struct fixture *fixture, char ret[400], const char *token)
{
    unsigned char digest[DIGEST_BYTES];
    char hex[2 * DIGEST_BYTES + 1];

    digest_sha256(str_of(token), digest);
    digest_hex(digest, 2 * DIGEST_BYTES, hex);
    (void)snprintf(ret, 400, "%s.token-%s", fixture->path, hex);
}

static void a_token_is_in_no_file_that_the_group_reads(void **state)
{
    struct fixture *fixture = *state;
    char name[400];
    struct stat st;

    asked(fixture, "the-secret-token", .manual = true);
    asked(fixture, "the-secret-token-2");
    assert_int_equal(files_with(fixture, "s.db", "the-secret-token"), 2);
    token_file_of(fixture, name, "the-secret-token");
    assert_int_equal(stat(name, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(files_with(fixture, "s.db-", "secret"), 0);
    fixture_reopen(fixture);
    assert_int_equal(files_with(fixture, "s.db.token-", "secret"), 2);
    assert_int_equal(files_with(fixture, "", "secret"), 2);
    assert_string_equal(due(fixture, fixture->now_ms + TASK_FIRST_MS),
                        "the-secret-token-2 ");
}

static void a_lost_or_damaged_token_is_reported_as_lost(void **state)
{
    struct fixture *fixture = *state;
    char name[400];
    FILE *file;

    asked(fixture, "token");
    token_file_of(fixture, name, "token");
    file = fopen(name, "w");
    assert_non_null(file);
    (void)fputs("toke", file);
    (void)fclose(file);
    assert_string_equal(due(fixture, fixture->now_ms + TASK_FIRST_MS), "(lost) ");
    assert_int_equal(unlink(name), 0);
    result(fixture, 1, STORE_TASK_FAILED, "lost");
    assert_int_equal(store_topic_confirm(fixture->store, TOPIC_A, fixture->now_ms),
                     -ENOENT);
    /* and is there again when SNS sends it again */
    asked(fixture, "token");
    assert_int_equal(store_topic_confirm(fixture->store, TOPIC_A, fixture->now_ms), 0);
}

static void a_token_that_cannot_be_kept_is_not_acknowledged(void **state)
{
    struct fixture *fixture = *state;
    char name[400];
    struct intake intake = {
        .kind = INTAKE_CONFIRM,
        .origin = INTAKE_FROM_SNS,
        .topic_arn = STR(TOPIC_A),
        .sns_message_id = STR("c1"),
        .token = STR("token"),
        .confirm_now = true,
        .sns_timestamp_ms = fixture->now_ms,
        .received_ms = fixture->now_ms,
        .event = {.ses_time_ms = CLOCK_NONE, .sent_ms = CLOCK_NONE},
    };
    enum verdict verdict;

    asked(fixture, "token");
    token_file_of(fixture, name, "token");
    tamper(fixture, "DELETE FROM outbox; DELETE FROM subscription");
    assert_int_equal(unlink(name), 0);
    assert_int_equal(mkdir(name, 0700), 0); /* in its place */
    assert_int_equal(store_begin(fixture->store), 0);
    assert_true(store_apply(fixture->store, &intake, &verdict) < 0);
    store_rollback(fixture->store);
    assert_answer(fixture, "SELECT count(*) FROM subscription", "0");
    assert_int_equal(rmdir(name), 0);
}

static void what_no_row_wants_is_removed_whatever_the_clock_says(void **state)
{
    struct fixture *fixture = *state;
    bool more = false;
    char name[400];
    struct stat st;

    asked(fixture, "kept", .manual = true);
    asked(fixture, "confirmed");
    result(fixture, 1, STORE_TASK_DONE, SUB_X);
    assert_int_equal(files_with(fixture, "s.db.token-", ""), 2);
    token_file_of(fixture, name, "kept");
    assert_int_equal(chmod(name, 0640), 0); /* as in `chmod 640 s.db*` */
    assert_int_equal(store_tidy(fixture->store, fixture->now_ms + 30 * CLOCK_DAY_MS,
                                fixture->now_ms + 30 * CLOCK_DAY_MS, &more),
                     0);
    assert_int_equal(stat(name, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(files_with(fixture, "s.db.token-", ""), 1);
    assert_int_equal(files_with(fixture, "s.db.token-", "kept"), 1);
    assert_answer(fixture, all_states, "pending confirmed");
}

/* --- forgetting --------------------------------------------------------------------- */

static void a_topic_that_is_forgotten_is_unknown_until_it_talks_again(void **state)
{
    struct fixture *fixture = *state;

    asked(fixture, "t1");
    deliver(fixture, hard("a@example.com", "f1"));
    ended(fixture, SUB_X);
    assert_int_equal(store_topic_forget(fixture->store, TOPIC_B), -ENOENT);
    assert_int_equal(store_topic_forget(fixture->store, TOPIC_A), 0);
    assert_answer(fixture, "SELECT count(*) FROM topics", "0");
    assert_answer(fixture, "SELECT count(*) FROM outbox", "0");
    assert_answer(fixture, "SELECT topic_arn FROM events", TOPIC_A);
    assert_int_equal(store_topic_forget(fixture->store, TOPIC_A), -ENOENT);
    result(fixture, 1, STORE_TASK_DONE, SUB_X); /* was under way */
    assert_answer(fixture, "SELECT count(*) FROM topics", "0");
    deliver(fixture, hard("a@example.com", "f2"));
    assert_answer(fixture, "SELECT state || messages FROM topics", "confirmed1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_confirmation_keeps_what_deliveries_of_its_batch_count),
        TEST(of_two_tokens_within_a_second_both_are_confirmed_in_either_order),
        TEST(each_token_has_its_own_attempts_and_its_own_end),
        TEST(a_token_that_comes_again_is_one_subscription),
        TEST(two_tokens_of_one_subscription_end_as_one),
        TEST(an_end_ends_only_the_subscription_it_names),
        TEST(a_token_that_waits_outlives_the_end_of_another),
        TEST(an_end_that_names_none_counts_for_all_until_a_notification),
        TEST(what_only_messages_prove_ends_with_a_name_nobody_knows),
        TEST(a_notification_of_the_very_moment_of_an_end_proves_nothing),
        TEST(an_older_subscription_proven_by_messages_stays_beside_a_new_one),
        TEST(a_notification_after_it_was_asked_for_is_its_own),
        TEST(topics_confirm_starts_all_that_wait_or_failed),
        TEST(the_owner_of_a_topic_cannot_make_it_grow_without_end),
        TEST(a_known_token_drops_no_other_subscription_of_a_full_topic),
        TEST(an_end_that_is_known_drops_no_other_subscription_of_a_full_topic),
        TEST(a_notification_drops_no_subscription_of_a_topic_proven_before),
        TEST(a_token_is_in_no_file_that_the_group_reads),
        TEST(a_lost_or_damaged_token_is_reported_as_lost),
        TEST(a_token_that_cannot_be_kept_is_not_acknowledged),
        TEST(what_no_row_wants_is_removed_whatever_the_clock_says),
        TEST(a_topic_that_is_forgotten_is_unknown_until_it_talks_again),
    };
    return cmocka_run_group_tests_name("store_subscription", tests, NULL, NULL);
}

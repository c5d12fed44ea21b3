/* A file of an older version keeps what it holds. */
#include "store/sqlite/schema_sql.h"
#include "store_fixture.h"

/* The file as the first `version` migrations make it, with these rows. */
static void make_old(struct fixture *fixture, int version, const char *rows)
{
    char pragmas[80];
    sqlite3 *db = NULL;
    char *message = NULL;

    fixture_close(fixture);
    assert_int_equal(unlink(fixture->path), 0);
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    assert_int_equal(chmod(fixture->path, 0640), 0);
    for (int i = 0; i < version; i++)
        assert_int_equal(sqlite3_exec(db, migrations[i].sql, NULL, NULL, NULL),
                         SQLITE_OK);
    (void)snprintf(pragmas, sizeof(pragmas),
                   "PRAGMA application_id = %d; PRAGMA user_version = %d", 0x53455342,
                   version);
    assert_int_equal(sqlite3_exec(db, pragmas, NULL, NULL, NULL), SQLITE_OK);
    if (sqlite3_exec(db, rows, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
    (void)sqlite3_close(db);
    assert_int_equal(store_open(fixture->path, STORE_OWN, &fixture->store, NULL), 0);
}

/* What is due at once: topic, token, attempts. */
static void assert_due(struct fixture *fixture, int count, const char *first)
{
    struct store_task all[8] = {0};
    int64_t next_ms = 0;
    char text[256] = "";

    assert_int_equal(store_tasks_due(fixture->store, fixture->now_ms, all, 8, &next_ms),
                     count);
    if (count > 0)
        (void)snprintf(text, sizeof(text), "%s %s %u", all[0].target, all[0].payload,
                       all[0].attempts);
    assert_string_equal(text, first);
    for (int i = 0; i < count; i++)
        store_task_done(&all[i]);
}

static void topics_and_waiting_confirmations_of_version_1_go_on(void **state)
{
    struct fixture *fixture = *state;
    bool more = false;
    char rows[2048];

    (void)snprintf(
        rows, sizeof(rows),
        "INSERT INTO topic (id, topic_arn, state, since, subscription_arn, token,"
        " subscription_ms, last_message_at, messages, announced_at, fault) VALUES"
        "(1, '" TOPIC_A "', 'confirming', '2026-01-01 00:00:00.000', NULL, 'tok-a', %lld,"
        " NULL, 1, NULL, 'no answer'),"
        "(2, 't:confirmed', 'confirmed', '2026-01-02 00:00:00.000', 't:confirmed:x', "
        "NULL,"
        " 7, '2026-01-03 00:00:00.000', 9, '2026-01-01 00:00:00.000', NULL),"
        "(3, 't:talks', 'confirmed', '2026-01-02 00:00:00.000', NULL, 'tok-t', %lld,"
        " NULL, 2, NULL, NULL),"
        "(4, 't:pending', 'pending', '2026-01-02 00:00:00.000', NULL, 'tok-p', %lld,"
        " NULL, 1, NULL, NULL),"
        "(5, 't:failed', 'failed', '2026-01-02 00:00:00.000', NULL, 'tok-f', %lld,"
        " NULL, 1, NULL, 'HTTP 400'),"
        "(6, 't:gone', 'unsubscribed', '2026-01-02 00:00:00.000', NULL, NULL, 5,"
        " NULL, 1, NULL, NULL),"
        "(7, 't:imported', NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL);"
        "INSERT INTO outbox (id, kind, topic_id, token, attempts, next_at_ms,"
        " created_at_ms, last_fault) VALUES (41, 'confirm', 1, 'tok-a', 3, 1, 1, 'x')",
        (long long)fixture->now_ms, (long long)fixture->now_ms,
        (long long)fixture->now_ms, (long long)fixture->now_ms);
    make_old(fixture, 1, rows);
    assert_answer(
        fixture,
        "SELECT group_concat(topic_arn || ' ' || state || ' ' || since || ' ' || "
        "coalesce(subscription_arn, '-') || ' ' || messages || ' ' || coalesce(fault, "
        "'-') || ' ' || waiting, char(10)) FROM topics",
        TOPIC_A " confirming 2026-01-01 00:00:00.000 - 1 no answer 1\n"
                "t:confirmed confirmed 2026-01-02 00:00:00.000 t:confirmed:x 9 - 0\n"
                "t:talks confirmed 2026-01-02 00:00:00.000 - 2 - 1\n"
                "t:pending pending 2026-01-02 00:00:00.000 - 1 - 1\n"
                "t:failed failed 2026-01-02 00:00:00.000 - 1 HTTP 400 0\n"
                "t:gone unsubscribed 2026-01-02 00:00:00.000 - 1 - 0");
    assert_due(fixture, 1, TOPIC_A " tok-a 3");
    /* in the daemon's first idle moment */
    assert_int_equal(store_tidy(fixture->store, fixture->now_ms, fixture->now_ms, &more),
                     0);
    assert_answer(fixture,
                  "SELECT count(*) FROM subscription WHERE token LIKE 'tok%'"
                  " OR clear_token IS NOT NULL",
                  "0");
    fixture_reopen(fixture);
    assert_due(fixture, 1, TOPIC_A " tok-a 3");
    assert_int_equal(store_topic_confirm(fixture->store, "t:pending", fixture->now_ms),
                     0);
    assert_int_equal(store_topic_confirm(fixture->store, "t:failed", fixture->now_ms), 0);
    assert_answer(fixture, "SELECT count(*) FROM outbox", "3");
}

static void a_pending_token_can_be_confirmed_before_it_has_a_file(void **state)
{
    struct fixture *fixture = *state;
    char rows[256];

    (void)snprintf(rows, sizeof(rows),
                   "INSERT INTO topic (topic_arn, state, since, token, subscription_ms)"
                   " VALUES ('t', 'pending', '2026-01-01', 'tok', %lld)",
                   (long long)fixture->now_ms);
    make_old(fixture, 1, rows);
    assert_int_equal(store_topic_confirm(fixture->store, "t", fixture->now_ms), 0);
    assert_due(fixture, 1, "t tok 0");
}

static void a_confirmation_of_version_3_goes_on(void **state)
{
    struct fixture *fixture = *state;
    char rows[512];

    (void)snprintf(rows, sizeof(rows),
                   "INSERT INTO topic (id, topic_arn) VALUES (1, 't');"
                   "INSERT INTO subscription (id, topic_id, state, since, sns_ms,"
                   " clear_token) VALUES (7, 1, 'confirming', '2026-01-01', %lld, 'tok');"
                   "INSERT INTO outbox (kind, subscription_id, attempts, next_at_ms,"
                   " created_at_ms) VALUES ('confirm', 7, 2, 1, %lld)",
                   (long long)fixture->now_ms, (long long)fixture->now_ms);
    make_old(fixture, 3, rows);
    assert_due(fixture, 1, "t tok 2");
    assert_int_equal(store_topic_forget(fixture->store, "t"), 0);
    assert_answer(fixture, "SELECT count(*) FROM outbox", "0");
}

/* Minutes since 1970, reason, number: each in its place until the minute in which it
 * ends, less until the end of what is stronger. */
static void the_list_of_version_1_is_counted_by_reason_and_end(void **state)
{
    struct fixture *fixture = *state;

    make_old(fixture, 1,
             "INSERT INTO suppression (address, scope, reason, since, until, origin,"
             " lifted_at) VALUES"
             "('a@x', '*', 'BOUNCE', '2026-01-01', NULL, 'event', NULL),"
             "('b@x', '*', 'BOUNCE', '2026-01-01', NULL, 'event', NULL),"
             "('c@x', '*', 'BOUNCE', '2026-01-01', NULL, 'event', '2026-01-02'),"
             "('b@x', '*', 'COMPLAINT', '2026-01-01', '1970-01-01 00:10:00.000',"
             " 'event', NULL),"
             "('b@x', '*', 'MANUAL', '2026-01-01', '1970-01-01 00:20:00.000', 'person',"
             " NULL),"
             "('d@x', '*', 'MANUAL', '2026-01-01', '1970-01-01 00:05:00.000', 'person',"
             " NULL),"
             "('d@x', '*', 'BOUNCE', '2026-01-01', '1970-01-01 00:30:00.000', 'event',"
             " NULL),"
             "('d@x', 'news', 'MANUAL', '2026-01-01', '1970-01-01 00:40:00.000',"
             " 'person', NULL),"
             "('d@x', 'news', 'SOFT', '2026-01-01', '1970-01-01 00:50:00.000', 'event',"
             " NULL)");
    assert_answer(fixture,
                  "SELECT group_concat(ends || ' ' || substr(name, 12) || ' ' || n, ', ')"
                  " FROM (SELECT * FROM total WHERE name GLOB 'suppressed_*'"
                  " ORDER BY ends, name)",
                  "5 bounce -1, 5 manual 1, 20 bounce -1, 20 manual 1, 30 bounce 1, "
                  "40 manual 1, 40 soft -1, 50 soft 1, 9223372036854775807 bounce 2");
    assert_answer(fixture,
                  "SELECT group_concat(ends || ' ' || name || ' ' || n, ', ')"
                  " FROM (SELECT * FROM total WHERE name GLOB 'scoped_*'"
                  " ORDER BY ends, name)",
                  "40 scoped_manual 1, 40 scoped_soft -1, 50 scoped_soft 1");
}

static void days_of_version_1_keep_their_counters(void **state)
{
    struct fixture *fixture = *state;

    make_old(
        fixture, 1,
        "INSERT INTO daily_count (day, scope, kind, n) VALUES"
        "('2026-01-01', '*', 'sends', 100), ('2026-01-01', '*', 'hard_bounces', 5),"
        "('2026-01-01', '*', 'simulator', 7), ('2026-01-02', '*', 'other', 1),"
        "('2026-01-03', '*', 'deliveries', 50), ('2026-01-03', '*', 'complaints', 1)");
    assert_answer(
        fixture,
        "SELECT group_concat(day || ' ' || sends || ' ' || deliveries || ' ' ||"
        " hard_bounces || ' ' || complaints || ' ' || coalesce(bounce_rate, '-')"
        " || ' ' || coalesce(complaint_rate, '-'), ', ') FROM daily",
        "2026-01-01 100 0 5 0 0.05 0.0, 2026-01-02 0 0 0 0 - -, "
        "2026-01-03 0 50 0 1 0.0 0.02");
    assert_answer(fixture, "SELECT simulator FROM day_count WHERE simulator > 0", "7");
}

static void plain_bodies_of_version_2_stay_readable(void **state)
{
    struct fixture *fixture = *state;

    make_old(fixture, 2,
             "INSERT INTO sns_message VALUES (1, 1, 'a', NULL, '2026-01-01'),"
             " (2, 2, 'b', NULL, '2026-01-01');"
             "INSERT INTO body VALUES (1, x'7b7d'), (2, x'6e6f');"
             "INSERT INTO event (message_id, type, scope, occurred_at, is_simulator)"
             " VALUES (1, 'Send', '*', '2026-01-01', 0);"
             "INSERT INTO unapplied (message_id, reason) VALUES (2, 'not-json')");
    assert_message(fixture, 1, "{}");
    assert_answer(fixture, "SELECT body FROM quarantine", "no");
}

static void messages_of_version_4_find_their_events(void **state)
{
    struct fixture *fixture = *state;

    make_old(fixture, 4,
             "INSERT INTO sns_message VALUES (1, 1, 'a', NULL, '2026-01-01'),"
             " (2, 2, 'b', NULL, '2026-01-01'), (3, 3, 'c', NULL, '2026-01-01');"
             "INSERT INTO event (id, message_id, type, scope, occurred_at, is_simulator)"
             " VALUES (3, 3, 'Send', '*', '2026-01-01', 0),"
             " (5, 1, 'Send', '*', '2026-01-01', 0),"
             " (6, 1, 'Send', '*', '2026-01-01', 0),"
             " (8, 1, 'Send', '*', '2026-01-01', 0)");
    assert_answer(fixture,
                  "SELECT group_concat(id || ': ' || coalesce(first_event_id, '-') ||"
                  " ' ' || coalesce(last_event_id, '-'), ', ') FROM sns_message",
                  "1: 5 8, 2: - -, 3: 3 3");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(topics_and_waiting_confirmations_of_version_1_go_on),
        TEST(a_pending_token_can_be_confirmed_before_it_has_a_file),
        TEST(a_confirmation_of_version_3_goes_on),
        TEST(the_list_of_version_1_is_counted_by_reason_and_end),
        TEST(days_of_version_1_keep_their_counters),
        TEST(plain_bodies_of_version_2_stay_readable),
        TEST(messages_of_version_4_find_their_events),
    };
    return cmocka_run_group_tests_name("store_migrate", tests, NULL, NULL);
}

/* Pruning by age: what goes, and what stays because something rests on it. */
#include "store/sqlite/db.h"
#include "store_fixture.h"

#define DAYS(n) ((n)*CLOCK_DAY_MS)

/* A pass to its end; how many rows of each kind went. */
static struct store_pruning prune_with(struct fixture *fixture, int64_t bodies_ms,
                                       int64_t events_ms, int64_t quarantine_ms,
                                       int64_t log_ms)
{
    struct store_pruning pruning = {
        .keep_ms = {bodies_ms, events_ms, quarantine_ms, log_ms}};
    bool more = true;

    store_prune_begin(&pruning);
    while (more)
        assert_int_equal(store_prune(fixture->store, &pruning, fixture->now_ms, &more),
                         0);
    return pruning;
}

static struct store_pruning prune(struct fixture *fixture)
{
    return prune_with(fixture, DAYS(30), DAYS(400), DAYS(90), DAYS(1095));
}

static void deliver_old(struct fixture *fixture, const char *json, int days)
{
    (void)fixture_deliver(fixture,
                          (struct post){.json = json,
                                        .at_ms = fixture->now_ms - DAYS(days),
                                        .received_ms = fixture->now_ms - DAYS(days)});
}

static void what_is_old_goes_and_what_is_not_stays(void **state)
{
    struct fixture *fixture = *state;
    struct store_pruning pruned;

    deliver_old(fixture, hard("old@example.com", "f1"), 401);
    deliver_old(fixture, "{\"no\":1}", 100);
    deliver_old(fixture, hard("month@example.com", "f2"), 31);
    deliver_old(fixture, hard("new@example.com", "f3"), 29);
    pruned = prune(fixture);
    assert_int_equal(pruned.pruned[STORE_PRUNE_EVENTS], 1);
    assert_int_equal(pruned.pruned[STORE_PRUNE_BODIES], 2);
    assert_int_equal(pruned.pruned[STORE_PRUNE_QUARANTINE], 1);
    assert_int_equal(pruned.pruned[STORE_PRUNE_LOG], 0);
    assert_answer(fixture, "SELECT group_concat(address, ' ') FROM events",
                  "month@example.com new@example.com");
    assert_answer(fixture, "SELECT count(*) FROM body", "1");
    assert_answer(fixture, "SELECT count(*) FROM quarantine", "0");
    /* its message stays known for as long as events are kept */
    assert_answer(fixture, "SELECT count(*) FROM sns_message", "3");
}

static void the_events_of_a_message_go_and_no_others(void **state)
{
    struct fixture *fixture = *state;

    deliver_old(fixture, hard("new@example.com", "f1"), 1);
    deliver_old(fixture,
                send_of("\"a@a.example\",\"b@b.example\",\"c@c.example\"", "m1", 0), 401);
    deliver_old(fixture, hard("newer@example.com", "f2"), 1);
    assert_int_equal(prune(fixture).pruned[STORE_PRUNE_EVENTS], 3);
    assert_answer(fixture, "SELECT group_concat(address, ' ') FROM events",
                  "new@example.com newer@example.com");
    assert_answer(fixture, "SELECT count(*) FROM sns_message", "2");
}

static void the_list_and_the_counters_stay(void **state)
{
    static const char list[] =
        "SELECT group_concat(address || reason || detail || since || event_count, ' ')"
        " FROM suppressed";
    static const char days[] = "SELECT sum(hard_bounces) FROM daily";
    struct fixture *fixture = *state;
    const char *before;

    deliver_old(fixture, hard("a@example.com", "f1"), 500);
    deliver_old(fixture, complaint("abuse", "b@example.com", "f2"), 500);
    before = ask(fixture, list);
    assert_answer(fixture, "SELECT sum(is_basis) FROM suppression", "0");
    assert_int_equal(prune(fixture).pruned[STORE_PRUNE_EVENTS], 2);
    assert_answer(fixture, list, before);
    assert_answer(fixture, "SELECT sum(is_basis) FROM suppression", "2");
    assert_answer(fixture, days, "1");
    /* `status`: the rows that there are */
    assert_answer(fixture,
                  "SELECT (SELECT sum(events) FROM day_count) + (SELECT sum(n) FROM total"
                  " WHERE name = 'events')",
                  "0");
}

static void the_log_keeps_the_address_and_the_rule(void **state)
{
    static const char log[] =
        "SELECT group_concat(address || ' ' || detail || ' ' || rule || ' ' || action ||"
        " ' ' || event_id, ';') FROM suppression_log";
    struct fixture *fixture = *state;
    const char *before;

    deliver_old(fixture, hard("a@example.com", "f1"), 500);
    before = ask(fixture, log);
    assert_string_equal(before,
                        "a@example.com Permanent/General permanent-general added 1");
    (void)prune(fixture);
    assert_answer(fixture, "SELECT count(*) FROM event", "0");
    assert_answer(fixture, log, before);
}

static void events_of_a_later_entry_only_mark_their_own_address(void **state)
{
    struct fixture *fixture = *state;

    deliver_old(fixture, hard("a@example.com", "f1"), 500);
    deliver_old(fixture, hard("b@example.com", "f2"), 10);
    (void)prune(fixture);
    assert_answer(fixture, "SELECT group_concat(address) FROM suppression WHERE is_basis",
                  "a@example.com");
}

/* SQS may send it again from a dead-letter queue. */
static void a_message_stays_known_though_its_event_is_gone(void **state)
{
    struct fixture *fixture = *state;
    const char *json = hard("a@example.com", "f1");
    const struct post post = {.json = json,
                              .sns_id = "again",
                              .at_ms = fixture->now_ms - DAYS(3),
                              .received_ms = fixture->now_ms - DAYS(3)};

    assert_int_equal(fixture_deliver(fixture, post), VERDICT_STORED);
    assert_int_equal(prune_with(fixture, DAYS(1), DAYS(1), DAYS(1), DAYS(1))
                         .pruned[STORE_PRUNE_EVENTS],
                     1);
    assert_answer(fixture, "SELECT count(*) FROM event", "0");
    assert_int_equal(fixture_deliver(fixture, post), VERDICT_DUPLICATE);
    fixture->now_ms += STORE_KNOWN_KEEP_MS;
    (void)prune_with(fixture, DAYS(1), DAYS(1), DAYS(1), DAYS(1));
    assert_answer(fixture, "SELECT count(*) FROM sns_message", "0");
}

/* Which of them complained is not known. */
static const char *complaint_of_six(void)
{
    char *text = text_room();
    char named[1024] = "", sent[1024] = "";

    for (int i = 0; i < 6; i++) {
        (void)snprintf(named + strlen(named), sizeof(named) - strlen(named),
                       "%s{\"emailAddress\":\"%c@e.example\"}", i ? "," : "", 'a' + i);
        (void)snprintf(sent + strlen(sent), sizeof(sent) - strlen(sent),
                       "%s\"%c@e.example\"", i ? "," : "", 'a' + i);
    }
    (void)snprintf(
        text, TEXT_ROOM,
        "{\"eventType\":\"Complaint\",\"complaint\":{\"complainedRecipients\":"
        "[%s],\"timestamp\":\"2024-05-01T11:00:00.000Z\",\"feedbackId\":\"f1\","
        "\"complaintFeedbackType\":\"abuse\"},\"mail\":{\"timestamp\":"
        "\"2024-05-01T10:00:00.000Z\",\"messageId\":\"m-1\",\"source\":"
        "\"news@example.org\",\"destination\":[%s]}}",
        named, sent);
    return text;
}

static void the_line_that_something_held_is_known_by_stays(void **state)
{
    struct fixture *fixture = *state;
    const char *held = "SELECT group_concat(id || ' ' || address) FROM held";
    const char *before;

    deliver_old(fixture, complaint_of_six(), 500);
    before = ask(fixture, held);
    assert_non_null(strstr(before, "a@e.example"));
    (void)prune_with(fixture, DAYS(1), DAYS(1), DAYS(1), DAYS(1));
    assert_answer(fixture, held, before);
    assert_answer(fixture, "SELECT count(*) > 0 FROM list_change", "1");
    assert_answer(fixture, "SELECT count(*) FROM event", "0");
}

static void forever_keeps_all(void **state)
{
    struct fixture *fixture = *state;

    deliver_old(fixture, hard("a@example.com", "f1"), 5000);
    (void)prune_with(fixture, POLICY_FOR_EVER, POLICY_FOR_EVER, POLICY_FOR_EVER,
                     POLICY_FOR_EVER);
    assert_answer(fixture, "SELECT count(*) FROM event", "1");
    assert_answer(fixture, "SELECT count(*) FROM body", "1");
}

/* Also when a clock that was ahead has been set back, so that times are in no order. */
static void an_old_row_behind_a_newer_one_is_found(void **state)
{
    struct fixture *fixture = *state;

    deliver_old(fixture, hard("new@example.com", "f1"), -700);
    deliver_old(fixture, hard("old@example.com", "f2"), 500);
    assert_int_equal(prune(fixture).pruned[STORE_PRUNE_EVENTS], 1);
    assert_answer(fixture, "SELECT group_concat(address) FROM events", "new@example.com");
}

static void a_clock_that_is_ahead_is_not_believed(void **state)
{
    struct fixture *fixture = *state;
    int64_t ahead_ms = fixture->now_ms + DAYS(800);
    int64_t now_ms = 0;

    assert_int_equal(store_prune_clock(fixture->store, ahead_ms, &now_ms), 0);
    assert_int_equal(now_ms, ahead_ms); /* nothing there to lose */
    (void)deliver(fixture, hard("a@example.com", "f1"));
    assert_int_equal(store_prune_clock(fixture->store, ahead_ms, &now_ms), 0);
    assert_int_equal(now_ms, fixture->now_ms + STORE_PRUNE_QUIET_MS);
    /* a file's own time proves nothing */
    (void)deliver(fixture, delivery("b@example.com", "m2", ahead_ms), .bare = true);
    assert_int_equal(store_prune_clock(fixture->store, ahead_ms, &now_ms), 0);
    assert_int_equal(now_ms, fixture->now_ms + STORE_PRUNE_QUIET_MS);
    assert_int_equal(store_prune_clock(fixture->store, fixture->now_ms, &now_ms), 0);
    assert_int_equal(now_ms, fixture->now_ms);
}

static void a_dry_run_counts_what_goes(void **state)
{
    struct fixture *fixture = *state;
    struct store_pruning counted = {.keep_ms = {DAYS(30), DAYS(400), DAYS(90), DAYS(1)}};
    struct store_pruning pruned;
    bool more = true;

    for (int i = 0; i < 3; i++) {
        char id[8], address[32];

        (void)snprintf(id, sizeof(id), "f%d", i);
        (void)snprintf(address, sizeof(address), "u%d@example.com", i);
        deliver_old(fixture, hard(address, id), 500 - 200 * i);
    }
    deliver_old(fixture, "{\"no\":1}", 100);
    store_prune_begin(&counted);
    while (more)
        assert_int_equal(
            store_prune_count(fixture->store, &counted, fixture->now_ms, &more), 0);
    assert_answer(fixture, "SELECT count(*) FROM event", "3");
    pruned = prune_with(fixture, DAYS(30), DAYS(400), DAYS(90), DAYS(1));
    assert_memory_equal(counted.pruned, pruned.pruned, sizeof(pruned.pruned));
    assert_int_equal(pruned.pruned[STORE_PRUNE_BODIES], 3);
}

/* More than one step; a step that is not committed leaves off where it began. */
/* A day is given once, whatever the clock does, and only when something is due. */
static void what_an_old_file_holds_is_announced_a_day_before_it_goes(void **state)
{
    struct fixture *fixture = *state;
    struct store_pruning pruning = {
        .keep_ms = {DAYS(30), DAYS(400), DAYS(90), DAYS(1095)}};
    struct store_prune_notice notice;
    int64_t now_ms = fixture->now_ms;

    deliver_old(fixture, hard("old@example.com", "f1"), 401);
    assert_int_equal(
        store_prune_announce(fixture->store, &pruning, now_ms, now_ms, &notice), 0);
    assert_int_equal(notice.from_ms, CLOCK_NONE); /* this program began it */

    tamper(fixture, "DELETE FROM total WHERE name = 'prune_from'");
    assert_int_equal(store_prune_announce(fixture->store, &pruning, now_ms - DAYS(372),
                                          now_ms, &notice),
                     0);
    assert_int_equal(notice.from_ms, CLOCK_NONE); /* nothing is due yet */
    assert_answer(fixture, "SELECT count(*) FROM total WHERE name = 'prune_from'", "0");

    for (int hours = 0; hours < 24; hours += 23) { /* after a restart, too */
        assert_int_equal(store_prune_announce(fixture->store, &pruning, now_ms,
                                              now_ms + hours * CLOCK_HOUR_MS, &notice),
                         0);
        assert_int_equal(notice.from_ms, now_ms + STORE_PRUNE_GRACE_MS);
    }
    assert_int_equal(notice.oldest_ms[STORE_PRUNE_EVENTS], now_ms - DAYS(401));
    assert_int_equal(notice.before_ms[STORE_PRUNE_EVENTS], now_ms - DAYS(400));
    assert_int_equal(notice.oldest_ms[STORE_PRUNE_BODIES], now_ms - DAYS(401));
    assert_int_equal(notice.oldest_ms[STORE_PRUNE_QUARANTINE], CLOCK_NONE);
    /* The clock was days ahead. */
    assert_int_equal(
        store_prune_announce(fixture->store, &pruning, now_ms, now_ms - DAYS(5), &notice),
        0);
    assert_int_equal(notice.from_ms, now_ms - DAYS(4));
    assert_int_equal(
        store_prune_announce(fixture->store, &pruning, now_ms, now_ms, &notice), 0);
    assert_int_equal(notice.from_ms, CLOCK_NONE); /* it is over */
}

static void many_go_in_steps(void **state)
{
    struct fixture *fixture = *state;
    struct store_pruning pruning = {
        .keep_ms = {DAYS(30), DAYS(400), DAYS(90), DAYS(1095)}};
    bool more = true;
    int steps = 0;

    deliver_old(fixture, hard("a@example.com", "f1"), 500);
    tamper(
        fixture,
        "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)"
        "INSERT INTO sns_message (id, sns_timestamp_ms, sns_message_id, received_at,"
        " first_event_id, last_event_id)"
        " SELECT i, i, i, '2020-01-01 00:00:00.000', i, i FROM n;"
        "INSERT INTO event (id, message_id, type, scope, occurred_at, is_simulator)"
        " SELECT id, id, 'Open', '*', received_at, 0 FROM sns_message WHERE id >= 10");
    store_prune_begin(&pruning);
    for (; more; steps++)
        assert_int_equal(store_prune(fixture->store, &pruning, fixture->now_ms, &more),
                         0);
    assert_int_equal(pruning.pruned[STORE_PRUNE_EVENTS], 1492);
    assert_true(steps > 1492 / STORE_PRUNE_ROWS_MAX);
    assert_answer(fixture, "SELECT count(*) FROM sns_message", "0");
}

static void space_goes_back_in_steps(void **state)
{
    struct fixture *fixture = *state;
    struct store_space space;
    bool more = true;
    int steps = 0;

    tamper(
        fixture,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
        "INSERT INTO sns_message (id, sns_timestamp_ms, sns_message_id, received_at)"
        " SELECT i, i, i, '' FROM n;"
        "INSERT INTO body (message_id, body) SELECT id, randomblob(7000) FROM"
        " sns_message; DELETE FROM body");
    for (; more; steps++)
        assert_int_equal(store_give_back(fixture->store, &more), 0);
    assert_int_equal(store_space(fixture->store, &space), 0);
    assert_in_range(space.free_bytes, STORE_FREE_BYTES_KEPT / 2, STORE_FREE_BYTES_KEPT);
    assert_true(steps > 10);
}

/* --- by indexes alone ------------------------------------------------------------- */

static void assert_reads_no_table(struct fixture *fixture, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *plan = NULL;
    char explain[2048];

    (void)snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", sql);
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, explain, -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(plan, 3);

        if (strncmp(line, "SCAN", 4) == 0 && !strstr(line, "subquery"))
            fail_msg("%s: %s", line, sql);
    }
    (void)sqlite3_finalize(plan);
    (void)sqlite3_close(db);
}

static void no_statement_reads_a_table(void **state)
{
    static const enum sql statements[] = {
        SQL_PRUNE_FIND_BODIES,  SQL_PRUNE_FIND_MESSAGES, SQL_PRUNE_FIND_UNAPPLIED,
        SQL_PRUNE_FIND_CHANGES, SQL_PRUNE_COUNT_EVENTS,  SQL_PRUNE_BASIS,
        SQL_PRUNE_CHANGES_FILL, SQL_PRUNE_EVENTS,        SQL_PRUNE_MESSAGE,
        SQL_PRUNE_BODY,         SQL_PRUNE_CHANGE,        SQL_ERASE_EVENTS_FIND,
        SQL_ERASE_EVENT,        SQL_ERASE_EVENT_CHANGES, SQL_ERASE_IS_SHARED,
        SQL_TOMBSTONE_FIND,
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
        assert_reads_no_table(fixture, db_sql_retention[statements[i]]);
    assert_reads_no_table(fixture,
                          "SELECT * FROM suppression_log WHERE address = 'a@b.example'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_old_goes_and_what_is_not_stays,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_events_of_a_message_go_and_no_others,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_list_and_the_counters_stay, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(the_log_keeps_the_address_and_the_rule,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            events_of_a_later_entry_only_mark_their_own_address, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(a_message_stays_known_though_its_event_is_gone,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_line_that_something_held_is_known_by_stays,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(forever_keeps_all, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(an_old_row_behind_a_newer_one_is_found,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_is_ahead_is_not_believed,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_dry_run_counts_what_goes, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(
            what_an_old_file_holds_is_announced_a_day_before_it_goes, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(many_go_in_steps, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(space_goes_back_in_steps, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(no_statement_reads_a_table, fixture_setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests_name("store_retention", tests, NULL, NULL);
}

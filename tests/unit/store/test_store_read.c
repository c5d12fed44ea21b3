#include "store_fixture.h"

#include "store/sqlite/db.h"
#include "store/sqlite/schema_sql.h"

/* --- what a callback saw
 * ------------------------------------------------------------------ */

struct seen {
    int rows;
    int stop_at;
    char first[512]; /* `column` of each row, separated by blanks */
    const char *column;
    bool times_are_times;
};

static int note_row(void *context, const struct store_value *values, size_t count)
{
    struct seen *seen = context;

    seen->rows++;
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(seen->first);

        if (strcmp(values[i].name, "occurred_at") == 0)
            seen->times_are_times = values[i].type == STORE_TIME;
        if (!seen->column || strcmp(values[i].name, seen->column) != 0)
            continue;
        if (values[i].type == STORE_INTEGER)
            (void)snprintf(seen->first + len, sizeof(seen->first) - len, "%lld ",
                           (long long)values[i].integer);
        else
            (void)snprintf(seen->first + len, sizeof(seen->first) - len, "%.*s ",
                           STR_ARG(values[i].text));
    }
    return seen->rows == seen->stop_at ? -ECANCELED : 0;
}

static const char *query(struct fixture *fixture, enum store_view view,
                         const char *column, struct store_filter filter)
{
    char *text = text_room();
    struct seen seen = {.column = column};

    assert_int_equal(store_query(fixture->store, view, &filter, note_row, &seen), 0);
    (void)snprintf(text, TEXT_ROOM, "%s", seen.first);
    return text;
}

#define select(view, column, ...)                                                        \
    query(fixture, view, column, (struct store_filter){__VA_ARGS__})

static void fill(struct fixture *fixture)
{
    int64_t now_ms = fixture->now_ms;

    deliver(fixture, hard("a@example.com", "f1"), .at_ms = now_ms - 3 * CLOCK_DAY_MS);
    deliver(fixture, soft("b@other.example", "f2"), .at_ms = now_ms - 2 * CLOCK_DAY_MS);
    deliver(fixture, complaint("abuse", "c@example.com", "f3"), .topic = TOPIC_B);
    deliver(fixture, delivery("d@example.com", "f4", now_ms));
    deliver(fixture, "{\"no\":1}");
}

/* --- filters
 * ------------------------------------------------------------------------------ */

static void each_filter_selects_what_it_names(void **state)
{
    struct fixture *fixture = *state;

    fill(fixture);
    assert_string_equal(select(STORE_EVENTS, "id", 0), "1 2 3 4 ");
    assert_string_equal(select(STORE_EVENTS, "id", .newest_first = true, .limit = 2),
                        "4 3 ");
    assert_string_equal(select(STORE_EVENTS, "id", .after_id = 2), "3 4 ");
    assert_string_equal(select(STORE_EVENTS, "id", .id = 2), "2 ");
    assert_string_equal(select(STORE_EVENTS, "id", .address = "Ann <A@EXAMPLE.com>"),
                        "1 ");
    assert_string_equal(select(STORE_EVENTS, "id", .type = "bounce"), "1 2 ");
    assert_string_equal(select(STORE_EVENTS, "id", .class = "soft"), "2 ");
    assert_string_equal(select(STORE_EVENTS, "id", .cause = "mailbox-full"), "2 ");
    assert_string_equal(select(STORE_EVENTS, "id", .domain = "EXAMPLE.com"), "1 3 4 ");
    assert_string_equal(select(STORE_EVENTS, "id", .campaign = "spring"), "1 2 ");
    assert_string_equal(select(STORE_EVENTS, "id", .topic = TOPIC_B), "3 ");
    assert_string_equal(select(STORE_EVENTS, "id", .scope = "*", .class = "hard"), "1 ");
    assert_string_equal(select(STORE_EVENTS, "id",
                               .since_ms = fixture->now_ms - 2 * CLOCK_DAY_MS,
                               .until_ms = fixture->now_ms),
                        "2 ");
    assert_string_equal(select(STORE_BOUNCES, "address", .since_ms = CLOCK_NONE),
                        "a@example.com b@other.example ");
    assert_string_equal(select(STORE_COMPLAINTS, "feedback_type", 0), "abuse ");
    assert_string_equal(select(STORE_SUPPRESSED, "reason", 0), "BOUNCE COMPLAINT ");
    assert_string_equal(select(STORE_SUPPRESSED, "address",
                               .after_address = "a@example.com", .after_scope = "*"),
                        "c@example.com ");
    assert_string_equal(select(STORE_SUPPRESSED, "address",
                               .after_address = "a@example.com", .after_scope = "!",
                               .limit = 1),
                        "a@example.com ");
    assert_string_equal(select(STORE_SUPPRESSED, "address", .reason = "complaint"),
                        "c@example.com ");
    assert_string_equal(select(STORE_QUARANTINE, "reason", .topic = TOPIC_A), "no-type ");
    assert_string_equal(select(STORE_QUARANTINE, "id", .reason = "stale"), "");
    assert_string_equal(
        select(STORE_QUARANTINE, "id", .reason = "no-type", .ids_only = true), "1 ");
    assert_string_equal(select(STORE_TOPICS, "topic_arn", .topic = TOPIC_B), TOPIC_B " ");
    assert_string_equal(select(STORE_DAILY, "deliveries",
                               .since_ms = fixture->now_ms / CLOCK_DAY_MS * CLOCK_DAY_MS),
                        "1 ");
    assert_string_equal(select(STORE_DAILY, "deliveries",
                               .until_ms = fixture->now_ms / CLOCK_DAY_MS * CLOCK_DAY_MS),
                        "0 0 ");
}

static void a_filter_that_the_view_lacks_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen = {0};
    const struct store_filter by_cause = {.cause = "dns"};
    const struct store_filter by_id = {.id = 1};
    const struct store_filter no_address = {.address = "nobody"};

    assert_int_equal(
        store_query(fixture->store, STORE_TOPICS, &by_cause, note_row, &seen), -EINVAL);
    assert_int_equal(store_query(fixture->store, STORE_DAILY, &by_id, note_row, &seen),
                     -EINVAL);
    assert_int_equal(
        store_query(fixture->store, STORE_EVENTS, &no_address, note_row, &seen), -EINVAL);
}

static void a_filter_is_never_sql(void **state)
{
    struct fixture *fixture = *state;

    fill(fixture);
    assert_string_equal(select(STORE_EVENTS, "id", .campaign = "x' OR '1'='1"), "");
    assert_string_equal(select(STORE_EVENTS, "id", .domain = "'; DROP TABLE event; --"),
                        "");
    assert_string_equal(select(STORE_EVENTS, "id", 0), "1 2 3 4 ");
}

static void a_callback_can_end_the_query(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen = {.stop_at = 2};
    const struct store_filter all = {0};

    fill(fixture);
    assert_int_equal(store_query(fixture->store, STORE_EVENTS, &all, note_row, &seen),
                     -ECANCELED);
    assert_int_equal(seen.rows, 2);
    assert_true(seen.times_are_times);
}

static void status_tells_what_is_there(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen = {.column = "name"};

    fill(fixture);
    assert_int_equal(store_status(fixture->store, note_row, &seen), 0);
    assert_non_null(strstr(seen.first, "schema_version suppressed suppressed_bounce "
                                       "suppressed_complaint events "));
    assert_non_null(strstr(seen.first, "file_bytes wal_bytes "));

    assert_non_null(strstr(seen.first, "outbox_last_fault"));
    assert_non_null(strstr(seen.first, "leaks leaks_last_day"));
    assert_non_null(strstr(seen.first, "not_addressed_last_day"));
}

/* What `status` says of `name`; 0 when it says nothing. */
struct sought {
    const char *name;
    int64_t value;
};

static int seek_value(void *context, const struct store_value *values, size_t count)
{
    struct sought *sought = context;

    (void)count;
    if (str_equal(values[0].text, str_of(sought->name)))
        sought->value = values[1].integer;
    return 0;
}

static void assert_total(struct fixture *fixture, const char *name, const char *query)
{
    struct sought sought = {name, 0};
    char value[32];

    assert_int_equal(store_status(fixture->store, seek_value, &sought), 0);
    (void)snprintf(value, sizeof(value), "%lld", (long long)sought.value);
    assert_answer(fixture, query, value);
}

static void assert_totals(struct fixture *fixture)
{
    assert_total(fixture, "events", "SELECT count(*) FROM events");
    assert_total(fixture, "quarantine", "SELECT count(*) FROM quarantine");
    assert_total(fixture, "quarantine_bytes",
                 "SELECT coalesce(sum(length(CAST(body AS BLOB))), 0) FROM quarantine");
    assert_total(
        fixture, "addresses_with_soft_bounces",
        "SELECT count(DISTINCT address) FROM soft_event WHERE is_counted OR is_doubtful");
    assert_total(fixture, "suppressed", "SELECT count(*) FROM suppressed");
    assert_total(fixture, "suppressed_bounce",
                 "SELECT count(*) FROM suppressed WHERE reason = 'BOUNCE'");
    assert_total(fixture, "suppressed_complaint",
                 "SELECT count(*) FROM suppressed WHERE reason = 'COMPLAINT'");
    assert_total(fixture, "suppressed_manual",
                 "SELECT count(*) FROM suppressed WHERE reason = 'MANUAL'");
}

static void decide(struct fixture *fixture, const char *address, bool add, int64_t days)
{
    struct store_decision decision = {
        .address = address,
        .scope = "*",
        .actor = "x",
        .now_ms = fixture->now_ms,
        .until_ms = days ? fixture->now_ms + days * CLOCK_DAY_MS : POLICY_FOR_EVER};
    bool changed;

    assert_int_equal(
        (add ? decide_add : decide_remove)(fixture->store, &decision, &changed), 0);
}

static void status_counts_what_the_views_have_without_counting(void **state)
{
    struct fixture *fixture = *state;
    const int64_t day = CLOCK_DAY_MS;

    assert_totals(fixture);
    fill(fixture);
    assert_totals(fixture);
    deliver(fixture, hard("a@example.com", "t1"));
    deliver(fixture, hard("a@example.com", "t1")); /* known already */
    deliver(fixture, soft("s@example.com", "t2"));
    deliver(fixture, soft("s@example.com", "t3"), .at_ms = fixture->now_ms - 2 * day);
    deliver(fixture, "no json");
    deliver(fixture, "none either");
    assert_totals(fixture);
    /* Several reasons for one address, stronger and weaker, that end in any order. */
    decide(fixture, "a@example.com", true, 1);
    decide(fixture, "b@example.com", true, 0);
    decide(fixture, "old@example.com", true, -1);
    deliver(fixture, hard("old@example.com", "t4"));
    deliver(fixture, hard("b@example.com", "t5"));
    assert_totals(fixture);
    decide(fixture, "b@example.com", true, -1); /* ended yesterday: the bounce shows */
    assert_totals(fixture);
    decide(fixture, "a@example.com", false, 0);
    assert_totals(fixture);
    deliver(fixture, delivery("s@example.com", "t6", 0), .at_ms = fixture->now_ms + 1);
    assert_int_equal(store_begin(fixture->store), 0);
    assert_int_equal(store_quarantine_drop(fixture->store, 1), 0);
    assert_int_equal(store_commit(fixture->store), 0);
    assert_totals(fixture);
    fixture_reopen(fixture);
    assert_totals(fixture);
}

/* A file of the first version, filled by its own statements. */
static void make_first_version(struct fixture *fixture)
{
    sqlite3 *db = NULL;
    char *message = NULL;

    fixture_close(fixture);
    (void)unlink(fixture->path);
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, migrations[0].sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
    (void)sqlite3_close(db);
    tamper(fixture, "PRAGMA application_id = 1397052226; PRAGMA user_version = 1");
}

static void an_upgrade_counts_what_is_there(void **state)
{
    struct fixture *fixture = *state;

    make_first_version(fixture);
    tamper(fixture,
           "INSERT INTO sns_message VALUES (1, 1, 'a', NULL, '2026-01-01 00:00:00.000'),"
           " (2, 2, 'b', NULL, '2026-01-01 00:00:00.000');"
           "INSERT INTO unapplied (message_id, reason) VALUES (1, 'stale');"
           "INSERT INTO body VALUES (1, x'c3a4c3a4');"
           "INSERT INTO event (message_id, type, scope, occurred_at, is_simulator)"
           " VALUES (2, 'Send', '*', '2026-01-01 00:00:00.000', 0);"
           "INSERT INTO soft_day VALUES ('a@x', '*', '2026-01-01', 1, 1, NULL, NULL),"
           " ('a@x', '*', '2026-01-02', 1, 1, NULL, NULL);"
           "INSERT INTO suppression (address, scope, reason, since, until, origin,"
           " lifted_at) VALUES"
           " ('a@x', '*', 'BOUNCE', '2026-01-01 00:00:00.000', NULL, 'event', NULL),"
           " ('b@x', '*', 'BOUNCE', '2026-01-01 00:00:00.000', NULL, 'event', "
           "'2026-01-02 00:00:00.000'),"
           " ('c@x', '*', 'BOUNCE', '2026-01-01 00:00:00.000', '2026-01-02 "
           "00:00:00.000', 'event',"
           "  NULL),"
           " ('d@x', '*', 'BOUNCE', '2026-01-01 00:00:00.000', NULL, 'event', NULL),"
           " ('d@x', '*', 'MANUAL', '2026-01-01 00:00:00.000', '2026-01-02 "
           "00:00:00.000', 'person',"
           "  NULL),"
           " ('e@x', '*', 'BOUNCE', '2026-01-01 00:00:00.000', '2999-01-02 "
           "00:00:00.000', 'event',"
           "  NULL),"
           " ('e@x', '*', 'COMPLAINT', '2026-01-01 00:00:00.000', NULL, 'event', NULL);");
    assert_int_equal(store_open(fixture->path, STORE_OWN, &fixture->store, NULL), 0);
    assert_totals(fixture);
    assert_answer(fixture, "SELECT group_concat(reason) FROM suppressed",
                  "BOUNCE,BOUNCE,COMPLAINT");
    deliver(fixture, hard("e@x", "t1"));
    decide(fixture, "d@x", false, 0);
    assert_totals(fixture);
}

static void a_sound_file_passes_the_check_and_a_torn_reference_does_not(void **state)
{
    struct fixture *fixture = *state;
    struct buf report;

    buf_init(&report, 1000);
    fill(fixture);
    assert_int_equal(store_check(fixture->store, &report, NULL, NULL), 0);
    assert_int_equal(report.len, 0);
    tamper(fixture, "UPDATE sns_message SET last_event_id = 0 WHERE id = 1");
    assert_int_equal(store_check(fixture->store, &report, NULL, NULL), -EUCLEAN);
    assert_non_null(
        strstr(report.data, "event: row 1 is not where row 1 of sns_message"));
    tamper(fixture, "DELETE FROM sns_message WHERE id = 2");
    assert_int_equal(store_check(fixture->store, &report, NULL, NULL), -EUCLEAN);
    assert_non_null(strstr(report.data, "refers to no row of sns_message"));
    tamper(fixture, "DELETE FROM event; DELETE FROM body; DELETE FROM unapplied");
    buf_done(&report);
}

/* --- plans
 * -------------------------------------------------------------------------------- */

static const char *plan_of(struct fixture *fixture, const char *sql)
{
    char text[1024];
    char *plan = text_room();
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;

    plan[0] = '\0';
    (void)snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s", sql);
    assert_int_equal(sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READONLY, NULL), 0);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        size_t len = strlen(plan);

        (void)snprintf(plan + len, TEXT_ROOM - len, "%s; ",
                       sqlite3_column_text(statement, 3));
    }
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
    return plan;
}

static void assert_plan(struct fixture *fixture, const char *sql, const char *by)
{
    const char *plan = plan_of(fixture, sql);

    if (!strstr(plan, by) || strstr(plan, "SCAN"))
        fail_msg("%s is served by: %s", sql, plan);
}

static void look_ups_are_served_by_an_index(void **state)
{
    struct fixture *fixture = *state;

    assert_plan(fixture, "SELECT * FROM suppressed WHERE address = 'a@example.com'",
                "SEARCH s USING PRIMARY KEY (address=?)");
    assert_plan(
        fixture,
        "SELECT 1 FROM suppressed WHERE address = 'a@example.com' AND scope = '*'",
        "SEARCH s USING PRIMARY KEY (address=? AND scope=?)");
    assert_plan(fixture,
                "SELECT * FROM events WHERE address = 'a@example.com' ORDER BY id",
                "SEARCH e USING INDEX event_address (address=?)");
    assert_plan(fixture, "SELECT * FROM bounces WHERE address = 'a@example.com'",
                "SEARCH e USING INDEX event_address (address=?)");
    assert_plan(fixture, "SELECT * FROM events WHERE occurred_at >= datetime('now')",
                "SEARCH e USING INDEX event_occurred (occurred_at>?)");
    assert_plan(fixture, "SELECT * FROM events WHERE id > 17 ORDER BY id",
                "SEARCH e USING INTEGER PRIMARY KEY (rowid>?)");
    assert_plan(fixture, "SELECT * FROM quarantine WHERE id = 17",
                "SEARCH q USING INTEGER PRIMARY KEY (rowid=?)");
    assert_plan(fixture, "SELECT * FROM topics WHERE topic_arn = 'x'", "(topic_arn=?)");
}

static void inner_look_ups_are_served_by_an_index(void **state)
{
    struct fixture *fixture = *state;

    assert_plan(fixture,
                "SELECT 1 FROM event WHERE address = 'a' AND type = 'Delivery' AND "
                "occurred_at > 'x'",
                "event_delivery (address=? AND occurred_at>?)");
    assert_non_null(strstr(
        plan_of(fixture, db_sql[SQL_COUNTED_DELIVERED]),
        "SEARCH c USING PRIMARY KEY (hour=? AND is_delivery=? AND address_hash=?)"));
    assert_plan(fixture, db_sql[SQL_COUNTED_TIDY_TO],
                "PRIMARY KEY ((hour,is_delivery,address_hash,event_hash)>(?,?,?,?)");
    assert_plan(fixture,
                "SELECT max(at) FROM decision WHERE address = 'a' AND scope = '*' AND "
                "action = 'remove'",
                "decision_address (address=? AND scope=? AND action=?)");
    assert_plan(fixture, db_sql[SQL_EVENT_REPEATS],
                "event_address (address=? AND <expr>=?)");
    assert_plan(fixture, db_sql[SQL_EVENT_FIND], "event_key (key_time=? AND key_hash=?)");
    assert_plan(fixture, db_sql[SQL_EVENT_ENRICH],
                "event_key (key_time=? AND key_hash=?)");
    assert_plan(fixture, "SELECT 1 FROM soft_event WHERE at_ms < 1",
                "soft_event_at (at_ms<?)");
    assert_plan(fixture,
                "SELECT count(*) FROM event WHERE rule = 'not-addressed' AND "
                "occurred_at >= 'x'",
                "event_rare (occurred_at>?)");
}

/* --- schema/README.md
 * --------------------------------------------------------------------- */

static char *read_manual(void)
{
    FILE *file = fopen("schema/README.md", "r");
    char *text = calloc(1, 65536);

    assert_non_null(text);
    if (!file) {
        print_message("schema/README.md is not below the working directory: skipped\n");
        free(text);
        return NULL;
    }
    assert_true(fread(text, 1, 65535, file) < 65535);
    (void)fclose(file);
    return text;
}

static void every_query_of_the_manual_runs(void **state)
{
    struct fixture *fixture = *state;
    char *manual = read_manual();
    char *next = manual;
    sqlite3 *db = NULL;
    int queries = 0;
    int with_rows = 0;

    if (!manual)
        skip();
    fill(fixture);
    assert_int_equal(sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READONLY, NULL), 0);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE TEMP TABLE subscriber (email TEXT);"
                                  "INSERT INTO subscriber VALUES ('A@Example.com'), "
                                  "('new@example.com')",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    while ((next = strstr(next, "```sql\n"))) {
        sqlite3_stmt *statement = NULL;
        char *end;

        next += strlen("```sql\n");
        end = strstr(next, "```");
        assert_non_null(end);
        *end = '\0';
        if (sqlite3_prepare_v2(db, next, -1, &statement, NULL) != SQLITE_OK)
            fail_msg("%s: %s", next, sqlite3_errmsg(db));
        int rc = sqlite3_step(statement);
        if (rc != SQLITE_ROW && rc != SQLITE_DONE)
            fail_msg("%s: %s", next, sqlite3_errmsg(db));
        with_rows += rc == SQLITE_ROW;
        if (strstr(next, "FROM subscriber"))
            assert_string_equal(sqlite3_column_text(statement, 0), "new@example.com");
        (void)sqlite3_finalize(statement);
        queries++;
        next = end + 1;
    }
    (void)sqlite3_close(db);
    assert_true(queries >= 10);
    assert_true(with_rows >= 9);
    free(manual);
}

static void every_column_of_every_view_is_in_the_manual(void **state)
{
    struct fixture *fixture = *state;
    char *manual = read_manual();
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    int columns = 0;

    if (!manual)
        skip();
    assert_int_equal(sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READONLY, NULL), 0);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT v.name, c.name FROM sqlite_schema AS v, "
                           "pragma_table_info(v.name) AS c WHERE v.type = 'view'",
                           -1, &statement, NULL),
        SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        char name[80];

        (void)snprintf(name, sizeof(name), "`%s`", sqlite3_column_text(statement, 1));
        if (!strstr(manual, name))
            fail_msg("%s.%s is not in schema/README.md",
                     (const char *)sqlite3_column_text(statement, 0), name);
        columns++;
    }
    assert_true(columns > 100);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
    free(manual);
}

static void every_view_has_the_columns_of_the_table_in_its_order(void **state)
{
    static const char *const names[] = {
        [STORE_SUPPRESSED] = "suppressed", [STORE_ENTRIES] = "entries",
        [STORE_DECISIONS] = "decisions",   [STORE_EVENTS] = "events",
        [STORE_BOUNCES] = "bounces",       [STORE_COMPLAINTS] = "complaints",
        [STORE_QUARANTINE] = "quarantine", [STORE_TOPICS] = "topics",
        [STORE_DAILY] = "daily",           [STORE_PAUSED] = "paused"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        _cleanup_(buf_done) struct buf columns;
        char sql[200];

        buf_init(&columns, 4096);
        for (const char *const *at = store_columns((enum store_view)i); *at; at++)
            (void)buf_printf(&columns, "%s%s", columns.len ? "," : "", *at);
        (void)snprintf(sql, sizeof(sql),
                       "SELECT group_concat(name) FROM (SELECT name FROM "
                       "pragma_table_info('%s') ORDER BY cid)",
                       names[i]);
        assert_answer((struct fixture *)*state, sql, buf_str(&columns).data);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_filter_selects_what_it_names),
        TEST(a_filter_that_the_view_lacks_is_refused),
        TEST(a_filter_is_never_sql),
        TEST(a_callback_can_end_the_query),
        TEST(status_tells_what_is_there),
        TEST(status_counts_what_the_views_have_without_counting),
        TEST(an_upgrade_counts_what_is_there),
        TEST(a_sound_file_passes_the_check_and_a_torn_reference_does_not),
        TEST(look_ups_are_served_by_an_index),
        TEST(inner_look_ups_are_served_by_an_index),
        TEST(every_query_of_the_manual_runs),
        TEST(every_column_of_every_view_is_in_the_manual),
        TEST(every_view_has_the_columns_of_the_table_in_its_order),
    };
    return cmocka_run_group_tests_name("store_read", tests, NULL, NULL);
}

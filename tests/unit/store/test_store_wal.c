/*
 * The WAL in large pieces: a transaction that outgrows the cache and is rolled back
 * leaves nothing behind that could be written later, over what another process committed.
 */
#include "store_fixture.h"

#include <signal.h>
#include <sys/wait.h>

#include "store/sqlite/db.h"

#define ROWS "2000"
/* Of 8 KiB each: far less than the rows need. */
#define CACHE_PAGES "64"

static void run(sqlite3 *db, const char *sql)
{
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static int64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t found;

    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    found = sqlite3_column_int64(statement, 0);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    return found;
}

/* Then the writer finds its pages in the main file, and its next frame begins the WAL. */
static void begin_again(struct fixture *fixture)
{
    struct store *checkpoints = NULL;

    assert_int_equal(store_open(fixture->path, STORE_IDLE, &checkpoints, NULL), 0);
    assert_int_equal(store_idle(checkpoints), 1);
    store_close(checkpoints);
    assert_int_equal(store_idle_end(fixture->store), 0);
}

/* A table larger than the cache of the store, in its file. */
static sqlite3 *make_large(struct fixture *fixture)
{
    sqlite3 *db = fixture->store->db->sqlite;

    assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL),
                     SQLITE_OK);
    run(db, "CREATE TABLE large (n INTEGER PRIMARY KEY, t)");
    run(db,
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT " ROWS ") "
        "INSERT INTO large SELECT n, zeroblob(3000) FROM c");
    begin_again(fixture);
    run(db, "PRAGMA cache_size = " CACHE_PAGES);
    return db;
}

static sqlite3 *open_foreign(struct fixture *fixture)
{
    sqlite3 *foreign = NULL;

    assert_int_equal(sqlite3_open(fixture->path, &foreign), SQLITE_OK);
    run(foreign, "PRAGMA wal_autocheckpoint = 0");
    return foreign;
}

static void roll_back_beside(sqlite3 *db, sqlite3 *foreign)
{
    run(db, "BEGIN IMMEDIATE; UPDATE large SET t = randomblob(3000); ROLLBACK");
    run(foreign, "UPDATE large SET t = 'foreign'");
    assert_int_equal(number(db, "SELECT count(*) FROM large WHERE t = 'foreign'"), 2000);
    run(db, "UPDATE large SET t = 'ours' WHERE n = 1");
    assert_int_equal(number(foreign, "SELECT count(*) FROM large WHERE t = 'foreign'"),
                     1999);
    assert_int_equal(number(foreign, "SELECT count(*) FROM large WHERE t = 'ours'"), 1);
    assert_int_equal(sqlite3_close(foreign), SQLITE_OK);
}

static void a_rollback_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *db = make_large(fixture);
    sqlite3 *foreign = open_foreign(fixture);

    roll_back_beside(db, foreign);
}

static void a_rollback_leaves_nothing_after_a_rest_that_was_refused(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *db = make_large(fixture);
    sqlite3 *foreign = open_foreign(fixture);

    assert_int_equal(number(foreign, "SELECT count(*) FROM large"), 2000);
    assert_false(db_rest(fixture->store));
    roll_back_beside(db, foreign);
}

static void a_file_is_written_after_a_rest_as_before(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *db = make_large(fixture);

    assert_true(db_rest(fixture->store));
    assert_int_equal(db_wake(fixture->store, "PRAGMA journal_mode = WAL", NULL, NULL),
                     SQLITE_OK);
    roll_back_beside(db, open_foreign(fixture));
}

static void closing_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *db = make_large(fixture);
    sqlite3 *foreign = open_foreign(fixture);

    run(db, "BEGIN IMMEDIATE; UPDATE large SET t = randomblob(3000)");
    fixture_close(fixture);
    run(foreign, "UPDATE large SET t = 'foreign'");
    assert_int_equal(number(foreign, "SELECT count(*) FROM large WHERE t = 'foreign'"),
                     2000);
    assert_int_equal(sqlite3_close(foreign), SQLITE_OK);
}

/* What was written of it may still be in the file, and the rest in memory. */
static void a_large_transaction_reads_itself(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *db = make_large(fixture);
    sqlite3 *foreign = open_foreign(fixture);

    run(db, "BEGIN IMMEDIATE; UPDATE large SET t = 'ours' || randomblob(2000)");
    assert_int_equal(number(db, "SELECT count(*) FROM large WHERE t LIKE 'ours%'"), 2000);
    run(db, "SAVEPOINT s; UPDATE large SET t = randomblob(2500); ROLLBACK TO s");
    assert_int_equal(number(db, "SELECT count(*) FROM large WHERE t LIKE 'ours%'"), 2000);
    assert_int_equal(number(foreign, "SELECT count(*) FROM large WHERE t LIKE 'ours%'"),
                     0);
    run(db, "UPDATE large SET t = 'last' WHERE n % 2; COMMIT");
    assert_int_equal(number(foreign, "SELECT count(*) FROM large WHERE t LIKE 'ours%'"),
                     1000);
    assert_int_equal(number(foreign, "SELECT count(*) FROM large WHERE t = 'last'"),
                     1000);
    assert_int_equal(sqlite3_close(foreign), SQLITE_OK);
}

/* In a process of its own. */
static void commit_without_sync(const char *path)
{
    struct store *store = NULL;
    int r = store_open(path, STORE_OWN, &store, NULL);

    if (r < 0 || !freopen("/dev/null", "w", stderr))
        _exit(1);
    (void)sqlite3_exec(store->db->sqlite,
                       "PRAGMA synchronous = NORMAL; UPDATE probe SET n = n + 1", NULL,
                       NULL, NULL);
    _exit(0);
}

/* Others would see what is in no file. */
static void a_commit_without_a_sync_ends_the_process(void **state)
{
    struct fixture *fixture = *state;
    char path[128];
    pid_t child;
    int status;

    (void)snprintf(path, sizeof(path), "%s/child.db", fixture->directory);
    child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0)
        commit_without_sync(path);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_rollback_leaves_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(
            a_rollback_leaves_nothing_after_a_rest_that_was_refused, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(a_file_is_written_after_a_rest_as_before,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(closing_leaves_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_large_transaction_reads_itself, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_commit_without_a_sync_ends_the_process,
                                        fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

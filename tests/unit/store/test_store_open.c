#include "store_fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>

/* --- what it makes
 * ------------------------------------------------------------------------ */

static void the_files_have_their_modes_whatever_the_umask(void **state)
{
    struct fixture *fixture = *state;
    static const mode_t masks[] = {0, 022, 0077};

    for (size_t i = 0; i < 3; i++) {
        mode_t before;

        fixture_close(fixture);
        (void)unlink(path_of(fixture, ""));
        (void)unlink(path_of(fixture, "-wal"));
        (void)unlink(path_of(fixture, "-shm"));
        (void)unlink(path_of(fixture, ".turn"));
        before = umask(masks[i]);
        assert_int_equal(store_open(fixture->path, STORE_OWN, &fixture->store, NULL), 0);
        (void)umask(before);
        assert_int_equal(mode_of(fixture, ""), 0640);
        assert_int_equal(mode_of(fixture, "-wal"), 0640);
        assert_int_equal(mode_of(fixture, "-shm"), 0640);
        assert_int_equal(mode_of(fixture, ".turn"), 0600);
    }
}

static void create(struct fixture *fixture, const char *suffix)
{
    int fd = open(path_of(fixture, suffix), O_WRONLY | O_CREAT | O_EXCL, 0640);

    assert_true(fd >= 0);
    (void)close(fd);
}

static void the_file_is_set_up_as_designed(void **state)
{
    struct fixture *fixture = *state;

    assert_answer(fixture, "SELECT page_size FROM pragma_page_size", "8192");
    assert_answer(fixture, "SELECT journal_mode FROM pragma_journal_mode", "wal");
    assert_answer(fixture, "SELECT user_version FROM pragma_user_version", "9");
    assert_answer(fixture, "SELECT application_id FROM pragma_application_id",
                  "1397052226");
    assert_answer(fixture,
                  "SELECT count(*) FROM pragma_table_list WHERE type = 'table' AND "
                  "strict = 0 AND name NOT LIKE 'sqlite_%'",
                  "0");
}

static void a_migration_runs_once(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, hard("a@example.com", "f1"));
    assert_int_equal(store_probe(fixture->store), 0);
    for (int i = 0; i < 3; i++)
        fixture_reopen(fixture);
    assert_answer(fixture, "SELECT n FROM probe", "1");
    assert_answer(fixture, "SELECT count(*) FROM events", "1");
}

static void what_was_committed_is_there_after_a_restart(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, hard("a@example.com", "f1"), .sns_id = "x");
    fixture_reopen(fixture);
    assert_int_equal(deliver(fixture, hard("a@example.com", "f1"), .sns_id = "x"),
                     VERDICT_DUPLICATE);
}

/* --- what it refuses
 * ---------------------------------------------------------------------- */

static void a_newer_file_is_refused(void **state)
{
    struct fixture *fixture = *state;

    fixture_close(fixture);
    tamper(fixture, "PRAGMA user_version = 1000");
    assert_fault(fixture, STORE_OWN, -ENOTSUP, "newer sesbounced");
    assert_fault(fixture, STORE_READ, -ENOTSUP, "newer sesbounced");
}

static void an_older_file_is_left_to_the_daemon(void **state)
{
    struct fixture *fixture = *state;

    fixture_close(fixture);
    tamper(fixture, "PRAGMA user_version = 0");
    assert_fault(fixture, STORE_READ, -ENOTSUP, "restart sesbounced");
    assert_fault(fixture, STORE_WRITE, -ENOTSUP, "restart sesbounced");
}

static void a_failed_migration_changes_nothing(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, hard("a@example.com", "f1"));
    fixture_close(fixture);
    tamper(fixture, "PRAGMA user_version = 0"); /* its tables are there already */
    assert_fault(fixture, STORE_OWN, -EIO, "already exists");
    tamper(fixture, "PRAGMA user_version = 9");
    assert_int_equal(store_open(fixture->path, STORE_OWN, &fixture->store, NULL), 0);
    assert_answer(fixture, "SELECT count(*) FROM events", "1");
}

static void somebody_elses_database_is_refused(void **state)
{
    struct fixture *fixture = *state;

    fixture_close(fixture);
    tamper(fixture, "PRAGMA application_id = 7");
    assert_fault(fixture, STORE_OWN, -ENOTSUP, "not one of sesbounced's");
}

static void a_file_that_is_not_a_database_is_corrupt(void **state)
{
    struct fixture *fixture = *state;
    char junk[16384];

    memset(junk, 'j', sizeof(junk));
    fixture_close(fixture);
    (void)unlink(path_of(fixture, "-wal"));
    overwrite(fixture, junk, sizeof(junk), 0);
    assert_fault(fixture, STORE_OWN, -EUCLEAN, "restore a backup");
    assert_fault(fixture, STORE_READ, -EUCLEAN, "is corrupt");
}

static void corruption_found_while_writing_says_so(void **state)
{
    struct fixture *fixture = *state;
    struct post post = {.json = hard("a@example.com", "f1")};
    enum verdict verdict;
    struct intake intake;
    char junk[8192];
    char id[40];
    int r;

    memset(junk, 0xff, sizeof(junk));
    deliver(fixture, hard("b@example.com", "f2"));
    fixture_close(fixture);
    uint64_t pages = 0;
    assert_int_equal(
        str_to_u64(str_of(ask(fixture, "SELECT page_count FROM pragma_page_count")), 1000,
                   &pages),
        0);
    for (off_t page = 1; page < (off_t)pages; page++)
        overwrite(fixture, junk, sizeof(junk), page * 8192);
    r = store_open(fixture->path, STORE_OWN, &fixture->store, NULL);
    if (r == 0) {
        fixture_intake(fixture, &post, id, &intake);
        assert_int_equal(store_begin(fixture->store), 0);
        r = store_apply(fixture->store, &intake, &verdict);
        store_rollback(fixture->store);
        intake_done(&intake);
    }
    assert_int_equal(r, -EUCLEAN);
}

static void a_missing_file_or_directory_is_reported(void **state)
{
    struct fixture *fixture = *state;

    fixture_close(fixture);
    (void)unlink(fixture->path);
    (void)unlink(path_of(fixture, ".turn"));
    assert_fault(fixture, STORE_READ, -ENOENT, "start sesbounced");
    assert_fault(fixture, STORE_WRITE, -ENOENT, "start sesbounced");
    (void)snprintf(fixture->path, sizeof(fixture->path), "%s/no/s.db",
                   fixture->directory);
    assert_fault(fixture, STORE_OWN, -ENOENT, "install -d");
}

static void a_file_that_others_may_write_is_refused(void **state)
{
    struct fixture *fixture = *state;

    fixture_close(fixture);
    create(fixture, "-shm");
    assert_int_equal(chmod(path_of(fixture, "-shm"), 0660), 0);
    assert_fault(fixture, STORE_OWN, -EACCES, "chmod 640");
    assert_int_equal(chmod(path_of(fixture, "-shm"), 0644), 0);
    assert_int_equal(store_open(fixture->path, STORE_OWN, &fixture->store, NULL), 0);
    assert_int_equal(mode_of(fixture, "-shm"), 0640);
}

static void the_group_may_read_again_after_a_restart(void **state)
{
    struct fixture *fixture = *state;

    fixture_close(fixture);
    assert_int_equal(chmod(fixture->path, 0600), 0);
    create(fixture, "-shm");
    assert_int_equal(chmod(path_of(fixture, "-shm"), 0600), 0);
    assert_int_equal(store_open(fixture->path, STORE_OWN, &fixture->store, NULL), 0);
    assert_int_equal(mode_of(fixture, ""), 0640);
    assert_int_equal(mode_of(fixture, "-wal"), 0640);
    assert_int_equal(mode_of(fixture, "-shm"), 0640);
    assert_int_equal(mode_of(fixture, ".turn"), 0600);
}

/* What a member of the group is told. */
static void assert_member_told(struct fixture *fixture, const char *advice)
{
    assert_int_equal(setegid(READERS_GID) || seteuid(OTHER_UID), 0);
    assert_fault(fixture, STORE_READ, -EACCES, advice);
    assert_int_equal(seteuid(0) || setegid(0), 0);
}

static void a_mode_that_shuts_out_the_group_is_named_before_its_members(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_(freep) char *directory = strdup(fixture->path);

    if (geteuid() != 0) {
        print_message("only root can become another user: skipped\n");
        skip();
    }
    assert_non_null(directory);
    *strrchr(directory, '/') = '\0';
    assert_int_equal(chown(directory, 0, READERS_GID), 0);
    assert_int_equal(chown(fixture->path, 0, READERS_GID), 0);
    assert_int_equal(chmod(directory, 0750), 0);
    assert_int_equal(chmod(fixture->path, 0600), 0);
    assert_member_told(fixture, "chmod 640");
    assert_int_equal(chmod(directory, 0700), 0);
    assert_member_told(fixture, "chmod 750");
    assert_int_equal(chmod(directory, 0750), 0);
    assert_int_equal(chmod(fixture->path, 0640), 0);
    assert_int_equal(chown(fixture->path, 0, 0), 0);
    assert_member_told(fixture, "adduser");
}

static void a_file_of_somebody_else_is_refused_with_the_remedy(void **state)
{
    struct fixture *fixture = *state;

    if (geteuid() != 0) {
        print_message("only root can give a file away: skipped\n");
        skip();
    }
    fixture_close(fixture);
    create(fixture, "-wal");
    assert_int_equal(chown(path_of(fixture, "-wal"), OTHER_UID, READERS_GID), 0);
    assert_fault(fixture, STORE_OWN, -EACCES, "chown 0");
}

static void a_symbolic_link_is_not_followed(void **state)
{
    struct fixture *fixture = *state;

    fixture_close(fixture);
    (void)unlink(fixture->path);
    assert_int_equal(symlink("elsewhere.db", fixture->path), 0);
    assert_fault(fixture, STORE_OWN, -EACCES, "not a regular file");
}

static void what_is_not_a_plain_file_is_not_taken_for_the_turn(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;

    (void)unlink(path_of(fixture, ".turn"));
    assert_int_equal(symlink("victim", path_of(fixture, ".turn")), 0);
    create(fixture, "victim");
    assert_fault(fixture, STORE_WRITE, -EACCES, "remove it");
    (void)unlink(path_of(fixture, ".turn"));
    /* Nobody writes into the pipe: opening it must not wait. */
    assert_int_equal(mkfifo(path_of(fixture, ".turn"), 0600), 0);
    assert_fault(fixture, STORE_WRITE, -EACCES, "remove it");
    (void)unlink(path_of(fixture, ".turn"));
    assert_int_equal(store_open(fixture->path, STORE_WRITE, &store, NULL), 0);
    store_close(store);
}

static void root_gives_away_no_file_that_has_another_name(void **state)
{
    struct fixture *fixture = *state;
    struct stat st;

    if (geteuid() != 0) {
        print_message("only root can give a file away: skipped\n");
        skip();
    }
    create(fixture, ".victim");
    (void)unlink(path_of(fixture, ".turn"));
    assert_int_equal(link(path_of(fixture, ".victim"), path_of(fixture, ".turn")), 0);
    assert_int_equal(chown(fixture->path, OTHER_UID, READERS_GID), 0);
    assert_fault(fixture, STORE_WRITE, -EACCES, "one link");
    assert_int_equal(stat(path_of(fixture, ".victim"), &st), 0);
    assert_int_equal(st.st_uid, 0);
}

/* --- together with others
 * ----------------------------------------------------------------- */

static void a_writer_that_holds_the_turn_goes_first(void **state)
{
    struct fixture *fixture = *state;
    struct store *other = NULL;

    assert_int_equal(store_open(fixture->path, STORE_WRITE, &other, NULL), 0);
    assert_int_equal(store_begin(other), 0);
    /* busy for longer than STORE_BUSY_MS: nothing is left open */
    assert_int_equal(store_begin(fixture->store), -EBUSY);
    assert_non_null(strstr(store_fault(fixture->store), "another process"));
    assert_int_equal(store_commit(other), 0);
    assert_int_equal(store_begin(fixture->store), 0);
    /* and the main writer does not keep the turn while it writes */
    int fd = open(path_of(fixture, ".turn"), O_RDONLY);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    (void)close(fd);
    store_rollback(fixture->store);
    store_close(other);
}

struct hot_writer {
    struct store *store;
    _Atomic bool stop;
    long batches;
};

static void *write_without_pause(void *argument)
{
    struct hot_writer *writer = argument;

    while (!writer->stop && store_probe(writer->store) == 0)
        writer->batches++;
    return NULL;
}

static void a_person_gets_a_turn_beside_a_writer_that_never_pauses(void **state)
{
    struct fixture *fixture = *state;
    struct hot_writer writer = {.store = fixture->store};
    struct store *other = NULL;
    pthread_t thread;

    assert_int_equal(store_open(fixture->path, STORE_WRITE, &other, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, write_without_pause, &writer), 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(store_probe(other), 0);
    writer.stop = true;
    assert_int_equal(pthread_join(thread, NULL), 0);
    store_close(other);
    assert_true(writer.batches > 0);
}

static void the_wal_is_measured_copied_and_restarted(void **state)
{
    struct fixture *fixture = *state;
    struct store *checkpointer = NULL;

    assert_int_equal(store_open(fixture->path, STORE_IDLE, &checkpointer, NULL), 0);
    for (int i = 0; i < 20; i++) {
        char id[16];

        (void)snprintf(id, sizeof(id), "f%d", i);
        deliver(fixture, hard("a@example.com", id));
    }
    int64_t before = store_idle_bytes(fixture->store);
    assert_true(before > 20 * 8192);
    assert_int_equal(store_idle(checkpointer), 1);
    assert_int_equal(store_idle_end(fixture->store), 0);
    deliver(fixture, hard("a@example.com", "g"));
    assert_true(store_idle_bytes(fixture->store) < before);
    store_close(checkpointer);
}

static void a_reader_in_the_way_holds_up_nobody(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *db = NULL;
    int64_t begin_ms;

    deliver(fixture, hard("a@example.com", "f1"));
    assert_int_equal(sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READONLY, NULL), 0);
    assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT * FROM events", NULL, NULL, NULL),
                     SQLITE_OK);
    deliver(fixture, hard("a@example.com", "f2"));
    begin_ms = clock_mono_ms();
    assert_int_equal(store_idle_end(fixture->store), -EBUSY);
    assert_true(clock_mono_ms() - begin_ms < STORE_BUSY_MS / 2);
    (void)sqlite3_close(db);
    assert_int_equal(store_idle_end(fixture->store), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

/* Nobody queues for that lock: the turn comes first, and with the first transaction. */
static void opening_for_writing_needs_no_write_lock(void **state)
{
    struct fixture *fixture = *state;
    struct store *other = NULL;
    sqlite3 *hot = NULL;

    assert_int_equal(sqlite3_open(fixture->path, &hot), SQLITE_OK);
    assert_int_equal(sqlite3_exec(hot, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(store_open(fixture->path, STORE_WRITE, &other, NULL), 0);
    store_close(other);
    assert_int_equal(sqlite3_close(hot), SQLITE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_files_have_their_modes_whatever_the_umask),
        TEST(the_file_is_set_up_as_designed),
        TEST(opening_for_writing_needs_no_write_lock),
        TEST(a_migration_runs_once),
        TEST(what_was_committed_is_there_after_a_restart),
        TEST(a_newer_file_is_refused),
        TEST(an_older_file_is_left_to_the_daemon),
        TEST(a_failed_migration_changes_nothing),
        TEST(somebody_elses_database_is_refused),
        TEST(a_file_that_is_not_a_database_is_corrupt),
        TEST(corruption_found_while_writing_says_so),
        TEST(a_missing_file_or_directory_is_reported),
        TEST(a_file_that_others_may_write_is_refused),
        TEST(the_group_may_read_again_after_a_restart),
        TEST(a_mode_that_shuts_out_the_group_is_named_before_its_members),
        TEST(a_file_of_somebody_else_is_refused_with_the_remedy),
        TEST(a_symbolic_link_is_not_followed),
        TEST(what_is_not_a_plain_file_is_not_taken_for_the_turn),
        TEST(root_gives_away_no_file_that_has_another_name),
        TEST(a_writer_that_holds_the_turn_goes_first),
        TEST(a_person_gets_a_turn_beside_a_writer_that_never_pauses),
        TEST(the_wal_is_measured_copied_and_restarted),
        TEST(a_reader_in_the_way_holds_up_nobody),
    };

    return cmocka_run_group_tests_name("store_open", tests, NULL, NULL);
}

/* A file that nobody has open: who can read it, and when it is used again. */
#include "store_fixture.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/wait.h>

static int program_fd = -1;

/* --- at rest --- */

static void assert_at_rest(struct fixture *fixture)
{
    static const char *const suffixes[] = {"-wal", "-shm", "-journal"};

    for (size_t i = 0; i < 3; i++)
        assert_int_equal(access(path_of(fixture, suffixes[i]), F_OK), -1);
    assert_answer(fixture, "SELECT journal_mode FROM pragma_journal_mode", "delete");
}

static void the_file_needs_no_wal_once_the_last_writer_has_closed(void **state)
{
    struct fixture *fixture = *state;
    struct store *person = NULL;

    deliver(fixture, hard("a@example.com", "f1"));
    /* A person beside the daemon changes nothing about that. */
    assert_int_equal(store_open(fixture->path, STORE_WRITE, &person, NULL), 0);
    store_close(person);
    assert_int_equal(mode_of(fixture, "-wal"), 0640);
    assert_int_equal(mode_of(fixture, "-shm"), 0640);
    fixture_close(fixture);
    assert_at_rest(fixture);
    assert_int_equal(store_open(fixture->path, STORE_WRITE, &person, NULL), 0);
    assert_int_equal(mode_of(fixture, "-wal"), 0640);
    assert_int_equal(store_probe(person), 0);
    store_close(person);
    assert_at_rest(fixture);
    assert_answer(fixture, "SELECT count(*) FROM events", "1");
}

static void the_wal_stays_while_a_reader_has_the_file_open(void **state)
{
    struct fixture *fixture = *state;
    struct store *reader = NULL;

    deliver(fixture, hard("a@example.com", "f1"));
    assert_int_equal(store_open(fixture->path, STORE_READ, &reader, NULL), 0);
    fixture_close(fixture);
    assert_int_equal(mode_of(fixture, "-wal"), 0640);
    assert_int_equal(mode_of(fixture, "-shm"), 0640);
    store_close(reader);
    assert_answer(fixture, "SELECT count(*) FROM events", "1");
}

static void a_database_that_is_not_ours_is_left_as_it_is(void **state)
{
    struct fixture *fixture = *state;

    fixture_close(fixture);
    tamper(fixture, "PRAGMA user_version = 1000");
    assert_fault(fixture, STORE_OWN, -ENOTSUP, "newer");
    assert_fault(fixture, STORE_WRITE, -ENOTSUP, "newer");
    assert_at_rest(fixture);
}

/* --- used again
 * ------------------------------------------------------------------------------ */

static int open_again(struct fixture *fixture, const char *words)
{
    struct buf fault;
    int r;

    buf_init(&fault, 2048);
    r = store_open_again(fixture->path, &fixture->store, &fault);
    if (words)
        assert_non_null(strstr(fault.data, words));
    buf_done(&fault);
    return r;
}

static void a_file_is_opened_again_only_if_it_is_there_and_sound(void **state)
{
    struct fixture *fixture = *state;
    char junk[8192];

    memset(junk, 0xa5, sizeof(junk));
    deliver(fixture, hard("a@example.com", "f1"));
    fixture_close(fixture);
    assert_int_equal(open_again(fixture, NULL), 0);
    fixture_close(fixture);
    /* One page that none of the statements of an opening reads. */
    overwrite(fixture, junk, sizeof(junk), 8192 * 7);
    assert_int_equal(open_again(fixture, "is corrupt"), -EUCLEAN);
    assert_int_equal(truncate(fixture->path, 0), 0);
    assert_int_equal(open_again(fixture, "restore a backup"), -ENOENT);
    (void)unlink(fixture->path);
    assert_int_equal(open_again(fixture, "restore a backup"), -ENOENT);
    assert_int_equal(access(fixture->path, F_OK), -1);
}

static void a_fingerprint_tells_that_a_file_was_replaced(void **state)
{
    struct fixture *fixture = *state;
    uint64_t before;

    fixture_close(fixture);
    before = store_fingerprint(fixture->path);
    assert_int_not_equal(before, 0);
    assert_int_equal(store_fingerprint(fixture->path), before);
    tamper(fixture, "UPDATE probe SET n = n + 1");
    assert_int_not_equal(store_fingerprint(fixture->path), before);
    before = store_fingerprint(fixture->path);
    assert_int_equal(rename(fixture->path, path_of(fixture, "aside")), 0);
    assert_int_equal(store_fingerprint(fixture->path), 0);
    assert_int_equal(rename(path_of(fixture, "aside"), fixture->path), 0);
    assert_int_not_equal(store_fingerprint(fixture->path), before);
}

static void a_deleted_file_is_distinguished_from_one_that_never_was(void **state)
{
    struct fixture *fixture = *state;

    fixture_close(fixture);
    (void)unlink(fixture->path);
    assert_fault(fixture, STORE_READ, -ENOENT, "was deleted");
    assert_fault(fixture, STORE_WRITE, -ENOENT, "restore a backup");
    (void)unlink(path_of(fixture, ".turn"));
    assert_fault(fixture, STORE_READ, -ENOENT, "start sesbounced");
}

/* --- as another user
 * ---------------------------------------------------------------------- */

/* This program again, as a process that has never touched the file. */
static int run_as(uid_t uid, const char *role, const char *path)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        char *const arguments[] = {(char *)(uintptr_t) "test", (char *)(uintptr_t)role,
                                   (char *)(uintptr_t)path, NULL};
        gid_t group = READERS_GID;

        if (uid != 0 && (setgroups(1, &group) || setgid(OTHER_UID) || setuid(uid)))
            _exit(90);
        (void)fexecve(program_fd, arguments, environ);
        _exit(91);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int count_row(void *context, const struct store_value *values, size_t count)
{
    (void)values;
    (void)count;
    (*(int *)context)++;
    return 0;
}

/* Exit status: how many are suppressed, or 100 and more for a fault. */
static int be_reader(const char *path)
{
    const struct store_filter all = {0};
    _cleanup_(store_closep) struct store *store = NULL;
    struct buf fault;
    int rows = 0;
    int r;

    buf_init(&fault, 1024);
    r = store_open(path, STORE_READ, &store, &fault);
    if (r == 0)
        r = store_query(store, STORE_SUPPRESSED, &all, count_row, &rows);
    if (r < 0)
        (void)fprintf(stderr, "reader: %s\n",
                      fault.data ? fault.data : store_fault(store));
    buf_done(&fault);
    return r < 0 ? 100 : rows;
}

/* Writes one entry and dies as by a power cut of the process. */
static int be_victim(const char *path)
{
    struct store_decision decision = {.address = "killed@example.com",
                                      .actor = "x",
                                      .now_ms = clock_wall_ms(),
                                      .until_ms = POLICY_FOR_EVER};
    struct store *store = NULL;
    bool changed = false;

    if (store_open(path, STORE_OWN, &store, NULL) != 0 ||
        decide_add(store, &decision, &changed) != 0 || !changed)
        return 100;
    (void)raise(SIGKILL);
    return 101;
}

static void let_the_group_read(struct fixture *fixture)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};

    assert_int_equal(chown(fixture->directory, 0, READERS_GID), 0);
    assert_int_equal(chmod(fixture->directory, 0750), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(chown(path_of(fixture, suffixes[i]), 0, READERS_GID), 0);
}

static void the_group_reads_while_it_runs_is_stopped_or_was_killed(void **state)
{
    struct fixture *fixture = *state;

    if (geteuid() != 0) {
        print_message("only root can become another user: skipped\n");
        skip();
    }
    let_the_group_read(fixture);
    deliver(fixture, hard("a@example.com", "f1"));
    assert_int_equal(run_as(OTHER_UID, "reader", fixture->path), 1);
    fixture_close(fixture);
    assert_int_equal(run_as(OTHER_UID, "reader", fixture->path), 1);
    assert_int_equal(run_as(0, "victim", fixture->path), 128 + SIGKILL);
    assert_int_equal(run_as(OTHER_UID, "reader", fixture->path), 2);
    /* after a crash of the machine the index of the WAL may hold anything */
    assert_int_equal(truncate(path_of(fixture, "-shm"), 0), 0);
    assert_int_equal(truncate(path_of(fixture, "-shm"), 32768), 0);
    assert_int_equal(run_as(OTHER_UID, "reader", fixture->path), 2);
    /* and none of it has locked the owner out */
    assert_int_equal(store_open(fixture->path, STORE_OWN, &fixture->store, NULL), 0);
    deliver(fixture, hard("b@example.com", "f2"));
    assert_int_equal(run_as(OTHER_UID, "reader", fixture->path), 3);
}

/* As after `.backup` and `install`, or root's sqlite3 after a crash. */
static void the_group_reads_a_file_that_says_wal_and_stands_alone(void **state)
{
    struct fixture *fixture = *state;

    if (geteuid() != 0) {
        print_message("only root can become another user: skipped\n");
        skip();
    }
    let_the_group_read(fixture);
    deliver(fixture, hard("a@example.com", "f1"));
    fixture_close(fixture);
    tamper(fixture, "PRAGMA journal_mode = WAL");
    assert_int_equal(access(path_of(fixture, "-wal"), F_OK), -1);
    assert_int_equal(run_as(OTHER_UID, "reader", fixture->path), 1);
    assert_int_equal(access(path_of(fixture, "-wal"), F_OK), -1);
}

static void what_is_read_at_rest_is_void_once_somebody_writes(void **state)
{
    struct fixture *fixture = *state;
    const struct store_filter all = {0};
    struct store *reader = NULL;
    int rows = 0;

    if (geteuid() != 0) {
        print_message("only root can become another user: skipped\n");
        skip();
    }
    let_the_group_read(fixture);
    deliver(fixture, hard("a@example.com", "f1"));
    fixture_close(fixture);
    tamper(fixture, "PRAGMA journal_mode = WAL");
    assert_int_equal(setegid(READERS_GID) || seteuid(OTHER_UID), 0);
    assert_int_equal(store_open(fixture->path, STORE_READ, &reader, NULL), 0);
    assert_int_equal(store_query(reader, STORE_SUPPRESSED, &all, count_row, &rows), 0);
    assert_int_equal(seteuid(0) || setegid(0), 0);
    assert_int_equal(store_open(fixture->path, STORE_OWN, &fixture->store, NULL), 0);
    deliver(fixture, hard("b@example.com", "f2"));
    assert_int_equal(store_query(reader, STORE_SUPPRESSED, &all, count_row, &rows),
                     -EBUSY);
    store_close(reader);
}

static void the_group_cannot_write(void **state)
{
    struct fixture *fixture = *state;

    if (geteuid() != 0) {
        print_message("only root can become another user: skipped\n");
        skip();
    }
    let_the_group_read(fixture);
    assert_int_equal(run_as(OTHER_UID, "victim", fixture->path), 100);
    assert_int_equal(mode_of(fixture, ".turn"), 0600);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(the_file_needs_no_wal_once_the_last_writer_has_closed),
        TEST(the_wal_stays_while_a_reader_has_the_file_open),
        TEST(a_database_that_is_not_ours_is_left_as_it_is),
        TEST(a_file_is_opened_again_only_if_it_is_there_and_sound),
        TEST(a_fingerprint_tells_that_a_file_was_replaced),
        TEST(a_deleted_file_is_distinguished_from_one_that_never_was),
        TEST(the_group_reads_while_it_runs_is_stopped_or_was_killed),
        TEST(the_group_reads_a_file_that_says_wal_and_stands_alone),
        TEST(what_is_read_at_rest_is_void_once_somebody_writes),
        TEST(the_group_cannot_write),
    };

    if (argc == 3)
        return strcmp(argv[1], "reader") == 0 ? be_reader(argv[2]) : be_victim(argv[2]);
    program_fd = open("/proc/self/exe", O_RDONLY);
    return cmocka_run_group_tests_name("store_rest", tests, NULL, NULL);
}

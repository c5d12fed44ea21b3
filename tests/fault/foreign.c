#include "foreign.h"

#include "../unit/store/store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#define ARGUMENT "--foreign"

/* --- in the other process --------------------------------------------------------- */

struct other {
    const char *path;
    sqlite3 *db;
    int turn;
};

static bool sql(const struct other *other, const char *text)
{
    return sqlite3_exec(other->db, text, NULL, NULL, NULL) == SQLITE_OK;
}

static bool take_turn(struct other *other)
{
    char name[200];

    (void)snprintf(name, sizeof(name), "%s.turn", other->path);
    other->turn = open(name, O_RDONLY | O_CLOEXEC);
    return other->turn >= 0 && flock(other->turn, LOCK_EX) == 0;
}

static bool let_go(struct other *other)
{
    closep(&other->turn);
    other->turn = -1;
    return sqlite3_get_autocommit(other->db) || sql(other, "ROLLBACK");
}

static bool lock(const struct other *other)
{
    return sql(other, "BEGIN IMMEDIATE; DELETE FROM event; DELETE FROM suppression");
}

static bool suppress(const struct other *other)
{
    _cleanup_(store_closep) struct store *store = NULL;

    if (store_open(other->path, STORE_WRITE, &store, NULL) < 0)
        return false;
    for (int i = 0; i < FOREIGN_PEOPLE; i++) {
        char address[40];
        bool changed = false;
        struct store_decision decision = {.address = address,
                                          .actor = "ann",
                                          .now_ms = clock_wall_ms(),
                                          .until_ms = POLICY_FOR_EVER};

        (void)snprintf(address, sizeof(address), "person-%d@example.com", i);
        if (decide_add(store, &decision, &changed) < 0 || !changed)
            return false;
    }
    return true;
}

static bool obey(struct other *other, char order)
{
    switch ((enum foreign_order)order) {
    case FOREIGN_LOCK:
        return lock(other);
    case FOREIGN_TURN:
        return take_turn(other);
    case FOREIGN_BOTH:
        return take_turn(other) && lock(other);
    case FOREIGN_LET_GO:
        return let_go(other);
    case FOREIGN_READ:
        return sql(other, "BEGIN; SELECT count(*) FROM event");
    case FOREIGN_STOP_READ:
        return sql(other, "COMMIT");
    case FOREIGN_SUPPRESS:
        return suppress(other);
    }
    return false;
}

void foreign_main(int argc, char **argv)
{
    struct other other = {.turn = -1};
    char order;

    if (argc != 3 || strcmp(argv[1], ARGUMENT) != 0)
        return;
    other.path = argv[2];
    if (sqlite3_open_v2(other.path, &other.db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        _exit(1);
    (void)sqlite3_busy_timeout(other.db, 5000);
    while (read(STDIN_FILENO, &order, 1) == 1) {
        char answer = obey(&other, order) ? 'y' : 'n';

        if (write(STDOUT_FILENO, &answer, 1) != 1)
            break;
    }
    (void)let_go(&other);
    (void)sqlite3_close(other.db);
    _exit(0);
}

/* --- here ------------------------------------------------------------------------- */

void foreign_start(struct foreign *foreign, const char *path)
{
    int orders[2], answers[2];

    assert_int_equal(pipe2(orders, O_CLOEXEC), 0);
    assert_int_equal(pipe2(answers, O_CLOEXEC), 0);
    foreign->pid = fork();
    assert_true(foreign->pid >= 0);
    if (foreign->pid == 0) {
        (void)dup2(orders[0], STDIN_FILENO);
        (void)dup2(answers[1], STDOUT_FILENO);
        (void)execl("/proc/self/exe", "foreign", ARGUMENT, path, (char *)NULL);
        _exit(127);
    }
    (void)close(orders[0]);
    (void)close(answers[1]);
    foreign->orders = orders[1];
    foreign->answers = answers[0];
}

void foreign_order(struct foreign *foreign, enum foreign_order order)
{
    char byte = (char)order;

    assert_int_equal(write(foreign->orders, &byte, 1), 1);
}

void foreign_wait(struct foreign *foreign)
{
    char answer = 'n';

    assert_int_equal(read(foreign->answers, &answer, 1), 1);
    assert_int_equal(answer, 'y');
}

void foreign_do(struct foreign *foreign, enum foreign_order order)
{
    foreign_order(foreign, order);
    foreign_wait(foreign);
}

void foreign_kill(struct foreign *foreign)
{
    (void)kill(foreign->pid, SIGKILL);
    assert_int_equal(waitpid(foreign->pid, NULL, 0), foreign->pid);
    closep(&foreign->orders);
    closep(&foreign->answers);
}

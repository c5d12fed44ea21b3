/*
 * When a checkpoint is asked for, and when the write-ahead log restarts. The store
 * is played by this file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "daemon/checkpointer.h"

#include "daemon/limits.h"
#include "log_capture.h"

static struct {
    int64_t wal_bytes;
    int restart_fault;
    int restarts;
    atomic_int copies; /* by the checkpointer's thread */
    atomic_int copy_fault;
    atomic_int opened; /* now */
    atomic_int opens;
    pid_t early_reader;
} store;

int store_open(const char *path, enum store_mode mode, struct store **ret,
               struct buf *fault)
{
    (void)path;
    (void)fault;
    assert_int_equal(mode, STORE_CHECKPOINT);
    *ret = (struct store *)&store;
    atomic_fetch_add(&store.opened, 1);
    atomic_fetch_add(&store.opens, 1);
    return 0;
}

void store_close(struct store *s)
{
    if (s)
        atomic_fetch_sub(&store.opened, 1);
}

const char *store_advice(int fault)
{
    (void)fault;
    return "repair it";
}

bool store_early_reader(struct store *s, pid_t *ret_pid)
{
    (void)s;
    *ret_pid = store.early_reader;
    return store.early_reader != 0;
}

int64_t store_wal_bytes(const struct store *s)
{
    (void)s;
    return store.wal_bytes;
}

int store_checkpoint_passive(struct store *s, bool *ret_complete)
{
    (void)s;
    *ret_complete = true;
    atomic_fetch_add(&store.copies, 1);
    return atomic_load(&store.copy_fault);
}

int store_checkpoint_restart(struct store *s)
{
    (void)s;
    store.restarts++;
    return store.restart_fault;
}

static struct checkpointer *checkpointer;
static busy_since busy;

static int set_up(void **state)
{
    (void)state;
    store.wal_bytes = 0;
    store.restart_fault = 0;
    store.restarts = 0;
    atomic_store(&store.copies, 0);
    atomic_store(&store.copy_fault, 0);
    atomic_store(&store.opens, 0);
    return checkpointer_start("played", &busy, &checkpointer);
}

static int tear_down(void **state)
{
    (void)state;
    checkpointer_stop(checkpointer);
    assert_int_equal(atomic_load(&store.opened), 0);
    return 0;
}

static void edge(int64_t wal_bytes)
{
    store.wal_bytes = wal_bytes;
    checkpointer_edge(checkpointer, (struct store *)&store);
}

/* Batch edges until the copy that was asked for is done and the log has restarted. */
static void finish(int64_t wal_bytes, int restarts)
{
    while (store.restarts < restarts) {
        edge(wal_bytes);
        (void)sched_yield();
    }
}

static void a_small_log_is_left_alone(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++)
        edge(STORE_WAL_BYTES - 1);
    assert_int_equal(atomic_load(&store.copies), 0);
    assert_int_equal(store.restarts, 0);
}

static void a_grown_log_is_copied_and_then_restarted(void **state)
{
    (void)state;
    finish(STORE_WAL_BYTES, 1);
    assert_int_equal(atomic_load(&store.copies), 1);
    for (int i = 0; i < 1000; i++)
        edge(0);
    assert_int_equal(store.restarts, 1);
    finish(STORE_WAL_BYTES, 2);
    assert_int_equal(atomic_load(&store.copies), 2);
}

static void one_connection_serves_until_it_is_let_go(void **state)
{
    (void)state;
    finish(STORE_WAL_BYTES, 1);
    finish(STORE_WAL_BYTES, 2);
    assert_int_equal(atomic_load(&store.opens), 1);
    assert_int_equal(atomic_load(&store.opened), 1);
    checkpointer_let_go(checkpointer);
    assert_int_equal(atomic_load(&store.opened), 0);
    finish(STORE_WAL_BYTES, 3);
    assert_int_equal(atomic_load(&store.opens), 2);
}

static void a_checkpoint_under_way_ends_before_its_connection_is_let_go(void **state)
{
    (void)state;
    edge(STORE_WAL_BYTES); /* asks */
    checkpointer_let_go(checkpointer);
    assert_int_equal(atomic_load(&store.copies), 1);
    assert_int_equal(atomic_load(&store.opened), 0);
}

static void after_a_fault_the_connection_is_opened_again(void **state)
{
    (void)state;
    atomic_store(&store.copy_fault, -EIO);
    finish(STORE_WAL_BYTES, 1);
    assert_int_equal(atomic_load(&store.opened), 0);
    atomic_store(&store.copy_fault, 0);
    finish(STORE_WAL_BYTES, 2);
    assert_int_equal(atomic_load(&store.opens), 2);
}

static void a_log_that_a_reader_pins_is_tried_again_after_as_much_growth(void **state)
{
    (void)state;
    store.restart_fault = -EBUSY;
    finish(STORE_WAL_BYTES, 1);
    for (int i = 0; i < 1000; i++)
        edge(2 * STORE_WAL_BYTES - 1);
    assert_int_equal(atomic_load(&store.copies), 1);
    store.restart_fault = 0;
    finish(2 * STORE_WAL_BYTES, 2);
    assert_int_equal(atomic_load(&store.copies), 2);
}

static void a_log_that_a_reader_pins_for_long_is_reported_once_a_minute(void **state)
{
    char text[4096];

    (void)state;
    store.restart_fault = -EBUSY;
    log_begin();
    finish(STORE_WAL_PINNED_BYTES - 1, 1);
    log_end(text, sizeof(text));
    assert_string_equal(text, "");

    log_begin();
    finish(STORE_WAL_PINNED_BYTES - 1 + STORE_WAL_BYTES, 2);
    finish(STORE_WAL_PINNED_BYTES - 1 + 2 * STORE_WAL_BYTES, 3);
    log_end(text, sizeof(text));
    assert_non_null(strstr(text, "a reader does not end"));
    assert_non_null(strstr(text, "PATH=played"));
    assert_ptr_equal(strstr(text, "PATH="), strrchr(text, 'P'));
    assert_non_null(strstr(text, "`fuser -v played*`")); /* it may hold only -shm */
}

static void a_reader_from_before_the_start_is_logged_once_and_so_is_its_end(void **state)
{
    char text[4096];

    (void)state;
    store.early_reader = 4711;
    log_begin();
    edge(0);
    edge(0);
    log_end(text, sizeof(text));
    assert_non_null(strstr(text, "READER=4711"));
    assert_ptr_equal(strchr(text, '\n'), strrchr(text, '\n'));

    store.early_reader = 0;
    log_begin();
    edge(0);
    edge(0);
    log_end(text, sizeof(text));
    assert_non_null(strstr(text, "has ended"));
    assert_ptr_equal(strchr(text, '\n'), strrchr(text, '\n'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_small_log_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_grown_log_is_copied_and_then_restarted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_connection_serves_until_it_is_let_go, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_checkpoint_under_way_ends_before_its_connection_is_let_go, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(after_a_fault_the_connection_is_opened_again,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_log_that_a_reader_pins_is_tried_again_after_as_much_growth, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            a_log_that_a_reader_pins_for_long_is_reported_once_a_minute, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            a_reader_from_before_the_start_is_logged_once_and_so_is_its_end, set_up,
            tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

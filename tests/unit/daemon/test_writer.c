/*
 * The writer against a store whose every step can be made to fail: who is answered what,
 * and never before the commit. The store, and the resuming of a connection, are played by
 * this file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>

#include "daemon/checkpointer.h"
#include "daemon/http.h"
#include "daemon/outbound.h"
#include "daemon/writer.h"
#include "sesbounce/limits.h"

#define DELIVERIES 6

/* One store for all; its thread is the writer's, and ours only while that does not run.
 */
static struct {
    int begin_fault;      /* returned by every begin */
    int commit_faults;    /* so many commits fail … */
    int commit_fault;     /* … with this */
    const void *poisoned; /* applying this intake fails with -EIO */
    int begins, commits, rollbacks;
    bool hangs;              /* commits wait until somebody lets them go */
    bool open;               /* in a transaction */
    bool acknowledged_early; /* somebody was resumed while a transaction was open */
} store;

static pthread_mutex_t resumed_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t resumed_changed = PTHREAD_COND_INITIALIZER;
static int resumed; /* guarded by resumed_mutex */

void http_resume(struct delivery *delivery)
{
    assert_int_not_equal(delivery->verdict, VERDICT_UNDECIDED);
    if (verdict_is_kept(delivery->verdict))
        store.acknowledged_early |= store.open;
    pthread_mutex_lock(&resumed_mutex);
    resumed++;
    pthread_cond_signal(&resumed_changed);
    pthread_mutex_unlock(&resumed_mutex);
}

int store_begin(struct store *s)
{
    (void)s;
    store.begins++;
    store.open = store.begin_fault == 0;
    return store.begin_fault;
}

int store_apply(struct store *s, const struct intake *intake, enum verdict *ret)
{
    (void)s;
    *ret = VERDICT_STORED;
    return intake == store.poisoned ? -EIO : 0;
}

static pthread_mutex_t hang_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t hang_changed = PTHREAD_COND_INITIALIZER;
static int hanging; /* guarded by hang_mutex, as is store.hangs */

static void hang(void)
{
    pthread_mutex_lock(&hang_mutex);
    hanging += store.hangs;
    pthread_cond_broadcast(&hang_changed);
    while (store.hangs)
        pthread_cond_wait(&hang_changed, &hang_mutex);
    pthread_mutex_unlock(&hang_mutex);
}

static void wait_until_it_hangs(void)
{
    pthread_mutex_lock(&hang_mutex);
    while (hanging == 0)
        pthread_cond_wait(&hang_changed, &hang_mutex);
    pthread_mutex_unlock(&hang_mutex);
}

static void let_go(void)
{
    pthread_mutex_lock(&hang_mutex);
    store.hangs = false;
    pthread_cond_broadcast(&hang_changed);
    pthread_mutex_unlock(&hang_mutex);
}

int store_metrics_look(struct store_metrics *metrics, struct store *s, int64_t mono_ms)
{
    (void)metrics, (void)s, (void)mono_ms;
    return 0;
}

int store_commit(struct store *s)
{
    (void)s;
    hang();
    store.commits++;
    store.open = false;
    if (store.commit_faults == 0)
        return 0;
    store.commit_faults--;
    return store.commit_fault;
}

void store_rollback(struct store *s)
{
    (void)s;
    store.rollbacks++;
    store.open = false;
}

const char *store_fault(const struct store *s)
{
    (void)s;
    return "played";
}

const char *store_advice(int fault)
{
    return fault < 0 ? "mend it" : NULL;
}

bool store_is_new(const struct store *s)
{
    (void)s;
    return false;
}

int store_open(const char *path, enum store_mode mode, struct store **ret,
               struct buf *fault)
{
    (void)path;
    (void)mode;
    (void)fault;
    *ret = (struct store *)&store;
    return 0;
}

int store_open_again(const char *path, struct store **ret, struct buf *fault)
{
    (void)path;
    (void)fault;
    *ret = NULL;
    return -EUCLEAN;
}

uint64_t store_fingerprint(const char *path)
{
    (void)path;
    return 1;
}

bool store_fault_stays(int fault)
{
    return fault == -EUCLEAN;
}

void store_close(struct store *s)
{
    (void)s;
}

int store_probe(struct store *s)
{
    (void)s;
    return -EIO; /* it does not mend by itself while a test looks */
}

bool store_changed_elsewhere(struct store *s)
{
    (void)s;
    return false;
}

int store_confirmations_due(struct store *s, int64_t now_ms,
                            struct store_confirmation *ret, size_t max,
                            int64_t *ret_next_ms)
{
    (void)s;
    (void)now_ms;
    (void)ret;
    (void)max;
    *ret_next_ms = CLOCK_NONE;
    return 0;
}

int store_confirmation_result(struct store *s, int64_t id,
                              enum store_confirm_result result, struct str text,
                              int64_t now_ms)
{
    (void)s;
    (void)id;
    (void)result;
    (void)text;
    (void)now_ms;
    return 0;
}

void store_confirmation_done(struct store_confirmation *confirmation)
{
    (void)confirmation;
}

int store_tidy(struct store *s, int64_t now_ms, bool *ret_more)
{
    (void)s;
    (void)now_ms;
    *ret_more = false;
    return 0;
}

int store_quarantine_bound(struct store *s, int64_t max_bytes, int64_t now_ms,
                           size_t *ret_dropped)
{
    (void)s;
    (void)max_bytes;
    (void)now_ms;
    *ret_dropped = 0;
    return 0;
}

bool store_early_reader(struct store *s, pid_t *ret_pid)
{
    (void)s;
    (void)ret_pid;
    return false;
}

int64_t store_wal_bytes(const struct store *s)
{
    (void)s;
    return 0;
}

int store_checkpoint_passive(struct store *s, bool *ret_complete)
{
    (void)s;
    *ret_complete = true;
    return 0;
}

int store_checkpoint_restart(struct store *s)
{
    (void)s;
    return 0;
}

size_t outbound_room(struct outbound *outbound)
{
    (void)outbound;
    return 1;
}

int outbound_confirm(struct outbound *outbound, struct outbound_confirmation *task)
{
    (void)outbound;
    (void)task;
    return -EAGAIN;
}

void outbound_confirmation_free(struct outbound_confirmation *task)
{
    free(task);
}

/* --- the tests ------------------------------------------------------------------- */

struct fixture {
    struct settings *settings;
    struct service service;
    struct writer *writer;
    struct delivery deliveries[DELIVERIES];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    int64_t now_ms = clock_mono_ms();

    assert_non_null(f);
    memset(&store, 0, sizeof(store));
    resumed = 0;
    hanging = 0;
    assert_int_equal(settings_new(&f->settings), 0);
    f->service.settings = f->settings;
    f->service.bounds.writer_queue = DELIVERIES;
    for (size_t i = 0; i < DELIVERIES; i++) {
        f->deliveries[i].job.kind = WRITER_JOB_DELIVERY;
        f->deliveries[i].deadline_ms = now_ms + 60000;
    }
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    settings_free(f->settings);
    free(f);
    return 0;
}

static void wait_until_resumed(int count)
{
    pthread_mutex_lock(&resumed_mutex);
    while (resumed < count)
        pthread_cond_wait(&resumed_changed, &resumed_mutex);
    pthread_mutex_unlock(&resumed_mutex);
}

/* Lends all deliveries, and waits until all have come back. */
static void write_all(struct fixture *f)
{
    assert_int_equal(writer_start(&f->service, (struct store *)&store, &f->writer), 0);
    for (size_t i = 0; i < DELIVERIES; i++)
        assert_int_equal(writer_push(f->writer, &f->deliveries[i].job), 0);
    wait_until_resumed(DELIVERIES);
    writer_stop(f->writer);
    writer_free(f->writer);
    assert_false(store.acknowledged_early);
}

static size_t with_status(const struct fixture *f, unsigned status)
{
    size_t count = 0;

    for (size_t i = 0; i < DELIVERIES; i++)
        count += verdict_info(f->deliveries[i].verdict)->http_status == status;
    return count;
}

static void what_was_committed_is_acknowledged(void **state)
{
    struct fixture *f = *state;

    write_all(f);
    assert_int_equal(with_status(f, 200), DELIVERIES);
    assert_int_equal(store.begins, store.commits);
    assert_int_equal(store.rollbacks, 0);
    assert_true(atomic_load(&f->service.storing));
}

static void nothing_is_acknowledged_when_no_commit_works(void **state)
{
    struct fixture *f = *state;

    store.commit_faults = 1000;
    store.commit_fault = -ENOSPC;
    write_all(f);
    assert_int_equal(with_status(f, 503), DELIVERIES);
    assert_false(atomic_load(&f->service.storing));
    assert_string_equal(atomic_load(&f->service.trouble), "mend it");
    assert_string_equal(f->deliveries[0].fault, "mend it");
}

static void one_poisoned_delivery_does_not_spoil_the_others(void **state)
{
    struct fixture *f = *state;

    store.poisoned = &f->deliveries[2].intake;
    write_all(f);
    assert_int_equal(with_status(f, 200), DELIVERIES - 1);
    assert_int_equal(f->deliveries[2].verdict, VERDICT_STORE);
    assert_true(store.rollbacks >= 1);
}

static void a_lock_held_by_others_is_not_waited_for_by_each(void **state)
{
    struct fixture *f = *state;

    store.begin_fault = -EBUSY;
    write_all(f);
    assert_int_equal(with_status(f, 503), DELIVERIES);
    assert_true(store.begins <= DELIVERIES);
    assert_int_equal(store.commits, 0);
}

static void a_corrupt_file_is_told_to_main(void **state)
{
    struct fixture *f = *state;

    store.commit_faults = 1000;
    store.commit_fault = -EUCLEAN;
    assert_int_equal(writer_start(&f->service, (struct store *)&store, &f->writer), 0);
    assert_int_equal(writer_fatal(f->writer), 0);
    assert_int_equal(writer_push(f->writer, &f->deliveries[0].job), 0);
    wait_until_resumed(1);
    assert_int_equal(writer_fatal(f->writer), -EUCLEAN);
    writer_stop(f->writer);
    writer_free(f->writer);
}

static void what_waited_too_long_is_neither_stored_nor_acknowledged(void **state)
{
    struct fixture *f = *state;

    f->deliveries[0].deadline_ms = 0;
    write_all(f);
    assert_int_equal(f->deliveries[0].verdict, VERDICT_BUSY);
    assert_int_equal(with_status(f, 200), DELIVERIES - 1);
}

static void nothing_is_taken_after_the_stop_began(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(writer_start(&f->service, (struct store *)&store, &f->writer), 0);
    for (size_t i = 1; i < DELIVERIES; i++)
        assert_int_equal(writer_push(f->writer, &f->deliveries[i].job), 0);
    writer_stop(f->writer); /* finishes those it has */
    assert_int_equal(resumed, DELIVERIES - 1);
    /* An HTTP thread that was busy verifying meanwhile. */
    assert_int_equal(writer_push(f->writer, &f->deliveries[0].job), -ESHUTDOWN);
    writer_free(f->writer);
}

/* A disk that does not answer: what is beyond the bound is sent away, the watchdog is not
 * petted, and afterwards all goes on. */
static void a_hanging_disk_fills_the_queue_and_is_stuck_until_it_answers(void **state)
{
    struct fixture *f = *state;
    int64_t later_ms = clock_mono_ms() + 2 * BUSY_TOO_LONG_MS;

    store.hangs = true;
    f->service.bounds.writer_queue = 2;
    assert_int_equal(writer_start(&f->service, (struct store *)&store, &f->writer), 0);
    assert_int_equal(writer_push(f->writer, &f->deliveries[0].job), 0);
    wait_until_it_hangs();
    assert_int_equal(writer_push(f->writer, &f->deliveries[1].job), 0);
    assert_int_equal(writer_push(f->writer, &f->deliveries[2].job), 0);
    assert_int_equal(writer_push(f->writer, &f->deliveries[3].job), -EAGAIN);
    assert_false(writer_is_stuck(f->writer, clock_mono_ms()));
    assert_true(writer_is_stuck(f->writer, later_ms));
    let_go();
    wait_until_resumed(3);
    writer_stop(f->writer);
    assert_int_equal(with_status(f, 200), 3);
    assert_false(store.acknowledged_early);
    writer_free(f->writer);
}

/* Behind a disk that does not answer. */
static void start_hanging(struct fixture *f)
{
    store.hangs = true;
    assert_int_equal(writer_start(&f->service, (struct store *)&store, &f->writer), 0);
    assert_int_equal(writer_push(f->writer, &f->deliveries[0].job), 0);
    wait_until_it_hangs();
}

static void end_hanging(struct fixture *f, int resumed_in_all)
{
    let_go();
    wait_until_resumed(resumed_in_all);
    writer_stop(f->writer);
    writer_free(f->writer);
    assert_false(store.acknowledged_early);
}

static void who_would_be_late_is_answered_while_the_disk_hangs(void **state)
{
    struct fixture *f = *state;
    int64_t now_ms = clock_mono_ms();

    f->deliveries[1].deadline_ms = now_ms + MAIN_TICK_MS;
    f->deliveries[2].deadline_ms = now_ms + MAIN_TICK_MS + 1;
    start_hanging(f);
    f->deliveries[0].deadline_ms = 0; /* late, too, but in the transaction */
    assert_int_equal(writer_push(f->writer, &f->deliveries[2].job), 0);
    assert_int_equal(writer_push(f->writer, &f->deliveries[1].job), 0);
    writer_sweep(f->writer, now_ms);
    assert_int_equal(resumed, 1);
    assert_int_equal(f->deliveries[1].verdict, VERDICT_BUSY);
    writer_sweep(f->writer, now_ms + 1);
    assert_int_equal(resumed, 2);
    assert_int_equal(f->deliveries[2].verdict, VERDICT_BUSY);
    end_hanging(f, 3);
    assert_int_equal(with_status(f, 200), 1);
}

static void a_writer_that_hangs_for_long_stores_nothing_until_it_is_back(void **state)
{
    struct fixture *f = *state;
    int64_t now_ms = clock_mono_ms();

    start_hanging(f);
    assert_int_equal(writer_push(f->writer, &f->deliveries[1].job), 0);
    writer_sweep(f->writer, now_ms + ANSWER_MS);
    assert_true(atomic_load(&f->service.storing));
    writer_sweep(f->writer, clock_mono_ms() + ANSWER_MS + 1);
    assert_false(atomic_load(&f->service.storing));
    assert_non_null(strstr(atomic_load(&f->service.trouble), "does not answer"));
    end_hanging(f, 2);
    assert_int_equal(with_status(f, 200), 2);
    assert_true(atomic_load(&f->service.storing));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_committed_is_acknowledged, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_acknowledged_when_no_commit_works,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_poisoned_delivery_does_not_spoil_the_others,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lock_held_by_others_is_not_waited_for_by_each,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_corrupt_file_is_told_to_main, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            what_waited_too_long_is_neither_stored_nor_acknowledged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_taken_after_the_stop_began, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_hanging_disk_fills_the_queue_and_is_stuck_until_it_answers, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            who_would_be_late_is_answered_while_the_disk_hangs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_writer_that_hangs_for_long_stores_nothing_until_it_is_back, set_up,
            tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

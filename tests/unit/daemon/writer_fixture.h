/*
 * The writer against a store whose every step can be made to fail. The store, and the
 * resuming of a connection, are played by this file; each program includes it once.
 */
#ifndef TESTS_WRITER_FIXTURE_H
#define TESTS_WRITER_FIXTURE_H

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
#define LOOKS      4

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
    int begin_faults[LOOKS]; /* of the first begins, before begin_fault */
    int opened_again, open_again_fault;
    uint64_t looks[LOOKS]; /* at the file; the last one stays */
    size_t looked;
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
    int fault = store.begins < LOOKS ? store.begin_faults[store.begins] : 0;

    (void)s;
    store.begins++;
    if (fault == 0)
        fault = store.begin_fault;
    store.open = fault == 0;
    return fault;
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

static inline void hang(void)
{
    pthread_mutex_lock(&hang_mutex);
    hanging += store.hangs;
    pthread_cond_broadcast(&hang_changed);
    while (store.hangs)
        pthread_cond_wait(&hang_changed, &hang_mutex);
    pthread_mutex_unlock(&hang_mutex);
}

static inline void wait_until_it_hangs(void)
{
    pthread_mutex_lock(&hang_mutex);
    while (hanging == 0)
        pthread_cond_wait(&hang_changed, &hang_mutex);
    pthread_mutex_unlock(&hang_mutex);
}

static inline void let_go(void)
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
    store.opened_again++;
    *ret = store.open_again_fault ? NULL : (struct store *)&store;
    return store.open_again_fault;
}

/* The writer calls it when it lets go of the file, and then at each tick. */
uint64_t store_fingerprint(const char *path)
{
    (void)path;
    return store.looks[store.looked++ < LOOKS ? store.looked - 1 : LOOKS - 1];
}

void store_files_of(const struct store *s, struct store_files *ret)
{
    (void)s;
    *ret = (struct store_files){0};
}

int store_set_log_aside(const char *path, const struct store_files *files)
{
    (void)path;
    (void)files;
    return 0;
}

bool store_fault_stays(int fault)
{
    return fault == -EUCLEAN || fault == -ESTALE;
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

int64_t store_wal_bytes(const struct store *s)
{
    (void)s;
    return 0;
}

bool store_early_reader(struct store *s, pid_t *ret_pid)
{
    (void)s;
    *ret_pid = 0;
    return false;
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

/* --- the writer ------------------------------------------------------------------ */

struct fixture {
    struct settings *settings;
    struct service service;
    struct writer *writer;
    struct delivery deliveries[DELIVERIES];
};

static inline int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    int64_t now_ms = clock_mono_ms();

    assert_non_null(f);
    memset(&store, 0, sizeof(store));
    store.open_again_fault = -EUCLEAN;
    for (size_t i = 0; i < LOOKS; i++)
        store.looks[i] = 1;
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

static inline int tear_down(void **state)
{
    struct fixture *f = *state;

    settings_free(f->settings);
    free(f);
    return 0;
}

static inline void wait_until_resumed(int count)
{
    pthread_mutex_lock(&resumed_mutex);
    while (resumed < count)
        pthread_cond_wait(&resumed_changed, &resumed_mutex);
    pthread_mutex_unlock(&resumed_mutex);
}

/* Lends all deliveries, and waits until all have come back. */
static inline void write_all(struct fixture *f)
{
    assert_int_equal(writer_start(&f->service, (struct store *)&store, &f->writer), 0);
    for (size_t i = 0; i < DELIVERIES; i++)
        assert_int_equal(writer_push(f->writer, &f->deliveries[i].job), 0);
    wait_until_resumed(DELIVERIES);
    writer_stop(f->writer);
    writer_free(f->writer);
    assert_false(store.acknowledged_early);
}

static inline size_t with_status(const struct fixture *f, unsigned status)
{
    size_t count = 0;

    for (size_t i = 0; i < DELIVERIES; i++)
        count += verdict_info(f->deliveries[i].verdict)->http_status == status;
    return count;
}

/* Behind a disk that does not answer. */
static inline void start_hanging(struct fixture *f)
{
    store.hangs = true;
    assert_int_equal(writer_start(&f->service, (struct store *)&store, &f->writer), 0);
    assert_int_equal(writer_push(f->writer, &f->deliveries[0].job), 0);
    wait_until_it_hangs();
}

static inline void end_hanging(struct fixture *f, int resumed_in_all)
{
    let_go();
    wait_until_resumed(resumed_in_all);
    writer_stop(f->writer);
    writer_free(f->writer);
    assert_false(store.acknowledged_early);
}

#endif

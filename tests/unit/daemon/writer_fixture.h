/*
 * The writer with a real database, and jobs of this file's own that can fail, hang, and
 * look whether they were acknowledged before they were durable.
 */
#ifndef TESTS_WRITER_FIXTURE_H
#define TESTS_WRITER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../decide.h"
#include "daemon/writer.h"
#include "sesbounce/limits.h"
#include "sesbounce/settings.h"

#define JOBS 6

struct fixture {
    char folder[48];
    char path[64];
    char *settings_path;
    struct settings *settings;
    struct service service;
    struct writer *writer;
    struct test_job {
        struct job job;
        struct fixture *fixture;
        int faults[2]; /* of adding it the first and the second time */
        bool hangs;    /* adding it waits for let_go() */
        void (*when_done)(struct fixture *fixture);
        int added;
        int ended; /* with this; 1: not yet */
    } jobs[JOBS];
    pthread_mutex_t mutex; /* guards what is below, and `ended` */
    pthread_cond_t changed;
    bool let_go;
    bool hanging;
    time_t changes; /* of the file */
    int done;
    size_t committed_unseen; /* acknowledged, but not there for another reader */
};

static inline const char *address_of(const struct test_job *job, char text[32])
{
    (void)snprintf(text, 32, "a%zu@example.com", (size_t)(job - job->fixture->jobs));
    return text;
}

static inline void job_hang(struct test_job *job)
{
    struct fixture *f = job->fixture;

    pthread_mutex_lock(&f->mutex);
    f->hanging = true;
    pthread_cond_broadcast(&f->changed);
    while (!f->let_go)
        pthread_cond_wait(&f->changed, &f->mutex);
    pthread_mutex_unlock(&f->mutex);
}

static inline int job_add(struct job *base, struct store *store)
{
    struct test_job *job = (struct test_job *)(void *)base;
    int fault = job->added < 2 ? job->faults[job->added] : job->faults[1];
    char address[32];
    const struct store_decision decision = {.address = address_of(job, address),
                                            .scope = "*",
                                            .actor = "test",
                                            .now_ms = 1790000000000,
                                            .until_ms = POLICY_FOR_EVER};
    bool changed;

    job->added++;
    if (job->hangs)
        job_hang(job);
    return fault ? fault : decide_add(store, &decision, &changed);
}

/* Through a connection of its own. */
static inline bool job_is_durable(struct test_job *job)
{
    struct store *reader = NULL;
    struct address key;
    char text[32];
    int r;

    assert_int_equal(store_open(job->fixture->path, STORE_READ, &reader, NULL), 0);
    assert_int_equal(address_parse(str_of(address_of(job, text)), &key), 0);
    r = store_is_suppressed(reader, &key, "*");
    store_close(reader);
    return r == 1;
}

static inline void job_done(struct job *base, int fault)
{
    struct test_job *job = (struct test_job *)(void *)base;
    struct fixture *f = job->fixture;
    bool lost = fault == 0 && !job_is_durable(job);

    if (job->when_done)
        job->when_done(f);
    pthread_mutex_lock(&f->mutex);
    f->committed_unseen += lost;
    job->ended = fault;
    f->done++;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->mutex);
}

static inline int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    (void)snprintf(f->folder, sizeof(f->folder), "/tmp/test_writer.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->path, sizeof(f->path), "%s/t.db", f->folder);
    assert_int_equal(settings_new(&f->settings), 0);
    f->settings_path = f->settings->store.path;
    f->settings->store.path = f->path;
    f->service.settings = f->settings;
    f->service.bounds = bounds_of(64, 4096, UINT64_MAX);
    f->service.bounds.writer_queue = JOBS;
    assert_int_equal(service_init(&f->service), 0);
    (void)pthread_mutex_init(&f->mutex, NULL);
    (void)pthread_cond_init(&f->changed, NULL);
    for (size_t i = 0; i < JOBS; i++)
        f->jobs[i] = (struct test_job){
            .job = {.deadline_ms = JOB_WHENEVER, .add = job_add, .done = job_done},
            .fixture = f,
            .ended = 1,
        };
    *state = f;
    return 0;
}

static inline int tear_down(void **state)
{
    static const char *const endings[] = {"", "-wal", "-shm", ".turn"};
    struct fixture *f = *state;
    char path[80];

    assert_int_equal(f->committed_unseen, 0);
    service_done(&f->service);
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s%s", f->path, endings[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(f->folder), 0);
    f->settings->store.path = f->settings_path;
    settings_free(f->settings);
    (void)pthread_cond_destroy(&f->changed);
    (void)pthread_mutex_destroy(&f->mutex);
    free(f);
    return 0;
}

static inline void begin(struct fixture *f)
{
    struct store *store = NULL;

    assert_int_equal(store_open(f->path, STORE_OWN, &store, NULL), 0);
    assert_int_equal(writer_start(&f->service, store, &f->writer), 0);
}

static inline void end(struct fixture *f)
{
    writer_stop(f->writer);
}

static inline int job_push(struct fixture *f, size_t i)
{
    return service_lend_to_writer(&f->service, &f->jobs[i].job);
}

static inline void wait_until_done(struct fixture *f, int count)
{
    pthread_mutex_lock(&f->mutex);
    while (f->done < count)
        pthread_cond_wait(&f->changed, &f->mutex);
    pthread_mutex_unlock(&f->mutex);
}

/* The first job hangs until let_go(), so that the others are one batch. */
static inline void begin_hanging(struct fixture *f)
{
    f->jobs[0].hangs = true;
    begin(f);
    assert_int_equal(job_push(f, 0), 0);
    pthread_mutex_lock(&f->mutex);
    while (!f->hanging)
        pthread_cond_wait(&f->changed, &f->mutex);
    pthread_mutex_unlock(&f->mutex);
}

static inline void let_go(struct fixture *f)
{
    pthread_mutex_lock(&f->mutex);
    f->let_go = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->mutex);
}

/* One job, and then the rest as one batch. */
static inline void write_all(struct fixture *f)
{
    begin_hanging(f);
    for (size_t i = 1; i < JOBS; i++)
        assert_int_equal(job_push(f, i), 0);
    let_go(f);
    wait_until_done(f, JOBS);
    end(f);
}

static inline size_t ended_with(const struct fixture *f, int fault)
{
    size_t count = 0;

    for (size_t i = 0; i < JOBS; i++)
        count += f->jobs[i].ended == fault;
    return count;
}

#endif

/* The thread that reads for the admin side, over a real database. */
#include "../store/store_fixture.h"

#include <errno.h>
#include <pthread.h>

#include "daemon/limits.h"
#include "daemon/reader.h"

#define NOT_YET       1
#define WAITS_MAX     4
#define QUESTIONS_MAX (READER_QUESTIONS_MAX + WAITS_MAX)

struct scene;

struct asked {
    struct question question;
    struct scene *scene;
    bool hangs; /* until `let_go` */
    int fault;  /* that asking gives */
    int waits;  /* so many times there is nothing yet */
    int ended;  /* with this */
};

struct scene {
    struct fixture *fixture;
    struct health health;
    struct reader reader;
    pthread_mutex_t mutex; /* guards what is below, and `ended` */
    pthread_cond_t changed;
    bool hanging, let_go;
    int read; /* how many have read */
    struct asked asked[QUESTIONS_MAX + 2];
};

static int asked_ask(struct question *question, struct store *store)
{
    struct asked *asked = queue_entry(question, struct asked, question);
    struct scene *scene = asked->scene;

    assert_non_null(store);
    pthread_mutex_lock(&scene->mutex);
    scene->read++;
    scene->hanging = asked->hangs;
    pthread_cond_broadcast(&scene->changed);
    while (asked->hangs && !scene->let_go)
        pthread_cond_wait(&scene->changed, &scene->mutex);
    pthread_mutex_unlock(&scene->mutex);
    return asked->waits-- > 0 ? QUESTION_WAITS : asked->fault;
}

static void asked_done(struct question *question, int fault)
{
    struct asked *asked = queue_entry(question, struct asked, question);

    pthread_mutex_lock(&asked->scene->mutex);
    asked->ended = fault;
    pthread_cond_broadcast(&asked->scene->changed);
    pthread_mutex_unlock(&asked->scene->mutex);
}

static struct scene *scene_new(struct fixture *fixture)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    scene->fixture = fixture;
    assert_int_equal(health_init(&scene->health), 0);
    assert_int_equal(reader_init(&scene->reader, WAITS_MAX), 0);
    pthread_mutex_init(&scene->mutex, NULL);
    pthread_cond_init(&scene->changed, NULL);
    for (size_t i = 0; i < QUESTIONS_MAX + 2; i++)
        scene->asked[i] =
            (struct asked){.question = {.ask = asked_ask, .done = asked_done},
                           .scene = scene,
                           .ended = NOT_YET};
    return scene;
}

static void scene_start(struct scene *scene)
{
    reader_allow(&scene->reader, scene->fixture->store);
    assert_int_equal(reader_start(&scene->reader, scene->fixture->path, &scene->health),
                     0);
}

static void scene_end(struct scene *scene)
{
    reader_stop(&scene->reader);
    reader_done(&scene->reader);
    health_done(&scene->health);
    pthread_cond_destroy(&scene->changed);
    pthread_mutex_destroy(&scene->mutex);
    free(scene);
}

static int asked_wait(struct asked *asked)
{
    pthread_mutex_lock(&asked->scene->mutex);
    while (asked->ended == NOT_YET)
        pthread_cond_wait(&asked->scene->changed, &asked->scene->mutex);
    pthread_mutex_unlock(&asked->scene->mutex);
    return asked->ended;
}

static int scene_ask(struct scene *scene, size_t which)
{
    return reader_ask(&scene->reader, &scene->asked[which].question);
}

/* Lends one that hangs until scene_let_go(). */
static void scene_hang(struct scene *scene, size_t which)
{
    scene->asked[which].hangs = true;
    assert_int_equal(scene_ask(scene, which), 0);
    pthread_mutex_lock(&scene->mutex);
    while (!scene->hanging)
        pthread_cond_wait(&scene->changed, &scene->mutex);
    pthread_mutex_unlock(&scene->mutex);
}

static void scene_let_go(struct scene *scene)
{
    pthread_mutex_lock(&scene->mutex);
    scene->let_go = true;
    pthread_cond_broadcast(&scene->changed);
    pthread_mutex_unlock(&scene->mutex);
}

static void a_question_is_asked_and_ended(void **state)
{
    struct scene *scene = scene_new(*state);

    scene_start(scene);
    assert_int_equal(scene_ask(scene, 0), 0);
    assert_int_equal(asked_wait(&scene->asked[0]), 0);
    assert_int_equal(scene->read, 1);
    scene_end(scene);
}

static void nobody_is_asked_after_the_stop(void **state)
{
    struct scene *scene = scene_new(*state);

    scene_start(scene);
    reader_stop(&scene->reader);
    assert_int_equal(scene_ask(scene, 0), -ESHUTDOWN);
    scene_end(scene);
}

static void while_one_hangs_only_so_many_wait(void **state)
{
    struct scene *scene = scene_new(*state);

    scene_start(scene);
    scene_hang(scene, 0);
    for (size_t i = 1; i <= QUESTIONS_MAX; i++)
        assert_int_equal(scene_ask(scene, i), 0);
    assert_int_equal(scene_ask(scene, QUESTIONS_MAX + 1), -EAGAIN);
    scene_let_go(scene);
    for (size_t i = 0; i <= QUESTIONS_MAX; i++)
        assert_int_equal(asked_wait(&scene->asked[i]), 0);
    scene_end(scene);
}

static void a_stop_ends_those_that_wait_unasked(void **state)
{
    struct scene *scene = scene_new(*state);

    scene_start(scene);
    scene_hang(scene, 0);
    assert_int_equal(scene_ask(scene, 1), 0);
    queue_close(&scene->reader.questions); /* as the stop begins */
    scene_let_go(scene);
    assert_int_equal(asked_wait(&scene->asked[0]), 0);
    assert_int_equal(asked_wait(&scene->asked[1]), -ESHUTDOWN);
    assert_int_equal(scene->read, 1);
    scene_end(scene);
}

static void after_a_fault_the_next_question_opens_the_file_again(void **state)
{
    struct scene *scene = scene_new(*state);

    scene_start(scene);
    scene->asked[0].fault = -EIO;
    assert_int_equal(scene_ask(scene, 0), 0);
    assert_int_equal(asked_wait(&scene->asked[0]), -EIO);
    assert_int_equal(scene_ask(scene, 1), 0);
    assert_int_equal(asked_wait(&scene->asked[1]), 0);
    scene_end(scene);
}

static void a_file_that_is_replaced_is_not_read_until_the_writer_has_let_go(void **state)
{
    struct scene *scene = scene_new(*state);
    char away[PATH_MAX];

    scene_start(scene);
    assert_int_equal(scene_ask(scene, 0), 0);
    assert_int_equal(asked_wait(&scene->asked[0]), 0);
    (void)snprintf(away, sizeof(away), "%s.away", scene->fixture->path);
    assert_int_equal(rename(scene->fixture->path, away), 0);
    assert_int_equal(scene_ask(scene, 1), 0);
    assert_int_equal(asked_wait(&scene->asked[1]), -ENOENT);
    FILE *other = fopen(scene->fixture->path, "w");
    assert_non_null(other);
    (void)fclose(other);
    assert_int_equal(scene_ask(scene, 2), 0);
    assert_int_equal(asked_wait(&scene->asked[2]), -ESTALE);
    assert_int_equal(scene->read, 1);
    assert_int_equal(rename(away, scene->fixture->path), 0);
    reader_let_go(&scene->reader);
    assert_int_equal(scene_ask(scene, 3), 0);
    assert_int_equal(asked_wait(&scene->asked[3]), -EIO);
    reader_allow(&scene->reader, scene->fixture->store);
    assert_int_equal(scene_ask(scene, 4), 0);
    assert_int_equal(asked_wait(&scene->asked[4]), 0);
    scene_end(scene);
}

static void nothing_is_opened_while_the_writer_has_no_file(void **state)
{
    struct scene *scene = scene_new(*state);

    scene_start(scene);
    health_store_fails(&scene->health, -EUCLEAN);
    reader_let_go(&scene->reader);
    assert_int_equal(scene_ask(scene, 0), 0);
    assert_int_equal(asked_wait(&scene->asked[0]), -EUCLEAN);
    assert_int_equal(scene->read, 0);
    scene_end(scene);
}

/* Lends one that waits until the store draws an id, and returns once it has been read. */
static void scene_wait(struct scene *scene, size_t which, int64_t deadline_ms)
{
    struct asked *asked = &scene->asked[which];
    int before = scene->read;

    asked->waits = 1;
    asked->question.may_wait = true;
    asked->question.deadline_ms = deadline_ms;
    assert_int_equal(scene_ask(scene, which), 0);
    pthread_mutex_lock(&scene->mutex);
    while (scene->read == before)
        pthread_cond_wait(&scene->changed, &scene->mutex);
    pthread_mutex_unlock(&scene->mutex);
}

static void who_waits_is_asked_again_when_something_was_stored(void **state)
{
    struct scene *scene = scene_new(*state);

    scene_start(scene);
    scene_wait(scene, 0, INT64_MAX);
    scene_wait(scene, 1, INT64_MAX);
    assert_int_equal(reader_waiting(&scene->reader), 2);
    reader_wake(&scene->reader); /* nothing was: it is not asked */
    assert_int_equal(scene_ask(scene, 2), 0);
    assert_int_equal(asked_wait(&scene->asked[2]), 0);
    assert_int_equal(scene->read, 3);
    deliver(scene->fixture, hard("a@example.com", "f1"));
    reader_wake(&scene->reader);
    assert_int_equal(asked_wait(&scene->asked[0]), 0);
    assert_int_equal(asked_wait(&scene->asked[1]), 0);
    assert_int_equal(scene->read, 5);
    scene_end(scene);
}

static void who_has_waited_long_enough_is_not_asked_again(void **state)
{
    struct scene *scene = scene_new(*state);

    scene_start(scene);
    scene_wait(scene, 0, 0);
    assert_int_equal(asked_wait(&scene->asked[0]), 0);
    assert_int_equal(scene->read, 1);
    assert_int_equal(reader_waiting(&scene->reader), 0);
    scene_end(scene);
}

static void a_stop_ends_who_waits_without_a_fault(void **state)
{
    struct scene *scene = scene_new(*state);

    scene_start(scene);
    scene_wait(scene, 0, INT64_MAX);
    reader_stop(&scene->reader);
    assert_int_equal(scene->asked[0].ended, 0);
    assert_int_equal(scene->read, 1);
    scene_end(scene);
}

static void only_so_many_wait(void **state)
{
    struct scene *scene = scene_new(*state);

    scene_start(scene);
    for (size_t i = 0; i <= WAITS_MAX; i++)
        scene_wait(scene, i, INT64_MAX);
    assert_int_equal(asked_wait(&scene->asked[WAITS_MAX]), -EAGAIN);
    deliver(scene->fixture, hard("a@example.com", "f1"));
    reader_wake(&scene->reader);
    for (size_t i = 0; i < WAITS_MAX; i++)
        assert_int_equal(asked_wait(&scene->asked[i]), 0);
    scene_end(scene);
}

static void a_file_that_is_gone_ends_who_waits_with_its_fault(void **state)
{
    struct scene *scene = scene_new(*state);
    char away[PATH_MAX];

    scene_start(scene);
    scene_wait(scene, 0, INT64_MAX);
    (void)snprintf(away, sizeof(away), "%s.away", scene->fixture->path);
    assert_int_equal(rename(scene->fixture->path, away), 0);
    reader_wake(&scene->reader);
    assert_int_equal(asked_wait(&scene->asked[0]), -ENOENT);
    assert_int_equal(rename(away, scene->fixture->path), 0);
    scene_end(scene);
}

#define WITH_STORE(test)                                                                 \
    cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_question_is_asked_and_ended),
        WITH_STORE(nobody_is_asked_after_the_stop),
        WITH_STORE(while_one_hangs_only_so_many_wait),
        WITH_STORE(a_stop_ends_those_that_wait_unasked),
        WITH_STORE(after_a_fault_the_next_question_opens_the_file_again),
        WITH_STORE(a_file_that_is_replaced_is_not_read_until_the_writer_has_let_go),
        WITH_STORE(nothing_is_opened_while_the_writer_has_no_file),
        WITH_STORE(who_waits_is_asked_again_when_something_was_stored),
        WITH_STORE(who_has_waited_long_enough_is_not_asked_again),
        WITH_STORE(a_stop_ends_who_waits_without_a_fault),
        WITH_STORE(only_so_many_wait),
        WITH_STORE(a_file_that_is_gone_ends_who_waits_with_its_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

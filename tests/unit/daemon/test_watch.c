/* What main does at each tick. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/limits.h"
#include "daemon/watch.h"

#include "log_capture.h"

static const struct delivery *given_back;

static void give_back(struct delivery *delivery)
{
    given_back = delivery;
}

static int set_up(void **state)
{
    static struct service service;
    static struct watch watch;
    const struct bounds bounds = bounds_of(16, 4096, UINT64_MAX);

    service = (struct service){.bounds = bounds};
    assert_int_equal(service_init(&service), 0);
    watch_init(&watch, &service);
    given_back = NULL;
    *state = &watch;
    return 0;
}

static int tear_down(void **state)
{
    struct watch *watch = *state;

    service_done(watch->service);
    return 0;
}

static void who_waited_too_long_for_a_certificate_is_let_go_with_503(void **state)
{
    struct watch *watch = *state;
    struct delivery delivery = {.arrived_ms = 1000, .give_back = give_back};
    struct delivery *displaced;

    assert_int_equal(
        waiting_room_enter(&watch->service->room, &delivery, 1000, &displaced), 0);
    watch_sweep(watch, 1000 + WAITING_MS - 1);
    assert_null(given_back);
    watch_sweep(watch, 1000 + WAITING_MS);
    assert_ptr_equal(given_back, &delivery);
    assert_int_equal(verdict_info(delivery.verdict)->http_status, 503);
}

static int job_ended;

static void job_done(struct job *job, int fault)
{
    (void)job;
    job_ended = fault;
}

static void the_writer_s_mailbox_is_swept_at_each_tick(void **state)
{
    struct watch *watch = *state;
    struct job job = {.deadline_ms = 5000, .done = job_done};

    assert_int_equal(service_lend_to_writer(watch->service, &job), 0);
    watch_sweep(watch, 5000 - MAIN_TICK_MS);
    assert_int_equal(job_ended, -ETIME);
}

/* A connection that began at 1000 and sends nothing. */
static void add_silent(struct connections *connections, int fd)
{
    static struct connections_group group;

    assert_non_null(connections_add(connections, fd, NULL, &group, 0));
    assert_non_null(connections_start(connections, fd, 1000));
}

static void slow_connections_of_both_listeners_are_ended_and_counted(void **state)
{
    const struct bounds few = {.connections = 4};
    struct watch *watch = *state;
    struct service *service = watch->service;
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    connections_done(&service->admin_connections);
    assert_int_equal(connections_init(&service->admin_connections, &few), 0);
    add_silent(&service->connections, pair[0]);
    add_silent(&service->admin_connections, pair[1]);
    watch_sweep(watch, 1000 + HTTP_REQUEST_MS - 1);
    assert_int_equal(metrics_shed(&service->metrics, SHED_SLOW), 0);
    watch_sweep(watch, 1000 + HTTP_REQUEST_MS);
    assert_int_equal(metrics_shed(&service->metrics, SHED_SLOW), 2);
    assert_int_equal(metrics_shed_in_all(&service->metrics), 2);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

static void one_stuck_thread_is_enough_for_the_watchdog(void **state)
{
    struct watch *watch = *state;

    for (int i = 0; i < BUSY_THREADS; i++) {
        assert_false(watch_is_stuck(watch, BUSY_TOO_LONG_MS + 2));
        busy_begin(&watch->service->busy[i], 1);
        assert_true(watch_is_stuck(watch, BUSY_TOO_LONG_MS + 2));
        busy_end(&watch->service->busy[i]);
    }
}

static void a_thread_is_stuck_when_it_is_at_one_thing_for_too_long(void **state)
{
    busy_since busy = 0;

    (void)state;
    assert_false(busy_too_long(&busy, INT64_MAX));
    busy_begin(&busy, 1000);
    assert_false(busy_too_long(&busy, 1000 + BUSY_TOO_LONG_MS));
    assert_true(busy_too_long(&busy, 1001 + BUSY_TOO_LONG_MS));
    busy_end(&busy);
    assert_false(busy_too_long(&busy, INT64_MAX));
}

static void what_was_shed_is_logged_once_a_minute_with_its_number(void **state)
{
    struct watch *watch = *state;
    struct metrics *metrics = &watch->service->metrics;
    char text[4096];

    atomic_store(&metrics->shed[SHED_ADDRESS], 41);
    log_begin();
    watch_tell_shed(watch, 1000);
    log_end(text, sizeof(text));
    assert_non_null(strstr(text, "COUNT=41"));

    atomic_store(&metrics->shed[SHED_ADDRESS], 48);
    log_begin();
    watch_tell_shed(watch, 1000 + SHED_LOG_EVERY_MS - 1);
    log_end(text, sizeof(text));
    assert_string_equal(text, "");

    log_begin();
    watch_tell_shed(watch, 1000 + SHED_LOG_EVERY_MS);
    watch_tell_shed(watch, 1000 + 2 * SHED_LOG_EVERY_MS); /* nothing new */
    log_end(text, sizeof(text));
    assert_non_null(strstr(text, "COUNT=7"));
    assert_ptr_equal(strstr(text, "COUNT="), strrchr(text, 'C'));
}

static void refusals_of_the_admin_listener_are_logged_as_such(void **state)
{
    const struct bounds one = {.connections = 2, .connections_of_address = 1};
    struct sockaddr_in somebody = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(1)};
    struct watch *watch = *state;
    struct service *service = watch->service;
    struct connections_group group = {.count = 0};
    char text[4096];

    connections_done(&service->admin_connections);
    assert_int_equal(connections_init(&service->admin_connections, &one), 0);
    assert_non_null(connections_add(&service->admin_connections, 1000000,
                                    (const struct sockaddr *)&somebody, &group, 0));
    assert_false(connections_admit(&service->admin_connections,
                                   (const struct sockaddr *)&somebody));
    atomic_store(&service->metrics.shed[SHED_ADMIN], 3);
    log_begin();
    watch_tell_shed(watch, 1000);
    log_end(text, sizeof(text));
    assert_non_null(strstr(text, "COUNT=3"));
    assert_non_null(strstr(text, "ADDRESS=0.0.0.1"));
    assert_non_null(strstr(text, "[admin] listener"));
    assert_null(strstr(text, "max_connections"));
}

#define WATCHED(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WATCHED(who_waited_too_long_for_a_certificate_is_let_go_with_503),
        WATCHED(the_writer_s_mailbox_is_swept_at_each_tick),
        WATCHED(slow_connections_of_both_listeners_are_ended_and_counted),
        WATCHED(one_stuck_thread_is_enough_for_the_watchdog),
        cmocka_unit_test(a_thread_is_stuck_when_it_is_at_one_thing_for_too_long),
        WATCHED(what_was_shed_is_logged_once_a_minute_with_its_number),
        WATCHED(refusals_of_the_admin_listener_are_logged_as_such),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

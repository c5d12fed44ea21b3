/* What main does at each tick. HTTP, the writer and outbound are played by this file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/http.h"
#include "daemon/limits.h"
#include "daemon/outbound.h"
#include "daemon/watch.h"
#include "daemon/writer.h"

#include "log_capture.h"

static struct delivery *resumed;
static enum verdict resumed_with;
static bool writer_stuck, outbound_stuck;

void http_resume_waiting(struct delivery *first, enum verdict verdict, const char *fault)
{
    assert_non_null(fault);
    resumed = first;
    resumed_with = verdict;
}

static int64_t writer_swept_ms;

void writer_sweep(struct writer *writer, int64_t mono_ms)
{
    (void)writer;
    writer_swept_ms = mono_ms;
}

bool writer_is_stuck(struct writer *writer, int64_t mono_ms)
{
    (void)writer;
    (void)mono_ms;
    return writer_stuck;
}

bool outbound_is_stuck(struct outbound *outbound, int64_t mono_ms)
{
    (void)outbound;
    (void)mono_ms;
    return outbound_stuck;
}

static int set_up(void **state)
{
    static struct service service;
    static struct watch watch;
    const struct bounds bounds = bounds_of(16, 4096, UINT64_MAX);

    service = (struct service){.bounds = bounds};
    assert_int_equal(connections_init(&service.connections, &bounds), 0);
    assert_int_equal(waiting_room_init(&service.room, bounds.waiting_room), 0);
    watch_init(&watch, &service);
    resumed = NULL;
    writer_stuck = outbound_stuck = false;
    *state = &watch;
    return 0;
}

static int tear_down(void **state)
{
    struct watch *watch = *state;

    (void)waiting_room_close(&watch->service->room);
    waiting_room_done(&watch->service->room);
    connections_done(&watch->service->connections);
    return 0;
}

static void who_waited_too_long_for_a_certificate_is_let_go_with_503(void **state)
{
    struct watch *watch = *state;
    struct delivery delivery = {.arrived_ms = 1000};
    struct delivery *displaced;

    assert_int_equal(
        waiting_room_enter(&watch->service->room, &delivery, 1000, &displaced), 0);
    watch_sweep(watch, 1000 + WAITING_MS - 1);
    assert_null(resumed);
    watch_sweep(watch, 1000 + WAITING_MS);
    assert_ptr_equal(resumed, &delivery);
    assert_int_equal(verdict_info(resumed_with)->http_status, 503);
}

static void the_writer_s_queue_is_swept_at_each_tick(void **state)
{
    watch_sweep(*state, 1234);
    assert_int_equal(writer_swept_ms, 1234);
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
    assert_int_equal(connections_init(&service->admin_connections, &few), 0);
    add_silent(&service->connections, pair[0]);
    add_silent(&service->admin_connections, pair[1]);
    watch_sweep(watch, 1000 + HTTP_REQUEST_MS - 1);
    assert_int_equal(metrics_shed(&service->metrics, SHED_SLOW), 0);
    watch_sweep(watch, 1000 + HTTP_REQUEST_MS);
    assert_int_equal(metrics_shed(&service->metrics, SHED_SLOW), 2);
    assert_int_equal(metrics_shed_in_all(&service->metrics), 2);
    connections_done(&service->admin_connections);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

static void one_stuck_thread_is_enough_for_the_watchdog(void **state)
{
    struct watch *watch = *state;

    assert_false(watch_is_stuck(watch, 1));
    writer_stuck = true;
    assert_true(watch_is_stuck(watch, 1));
    writer_stuck = false;
    outbound_stuck = true;
    assert_true(watch_is_stuck(watch, 1));
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

static void what_was_shed_is_told_once_a_minute_with_its_number(void **state)
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

static void refusals_of_the_admin_listener_are_told_as_such(void **state)
{
    const struct bounds one = {.connections = 2, .connections_of_address = 1};
    struct sockaddr_in somebody = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(1)};
    struct watch *watch = *state;
    struct service *service = watch->service;
    struct connections_group group = {.count = 0};
    char text[4096];

    assert_int_equal(connections_init(&service->admin_connections, &one), 0);
    assert_non_null(connections_add(&service->admin_connections, 1000000,
                                    (const struct sockaddr *)&somebody, &group, 0));
    assert_false(connections_admits(&service->admin_connections,
                                    (const struct sockaddr *)&somebody));
    atomic_store(&service->metrics.shed[SHED_ADMIN], 3);
    log_begin();
    watch_tell_shed(watch, 1000);
    log_end(text, sizeof(text));
    assert_non_null(strstr(text, "COUNT=3"));
    assert_non_null(strstr(text, "ADDRESS=0.0.0.1"));
    assert_non_null(strstr(text, "[admin] listener"));
    assert_null(strstr(text, "max_connections"));
    connections_done(&service->admin_connections);
}

#define WATCHED(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WATCHED(who_waited_too_long_for_a_certificate_is_let_go_with_503),
        WATCHED(the_writer_s_queue_is_swept_at_each_tick),
        WATCHED(slow_connections_of_both_listeners_are_ended_and_counted),
        WATCHED(one_stuck_thread_is_enough_for_the_watchdog),
        cmocka_unit_test(a_thread_is_stuck_when_it_is_at_one_thing_for_too_long),
        WATCHED(what_was_shed_is_told_once_a_minute_with_its_number),
        WATCHED(refusals_of_the_admin_listener_are_told_as_such),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "daemon/bounds.h"
#include "daemon/limits.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

#define PLENTY UINT64_MAX

/* Connections of admin with TLS, bodies and what is read of one, answers. */
#define API_BYTES (1056 * 56 * KIB + (8 + 20 + 8 + 16) * MIB)

static void the_defaults_are_those_of_the_manual(void **state)
{
    struct bounds bounds = bounds_of(1024, 2 * MIB, PLENTY);

    (void)state;
    assert_int_equal(bounds.connections, 1024);
    assert_int_equal(bounds.connections_of_address, 256);
    assert_int_equal(bounds.writer_queue, 768);
    assert_int_equal(bounds.waiting_room, 256);
    assert_int_equal(bounds.api_waits, 1024);
    assert_int_equal(bounds.large_body_bytes, 16 * MIB);
}

static void no_bound_is_nothing_with_the_fewest_connections(void **state)
{
    struct bounds bounds = bounds_of(HTTP_CONNECTIONS_MIN, 4 * KIB, PLENTY);

    (void)state;
    assert_int_equal(bounds.connections, HTTP_CONNECTIONS_MIN);
    assert_true(bounds.connections_of_address > 0);
    assert_true(bounds.writer_queue > 0 && bounds.writer_queue < bounds.connections);
    assert_true(bounds.waiting_room > 0);
}

static void some_of_the_largest_bodies_have_room_whatever_their_size(void **state)
{
    struct bounds few = bounds_of(16, 2 * MIB, PLENTY);
    struct bounds huge = bounds_of(1024, 64 * MIB, PLENTY);

    (void)state;
    assert_int_equal(few.large_body_bytes, LARGE_BODIES * 2 * MIB);
    assert_int_equal(huge.large_body_bytes, LARGE_BODIES * 64 * MIB);
}

static void all_bounds_grow_with_the_one_setting(void **state)
{
    struct bounds less = bounds_of(2000, 4 * KIB, PLENTY);
    struct bounds more = bounds_of(4000, 4 * KIB, PLENTY);

    (void)state;
    assert_int_equal(more.connections, 2 * less.connections);
    assert_int_equal(more.connections_of_address, 2 * less.connections_of_address);
    assert_int_equal(more.writer_queue, 2 * less.writer_queue);
    assert_int_equal(more.waiting_room, 2 * less.waiting_room);
    assert_int_equal(more.large_body_bytes, 2 * less.large_body_bytes);
}

static void too_few_files_mean_fewer_connections(void **state)
{
    (void)state;
    assert_int_equal(bounds_of(1024, 2 * MIB, bounds_files_for(1024)).connections, 1024);
    assert_int_equal(bounds_of(1024, 2 * MIB, bounds_files_for(1024) - 1).connections,
                     1023);
    assert_int_equal(bounds_of(1024, 2 * MIB, bounds_files_for(300)).waiting_room, 75);
    assert_int_equal(bounds_of(HTTP_CONNECTIONS_MAX, 2 * MIB, PLENTY).waiting_room,
                     WAITING_ROOM_MAX);
    assert_int_equal(bounds_of(1024, 2 * MIB, 3).connections, HTTP_CONNECTIONS_MIN);
    assert_int_equal(bounds_of(1024, 2 * MIB, 3).api_waits, API_WAITS_LEAST);
    assert_int_equal(bounds_of(1024, 2 * MIB, bounds_files_for(1024) + 99).api_waits, 99);
}

static void the_soft_limit_is_raised_as_far_as_the_hard_one_lets_it(void **state)
{
    struct rlimit before, now;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    now = (struct rlimit){100, before.rlim_max < 400 ? before.rlim_max : 400};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
    assert_int_equal(bounds_raise_files(50), 100);
    assert_int_equal(bounds_raise_files(200), 200);
    assert_int_equal(bounds_raise_files(100000), now.rlim_max);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
    assert_int_equal(now.rlim_cur, now.rlim_max);
}

static void check_config_tells_the_memory_in_all(void **state)
{
    struct bounds bounds = bounds_of(1024, 2 * MIB, PLENTY);
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    (void)state;
    assert_non_null(to);
    bounds_print(&bounds, to);
    assert_int_equal(fclose(to), 0);
    assert_non_null(strstr(text, " 1024 connections at a time"));
    assert_non_null(strstr(text, " 32768K of memory"));
    assert_non_null(strstr(text, " at most 112M of memory, and 40M more with TLS"));
    assert_non_null(strstr(text, " MemoryMax=389M or more"));
    for (const char *line = strchr(text, '\n'); line && line[1];
         line = strchr(line + 1, '\n'))
        assert_int_equal(line[1], '#'); /* what is printed can be read again */
    free(text);
}

static void the_units_memory_holds_all_bounds_at_once(void **state)
{
    struct bounds less = bounds_of(1024, 2 * MIB, PLENTY);
    struct bounds more = bounds_of(2048, 2 * MIB, PLENTY);

    (void)state;
    assert_int_equal(bounds_memory_max_bytes(&less),
                     (112 + 40) * MIB + API_BYTES + MEMORY_SPARE_BYTES);
    assert_int_equal(bounds_memory_max_bytes(&more),
                     2 * (112 + 40) * MIB + API_BYTES + MEMORY_SPARE_BYTES);
    assert_true(bounds_memory_allowed_bytes() > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_those_of_the_manual),
        cmocka_unit_test(no_bound_is_nothing_with_the_fewest_connections),
        cmocka_unit_test(some_of_the_largest_bodies_have_room_whatever_their_size),
        cmocka_unit_test(all_bounds_grow_with_the_one_setting),
        cmocka_unit_test(too_few_files_mean_fewer_connections),
        cmocka_unit_test(the_soft_limit_is_raised_as_far_as_the_hard_one_lets_it),
        cmocka_unit_test(the_units_memory_holds_all_bounds_at_once),
        cmocka_unit_test(check_config_tells_the_memory_in_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

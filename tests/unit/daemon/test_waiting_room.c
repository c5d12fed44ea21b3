#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>

#include "daemon/connections.h"
#include "daemon/waiting_room.h"
#include "sesbounce/limits.h"

#define ROOM 8

static struct delivery waits_for(const char *file, int64_t arrived_ms)
{
    return (struct delivery){
        .certificate_url = {STR("sns.eu-west-1.amazonaws.com"), str_of(file)},
        .topic = {.text = STR("arn:aws:sns:eu-west-1:123456789012:t")},
        .arrived_ms = arrived_ms,
    };
}

static size_t length(const struct delivery *first)
{
    size_t count = 0;

    for (; first; first = first->next_waiting)
        count++;
    return count;
}

static bool knows(void *context, const struct sns_cert_url *url)
{
    return str_equal(url->file, str_of(context));
}

static void one_url_lets_out_only_those_who_wait_for_it(void **state)
{
    struct delivery a = waits_for("a.pem", 0);
    struct delivery b = waits_for("b.pem", 0);
    struct delivery c = waits_for("a.pem", 0);
    struct waiting_room room;

    (void)state;
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    assert_int_equal(waiting_room_enter(&room, &a), 0);
    assert_int_equal(waiting_room_enter(&room, &b), 0);
    assert_int_equal(waiting_room_enter(&room, &c), 0);
    assert_int_equal(length(waiting_room_leave(&room, &a.certificate_url)), 2);
    assert_int_equal(length(waiting_room_leave(&room, &a.certificate_url)), 0);
    assert_ptr_equal(waiting_room_close(&room), &b);
    waiting_room_done(&room);
}

static void a_wish_that_is_being_served_is_not_told_again(void **state)
{
    struct delivery a = waits_for("a.pem", 0);
    struct delivery b = waits_for("b.pem", 0);
    struct waiting_wish wish;
    struct waiting_room room;

    (void)state;
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    assert_int_equal(waiting_room_enter(&room, &a), 0);
    assert_false(waiting_room_wish(&room, &wish, knows, (void *)(uintptr_t) "a.pem"));
    assert_int_equal(waiting_room_enter(&room, &b), 0);
    assert_true(waiting_room_wish(&room, &wish, knows, (void *)(uintptr_t) "a.pem"));
    assert_string_equal(wish.file, "b.pem");
    assert_string_equal(wish.host, "sns.eu-west-1.amazonaws.com");
    assert_string_equal(wish.topic, "arn:aws:sns:eu-west-1:123456789012:t");
    (void)waiting_room_close(&room);
    waiting_room_done(&room);
}

static void the_certificate_that_most_wait_for_comes_first(void **state)
{
    struct delivery junk = waits_for("a.pem", 0);
    struct delivery one = waits_for("b.pem", 0);
    struct delivery two = waits_for("b.pem", 0);
    struct waiting_wish wish;
    struct waiting_room room;

    (void)state;
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    assert_int_equal(waiting_room_enter(&room, &junk), 0);
    assert_int_equal(waiting_room_enter(&room, &one), 0);
    assert_true(waiting_room_wish(&room, &wish, knows, (void *)(uintptr_t) "none"));
    assert_string_equal(wish.file, "a.pem");
    assert_int_equal(waiting_room_enter(&room, &two), 0);
    assert_true(waiting_room_wish(&room, &wish, knows, (void *)(uintptr_t) "none"));
    assert_string_equal(wish.file, "b.pem");
    (void)waiting_room_close(&room);
    waiting_room_done(&room);
}

static void who_waited_too_long_is_swept_out(void **state)
{
    struct delivery early = waits_for("a.pem", 1000);
    struct delivery late = waits_for("a.pem", 2000);
    struct waiting_room room;

    (void)state;
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    assert_int_equal(waiting_room_enter(&room, &early), 0);
    assert_int_equal(waiting_room_enter(&room, &late), 0);
    assert_null(waiting_room_sweep(&room, 1000 + WAITING_MS - 1));
    assert_ptr_equal(waiting_room_sweep(&room, 1000 + WAITING_MS), &early);
    assert_ptr_equal(waiting_room_sweep(&room, 2000 + WAITING_MS), &late);
    assert_null(waiting_room_close(&room));
    waiting_room_done(&room);
}

static void a_full_room_and_a_closed_one_take_nobody(void **state)
{
    struct delivery many[ROOM + 1];
    struct waiting_room room;

    (void)state;
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    for (size_t i = 0; i <= ROOM; i++) {
        many[i] = waits_for("a.pem", 0);
        assert_int_equal(waiting_room_enter(&room, &many[i]), i < ROOM ? 0 : -EAGAIN);
    }
    assert_int_equal(length(waiting_room_close(&room)), ROOM);
    assert_int_equal(waiting_room_enter(&room, &many[ROOM]), -ESHUTDOWN);
    waiting_room_done(&room);
}

static void one_address_takes_no_more_than_its_share(void **state)
{
    const struct sockaddr_in somebody = {.sin_family = AF_INET,
                                         .sin_addr.s_addr = htonl(0xcb007107)};
    const struct bounds bounds = {.connections = 2, .connections_of_address = 2};
    struct delivery many[ROOM / HTTP_ADDRESS_SHARE + 1];
    struct delivery other = waits_for("a.pem", 0);
    size_t most = ROOM / HTTP_ADDRESS_SHARE;
    struct connections_group group = {.count = 0};
    struct connections connections;
    struct connection *client;
    struct waiting_room room;

    (void)state;
    assert_int_equal(connections_init(&connections, &bounds), 0);
    client = connections_add(&connections, 1, (const struct sockaddr *)&somebody, &group);
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    for (size_t i = 0; i <= most; i++) {
        many[i] = waits_for("a.pem", 0);
        many[i].client = client;
        assert_int_equal(waiting_room_enter(&room, &many[i]), i < most ? 0 : -EAGAIN);
    }
    assert_int_equal(waiting_room_enter(&room, &other), 0);
    assert_int_equal(length(waiting_room_sweep(&room, WAITING_MS)), most + 1);
    assert_int_equal(waiting_room_enter(&room, &many[0]), 0);
    (void)waiting_room_close(&room);
    waiting_room_done(&room);
    connections_done(&connections);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_url_lets_out_only_those_who_wait_for_it),
        cmocka_unit_test(a_wish_that_is_being_served_is_not_told_again),
        cmocka_unit_test(the_certificate_that_most_wait_for_comes_first),
        cmocka_unit_test(who_waited_too_long_is_swept_out),
        cmocka_unit_test(one_address_takes_no_more_than_its_share),
        cmocka_unit_test(a_full_room_and_a_closed_one_take_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sesbounce/net_address.h"

static void three_forms_are_cut_into_host_and_port(void **state)
{
    (void)state;
    struct net_address address;
    assert_true(net_address_split(STR("[::1]:9025"), &address));
    assert_int_equal(address.kind, NET_IPV6);
    assert_true(str_equal(address.host, STR("::1")));
    assert_true(str_equal(address.port, STR("9025")));
    assert_true(net_address_split(STR("localhost:80"), &address));
    assert_int_equal(address.kind, NET_HOST);
    assert_true(str_equal(address.host, STR("localhost")));
    assert_true(str_equal(address.port, STR("80")));
    assert_true(net_address_split(STR("unix:/run/x.sock"), &address));
    assert_int_equal(address.kind, NET_UNIX);
    assert_true(str_equal(address.host, STR("/run/x.sock")));
    assert_false(net_address_split(STR(""), &address));
    assert_false(net_address_split(STR("localhost"), &address));
    assert_false(net_address_split(STR("["), &address));
    assert_false(net_address_split(STR("[::1]"), &address));
    assert_false(net_address_split(STR("[::1]9025"), &address));
}

static void loopback_is_what_nobody_else_reaches(void **state)
{
    (void)state;
    static const char *const yes[] = {"localhost", "LOCALHOST", "127.0.0.1",
                                      "127.9.9.9", "::1",       "[::1]"};
    static const char *const no[] = {
        "[127.0.0.1]", "[localhost]", "",        "0.0.0.0",
        "::",          "128.0.0.1",   "127.0.0", "127.0.0.1.example",
        "[::1",        "127.0.0.256", "[::2]",   "localhost.example",
        "[]"};
    for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
        assert_true(net_host_is_loopback(str_of(yes[i])));
    for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
        assert_false(net_host_is_loopback(str_of(no[i])));
}

static void a_unix_socket_is_local(void **state)
{
    (void)state;
    struct net_address address;
    assert_true(net_address_split(STR("unix:/run/x.sock"), &address));
    assert_true(net_address_is_local(&address));
    assert_true(net_address_split(STR("0.0.0.0:1"), &address));
    assert_false(net_address_is_local(&address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_forms_are_cut_into_host_and_port),
        cmocka_unit_test(loopback_is_what_nobody_else_reaches),
        cmocka_unit_test(a_unix_socket_is_local),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

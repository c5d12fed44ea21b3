#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/admin_host.h"

static char name_one[] = "bounces.internal";
static char name_two[] = "ops";
static char *names[] = {name_one, name_two};

static bool is_ours(const char *host)
{
    const struct settings_list list = {.items = names, .count = 2};

    return admin_host_is_ours(&list, str_of(host));
}

static void ip_addresses_and_localhost_are_always_ours(void **state)
{
    static const char *const ours[] = {
        "127.0.0.1",     "127.0.0.1:9026", "192.0.2.7:80", "[::1]",         "[::1]:9026",
        "[2001:db8::1]", "localhost",      "LocalHost:1",  "localhost.:12", "localhost:"};

    (void)state;
    for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
        if (!is_ours(ours[i]))
            fail_msg("%s is refused", ours[i]);
}

static void a_name_of_the_settings_is_ours_in_any_case_and_with_any_port(void **state)
{
    (void)state;
    assert_true(is_ours("bounces.internal"));
    assert_true(is_ours("BOUNCES.internal:8443"));
    assert_true(is_ours("bounces.internal."));
    assert_true(is_ours("ops:9026"));
}

static void other_names_are_refused(void **state)
{
    static const char *const others[] = {"evil.example",
                                         "evil.example:9026",
                                         "bounces.internal.evil.example",
                                         "xbounces.internal",
                                         "internal",
                                         "localhost.evil.example",
                                         "127.0.0.1.evil.example",
                                         "127.0.0.1:80:evil",
                                         "localhost:evil",
                                         "[::1]evil.example",
                                         "[::1",
                                         "[evil]",
                                         "[::1]:9x",
                                         ".",
                                         ":9026",
                                         "ops@evil.example",
                                         "evil.example@localhost",
                                         " localhost",
                                         "2130706433",
                                         "0x7f.1"};

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        if (is_ours(others[i]))
            fail_msg("%s is accepted", others[i]);
}

static void a_request_without_host_comes_from_no_browser(void **state)
{
    (void)state;
    assert_true(is_ours(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ip_addresses_and_localhost_are_always_ours),
        cmocka_unit_test(a_name_of_the_settings_is_ours_in_any_case_and_with_any_port),
        cmocka_unit_test(other_names_are_refused),
        cmocka_unit_test(a_request_without_host_comes_from_no_browser),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

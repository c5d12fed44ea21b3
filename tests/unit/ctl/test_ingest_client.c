#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/ingest_client.h"

static void origin(const char *listen, bool tls, const char *url, const char *socket)
{
    char got[100], path[100];
    assert_true(ingest_origin(listen, tls, got, sizeof(got), path, sizeof(path)));
    assert_string_equal(got, url);
    assert_string_equal(path, socket);
}

static void a_listen_setting_becomes_an_origin(void **state)
{
    (void)state;
    origin("127.0.0.1:9025", false, "http://127.0.0.1:9025", "");
    origin("[::1]:9025", true, "https://[::1]:9025", "");
    origin("unix:/run/x.sock", false, "http://localhost", "/run/x.sock");
}

static void all_addresses_mean_this_machine(void **state)
{
    (void)state;
    origin("0.0.0.0:80", false, "http://127.0.0.1:80", "");
    origin("*:80", false, "http://127.0.0.1:80", "");
    origin("[::]:80", false, "http://[::1]:80", "");
}

static void what_does_not_fit_is_refused_not_cut(void **state)
{
    (void)state;
    char got[20], path[8];
    assert_false(ingest_origin("host.example.com:9025", false, got, sizeof(got), path,
                               sizeof(path)));
    assert_false(
        ingest_origin("unix:/run/too-long", false, got, sizeof(got), path, sizeof(path)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listen_setting_becomes_an_origin),
        cmocka_unit_test(all_addresses_mean_this_machine),
        cmocka_unit_test(what_does_not_fit_is_refused_not_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

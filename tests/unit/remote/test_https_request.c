/* What a request sends. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sesbounce/https.h"

#include "tls_server.h"

static struct tls_server server;

static void note(void *context, const struct https_answer *answer)
{
    *(long *)context = answer->status;
}

static void ask(struct https *https, struct https_request request)
{
    char url[64];
    long status = -1;

    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/ok", server.port);
    request.url = url;
    assert_int_equal(https_begin(https, &request, note, &status), 0);
    while (https_pending(https))
        assert_int_equal(https_run(https, 1000), 0);
    assert_int_equal(status, 200);
}

static void expect_last(const char *begin, const char *header, const char *body)
{
    char request[sizeof(server.last_request)];

    pthread_mutex_lock(&server.mutex);
    memcpy(request, server.last_request, sizeof(request));
    pthread_mutex_unlock(&server.mutex);
    assert_int_equal(strncmp(request, begin, strlen(begin)), 0);
    assert_non_null(strstr(request, header));
    assert_string_equal(strstr(request, "\r\n\r\n") + 4, body);
}

/* All go through one handle of libcurl's. */
static void a_request_has_its_method_headers_and_body_and_the_next_one_has_not(void **s)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    const struct https_request post = {.headers = headers, .body = STR("{\"a\":1}")};
    const struct https_request put = {.method = "PUT", .body = STR("b")};
    struct https *https = NULL;

    (void)s;
    assert_int_equal(https_new(NULL, &https), 0);
    ask(https, post);
    expect_last("POST /ok ", "\r\nContent-Type: application/json\r\n", "{\"a\":1}");
    ask(https, put);
    expect_last("PUT /ok ", "\r\nContent-Length: 1\r\n", "b");
    assert_null(strstr(server.last_request, "json"));
    ask(https, (struct https_request){0});
    expect_last("GET /ok ", "", "");
    https_free(https);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_request_has_its_method_headers_and_body_and_the_next_one_has_not),
    };
    int failed;

    (void)signal(SIGPIPE, SIG_IGN);
    if (https_global_start() < 0)
        return 1;
    tls_server_start(&server, NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    tls_server_stop(&server);
    https_global_stop();
    return failed;
}

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "sesbounce/clock.h"
#include "sesbounce/https.h"
#include "sesbounce/limits.h"

#include "tls_server.h"

/* No test may take this long; a wait that reaches it has failed. */
#define PATIENCE_MS 20000

struct fixture {
    char directory[64];
    char ca_file[96];
    struct tls_identity ca;
    struct tls_identity identity;
    struct tls_server server;
};

static struct fixture fixture;

/* What a callback saw. */
struct outcome {
    unsigned calls;
    long status;
    size_t len;
    char body[16];
    char fault[HTTPS_FAULT_BYTES_MAX];
    bool has_fault;
};

static void note(void *context, const struct https_answer *answer)
{
    struct outcome *outcome = context;
    outcome->calls++;
    outcome->status = answer->status;
    outcome->len = answer->body.len;
    outcome->has_fault = answer->fault != NULL;
    (void)snprintf(outcome->fault, sizeof(outcome->fault), "%s",
                   answer->fault ? answer->fault : "");
    (void)snprintf(outcome->body, sizeof(outcome->body), "%.*s",
                   (int)(answer->body.len < 15 ? answer->body.len : 15),
                   answer->body.data);
}

static void run_until_idle(struct https *https)
{
    int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
    while (https_pending(https)) {
        assert_int_equal(https_run(https, 1000), 0);
        assert_true(clock_mono_ms() < deadline_ms);
    }
}

static void url_of(const struct tls_server *server, const char *scheme, const char *path,
                   char ret[128])
{
    (void)snprintf(ret, 128, "%s://127.0.0.1:%u%s", scheme, server->port, path);
}

static struct https *open_trusting(const char *ca_file)
{
    struct https *https = NULL;
    assert_int_equal(https_new(ca_file, &https), 0);
    return https;
}

static struct outcome ask(struct https *https, const char *path, long total_ms)
{
    struct outcome outcome = {0};
    char url[128];
    url_of(&fixture.server, "https", path, url);
    const struct https_request request = {.url = url, .total_ms = total_ms};
    assert_int_equal(https_begin(https, &request, note, &outcome), 0);
    run_until_idle(https);
    assert_int_equal(outcome.calls, 1);
    return outcome;
}

static struct outcome get(const char *path)
{
    struct https *https = open_trusting(fixture.ca_file);
    struct outcome outcome = ask(https, path, 0);
    https_free(https);
    return outcome;
}

static void a_trusted_server_is_asked(void **state)
{
    (void)state;
    struct outcome outcome = get("/ok");
    assert_int_equal(outcome.status, 200);
    assert_string_equal(outcome.body, "hello");
    assert_false(outcome.has_fault);
}

static void an_empty_body_is_an_answer(void **state)
{
    (void)state;
    struct outcome outcome = get("/empty");
    assert_int_equal(outcome.status, 200);
    assert_int_equal(outcome.len, 0);
    assert_false(outcome.has_fault);
}

static void a_404_is_an_answer_and_no_fault(void **state)
{
    (void)state;
    struct outcome outcome = get("/missing");
    assert_int_equal(outcome.status, 404);
    assert_string_equal(outcome.body, "none");
    assert_false(outcome.has_fault);
}

static unsigned requests_seen(void)
{
    pthread_mutex_lock(&fixture.server.mutex);
    unsigned seen = fixture.server.requests;
    pthread_mutex_unlock(&fixture.server.mutex);
    return seen;
}

static void a_redirect_is_not_followed(void **state)
{
    (void)state;
    unsigned before = requests_seen();
    struct outcome outcome = get("/redirect");
    assert_int_equal(outcome.status, 302);
    assert_int_equal(requests_seen() - before, 1);
}

static void the_request_says_who_asks_and_nothing_else(void **state)
{
    (void)state;
    (void)get("/ok");
    char request[sizeof(fixture.server.last_request)];
    pthread_mutex_lock(&fixture.server.mutex);
    memcpy(request, fixture.server.last_request, sizeof(request));
    pthread_mutex_unlock(&fixture.server.mutex);
    assert_non_null(strstr(request, "\r\nUser-Agent: sesbounced"));
    assert_null(strcasestr(request, "accept-encoding"));
    assert_null(strcasestr(request, "cookie"));
    assert_null(strcasestr(request, "authorization"));
}

static void an_announced_large_body_is_refused(void **state)
{
    (void)state;
    struct outcome outcome = get("/large");
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.fault, "the answer is too large");
}

static void an_endless_body_is_cut(void **state)
{
    (void)state;
    struct https *https = open_trusting(fixture.ca_file);
    struct outcome outcome = ask(https, "/endless", 2 * PATIENCE_MS);
    assert_int_equal(outcome.status, 0);
    assert_int_equal(outcome.len, 0);
    assert_string_equal(outcome.fault, "the answer is too large");
    https_free(https);
}

static void half_an_answer_is_a_fault(void **state)
{
    (void)state;
    struct outcome outcome = get("/half");
    assert_int_equal(outcome.status, 0);
    assert_true(outcome.has_fault);
}

static void a_silent_server_is_given_up_in_time(void **state)
{
    (void)state;
    struct https *https = open_trusting(fixture.ca_file);
    struct outcome outcome = ask(https, "/hang?Token=secret", 50);
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.fault, "no answer in time"));
    assert_null(strstr(outcome.fault, "secret"));
    https_free(https);
}

static void an_unknown_ca_is_a_fault_that_names_the_setting(void **state)
{
    (void)state;
    char path[96];
    (void)snprintf(path, sizeof(path), "%s/other.pem", fixture.directory);
    struct tls_identity other = tls_identity_make("another CA", NULL, NULL);
    tls_identity_write(&other, path);
    struct https *https = open_trusting(path);
    struct outcome outcome = ask(https, "/ok?Token=secret", 0);
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.fault, "certificate of the server is not trusted: "));
    assert_non_null(strstr(outcome.fault, "(see [sns] ca_file)"));
    assert_null(strstr(outcome.fault, "secret"));
    https_free(https);
    tls_identity_done(&other);
    (void)unlink(path);
}

static void a_certificate_of_another_host_is_refused(void **state)
{
    (void)state;
    struct tls_identity other =
        tls_identity_make("other", "DNS:sns.example.com", &fixture.ca);
    struct tls_server server;
    tls_server_start(&server, &other);
    struct https *https = open_trusting(fixture.ca_file);
    struct outcome outcome = {0};
    char url[128];
    url_of(&server, "https", "/ok", url);
    assert_int_equal(https_get(https, url, note, &outcome), 0);
    run_until_idle(https);
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.fault, "not trusted"));
    https_free(https);
    tls_server_stop(&server);
    tls_identity_done(&other);
}

static void a_refused_connection_is_a_fault_without_the_query(void **state)
{
    (void)state;
    unsigned port = 0;
    int fd = tls_bind(&port);
    struct https *https = open_trusting(fixture.ca_file);
    struct outcome outcome = {0};
    char url[128];
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/?Token=secret", port);
    assert_int_equal(https_get(https, url, note, &outcome), 0);
    run_until_idle(https);
    assert_int_equal(outcome.calls, 1);
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.fault, "could not connect"));
    assert_null(strstr(outcome.fault, "secret"));
    assert_null(strchr(outcome.fault, '\n'));
    https_free(https);
    close(fd);
}

static void plain_http_works_on_loopback(void **state)
{
    (void)state;
    struct tls_server server;
    tls_server_start(&server, NULL);
    struct https *https = open_trusting(NULL);
    struct outcome outcome = {0};
    char url[128];
    url_of(&server, "http", "/ok", url);
    assert_int_equal(https_get(https, url, note, &outcome), 0);
    run_until_idle(https);
    assert_int_equal(outcome.status, 200);
    https_free(https);
    tls_server_stop(&server);
}

static void other_urls_are_refused_before_anything_is_sent(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "http://sns.us-east-1.amazonaws.com/",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://128.0.0.1/",
        "http://[::2]/",
        "http://127.0.0.1@sns.example.com/",
        "https://user:password@127.0.0.1/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "sns.us-east-1.amazonaws.com/",
        "https://",
        "https://a b/",
        "",
    };
    struct https *https = open_trusting(fixture.ca_file);
    struct outcome outcome = {0};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
        if (https_get(https, urls[i], note, &outcome) != -EINVAL)
            fail_msg("accepted: %s", urls[i]);
    assert_int_equal(https_pending(https), 0);
    https_free(https);
    assert_int_equal(outcome.calls, 0);
}

static void two_gets_are_under_way_at_once(void **state)
{
    (void)state;
    struct https *https = open_trusting(fixture.ca_file);
    struct outcome first = {0};
    struct outcome second = {0};
    char url[128];
    url_of(&fixture.server, "https", "/meet", url);
    assert_int_equal(https_get(https, url, note, &first), 0);
    assert_int_equal(https_get(https, url, note, &second), 0);
    assert_int_equal(https_pending(https), 2);
    run_until_idle(https);
    assert_string_equal(first.body, "met");
    assert_string_equal(second.body, "met");
    https_free(https);
}

struct chain {
    struct https *https;
    struct outcome first;
    struct outcome second;
    char url[128];
};

static void note_and_go_on(void *context, const struct https_answer *answer)
{
    struct chain *chain = context;
    assert_int_equal(https_get(chain->https, chain->url, note, &chain->second), 0);
    note(&chain->first, answer);
}

static void a_callback_may_begin_another_get(void **state)
{
    (void)state;
    struct chain chain = {.https = open_trusting(fixture.ca_file)};
    char url[128];
    url_of(&fixture.server, "https", "/missing", url);
    url_of(&fixture.server, "https", "/ok", chain.url);
    assert_int_equal(https_get(chain.https, url, note_and_go_on, &chain), 0);
    run_until_idle(chain.https);
    assert_string_equal(chain.first.body, "none");
    assert_string_equal(chain.second.body, "hello");
    https_free(chain.https);
}

static void a_place_is_used_again_after_a_fault(void **state)
{
    (void)state;
    struct https *https = open_trusting(fixture.ca_file);
    for (int i = 0; i < 3; i++) {
        assert_true(ask(https, "/endless", 0).has_fault);
        struct outcome outcome = ask(https, "/ok", 0);
        assert_string_equal(outcome.body, "hello");
        assert_int_equal(outcome.len, 5);
    }
    https_free(https);
}

static void one_more_than_the_maximum_is_put_off(void **state)
{
    (void)state;
    unsigned port = 0;
    int fd = tls_bind(&port);
    char url[128];
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/", port);
    struct https *https = open_trusting(fixture.ca_file);
    struct outcome outcome = {0};
    for (int i = 0; i < HTTPS_TRANSFERS_MAX; i++)
        assert_int_equal(https_get(https, url, note, &outcome), 0);
    assert_int_equal(https_get(https, url, note, &outcome), -EAGAIN);
    run_until_idle(https);
    assert_int_equal(outcome.calls, HTTPS_TRANSFERS_MAX);
    assert_int_equal(https_get(https, url, note, &outcome), 0);
    https_free(https);
    close(fd);
}

/* The server has the request and says nothing: the worst moment to leave. */
static void what_is_under_way_is_abandoned_without_a_call(void **state)
{
    (void)state;
    struct https *https = open_trusting(fixture.ca_file);
    struct outcome outcome = {0};
    unsigned before = requests_seen();
    char url[128];
    url_of(&fixture.server, "https", "/hang", url);
    assert_int_equal(https_get(https, url, note, &outcome), 0);
    unsigned seen = before;
    int64_t begun_ms = clock_mono_ms();
    while (seen == before && clock_mono_ms() < begun_ms + PATIENCE_MS) {
        assert_int_equal(https_run(https, 10), 0);
        seen = requests_seen();
    }
    assert_int_equal(seen, before + 1);
    begun_ms = clock_mono_ms();
    https_free(https);
    assert_true(clock_mono_ms() - begun_ms < 1000);
    assert_int_equal(outcome.calls, 0);
}

static void *wake(void *context)
{
    https_wake(context);
    return NULL;
}

static void a_wake_ends_the_wait(void **state)
{
    (void)state;
    struct https *https = open_trusting(fixture.ca_file);
    int64_t begun_ms = clock_mono_ms();
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wake, https), 0);
    assert_int_equal(https_run(https, PATIENCE_MS), 0);
    pthread_join(thread, NULL);
    assert_true(clock_mono_ms() - begun_ms < PATIENCE_MS);
    https_free(https);
}

static void a_wake_before_the_wait_is_not_lost(void **state)
{
    (void)state;
    struct https *https = open_trusting(fixture.ca_file);
    int64_t begun_ms = clock_mono_ms();
    https_wake(https);
    assert_int_equal(https_run(https, PATIENCE_MS), 0);
    assert_true(clock_mono_ms() - begun_ms < PATIENCE_MS);
    https_free(https);
}

static void the_proxy_is_named_without_its_password(void **state)
{
    (void)state;
    char text[128] = "";
    assert_false(https_proxy_in_use(text, sizeof(text)));
    setenv("ALL_PROXY", "socks5://far.example:1080", 1);
    assert_true(https_proxy_in_use(text, sizeof(text)));
    assert_string_equal(text, "ALL_PROXY=socks5://far.example:1080");
    setenv("https_proxy", "http://me:pass@word@proxy.example:3128", 1);
    assert_true(https_proxy_in_use(text, sizeof(text)));
    assert_string_equal(text, "https_proxy=proxy.example:3128");
    unsetenv("https_proxy");
    unsetenv("ALL_PROXY");
}

static void loopback_is_never_asked_through_a_proxy(void **state)
{
    (void)state;
    unsigned port = 0;
    int fd = tls_bind(&port);
    char proxy[64];
    (void)snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", port);
    setenv("https_proxy", proxy, 1);
    assert_int_equal(get("/ok").status, 200);
    unsetenv("https_proxy");
    close(fd);
}

static void a_ca_file_that_cannot_be_read_is_reported_at_once(void **state)
{
    (void)state;
    struct https *https = NULL;
    char path[96];
    (void)snprintf(path, sizeof(path), "%s/none.pem", fixture.directory);
    assert_int_equal(https_new(path, &https), -ENOENT);
    assert_null(https);
}

static void a_ca_file_without_certificates_is_a_fault(void **state)
{
    (void)state;
    char path[96];
    (void)snprintf(path, sizeof(path), "%s/empty.pem", fixture.directory);
    fclose(fopen(path, "w"));
    struct https *https = open_trusting(path);
    assert_string_equal(ask(https, "/ok", 0).fault,
                        "no certificates could be read from [sns] ca_file");
    https_free(https);
    (void)unlink(path);
}

static void a_system_without_cas_says_what_to_install(void **state)
{
    (void)state;
    char text[HTTPS_FAULT_BYTES_MAX];
    https_fault_text(CURLE_SSL_CACERT_BADFILE, "error setting file", false, text);
    assert_non_null(strstr(text, "install the package ca-certificates"));
}

static void a_lack_of_trust_says_what_to_check(void **state)
{
    (void)state;
    char text[HTTPS_FAULT_BYTES_MAX];
    static const char *const faults[][2] = {
        {"SSL certificate problem: certificate has expired", "this machine's clock"},
        {"SSL certificate problem: certificate is not yet valid", "this machine's clock"},
        {"SSL certificate problem: self-signed certificate", "[sns] ca_file"},
    };
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        const char *brief =
            https_fault_text(CURLE_PEER_FAILED_VERIFICATION, faults[i][0], true, text);
        assert_non_null(strstr(brief, faults[i][1]));
        assert_null(strstr(brief, "SSL certificate problem"));
        assert_non_null(strstr(text, faults[i][1]));
        assert_non_null(strstr(text, faults[i][0]));
    }
}

static void a_fault_is_one_line(void **state)
{
    (void)state;
    char text[HTTPS_FAULT_BYTES_MAX];
    https_fault_text(CURLE_COULDNT_CONNECT, "one\r\ntwo\x1b[1m", true, text);
    assert_string_equal(text, "could not connect: one  two [1m");
}

static void resolving_is_bounded_unless_the_operator_said_otherwise(void **state)
{
    (void)state;
    assert_string_equal(getenv("RES_OPTIONS"), "timeout:1 attempts:1");
    setenv("RES_OPTIONS", "timeout:3", 1);
    assert_int_equal(https_global_start(), 0);
    assert_string_equal(getenv("RES_OPTIONS"), "timeout:3");
    https_global_stop();
}

static int start(void **state)
{
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY", "RES_OPTIONS"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unsetenv(names[i]);
    (void)signal(SIGPIPE, SIG_IGN);
    if (https_global_start() < 0)
        return -1;
    const char *top = getenv("TMPDIR");
    (void)snprintf(fixture.directory, sizeof(fixture.directory), "%.40s/https-XXXXXX",
                   top ? top : "/tmp");
    if (!mkdtemp(fixture.directory))
        return -1;
    (void)snprintf(fixture.ca_file, sizeof(fixture.ca_file), "%s/ca.pem",
                   fixture.directory);
    fixture.ca = tls_identity_make("test CA", NULL, NULL);
    fixture.identity = tls_identity_make("server", "IP:127.0.0.1", &fixture.ca);
    tls_identity_write(&fixture.ca, fixture.ca_file);
    tls_server_start(&fixture.server, &fixture.identity);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    tls_server_stop(&fixture.server);
    tls_identity_done(&fixture.identity);
    tls_identity_done(&fixture.ca);
    (void)unlink(fixture.ca_file);
    (void)rmdir(fixture.directory);
    https_global_stop();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trusted_server_is_asked),
        cmocka_unit_test(an_empty_body_is_an_answer),
        cmocka_unit_test(a_404_is_an_answer_and_no_fault),
        cmocka_unit_test(a_redirect_is_not_followed),
        cmocka_unit_test(the_request_says_who_asks_and_nothing_else),
        cmocka_unit_test(an_announced_large_body_is_refused),
        cmocka_unit_test(an_endless_body_is_cut),
        cmocka_unit_test(half_an_answer_is_a_fault),
        cmocka_unit_test(a_silent_server_is_given_up_in_time),
        cmocka_unit_test(an_unknown_ca_is_a_fault_that_names_the_setting),
        cmocka_unit_test(a_certificate_of_another_host_is_refused),
        cmocka_unit_test(a_refused_connection_is_a_fault_without_the_query),
        cmocka_unit_test(plain_http_works_on_loopback),
        cmocka_unit_test(other_urls_are_refused_before_anything_is_sent),
        cmocka_unit_test(two_gets_are_under_way_at_once),
        cmocka_unit_test(a_callback_may_begin_another_get),
        cmocka_unit_test(a_place_is_used_again_after_a_fault),
        cmocka_unit_test(one_more_than_the_maximum_is_put_off),
        cmocka_unit_test(what_is_under_way_is_abandoned_without_a_call),
        cmocka_unit_test(a_wake_ends_the_wait),
        cmocka_unit_test(a_wake_before_the_wait_is_not_lost),
        cmocka_unit_test(the_proxy_is_named_without_its_password),
        cmocka_unit_test(loopback_is_never_asked_through_a_proxy),
        cmocka_unit_test(a_ca_file_that_cannot_be_read_is_reported_at_once),
        cmocka_unit_test(a_ca_file_without_certificates_is_a_fault),
        cmocka_unit_test(a_system_without_cas_says_what_to_install),
        cmocka_unit_test(a_lack_of_trust_says_what_to_check),
        cmocka_unit_test(a_fault_is_one_line),
        cmocka_unit_test(resolving_is_bounded_unless_the_operator_said_otherwise),
    };
    return cmocka_run_group_tests(tests, start, stop);
}

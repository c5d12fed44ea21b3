#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/limits.h"
#include "daemon/secrets.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/digest.h"

/* Made by hand: printf %s TOKEN | sha256sum */
#define HASH_OF_ABC     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define HASH_OF_TOKEN1  "df3e6b0bb66ceaadca4f84cbc371fd66e04d20fe51fc414da8d1b84d31d178de"
#define HASH_OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static int read_text(const char *text, struct secrets **ret, struct buf *fault)
{
    char path[] = "/tmp/sesbounced-test-XXXXXX";
    int fd = mkstemp(path);
    ssize_t len = (ssize_t)strlen(text);
    int r;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, (size_t)len), len);
    (void)close(fd);
    r = secrets_read(SECRETS_TOKENS, path, ret, fault);
    (void)unlink(path);
    return r;
}

static struct secrets *tokens_of(const char *text)
{
    struct secrets *tokens = NULL;
    struct buf fault;

    buf_init(&fault, LOG_VALUE_BYTES_MAX);
    assert_int_equal(read_text(text, &tokens, &fault), 0);
    assert_int_equal(fault.len, 0);
    buf_done(&fault);
    return tokens;
}

static void assert_fault(const char *text, const char *expected)
{
    struct secrets *tokens = NULL;
    struct buf fault;

    buf_init(&fault, LOG_VALUE_BYTES_MAX);
    assert_int_equal(read_text(text, &tokens, &fault), -EINVAL);
    assert_null(tokens);
    if (!strstr(fault.data, expected))
        fail_msg("\"%s\" does not say \"%s\"", fault.data, expected);
    buf_done(&fault);
}

static void append_line(struct buf *text, unsigned number)
{
    unsigned char digest[DIGEST_BYTES];
    char hex[DIGEST_BYTES * 2 + 1];
    char token[16];

    (void)snprintf(token, sizeof(token), "token%u", number);
    digest_sha256(str_of(token), digest);
    digest_hex(digest, DIGEST_BYTES * 2, hex);
    assert_int_equal(buf_printf(text, "n%u:write:%s\n", number, hex), 0);
}

static void the_token_of_a_hash_in_the_file_matches(void **state)
{
    _cleanup_(secrets_freep) struct secrets *tokens =
        tokens_of("# who may\n\n  scraper:read:" HASH_OF_ABC "\r\n");

    (void)state;
    assert_non_null(secrets_find_token(tokens, STR("Bearer abc")));
    assert_non_null(secrets_find_token(tokens, STR("bearer   abc ")));
    assert_null(secrets_find_token(tokens, STR("Bearer abd")));
    assert_null(secrets_find_token(tokens, STR("Bearer ab")));
    assert_null(secrets_find_token(tokens, STR("Bearer abcd")));
    assert_null(secrets_find_token(tokens, STR("Bearer a bc")));
    assert_null(secrets_find_token(tokens, STR("Bearer " HASH_OF_ABC)));
    assert_null(secrets_find_token(tokens, STR("Basic abc")));
    assert_null(secrets_find_token(tokens, STR("Bearerabc")));
    assert_null(secrets_find_token(tokens, STR("Bearer")));
    assert_null(secrets_find_token(tokens, STR("abc")));
    assert_null(secrets_find_token(tokens, STR("")));
    assert_null(secrets_find_token(tokens, STR_ABSENT));
}

/* In the place of an AWS access key id. A token may have a slash: the scope has four
 * parts. */
static void a_token_is_the_key_id_of_a_signature(void **state)
{
    _cleanup_(secrets_freep) struct secrets *tokens =
        tokens_of("scraper:read:" HASH_OF_ABC "\n");
    static const char *const others[] = {
        "AWS4-HMAC-SHA256 Credential=abd/20261128/eu-west-1/ses/aws4_request",
        "AWS4-HMAC-SHA256 Credential=x/abc/20261128/eu-west-1/ses/aws4_request",
        "AWS4-HMAC-SHA256 Credential=abc/eu-west-1/ses/aws4_request",
        "AWS4-HMAC-SHA256 Credential=abc",
        "AWS4-HMAC-SHA256 Credential=/////",
        "AWS4-HMAC-SHA256 Credential=",
        "AWS4-HMAC-SHA256 Signature=abc/1/2/3/4",
        "AWS4-HMAC-SHA256 abc/1/2/3/4",
        "AWS4-HMAC-SHA256",
        "Bearer abc/20261128/eu-west-1/ses/aws4_request",
    };

    (void)state;
    assert_non_null(secrets_find_token(
        tokens, STR("AWS4-HMAC-SHA256 Credential=abc/20261128/eu-west-1/ses/aws4_request,"
                    " SignedHeaders=host, Signature=00")));
    assert_non_null(secrets_find_token(
        tokens, STR("AWS4-HMAC-SHA256 SignedHeaders=host,Signature=00,"
                    "Credential=abc/20261128/eu-west-1/ses/aws4_request")));
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        assert_null(secrets_find_token(tokens, str_of(others[i])));
}

static void a_token_has_the_name_and_the_right_of_its_line(void **state)
{
    _cleanup_(secrets_freep) struct secrets *tokens =
        tokens_of("nobody:write:" HASH_OF_NOTHING "\nscraper:read:" HASH_OF_ABC
                  "\nother:write:" HASH_OF_TOKEN1 "\n");
    const struct secrets_token *scraper = secrets_find_token(tokens, STR("Bearer abc"));
    const struct secrets_token *other = secrets_find_token(tokens, STR("Bearer token1"));

    (void)state;
    assert_string_equal(scraper->name, "scraper");
    assert_false(scraper->writes);
    assert_string_equal(other->name, "other");
    assert_true(other->writes);
}

static void hashes_may_be_in_upper_case(void **state)
{
    _cleanup_(secrets_freep) struct secrets *tokens = tokens_of(
        "a:read:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD");

    (void)state;
    assert_non_null(secrets_find_token(tokens, STR("Bearer abc")));
}

static void every_line_counts_up_to_the_maximum(void **state)
{
    _cleanup_(secrets_freep) struct secrets *tokens = NULL;
    struct buf text;

    (void)state;
    buf_init(&text, TOKENS_BYTES_MAX);
    for (unsigned i = 1; i <= SECRETS_MAX; i++)
        append_line(&text, i);
    tokens = tokens_of(text.data);
    assert_non_null(secrets_find_token(tokens, STR("Bearer token1")));
    assert_non_null(secrets_find_token(tokens, STR("Bearer token64")));
    assert_null(secrets_find_token(tokens, STR("Bearer token65")));
    append_line(&text, SECRETS_MAX + 1);
    assert_fault(text.data, "line 65: too many");
    buf_done(&text);
}

static void an_empty_token_never_matches(void **state)
{
    _cleanup_(secrets_freep) struct secrets *tokens =
        tokens_of("unset:read:" HASH_OF_NOTHING "\n");

    (void)state;
    assert_null(secrets_find_token(tokens, STR("Bearer ")));
    assert_null(secrets_find_token(tokens, STR("Bearer")));
    assert_null(secrets_find_token(tokens, STR("")));
}

static void a_line_that_is_not_a_token_is_a_fault_and_named(void **state)
{
    static const char *const lines[] = {
        "scraper",
        "scraper:read",
        "scraper:read:",
        ":read:" HASH_OF_ABC,
        "scraper::" HASH_OF_ABC,
        "scraper:READ:" HASH_OF_ABC,
        "scraper:admin:" HASH_OF_ABC,
        "scraper:" HASH_OF_ABC,
        "scraper:read:abc",
        "a-name-of-64-bytes-----------------------------------------------:"
        "read:" HASH_OF_ABC,
        "\xff:read:" HASH_OF_ABC,
        "scraper:read:" HASH_OF_ABC "0",
        "scraper:read:" HASH_OF_ABC "  -",
        "scraper:read: " HASH_OF_ABC,
        "scraper:read:" HASH_OF_ABC ":read",
        "scraper:read:xa7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char text[256];

        (void)snprintf(text, sizeof(text), "a:read:" HASH_OF_ABC "\n\n%s\n", lines[i]);
        assert_fault(text, "line 3: neither");
    }
}

static void a_file_that_would_let_nobody_in_is_a_fault(void **state)
{
    (void)state;
    assert_fault("# only a comment\n", "no token");
}

static void a_file_that_cannot_be_read_is_a_fault(void **state)
{
    struct secrets *tokens = NULL;
    struct buf fault;
    char text[TOKENS_BYTES_MAX + 2];

    (void)state;
    buf_init(&fault, LOG_VALUE_BYTES_MAX);
    assert_int_equal(secrets_read(SECRETS_TOKENS, "/nonexistent", &tokens, &fault),
                     -ENOENT);
    assert_int_equal(secrets_read(SECRETS_TOKENS, "/", &tokens, &fault), -EISDIR);
    assert_true(fault.len > 0);
    memset(text, '#', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(read_text(text, &tokens, &fault), -E2BIG);
    assert_int_equal(read_text("", &tokens, &fault), -ENODATA);
    assert_null(tokens);
    buf_done(&fault);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_the_key_id_of_a_signature),
        cmocka_unit_test(the_token_of_a_hash_in_the_file_matches),
        cmocka_unit_test(a_token_has_the_name_and_the_right_of_its_line),
        cmocka_unit_test(hashes_may_be_in_upper_case),
        cmocka_unit_test(every_line_counts_up_to_the_maximum),
        cmocka_unit_test(an_empty_token_never_matches),
        cmocka_unit_test(a_line_that_is_not_a_token_is_a_fault_and_named),
        cmocka_unit_test(a_file_that_would_let_nobody_in_is_a_fault),
        cmocka_unit_test(a_file_that_cannot_be_read_is_a_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

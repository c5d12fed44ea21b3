/* Secrets of webhooks and mail, and the mail that is made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/compose.h"

/* 24 bytes and 64. */
#define KEY_24 "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
#define KEY_64                                                                           \
    "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v"             \
    "MDEyMzQ1Njc4OTo7PD0+Pw=="
#define KEY_23 "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY="

static const char *file_of(const char *text)
{
    static char path[64];
    int fd;

    (void)snprintf(path, sizeof(path), "/tmp/sesbounced-test-XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
    return path;
}

static int keys_read(const char *text, struct receiver_keys *ret, struct buf *fault)
{
    const char *path = file_of(text);
    int r;

    buf_init(fault, LOG_VALUE_BYTES_MAX);
    r = receiver_keys_read(path, ret, fault);
    (void)unlink(path);
    return r;
}

static void a_key_is_the_bytes_behind_whsec(void **state)
{
    struct receiver_keys keys;
    struct buf fault;

    (void)state;
    assert_int_equal(keys_read("# old\n" KEY_24 "\r\n\n  " KEY_64 "\n", &keys, &fault),
                     0);
    assert_int_equal(keys.count, 2);
    assert_int_equal(keys.keys[0].len, 24);
    assert_int_equal(keys.keys[1].len, 64);
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(keys.keys[1].bytes[i], i);
}

static void other_lines_are_refused_without_being_quoted(void **state)
{
    static const struct {
        const char *text, *fault;
    } cases[] = {
        {"s3cret", "line 1: does not begin with `whsec_`"},
        {KEY_24 "\nwhsec_s3cret", "line 2: is not `whsec_` and the base64 of 24 to 64"},
        {KEY_23, "24 to 64 bytes"},
        {"# nothing\n", "contains no secret"},
        {"", "is empty"},
        {KEY_24 "\n" KEY_24 "\n" KEY_24 "\n" KEY_24 "\n" KEY_24, "line 5: too many"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct receiver_keys keys;
        struct buf fault;

        assert_true(keys_read(cases[i].text, &keys, &fault) < 0);
        assert_non_null(strstr(fault.data, cases[i].fault));
        assert_null(strstr(fault.data, "s3cret"));
        buf_done(&fault);
    }
}

static void a_password_is_the_first_line(void **state)
{
    char *password = NULL;
    struct buf fault;

    (void)state;
    buf_init(&fault, LOG_VALUE_BYTES_MAX);
    assert_int_equal(
        receiver_password_read(file_of("pass word\nmore\n"), &password, &fault), 0);
    assert_string_equal(password, "pass word");
    free(password);
    assert_int_equal(receiver_password_read(file_of("\nmore\n"), &password, &fault),
                     -EINVAL);
    buf_done(&fault);
}

/* --- mail ------------------------------------------------------------------------ */

static struct buf mail_of(const char *text)
{
    static char from[] = "from@a.example", to_one[] = "one@b.example",
                to_two[] = "two@b.example";
    static char *to[] = {to_one, to_two};
    static const struct settings_mail mail = {.from = from, .to = {to, 2}};
    const struct receiver receiver = {.kind = RECEIVER_MAIL, .mail = &mail};
    struct buf ret;

    buf_init(&ret, COMPOSED_BYTES_MAX);
    /* Friday. */
    assert_int_equal(
        compose_mail(&receiver, "msg_1_t7", INT64_C(1777629845123), str_of(text), &ret),
        0);
    return ret;
}

static void a_plain_text_is_sent_as_it_is(void **state)
{
    struct buf mail = mail_of("3 bounces\nbounce: a\n.\nend");

    (void)state;
    assert_string_equal(mail.data, "Date: Fri, 01 May 2026 10:04:05 +0000\r\n"
                                   "From: sesbounced <from@a.example>\r\n"
                                   "To: <one@b.example>,\r\n <two@b.example>\r\n"
                                   "Subject: sesbounced: 3 bounces\r\n"
                                   "Message-ID: <msg_1_t7@a.example>\r\n"
                                   "Auto-Submitted: auto-generated\r\n"
                                   "MIME-Version: 1.0\r\n"
                                   "Content-Type: text/plain; charset=us-ascii\r\n"
                                   "Content-Transfer-Encoding: 7bit\r\n\r\n"
                                   "3 bounces\r\nbounce: a\r\n.\r\nend\r\n");
    buf_done(&mail);
}

/* No line of a mail is longer than 998 bytes, and none holds anything but ASCII. */
static void other_texts_are_encoded(void **state)
{
    char text[2000];
    struct buf mail;
    struct str rest, line;

    (void)state;
    mail = mail_of("\xc3\xbc\xc3\xbc "
                   "1234567890123456789012345678901234567890\xc3\xbc!");
    assert_non_null(strstr(mail.data, "Subject: sesbounced: =?utf-8?B?w7zDvCAxMjM0"));
    assert_non_null(strstr(mail.data, "?=\r\n =?utf-8?B?"));
    assert_non_null(strstr(mail.data, "Content-Transfer-Encoding: base64\r\n"));
    buf_done(&mail);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    mail = mail_of(text);
    rest = buf_str(&mail);
    while (str_split(&rest, '\n', &line))
        assert_true(line.len < 200);
    buf_done(&mail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_the_bytes_behind_whsec),
        cmocka_unit_test(other_lines_are_refused_without_being_quoted),
        cmocka_unit_test(a_password_is_the_first_line),
        cmocka_unit_test(a_plain_text_is_sent_as_it_is),
        cmocka_unit_test(other_texts_are_encoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

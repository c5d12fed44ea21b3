/*
 * Real messages signed by AWS, and messages that must be refused, in the folder that
 * VECTORS names. They are not ours to copy, so without that folder this tier is skipped
 * and says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "sesbounce/authentic.h"
#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"

#define FILE_BYTES_MAX (1024 * 1024)
#define PATH_BYTES_MAX 1024

static void closedirp(DIR **directory)
{
    if (*directory)
        (void)closedir(*directory);
}

static const char *vectors(void)
{
    const char *folder = getenv("VECTORS");
    return folder ? folder : "../shared/vectors";
}

/* False when there is no such file. */
static bool read_whole(const char *path, struct buf *ret)
{
    _cleanup_(fclosep) FILE *file = fopen(path, "re");
    char piece[4096];
    size_t len;
    if (!file)
        return false;
    while ((len = fread(piece, 1, sizeof piece, file)) > 0)
        assert_int_equal(buf_append(ret, piece, len), 0);
    return true;
}

/*
 * The way of a delivery without I/O. NULL when it is genuine, else why not. Where
 * `certificate_path` does not exist nothing could be fetched.
 */
static const char *fault_with(struct str body, const char *certificate_path,
                              struct sns_message *message)
{
    const struct authentic_rules rules = {STR_ABSENT, 1};
    const char *fault = "no fault given";
    struct arn topic;
    struct sns_cert_url url;
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate = NULL;
    _cleanup_(buf_done) struct buf pem;
    buf_init(&pem, FILE_BYTES_MAX);
    if (sns_message_parse(body, message, &fault) != VERDICT_NONE)
        return fault;
    if (!arn_parse(message->topic_arn, &topic))
        return "the topic is not an ARN";
    if (authentic_check(message, &topic, &rules, &url) != VERDICT_NONE)
        return "version or certificate's URL are not acceptable";
    if (!read_whole(certificate_path, &pem))
        return "there is no certificate";
    if (sns_certificate_parse(buf_str(&pem), &certificate, &fault) < 0)
        return fault;
    if (authentic_verify(message, &topic, &rules, certificate, &fault) != VERDICT_NONE)
        return fault;
    return NULL;
}

static const char *fault_of(const char *path)
{
    char certificate_path[PATH_BYTES_MAX];
    _cleanup_(sns_message_done) struct sns_message message = {0};
    _cleanup_(buf_done) struct buf body;
    buf_init(&body, FILE_BYTES_MAX);
    assert_true(read_whole(path, &body));
    (void)snprintf(certificate_path, sizeof certificate_path, "%.*s.pem",
                   (int)(strlen(path) - strlen(".json")), path);
    return fault_with(buf_str(&body), certificate_path, &message);
}

/* Calls `check` with the path of each file; skips the test where the folder is not. */
static void for_each(const char *folder, const char *suffix, unsigned at_least,
                     void (*check)(const char *path))
{
    char path[PATH_BYTES_MAX];
    unsigned count = 0;
    (void)snprintf(path, sizeof path, "%s/%s", vectors(), folder);
    _cleanup_(closedirp) DIR *directory = opendir(path);
    if (!directory) {
        print_message("skipped: there is no %s (see VECTORS)\n", path);
        skip();
    }
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (!str_ends_with(str_of(entry->d_name), str_of(suffix)))
            continue;
        (void)snprintf(path, sizeof path, "%s/%s/%s", vectors(), folder, entry->d_name);
        check(path);
        count++;
    }
    assert_true(count >= at_least);
}

static bool is_lambda_cased(const char *path)
{
    _cleanup_(buf_done) struct buf body;
    buf_init(&body, FILE_BYTES_MAX);
    assert_true(read_whole(path, &body));
    return memmem(body.data, body.len, "SigningCertUrl", 14);
}

static void is_genuine(const char *path)
{
    const char *fault = fault_of(path);
    if (is_lambda_cased(path))
        assert_string_equal(fault, "SigningCertURL is missing");
    else if (fault)
        fail_msg("%s: %s", path, fault);
}

static void is_refused(const char *path)
{
    const char *fault = fault_of(path);
    if (!fault)
        fail_msg("%s was accepted", path);
    if (getenv("VERBOSE"))
        print_message("%s: %s\n", path, fault);
}

static void is_not_a_certificate_of_sns(const char *path)
{
    const char *fault = "not one of SNS";
    struct arn topic;
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate = NULL;
    _cleanup_(buf_done) struct buf pem;
    buf_init(&pem, FILE_BYTES_MAX);
    assert_true(read_whole(path, &pem));
    assert_true(arn_parse(STR("arn:aws:sns:us-east-1:123456789012:topic"), &topic));
    if (sns_certificate_parse(buf_str(&pem), &certificate, &fault) == 0 &&
        sns_certificate_is_for(certificate, &topic))
        fail_msg("%s was accepted", path);
    if (getenv("VERBOSE"))
        print_message("%s: %s\n", path, fault);
}

/* The signature of a Lambda-cased body is genuine: it is the name that is refused. */
static void the_right_name_makes_a_lambda_body_genuine(const char *path)
{
    char certificate_path[PATH_BYTES_MAX];
    _cleanup_(sns_message_done) struct sns_message message = {0};
    _cleanup_(buf_done) struct buf body;
    buf_init(&body, FILE_BYTES_MAX);
    if (!is_lambda_cased(path))
        return;
    assert_true(read_whole(path, &body));
    char *name = memmem(body.data, body.len, "SigningCertUrl", 14);
    memcpy(name, "SigningCertURL", 14);
    (void)snprintf(certificate_path, sizeof certificate_path, "%.*s.pem",
                   (int)(strlen(path) - strlen(".json")), path);
    const char *fault = fault_with(buf_str(&body), certificate_path, &message);
    if (fault)
        fail_msg("%s: %s", path, fault);
}

/* A byte more or less anywhere in what is signed breaks the signature. */
static void no_longer_verifies_when_changed(const char *path)
{
    char certificate_path[PATH_BYTES_MAX];
    _cleanup_(buf_done) struct buf body;
    buf_init(&body, FILE_BYTES_MAX);
    if (is_lambda_cased(path))
        return;
    assert_true(read_whole(path, &body));
    (void)snprintf(certificate_path, sizeof certificate_path, "%.*s.pem",
                   (int)(strlen(path) - strlen(".json")), path);
    static const char *const keys[] = {"\"MessageId\"", "\"Message\"", "\"Timestamp\"",
                                       "\"TopicArn\"", "\"Signature\""};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        _cleanup_(sns_message_done) struct sns_message message = {0};
        char *at = memmem(body.data, body.len, keys[i], strlen(keys[i]));
        assert_non_null(at);
        at = strchr(at + strlen(keys[i]) + 1, '"') + 1;
        if (i == 3)
            at = strchr(at, ',') - 2;
        char kept = *at;
        *at = kept == '1' ? '0' : '1';
        if (!fault_with(buf_str(&body), certificate_path, &message))
            fail_msg("%s: %s can be changed", path, keys[i]);
        *at = kept;
    }
}

static void every_real_message_is_genuine(void **state)
{
    (void)state;
    for_each("sns-real", ".json", 24, is_genuine);
}

static void a_changed_real_message_is_refused(void **state)
{
    (void)state;
    for_each("sns-real", ".json", 24, no_longer_verifies_when_changed);
}

static void a_lambda_body_fails_by_its_spelling_only(void **state)
{
    (void)state;
    for_each("sns-real", ".json", 24, the_right_name_makes_a_lambda_body_genuine);
}

static void every_negative_message_is_refused(void **state)
{
    (void)state;
    for_each("sns-negative", ".json", 45, is_refused);
}

static void every_negative_certificate_is_refused(void **state)
{
    (void)state;
    for_each("sns-negative/certs", ".pem", 7, is_not_a_certificate_of_sns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_real_message_is_genuine),
        cmocka_unit_test(a_changed_real_message_is_refused),
        cmocka_unit_test(a_lambda_body_fails_by_its_spelling_only),
        cmocka_unit_test(every_negative_message_is_refused),
        cmocka_unit_test(every_negative_certificate_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "ctl/records_advice.h"
#include "ctl/records_peel.h"
#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"

static void peel(const char *record, enum records_peeled peeled, const char *text)
{
    struct records_inner inner;
    assert_int_equal(records_peel(str_of(record), &inner), peeled);
    if (text)
        assert_true(str_equal(inner.text, str_of(text)));
    records_inner_done(&inner);
}

static void a_message_of_sqs_has_a_body(void **state)
{
    (void)state;
    peel("{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"Body\":\"{\\\"a\\\":1}\"}",
         RECORDS_PEELED_RECORD, "{\"a\":1}");
    peel("{\"messageId\":\"m\",\"body\":\"x\\u00e9\",\"eventSource\":\"aws:sqs\"}",
         RECORDS_PEELED_RECORD, "x\xc3\xa9");
    peel("{\"Body\":{\"a\":1}}", RECORDS_PEELED_NOTHING, NULL);
}

static void an_event_of_lambda_has_an_envelope(void **state)
{
    (void)state;
    peel("{\"EventSource\":\"aws:sns\",\"Sns\": {\"TopicArn\":\"t\"} }",
         RECORDS_PEELED_RECORD, "{\"TopicArn\":\"t\"}");
    peel("{\"Sns\":\"text\"}", RECORDS_PEELED_NOTHING, NULL);
}

static void names_of_lambda_are_spelled_as_sns_does(void **state)
{
    (void)state;
    peel("{\"TopicArn\":\"SigningCertUrl\",\"SigningCertUrl\":\"u\",\"UnsubscribeUrl\":"
         "\"v\"}",
         RECORDS_PEELED_RECORD,
         "{\"TopicArn\":\"SigningCertUrl\",\"SigningCertURL\":\"u\",\"UnsubscribeURL\":"
         "\"v\"}");
    peel("{\"TopicArn\":\"t\",\"SigningCertUrl\":\"u\",\"SigningCertURL\":\"v\"}",
         RECORDS_PEELED_NOTHING, NULL);
}

/* An escape in a name moves what is behind it. */
static void a_name_with_an_escape_is_not_overwritten(void **state)
{
    (void)state;
    peel("{\"TopicArn\":\"t\",\"Signing\\u0043ertUrl\":\"u\"}", RECORDS_PEELED_NOTHING,
         NULL);
}

static void an_envelope_without_a_signature_is_firehoses(void **state)
{
    (void)state;
    struct records_inner inner;
    struct str record =
        STR("{\"Type\":\"Notification\",\"TopicArn\":\"t\",\"Message\":\"\\\"m\"}");
    assert_int_equal(records_peel(record, &inner), RECORDS_PEELED_UNSIGNED);
    assert_true(str_equal(inner.text, STR("\"m")));
    assert_true(str_equal(inner.topic_arn, STR("t")));
    records_inner_done(&inner);
}

static void what_is_left_of_a_signature_is_not_ignored(void **state)
{
    (void)state;
#define UNSIGNED "{\"Type\":\"Notification\",\"TopicArn\":\"t\",\"Message\":\"m\","
    peel(UNSIGNED "\"Signature\":\"\"}", RECORDS_PEELED_NOTHING, NULL);
    peel(UNSIGNED "\"Signature\":null}", RECORDS_PEELED_NOTHING, NULL);
    peel(UNSIGNED "\"SignatureVersion\":\"1\"}", RECORDS_PEELED_NOTHING, NULL);
    peel(UNSIGNED "\"SigningCertURL\":\"u\"}", RECORDS_PEELED_NOTHING, NULL);
    peel("{\"Type\":\"SubscriptionConfirmation\",\"TopicArn\":\"t\",\"Message\":\"m\"}",
         RECORDS_PEELED_NOTHING, NULL);
}

static void other_things_are_known(void **state)
{
    (void)state;
    peel("\"a\\nb\"", RECORDS_PEELED_RECORD, "a\nb");
    peel("\"a\" b", RECORDS_PEELED_NOTHING, NULL);
    peel("[1]", RECORDS_PEELED_CONTAINER, "[1]");
    peel("{\"Records\":[1]}", RECORDS_PEELED_CONTAINER, "{\"Records\":[1]}");
    peel("{\"Records\":1}", RECORDS_PEELED_NOTHING, NULL);
    peel("{\"eventName\":\"SendEmail\",\"eventSource\":\"ses.amazonaws.com\"}",
         RECORDS_PEELED_CLOUDTRAIL, NULL);
    peel("{\"eventName\":\"x\",\"eventSource\":\"aws:s3\"}", RECORDS_PEELED_NOTHING,
         NULL);
    peel("{\"SuppressedDestinationSummaries\":[]}", RECORDS_PEELED_SES_LIST, NULL);
    peel("", RECORDS_PEELED_NOTHING, NULL);
    peel("{", RECORDS_PEELED_NOTHING, NULL);
    peel("{}", RECORDS_PEELED_NOTHING, NULL);
    peel("{\"Body\":\"x\"} {", RECORDS_PEELED_NOTHING, NULL);
}

static void advise(bool is_known, struct str first, const char *says)
{
    _cleanup_(buf_done) struct buf advice = {.max = 4096};
    assert_true(records_advice_bytes(first, "it's", "sesbouncectl", &advice) == is_known);
    assert_true(!says || strstr(buf_str(&advice).data, says));
}

static void other_formats_are_known_by_their_first_bytes(void **state)
{
    (void)state;
    char tar[512] = "file";
    memcpy(tar + 257, "ustar", 5);
    advise(true, STR("PK\x03\x04"), "unzip -p 'it'\\''s' | sesbouncectl import -");
    advise(true, STR("\x1f\x8b"), "twice");
    advise(true, (struct str){tar, sizeof(tar)}, "tar -xOf");
    advise(true, STR("PAR1"), "Parquet");
    advise(true, STR("\xff\xfe{"), "iconv");
    advise(true, STR("<?xml"), "XML");
    advise(false, (struct str){tar, 261}, NULL);
    advise(false, STR(""), NULL);
    advise(false, STR("{\"a\":1}"), NULL);
}

static void advise_line(bool is_known, const char *line, bool is_first, const char *says)
{
    _cleanup_(buf_done) struct buf advice = {.max = 4096};
    assert_true(records_advice_line(str_of(line), is_first, "-", "sesbouncectl",
                                    &advice) == is_known);
    assert_true(!says || strstr(buf_str(&advice).data, says));
}

static void other_files_are_known_by_a_line(void **state)
{
    (void)state;
    advise_line(true, "ann@mail.example,bounce", false, "sesbouncectl suppress import -");
    advise_line(true, "\"ann@mail.example\",bounce", false, "suppress import");
    advise_line(true, "From MAILER-DAEMON Thu Jan  1", true, "a mailbox");
    advise_line(true, "return-path: <>", true, "a mail,");
    advise_line(false, "Return-Path: <>", false, NULL);
    advise_line(false, "\"{\\\"mail\\\":\\\"a@b.example\\\"}\"", true, NULL);
    advise_line(false, "{\"a@b.example\":1}", true, NULL);
    advise_line(false, "", true, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_of_sqs_has_a_body),
        cmocka_unit_test(an_event_of_lambda_has_an_envelope),
        cmocka_unit_test(names_of_lambda_are_spelled_as_sns_does),
        cmocka_unit_test(a_name_with_an_escape_is_not_overwritten),
        cmocka_unit_test(an_envelope_without_a_signature_is_firehoses),
        cmocka_unit_test(what_is_left_of_a_signature_is_not_ignored),
        cmocka_unit_test(other_things_are_known),
        cmocka_unit_test(other_formats_are_known_by_their_first_bytes),
        cmocka_unit_test(other_files_are_known_by_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

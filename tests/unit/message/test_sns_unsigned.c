/* What of an envelope SNS did not sign: how much of it is taken, and how it is shown. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/limits.h"
#include "sesbounce/sns_message.h"

#define ARN "arn:aws:sns:eu-west-1:012345678901:ses-bounces"
#define HEAD                                                                             \
    "\"MessageId\":\"0d5c9e1a-7b1f-5c0e-9a44-000000000001\",\"TopicArn\":\"" ARN "\""
#define TAIL                                                                             \
    "\"Timestamp\":\"2024-02-29T12:34:56.789Z\",\"SignatureVersion\":\"2\","             \
    "\"Signature\":\"c2ln\",\"SigningCertURL\":\"https://x\""

/* `member` before the rest, and blanks behind it until all of it has `bytes` beside what
 * is signed. */
static enum verdict padded(const char *type, const char *member, size_t bytes,
                           const char **ret_fault)
{
    _cleanup_(buf_done) struct buf body;
    static const char message[] = "\"one that is signed\"";
    struct str signed_values = STR("\"" ARN "\"\"0d5c9e1a-7b1f-5c0e-9a44-000000000001\""
                                   "\"2024-02-29T12:34:56.789Z\"");
    struct sns_message parsed_message;
    size_t signed_bytes = signed_values.len + strlen(message) + strlen(type) + 2;

    if (strcmp(type, "Notification") != 0)
        signed_bytes += strlen("\"tok\"\"https://sub\"");
    buf_init(&body, 4 * SNS_UNSIGNED_BYTES_MAX);
    assert_int_equal(buf_printf(&body,
                                "{\"Type\":\"%s\"," HEAD ",\"Message\":%s," TAIL "%s",
                                type, message, member),
                     0);
    while (body.len + 1 < signed_bytes + bytes)
        (void)buf_append_char(&body, ' ');
    assert_int_equal(buf_append_char(&body, '}'), 0);
    assert_int_equal(body.len, signed_bytes + bytes);
    enum verdict verdict = sns_message_parse(buf_str(&body), &parsed_message, ret_fault);
    sns_message_done(&parsed_message);
    return verdict;
}

static void sixteen_kib_beside_what_is_signed_is_the_most(void **state)
{
    static const struct {
        const char *type, *member;
    } cases[] = {
        {"Notification", ""},
        {"Notification", ",\"UnsubscribeURL\":\"https://x/\""},
        {"Notification", ",\"MessageAttributes\":{\"a\":{\"Type\":\"String\"}}"},
        {"Notification", ",\"anything\":[1,2,{}]"},
        /* signed in confirmations only */
        {"Notification", ",\"Token\":\"tok\",\"SubscribeURL\":\"https://sub\""},
        {"SubscriptionConfirmation",
         ",\"Token\":\"tok\",\"SubscribeURL\":\"https://sub\""},
        /* signed in notifications only */
        {"SubscriptionConfirmation",
         ",\"Token\":\"tok\",\"SubscribeURL\":\"https://sub\",\"Subject\":\"s\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *fault = NULL;
        assert_int_equal(
            padded(cases[i].type, cases[i].member, SNS_UNSIGNED_BYTES_MAX, &fault),
            VERDICT_NONE);
        assert_int_equal(
            padded(cases[i].type, cases[i].member, SNS_UNSIGNED_BYTES_MAX + 1, &fault),
            VERDICT_NOT_ENVELOPE);
        assert_string_equal(fault, "more than 16 KiB of unsigned bytes");
    }
}

static void a_signed_message_of_any_length_is_not_padding(void **state)
{
    (void)state;
    struct sns_message message;
    const char *fault = NULL;
    _cleanup_(buf_done) struct buf body;
    buf_init(&body, 1024 * 1024);
    assert_int_equal(
        buf_append_str(&body, STR("{\"Type\":\"Notification\"," HEAD ",\"Message\":\"")),
        0);
    for (size_t i = 0; i < 100 * 1024; i++)
        assert_int_equal(buf_append_str(&body, STR("\\\"")), 0);
    assert_int_equal(buf_append_str(&body, STR("\"," TAIL "}")), 0);
    assert_int_equal(sns_message_parse(buf_str(&body), &message, &fault), VERDICT_NONE);
    sns_message_done(&message);
}

static void the_members_that_are_not_signed_are_named(void **state)
{
    (void)state;
    struct str names[SNS_MEMBERS_MAX];
    struct sns_message message;
    struct str notification = STR(
        "{\"Type\":\"Notification\"," HEAD ",\"Subject\":\"s\",\"Message\":\"m\"," TAIL
        ",\"UnsubscribeURL\":\"https://x\",\"\\u0061dded\":{\"Message\":1}}");

    assert_int_equal(sns_message_unsigned(notification, &message, names), 5);
    assert_true(str_equal(names[0], STR("SignatureVersion")));
    assert_true(str_equal(names[1], STR("Signature")));
    assert_true(str_equal(names[2], STR("SigningCertURL")));
    assert_true(str_equal(names[3], STR("UnsubscribeURL")));
    assert_true(str_equal(names[4], STR("added")));
    sns_message_done(&message);

    assert_int_equal(
        sns_message_unsigned(STR("{\"eventType\":\"Send\"}"), &message, names), 0);
    sns_message_done(&message);
}

#define CONFIRMATION                                                                     \
    "{\"Type\":\"UnsubscribeConfirmation\"," HEAD ",\"Message\":\"Token\","

static void a_token_is_removed_and_all_else_is_as_it_was(void **state)
{
    static const struct {
        const char *body, *expected;
    } cases[] = {
        {CONFIRMATION TAIL ",\"Token\":\"tok\",\"SubscribeURL\":\"https://x/?tok\"}",
         CONFIRMATION TAIL ",\"Token\":\"removed\",\"SubscribeURL\":\"removed\"}"},
        {CONFIRMATION "\"SubscribeURL\" : \"https:\\/\\/x\" ,\n\"Token\": "
                      "\"\\u0074\\\"\", " TAIL ", \"a\":[ 1 ] } ",
         CONFIRMATION "\"SubscribeURL\" : \"removed\" ,\n\"Token\": "
                      "\"removed\", " TAIL ", \"a\":[ 1 ] } "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        _cleanup_(buf_done) struct buf kept;
        struct sns_message message;
        const char *fault;

        buf_init(&kept, 2000);
        assert_int_equal(sns_message_remove_token(str_of(cases[i].body), &kept), 0);
        assert_string_equal(buf_str(&kept).data, cases[i].expected);
        assert_int_equal(sns_message_parse(buf_str(&kept), &message, &fault),
                         VERDICT_NONE);
        assert_true(sns_message_is_token_removed(&message));
        sns_message_done(&message);
        assert_int_equal(sns_message_remove_token(STR("{\"Token\":\"tok\"}"), &kept),
                         -EINVAL);
        assert_int_equal(sns_message_remove_token(STR(""), &kept), -EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sixteen_kib_beside_what_is_signed_is_the_most),
        cmocka_unit_test(a_signed_message_of_any_length_is_not_padding),
        cmocka_unit_test(the_members_that_are_not_signed_are_named),
        cmocka_unit_test(a_token_is_removed_and_all_else_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

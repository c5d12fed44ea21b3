#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

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
#define NOTIFICATION(message)                                                            \
    "{\"Type\":\"Notification\"," HEAD ",\"Message\":" message "," TAIL "}"
#define CONFIRMATION(type, rest)                                                         \
    "{\"Type\":\"" type "\"," HEAD ",\"Message\":\"m\"," TAIL rest "}"

/* Parses, expects an envelope. The caller calls sns_message_done(). */
static struct sns_message parsed(struct str body)
{
    struct sns_message message;
    const char *fault = "";
    if (sns_message_parse(body, &message, &fault) != VERDICT_NONE)
        fail_msg("%s: %.*s", fault, STR_ARG(body));
    return message;
}

/* Parses, expects a refusal, returns its fault. */
static const char *refused(struct str body, enum verdict expected)
{
    static const struct sns_message empty;
    struct sns_message message;
    const char *fault = NULL;
    enum verdict verdict = sns_message_parse(body, &message, &fault);
    if (verdict != expected)
        fail_msg("%s instead of %s (%s): %.*s", verdict_info(verdict)->name,
                 verdict_info(expected)->name, fault ? fault : "", STR_ARG(body));
    assert_non_null(fault);
    assert_memory_equal(&message, &empty, sizeof message);
    return fault;
}

static void a_notification_is_read(void **state)
{
    (void)state;
    struct str body =
        STR(" \t\r\n{ \"Type\" : \"Notification\" ,\n " HEAD " , \"Subject\":\"hello\",\n"
            "\"Message\":\"plain\"," TAIL ",\"UnsubscribeURL\":\"https://x\",\n"
            "\"MessageAttributes\":{\"a\":{\"Type\":\"String\",\"Value\":\"v\"}},"
            "\"SequenceNumber\":\"1\"}\n");
    _cleanup_(sns_message_done) struct sns_message message = parsed(body);
    assert_int_equal(message.type, SNS_NOTIFICATION);
    assert_true(str_equal(message.type_text, STR("Notification")));
    assert_true(
        str_equal(message.message_id, STR("0d5c9e1a-7b1f-5c0e-9a44-000000000001")));
    assert_true(str_equal(message.topic_arn, STR(ARN)));
    assert_true(str_equal(message.subject, STR("hello")));
    assert_true(str_equal(message.message, STR("plain")));
    assert_true(str_equal(message.timestamp, STR("2024-02-29T12:34:56.789Z")));
    assert_true(message.timestamp_ms == INT64_C(1709210096789));
    assert_true(str_equal(message.signature_version, STR("2")));
    assert_true(str_equal(message.signature, STR("c2ln")));
    assert_true(str_equal(message.signing_cert_url, STR("https://x")));
    assert_false(str_present(message.token));
    assert_false(str_present(message.subscribe_url));
}

static void what_has_no_escapes_is_borrowed_from_the_body(void **state)
{
    (void)state;
    struct str body = STR(NOTIFICATION("\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x93\xac\""));
    _cleanup_(sns_message_done) struct sns_message message = parsed(body);
    assert_null(message.decoded);
    assert_true(message.message.data > body.data &&
                message.message.data < body.data + body.len);
    assert_true(str_equal(message.message, STR("gr\xc3\xbc\xc3\x9f \xf0\x9f\x93\xac")));
}

static void escapes_are_decoded_once_and_no_deeper(void **state)
{
    (void)state;
    static const struct {
        struct str json, decoded;
    } cases[] = {
        {STR(NOTIFICATION("\"\"")), STR("")},
        {STR(NOTIFICATION("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"")), STR("\"\\/\b\f\n\r\t")},
        {STR(NOTIFICATION("\"{\\\"a\\\":\\\"\\\\u0041\\\\n\\\"}\\n\"")),
         STR("{\"a\":\"\\u0041\\n\"}\n")},
        {STR(NOTIFICATION("\"\\u0041\\u00e4\\u20AC\\ud83d\\udcec.\"")),
         STR("A\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\xac.")},
        {STR(NOTIFICATION("\"\\u0000\\u007f\\u0080\\u07ff\\u0800\\uffff\"")),
         STR("\0\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf")},
        {STR(NOTIFICATION("\"\\ud800\\udc00\\udbff\\udfff\"")),
         STR("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")},
        {STR(NOTIFICATION("\"12345678\\n1234567\\n123456\xc3\xa4\\n\xc3\xa4\xc3\xa4\"")),
         STR("12345678\n1234567\n123456\xc3\xa4\n\xc3\xa4\xc3\xa4")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        _cleanup_(sns_message_done) struct sns_message message = parsed(cases[i].json);
        assert_true(str_equal(message.message, cases[i].decoded));
    }
}

/* Wherever an escape falls in relation to a machine word, and however long the rest is.
 */
static void an_escape_is_found_at_every_place(void **state)
{
    (void)state;
    for (size_t before = 0; before < 40; before++)
        for (size_t behind = 0; behind < 20; behind++) {
            char body[1024], expected[64];
            int len =
                snprintf(body, sizeof body, NOTIFICATION("\"%.*s\\n%.*s\""), (int)before,
                         "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqr", (int)behind,
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
            (void)snprintf(expected, sizeof expected, "%.*s\n%.*s", (int)before,
                           "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqr", (int)behind,
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
            /* A block of exactly this size, so that a sanitizer sees a byte too many. */
            _cleanup_(freep) char *exact = malloc((size_t)len);
            memcpy(exact, body, (size_t)len);
            _cleanup_(sns_message_done) struct sns_message message =
                parsed((struct str){exact, (size_t)len});
            assert_true(str_equal(message.message, str_of(expected)));
        }
}

static void keys_are_decoded_before_they_are_compared(void **state)
{
    (void)state;
    _cleanup_(sns_message_done) struct sns_message message =
        parsed(STR("{\"\\u0054ype\":\"Notif\\u0069cation\"," HEAD
                   ",\"Mess\\u0061ge\":\"m\"," TAIL "}"));
    assert_int_equal(message.type, SNS_NOTIFICATION);
    assert_string_equal(refused(STR("{\"\\u0054ype\":\"Notification\",\"Type\":\"x\"}"),
                                VERDICT_NOT_ENVELOPE),
                        "the same member twice");
}

static void every_cut_of_a_body_is_refused(void **state)
{
    (void)state;
    static const char body[] =
        NOTIFICATION("\"a\\n\\ud83d\\udcec\xc3\xa4\",\"n\":[-1.5e+3,{\"k\":null},true]");
    for (size_t len = 1; len < sizeof body - 1; len++) {
        _cleanup_(freep) char *exact = malloc(len);
        memcpy(exact, body, len);
        (void)refused((struct str){exact, len}, VERDICT_NOT_JSON);
    }
    struct sns_message message = parsed(str_of(body));
    sns_message_done(&message);
}

static void what_is_not_json_is_refused(void **state)
{
    (void)state;
    static const struct str bodies[] = {
        STR("hello"),
        STR("[]"),
        STR("\"x\""),
        STR("5"),
        STR("null"),
        STR("\xef\xbb\xbf" NOTIFICATION("\"m\"")),
        STR("\0" NOTIFICATION("\"m\"")),
        STR(NOTIFICATION("\"m\"") "x"),
        STR(NOTIFICATION("\"m\"") "{}"),
        STR(NOTIFICATION("\"m\"") "\0"),
        STR(NOTIFICATION("\"tab\there\"")),
        STR(NOTIFICATION("\"line\nbreak\"")),
        STR(NOTIFICATION("\"nul\0\"")),
        STR(NOTIFICATION("\"\\x\"")),
        STR(NOTIFICATION("\"\\'\"")),
        STR(NOTIFICATION("\"\\U0041\"")),
        STR(NOTIFICATION("\"\\u004\"")),
        STR(NOTIFICATION("\"\\u004g\"")),
        STR(NOTIFICATION("\"\\u+041\"")),
        STR(NOTIFICATION("\"\\ud83d\"")),
        STR(NOTIFICATION("\"\\ud83d.\"")),
        STR(NOTIFICATION("\"\\ud83d\\n\"")),
        STR(NOTIFICATION("\"\\ud83d\\ndcec\"")),
        STR(NOTIFICATION("\"\\ud83d\\u0041\"")),
        STR(NOTIFICATION("\"\\ud83d\\ud83d\"")),
        STR(NOTIFICATION("\"\\udcec\"")),
        STR(NOTIFICATION("\"\xff\"")),
        STR(NOTIFICATION("\"\xc3\"")),
        STR(NOTIFICATION("\"\xed\xa0\x80\"")),
        STR(NOTIFICATION("\"\\n\xc0\x80\"")),
        STR(NOTIFICATION("'m'")),
        STR(NOTIFICATION("m")),
        STR(NOTIFICATION("\"m\",")),
        STR(NOTIFICATION("\"m\",\"a\"")),
        STR(NOTIFICATION("\"m\",\"a\":")),
        STR(NOTIFICATION("\"m\",a:1")),
        STR(NOTIFICATION("\"m\",\"a\":01")),
        STR(NOTIFICATION("\"m\",\"a\":+1")),
        STR(NOTIFICATION("\"m\",\"a\":-")),
        STR(NOTIFICATION("\"m\",\"a\":.5")),
        STR(NOTIFICATION("\"m\",\"a\":1.")),
        STR(NOTIFICATION("\"m\",\"a\":1e")),
        STR(NOTIFICATION("\"m\",\"a\":1e+")),
        STR(NOTIFICATION("\"m\",\"a\":0x1")),
        STR(NOTIFICATION("\"m\",\"a\":NaN")),
        STR(NOTIFICATION("\"m\",\"a\":True")),
        STR(NOTIFICATION("\"m\",\"a\":nul")),
        STR(NOTIFICATION("\"m\",\"a\":nullx")),
        STR(NOTIFICATION("\"m\",\"a\":[1,]")),
        STR(NOTIFICATION("\"m\",\"a\":[1 2]")),
        STR(NOTIFICATION("\"m\",\"a\":[1}")),
        STR(NOTIFICATION("\"m\",\"a\":{\"b\"}")),
        STR(NOTIFICATION("\"m\",\"a\":{\"b\":1,}")),
        STR(NOTIFICATION("\"m\",\"a\":{1:1}")),
        STR(NOTIFICATION("\"m\",\"a\":[\"\\ud800\"]")),
        STR(NOTIFICATION("\"m\",\"a\":/**/1")),
        STR("{,}"),
        STR("{\"Type\":\"Notification\",}"),
        STR("{}}"),
        STR("{\v}"),
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        (void)refused(bodies[i], VERDICT_NOT_JSON);
}

static void any_json_value_may_stand_beside_the_strings(void **state)
{
    (void)state;
    static const struct str bodies[] = {
        STR(NOTIFICATION("\"m\",\"a\":0")),
        STR(NOTIFICATION("\"m\",\"a\":-0.0e-0")),
        STR(NOTIFICATION("\"m\",\"a\":123456789012345678901234567890")),
        STR(NOTIFICATION("\"m\",\"a\":1E5")),
        STR(NOTIFICATION("\"m\",\"a\":[ ] , \"b\":{ }")),
        STR(NOTIFICATION("\"m\",\"a\":[true,false,null,\"\\n\",{\"x\":[]}]")),
        STR(NOTIFICATION("\"m\",\"\":1,\"\\u0000\":2")),
        STR(NOTIFICATION("\"m\",\"type\":\"x\",\"Type \":\"y\"")),
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        _cleanup_(sns_message_done) struct sns_message message = parsed(bodies[i]);
        assert_true(str_equal(message.message, STR("m")));
    }
}

static void a_helpful_verdict_is_found_for_what_people_send(void **state)
{
    (void)state;
    (void)refused(STR_ABSENT, VERDICT_EMPTY);
    (void)refused(STR(""), VERDICT_EMPTY);
    (void)refused(STR(" \r\n\t"), VERDICT_EMPTY);
    (void)refused(STR("<html><body>502 Bad Gateway</body></html>"), VERDICT_HTML);
    (void)refused(STR("\n <!DOCTYPE html>"), VERDICT_HTML);
    (void)refused(STR("{\"notificationType\":\"Bounce\",\"bounce\":{},\"mail\":{}}"),
                  VERDICT_RAW_DELIVERY);
    (void)refused(STR("{\"eventType\":\"Send\",\"mail\":{\"tags\":{\"a\":[\"b\"]}}}"),
                  VERDICT_RAW_DELIVERY);
    (void)refused(STR("{\"mail\":{\"eventType\":\"Send\"}}"), VERDICT_NOT_ENVELOPE);
    (void)refused(STR("{\"Type\":\"Notification\",\"eventType\":\"Send\"}"),
                  VERDICT_NOT_ENVELOPE);
    (void)refused(STR("{}"), VERDICT_NOT_ENVELOPE);
    (void)refused(STR("{\"Type\":\"notification\"}"), VERDICT_UNKNOWN_TYPE);
    (void)refused(STR("{\"Type\":\"\"}"), VERDICT_UNKNOWN_TYPE);
    (void)refused(STR("{\"Type\":\"Notification\\u0000\"}"), VERDICT_UNKNOWN_TYPE);
}

/* The fault for an envelope in which `from` was replaced by `to`. */
static const char *fault_when(const char *body, const char *from, const char *to)
{
    _cleanup_(buf_done) struct buf buf;
    buf_init(&buf, 65536);
    const char *at = strstr(body, from);
    assert_non_null(at);
    assert_int_equal(buf_append(&buf, body, (size_t)(at - body)), 0);
    assert_int_equal(buf_append_str(&buf, str_of(to)), 0);
    assert_int_equal(buf_append_str(&buf, str_of(at + strlen(from))), 0);
    return refused(buf_str(&buf), VERDICT_NOT_ENVELOPE);
}

static const char notification[] = NOTIFICATION("\"m\",\"Subject\":\"s\"");
static const char confirmation[] =
    CONFIRMATION("SubscriptionConfirmation",
                 ",\"Token\":\"2336abc\",\"SubscribeURL\":\"https://x/?y\"");

static void a_missing_member_is_named(void **state)
{
    (void)state;
    static const char *const names[] = {
        "Type",      "MessageId",        "TopicArn",  "Message",
        "Timestamp", "SignatureVersion", "Signature", "SigningCertURL",
        "Token",     "SubscribeURL"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char from[64], to[64], expected[64];
        (void)snprintf(from, sizeof from, "\"%s\":", names[i]);
        (void)snprintf(to, sizeof to, "\"x%s\":", names[i]);
        (void)snprintf(expected, sizeof expected, "%s is missing", names[i]);
        assert_string_equal(fault_when(confirmation, from, to), expected);
        (void)snprintf(to, sizeof to, "\"%s\":null,\"x\":", names[i]);
        assert_string_equal(fault_when(confirmation, from, to), expected);
        (void)snprintf(to, sizeof to, "\"%s\":[1],\"x\":", names[i]);
        (void)snprintf(expected, sizeof expected, "%s is not a string", names[i]);
        assert_string_equal(fault_when(confirmation, from, to), expected);
    }
    assert_string_equal(fault_when(notification, "\"Subject\":", "\"Subject\":5,\"x\":"),
                        "Subject is not a string");
    assert_string_equal(fault_when(notification, "SigningCertURL", "SigningCertUrl"),
                        "SigningCertURL is missing");
}

static void
both_confirmations_need_token_and_url_and_a_notification_does_not(void **state)
{
    (void)state;
    static const char unsubscribe[] =
        CONFIRMATION("UnsubscribeConfirmation",
                     ",\"Token\":\"2336abc\",\"SubscribeURL\":\"https://x/?y\"");
    _cleanup_(sns_message_done) struct sns_message one = parsed(str_of(confirmation));
    assert_int_equal(one.type, SNS_SUBSCRIPTION_CONFIRMATION);
    assert_true(str_equal(one.token, STR("2336abc")));
    assert_true(str_equal(one.subscribe_url, STR("https://x/?y")));
    _cleanup_(sns_message_done) struct sns_message two = parsed(str_of(unsubscribe));
    assert_int_equal(two.type, SNS_UNSUBSCRIBE_CONFIRMATION);
    assert_string_equal(fault_when(unsubscribe, "\"Token\"", "\"token\""),
                        "Token is missing");
    assert_string_equal(fault_when(unsubscribe, "\"SubscribeURL\"", "\"subscribeURL\""),
                        "SubscribeURL is missing");
}

/*
 * The canonical string can be cut in more than one way, so a signed member that holds a
 * line end would let one signature stand for two messages.
 */
static void a_signed_member_has_its_strict_form(void **state)
{
    (void)state;
    static const struct {
        const char *body, *from, *to, *fault;
    } cases[] = {
        {notification, "0d5c9e1a-", "x\\nSubject\\ny", "MessageId"},
        {notification, "0d5c9e1a-7b1f-5c0e-9a44-000000000001", "", "MessageId"},
        {notification, "0d5c9e1a-", "a b", "MessageId"},
        {notification, "0d5c9e1a-", "a_b", "MessageId"},
        {notification, "0d5c9e1a-", "\\u0000", "MessageId"},
        {notification, "56.789Z", "56.789", "Timestamp"},
        {notification, "56.789Z", "56.789Z\\n", "Timestamp"},
        {notification, "T12:", " 12:", "Timestamp"},
        {notification, "ses-bounces", "ses bounces", "TopicArn"},
        {notification, "ses-bounces", "t\\nType\\nNotification", "TopicArn"},
        {notification, "arn:aws:sns", "arn:aws:sqs", "TopicArn"},
        {notification, "\"s\"", "\"s\\nTimestamp\"", "Subject"},
        {notification, "\"s\"", "\"\\u007f\"", "Subject"},
        {notification, "\"s\"", "\"\\u0000\"", "Subject"},
        {confirmation, "2336abc", "2336\\nabc", "Token"},
        {confirmation, "2336abc", "2336 abc", "Token"},
        {confirmation, "2336abc", "", "Token"},
        {confirmation, "2336abc", "\xc3\xa4", "Token"},
        {confirmation, "https://x/?y", "https://x/?y\\n", "SubscribeURL"},
        {confirmation, "https://x/?y", "https://x y", "SubscribeURL"},
        {confirmation, "https://x/?y", "\\u007f", "SubscribeURL"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[96];
        (void)snprintf(expected, sizeof expected,
                       "%s does not have the form that SNS gives it", cases[i].fault);
        assert_string_equal(fault_when(cases[i].body, cases[i].from, cases[i].to),
                            expected);
    }
}

static void ids_and_tokens_have_a_bound(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        size_t most;
    } cases[] = {
        {"0d5c9e1a-7b1f-5c0e-9a44-000000000001", SNS_MESSAGE_ID_BYTES_MAX},
        {"2336abc", SNS_TOKEN_BYTES_MAX},
    };
    for (size_t i = 0; i < 2; i++) {
        char body[8192];
        const char *at = strstr(confirmation, cases[i].from);
        for (size_t len = cases[i].most; len <= cases[i].most + 1; len++) {
            struct sns_message message;
            const char *fault;
            int size = snprintf(body, sizeof body, "%.*s%0*d%s", (int)(at - confirmation),
                                confirmation, (int)len, 0, at + strlen(cases[i].from));
            enum verdict verdict =
                sns_message_parse((struct str){body, (size_t)size}, &message, &fault);
            assert_int_equal(verdict == VERDICT_NONE, len == cases[i].most);
            sns_message_done(&message);
        }
    }
}

static void duplicate_members_are_refused(void **state)
{
    (void)state;
    assert_string_equal(
        fault_when(notification, "\"Subject\":\"s\"", "\"Message\":\"other\""),
        "the same member twice");
    assert_string_equal(
        fault_when(notification, "\"Subject\":\"s\"", "\"x\":1,\"y\":2,\"x\":1"),
        "the same member twice");
    assert_string_equal(fault_when(notification, "\"Subject\":\"s\"",
                                   "\"Subject\":null,\"Subject\":\"s\""),
                        "the same member twice");
}

static void a_null_subject_is_an_absent_one(void **state)
{
    (void)state;
    _cleanup_(sns_message_done) struct sns_message message =
        parsed(STR(NOTIFICATION("\"m\",\"Subject\":null")));
    assert_false(str_present(message.subject));
    _cleanup_(sns_message_done) struct sns_message empty =
        parsed(STR(NOTIFICATION("\"m\",\"Subject\":\"\"")));
    assert_true(str_present(empty.subject));
}

static void members_and_depth_have_a_bound(void **state)
{
    (void)state;
    for (int members = SNS_MEMBERS_MAX; members <= SNS_MEMBERS_MAX + 1; members++) {
        _cleanup_(buf_done) struct buf buf;
        struct sns_message message;
        const char *fault;
        buf_init(&buf, 65536);
        assert_int_equal(buf_append(&buf, notification, sizeof notification - 2), 0);
        for (int i = 9; i < members; i++)
            assert_int_equal(buf_printf(&buf, ",\"x%d\":%d", i, i), 0);
        assert_int_equal(buf_append_char(&buf, '}'), 0);
        enum verdict verdict = sns_message_parse(buf_str(&buf), &message, &fault);
        assert_int_equal(verdict, members == SNS_MEMBERS_MAX ? VERDICT_NONE
                                                             : VERDICT_NOT_ENVELOPE);
        sns_message_done(&message);
    }
    for (int depth = JSON_SCAN_DEPTH_MAX; depth <= JSON_SCAN_DEPTH_MAX + 1; depth++) {
        _cleanup_(buf_done) struct buf buf;
        struct sns_message message;
        const char *fault;
        buf_init(&buf, 65536);
        assert_int_equal(buf_append(&buf, notification, sizeof notification - 2), 0);
        assert_int_equal(buf_append_str(&buf, STR(",\"x\":")), 0);
        for (int i = 0; i < depth; i++)
            assert_int_equal(buf_append_str(&buf, i % 2 ? STR("{\"k\":") : STR("[")), 0);
        assert_int_equal(buf_append_char(&buf, '1'), 0);
        for (int i = depth - 1; i >= 0; i--)
            assert_int_equal(buf_append_char(&buf, i % 2 ? '}' : ']'), 0);
        assert_int_equal(buf_append_char(&buf, '}'), 0);
        enum verdict verdict = sns_message_parse(buf_str(&buf), &message, &fault);
        assert_int_equal(verdict,
                         depth == JSON_SCAN_DEPTH_MAX ? VERDICT_NONE : VERDICT_NOT_JSON);
        sns_message_done(&message);
    }
}

static struct str canonical(const struct sns_message *message, struct buf *buf)
{
    struct str pieces[SNS_CANONICAL_PIECES_MAX];
    size_t count = sns_message_canonical(message, pieces);
    assert_true(count <= SNS_CANONICAL_PIECES_MAX);
    buf_clear(buf);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(buf_append_str(buf, pieces[i]), 0);
    return buf_str(buf);
}

static void the_canonical_string_is_as_sns_documents_it(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf buf;
    buf_init(&buf, 4096);
    _cleanup_(sns_message_done) struct sns_message plain =
        parsed(STR(NOTIFICATION("\"a\\nb\\u0000\\n\"")));
    assert_true(str_equal(canonical(&plain, &buf),
                          STR("Message\na\nb\0\n\n"
                              "MessageId\n0d5c9e1a-7b1f-5c0e-9a44-000000000001\n"
                              "Timestamp\n2024-02-29T12:34:56.789Z\n"
                              "TopicArn\n" ARN "\nType\nNotification\n")));
    _cleanup_(sns_message_done) struct sns_message subject = parsed(str_of(notification));
    assert_true(str_equal(canonical(&subject, &buf),
                          STR("Message\nm\n"
                              "MessageId\n0d5c9e1a-7b1f-5c0e-9a44-000000000001\n"
                              "Subject\ns\n"
                              "Timestamp\n2024-02-29T12:34:56.789Z\n"
                              "TopicArn\n" ARN "\nType\nNotification\n")));
    _cleanup_(sns_message_done) struct sns_message confirm = parsed(STR(CONFIRMATION(
        "UnsubscribeConfirmation", ",\"Token\":\"tok\",\"SubscribeURL\":\"https://x/?y\","
                                   "\"Subject\":\"never signed here\"")));
    assert_true(str_equal(canonical(&confirm, &buf),
                          STR("Message\nm\n"
                              "MessageId\n0d5c9e1a-7b1f-5c0e-9a44-000000000001\n"
                              "SubscribeURL\nhttps://x/?y\n"
                              "Timestamp\n2024-02-29T12:34:56.789Z\nToken\ntok\n"
                              "TopicArn\n" ARN "\nType\nUnsubscribeConfirmation\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notification_is_read),
        cmocka_unit_test(what_has_no_escapes_is_borrowed_from_the_body),
        cmocka_unit_test(escapes_are_decoded_once_and_no_deeper),
        cmocka_unit_test(an_escape_is_found_at_every_place),
        cmocka_unit_test(keys_are_decoded_before_they_are_compared),
        cmocka_unit_test(every_cut_of_a_body_is_refused),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(any_json_value_may_stand_beside_the_strings),
        cmocka_unit_test(a_helpful_verdict_is_found_for_what_people_send),
        cmocka_unit_test(a_missing_member_is_named),
        cmocka_unit_test(
            both_confirmations_need_token_and_url_and_a_notification_does_not),
        cmocka_unit_test(a_signed_member_has_its_strict_form),
        cmocka_unit_test(ids_and_tokens_have_a_bound),
        cmocka_unit_test(duplicate_members_are_refused),
        cmocka_unit_test(a_null_subject_is_an_absent_one),
        cmocka_unit_test(members_and_depth_have_a_bound),
        cmocka_unit_test(the_canonical_string_is_as_sns_documents_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

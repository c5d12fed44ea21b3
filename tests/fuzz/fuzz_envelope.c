/*
 * The envelope, against jansson: what is an envelope for one is one for the other, with
 * the same values, except for the strictness that sns_message.h documents.
 */
#include <jansson.h>

#include "fuzz.h"
#include "sesbounce/arn.h"
#include "sesbounce/clock.h"
#include "sesbounce/limits.h"
#include "sesbounce/sns_message.h"

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define FLAGS (JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

static struct str value_of(const json_t *envelope, const char *key)
{
    const json_t *value = json_object_get(envelope, key);
    if (!json_is_string(value))
        return STR_ABSENT;
    return (struct str){json_string_value(value), json_string_length(value)};
}

static bool only(struct str s, const char *of, size_t max)
{
    for (size_t i = 0; i < s.len; i++)
        if (!s.data[i] || !strchr(of, s.data[i]))
            return false;
    return s.len > 0 && s.len <= max;
}

/* From `low` to `high`, each byte. */
static bool within(struct str s, unsigned char low, unsigned char high)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.data[i] < low || (unsigned char)s.data[i] > high)
            return false;
    return true;
}

/* A string, or with `optional` null or nothing. */
static bool is_text(const json_t *envelope, const char *key, bool optional)
{
    const json_t *value = json_object_get(envelope, key);
    return json_is_string(value) || (optional && (!value || json_is_null(value)));
}

static bool has_texts(const json_t *envelope, bool confirmation)
{
    static const char *const always[] = {"Type",      "MessageId",     "TopicArn",
                                         "Message",   "Timestamp",     "SignatureVersion",
                                         "Signature", "SigningCertURL"};
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        if (!is_text(envelope, always[i], false))
            return false;
    return is_text(envelope, "Subject", true) &&
           is_text(envelope, "SubscribeURL", !confirmation) &&
           is_text(envelope, "Token", !confirmation);
}

/* The header's definition of an envelope, over what jansson read. */
static bool is_envelope(const json_t *envelope)
{
    struct str type = value_of(envelope, "Type");
    bool notification = str_equal(type, STR("Notification"));
    struct str subject = value_of(envelope, "Subject"),
               token = value_of(envelope, "Token");
    struct str url = value_of(envelope, "SubscribeURL");
    struct arn arn;
    int64_t ms;

    if (!notification && !str_equal(type, STR("SubscriptionConfirmation")) &&
        !str_equal(type, STR("UnsubscribeConfirmation")))
        return false;
    for (size_t i = 0; i < subject.len; i++)
        if ((unsigned char)subject.data[i] < ' ' || subject.data[i] == 0x7f)
            return false;
    return has_texts(envelope, !notification) &&
           only(value_of(envelope, "MessageId"), ALNUM "-", 100) &&
           arn_parse(value_of(envelope, "TopicArn"), &arn) &&
           clock_parse_strict(value_of(envelope, "Timestamp"), &ms) == 0 &&
           (!str_present(token) ||
            (token.len > 0 && token.len <= 2048 && within(token, '!', '~'))) &&
           (!str_present(url) || (url.len > 0 && within(url, '!', '~')));
}

static void check_values(const struct sns_message *message, const json_t *envelope)
{
    const struct {
        const char *key;
        struct str value;
    } members[] = {
        {"Type", message->type_text},
        {"MessageId", message->message_id},
        {"TopicArn", message->topic_arn},
        {"Message", message->message},
        {"Subject", message->subject},
        {"Timestamp", message->timestamp},
        {"Token", message->token},
        {"SubscribeURL", message->subscribe_url},
        {"SignatureVersion", message->signature_version},
        {"Signature", message->signature},
        {"SigningCertURL", message->signing_cert_url},
    };
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        PROMISE(str_equal(members[i].value, value_of(envelope, members[i].key)));
}

/* As the developer guide writes it down: key, newline, value, newline. */
static void check_canonical(const struct sns_message *message, const json_t *envelope)
{
    static const char *const notification[] = {"Message",   "MessageId", "Subject",
                                               "Timestamp", "TopicArn",  "Type"};
    static const char *const confirmation[] = {
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"};
    bool notice = message->type == SNS_NOTIFICATION;
    const char *const *keys = notice ? notification : confirmation;
    struct str pieces[SNS_CANONICAL_PIECES_MAX];
    size_t count = sns_message_canonical(message, pieces), at = 0;

    PROMISE(count <= SNS_CANONICAL_PIECES_MAX);
    for (size_t i = 0; i < (notice ? 6 : 7); i++) {
        struct str value = value_of(envelope, keys[i]);
        if (notice && i == 2 && !str_present(value))
            continue;
        PROMISE(at + 4 <= count);
        PROMISE(str_equal(pieces[at], str_of(keys[i])));
        PROMISE(str_equal(pieces[at + 1], STR("\n")));
        PROMISE(str_equal(pieces[at + 2], value));
        PROMISE(str_equal(pieces[at + 3], STR("\n")));
        at += 4;
    }
    PROMISE(at == count);
}

/* The members that jansson has, and the canonical string has not. */
static void check_unsigned(struct str body, const json_t *envelope)
{
    struct str names[SNS_MEMBERS_MAX], pieces[SNS_CANONICAL_PIECES_MAX];
    struct sns_message message;
    size_t count = sns_message_unsigned(body, &message, names);
    size_t signed_count = sns_message_canonical(&message, pieces) / 4;

    PROMISE(count + signed_count == json_object_size(envelope));
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < signed_count; k++)
            PROMISE(!str_equal(names[i], pieces[4 * k]));
    sns_message_done(&message);
}

/* How deep a place of a JSON text lies. */
static size_t depth_at(struct str body, size_t position)
{
    size_t depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < body.len && i < position; i++) {
        char c = body.data[i];
        if (c == '"')
            quoted = !quoted;
        else if (quoted)
            i += c == '\\';
        else if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
    }
    return depth;
}

/* A member twice may only be one of a nested object, which is nobody's concern. */
static void check_duplicates(struct str body)
{
    json_error_t error;
    json_t *json =
        json_loadb(body.data, body.len, FLAGS | JSON_REJECT_DUPLICATES, &error);
    PROMISE(json || json_error_code(&error) == json_error_duplicate_key);
    PROMISE(json || depth_at(body, (size_t)error.position) > 1);
    json_decref(json);
}

/* What jansson refuses and JSON allows: numbers that are too large, NUL in a key. */
static bool is_janssons_own(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);
    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key;
}

static void check_refusal(enum verdict verdict, struct str fault, const json_t *json,
                          const json_error_t *error)
{
    bool padded = str_equal(fault, STR("more than 16 KiB of unsigned bytes"));
    bool unread = padded || str_equal(fault, STR("more members than SNS sends")) ||
                  str_equal(fault, STR("the same member twice"));
    switch (verdict) {
    case VERDICT_EMPTY:
    case VERDICT_HTML:
    case VERDICT_NOT_JSON:
        PROMISE(!json_is_object(json) || str_equal(fault, STR("nested too deeply")));
        break;
    case VERDICT_RAW_DELIVERY:
    case VERDICT_UNKNOWN_TYPE:
    case VERDICT_NOT_ENVELOPE:
        PROMISE(unread || json_is_object(json) || is_janssons_own(error));
        PROMISE(unread || !json || !is_envelope(json));
        break;
    default:
        PROMISE(verdict == VERDICT_NONE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body = fuzz_str(data, size);
    struct sns_message message;
    const char *fault = NULL;
    json_error_t error;

    enum verdict verdict = sns_message_parse(body, &message, &fault);
    /* jansson passes over a NUL behind a number; no JSON text has one. */
    if (memchr(body.data, 0, body.len)) {
        PROMISE(verdict != VERDICT_NONE);
        return 0;
    }
    json_t *json = json_loadb(body.data, body.len, FLAGS, &error);
    if (verdict == VERDICT_NONE) {
        PROMISE(json || is_janssons_own(&error));
        if (json) {
            PROMISE(is_envelope(json));
            check_values(&message, json);
            check_canonical(&message, json);
            check_unsigned(body, json);
            check_duplicates(body);
        }
    } else {
        PROMISE(fault && !message.decoded);
        check_refusal(verdict, str_of(fault), json, &error);
    }
    sns_message_done(&message);
    json_decref(json);
    return 0;
}

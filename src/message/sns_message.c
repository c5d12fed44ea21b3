#include "sesbounce/sns_message.h"

#include <errno.h>
#include <stdlib.h>

#include "sesbounce/arn.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/clock.h"
#include "sesbounce/json_scan.h"
#include "sesbounce/limits.h"

enum presence { OPTIONAL, CONFIRMATIONS, ALWAYS };

/* The strings of an envelope: where they go, and what is said when they are at fault. */
struct member {
    struct str key;
    size_t offset;
    enum presence required;
    bool (*has_form)(struct str value); /* NULL: checked where it is used */
    const char *missing, *not_string, *ill_formed;
};

static bool is_id_char(char c)
{
    return ascii_is_alnum(c) || c == '-';
}

static bool is_message_id(struct str s)
{
    return s.len > 0 && s.len <= SNS_MESSAGE_ID_BYTES_MAX && str_all(s, is_id_char);
}

static bool is_topic_arn(struct str s)
{
    struct arn arn;
    return arn_parse(s, &arn);
}

static bool is_timestamp(struct str s)
{
    int64_t ms;
    return clock_parse_strict(s, &ms) == 0;
}

static bool is_no_control(char c)
{
    return (unsigned char)c >= 0x20 && c != 0x7f;
}

static bool is_subject(struct str s)
{
    return str_all(s, is_no_control);
}

static bool is_visible(char c)
{
    return c > 0x20 && c < 0x7f;
}

static bool is_subscribe_url(struct str s)
{
    return s.len > 0 && str_all(s, is_visible);
}

static bool is_token(struct str s)
{
    return s.len > 0 && s.len <= SNS_TOKEN_BYTES_MAX && str_all(s, is_visible);
}

#define MEMBER(name, member, required, has_form)                                         \
    {                                                                                    \
        STR(name), offsetof(struct sns_message, member), required, has_form,             \
            name " is missing", name " is not a string",                                 \
            name " does not have the form that SNS gives it"                             \
    }

/* In the order in which faults are looked for. */
static const struct member members[] = {
    MEMBER("Type", type_text, ALWAYS, NULL),
    MEMBER("MessageId", message_id, ALWAYS, is_message_id),
    MEMBER("TopicArn", topic_arn, ALWAYS, is_topic_arn),
    MEMBER("Message", message, ALWAYS, NULL),
    MEMBER("Timestamp", timestamp, ALWAYS, is_timestamp),
    MEMBER("SignatureVersion", signature_version, ALWAYS, NULL),
    MEMBER("Signature", signature, ALWAYS, NULL),
    MEMBER("SigningCertURL", signing_cert_url, ALWAYS, NULL),
    MEMBER("Subject", subject, OPTIONAL, is_subject),
    MEMBER("SubscribeURL", subscribe_url, CONFIRMATIONS, is_subscribe_url),
    MEMBER("Token", token, CONFIRMATIONS, is_token),
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

static struct str *member_value(struct sns_message *message, const struct member *member)
{
    return (struct str *)(void *)((char *)message + member->offset);
}

/* What is known while the members go by. */
struct reading {
    struct json_scan json;
    struct sns_message *message;
    enum verdict verdict; /* with `fault`, once a function has returned false */
    const char *fault;
    struct str keys[SNS_MEMBERS_MAX];
    size_t keys_count;
    struct str raw[MEMBERS]; /* a string as it stands, with its quotation marks */
    bool ses_type;           /* notificationType or eventType: a bare SES message */
    const char *not_string;
};

static bool reading_fail(struct reading *reading, enum verdict verdict, const char *fault)
{
    reading->verdict = verdict;
    reading->fault = fault;
    return false;
}

/* A text that is an object and yet no envelope. */
static bool reading_refuse(struct reading *reading, const char *fault)
{
    return reading_fail(reading, VERDICT_NOT_ENVELOPE, fault);
}

static bool reading_refuse_json(struct reading *reading)
{
    const struct json_scan *json = &reading->json;
    return reading_fail(reading, json->no_memory ? VERDICT_NO_MEMORY : VERDICT_NOT_JSON,
                        json->fault);
}

/* Most keys differ in length already, which spares a call for each pair. */
static inline bool key_is(struct str a, struct str b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static bool key_is_known(const struct reading *reading, struct str key)
{
    for (size_t i = 0; i < reading->keys_count; i++)
        if (key_is(reading->keys[i], key))
            return true;
    return false;
}

static const struct member *member_find(struct str key)
{
    for (size_t i = 0; i < MEMBERS; i++)
        if (key_is(members[i].key, key))
            return &members[i];
    return NULL;
}

/* Takes the value of `key`. A null is as good as nothing: it is missed later. */
static bool value_take(struct reading *reading, struct str key)
{
    struct json_scan *json = &reading->json;
    const struct member *member = member_find(key);
    if (member && json_scan_peek(json) == '"') {
        const char *start = json->at;
        bool taken = json_scan_string(json, member_value(reading->message, member));
        reading->raw[member - members] = (struct str){start, (size_t)(json->at - start)};
        return taken;
    }
    if (member && json_scan_take_null(json))
        return true;
    if (member && !reading->not_string)
        reading->not_string = member->not_string;
    if (key_is(key, STR("notificationType")) || key_is(key, STR("eventType")))
        reading->ses_type = true;
    return json_scan_skip(json);
}

static bool member_take(struct reading *reading)
{
    struct json_scan *json = &reading->json;
    struct str key;
    if (json_scan_peek(json) != '"')
        json->fault = "a member of the object without its name";
    else if (json_scan_string(json, &key) && !json_scan_take(json, ':'))
        json->fault = "a member of the object without its colon";
    if (json->fault)
        return reading_refuse_json(reading);
    if (reading->keys_count == SNS_MEMBERS_MAX)
        return reading_refuse(reading, "more members than SNS sends");
    if (key_is_known(reading, key))
        return reading_refuse(reading, "the same member twice");
    reading->keys[reading->keys_count++] = key;
    return value_take(reading, key) || reading_refuse_json(reading);
}

/* The object from its brace to the end of the body. */
static bool object_take(struct reading *reading)
{
    struct json_scan *json = &reading->json;
    (void)json_scan_take(json, '{');
    if (!json_scan_take(json, '}')) {
        do {
            if (!member_take(reading))
                return false;
        } while (json_scan_take(json, ','));
        if (!json_scan_take(json, '}'))
            json->fault = "neither comma nor end in the object";
    }
    if (!json->fault && json_scan_peek(json) >= 0)
        json->fault = "something follows the object";
    return !json->fault || reading_refuse_json(reading);
}

bool sns_type_parse(struct str word, enum sns_type *ret)
{
    static const struct str types[] = {
        [SNS_NOTIFICATION] = STR("Notification"),
        [SNS_SUBSCRIPTION_CONFIRMATION] = STR("SubscriptionConfirmation"),
        [SNS_UNSUBSCRIBE_CONFIRMATION] = STR("UnsubscribeConfirmation"),
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (str_equal(types[i], word)) {
            *ret = (enum sns_type)i;
            return true;
        }
    return false;
}

static bool members_check(struct reading *reading)
{
    bool confirmation = reading->message->type != SNS_NOTIFICATION;
    for (size_t i = 0; i < MEMBERS; i++) {
        struct str value = *member_value(reading->message, &members[i]);
        bool required = members[i].required == ALWAYS ||
                        (members[i].required == CONFIRMATIONS && confirmation);
        if (!str_present(value) && required)
            return reading_refuse(reading, members[i].missing);
        if (str_present(value) && members[i].has_form && !members[i].has_form(value))
            return reading_refuse(reading, members[i].ill_formed);
    }
    return true;
}

#define PAIR_PIECES 4

static size_t pair_put(struct str *pieces, struct str key, struct str value)
{
    pieces[0] = key;
    pieces[1] = STR("\n");
    pieces[2] = value;
    pieces[3] = STR("\n");
    return PAIR_PIECES;
}

size_t sns_message_canonical(const struct sns_message *message,
                             struct str ret_pieces[SNS_CANONICAL_PIECES_MAX])
{
    bool confirmation = message->type != SNS_NOTIFICATION;
    size_t n = pair_put(ret_pieces, STR("Message"), message->message);
    n += pair_put(ret_pieces + n, STR("MessageId"), message->message_id);
    if (!confirmation && str_present(message->subject))
        n += pair_put(ret_pieces + n, STR("Subject"), message->subject);
    if (confirmation)
        n += pair_put(ret_pieces + n, STR("SubscribeURL"), message->subscribe_url);
    n += pair_put(ret_pieces + n, STR("Timestamp"), message->timestamp);
    if (confirmation)
        n += pair_put(ret_pieces + n, STR("Token"), message->token);
    n += pair_put(ret_pieces + n, STR("TopicArn"), message->topic_arn);
    n += pair_put(ret_pieces + n, STR("Type"), message->type_text);
    return n;
}

/* Is the member one of the `n` pieces of sns_message_canonical()? */
static bool key_is_signed(const struct str *pieces, size_t n, struct str key)
{
    for (size_t i = 0; i < n; i += PAIR_PIECES)
        if (key_is(pieces[i], key))
            return true;
    return false;
}

/* Whatever is not the value of a signed member, white space included: anybody could have
 * added it, and it is kept with the message. */
static bool is_padded(const struct reading *reading, size_t body_bytes)
{
    struct str pieces[SNS_CANONICAL_PIECES_MAX];
    size_t n = sns_message_canonical(reading->message, pieces);
    size_t signed_bytes = 0;
    for (size_t i = 0; i < MEMBERS; i++)
        if (key_is_signed(pieces, n, members[i].key))
            signed_bytes += reading->raw[i].len;
    return body_bytes - signed_bytes > SNS_UNSIGNED_BYTES_MAX;
}

static bool envelope_check(struct reading *reading)
{
    struct sns_message *message = reading->message;
    if (reading->not_string)
        return reading_refuse(reading, reading->not_string);
    if (!str_present(message->type_text))
        return reading->ses_type
                   ? reading_fail(reading, VERDICT_RAW_DELIVERY,
                                  "a bare SES message without its SNS envelope")
                   : reading_refuse(reading, "Type is missing");
    if (!sns_type_parse(message->type_text, &message->type))
        return reading_fail(reading, VERDICT_UNKNOWN_TYPE,
                            "Type is not one that we know");
    if (!members_check(reading))
        return false;
    (void)clock_parse_strict(message->timestamp, &message->timestamp_ms);
    return true;
}

/* What the first byte tells already. */
static bool first_byte_check(struct reading *reading)
{
    switch (json_scan_peek(&reading->json)) {
    case '{':
        return true;
    case -1:
        return reading_fail(reading, VERDICT_EMPTY, "the body is empty");
    case '<':
        return reading_fail(reading, VERDICT_HTML, "the body is HTML or XML");
    default:
        return reading_fail(reading, VERDICT_NOT_JSON, "the body is not a JSON object");
    }
}

/* Reads `body`, which may be absent, into `ret`. */
static bool reading_run(struct reading *reading, struct str body, struct sns_message *ret)
{
    *ret = (struct sns_message){0};
    *reading = (struct reading){.message = ret};
    json_scan_init(&reading->json, str_present(body) ? body : STR(""));
    bool ok =
        first_byte_check(reading) && object_take(reading) && envelope_check(reading);
    ret->decoded = reading->json.decoded;
    return ok;
}

enum verdict sns_message_parse(struct str body, struct sns_message *ret,
                               const char **ret_fault)
{
    _uninitialized_ struct reading reading;
    bool ok = reading_run(&reading, body, ret) &&
              (!is_padded(&reading, body.len) ||
               reading_refuse(&reading, "more than 16 KiB of unsigned bytes"));
    if (!ok) {
        *ret_fault = reading.fault;
        sns_message_done(ret);
    }
    return reading.verdict;
}

size_t sns_message_unsigned(struct str body, struct sns_message *ret,
                            struct str ret_names[SNS_MEMBERS_MAX])
{
    _uninitialized_ struct reading reading;
    size_t count = 0;
    if (!reading_run(&reading, body, ret))
        return 0;
    struct str pieces[SNS_CANONICAL_PIECES_MAX];
    size_t n = sns_message_canonical(ret, pieces);
    for (size_t i = 0; i < reading.keys_count; i++)
        if (!key_is_signed(pieces, n, reading.keys[i]))
            ret_names[count++] = reading.keys[i];
    return count;
}

/* Appends what of `*rest` is before `raw`, and then what stands for that. */
static int removed_put(struct buf *to, struct str *rest, struct str raw)
{
    struct str before = {rest->data, (size_t)(raw.data - rest->data)};
    *rest = str_skip(*rest, before.len + raw.len);
    int r = buf_append_str(to, before);
    return r == 0 ? buf_append_str(to, STR("\"" SNS_TOKEN_REMOVED "\"")) : r;
}

int sns_message_remove_token(struct str body, struct buf *ret)
{
    _uninitialized_ struct reading reading;
    struct sns_message message;
    int r = 0;
    if (!reading_run(&reading, body, &message))
        r = reading.verdict == VERDICT_NO_MEMORY ? -ENOMEM : -EINVAL;
    struct str token = reading.raw[member_find(STR("Token")) - members];
    struct str url = reading.raw[member_find(STR("SubscribeURL")) - members];
    bool url_first = str_present(url) && (!str_present(token) || url.data < token.data);
    struct str in_order[] = {url_first ? url : token, url_first ? token : url};
    for (size_t i = 0; i < 2 && r == 0; i++)
        if (str_present(in_order[i]))
            r = removed_put(ret, &body, in_order[i]);
    sns_message_done(&message);
    return r == 0 ? buf_append_str(ret, body) : r;
}

bool sns_message_is_token_removed(const struct sns_message *message)
{
    return message->type != SNS_NOTIFICATION &&
           str_equal(message->token, STR(SNS_TOKEN_REMOVED));
}

void sns_message_done(struct sns_message *message)
{
    free(message->decoded);
    *message = (struct sns_message){0};
}

#include "sesbounce/sns_message.h"

#include <errno.h>
#include <stdlib.h>

#include "sesbounce/arn.h"
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

static bool is_message_id(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_alpha(s.data[i]) && !ascii_is_digit(s.data[i]) && s.data[i] != '-')
            return false;
    return s.len > 0 && s.len <= SNS_MESSAGE_ID_BYTES_MAX;
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

static bool has_no_control(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.data[i] < 0x20 || s.data[i] == 0x7f)
            return false;
    return true;
}

static bool is_printable(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] <= 0x20 || s.data[i] >= 0x7f)
            return false;
    return s.len > 0;
}

static bool is_token(struct str s)
{
    return s.len <= SNS_TOKEN_BYTES_MAX && is_printable(s);
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
    MEMBER("Subject", subject, OPTIONAL, has_no_control),
    MEMBER("SubscribeURL", subscribe_url, CONFIRMATIONS, is_printable),
    MEMBER("Token", token, CONFIRMATIONS, is_token),
};
#define MEMBERS (sizeof members / sizeof members[0])

static struct str *value_of(struct sns_message *message, const struct member *member)
{
    return (struct str *)(void *)((char *)message + member->offset);
}

/* What is known while the members go by. */
struct reading {
    struct json_scan json;
    struct str keys[SNS_MEMBERS_MAX];
    size_t keys_count;
    struct str raw[MEMBERS]; /* a string as it stands, with its quotation marks */
    bool ses_type;           /* notificationType or eventType: a bare SES message */
    const char *not_string;
};

/* What must be said about a text that is an object and yet no envelope. */
static enum verdict refuse(const char *fault, const char **ret_fault)
{
    *ret_fault = fault;
    return VERDICT_NOT_ENVELOPE;
}

static enum verdict refuse_json(const struct json_scan *json, const char **ret_fault)
{
    *ret_fault = json->fault;
    return json->no_memory ? VERDICT_NO_MEMORY : VERDICT_NOT_JSON;
}

/* Most keys differ in length already, which spares a call for each pair. */
static inline bool same_key(struct str a, struct str b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static bool is_repeated(struct reading *reading, struct str key)
{
    for (size_t i = 0; i < reading->keys_count; i++)
        if (same_key(reading->keys[i], key))
            return true;
    reading->keys[reading->keys_count++] = key;
    return false;
}

static struct str behind(struct str s, size_t skip)
{
    return (struct str){s.data + skip, s.len - skip};
}

static const struct member *member_of(struct str key)
{
    for (size_t i = 0; i < MEMBERS; i++)
        if (same_key(members[i].key, key))
            return &members[i];
    return NULL;
}

/* Takes the value of `key`. A null is as good as nothing: required members miss it later.
 */
static bool take_value(struct reading *reading, struct str key,
                       struct sns_message *message)
{
    const struct member *member = member_of(key);
    if (member && json_scan_peek(&reading->json) == '"') {
        const char *start = reading->json.at;
        bool taken = json_scan_string(&reading->json, value_of(message, member));
        reading->raw[member - members] =
            (struct str){start, (size_t)(reading->json.at - start)};
        return taken;
    }
    if (member && json_scan_take_null(&reading->json))
        return true;
    if (member && !reading->not_string)
        reading->not_string = member->not_string;
    if (same_key(key, STR("notificationType")) || same_key(key, STR("eventType")))
        reading->ses_type = true;
    return json_scan_skip(&reading->json);
}

static enum verdict take_member(struct reading *reading, struct sns_message *message,
                                const char **ret_fault)
{
    struct json_scan *json = &reading->json;
    struct str key;
    if (json_scan_peek(json) != '"')
        json->fault = "a member of the object without its name";
    else if (json_scan_string(json, &key) && !json_scan_take(json, ':'))
        json->fault = "a member of the object without its colon";
    if (json->fault)
        return refuse_json(json, ret_fault);
    if (reading->keys_count == SNS_MEMBERS_MAX)
        return refuse("more members than SNS sends", ret_fault);
    if (is_repeated(reading, key))
        return refuse("the same member twice", ret_fault);
    if (!take_value(reading, key, message))
        return refuse_json(json, ret_fault);
    return VERDICT_UNDECIDED;
}

/* The object from its brace to the end of the body. */
static enum verdict take_object(struct reading *reading, struct sns_message *message,
                                const char **ret_fault)
{
    struct json_scan *json = &reading->json;
    (void)json_scan_take(json, '{');
    if (!json_scan_take(json, '}')) {
        do {
            enum verdict verdict = take_member(reading, message, ret_fault);
            if (verdict != VERDICT_UNDECIDED)
                return verdict;
        } while (json_scan_take(json, ','));
        if (!json_scan_take(json, '}')) {
            json->fault = "neither comma nor end in the object";
            return refuse_json(json, ret_fault);
        }
    }
    if (json_scan_peek(json) >= 0) {
        json->fault = "something follows the object";
        return refuse_json(json, ret_fault);
    }
    return VERDICT_UNDECIDED;
}

static bool find_type(struct sns_message *message)
{
    static const struct str types[] = {
        [SNS_NOTIFICATION] = STR("Notification"),
        [SNS_SUBSCRIPTION_CONFIRMATION] = STR("SubscriptionConfirmation"),
        [SNS_UNSUBSCRIBE_CONFIRMATION] = STR("UnsubscribeConfirmation"),
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (str_equal(types[i], message->type_text)) {
            message->type = (enum sns_type)i;
            return true;
        }
    return false;
}

static enum verdict check_members(struct sns_message *message, const char **ret_fault)
{
    bool confirmation = message->type != SNS_NOTIFICATION;
    for (size_t i = 0; i < MEMBERS; i++) {
        struct str value = *value_of(message, &members[i]);
        bool required = members[i].required == ALWAYS ||
                        (members[i].required == CONFIRMATIONS && confirmation);
        if (!str_present(value) && required)
            return refuse(members[i].missing, ret_fault);
        if (str_present(value) && members[i].has_form && !members[i].has_form(value))
            return refuse(members[i].ill_formed, ret_fault);
    }
    (void)clock_parse_strict(message->timestamp, &message->timestamp_ms);
    return VERDICT_UNDECIDED;
}

#define PAIR_PIECES 4

static size_t put_pair(struct str *pieces, struct str key, struct str value)
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
    size_t n = put_pair(ret_pieces, STR("Message"), message->message);
    n += put_pair(ret_pieces + n, STR("MessageId"), message->message_id);
    if (!confirmation && str_present(message->subject))
        n += put_pair(ret_pieces + n, STR("Subject"), message->subject);
    if (confirmation)
        n += put_pair(ret_pieces + n, STR("SubscribeURL"), message->subscribe_url);
    n += put_pair(ret_pieces + n, STR("Timestamp"), message->timestamp);
    if (confirmation)
        n += put_pair(ret_pieces + n, STR("Token"), message->token);
    n += put_pair(ret_pieces + n, STR("TopicArn"), message->topic_arn);
    n += put_pair(ret_pieces + n, STR("Type"), message->type_text);
    return n;
}

/* Is the member one of the `n` pieces of sns_message_canonical()? */
static bool is_signed(const struct str *pieces, size_t n, struct str key)
{
    for (size_t i = 0; i < n; i += PAIR_PIECES)
        if (same_key(pieces[i], key))
            return true;
    return false;
}

/* Whatever is not the value of a signed member, white space included: anybody could have
 * added it, and it is kept with the message. */
static bool is_padded(const struct reading *reading, const struct sns_message *message,
                      size_t body_bytes)
{
    struct str pieces[SNS_CANONICAL_PIECES_MAX];
    size_t n = sns_message_canonical(message, pieces);
    size_t signed_bytes = 0;
    for (size_t i = 0; i < MEMBERS; i++)
        if (is_signed(pieces, n, members[i].key))
            signed_bytes += reading->raw[i].len;
    return body_bytes - signed_bytes > SNS_UNSIGNED_BYTES_MAX;
}

static enum verdict check_envelope(const struct reading *reading,
                                   struct sns_message *message, const char **ret_fault)
{
    if (reading->not_string)
        return refuse(reading->not_string, ret_fault);
    if (!str_present(message->type_text) && reading->ses_type) {
        *ret_fault = "a bare SES message without its SNS envelope";
        return VERDICT_RAW_DELIVERY;
    }
    if (!str_present(message->type_text))
        return refuse("Type is missing", ret_fault);
    if (!find_type(message)) {
        *ret_fault = "Type is not one that we know";
        return VERDICT_UNKNOWN_TYPE;
    }
    return check_members(message, ret_fault);
}

/* What the first byte tells already. */
static enum verdict check_first(int first, const char **ret_fault)
{
    if (first == '{')
        return VERDICT_UNDECIDED;
    if (first < 0) {
        *ret_fault = "the body is empty";
        return VERDICT_EMPTY;
    }
    if (first == '<') {
        *ret_fault = "the body is HTML or XML";
        return VERDICT_HTML;
    }
    *ret_fault = "the body is not a JSON object";
    return VERDICT_NOT_JSON;
}

static enum verdict parse(struct str body, struct reading *reading,
                          struct sns_message *ret, const char **ret_fault)
{
    *ret = (struct sns_message){0};
    if (!str_present(body))
        body = STR("");
    json_scan_init(&reading->json, body);
    enum verdict verdict = check_first(json_scan_peek(&reading->json), ret_fault);
    if (verdict == VERDICT_UNDECIDED)
        verdict = take_object(reading, ret, ret_fault);
    if (verdict == VERDICT_UNDECIDED)
        verdict = check_envelope(reading, ret, ret_fault);
    ret->decoded = reading->json.decoded;
    return verdict;
}

enum verdict sns_message_parse(struct str body, struct sns_message *ret,
                               const char **ret_fault)
{
    struct reading reading = {.keys_count = 0};
    enum verdict verdict = parse(body, &reading, ret, ret_fault);
    if (verdict == VERDICT_UNDECIDED && is_padded(&reading, ret, body.len))
        verdict = refuse("more than 16 KiB of unsigned bytes", ret_fault);
    if (verdict != VERDICT_UNDECIDED)
        sns_message_done(ret);
    return verdict;
}

size_t sns_message_unsigned(struct str body, struct sns_message *ret,
                            struct str ret_names[SNS_MEMBERS_MAX])
{
    struct reading reading = {.keys_count = 0};
    const char *fault;
    size_t count = 0;
    if (parse(body, &reading, ret, &fault) != VERDICT_UNDECIDED)
        return 0;
    struct str pieces[SNS_CANONICAL_PIECES_MAX];
    size_t n = sns_message_canonical(ret, pieces);
    for (size_t i = 0; i < reading.keys_count; i++)
        if (!is_signed(pieces, n, reading.keys[i]))
            ret_names[count++] = reading.keys[i];
    return count;
}

/* Appends what of `*rest` is before `raw`, and then what stands for that. */
static int put_removed(struct buf *to, struct str *rest, struct str raw)
{
    struct str before = {rest->data, (size_t)(raw.data - rest->data)};
    int r = buf_append_str(to, before);
    if (r == 0)
        r = buf_append_str(to, STR("\"" SNS_TOKEN_REMOVED "\""));
    *rest = behind(*rest, before.len + raw.len);
    return r;
}

int sns_message_remove_token(struct str body, struct buf *ret)
{
    struct reading reading = {.keys_count = 0};
    struct sns_message message;
    const char *fault;
    enum verdict verdict = parse(body, &reading, &message, &fault);
    struct str token = reading.raw[member_of(STR("Token")) - members];
    struct str url = reading.raw[member_of(STR("SubscribeURL")) - members];
    bool url_first = str_present(url) && (!str_present(token) || url.data < token.data);
    struct str in_order[] = {url_first ? url : token, url_first ? token : url};
    int r = verdict == VERDICT_UNDECIDED   ? 0
            : verdict == VERDICT_NO_MEMORY ? -ENOMEM
                                           : -EINVAL;
    for (size_t i = 0; i < 2 && r == 0; i++)
        if (str_present(in_order[i]))
            r = put_removed(ret, &body, in_order[i]);
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

#include "ctl/records_peel.h"

#include <stdlib.h>
#include <string.h>

#include "sesbounce/json_scan.h"

/* The members that we know, as they stand in the record: strings decoded. */
enum member {
    BODY,
    SNS,
    MESSAGE,
    TYPE,
    TOPIC_ARN,
    SIGNATURE,
    SIGNATURE_VERSION,
    CERT_URL,
    CERT_URL_OF_LAMBDA,
    UNSUBSCRIBE_URL_OF_LAMBDA,
    RECORDS,
    EVENT_SOURCE,
    EVENT_NAME,
    SES_LIST,
    MEMBERS
};

static const struct {
    struct str key;
    enum member member;
} names[] = {
    {STR("Body"), BODY},
    {STR("body"), BODY},
    {STR("Sns"), SNS},
    {STR("Message"), MESSAGE},
    {STR("Type"), TYPE},
    {STR("TopicArn"), TOPIC_ARN},
    {STR("Signature"), SIGNATURE},
    {STR("SignatureVersion"), SIGNATURE_VERSION},
    {STR("SigningCertURL"), CERT_URL},
    {STR("SigningCertUrl"), CERT_URL_OF_LAMBDA},
    {STR("UnsubscribeUrl"), UNSUBSCRIBE_URL_OF_LAMBDA},
    {STR("Records"), RECORDS},
    {STR("Messages"), RECORDS},
    {STR("eventSource"), EVENT_SOURCE},
    {STR("eventName"), EVENT_NAME},
    {STR("SuppressedDestinationSummaries"), SES_LIST},
};

struct peeling {
    struct json_scan json;
    struct str raw[MEMBERS];  /* as it stands, with its quotation marks */
    struct str text[MEMBERS]; /* of a string, decoded */
    struct str key[MEMBERS];  /* as it stands, between its quotation marks */
};

static bool member_value_read(struct json_scan *json, struct str *ret_text)
{
    return json_scan_peek(json) == '"' ? json_scan_string(json, ret_text)
                                       : json_scan_skip(json);
}

static bool member_read(struct peeling *peeling)
{
    struct json_scan *json = &peeling->json;
    struct str key, text = STR_ABSENT;
    if (json_scan_peek(json) != '"')
        return false;
    const char *key_at = json->at + 1;
    if (!json_scan_string(json, &key) || !json_scan_take(json, ':'))
        return false;
    (void)json_scan_peek(json);
    const char *value_at = json->at;
    if (!member_value_read(json, &text))
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_equal(names[i].key, key)) {
            enum member member = names[i].member;
            peeling->raw[member] = (struct str){value_at, (size_t)(json->at - value_at)};
            peeling->text[member] = text;
            peeling->key[member] = (struct str){key_at, key.len};
        }
    return true;
}

static bool object_read(struct peeling *peeling)
{
    struct json_scan *json = &peeling->json;
    if (!json_scan_take(json, '{'))
        return false;
    if (json_scan_take(json, '}'))
        return json_scan_peek(json) < 0;
    do {
        if (!member_read(peeling))
            return false;
    } while (json_scan_take(json, ','));
    return json_scan_take(json, '}') && json_scan_peek(json) < 0;
}

static bool is_there(const struct peeling *peeling, enum member member)
{
    return str_present(peeling->raw[member]);
}

static bool value_begins(const struct peeling *peeling, enum member member, char c)
{
    return is_there(peeling, member) && *peeling->raw[member].data == c;
}

/* `Url` becomes `URL` in a copy. False if the name is written with an escape. */
static bool member_respell(char *copy, struct str record, struct str key)
{
    if (!str_ends_with(key, STR("Url")))
        return false;
    memcpy(copy + (key.data - record.data) + key.len - 3, "URL", 3);
    return true;
}

static enum records_peeled envelope_respell(const struct peeling *peeling,
                                            struct str record, struct records_inner *ret)
{
    ret->owned_copy = str_dup(record);
    if (!ret->owned_copy)
        return RECORDS_PEELED_NO_MEMORY;
    if (!member_respell(ret->owned_copy, record, peeling->key[CERT_URL_OF_LAMBDA]))
        return RECORDS_PEELED_NOTHING;
    if (is_there(peeling, UNSUBSCRIBE_URL_OF_LAMBDA))
        (void)member_respell(ret->owned_copy, record,
                             peeling->key[UNSUBSCRIBE_URL_OF_LAMBDA]);
    ret->text = (struct str){ret->owned_copy, record.len};
    return RECORDS_PEELED_RECORD;
}

static enum records_peeled envelope_peel(const struct peeling *peeling, struct str record,
                                         struct records_inner *ret)
{
    if (is_there(peeling, CERT_URL_OF_LAMBDA) && !is_there(peeling, CERT_URL))
        return envelope_respell(peeling, record, ret);
    /* A signature that was taken away leaves its version and its certificate behind. */
    if (is_there(peeling, SIGNATURE) || is_there(peeling, SIGNATURE_VERSION) ||
        is_there(peeling, CERT_URL) ||
        !str_equal(peeling->text[TYPE], STR("Notification")) ||
        !str_present(peeling->text[MESSAGE]))
        return RECORDS_PEELED_NOTHING;
    ret->text = peeling->text[MESSAGE];
    ret->topic_arn = peeling->text[TOPIC_ARN];
    return RECORDS_PEELED_UNSIGNED;
}

static enum records_peeled object_peel(const struct peeling *peeling, struct str record,
                                       struct records_inner *ret)
{
    if (value_begins(peeling, RECORDS, '[')) {
        ret->text = record;
        return RECORDS_PEELED_CONTAINER;
    }
    if (value_begins(peeling, SNS, '{')) {
        ret->text = peeling->raw[SNS];
        return RECORDS_PEELED_RECORD;
    }
    if (is_there(peeling, TOPIC_ARN))
        return envelope_peel(peeling, record, ret);
    if (str_present(peeling->text[BODY])) {
        ret->text = peeling->text[BODY];
        return RECORDS_PEELED_RECORD;
    }
    if (is_there(peeling, EVENT_NAME) && str_present(peeling->text[EVENT_SOURCE]) &&
        str_ends_with(peeling->text[EVENT_SOURCE], STR(".amazonaws.com")))
        return RECORDS_PEELED_CLOUDTRAIL;
    return is_there(peeling, SES_LIST) ? RECORDS_PEELED_SES_LIST : RECORDS_PEELED_NOTHING;
}

enum records_peeled records_peel(struct str record, struct records_inner *ret)
{
    struct peeling peeling = {0};
    enum records_peeled peeled = RECORDS_PEELED_NOTHING;
    struct json_scan *json = &peeling.json;
    *ret = (struct records_inner){0};
    json_scan_init(json, record);
    int c = json_scan_peek(json);
    if (c == '[') {
        ret->text = record;
        peeled = RECORDS_PEELED_CONTAINER;
    } else if (c == '"') {
        if (json_scan_string(json, &ret->text) && json_scan_peek(json) < 0)
            peeled = RECORDS_PEELED_RECORD;
    } else if (object_read(&peeling)) {
        peeled = object_peel(&peeling, record, ret);
    }
    ret->owned = json->decoded;
    return json->no_memory ? RECORDS_PEELED_NO_MEMORY : peeled;
}

void records_inner_done(struct records_inner *inner)
{
    free(inner->owned);
    free(inner->owned_copy);
    *inner = (struct records_inner){0};
}

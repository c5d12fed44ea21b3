/*
 * From the text of a message to an event.
 *
 * What comes over EventBridge is SES's events in its wrapper, and announcements that only
 * that bus brings (monitoring-eventbridge in the SES developer guide). The wrapper is
 * {"id","detail-type","source":"aws.ses","account","time","region","resources","detail"}.
 */
#include <errno.h>

#include "message/ses_parts.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/limits.h"

static bool member_is_given(const struct json_value *value)
{
    return value && value->kind != JSON_TREE_NULL;
}

/* notificationType or eventType, the first that is not null; NULL: neither is there. */
static const struct json_value *type_member(const struct json_value *message)
{
    const struct json_value *type = json_tree_member(message, "notificationType");

    return member_is_given(type) ? type : json_tree_member(message, "eventType");
}

/* SES's words are letters and blanks. Anything else is a mistake, not a new type. */
static bool is_type_char(char c)
{
    return ascii_is_alpha(c) || c == ' ';
}

static bool is_type_word(struct str word)
{
    return str_present(word) && word.len <= SES_TYPE_BYTES_MAX && word.data[0] != ' ' &&
           str_all(word, is_type_char);
}

/* --- EventBridge ----------------------------------------------------------------- */

/* Is this the wrapper around something of SES's? Others may put anything on a bus. */
static bool is_wrapper(const struct json_value *message)
{
    return !member_is_given(type_member(message)) &&
           str_equal(ses_member(message, "source"), STR("aws.ses")) &&
           str_present(ses_member(message, "detail-type"));
}

/* What the wrapper knows and the event does not. */
static void wrapper_fill(const struct json_value *wrapper, struct ses_event *event)
{
    event->bridge_id = ses_member(wrapper, "id");
    if (!str_present(event->account_id))
        event->account_id = ses_member(wrapper, "account");
    if (!str_present(event->region))
        event->region = ses_member(wrapper, "region");
    if (event->ses_time_ms == CLOCK_NONE) {
        event->ses_time_ms = ses_member_time(wrapper, "time");
        event->time_is_bridges = true;
    }
}

/* `*name` becomes NAME of KIND/NAME or KIND/NAME/ID, unless there is one already. */
static void resource_name(struct str resource, struct str kind, struct str *name)
{
    struct str first;

    if (!str_present(*name) && str_take_prefix(&resource, kind) &&
        str_split(&resource, '/', &first) && first.len > 0)
        *name = first;
}

/* arn:PARTITION:ses:REGION:ACCOUNT:KIND/NAME */
static void resource_read(struct str arn, struct ses_event *event)
{
    struct str field;

    for (size_t i = 0; i < 5; i++)
        if (!str_split(&arn, ':', &field))
            return;
    resource_name(arn, STR("tenant/"), &event->tenant);
    resource_name(arn, STR("configuration-set/"), &event->configuration_set);
    resource_name(arn, STR("identity/"), &event->identity);
}

/* SES's documents write a text; its API has seconds since 1970. */
static int64_t record_time(const struct json_value *record, const char *name)
{
    const struct json_value *time = json_tree_member(record, name);
    struct str seconds = STR_ABSENT, rest = STR_ABSENT;
    uint64_t number;

    if (!json_tree_is(time, JSON_TREE_OTHER))
        return ses_member_time(record, name);
    rest = time->text;
    (void)str_split(&rest, '.', &seconds);
    if (str_to_u64(seconds, SES_EPOCH_SECONDS_MAX, &number) < 0)
        return CLOCK_NONE;
    return (int64_t)number * 1000;
}

/* A pause, or its end: {"record":{"status","cause","lastUpdatedTimestamp"},"origin"}. */
static void sending_read(const struct json_value *data, struct ses_event *event)
{
    const struct json_value *record = json_tree_member(data, "record");
    bool paused = str_equal(event->type_text, STR(SES_WORD_PAUSED));

    if (!paused && !str_equal(event->type_text, STR(SES_WORD_RESUMED)))
        return;
    event->sending_status = ses_member(record, "status");
    if (!str_present(event->sending_status))
        event->sending_status = paused ? STR(SES_SENDING_DISABLED) : STR("ENABLED");
    event->sending_origin = ses_member(data, "origin");
    event->ses_time_ms = record_time(record, "lastUpdatedTimestamp");
    event->sending_cause = ses_member_trimmed(record, "cause");
    event->diagnostic = event->sending_cause;
    if (!str_present(event->diagnostic) && json_tree_first(record))
        event->diagnostic = record->text;
}

/* {"data":"a sentence","metadata":{"type":"BOUNCE","impact":"HIGH"}}; when it is over,
 * the sentence may be missing. */
static void finding_read(const struct json_value *detail, struct ses_event *event)
{
    struct str word = event->type_text;

    if (!str_take_prefix(&word, STR("Advisor Recommendation Status ")))
        return;
    event->finding = str_equal(word, STR("Open")) ? SES_FINDING_OPEN : SES_FINDING_OVER;
    event->finding_kind =
        ses_member_trimmed(json_tree_member(detail, "metadata"), "type");
}

/* What has no event in it, and only the wrapper says what it is: whom it is about, when,
 * and why. `Email Bounced` and its kin have an eventType in `detail`. */
static int announcement_read(const struct json_value *wrapper, struct ses_event *event)
{
    const struct json_value *detail = json_tree_member(wrapper, "detail");
    const struct json_value *data = json_tree_member(detail, "data");
    const struct json_value *resources = json_tree_member(wrapper, "resources");
    struct str type = ses_member(wrapper, "detail-type");

    if (str_starts_with(type, STR("Email ")) || !is_type_word(type))
        return QUARANTINE_NO_TYPE;
    event->type_text = ses_type_word(type);
    for (const struct json_value *resource = json_tree_first(resources); resource;
         resource = json_tree_next(resources, resource))
        resource_read(json_tree_text(resource), event);
    sending_read(data, event);
    finding_read(detail, event);
    /* A sentence, or else whatever there is, as it stands. */
    if (!str_present(event->diagnostic))
        event->diagnostic =
            json_tree_first(data) ? data->text : ses_text_trimmed(json_tree_text(data));
    return 0;
}

/* --- parsing --------------------------------------------------------------------- */

/* A type that is not known is kept as it is. */
static int type_read(const struct json_value *message, struct ses_event *event)
{
    const struct json_value *type = type_member(message);

    if (!member_is_given(type))
        return QUARANTINE_NO_TYPE;
    event->type_text = json_tree_text(type);
    if (!is_type_word(event->type_text))
        return QUARANTINE_BAD_TYPE;
    event->type_text = ses_type_word(event->type_text);
    event->type = ses_type_of(event->type_text);
    return 0;
}

static int event_read(const struct json_value *message, const struct ses_rules *rules,
                      struct ses_event *event)
{
    int r = ses_mail_read(json_tree_member(message, "mail"), rules, event);
    if (r == 0)
        r = ses_block_read(message, event);
    if (event->ses_time_ms == CLOCK_NONE)
        event->ses_time_ms = event->sent_ms;
    return r;
}

static bool is_announcement(const struct ses_event *event)
{
    return str_equal(event->type_text, STR(SES_WORD_ANNOUNCEMENT));
}

static int root_read(const struct json_value *root, const struct ses_rules *rules,
                     struct ses_event *event)
{
    bool wrapped = is_wrapper(root);
    const struct json_value *message = wrapped ? json_tree_member(root, "detail") : root;
    int r = type_read(message, event);

    if (wrapped && r == QUARANTINE_NO_TYPE)
        r = announcement_read(root, event);
    else if (r == 0 && !is_announcement(event))
        r = event_read(message, rules, event);
    if (wrapped)
        wrapper_fill(root, event);
    return r;
}

/* sns: sent once as plain text when an event destination is created */
static bool is_validation_notice(struct str text)
{
    return str_starts_with(str_trim(text), STR("Successfully validated SNS topic"));
}

enum ses_parse ses_event_parse(struct str text, const struct ses_rules *rules,
                               struct ses_event *ret, enum quarantine_reason *ret_reason)
{
    _uninitialized_ _cleanup_(json_tree_done) struct json_tree tree;

    *ret = (struct ses_event){.ses_time_ms = CLOCK_NONE, .sent_ms = CLOCK_NONE};
    *ret_reason = QUARANTINE_NONE;
    int r = json_tree_read(text, &tree);
    ret->decoded = take_ptr(tree.decoded);
    if (ret->decoded)
        ret->owned_bytes += text.len;
    if (r == 0)
        r = root_read(json_tree_root(&tree), rules, ret);
    else if (r != -ENOMEM && is_validation_notice(text))
        return SES_PARSED_ANNOUNCEMENT;
    else if (r != -ENOMEM)
        r = r == -E2BIG ? QUARANTINE_TOO_LARGE : QUARANTINE_NOT_JSON;

    if (r < 0)
        return SES_PARSED_NO_MEMORY;
    *ret_reason = (enum quarantine_reason)r;
    if (r > 0)
        return SES_PARSED_QUARANTINE;
    return is_announcement(ret) ? SES_PARSED_ANNOUNCEMENT : SES_PARSED_EVENT;
}

enum ses_shape ses_event_shape(struct str text)
{
    _uninitialized_ _cleanup_(json_tree_done) struct json_tree tree;
    int r = json_tree_read(text, &tree);
    const struct json_value *root = json_tree_root(&tree);

    if (r == -ENOMEM)
        return SES_SHAPE_NO_MEMORY;
    if (r == -EINVAL)
        return SES_SHAPE_NOT_JSON;
    if (r == 0 && json_tree_is(root, JSON_TREE_ARRAY))
        return SES_SHAPE_ARRAY;
    /* A damaged envelope must not pass for a message. */
    if (json_tree_member(root, "TopicArn") || json_tree_member(root, "Signature"))
        return SES_SHAPE_ENVELOPE;
    if (r != 0 || type_member(root) || json_tree_member(root, "mail") || is_wrapper(root))
        return SES_SHAPE_MESSAGE;
    return SES_SHAPE_OTHER;
}

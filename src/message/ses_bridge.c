/*
 * What comes over EventBridge: SES's events in its wrapper, and announcements that only
 * that bus brings (monitoring-eventbridge in the SES developer guide). The wrapper is
 * {"id","detail-type","source":"aws.ses","account","time","region","resources","detail"}.
 */
#include "message/ses_parts.h"
#include "sesbounce/limits.h"

/* `Email Bounced` and its kin: the detail-type of what has an eventType in `detail`. */
#define WRAPPED_EVENT_PREFIX "Email "

static bool is_given(const struct json_value *value)
{
    return value && value->kind != JSON_TREE_NULL;
}

const struct json_value *ses_type_member(const struct json_value *message)
{
    const struct json_value *type = json_tree_member(message, "notificationType");

    return is_given(type) ? type : json_tree_member(message, "eventType");
}

/* Only SES's own: others may put anything on a bus. */
bool ses_bridge_is(const struct json_value *message)
{
    return !is_given(ses_type_member(message)) &&
           str_equal(ses_member(message, "source"), STR("aws.ses")) &&
           str_present(ses_member(message, "detail-type"));
}

struct str ses_bridge_type(const struct json_value *wrapper)
{
    struct str type = ses_member(wrapper, "detail-type");

    return str_starts_with(type, STR(WRAPPED_EVENT_PREFIX)) ? STR_ABSENT : type;
}

void ses_bridge_fill(const struct json_value *wrapper, struct ses_event *event)
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

/* --- announcements ---------------------------------------------------------------- */

/* NAME of KIND/NAME or KIND/NAME/ID; absent when it is of another kind. */
static struct str name_of(struct str resource, struct str kind)
{
    struct str name = STR_ABSENT;

    if (!str_starts_with(resource, kind))
        return STR_ABSENT;
    resource = (struct str){resource.data + kind.len, resource.len - kind.len};
    (void)str_split(&resource, '/', &name);
    return name.len > 0 ? name : STR_ABSENT;
}

/* arn:PARTITION:ses:REGION:ACCOUNT:KIND/NAME */
static void read_resource(struct str arn, struct ses_event *event)
{
    struct str field;

    for (size_t i = 0; i < 5; i++)
        if (!str_split(&arn, ':', &field))
            return;
    if (!str_present(event->tenant))
        event->tenant = name_of(arn, STR("tenant/"));
    if (!str_present(event->configuration_set))
        event->configuration_set = name_of(arn, STR("configuration-set/"));
    if (!str_present(event->identity))
        event->identity = name_of(arn, STR("identity/"));
}

/* SES's documents write a text; its API has seconds since 1970. */
static int64_t time_of(const struct json_value *record, const char *name)
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
static void read_sending(const struct json_value *data, struct ses_event *event)
{
    const struct json_value *record = json_tree_member(data, "record");
    bool paused = str_equal(event->type_text, STR(SES_WORD_PAUSED));

    if (!paused && !str_equal(event->type_text, STR(SES_WORD_RESUMED)))
        return;
    event->sending_status = ses_member(record, "status");
    if (!str_present(event->sending_status))
        event->sending_status = paused ? STR(SES_SENDING_DISABLED) : STR("ENABLED");
    event->sending_origin = ses_member(data, "origin");
    event->ses_time_ms = time_of(record, "lastUpdatedTimestamp");
    event->sending_cause = ses_text_trimmed(ses_member(record, "cause"));
    event->diagnostic = event->sending_cause;
    if (!str_present(event->diagnostic) && json_tree_first(record))
        event->diagnostic = record->text;
}

void ses_bridge_read(const struct json_value *wrapper, struct ses_event *event)
{
    const struct json_value *data =
        json_tree_member(json_tree_member(wrapper, "detail"), "data");
    const struct json_value *resources = json_tree_member(wrapper, "resources");

    for (const struct json_value *resource = json_tree_first(resources); resource;
         resource = json_tree_next(resources, resource))
        read_resource(json_tree_text(resource), event);
    read_sending(data, event);
    /* A sentence, or else whatever there is, as it stands. */
    if (!str_present(event->diagnostic))
        event->diagnostic =
            json_tree_first(data) ? data->text : ses_text_trimmed(json_tree_text(data));
}

/* Which columns of a view a table shows, and all of them for the header of an empty CSV.
 * JSON and CSV with rows follow the view itself. */
#include "ctl/ctl.h"

#define EVENT_TABLE                                                                      \
    "id", "occurred_at", "type", "class", "cause", "address", "bounce_type",             \
        "bounce_subtype", "status", "diagnostic", NULL
#define EVENT_ALL                                                                        \
    "id", "type", "class", "cause", "address", "address_seen", "domain", "scope",        \
        "occurred_at", "sent_at", "received_at", "bounce_type", "bounce_subtype",        \
        "complaint_subtype", "feedback_type", "candidates", "status", "action",          \
        "diagnostic", "reporting_mta", "remote_mta_ip", "user_agent", "feedback_id",     \
        "ses_message_id", "source", "from_domain", "identity", "account_id", "region",   \
        "configuration_set", "tenant", "campaign", "tags", "destination_count",          \
        "source_ip", "is_simulator", "topic_arn", "sns_message_id", "ses_timestamp",     \
        "rule", NULL

static const char *const suppressed_table[] = {
    "address",     "reason", "detail", "since", "until",
    "event_count", "origin", "actor",  "note",  NULL};
static const char *const suppressed_all[] = {
    "address",       "scope",       "reason",         "detail", "since", "until",
    "last_event_at", "event_count", "first_event_at", "origin", "actor", "note",
    "rule",          NULL};
static const char *const event_table[] = {EVENT_TABLE};
static const char *const event_all[] = {EVENT_ALL};
static const char *const quarantine_table[] = {"id",        "received_at",    "reason",
                                               "topic_arn", "sns_message_id", NULL};
static const char *const quarantine_all[] = {
    "id", "received_at", "topic_arn", "sns_message_id", "reason", "body", NULL};
static const char *const topic_table[] = {"topic_arn",       "state",    "since",
                                          "last_message_at", "messages", "waiting",
                                          "fault",           NULL};
static const char *const topic_all[] = {
    "topic_arn",       "account_id", "region",       "state", "subscription_arn", "since",
    "last_message_at", "messages",   "announced_at", "fault", "waiting",          NULL};

const char *const *views_table(enum store_view view)
{
    switch (view) {
    case STORE_SUPPRESSED:
        return suppressed_table;
    case STORE_EVENTS:
    case STORE_BOUNCES:
    case STORE_COMPLAINTS:
        return event_table;
    case STORE_QUARANTINE:
        return quarantine_table;
    case STORE_TOPICS:
        return topic_table;
    case STORE_ENTRIES:
    case STORE_DECISIONS:
    case STORE_DAILY:
    case STORE_PAUSED:
        break;
    }
    return NULL;
}

const char *const *views_all(enum store_view view)
{
    switch (view) {
    case STORE_SUPPRESSED:
        return suppressed_all;
    case STORE_EVENTS:
    case STORE_BOUNCES:
    case STORE_COMPLAINTS:
        return event_all;
    case STORE_QUARANTINE:
        return quarantine_all;
    case STORE_TOPICS:
        return topic_all;
    case STORE_ENTRIES:
    case STORE_DECISIONS:
    case STORE_DAILY:
    case STORE_PAUSED:
        break;
    }
    return NULL;
}

/* What each view has, in its order, and of which type: the one list that filters, output
 * and the checks of the schema follow. */
#include <string.h>

#include "store/store_internal.h"

static const char *const suppressed[] = {
    "address",       "scope",       "reason",         "detail", "since", "until",
    "last_event_at", "event_count", "first_event_at", "origin", "actor", "note",
    "rule",          NULL};
static const char *const entries[] = {
    "address",   "scope",       "reason",         "detail",        "state",
    "since",     "until",       "first_event_at", "last_event_at", "event_count",
    "repeats",   "origin",      "actor",          "note",          "lifted_at",
    "lifted_by", "lifted_note", "rule",           "why",           NULL};
static const char *const held[] = {"id",  "address", "scope",    "reason", "detail",
                                   "why", "since",   "event_id", NULL};
static const char *const changes[] = {
    "id",           "at",     "address", "scope", "action", "reason_before",
    "reason_after", "detail", "until",   "actor", "origin", "rule",
    "event_id",     "note",   NULL};
static const char *const guards[] = {"provider",     "since", "is_open",
                                     "hard_bounces", "usual", NULL};
static const char *const soft_days[] = {"address", "scope", "day", "identity", NULL};
static const char *const decisions[] = {"id",    "address", "scope", "action", "reason",
                                        "until", "at",      "actor", "note",   NULL};
#define EVENTS                                                                           \
    "id", "type", "class", "cause", "address", "address_seen", "domain", "scope",        \
        "occurred_at", "sent_at", "received_at", "bounce_type", "bounce_subtype",        \
        "complaint_subtype", "feedback_type", "candidates", "status", "action",          \
        "diagnostic", "reporting_mta", "remote_mta_ip", "user_agent", "feedback_id",     \
        "ses_message_id", "source", "from_domain", "identity", "account_id", "region",   \
        "configuration_set", "tenant", "campaign", "tags", "destination_count",          \
        "source_ip", "is_simulator", "topic_arn", "sns_message_id", "ses_timestamp",     \
        "rule", "subject", "message_id_header", "contact_list", NULL
static const char *const events[] = {EVENTS};
static const char *const quarantine[] = {
    "id", "received_at", "topic_arn", "sns_message_id", "reason", "body", NULL};
static const char *const topics[] = {
    "topic_arn",       "account_id", "region",       "state", "subscription_arn", "since",
    "last_message_at", "messages",   "announced_at", "fault", "waiting",          NULL};
static const char *const daily[] = {
    "day",          "sends",          "deliveries", "hard_bounces",
    "soft_bounces", "complaints",     "rejects",    "list_hits",
    "bounce_rate",  "complaint_rate", NULL};
static const char *const hourly[] = {
    "hour",         "account_id", "region",  "identity",   "configuration_set",
    "provider",     "scope",      "sends",   "deliveries", "hard_bounces",
    "soft_bounces", "complaints", "rejects", "list_hits",  NULL};
static const char *const leaks[] = {
    "address",           "scope",     "suppressed_since", "sent_at",        "identity",
    "configuration_set", "source_ip", "campaign",         "ses_message_id", NULL};
static const char *const unsubscribes[] = {"address",     "scope",    "contact_list",
                                           "occurred_at", "event_id", NULL};
static const char *const alerts[] = {"id",    "name",        "subject", "level",
                                     "since", "resolved_at", "value",   "threshold",
                                     "text",  NULL};
static const char *const paused[] = {
    "since",    "account_id", "region", "tenant", "configuration_set",
    "identity", "origin",     "cause",  NULL};

static const char *const webhooks[] = {
    "name", "format",          "state",      "waiting",       "failed",
    "sent", "last_success_at", "last_fault", "last_fault_at", "next_attempt_at",
    NULL};
static const char *const webhook_messages[] = {"id",         "name",  "state",
                                               "attempts",   "since", "next_attempt_at",
                                               "last_fault", "what",  NULL};

/* A name has one type in all views; the others are texts. */
static const struct {
    const char *name;
    enum store_value_type type;
} types[] = {{"since", STORE_TIME},
             {"until", STORE_TIME},
             {"last_event_at", STORE_TIME},
             {"event_count", STORE_INTEGER},
             {"first_event_at", STORE_TIME},
             {"repeats", STORE_INTEGER},
             {"lifted_at", STORE_TIME},
             {"id", STORE_INTEGER},
             {"event_id", STORE_INTEGER},
             {"at", STORE_TIME},
             {"occurred_at", STORE_TIME},
             {"sent_at", STORE_TIME},
             {"received_at", STORE_TIME},
             {"candidates", STORE_INTEGER},
             {"tags", STORE_JSON},
             {"destination_count", STORE_INTEGER},
             {"is_simulator", STORE_BOOLEAN},
             {"ses_timestamp", STORE_TIME},
             {"last_message_at", STORE_TIME},
             {"messages", STORE_INTEGER},
             {"announced_at", STORE_TIME},
             {"waiting", STORE_INTEGER},
             {"failed", STORE_INTEGER},
             {"sent", STORE_INTEGER},
             {"attempts", STORE_INTEGER},
             {"last_success_at", STORE_TIME},
             {"last_fault_at", STORE_TIME},
             {"next_attempt_at", STORE_TIME},
             {"is_open", STORE_BOOLEAN},
             {"hour", STORE_TIME},
             {"suppressed_since", STORE_TIME},
             {"sends", STORE_INTEGER},
             {"deliveries", STORE_INTEGER},
             {"hard_bounces", STORE_INTEGER},
             {"soft_bounces", STORE_INTEGER},
             {"complaints", STORE_INTEGER},
             {"rejects", STORE_INTEGER},
             {"list_hits", STORE_INTEGER},
             {"bounce_rate", STORE_REAL},
             {"complaint_rate", STORE_REAL},
             {"reporting_complaint_rate", STORE_REAL},
             {"unseen_share", STORE_REAL},
             {"resolved_at", STORE_TIME},
             {"value", STORE_REAL},
             {"threshold", STORE_REAL}};

const char *const *store_columns(enum store_view view)
{
    static const char *const *const columns[] = {[STORE_SUPPRESSED] = suppressed,
                                                 [STORE_ENTRIES] = entries,
                                                 [STORE_DECISIONS] = decisions,
                                                 [STORE_EVENTS] = events,
                                                 [STORE_BOUNCES] = events,
                                                 [STORE_COMPLAINTS] = events,
                                                 [STORE_QUARANTINE] = quarantine,
                                                 [STORE_TOPICS] = topics,
                                                 [STORE_DAILY] = daily,
                                                 [STORE_PAUSED] = paused,
                                                 [STORE_HELD] = held,
                                                 [STORE_LOG] = changes,
                                                 [STORE_GUARDS] = guards,
                                                 [STORE_HOURLY] = hourly,
                                                 [STORE_LEAKS] = leaks,
                                                 [STORE_UNSUBSCRIBES] = unsubscribes,
                                                 [STORE_SOFT_DAYS] = soft_days,
                                                 [STORE_ALERTS] = alerts,
                                                 [STORE_WEBHOOKS] = webhooks,
                                                 [STORE_WEBHOOK_MESSAGES] =
                                                     webhook_messages};

    return columns[view];
}

bool store_has_column(enum store_view view, const char *name)
{
    for (const char *const *at = store_columns(view); *at; at++) {
        if (strcmp(*at, name) == 0)
            return true;
    }
    return false;
}

enum store_value_type store_column_type(const char *name)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i].name, name) == 0)
            return types[i].type;
    }
    return STORE_TEXT;
}

/* Topics: which we have heard of, and what the connection remembers of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sesbounce/arn.h"
#include "store/limits.h"
#include "store/store_internal.h"

void topic_forget_cache(struct store *store)
{
    store->writing->topic_count = 0;
}

static struct topic *topic_recall(struct store *store, struct str topic_arn)
{
    for (size_t i = 0; i < store->writing->topic_count; i++) {
        struct topic *topic = &store->writing->topics[i];

        if (topic->arn_len == topic_arn.len &&
            memcmp(topic->arn, topic_arn.data, topic_arn.len) == 0)
            return topic;
    }
    return NULL;
}

int topic_look_again(struct store *store, struct topic *topic)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_TOPIC_SUBSCRIPTIONS, db_int(topic->id));
    int r = db_step(&call);

    if (r < 0)
        return r;
    topic->is_confirmed = db_get_int(&call) > 0;
    topic->is_waiting = db_get_int(&call) > 0;
    topic->ended_ms = db_get_int_or(&call, CLOCK_NONE);
    return 0;
}

/* 1 found, 0 not, or a fault. */
static int topic_find_row(struct store *store, struct str topic_arn, struct topic *ret)
{
    int r = db_find(store, SQL_TOPIC_FIND, &ret->id, db_text(topic_arn));

    if (r <= 0)
        return r;
    r = topic_look_again(store, ret);
    return r < 0 ? r : 1;
}

static int topic_add_row(struct store *store, struct str topic_arn, struct topic *ret)
{
    struct arn arn = {0};
    int r;

    if (!arn_parse(topic_arn, &arn))
        arn = (struct arn){0};
    r = db_do(store, SQL_TOPIC_ADD, db_text(topic_arn), db_text(arn.account),
              db_text(arn.region));
    if (r < 0)
        return r;
    ret->id = db_last_id(store);
    ret->ended_ms = CLOCK_NONE;
    return 0;
}

static int topic_refuse(struct store *store)
{
    (void)snprintf(store->fault, sizeof(store->fault), "the ARN of a topic is too long");
    return -EIO;
}

int topic_get(struct store *store, const struct intake *intake, struct topic **ret)
{
    struct topic *topic = topic_recall(store, intake->topic_arn);
    int r;

    *ret = topic;
    if (topic)
        return 0;
    if (intake->topic_arn.len > sizeof(topic->arn))
        return topic_refuse(store);
    if (store->writing->topic_count == STORE_TOPICS_CACHED_MAX) {
        r = topic_flush(store);
        if (r < 0)
            return r;
        topic_forget_cache(store);
    }
    topic = &store->writing->topics[store->writing->topic_count];
    memset(topic, 0, sizeof(*topic));
    topic->arn_len = intake->topic_arn.len;
    memcpy(topic->arn, intake->topic_arn.data, intake->topic_arn.len);
    r = topic_find_row(store, intake->topic_arn, topic);
    if (r == 0)
        r = topic_add_row(store, intake->topic_arn, topic);
    if (r < 0)
        return r;
    store->writing->topic_count++;
    *ret = topic;
    return 0;
}

/* A Notification proves that a subscription works, unless it left SNS before one ended,
 * or may be an old one that somebody sends again. */
static bool proves_subscription(const struct topic *topic, const struct intake *intake)
{
    if (intake->kind == INTAKE_CONFIRM || intake->kind == INTAKE_UNSUBSCRIBED)
        return false;
    if (intake->kind == INTAKE_QUARANTINE && intake->reason == QUARANTINE_STALE)
        return false;
    return !topic->is_confirmed && intake->sns_timestamp_ms > topic->ended_ms;
}

int topic_note_message(struct store *store, struct topic *topic,
                       const struct intake *intake)
{
    if (!topic || intake->imported)
        return 0;
    topic->new_messages++;
    topic->last_message_ms = intake->received_ms;
    return proves_subscription(topic, intake) ? subscription_prove(store, topic, intake)
                                              : 0;
}

int topic_apply_announcement(struct store *store, struct topic *topic,
                             const struct intake *intake)
{
    if (!topic)
        return 0;
    return db_do(store, SQL_TOPIC_ANNOUNCED, db_int(topic->id),
                 db_time(intake->received_ms));
}

/* In which hours it sends anything: once for each. */
static int topic_note_hour(struct store *store, struct topic *topic)
{
    int64_t hour = topic->last_message_ms / CLOCK_HOUR_MS;
    int r;

    if (hour == topic->hour)
        return 0;
    r = db_do(store, SQL_TOPIC_HOUR_ADD, db_int(topic->id), db_int(hour));
    if (r == 0)
        r = db_do(store, SQL_TOPIC_HOUR_TIDY, db_int(topic->id),
                  db_int(hour - STORE_TOPIC_HOURS_MAX));
    topic->hour = hour;
    return r;
}

int topic_flush(struct store *store)
{
    for (size_t i = 0; i < store->writing->topic_count; i++) {
        struct topic *topic = &store->writing->topics[i];
        int r;

        if (topic->new_messages == 0)
            continue;
        r = db_do(store, SQL_TOPIC_MESSAGES, db_int(topic->id),
                  db_int(topic->new_messages), db_time(topic->last_message_ms));
        if (r == 0)
            r = topic_note_hour(store, topic);
        if (r < 0)
            return r;
        topic->new_messages = 0;
    }
    return 0;
}

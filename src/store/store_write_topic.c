/* Topics and the outbox of confirmations. */
#include <errno.h>
#include <string.h>

#include "sesbounce/arn.h"
#include "store/store_internal.h"

static const char *const state_words[] = {
    [TOPIC_SILENT] = NULL,
    [TOPIC_PENDING] = "pending",
    [TOPIC_CONFIRMING] = "confirming",
    [TOPIC_CONFIRMED] = "confirmed",
    [TOPIC_FAILED] = "failed",
    [TOPIC_UNSUBSCRIBED] = "unsubscribed",
};

static enum topic_state state_of(struct str word)
{
    for (int state = TOPIC_PENDING; state <= TOPIC_UNSUBSCRIBED; state++)
        if (str_equal(word, str_of(state_words[state])))
            return (enum topic_state)state;
    return TOPIC_SILENT;
}

static struct topic *recall(struct store *store, struct str topic_arn)
{
    for (size_t i = 0; i < store->topic_count; i++) {
        struct topic *topic = &store->topics[i];

        if (topic->arn_len == topic_arn.len &&
            memcmp(topic->arn, topic_arn.data, topic_arn.len) == 0)
            return topic;
    }
    return NULL;
}

/* 1 found, 0 not, or a fault. */
static int find(struct store *store, struct str topic_arn, struct topic *ret)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_TOPIC_FIND);
    int r;

    db_bind_text(&call, topic_arn);
    r = db_step(&call);
    if (r <= 0)
        return r;
    ret->id = db_get_int(&call);
    ret->state = state_of(db_get_text(&call));
    ret->subscription_ms = db_get_int_or(&call, CLOCK_NONE);
    return 1;
}

static int add(struct store *store, struct str topic_arn, struct topic *ret)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_TOPIC_ADD);
    struct arn arn = {0};
    int r;

    if (!arn_parse(topic_arn, &arn))
        arn = (struct arn){0};
    db_bind_text(&call, topic_arn);
    db_bind_text(&call, arn.account);
    db_bind_text(&call, arn.region);
    r = db_run(&call, NULL);
    if (r < 0)
        return r;
    ret->id = sqlite3_last_insert_rowid(store->db);
    ret->state = TOPIC_SILENT;
    ret->subscription_ms = CLOCK_NONE;
    return 0;
}

int topic_get(struct store *store, const struct intake *intake, struct topic **ret)
{
    struct topic *topic = recall(store, intake->topic_arn);
    int r;

    *ret = topic;
    if (topic)
        return 0;
    if (intake->topic_arn.len > sizeof(topic->arn))
        return db_fault(store, SQLITE_TOOBIG, "topic ARN");
    if (store->topic_count == STORE_TOPICS_CACHED_MAX) {
        r = topic_flush(store);
        if (r < 0)
            return r;
        store->topic_count = 0;
    }
    topic = &store->topics[store->topic_count];
    memset(topic, 0, sizeof(*topic));
    topic->arn_len = intake->topic_arn.len;
    memcpy(topic->arn, intake->topic_arn.data, intake->topic_arn.len);
    r = find(store, intake->topic_arn, topic);
    if (r == 0)
        r = add(store, intake->topic_arn, topic);
    if (r < 0)
        return r;
    store->topic_count++;
    *ret = topic;
    return 0;
}

/* A Notification proves that the subscription works, unless it left SNS before it ended.
 */
static bool proves_subscription(const struct topic *topic, const struct intake *intake)
{
    if (intake->kind == INTAKE_CONFIRM || intake->kind == INTAKE_UNSUBSCRIBED)
        return false;
    if (intake->kind == INTAKE_QUARANTINE && intake->reason == QUARANTINE_STALE)
        return false;
    if (topic->state == TOPIC_UNSUBSCRIBED)
        return intake->sns_timestamp_ms > topic->subscription_ms;
    return topic->state != TOPIC_CONFIRMED;
}

int topic_note_message(struct store *store, struct topic *topic,
                       const struct intake *intake)
{
    if (!topic || intake->imported)
        return 0;
    topic->new_messages++;
    if (intake->received_ms > topic->last_message_ms)
        topic->last_message_ms = intake->received_ms;
    if (!proves_subscription(topic, intake))
        return 0;
    _cleanup_(db_call_end) struct db_call call =
        db_call_begin(store, SQL_TOPIC_CONFIRMED);
    db_bind_int(&call, topic->id);
    db_bind_time(&call, intake->received_ms);
    topic->state = TOPIC_CONFIRMED;
    return db_run(&call, NULL);
}

static int outbox_replace(struct store *store, int64_t topic_id, struct str token,
                          int64_t next_at_ms, int64_t now_ms)
{
    int r;

    {
        _cleanup_(db_call_end) struct db_call call =
            db_call_begin(store, SQL_OUTBOX_DROP_TOPIC);

        db_bind_int(&call, topic_id);
        r = db_run(&call, NULL);
    }
    if (r < 0 || !str_present(token))
        return r;
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_OUTBOX_ADD);
    db_bind_int(&call, topic_id);
    db_bind_text(&call, token);
    db_bind_int(&call, next_at_ms);
    db_bind_int(&call, now_ms);
    return db_run(&call, NULL);
}

int topic_apply_confirm(struct store *store, struct topic *topic,
                        const struct intake *intake, enum verdict *ret)
{
    int64_t now_ms = intake->received_ms;

    /* SNS keeps no order: one from before the present state changes nothing. */
    if (intake->sns_timestamp_ms < topic->subscription_ms) {
        *ret = VERDICT_DUPLICATE;
        return 0;
    }
    *ret = intake->confirm_now ? VERDICT_CONFIRMING : VERDICT_PENDING;
    topic->state = intake->confirm_now ? TOPIC_CONFIRMING : TOPIC_PENDING;
    topic->subscription_ms = intake->sns_timestamp_ms;
    {
        _cleanup_(db_call_end) struct db_call call =
            db_call_begin(store, SQL_TOPIC_SUBSCRIPTION);
        int r;

        db_bind_int(&call, topic->id);
        db_bind_text(&call, str_of(state_words[topic->state]));
        db_bind_time(&call, now_ms);
        db_bind_text(&call, intake->token);
        db_bind_int(&call, topic->subscription_ms);
        r = db_run(&call, NULL);
        if (r < 0)
            return r;
    }
    return outbox_replace(store, topic->id,
                          intake->confirm_now ? intake->token : STR_ABSENT,
                          now_ms + CONFIRM_FIRST_MS, now_ms);
}

int topic_apply_unsubscribed(struct store *store, struct topic *topic,
                             const struct intake *intake, enum verdict *ret)
{
    *ret = VERDICT_UNSUBSCRIBED;
    if (intake->sns_timestamp_ms < topic->subscription_ms)
        return 0;
    topic->state = TOPIC_UNSUBSCRIBED;
    topic->subscription_ms = intake->sns_timestamp_ms;
    {
        _cleanup_(db_call_end) struct db_call call =
            db_call_begin(store, SQL_TOPIC_UNSUBSCRIBED);
        int r;

        db_bind_int(&call, topic->id);
        db_bind_time(&call, intake->received_ms);
        db_bind_int(&call, topic->subscription_ms);
        r = db_run(&call, NULL);
        if (r < 0)
            return r;
    }
    return outbox_replace(store, topic->id, STR_ABSENT, 0, 0);
}

int topic_apply_announcement(struct store *store, struct topic *topic,
                             const struct intake *intake)
{
    if (!topic)
        return 0;
    _cleanup_(db_call_end) struct db_call call =
        db_call_begin(store, SQL_TOPIC_ANNOUNCED);
    db_bind_int(&call, topic->id);
    db_bind_time(&call, intake->received_ms);
    return db_run(&call, NULL);
}

int topic_flush(struct store *store)
{
    for (size_t i = 0; i < store->topic_count; i++) {
        struct topic *topic = &store->topics[i];
        int r;

        if (topic->new_messages == 0)
            continue;
        _cleanup_(db_call_end) struct db_call call =
            db_call_begin(store, SQL_TOPIC_MESSAGES);
        db_bind_int(&call, topic->id);
        db_bind_int(&call, topic->new_messages);
        db_bind_time(&call, topic->last_message_ms);
        r = db_run(&call, NULL);
        if (r < 0)
            return r;
        topic->new_messages = 0;
    }
    return 0;
}

int store_topic_confirm(struct store *store, const char *topic_arn, int64_t now_ms)
{
    _cleanup_(freep) char *token = NULL;
    int64_t topic_id = 0;
    int r = store_begin(store);

    if (r < 0)
        return r;
    {
        _cleanup_(db_call_end) struct db_call call =
            db_call_begin(store, SQL_TOPIC_TOKEN);

        db_bind_text(&call, str_of(topic_arn));
        r = db_step(&call);
        if (r == 1) {
            topic_id = db_get_int(&call);
            token = str_dup(db_get_text(&call));
            r = token ? 1 : -ENOMEM;
        }
    }
    if (r == 0)
        r = -ENOENT;
    if (r == 1) {
        _cleanup_(db_call_end) struct db_call call =
            db_call_begin(store, SQL_TOPIC_CONFIRM);

        db_bind_int(&call, topic_id);
        db_bind_time(&call, now_ms);
        r = db_run(&call, NULL);
    }
    if (r == 0)
        r = outbox_replace(store, topic_id, str_of(token), now_ms, now_ms);
    if (r < 0) {
        store_rollback(store);
        return r;
    }
    write_forget(store); /* the state of a topic changed behind the cache */
    return store_commit(store);
}

/*
 * Subscriptions: each has its own token, its own state and its own end. What a topic
 * shows follows from them (the view `topics`).
 */
#include <errno.h>

#include "store/store_internal.h"

static int subscription_drop(struct store *store, int64_t id)
{
    int r = outbox_drop(store, id);

    if (r < 0)
        return r;
    _cleanup_(db_call_end) struct db_call call =
        db_call_begin(store, SQL_SUBSCRIPTION_DROP);
    db_bind_int(&call, id);
    return db_run(&call, NULL);
}

/* After a row may have been added: what ended or failed first goes when there are too
 * many, in need what waits. */
static int subscription_make_room(struct store *store, int64_t topic_id)
{
    int64_t id;
    int r;

    {
        _cleanup_(db_call_end) struct db_call call =
            db_call_begin(store, SQL_SUBSCRIPTION_OLDEST);

        db_bind_int(&call, topic_id);
        db_bind_int(&call, STORE_SUBSCRIPTIONS_MAX);
        r = db_step(&call);
        if (r <= 0)
            return r;
        id = db_get_int(&call);
    }
    return subscription_drop(store, id);
}

/* 1 with its id; 0 when it was confirmed before; or a fault. */
static int subscription_ask(struct store *store, int64_t topic_id,
                            const struct intake *intake, const char *token, int64_t *ret)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call_begin(store, SQL_SUBSCRIPTION_ASKED);
    int r;

    db_bind_int(&call, topic_id);
    db_bind_text(&call, str_of(token));
    db_bind_text(&call, intake->confirm_now ? STR("confirming") : STR("pending"));
    db_bind_time(&call, intake->received_ms);
    db_bind_int(&call, intake->sns_timestamp_ms);
    r = db_step(&call);
    if (r == 1)
        *ret = db_get_int(&call);
    return r;
}

int subscription_apply_confirm(struct store *store, struct topic *topic,
                               const struct intake *intake, enum verdict *ret)
{
    int64_t now_ms = intake->received_ms;
    char token[TOKEN_NAME_BYTES];
    int64_t id = 0;
    int r = token_keep(store, intake->token, token);

    if (r == 0)
        r = subscription_ask(store, topic->id, intake, token, &id);
    if (r < 0)
        return r;
    if (r == 0) {
        *ret = VERDICT_DUPLICATE;
        return 0;
    }
    *ret = intake->confirm_now ? VERDICT_CONFIRMING : VERDICT_PENDING;
    r = intake->confirm_now ? outbox_put(store, id, now_ms + TASK_FIRST_MS, now_ms)
                            : outbox_drop(store, id);
    if (r == 0)
        r = subscription_make_room(store, topic->id);
    return r < 0 ? r : topic_look_again(store, topic);
}

/* How many rows it changed, or a fault. */
static int subscription_end(struct store *store, enum sql which,
                            const struct topic *topic, const struct intake *intake)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, which);
    int changes = 0;
    int r;

    db_bind_int(&call, topic->id);
    if (which != SQL_SUBSCRIPTION_END_ALL)
        db_bind_text(&call, intake->subscription_arn);
    db_bind_time(&call, intake->received_ms);
    db_bind_int(&call, intake->sns_timestamp_ms);
    if (which == SQL_SUBSCRIPTION_END_ALL || which == SQL_SUBSCRIPTION_END_UNKNOWN)
        db_bind_text(&call, str_present(intake->subscription_arn)
                                ? STR_ABSENT
                                : STR("SNS did not say which subscription ended"));
    r = db_run(&call, &changes);
    return r < 0 ? r : changes;
}

/*
 * The one that is named; else the one that only its messages proved, which must be the
 * one. When none is named, any of those that deliver may have ended: all count as ended,
 * which raises an alarm, until the next Notification proves that one still delivers. What
 * waits to be confirmed cannot be meant in either case, and goes on.
 */
int subscription_apply_end(struct store *store, struct topic *topic,
                           const struct intake *intake, enum verdict *ret)
{
    bool is_named = str_present(intake->subscription_arn);
    int r = subscription_end(
        store, is_named ? SQL_SUBSCRIPTION_END : SQL_SUBSCRIPTION_END_ALL, topic, intake);

    if (r == 0 && is_named)
        r = subscription_end(store, SQL_SUBSCRIPTION_END_PROVEN, topic, intake);
    if (r == 0)
        r = subscription_end(store, SQL_SUBSCRIPTION_END_UNKNOWN, topic, intake);
    if (r >= 0)
        r = subscription_make_room(store, topic->id);
    if (r == 0)
        r = topic_look_again(store, topic);
    *ret = topic->is_confirmed || topic->is_waiting ? VERDICT_UNSUBSCRIBED_IN_PART
                                                    : VERDICT_UNSUBSCRIBED;
    return r;
}

int subscription_prove(struct store *store, struct topic *topic,
                       const struct intake *intake)
{
    int r;

    {
        _cleanup_(db_call_end) struct db_call call =
            db_call_begin(store, SQL_SUBSCRIPTION_PROVEN);

        db_bind_int(&call, topic->id);
        db_bind_time(&call, intake->received_ms);
        db_bind_int(&call, intake->sns_timestamp_ms);
        r = db_run(&call, NULL);
    }
    if (r == 0)
        r = subscription_make_room(store, topic->id);
    topic->is_confirmed = true;
    return r;
}

/* --- what the answer was ----------------------------------------------------------- */

static int subscription_run(struct store *store, enum sql which, int64_t id,
                            struct str text)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, which);
    int changes = 0;
    int r;

    db_bind_int(&call, id);
    if (str_present(text))
        db_bind_text(&call, text);
    r = db_run(&call, &changes);
    return r < 0 ? r : changes;
}

int subscription_confirmed(struct store *store, int64_t id, struct str text,
                           int64_t now_ms)
{
    int r = subscription_run(store, SQL_SUBSCRIPTION_KNOWN, id, text);

    if (r != 0)
        return r < 0 ? r : 0;
    {
        _cleanup_(db_call_end) struct db_call call =
            db_call_begin(store, SQL_SUBSCRIPTION_ANSWERED);

        db_bind_int(&call, id);
        db_bind_text(&call, text);
        db_bind_time(&call, now_ms);
        r = db_run(&call, NULL);
    }
    if (r == 0)
        r = subscription_run(store, SQL_SUBSCRIPTION_ABSORB, id, STR_ABSENT);
    return r < 0 ? r : 0;
}

int subscription_failed(struct store *store, int64_t id, struct str text, int64_t now_ms)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call_begin(store, SQL_SUBSCRIPTION_FAILED);

    db_bind_int(&call, id);
    db_bind_time(&call, now_ms);
    db_bind_text(&call, text);
    return db_run(&call, NULL);
}

int subscription_fault(struct store *store, int64_t id, struct str text)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call_begin(store, SQL_SUBSCRIPTION_FAULT);

    db_bind_int(&call, id);
    db_bind_text(&call, text);
    return db_run(&call, NULL);
}

/* --- what a person decides --------------------------------------------------------- */

static bool has_token(struct store *store, struct str name, struct str clear)
{
    _cleanup_(freep) char *token = NULL;

    return str_present(clear) || token_read(store, name, &token) == 0;
}

/* The ids of those whose token is there and may still be valid. */
static int find_waiting(struct store *store, const char *topic_arn, int64_t now_ms,
                        int64_t *ids)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call_begin(store, SQL_SUBSCRIPTION_WAITING);
    int count = 0;
    int r;

    db_bind_text(&call, str_of(topic_arn));
    db_bind_int(&call, now_ms - INTAKE_TOKEN_MS);
    db_bind_int(&call, STORE_SUBSCRIPTIONS_MAX);
    while ((r = db_step(&call)) == 1) {
        int64_t id = db_get_int(&call);
        struct str name = db_get_text(&call);

        if (has_token(store, name, db_get_text(&call)))
            ids[count++] = id;
    }
    return r < 0 ? r : count;
}

static int subscription_restart(struct store *store, int64_t id, int64_t now_ms)
{
    int r;

    {
        _cleanup_(db_call_end) struct db_call call =
            db_call_begin(store, SQL_SUBSCRIPTION_RESTART);

        db_bind_int(&call, id);
        db_bind_time(&call, now_ms);
        r = db_run(&call, NULL);
    }
    return r < 0 ? r : outbox_put(store, id, now_ms, now_ms);
}

/* `r` >= 0 becomes a commit. */
static int decision_finish(struct store *store, int r)
{
    if (r < 0) {
        store_rollback(store);
        return r;
    }
    topic_forget_cache(store); /* subscriptions changed behind the cache */
    return store_commit(store);
}

int store_topic_confirm(struct store *store, const char *topic_arn, int64_t now_ms)
{
    int64_t ids[STORE_SUBSCRIPTIONS_MAX];
    int count;
    int r = store_begin(store);

    if (r < 0)
        return r;
    count = find_waiting(store, topic_arn, now_ms, ids);
    r = count == 0 ? -ENOENT : count;
    for (int i = 0; r >= 0 && i < count; i++)
        r = subscription_restart(store, ids[i], now_ms);
    return decision_finish(store, r);
}

static int topic_forget_rows(struct store *store, enum sql which, const char *topic_arn)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, which);
    int changes = 0;
    int r;

    db_bind_text(&call, str_of(topic_arn));
    r = db_run(&call, &changes);
    return r < 0 ? r : changes;
}

int store_topic_forget(struct store *store, const char *topic_arn)
{
    int r = store_begin(store);

    if (r < 0)
        return r;
    r = topic_forget_rows(store, SQL_OUTBOX_FORGET, topic_arn);
    if (r >= 0)
        r = topic_forget_rows(store, SQL_SUBSCRIPTION_FORGET, topic_arn);
    if (r == 0)
        r = -ENOENT;
    if (r > 0)
        r = topic_forget_rows(store, SQL_TOPIC_FORGET, topic_arn);
    return decision_finish(store, r);
}

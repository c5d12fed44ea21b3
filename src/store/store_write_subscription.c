/*
 * Subscriptions: each has its own token, its own state and its own end. What a topic
 * shows follows from them (the view `topics`).
 */
#include <errno.h>

#include "store/store_internal.h"

static int subscription_drop(struct store *store, int64_t id)
{
    int r = outbox_drop(store, id);

    return r < 0 ? r : db_do(store, SQL_SUBSCRIPTION_DROP, db_int(id));
}

/* After a row may have been added: what ended or failed first goes when there are too
 * many, in need what waits. */
static int subscription_make_room(struct store *store, int64_t topic_id)
{
    int64_t id;
    int r = db_find(store, SQL_SUBSCRIPTION_OLDEST, &id, db_int(topic_id),
                    db_int(STORE_SUBSCRIPTIONS_MAX));

    return r <= 0 ? r : subscription_drop(store, id);
}

int subscription_apply_confirm(struct store *store, struct topic *topic,
                               const struct intake *intake, enum verdict *ret)
{
    int64_t now_ms = intake->received_ms;
    char token[TOKEN_NAME_BYTES];
    int64_t id = 0;
    int r = token_keep(store, intake->token, token);

    if (r < 0)
        return r;
    r = db_find(store, SQL_SUBSCRIPTION_ASKED, &id, db_int(topic->id),
                db_text(str_of(token)),
                db_text(intake->confirm_now ? STR("confirming") : STR("pending")),
                db_time(now_ms), db_int(intake->sns_timestamp_ms));
    if (r < 0)
        return r;
    if (r == 0) { /* it was confirmed before */
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

/*
 * The one that is named; else the one that only its messages proved, which must be the
 * one. When none is named, any of those that deliver may have ended: all count as ended,
 * which raises an alarm, until the next Notification proves that one still delivers. What
 * waits to be confirmed cannot be meant in either case, and goes on.
 */
int subscription_apply_end(struct store *store, struct topic *topic,
                           const struct intake *intake, enum verdict *ret)
{
    struct db_value id = db_int(topic->id), arn = db_text(intake->subscription_arn);
    struct db_value since = db_time(intake->received_ms);
    struct db_value sns_ms = db_int(intake->sns_timestamp_ms);
    bool is_named = str_present(intake->subscription_arn);
    struct db_value fault =
        db_text(is_named ? STR_ABSENT : STR("SNS did not say which subscription ended"));
    int r;

    if (is_named) {
        r = db_change(store, SQL_SUBSCRIPTION_END, id, arn, since, sns_ms);
        if (r == 0)
            r = db_change(store, SQL_SUBSCRIPTION_END_PROVEN, id, arn, since, sns_ms);
    } else {
        r = db_change(store, SQL_SUBSCRIPTION_END_ALL, id, since, sns_ms, fault);
    }
    if (r == 0)
        r = db_change(store, SQL_SUBSCRIPTION_END_UNKNOWN, id, arn, since, sns_ms, fault);
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
    int r = db_do(store, SQL_SUBSCRIPTION_PROVEN, db_int(topic->id),
                  db_time(intake->received_ms), db_int(intake->sns_timestamp_ms));

    if (r == 0)
        r = subscription_make_room(store, topic->id);
    topic->is_confirmed = true;
    return r;
}

/* --- what the answer was ----------------------------------------------------------- */

int subscription_confirmed(struct store *store, int64_t id, struct str text,
                           int64_t now_ms)
{
    int r = db_change(store, SQL_SUBSCRIPTION_KNOWN, db_int(id), db_text(text));

    if (r != 0)
        return db_only_fault(r);
    r = db_do(store, SQL_SUBSCRIPTION_ANSWERED, db_int(id), db_text(text),
              db_time(now_ms));
    return r < 0 ? r : db_do(store, SQL_SUBSCRIPTION_ABSORB, db_int(id));
}

int subscription_failed(struct store *store, int64_t id, struct str text, int64_t now_ms)
{
    return db_do(store, SQL_SUBSCRIPTION_FAILED, db_int(id), db_time(now_ms),
                 db_text(text));
}

int subscription_fault(struct store *store, int64_t id, struct str text)
{
    return db_do(store, SQL_SUBSCRIPTION_FAULT, db_int(id), db_text(text));
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
        db_call(store, SQL_SUBSCRIPTION_WAITING, db_text(str_of(topic_arn)),
                db_int(now_ms - INTAKE_TOKEN_MS), db_int(STORE_SUBSCRIPTIONS_MAX));
    int count = 0;
    int r;

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
    int r = db_do(store, SQL_SUBSCRIPTION_RESTART, db_int(id), db_time(now_ms));

    return r < 0 ? r : outbox_put(store, id, now_ms, now_ms);
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
    topic_forget_cache(store); /* subscriptions changed behind the cache */
    return store_finish(store, r);
}

int store_topic_forget(struct store *store, const char *topic_arn)
{
    struct db_value arn = db_text(str_of(topic_arn));
    int r = store_begin(store);

    if (r < 0)
        return r;
    r = db_change(store, SQL_OUTBOX_FORGET, arn);
    if (r >= 0)
        r = db_change(store, SQL_SUBSCRIPTION_FORGET, arn);
    if (r == 0)
        r = -ENOENT;
    if (r > 0)
        r = db_change(store, SQL_TOPIC_FORGET, arn);
    if (r > 0)
        r = db_change(store, SQL_TOPIC_HOUR_FORGET, arn);
    topic_forget_cache(store); /* subscriptions changed behind the cache */
    return store_finish(store, r);
}

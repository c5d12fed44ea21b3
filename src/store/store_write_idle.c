/* What changes the list without a message: the end of a term, and soft bounces that count
 * once Deliveries of their identity are known. */
#include "store/store_write_idle.h"

#include <errno.h>

#include "store/store_replay.h"

/* --- counting again --------------------------------------------------------------- */

/* A soft bounce counts that did not when it came. */
static int bounce_recount(struct store *store, const struct policy *policy,
                          const char *key, const char *scope, int64_t at_ms,
                          int64_t now_ms)
{
    _cleanup_(kept_address_done) struct kept_address kept = {.key = key, .scope = scope};
    struct list_cause cause = {.at_ms = now_ms, .origin = POLICY_ORIGIN_EVENT};
    struct policy_judgement judgement;
    struct policy_change change;
    int r = event_judge_soft(store, policy, key, at_ms, &judgement);

    if (r == 0)
        r = kept_address_load(store, POLICY_PART_LIST | POLICY_PART_SOFT, now_ms, &kept);
    if (r < 0)
        return r;
    policy_recount(policy, &judgement, now_ms, &kept.state, &change);
    cause.rule = str_of(judgement.rule);
    return kept_address_save(store, &kept, &change, &cause);
}

/* 1 one was there, 0 none, or a fault. */
static int bounce_recount_next(struct store *store, const struct policy *policy,
                               struct db_value identity, int64_t day_ms, int64_t now_ms)
{
    _cleanup_(freep) char *key = NULL;
    _cleanup_(freep) char *scope = NULL;
    int64_t at_ms;
    {
        _cleanup_(db_call_end) struct db_call call =
            db_call(store, SQL_SOFT_SEEN, identity, db_int(day_ms),
                    db_int(day_ms + POLICY_DELIVERIES_MS + CLOCK_DAY_MS));
        int r = db_step(&call);

        if (r <= 0)
            return r;
        key = str_dup(db_get_text(&call));
        scope = str_dup(db_get_text(&call));
        at_ms = db_get_int(&call);
    }
    if (!key || !scope)
        return -ENOMEM;
    int r = bounce_recount(store, policy, key, scope, at_ms, now_ms);
    return r < 0 ? r : 1;
}

int list_recount(struct store *store, const struct policy *policy, int64_t now_ms,
                 bool *ret_more)
{
    _cleanup_(freep) char *identity = NULL;
    int64_t day_ms;
    int r;
    {
        _cleanup_(db_call_end) struct db_call call = db_call(store, SQL_IDENTITY_NEXT);

        r = db_step(&call);
        *ret_more = r == 1;
        if (r <= 0)
            return r;
        identity = str_dup(db_get_text(&call));
        day_ms = db_get_int(&call);
    }
    if (!identity)
        return -ENOMEM;
    struct db_value name = {.type = DB_TEXT, .text = str_of(identity)};
    for (size_t i = 0; r == 1 && i < STORE_RECOUNT_ROWS_MAX; i++)
        r = bounce_recount_next(store, policy, name, day_ms, now_ms);
    return r == 0 ? db_do(store, SQL_IDENTITY_DONE, name, db_day(day_ms))
                  : db_only_fault(r);
}

/* --- the end of a term ----------------------------------------------------------- */

static int entry_expire(struct store *store, const char *key, const char *scope,
                        int64_t now_ms)
{
    _cleanup_(kept_address_done) struct kept_address kept = {.key = key, .scope = scope};
    const struct list_cause cause = {.at_ms = now_ms};
    struct policy_change change;
    int r = kept_address_load(store, POLICY_PART_LIST, now_ms, &kept);

    if (r < 0 || !policy_expire(now_ms, &kept.state, &change))
        return r;
    return kept_address_save(store, &kept, &change, &cause);
}

/* 1 one was there, 0 none, or a fault. */
static int entry_expire_next(struct store *store, int64_t now_ms)
{
    _cleanup_(freep) char *key = NULL;
    _cleanup_(freep) char *scope = NULL;
    {
        _cleanup_(db_call_end) struct db_call call =
            db_call(store, SQL_ENTRY_ENDED, db_time(now_ms));
        int r = db_step(&call);

        if (r <= 0)
            return r;
        key = str_dup(db_get_text(&call));
        scope = str_dup(db_get_text(&call));
    }
    if (!key || !scope)
        return -ENOMEM;
    int r = entry_expire(store, key, scope, now_ms);
    return r < 0 ? r : 1;
}

int list_expire(struct store *store, int64_t now_ms, bool *ret_more)
{
    int r = 1;

    for (size_t i = 0; r == 1 && i < STORE_EXPIRE_ROWS_MAX; i++)
        r = entry_expire_next(store, now_ms);
    *ret_more = r == 1;
    return db_only_fault(r);
}

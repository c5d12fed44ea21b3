/* What an event means for the list, in every scope that it concerns. */
#include <errno.h>
#include <string.h>

#include "store/store_internal.h"

static bool effect_counts_softly(enum policy_effect effect)
{
    return effect == POLICY_EFFECT_SOFT || effect == POLICY_EFFECT_DOUBTFUL;
}

static int share_fold(struct store *store, const struct list_event *event,
                      const struct policy_judgement *judgement, struct kept_address *kept,
                      struct policy_change *ret)
{
    const struct intake *intake = event->intake;
    struct policy_when when = {.occurred_ms = intake->occurred_ms,
                               .received_ms = intake->received_ms,
                               .imported = intake->imported,
                               .guard = event->guard,
                               .identity = intake->event.identity};
    unsigned parts = policy_fold_needs(judgement);
    int r = 0;

    *ret = (struct policy_change){.entries = 0};
    if (parts == 0)
        return 0;
    if (effect_counts_softly(judgement->effect))
        r = identity_has_deliveries(store, when.identity, when.occurred_ms);
    when.deliveries_seen = r > 0;
    if (r >= 0)
        r = kept_address_load(store, parts, when.occurred_ms, kept);
    if (r == 0)
        policy_fold(intake->policy, judgement, &when, &kept->state, ret);
    return r;
}

static int share_apply(struct store *store, const struct list_event *event,
                       const struct policy_judgement *judgement, const char *scope)
{
    _cleanup_(kept_address_done) struct kept_address kept = {
        .key = event->recipient->address.key, .scope = scope};
    const struct list_cause cause = {
        .at_ms = event->intake->received_ms,
        .event_id = event->event_id,
        .origin = event->intake->imported ? POLICY_ORIGIN_IMPORT : POLICY_ORIGIN_EVENT,
        .rule = str_of(judgement->rule)};
    struct policy_change change;
    int r = share_fold(store, event, judgement, &kept, &change);

    return r < 0 ? r : kept_address_save(store, &kept, &change, &cause);
}

/* The next scope after `scope`, in place, in which the address is counted softly. 1, 0
 * when there is none, or a fault. */
static int soft_scope_next(struct store *store, const char *key,
                           char scope[POLICY_SCOPE_BYTES_MAX])
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_SOFT_SCOPE, db_text(str_of(key)),
                (struct db_value){.type = DB_TEXT, .text = str_of(scope)});
    int r = db_step(&call);
    struct str next = r == 1 ? db_get_text(&call) : STR_ABSENT;

    if (r < 0 || !str_present(next) || next.len >= POLICY_SCOPE_BYTES_MAX)
        return r < 0 ? r : 0;
    memcpy(scope, next.data, next.len);
    scope[next.len] = '\0';
    return 1;
}

/* A Delivery proves that the mailbox works, whatever was sent there. */
static int list_reset_soft(struct store *store, const struct list_event *event)
{
    char scope[POLICY_SCOPE_BYTES_MAX] = "";
    int r;

    while ((r = soft_scope_next(store, event->recipient->address.key, scope)) == 1) {
        r = share_apply(store, event, event->judgement, scope);
        if (r < 0)
            break;
    }
    return r;
}

int list_would_change(struct store *store, const struct list_event *event)
{
    struct policy_share shares[POLICY_SHARES_MAX];
    size_t count = policy_share(event->judgement, &event->intake->scoped, shares);
    int would = 0;

    for (size_t i = 0; would == 0 && i < count; i++) {
        _cleanup_(kept_address_done) struct kept_address kept = {
            .key = event->recipient->address.key, .scope = shares[i].scope};
        struct policy_change change;
        int r = share_fold(store, event, &shares[i].judgement, &kept, &change);

        would = r < 0 ? r : change.in_force;
    }
    return would;
}

int list_apply(struct store *store, const struct list_event *of)
{
    struct policy_share shares[POLICY_SHARES_MAX];
    struct list_event copy = *of;
    const struct list_event *event = &copy;
    char why[GUARD_WHY_BYTES];
    int r;

    if (of->judgement->effect == POLICY_EFFECT_RESET) {
        r = guard_note_delivery(store, of);
        return r < 0 ? r : list_reset_soft(store, of);
    }
    r = guard_look(store, of, why, &copy.guard);
    size_t count = policy_share(event->judgement, &event->intake->scoped, shares);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = share_apply(store, event, &shares[i].judgement, shares[i].scope);
    return r;
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

/* What follows from all that is kept of an address: where an event comes late, and for
 * one that counts only now. */
#include <errno.h>

#include "store/store_replay.h"

/* 1 when a transaction of deliveries has time for that, 0 or a fault. */
static int replay_is_short(struct store *store, const char *key)
{
    int64_t known = 0;
    int r = db_find(store, SQL_EVENT_COUNT, &known, db_text(str_of(key)),
                    db_int(STORE_REPLAY_EVENTS_MAX + 1));

    return r < 0 ? r : known <= STORE_REPLAY_EVENTS_MAX;
}

int list_replay(struct store *store, const struct list_event *event,
                enum policy_reason reason, struct kept_address *kept,
                const struct list_cause *cause)
{
    const struct store_rebuild rebuild = {.policy = event->intake->policy,
                                          .now_ms = event->intake->received_ms};
    /* What a changed policy makes of the others is for a rebuild to say. */
    const struct policy_rebuild by = {~(1u << reason), rebuild.now_ms, true};
    _cleanup_(replay_done) struct replay replay = {.store = store, .rebuild = &rebuild};
    struct policy_entry *entry = &kept->state.entries[reason];
    struct policy_change change;
    int at, r = address_parse(str_of(kept->key), &replay.address);

    if (r == 0)
        r = replay_is_short(store, kept->key);
    if (r <= 0 || entry->is_basis)
        return r < 0 ? r : -E2BIG;
    (void)snprintf(replay.guard, sizeof(replay.guard), "guard:%s", replay.address.domain);
    r = replay_run(&replay);
    at = r < 0 ? r : replay_scope(&replay, str_of(kept->scope));
    if (at < 0)
        return at;
    const struct replayed *replayed = replay.scopes[at];
    if (replayed->given & 1u << reason)
        return -E2BIG;
    (void)policy_rebuild(&replayed->state, &by, &kept->state, &change);
    if (entry->since_ms == event->intake->occurred_ms)
        entry->origin = cause->origin;
    if (policy_replay_counts(&replayed->state.entries[reason], entry))
        change.entries |= 1u << reason;
    return kept_address_save(store, kept, &change, cause);
}

int event_judge_soft(struct store *store, const struct policy *policy, const char *key,
                     int64_t ms, struct policy_judgement *ret)
{
    const struct store_rebuild rebuild = {.policy = policy};
    _cleanup_(replay_done) struct replay replay = {.store = store, .rebuild = &rebuild};
    struct policy_judgement judgement;
    struct ses_recipient recipient;
    struct policy_when when;
    struct ses_event event;
    int r = address_parse(str_of(key), &replay.address);

    *ret = (struct policy_judgement){.effect = POLICY_EFFECT_SOFT,
                                     .reason = POLICY_REASON_SOFT};
    if (r == 0)
        r = replay_is_short(store, key);
    if (r == 1)
        r = replay_load_occurrences(&replay);
    for (size_t i = 0; r >= 0 && i < replay.occurrence_count; i++) {
        _cleanup_(db_call_end) struct db_call call =
            db_call(store, SQL_REBUILD_EVENT, db_int(replay.occurrences[i].id));

        if (replay.occurrences[i].ms != ms)
            continue;
        r = db_step(&call);
        if (r != 1)
            break;
        replay_read_event(&replay, &call, &event, &recipient, &when);
        policy_judge(policy, &event, &recipient, &judgement);
        if (judgement.effect == POLICY_EFFECT_SOFT ||
            judgement.effect == POLICY_EFFECT_DOUBTFUL)
            *ret = judgement;
    }
    return db_only_fault(r);
}

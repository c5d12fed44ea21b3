/* What people decide. */
#include <errno.h>

#include "store/store_internal.h"

/* What is asked when a later event wants the address back, and when the list is rebuilt.
 */
static int decision_record(struct store *store, const struct kept_address *kept,
                           const struct policy_decision *decision)
{
    static const char *const words[] = {
        [POLICY_DECIDE_ADD] = "add",         [POLICY_DECIDE_REMOVE] = "remove",
        [POLICY_DECIDE_RELEASE] = "release", [POLICY_DECIDE_DROP] = "drop",
        [POLICY_DECIDE_IMPORT] = NULL, /* the entry is all that there is to know */
    };
    bool is_add = decision->what == POLICY_DECIDE_ADD;
    enum policy_reason reason = is_add ? POLICY_REASON_MANUAL : decision->reason;

    if (!words[decision->what])
        return 0;
    return db_do(store, SQL_DECISION_ADD, db_text(str_of(kept->key)),
                 db_text(str_of(kept->scope)), db_text(str_of(words[decision->what])),
                 db_text(str_of(policy_reason_word(reason))),
                 db_time(is_add ? decision->until_ms : CLOCK_NONE),
                 db_time(decision->now_ms), db_text(decision->actor),
                 db_text(decision->note));
}

static int address_decide(struct store *store, struct kept_address *kept,
                          const struct policy_decision *decision,
                          enum policy_decided *ret)
{
    const struct list_cause cause = {.at_ms = decision->now_ms,
                                     .origin = decision->origin,
                                     .actor = decision->actor,
                                     .note = decision->note};
    struct policy_change change;
    int r = kept_address_load(store, POLICY_PART_LIST | POLICY_PART_SOFT,
                              decision->now_ms, kept);

    if (r == 0 && decision->what == POLICY_DECIDE_IMPORT)
        r = tombstone_covers(store, str_of(kept->key), decision->since_ms);
    if (r != 0) {
        *ret = POLICY_ERASED;
        return db_only_fault(r);
    }
    *ret = policy_decide(decision, &kept->state, &change);
    if (*ret != POLICY_CHANGED)
        return 0;
    r = kept_address_save(store, kept, &change, &cause);
    return r < 0 ? r : decision_record(store, kept, decision);
}

/* In a transaction of its own, unless there is one. */
static int address_decide_in_transaction(struct store *store, struct kept_address *kept,
                                         const struct policy_decision *decision,
                                         enum policy_decided *ret)
{
    int r;

    if (store->in_transaction)
        return address_decide(store, kept, decision, ret);
    r = store_begin(store);
    if (r < 0)
        return r;
    r = address_decide(store, kept, decision, ret);
    if (r < 0 || *ret != POLICY_CHANGED) {
        store_rollback(store);
        return r;
    }
    return store_commit(store);
}

static struct policy_decision decision_of(const struct store_decision *by)
{
    return (struct policy_decision){.what = by->what,
                                    .reason = by->reason,
                                    .origin = by->origin,
                                    .complaint = by->complaint,
                                    .now_ms = by->now_ms,
                                    .since_ms = by->since_ms,
                                    .until_ms = by->until_ms,
                                    .detail = str_of(by->detail),
                                    .actor = str_of(by->actor),
                                    .note = str_of(by->note)};
}

int store_decide(struct store *store, const struct store_decision *by,
                 enum policy_decided *ret)
{
    const struct policy_decision decision = decision_of(by);
    struct address address;
    int r = address_parse(str_of(by->address), &address);

    *ret = POLICY_UNCHANGED;
    if (r < 0)
        return r;
    _cleanup_(kept_address_done) struct kept_address kept = {
        .key = address.key, .scope = by->scope ? by->scope : POLICY_SCOPE_ALL};
    r = address_decide_in_transaction(store, &kept, &decision, ret);
    if (r < 0)
        *ret = POLICY_UNCHANGED;
    return r;
}

/* Texts of the row are owned by the caller. 1, 0 when there is none, or a fault. */
static int held_find_entry(struct store *store, int64_t held_id, char **ret_key,
                           char **ret_scope, enum policy_reason *ret_reason)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_HELD_FIND, db_int(held_id));
    int r = db_step(&call);

    if (r <= 0)
        return r;
    *ret_key = str_dup(db_get_text(&call));
    *ret_scope = str_dup(db_get_text(&call));
    *ret_reason = (enum policy_reason)db_get_int(&call);
    return *ret_key && *ret_scope ? 1 : -ENOMEM;
}

int store_decide_held(struct store *store, int64_t held_id,
                      const struct store_decision *by, enum policy_decided *ret)
{
    struct store_decision decision = *by;
    _cleanup_(freep) char *key = NULL;
    _cleanup_(freep) char *scope = NULL;
    int r = held_find_entry(store, held_id, &key, &scope, &decision.reason);

    *ret = POLICY_UNCHANGED;
    if (r <= 0)
        return r;
    decision.address = key;
    decision.scope = scope;
    return store_decide(store, &decision, ret);
}

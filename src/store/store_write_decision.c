/* What people decide. */
#include <errno.h>

#include "store/store_internal.h"

static int decision_record(struct store *store, const struct kept_address *kept,
                           const struct policy_decision *decision)
{
    return db_do(
        store, SQL_DECISION_ADD, db_text(str_of(kept->key)), db_text(str_of(kept->scope)),
        db_text(decision->is_add ? STR("add") : STR("remove")),
        db_text(decision->is_add ? STR("MANUAL") : STR_ABSENT),
        db_time(decision->is_add ? decision->until_ms : CLOCK_NONE),
        db_time(decision->now_ms), db_text(decision->actor), db_text(decision->note));
}

static int address_decide(struct store *store, struct kept_address *kept,
                          const struct policy_decision *decision, bool *ret_changed)
{
    struct policy_change change;
    int r = kept_address_load(store, POLICY_PART_LIST | POLICY_PART_SOFT,
                              decision->now_ms, kept);

    if (r < 0)
        return r;
    *ret_changed = policy_decide(decision, &kept->state, &change);
    if (!*ret_changed)
        return 0;
    r = kept_address_save(store, kept, &change);
    return r < 0 ? r : decision_record(store, kept, decision);
}

/* In a transaction of its own, unless there is one. */
static int address_decide_in_transaction(struct store *store, struct kept_address *kept,
                                         const struct policy_decision *decision,
                                         bool *ret_changed)
{
    bool changed = false;
    int r;

    if (store->in_transaction)
        return address_decide(store, kept, decision, ret_changed);
    r = store_begin(store);
    if (r < 0)
        return r;
    r = address_decide(store, kept, decision, &changed);
    if (r < 0 || !changed) {
        store_rollback(store);
        return r;
    }
    r = store_commit(store);
    *ret_changed = r == 0;
    return r;
}

static int decision_apply(struct store *store, const struct store_decision *by,
                          bool is_add, bool *ret_changed)
{
    const struct policy_decision decision = {.is_add = is_add,
                                             .now_ms = by->now_ms,
                                             .until_ms = by->until_ms,
                                             .actor = str_of(by->actor),
                                             .note = str_of(by->note)};
    struct address address;
    int r = address_parse(str_of(by->address), &address);

    *ret_changed = false;
    if (r < 0)
        return r;
    _cleanup_(kept_address_done) struct kept_address kept = {
        .key = address.key, .scope = by->scope ? by->scope : "*"};
    return address_decide_in_transaction(store, &kept, &decision, ret_changed);
}

int store_suppress_add(struct store *store, const struct store_decision *decision,
                       bool *ret_changed)
{
    return decision_apply(store, decision, true, ret_changed);
}

int store_suppress_remove(struct store *store, const struct store_decision *decision,
                          bool *ret_changed)
{
    return decision_apply(store, decision, false, ret_changed);
}

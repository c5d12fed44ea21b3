/* What people decide. */
#include <errno.h>

#include "store/store_internal.h"

static const char *scope_of(const struct store_decision *decision)
{
    return decision->scope ? decision->scope : "*";
}

static int record(struct store *store, const struct store_decision *decision,
                  const struct address *address, bool is_add)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_DECISION_ADD);

    db_bind_text(&call, str_of(address->key));
    db_bind_text(&call, str_of(scope_of(decision)));
    db_bind_text(&call, is_add ? STR("add") : STR("remove"));
    db_bind_text(&call, is_add ? STR("MANUAL") : STR_ABSENT);
    db_bind_time(&call, is_add ? decision->until_ms : CLOCK_NONE);
    db_bind_time(&call, decision->now_ms);
    db_bind_text(&call, str_of(decision->actor));
    db_bind_text(&call, str_of(decision->note));
    return db_run(&call, NULL);
}

struct manual {
    bool exists;
    int64_t since_ms;
    bool same_until;
    bool same_note;
};

static int load_manual(struct store *store, const struct store_decision *decision,
                       const struct address *address, struct manual *ret)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_ENTRY_MANUAL);
    char until[CLOCK_TEXT_BYTES];
    struct str stored;
    int r;

    db_bind_text(&call, str_of(address->key));
    db_bind_text(&call, str_of(scope_of(decision)));
    db_bind_time(&call, decision->now_ms);
    r = db_step(&call);
    if (r <= 0)
        return r;
    ret->exists = true;
    ret->since_ms = db_get_time(&call);
    stored = db_get_text(&call);
    if (decision->until_ms == POLICY_FOR_EVER) {
        ret->same_until = !str_present(stored);
    } else {
        clock_format_sql(decision->until_ms, until);
        ret->same_until = str_equal(stored, str_of(until));
    }
    /* No note given: the one that is there stays. */
    ret->same_note =
        !decision->note || str_equal(db_get_text(&call), str_of(decision->note));
    return 0;
}

/* What was live counts no more; with `is_add` a MANUAL entry counts beside the others. */
static int count_entries(struct store *store, const struct store_decision *decision,
                         const struct address *address, bool is_add)
{
    struct live_reasons reasons;
    int r = live_reasons_load(store, address, scope_of(decision), &reasons);

    if (r == 0)
        r = live_reasons_count(store, &reasons, -1);
    if (r < 0 || !is_add)
        return r;
    live_reasons_set(&reasons, POLICY_REASON_MANUAL, decision->until_ms);
    return live_reasons_count(store, &reasons, 1);
}

static int put_manual(struct store *store, const struct store_decision *decision,
                      const struct address *address, const struct manual *manual)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call_begin(store, SQL_ENTRY_MANUAL_PUT);

    db_bind_text(&call, str_of(address->key));
    db_bind_text(&call, str_of(scope_of(decision)));
    db_bind_time(&call, manual->exists ? manual->since_ms : decision->now_ms);
    db_bind_time(&call, decision->until_ms);
    db_bind_text(&call, str_of(decision->actor));
    db_bind_text(&call, str_of(decision->note));
    return db_run(&call, NULL);
}

static int add(struct store *store, const struct store_decision *decision,
               const struct address *address, bool *ret_changed)
{
    struct manual manual = {0};
    int r = load_manual(store, decision, address, &manual);

    if (r < 0 || (manual.exists && manual.same_until && manual.same_note))
        return r;
    *ret_changed = true;
    r = count_entries(store, decision, address, true);
    if (r == 0)
        r = put_manual(store, decision, address, &manual);
    return r < 0 ? r : record(store, decision, address, true);
}

/* 1 suppressed now, 0 not, or a fault. */
static int is_live(struct store *store, const struct store_decision *decision,
                   const struct address *address)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_ENTRY_LIVE);

    db_bind_text(&call, str_of(address->key));
    db_bind_text(&call, str_of(scope_of(decision)));
    db_bind_time(&call, decision->now_ms);
    return db_step(&call);
}

static int lift(struct store *store, const struct store_decision *decision,
                const struct address *address)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_ENTRY_LIFT);

    db_bind_text(&call, str_of(address->key));
    db_bind_text(&call, str_of(scope_of(decision)));
    db_bind_time(&call, decision->now_ms);
    db_bind_text(&call, str_of(decision->actor));
    db_bind_text(&call, str_of(decision->note));
    return db_run(&call, NULL);
}

static int forget_soft(struct store *store, const struct store_decision *decision,
                       const struct address *address)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_SOFT_FORGET);

    db_bind_text(&call, str_of(address->key));
    db_bind_text(&call, str_of(scope_of(decision)));
    return db_run(&call, NULL);
}

static int take_off(struct store *store, const struct store_decision *decision,
                    const struct address *address, bool *ret_changed)
{
    int r = is_live(store, decision, address);

    if (r <= 0)
        return r;
    *ret_changed = true;
    r = count_entries(store, decision, address, false);
    if (r == 0)
        r = lift(store, decision, address);
    if (r == 0)
        r = forget_soft(store, decision, address);
    return r < 0 ? r : record(store, decision, address, false);
}

typedef int decide_fn(struct store *store, const struct store_decision *decision,
                      const struct address *address, bool *ret_changed);

static int decide_alone(struct store *store, const struct store_decision *decision,
                        const struct address *address, decide_fn *apply,
                        bool *ret_changed)
{
    bool changed = false;
    int r = store_begin(store);

    if (r < 0)
        return r;
    r = apply(store, decision, address, &changed);
    if (r < 0 || !changed) {
        store_rollback(store);
        return r;
    }
    r = store_commit(store);
    *ret_changed = r == 0;
    return r;
}

static int decide(struct store *store, const struct store_decision *decision,
                  decide_fn *apply, bool *ret_changed)
{
    struct address address;
    int r = address_parse(str_of(decision->address), &address);

    *ret_changed = false;
    if (r < 0)
        return r;
    return store->in_transaction
               ? apply(store, decision, &address, ret_changed)
               : decide_alone(store, decision, &address, apply, ret_changed);
}

int store_suppress_add(struct store *store, const struct store_decision *decision,
                       bool *ret_changed)
{
    return decide(store, decision, add, ret_changed);
}

int store_suppress_remove(struct store *store, const struct store_decision *decision,
                          bool *ret_changed)
{
    return decide(store, decision, take_off, ret_changed);
}

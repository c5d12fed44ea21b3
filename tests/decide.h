/* A person's decision in a test, as `sesbouncectl suppress` makes it. */
#ifndef TESTS_DECIDE_H
#define TESTS_DECIDE_H

#include "sesbounce/store_read.h"

static inline int decide_any(struct store *store, const struct store_decision *by,
                             enum policy_decide what, bool *ret_changed)
{
    struct store_decision decision = *by;
    enum policy_decided decided;

    decision.what = what;
    decision.origin = POLICY_ORIGIN_PERSON;
    decision.complaint = true;
    int r = store_decide(store, &decision, &decided);
    *ret_changed = decided == POLICY_CHANGED;
    return r;
}

static inline int decide_add(struct store *store, const struct store_decision *by,
                             bool *ret_changed)
{
    return decide_any(store, by, POLICY_DECIDE_ADD, ret_changed);
}

static inline int decide_remove(struct store *store, const struct store_decision *by,
                                bool *ret_changed)
{
    return decide_any(store, by, POLICY_DECIDE_REMOVE, ret_changed);
}

#endif

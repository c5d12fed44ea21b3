/* What people decide about an address. */
#include "policy/policy_fold.h"

/* An entry that is in force keeps its beginning, and without a new note its own. */
static unsigned decide_add(struct fold *fold, const struct policy_decision *decision)
{
    struct policy_entry *entry = &fold->address->entries[POLICY_REASON_MANUAL];
    bool live = policy_entry_is_live(entry, decision->now_ms);
    bool same_note =
        !str_present(decision->note) || str_equal(entry->note, decision->note);

    if (live && entry->until_ms == decision->until_ms && same_note)
        return 0;
    *entry = (struct policy_entry){
        .exists = true,
        .origin = decision->origin,
        .since_ms = live ? entry->since_ms : decision->now_ms,
        .until_ms = decision->until_ms,
        .first_event_ms = CLOCK_NONE,
        .last_event_ms = CLOCK_NONE,
        .actor = decision->actor,
        .note = live && !str_present(decision->note) ? entry->note : decision->note};
    return 1u << POLICY_REASON_MANUAL;
}

/* Whatever put it on the list, or waits to do so; soft days are forgotten, too. */
static unsigned decide_remove(struct fold *fold, const struct policy_decision *decision)
{
    struct policy_address *address = fold->address;
    unsigned entries = 0;
    bool any = false;

    for (size_t i = 0; i < POLICY_REASONS; i++) {
        struct policy_entry *entry = &address->entries[i];

        any = any || entry->held || policy_entry_is_live(entry, decision->now_ms);
        if (entry->exists && !entry->lifted)
            entries |= 1u << i;
    }
    if (!any)
        return 0;
    for (size_t i = 0; i < POLICY_REASONS; i++)
        if (entries & 1u << i)
            entry_lift(&address->entries[i], decision->now_ms, decision->actor,
                       decision->note);
    for (size_t i = 0; i < address->soft_count; i++)
        if (address->softs[i].at_ms <= decision->now_ms) {
            address->softs[i].mark = POLICY_MARK_GONE;
            fold->change->softs = true;
        }
    address->removed_ms = decision->now_ms;
    return entries;
}

/* The term begins now, and is as long as it would have been. */
static unsigned decide_release(struct fold *fold, const struct policy_decision *decision)
{
    struct policy_entry *entry = &fold->address->entries[decision->reason];

    if (!entry->exists || !entry->held)
        return 0;
    if (entry->until_ms != POLICY_FOR_EVER)
        entry->until_ms += decision->now_ms - entry->since_ms;
    entry->since_ms = decision->now_ms;
    entry->held = false;
    entry->held_id = 0;
    entry->why = STR_ABSENT;
    entry->origin = decision->origin;
    entry->actor = decision->actor;
    entry->note = decision->note;
    return 1u << decision->reason;
}

static unsigned decide_drop(struct fold *fold, const struct policy_decision *decision)
{
    struct policy_entry *entry = &fold->address->entries[decision->reason];

    if (!entry->exists || !entry->held)
        return 0;
    entry_lift(entry, decision->now_ms, decision->actor, decision->note);
    return 1u << decision->reason;
}

/* It holds as an event does that occurred at `since_ms`, and is never recomputed. */
static unsigned decide_import(struct fold *fold, const struct policy_decision *decision)
{
    struct policy_entry *entry = &fold->address->entries[decision->reason];
    bool known = entry->exists && !entry->held;

    if (event_is_overruled(fold->address, decision->since_ms))
        return 0;
    if (known && entry->lifted && decision->since_ms <= entry->lifted_ms)
        return 0;
    if (known && !entry->lifted && decision->until_ms <= entry->until_ms)
        return 0;
    if (known && !entry->lifted && decision->since_ms < entry->until_ms) {
        entry->until_ms = decision->until_ms;
        entry->is_basis = true;
        return 1u << decision->reason;
    }
    *entry = (struct policy_entry){.exists = true,
                                   .origin = decision->origin,
                                   .is_basis = true,
                                   .since_ms = decision->since_ms,
                                   .until_ms = decision->until_ms,
                                   .first_event_ms = CLOCK_NONE,
                                   .last_event_ms = CLOCK_NONE,
                                   .detail = decision->detail,
                                   .actor = decision->actor,
                                   .note = decision->note};
    return 1u << decision->reason;
}

static unsigned decision_carry(struct fold *fold, const struct policy_decision *decision)
{
    switch (decision->what) {
    case POLICY_DECIDE_ADD:
        return decide_add(fold, decision);
    case POLICY_DECIDE_REMOVE:
        return decide_remove(fold, decision);
    case POLICY_DECIDE_RELEASE:
        return decide_release(fold, decision);
    case POLICY_DECIDE_DROP:
        return decide_drop(fold, decision);
    case POLICY_DECIDE_IMPORT:
        return decide_import(fold, decision);
    }
    return 0;
}

enum policy_decided policy_decide(const struct policy_decision *decision,
                                  struct policy_address *address,
                                  struct policy_change *ret)
{
    static const enum policy_action actions[] = {
        [POLICY_DECIDE_ADD] = POLICY_ACTION_NONE,
        [POLICY_DECIDE_REMOVE] = POLICY_ACTION_REMOVED,
        [POLICY_DECIDE_RELEASE] = POLICY_ACTION_RELEASED,
        [POLICY_DECIDE_DROP] = POLICY_ACTION_DROPPED,
        [POLICY_DECIDE_IMPORT] = POLICY_ACTION_NONE,
    };
    struct fold fold = {.address = address, .change = ret, .now_ms = decision->now_ms};

    *ret = (struct policy_change){.entries = 0};
    if (decision->what == POLICY_DECIDE_REMOVE && !decision->complaint &&
        policy_entry_is_live(&address->entries[POLICY_REASON_COMPLAINT],
                             decision->now_ms))
        return POLICY_REFUSED;
    fold_begin(&fold);
    unsigned entries = decision_carry(&fold, decision);
    fold_end(&fold, entries, actions[decision->what]);
    return entries ? POLICY_CHANGED : POLICY_UNCHANGED;
}

/* The list as the policy in force makes it of the events that are kept. */
#include "policy/policy_fold.h"

void policy_replay(const struct policy_decision *decision, struct policy_address *address)
{
    struct policy_change change;

    if (decision->what != POLICY_DECIDE_REMOVE) {
        (void)policy_decide(decision, address, &change);
        return;
    }
    /* Also where only an entry was removed that is not replayed. */
    address->removed_ms = decision->now_ms;
    for (size_t i = 0; i < POLICY_REASONS; i++)
        if (address->entries[i].exists && !address->entries[i].lifted)
            entry_lift(&address->entries[i], decision->now_ms, decision->actor,
                       decision->note);
}

static bool entry_matters(const struct policy_entry *entry, int64_t ms)
{
    return entry->held || policy_entry_is_live(entry, ms);
}

/* Where an event comes late, what has ended matters, too: a later one may touch it. */
static bool entry_differs(const struct policy_entry *kept,
                          const struct policy_entry *replayed,
                          const struct policy_rebuild *by)
{
    if (!entry_matters(kept, by->now_ms) && !entry_matters(replayed, by->now_ms) &&
        (!by->is_late || !replayed->exists))
        return false;
    return kept->exists != replayed->exists || kept->lifted != replayed->lifted ||
           kept->held != replayed->held || kept->since_ms != replayed->since_ms ||
           kept->until_ms != replayed->until_ms;
}

/* Which way an event came is not kept with it, only with its entry. */
static void entry_replace(struct policy_entry *kept, const struct policy_entry *replayed,
                          int64_t now_ms)
{
    enum policy_origin origin = kept->exists ? kept->origin : replayed->origin;

    if (replayed->exists) {
        *kept = *replayed;
        kept->origin = origin;
    } else {
        entry_lift(kept, now_ms, STR("rebuild"), STR_ABSENT);
    }
}

bool policy_replay_counts(const struct policy_entry *replayed, struct policy_entry *kept)
{
    if (!replayed->exists || !kept->exists || kept->is_basis)
        return false;
    kept->first_event_ms = replayed->first_event_ms;
    kept->last_event_ms = replayed->last_event_ms;
    kept->event_count = replayed->event_count;
    kept->repeats = replayed->repeats;
    return true;
}

bool policy_rebuild(const struct policy_address *replayed,
                    const struct policy_rebuild *by, struct policy_address *address,
                    struct policy_change *ret)
{
    struct fold fold = {.address = address, .change = ret, .now_ms = by->now_ms};
    unsigned entries = 0;

    fold_begin(&fold);
    for (unsigned i = POLICY_REASON_BOUNCE; i <= POLICY_REASON_COMPLAINT; i++) {
        struct policy_entry *kept = &address->entries[i];

        if (by->given & 1u << i || kept->is_basis ||
            !entry_differs(kept, &replayed->entries[i], by))
            continue;
        entry_replace(kept, &replayed->entries[i], by->now_ms);
        entries |= 1u << i;
    }
    fold_end(&fold, entries, POLICY_ACTION_NONE);
    return entries != 0;
}

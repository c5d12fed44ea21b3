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

static bool entry_differs(const struct policy_entry *kept,
                          const struct policy_entry *replayed, int64_t now_ms)
{
    bool is_live = policy_entry_is_live(replayed, now_ms);

    if (policy_entry_is_live(kept, now_ms) != is_live || kept->held != replayed->held)
        return true;
    return (is_live || kept->held) &&
           (kept->since_ms != replayed->since_ms || kept->until_ms != replayed->until_ms);
}

/* What a person decided about it stays known. */
static void entry_replace(struct policy_entry *kept, const struct policy_entry *replayed,
                          int64_t now_ms)
{
    if (replayed->held || policy_entry_is_live(replayed, now_ms))
        *kept = *replayed;
    else
        entry_lift(kept, now_ms, STR("rebuild"), STR_ABSENT);
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

bool policy_rebuild(const struct policy_address *replayed, unsigned given, int64_t now_ms,
                    struct policy_address *address, struct policy_change *ret)
{
    struct fold fold = {.address = address, .change = ret, .now_ms = now_ms};
    unsigned entries = 0;

    fold_begin(&fold);
    for (unsigned i = POLICY_REASON_BOUNCE; i <= POLICY_REASON_COMPLAINT; i++) {
        struct policy_entry *kept = &address->entries[i];

        if (given & 1u << i || kept->is_basis ||
            !entry_differs(kept, &replayed->entries[i], now_ms))
            continue;
        entry_replace(kept, &replayed->entries[i], now_ms);
        entries |= 1u << i;
    }
    fold_end(&fold, entries, POLICY_ACTION_NONE);
    return entries != 0;
}

/* What a change amounts to: what the log and the totals say of it. */
#include "policy/policy_fold.h"

/* Stronger before weaker: a weaker entry is shown when the stronger one has ended. */
static void totals_count(const struct policy_address *address, int64_t sign,
                         struct policy_change *change)
{
    int64_t stronger_ends = INT64_MIN;

    for (unsigned i = POLICY_REASON_MANUAL; i > POLICY_REASON_NONE; i--) {
        const struct policy_entry *entry = &address->entries[i];
        int64_t ends = entry->until_ms == POLICY_FOR_EVER
                           ? POLICY_FOR_EVER
                           : entry->until_ms / CLOCK_MINUTE_MS;

        if (!entry->exists || entry->lifted || entry->held || ends <= stronger_ends)
            continue;
        change->totals[change->total_count++] =
            (struct policy_total){(enum policy_reason)i, ends, sign};
        if (stronger_ends != INT64_MIN)
            change->totals[change->total_count++] =
                (struct policy_total){(enum policy_reason)i, stronger_ends, -sign};
        stronger_ends = ends;
    }
}

/* The strongest whose end is not in the log. */
static enum policy_reason reason_shown(const struct policy_entry entries[POLICY_REASONS])
{
    unsigned i = POLICY_REASON_MANUAL;

    while (i > POLICY_REASON_NONE && (!entries[i].exists || entries[i].lifted ||
                                      entries[i].held || entries[i].ended))
        i--;
    return (enum policy_reason)i;
}

static void change_add_line(struct policy_change *change, enum policy_action action,
                            enum policy_reason entry, enum policy_reason before,
                            enum policy_reason after)
{
    change->lines[change->line_count++] =
        (struct policy_line){action, entry, before, after};
}

/* The first to end of those whose end is not in the log; NONE: none has ended. */
static enum policy_reason entry_ended(const struct policy_entry entries[POLICY_REASONS],
                                      int64_t now_ms)
{
    unsigned first = POLICY_REASON_NONE;

    for (unsigned i = POLICY_REASON_NONE + 1; i < POLICY_REASONS; i++) {
        const struct policy_entry *entry = &entries[i];

        if (!entry->exists || entry->lifted || entry->held || entry->ended ||
            entry->until_ms > now_ms)
            continue;
        if (first == POLICY_REASON_NONE || entry->until_ms < entries[first].until_ms)
            first = i;
    }
    return (enum policy_reason)first;
}

static void entries_expire(struct fold *fold)
{
    struct policy_entry *entries = fold->address->entries;
    enum policy_reason first;

    while ((first = entry_ended(entries, fold->now_ms)) != POLICY_REASON_NONE) {
        enum policy_reason before = reason_shown(entries);

        entries[first].ended = true;
        fold->change->entries |= 1u << first;
        if (before == reason_shown(entries))
            continue;
        fold->change->ended[first] = entries[first];
        change_add_line(fold->change, POLICY_ACTION_EXPIRED, first, before,
                        reason_shown(entries));
    }
}

void fold_begin(struct fold *fold)
{
    *fold->change = (struct policy_change){.entries = 0};
    totals_count(fold->address, -1, fold->change);
    entries_expire(fold);
    for (unsigned i = 0; i < POLICY_REASONS; i++)
        fold->before[i] = fold->address->entries[i];
}

/* Who is on the list, from when or until when is another matter now. */
static bool entry_has_changed(const struct policy_entry *before,
                              const struct policy_entry *after)
{
    if (before->lifted && after->lifted)
        return false;
    return after->exists != before->exists || after->lifted != before->lifted ||
           after->held != before->held || after->since_ms > before->since_ms ||
           after->until_ms != before->until_ms;
}

/* Does it deserve a line? Whatever a person decides does, except about what has ended. */
static bool entry_is_told(const struct fold *fold, unsigned reason)
{
    const struct policy_entry *before = &fold->before[reason];
    const struct policy_entry *after = &fold->address->entries[reason];
    bool is_over = before->ended && after->ended && !before->held && !after->held;

    return !is_over && (!fold->judgement || entry_has_changed(before, after));
}

/* `decided` NONE: an event's, or an entry that a person adds or imports. */
static enum policy_action entry_action(enum policy_action decided,
                                       const struct policy_entry *was,
                                       const struct policy_entry *after,
                                       enum policy_reason before)
{
    /* what waited was never on the list */
    if (decided == POLICY_ACTION_REMOVED && was->held)
        return POLICY_ACTION_DROPPED;
    if (decided != POLICY_ACTION_NONE)
        return decided;
    if (after->held)
        return POLICY_ACTION_HELD;
    if (after->lifted)
        return POLICY_ACTION_LIFTED;
    return before == POLICY_REASON_NONE ? POLICY_ACTION_ADDED : POLICY_ACTION_CHANGED;
}

/* A line for each entry, as if they had changed one after the other, the strongest first.
 */
static void change_log_entries(const struct fold *fold, unsigned entries,
                               enum policy_action action)
{
    const struct policy_entry *after = fold->address->entries;
    struct policy_entry shown[POLICY_REASONS];

    for (unsigned i = 0; i < POLICY_REASONS; i++)
        shown[i] = fold->before[i];
    for (unsigned i = POLICY_REASON_MANUAL; i > POLICY_REASON_NONE; i--) {
        enum policy_reason before = reason_shown(shown);

        shown[i] = after[i];
        if (entries & 1u << i && entry_is_told(fold, i))
            change_add_line(fold->change,
                            entry_action(action, &fold->before[i], &after[i], before),
                            (enum policy_reason)i, before, reason_shown(shown));
    }
}

void fold_end(struct fold *fold, unsigned entries, enum policy_action action)
{
    struct policy_entry *after = fold->address->entries;

    for (unsigned i = POLICY_REASON_SOFT; i < POLICY_REASONS; i++) {
        if (!(entries & 1u << i))
            continue;
        if (!after[i].held)
            after[i].ended = after[i].until_ms <= fold->now_ms;
        fold->change->in_force =
            fold->change->in_force || entry_has_changed(&fold->before[i], &after[i]);
    }
    fold->change->entries |= entries;
    change_log_entries(fold, entries, action);
    if (entries)
        totals_count(fold->address, 1, fold->change);
    else
        fold->change->total_count = 0;
}

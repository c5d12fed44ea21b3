/*
 * Carrying an event into the entry that is there.
 *
 * Events come in any order, so nothing here asks which came first to us, only when they
 * occurred: an event holds from then until its term ends, and an entry is the run of such
 * spans that touch, up to the newest.
 */
#include <string.h>

#include "sesbounce/policy.h"

struct span {
    int64_t from_ms;
    int64_t until_ms;
};

static int64_t end_of(int64_t from_ms, int64_t term_ms, int64_t doublings)
{
    if (term_ms == POLICY_FOR_EVER)
        return POLICY_FOR_EVER;
    return from_ms + (term_ms << doublings);
}

static void note(struct policy_entry *entry, int64_t occurred_ms)
{
    if (occurred_ms < entry->first_event_ms)
        entry->first_event_ms = occurred_ms;
    if (occurred_ms > entry->last_event_ms)
        entry->last_event_ms = occurred_ms;
    entry->event_count++;
}

static void take_detail(struct policy_entry *entry,
                        const struct policy_judgement *judgement)
{
    memcpy(entry->detail, judgement->detail, sizeof(entry->detail));
}

/* A term of an entry that is not in force, from this event on. */
static void begin_term(struct policy_entry *entry,
                       const struct policy_judgement *judgement, int64_t from_ms)
{
    int64_t doublings = judgement->doubles ? entry->repeats : 0;

    entry->lifted = false;
    entry->since_ms = from_ms;
    entry->until_ms = end_of(from_ms, judgement->term_ms, doublings);
    take_detail(entry, judgement);
}

/* A second doubt about the same person makes certain: permanent, from the later one on
 * unless the first was still in force. */
static void make_certain(struct policy_entry *entry,
                         const struct policy_judgement *judgement, int64_t from_ms,
                         bool newest)
{
    int64_t own_end_ms = end_of(from_ms, judgement->term_ms, 0);

    if (from_ms >= entry->until_ms)
        entry->since_ms = from_ms;
    else if (from_ms < entry->since_ms && own_end_ms > entry->since_ms)
        entry->since_ms = from_ms;
    if (newest && entry->until_ms != POLICY_FOR_EVER)
        take_detail(entry, judgement);
    entry->until_ms = POLICY_FOR_EVER;
}

/* The event's own span touches the entry's: together they are one. */
static void extend(struct policy_entry *entry, const struct policy_judgement *judgement,
                   struct span span, bool newest)
{
    bool longer = span.until_ms > entry->until_ms;

    if (span.from_ms < entry->since_ms)
        entry->since_ms = span.from_ms;
    if (longer || (newest && span.until_ms == entry->until_ms))
        take_detail(entry, judgement);
    if (longer)
        entry->until_ms = span.until_ms;
}

static void renew(struct policy_entry *entry, const struct policy_judgement *judgement,
                  int64_t from_ms)
{
    bool newest = from_ms >= entry->last_event_ms;
    int64_t doublings = judgement->doubles ? entry->repeats : 0;
    struct span span = {from_ms, end_of(from_ms, judgement->term_ms, doublings)};

    if (entry->lifted) {
        /* the person who lifted it knew what happened before */
        if (from_ms <= entry->last_event_ms)
            return;
        entry->repeats = 0;
        begin_term(entry, judgement, from_ms);
    } else if (judgement->second_for_ever) {
        make_certain(entry, judgement, from_ms, newest);
    } else if (from_ms >= entry->until_ms) {
        if (judgement->doubles && entry->repeats < POLICY_DOUBLINGS_MAX)
            entry->repeats++;
        begin_term(entry, judgement, from_ms);
    } else if (span.until_ms > entry->since_ms) {
        extend(entry, judgement, span, newest);
    }
}

/* `from_ms` is when the term begins: when the event occurred, or when another that
 * confirms it did. */
static bool suppress(const struct policy_judgement *judgement, int64_t occurred_ms,
                     int64_t from_ms, int64_t removed_ms, struct policy_entry *entry)
{
    bool was_removed = removed_ms != CLOCK_NONE;
    bool overruled = was_removed && occurred_ms <= removed_ms;
    bool live = entry->exists && !entry->lifted && occurred_ms < entry->until_ms;

    if (was_removed && judgement->list_hit && !live)
        return false;
    if (!entry->exists && overruled)
        return false;
    if (!entry->exists) {
        *entry = (struct policy_entry){
            .exists = true, .first_event_ms = occurred_ms, .last_event_ms = occurred_ms};
        begin_term(entry, judgement, from_ms);
    } else if (!overruled && !(was_removed && judgement->list_hit)) {
        renew(entry, judgement, from_ms);
    }
    note(entry, occurred_ms);
    return true;
}

static bool lift(int64_t occurred_ms, struct policy_entry *entry)
{
    if (!entry->exists || entry->lifted || occurred_ms <= entry->last_event_ms)
        return false;
    entry->lifted = true;
    /* so that a complaint from before this, delivered late, does not count as newer */
    entry->last_event_ms = occurred_ms;
    return true;
}

/* Does the event at `other_ms` confirm this one? */
static bool confirms(int64_t occurred_ms, int64_t other_ms, int64_t removed_ms)
{
    if (other_ms == CLOCK_NONE || (removed_ms != CLOCK_NONE && other_ms <= removed_ms))
        return false;
    int64_t apart_ms =
        occurred_ms > other_ms ? occurred_ms - other_ms : other_ms - occurred_ms;
    return apart_ms >= POLICY_DOUBT_APART_MS && apart_ms <= POLICY_DOUBT_WINDOW_MS;
}

/* A doubtful bounce is permanent as soon as another confirms it: from the later of the
 * two on, in whatever order they arrived. */
static bool doubt(const struct policy_judgement *judgement, int64_t occurred_ms,
                  const struct policy_history *history, struct policy_entry *entry)
{
    int64_t other_ms = history->doubt_first_ms;

    if (!confirms(occurred_ms, other_ms, history->removed_ms))
        other_ms = history->doubt_last_ms;
    if (!confirms(occurred_ms, other_ms, history->removed_ms))
        return false;

    bool in_force = entry->exists && !entry->lifted;
    int64_t later_ms = other_ms > occurred_ms ? other_ms : occurred_ms;
    if (!suppress(judgement, occurred_ms, later_ms, history->removed_ms, entry))
        return false;
    /* the other one is the basis of a new entry as much as this one is */
    if (!in_force)
        note(entry, other_ms);
    return true;
}

bool policy_merge(const struct policy_judgement *judgement, int64_t occurred_ms,
                  const struct policy_history *history, struct policy_entry *entry,
                  enum policy_reason *ret_reason)
{
    *ret_reason = judgement->reason;
    switch (judgement->effect) {
    case POLICY_EFFECT_SUPPRESS:
        return suppress(judgement, occurred_ms, occurred_ms, history->removed_ms, entry);
    case POLICY_EFFECT_DOUBTFUL:
        return doubt(judgement, occurred_ms, history, entry);
    case POLICY_EFFECT_LIFT:
        *ret_reason = POLICY_REASON_COMPLAINT;
        return lift(occurred_ms, entry);
    case POLICY_EFFECT_NONE:
    case POLICY_EFFECT_SOFT:
    case POLICY_EFFECT_HOLD:
    case POLICY_EFFECT_RESET:
        break;
    }
    return false;
}

/*
 * What becomes of an address: every decision about the list is in this file.
 *
 * An event holds from when it occurred until its term ends, and an entry is the run of
 * such spans that touch, up to the newest.
 */
#include "sesbounce/policy.h"

/* One event that is carried in. */
struct fold {
    const struct policy *policy;
    const struct policy_judgement *judgement;
    const struct policy_when *when;
    struct policy_address *address;
    struct policy_change *change;
};

/* --- terms ----------------------------------------------------------------------- */

static int64_t term_end(const struct policy_judgement *judgement, int64_t from_ms,
                        int64_t doublings)
{
    if (judgement->term_ms == POLICY_FOR_EVER)
        return POLICY_FOR_EVER;
    if (doublings < 0 || doublings > POLICY_DOUBLINGS_MAX) /* a row may say anything */
        doublings = POLICY_DOUBLINGS_MAX;
    return from_ms + (judgement->term_ms << doublings);
}

static void range_widen(int64_t ms, int64_t *first_ms, int64_t *last_ms)
{
    if (*first_ms == CLOCK_NONE || ms < *first_ms)
        *first_ms = ms;
    if (*last_ms == CLOCK_NONE || ms > *last_ms)
        *last_ms = ms;
}

static void entry_note_event(struct policy_entry *entry, int64_t occurred_ms)
{
    range_widen(occurred_ms, &entry->first_event_ms, &entry->last_event_ms);
    entry->event_count++;
}

static void entry_lift(struct policy_entry *entry, int64_t ms, struct str by,
                       struct str note)
{
    entry->lifted = true;
    entry->lifted_ms = ms;
    entry->lifted_by = by;
    entry->lifted_note = note;
}

/* A term of an entry that is not in force. */
static void entry_begin_term(struct policy_entry *entry,
                             const struct policy_judgement *judgement, int64_t from_ms)
{
    entry->lifted = false;
    entry->since_ms = from_ms;
    entry->until_ms =
        term_end(judgement, from_ms, judgement->doubles ? entry->repeats : 0);
    entry->detail = str_of(judgement->detail);
}

/* A second guess at the same person makes it certain: permanent, from the later one on
 * unless the first was still in force. */
static void entry_make_certain(struct policy_entry *entry,
                               const struct policy_judgement *judgement, int64_t from_ms,
                               bool newest)
{
    if (from_ms >= entry->until_ms)
        entry->since_ms = from_ms;
    else if (from_ms < entry->since_ms &&
             term_end(judgement, from_ms, 0) > entry->since_ms)
        entry->since_ms = from_ms;
    if (newest && entry->until_ms != POLICY_FOR_EVER)
        entry->detail = str_of(judgement->detail);
    entry->until_ms = POLICY_FOR_EVER;
}

/* The event's own span touches the entry's: together they are one. */
static void entry_extend(struct policy_entry *entry,
                         const struct policy_judgement *judgement, int64_t from_ms,
                         int64_t until_ms)
{
    bool longer = until_ms > entry->until_ms;
    bool newest = from_ms >= entry->last_event_ms;

    if (from_ms < entry->since_ms)
        entry->since_ms = from_ms;
    if (longer || (newest && until_ms == entry->until_ms))
        entry->detail = str_of(judgement->detail);
    if (longer)
        entry->until_ms = until_ms;
}

static void entry_renew(const struct fold *fold, struct policy_entry *entry,
                        int64_t from_ms)
{
    const struct policy_judgement *judgement = fold->judgement;
    int64_t doublings = judgement->doubles ? entry->repeats : 0;
    int64_t until_ms = term_end(judgement, from_ms, doublings);

    if (entry->lifted) {
        /* the person who lifted it knew what came before */
        if (from_ms <= entry->last_event_ms)
            return;
        entry->repeats = 0;
        entry_begin_term(entry, judgement, from_ms);
    } else if (judgement->second_for_ever) {
        entry_make_certain(entry, judgement, from_ms, from_ms >= entry->last_event_ms);
    } else if (from_ms >= entry->until_ms) {
        if (judgement->doubles && entry->repeats < fold->policy->doublings_max)
            entry->repeats++;
        entry_begin_term(entry, judgement, from_ms);
    } else if (until_ms > entry->since_ms) {
        entry_extend(entry, judgement, from_ms, until_ms);
    }
}

/* --- what an event does to an entry ---------------------------------------------- */

/* Did a person remove the address after this? */
static bool event_is_overruled(const struct policy_address *address, int64_t ms)
{
    return address->removed_ms != CLOCK_NONE && ms <= address->removed_ms;
}

/* `from_ms` is when the term begins: when the event occurred, or when another that
 * confirms it did. */
static bool entry_suppress(const struct fold *fold, struct policy_entry *entry,
                           int64_t from_ms)
{
    int64_t occurred_ms = fold->when->occurred_ms;
    bool overruled = event_is_overruled(fold->address, occurred_ms);
    bool live = entry->exists && !entry->lifted && occurred_ms < entry->until_ms;
    bool void_hit = fold->judgement->list_hit && fold->address->removed_ms != CLOCK_NONE;

    if (void_hit && !live)
        return false;
    if (!entry->exists && overruled)
        return false;
    if (!entry->exists) {
        *entry = (struct policy_entry){
            .exists = true, .first_event_ms = occurred_ms, .last_event_ms = occurred_ms};
        entry_begin_term(entry, fold->judgement, from_ms);
    } else if (!overruled && !void_hit) {
        entry_renew(fold, entry, from_ms);
    }
    entry_note_event(entry, occurred_ms);
    return true;
}

static bool entry_lift_by_event(const struct fold *fold, struct policy_entry *entry)
{
    int64_t occurred_ms = fold->when->occurred_ms;

    if (!entry->exists || entry->lifted || occurred_ms <= entry->last_event_ms)
        return false;
    entry_lift(entry, fold->when->received_ms, str_of(fold->judgement->rule), STR_ABSENT);
    /* so that a complaint from before this, delivered late, does not count as newer */
    entry->last_event_ms = occurred_ms;
    return true;
}

static void change_entry(struct policy_change *change, enum policy_reason reason,
                         const struct policy_entry *before,
                         const struct policy_entry *after)
{
    change->entries |= 1u << reason;
    change->in_force = change->in_force || after->exists != before->exists ||
                       after->lifted != before->lifted ||
                       after->since_ms > before->since_ms ||
                       after->until_ms != before->until_ms;
}

/* --- soft bounces ---------------------------------------------------------------- */

/* Does the event at `other_ms` confirm this one? */
static bool event_is_confirmed_by(const struct fold *fold, int64_t other_ms)
{
    int64_t occurred_ms = fold->when->occurred_ms;

    if (other_ms == CLOCK_NONE || event_is_overruled(fold->address, other_ms))
        return false;
    int64_t apart_ms =
        occurred_ms > other_ms ? occurred_ms - other_ms : other_ms - occurred_ms;
    return apart_ms >= fold->policy->doubt_apart_ms &&
           apart_ms <= fold->policy->doubt_window_ms;
}

/* The earliest doubtful bounce that confirms this one; CLOCK_NONE: none does. */
static int64_t confirmation_find(const struct fold *fold)
{
    int64_t earliest_ms = CLOCK_NONE;

    for (size_t i = 0; i < fold->address->day_count; i++) {
        const struct policy_soft_day *day = &fold->address->days[i];
        int64_t other_ms = event_is_confirmed_by(fold, day->doubt_first_ms)
                               ? day->doubt_first_ms
                               : day->doubt_last_ms;

        if (event_is_confirmed_by(fold, other_ms) &&
            (earliest_ms == CLOCK_NONE || other_ms < earliest_ms))
            earliest_ms = other_ms;
    }
    return earliest_ms;
}

/* A doubtful bounce becomes permanent as soon as another confirms it: from the later of
 * the two on, whichever of them came to us last. */
static bool entry_suppress_confirmed(const struct fold *fold, struct policy_entry *entry,
                                     int64_t other_ms)
{
    int64_t occurred_ms = fold->when->occurred_ms;
    bool in_force = entry->exists && !entry->lifted;

    if (!entry_suppress(fold, entry, other_ms > occurred_ms ? other_ms : occurred_ms))
        return false;
    /* the other one is the basis of a new entry as much as this one is */
    if (!in_force)
        entry_note_event(entry, other_ms);
    return true;
}

static int64_t day_of(int64_t ms)
{
    return ms / CLOCK_DAY_MS - (ms % CLOCK_DAY_MS < 0);
}

static void day_record(const struct fold *fold)
{
    struct policy_address *address = fold->address;
    int64_t ms = fold->when->occurred_ms;
    size_t i = 0;

    while (i < address->day_count && day_of(address->days[i].last_ms) != day_of(ms))
        i++;
    struct policy_soft_day *day = &address->days[i];
    if (i == address->day_count) {
        *day = (struct policy_soft_day){0, ms, ms, CLOCK_NONE, CLOCK_NONE};
        address->day_count++;
    }
    range_widen(ms, &day->first_ms, &day->last_ms);
    if (fold->judgement->effect == POLICY_EFFECT_DOUBTFUL)
        range_widen(ms, &day->doubt_first_ms, &day->doubt_last_ms);
    day->mark = POLICY_MARK_CHANGED;
    fold->change->days = true;
}

/* A soft day of the address, unless a person's removal or a later Delivery voids it; and
 * an entry where a doubtful bounce is confirmed. */
static bool fold_soft(const struct fold *fold, struct policy_entry *entry)
{
    int64_t occurred_ms = fold->when->occurred_ms;
    int64_t other_ms;

    if (event_is_overruled(fold->address, occurred_ms) ||
        fold->address->delivered_ms > occurred_ms)
        return false;
    other_ms = confirmation_find(fold);
    day_record(fold);
    if (fold->judgement->effect != POLICY_EFFECT_DOUBTFUL || other_ms == CLOCK_NONE)
        return false;
    return entry_suppress_confirmed(fold, entry, other_ms);
}

/* A delivery ends what soft bounces before it began. */
static void fold_reset(const struct fold *fold)
{
    int64_t occurred_ms = fold->when->occurred_ms;

    for (size_t i = 0; i < fold->address->day_count; i++) {
        struct policy_soft_day *day = &fold->address->days[i];

        if (day->first_ms >= occurred_ms)
            continue;
        fold->change->days = true;
        day->mark = day->last_ms < occurred_ms ? POLICY_MARK_GONE : POLICY_MARK_CHANGED;
        day->first_ms = day->last_ms;
        if (day->doubt_last_ms < occurred_ms)
            day->doubt_last_ms = CLOCK_NONE;
        day->doubt_first_ms = day->doubt_last_ms;
    }
}

/* --- the reason that is shown ---------------------------------------------------- */

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

        if (!entry->exists || entry->lifted || ends <= stronger_ends)
            continue;
        change->totals[change->total_count++] =
            (struct policy_total){(enum policy_reason)i, ends, sign};
        if (stronger_ends != INT64_MIN)
            change->totals[change->total_count++] =
                (struct policy_total){(enum policy_reason)i, stronger_ends, -sign};
        stronger_ends = ends;
    }
}

/* Of what was counted before, only a change makes a difference. */
static void totals_finish(const struct policy_address *address, bool changed,
                          struct policy_change *change)
{
    if (changed)
        totals_count(address, 1, change);
    else
        change->total_count = 0;
}

/* --- the fold -------------------------------------------------------------------- */

unsigned policy_fold_needs(const struct policy_judgement *judgement)
{
    static const unsigned parts[] = {
        [POLICY_EFFECT_HOLD] = 0, /* as of NONE */
        [POLICY_EFFECT_SUPPRESS] = POLICY_PART_LIST,
        [POLICY_EFFECT_LIFT] = POLICY_PART_LIST,
        [POLICY_EFFECT_RESET] = POLICY_PART_SOFT,
        [POLICY_EFFECT_SOFT] = POLICY_PARTS_ALL,
        [POLICY_EFFECT_DOUBTFUL] = POLICY_PARTS_ALL,
    };
    return parts[judgement->effect];
}

static bool fold_effect(const struct fold *fold, struct policy_entry *entry)
{
    switch (fold->judgement->effect) {
    case POLICY_EFFECT_SUPPRESS:
        return entry_suppress(fold, entry, fold->when->occurred_ms);
    case POLICY_EFFECT_SOFT:
    case POLICY_EFFECT_DOUBTFUL:
        return fold_soft(fold, entry);
    case POLICY_EFFECT_LIFT:
        return entry_lift_by_event(fold, entry);
    case POLICY_EFFECT_RESET:
        fold_reset(fold);
        return false;
    default:
        return false;
    }
}

void policy_fold(const struct policy *policy, const struct policy_judgement *judgement,
                 const struct policy_when *when, struct policy_address *address,
                 struct policy_change *ret)
{
    const struct fold fold = {policy, judgement, when, address, ret};
    enum policy_reason reason = judgement->effect == POLICY_EFFECT_LIFT
                                    ? POLICY_REASON_COMPLAINT
                                    : judgement->reason;
    struct policy_entry *entry = &address->entries[reason];
    struct policy_entry before = *entry;

    *ret = (struct policy_change){.entries = 0};
    totals_count(address, -1, ret);
    bool changed = fold_effect(&fold, entry);
    if (changed) {
        /* what every event leaves in the entry that it changes */
        entry->rule = str_of(judgement->rule);
        if (!before.exists || entry->since_ms != before.since_ms)
            entry->origin = when->imported ? POLICY_ORIGIN_IMPORT : POLICY_ORIGIN_EVENT;
        change_entry(ret, reason, &before, entry);
    }
    totals_finish(address, changed, ret);
}

/* --- what people decide ---------------------------------------------------------- */

static bool entry_is_live(const struct policy_entry *entry, int64_t now_ms)
{
    return entry->exists && !entry->lifted && entry->until_ms > now_ms;
}

/* An entry that is in force keeps its beginning. No note given: nothing new to say. */
static bool decide_add(const struct policy_decision *decision,
                       struct policy_address *address, struct policy_change *change)
{
    struct policy_entry *entry = &address->entries[POLICY_REASON_MANUAL];
    struct policy_entry before = *entry;
    bool live = entry_is_live(entry, decision->now_ms);
    bool same_note =
        !str_present(decision->note) || str_equal(entry->note, decision->note);

    if (live && entry->until_ms == decision->until_ms && same_note)
        return false;
    *entry = (struct policy_entry){.exists = true,
                                   .origin = POLICY_ORIGIN_PERSON,
                                   .since_ms = live ? before.since_ms : decision->now_ms,
                                   .until_ms = decision->until_ms,
                                   .first_event_ms = CLOCK_NONE,
                                   .last_event_ms = CLOCK_NONE,
                                   .actor = decision->actor,
                                   .note = decision->note};
    change_entry(change, POLICY_REASON_MANUAL, &before, entry);
    return true;
}

/* Takes the address off the list, whatever put it there; soft days are forgotten, too. */
static bool decide_remove(const struct policy_decision *decision,
                          struct policy_address *address, struct policy_change *change)
{
    bool any = false;

    for (size_t i = 0; i < POLICY_REASONS; i++)
        any = any || entry_is_live(&address->entries[i], decision->now_ms);
    if (!any)
        return false;
    for (size_t i = 0; i < POLICY_REASONS; i++) {
        struct policy_entry *entry = &address->entries[i];
        struct policy_entry before = *entry;

        if (!entry->exists || entry->lifted)
            continue;
        entry_lift(entry, decision->now_ms, decision->actor, decision->note);
        change_entry(change, (enum policy_reason)i, &before, entry);
    }
    for (size_t i = 0; i < address->day_count; i++)
        address->days[i].mark = POLICY_MARK_GONE;
    change->days = address->day_count > 0;
    address->removed_ms = decision->now_ms;
    return true;
}

bool policy_decide(const struct policy_decision *decision, struct policy_address *address,
                   struct policy_change *ret)
{
    *ret = (struct policy_change){.entries = 0};
    totals_count(address, -1, ret);
    bool changed = decision->is_add ? decide_add(decision, address, ret)
                                    : decide_remove(decision, address, ret);
    totals_finish(address, changed, ret);
    return changed;
}

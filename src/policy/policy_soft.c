/*
 * Soft bounces: which days count, and when they make an entry.
 *
 * The SOFT entry is a function of the days on which the address bounced softly since its
 * last Delivery or removal, so it does not matter in which order they became known. Days
 * that are kept no longer live on in the entry that they made.
 */
#include <string.h>

#include "policy/policy_fold.h"

/* --- the days -------------------------------------------------------------------- */

static int64_t day_of(int64_t ms)
{
    return ms / CLOCK_DAY_MS - (ms % CLOCK_DAY_MS < 0);
}

static void range_widen(int64_t ms, int64_t *first_ms, int64_t *last_ms)
{
    if (*first_ms == CLOCK_NONE || ms < *first_ms)
        *first_ms = ms;
    if (*last_ms == CLOCK_NONE || ms > *last_ms)
        *last_ms = ms;
}

/* Of what is not known, absent and empty are the same. */
static bool identity_is_same(struct str a, struct str b)
{
    return str_equal(a, b) || (a.len == 0 && b.len == 0);
}

/* The day of `ms` and the identity, put in its place if it is not there. */
static struct policy_soft_day *day_get(struct policy_address *address, int64_t ms,
                                       struct str identity)
{
    struct policy_soft_day *days = address->days;
    size_t i = address->day_count;

    while (i > 0 && day_of(days[i - 1].last_ms) > day_of(ms))
        i--;
    size_t first = i;
    while (first > 0 && day_of(days[first - 1].last_ms) == day_of(ms))
        first--;
    if (i - first >= POLICY_IDENTITIES_MAX)
        identity = STR_ABSENT;
    for (size_t j = i; j > first; j--)
        if (identity_is_same(days[j - 1].identity, identity))
            return &days[j - 1];
    if (i < address->day_count)
        memmove(&days[i + 1], &days[i], (address->day_count - i) * sizeof(*days));
    days[i] = (struct policy_soft_day){.first_ms = CLOCK_NONE,
                                       .last_ms = ms,
                                       .identity = identity,
                                       .doubt_first_ms = CLOCK_NONE,
                                       .doubt_last_ms = CLOCK_NONE};
    address->day_count++;
    return &days[i];
}

static void day_record(const struct fold *fold)
{
    const struct policy_when *when = fold->when;
    struct policy_soft_day *day =
        day_get(fold->address, when->occurred_ms, when->identity);

    if (fold->judgement->effect == POLICY_EFFECT_DOUBTFUL)
        range_widen(when->occurred_ms, &day->doubt_first_ms, &day->doubt_last_ms);
    if (!fold->judgement->doubt_only)
        range_widen(when->occurred_ms, &day->first_ms, &day->last_ms);
    else if (when->occurred_ms > day->last_ms)
        day->last_ms = when->occurred_ms;
    day->deliveries_seen = day->deliveries_seen || when->deliveries_seen;
    day->mark = POLICY_MARK_CHANGED;
    fold->change->days = true;
}

static bool day_counts(const struct policy_soft_day *day)
{
    return day->mark != POLICY_MARK_GONE && day->first_ms != CLOCK_NONE &&
           day->deliveries_seen;
}

/* What is from before `ms` is void. */
static void days_void(const struct fold *fold, int64_t ms)
{
    for (size_t i = 0; i < fold->address->day_count; i++) {
        struct policy_soft_day *day = &fold->address->days[i];

        if ((day->first_ms == CLOCK_NONE ? day->last_ms : day->first_ms) >= ms)
            continue;
        fold->change->days = true;
        day->mark = day->last_ms < ms ? POLICY_MARK_GONE : POLICY_MARK_CHANGED;
        if (day->first_ms != CLOCK_NONE)
            day->first_ms = day->last_ms;
        if (day->doubt_last_ms < ms)
            day->doubt_last_ms = CLOCK_NONE;
        day->doubt_first_ms = day->doubt_last_ms;
    }
}

/* --- doubtful bounces ------------------------------------------------------------ */

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

/* --- the entry ------------------------------------------------------------------- */

/* A SOFT entry as the days make it. */
struct soft_term {
    bool exists;
    int64_t since_ms;
    int64_t until_ms;
    int64_t repeats;
    int64_t first_day_ms; /* of the days that made it; CLOCK_NONE: not of these */
    int64_t day_count;
};

/* The first bounce of the day at `*at` that counts, of any identity; CLOCK_NONE: none.
 * `*at` becomes the next day. */
static int64_t day_first(const struct policy_address *address, size_t *at)
{
    int64_t day = day_of(address->days[*at].last_ms), first_ms = CLOCK_NONE;

    for (; *at < address->day_count && day_of(address->days[*at].last_ms) == day; ++*at) {
        int64_t ms = address->days[*at].first_ms;

        if (day_counts(&address->days[*at]) && (first_ms == CLOCK_NONE || ms < first_ms))
            first_ms = ms;
    }
    return first_ms;
}

/* The days up to that of the bounce at `since_ms`, within the window. */
static struct soft_term window_count(const struct fold *fold, int64_t since_ms)
{
    struct soft_term counted = {.since_ms = since_ms, .first_day_ms = CLOCK_NONE};

    for (size_t i = 0; i < fold->address->day_count;) {
        int64_t ms = day_first(fold->address, &i);

        if (ms == CLOCK_NONE || ms > since_ms ||
            since_ms - ms > fold->policy->soft_window_ms)
            continue;
        if (counted.first_day_ms == CLOCK_NONE)
            counted.first_day_ms = ms;
        counted.day_count++;
    }
    counted.exists = counted.day_count >= fold->policy->soft_days &&
                     since_ms - counted.first_day_ms >= fold->policy->soft_span_ms;
    return counted;
}

/* A judgement that has a term of its own is about one of the simulator's addresses; a
 * doubtful one has that of the BOUNCE which it may become. */
static int64_t soft_until(const struct fold *fold, int64_t since_ms, int64_t repeats)
{
    const struct policy *policy = fold->policy;
    int64_t term_ms = policy->soft_term_ms;

    if (fold->judgement->term_ms > 0 && fold->judgement->effect != POLICY_EFFECT_DOUBTFUL)
        return since_ms + fold->judgement->term_ms;

    while (repeats-- > 0 && term_ms < policy->soft_term_max_ms)
        term_ms *= 2;
    return since_ms +
           (term_ms < policy->soft_term_max_ms ? term_ms : policy->soft_term_max_ms);
}

/* Do the days not tell how it came about? */
static bool entry_is_given(const struct policy_entry *entry,
                           const struct policy_address *address)
{
    return entry->exists && !entry->lifted &&
           (entry->is_basis || address->day_count == 0 ||
            day_of(entry->since_ms) < day_of(address->days[0].last_ms));
}

static struct soft_term soft_count(const struct fold *fold,
                                   const struct policy_entry *entry)
{
    const struct policy_address *address = fold->address;
    struct soft_term term = {.first_day_ms = CLOCK_NONE};

    if (entry_is_given(entry, address))
        term = (struct soft_term){true,           entry->since_ms, entry->until_ms,
                                  entry->repeats, CLOCK_NONE,      0};
    for (size_t i = 0; i < address->day_count;) {
        int64_t ms = day_first(address, &i);

        if (ms == CLOCK_NONE || (term.exists && ms < term.until_ms))
            continue;
        struct soft_term next = window_count(fold, ms);
        if (!next.exists)
            continue;
        next.repeats = term.exists ? term.repeats + 1 : 0;
        next.until_ms = soft_until(fold, ms, next.repeats);
        term = next;
    }
    return term;
}

/* True: the entry has changed. */
static bool soft_apply(const struct fold *fold, struct policy_entry *entry)
{
    const struct soft_term term = soft_count(fold, entry);
    bool in_force = entry->exists && !entry->lifted;

    if (!term.exists) {
        if (in_force)
            entry_lift(entry, fold->now_ms, str_of(fold->judgement->rule), STR_ABSENT);
        return in_force;
    }
    if (in_force && term.since_ms == entry->since_ms && term.until_ms == entry->until_ms)
        return false;
    *entry = (struct policy_entry){.exists = true,
                                   .origin = entry->origin,
                                   .is_basis = entry->is_basis,
                                   .since_ms = term.since_ms,
                                   .until_ms = term.until_ms,
                                   .repeats = term.repeats,
                                   .first_event_ms = term.first_day_ms,
                                   .last_event_ms = term.since_ms,
                                   .event_count = term.day_count,
                                   .detail = str_of(fold->judgement->detail)};
    return true;
}

bool soft_record(struct fold *fold, int64_t *ret_confirms)
{
    struct policy_address *address = fold->address;
    struct policy_entry *entry = &address->entries[POLICY_REASON_SOFT];
    int64_t occurred_ms = fold->when->occurred_ms;
    bool in_force = entry->exists && !entry->lifted;

    *ret_confirms = CLOCK_NONE;
    if (event_is_overruled(address, occurred_ms) || address->delivered_ms > occurred_ms)
        return false;
    if (fold->judgement->effect == POLICY_EFFECT_DOUBTFUL)
        *ret_confirms = confirmation_find(fold);
    day_record(fold);
    if (fold->policy->soft_days == 0)
        return false;
    if (soft_apply(fold, entry))
        return true;
    if (in_force && occurred_ms >= entry->since_ms && !fold->judgement->doubt_only)
        entry_note_event(entry, occurred_ms);
    return in_force;
}

bool soft_reset(struct fold *fold)
{
    struct policy_entry *entry = &fold->address->entries[POLICY_REASON_SOFT];
    int64_t occurred_ms = fold->when->occurred_ms;

    days_void(fold, occurred_ms);
    if (!entry->exists || entry->lifted || fold->policy->soft_days == 0)
        return false;
    /* The mailbox takes mail again. */
    if (occurred_ms > entry->since_ms) {
        entry_lift(entry, fold->now_ms, str_of(fold->judgement->rule), STR_ABSENT);
        return true;
    }
    return soft_apply(fold, entry);
}

/* --- how far it has come --------------------------------------------------------- */

void policy_soft_look(const struct policy *policy, const struct policy_soft_day *days,
                      size_t day_count, int64_t now_ms, struct policy_soft_count *ret)
{
    *ret = (struct policy_soft_count){.days = 0};
    for (size_t i = 0; i < day_count; i++) {
        const struct policy_soft_day *day = &days[i];

        if (day->first_ms == CLOCK_NONE || day->first_ms > now_ms ||
            now_ms - day->first_ms > policy->soft_window_ms)
            continue;
        if (day_counts(day)) {
            ret->days++;
        } else {
            ret->recorded++;
            ret->identity = day->identity;
        }
    }
}

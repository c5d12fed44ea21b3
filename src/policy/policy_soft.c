/*
 * Soft bounces: which of them count, and when they make an entry.
 *
 * The SOFT entry is a function of the soft bounces of the address since its last Delivery
 * or removal, and a doubtful bounce is confirmed or not by what occurred before it, so it
 * does not matter in which order any of this became known. Bounces that are kept no
 * longer live on in the entry that they made.
 */
#include <string.h>

#include "policy/policy_fold.h"

/* --- what is known --------------------------------------------------------------- */

static int64_t day_of(int64_t ms)
{
    return ms / CLOCK_DAY_MS - (ms % CLOCK_DAY_MS < 0);
}

/* Of what is not known, absent and empty are the same. */
static bool identity_is_same(struct str a, struct str b)
{
    return str_equal(a, b) || (a.len == 0 && b.len == 0);
}

static bool soft_is_delivery(const struct policy_soft *soft)
{
    return !soft->is_counted && !soft->is_doubtful;
}

static bool soft_is_like(const struct policy_soft *a, const struct policy_soft *b)
{
    return a->is_counted == b->is_counted && a->is_doubtful == b->is_doubtful &&
           a->deliveries_seen == b->deliveries_seen;
}

/* Of a day with too many, one between two of its kind, the latest of these: it counts for
 * nothing that they do not. Where bounces and Deliveries alternate, a bounce goes with
 * the Delivery after it, so that no bounce appears to be the later one. */
static void soft_bound_day(struct policy_address *address, int64_t day)
{
    struct policy_soft *of_day[POLICY_SOFT_DAY_MAX + 1];
    size_t count = 0;

    for (size_t i = 0; i < address->soft_count; i++) {
        struct policy_soft *soft = &address->softs[i];

        if (soft->mark != POLICY_MARK_GONE && day_of(soft->at_ms) == day &&
            count <= POLICY_SOFT_DAY_MAX)
            of_day[count++] = soft;
    }
    if (count <= POLICY_SOFT_DAY_MAX)
        return;
    for (size_t i = count - 2; i > 0; i--)
        if (soft_is_like(of_day[i - 1], of_day[i]) &&
            soft_is_like(of_day[i], of_day[i + 1])) {
            of_day[i]->mark = POLICY_MARK_GONE;
            return;
        }
    size_t at = soft_is_delivery(of_day[count - 2]) ? count - 3 : count - 2;
    of_day[at]->mark = POLICY_MARK_GONE;
    if (soft_is_delivery(of_day[at + 1]))
        of_day[at + 1]->mark = POLICY_MARK_GONE;
}

/* Puts it in its place; the same one is there once. */
static void soft_put(const struct fold *fold, struct policy_soft soft)
{
    struct policy_address *address = fold->address;
    struct policy_soft *softs = address->softs;
    size_t i = address->soft_count;

    soft.mark = POLICY_MARK_CHANGED;
    fold->change->softs = true;
    while (i > 0 && softs[i - 1].at_ms > soft.at_ms)
        i--;
    for (size_t j = i; j > 0 && softs[j - 1].at_ms == soft.at_ms; j--)
        if (softs[j - 1].mark != POLICY_MARK_GONE &&
            soft_is_delivery(&softs[j - 1]) == soft_is_delivery(&soft) &&
            identity_is_same(softs[j - 1].identity, soft.identity)) {
            soft.is_counted = soft.is_counted || softs[j - 1].is_counted;
            soft.is_doubtful = soft.is_doubtful || softs[j - 1].is_doubtful;
            soft.deliveries_seen = soft.deliveries_seen || softs[j - 1].deliveries_seen;
            softs[j - 1] = soft;
            return;
        }
    if (i < address->soft_count)
        memmove(&softs[i + 1], &softs[i], (address->soft_count - i) * sizeof(soft));
    softs[i] = soft;
    address->soft_count++;
    soft_bound_day(address, day_of(soft.at_ms));
}

/* The first Delivery after `ms` that is among them; CLOCK_NONE: none is. */
static int64_t delivered_after(const struct policy_address *address, int64_t ms)
{
    for (size_t i = 0; i < address->soft_count; i++) {
        const struct policy_soft *soft = &address->softs[i];

        if (soft->mark != POLICY_MARK_GONE && soft_is_delivery(soft) && soft->at_ms > ms)
            return soft->at_ms;
    }
    return CLOCK_NONE;
}

/* --- doubtful bounces ------------------------------------------------------------ */

/* Does the doubtful bounce `later` confirm `earlier`, if no Delivery is between them? */
static bool soft_confirms(const struct fold *fold, const struct policy_soft *earlier,
                          const struct policy_soft *later)
{
    int64_t apart_ms = later->at_ms - earlier->at_ms;

    return earlier->is_doubtful && earlier->mark != POLICY_MARK_GONE &&
           later->is_doubtful && later->mark != POLICY_MARK_GONE &&
           apart_ms >= fold->policy->doubt_apart_ms &&
           apart_ms <= fold->policy->doubt_window_ms &&
           !event_is_overruled(fold->address, earlier->at_ms);
}

/* The earliest one that `later` confirms; NULL: it confirms none. Back to the Delivery
 * before it, or to the beginning of the window. */
static const struct policy_soft *soft_confirmed_by(const struct fold *fold,
                                                   const struct policy_soft *later)
{
    const struct policy_soft *found = NULL;
    int64_t from_ms = later->at_ms - fold->policy->doubt_window_ms;

    for (size_t i = (size_t)(later - fold->address->softs) + 1; i-- > 0;) {
        const struct policy_soft *soft = &fold->address->softs[i];

        if (soft->at_ms < from_ms)
            break;
        if (soft->mark != POLICY_MARK_GONE && soft_is_delivery(soft) &&
            soft->at_ms < later->at_ms)
            from_ms = soft->at_ms;
        else if (soft_confirms(fold, soft, later))
            found = soft;
    }
    return found;
}

bool soft_find_confirmed(const struct fold *fold, struct soft_confirmed *ret)
{
    const struct policy_address *address = fold->address;
    const struct policy_soft *end = address->softs + address->soft_count, *own = end;

    for (const struct policy_soft *soft = address->softs; soft < end; soft++)
        if (soft->at_ms == fold->when->occurred_ms && soft->is_doubtful &&
            soft->mark != POLICY_MARK_GONE)
            own = soft;
    if (own == end)
        return false;
    const struct policy_soft *earlier = soft_confirmed_by(fold, own);
    *ret = (struct soft_confirmed){own->at_ms, earlier ? earlier->at_ms : CLOCK_NONE};
    int64_t delivered_ms = delivered_after(address, own->at_ms);
    /* In a replay the turn of those after it is still to come. */
    for (const struct policy_soft *later = own;
         !earlier && later < end &&
         (delivered_ms == CLOCK_NONE || later->at_ms <= delivered_ms);
         later++)
        if (!fold->when->is_replayed && soft_confirms(fold, own, later)) {
            *ret = (struct soft_confirmed){later->at_ms, own->at_ms};
            return true;
        }
    return earlier != NULL;
}

/* How many doubtful bounces are confirmed. */
static size_t confirmed_count(const struct fold *fold)
{
    const struct policy_address *address = fold->address;
    size_t count = 0;

    for (size_t i = 0; i < address->soft_count; i++)
        count += address->softs[i].is_doubtful &&
                 soft_confirmed_by(fold, &address->softs[i]) != NULL;
    return count;
}

/* --- the entry ------------------------------------------------------------------- */

/* A SOFT entry as the bounces make it. */
struct soft_term {
    bool exists;
    int64_t since_ms;
    int64_t until_ms;
    int64_t repeats;
    int64_t first_day_ms; /* of the days that made it; CLOCK_NONE: not of these */
    int64_t day_count;
};

/* The last Delivery: what is from before it does not count. Nor does what is from before
 * a removal, but that is not kept. */
static int64_t counting_since(const struct policy_soft *softs, size_t count)
{
    int64_t ms = INT64_MIN;

    for (size_t i = 0; i < count; i++)
        if (softs[i].mark != POLICY_MARK_GONE && soft_is_delivery(&softs[i]))
            ms = softs[i].at_ms;
    return ms;
}

static bool soft_counts(const struct policy_soft *soft, int64_t since_ms)
{
    return soft->mark != POLICY_MARK_GONE && soft->is_counted && soft->deliveries_seen &&
           soft->at_ms >= since_ms;
}

/* The first bounce of the day at `*at` that counts; CLOCK_NONE: none. `*at` becomes the
 * next day. */
static int64_t day_first(const struct policy_soft *softs, size_t count, int64_t since_ms,
                         size_t *at)
{
    int64_t day = day_of(softs[*at].at_ms), first_ms = CLOCK_NONE;

    for (; *at < count && day_of(softs[*at].at_ms) == day; ++*at)
        if (first_ms == CLOCK_NONE && soft_counts(&softs[*at], since_ms))
            first_ms = softs[*at].at_ms;
    return first_ms;
}

/* The days up to that of the bounce at `until_ms`, within the window. */
static struct soft_term window_count(const struct fold *fold, int64_t since_ms,
                                     int64_t until_ms)
{
    const struct policy_address *address = fold->address;
    struct soft_term counted = {.since_ms = until_ms, .first_day_ms = CLOCK_NONE};

    for (size_t i = 0; i < address->soft_count;) {
        int64_t ms = day_first(address->softs, address->soft_count, since_ms, &i);

        if (ms == CLOCK_NONE || ms > until_ms ||
            until_ms - ms > fold->policy->soft_window_ms)
            continue;
        if (counted.first_day_ms == CLOCK_NONE)
            counted.first_day_ms = ms;
        counted.day_count++;
    }
    counted.exists = counted.day_count >= fold->policy->soft_days &&
                     until_ms - counted.first_day_ms >= fold->policy->soft_span_ms;
    return counted;
}

/* A judgement with a term is about one of the simulator's addresses; a permanent one is
 * that of the BOUNCE which a doubtful bounce may become. */
static int64_t soft_until(const struct fold *fold, int64_t since_ms, int64_t repeats)
{
    const struct policy *policy = fold->policy;
    int64_t term_ms = policy->soft_term_ms;

    if (fold->judgement->term_ms > 0 && fold->judgement->term_ms != POLICY_FOR_EVER)
        return since_ms + fold->judgement->term_ms;

    while (repeats-- > 0 && term_ms < policy->soft_term_max_ms)
        term_ms *= 2;
    return since_ms +
           (term_ms < policy->soft_term_max_ms ? term_ms : policy->soft_term_max_ms);
}

/* Do the bounces not tell how it came about? */
static bool entry_is_given(const struct policy_entry *entry,
                           const struct policy_address *address)
{
    return entry->exists && !entry->lifted &&
           (entry->is_basis || address->soft_count == 0 ||
            day_of(entry->since_ms) < day_of(address->softs[0].at_ms));
}

static struct soft_term soft_count(const struct fold *fold,
                                   const struct policy_entry *entry)
{
    const struct policy_address *address = fold->address;
    int64_t since_ms = counting_since(address->softs, address->soft_count);
    struct soft_term term = {.first_day_ms = CLOCK_NONE};

    if (entry_is_given(entry, address))
        term = (struct soft_term){true,           entry->since_ms, entry->until_ms,
                                  entry->repeats, CLOCK_NONE,      0};
    for (size_t i = 0; i < address->soft_count;) {
        int64_t ms = day_first(address->softs, address->soft_count, since_ms, &i);

        if (ms == CLOCK_NONE || (term.exists && ms < term.until_ms))
            continue;
        struct soft_term next = window_count(fold, since_ms, ms);
        if (!next.exists)
            continue;
        next.repeats = term.exists ? term.repeats + 1 : 0;
        next.until_ms = soft_until(fold, ms, next.repeats);
        term = next;
    }
    return term;
}

/* Those behind the one that made the entry, which may be known before it. */
static void entry_note_later(struct policy_entry *entry,
                             const struct policy_address *address)
{
    for (size_t i = 0; i < address->soft_count; i++) {
        const struct policy_soft *soft = &address->softs[i];

        if (soft->mark != POLICY_MARK_GONE && soft->is_counted &&
            soft->at_ms > entry->since_ms)
            entry_note_event(entry, soft->at_ms);
    }
}

/* True: the entry has changed. */
static bool soft_apply(const struct fold *fold, struct policy_entry *entry)
{
    const struct soft_term term = soft_count(fold, entry);
    bool in_force = entry->exists && !entry->lifted;
    /* The words are a bounce's: of the one before, where a Delivery is what counts. */
    bool is_told = str_present(str_of(fold->judgement->detail));

    if (!term.exists) {
        if (in_force)
            entry_lift(entry, fold->now_ms, str_of(fold->judgement->rule), STR_ABSENT);
        return in_force;
    }
    if (in_force && term.since_ms == entry->since_ms && term.until_ms == entry->until_ms)
        return false;
    *entry = (struct policy_entry){.exists = true,
                                   .origin = entry->origin,
                                   .is_basis = in_force && entry->is_basis,
                                   .since_ms = term.since_ms,
                                   .until_ms = term.until_ms,
                                   .repeats = term.repeats,
                                   .first_event_ms = term.first_day_ms,
                                   .last_event_ms = term.since_ms,
                                   .event_count = term.day_count,
                                   .rule = is_told ? STR_ABSENT : entry->rule,
                                   .detail = is_told ? str_of(fold->judgement->detail)
                                                     : entry->detail};
    entry_note_later(entry, fold->address);
    return true;
}

bool soft_record(struct fold *fold)
{
    struct policy_address *address = fold->address;
    struct policy_entry *entry = &address->entries[POLICY_REASON_SOFT];
    const struct policy_when *when = fold->when;
    bool in_force = entry->exists && !entry->lifted;
    bool is_doubtful = fold->judgement->effect == POLICY_EFFECT_DOUBTFUL;

    if (event_is_overruled(address, when->occurred_ms))
        return false;
    if (address->delivered_ms > when->occurred_ms)
        soft_put(fold, (struct policy_soft){.at_ms = address->delivered_ms,
                                            .deliveries_seen = true});
    if (!is_doubtful && delivered_after(address, when->occurred_ms) != CLOCK_NONE)
        return false;
    soft_put(fold, (struct policy_soft){.at_ms = when->occurred_ms,
                                        .is_counted = !fold->judgement->doubt_only,
                                        .is_doubtful = is_doubtful,
                                        .deliveries_seen = when->deliveries_seen,
                                        .identity = when->identity});
    if (fold->policy->soft_days == 0)
        return false;
    if (soft_apply(fold, entry))
        return true;
    if (in_force && when->occurred_ms >= entry->since_ms && !fold->judgement->doubt_only)
        entry_note_event(entry, when->occurred_ms);
    return in_force;
}

bool soft_recount(struct fold *fold)
{
    return fold->policy->soft_days > 0 &&
           soft_apply(fold, &fold->address->entries[POLICY_REASON_SOFT]);
}

/* Of several Deliveries in a row the first one matters, as long as nothing is late. */
static bool delivery_is_news(const struct policy_address *address, int64_t ms)
{
    if (address->soft_count == 0)
        return false;
    const struct policy_soft *last = &address->softs[address->soft_count - 1];
    return !soft_is_delivery(last) || last->at_ms > ms;
}

bool soft_reset(struct fold *fold)
{
    struct policy_address *address = fold->address;
    struct policy_entry *entry = &address->entries[POLICY_REASON_SOFT];
    int64_t occurred_ms = fold->when->occurred_ms;
    size_t confirmed = confirmed_count(fold);
    bool is_lifted = false;

    if (delivery_is_news(address, occurred_ms))
        soft_put(fold,
                 (struct policy_soft){.at_ms = occurred_ms, .deliveries_seen = true});
    for (size_t i = 0; i < address->soft_count; i++)
        if (address->softs[i].is_counted && !address->softs[i].is_doubtful &&
            address->softs[i].at_ms < occurred_ms)
            address->softs[i].mark = POLICY_MARK_GONE;
    fold->change->replays_bounce = confirmed_count(fold) != confirmed;
    if (fold->policy->soft_days == 0)
        return false;
    /* The mailbox takes mail again. */
    if (entry->exists && !entry->lifted && occurred_ms > entry->since_ms) {
        entry_lift(entry, fold->now_ms, str_of(fold->judgement->rule), STR_ABSENT);
        is_lifted = true;
    }
    return (entry->exists && soft_apply(fold, entry)) || is_lifted;
}

/* --- how far it has come --------------------------------------------------------- */

void policy_soft_look(const struct policy *policy, const struct policy_soft *softs,
                      size_t count, int64_t now_ms, struct policy_soft_count *ret)
{
    int64_t since_ms = counting_since(softs, count);

    *ret = (struct policy_soft_count){.days = 0};
    for (size_t i = 0; i < count;) {
        const struct policy_soft *soft = &softs[i];
        int64_t first_ms = day_first(softs, count, since_ms, &i);

        if (first_ms != CLOCK_NONE && first_ms <= now_ms &&
            now_ms - first_ms <= policy->soft_window_ms) {
            ret->days++;
            continue;
        }
        for (; first_ms == CLOCK_NONE && soft < softs + i; soft++) {
            if (!soft->is_counted || soft->at_ms < since_ms || soft->at_ms > now_ms ||
                now_ms - soft->at_ms > policy->soft_window_ms)
                continue;
            ret->recorded++;
            ret->identity = soft->identity;
            break;
        }
    }
}

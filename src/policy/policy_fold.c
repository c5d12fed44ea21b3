/*
 * What an event does to an address. Soft bounces are counted in policy_soft.c, what
 * people decide is in policy_decide.c; there is no other place where the list changes.
 *
 * An event holds from when it occurred until its term ends, and an entry is the run of
 * such spans that touch, up to the newest.
 */
#include "policy/policy_fold.h"

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

void entry_note_event(struct policy_entry *entry, int64_t occurred_ms)
{
    if (entry->first_event_ms == CLOCK_NONE || occurred_ms < entry->first_event_ms)
        entry->first_event_ms = occurred_ms;
    if (entry->last_event_ms == CLOCK_NONE || occurred_ms > entry->last_event_ms)
        entry->last_event_ms = occurred_ms;
    entry->event_count++;
}

bool policy_entry_is_live(const struct policy_entry *entry, int64_t ms)
{
    return entry->exists && !entry->lifted && !entry->held && entry->until_ms > ms;
}

void entry_lift(struct policy_entry *entry, int64_t ms, struct str by, struct str note)
{
    entry->lifted = true;
    entry->held = false;
    entry->held_id = 0;
    entry->why = STR_ABSENT;
    entry->lifted_ms = ms;
    entry->lifted_by = by;
    entry->lifted_note = note;
}

/* A term of an entry that is not in force. */
static void entry_begin_term(struct policy_entry *entry,
                             const struct policy_judgement *judgement, int64_t from_ms)
{
    entry->lifted = false;
    entry->held = false;
    entry->held_id = 0;
    entry->why = STR_ABSENT;
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
        entry->is_basis = false;
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

bool event_is_overruled(const struct policy_address *address, int64_t ms)
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
    bool live = policy_entry_is_live(entry, occurred_ms);
    bool void_hit = fold->judgement->list_hit && fold->address->removed_ms != CLOCK_NONE;

    if (void_hit && !live)
        return false;
    if ((!entry->exists || entry->held) && overruled)
        return false;
    if (!entry->exists) {
        *entry = (struct policy_entry){
            .exists = true, .first_event_ms = occurred_ms, .last_event_ms = occurred_ms};
        entry_begin_term(entry, fold->judgement, from_ms);
    } else if (entry->held) {
        if (fold->judgement->doubles && entry->ended &&
            entry->repeats < fold->policy->doublings_max)
            entry->repeats++;
        bool is_second = fold->judgement->second_for_ever && entry->ended;
        entry_begin_term(entry, fold->judgement, from_ms);
        if (is_second)
            entry->until_ms = POLICY_FOR_EVER;
    } else if (!overruled && !void_hit) {
        entry_renew(fold, entry, from_ms);
    }
    entry_note_event(entry, occurred_ms);
    return true;
}

/* Nothing takes effect until a person decides; what is in force already stays so. */
static bool entry_hold(const struct fold *fold, struct policy_entry *entry,
                       struct str why)
{
    int64_t occurred_ms = fold->when->occurred_ms;
    bool waits =
        entry->exists && (entry->held || policy_entry_is_live(entry, occurred_ms));

    if (event_is_overruled(fold->address, occurred_ms))
        return false;
    if (entry->exists && entry->lifted && occurred_ms <= entry->last_event_ms)
        return false;
    if (!entry->exists)
        *entry = (struct policy_entry){
            .exists = true, .first_event_ms = occurred_ms, .last_event_ms = occurred_ms};
    if (!waits) {
        bool ended = !entry->lifted && entry->until_ms != 0;

        entry->repeats = entry->lifted ? 0 : entry->repeats;
        entry_begin_term(entry, fold->judgement, occurred_ms);
        entry->held = true;
        entry->ended = ended;
        entry->why = why;
    }
    entry_note_event(entry, occurred_ms);
    return true;
}

/* A hard bounce, unless its provider has an outage. */
static bool entry_suppress_or_hold(const struct fold *fold, struct policy_entry *entry,
                                   int64_t from_ms)
{
    bool guarded = str_present(fold->when->guard) && !fold->judgement->list_hit &&
                   fold->judgement->reason == POLICY_REASON_BOUNCE;

    return guarded ? entry_hold(fold, entry, fold->when->guard)
                   : entry_suppress(fold, entry, from_ms);
}

static bool entry_lift_by_event(const struct fold *fold, struct policy_entry *entry)
{
    int64_t occurred_ms = fold->when->occurred_ms;

    if (!entry->exists || occurred_ms <= entry->last_event_ms)
        return false;
    /* Who finds a mail welcome has not subscribed again. */
    if (!entry->lifted && str_equal(entry->rule, STR(POLICY_RULE_OPT_OUT)))
        return false;
    if (!entry->lifted)
        entry_lift(entry, fold->now_ms, str_of(fold->judgement->rule), STR_ABSENT);
    /* so that a complaint from before this, delivered late, does not count as newer */
    entry->last_event_ms = occurred_ms;
    return true;
}

/* A doubtful bounce is permanent from when it confirmed an earlier one. */
static bool entry_suppress_confirmed(struct fold *fold, struct policy_entry *entry,
                                     const struct soft_confirmed *by)
{
    bool known = entry->exists && !entry->lifted;

    /* More has happened since then than the entry tells. */
    if (by->at_ms <= entry->last_event_ms && entry->exists && !entry->is_basis &&
        !fold->when->is_replayed) {
        fold->change->replays_bounce = true;
        return false;
    }
    if (!entry_suppress_or_hold(fold, entry, by->at_ms))
        return false;
    /* the other one is the basis of a new entry as much as this one is */
    if (!known)
        entry_note_event(entry, by->at_ms == fold->when->occurred_ms ? by->earlier_ms
                                                                     : by->at_ms);
    return true;
}

/* --- the fold -------------------------------------------------------------------- */

unsigned policy_fold_needs(const struct policy_judgement *judgement)
{
    static const unsigned parts[] = {
        [POLICY_EFFECT_HOLD] = POLICY_PART_LIST,
        [POLICY_EFFECT_SUPPRESS] = POLICY_PART_LIST,
        [POLICY_EFFECT_LIFT] = POLICY_PART_LIST,
        [POLICY_EFFECT_RESET] = POLICY_PART_LIST | POLICY_PART_SOFT,
        [POLICY_EFFECT_SOFT] = POLICY_PARTS_ALL,
        [POLICY_EFFECT_DOUBTFUL] = POLICY_PARTS_ALL,
    };
    return parts[judgement->effect];
}

/* 1 << reason for each entry that is another now. */
static unsigned fold_soft(struct fold *fold)
{
    struct policy_entry *bounce = &fold->address->entries[POLICY_REASON_BOUNCE];
    struct soft_confirmed confirmed;
    unsigned entries = 0;

    if (!fold->when->is_replayed && soft_record(fold))
        entries |= 1u << POLICY_REASON_SOFT;
    if (fold->judgement->effect == POLICY_EFFECT_DOUBTFUL &&
        soft_find_confirmed(fold, &confirmed) &&
        entry_suppress_confirmed(fold, bounce, &confirmed))
        entries |= 1u << POLICY_REASON_BOUNCE;
    return entries;
}

static unsigned fold_effect(struct fold *fold)
{
    const struct policy_judgement *judgement = fold->judgement;
    enum policy_reason reason = judgement->effect == POLICY_EFFECT_LIFT
                                    ? POLICY_REASON_COMPLAINT
                                    : judgement->reason;
    struct policy_entry *entry = &fold->address->entries[reason];
    bool changed = false;

    switch (judgement->effect) {
    case POLICY_EFFECT_SUPPRESS:
        changed = entry_suppress_or_hold(fold, entry, fold->when->occurred_ms);
        break;
    case POLICY_EFFECT_HOLD:
        changed = entry_hold(fold, entry, str_of(judgement->rule));
        break;
    case POLICY_EFFECT_SOFT:
    case POLICY_EFFECT_DOUBTFUL:
        return fold_soft(fold);
    case POLICY_EFFECT_LIFT:
        changed = entry_lift_by_event(fold, entry);
        break;
    case POLICY_EFFECT_RESET:
        return soft_reset(fold) ? 1u << POLICY_REASON_SOFT : 0;
    default:
        break;
    }
    return changed ? 1u << reason : 0;
}

/* From which event an entry is, where it is another than before. */
static void entry_name_cause(const struct fold *fold, unsigned reason, bool imported)
{
    const struct policy_entry *before = &fold->before[reason];
    struct policy_entry *entry = &fold->address->entries[reason];
    /* whose words are shown; but that somebody left is not forgotten */
    bool is_left = !before->lifted && str_equal(before->rule, STR(POLICY_RULE_OPT_OUT));

    if (!str_present(entry->rule) ||
        (entry->detail.data == fold->judgement->detail && !is_left))
        entry->rule = str_of(fold->judgement->rule);
    if (!before->exists || entry->since_ms != before->since_ms)
        entry->origin = imported ? POLICY_ORIGIN_IMPORT : POLICY_ORIGIN_EVENT;
}

void policy_fold(const struct policy *policy, const struct policy_judgement *judgement,
                 const struct policy_when *when, struct policy_address *address,
                 struct policy_change *ret)
{
    struct fold fold = {.policy = policy,
                        .judgement = judgement,
                        .when = when,
                        .address = address,
                        .change = ret,
                        .now_ms = when->received_ms};

    fold_begin(&fold);
    unsigned entries = fold_effect(&fold);
    for (unsigned i = 0; i < POLICY_REASONS; i++)
        if (entries & 1u << i)
            entry_name_cause(&fold, i, when->imported);
    fold_end(&fold, entries, POLICY_ACTION_NONE);
}

void policy_recount(const struct policy *policy, const struct policy_judgement *judgement,
                    int64_t now_ms, struct policy_address *address,
                    struct policy_change *ret)
{
    struct fold fold = {.policy = policy,
                        .judgement = judgement,
                        .address = address,
                        .change = ret,
                        .now_ms = now_ms};

    fold_begin(&fold);
    unsigned entries = soft_recount(&fold) ? 1u << POLICY_REASON_SOFT : 0;
    if (entries)
        entry_name_cause(&fold, POLICY_REASON_SOFT, false);
    fold_end(&fold, entries, POLICY_ACTION_NONE);
}

bool policy_expire(int64_t now_ms, struct policy_address *address,
                   struct policy_change *ret)
{
    struct fold fold = {.address = address, .change = ret, .now_ms = now_ms};

    fold_begin(&fold);
    ret->total_count = 0;
    return ret->entries != 0;
}

/* What an event means for the list, in every scope that it concerns. */
#include <errno.h>
#include <string.h>

#include "store/store_replay.h"

static bool effect_counts_softly(enum policy_effect effect)
{
    return effect == POLICY_EFFECT_SOFT || effect == POLICY_EFFECT_DOUBTFUL;
}

/* Whose entry it concerns. */
static enum policy_reason judgement_reason(const struct policy_judgement *judgement)
{
    return judgement->effect == POLICY_EFFECT_LIFT ? POLICY_REASON_COMPLAINT
                                                   : judgement->reason;
}

/* Whether leaks are looked for among what is loaded. */
enum share_leaks { SHARE_LEAKS_ELSEWHERE, SHARE_LEAKS_NOTED };

/*
 * Has a later event that matters been carried in already? An entry says too little of its
 * past to tell what this one changes: then all of the address's events are replayed.
 */
static int share_is_late(struct store *store, const struct list_event *event,
                         const struct policy_judgement *judgement,
                         const struct kept_address *kept)
{
    const struct policy_entry *entry = &kept->state.entries[judgement_reason(judgement)];
    int64_t occurred_ms = event->intake->occurred_ms;

    if (event->event_id == 0 || effect_counts_softly(judgement->effect) ||
        judgement->effect == POLICY_EFFECT_RESET || entry->is_basis)
        return 0;
    /* Nothing becomes of it: the commonest case, mail that is sent against the list. */
    if (judgement->effect == POLICY_EFFECT_SUPPRESS &&
        policy_entry_is_live(entry, occurred_ms) && entry->until_ms == POLICY_FOR_EVER &&
        entry->since_ms <= occurred_ms)
        return 0;
    if (entry->exists && occurred_ms >= entry->last_event_ms && !judgement->is_repeated)
        return 0;
    if (!entry->exists && event->intake->event.type != SES_COMPLAINT)
        return 0;
    if (entry->exists)
        return 1;
    /* Such as not-spam, which makes no entry. */
    return db_find(store, SQL_EVENT_LATER, NULL, db_text(str_of(kept->key)),
                   db_time(occurred_ms));
}

static void share_carry(const struct list_event *event,
                        const struct policy_judgement *judgement, bool deliveries_seen,
                        struct kept_address *kept, struct policy_change *ret)
{
    const struct intake *intake = event->intake;
    const struct policy_when when = {.occurred_ms = intake->occurred_ms,
                                     .received_ms = intake->received_ms,
                                     .imported = intake->imported,
                                     .guard = event->guard,
                                     .identity = intake->event.identity,
                                     .deliveries_seen = deliveries_seen};

    policy_fold(intake->policy, judgement, &when, &kept->state, ret);
}

/* A client that chooses the tags of a mail may choose its scope. */
static int scope_may_count(struct store *store, const struct kept_address *kept)
{
    if (strcmp(kept->scope, POLICY_SCOPE_ALL) == 0)
        return 1;
    return db_find(store, SQL_SOFT_SCOPES, NULL, db_text(str_of(kept->key)),
                   db_text(str_of(kept->scope)), db_int(STORE_SOFT_SCOPES_MAX));
}

/* 1: the event is late, and nothing is folded; 0 or a fault. */
static int share_fold(struct store *store, const struct list_event *event,
                      const struct policy_judgement *judgement, enum share_leaks leaks,
                      struct kept_address *kept, struct policy_change *ret)
{
    const struct intake *intake = event->intake;
    unsigned parts = policy_fold_needs(judgement);
    bool seen = false;
    int r = 1;

    *ret = (struct policy_change){.entries = 0};
    if (effect_counts_softly(judgement->effect))
        r = scope_may_count(store, kept);
    if (parts == 0 || r <= 0)
        return r < 0 ? r : 0;
    if (effect_counts_softly(judgement->effect))
        r = identity_has_deliveries(store, intake->event.identity, intake->occurred_ms);
    seen = r > 0;
    kept->received_ms = intake->received_ms;
    if (r >= 0)
        r = kept_address_load(store, parts, intake->occurred_ms, kept);
    if (r == 0 && leaks == SHARE_LEAKS_NOTED)
        r = leak_note_kept(store, event, kept);
    if (r == 0)
        r = share_is_late(store, event, judgement, kept);
    if (r == 0)
        share_carry(event, judgement, seen, kept, ret);
    return r;
}

static int share_save(struct store *store, const struct list_event *event,
                      const struct policy_judgement *judgement,
                      const struct policy_change *change, struct list_cause *cause,
                      struct kept_address *kept)
{
    /* What has no row cannot be replayed; SOFT never is. */
    if (event->event_id == 0 && change->in_force &&
        judgement->reason != POLICY_REASON_SOFT &&
        change->entries & 1u << judgement->reason)
        kept->state.entries[judgement->reason].is_basis = true;
    int r = kept_address_save(store, kept, change, cause);
    if (r < 0 || !change->replays_bounce)
        return r;
    cause->has_line = cause->has_line && change->line_count == 0;
    r = list_replay(store, event, POLICY_REASON_BOUNCE, kept, cause);
    /* The entry rests on more than can be replayed, and stays. */
    return r == -E2BIG ? 0 : r;
}

static int share_apply(struct store *store, const struct list_event *event,
                       const struct policy_judgement *judgement, const char *scope,
                       enum share_leaks leaks)
{
    _cleanup_(kept_address_done) struct kept_address kept = {
        .key = event->recipient->address.key, .scope = scope};
    struct list_cause cause = {.at_ms = event->intake->received_ms,
                               .event_id = event->event_id,
                               .has_line = event->has_line,
                               .event = &event->intake->event,
                               .origin = event->intake->imported ? POLICY_ORIGIN_IMPORT
                                                                 : POLICY_ORIGIN_EVENT,
                               .rule = str_of(judgement->rule)};
    struct policy_change change;
    int r = share_fold(store, event, judgement, leaks, &kept, &change);

    if (r == 1) {
        r = list_replay(store, event, judgement_reason(judgement), &kept, &cause);
        if (r != -E2BIG)
            return r;
        r = 0; /* what came late counts as if it came now */
        share_carry(event, judgement, false, &kept, &change);
    }
    return r < 0 ? r : share_save(store, event, judgement, &change, &cause, &kept);
}

/* The next scope after `scope`, in place, in which the address is counted softly, and a
 * Delivery at `ms` can change that. 1, 0 when there is none, or a fault. */
static int soft_scope_next(struct store *store, const char *key, int64_t ms,
                           char scope[POLICY_SCOPE_BYTES_MAX])
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_SOFT_SCOPE, db_text(str_of(key)),
                (struct db_value){.type = DB_TEXT, .text = str_of(scope)}, db_int(ms));
    int r = db_step(&call);
    struct str next = r == 1 ? db_get_text(&call) : STR_ABSENT;

    if (r < 0 || !str_present(next) || next.len >= POLICY_SCOPE_BYTES_MAX)
        return r < 0 ? r : 0;
    memcpy(scope, next.data, next.len);
    scope[next.len] = '\0';
    return 1;
}

/* A Delivery proves that the mailbox works, whatever was sent there. */
static int list_reset_soft(struct store *store, const struct list_event *event)
{
    char scope[POLICY_SCOPE_BYTES_MAX] = "";
    int r;

    while ((r = soft_scope_next(store, event->recipient->address.key,
                                event->intake->occurred_ms, scope)) == 1) {
        r = share_apply(store, event, event->judgement, scope, SHARE_LEAKS_ELSEWHERE);
        if (r < 0)
            break;
    }
    return r;
}

int list_would_change(struct store *store, const struct list_event *event)
{
    struct policy_share shares[POLICY_SHARES_MAX];
    size_t count = policy_share(event->judgement, &event->intake->scoped, shares);
    int would = 0;

    for (size_t i = 0; would == 0 && i < count; i++) {
        _cleanup_(kept_address_done) struct kept_address kept = {
            .key = event->recipient->address.key, .scope = shares[i].scope};
        struct policy_change change;
        int r = share_fold(store, event, &shares[i].judgement, SHARE_LEAKS_ELSEWHERE,
                           &kept, &change);

        would = r != 0 ? r : change.in_force || change.replays_bounce;
    }
    return would;
}

/* Does the first share load the entries of all scopes that concern the event? */
static bool share_covers_leaks(const struct list_event *event,
                               const struct policy_share *share)
{
    return policy_fold_needs(&share->judgement) & POLICY_PART_LIST &&
           strcmp(share->scope, POLICY_SCOPE_ALL) == 0 &&
           strcmp(event->intake->scoped.name, POLICY_SCOPE_ALL) == 0;
}

static int shares_apply(struct store *store, const struct list_event *event)
{
    struct policy_share shares[POLICY_SHARES_MAX];
    size_t count = policy_share(event->judgement, &event->intake->scoped, shares);
    enum share_leaks leaks = SHARE_LEAKS_ELSEWHERE;
    int r = 0;

    if (leak_is_possible(event)) {
        if (count > 0 && share_covers_leaks(event, &shares[0]))
            leaks = SHARE_LEAKS_NOTED;
        else
            r = leak_note(store, event);
    }
    for (size_t i = 0; r == 0 && i < count; i++, leaks = SHARE_LEAKS_ELSEWHERE) {
        struct list_event share = *event;

        share.has_line = i == 0 && event->event_id != 0;
        r = share_apply(store, &share, &shares[i].judgement, shares[i].scope, leaks);
    }
    return r;
}

static int delivery_carry(struct store *store, const struct list_event *event)
{
    int r = guard_note_delivery(store, event);

    if (r == 0 && leak_is_possible(event))
        r = leak_note(store, event);
    return r < 0 ? r : list_reset_soft(store, event);
}

int list_apply(struct store *store, const struct list_event *event)
{
    struct list_event guarded = *event;
    char why[GUARD_WHY_BYTES];

    if (event->judgement->effect == POLICY_EFFECT_RESET)
        return delivery_carry(store, event);
    int r = guard_look(store, event, why, &guarded.guard);
    return r < 0 ? r : shares_apply(store, &guarded);
}

/* --- what it would mean ---------------------------------------------------------- */

struct preview {
    store_preview_fn *each;
    void *context;
    struct store_preview now;
};

/* 1 the event is stored, 0 not, or a fault. */
static int event_is_stored(struct store *store, const struct list_event *event)
{
    struct ses_key key = {0};

    if (!ses_event_key(&event->intake->event, event->recipient, &key))
        return 0;
    return db_find(store, SQL_EVENT_FIND, NULL, db_int(key.time_ms), db_int(key.hash));
}

static int share_preview(struct store *store, const struct list_event *event,
                         const struct policy_judgement *judgement, const char *scope,
                         struct preview *preview)
{
    _cleanup_(kept_address_done) struct kept_address kept = {
        .key = event->recipient->address.key, .scope = scope};
    struct policy_change change = {.entries = 0};
    int r = event_is_stored(store, event);

    preview->now.is_known = r > 0;
    if (r > 0)
        r = kept_address_load(store, POLICY_PART_LIST, event->intake->occurred_ms, &kept);
    else if (r == 0)
        r = share_fold(store, event, judgement, SHARE_LEAKS_ELSEWHERE, &kept, &change);
    preview->now.scope = scope;
    preview->now.judgement = judgement;
    preview->now.change = &change;
    preview->now.after = &kept.state;
    return r < 0 ? r : preview->each(preview->context, &preview->now);
}

static int delivery_preview(struct store *store, const struct list_event *event,
                            struct preview *preview)
{
    char scope[POLICY_SCOPE_BYTES_MAX] = "";
    int r;

    while ((r = soft_scope_next(store, event->recipient->address.key,
                                event->intake->occurred_ms, scope)) == 1) {
        r = share_preview(store, event, event->judgement, scope, preview);
        if (r != 0)
            break;
    }
    return r;
}

static int recipient_preview(struct store *store, const struct list_event *of,
                             struct preview *preview)
{
    struct policy_share shares[POLICY_SHARES_MAX];
    struct list_event event = *of;
    char why[GUARD_WHY_BYTES];

    if (of->judgement->effect == POLICY_EFFECT_RESET)
        return delivery_preview(store, of, preview);
    int r = guard_find(store, of, why, &event.guard);
    size_t count = policy_share(of->judgement, &of->intake->scoped, shares);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = share_preview(store, &event, &shares[i].judgement, shares[i].scope, preview);
    return r;
}

int store_preview(struct store *store, const struct intake *intake,
                  store_preview_fn *each, void *context)
{
    struct preview preview = {.each = each, .context = context};
    int r = 0;

    for (size_t i = 0; r == 0 && i < intake->event.recipient_count; i++) {
        const struct list_event event = {.intake = intake,
                                         .recipient = &intake->event.recipients[i],
                                         .judgement = intake_judgement(intake, i)};
        preview.now.recipient = i;
        r = recipient_preview(store, &event, &preview);
    }
    return r;
}

int store_soft(struct store *store, const struct address *address, store_soft_fn *each,
               void *context)
{
    char scope[POLICY_SCOPE_BYTES_MAX] = "";
    int r;

    while ((r = soft_scope_next(store, address->key, INT64_MIN, scope)) == 1) {
        _cleanup_(kept_address_done) struct kept_address kept = {.key = address->key,
                                                                 .scope = scope};
        r = kept_address_load(store, POLICY_PART_SOFT, 0, &kept);
        if (r == 0)
            r = each(context, scope, kept.state.softs, kept.state.soft_count);
        if (r != 0)
            break;
    }
    return r;
}

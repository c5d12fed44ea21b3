/*
 * What the policy in force makes of the events of an address that are kept, in the order
 * in which they occurred: for `suppress rebuild`, and where an event comes late.
 */
#include "store/store_replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void replay_done(struct replay *replay)
{
    for (size_t i = 0; i < replay->scope_count; i++) {
        kept_address_done(&replay->scopes[i]->kept);
        free(replay->scopes[i]->complaints);
        free(replay->scopes[i]);
    }
    for (size_t i = 0; i < replay->text_count; i++)
        free(replay->texts[i]);
    free(replay->texts);
    free(replay->scopes);
    free(replay->decisions);
    free(replay->decided_in);
    free(replay->occurrences);
}

/* The array with room for one more of `size` bytes; NULL, and it stays as it is: there is
 * no memory. */
static void *array_reserve(void *array, size_t count, size_t *room, size_t size)
{
    size_t more = *room > 0 ? 2 * *room : 4;

    if (count < *room)
        return array;
    void *grown = more <= SIZE_MAX / size ? realloc(array, more * size) : NULL;
    if (grown)
        *room = more;
    return grown;
}

int replay_scope(struct replay *replay, struct str scope)
{
    size_t i = 0;

    while (i < replay->scope_count && !str_equal(scope, str_of(replay->scopes[i]->scope)))
        i++;
    if (i < replay->scope_count)
        return (int)i;
    struct replayed **scopes =
        array_reserve(replay->scopes, i, &replay->scope_room, sizeof(*scopes));
    if (!scopes)
        return -ENOMEM;
    replay->scopes = scopes;
    struct replayed *added = calloc(1, sizeof(*added));
    if (!added)
        return -ENOMEM;
    replay->scopes[replay->scope_count++] = added;
    added->state.removed_ms = added->state.delivered_ms = CLOCK_NONE;
    (void)snprintf(added->scope, sizeof(added->scope), "%.*s", STR_ARG(scope));
    added->kept =
        (struct kept_address){.key = replay->address.key, .scope = added->scope};
    return (int)i;
}

/* --- decisions ------------------------------------------------------------------- */

static enum policy_reason reason_of(struct str word)
{
    unsigned reason = POLICY_REASON_MANUAL;

    while (reason > POLICY_REASON_NONE &&
           !str_equal(word, str_of(policy_reason_word((enum policy_reason)reason))))
        reason--;
    return (enum policy_reason)reason;
}

/* Outlives the row. */
static int replay_read_text(struct replay *replay, struct db_call *call, struct str *ret)
{
    struct str text = db_get_text(call);
    char **texts = array_reserve(replay->texts, replay->text_count, &replay->text_room,
                                 sizeof(*texts));

    *ret = STR_ABSENT;
    if (!texts)
        return -ENOMEM;
    replay->texts = texts;
    if (!str_present(text))
        return 0;
    char *copy = str_dup(text);
    if (!copy)
        return -ENOMEM;
    replay->texts[replay->text_count++] = copy;
    *ret = (struct str){copy, text.len};
    return 0;
}

static int decision_load(struct replay *replay, struct db_call *call)
{
    int scope = replay_scope(replay, db_get_text(call));
    struct str action = db_get_text(call);
    size_t count = replay->decision_count, room = replay->decision_room;
    int r;

    if (scope < 0)
        return scope;
    struct policy_decision *decisions =
        array_reserve(replay->decisions, count, &room, sizeof(*decisions));
    if (!decisions)
        return -ENOMEM;
    replay->decisions = decisions;
    size_t *decided_in = array_reserve(replay->decided_in, count, &replay->decision_room,
                                       sizeof(*decided_in));
    if (!decided_in)
        return -ENOMEM;
    replay->decided_in = decided_in;
    struct policy_decision *decision = &replay->decisions[count];
    *decision = (struct policy_decision){
        .what = str_equal(action, STR("release")) ? POLICY_DECIDE_RELEASE
                : str_equal(action, STR("drop"))  ? POLICY_DECIDE_DROP
                                                  : POLICY_DECIDE_REMOVE,
        .origin = POLICY_ORIGIN_PERSON};
    decision->reason = reason_of(db_get_text(call));
    decision->now_ms = db_get_time(call);
    replay->decided_in[count] = (size_t)scope;
    replay->decision_count++;
    r = replay_read_text(replay, call, &decision->actor);
    return r < 0 ? r : replay_read_text(replay, call, &decision->note);
}

static int decisions_load(struct replay *replay)
{
    _cleanup_(db_call_end) struct db_call call = db_call(
        replay->store, SQL_REBUILD_DECISIONS, db_text(str_of(replay->address.key)));
    int r;

    while ((r = db_step(&call)) == 1) {
        r = decision_load(replay, &call);
        if (r < 0)
            break;
    }
    return r;
}

/* Those of before `until_ms`. */
static void decisions_replay(struct replay *replay, int64_t until_ms)
{
    for (; replay->decision_at < replay->decision_count; replay->decision_at++) {
        const struct policy_decision *decision = &replay->decisions[replay->decision_at];

        if (decision->now_ms >= until_ms)
            return;
        policy_replay(decision,
                      &replay->scopes[replay->decided_in[replay->decision_at]]->state);
    }
}

/* --- events ---------------------------------------------------------------------- */

static enum ses_bounce_type bounce_type_of(struct str word)
{
    static const struct {
        const char *word;
        enum ses_bounce_type type;
    } types[] = {{"Permanent", SES_BOUNCE_PERMANENT},
                 {"Transient", SES_BOUNCE_TRANSIENT},
                 {"Undetermined", SES_BOUNCE_UNDETERMINED}};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (str_equal_nocase(word, str_of(types[i].word)))
            return types[i].type;
    return SES_BOUNCE_NONE;
}

void replay_read_event(struct replay *replay, struct db_call *call,
                       struct ses_event *event, struct ses_recipient *recipient,
                       struct policy_when *when)
{
    *event = (struct ses_event){.type_text = db_get_text(call)};
    event->bounce_type_text = db_get_text(call);
    *recipient = (struct ses_recipient){.address = replay->address};
    event->type = ses_type_of(event->type_text);
    event->bounce_type = bounce_type_of(event->bounce_type_text);
    event->bounce_subtype = db_get_text(call);
    event->complaint_subtype = db_get_text(call);
    event->feedback_type = db_get_text(call);
    recipient->status = db_get_text(call);
    recipient->action = db_get_text(call);
    recipient->diagnostic = db_get_text(call);
    struct str rule = db_get_text(call);
    event->ses_message_id = db_get_text(call);
    event->from_domain = db_get_text(call);
    event->identity = db_get_text(call);
    event->configuration_set = db_get_text(call);
    event->tenant = db_get_text(call);
    event->tags = db_get_text(call);
    event->candidates = (size_t)db_get_int(call);
    *when = (struct policy_when){.occurred_ms = db_get_time(call), .is_replayed = true};
    when->received_ms = db_get_time(call);
    if (db_get_int(call) != 0)
        when->guard = str_of(replay->guard);
    replay->kept_scope = db_get_text(call);
    /* Only the row's rule still says so. */
    if (str_equal(rule, STR("not-addressed")))
        recipient->named = SES_NAMED_STRANGER;
    event->opt_out =
        event->type == SES_SUBSCRIPTION &&
        (str_equal(rule, STR(POLICY_RULE_OPT_OUT)) || str_equal(rule, STR("allowed")));
}

/* Is the entry for a COMPLAINT there because of this mail already? 1, 0 or a fault. */
static int complaint_is_repeated(struct replayed *into, struct str mail)
{
    uint64_t hash = guard_hash(mail);

    if (!str_present(mail))
        return 0;
    if (into->state.entries[POLICY_REASON_COMPLAINT].lifted)
        into->complaint_count = 0;
    for (size_t i = 0; i < into->complaint_count; i++)
        if (into->complaints[i] == hash)
            return 1;
    uint64_t *complaints = array_reserve(into->complaints, into->complaint_count,
                                         &into->complaint_room, sizeof(*complaints));
    if (!complaints)
        return -ENOMEM;
    into->complaints = complaints;
    complaints[into->complaint_count++] = hash;
    return 0;
}

/* Did a person remove the address from the scope after that? */
static bool scope_was_removed(const struct replay *replay, struct str scope, int64_t ms)
{
    for (size_t i = 0; i < replay->decision_count; i++)
        if (replay->decisions[i].what == POLICY_DECIDE_REMOVE &&
            replay->decisions[i].now_ms >= ms &&
            str_equal(scope, str_of(replay->scopes[replay->decided_in[i]]->scope)))
            return true;
    return false;
}

/*
 * A person who removed the address removed what this event had done, in the scope that it
 * had then, whatever it would have now. That is the present one, if it has an entry: then
 * the fold knows of the removal.
 */
static bool event_was_removed(const struct replay *replay, const struct replayed *into,
                              enum policy_reason reason, int64_t ms)
{
    if (into->kept.rows & 1u << reason)
        return false;
    return scope_was_removed(replay, replay->kept_scope, ms) ||
           (reason == POLICY_REASON_BOUNCE &&
            scope_was_removed(replay, STR(POLICY_SCOPE_ALL), ms));
}

/* Does soft counting know the doubtful bounce? Whether it is confirmed depends on
 * Deliveries, too, which are kept only there. 1, 0 or a fault. */
static int doubt_is_known(struct replay *replay, struct replayed *into, int64_t ms)
{
    int r = into->softs_known
                ? 0
                : kept_address_load(replay->store, POLICY_PART_SOFT, 0, &into->kept);

    into->softs_known = true;
    into->state.softs = into->kept.state.softs;
    into->state.soft_count = into->kept.state.soft_count;
    for (size_t i = 0; r == 0 && i < into->state.soft_count; i++)
        if (into->state.softs[i].at_ms == ms && into->state.softs[i].is_doubtful)
            r = 1;
    /* A removal forgets it, and nothing rests on it any more. */
    if (r == 0 && !scope_was_removed(replay, str_of(into->scope), ms))
        into->given |= 1u << POLICY_REASON_BOUNCE;
    return r;
}

/* Of an event whose row is gone with the next step. */
static void details_keep(struct replayed *into, unsigned entries)
{
    for (unsigned i = 0; i < POLICY_REASONS; i++) {
        struct str *detail = &into->state.entries[i].detail;

        if (!(entries & 1u << i) || detail->data == into->details[i])
            continue;
        (void)snprintf(into->details[i], sizeof(into->details[i]), "%.*s",
                       STR_ARG(*detail));
        *detail = str_of(into->details[i]);
    }
}

/* 1 when it can be carried in, 0 or a fault. */
static int share_prepare(struct replay *replay, struct policy_judgement *judgement,
                         int64_t ms, struct replayed *into)
{
    unsigned needs = policy_fold_needs(judgement);

    if (!(needs & POLICY_PART_LIST) ||
        event_was_removed(replay, into, judgement->reason, ms))
        return 0;
    if (judgement->effect == POLICY_EFFECT_DOUBTFUL)
        return doubt_is_known(replay, into, ms);
    if (judgement->effect == POLICY_EFFECT_SUPPRESS &&
        judgement->reason == POLICY_REASON_COMPLAINT) {
        int r = complaint_is_repeated(into, replay->mail);

        if (r < 0)
            return r;
        judgement->second_for_ever = judgement->second_for_ever && r == 0;
    }
    return !(needs & POLICY_PART_SOFT);
}

static int share_replay(struct replay *replay, struct policy_share *share,
                        const struct policy_when *when)
{
    int at = replay_scope(replay, str_of(share->scope));
    struct policy_change change;

    if (at < 0)
        return at;
    struct replayed *into = replay->scopes[at];
    int r = share_prepare(replay, &share->judgement, when->occurred_ms, into);
    if (r != 1)
        return r;
    policy_fold(replay->rebuild->policy, &share->judgement, when, &into->state, &change);
    details_keep(into, change.entries);
    return 0;
}

static int event_replay(struct replay *replay, struct db_call *call)
{
    struct policy_share shares[POLICY_SHARES_MAX];
    struct policy_judgement judgement;
    struct policy_scoped scoped;
    struct ses_recipient recipient;
    struct policy_when when;
    struct ses_event event;
    int r = 0;

    replay_read_event(replay, call, &event, &recipient, &when);
    decisions_replay(replay, when.occurred_ms);
    policy_judge(replay->rebuild->policy, &event, &recipient, &judgement);
    policy_scope_find(replay->rebuild->policy, &event, &scoped);
    replay->mail = event.ses_message_id;
    size_t count = policy_share(&judgement, &scoped, shares);
    for (size_t i = 0; r >= 0 && i < count; i++)
        r = share_replay(replay, &shares[i], &when);
    return db_only_fault(r);
}

static int occurrence_compare(const void *a, const void *b)
{
    const struct occurrence *left = a, *right = b;

    if (left->ms != right->ms)
        return left->ms < right->ms ? -1 : 1;
    return left->id < right->id ? -1 : left->id > right->id;
}

int replay_load_occurrences(struct replay *replay)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(replay->store, SQL_REBUILD_EVENTS, db_text(str_of(replay->address.key)),
                db_int(STORE_REBUILD_EVENTS_MAX + 1));
    int r;

    while ((r = db_step(&call)) == 1) {
        size_t count = replay->occurrence_count;

        if (count == STORE_REBUILD_EVENTS_MAX)
            return -E2BIG;
        struct occurrence *occurrences = array_reserve(
            replay->occurrences, count, &replay->occurrence_room, sizeof(*occurrences));
        if (!occurrences)
            return -ENOMEM;
        replay->occurrences = occurrences;
        replay->occurrences[count].id = db_get_int(&call);
        replay->occurrences[count].ms = db_get_time(&call);
        replay->occurrence_count++;
    }
    if (replay->occurrence_count > 1)
        qsort(replay->occurrences, replay->occurrence_count, sizeof(*replay->occurrences),
              occurrence_compare);
    return r;
}

static int events_replay(struct replay *replay)
{
    int r = replay_load_occurrences(replay);

    for (size_t i = 0; r >= 0 && i < replay->occurrence_count; i++) {
        _cleanup_(db_call_end) struct db_call call =
            db_call(replay->store, SQL_REBUILD_EVENT, db_int(replay->occurrences[i].id));

        r = db_step(&call);
        if (r == 1)
            r = event_replay(replay, &call);
    }
    if (r >= 0)
        decisions_replay(replay, INT64_MAX);
    return r;
}

/* --- all of them ----------------------------------------------------------------- */

/* In all scopes, also where there is no event any more. */
static int entries_load(struct replay *replay)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(replay->store, SQL_REBUILD_ENTRIES, db_text(str_of(replay->address.key)));
    int r;

    while ((r = db_step(&call)) == 1) {
        int at = replay_scope(replay, db_get_text(&call));

        r = at < 0 ? at : kept_read_entry(&replay->scopes[at]->kept, &call);
        if (r < 0)
            return r;
    }
    return r;
}

int replay_run(struct replay *replay)
{
    int r = decisions_load(replay);

    if (r == 0)
        r = entries_load(replay);
    return r < 0 ? r : events_replay(replay);
}

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
        free(replay->scopes[i]);
    }
    free(replay->scopes);
    free(replay->decisions);
    free(replay->decided_in);
    free(replay->occurrences);
    free(replay->complaints);
}

/* Room for one more in an array of `size` bytes each. */
static int array_reserve(void *array, size_t count, size_t *room, size_t size)
{
    void **at = array;
    size_t more = *room > 0 ? 2 * *room : 4;
    void *grown;

    if (count < *room)
        return 0;
    grown = reallocarray(*at, more, size);
    if (!grown)
        return -ENOMEM;
    *at = grown;
    *room = more;
    return 0;
}

int replay_scope(struct replay *replay, struct str scope)
{
    size_t i = 0;
    int r;

    while (i < replay->scope_count && !str_equal(scope, str_of(replay->scopes[i]->scope)))
        i++;
    if (i < replay->scope_count)
        return (int)i;
    r = array_reserve(&replay->scopes, i, &replay->scope_room, sizeof(*replay->scopes));
    if (r < 0)
        return r;
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

static int decision_load(struct replay *replay, struct db_call *call)
{
    int scope = replay_scope(replay, db_get_text(call));
    struct str action = db_get_text(call);
    size_t count = replay->decision_count, room = replay->decision_room;
    int r = scope < 0 ? scope
                      : array_reserve(&replay->decisions, count, &room,
                                      sizeof(*replay->decisions));

    if (r == 0)
        r = array_reserve(&replay->decided_in, count, &replay->decision_room,
                          sizeof(*replay->decided_in));
    if (r < 0)
        return r;
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
    return 0;
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

/* The row as the event that it was made from. Borrows from the row. */
static void row_read_event(struct replay *replay, struct db_call *call,
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
    *when = (struct policy_when){.occurred_ms = db_get_time(call)};
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

/* Has the mail had a complaint before? 1, 0 or a fault. */
static int complaint_is_repeated(struct replay *replay, struct str ses_message_id)
{
    uint64_t hash = guard_hash(ses_message_id);
    int r;

    if (!str_present(ses_message_id))
        return 0;
    for (size_t i = 0; i < replay->complaint_count; i++)
        if (replay->complaints[i] == hash)
            return 1;
    r = array_reserve(&replay->complaints, replay->complaint_count,
                      &replay->complaint_room, sizeof(*replay->complaints));
    if (r == 0)
        replay->complaints[replay->complaint_count++] = hash;
    return r;
}

/* A person who removed the address removed what this event had done, in the scope that it
 * had then, whatever it would have now. */
static bool event_was_removed(const struct replay *replay,
                              const struct policy_judgement *judgement,
                              int64_t occurred_ms)
{
    for (size_t i = 0; i < replay->decision_count; i++) {
        struct str scope = str_of(replay->scopes[replay->decided_in[i]]->scope);

        if (replay->decisions[i].what == POLICY_DECIDE_REMOVE &&
            replay->decisions[i].now_ms >= occurred_ms &&
            (str_equal(scope, replay->kept_scope) ||
             (judgement->reason == POLICY_REASON_BOUNCE &&
              str_equal(scope, STR(POLICY_SCOPE_ALL)))))
            return true;
    }
    return false;
}

/* A doubtful bounce depends on Deliveries, and those that only count are not kept. */
static int share_replay(struct replay *replay, const struct policy_share *share,
                        const struct policy_when *when)
{
    int at = replay_scope(replay, str_of(share->scope));
    struct policy_change change;

    if (at < 0)
        return at;
    struct replayed *into = replay->scopes[at];
    if (share->judgement.effect == POLICY_EFFECT_DOUBTFUL)
        into->given |= 1u << POLICY_REASON_BOUNCE;
    if (event_was_removed(replay, &share->judgement, when->occurred_ms) ||
        !(policy_fold_needs(&share->judgement) & POLICY_PART_LIST) ||
        policy_fold_needs(&share->judgement) & POLICY_PART_SOFT)
        return 0;
    policy_fold(replay->rebuild->policy, &share->judgement, when, &into->state, &change);
    for (unsigned i = 0; i < POLICY_REASONS; i++) {
        struct str *detail = &into->state.entries[i].detail;

        if (!(change.entries & 1u << i) || detail->data == into->details[i])
            continue;
        (void)snprintf(into->details[i], sizeof(into->details[i]), "%.*s",
                       STR_ARG(*detail));
        *detail = str_of(into->details[i]);
    }
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

    row_read_event(replay, call, &event, &recipient, &when);
    decisions_replay(replay, when.occurred_ms);
    policy_judge(replay->rebuild->policy, &event, &recipient, &judgement);
    policy_scope_find(replay->rebuild->policy, &event, &scoped);
    if (judgement.tally == POLICY_TALLY_COMPLAINTS)
        r = complaint_is_repeated(replay, event.ses_message_id);
    if (r == 1)
        policy_judgement_repeat(&judgement);
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

/* -E2BIG: there are more than STORE_REBUILD_EVENTS_MAX. */
static int occurrences_load(struct replay *replay)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(replay->store, SQL_REBUILD_EVENTS, db_text(str_of(replay->address.key)),
                db_int(STORE_REBUILD_EVENTS_MAX + 1));
    int r;

    while ((r = db_step(&call)) == 1) {
        size_t count = replay->occurrence_count;

        if (count == STORE_REBUILD_EVENTS_MAX)
            return -E2BIG;
        r = array_reserve(&replay->occurrences, count, &replay->occurrence_room,
                          sizeof(*replay->occurrences));
        if (r < 0)
            return r;
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
    int r = occurrences_load(replay);

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

int replay_run(struct replay *replay)
{
    int r = decisions_load(replay);

    return r < 0 ? r : events_replay(replay);
}

int list_replay(struct store *store, const struct list_event *event,
                struct kept_address *kept, const struct list_cause *cause)
{
    const struct store_rebuild rebuild = {.policy = event->intake->policy,
                                          .now_ms = event->intake->received_ms};
    _cleanup_(replay_done) struct replay replay = {.store = store, .rebuild = &rebuild};
    struct policy_change change;
    int at, r = address_parse(str_of(kept->key), &replay.address);

    if (r == 0)
        r = replay_run(&replay);
    at = r < 0 ? r : replay_scope(&replay, str_of(kept->scope));
    if (at < 0)
        return at;
    struct replayed *replayed = replay.scopes[at];
    enum policy_reason reason = event->judgement->effect == POLICY_EFFECT_LIFT
                                    ? POLICY_REASON_COMPLAINT
                                    : event->judgement->reason;
    if (replayed->given & 1u << reason)
        return -E2BIG;
    /* What a changed policy makes of the others is for a rebuild to say. */
    replayed->given = ~(1u << reason);
    (void)policy_rebuild(&replayed->state, replayed->given, rebuild.now_ms, &kept->state,
                         &change);
    for (unsigned i = POLICY_REASON_BOUNCE; i <= POLICY_REASON_COMPLAINT; i++)
        if (!(replayed->given & 1u << i) &&
            policy_replay_counts(&replayed->state.entries[i], &kept->state.entries[i]))
            change.entries |= 1u << i;
    return kept_address_save(store, kept, &change, cause);
}

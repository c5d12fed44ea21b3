/*
 * What the policy in force makes of the events of an address that are kept, in the order
 * in which they occurred: for `suppress rebuild`, and where an event comes late.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_internal.h"

/* What the replay has come to in one scope. */
struct replayed {
    char scope[POLICY_SCOPE_BYTES_MAX];
    struct policy_address state;
    unsigned given; /* reasons that rest on what is not replayed */
    char details[POLICY_REASONS][POLICY_DETAIL_BYTES_MAX];
};

struct replay {
    struct store *store;
    const struct store_rebuild *rebuild;
    struct address address;
    struct replayed **scopes; /* owned: entries borrow from them */
    size_t scope_count, scope_room;
    struct policy_decision *decisions; /* owned; and in which scope each is: */
    size_t *decided_in;                /* owned */
    size_t decision_count, decision_room, decision_at;
    uint64_t *complaints; /* owned: hashes of the mails that had one */
    size_t complaint_count, complaint_room;
    char guard[GUARD_WHY_BYTES];
    struct str kept_scope; /* of the present event's row: its scope when it came */
};

static void replay_done(struct replay *replay)
{
    for (size_t i = 0; i < replay->scope_count; i++)
        free(replay->scopes[i]);
    free(replay->scopes);
    free(replay->decisions);
    free(replay->decided_in);
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

/* The index of the scope, or a fault. */
static int replay_scope(struct replay *replay, struct str scope)
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

static int events_replay(struct replay *replay)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(replay->store, SQL_REBUILD_EVENTS, db_text(str_of(replay->address.key)));
    int r;

    while ((r = db_step(&call)) == 1) {
        r = event_replay(replay, &call);
        if (r < 0)
            return r;
    }
    decisions_replay(replay, INT64_MAX);
    return r;
}

/* --- what follows ---------------------------------------------------------------- */

static int scope_report(const struct replayed *replayed, const struct kept_address *kept,
                        const struct policy_change *change, store_rebuilt_fn *report,
                        void *context)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < change->line_count; i++) {
        const struct policy_line *line = &change->lines[i];
        const struct policy_entry *entry = &kept->state.entries[line->entry];
        const struct store_rebuilt rebuilt = {.scope = replayed->scope,
                                              .action = line->action,
                                              .reason = line->entry,
                                              .rule = entry->lifted ? NULL
                                                                    : entry->rule.data};

        if (line->action != POLICY_ACTION_EXPIRED)
            r = report(context, &rebuilt);
    }
    return r;
}

/* 1 when anything is different, 0 or a fault. */
static int scope_rebuild(struct replay *replay, const struct replayed *replayed,
                         store_rebuilt_fn *report, void *context)
{
    const struct store_rebuild *rebuild = replay->rebuild;
    _cleanup_(kept_address_done) struct kept_address kept = {.key = replay->address.key,
                                                             .scope = replayed->scope};
    const struct list_cause cause = {.at_ms = rebuild->now_ms,
                                     .origin = POLICY_ORIGIN_EVENT,
                                     .actor = str_of(rebuild->actor),
                                     .note = STR("suppress rebuild")};
    struct policy_change change;
    int r = kept_address_load(replay->store, POLICY_PART_LIST, rebuild->now_ms, &kept);

    if (r < 0 || !policy_rebuild(&replayed->state, replayed->given, rebuild->now_ms,
                                 &kept.state, &change))
        return r;
    r = scope_report(replayed, &kept, &change, report, context);
    if (r == 0 && !rebuild->dry_run)
        r = kept_address_save(replay->store, &kept, &change, &cause);
    return r < 0 ? r : 1;
}

/* Also what has an entry, but no event any more. */
static int scopes_add_kept(struct replay *replay)
{
    char scope[POLICY_SCOPE_BYTES_MAX] = "";
    int r = 0;

    while (r >= 0) {
        _cleanup_(db_call_end) struct db_call call = db_call(
            replay->store, SQL_REBUILD_SCOPE, db_text(str_of(replay->address.key)),
            (struct db_value){.type = DB_TEXT, .text = str_of(scope)});
        r = db_step(&call);
        struct str next = r == 1 ? db_get_text(&call) : STR_ABSENT;
        if (r < 0 || !str_present(next) || next.len >= sizeof(scope))
            return db_only_fault(r);
        r = replay_scope(replay, next);
        memcpy(scope, next.data, next.len);
        scope[next.len] = '\0';
    }
    return r;
}

int store_rebuild_address(struct store *store, const struct store_rebuild *rebuild,
                          const char *address, store_rebuilt_fn *report, void *context)
{
    _cleanup_(replay_done) struct replay replay = {.store = store, .rebuild = rebuild};
    int differs = 0;
    int r = address_parse(str_of(address), &replay.address);

    if (r < 0)
        return 0; /* only an older program can have kept it */
    (void)snprintf(replay.guard, sizeof(replay.guard), "guard:%s", replay.address.domain);
    r = decisions_load(&replay);
    if (r == 0)
        r = events_replay(&replay);
    if (r == 0)
        r = scopes_add_kept(&replay);
    for (size_t i = 0; r >= 0 && i < replay.scope_count; i++) {
        r = scope_rebuild(&replay, replay.scopes[i], report, context);
        differs = differs || r == 1;
    }
    return r < 0 ? r : differs;
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
        r = decisions_load(&replay);
    if (r == 0)
        r = events_replay(&replay);
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

int store_rebuild_next(struct store *store, char address[ADDRESS_BYTES_MAX])
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_REBUILD_NEXT,
                (struct db_value){.type = DB_TEXT, .text = str_of(address)});
    int r = db_step(&call);
    struct str next = r == 1 ? db_get_text(&call) : STR_ABSENT;

    if (r < 0 || !str_present(next) || next.len >= ADDRESS_BYTES_MAX)
        return db_only_fault(r);
    memcpy(address, next.data, next.len);
    address[next.len] = '\0';
    return 1;
}

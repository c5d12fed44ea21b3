/* The list: entries that events make, and what people decide. The policy decides both. */
#include <errno.h>
#include <string.h>

#include "store/store_internal.h"

static int load_removed(struct store *store, const struct address *address,
                        struct policy_history *ret)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_REMOVED_LAST);
    int r;

    db_bind_text(&call, str_of(address->key));
    r = db_step(&call);
    if (r < 0)
        return r;
    ret->removed_ms = db_get_time(&call);
    return 0;
}

static void read_entry(struct db_call *call, struct policy_entry *ret)
{
    struct str detail;

    ret->since_ms = db_get_time(call);
    if (ret->until_ms == CLOCK_NONE)
        ret->until_ms = POLICY_FOR_EVER;
    ret->first_event_ms = db_get_time(call);
    ret->last_event_ms = db_get_time(call);
    ret->event_count = db_get_int(call);
    ret->repeats = db_get_int(call);
    detail = db_get_text(call);
    if (detail.len >= sizeof(ret->detail))
        detail.len = sizeof(ret->detail) - 1;
    if (detail.len > 0)
        memcpy(ret->detail, detail.data, detail.len);
}

/* All of the address's that are live, and the one of `reason`. */
static int load_entries(struct store *store, const struct address *address,
                        enum policy_reason reason, struct policy_entry *ret,
                        struct live_reasons *ret_live)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_ENTRIES);
    int r;

    memset(ret_live, 0, sizeof(*ret_live));
    db_bind_text(&call, str_of(address->key));
    while ((r = db_step(&call)) == 1) {
        int64_t strength = db_get_int(&call);
        bool lifted = str_present(db_get_text(&call));
        int64_t until_ms = db_get_time(&call);

        if (!lifted && strength > POLICY_REASON_NONE && strength <= POLICY_REASON_MANUAL)
            live_reasons_set(ret_live, (enum policy_reason)strength, until_ms);
        if (strength != (int64_t)reason)
            continue;
        ret->exists = true;
        ret->lifted = lifted;
        ret->until_ms = until_ms;
        read_entry(&call, ret);
    }
    return r;
}

/* `live` is how it was before. */
static int count_entry(struct store *store, enum policy_reason reason,
                       const struct policy_entry *entry, struct live_reasons *live)
{
    int r = live_reasons_count(store, live, -1);

    if (r < 0)
        return r;
    live_reasons_set(live, reason, entry->until_ms);
    live->live[reason] = !entry->lifted;
    return live_reasons_count(store, live, 1);
}

static int put_entry(struct store *store, const struct intake *intake,
                     const struct address *address, enum policy_reason reason,
                     const struct policy_judgement *judgement,
                     const struct policy_entry *entry)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_ENTRY_PUT);

    db_bind_text(&call, str_of(address->key));
    db_bind_text(&call, str_of(policy_reason_word(reason)));
    db_bind_text(&call, str_of(entry->detail));
    db_bind_text(&call, str_of(judgement->rule));
    db_bind_time(&call, entry->since_ms);
    db_bind_time(&call, entry->until_ms);
    db_bind_time(&call, entry->first_event_ms);
    db_bind_time(&call, entry->last_event_ms);
    db_bind_int(&call, entry->event_count);
    db_bind_int(&call, entry->repeats);
    db_bind_time(&call, entry->lifted ? intake->received_ms : CLOCK_NONE);
    db_bind_text(&call, entry->lifted ? str_of(judgement->rule) : STR_ABSENT);
    db_bind_text(&call, intake->imported ? STR("import") : STR("event"));
    return db_run(&call, NULL);
}

/* Which entry a judgement is about: the one that must be loaded to merge into. */
static enum policy_reason reason_of(const struct policy_judgement *judgement)
{
    if (judgement->effect == POLICY_EFFECT_LIFT)
        return POLICY_REASON_COMPLAINT;
    return judgement->reason;
}

static int merge(struct store *store, const struct intake *intake,
                 const struct address *address, const struct policy_judgement *judgement,
                 const struct policy_history *history)
{
    enum policy_reason reason = reason_of(judgement);
    struct policy_entry entry = {0};
    struct live_reasons live;
    int r = load_entries(store, address, reason, &entry, &live);

    if (r < 0 || !policy_merge(judgement, intake->occurred_ms, history, &entry, &reason))
        return r;
    r = count_entry(store, reason, &entry, &live);
    return r < 0 ? r : put_entry(store, intake, address, reason, judgement, &entry);
}

/* Soft: a day of the address, unless it is void; doubtful: perhaps an entry, too. */
static int apply_soft(struct store *store, const struct intake *intake,
                      const struct address *address,
                      const struct policy_judgement *judgement,
                      struct policy_history *history)
{
    bool doubtful = judgement->effect == POLICY_EFFECT_DOUBTFUL;
    int r = 0;

    if (history->removed_ms != CLOCK_NONE && intake->occurred_ms <= history->removed_ms)
        return 0;
    if (doubtful)
        r = soft_doubts(store, address, intake->occurred_ms, history);
    if (r == 0)
        r = soft_record(store, address, intake->occurred_ms, doubtful);
    if (r != 1)
        return r;
    return doubtful ? merge(store, intake, address, judgement, history) : 0;
}

int list_would_change(struct store *store, const struct intake *intake,
                      const struct ses_recipient *recipient,
                      const struct policy_judgement *judgement)
{
    struct policy_history history = {CLOCK_NONE, CLOCK_NONE, CLOCK_NONE};
    struct policy_entry before = {0};
    struct policy_entry after;
    struct live_reasons live;
    enum policy_reason reason = reason_of(judgement);
    int r;

    if (reason == POLICY_REASON_NONE)
        return 0;
    r = load_removed(store, &recipient->address, &history);
    if (r == 0 && judgement->effect == POLICY_EFFECT_DOUBTFUL)
        r = soft_doubts(store, &recipient->address, intake->occurred_ms, &history);
    if (r == 0)
        r = load_entries(store, &recipient->address, reason, &before, &live);
    after = before;
    if (r < 0 || !policy_merge(judgement, intake->occurred_ms, &history, &after, &reason))
        return r;
    return after.exists != before.exists || after.lifted != before.lifted ||
           after.since_ms > before.since_ms || after.until_ms != before.until_ms;
}

int list_apply(struct store *store, const struct intake *intake,
               const struct ses_recipient *recipient,
               const struct policy_judgement *judgement)
{
    struct policy_history history = {CLOCK_NONE, CLOCK_NONE, CLOCK_NONE};
    const struct address *address = &recipient->address;
    int r;

    switch (judgement->effect) {
    case POLICY_EFFECT_NONE:
    case POLICY_EFFECT_HOLD:
        return 0;
    case POLICY_EFFECT_RESET:
        return soft_reset(store, address, intake->occurred_ms);
    case POLICY_EFFECT_SOFT:
    case POLICY_EFFECT_DOUBTFUL:
        r = load_removed(store, address, &history);
        return r < 0 ? r : apply_soft(store, intake, address, judgement, &history);
    case POLICY_EFFECT_SUPPRESS:
    case POLICY_EFFECT_LIFT:
        break;
    }
    r = load_removed(store, address, &history);
    return r < 0 ? r : merge(store, intake, address, judgement, &history);
}

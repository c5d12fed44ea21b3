/* Everything kept about one address, found and saved; the policy decides what becomes of
 * it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_internal.h"

void kept_address_done(struct kept_address *kept)
{
    for (size_t i = 0; i < kept->text_count; i++)
        free(kept->texts[i]);
    free(kept->state.days);
    kept->text_count = 0;
    kept->state.days = NULL;
}

/* --- finding --------------------------------------------------------------------- */

/* Texts outlive the row. */
static int entry_read_text(struct kept_address *kept, struct db_call *call,
                           struct str *ret)
{
    struct str text = db_get_text(call);

    *ret = STR_ABSENT;
    if (!str_present(text))
        return 0;
    char *copy = str_dup(text);
    if (!copy)
        return -ENOMEM;
    kept->texts[kept->text_count++] = copy;
    *ret = (struct str){copy, text.len};
    return 0;
}

static enum policy_origin entry_read_origin(struct db_call *call)
{
    struct str text = db_get_text(call);
    enum policy_origin origin = POLICY_ORIGIN_EVENT;

    while (origin < POLICY_ORIGIN_API &&
           !str_equal(text, str_of(policy_origin_word(origin))))
        origin++;
    return origin;
}

static int entry_read(struct kept_address *kept, struct db_call *call,
                      struct policy_entry *ret)
{
    struct str *const texts[KEPT_ENTRY_TEXTS] = {
        &ret->detail, &ret->rule,      &ret->actor,
        &ret->note,   &ret->lifted_by, &ret->lifted_note,
    };
    int r = 0;

    ret->exists = true;
    ret->since_ms = db_get_time(call);
    ret->until_ms = db_get_time(call);
    if (ret->until_ms == CLOCK_NONE)
        ret->until_ms = POLICY_FOR_EVER;
    ret->first_event_ms = db_get_time(call);
    ret->last_event_ms = db_get_time(call);
    ret->event_count = db_get_int(call);
    ret->repeats = db_get_int(call);
    ret->lifted_ms = db_get_time(call);
    ret->lifted = ret->lifted_ms != CLOCK_NONE;
    ret->origin = entry_read_origin(call);
    for (size_t i = 0; r == 0 && i < KEPT_ENTRY_TEXTS; i++)
        r = entry_read_text(kept, call, texts[i]);
    return r;
}

/* Room for one more, as struct policy_address promises. */
static int days_reserve(struct kept_address *kept)
{
    size_t room = kept->day_room > 0 ? 2 * kept->day_room : 4;
    struct policy_soft_day *days;

    if (kept->state.day_count < kept->day_room)
        return 0;
    days = realloc(kept->state.days, room * sizeof(*days));
    if (!days)
        return -ENOMEM;
    kept->state.days = days;
    kept->day_room = room;
    return 0;
}

/* The entries, and a person's last removal in a row without a reason. */
static int kept_load_list(struct store *store, struct kept_address *kept)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_ADDRESS_LIST, db_text(str_of(kept->key)),
                db_text(str_of(kept->scope)));
    int r;

    while ((r = db_step(&call)) == 1) {
        int64_t reason = db_get_int(&call);

        r = 0;
        if (reason > POLICY_REASON_NONE && reason < POLICY_REASONS)
            r = entry_read(kept, &call, &kept->state.entries[reason]);
        else
            kept->state.removed_ms = db_get_time(&call);
        if (r < 0)
            break;
    }
    return r;
}

static int kept_load_days(struct store *store, struct kept_address *kept)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_ADDRESS_DAYS, db_text(str_of(kept->key)),
                db_text(str_of(kept->scope)));
    int r = days_reserve(kept);

    while (r == 0 && (r = db_step(&call)) == 1) {
        struct policy_soft_day *day = &kept->state.days[kept->state.day_count++];

        *day = (struct policy_soft_day){.first_ms = db_get_int(&call)};
        day->last_ms = db_get_int(&call);
        day->doubt_first_ms = db_get_int_or(&call, CLOCK_NONE);
        day->doubt_last_ms = db_get_int_or(&call, CLOCK_NONE);
        r = days_reserve(kept);
    }
    return r;
}

/* Messages come in any order: the Delivery that voids a soft bounce may be here. */
static int kept_load_delivered(struct store *store, int64_t after_ms,
                               struct kept_address *kept)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_EVENT_DELIVERED, db_text(str_of(kept->key)));
    int r = db_step(&call);

    if (r < 0)
        return r;
    kept->state.delivered_ms = db_get_time(&call);
    if (kept->state.delivered_ms > after_ms)
        return 0;
    return count_delivered_after(store, str_of(kept->key), after_ms,
                                 &kept->state.delivered_ms);
}

int kept_address_load(struct store *store, unsigned parts, int64_t after_ms,
                      struct kept_address *kept)
{
    int r = 0;

    kept->state.removed_ms = CLOCK_NONE;
    kept->state.delivered_ms = CLOCK_NONE;
    if (parts & POLICY_PART_LIST)
        r = kept_load_list(store, kept);
    if (r == 0 && parts & POLICY_PART_SOFT)
        r = kept_load_days(store, kept);
    if (r == 0 && parts & POLICY_PART_DELIVERED)
        r = kept_load_delivered(store, after_ms, kept);
    return r;
}

/* --- saving ---------------------------------------------------------------------- */

static int kept_save_entry(struct store *store, const struct kept_address *kept,
                           enum policy_reason reason)
{
    const struct policy_entry *entry = &kept->state.entries[reason];

    return db_do(
        store, SQL_ENTRY_PUT, db_text(str_of(kept->key)), db_text(str_of(kept->scope)),
        db_text(str_of(policy_reason_word(reason))), db_time(entry->since_ms),
        db_time(entry->until_ms), db_time(entry->first_event_ms),
        db_time(entry->last_event_ms), db_int(entry->event_count), db_int(entry->repeats),
        db_time(entry->lifted ? entry->lifted_ms : CLOCK_NONE),
        db_text(str_of(policy_origin_word(entry->origin))), db_text(entry->detail),
        db_text(entry->rule), db_text(entry->actor), db_text(entry->note),
        db_text(entry->lifted ? entry->lifted_by : STR_ABSENT),
        db_text(entry->lifted ? entry->lifted_note : STR_ABSENT));
}

static int kept_save_day(struct store *store, const struct kept_address *kept,
                         const struct policy_soft_day *day)
{
    struct db_value key = db_text(str_of(kept->key)),
                    scope = db_text(str_of(kept->scope));

    if (day->mark == POLICY_MARK_GONE)
        return db_do(store, SQL_SOFT_DROP, key, scope, db_day(day->last_ms));
    return db_do(store, SQL_SOFT_PUT, key, scope, db_day(day->last_ms),
                 db_int(day->first_ms), db_int(day->last_ms),
                 db_int_if(day->doubt_first_ms != CLOCK_NONE, day->doubt_first_ms),
                 db_int_if(day->doubt_last_ms != CLOCK_NONE, day->doubt_last_ms));
}

int kept_address_save(struct store *store, const struct kept_address *kept,
                      const struct policy_change *change)
{
    int r = 0;

    for (unsigned i = 0; r == 0 && i < POLICY_REASONS; i++)
        if (change->entries & 1u << i)
            r = kept_save_entry(store, kept, (enum policy_reason)i);
    for (size_t i = 0; r == 0 && change->days && i < kept->state.day_count; i++)
        if (kept->state.days[i].mark != POLICY_MARK_KEPT)
            r = kept_save_day(store, kept, &kept->state.days[i]);
    for (size_t i = 0; r == 0 && i < change->total_count; i++)
        r = total_change(store, &change->totals[i]);
    return r;
}

/* --- an event -------------------------------------------------------------------- */

static int kept_fold_event(struct store *store, const struct intake *intake,
                           const struct policy_judgement *judgement,
                           struct kept_address *kept, struct policy_change *ret)
{
    const struct policy_when when = {intake->occurred_ms, intake->received_ms,
                                     intake->imported};
    unsigned parts = policy_fold_needs(judgement);
    int r = kept_address_load(store, parts, when.occurred_ms, kept);

    *ret = (struct policy_change){.entries = 0};
    if (r == 0 && parts != 0)
        policy_fold(intake->policy, judgement, &when, &kept->state, ret);
    return r;
}

int list_would_change(struct store *store, const struct intake *intake,
                      const struct ses_recipient *recipient,
                      const struct policy_judgement *judgement)
{
    _cleanup_(kept_address_done) struct kept_address kept = {
        .key = recipient->address.key, .scope = "*"};
    struct policy_change change;
    int r = kept_fold_event(store, intake, judgement, &kept, &change);

    return r < 0 ? r : change.in_force;
}

int list_apply(struct store *store, const struct intake *intake,
               const struct ses_recipient *recipient,
               const struct policy_judgement *judgement)
{
    _cleanup_(kept_address_done) struct kept_address kept = {
        .key = recipient->address.key, .scope = "*"};
    struct policy_change change;
    int r = kept_fold_event(store, intake, judgement, &kept, &change);

    return r < 0 ? r : kept_address_save(store, &kept, &change);
}

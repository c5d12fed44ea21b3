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
    free(kept->texts);
    free(kept->state.softs);
    kept->texts = NULL;
    kept->text_count = kept->text_room = 0;
    kept->state.softs = NULL;
}

/* --- finding --------------------------------------------------------------------- */

/* Texts outlive the row. */
static int kept_read_text(struct kept_address *kept, struct db_call *call,
                          struct str *ret)
{
    struct str text = db_get_text(call);
    size_t room = kept->text_room > 0 ? 2 * kept->text_room : 16;

    *ret = STR_ABSENT;
    if (!str_present(text))
        return 0;
    if (kept->text_count == kept->text_room) {
        char **more = realloc(kept->texts, room * sizeof(*more));

        if (!more)
            return -ENOMEM;
        kept->texts = more;
        kept->text_room = room;
    }
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
    struct str *const texts[] = {&ret->detail,     &ret->rule, &ret->why,
                                 &ret->actor,      &ret->note, &ret->lifted_by,
                                 &ret->lifted_note};
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
    ret->held_id = db_get_int_or(call, 0);
    ret->ended = db_get_int(call) != 0;
    ret->is_basis = db_get_int(call) != 0;
    ret->origin = entry_read_origin(call);
    for (size_t i = 0; r == 0 && i < sizeof(texts) / sizeof(texts[0]); i++)
        r = kept_read_text(kept, call, texts[i]);
    ret->held = str_present(ret->why);
    return r;
}

/* Room for two more, as struct policy_address promises. */
static int softs_reserve(struct kept_address *kept)
{
    size_t room = kept->soft_room > 0 ? 2 * kept->soft_room : 4;
    struct policy_soft *softs;

    if (kept->state.soft_count + 2 <= kept->soft_room)
        return 0;
    softs = realloc(kept->state.softs, room * sizeof(*softs));
    if (!softs)
        return -ENOMEM;
    kept->state.softs = softs;
    kept->soft_room = room;
    return 0;
}

int kept_read_entry(struct kept_address *kept, struct db_call *call)
{
    int64_t reason = db_get_int(call);

    if (reason <= POLICY_REASON_NONE || reason >= POLICY_REASONS)
        return 0;
    kept->rows |= 1u << reason;
    return entry_read(kept, call, &kept->state.entries[reason]);
}

/* The entries, and a person's last removal in a row without a reason. */
static int kept_load_list(struct store *store, struct kept_address *kept)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_ADDRESS_LIST, db_text(str_of(kept->key)),
                db_text(str_of(kept->scope)));
    int r;

    while ((r = db_step(&call)) == 1) {
        unsigned rows = kept->rows;

        r = kept_read_entry(kept, &call);
        if (r < 0)
            break;
        if (kept->rows == rows)
            kept->state.removed_ms = db_get_time(&call);
    }
    return r;
}

static int kept_load_soft(struct kept_address *kept, struct db_call *call)
{
    struct policy_soft *soft = &kept->state.softs[kept->state.soft_count++];

    *soft = (struct policy_soft){.at_ms = db_get_int(call)};
    soft->is_counted = db_get_int(call) != 0;
    soft->is_doubtful = db_get_int(call) != 0;
    soft->deliveries_seen = db_get_int(call) != 0;
    return kept_read_text(kept, call, &soft->identity);
}

static int kept_load_softs(struct store *store, struct kept_address *kept)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_ADDRESS_SOFT, db_text(str_of(kept->key)),
                db_text(str_of(kept->scope)));
    int r = softs_reserve(kept);

    while (r == 0 && (r = db_step(&call)) == 1) {
        r = kept_load_soft(kept, &call);
        if (r == 0)
            r = softs_reserve(kept);
    }
    return r;
}

/* Messages come in any order: the Delivery that voids a soft bounce may be here. */
static int kept_load_delivered(struct store *store, int64_t after_ms,
                               struct kept_address *kept)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_EVENT_DELIVERED, db_text(str_of(kept->key)), db_time(after_ms),
                db_int(after_ms));
    int r = db_step(&call);

    if (r < 0)
        return r;
    int64_t times_ms[] = {db_get_time(&call), db_get_int_or(&call, CLOCK_NONE),
                          CLOCK_NONE};
    r = count_delivered_after(store, str_of(kept->key), after_ms, kept->received_ms,
                              &times_ms[2]);
    for (size_t i = 0; i < sizeof(times_ms) / sizeof(times_ms[0]); i++)
        if (times_ms[i] != CLOCK_NONE && (kept->state.delivered_ms == CLOCK_NONE ||
                                          times_ms[i] < kept->state.delivered_ms))
            kept->state.delivered_ms = times_ms[i];
    return r;
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
        r = kept_load_softs(store, kept);
    if (r == 0 && parts & POLICY_PART_DELIVERED)
        r = kept_load_delivered(store, after_ms, kept);
    return r;
}

/* --- saving ---------------------------------------------------------------------- */

/* Nearly all: what an event makes where there was none, for good. */
static bool entry_is_plain(const struct policy_entry *entry)
{
    return entry->until_ms == POLICY_FOR_EVER && entry->event_count == 1 &&
           entry->repeats == 0 && !entry->lifted && !entry->held && !entry->ended &&
           !entry->is_basis && entry->first_event_ms == entry->since_ms &&
           entry->last_event_ms == entry->since_ms && !str_present(entry->why) &&
           !str_present(entry->actor) && !str_present(entry->note);
}

static int kept_add_plain(struct store *store, const struct kept_address *kept,
                          enum policy_reason reason)
{
    const struct policy_entry *entry = &kept->state.entries[reason];

    return db_do(store, SQL_ENTRY_ADD_PLAIN, db_text(str_of(kept->key)),
                 db_text(str_of(kept->scope)),
                 db_text(str_of(policy_reason_word(reason))), db_time(entry->since_ms),
                 db_text(str_of(policy_origin_word(entry->origin))),
                 db_text(entry->detail), db_text(entry->rule));
}

static int kept_save_entry(struct store *store, const struct kept_address *kept,
                           enum policy_reason reason)
{
    const struct policy_entry *entry = &kept->state.entries[reason];
    /* Most are new, and to add one is cheaper. */
    bool is_new = !(kept->rows & 1u << reason);

    if (is_new && entry_is_plain(entry))
        return kept_add_plain(store, kept, reason);
    return db_do(
        store, is_new ? SQL_ENTRY_ADD : SQL_ENTRY_PUT, db_text(str_of(kept->key)),
        db_text(str_of(kept->scope)), db_text(str_of(policy_reason_word(reason))),
        db_time(entry->since_ms), db_time(entry->until_ms),
        db_time(entry->first_event_ms), db_time(entry->last_event_ms),
        db_int(entry->event_count), db_int(entry->repeats),
        db_time(entry->lifted ? entry->lifted_ms : CLOCK_NONE),
        db_int_if(entry->held, entry->held_id), db_int(entry->ended),
        db_int(entry->is_basis), db_text(str_of(policy_origin_word(entry->origin))),
        db_text(entry->detail), db_text(entry->rule), db_text(entry->why),
        db_text(entry->actor), db_text(entry->note),
        db_text(entry->lifted ? entry->lifted_by : STR_ABSENT),
        db_text(entry->lifted ? entry->lifted_note : STR_ABSENT));
}

static int kept_save_soft(struct store *store, const struct kept_address *kept,
                          const struct policy_soft *soft)
{
    struct db_value key = db_text(str_of(kept->key)),
                    scope = db_text(str_of(kept->scope));

    if (soft->mark == POLICY_MARK_GONE)
        return db_do(store, SQL_SOFT_DROP, key, scope, db_int(soft->at_ms),
                     identity_value(soft->identity));
    return db_do(store, SQL_SOFT_PUT, key, scope, db_int(soft->at_ms),
                 identity_value(soft->identity), db_int(soft->is_counted),
                 db_int(soft->is_doubtful), db_int(soft->deliveries_seen));
}

/* `*ret` is the last of `count` ids of the sequence that events draw from, too. */
static int ids_draw(struct store *store, int64_t count, int64_t *ret)
{
    int r = db_find(store, SQL_CHANGE_ID, ret, db_int(count));

    if (r == 1)
        store->writing->last_event_id = *ret;
    return db_only_fault(r);
}

int change_ids_reserve(struct store *store, size_t count)
{
    struct change_ids *ids = &store->writing->change_ids;
    int64_t last = 0;
    int r;

    if (ids->left >= (int64_t)count)
        return 0;
    r = ids_draw(store, STORE_CHANGE_IDS, &last);
    if (r == 0)
        *ids = (struct change_ids){.next = last - STORE_CHANGE_IDS + 1,
                                   .left = STORE_CHANGE_IDS};
    return r;
}

int change_id_draw(struct store *store, int64_t *ret)
{
    struct change_ids *ids = &store->writing->change_ids;

    if (ids->left == 0)
        return ids_draw(store, 1, ret);
    *ret = ids->next++;
    ids->left--;
    return 0;
}

/* Is it what the view makes of the event's row? */
static bool detail_is_of_event(struct str detail, const struct ses_event *event)
{
    struct str type = event->bounce_type_text, subtype = event->bounce_subtype;

    return str_present(type) && str_present(subtype) && type.len <= SES_WORD_BYTES_MAX &&
           subtype.len <= SES_WORD_BYTES_MAX &&
           detail.len == type.len + 1 + subtype.len && detail.data[type.len] == '/' &&
           memcmp(detail.data, type.data, type.len) == 0 &&
           memcmp(detail.data + type.len + 1, subtype.data, subtype.len) == 0;
}

/* What the log says of it, less what its event says: see `list_change` in the schema. */
static int kept_add_event_line(struct store *store, const struct kept_address *kept,
                               const struct policy_line *line,
                               const struct list_cause *cause)
{
    const struct policy_entry *entry = &kept->state.entries[line->entry];
    const struct db_value of_event = {.type = DB_TEXT, .text = STR("")};
    bool is_origin = cause->origin == POLICY_ORIGIN_EVENT;

    return db_do(
        store, SQL_CHANGE_ADD_OF_EVENT, db_int(cause->event_id), db_int(cause->at_ms),
        db_text(str_of(kept->scope)), db_text(str_of(policy_action_word(line->action))),
        db_text(str_of(policy_reason_word(line->before))),
        db_text(str_of(policy_reason_word(line->after))),
        db_text(is_origin ? STR_ABSENT : str_of(policy_origin_word(cause->origin))),
        detail_is_of_event(entry->detail, cause->event) ? of_event
                                                        : db_text(entry->detail),
        db_time(entry->until_ms), db_text(cause->actor), db_text(cause->note));
}

static int kept_add_line(struct store *store, const struct kept_address *kept,
                         const struct policy_line *line, const struct list_cause *cause,
                         int64_t id)
{
    const struct policy_entry *entry = &kept->state.entries[line->entry];

    return db_do(store, SQL_CHANGE_ADD, db_int(id), db_int(cause->at_ms),
                 db_int_if(cause->event_id != 0, cause->event_id),
                 db_text(str_of(kept->key)), db_text(str_of(kept->scope)),
                 db_text(str_of(policy_action_word(line->action))),
                 db_text(str_of(policy_reason_word(line->before))),
                 db_text(str_of(policy_reason_word(line->after))),
                 db_text(str_of(policy_origin_word(cause->origin))),
                 db_text(entry->detail), db_time(entry->until_ms),
                 db_text(str_present(cause->actor) ? STR_ABSENT : cause->rule),
                 db_text(cause->actor), db_text(cause->note));
}

/* An end has no cause but the time. The entry may have a new term already. */
static int kept_add_end_line(struct store *store, const struct kept_address *kept,
                             const struct policy_line *line,
                             const struct policy_entry *ended, int64_t id)
{
    return db_do(store, SQL_CHANGE_ADD, db_int(id), db_int(ended->until_ms),
                 db_int_if(false, 0), db_text(str_of(kept->key)),
                 db_text(str_of(kept->scope)),
                 db_text(str_of(policy_action_word(line->action))),
                 db_text(str_of(policy_reason_word(line->before))),
                 db_text(str_of(policy_reason_word(line->after))),
                 db_text(str_of(policy_origin_word(ended->origin))),
                 db_text(ended->detail), db_time(ended->until_ms), db_text(STR_ABSENT),
                 db_text(STR_ABSENT), db_text(STR_ABSENT));
}

/* An entry that begins to wait is known by the id of the line that says so. */
static int kept_save_line(struct store *store, struct kept_address *kept,
                          const struct policy_change *change,
                          const struct policy_line *line, const struct list_cause *cause)
{
    bool is_end = line->action == POLICY_ACTION_EXPIRED;
    int64_t id = cause->event_id;
    int r;

    if (change->line_count == 1 && cause->has_line && !is_end) {
        r = kept_add_event_line(store, kept, line, cause);
    } else {
        r = change_id_draw(store, &id);
        if (r == 0)
            r = is_end ? kept_add_end_line(store, kept, line, &change->ended[line->entry],
                                           id)
                       : kept_add_line(store, kept, line, cause, id);
    }
    if (r == 0 && line->action == POLICY_ACTION_HELD)
        kept->state.entries[line->entry].held_id = id;
    return r;
}

int kept_address_save(struct store *store, struct kept_address *kept,
                      const struct policy_change *change, const struct list_cause *cause)
{
    bool is_scoped = strcmp(kept->scope, POLICY_SCOPE_ALL) != 0;
    int r = 0;

    for (size_t i = 0; r == 0 && i < change->line_count; i++)
        r = kept_save_line(store, kept, change, &change->lines[i], cause);
    for (unsigned i = 0; r == 0 && i < POLICY_REASONS; i++) {
        struct policy_entry *entry = &kept->state.entries[i];

        if (!(change->entries & 1u << i))
            continue;
        /* It waits, and no line says so: the same did before. */
        if (entry->held && entry->held_id == 0)
            r = change_id_draw(store, &entry->held_id);
        if (r == 0)
            r = kept_save_entry(store, kept, (enum policy_reason)i);
    }
    for (size_t i = 0; r == 0 && change->softs && i < kept->state.soft_count; i++)
        if (kept->state.softs[i].mark != POLICY_MARK_KEPT)
            r = kept_save_soft(store, kept, &kept->state.softs[i]);
    for (size_t i = 0; r == 0 && i < change->total_count; i++)
        r = total_change(store, &(struct list_total){change->totals[i], is_scoped});
    return r;
}

/* The second level of de-duplication: one row for a recipient of an SES event. */
#include <errno.h>

#include "store/store_internal.h"
#include "store/store_write_sender.h"

/* Short words, ids and names, each with the maximum that limits.h gives it. */
static struct db_value event_word(struct str text)
{
    return db_text_max(text, SES_WORD_BYTES_MAX);
}

static struct db_value event_id(struct str text)
{
    return db_text_max(text, SES_ID_BYTES_MAX);
}

static struct db_value event_name(struct str text)
{
    return db_text_max(text, SES_NAME_BYTES_MAX);
}

/* The parameters `key_time` and `key_hash`. */
#define EVENT_KEY(known, key)                                                            \
    db_int_if(known, (key).time_ms), db_int_if(known, (key).hash)

/* What the id of the mail has already is not kept twice: see `event` in the schema. */
static struct db_value event_message_id(const struct ses_event *event)
{
    struct str header = event->message_id_header, rest = header;
    struct str id = event->ses_message_id;

    if (str_present(id) && id.len <= SES_ID_BYTES_MAX) {
        if (str_equal(header, id))
            return db_text(STR("@"));
        if (str_take_prefix(&rest, STR("<")) && str_take_prefix(&rest, id) &&
            str_starts_with(rest, STR("@")))
            return event_name(rest);
    }
    return event_name(str_starts_with(header, STR("@")) ? STR_ABSENT : header);
}

static const struct ses_recipient nobody = {.address = {.domain = ""}};

/* 1 new to us, 0 known already, or a fault. The order is that of SQL_EVENT_ADD. */
static int row_add(struct store *store, const struct intake *intake, int64_t message_id,
                   const struct ses_recipient *recipient,
                   const struct policy_judgement *judgement, bool is_tallied)
{
    const struct ses_event *event = &intake->event;
    const struct ses_recipient *about = recipient ? recipient : &nobody;
    const struct address *address = &about->address;
    bool is_readable = about->named != SES_NAMED_UNREADABLE;
    struct ses_key key = {0};
    bool known = ses_event_key(event, recipient, &key);

    return db_change(
        store, SQL_EVENT_ADD, db_int(message_id), EVENT_KEY(known, key),
        db_text(event->type_text), db_text(str_of(policy_class_word(judgement->class))),
        db_text(str_of(policy_cause_word(judgement->cause))),
        db_text(str_of(judgement->rule)), db_text(str_of(address->key)),
        db_text_max(is_readable ? str_of(address->seen) : about->reported,
                    SES_SOURCE_BYTES_MAX),
        db_text(str_of(address->domain)), db_text(str_of(intake->scoped.name)),
        db_time(intake->occurred_ms), db_time(event->sent_ms),
        db_time(event->ses_time_ms), event_word(event->bounce_type_text),
        event_word(event->bounce_subtype), event_word(event->complaint_subtype),
        event_word(event->feedback_type),
        db_int_if(event->candidates > 0, (int64_t)event->candidates),
        event_word(about->status), event_word(about->action),
        db_text_max(about->diagnostic.len > 0 ? about->diagnostic : event->diagnostic,
                    SES_DIAGNOSTIC_BYTES_MAX),
        event_name(event->reporting_mta), event_word(event->remote_mta_ip),
        db_text_max(event->user_agent, SES_USER_AGENT_BYTES_MAX),
        event_id(event->feedback_id), event_id(event->ses_message_id),
        db_text_max(event->source, SES_SOURCE_BYTES_MAX), event_name(event->from_domain),
        event_name(event->identity), event_word(event->account_id),
        event_word(event->region), event_name(event->configuration_set),
        event_name(event->tenant), event_name(event->campaign),
        db_text(event->tags), /* SES_TAGS_BYTES_MAX at most */
        db_int_if(event->destination_count > 0, (int64_t)event->destination_count),
        event_word(event->source_ip), db_int(address_is_simulator(address)),
        db_int(judgement->tally), db_text_max(event->subject, SES_SUBJECT_BYTES_MAX),
        event_message_id(event), event_name(event->contact_list),
        db_int_if(is_tallied, judgement->tally));
}

/* The same event through the other feed: it may know what the first one did not. */
static int row_enrich(struct store *store, const struct ses_event *event,
                      const struct ses_recipient *recipient)
{
    struct ses_key key = {0};
    bool known = ses_event_key(event, recipient, &key);

    int r = db_change(
        store, SQL_EVENT_ENRICH, EVENT_KEY(known, key),
        event_name(event->configuration_set), event_name(event->tenant),
        event_name(event->campaign), db_text(event->tags), event_word(event->source_ip),
        event_name(event->from_domain), event_name(event->identity),
        db_text_max(event->subject, SES_SUBJECT_BYTES_MAX), event_message_id(event));

    /* The hour counts what the row says now. */
    if (r > 0)
        hours_forget_fresh(store);
    return db_only_fault(r);
}

/* What the index event_address has of a message id: sixteen characters. */
static struct str indexed_id(struct str id)
{
    struct str rest = id;

    for (size_t i = 0; i < 16 && rest.len > 0; i++) {
        size_t bytes = str_utf8_sequence(rest);

        rest.data += bytes ? bytes : 1;
        rest.len -= bytes ? bytes : 1;
    }
    id.len -= rest.len;
    return id;
}

/* Addresses that the mail did not go to count as one: a remote server can name any. */
static int seen_load_rows(struct store *store, const struct ses_event *event,
                          const struct ses_recipient *recipient, struct event_seen *ret)
{
    bool other = recipient && recipient->named != SES_NAMED_RECIPIENT;
    struct db_value id = event_id(event->ses_message_id);
    struct db_value type = db_text(event->type_text), max = db_int(STORE_REPEATS_MAX);
    _cleanup_(db_call_end) struct db_call call =
        other ? db_call(store, SQL_EVENT_STRANGERS, id, type, max)
              : db_call(store, SQL_EVENT_REPEATS, id, type,
                        db_text(str_of(recipient ? recipient->address.key : NULL)),
                        db_text(indexed_id(event->ses_message_id)), max);
    int r;

    while ((r = db_step(&call)) == 1) {
        int64_t kind = db_get_int_or(&call, POLICY_TALLY_OTHER);

        ret->rows++;
        if (kind > POLICY_TALLY_OTHER && kind < POLICY_TALLIES)
            ret->kinds |= 1u << kind;
    }
    return r;
}

/* Of an event about nobody, too: that is its recipient 0. */
static const struct ses_recipient *recipient_at(const struct intake *intake, size_t i)
{
    const struct ses_event *event = &intake->event;

    return event->recipient_count > 0 ? &event->recipients[i] : NULL;
}

static size_t recipient_count(const struct intake *intake)
{
    return intake->event.recipient_count > 0 ? intake->event.recipient_count : 1;
}

static int seen_load(struct store *store, const struct intake *intake, size_t i,
                     struct event_seen *ret)
{
    const struct ses_recipient *recipient = recipient_at(intake, i);
    int r;

    *ret = (struct event_seen){0};
    if (!str_present(intake->event.ses_message_id))
        return 0;
    r = seen_load_rows(store, &intake->event, recipient, ret);
    ret->is_repeated = ret->rows >= STORE_REPEATS_KEPT;
    if (r < 0 || !ret->is_repeated || !recipient || ret->rows >= STORE_REPEATS_MAX)
        return r;
    /* An event that changes the list is kept, so that it can be found. */
    r = list_would_change(store,
                          &(struct list_event){.intake = intake,
                                               .recipient = recipient,
                                               .judgement = intake_judgement(intake, i)});
    ret->is_repeated = r == 0;
    return r < 0 ? r : 0;
}

static int row_exists(struct store *store, const struct ses_event *event,
                      const struct ses_recipient *recipient)
{
    struct ses_key key = {0};
    bool known = ses_event_key(event, recipient, &key);

    return db_find(store, SQL_EVENT_FIND, NULL, EVENT_KEY(known, key));
}

/* What became of a recipient, unless it is a fault. */
enum { RECIPIENT_KNOWN, RECIPIENT_ERASED, RECIPIENT_COUNTED, RECIPIENT_STORED };

static int recipient_count_only(struct store *store, const struct intake *intake,
                                const struct ses_recipient *recipient)
{
    int r = count_remember(store, intake, recipient);

    return r <= 0 ? r : RECIPIENT_COUNTED;
}

/* One that is repeated: without a row it is known again for as long as what only counts.
 */
static int recipient_remember(struct store *store, const struct intake *intake,
                              const struct ses_recipient *recipient)
{
    int r = row_exists(store, &intake->event, recipient);

    if (r != 0)
        return r < 0 ? r : RECIPIENT_KNOWN;
    r = count_remember(store, intake, recipient);
    if (r <= 0)
        return r;
    r = tally_add(store, intake->occurred_ms, TALLY_REPEATS);
    return r < 0 ? r : RECIPIENT_COUNTED;
}

/* As nearly all: it certainly counts, and once. */
static bool row_is_tallied(const struct intake *intake, enum policy_tally tally,
                           const struct event_seen *seen)
{
    return !(seen->kinds & 1u << tally) && seen->rows < STORE_REPEATS_KEPT &&
           hour_is_of_row(intake, tally);
}

static int recipient_store(struct store *store, const struct intake *intake,
                           int64_t message_id, size_t i, struct event_seen *seen)
{
    const struct policy_judgement *judgement = intake_judgement(intake, i);
    bool is_tallied = row_is_tallied(intake, judgement->tally, seen);
    int r = row_add(store, intake, message_id, recipient_at(intake, i), judgement,
                    is_tallied);

    if (r == 0)
        store->writing->last_event_id++; /* a row that clashes takes an id, too */
    if (r <= 0)
        return r;
    seen->event_id = store->writing->last_event_id = db_last_id(store);
    seen->is_tallied = is_tallied;
    r = tally_add(store, intake->occurred_ms, TALLY_EVENTS);
    return r < 0 ? r : RECIPIENT_STORED;
}

static int recipient_record(struct store *store, const struct intake *intake,
                            int64_t message_id, size_t i, struct event_seen *seen)
{
    const struct ses_recipient *recipient = recipient_at(intake, i);

    if (intake->kind == INTAKE_COUNT)
        return recipient_count_only(store, intake, recipient);
    if (message_id == 0 || seen->is_repeated)
        return recipient_remember(store, intake, recipient);
    return recipient_store(store, intake, message_id, i, seen);
}

/* Has its mail counted like this for the address before? 1, 0 or a fault. */
static int recipient_is_counted(struct store *store, const struct intake *intake,
                                size_t i, const struct event_seen *seen)
{
    enum policy_tally tally = intake_judgement(intake, i)->tally;
    int r;

    if (tally == POLICY_TALLY_OTHER)
        return 0;
    if (intake->kind == INTAKE_COUNT) {
        if (!policy_tally_repeats(tally) || !str_present(intake->event.ses_message_id))
            return 0;
    } else if (seen->kinds & 1u << tally) {
        return 1;
    } else if (seen->rows < STORE_REPEATS_KEPT) {
        return 0;
    }
    /* Others without a row may have been. */
    r = count_remember_kind(store, intake, recipient_at(intake, i), tally);
    return r < 0 ? r : r == 0;
}

/* What one message has met with so far. */
struct applied {
    struct event_seen seen; /* of the recipient that is next */
    struct policy_message message;
    const struct ses_recipient *complainer; /* the first that is news; NULL: none */
    struct event_ids ids;
};

/* By day, and by hour, sender and provider. */
static int recipient_tally(struct store *store, const struct intake *intake,
                           const struct ses_recipient *recipient, enum policy_tally tally,
                           int64_t event_id)
{
    int r = tally_add(store, intake->occurred_ms, tally);

    return r < 0 ? r : hour_add(store, intake, recipient, tally, event_id);
}

/* What an event that is news means for the counters and the list. */
static int recipient_take(struct store *store, const struct intake *intake, size_t i,
                          struct applied *applied)
{
    struct policy_judgement judgement = *intake_judgement(intake, i);
    const struct ses_recipient *recipient = recipient_at(intake, i);
    int r = recipient_is_counted(store, intake, i, &applied->seen);

    if (r < 0)
        return r;
    if (r == 1)
        policy_judgement_repeat(&judgement);
    r = 0;
    if (policy_message_note(&applied->message, judgement.tally))
        r = recipient_tally(store, intake, recipient, judgement.tally,
                            applied->seen.is_tallied ? applied->seen.event_id : 0);
    else if (!applied->complainer)
        applied->complainer = recipient;
    if (r == 0 && intake->event.type == SES_DELIVERY)
        r = identity_note_delivery(store, intake);
    if (r == 0 && recipient)
        return list_apply(store,
                          &(struct list_event){.intake = intake,
                                               .recipient = recipient,
                                               .judgement = &judgement,
                                               .event_id = applied->seen.event_id});
    return r == 0 && intake->kind == INTAKE_KEEP ? sender_apply(store, intake) : r;
}

int event_find_seen(struct store *store, const struct intake *intake,
                    struct event_seen *ret)
{
    int r = seen_load(store, intake, 0, ret);

    for (size_t i = 1; r == 0 && ret->is_repeated && i < recipient_count(intake); i++)
        r = seen_load(store, intake, i, ret);
    return r < 0 ? r : ret->is_repeated;
}

/* It happened before the address was erased: nothing of it may come back. */
static int recipient_is_erased(struct store *store, const struct intake *intake, size_t i)
{
    const struct ses_recipient *recipient = recipient_at(intake, i);

    return recipient ? tombstone_covers(store, str_of(recipient->address.key),
                                        intake->occurred_ms)
                     : 0;
}

static int body_redact_erased(struct store *store, const struct ses_recipient *recipient,
                              int64_t message_id)
{
    struct store_erasure erasure = {.spelling_count = 0};

    return erasure_body_of(store, &erasure, &recipient->address, message_id);
}

int event_redact_erased(struct store *store, const struct intake *intake,
                        int64_t message_id)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < intake->event.recipient_count; i++) {
        r = recipient_is_erased(store, intake, i);
        if (r == 1)
            r = body_redact_erased(store, recipient_at(intake, i), message_id);
    }
    return r;
}

static int recipient_apply(struct store *store, const struct intake *intake,
                           int64_t message_id, size_t i, struct applied *applied)
{
    int became;
    int r = recipient_is_erased(store, intake, i);

    if (r != 0)
        return r < 0 ? r : RECIPIENT_ERASED;
    if (intake->kind == INTAKE_KEEP && recipient_count(intake) > 1)
        r = seen_load(store, intake, i, &applied->seen);
    if (r < 0)
        return r;
    applied->seen.event_id = 0;
    applied->seen.is_tallied = false;
    became = recipient_record(store, intake, message_id, i, &applied->seen);
    if (became == RECIPIENT_STORED) {
        applied->ids.last = applied->seen.event_id;
        if (applied->ids.first == 0)
            applied->ids.first = applied->ids.last;
    }
    if (became > RECIPIENT_KNOWN) {
        r = recipient_take(store, intake, i, applied);
    } else if (became == RECIPIENT_KNOWN) {
        applied->message.is_known = true;
        if (intake->kind == INTAKE_KEEP)
            r = row_enrich(store, &intake->event, recipient_at(intake, i));
    }
    return r < 0 ? r : became;
}

int event_apply(struct store *store, const struct intake *intake, int64_t message_id,
                const struct event_seen *seen, struct event_ids *ret_ids,
                enum verdict *ret)
{
    struct applied applied = {.seen = *seen};

    *ret = VERDICT_DUPLICATE;
    for (size_t i = 0; i < recipient_count(intake); i++) {
        int r = recipient_apply(store, intake, message_id, i, &applied);

        if (r < 0)
            return r;
        if (r == RECIPIENT_STORED)
            *ret = VERDICT_STORED;
        else if (r == RECIPIENT_COUNTED && *ret != VERDICT_STORED)
            *ret = VERDICT_COUNTED;
        else if (r == RECIPIENT_ERASED && *ret == VERDICT_DUPLICATE)
            *ret = VERDICT_ERASED;
    }
    if (ret_ids)
        *ret_ids = applied.ids;
    if (!policy_message_complains(&applied.message))
        return 0;
    return recipient_tally(store, intake, applied.complainer, POLICY_TALLY_COMPLAINTS, 0);
}

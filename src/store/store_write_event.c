/* The second level of de-duplication: one row for a recipient of an SES event. */
#include <errno.h>

#include "store/store_internal.h"

static void bind_key(struct db_call *call, const struct ses_event *event,
                     const struct ses_recipient *recipient)
{
    struct ses_key key = {0};
    bool known = ses_event_key(event, recipient, &key);

    db_bind_int_if(call, known, key.time_ms);
    db_bind_int_if(call, known, key.hash);
}

static void bind_judgement(struct db_call *call, const struct policy_judgement *judgement)
{
    db_bind_text(call, str_of(policy_class_word(judgement->class)));
    db_bind_text(call, str_of(policy_cause_word(judgement->cause)));
    db_bind_text(call, str_of(judgement->rule));
}

/* Short words and ids, each with the maximum that limits.h gives it. */
static void bind_word(struct db_call *call, struct str text)
{
    db_bind_text_max(call, text, SES_WORD_BYTES_MAX);
}

static void bind_id(struct db_call *call, struct str text)
{
    db_bind_text_max(call, text, SES_ID_BYTES_MAX);
}

static void bind_name(struct db_call *call, struct str text)
{
    db_bind_text_max(call, text, SES_NAME_BYTES_MAX);
}

static void bind_address(struct db_call *call, const struct ses_recipient *recipient)
{
    const struct address *address = recipient ? &recipient->address : NULL;
    struct str seen = str_of(address ? address->seen : NULL);

    if (recipient && recipient->named == SES_NAMED_UNREADABLE)
        seen = recipient->reported;
    db_bind_text(call, str_of(address ? address->key : NULL));
    db_bind_text_max(call, seen, SES_SOURCE_BYTES_MAX);
    db_bind_text(call, str_of(address ? address->domain : NULL));
}

static void bind_outcome(struct db_call *call, const struct ses_event *event,
                         const struct ses_recipient *recipient)
{
    bool has_own = recipient && recipient->diagnostic.len > 0;

    bind_word(call, event->bounce_type_text);
    bind_word(call, event->bounce_subtype);
    bind_word(call, event->complaint_subtype);
    bind_word(call, event->feedback_type);
    db_bind_int_if(call, event->candidates > 0, (int64_t)event->candidates);
    bind_word(call, recipient ? recipient->status : STR_ABSENT);
    bind_word(call, recipient ? recipient->action : STR_ABSENT);
    db_bind_text_max(call, has_own ? recipient->diagnostic : event->diagnostic,
                     SES_DIAGNOSTIC_BYTES_MAX);
    bind_name(call, event->reporting_mta);
    bind_word(call, event->remote_mta_ip);
    db_bind_text_max(call, event->user_agent, SES_USER_AGENT_BYTES_MAX);
    bind_id(call, event->feedback_id);
}

static void bind_mail(struct db_call *call, const struct ses_event *event)
{
    bind_id(call, event->ses_message_id);
    db_bind_text_max(call, event->source, SES_SOURCE_BYTES_MAX);
    bind_name(call, event->from_domain);
    bind_name(call, event->identity);
    bind_word(call, event->account_id);
    bind_word(call, event->region);
    bind_name(call, event->configuration_set);
    bind_name(call, event->tenant);
    bind_name(call, event->campaign);
    db_bind_text(call, event->tags); /* SES_TAGS_BYTES_MAX at most */
    db_bind_int_if(call, event->destination_count > 0, (int64_t)event->destination_count);
    bind_word(call, event->source_ip);
}

/* 1 new to us, 0 known already, or a fault. The order is that of SQL_EVENT_ADD. */
static int row_add(struct store *store, const struct intake *intake, int64_t message_id,
                   const struct ses_recipient *recipient,
                   const struct policy_judgement *judgement)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_EVENT_ADD);
    const struct ses_event *event = &intake->event;
    int changes = 0;
    int r;

    db_bind_int(&call, message_id);
    bind_key(&call, event, recipient);
    db_bind_text(&call, event->type_text);
    bind_judgement(&call, judgement);
    bind_address(&call, recipient);
    db_bind_time(&call, intake->occurred_ms);
    db_bind_time(&call, event->sent_ms);
    db_bind_time(&call, event->ses_time_ms);
    bind_outcome(&call, event, recipient);
    bind_mail(&call, event);
    db_bind_int(&call, recipient && address_is_simulator(&recipient->address));
    db_bind_int(&call, judgement->tally);
    r = db_run(&call, &changes);
    return r < 0 ? r : changes > 0;
}

/* The same event through the other feed: it may know what the first one did not. */
static int row_enrich(struct store *store, const struct ses_event *event,
                      const struct ses_recipient *recipient)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_EVENT_ENRICH);

    bind_key(&call, event, recipient);
    bind_name(&call, event->configuration_set);
    bind_name(&call, event->tenant);
    bind_name(&call, event->campaign);
    db_bind_text(&call, event->tags);
    bind_word(&call, event->source_ip);
    bind_name(&call, event->from_domain);
    bind_name(&call, event->identity);
    return db_run(&call, NULL);
}

/* When SES says it was, unless that is still to come: then nothing could end it. */
static int64_t sending_since(const struct intake *intake)
{
    int64_t told_ms = intake->origin == INTAKE_FROM_SNS ? intake->sns_timestamp_ms
                                                        : intake->received_ms;
    int64_t since_ms = intake->event.ses_time_ms;

    if (since_ms == CLOCK_NONE)
        return intake->occurred_ms;
    return since_ms > told_ms + INTAKE_FUTURE_MS ? told_ms : since_ms;
}

/* The newest word of SES's on whether somebody may send; which one that is, its own time
 * tells, for EventBridge keeps no order. */
static int sending_apply(struct store *store, const struct intake *intake)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_SENDING_PUT);
    const struct ses_event *event = &intake->event;

    bind_word(&call, event->account_id);
    bind_word(&call, event->region);
    bind_name(&call, event->tenant);
    bind_name(&call, event->configuration_set);
    bind_name(&call, event->identity);
    bind_word(&call, event->sending_origin);
    bind_word(&call, event->sending_status);
    db_bind_time(&call, sending_since(intake));
    db_bind_text_max(&call, event->sending_cause, SES_DIAGNOSTIC_BYTES_MAX);
    return db_run(&call, NULL);
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
    _cleanup_(db_call_end) struct db_call call =
        db_call_begin(store, other ? SQL_EVENT_STRANGERS : SQL_EVENT_REPEATS);
    int r;

    bind_id(&call, event->ses_message_id);
    db_bind_text(&call, event->type_text);
    if (!other) {
        db_bind_text(&call, str_of(recipient ? recipient->address.key : NULL));
        db_bind_text(&call, indexed_id(event->ses_message_id));
    }
    db_bind_int(&call, STORE_REPEATS_MAX);
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
    r = list_would_change(store, intake, recipient, intake_judgement(intake, i));
    ret->is_repeated = r == 0;
    return r < 0 ? r : 0;
}

static int row_exists(struct store *store, const struct ses_event *event,
                      const struct ses_recipient *recipient)
{
    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_EVENT_FIND);

    bind_key(&call, event, recipient);
    return db_step(&call);
}

/* What became of a recipient, unless it is a fault. */
enum { RECIPIENT_KNOWN, RECIPIENT_COUNTED, RECIPIENT_STORED };

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

static int recipient_store(struct store *store, const struct intake *intake,
                           int64_t message_id, size_t i)
{
    int r = row_add(store, intake, message_id, recipient_at(intake, i),
                    intake_judgement(intake, i));

    if (r <= 0)
        return r;
    r = tally_add(store, intake->occurred_ms, TALLY_EVENTS);
    return r < 0 ? r : RECIPIENT_STORED;
}

static int recipient_record(struct store *store, const struct intake *intake,
                            int64_t message_id, size_t i, const struct event_seen *seen)
{
    const struct ses_recipient *recipient = recipient_at(intake, i);

    if (intake->kind == INTAKE_COUNT)
        return recipient_count_only(store, intake, recipient);
    if (message_id == 0 || seen->is_repeated)
        return recipient_remember(store, intake, recipient);
    return recipient_store(store, intake, message_id, i);
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

/* What an event that is news means for the counters and the list. */
static int recipient_take(struct store *store, const struct intake *intake, size_t i,
                          const struct event_seen *seen, struct policy_message *message)
{
    struct policy_judgement judgement = *intake_judgement(intake, i);
    const struct ses_recipient *recipient = recipient_at(intake, i);
    int r = recipient_is_counted(store, intake, i, seen);

    if (r < 0)
        return r;
    if (r == 1)
        policy_judgement_repeat(&judgement);
    r = 0;
    if (policy_message_note(message, judgement.tally))
        r = tally_add(store, intake->occurred_ms, judgement.tally);
    if (r == 0 && recipient)
        return list_apply(store, intake, recipient, &judgement);
    if (r == 0 && intake->kind == INTAKE_KEEP &&
        str_present(intake->event.sending_status))
        r = sending_apply(store, intake);
    return r;
}

int event_is_repeated(struct store *store, const struct intake *intake,
                      struct event_seen *ret)
{
    int r = seen_load(store, intake, 0, ret);

    for (size_t i = 1; r == 0 && ret->is_repeated && i < recipient_count(intake); i++)
        r = seen_load(store, intake, i, ret);
    return r < 0 ? r : ret->is_repeated;
}

/* What one message has met with so far. */
struct applied {
    struct event_seen seen; /* of the recipient that is next */
    struct policy_message message;
};

static int recipient_apply(struct store *store, const struct intake *intake,
                           int64_t message_id, size_t i, struct applied *applied)
{
    int became;
    int r = 0;

    if (intake->kind == INTAKE_KEEP && recipient_count(intake) > 1)
        r = seen_load(store, intake, i, &applied->seen);
    if (r < 0)
        return r;
    became = recipient_record(store, intake, message_id, i, &applied->seen);
    if (became > RECIPIENT_KNOWN) {
        r = recipient_take(store, intake, i, &applied->seen, &applied->message);
    } else if (became == RECIPIENT_KNOWN) {
        applied->message.is_known = true;
        if (intake->kind == INTAKE_KEEP)
            r = row_enrich(store, &intake->event, recipient_at(intake, i));
    }
    return r < 0 ? r : became;
}

int event_apply(struct store *store, const struct intake *intake, int64_t message_id,
                const struct event_seen *seen, enum verdict *ret)
{
    struct applied applied = {.seen = *seen};

    *ret = VERDICT_DUPLICATE;
    for (size_t i = 0; i < recipient_count(intake); i++) {
        int r = recipient_apply(store, intake, message_id, i, &applied);

        if (r < 0)
            return r;
        if (r == RECIPIENT_STORED)
            *ret = VERDICT_STORED;
        else if (r == RECIPIENT_COUNTED && *ret == VERDICT_DUPLICATE)
            *ret = VERDICT_COUNTED;
    }
    if (!policy_message_complains(&applied.message))
        return 0;
    return tally_add(store, intake->occurred_ms, POLICY_TALLY_COMPLAINTS);
}

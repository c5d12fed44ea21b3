/* From a message to its rows: de-duplication, quarantine, and who does the rest. */
#include <errno.h>
#include <string.h>

#include "sesbounce/digest.h"
#include "store/store_internal.h"

/* An id no SNS message can have, for what came without an envelope: a digest of it. */
#define FILE_ID_PREFIX "file:"
#define FILE_ID_DIGITS 32
#define FILE_ID_BYTES  (sizeof(FILE_ID_PREFIX) + FILE_ID_DIGITS)

struct message {
    int64_t timestamp_ms;
    struct str sns_id;
    char file_id[FILE_ID_BYTES];
    int64_t id;
    int64_t event_id; /* the row has it as that of its only event; 0: none */
    bool is_new;
    bool is_unapplied; /* known, and quarantined until now */
    bool same_reason;
};

void write_forget(struct store *store)
{
    topic_forget_cache(store);
    store->writing->day_count = 0;
    store->writing->type_count = 0;
    hour_forget(store);
    identity_forget(store);
    store->writing->tombstone_known = false;
    total_forget(store);
}

int write_flush(struct store *store)
{
    int r = topic_flush(store);

    if (r == 0)
        r = total_flush(store); /* which may add to the tallies */
    if (r == 0)
        r = hour_flush(store);
    return r < 0 ? r : tally_flush(store);
}

static void message_name(const struct intake *intake, struct message *message)
{
    unsigned char digest[DIGEST_BYTES];
    size_t len = sizeof(FILE_ID_PREFIX) - 1;

    if (intake->origin == INTAKE_FROM_SNS) {
        message->timestamp_ms = intake->sns_timestamp_ms;
        message->sns_id = intake->sns_message_id;
        return;
    }
    digest_sha256(intake->body, digest);
    memcpy(message->file_id, FILE_ID_PREFIX, len);
    digest_hex(digest, FILE_ID_DIGITS, message->file_id + len);
    /* Not when it occurred: that may be when it was received, new with each import. */
    message->timestamp_ms =
        intake->event.sent_ms == CLOCK_NONE ? 0 : intake->event.sent_ms;
    message->sns_id = (struct str){message->file_id, len + FILE_ID_DIGITS};
}

static int message_find(struct store *store, const struct intake *intake,
                        struct message *message)
{
    _cleanup_(db_call_end) struct db_call call = db_call(
        store, SQL_MESSAGE_FIND, db_int(message->timestamp_ms), db_text(message->sns_id));
    struct str reason;
    int r = db_step(&call);

    if (r <= 0)
        return r;
    message->id = db_get_int(&call);
    reason = db_get_text(&call);
    message->is_unapplied = str_present(reason);
    message->same_reason = intake->kind == INTAKE_QUARANTINE &&
                           str_equal(reason, str_of(quarantine_word(intake->reason)));
    return 0;
}

/* The first level: has this SNS message been kept before? */
static int message_add(struct store *store, const struct intake *intake,
                       const struct topic *topic, struct message *message)
{
    int64_t event_id =
        intake->kind == INTAKE_KEEP ? store->writing->last_event_id + 1 : 0;
    int r;

    message_name(intake, message);
    r = db_change(store, SQL_MESSAGE_ADD, db_int(message->timestamp_ms),
                  db_text(message->sns_id), db_int_if(topic, topic ? topic->id : 0),
                  db_time(intake->received_ms), db_int_if(event_id != 0, event_id));
    if (r < 0)
        return r;
    message->is_new = r > 0;
    if (!message->is_new)
        return message_find(store, intake, message);
    message->id = db_last_id(store);
    message->event_id = event_id;
    return 0;
}

static int quarantine_body(struct store *store, const struct intake *intake,
                           int64_t message_id)
{
    int r = unapplied_add(store, intake, message_id);

    return r < 0 ? r : body_add_plain(store, message_id, intake->body);
}

/* The group reads what is in quarantine, and a token that is too old for us may still be
 * good for SNS. */
static int quarantine_token(struct store *store, const struct intake *intake,
                            int64_t message_id)
{
    struct intake without = *intake;
    struct buf body;
    int r;

    buf_init(&body, intake->body.len + 2 * sizeof(SNS_TOKEN_REMOVED) + 1);
    r = sns_message_remove_token(intake->body, &body);
    without.body = buf_str(&body);
    if (r == 0 || r == -EINVAL) /* no envelope: nothing is kept of it */
        r = quarantine_body(store, &without, message_id);
    buf_done(&body);
    return r;
}

static int message_quarantine(struct store *store, const struct intake *intake,
                              const struct message *message, enum verdict *ret)
{
    const char *reason = quarantine_word(intake->reason);

    *ret = VERDICT_DUPLICATE;
    if (!message->is_new && (!message->is_unapplied || message->same_reason))
        return 0;
    *ret = VERDICT_QUARANTINED;
    if (!message->is_new)
        return db_do(store, SQL_UNAPPLIED_REASON, db_int(message->id),
                     db_text(str_of(reason)));
    if (intake->has_token)
        return quarantine_token(store, intake, message->id);
    return quarantine_body(store, intake, message->id);
}

static int message_note_events(struct store *store, const struct message *message,
                               const struct event_ids *ids)
{
    if (ids->first == message->event_id && ids->last == message->event_id)
        return 0;
    return db_do(store, SQL_MESSAGE_EVENTS, db_int(message->id),
                 db_int_if(ids->first != 0, ids->first),
                 db_int_if(ids->last != 0, ids->last));
}

/*
 * What was quarantined and comes again, from SNS after an upgrade or by `quarantine
 * retry`, is applied and leaves the quarantine.
 */
static int message_keep(struct store *store, const struct intake *intake,
                        const struct message *message, const struct event_seen *seen,
                        enum verdict *ret)
{
    struct event_ids ids = {0};
    int r;

    *ret = VERDICT_DUPLICATE;
    if (!message->is_new && !message->is_unapplied)
        return 0;
    r = event_apply(store, intake, message->id, seen, &ids, ret);
    if (r == 0)
        r = message_note_events(store, message, &ids);
    if (r == 0 && *ret == VERDICT_STORED)
        r = body_add_kept(store, message->id, intake);
    if (r == 0 && *ret == VERDICT_STORED)
        r = event_redact_erased(store, intake, message->id);
    if (r == 0 && message->is_unapplied)
        r = *ret == VERDICT_STORED ? unapplied_drop(store, message->id)
                                   : quarantine_leave(store, message->id);
    return r;
}

/*
 * What a remote server says again and again leaves no row of its own, not even of the
 * message: the event counts, and is known again like those that are only counted.
 */
static int message_count_only(struct store *store, const struct intake *intake,
                              struct topic *topic, const struct event_seen *seen,
                              enum verdict *ret)
{
    struct message message = {0};
    int r;

    message_name(intake, &message);
    r = message_find(store, intake, &message);
    if (r == 0)
        r = event_apply(store, intake, 0, seen, NULL, ret);
    if (r == 0 && *ret == VERDICT_COUNTED && message.id == 0)
        r = topic_note_message(store, topic, intake);
    if (r == 0 && message.is_unapplied)
        r = quarantine_leave(store, message.id);
    return r;
}

static int message_apply_subscription(struct store *store, const struct intake *intake,
                                      struct topic *topic, enum verdict *ret)
{
    switch (intake->kind) {
    case INTAKE_CONFIRM:
        return subscription_apply_confirm(store, topic, intake, ret);
    case INTAKE_UNSUBSCRIBED:
        return subscription_apply_end(store, topic, intake, ret);
    default:
        *ret = VERDICT_ANNOUNCED;
        return topic_apply_announcement(store, topic, intake);
    }
}

static int message_apply(struct store *store, const struct intake *intake,
                         struct topic *topic, enum verdict *ret)
{
    struct message message = {0};
    struct event_seen seen = {0};
    int r = intake->kind == INTAKE_KEEP ? event_find_seen(store, intake, &seen) : 0;

    if (r != 0)
        return r < 0 ? r : message_count_only(store, intake, topic, &seen, ret);
    r = message_add(store, intake, topic, &message);
    if (r == 0 && message.is_new)
        r = topic_note_message(store, topic, intake);
    if (r < 0)
        return r;
    if (intake->kind == INTAKE_KEEP)
        return message_keep(store, intake, &message, &seen, ret);
    if (intake->kind == INTAKE_QUARANTINE)
        return message_quarantine(store, intake, &message, ret);
    *ret = VERDICT_DUPLICATE;
    if (!message.is_new && !message.is_unapplied)
        return 0;
    r = message_apply_subscription(store, intake, topic, ret);
    if (r == 0 && message.is_unapplied)
        r = quarantine_leave(store, message.id);
    return r;
}

/* It leaves no row of the message either: only counters know of it. */
static int message_apply_counted(struct store *store, const struct intake *intake,
                                 struct topic *topic, enum verdict *ret)
{
    const struct event_seen seen = {0};
    int r = 0;

    if (intake->kind == INTAKE_COUNT) {
        r = event_apply(store, intake, 0, &seen, NULL, ret);
    } else {
        r = count_remember(store, intake, NULL);
        *ret = r > 0 ? VERDICT_IGNORED : VERDICT_DUPLICATE;
    }
    if (r < 0 || *ret == VERDICT_DUPLICATE || *ret == VERDICT_ERASED)
        return r < 0 ? r : 0;
    r = tally_add_type(store, intake->occurred_ms, intake->event.type_text);
    return r < 0 ? r : topic_note_message(store, topic, intake);
}

int store_apply(struct store *store, const struct intake *intake, enum verdict *ret)
{
    struct topic *topic = NULL;
    int r;

    *ret = VERDICT_NONE;
    if (intake->origin == INTAKE_FROM_SNS) {
        r = topic_get(store, intake, &topic);
        if (r < 0)
            return r;
    }
    if (intake->kind == INTAKE_COUNT || intake->kind == INTAKE_IGNORE)
        return message_apply_counted(store, intake, topic, ret);
    return message_apply(store, intake, topic, ret);
}

/* Counters, and the compact memory of events that are only counted. */
#include <errno.h>
#include <string.h>

#include "sesbounce/digest.h"
#include "store/store_internal.h"

#define HASH_BYTES 6 /* 48 bits: SQLite stores them in six bytes */

static int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

int tally_add(struct store *store, bool by_type, int64_t occurred_ms, struct str name,
              int64_t n)
{
    int64_t day = floor_div(occurred_ms, CLOCK_DAY_MS);
    struct tally *tally;

    if (name.len > STORE_TALLY_NAME_BYTES_MAX)
        name.len = STORE_TALLY_NAME_BYTES_MAX;
    for (size_t i = 0; i < store->tally_count; i++) {
        tally = &store->tallies[i];
        if (tally->day == day && tally->by_type == by_type &&
            str_equal(name, (struct str){tally->name, tally->name_len})) {
            tally->n += n;
            return 0;
        }
    }
    if (store->tally_count == STORE_TALLIES_MAX) {
        int r = tally_flush(store);

        if (r < 0)
            return r;
    }
    tally = &store->tallies[store->tally_count++];
    *tally = (struct tally){.by_type = by_type, .day = day, .name_len = name.len, .n = n};
    memcpy(tally->name, name.data ? name.data : "", name.len);
    return 0;
}

int tally_flush(struct store *store)
{
    for (size_t i = 0; i < store->tally_count; i++) {
        const struct tally *tally = &store->tallies[i];
        char day[CLOCK_TEXT_BYTES];
        int r;

        clock_format_day(tally->day * CLOCK_DAY_MS, day);
        _cleanup_(db_call_end) struct db_call call =
            db_call_begin(store, tally->by_type ? SQL_TYPE_ADD : SQL_DAILY_ADD);
        db_bind_text(&call, str_of(day));
        db_bind_text(&call, (struct str){tally->name, tally->name_len});
        db_bind_int(&call, tally->n);
        r = db_run(&call, NULL);
        if (r < 0)
            return r;
    }
    store->tally_count = 0;
    return 0;
}

/* `daily_count.kind` */
static const char *const kind_words[] = {
    [TALLY_OTHER] = "other",
    [TALLY_SENDS] = "sends",
    [TALLY_DELIVERIES] = "deliveries",
    [TALLY_HARD_BOUNCES] = "hard_bounces",
    [TALLY_SOFT_BOUNCES] = "soft_bounces",
    [TALLY_COMPLAINTS] = "complaints",
    [TALLY_REJECTS] = "rejects",
    [TALLY_LIST_HITS] = "list_hits",
    [TALLY_SIMULATOR] = "simulator",
};

/* SES's own rate counts every permanent bounce that it tried, so `policy` is among them.
 */
static enum tally_kind bounce_kind(const struct policy_judgement *judgement)
{
    switch (judgement->class) {
    case POLICY_CLASS_HARD:
    case POLICY_CLASS_POLICY:
        return TALLY_HARD_BOUNCES;
    case POLICY_CLASS_SOFT:
        return TALLY_SOFT_BOUNCES;
    default:
        return TALLY_OTHER;
    }
}

static enum tally_kind rate_kind(const struct ses_event *event,
                                 const struct policy_judgement *judgement)
{
    switch (event->type) {
    case SES_SEND:
        return TALLY_SENDS;
    case SES_DELIVERY:
        return TALLY_DELIVERIES;
    case SES_REJECT:
        return TALLY_REJECTS;
    case SES_BOUNCE:
        return bounce_kind(judgement);
    case SES_COMPLAINT:
        return judgement->class == POLICY_CLASS_COMPLAINT ? TALLY_COMPLAINTS
                                                          : TALLY_OTHER;
    default:
        return TALLY_OTHER;
    }
}

enum tally_kind tally_kind_of(const struct ses_event *event,
                              const struct ses_recipient *recipient,
                              const struct policy_judgement *judgement)
{
    if (recipient && address_is_simulator(&recipient->address))
        return TALLY_SIMULATOR;
    if (judgement->cause == POLICY_CAUSE_LIST_HIT)
        return TALLY_LIST_HITS;
    return !recipient || judgement->counts_in_rates ? rate_kind(event, judgement)
                                                    : TALLY_OTHER;
}

void tally_see(bool again, struct policy_judgement *judgement, enum tally_kind *kind)
{
    if (!again)
        return;
    *kind = TALLY_OTHER;
    judgement->second_for_ever = false;
}

int tally_event(struct store *store, const struct intake *intake, enum tally_kind kind,
                struct tally_message *message)
{
    if (kind == TALLY_COMPLAINTS) {
        message->is_complaint = true;
        return 0;
    }
    return tally_add(store, false, intake->occurred_ms, str_of(kind_words[kind]), 1);
}

int tally_message_end(struct store *store, const struct intake *intake,
                      const struct tally_message *message)
{
    if (!message->is_complaint || message->is_known)
        return 0;
    return tally_add(store, false, intake->occurred_ms,
                     str_of(kind_words[TALLY_COMPLAINTS]), 1);
}

static int64_t hash_of(struct str bytes)
{
    unsigned char digest[DIGEST_BYTES];
    int64_t hash = 0;

    digest_sha256(bytes, digest);
    for (size_t i = 0; i < HASH_BYTES; i++)
        hash = hash << 8 | digest[i];
    return hash;
}

/*
 * The same for both feeds: SES's time, which is part of the event, as long as it is near
 * the time at which the event counts as occurred; else that.
 */
static int64_t hour_of(const struct intake *intake)
{
    int64_t ses_ms = intake->event.ses_time_ms;
    int64_t ms = intake->occurred_ms;

    if (ses_ms != CLOCK_NONE && ses_ms >= ms - STORE_SES_LAG_MS &&
        ses_ms <= ms + STORE_SES_LAG_MS)
        ms = ses_ms;
    return floor_div(ms, CLOCK_HOUR_MS);
}

/* Without any id of SES's the SNS message, or the text, is all there is to know it by. */
static int64_t hash_of_event(const struct intake *intake,
                             const struct ses_recipient *recipient)
{
    struct ses_key key;

    if (ses_event_key(&intake->event, recipient, &key))
        return (int64_t)((uint64_t)key.hash >> (64 - 8 * HASH_BYTES));
    return hash_of(intake->origin == INTAKE_FROM_SNS ? intake->sns_message_id
                                                     : intake->body);
}

int count_remember(struct store *store, const struct intake *intake,
                   const struct ses_recipient *recipient)
{
    int64_t hour = hour_of(intake);
    int changes = 0;
    int r;

    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_COUNTED_ADD);
    db_bind_int(&call, hour);
    db_bind_int(&call, intake->event.type == SES_DELIVERY);
    db_bind_int(&call, recipient ? hash_of(ses_recipient_reported(recipient)) : 0);
    db_bind_int(&call, hash_of_event(intake, recipient));
    db_bind_int(&call, intake->occurred_ms - hour * CLOCK_HOUR_MS);
    db_bind_int_if(&call, intake->imported,
                   floor_div(intake->received_ms, CLOCK_HOUR_MS));
    r = db_run(&call, &changes);
    return r < 0 ? r : changes > 0;
}

/*
 * Below the hour of the mail, so that one that is reported over days is known again; as
 * if imported, so that it is kept from now on.
 */
int count_remember_kind(struct store *store, const struct intake *intake,
                        const struct ses_recipient *recipient, enum tally_kind kind)
{
    const struct ses_event *event = &intake->event;
    bool is_dated = event->sent_ms != CLOCK_NONE;
    int64_t hour = is_dated ? floor_div(event->sent_ms, CLOCK_HOUR_MS) : hour_of(intake);
    int changes = 0;
    int r;

    _cleanup_(db_call_end) struct db_call call = db_call_begin(store, SQL_COUNTED_ADD);
    db_bind_int(&call, hour);
    db_bind_int(&call, false);
    db_bind_int(&call, recipient ? hash_of(str_of(recipient->address.key)) : 0);
    db_bind_int(&call, hash_of(event->ses_message_id) ^ (int64_t)kind);
    db_bind_int(&call, 0);
    db_bind_int(&call, floor_div(intake->received_ms, CLOCK_HOUR_MS));
    r = db_run(&call, &changes);
    return r < 0 ? r : changes > 0;
}

/* SES tells of a Send or a Delivery once; a remote server decides on the other types. */
static int is_first_of_kind(struct store *store, const struct intake *intake,
                            const struct ses_recipient *recipient, enum tally_kind kind)
{
    if (kind == TALLY_OTHER || kind == TALLY_SENDS || kind == TALLY_DELIVERIES ||
        !str_present(intake->event.ses_message_id))
        return 1;
    return count_remember_kind(store, intake, recipient, kind);
}

static int apply_recipient(struct store *store, const struct intake *intake,
                           const struct ses_recipient *recipient,
                           struct tally_message *message, enum verdict *ret)
{
    struct policy_judgement judgement = {0};
    enum tally_kind kind;
    int r = count_remember(store, intake, recipient);

    message->is_known = message->is_known || r == 0;
    if (r <= 0)
        return r;
    *ret = VERDICT_COUNTED;
    if (recipient)
        policy_judge(&intake->event, recipient, &judgement);
    kind = tally_kind_of(&intake->event, recipient, &judgement);
    r = is_first_of_kind(store, intake, recipient, kind);
    if (r < 0)
        return r;
    tally_see(r == 0, &judgement, &kind);
    r = tally_event(store, intake, kind, message);
    if (r < 0 || !recipient)
        return r;
    return list_apply(store, intake, recipient, &judgement);
}

int count_apply(struct store *store, const struct intake *intake, enum verdict *ret)
{
    const struct ses_event *event = &intake->event;
    struct tally_message message = {0};
    int r = 0;

    *ret = VERDICT_DUPLICATE;
    if (event->recipient_count == 0)
        return apply_recipient(store, intake, NULL, &message, ret);
    for (size_t i = 0; r == 0 && i < event->recipient_count; i++)
        r = apply_recipient(store, intake, &event->recipients[i], &message, ret);
    return r < 0 ? r : tally_message_end(store, intake, &message);
}

int count_apply_ignored(struct store *store, const struct intake *intake,
                        enum verdict *ret)
{
    int r = count_remember(store, intake, NULL);

    *ret = r > 0 ? VERDICT_IGNORED : VERDICT_DUPLICATE;
    return r < 0 ? r : 0;
}

int count_delivered_after(struct store *store, const struct address *address, int64_t ms)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call_begin(store, SQL_COUNTED_DELIVERED);

    db_bind_int(&call, floor_div(ms - STORE_SES_LAG_MS, CLOCK_HOUR_MS));
    db_bind_int(&call, STORE_COUNTED_KEEP_MS / CLOCK_HOUR_MS);
    db_bind_int(&call, hash_of(str_of(address->key)));
    db_bind_int(&call, ms);
    return db_step(&call);
}

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

static struct day_tally *tally_find_day(struct store *store, int64_t day)
{
    for (size_t i = 0; i < store->writing->day_count; i++)
        if (store->writing->days[i].day == day)
            return &store->writing->days[i];
    return NULL;
}

int tally_add(struct store *store, int64_t occurred_ms, unsigned kind)
{
    int64_t day = floor_div(occurred_ms, CLOCK_DAY_MS);
    struct day_tally *tally = tally_find_day(store, day);

    if (!tally) {
        if (store->writing->day_count == STORE_DAYS_TALLIED_MAX) {
            int r = tally_flush(store);

            if (r < 0)
                return r;
        }
        tally = &store->writing->days[store->writing->day_count++];
        *tally = (struct day_tally){.day = day};
    }
    tally->n[kind]++;
    return 0;
}

bool tally_add_beside(struct store *store, enum tally_kind kind, int64_t n)
{
    if (store->writing->day_count == 0)
        return false;
    store->writing->days[0].n[kind] += n;
    return true;
}

int tally_add_type(struct store *store, int64_t occurred_ms, struct str type)
{
    int64_t day = floor_div(occurred_ms, CLOCK_DAY_MS);
    struct type_tally *tally;

    if (type.len > STORE_TYPE_BYTES_MAX)
        type.len = STORE_TYPE_BYTES_MAX;
    for (size_t i = 0; i < store->writing->type_count; i++) {
        tally = &store->writing->types[i];
        if (tally->day == day &&
            str_equal(type, (struct str){tally->name, tally->name_len})) {
            tally->n++;
            return 0;
        }
    }
    if (store->writing->type_count == STORE_TYPES_TALLIED_MAX) {
        int r = tally_flush(store);

        if (r < 0)
            return r;
    }
    tally = &store->writing->types[store->writing->type_count++];
    *tally = (struct type_tally){.day = day, .name_len = type.len, .n = 1};
    if (type.len > 0)
        memcpy(tally->name, type.data, type.len);
    return 0;
}

/* The number of rows that it changed, or a fault. */
static int tally_write_day(struct store *store, const struct day_tally *tally,
                           enum sql which)
{
    struct db_value values[1 + TALLY_KINDS] = {db_day(tally->day * CLOCK_DAY_MS)};

    for (size_t i = 0; i < TALLY_KINDS; i++)
        values[1 + i] = db_int(tally->n[i]);
    return db_change_values(store, which, values, 1 + TALLY_KINDS);
}

static int tally_write_type(struct store *store, const struct type_tally *tally)
{
    return db_do(store, SQL_TYPE_ADD, db_day(tally->day * CLOCK_DAY_MS),
                 db_text((struct str){tally->name, tally->name_len}), db_int(tally->n));
}

int tally_flush(struct store *store)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < store->writing->day_count; i++) {
        r = tally_write_day(store, &store->writing->days[i], SQL_DAY_ADD);
        if (r == 0)
            r = tally_write_day(store, &store->writing->days[i], SQL_DAY_FIRST);
    }
    for (size_t i = 0; r >= 0 && i < store->writing->type_count; i++)
        r = tally_write_type(store, &store->writing->types[i]);
    if (r < 0)
        return r;
    store->writing->day_count = 0;
    store->writing->type_count = 0;
    return 0;
}

static int64_t count_hash(struct str bytes)
{
    unsigned char digest[DIGEST_BYTES];
    int64_t hash = 0;

    digest_sha256(bytes, digest);
    for (size_t i = 0; i < HASH_BYTES; i++)
        hash = hash << 8 | digest[i];
    return hash;
}

int64_t count_address_hash(struct str address)
{
    return count_hash(address);
}

/*
 * The same for both feeds: SES's time, which is part of the event, as long as it is near
 * the time at which the event counts as occurred; else that.
 */
static int64_t count_hour(const struct intake *intake)
{
    int64_t ses_ms = intake->event.ses_time_ms;
    int64_t ms = intake->occurred_ms;

    if (ses_ms != CLOCK_NONE && ses_ms >= ms - STORE_SES_LAG_MS &&
        ses_ms <= ms + STORE_SES_LAG_MS)
        ms = ses_ms;
    if (ms > intake->received_ms)
        ms = intake->received_ms;
    return floor_div(ms, CLOCK_HOUR_MS);
}

/* Without any id of SES's the SNS message, or the text, is all there is to know it by. */
static int64_t count_hash_of_event(const struct intake *intake,
                                   const struct ses_recipient *recipient)
{
    struct ses_key key;

    if (ses_event_key(&intake->event, recipient, &key))
        return (int64_t)((uint64_t)key.hash >> (64 - 8 * HASH_BYTES));
    return count_hash(intake->origin == INTAKE_FROM_SNS ? intake->sns_message_id
                                                        : intake->body);
}

int count_remember(struct store *store, const struct intake *intake,
                   const struct ses_recipient *recipient)
{
    int64_t hour = count_hour(intake);

    return db_change(
        store, SQL_COUNTED_ADD, db_int(hour), db_int(intake->event.type == SES_DELIVERY),
        db_int(recipient ? count_hash(ses_recipient_reported(recipient)) : 0),
        db_int(count_hash_of_event(intake, recipient)),
        db_int(intake->occurred_ms - hour * CLOCK_HOUR_MS),
        db_int_if(intake->imported, floor_div(intake->received_ms, CLOCK_HOUR_MS)));
}

/*
 * Below the hour of the mail, so that one that is reported over days is known again; as
 * if imported, so that it is kept from now on.
 */
int count_remember_kind(struct store *store, const struct intake *intake,
                        const struct ses_recipient *recipient, enum policy_tally tally)
{
    const struct ses_event *event = &intake->event;
    int64_t hour = count_hour(intake);

    /* Not one still to come: later Deliveries are looked for up to the newest hour. */
    if (event->sent_ms != CLOCK_NONE && floor_div(event->sent_ms, CLOCK_HOUR_MS) < hour)
        hour = floor_div(event->sent_ms, CLOCK_HOUR_MS);
    return db_change(store, SQL_COUNTED_ADD, db_int(hour), db_int(false),
                     db_int(recipient ? count_hash(str_of(recipient->address.key)) : 0),
                     db_int(count_hash(event->ses_message_id) ^ (int64_t)tally),
                     db_int(0), db_int(floor_div(intake->received_ms, CLOCK_HOUR_MS)));
}

int count_delivered_after(struct store *store, struct str address, int64_t ms,
                          int64_t received_ms, int64_t *ret_ms)
{
    int64_t from_ms = (received_ms < ms ? received_ms : ms) - STORE_SES_LAG_MS;

    return db_only_fault(db_find(store, SQL_COUNTED_DELIVERED, ret_ms,
                                 db_int(floor_div(from_ms, CLOCK_HOUR_MS)),
                                 db_int(count_hash(address)), db_int(ms)));
}

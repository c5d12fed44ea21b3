/* Which sending identities report Deliveries: without these, nothing would ever end the
 * counting of soft bounces. */
#include "sesbounce/digest.h"
#include "store/store_internal.h"

static int64_t identity_hash(struct str identity)
{
    unsigned char digest[DIGEST_BYTES];
    uint64_t hash = 0;

    digest_sha256(identity, digest);
    for (size_t i = 0; i < sizeof(hash); i++)
        hash = hash << 8 | digest[i];
    return (int64_t)hash;
}

struct db_value identity_value(struct str identity)
{
    struct db_value value = db_text_max(identity, SES_NAME_BYTES_MAX);

    return value.type == DB_NULL ? (struct db_value){.type = DB_TEXT, .text = STR("")}
                                 : value;
}

/* False: it is among those that are written already. */
static bool identity_remember(struct writing *writing, struct identity_day seen)
{
    for (size_t i = 0; i < writing->identity_count; i++)
        if (writing->identities[i].day == seen.day &&
            writing->identities[i].hash == seen.hash)
            return false;
    /* The oldest have had their day. */
    if (writing->identity_count == STORE_IDENTITIES_CACHED_MAX)
        writing->identity_count = 0;
    writing->identities[writing->identity_count++] = seen;
    return true;
}

int identity_note_delivery(struct store *store, const struct intake *intake)
{
    struct str identity = intake->event.identity;
    const struct identity_day seen = {intake->occurred_ms / CLOCK_DAY_MS,
                                      identity_hash(identity)};
    int64_t day_ms = seen.day * CLOCK_DAY_MS;

    if (!identity_remember(store->writing, seen))
        return 0;
    int r = db_change(store, SQL_IDENTITY_ADD, identity_value(identity), db_day(day_ms));
    if (r <= 0)
        return r;
    /* Bounces of that day and the next ones may be here: list_recount(). */
    return db_do(store, SQL_IDENTITY_MATTERS, identity_value(identity), db_day(day_ms),
                 db_int(day_ms), db_int(day_ms + POLICY_DELIVERIES_MS + CLOCK_DAY_MS));
}

int identity_has_deliveries(struct store *store, struct str identity, int64_t ms)
{
    return db_find(store, SQL_IDENTITY_SEEN, NULL, identity_value(identity),
                   db_day(ms - POLICY_DELIVERIES_MS), db_day(ms));
}

void identity_forget(struct store *store)
{
    store->writing->identity_count = 0;
}

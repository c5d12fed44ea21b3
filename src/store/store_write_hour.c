/*
 * Counters by hour, sender and provider. What has no row of its own is summed up in
 * memory, and written in the transaction of its cause. An event that has one counts by
 * that, and is gathered in the counters with hundreds of others: a page for each provider
 * would be most of what a small transaction writes.
 */
#include <string.h>

#include "store/store_internal.h"

#define HOURS_OF_DAY (CLOCK_DAY_MS / CLOCK_HOUR_MS)

static int64_t hour_of(int64_t ms)
{
    return ms / CLOCK_HOUR_MS - (ms % CLOCK_HOUR_MS < 0);
}

static int64_t day_begin(int64_t hour)
{
    return hour - (hour % HOURS_OF_DAY + HOURS_OF_DAY) % HOURS_OF_DAY;
}

/* Rows before this hour are of a whole day; before the other, of all providers. */
static int64_t first_hour_kept(int64_t now_ms)
{
    return day_begin(hour_of(now_ms - STORE_HOURS_KEEP_MS));
}

static int64_t first_provider_kept(int64_t now_ms)
{
    return day_begin(hour_of(now_ms - STORE_PROVIDERS_KEEP_MS));
}

/* FNV-1a, 64 bits. */
static uint64_t hash_add(uint64_t hash, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
    return hash;
}
#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)

/* --- who sent -------------------------------------------------------------------- */

#define SENDER_PARTS 5

/* In the order of the statements; '' where it is not known. */
static void sender_parts(const struct intake *intake, struct str ret[SENDER_PARTS])
{
    const struct ses_event *event = &intake->event;

    ret[0] = str_cut(event->identity, SES_NAME_BYTES_MAX);
    ret[1] = str_cut(event->configuration_set, SES_NAME_BYTES_MAX);
    ret[2] = str_of(intake->scoped.name);
    ret[3] = str_cut(event->account_id, SES_WORD_BYTES_MAX);
    ret[4] = str_cut(event->region, SES_WORD_BYTES_MAX);
    for (size_t i = 0; i < SENDER_PARTS; i++)
        if (!str_present(ret[i]))
            ret[i] = STR("");
}

/* Length first, so that no two lists of texts run together to the same bytes. */
static void sender_key(const struct str parts[SENDER_PARTS], struct dimension *ret)
{
    ret->key_len = 0;
    for (size_t i = 0; i < SENDER_PARTS; i++) {
        uint16_t len = (uint16_t)parts[i].len;

        memcpy(ret->key + ret->key_len, &len, sizeof(len));
        memcpy(ret->key + ret->key_len + sizeof(len), parts[i].data, len);
        ret->key_len += sizeof(len) + len;
    }
    ret->hash = hash_add(HASH_BEGIN, ret->key, ret->key_len);
}

static struct db_value sender_value(struct str part)
{
    return (struct db_value){.type = DB_TEXT, .text = part};
}

static int dimension_load(struct store *store, const struct str parts[SENDER_PARTS],
                          int64_t *ret_id)
{
    struct db_value values[SENDER_PARTS];
    int r;

    for (size_t i = 0; i < SENDER_PARTS; i++)
        values[i] = sender_value(parts[i]);
    r = db_find_values(store, SQL_DIMENSION_FIND, ret_id, values, SENDER_PARTS);
    if (r != 0)
        return db_only_fault(r);
    r = db_change_values(store, SQL_DIMENSION_ADD, values, SENDER_PARTS);
    *ret_id = db_last_id(store);
    return db_only_fault(r);
}

static int dimension_get(struct store *store, const struct intake *intake,
                         int64_t *ret_id)
{
    struct writing *writing = store->writing;
    struct str parts[SENDER_PARTS];
    struct dimension wanted;
    int r;

    sender_parts(intake, parts);
    sender_key(parts, &wanted);
    for (size_t i = 0; i < writing->dimension_count; i++) {
        const struct dimension *known = &writing->dimensions[i];

        if (known->hash == wanted.hash && known->key_len == wanted.key_len &&
            memcmp(known->key, wanted.key, wanted.key_len) == 0) {
            *ret_id = known->id;
            return 0;
        }
    }
    r = dimension_load(store, parts, &wanted.id);
    if (r < 0)
        return r;
    if (writing->dimension_count == STORE_DIMENSIONS_CACHED_MAX)
        writing->dimension_count = 0;
    writing->dimensions[writing->dimension_count++] = wanted;
    *ret_id = wanted.id;
    return 0;
}

/* --- counting -------------------------------------------------------------------- */

/* The place of the tally in `slots`, or a free one. */
static uint16_t *hour_slot(struct hour_tallies *all, const struct hour_tally *wanted)
{
    uint64_t hash = hash_add(HASH_BEGIN, wanted->provider, wanted->provider_len);

    hash = hash_add(hash, &wanted->hour, sizeof(wanted->hour));
    hash = hash_add(hash, &wanted->dimension, sizeof(wanted->dimension));
    hash = hash_add(hash, &wanted->kind, sizeof(wanted->kind));
    for (size_t i = (size_t)(hash % STORE_HOUR_SLOTS);; i = (i + 1) % STORE_HOUR_SLOTS) {
        uint16_t *slot = &all->slots[i];
        const struct hour_tally *tally = &all->tallies[*slot ? *slot - 1 : 0];

        if (*slot == 0 ||
            (tally->hour == wanted->hour && tally->dimension == wanted->dimension &&
             tally->kind == wanted->kind && tally->provider_len == wanted->provider_len &&
             memcmp(tally->provider, wanted->provider, wanted->provider_len) == 0))
            return slot;
    }
}

static void tallies_add(struct hour_tallies *all, const struct hour_tally *wanted)
{
    uint16_t *slot = hour_slot(all, wanted);

    if (*slot == 0) {
        all->tallies[all->count++] = *wanted;
        *slot = (uint16_t)all->count;
    }
    all->tallies[*slot - 1].n++;
}

static void tallies_clear(struct hour_tallies *all)
{
    if (all->count > 0)
        memset(all->slots, 0, sizeof(all->slots));
    all->count = 0;
}

/* What happened long ago is counted where hours_tidy() would have put it. */
static void hour_tally_init(const struct intake *intake, struct str provider,
                            enum policy_tally kind, struct hour_tally *ret)
{
    int64_t now_ms = intake->received_ms;

    provider = str_cut(provider, sizeof(ret->provider));
    *ret = (struct hour_tally){
        .hour = hour_of(intake->occurred_ms), .kind = kind, .provider_len = provider.len};
    if (ret->hour < first_provider_kept(now_ms))
        ret->provider_len = 0;
    if (ret->hour < first_hour_kept(now_ms))
        ret->hour = day_begin(ret->hour);
    if (ret->provider_len > 0)
        memcpy(ret->provider, provider.data, ret->provider_len);
}

/* Not what `daily` does not show: of that, a remote server could name any number of
 * providers. */
static bool tally_is_shown(enum policy_tally tally)
{
    return tally != POLICY_TALLY_OTHER && tally != POLICY_TALLY_SIMULATOR;
}

/* The number of rows that it changed, or a fault. */
static int hour_write(struct store *store, const struct hour_tally *tally, enum sql which)
{
    return db_change(store, which, db_int(tally->hour), db_int(tally->dimension),
                     sender_value((struct str){tally->provider, tally->provider_len}),
                     db_int((int64_t)tally->kind), db_int(tally->n));
}

static int tallies_write(struct store *store, struct hour_tallies *all)
{
    for (size_t i = 0; i < all->count; i++) {
        int r = hour_write(store, &all->tallies[i], SQL_HOUR_ADD);

        if (r == 0)
            r = hour_write(store, &all->tallies[i], SQL_HOUR_FIRST);
        if (r < 0)
            return r;
    }
    tallies_clear(all);
    return 0;
}

/* --- counted by rows ------------------------------------------------------------- */

static void fresh_clear(struct writing *writing)
{
    tallies_clear(&writing->fresh);
    writing->fresh_count = writing->fresh_id_sum = 0;
}

void hours_forget_fresh(struct store *store)
{
    fresh_clear(store->writing);
}

/* Events that are not gathered yet. */
struct fresh {
    int64_t count;
    int64_t id_sum;
    int64_t last_id; /* of any event */
    int64_t gathered_id;
};

static int fresh_find(struct store *store, struct fresh *ret)
{
    _cleanup_(db_call_end) struct db_call call = db_call(store, SQL_HOURS_FRESH);
    int r = db_step(&call);

    if (r <= 0)
        return r;
    ret->count = db_get_int(&call);
    ret->id_sum = db_get_int(&call);
    ret->last_id = db_get_int(&call);
    ret->gathered_id = db_get_int(&call);
    return 0;
}

/* What nobody has in memory: of an earlier run, or of another process. */
static int fresh_write_rows(struct store *store, const struct fresh *fresh)
{
    int r = db_do(store, SQL_HOURS_SENDERS, db_int(fresh->last_id));

    return r < 0 ? r : db_do(store, SQL_HOURS_GATHER, db_int(fresh->last_id));
}

static int hours_gather(struct store *store)
{
    struct writing *writing = store->writing;
    struct fresh fresh = {.count = 0};
    int r = fresh_find(store, &fresh);

    if (r < 0)
        return r;
    if (fresh.count == writing->fresh_count && fresh.id_sum == writing->fresh_id_sum)
        r = tallies_write(store, &writing->fresh);
    else
        r = fresh_write_rows(store, &fresh);
    if (r == 0 && fresh.last_id > fresh.gathered_id)
        r = db_do(store, SQL_HOURS_GATHERED_TO, db_int(fresh.last_id));
    if (r < 0)
        return r;
    fresh_clear(writing);
    writing->fresh_known = true;
    return 0;
}

bool hour_is_of_row(const struct intake *intake, enum policy_tally tally)
{
    /* A mail is one complaint, which its first row cannot know; and what is so old that
     * its hour is one of a day is added to that. */
    return tally_is_shown(tally) && tally != POLICY_TALLY_COMPLAINTS &&
           !intake->imported && intake->occurred_ms >= 0 &&
           hour_of(intake->occurred_ms) >= first_hour_kept(intake->received_ms);
}

/* --- both ------------------------------------------------------------------------ */

int hour_add(struct store *store, const struct intake *intake,
             const struct ses_recipient *recipient, enum policy_tally tally,
             int64_t event_id)
{
    struct writing *writing = store->writing;
    struct hour_tallies *all = event_id ? &writing->fresh : &writing->hours;
    struct hour_tally wanted;
    int r;

    if (!tally_is_shown(tally))
        return 0;
    hour_tally_init(intake, str_of(recipient ? recipient->address.domain : NULL), tally,
                    &wanted);
    r = dimension_get(store, intake, &wanted.dimension);
    if (r < 0)
        return r;
    tallies_add(all, &wanted);
    writing->fresh_count += event_id != 0;
    writing->fresh_id_sum += event_id;
    if (all->count < STORE_HOURS_TALLIED_MAX)
        return 0;
    return event_id ? hours_gather(store) : tallies_write(store, all);
}

int hour_flush(struct store *store)
{
    struct writing *writing = store->writing;
    int64_t most = writing->fresh_known ? STORE_HOURS_FRESH_MAX : 1;
    int r = tallies_write(store, &writing->hours);

    return r < 0 || writing->fresh_count < most ? r : hours_gather(store);
}

void hour_forget(struct store *store)
{
    tallies_clear(&store->writing->hours);
    fresh_clear(store->writing);
    store->writing->fresh_known = false;
    store->writing->dimension_count = 0;
}

/* --- as the years pass ----------------------------------------------------------- */

/* Adds rows of `hour` to those of `into`, and removes them. How many, or a fault. */
static int hour_fold(struct store *store, int64_t hour, int64_t into, bool keeps_provider)
{
    const struct db_value values[] = {db_int(hour), db_int(keeps_provider),
                                      db_int(STORE_TIDY_ROWS_MAX), db_int(into)};
    int r = db_change_values(store, SQL_HOUR_FOLD, values, 4);

    return r <= 0 ? r : db_change_values(store, SQL_HOUR_FOLDED, values, 3);
}

int hours_tidy(struct store *store, int64_t now_ms, bool *ret_more)
{
    int64_t *at = &store->writing->tidy_hour;
    int r = hours_gather(store);

    if (r < 0)
        return r;
    for (size_t i = 0; i < STORE_TIDY_HOURS_MAX; i++) {
        int64_t hour;

        r = db_find(store, SQL_HOUR_NEXT, &hour, db_int(*at),
                    db_int(first_hour_kept(now_ms)));

        if (r <= 0)
            return r;
        bool keeps_provider = hour >= first_provider_kept(now_ms);

        r = 0;
        if (hour != day_begin(hour) || !keeps_provider)
            r = hour_fold(store, hour, day_begin(hour), keeps_provider);
        if (r < 0)
            return r;
        *at = r < STORE_TIDY_ROWS_MAX ? hour + 1 : hour;
        if (r == 0)
            continue;
        break;
    }
    *ret_more = true;
    return 0;
}

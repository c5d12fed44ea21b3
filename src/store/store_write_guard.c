/*
 * What the outage guard knows of the providers: counters of the present hour in memory,
 * and in the database what is needed later. Providers with few hard bounces cost nothing
 * but their place here.
 */
#include <string.h>

#include "store/store_internal.h"

uint64_t guard_hash(struct str text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Its place, or the one that is least missed: of an earlier hour, or with the fewest. */
static struct provider *provider_place(struct guarding *guarding, uint64_t hash,
                                       int64_t hour)
{
    struct provider *set = &guarding->providers[hash % GUARD_SETS * GUARD_PLACES];
    struct provider *least = set;

    for (size_t i = 0; i < GUARD_PLACES; i++) {
        if (set[i].hash == hash && set[i].hour != 0)
            return &set[i];
        bool is_old = set[i].hour < hour, least_is_old = least->hour < hour;
        if (is_old == least_is_old ? set[i].hard < least->hard : is_old)
            least = &set[i];
    }
    return least;
}

static int provider_load(struct store *store, struct str name, struct provider *provider)
{
    int64_t found = 0;
    int r = db_find(store, SQL_PROVIDER_HARD, &provider->hard, db_text(name),
                    db_int(provider->hour));

    if (r >= 0)
        r = db_find(store, SQL_GUARD_OPEN, &found, db_text(name),
                    db_int(provider->hour - 1));
    provider->is_open = r == 1;
    provider->guard_id = found;
    return db_only_fault(r);
}

/* The provider in the present hour. */
static int provider_get(struct store *store, struct str name, int64_t now_ms,
                        struct provider **ret)
{
    uint64_t hash = guard_hash(name);
    int64_t hour = now_ms / CLOCK_HOUR_MS;
    struct provider *provider = provider_place(&store->writing->guarding, hash, hour);

    *ret = provider;
    if (provider->hash == hash && provider->hour == hour)
        return 0;
    *provider = (struct provider){.hash = hash, .hour = hour};
    return provider_load(store, name, provider);
}

static void answer_count(struct provider *provider, uint64_t answer)
{
    struct guard_answer *least = provider->answers;

    for (size_t i = 0; i < GUARD_ANSWERS; i++) {
        struct guard_answer *at = &provider->answers[i];

        if (at->n > 0 && at->hash == answer) {
            at->n++;
            return;
        }
        if (at->n < least->n)
            least = at;
    }
    *least = (struct guard_answer){answer, 1};
}

static int64_t answers_alike(const struct provider *provider)
{
    int64_t most = 0;

    for (size_t i = 0; i < GUARD_ANSWERS; i++)
        if (provider->answers[i].n > most)
            most = provider->answers[i].n;
    return most;
}

/* One that begins to be guarded is news for the daemon. */
static int guard_begin(struct store *store, struct str name, struct provider *provider,
                       int64_t now_ms)
{
    struct guarding *guarding = &store->writing->guarding;
    int r =
        db_do(store, SQL_GUARD_BEGIN, db_text(name), db_time(now_ms),
              db_int(provider->hour), db_int(provider->hard), db_int(provider->usual));

    if (r < 0)
        return r;
    provider->is_open = true;
    provider->guard_id = db_last_id(store);
    if (guarding->news_count == STORE_GUARD_NEWS_MAX) {
        guarding->news_more++;
        return 0;
    }
    struct store_guard *news = &guarding->news[guarding->news_count++];
    news->hard = provider->hard;
    news->usual = provider->usual;
    (void)snprintf(news->provider, sizeof(news->provider), "%.*s", STR_ARG(name));
    return 0;
}

/* Not what is reported again, of the mail or of the address; and not what comes late: an
 * outage of our own ends with a burst. */
static bool provider_counts(const struct list_event *event, struct provider *provider)
{
    const struct intake *intake = event->intake;
    uint64_t hash = guard_hash(str_of(event->recipient->address.key));

    if (event->judgement->tally != POLICY_TALLY_HARD_BOUNCES ||
        intake->received_ms - intake->occurred_ms > STORE_SES_LAG_MS)
        return false;
    for (size_t i = 0; i < GUARD_ADDRESSES; i++)
        if (provider->addresses[i] == hash)
            return false;
    provider->addresses[provider->hard % GUARD_ADDRESSES] = hash;
    return true;
}

static int provider_count_hard(struct store *store, const struct list_event *event,
                               struct str name, struct provider *provider)
{
    const struct policy *policy = event->intake->policy;
    int64_t now_ms = event->intake->received_ms;
    int r = 0;

    if (!provider_counts(event, provider))
        return 0;
    provider->hard++;
    provider->answered++;
    answer_count(provider, policy_guard_answer(event->recipient));
    /* What a provider with few has is never compared. */
    if (provider->hard * GUARD_NOTED_PART >= policy->guard_least)
        r = db_do(store, SQL_PROVIDER_PUT, db_text(name), db_int(provider->hour),
                  db_int(provider->hard));
    if (r < 0 || provider->is_open || provider->hard < policy->guard_least)
        return r;
    r = db_find(store, SQL_PROVIDER_USUAL, &provider->usual, db_text(name),
                db_int((now_ms - POLICY_GUARD_USUAL_MS) / CLOCK_HOUR_MS),
                db_int(provider->hour));
    const struct policy_provider seen = {.hard = provider->hard,
                                         .answers = provider->answered,
                                         .alike = answers_alike(provider),
                                         .deliveries = provider->deliveries,
                                         .usual = provider->usual};
    return r >= 0 && policy_guard_trips(policy, &seen)
               ? guard_begin(store, name, provider, now_ms)
               : db_only_fault(r);
}

static bool event_is_guarded(const struct list_event *event)
{
    const struct policy_judgement *judgement = event->judgement;

    return event->intake->policy->guard && !event->intake->imported &&
           judgement->reason == POLICY_REASON_BOUNCE && !judgement->list_hit &&
           judgement->class == POLICY_CLASS_HARD && !judgement->not_tried &&
           judgement->effect == POLICY_EFFECT_SUPPRESS &&
           !address_is_simulator(&event->recipient->address);
}

int guard_note_delivery(struct store *store, const struct list_event *event)
{
    struct provider *provider;
    int r;

    if (!event->intake->policy->guard || event->intake->imported)
        return 0;
    r = provider_get(store, str_of(event->recipient->address.domain),
                     event->intake->received_ms, &provider);
    if (r == 0)
        provider->deliveries++;
    return r;
}

int guard_find(struct store *store, const struct list_event *event,
               char why[GUARD_WHY_BYTES], struct str *ret)
{
    struct str name = str_of(event->recipient->address.domain);
    int r;

    *ret = STR_ABSENT;
    if (!event_is_guarded(event))
        return 0;
    r = db_find(store, SQL_GUARD_OPEN, NULL, db_text(name),
                db_int(event->intake->received_ms / CLOCK_HOUR_MS - 1));
    if (r <= 0)
        return r;
    (void)snprintf(why, GUARD_WHY_BYTES, "guard:%.*s", STR_ARG(name));
    *ret = str_of(why);
    return 0;
}

int guard_look(struct store *store, const struct list_event *event,
               char why[GUARD_WHY_BYTES], struct str *ret)
{
    struct str name = str_of(event->recipient->address.domain);
    struct provider *provider;
    int r;

    *ret = STR_ABSENT;
    if (!event_is_guarded(event))
        return 0;
    r = provider_get(store, name, event->intake->received_ms, &provider);
    if (r == 0)
        r = provider_count_hard(store, event, name, provider);
    if (r < 0 || !provider->is_open)
        return r;
    (void)snprintf(why, GUARD_WHY_BYTES, "guard:%.*s", STR_ARG(name));
    *ret = str_of(why);
    if (provider->hard >= event->intake->policy->guard_least &&
        provider->guarded_hour != provider->hour) {
        provider->guarded_hour = provider->hour;
        r = db_do(store, SQL_GUARD_HELD, db_int(provider->guard_id),
                  db_int(provider->hour));
    }
    if (r == 0 && event->event_id != 0)
        r = db_do(store, SQL_EVENT_GUARDED, db_int(event->event_id));
    return r;
}

/* What a rolled back transaction counted is not known: from here on, the hard bounces
 * that are written down count, and new answers. */
void guard_forget(struct store *store)
{
    memset(&store->writing->guarding, 0, sizeof(store->writing->guarding));
}

bool store_guard_news(struct store *store, struct store_guard *ret, size_t *ret_more)
{
    struct guarding *guarding = &store->writing->guarding;

    if (guarding->news_count == 0)
        return false;
    *ret = guarding->news[--guarding->news_count];
    *ret_more = guarding->news_more;
    guarding->news_more = 0;
    return true;
}

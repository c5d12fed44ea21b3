#include "daemon/waiting_room.h"

#include <errno.h>

#include "daemon/connections.h"
#include "daemon/limits.h"

/* What a draw weighs: parts of an address's one vote. WAITING_ROOM_MAX addresses have
 * 2^30 of them, which is far below the 2^32 that lot_draw() needs. */
#define ONE_VOTE (UINT64_C(1) << 20)

_Static_assert(WAITING_ROOM_MAX *ONE_VOTE <= UINT64_C(1) << 30,
               "lot_draw() takes no more");

int waiting_room_init(struct waiting_room *room, size_t max)
{
    int r;

    *room = (struct waiting_room){.end = &room->first, .max = max};
    r = sightings_init(&room->sightings);
    if (r < 0)
        return r;
    room->lot = room->sightings.key | 1;
    r = -pthread_mutex_init(&room->mutex, NULL);
    if (r < 0)
        sightings_done(&room->sightings);
    return r;
}

void waiting_room_done(struct waiting_room *room)
{
    sightings_done(&room->sightings);
    (void)pthread_mutex_destroy(&room->mutex);
}

/* xorshift64*, from a secret beginning: its upper 32 bits, 0 to below `below`. At most
 * 2^30 (ONE_VOTE), so that no remainder is much likelier than another. */
static uint64_t lot_draw(struct waiting_room *room, uint64_t below)
{
    room->lot ^= room->lot >> 12;
    room->lot ^= room->lot << 25;
    room->lot ^= room->lot >> 27;
    return ((room->lot * UINT64_C(0x2545f4914f6cdd1d)) >> 32) % below;
}

/* --- in and out ------------------------------------------------------------------ */

/* All static functions below but waiting_room_take() are called under the mutex. */

static bool delivery_waits_for(const struct delivery *delivery, uint64_t hash,
                               const struct sns_cert_url *url)
{
    return delivery->waiting_for == hash &&
           str_equal(delivery->certificate_url.file, url->file) &&
           str_equal(delivery->certificate_url.host, url->host);
}

static bool deliveries_wait_for_one(const struct delivery *a, const struct delivery *b)
{
    return delivery_waits_for(a, b->waiting_for, &b->certificate_url);
}

static void delivery_put_in(struct waiting_room *room, struct delivery *delivery)
{
    struct connections_share *share = delivery->sender;

    delivery->next_waiting = NULL;
    *room->end = delivery;
    room->end = &delivery->next_waiting;
    room->count++;
    if (share)
        atomic_fetch_add(&share->waiting, 1);
    else
        room->unlimited++;
}

/* Takes out what `*link` points to. */
static struct delivery *delivery_take_out(struct waiting_room *room,
                                          struct delivery **link)
{
    struct delivery *delivery = *link;
    struct connections_share *share = delivery->sender;

    *link = delivery->next_waiting;
    if (!*link)
        room->end = link;
    room->count--;
    if (share)
        atomic_fetch_sub(&share->waiting, 1);
    else
        room->unlimited--;
    return delivery;
}

/* When it stood for its URL, the next of the same does so. */
static void delivery_hand_on(struct waiting_room *room, const struct delivery *gone)
{
    struct delivery *other = gone->stands_for_url ? room->first : NULL;

    while (other && !deliveries_wait_for_one(other, gone))
        other = other->next_waiting;
    if (other)
        other->stands_for_url = true;
}

/* How many wait from its address. */
static size_t delivery_held(const struct waiting_room *room,
                            const struct delivery *delivery)
{
    struct connections_share *share = delivery->sender;

    return share ? (size_t)atomic_load(&share->waiting) : room->unlimited;
}

/* What counts for less is displaced by what counts for more, or for as much. */
static int delivery_worth(const struct delivery *delivery)
{
    if (!delivery->stands_for_url)
        return 0;
    return delivery->waiting_as == SIGHTING_AGAIN || delivery->is_asked_for ? 2 : 1;
}

/* Above 0: `a` has to go before `b`; 0: either. */
static int delivery_order(const struct waiting_room *room, const struct delivery *a,
                          const struct delivery *b)
{
    size_t held_a = delivery_held(room, a), held_b = delivery_held(room, b);

    return held_a != held_b ? (held_a > held_b) - (held_a < held_b)
                            : delivery_worth(b) - delivery_worth(a);
}

/*
 * The link to who has to go: of the newcomer's address alone when it `has_share`, else of
 * the address that holds most; there one that is worth least, by lot. NULL when that is
 * the newcomer itself.
 */
static struct delivery **victim_choose(struct waiting_room *room,
                                       const struct delivery *newcomer, bool has_share)
{
    struct delivery **chosen = NULL;
    uint64_t alike = 0;

    for (struct delivery **link = &room->first; *link; link = &(*link)->next_waiting) {
        int order;

        if (has_share && (*link)->sender != newcomer->sender)
            continue;
        order = chosen ? delivery_order(room, *link, *chosen) : 1;
        if (order < 0)
            continue;
        alike = order > 0 ? 1 : alike + 1;
        if (order > 0 || lot_draw(room, alike) == 0)
            chosen = link;
    }
    if (chosen && (*chosen)->sender == newcomer->sender &&
        delivery_worth(*chosen) > delivery_worth(newcomer))
        return NULL;
    return chosen;
}

/* 0 with who had to go, or NULL; -EAGAIN when nobody has to. */
static int place_make(struct waiting_room *room, const struct delivery *newcomer,
                      struct delivery **ret_displaced)
{
    struct connections_share *share = newcomer->sender;
    bool has_share =
        share && atomic_load(&share->waiting) >= room->max / HTTP_ADDRESS_SHARE;
    struct delivery **link;

    if (room->count < room->max && !has_share)
        return 0;
    link = victim_choose(room, newcomer, has_share);
    if (!link)
        return -EAGAIN;
    *ret_displaced = delivery_take_out(room, link);
    (*ret_displaced)->next_waiting = NULL;
    delivery_hand_on(room, *ret_displaced);
    return 0;
}

/* All who wait for the same are wanted as much; the first of them stands for all. */
static void delivery_appraise(struct waiting_room *room, struct delivery *delivery,
                              int64_t mono_ms)
{
    delivery->waiting_for = sightings_hash(&room->sightings, &delivery->certificate_url);
    delivery->waiting_as =
        sightings_note(&room->sightings, delivery->waiting_for, mono_ms);
    delivery->stands_for_url = true;
    delivery->is_asked_for = false;
    for (struct delivery *other = room->first; other; other = other->next_waiting) {
        if (!deliveries_wait_for_one(other, delivery))
            continue;
        delivery->stands_for_url = false;
        other->waiting_as = delivery->waiting_as;
    }
}

int waiting_room_enter(struct waiting_room *room, struct delivery *delivery,
                       int64_t mono_ms, struct delivery **ret_displaced)
{
    int r = -ESHUTDOWN;

    *ret_displaced = NULL;
    pthread_mutex_lock(&room->mutex);
    if (!room->closed) {
        delivery_appraise(room, delivery, mono_ms);
        r = place_make(room, delivery, ret_displaced);
    }
    if (r == 0)
        delivery_put_in(room, delivery);
    pthread_mutex_unlock(&room->mutex);
    return r;
}

/* --- who is served next ---------------------------------------------------------- */

/* One candidate of each kind, and the votes it was drawn among. */
struct candidates {
    struct delivery *of[SIGHTING_KINDS];
    uint64_t votes[SIGHTING_KINDS];
};

/* Each address has one vote, which its URLs share. */
static void candidates_add(struct waiting_room *room, struct candidates *candidates,
                           struct delivery *delivery)
{
    uint64_t part = ONE_VOTE / delivery_held(room, delivery);
    enum sighting kind = delivery->waiting_as;

    candidates->votes[kind] += part;
    if (lot_draw(room, candidates->votes[kind]) < part)
        candidates->of[kind] = delivery;
}

static struct delivery *candidates_elect(struct waiting_room *room,
                                         const struct candidates *candidates)
{
    static const enum sighting order[] = {SIGHTING_AGAIN, SIGHTING_AGAIN, SIGHTING_AGAIN,
                                          SIGHTING_AGAIN, SIGHTING_NEW,   SIGHTING_NEW,
                                          SIGHTING_NEW,   SIGHTING_FAILED};
    struct delivery *elected =
        candidates->of[order[lot_draw(room, sizeof(order) / sizeof(order[0]))]];

    if (!elected)
        elected = candidates->of[SIGHTING_AGAIN];
    if (!elected)
        elected = candidates->of[SIGHTING_NEW];
    return elected ? elected : candidates->of[SIGHTING_FAILED];
}

static void wish_copy(const struct delivery *wanted, struct waiting_wish *ret)
{
    (void)snprintf(ret->host, sizeof(ret->host), "%.*s",
                   STR_ARG(wanted->certificate_url.host));
    (void)snprintf(ret->file, sizeof(ret->file), "%.*s",
                   STR_ARG(wanted->certificate_url.file));
    (void)snprintf(ret->topic, sizeof(ret->topic), "%.*s", STR_ARG(wanted->topic.text));
    ret->hash = wanted->waiting_for;
    ret->has_failed = wanted->waiting_as == SIGHTING_FAILED;
}

bool waiting_room_wish(struct waiting_room *room, struct waiting_wish *ret,
                       bool (*skip)(void *context, uint64_t hash), void *context)
{
    struct candidates candidates = {.votes = {0}};
    struct delivery *wanted;

    pthread_mutex_lock(&room->mutex);
    for (struct delivery *delivery = room->first; delivery;
         delivery = delivery->next_waiting) {
        if (delivery->stands_for_url && !skip(context, delivery->waiting_for))
            candidates_add(room, &candidates, delivery);
    }
    wanted = candidates_elect(room, &candidates);
    if (wanted) {
        wanted->is_asked_for = true;
        wish_copy(wanted, ret);
    }
    pthread_mutex_unlock(&room->mutex);
    return wanted != NULL;
}

void waiting_room_failed(struct waiting_room *room, const struct waiting_wish *wish,
                         int64_t mono_ms)
{
    pthread_mutex_lock(&room->mutex);
    sightings_fail(&room->sightings, wish->hash, mono_ms);
    pthread_mutex_unlock(&room->mutex);
}

/* --- who goes -------------------------------------------------------------------- */

/* Those that arrived no later than `by_ms`, and wait for `url` unless that is NULL.
 */
static struct delivery *waiting_room_take(struct waiting_room *room, int64_t by_ms,
                                          const struct sns_cert_url *url)
{
    uint64_t hash = url ? sightings_hash(&room->sightings, url) : 0;
    struct delivery *taken = NULL;
    struct delivery **link;

    pthread_mutex_lock(&room->mutex);
    for (link = &room->first; *link;) {
        struct delivery *delivery = *link;

        if (delivery->arrived_ms > by_ms ||
            (url && !delivery_waits_for(delivery, hash, url))) {
            link = &delivery->next_waiting;
            continue;
        }
        (void)delivery_take_out(room, link);
        delivery->next_waiting = taken;
        taken = delivery;
    }
    for (const struct delivery *gone = taken; gone; gone = gone->next_waiting)
        delivery_hand_on(room, gone);
    pthread_mutex_unlock(&room->mutex);
    return taken;
}

struct delivery *waiting_room_leave(struct waiting_room *room,
                                    const struct sns_cert_url *url)
{
    return waiting_room_take(room, INT64_MAX, url);
}

struct delivery *waiting_room_sweep(struct waiting_room *room, int64_t mono_ms)
{
    return waiting_room_take(room, mono_ms - WAITING_MS, NULL);
}

struct delivery *waiting_room_close(struct waiting_room *room)
{
    pthread_mutex_lock(&room->mutex);
    room->closed = true;
    pthread_mutex_unlock(&room->mutex);
    return waiting_room_take(room, INT64_MAX, NULL);
}

#include "daemon/waiting_room.h"

#include <errno.h>

#include "daemon/connections.h"
#include "daemon/limits.h"

/* What a draw weighs: parts of an address's one vote. WAITING_ROOM_MAX addresses have
 * 2^30 of them, which is far below the 2^32 that draw() needs. */
#define ONE_VOTE (UINT64_C(1) << 20)

_Static_assert(WAITING_ROOM_MAX *ONE_VOTE <= UINT64_C(1) << 30, "draw() takes no more");

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
static uint64_t draw(struct waiting_room *room, uint64_t below)
{
    room->lot ^= room->lot >> 12;
    room->lot ^= room->lot << 25;
    room->lot ^= room->lot >> 27;
    return ((room->lot * UINT64_C(0x2545f4914f6cdd1d)) >> 32) % below;
}

/* --- in and out ------------------------------------------------------------------ */

/* All functions below are called under the mutex, except those of the header. */

static bool is_same(const struct delivery *a, const struct delivery *b)
{
    return a->waiting_for == b->waiting_for &&
           str_equal(a->certificate_url.file, b->certificate_url.file) &&
           str_equal(a->certificate_url.host, b->certificate_url.host);
}

static void put_in(struct waiting_room *room, struct delivery *delivery)
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
static struct delivery *take_one(struct waiting_room *room, struct delivery **link)
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
static void hand_on(struct waiting_room *room, const struct delivery *gone)
{
    struct delivery *other = gone->stands_for_url ? room->first : NULL;

    while (other && !is_same(other, gone))
        other = other->next_waiting;
    if (other)
        other->stands_for_url = true;
}

/* How many wait from its address. */
static size_t holds(const struct waiting_room *room, const struct delivery *delivery)
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

static bool have_one_address(const struct delivery *a, const struct delivery *b)
{
    return a->sender == b->sender;
}

/* Above 0: `a` has to go before `b`; 0: either. */
static int goes_before(const struct waiting_room *room, const struct delivery *a,
                       const struct delivery *b)
{
    size_t held_a = holds(room, a), held_b = holds(room, b);

    return held_a != held_b ? (held_a > held_b) - (held_a < held_b)
                            : delivery_worth(b) - delivery_worth(a);
}

/*
 * The link to who has to go: of the newcomer's address alone when it `has_share`, else of
 * the address that holds most; there one that is worth least, by lot. NULL when that is
 * the newcomer itself.
 */
static struct delivery **choose_victim(struct waiting_room *room,
                                       const struct delivery *newcomer, bool has_share)
{
    struct delivery **chosen = NULL;
    uint64_t alike = 0;

    for (struct delivery **link = &room->first; *link; link = &(*link)->next_waiting) {
        int order;

        if (has_share && !have_one_address(*link, newcomer))
            continue;
        order = chosen ? goes_before(room, *link, *chosen) : 1;
        if (order < 0)
            continue;
        alike = order > 0 ? 1 : alike + 1;
        if (order > 0 || draw(room, alike) == 0)
            chosen = link;
    }
    if (chosen && have_one_address(*chosen, newcomer) &&
        delivery_worth(*chosen) > delivery_worth(newcomer))
        return NULL;
    return chosen;
}

/* 0 with who had to go, or NULL; -EAGAIN when nobody has to. */
static int make_place(struct waiting_room *room, const struct delivery *newcomer,
                      struct delivery **ret_displaced)
{
    struct connections_share *share = newcomer->sender;
    bool has_share =
        share && atomic_load(&share->waiting) >= room->max / HTTP_ADDRESS_SHARE;
    struct delivery **link;

    if (room->count < room->max && !has_share)
        return 0;
    link = choose_victim(room, newcomer, has_share);
    if (!link)
        return -EAGAIN;
    *ret_displaced = take_one(room, link);
    (*ret_displaced)->next_waiting = NULL;
    hand_on(room, *ret_displaced);
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
        if (!is_same(other, delivery))
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
        r = make_place(room, delivery, ret_displaced);
    }
    if (r == 0)
        put_in(room, delivery);
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
    uint64_t part = ONE_VOTE / holds(room, delivery);
    enum sighting kind = delivery->waiting_as;

    candidates->votes[kind] += part;
    if (draw(room, candidates->votes[kind]) < part)
        candidates->of[kind] = delivery;
}

static struct delivery *candidates_elect(struct waiting_room *room,
                                         const struct candidates *candidates)
{
    static const enum sighting order[] = {SIGHTING_AGAIN, SIGHTING_AGAIN, SIGHTING_AGAIN,
                                          SIGHTING_AGAIN, SIGHTING_NEW,   SIGHTING_NEW,
                                          SIGHTING_NEW,   SIGHTING_FAILED};
    struct delivery *elected =
        candidates->of[order[draw(room, sizeof(order) / sizeof(order[0]))]];

    if (!elected)
        elected = candidates->of[SIGHTING_AGAIN];
    if (!elected)
        elected = candidates->of[SIGHTING_NEW];
    return elected ? elected : candidates->of[SIGHTING_FAILED];
}

static void copy_text(char *to, size_t size, struct str from)
{
    size_t len = from.len < size ? from.len : size - 1;

    memcpy(to, from.data, len);
    to[len] = '\0';
}

static void copy_wish(const struct delivery *wanted, struct waiting_wish *ret)
{
    copy_text(ret->host, sizeof(ret->host), wanted->certificate_url.host);
    copy_text(ret->file, sizeof(ret->file), wanted->certificate_url.file);
    copy_text(ret->topic, sizeof(ret->topic), wanted->topic.text);
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
        copy_wish(wanted, ret);
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

/* Takes out everybody whom `choose` names. */
static struct delivery *take_out(struct waiting_room *room,
                                 bool (*choose)(const struct delivery *, const void *),
                                 const void *by)
{
    struct delivery **link = &room->first;
    struct delivery *taken = NULL;

    while (*link) {
        struct delivery *delivery = *link;

        if (!choose(delivery, by)) {
            link = &delivery->next_waiting;
            continue;
        }
        (void)take_one(room, link);
        delivery->next_waiting = taken;
        taken = delivery;
    }
    return taken;
}

static bool waits_for(const struct delivery *delivery, const void *by)
{
    const struct sns_cert_url *url = by;

    return str_equal(delivery->certificate_url.file, url->file) &&
           str_equal(delivery->certificate_url.host, url->host);
}

static bool is_late(const struct delivery *delivery, const void *by)
{
    const int64_t *now_ms = by;

    return *now_ms >= delivery->arrived_ms + WAITING_MS;
}

static bool is_there(const struct delivery *delivery, const void *by)
{
    (void)by;
    return delivery != NULL;
}

struct delivery *waiting_room_leave(struct waiting_room *room,
                                    const struct sns_cert_url *url)
{
    struct delivery *taken;

    pthread_mutex_lock(&room->mutex);
    taken = take_out(room, waits_for, url);
    pthread_mutex_unlock(&room->mutex);
    return taken;
}

struct delivery *waiting_room_sweep(struct waiting_room *room, int64_t mono_ms)
{
    struct delivery *taken;

    pthread_mutex_lock(&room->mutex);
    taken = take_out(room, is_late, &mono_ms);
    for (const struct delivery *gone = taken; gone; gone = gone->next_waiting)
        hand_on(room, gone);
    pthread_mutex_unlock(&room->mutex);
    return taken;
}

struct delivery *waiting_room_close(struct waiting_room *room)
{
    struct delivery *taken;

    pthread_mutex_lock(&room->mutex);
    room->closed = true;
    taken = take_out(room, is_there, NULL);
    pthread_mutex_unlock(&room->mutex);
    return taken;
}

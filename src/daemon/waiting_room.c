#include "daemon/waiting_room.h"

#include <errno.h>

#include "daemon/connections.h"
#include "sesbounce/limits.h"

int waiting_room_init(struct waiting_room *room, size_t max)
{
    *room = (struct waiting_room){.end = &room->first, .max = max};
    return -pthread_mutex_init(&room->mutex, NULL);
}

void waiting_room_done(struct waiting_room *room)
{
    (void)pthread_mutex_destroy(&room->mutex);
}

/* Called under the mutex. */
static bool has_place(const struct waiting_room *room,
                      const struct connections_share *share)
{
    return room->count < room->max &&
           (!share || atomic_load(&share->waiting) < room->max / HTTP_ADDRESS_SHARE);
}

int waiting_room_enter(struct waiting_room *room, struct delivery *delivery)
{
    struct connections_share *share = connection_share(delivery->client);
    int r = 0;

    pthread_mutex_lock(&room->mutex);
    if (room->closed) {
        r = -ESHUTDOWN;
    } else if (!has_place(room, share)) {
        r = -EAGAIN;
    } else {
        delivery->next_waiting = NULL;
        *room->end = delivery;
        room->end = &delivery->next_waiting;
        room->count++;
        if (share)
            atomic_fetch_add(&share->waiting, 1);
    }
    pthread_mutex_unlock(&room->mutex);
    return r;
}

static void copy_text(char *to, size_t size, struct str from)
{
    size_t len = from.len < size ? from.len : size - 1;

    memcpy(to, from.data, len);
    to[len] = '\0';
}

static bool is_same(const struct sns_cert_url *a, const struct sns_cert_url *b)
{
    return str_equal(a->file, b->file) && str_equal(a->host, b->host);
}

/* How many wait for the same, from `first` on. */
static size_t count_same(const struct delivery *first)
{
    size_t count = 0;

    for (const struct delivery *other = first; other; other = other->next_waiting)
        count += is_same(&other->certificate_url, &first->certificate_url);
    return count;
}

bool waiting_room_wish(struct waiting_room *room, struct waiting_wish *ret,
                       bool (*skip)(void *context, const struct sns_cert_url *url),
                       void *context)
{
    const struct delivery *wanted = NULL;
    size_t most = 0;

    pthread_mutex_lock(&room->mutex);
    for (const struct delivery *delivery = room->first; delivery;
         delivery = delivery->next_waiting) {
        size_t count = count_same(delivery);

        if (count > most && !skip(context, &delivery->certificate_url)) {
            most = count;
            wanted = delivery;
        }
    }
    if (wanted) {
        copy_text(ret->host, sizeof(ret->host), wanted->certificate_url.host);
        copy_text(ret->file, sizeof(ret->file), wanted->certificate_url.file);
        copy_text(ret->topic, sizeof(ret->topic), wanted->topic.text);
    }
    pthread_mutex_unlock(&room->mutex);
    return wanted != NULL;
}

/* Takes out everybody whom `choose` names. Called under the mutex. */
static struct delivery *take_out(struct waiting_room *room,
                                 bool (*choose)(const struct delivery *, const void *),
                                 const void *by)
{
    struct delivery **link = &room->first;
    struct delivery *taken = NULL;

    while (*link) {
        struct delivery *delivery = *link;
        struct connections_share *share = connection_share(delivery->client);

        if (!choose(delivery, by)) {
            link = &delivery->next_waiting;
            continue;
        }
        *link = delivery->next_waiting;
        delivery->next_waiting = taken;
        taken = delivery;
        room->count--;
        if (share)
            atomic_fetch_sub(&share->waiting, 1);
    }
    room->end = link;
    return taken;
}

static bool waits_for(const struct delivery *delivery, const void *by)
{
    return is_same(&delivery->certificate_url, by);
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

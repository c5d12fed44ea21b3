#include "daemon/connections.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/limits.h"
#include "daemon/listen.h"
#include "sesbounce/clock.h"

#define NEVER INT64_MAX

struct connections_address {
    uint64_t key;
    size_t count;
    struct connections_share share;
    struct connections_address *next; /* in its bucket, or among the free ones */
};

/* --- addresses ------------------------------------------------------------------- */

/* ::/32 holds no address that anybody has, so no prefix is equal to an IPv4 address. */
uint64_t connections_key(const struct sockaddr *address)
{
    union {
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } copy;
    const unsigned char *bytes = NULL;
    size_t count = 0;
    uint64_t key = 0;

    if (!address || listen_address_is_local(address))
        return 0;
    if (address->sa_family == AF_INET) {
        memcpy(&copy.v4, address, sizeof(copy.v4));
        bytes = (const unsigned char *)&copy.v4.sin_addr;
        count = 4;
    } else if (address->sa_family == AF_INET6) {
        memcpy(&copy.v6, address, sizeof(copy.v6));
        bytes = copy.v6.sin6_addr.s6_addr;
        count = 8;
        if (IN6_IS_ADDR_V4MAPPED(&copy.v6.sin6_addr)) {
            bytes += 12;
            count = 4;
        }
    }
    for (size_t i = 0; i < count; i++)
        key = key << 8 | bytes[i];
    return key;
}

/* To make many addresses meet in one bucket, a client must be connected from all of them.
 */
static struct connections_address **address_bucket(struct connections *connections,
                                                   uint64_t key)
{
    key ^= key >> 32;
    key *= UINT64_C(0x9e3779b97f4a7c15);
    return &connections->buckets[(key >> 32) % connections->max];
}

/* The link to it, or the one where it would be. Called under the mutex. */
static struct connections_address **address_find(struct connections *connections,
                                                 uint64_t key)
{
    struct connections_address **link = address_bucket(connections, key);

    while (*link && (*link)->key != key)
        link = &(*link)->next;
    return link;
}

/* Called under the mutex. There is one for each place, so there is a free one. */
static struct connections_address *address_count(struct connections *connections,
                                                 uint64_t key)
{
    struct connections_address **link;

    if (key == 0)
        return NULL;
    link = address_find(connections, key);
    if (!*link) {
        *link = connections->free_addresses;
        connections->free_addresses = (*link)->next;
        **link = (struct connections_address){.key = key};
    }
    (*link)->count++;
    return *link;
}

/* Called under the mutex. */
static void address_discount(struct connections *connections,
                             struct connections_address *address)
{
    struct connections_address **link;

    if (!address || --address->count > 0)
        return;
    link = address_find(connections, address->key);
    *link = address->next;
    address->next = connections->free_addresses;
    connections->free_addresses = address;
}

/* --- connections ----------------------------------------------------------------- */

static void connections_free_tables(struct connections *connections)
{
    free(connections->places);
    free(connections->addresses);
    free(connections->buckets);
    free(connections->fd_buckets);
    *connections = (struct connections){.max = 0};
}

int connections_init(struct connections *connections, const struct bounds *bounds)
{
    size_t max = (size_t)bounds->connections;
    int r;

    *connections = (struct connections){
        .max = max,
        .of_address_max = (size_t)bounds->connections_of_address,
        .places = calloc(max, sizeof(*connections->places)),
        .addresses = calloc(max, sizeof(*connections->addresses)),
        .buckets = calloc(max, sizeof(struct connections_address *)),
        .fd_buckets = calloc(max, sizeof(struct connection *)),
    };
    r = connections->places && connections->addresses && connections->buckets &&
                connections->fd_buckets
            ? -pthread_mutex_init(&connections->mutex, NULL)
            : -ENOMEM;
    if (r < 0) {
        connections_free_tables(connections);
        return r;
    }
    for (size_t i = max; i-- > 0;) {
        connections->places[i].fd = -1;
        connections->places[i].next = connections->free_places;
        connections->free_places = &connections->places[i];
        connections->addresses[i].next = connections->free_addresses;
        connections->free_addresses = &connections->addresses[i];
    }
    return 0;
}

void connections_done(struct connections *connections)
{
    if (!connections->places)
        return;
    (void)pthread_mutex_destroy(&connections->mutex);
    connections_free_tables(connections);
}

bool connections_admit(struct connections *connections, const struct sockaddr *address)
{
    uint64_t key = connections_key(address);
    const struct connections_address *known;
    bool admitted;

    if (key == 0)
        return true;
    pthread_mutex_lock(&connections->mutex);
    known = *address_find(connections, key);
    admitted = !known || known->count < connections->of_address_max;
    if (!admitted)
        connections->refused = key;
    pthread_mutex_unlock(&connections->mutex);
    return admitted;
}

static void connection_set_deadline(struct connection *connection, int64_t deadline_ms,
                                    bool idle)
{
    if (!connection)
        return;
    atomic_store_explicit(&connection->idle, idle, memory_order_relaxed);
    atomic_store_explicit(&connection->deadline_ms, deadline_ms, memory_order_relaxed);
}

/* The link to the one with this descriptor, or to NULL. Called under the mutex. */
static struct connection **connection_find(struct connections *connections, int fd)
{
    struct connection **link = &connections->fd_buckets[(size_t)fd % connections->max];

    while (*link && (*link)->fd != fd)
        link = &(*link)->next;
    return link;
}

/* Called under the mutex. */
static void connection_take_out(struct connections *connections, struct connection **link)
{
    struct connection *connection = *link;

    *link = connection->next;
    address_discount(connections, connection->address);
    atomic_fetch_sub(&connection->group->count, 1);
    connection->fd = -1;
    connection->next = connections->free_places;
    connections->free_places = connection;
    atomic_fetch_sub(&connections->count, 1);
}

struct connection *connections_add(struct connections *connections, int fd,
                                   const struct sockaddr *address,
                                   struct connections_group *group, int64_t mono_ms)
{
    uint64_t key = connections_key(address);
    struct connection *connection;
    struct connection **link;

    pthread_mutex_lock(&connections->mutex);
    link = connection_find(connections, fd);
    if (*link)
        connection_take_out(connections, link);
    connection = connections->free_places;
    if (connection) {
        connections->free_places = connection->next;
        atomic_fetch_add(&connections->count, 1);
        connection->fd = fd;
        connection->address = address_count(connections, key);
        connection->group = group;
        atomic_fetch_add(&group->count, 1);
        connection->start_by_ms = mono_ms + HTTP_REQUEST_MS;
        connection_set_deadline(connection, NEVER, false);
        link = connection_find(connections, fd);
        connection->next = NULL;
        *link = connection;
    }
    pthread_mutex_unlock(&connections->mutex);
    return connection;
}

struct connection *connections_start(struct connections *connections, int fd,
                                     int64_t mono_ms)
{
    struct connection *connection;

    pthread_mutex_lock(&connections->mutex);
    connection = *connection_find(connections, fd);
    if (connection)
        connection->start_by_ms = NEVER;
    pthread_mutex_unlock(&connections->mutex);
    connection_set_deadline(connection, mono_ms + HTTP_REQUEST_MS, false);
    return connection;
}

void connections_remove(struct connections *connections, struct connection *connection)
{
    if (!connection)
        return;
    pthread_mutex_lock(&connections->mutex);
    connection_take_out(connections, connection_find(connections, connection->fd));
    pthread_mutex_unlock(&connections->mutex);
}

void connection_begins(struct connection *connection, int64_t mono_ms)
{
    int64_t deadline_ms = mono_ms + HTTP_REQUEST_MS;
    int64_t had_ms;

    if (!connection)
        return;
    /* Only the rest of what an idle connection has is cut short. */
    had_ms = atomic_load_explicit(&connection->deadline_ms, memory_order_relaxed);
    connection_set_deadline(connection, deadline_ms < had_ms ? deadline_ms : had_ms,
                            false);
}

void connection_received(struct connection *connection)
{
    connection_set_deadline(connection, NEVER, false);
}

void connection_answered(struct connection *connection, bool kept, int64_t mono_ms)
{
    int64_t idle_ms = kept ? HTTP_IDLE_S * CLOCK_SECOND_MS : 0;

    connection_set_deadline(connection, mono_ms + idle_ms + HTTP_REQUEST_MS, true);
}

/* Did it owe a request? False also when its thread was quicker, or it was shut down
 * before.
 */
static bool connection_end_if_late(struct connection *connection, int64_t mono_ms)
{
    int_fast64_t deadline_ms =
        atomic_load_explicit(&connection->deadline_ms, memory_order_relaxed);

    if (connection->fd < 0 || mono_ms < deadline_ms ||
        !atomic_compare_exchange_strong(&connection->deadline_ms, &deadline_ms, NEVER))
        return false;
    (void)shutdown(connection->fd, SHUT_RDWR);
    return !atomic_load_explicit(&connection->idle, memory_order_relaxed);
}

size_t connections_count(struct connections *connections)
{
    return atomic_load(&connections->count);
}

bool connections_are_crowded(struct connections *connections)
{
    return connections->max - connections_count(connections) <
           connections->max / HTTP_CROWDED_SHARE;
}

bool connections_are_full(struct connections *connections)
{
    return connections_count(connections) == connections->max;
}

bool connection_is_leaving(const struct connection *connection)
{
    return connection &&
           atomic_load_explicit(&connection->group->leaving, memory_order_relaxed);
}

struct connections_share *connection_share(struct connection *connection)
{
    return connection && connection->address ? &connection->address->share : NULL;
}

size_t connections_sweep(struct connections *connections, int64_t mono_ms)
{
    size_t ended = 0;

    pthread_mutex_lock(&connections->mutex);
    for (size_t i = 0; i < connections->max; i++) {
        const struct connection *connection = &connections->places[i];

        /* Never started: its descriptor has been closed, and may be anybody's. */
        if (connection->fd >= 0 && mono_ms >= connection->start_by_ms)
            connection_take_out(connections,
                                connection_find(connections, connection->fd));
    }
    if (connections_are_crowded(connections))
        mono_ms += HTTP_REQUEST_MS - HTTP_REQUEST_CROWDED_MS;
    for (size_t i = 0; i < connections->max; i++)
        ended += connection_end_if_late(&connections->places[i], mono_ms);
    pthread_mutex_unlock(&connections->mutex);
    return ended;
}

bool connections_displace(struct connections *connections, int64_t mono_ms)
{
    struct connection *oldest = NULL;
    int64_t oldest_ms = mono_ms - HTTP_DISPLACE_MS + HTTP_REQUEST_MS;

    pthread_mutex_lock(&connections->mutex);
    for (size_t i = 0; i < connections->max; i++) {
        struct connection *connection = &connections->places[i];
        int64_t deadline_ms =
            atomic_load_explicit(&connection->deadline_ms, memory_order_relaxed);

        if (connection->fd >= 0 && deadline_ms <= oldest_ms) {
            oldest = connection;
            oldest_ms = deadline_ms;
        }
    }
    if (oldest)
        (void)connection_end_if_late(oldest, oldest_ms);
    pthread_mutex_unlock(&connections->mutex);
    return oldest != NULL;
}

void connections_refused(struct connections *connections, struct buf *ret)
{
    struct in6_addr v6 = {.s6_addr = {0}};
    char text[INET6_ADDRSTRLEN];
    struct in_addr v4;
    uint64_t key;

    pthread_mutex_lock(&connections->mutex);
    key = connections->refused;
    pthread_mutex_unlock(&connections->mutex);
    v4.s_addr = htonl((uint32_t)key);
    for (size_t i = 0; i < 8; i++)
        v6.s6_addr[i] = (unsigned char)(key >> (56 - 8 * i));
    if (key >> 32 == 0 && inet_ntop(AF_INET, &v4, text, sizeof(text)))
        (void)buf_printf(ret, "%s", text);
    else if (inet_ntop(AF_INET6, &v6, text, sizeof(text)))
        (void)buf_printf(ret, "%s/64", text);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/connections.h"
#include "daemon/limits.h"

#define MAX   16
#define SHARE 4
#define IDLE  (HTTP_IDLE_S * 1000)
#define FAR   INT64_C(1000000000000)

static const struct bounds bounds = {.connections = MAX, .connections_of_address = SHARE};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
};

static union address at(const char *text)
{
    union address address = {.v6 = {.sin6_family = AF_INET6}};

    if (inet_pton(AF_INET6, text, &address.v6.sin6_addr) == 1)
        return address;
    address.v4 = (struct sockaddr_in){.sin_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, text, &address.v4.sin_addr), 1);
    return address;
}

static uint64_t key_of(const char *text)
{
    union address address = at(text);

    return connections_key(&address.any);
}

static bool admits(struct connections *connections, const char *text)
{
    union address address = at(text);

    return connections_admit(connections, &address.any);
}

static struct connections_group group;

/* On a descriptor that is nobody's: shutdown() of it does nothing. */
static int unused_fd(void)
{
    static int fd = 1000000;

    return fd++;
}

static struct connection *add_to(struct connections *connections,
                                 const struct sockaddr *address)
{
    return connections_add(connections, unused_fd(), address, &group, 0);
}

static struct connection *add(struct connections *connections, const char *text)
{
    union address address = at(text);

    return add_to(connections, &address.any);
}

/* --- one address ----------------------------------------------------------------- */

static void loopback_and_unix_sockets_are_not_limited(void **state)
{
    union address local = {.local = {.sun_family = AF_UNIX}};
    union address none = {.any = {.sa_family = AF_UNSPEC}};

    (void)state;
    assert_int_equal(key_of("127.0.0.1"), 0);
    assert_int_equal(key_of("127.200.3.4"), 0);
    assert_int_equal(key_of("::1"), 0);
    assert_int_equal(key_of("::ffff:127.0.0.1"), 0);
    assert_int_equal(connections_key(&local.any), 0);
    assert_int_equal(connections_key(&none.any), 0);
}

static void an_ipv4_address_is_one_and_an_ipv6_customer_is_one(void **state)
{
    (void)state;
    assert_int_not_equal(key_of("192.0.2.1"), 0);
    assert_int_not_equal(key_of("192.0.2.1"), key_of("192.0.2.2"));
    assert_int_equal(key_of("192.0.2.1"), key_of("::ffff:192.0.2.1"));
    assert_int_not_equal(key_of("2001:db8:1:2::1"), 0);
    assert_int_equal(key_of("2001:db8:1:2::1"), key_of("2001:db8:1:2:ffff::9"));
    assert_int_not_equal(key_of("2001:db8:1:2::1"), key_of("2001:db8:1:3::1"));
    assert_int_not_equal(key_of("2001:db8:1:2::1"), key_of("2001:db8:2:2::1"));
}

static void nobody_gets_more_than_the_share_of_one_address(void **state)
{
    struct connection *mine[SHARE];
    struct connections connections;

    (void)state;
    assert_int_equal(connections_init(&connections, &bounds), 0);
    for (size_t i = 0; i < SHARE; i++) {
        assert_true(admits(&connections, "192.0.2.1"));
        mine[i] = add(&connections, "192.0.2.1");
        assert_non_null(mine[i]);
    }
    assert_false(admits(&connections, "192.0.2.1"));
    assert_false(admits(&connections, "::ffff:192.0.2.1"));
    assert_true(admits(&connections, "192.0.2.2"));
    assert_true(admits(&connections, "127.0.0.1"));
    connections_remove(&connections, mine[2]);
    assert_true(admits(&connections, "192.0.2.1"));
    assert_int_equal(connections_count(&connections), SHARE - 1);
    connections_done(&connections);
}

static void counts_are_right_after_a_thousand_comings_and_goings(void **state)
{
    struct connection *open[MAX] = {NULL};
    struct connections connections;
    char text[INET_ADDRSTRLEN];
    unsigned dice = 1;

    (void)state;
    assert_int_equal(connections_init(&connections, &bounds), 0);
    for (unsigned round = 0; round < 2000; round++) {
        dice = dice * 1103515245 + 12345;
        struct connection **place = &open[(dice >> 16) % MAX];

        (void)snprintf(text, sizeof(text), "192.0.2.%u", 1 + (dice >> 8) % 40);
        connections_remove(&connections, *place);
        *place = *place ? NULL : add(&connections, text);
    }
    for (size_t i = 0; i < MAX; i++)
        connections_remove(&connections, open[i]);
    assert_int_equal(connections_count(&connections), 0);
    for (size_t i = 0; i < SHARE; i++)
        assert_non_null(add(&connections, "192.0.2.7"));
    assert_false(admits(&connections, "192.0.2.7"));
    connections_done(&connections);
}

static void a_full_table_takes_nobody_and_forgets_nobody(void **state)
{
    struct connections connections;
    struct connection *last = NULL;
    char text[INET_ADDRSTRLEN];

    (void)state;
    assert_int_equal(connections_init(&connections, &bounds), 0);
    for (unsigned i = 0; i < MAX; i++) {
        (void)snprintf(text, sizeof(text), "198.51.100.%u", i + 1);
        last = add(&connections, text);
        assert_non_null(last);
    }
    assert_null(add(&connections, "192.0.2.1"));
    connections_remove(&connections, NULL);
    assert_int_equal(connections_count(&connections), MAX);
    assert_true(connections_are_full(&connections));
    connections_remove(&connections, last);
    assert_false(connections_are_full(&connections));
    assert_non_null(add(&connections, "192.0.2.1"));
    connections_done(&connections);
}

static void who_was_refused_can_be_named(void **state)
{
    const struct bounds none = {.connections = 1};
    struct connections connections;
    struct buf text;

    (void)state;
    assert_int_equal(connections_init(&connections, &none), 0);
    (void)add(&connections, "203.0.113.7");
    assert_false(admits(&connections, "203.0.113.7"));
    buf_init(&text, 100);
    connections_refused(&connections, &text);
    assert_string_equal(text.data, "203.0.113.7");
    buf_done(&text);
    connections_done(&connections);

    assert_int_equal(connections_init(&connections, &none), 0);
    (void)add(&connections, "2001:db8:1:2::7");
    assert_false(admits(&connections, "2001:db8:1:2:3::7"));
    connections_refused(&connections, &text);
    assert_string_equal(text.data, "2001:db8:1:2::/64");
    buf_done(&text);
    connections_done(&connections);
}

/* libmicrohttpd closed the first one without a word. */
static void a_descriptor_that_comes_again_has_left_its_place(void **state)
{
    union address one = at("192.0.2.1"), other = at("192.0.2.2");
    struct connections connections;

    (void)state;
    assert_int_equal(connections_init(&connections, &bounds), 0);
    for (size_t i = 0; i < 2 * MAX; i++)
        assert_non_null(connections_add(&connections, 7, &one.any, &group, 0));
    assert_int_equal(connections_count(&connections), 1);
    assert_non_null(connections_add(&connections, 7, &other.any, &group, 0));
    for (size_t i = 0; i < SHARE; i++)
        assert_non_null(add(&connections, "192.0.2.1"));
    assert_null(connections_start(&connections, 8, 1));
    assert_non_null(connections_start(&connections, 7, 1));
    connections_done(&connections);
}

static void a_group_counts_its_connections_and_tells_them_to_leave(void **state)
{
    struct connections_group first = {.count = 0}, second = {.count = 0};
    struct connection *of_first, *of_second;
    struct connections connections;

    (void)state;
    assert_int_equal(connections_init(&connections, &bounds), 0);
    of_first = connections_add(&connections, 7, NULL, &first, 0);
    (void)connections_add(&connections, 8, NULL, &first, 0);
    of_second = connections_add(&connections, 9, NULL, &second, 0);
    assert_int_equal(first.count, 2);
    assert_int_equal(second.count, 1);
    assert_false(connection_is_leaving(of_first));
    first.leaving = true;
    assert_true(connection_is_leaving(of_first));
    assert_false(connection_is_leaving(of_second));
    assert_false(connection_is_leaving(NULL));
    connections_remove(&connections, of_first);
    assert_int_equal(first.count, 1);
    connections_done(&connections);
}

/* --- the sweep ------------------------------------------------------------------- */

/* A connection that began at 1000, and its other end. */
struct client {
    struct connections connections;
    struct connection *connection;
    int ours, theirs;
};

static int set_up(void **state)
{
    static struct client client;
    union address local = {.local = {.sun_family = AF_UNIX}};
    int pair[2];

    assert_int_equal(connections_init(&client.connections, &bounds), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    client.ours = pair[0];
    client.theirs = pair[1];
    client.connection =
        connections_add(&client.connections, client.ours, &local.any, &group, 0);
    assert_non_null(client.connection);
    assert_ptr_equal(connections_start(&client.connections, client.ours, 1000),
                     client.connection);
    *state = &client;
    return 0;
}

static int tear_down(void **state)
{
    struct client *client = *state;

    connections_done(&client->connections);
    (void)close(client->ours);
    (void)close(client->theirs);
    return 0;
}

static bool is_ended(const struct client *client)
{
    char byte;

    return recv(client->theirs, &byte, 1, MSG_DONTWAIT) == 0;
}

/* It lives until just before `deadline_ms`, and is ended then, and only once; it counts
 * when it owes a request. */
static void assert_ends_at(struct client *client, int64_t deadline_ms, bool owes)
{
    assert_int_equal(connections_sweep(&client->connections, deadline_ms - 1), 0);
    assert_false(is_ended(client));
    assert_int_equal(connections_sweep(&client->connections, deadline_ms), owes);
    assert_true(is_ended(client));
    assert_int_equal(connections_sweep(&client->connections, FAR), 0);
}

static void who_says_nothing_is_ended(void **state)
{
    assert_ends_at(*state, 1000 + HTTP_REQUEST_MS, true);
}

static void who_drips_a_first_request_gets_no_more_time(void **state)
{
    struct client *client = *state;

    connection_begins(client->connection, 1000 + HTTP_REQUEST_MS - 1);
    assert_ends_at(client, 1000 + HTTP_REQUEST_MS, true);
}

static void what_is_ours_to_answer_is_never_ended(void **state)
{
    struct client *client = *state;

    connection_begins(client->connection, 2000);
    connection_received(client->connection);
    assert_int_equal(connections_sweep(&client->connections, FAR), 0);
    assert_false(is_ended(client));
}

static void who_delivered_something_genuine_may_idle(void **state)
{
    struct client *client = *state;

    connection_begins(client->connection, 2000);
    connection_received(client->connection);
    connection_answered(client->connection, true, 5000);
    assert_ends_at(client, 5000 + IDLE + HTTP_REQUEST_MS, false);
}

static void who_was_refused_may_not(void **state)
{
    struct client *client = *state;

    connection_begins(client->connection, 2000);
    connection_received(client->connection);
    connection_answered(client->connection, false, 5000);
    assert_ends_at(client, 5000 + HTTP_REQUEST_MS, false);
}

static void who_may_idle_may_not_drip(void **state)
{
    struct client *client = *state;

    connection_answered(client->connection, true, 5000);
    connection_begins(client->connection, 20000);
    assert_ends_at(client, 20000 + HTTP_REQUEST_MS, true);
}

static void who_has_gone_is_not_swept(void **state)
{
    struct client *client = *state;

    connections_remove(&client->connections, client->connection);
    assert_int_equal(connections_sweep(&client->connections, FAR), 0);
    assert_false(is_ended(client)); /* the descriptor may be somebody else's by now */
}

static void what_the_server_never_starts_leaves_its_place_and_its_group(void **state)
{
    struct client *client = *state;
    struct connections *connections = &client->connections;
    struct connections_group leaving = {.count = 0};

    connections_remove(connections, client->connection);
    assert_non_null(connections_add(connections, client->ours, NULL, &leaving, 1000));
    assert_false(connections_displace(connections, FAR));
    assert_int_equal(connections_sweep(connections, 1000 + HTTP_REQUEST_MS - 1), 0);
    assert_int_equal(leaving.count, 1);
    assert_int_equal(connections_sweep(connections, 1000 + HTTP_REQUEST_MS), 0);
    assert_int_equal(leaving.count, 0);
    assert_int_equal(connections_count(connections), 0);
    assert_false(is_ended(client)); /* the descriptor may be somebody else's by now */
    assert_null(connections_start(connections, client->ours, 2000));
}

static void what_the_server_has_started_keeps_its_place_while_it_is_ours(void **state)
{
    struct client *client = *state;

    connection_received(client->connection);
    assert_int_equal(connections_sweep(&client->connections, FAR), 0);
    assert_int_equal(connections_count(&client->connections), 1);
}

static void who_owes_a_request_is_displaced_and_who_just_came_is_not(void **state)
{
    struct client *client = *state;

    assert_false(connections_displace(&client->connections, 1000 + HTTP_DISPLACE_MS - 1));
    assert_false(is_ended(client));
    assert_true(connections_displace(&client->connections, 1000 + HTTP_DISPLACE_MS));
    assert_true(is_ended(client));
    assert_false(connections_displace(&client->connections, FAR)); /* once is enough */
}

static void the_oldest_is_displaced_first(void **state)
{
    struct client *client = *state;
    int younger = unused_fd(), older = unused_fd();

    assert_non_null(connections_add(&client->connections, younger, NULL, &group, 0));
    assert_non_null(connections_start(&client->connections, younger, 1001));
    assert_non_null(connections_add(&client->connections, older, NULL, &group, 0));
    assert_non_null(connections_start(&client->connections, older, 999));
    assert_true(connections_displace(&client->connections, 5000));
    assert_false(is_ended(client));
    assert_true(connections_displace(&client->connections, 5000));
    assert_true(is_ended(client));
}

static void what_is_ours_to_answer_is_not_displaced(void **state)
{
    struct client *client = *state;

    connection_received(client->connection);
    assert_false(connections_displace(&client->connections, FAR));
    assert_false(is_ended(client));
}

static void a_crowd_leaves_each_less_time(void **state)
{
    struct client *client = *state;
    int64_t deadline_ms = 1000 + HTTP_REQUEST_CROWDED_MS;

    for (size_t i = 1; i < MAX / 4 * 3; i++)
        assert_non_null(add_to(&client->connections, NULL));
    assert_int_equal(connections_sweep(&client->connections, deadline_ms), 0);
    assert_non_null(add_to(&client->connections, NULL));
    connection_received(client->connection);
    assert_int_equal(connections_sweep(&client->connections, deadline_ms), 0);
    connection_answered(client->connection, false, 1000);
    assert_ends_at(client, deadline_ms, false);
}

static void a_crowd_is_three_quarters(void **state)
{
    struct client *client = *state;

    for (size_t i = 1; i < MAX / 4 * 3; i++)
        assert_non_null(add_to(&client->connections, NULL));
    assert_false(connections_are_crowded(&client->connections));
    assert_non_null(add_to(&client->connections, NULL));
    assert_true(connections_are_crowded(&client->connections));
}

static void an_address_has_one_share_for_all_its_connections(void **state)
{
    struct client *client = *state;
    union address one = {.v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(1)}};
    union address other = {.v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(2)}};
    struct connections *connections = &client->connections;
    struct connection *a = add_to(connections, &one.any);
    struct connection *b = add_to(connections, &one.any);
    struct connection *c = add_to(connections, &other.any);

    assert_non_null(connection_share(a));
    assert_ptr_equal(connection_share(a), connection_share(b));
    assert_ptr_not_equal(connection_share(a), connection_share(c));
    assert_null(connection_share(client->connection)); /* a unix socket */
    assert_null(connection_share(NULL));
}

static void a_connection_that_nobody_sweeps_is_allowed(void **state)
{
    (void)state;
    connection_begins(NULL, 1);
    connection_received(NULL);
    connection_answered(NULL, true, 1);
}

#define SWEPT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loopback_and_unix_sockets_are_not_limited),
        cmocka_unit_test(an_ipv4_address_is_one_and_an_ipv6_customer_is_one),
        cmocka_unit_test(nobody_gets_more_than_the_share_of_one_address),
        cmocka_unit_test(counts_are_right_after_a_thousand_comings_and_goings),
        cmocka_unit_test(a_full_table_takes_nobody_and_forgets_nobody),
        cmocka_unit_test(who_was_refused_can_be_named),
        cmocka_unit_test(a_descriptor_that_comes_again_has_left_its_place),
        cmocka_unit_test(a_group_counts_its_connections_and_tells_them_to_leave),
        SWEPT(who_says_nothing_is_ended),
        SWEPT(who_drips_a_first_request_gets_no_more_time),
        SWEPT(what_is_ours_to_answer_is_never_ended),
        SWEPT(who_delivered_something_genuine_may_idle),
        SWEPT(who_was_refused_may_not),
        SWEPT(who_may_idle_may_not_drip),
        SWEPT(who_has_gone_is_not_swept),
        SWEPT(what_the_server_never_starts_leaves_its_place_and_its_group),
        SWEPT(what_the_server_has_started_keeps_its_place_while_it_is_ours),
        SWEPT(who_owes_a_request_is_displaced_and_who_just_came_is_not),
        SWEPT(the_oldest_is_displaced_first),
        SWEPT(what_is_ours_to_answer_is_not_displaced),
        SWEPT(a_crowd_leaves_each_less_time),
        SWEPT(a_crowd_is_three_quarters),
        SWEPT(an_address_has_one_share_for_all_its_connections),
        cmocka_unit_test(a_connection_that_nobody_sweeps_is_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#include "daemon/connections.h"
#include "daemon/limits.h"
#include "daemon/waiting_room.h"

#define ROOM 8

static struct delivery waits_for(const char *file, int64_t arrived_ms)
{
    return (struct delivery){
        .certificate_url = {STR("sns.eu-west-1.amazonaws.com"), str_of(file)},
        .topic = {.text = STR("arn:aws:sns:eu-west-1:123456789012:t")},
        .arrived_ms = arrived_ms,
    };
}

static size_t length(const struct delivery *first)
{
    size_t count = 0;

    for (; first; first = first->next_waiting)
        count++;
    return count;
}

/* Who had to go for it, or NULL. */
static struct delivery *enter(struct waiting_room *room, struct delivery *delivery,
                              int64_t mono_ms)
{
    struct delivery *displaced = NULL;

    assert_int_equal(waiting_room_enter(room, delivery, mono_ms, &displaced), 0);
    return displaced;
}

static uint64_t hash_of(const struct waiting_room *room, const struct delivery *delivery)
{
    return sightings_hash(&room->sightings, &delivery->certificate_url);
}

static bool knows(void *context, uint64_t hash)
{
    return context && *(uint64_t *)context == hash;
}

static bool wish(struct waiting_room *room, struct waiting_wish *ret)
{
    return waiting_room_wish(room, ret, knows, NULL);
}

static void fail_wish(struct waiting_room *room, struct delivery *delivery,
                      int64_t mono_ms)
{
    const struct waiting_wish failed = {.hash = hash_of(room, delivery)};

    waiting_room_failed(room, &failed, mono_ms);
}

/* How many of `draws` fall on that file. */
static unsigned draws_of(struct waiting_room *room, const char *file, unsigned draws)
{
    struct waiting_wish drawn;
    unsigned count = 0;

    for (unsigned i = 0; i < draws; i++) {
        assert_true(wish(room, &drawn));
        count += strcmp(drawn.file, file) == 0;
    }
    return count;
}

static void one_url_lets_out_only_those_who_wait_for_it(void **state)
{
    struct delivery a = waits_for("a.pem", 0);
    struct delivery b = waits_for("b.pem", 0);
    struct delivery c = waits_for("a.pem", 0);
    struct waiting_room room;

    (void)state;
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    assert_null(enter(&room, &a, 0));
    assert_null(enter(&room, &b, 0));
    assert_null(enter(&room, &c, 0));
    assert_int_equal(length(waiting_room_leave(&room, &a.certificate_url)), 2);
    assert_int_equal(length(waiting_room_leave(&room, &a.certificate_url)), 0);
    assert_ptr_equal(waiting_room_close(&room), &b);
    waiting_room_done(&room);
}

static void a_wish_that_is_being_served_is_not_told_again(void **state)
{
    struct delivery a = waits_for("a.pem", 0);
    struct delivery b = waits_for("b.pem", 0);
    struct waiting_wish told;
    struct waiting_room room;
    uint64_t hash;

    (void)state;
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    assert_null(enter(&room, &a, 0));
    hash = hash_of(&room, &a);
    assert_false(waiting_room_wish(&room, &told, knows, &hash));
    assert_null(enter(&room, &b, 0));
    assert_true(waiting_room_wish(&room, &told, knows, &hash));
    assert_string_equal(told.file, "b.pem");
    assert_string_equal(told.host, "sns.eu-west-1.amazonaws.com");
    assert_string_equal(told.topic, "arn:aws:sns:eu-west-1:123456789012:t");
    assert_int_equal(told.hash, hash_of(&room, &b));
    (void)waiting_room_close(&room);
    waiting_room_done(&room);
}

static void many_deliveries_of_one_url_do_not_outvote_another(void **state)
{
    struct delivery junk[ROOM - 1];
    struct delivery genuine = waits_for("genuine.pem", 0);
    struct waiting_room room;
    unsigned count;

    (void)state;
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    for (size_t i = 0; i < ROOM - 1; i++) {
        junk[i] = waits_for("junk.pem", 0);
        assert_null(enter(&room, &junk[i], 0));
    }
    assert_null(enter(&room, &genuine, 0));
    count = draws_of(&room, "genuine.pem", 1000);
    assert_in_range(count, 350, 650);
    (void)waiting_room_close(&room);
    waiting_room_done(&room);
}

static void a_url_that_is_wanted_again_has_half_of_the_draws(void **state)
{
    struct delivery first = waits_for("genuine.pem", 0);
    struct delivery again = waits_for("genuine.pem", 0);
    struct delivery junk[ROOM - 1];
    struct waiting_room room;
    char names[ROOM][16];

    (void)state;
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    assert_null(enter(&room, &first, 0));
    assert_ptr_equal(waiting_room_leave(&room, &first.certificate_url), &first);
    for (size_t i = 0; i < ROOM - 1; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "junk%zu.pem", i);
        junk[i] = waits_for(names[i], 0);
        assert_null(enter(&room, &junk[i], 0));
    }
    assert_null(enter(&room, &again, SIGHTING_AGAIN_MS));
    assert_in_range(draws_of(&room, "genuine.pem", 1000), 400, 700);
    (void)waiting_room_close(&room);
    waiting_room_done(&room);
}

static void who_waits_already_is_wanted_as_much_as_the_next_for_the_same(void **state)
{
    struct delivery first = waits_for("genuine.pem", 0);
    struct delivery again = waits_for("genuine.pem", 0);
    struct delivery junk[ROOM - 2];
    struct waiting_room room;
    char names[ROOM][16];

    (void)state;
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    assert_null(enter(&room, &first, 0));
    for (size_t i = 0; i < ROOM - 2; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "junk%zu.pem", i);
        junk[i] = waits_for(names[i], 0);
        assert_null(enter(&room, &junk[i], 0));
    }
    assert_null(enter(&room, &again, SIGHTING_AGAIN_MS));
    assert_in_range(draws_of(&room, "genuine.pem", 1000), 400, 700);
    (void)waiting_room_close(&room);
    waiting_room_done(&room);
}

static void a_url_that_failed_ranks_after_one_never_tried_but_has_its_turn(void **state)
{
    struct delivery failed = waits_for("failed.pem", 0);
    struct delivery fresh = waits_for("fresh.pem", 0);
    struct waiting_wish told;
    struct waiting_room room;

    (void)state;
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    fail_wish(&room, &failed, 0);
    assert_null(enter(&room, &failed, 2 * SIGHTING_AGAIN_MS));
    assert_true(wish(&room, &told));
    assert_true(told.has_failed);
    assert_null(enter(&room, &fresh, 2 * SIGHTING_AGAIN_MS));
    assert_in_range(draws_of(&room, "failed.pem", 1000), 50, 250);
    (void)waiting_room_close(&room);
    waiting_room_done(&room);
}

static void who_waited_too_long_is_swept_out(void **state)
{
    struct delivery early = waits_for("a.pem", 1000);
    struct delivery late = waits_for("a.pem", 2000);
    struct waiting_wish told;
    struct waiting_room room;

    (void)state;
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    assert_null(enter(&room, &early, 1000));
    assert_null(enter(&room, &late, 2000));
    assert_null(waiting_room_sweep(&room, 1000 + WAITING_MS - 1));
    assert_ptr_equal(waiting_room_sweep(&room, 1000 + WAITING_MS), &early);
    /* The other one is still wished for. */
    assert_true(wish(&room, &told));
    assert_ptr_equal(waiting_room_sweep(&room, 2000 + WAITING_MS), &late);
    assert_null(waiting_room_close(&room));
    waiting_room_done(&room);
}

static void a_closed_room_takes_nobody(void **state)
{
    struct delivery a = waits_for("a.pem", 0);
    struct delivery *displaced;
    struct waiting_room room;

    (void)state;
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    assert_null(waiting_room_close(&room));
    assert_int_equal(waiting_room_enter(&room, &a, 0, &displaced), -ESHUTDOWN);
    assert_null(displaced);
    waiting_room_done(&room);
}

static void a_full_room_displaces_a_further_delivery_of_a_url_first(void **state)
{
    struct delivery many[ROOM];
    struct delivery newcomer = waits_for("b.pem", 0);
    struct delivery copy = waits_for("a.pem", 0);
    struct delivery *displaced;
    struct waiting_room room;

    (void)state;
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    for (size_t i = 0; i < ROOM; i++) {
        many[i] = waits_for(i < 2 ? "a.pem" : i < 4 ? "c.pem" : "d.pem", 0);
        assert_null(enter(&room, &many[i], 0));
    }
    displaced = enter(&room, &newcomer, 0);
    assert_non_null(displaced);
    assert_true(displaced != &many[0] && displaced != &many[2] && displaced != &many[4]);
    assert_int_equal(room.count, ROOM);
    displaced = enter(&room, &copy, 0);
    assert_true(displaced && !displaced->stands_for_url && displaced != &newcomer);
    (void)waiting_room_close(&room);
    waiting_room_done(&room);
}

static void a_full_room_never_displaces_what_is_wanted_again_for_what_is_new(void **state)
{
    struct delivery again = waits_for("genuine.pem", 0);
    struct delivery junk[1000];
    char names[1000][16];
    struct delivery *displaced;
    struct waiting_room room;

    (void)state;
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    (void)sightings_note(&room.sightings, hash_of(&room, &again), 0);
    for (size_t i = 0; i < 1000; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "junk%zu.pem", i);
        junk[i] = waits_for(names[i], 0);
        if (i == ROOM)
            displaced = enter(&room, &again, SIGHTING_AGAIN_MS);
        else
            displaced = enter(&room, &junk[i], SIGHTING_AGAIN_MS);
        assert_true((i >= ROOM) == (displaced != NULL));
        assert_ptr_not_equal(displaced, &again);
    }
    assert_int_equal(room.count, ROOM);
    assert_int_equal(length(waiting_room_leave(&room, &again.certificate_url)), 1);
    (void)waiting_room_close(&room);
    waiting_room_done(&room);
}

static void a_full_room_never_displaces_what_is_being_asked_for(void **state)
{
    struct delivery asked = waits_for("genuine.pem", 0);
    struct delivery junk[1000];
    char names[1000][16];
    struct waiting_wish told;
    struct waiting_room room;

    (void)state;
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    assert_null(enter(&room, &asked, 0));
    assert_true(wish(&room, &told));
    for (size_t i = 0; i < 1000; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "junk%zu.pem", i);
        junk[i] = waits_for(names[i], 0);
        assert_ptr_not_equal(enter(&room, &junk[i], 0), &asked);
    }
    assert_int_equal(length(waiting_room_leave(&room, &asked.certificate_url)), 1);
    (void)waiting_room_close(&room);
    waiting_room_done(&room);
}

static void a_newcomer_counts_for_no_less_than_the_others_of_its_kind(void **state)
{
    struct delivery junk[ROOM + 1];
    char names[ROOM + 1][16];
    struct waiting_room room;

    (void)state;
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    for (size_t i = 0; i <= ROOM; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "junk%zu.pem", i);
        junk[i] = waits_for(names[i], 0);
        assert_true((enter(&room, &junk[i], 0) != NULL) == (i == ROOM));
    }
    assert_int_equal(length(waiting_room_leave(&room, &junk[ROOM].certificate_url)), 1);
    (void)waiting_room_close(&room);
    waiting_room_done(&room);
}

/* --- addresses --- */

struct addresses {
    struct connections connections;
    struct connections_group group;
    struct connection *clients[4];
};

static void connect_all(struct addresses *addresses)
{
    const struct bounds bounds = {.connections = 8, .connections_of_address = 8};

    addresses->group = (struct connections_group){.count = 0};
    assert_int_equal(connections_init(&addresses->connections, &bounds), 0);
    for (uint32_t i = 0; i < 4; i++) {
        const struct sockaddr_in somebody = {.sin_family = AF_INET,
                                             .sin_addr.s_addr = htonl(0xcb007101 + i)};

        addresses->clients[i] =
            connections_add(&addresses->connections, 1000 + (int)i,
                            (const struct sockaddr *)&somebody, &addresses->group, 0);
        assert_non_null(addresses->clients[i]);
    }
}

static void beyond_its_share_an_address_displaces_only_itself(void **state)
{
    struct delivery many[ROOM / HTTP_ADDRESS_SHARE + 1];
    struct delivery other = waits_for("other.pem", 0);
    size_t most = ROOM / HTTP_ADDRESS_SHARE;
    char names[ROOM][16];
    struct addresses addresses;
    struct waiting_room room;

    (void)state;
    connect_all(&addresses);
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    assert_null(enter(&room, &other, 0));
    for (size_t i = 0; i <= most; i++) {
        struct delivery *displaced;

        (void)snprintf(names[i], sizeof(names[i]), "junk%zu.pem", i);
        many[i] = waits_for(names[i], 0);
        many[i].sender = connection_share(addresses.clients[0]);
        displaced = enter(&room, &many[i], 0);
        assert_true(i < most ? !displaced : displaced && displaced != &other);
    }
    assert_int_equal(length(waiting_room_sweep(&room, WAITING_MS)), most + 1);
    assert_null(enter(&room, &many[0], 0));
    (void)waiting_room_close(&room);
    waiting_room_done(&room);
    connections_done(&addresses.connections);
}

static void a_full_room_displaces_the_address_that_holds_most(void **state)
{
    struct delivery many[ROOM];
    struct delivery newcomer = waits_for("genuine.pem", 0);
    char names[ROOM][16];
    struct addresses addresses;
    struct waiting_room room;
    struct delivery *displaced;

    (void)state;
    connect_all(&addresses);
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    for (size_t i = 0; i < ROOM; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "junk%zu.pem", i);
        many[i] = waits_for(names[i], 0);
        /* Five behind a proxy, one of each other address. */
        many[i].sender = i < 3 ? connection_share(addresses.clients[i]) : NULL;
        /* What they want was wanted before, which does not help them. */
        (void)sightings_note(&room.sightings, hash_of(&room, &many[i]), 0);
        assert_null(enter(&room, &many[i], i < 3 ? 0 : SIGHTING_AGAIN_MS));
    }
    newcomer.sender = connection_share(addresses.clients[3]);
    displaced = enter(&room, &newcomer, SIGHTING_AGAIN_MS);
    assert_non_null(displaced);
    assert_null(displaced->sender);
    (void)waiting_room_close(&room);
    waiting_room_done(&room);
    connections_done(&addresses.connections);
}

static void each_address_has_one_vote_however_many_urls_it_names(void **state)
{
    struct delivery genuine = waits_for("genuine.pem", 0);
    struct delivery junk[ROOM - 1];
    char names[ROOM][16];
    struct addresses addresses;
    struct waiting_room room;

    (void)state;
    connect_all(&addresses);
    assert_int_equal(waiting_room_init(&room, ROOM), 0);
    for (size_t i = 0; i < ROOM - 1; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "junk%zu.pem", i);
        junk[i] = waits_for(names[i], 0);
        assert_null(enter(&room, &junk[i], 0));
    }
    genuine.sender = connection_share(addresses.clients[0]);
    assert_null(enter(&room, &genuine, 0));
    assert_in_range(draws_of(&room, "genuine.pem", 1000), 400, 600);
    (void)waiting_room_close(&room);
    waiting_room_done(&room);
    connections_done(&addresses.connections);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_url_lets_out_only_those_who_wait_for_it),
        cmocka_unit_test(a_wish_that_is_being_served_is_not_told_again),
        cmocka_unit_test(many_deliveries_of_one_url_do_not_outvote_another),
        cmocka_unit_test(a_url_that_is_wanted_again_has_half_of_the_draws),
        cmocka_unit_test(who_waits_already_is_wanted_as_much_as_the_next_for_the_same),
        cmocka_unit_test(a_url_that_failed_ranks_after_one_never_tried_but_has_its_turn),
        cmocka_unit_test(who_waited_too_long_is_swept_out),
        cmocka_unit_test(a_closed_room_takes_nobody),
        cmocka_unit_test(a_full_room_displaces_a_further_delivery_of_a_url_first),
        cmocka_unit_test(
            a_full_room_never_displaces_what_is_wanted_again_for_what_is_new),
        cmocka_unit_test(a_full_room_never_displaces_what_is_being_asked_for),
        cmocka_unit_test(a_newcomer_counts_for_no_less_than_the_others_of_its_kind),
        cmocka_unit_test(beyond_its_share_an_address_displaces_only_itself),
        cmocka_unit_test(a_full_room_displaces_the_address_that_holds_most),
        cmocka_unit_test(each_address_has_one_vote_however_many_urls_it_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

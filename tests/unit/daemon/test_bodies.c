#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>

#include "daemon/bodies.h"
#include "daemon/limits.h"

#define MAX_BODY (1024 * 1024)

static char piece[1024];

/* Feeds `len` bytes, a KiB at a time. */
static int feed_for(struct bodies *bodies, struct connections_share *share,
                    struct buf *body, size_t len, uint64_t announced)
{
    int r = 0;

    for (size_t fed = 0; r == 0 && fed < len; fed += sizeof(piece))
        r = bodies_append(bodies, share, body, piece,
                          len - fed < sizeof(piece) ? len - fed : sizeof(piece),
                          announced);
    return r;
}

static int feed(struct bodies *bodies, struct buf *body, size_t len, uint64_t announced)
{
    return feed_for(bodies, NULL, body, len, announced);
}

static void a_body_of_the_usual_size_takes_nothing_and_is_never_refused(void **state)
{
    struct bodies bodies;
    struct buf body;

    (void)state;
    bodies_init(&bodies, 0); /* nothing is left */
    for (uint64_t announced = 0; announced <= 12000; announced += 12000) {
        buf_init(&body, MAX_BODY);
        assert_int_equal(feed(&bodies, &body, 12000, announced), 0);
        assert_int_equal(body.len, 12000);
        assert_int_equal(bodies_large_bytes(&bodies), 0);
        bodies_release(&bodies, NULL, &body);
    }
}

static void an_event_of_the_usual_size_takes_nothing_and_is_never_refused(void **state)
{
    struct bodies bodies;
    uint64_t taken = 1;

    (void)state;
    bodies_init(&bodies, 0);
    assert_int_equal(bodies_take_event(&bodies, NULL, EVENT_FIRST_BYTES, &taken), 0);
    assert_int_equal(taken, 0);
    assert_int_equal(bodies_take_event(&bodies, NULL, EVENT_FIRST_BYTES + 1, &taken),
                     -EAGAIN);
    assert_int_equal(taken, 0);
    assert_int_equal(bodies_large_bytes(&bodies), 0);
}

static void
a_large_event_takes_from_the_account_of_bodies_until_it_is_given_back(void **state)
{
    struct connections_share share = {0};
    struct bodies bodies;
    uint64_t first = 0, second = 0;

    (void)state;
    bodies_init(&bodies, HTTP_ADDRESS_SHARE * 1000);
    assert_int_equal(bodies_take_event(&bodies, &share, EVENT_FIRST_BYTES + 800, &first),
                     0);
    assert_int_equal(first, 800);
    assert_int_equal(bodies_large_bytes(&bodies), 800);
    /* one address has its share only */
    assert_int_equal(bodies_take_event(&bodies, &share, EVENT_FIRST_BYTES + 300, &second),
                     -EAGAIN);
    assert_int_equal(bodies_large_bytes(&bodies), 800);
    assert_int_equal(bodies_take_event(&bodies, NULL, EVENT_FIRST_BYTES + 300, &second),
                     0);
    bodies_give_back(&bodies, NULL, second);
    bodies_give_back(&bodies, &share, first);
    assert_int_equal(bodies_large_bytes(&bodies), 0);
    assert_int_equal(share.large_body_bytes, 0);
}

static void announcing_a_length_takes_no_more_than_the_first_piece(void **state)
{
    struct bodies bodies;
    struct buf body;

    (void)state;
    bodies_init(&bodies, 0);
    buf_init(&body, MAX_BODY);
    assert_int_equal(bodies_append(&bodies, NULL, &body, "x", 1, MAX_BODY), 0);
    assert_true(body.cap <= BODY_FIRST_BYTES);
    assert_int_equal(bodies_large_bytes(&bodies), 0);
    bodies_release(&bodies, NULL, &body);
}

static void an_announced_length_is_allocated_once(void **state)
{
    struct bodies bodies;
    struct buf body;

    (void)state;
    bodies_init(&bodies, 0);
    buf_init(&body, MAX_BODY);
    assert_int_equal(bodies_append(&bodies, NULL, &body, "x", 1, 3000), 0);
    assert_int_equal(body.cap, 3001);
    bodies_release(&bodies, NULL, &body);
}

static void a_large_body_takes_what_it_holds_and_gives_it_back(void **state)
{
    struct bodies bodies;
    struct buf body;

    (void)state;
    bodies_init(&bodies, MAX_BODY);
    buf_init(&body, MAX_BODY);
    assert_int_equal(feed(&bodies, &body, MAX_BODY, MAX_BODY), 0);
    assert_int_equal(bodies_large_bytes(&bodies), body.cap - BODY_FIRST_BYTES);
    bodies_release(&bodies, NULL, &body);
    assert_int_equal(bodies_large_bytes(&bodies), 0);
    bodies_release(&bodies, NULL, &body); /* nothing twice */
    assert_int_equal(bodies_large_bytes(&bodies), 0);
}

static void as_many_of_the_largest_as_promised_have_room(void **state)
{
    struct bodies bodies;
    struct buf many[LARGE_BODIES];

    (void)state;
    bodies_init(&bodies, (uint64_t)LARGE_BODIES * MAX_BODY);
    for (size_t i = 0; i < LARGE_BODIES; i++) {
        buf_init(&many[i], MAX_BODY);
        assert_int_equal(feed(&bodies, &many[i], MAX_BODY, 0), 0);
    }
    for (size_t i = 0; i < LARGE_BODIES; i++)
        bodies_release(&bodies, NULL, &many[i]);
    assert_int_equal(bodies_large_bytes(&bodies), 0);
}

static void who_finds_the_account_empty_is_refused_until_somebody_leaves(void **state)
{
    struct bodies bodies;
    struct buf first, second;

    (void)state;
    bodies_init(&bodies, MAX_BODY);
    buf_init(&first, MAX_BODY);
    buf_init(&second, MAX_BODY);
    assert_int_equal(feed(&bodies, &first, MAX_BODY, 0), 0);
    assert_int_equal(feed(&bodies, &second, MAX_BODY, 0), -EAGAIN);
    assert_null(second.data);
    assert_int_equal(bodies_large_bytes(&bodies), first.cap - BODY_FIRST_BYTES);
    bodies_release(&bodies, NULL, &first);
    assert_int_equal(feed(&bodies, &second, MAX_BODY, 0), 0);
    bodies_release(&bodies, NULL, &second);
    assert_int_equal(bodies_large_bytes(&bodies), 0);
}

static void a_body_beyond_its_maximum_is_too_large_and_gives_back(void **state)
{
    struct bodies bodies;
    struct buf body;

    (void)state;
    bodies_init(&bodies, 2 * MAX_BODY);
    buf_init(&body, MAX_BODY);
    assert_int_equal(feed(&bodies, &body, MAX_BODY + 1, 0), -E2BIG);
    assert_int_equal(bodies_large_bytes(&bodies), 0);
    assert_null(body.data);
}

static void one_address_takes_no_more_than_its_share(void **state)
{
    struct connections_share greedy = {.waiting = 0};
    struct connections_share modest = {.waiting = 0};
    struct buf first, second, third;
    struct bodies bodies;

    (void)state;
    bodies_init(&bodies, (uint64_t)HTTP_ADDRESS_SHARE * MAX_BODY);
    buf_init(&first, MAX_BODY);
    buf_init(&second, MAX_BODY);
    buf_init(&third, MAX_BODY);
    assert_int_equal(feed_for(&bodies, &greedy, &first, MAX_BODY, 0), 0);
    assert_int_equal(feed_for(&bodies, &greedy, &second, MAX_BODY, 0), -EAGAIN);
    assert_int_equal(feed_for(&bodies, &modest, &third, MAX_BODY, 0), 0);
    bodies_release(&bodies, &greedy, &first);
    assert_int_equal(greedy.large_body_bytes, 0);
    assert_int_equal(feed_for(&bodies, &greedy, &second, MAX_BODY, 0), 0);
    bodies_release(&bodies, &greedy, &second);
    bodies_release(&bodies, &modest, &third);
    assert_int_equal(modest.large_body_bytes, 0);
    assert_int_equal(bodies_large_bytes(&bodies), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_of_the_usual_size_takes_nothing_and_is_never_refused),
        cmocka_unit_test(one_address_takes_no_more_than_its_share),
        cmocka_unit_test(an_event_of_the_usual_size_takes_nothing_and_is_never_refused),
        cmocka_unit_test(
            a_large_event_takes_from_the_account_of_bodies_until_it_is_given_back),
        cmocka_unit_test(announcing_a_length_takes_no_more_than_the_first_piece),
        cmocka_unit_test(an_announced_length_is_allocated_once),
        cmocka_unit_test(a_large_body_takes_what_it_holds_and_gives_it_back),
        cmocka_unit_test(as_many_of_the_largest_as_promised_have_room),
        cmocka_unit_test(who_finds_the_account_empty_is_refused_until_somebody_leaves),
        cmocka_unit_test(a_body_beyond_its_maximum_is_too_large_and_gives_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>

#include "sesbounce/clock.h"
#include "sesbounce/queue.h"

struct item {
    int number;
    struct queue_node node;
};

static int number_of(struct queue_node *node)
{
    return queue_entry(node, struct item, node)->number;
}

static void nodes_come_out_in_the_order_they_went_in(void **state)
{
    (void)state;
    struct queue queue;
    struct item items[5];
    assert_int_equal(queue_init(&queue, 5), 0);
    for (int i = 0; i < 5; i++) {
        items[i].number = i;
        assert_int_equal(queue_push(&queue, &items[i].node), 0);
    }
    struct queue_node *taken = queue_take(&queue, 2, 0);
    assert_int_equal(number_of(taken), 0);
    assert_int_equal(number_of(taken->next), 1);
    assert_null(taken->next->next);
    assert_int_equal(queue_count(&queue), 3);
    taken = queue_take(&queue, 100, 0);
    for (int i = 2; i < 5; i++, taken = taken->next)
        assert_int_equal(number_of(taken), i);
    assert_null(taken);
    assert_null(queue_take(&queue, 100, 0));
    assert_int_equal(queue_push(&queue, &items[3].node), 0);
    assert_int_equal(number_of(queue_take(&queue, 1, 0)), 3);
    queue_done(&queue);
}

static void a_full_queue_refuses(void **state)
{
    (void)state;
    struct queue queue;
    struct item items[3] = {{1, {NULL}}, {2, {NULL}}, {3, {NULL}}};
    assert_int_equal(queue_init(&queue, 2), 0);
    assert_int_equal(queue_push(&queue, &items[0].node), 0);
    assert_int_equal(queue_push(&queue, &items[1].node), 0);
    assert_int_equal(queue_push(&queue, &items[2].node), -EAGAIN);
    assert_int_equal(number_of(queue_take(&queue, 1, 0)), 1);
    assert_int_equal(queue_push(&queue, &items[2].node), 0);
    assert_int_equal(number_of(queue_take(&queue, 1, 0)), 2);
    assert_int_equal(number_of(queue_take(&queue, 1, 0)), 3);
    queue_done(&queue);
}

static void a_closed_queue_refuses_but_can_be_emptied(void **state)
{
    (void)state;
    struct queue queue;
    struct item items[2] = {{1, {NULL}}, {2, {NULL}}};
    assert_int_equal(queue_init(&queue, 2), 0);
    assert_int_equal(queue_push(&queue, &items[0].node), 0);
    assert_false(queue_is_closed(&queue));
    queue_close(&queue);
    assert_true(queue_is_closed(&queue));
    assert_int_equal(queue_push(&queue, &items[1].node), -ESHUTDOWN);
    assert_int_equal(number_of(queue_take(&queue, 9, INT64_MAX)), 1);
    assert_null(queue_take(&queue, 9, INT64_MAX));
    queue_done(&queue);
}

static bool is_picked(struct queue_node *node, void *mask)
{
    return *(unsigned *)mask >> number_of(node) & 1;
}

/* Every choice out of three: the first, the last, one between, all and none. */
static void some_can_be_taken_out_of_turn(void **state)
{
    (void)state;
    for (unsigned mask = 0; mask < 8; mask++) {
        struct queue queue;
        struct item items[4] = {{0, {NULL}}, {1, {NULL}}, {2, {NULL}}, {3, {NULL}}};
        assert_int_equal(queue_init(&queue, 4), 0);
        for (int i = 0; i < 3; i++)
            assert_int_equal(queue_push(&queue, &items[i].node), 0);
        struct queue_node *taken = queue_take_if(&queue, is_picked, &mask);
        for (int i = 0; i < 3; i++) {
            if (!(mask >> i & 1))
                continue;
            assert_int_equal(number_of(taken), i);
            taken = taken->next;
        }
        assert_null(taken);
        assert_int_equal(queue_push(&queue, &items[3].node), 0);
        assert_int_equal(queue_count(&queue), 4 - __builtin_popcount(mask));
        struct queue_node *left = queue_take(&queue, 9, 0);
        for (int i = 0; i < 4; i++) {
            if (mask >> i & 1)
                continue;
            assert_int_equal(number_of(left), i);
            left = left->next;
        }
        assert_null(left);
        queue_done(&queue);
    }
}

static void *take_for_ever(void *queue)
{
    return queue_take(queue, 9, INT64_MAX);
}

/* Whether the thread waits already when it is disturbed makes no difference to it. */
static void *taken_when_disturbed(void (*disturb)(struct queue *), struct queue *queue)
{
    pthread_t thread;
    void *taken;
    assert_int_equal(pthread_create(&thread, NULL, take_for_ever, queue), 0);
    disturb(queue);
    assert_int_equal(pthread_join(thread, &taken), 0);
    return taken;
}

static struct item pushed = {42, {NULL}};

static void push_one(struct queue *queue)
{
    assert_int_equal(queue_push(queue, &pushed.node), 0);
}

static void a_waiting_taker_returns_on_push_and_close(void **state)
{
    (void)state;
    struct queue queue;
    assert_int_equal(queue_init(&queue, 2), 0);
    assert_ptr_equal(taken_when_disturbed(push_one, &queue), &pushed.node);

    assert_null(taken_when_disturbed(queue_close, &queue));
    queue_done(&queue);
}

enum { PUSHERS = 4, EACH = 5000 };

struct pusher {
    struct queue *queue;
    struct item items[EACH];
};

static void *push_all(void *argument)
{
    struct pusher *pusher = argument;
    for (int i = 0; i < EACH; i++) {
        pusher->items[i].number = i;
        while (queue_push(pusher->queue, &pusher->items[i].node) == -EAGAIN)
            sched_yield();
    }
    return NULL;
}

static void nothing_is_lost_or_reordered_between_threads(void **state)
{
    (void)state;
    static struct pusher pushers[PUSHERS];
    struct queue queue;
    pthread_t threads[PUSHERS];
    int next[PUSHERS] = {0};
    assert_int_equal(queue_init(&queue, 64), 0);
    for (int i = 0; i < PUSHERS; i++) {
        pushers[i].queue = &queue;
        assert_int_equal(pthread_create(&threads[i], NULL, push_all, &pushers[i]), 0);
    }
    for (int seen = 0; seen < PUSHERS * EACH;) {
        struct queue_node *node = queue_take(&queue, 7, INT64_MAX);
        assert_non_null(node);
        for (; node; node = node->next, seen++) {
            struct item *item = queue_entry(node, struct item, node);
            int from = 0;
            while (item < pushers[from].items || item >= pushers[from].items + EACH)
                from++;
            assert_int_equal(item->number, next[from]++);
        }
    }
    for (int i = 0; i < PUSHERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(queue_count(&queue), 0);
    queue_done(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_come_out_in_the_order_they_went_in),
        cmocka_unit_test(a_full_queue_refuses),
        cmocka_unit_test(a_closed_queue_refuses_but_can_be_emptied),

        cmocka_unit_test(some_can_be_taken_out_of_turn),
        cmocka_unit_test(a_waiting_taker_returns_on_push_and_close),
        cmocka_unit_test(nothing_is_lost_or_reordered_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

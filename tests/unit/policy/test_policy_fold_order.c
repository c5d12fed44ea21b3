/* What becomes of an address in whatever order its events are delivered. */
#include "life.h"

static struct policy_judgement listing(int64_t term_ms)
{
    return (struct policy_judgement){
        .effect = POLICY_EFFECT_SUPPRESS,
        .reason = POLICY_REASON_BOUNCE,
        .term_ms = term_ms,
    };
}

static bool same_entry(const struct policy_entry *a, const struct policy_entry *b)
{
    return a->exists == b->exists && a->lifted == b->lifted &&
           a->since_ms == b->since_ms && a->until_ms == b->until_ms &&
           a->first_event_ms == b->first_event_ms &&
           a->last_event_ms == b->last_event_ms && a->event_count == b->event_count &&
           a->repeats == b->repeats && str_equal(a->detail, b->detail);
}

#define EVENTS_MAX 4

struct timed {
    struct policy_judgement judgement;
    int64_t occurred_ms;
};

/* Numbers of our own, the same in every run. */
static uint32_t next_number(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static struct policy_entry play(const struct timed *events, const size_t *order,
                                size_t count, int64_t removed_ms)
{
    struct life life;

    life_begin(&life);
    life.address.removed_ms = removed_ms;
    for (size_t i = 0; i < count; i++) {
        const struct timed *event = &events[order[i]];
        const struct policy_when when = {.occurred_ms = event->occurred_ms};

        policy_fold(&policy_built_in, &event->judgement, &when, &life.address,
                    &life.last);
    }
    return life.address.entries[POLICY_REASON_BOUNCE];
}

/* The next order of all, in place; false after the last. */
static bool next_order(size_t *order, size_t count)
{
    size_t i = count - 1;
    while (i > 0 && order[i - 1] >= order[i])
        i--;
    if (i == 0)
        return false;
    size_t j = count - 1;
    while (order[j] <= order[i - 1])
        j--;
    size_t swapped = order[i - 1];
    order[i - 1] = order[j];
    order[j] = swapped;
    for (size_t a = i, b = count - 1; a < b; a++, b--) {
        swapped = order[a];
        order[a] = order[b];
        order[b] = swapped;
    }
    return true;
}

static void assert_any_order_agrees(const struct timed *events, size_t count,
                                    int64_t removed_ms)
{
    size_t order[EVENTS_MAX] = {0, 1, 2, 3};
    struct policy_entry first = play(events, order, count, removed_ms);

    while (next_order(order, count)) {
        struct policy_entry other = play(events, order, count, removed_ms);
        if (!same_entry(&first, &other))
            fail_msg("%s until %lld in one order, %s until %lld in another",
                     first.detail.data, (long long)first.until_ms, other.detail.data,
                     (long long)other.until_ms);
    }
}

static void fill_events(struct timed *events, size_t count, const int64_t *terms,
                        size_t term_count, bool guesses, uint32_t *seed)
{
    for (size_t i = 0; i < count; i++) {
        events[i].judgement = listing(terms[next_number(seed) % term_count]);
        (void)snprintf(events[i].judgement.detail, sizeof(events[i].judgement.detail),
                       "event %zu", i);
        events[i].judgement.second_for_ever = guesses;
        /* distinct times, near enough for terms to touch often */
        events[i].occurred_ms = (int64_t)(next_number(seed) % 40) * DAY + (int64_t)i;
    }
}

static void permanent_events_make_the_same_entry_in_any_order(void **state)
{
    (void)state;
    const int64_t terms[] = {EVER};
    struct timed events[EVENTS_MAX];
    uint32_t seed = 1;

    for (int round = 0; round < 300; round++) {
        size_t count = 2 + (size_t)round % 3;
        fill_events(events, count, terms, COUNT(terms), false, &seed);
        assert_any_order_agrees(events, count, CLOCK_NONE);
    }
}

static void two_events_of_any_terms_make_the_same_entry_in_any_order(void **state)
{
    (void)state;
    const int64_t terms[] = {EVER, 14 * DAY, 30 * DAY, DAY};
    struct timed events[EVENTS_MAX];
    uint32_t seed = 2;

    for (int round = 0; round < 2000; round++) {
        fill_events(events, 2, terms, COUNT(terms), false, &seed);
        assert_any_order_agrees(events, 2, CLOCK_NONE);
    }
}

static void two_guesses_make_the_same_entry_in_any_order(void **state)
{
    (void)state;
    const int64_t terms[] = {12 * DAY};
    struct timed events[EVENTS_MAX];
    uint32_t seed = 3;

    for (int round = 0; round < 500; round++) {
        fill_events(events, 2, terms, COUNT(terms), true, &seed);
        assert_any_order_agrees(events, 2, CLOCK_NONE);
    }
}

/* Whom it lists, until when, and how often SES said so: whatever the order. */
static void many_events_list_until_the_same_time_in_any_order(void **state)
{
    (void)state;
    const int64_t terms[] = {EVER, 14 * DAY, 30 * DAY, DAY};
    struct timed events[EVENTS_MAX];
    uint32_t seed = 4;

    for (int round = 0; round < 1000; round++) {
        size_t order[EVENTS_MAX] = {0, 1, 2, 3};
        fill_events(events, EVENTS_MAX, terms, COUNT(terms), false, &seed);
        struct policy_entry first = play(events, order, EVENTS_MAX, CLOCK_NONE);
        while (next_order(order, EVENTS_MAX)) {
            struct policy_entry other = play(events, order, EVENTS_MAX, CLOCK_NONE);
            assert_true(first.until_ms == other.until_ms);
            assert_true(first.first_event_ms == other.first_event_ms);
            assert_true(first.last_event_ms == other.last_event_ms);
            assert_int_equal(first.event_count, other.event_count);
        }
    }
}

static void after_a_removal_any_order_lists_the_same(void **state)
{
    (void)state;
    const int64_t terms[] = {EVER, 14 * DAY};
    struct timed events[EVENTS_MAX];
    uint32_t seed = 5;

    for (int round = 0; round < 1000; round++) {
        size_t order[EVENTS_MAX] = {0, 1, 2, 3};
        int64_t removed_ms = (int64_t)(next_number(&seed) % 40) * DAY + EVENTS_MAX;
        fill_events(events, 3, terms, COUNT(terms), false, &seed);
        struct policy_entry first = play(events, order, 3, removed_ms);
        while (next_order(order, 3)) {
            struct policy_entry other = play(events, order, 3, removed_ms);
            assert_int_equal(first.exists, other.exists);
            assert_true(first.until_ms == other.until_ms);
        }
        if (first.exists)
            assert_true(first.since_ms > removed_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permanent_events_make_the_same_entry_in_any_order),
        cmocka_unit_test(two_events_of_any_terms_make_the_same_entry_in_any_order),
        cmocka_unit_test(two_guesses_make_the_same_entry_in_any_order),
        cmocka_unit_test(many_events_list_until_the_same_time_in_any_order),
        cmocka_unit_test(after_a_removal_any_order_lists_the_same),
    };
    return cmocka_run_group_tests_name("policy_fold_order", tests, NULL, NULL);
}

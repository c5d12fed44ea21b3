/* How judgements become entries, in whatever order they are delivered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "sesbounce/policy.h"

#define DAY          CLOCK_DAY_MS
#define EVER         POLICY_FOR_EVER
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct policy_history NOTHING = {CLOCK_NONE, CLOCK_NONE, CLOCK_NONE};

static struct policy_judgement listing(int64_t term_ms, const char *detail)
{
    struct policy_judgement judgement = {
        .effect = POLICY_EFFECT_SUPPRESS,
        .reason = POLICY_REASON_BOUNCE,
        .term_ms = term_ms,
    };
    (void)snprintf(judgement.detail, sizeof(judgement.detail), "%s", detail);
    return judgement;
}

static bool merge_at(const struct policy_judgement *judgement, int64_t occurred_ms,
                     int64_t removed_ms, struct policy_entry *entry)
{
    enum policy_reason reason;
    struct policy_history history = NOTHING;

    history.removed_ms = removed_ms;
    return policy_merge(judgement, occurred_ms, &history, entry, &reason);
}

static bool merge(const struct policy_judgement *judgement, int64_t occurred_ms,
                  struct policy_entry *entry)
{
    return merge_at(judgement, occurred_ms, CLOCK_NONE, entry);
}

static void assert_entry(const struct policy_entry *entry, int64_t since_ms,
                         int64_t until_ms, int64_t count, const char *detail)
{
    assert_true(entry->exists);
    assert_true(entry->since_ms == since_ms);
    assert_true(entry->until_ms == until_ms);
    assert_int_equal(entry->event_count, count);
    assert_string_equal(entry->detail, detail);
}

static bool same_entry(const struct policy_entry *a, const struct policy_entry *b)
{
    return a->exists == b->exists && a->lifted == b->lifted &&
           a->since_ms == b->since_ms && a->until_ms == b->until_ms &&
           a->first_event_ms == b->first_event_ms &&
           a->last_event_ms == b->last_event_ms && a->event_count == b->event_count &&
           a->repeats == b->repeats && strcmp(a->detail, b->detail) == 0;
}

/* --- terms ----------------------------------------------------------------------- */

static void the_first_event_makes_an_entry_from_when_it_occurred(void **state)
{
    (void)state;
    struct policy_entry entry = {.exists = false};
    enum policy_reason reason;
    struct policy_judgement hard = listing(EVER, "hard");

    assert_true(policy_merge(&hard, 5 * DAY, &NOTHING, &entry, &reason));
    assert_int_equal(reason, POLICY_REASON_BOUNCE);
    assert_entry(&entry, 5 * DAY, EVER, 1, "hard");
    assert_true(entry.first_event_ms == 5 * DAY && entry.last_event_ms == 5 * DAY);
}

static void what_makes_no_entry_changes_none(void **state)
{
    (void)state;
    const enum policy_effect effects[] = {POLICY_EFFECT_NONE, POLICY_EFFECT_SOFT,
                                          POLICY_EFFECT_HOLD, POLICY_EFFECT_RESET,
                                          POLICY_EFFECT_LIFT, POLICY_EFFECT_DOUBTFUL};
    for (size_t i = 0; i < COUNT(effects); i++) {
        struct policy_entry entry = {.exists = false};
        struct policy_judgement judgement = listing(EVER, "x");
        judgement.effect = effects[i];
        assert_false(merge(&judgement, DAY, &entry));
        assert_false(entry.exists);
    }
}

static void a_live_term_is_extended_and_an_ended_one_begins_again(void **state)
{
    (void)state;
    struct policy_entry entry = {.exists = false};
    struct policy_judgement early = listing(14 * DAY, "early");
    struct policy_judgement late = listing(14 * DAY, "late");

    assert_true(merge(&early, 0, &entry));
    assert_true(merge(&late, 10 * DAY, &entry));
    assert_entry(&entry, 0, 24 * DAY, 2, "late");
    assert_true(merge(&early, 24 * DAY, &entry));
    assert_entry(&entry, 24 * DAY, 38 * DAY, 3, "early");
    assert_int_equal(entry.repeats, 0);
}

static void a_repeat_doubles_only_after_the_term_has_ended(void **state)
{
    (void)state;
    struct policy_entry entry = {.exists = false};
    struct policy_judgement listed = listing(30 * DAY, "Suppressed");

    listed.doubles = true;
    assert_true(merge(&listed, 0, &entry));
    assert_true(merge(&listed, 29 * DAY, &entry));
    assert_entry(&entry, 0, 59 * DAY, 2, "Suppressed");
    assert_true(merge(&listed, 60 * DAY, &entry));
    assert_entry(&entry, 60 * DAY, 120 * DAY, 3, "Suppressed");
    assert_true(merge(&listed, 121 * DAY, &entry));
    assert_entry(&entry, 121 * DAY, 241 * DAY, 4, "Suppressed");
    for (int i = 0; i < 20; i++)
        assert_true(merge(&listed, entry.until_ms, &entry));
    assert_int_equal(entry.repeats, POLICY_DOUBLINGS_MAX);
    assert_true(entry.until_ms - entry.since_ms == (30 * DAY << POLICY_DOUBLINGS_MAX));
}

static void a_term_that_does_not_double_ignores_earlier_repeats(void **state)
{
    (void)state;
    struct policy_entry entry = {.exists = false};
    struct policy_judgement listed = listing(30 * DAY, "Suppressed");
    struct policy_judgement refused = listing(14 * DAY, "refused");

    listed.doubles = true;
    assert_true(merge(&listed, 0, &entry));
    assert_true(merge(&listed, 40 * DAY, &entry));
    assert_true(merge(&refused, 200 * DAY, &entry));
    assert_entry(&entry, 200 * DAY, 214 * DAY, 3, "refused");
}

static void a_weaker_event_shortens_and_renames_nothing(void **state)
{
    (void)state;
    struct policy_entry entry = {.exists = false};
    struct policy_judgement hard = listing(EVER, "hard");
    struct policy_judgement weak = listing(14 * DAY, "weak");

    assert_true(merge(&hard, 0, &entry));
    assert_true(merge(&weak, 3 * DAY, &entry));
    assert_entry(&entry, 0, EVER, 2, "hard");
    assert_true(entry.last_event_ms == 3 * DAY);
}

static void an_older_event_counts_but_does_not_speak_for_the_entry(void **state)
{
    (void)state;
    struct policy_entry entry = {.exists = false};
    struct policy_judgement newer = listing(EVER, "newer");
    struct policy_judgement older = listing(EVER, "older");
    struct policy_judgement bygone = listing(DAY, "bygone");

    assert_true(merge(&newer, 9 * DAY, &entry));
    assert_true(merge(&older, 4 * DAY, &entry));
    assert_entry(&entry, 4 * DAY, EVER, 2, "newer");
    assert_true(merge(&bygone, 1 * DAY, &entry));
    assert_entry(&entry, 4 * DAY, EVER, 3, "newer");
    assert_true(entry.first_event_ms == 1 * DAY && entry.last_event_ms == 9 * DAY);
}

static void an_older_event_that_holds_longer_sets_the_term(void **state)
{
    (void)state;
    struct policy_entry entry = {.exists = false};
    struct policy_judgement hard = listing(EVER, "hard");
    struct policy_judgement weak = listing(14 * DAY, "weak");

    assert_true(merge(&weak, 100 * DAY, &entry));
    assert_true(merge(&hard, 1 * DAY, &entry));
    assert_entry(&entry, 1 * DAY, EVER, 2, "hard");
}

/* --- people ---------------------------------------------------------------------- */

static void what_occurred_before_a_removal_never_lists_again(void **state)
{
    (void)state;
    struct policy_entry entry = {.exists = false};
    struct policy_judgement hard = listing(EVER, "hard");

    assert_false(merge_at(&hard, 5 * DAY, 5 * DAY, &entry));
    assert_false(entry.exists);
    assert_true(merge(&hard, 1 * DAY, &entry));
    entry.lifted = true;
    assert_true(merge_at(&hard, 4 * DAY, 5 * DAY, &entry));
    assert_true(entry.lifted);
    assert_int_equal(entry.event_count, 2);
    assert_true(merge_at(&hard, 6 * DAY, 5 * DAY, &entry));
    assert_false(entry.lifted);
    assert_entry(&entry, 6 * DAY, EVER, 3, "hard");
}

static void a_list_hit_never_brings_back_whom_a_person_removed(void **state)
{
    (void)state;
    struct policy_entry entry = {.exists = false};
    struct policy_judgement hit = listing(EVER, "hit");
    struct policy_judgement refused = listing(14 * DAY, "refused");

    hit.list_hit = true;
    assert_false(merge_at(&hit, 9 * DAY, 5 * DAY, &entry));
    assert_false(entry.exists);
    assert_true(merge(&hit, 1 * DAY, &entry));
    entry.lifted = true;
    assert_false(merge_at(&hit, 9 * DAY, 5 * DAY, &entry));
    assert_true(entry.lifted);
    assert_int_equal(entry.event_count, 1);
    assert_true(merge_at(&refused, 10 * DAY, 5 * DAY, &entry));
    assert_true(merge_at(&hit, 11 * DAY, 5 * DAY, &entry));
    assert_entry(&entry, 10 * DAY, 24 * DAY, 3, "refused");
    assert_false(merge_at(&hit, 30 * DAY, 5 * DAY, &entry));
}

static void a_lifted_entry_forgets_its_repeats(void **state)
{
    (void)state;
    struct policy_entry entry = {.exists = false};
    struct policy_judgement listed = listing(30 * DAY, "Suppressed");

    listed.doubles = true;
    assert_true(merge(&listed, 0, &entry));
    assert_true(merge(&listed, 40 * DAY, &entry));
    entry.lifted = true;
    assert_true(merge_at(&listed, 60 * DAY, 50 * DAY, &entry));
    assert_entry(&entry, 60 * DAY, 90 * DAY, 3, "Suppressed");
}

/* --- complaints ------------------------------------------------------------------ */

static struct policy_judgement guess(const char *detail)
{
    struct policy_judgement judgement = listing(180 * DAY, detail);
    judgement.reason = POLICY_REASON_COMPLAINT;
    judgement.second_for_ever = true;
    return judgement;
}

static void a_second_guess_is_permanent_even_after_the_first_ended(void **state)
{
    (void)state;
    struct policy_entry entry = {.exists = false};
    struct policy_judgement first = guess("abuse (1 of 3)");
    struct policy_judgement second = guess("abuse (1 of 2)");

    assert_true(merge(&first, 0, &entry));
    assert_entry(&entry, 0, 180 * DAY, 1, "abuse (1 of 3)");
    assert_true(merge(&second, 10 * DAY, &entry));
    assert_entry(&entry, 0, EVER, 2, "abuse (1 of 2)");

    entry = (struct policy_entry){.exists = false};
    assert_true(merge(&second, 300 * DAY, &entry));
    assert_true(merge(&first, 0, &entry));
    assert_entry(&entry, 300 * DAY, EVER, 2, "abuse (1 of 2)");
}

static void a_guess_after_a_lift_is_a_first_guess_again(void **state)
{
    (void)state;
    struct policy_entry entry = {.exists = false};
    struct policy_judgement one = guess("abuse (1 of 3)");

    assert_true(merge(&one, 0, &entry));
    entry.lifted = true;
    assert_true(merge_at(&one, 10 * DAY, 5 * DAY, &entry));
    assert_entry(&entry, 10 * DAY, 190 * DAY, 2, "abuse (1 of 3)");
}

static void not_spam_lifts_only_what_came_before_it(void **state)
{
    (void)state;
    struct policy_entry entry = {.exists = false};
    enum policy_reason reason;
    struct policy_judgement complaint = listing(EVER, "abuse");
    struct policy_judgement not_spam = {.effect = POLICY_EFFECT_LIFT};

    assert_true(merge(&complaint, 5 * DAY, &entry));
    assert_false(merge(&not_spam, 4 * DAY, &entry));
    assert_false(merge(&not_spam, 5 * DAY, &entry));
    assert_false(entry.lifted);
    assert_true(policy_merge(&not_spam, 7 * DAY, &NOTHING, &entry, &reason));
    assert_int_equal(reason, POLICY_REASON_COMPLAINT);
    assert_true(entry.lifted);
    assert_false(merge(&not_spam, 8 * DAY, &entry));

    assert_true(merge(&complaint, 6 * DAY, &entry));
    assert_true(entry.lifted);
    assert_true(merge(&complaint, 9 * DAY, &entry));
    assert_false(entry.lifted);
    assert_true(entry.since_ms == 9 * DAY);
}

/* --- doubt ----------------------------------------------------------------------- */

static bool doubt(int64_t occurred_ms, int64_t first_ms, int64_t last_ms,
                  int64_t removed_ms, struct policy_entry *entry)
{
    enum policy_reason reason;
    struct policy_history history = {removed_ms, first_ms, last_ms};
    struct policy_judgement judgement = listing(EVER, "Transient/General");

    judgement.effect = POLICY_EFFECT_DOUBTFUL;
    return policy_merge(&judgement, occurred_ms, &history, entry, &reason);
}

static void a_doubtful_bounce_counts_on_a_second_day_a_day_later_12(void **state)
{
    (void)state;
    struct policy_entry entry = {.exists = false};

    assert_false(doubt(10 * DAY, CLOCK_NONE, CLOCK_NONE, CLOCK_NONE, &entry));
    assert_false(doubt(10 * DAY, 9 * DAY + 1, 9 * DAY + 1, CLOCK_NONE, &entry));
    assert_false(doubt(40 * DAY + 1, 10 * DAY, 10 * DAY, CLOCK_NONE, &entry));
    assert_false(entry.exists);
    assert_true(doubt(10 * DAY, 9 * DAY, 9 * DAY, CLOCK_NONE, &entry));
    assert_entry(&entry, 10 * DAY, EVER, 2, "Transient/General");
    assert_true(entry.first_event_ms == 9 * DAY && entry.last_event_ms == 10 * DAY);
}

static void the_order_of_two_doubtful_bounces_makes_no_difference(void **state)
{
    (void)state;
    struct policy_entry forth = {.exists = false};
    struct policy_entry back = {.exists = false};

    assert_true(doubt(20 * DAY, 10 * DAY, 10 * DAY, CLOCK_NONE, &forth));
    assert_true(doubt(10 * DAY, 20 * DAY, 20 * DAY, CLOCK_NONE, &back));
    assert_true(same_entry(&forth, &back));
}

static void the_later_of_the_known_doubts_confirms_as_well(void **state)
{
    (void)state;
    struct policy_entry entry = {.exists = false};

    assert_true(doubt(10 * DAY, 10 * DAY - 5, 12 * DAY, CLOCK_NONE, &entry));
    assert_true(entry.since_ms == 12 * DAY);
}

static void doubts_from_before_a_removal_confirm_nothing(void **state)
{
    (void)state;
    struct policy_entry entry = {.exists = false};

    assert_false(doubt(10 * DAY, 5 * DAY, 5 * DAY, 5 * DAY, &entry));
    assert_false(doubt(5 * DAY, 10 * DAY, 10 * DAY, 5 * DAY, &entry));
    assert_false(entry.exists);
    assert_true(doubt(10 * DAY, 6 * DAY, 6 * DAY, 5 * DAY, &entry));
}

/* --- any order ------------------------------------------------------------------- */

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
    struct policy_entry entry = {.exists = false};

    for (size_t i = 0; i < count; i++)
        (void)merge_at(&events[order[i]].judgement, events[order[i]].occurred_ms,
                       removed_ms, &entry);
    return entry;
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
            fail_msg("%s until %lld in one order, %s until %lld in another", first.detail,
                     (long long)first.until_ms, other.detail, (long long)other.until_ms);
    }
}

static void fill_events(struct timed *events, size_t count, const int64_t *terms,
                        size_t term_count, bool guesses, uint32_t *seed)
{
    for (size_t i = 0; i < count; i++) {
        char detail[16];
        (void)snprintf(detail, sizeof(detail), "event %zu", i);
        events[i].judgement = listing(terms[next_number(seed) % term_count], detail);
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
        cmocka_unit_test(the_first_event_makes_an_entry_from_when_it_occurred),
        cmocka_unit_test(what_makes_no_entry_changes_none),
        cmocka_unit_test(a_live_term_is_extended_and_an_ended_one_begins_again),
        cmocka_unit_test(a_repeat_doubles_only_after_the_term_has_ended),
        cmocka_unit_test(a_term_that_does_not_double_ignores_earlier_repeats),
        cmocka_unit_test(a_weaker_event_shortens_and_renames_nothing),
        cmocka_unit_test(an_older_event_counts_but_does_not_speak_for_the_entry),
        cmocka_unit_test(an_older_event_that_holds_longer_sets_the_term),
        cmocka_unit_test(what_occurred_before_a_removal_never_lists_again),
        cmocka_unit_test(a_list_hit_never_brings_back_whom_a_person_removed),
        cmocka_unit_test(a_lifted_entry_forgets_its_repeats),
        cmocka_unit_test(a_second_guess_is_permanent_even_after_the_first_ended),
        cmocka_unit_test(a_guess_after_a_lift_is_a_first_guess_again),
        cmocka_unit_test(not_spam_lifts_only_what_came_before_it),
        cmocka_unit_test(a_doubtful_bounce_counts_on_a_second_day_a_day_later_12),
        cmocka_unit_test(the_order_of_two_doubtful_bounces_makes_no_difference),
        cmocka_unit_test(the_later_of_the_known_doubts_confirms_as_well),
        cmocka_unit_test(doubts_from_before_a_removal_confirm_nothing),
        cmocka_unit_test(permanent_events_make_the_same_entry_in_any_order),
        cmocka_unit_test(two_events_of_any_terms_make_the_same_entry_in_any_order),
        cmocka_unit_test(two_guesses_make_the_same_entry_in_any_order),
        cmocka_unit_test(many_events_list_until_the_same_time_in_any_order),
        cmocka_unit_test(after_a_removal_any_order_lists_the_same),
    };
    return cmocka_run_group_tests_name("policy_merge", tests, NULL, NULL);
}

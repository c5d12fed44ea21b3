#include "store_fixture.h"

#include "store/sqlite/db.h"

static struct store_decision decision_of(struct fixture *fixture, const char *address,
                                         int64_t at_ms)
{
    return (struct store_decision){.address = address,
                                   .scope = "*",
                                   .actor = "ann",
                                   .note = NULL,
                                   .now_ms = at_ms ? at_ms : fixture->now_ms,
                                   .until_ms = POLICY_FOR_EVER};
}

static bool remove_address(struct fixture *fixture, const char *address, int64_t at_ms)
{
    struct store_decision decision = decision_of(fixture, address, at_ms);
    bool changed = false;

    assert_int_equal(decide_remove(fixture->store, &decision, &changed), 0);
    return changed;
}

static bool add_address(struct fixture *fixture, const char *address, const char *note)
{
    struct store_decision decision = decision_of(fixture, address, 0);
    bool changed = false;

    decision.note = note;
    assert_int_equal(decide_add(fixture->store, &decision, &changed), 0);
    return changed;
}

static int is_suppressed(struct fixture *fixture, const char *text)
{
    struct address address;

    assert_int_equal(address_parse(str_of(text), &address), 0);
    return store_is_suppressed(fixture->store, &address, "*");
}

static void equality_is_blind_to_case(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, hard("Mixed@Example.COM", "f1"));
    assert_answer(fixture,
                  "SELECT count(*) FROM suppressed WHERE address = 'MIXED@example.com'",
                  "1");
    assert_answer(fixture,
                  "SELECT count(*) FROM events WHERE address = 'mixed@EXAMPLE.com'", "1");
    assert_int_equal(is_suppressed(fixture, "mIXED@example.com"), 1);
    assert_int_equal(is_suppressed(fixture, "other@example.com"), 0);
}

static void the_strongest_reason_shows_and_the_longest_term(void **state)
{
    struct fixture *fixture = *state;
    const char *many = "{\"eventType\":\"Complaint\",\"complaint\":{"
                       "\"complainedRecipients\":[{\"emailAddress\":\"a@example.com\"},{"
                       "\"emailAddress\":\"b@example.com\"}],\"feedbackId\":\"c1\"},"
                       "\"mail\":{\"messageId\":\"m\"}}";

    deliver(fixture, many);
    assert_answer(fixture,
                  "SELECT reason || ' ' || (until IS NOT NULL) FROM suppressed "
                  "WHERE address = 'a@example.com'",
                  "COMPLAINT 1");
    deliver(fixture, hard("a@example.com", "f1"));
    /* a bounce is for ever, so the address is, whatever shows */
    assert_answer(fixture,
                  "SELECT reason || ' ' || (until IS NULL) FROM suppressed "
                  "WHERE address = 'a@example.com'",
                  "COMPLAINT 1");
    assert_true(add_address(fixture, "a@example.com", NULL));
    assert_answer(fixture,
                  "SELECT reason FROM suppressed WHERE address = 'a@example.com'",
                  "MANUAL");
    assert_answer(fixture, "SELECT count(*) FROM suppressed", "2");
}

/* Most lines leave out what their event says; that is read of it. */
static void a_line_of_the_log_has_the_words_of_its_event(void **state)
{
    struct fixture *fixture = *state;

    (void)fixture_deliver(fixture, (struct post){.json = hard("a@x.example", "1")});
    (void)fixture_deliver(fixture,
                          (struct post){.json = complaint("abuse", "b@x.example", "2")});
    assert_answer(fixture,
                  "SELECT group_concat(address || ' ' || detail || ' ' || rule || ' ' ||"
                  " origin, ', ') FROM suppression_log",
                  "a@x.example Permanent/General permanent-general event, "
                  "b@x.example abuse complaint event");
    assert_answer(fixture, "SELECT group_concat(detail = '') FROM list_change", "1,0");
}

static void an_entry_that_ran_out_is_not_shown(void **state)
{
    struct fixture *fixture = *state;
    const char *json = bounce_of("Permanent", "Suppressed", "a@example.com", "f1", NULL);

    deliver(fixture, json, .at_ms = fixture->now_ms - 31 * CLOCK_DAY_MS);
    assert_answer(fixture, "SELECT count(*) FROM suppressed", "0");
    assert_int_equal(is_suppressed(fixture, "a@example.com"), 0);
    deliver(fixture, bounce_of("Permanent", "Suppressed", "a@example.com", "f2", NULL));
    assert_answer(
        fixture,
        "SELECT event_count || ' ' || round(julianday(until) - julianday(since))"
        " FROM suppressed",
        "2 60.0");
}

/* It said the new term's end, which may be years ahead, or is never. */
static void the_line_about_a_term_that_ended_is_of_that_term(void **state)
{
    struct fixture *fixture = *state;
    struct store_decision decision = decision_of(fixture, "a@example.com", 0);
    int64_t until_ms = fixture->now_ms + CLOCK_HOUR_MS;
    bool changed = false;

    decision.until_ms = until_ms;
    assert_int_equal(decide_add(fixture->store, &decision, &changed), 0);
    decision.now_ms = until_ms + CLOCK_DAY_MS;
    decision.until_ms = POLICY_FOR_EVER;
    assert_int_equal(decide_add(fixture->store, &decision, &changed), 0);
    assert_answer(
        fixture,
        "SELECT group_concat(action || iif(action = 'expired', (SELECT at = until"
        " AND until = (SELECT min(until) FROM suppression_log)), ''), ' ')"
        " FROM suppression_log",
        "added expired1 added");
}

static void terms_that_ended_meanwhile_are_logged_in_that_order(void **state)
{
    struct fixture *fixture = *state;
    struct store_decision decision = decision_of(fixture, "a@example.com", 0);
    bool changed = false, more = false;

    deliver(fixture, bounce_of("Permanent", "Suppressed", "a@example.com", "f1", NULL));
    decision.until_ms = fixture->now_ms + CLOCK_HOUR_MS;
    assert_int_equal(decide_add(fixture->store, &decision, &changed), 0);
    assert_int_equal(
        store_expire(fixture->store, fixture->now_ms + 31 * CLOCK_DAY_MS, &more), 0);
    assert_answer(fixture,
                  "SELECT group_concat(reason_before || '>' || coalesce(reason_after, '')"
                  " || ' ' || (at = until) || ' ' || coalesce(detail, '-'), ', ')"
                  " FROM suppression_log WHERE action = 'expired'",
                  "MANUAL>BOUNCE 1 -, BOUNCE> 1 Permanent/Suppressed");
}

/* `now_ms` is in whole minutes, and so not behind the clock of the view. */
static void an_entry_no_longer_applies_from_its_until_on(void **state)
{
    struct fixture *fixture = *state;
    int64_t then_ms = fixture->now_ms - 30 * CLOCK_DAY_MS;

    deliver(fixture, bounce_of("Permanent", "Suppressed", "a@example.com", "f1", NULL),
            .at_ms = then_ms);
    deliver(fixture, bounce_of("Permanent", "Suppressed", "b@example.com", "f2", NULL),
            .at_ms = then_ms + CLOCK_HOUR_MS);
    assert_answer(fixture, "SELECT group_concat(address) FROM suppressed",
                  "b@example.com");
    assert_int_equal(is_suppressed(fixture, "a@example.com"), 0);
    assert_int_equal(is_suppressed(fixture, "b@example.com"), 1);
}

static void a_removal_holds_until_an_event_that_occurred_later(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, hard("a@example.com", "f1"), .at_ms = fixture->now_ms - 5000);
    deliver(fixture, complaint("abuse", "a@example.com", "c1"),
            .at_ms = fixture->now_ms - 5000);
    assert_true(remove_address(fixture, "A@example.com", 0));
    assert_answer(fixture, "SELECT count(*) FROM suppressed", "0");
    assert_answer(fixture,
                  "SELECT count(*) FROM suppression WHERE lifted_at IS NOT NULL AND "
                  "lifted_by = 'ann'",
                  "2");
    assert_false(remove_address(fixture, "a@example.com", 0));
    assert_answer(fixture, "SELECT count(*) || action || actor FROM decision",
                  "1removeann");
    /* older, the same moment, and later */
    deliver(fixture, hard("a@example.com", "f2"), .at_ms = fixture->now_ms - 1000);
    deliver(fixture, hard("a@example.com", "f3"));
    assert_int_equal(is_suppressed(fixture, "a@example.com"), 0);
    deliver(fixture, hard("a@example.com", "f4"), .at_ms = fixture->now_ms + 1);
    assert_int_equal(is_suppressed(fixture, "a@example.com"), 1);
    assert_answer(fixture,
                  "SELECT lifted_by IS NULL FROM suppression WHERE reason = 'BOUNCE'",
                  "1");
}

static void a_list_hit_never_brings_back_what_a_person_removed(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, hard("a@example.com", "f1"), .at_ms = fixture->now_ms - 5000);
    assert_true(remove_address(fixture, "a@example.com", fixture->now_ms - 4000));
    deliver(fixture, bounce_of("Permanent", "OnAccountSuppressionList", "a@example.com",
                               "f2", NULL));
    assert_int_equal(is_suppressed(fixture, "a@example.com"), 0);
}

static void adding_twice_changes_nothing_but_another_note_does(void **state)
{
    struct fixture *fixture = *state;

    assert_true(add_address(fixture, "John <A@Example.com>", "asked by phone"));
    assert_false(add_address(fixture, "a@example.com", "asked by phone"));
    assert_false(add_address(fixture, "a@example.com", NULL));
    assert_true(add_address(fixture, "a@example.com", "ticket 7"));
    assert_answer(
        fixture,
        "SELECT reason || origin || actor || note || event_count FROM suppressed",
        "MANUALpersonannticket 70");
    assert_answer(fixture, "SELECT count(*) FROM decision", "2");
    assert_true(remove_address(fixture, "a@example.com", 0));
    assert_true(add_address(fixture, "a@example.com", "ticket 7"));
    assert_int_equal(is_suppressed(fixture, "a@example.com"), 1);
}

static void decisions_of_one_transaction_are_kept_or_lost_together(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(store_begin(fixture->store), 0);
    assert_true(add_address(fixture, "a@example.com", NULL));
    assert_true(add_address(fixture, "b@example.com", NULL));
    assert_false(add_address(fixture, "b@example.com", NULL));
    store_rollback(fixture->store);
    assert_int_equal(is_suppressed(fixture, "a@example.com"), 0);

    assert_int_equal(store_begin(fixture->store), 0);
    assert_true(add_address(fixture, "a@example.com", NULL));
    assert_true(add_address(fixture, "b@example.com", NULL));
    assert_true(remove_address(fixture, "a@example.com", 0));
    assert_int_equal(store_commit(fixture->store), 0);
    assert_int_equal(is_suppressed(fixture, "a@example.com"), 0);
    assert_int_equal(is_suppressed(fixture, "b@example.com"), 1);
    assert_answer(fixture, "SELECT count(*) || max(actor) FROM decision", "3ann");
}

static void what_is_not_an_address_cannot_be_added(void **state)
{
    struct fixture *fixture = *state;
    struct store_decision decision = decision_of(fixture, "nobody", 0);
    bool changed = true;

    assert_int_equal(decide_add(fixture->store, &decision, &changed), -EINVAL);
    assert_false(changed);
    assert_answer(fixture, "SELECT count(*) FROM decision", "0");
}

static void not_spam_lifts_a_complaint_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, complaint("abuse", "a@example.com", "c1"));
    deliver(fixture, hard("a@example.com", "f1"));
    deliver(fixture, complaint("not-spam", "a@example.com", "c2"),
            .at_ms = fixture->now_ms + 1000);
    assert_answer(fixture, "SELECT reason FROM suppressed", "BOUNCE");
    assert_answer(fixture, "SELECT lifted_by FROM suppression WHERE reason = 'COMPLAINT'",
                  "complaint-not-spam");
}

/* --- soft
 * -------------------------------------------------------------------------------- */

static void soft_events_are_known_by_their_times(void **state)
{
    struct fixture *fixture = *state;
    int64_t day_ms = fixture->now_ms / CLOCK_DAY_MS * CLOCK_DAY_MS;

    deliver(fixture, soft("a@example.com", "f1"), .at_ms = day_ms + 1000);
    deliver(fixture, soft("a@example.com", "f2"), .at_ms = day_ms + 9000);
    deliver(fixture, soft("a@example.com", "f3"), .at_ms = day_ms - 1000);
    assert_answer(fixture, "SELECT count(*) FROM soft_event WHERE is_counted", "3");
    assert_answer(fixture, "SELECT count(*) FROM soft_days", "2");
    assert_answer(fixture, "SELECT class || ' ' || cause FROM events LIMIT 1",
                  "soft mailbox-full");
    assert_answer(fixture, "SELECT count(*) FROM suppressed", "0");
}

/* A Delivery that is kept (`counted` false) or only counted. */
static void deliver_delivery(struct fixture *fixture, const char *id, int64_t at_ms,
                             bool counted)
{
    deliver(fixture, delivery("a@example.com", id, at_ms - 700), .at_ms = at_ms,
            .rules = counted ? &counting : NULL);
}

static void check_reset(struct fixture *fixture, bool counted)
{
    int64_t at_ms = fixture->now_ms - CLOCK_HOUR_MS;
    const char *days = "SELECT count(*) FROM soft_event WHERE is_counted";

    /* in order: the Delivery ends what was before it, not what comes after */
    deliver(fixture, soft("a@example.com", "f1"), .at_ms = at_ms);
    deliver(fixture, soft("b@example.com", "f2"), .at_ms = at_ms);
    deliver_delivery(fixture, "d0", at_ms - 1, counted);
    assert_answer(fixture, days, "2");
    deliver_delivery(fixture, "d1", at_ms + 1, counted);
    assert_answer(fixture, days, "1");
    /* the other order: it is there before the soft event that it voids */
    deliver(fixture, soft("a@example.com", "f3"), .at_ms = at_ms);
    deliver(fixture, soft("a@example.com", "f4"), .at_ms = at_ms - 3 * CLOCK_DAY_MS);
    assert_answer(fixture, days, "1");
    deliver(fixture, soft("a@example.com", "f5"), .at_ms = at_ms + 1);
    assert_answer(fixture, days, "2");
    assert_answer(fixture, "SELECT count(*) FROM bounces", "5");
}

static void a_kept_delivery_resets_in_either_order(void **state)
{
    check_reset(*state, false);
}

static void a_counted_delivery_resets_in_either_order(void **state)
{
    check_reset(*state, true);
}

static void a_delivery_far_from_ses_own_time_resets_too(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, delivery("a@example.com", "d1", INT64_C(1714557600000)),
            .rules = &counting);
    deliver(fixture, soft("a@example.com", "f1"), .at_ms = fixture->now_ms - 1000);
    assert_answer(fixture, "SELECT count(*) FROM soft_event WHERE is_counted", "0");
}

static int steps_of_last_look_up(struct fixture *fixture)
{
    sqlite3_stmt *look_up = fixture->store->db->statements[SQL_COUNTED_DELIVERED];

    assert_int_equal(sqlite3_stmt_status(look_up, SQLITE_STMTSTATUS_RUN, 1), 1);
    return sqlite3_stmt_status(look_up, SQLITE_STMTSTATUS_VM_STEP, 1);
}

static void a_soft_bounce_looks_once_for_a_later_counted_delivery(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_ms = fixture->now_ms;

    for (int hours = 0; hours < 80; hours++) {
        char id[16];

        (void)snprintf(id, sizeof(id), "d%d", hours);
        deliver_delivery(fixture, id, now_ms - hours * CLOCK_HOUR_MS, true);
    }
    /* At first sight, and as old as history may be: seeks for each hour that there is. */
    deliver(fixture, soft("s@example.com", "f1"), .at_ms = now_ms);
    assert_in_range(steps_of_last_look_up(fixture), 1, 150);
    deliver(fixture, soft("s@example.com", "f2"), .at_ms = now_ms - 99 * CLOCK_DAY_MS);
    assert_in_range(steps_of_last_look_up(fixture), 1, 81 * 40);
    assert_answer(fixture, "SELECT count(*) FROM soft_event WHERE is_counted", "2");
    deliver(fixture, soft("a@example.com", "f3"), .at_ms = now_ms - 99 * CLOCK_DAY_MS);
    assert_answer(fixture, "SELECT count(*) FROM soft_event WHERE is_counted", "2");
    deliver(fixture, soft("a@example.com", "f4"), .at_ms = now_ms + 1000);
    assert_answer(fixture, "SELECT count(*) FROM soft_event WHERE is_counted", "3");
}

static void a_doubtful_bounce_lists_when_it_repeats_a_day_later(void **state)
{
    struct fixture *fixture = *state;
    int64_t first_ms = fixture->now_ms - 3 * CLOCK_DAY_MS;

    deliver(fixture, doubtful("a@example.com", "f1"), .at_ms = first_ms);
    deliver(fixture, doubtful("a@example.com", "f2"), .at_ms = first_ms + CLOCK_HOUR_MS);
    assert_answer(fixture, "SELECT count(*) FROM suppressed", "0");
    deliver(fixture, doubtful("a@example.com", "f3"),
            .at_ms = first_ms + CLOCK_DAY_MS + 1000);
    assert_answer(fixture, "SELECT reason || (until IS NULL) FROM suppressed", "BOUNCE1");
}

static void a_delivery_between_two_doubtful_bounces_means_no_entry(void **state)
{
    struct fixture *fixture = *state;
    int64_t first_ms = fixture->now_ms - 5 * CLOCK_DAY_MS;

    deliver(fixture, doubtful("a@example.com", "f1"), .at_ms = first_ms);
    deliver_delivery(fixture, "d1", first_ms + CLOCK_DAY_MS, true);
    deliver(fixture, doubtful("a@example.com", "f2"),
            .at_ms = first_ms + 2 * CLOCK_DAY_MS);
    /* late, from before the Delivery */
    deliver(fixture, doubtful("a@example.com", "f3"), .at_ms = first_ms + 1000);
    assert_answer(fixture, "SELECT count(*) FROM suppressed", "0");
    assert_answer(fixture, "SELECT count(*) FROM soft_event WHERE is_counted", "3");
}

static void a_removal_forgets_soft_days_and_those_from_before_it(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, doubtful("a@example.com", "f1"),
            .at_ms = fixture->now_ms - 2 * CLOCK_DAY_MS);
    deliver(fixture, hard("a@example.com", "f2"),
            .at_ms = fixture->now_ms - CLOCK_DAY_MS);
    assert_true(remove_address(fixture, "a@example.com", 0));
    deliver(fixture, doubtful("a@example.com", "f3"),
            .at_ms = fixture->now_ms - 4 * CLOCK_DAY_MS);
    assert_answer(fixture, "SELECT count(*) FROM soft_event WHERE is_counted", "0");
}

static void tidying_forgets_counted_keys_after_three_days(void **state)
{
    struct fixture *fixture = *state;
    bool more = false;

    deliver_delivery(fixture, "d1", fixture->now_ms - 73 * CLOCK_HOUR_MS, true);
    deliver_delivery(fixture, "d2", fixture->now_ms - 71 * CLOCK_HOUR_MS, true);
    /* history that was imported just now is known again for as long */
    deliver(fixture, delivery("b@example.com", "d3", fixture->now_ms - 99 * CLOCK_DAY_MS),
            .rules = &counting, .bare = true, .imported = true);
    deliver(fixture, soft("a@example.com", "f1"),
            .at_ms = fixture->now_ms - 61 * CLOCK_DAY_MS, .sns_id = "s");
    tamper(fixture,
           "INSERT INTO soft_event VALUES ('x@example.com', '*', 0, '', 1, 0, 1)");
    do
        assert_int_equal(
            store_tidy(fixture->store, fixture->now_ms, fixture->now_ms, &more), 0);
    while (more);
    assert_answer(fixture, "SELECT count(*) FROM counted", "2");
    assert_answer(fixture, "SELECT count(*) FROM soft_event WHERE at_ms < 1580515200000",
                  "0");
    assert_int_equal(
        deliver(fixture,
                delivery("b@example.com", "d3", fixture->now_ms - 99 * CLOCK_DAY_MS),
                .rules = &counting, .bare = true, .imported = true),
        VERDICT_DUPLICATE);
    assert_int_equal(store_tidy(fixture->store, fixture->now_ms + 4 * CLOCK_DAY_MS,
                                fixture->now_ms + 4 * CLOCK_DAY_MS, &more),
                     0);
    assert_answer(fixture, "SELECT count(*) FROM counted", "0");
}

static void tidying_is_bounded_and_ends(void **state)
{
    struct fixture *fixture = *state;
    bool more = false;
    int calls = 0;

    tamper(fixture, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                    "WHERE i < 5000) INSERT INTO counted SELECT i / 10, 1, i, i, 0, NULL "
                    "FROM n");
    do {
        assert_int_equal(
            store_tidy(fixture->store, fixture->now_ms, fixture->now_ms, &more), 0);
        calls++;
    } while (more && calls < 100);
    assert_in_range(calls, 3, 5);
    assert_answer(fixture, "SELECT count(*) FROM counted", "0");
}

static void tidying_goes_on_until_no_old_soft_day_is_left(void **state)
{
    struct fixture *fixture = *state;
    bool more = false;
    int calls = 0;

    tamper(fixture, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                    "WHERE i < 450) INSERT INTO soft_event SELECT i || "
                    "'@example.com', '*', 0, '', 1, 0, 1 FROM n");
    tamper(fixture, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                    "WHERE i < 450) INSERT INTO identity_day (identity, day) "
                    "SELECT i || '.example', '2020-01-01' FROM n");
    do {
        assert_int_equal(
            store_tidy(fixture->store, fixture->now_ms, fixture->now_ms, &more), 0);
        calls++;
    } while (more && calls < 100);
    assert_int_equal(calls, 450 / STORE_TIDY_OLD_MAX + 1);
    assert_answer(fixture, "SELECT count(*) FROM soft_event", "0");
    assert_answer(fixture, "SELECT count(*) FROM identity_day", "0");
    assert_answer(fixture,
                  "SELECT n FROM total WHERE name = 'addresses_with_soft_bounces'", "0");
}

static void tidying_passes_over_what_was_imported_lately(void **state)
{
    struct fixture *fixture = *state;
    bool more = false;
    int calls = 0;

    tamper(fixture, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                    "WHERE i < 5000) INSERT INTO counted SELECT i / 10, 1, i, i, 0, "
                    "strftime('%s', 'now') / 3600 FROM n");
    do {
        assert_int_equal(
            store_tidy(fixture->store, fixture->now_ms, fixture->now_ms, &more), 0);
        calls++;
    } while (more && calls < 100);
    assert_in_range(calls, 3, 5);
    assert_answer(fixture, "SELECT count(*) FROM counted", "5000");
}

static void an_entry_keeps_the_origin_of_its_term(void **state)
{
    struct fixture *fixture = *state;

    deliver(fixture, hard("a@example.com", "f1"), .bare = true, .imported = true);
    deliver(fixture, hard("a@example.com", "f2"));
    assert_answer(fixture, "SELECT origin || event_count FROM suppressed", "import2");
    assert_true(remove_address(fixture, "a@example.com", 0));
    deliver(fixture, hard("a@example.com", "f3"), .at_ms = fixture->now_ms + 1);
    assert_answer(fixture, "SELECT origin FROM suppressed", "event");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(equality_is_blind_to_case),
        TEST(the_strongest_reason_shows_and_the_longest_term),
        TEST(a_line_of_the_log_has_the_words_of_its_event),
        TEST(an_entry_that_ran_out_is_not_shown),
        TEST(the_line_about_a_term_that_ended_is_of_that_term),
        TEST(terms_that_ended_meanwhile_are_logged_in_that_order),
        TEST(an_entry_no_longer_applies_from_its_until_on),
        TEST(a_removal_holds_until_an_event_that_occurred_later),
        TEST(a_list_hit_never_brings_back_what_a_person_removed),
        TEST(adding_twice_changes_nothing_but_another_note_does),
        TEST(decisions_of_one_transaction_are_kept_or_lost_together),
        TEST(what_is_not_an_address_cannot_be_added),
        TEST(not_spam_lifts_a_complaint_and_nothing_else),
        TEST(soft_events_are_known_by_their_times),
        TEST(a_kept_delivery_resets_in_either_order),
        TEST(a_counted_delivery_resets_in_either_order),
        TEST(a_soft_bounce_looks_once_for_a_later_counted_delivery),
        TEST(a_delivery_far_from_ses_own_time_resets_too),
        TEST(a_doubtful_bounce_lists_when_it_repeats_a_day_later),
        TEST(a_delivery_between_two_doubtful_bounces_means_no_entry),
        TEST(a_removal_forgets_soft_days_and_those_from_before_it),
        TEST(tidying_forgets_counted_keys_after_three_days),
        TEST(tidying_is_bounded_and_ends),
        TEST(tidying_goes_on_until_no_old_soft_day_is_left),
        TEST(tidying_passes_over_what_was_imported_lately),
        TEST(an_entry_keeps_the_origin_of_its_term),
    };
    return cmocka_run_group_tests_name("store_list", tests, NULL, NULL);
}

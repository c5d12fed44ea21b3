/* Erasure: nothing of an address is left, and what others need is. */
#include "store_fixture.h"

#define JANE "Jane@Example.com"
#define KEY  "jane@example.com"

static struct store_erasure erase_with(struct fixture *fixture,
                                       struct store_erasure erasure)
{
    bool more = true;

    erasure.now_ms = fixture->now_ms;
    erasure.actor = "ann";
    assert_int_equal(store_erase_begin(fixture->store, JANE, &erasure), 0);
    while (more)
        assert_int_equal(store_erase(fixture->store, &erasure, &more), 0);
    return erasure;
}

#define erase(fixture, ...) erase_with(fixture, (struct store_erasure){__VA_ARGS__})

/* Is the address in any of the files, in any case? Bodies are packed: not in these. */
static bool file_names_jane(struct fixture *fixture, const char *suffix)
{
    FILE *file = fopen(path_of(fixture, suffix), "r");
    static char bytes[4 * 1024 * 1024];
    size_t len;

    if (!file)
        return false;
    len = fread(bytes, 1, sizeof(bytes), file);
    assert_true(len < sizeof(bytes));
    (void)fclose(file);
    for (size_t i = 0; i < len; i++)
        if (bytes[i] >= 'A' && bytes[i] <= 'Z')
            bytes[i] = (char)(bytes[i] + 32);
    return memmem(bytes, len, KEY, strlen(KEY)) != NULL;
}

static void assert_gone_from_the_files(struct fixture *fixture)
{
    assert_int_equal(store_erase_end(fixture->store), 1);
    assert_false(file_names_jane(fixture, ""));
    assert_false(file_names_jane(fixture, "-wal"));
    assert_false(file_names_jane(fixture, "-shm"));
}

/* Of every kind, before now. */
static void history_make(struct fixture *fixture)
{
    int64_t day_ms = fixture->now_ms - CLOCK_DAY_MS;
    struct store_decision note = {.address = "ann@example.com",
                                  .actor = "ann",
                                  .note = "the sister of " JANE,
                                  .now_ms = day_ms,
                                  .until_ms = POLICY_FOR_EVER};
    enum policy_decided decided;

    (void)deliver(fixture, hard(JANE, "f1"), .at_ms = day_ms);
    (void)deliver(fixture, complaint("abuse", JANE, "f2"), .at_ms = day_ms);
    (void)deliver(fixture, soft(JANE, "f3"), .at_ms = day_ms);
    (void)deliver(fixture, soft(JANE, "f4"), .at_ms = day_ms - CLOCK_DAY_MS);
    (void)deliver(fixture, "{\"no\":1,\"to\":\"<" JANE ">\"}", .at_ms = day_ms);
    (void)deliver(fixture, "{\"no\":2}", .at_ms = day_ms);
    (void)deliver(fixture,
                  bounce_of("Permanent", "General", "ben@example.com", "f5",
                            "\"status\":\"5.1.1\",\"diagnosticCode\":\"forwarded to "
                            "<" JANE ">: unknown\""),
                  .at_ms = day_ms);
    assert_int_equal(store_decide(fixture->store, &note, &decided), 0);
}

/* Who follows the log must not learn of an entry for all mail that there never was. */
static void the_line_is_of_the_scope_in_which_the_address_stays(void **state)
{
    struct fixture *fixture = *state;
    struct store_decision decision = {.address = KEY,
                                      .scope = "news",
                                      .actor = "ann",
                                      .now_ms = fixture->now_ms,
                                      .until_ms = fixture->now_ms + CLOCK_HOUR_MS};
    const char *erased = "SELECT scope || ' ' || reason_before || ' ' || reason_after || "
                         "' ' || coalesce(until = (SELECT until FROM suppressed WHERE "
                         "scope = 'news'), '-') FROM suppression_log"
                         " WHERE action = 'erased' ORDER BY id DESC LIMIT 1";
    enum policy_decided decided;

    assert_int_equal(store_decide(fixture->store, &decision, &decided), 0);
    (void)erase(fixture, .forget = false);
    assert_answer(fixture, erased, "news MANUAL MANUAL 1");
    fixture->now_ms += 1;
    (void)deliver(fixture, hard(JANE, "f1"), .at_ms = fixture->now_ms);
    (void)erase(fixture, .forget = false);
    assert_answer(fixture, erased, "* BOUNCE BOUNCE -");
}

/* A note about somebody else's entry goes, but not SES's words beside it. */
static void only_the_text_that_names_it_goes(void **state)
{
    struct fixture *fixture = *state;
    struct store_decision removal = {.what = POLICY_DECIDE_REMOVE,
                                     .address = "ben@example.com",
                                     .actor = "ann",
                                     .note = "asked by " JANE,
                                     .now_ms = fixture->now_ms};
    enum policy_decided decided;

    (void)deliver(fixture, hard("ben@example.com", "f1"),
                  .at_ms = fixture->now_ms - CLOCK_DAY_MS);
    assert_int_equal(store_decide(fixture->store, &removal, &decided), 0);
    (void)erase(fixture, .forget = true);
    assert_answer(fixture,
                  "SELECT state || ' ' || detail || ' ' || coalesce(lifted_note, '-')"
                  " FROM entries",
                  "lifted Permanent/General -");
    assert_answer(fixture,
                  "SELECT group_concat(action || ' ' || detail || ' ' ||"
                  " coalesce(note, '-'), ', ') FROM suppression_log"
                  " WHERE address IS NOT NULL",
                  "added Permanent/General -, removed Permanent/General -");
}

static void nothing_is_left_after_it_was_forgotten(void **state)
{
    struct fixture *fixture = *state;
    struct store_erasure erased;

    history_make(fixture);
    assert_int_equal(store_erase_end(fixture->store), 1);
    assert_true(file_names_jane(fixture, ""));
    erased = erase(fixture, .forget = true, .note = "asked by " JANE);
    assert_int_equal(erased.events, 4);
    assert_int_equal(erased.bodies, 4);
    assert_int_equal(erased.quarantined, 1);
    assert_true(erased.was_listed && !erased.stays);
    assert_gone_from_the_files(fixture);
    assert_answer(fixture, "SELECT group_concat(address) FROM suppressed",
                  "ann@example.com,ben@example.com");
    assert_answer(fixture, "SELECT group_concat(address) FROM events", "ben@example.com");
    assert_answer(fixture, "SELECT diagnostic FROM events",
                  "forwarded to <" STORE_ERASED_ADDRESS ">: unknown");
    assert_answer(fixture, "SELECT count(*) FROM soft_event", "0");
    assert_answer(fixture,
                  "SELECT action || ' ' || ifnull(address, '-') || ' ' || actor || ' ' ||"
                  " note FROM suppression_log WHERE action = 'erased'",
                  "erased - ann asked by " STORE_ERASED_ADDRESS);
}

static void who_must_not_be_mailed_stays_so(void **state)
{
    struct fixture *fixture = *state;
    struct store_erasure erased;

    history_make(fixture);
    erased = erase(fixture, .forget = false);
    assert_true(erased.stays);
    assert_answer(fixture,
                  "SELECT address || scope || reason || (since > '2020') ||"
                  " ifnull(detail, '-') || ifnull(rule, '-') || event_count ||"
                  " ifnull(last_event_at, '-') FROM suppressed WHERE address = '" KEY "'",
                  KEY "*COMPLAINT1--0-");
    assert_answer(fixture, "SELECT count(*) FROM events WHERE address = '" KEY "'", "0");
    assert_answer(fixture,
                  "SELECT count(detail) + count(note) + count(rule) FROM suppression_log"
                  " WHERE address = '" KEY "'",
                  "0");
    assert_answer(fixture,
                  "SELECT group_concat(action, ' ') FROM suppression_log"
                  " WHERE address = '" KEY "'",
                  "added changed erased");
    assert_answer(fixture,
                  "SELECT sum(is_basis) FROM suppression WHERE address = '" KEY "'", "2");
}

static void who_is_not_on_the_list_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;

    (void)deliver(fixture, soft(JANE, "f3"), .at_ms = fixture->now_ms - CLOCK_DAY_MS);
    assert_false(erase(fixture, .forget = false).stays);
    assert_gone_from_the_files(fixture);
}

/* Not the message of others, in which the address stands beside theirs. */
static void a_message_of_several_is_redacted(void **state)
{
    struct fixture *fixture = *state;
    const char *several =
        bounce_of("Permanent", "General", JANE "\"},{\"emailAddress\":\"ben@example.com",
                  "f1", NULL);
    struct store_erasure erased;
    struct buf body;

    (void)deliver(fixture, several, .at_ms = fixture->now_ms - CLOCK_DAY_MS);
    assert_answer(fixture, "SELECT count(*) FROM events", "2");
    erased = erase(fixture, .forget = true);
    assert_int_equal(erased.redacted, 1);
    assert_int_equal(erased.bodies, 0);
    buf_init(&body, STORE_PACKED_BYTES_MAX);
    assert_int_equal(store_message(fixture->store, 2, &body), 1);
    assert_null(strcasestr(buf_str(&body).data, KEY));
    assert_non_null(strstr(buf_str(&body).data, "ben@example.com"));
    assert_non_null(strstr(buf_str(&body).data, STORE_ERASED_ADDRESS));
    buf_done(&body);
}

static void a_message_that_hides_it_goes_whole(void **state)
{
    struct fixture *fixture = *state;
    const char *several = bounce_of("Permanent", "General",
                                    "jane\\u0040example.com\"},{\"emailAddress\":\"ben@"
                                    "example.com",
                                    "f1", NULL);
    struct buf body;

    (void)deliver(fixture, several, .at_ms = fixture->now_ms - CLOCK_DAY_MS);
    assert_answer(fixture, "SELECT count(*) FROM events", "2");
    assert_int_equal(erase(fixture, .forget = true).bodies, 1);
    buf_init(&body, STORE_PACKED_BYTES_MAX);
    assert_int_equal(store_message(fixture->store, 2, &body), 0);
    buf_done(&body);
}

static void what_happened_before_does_not_come_back(void **state)
{
    struct fixture *fixture = *state;
    int64_t before_ms = fixture->now_ms - CLOCK_DAY_MS;
    const char *both =
        bounce_of("Permanent", "General", JANE "\"},{\"emailAddress\":\"ben@example.com",
                  "f9", NULL);
    struct store_decision import = {.what = POLICY_DECIDE_IMPORT,
                                    .reason = POLICY_REASON_BOUNCE,
                                    .origin = POLICY_ORIGIN_IMPORT,
                                    .address = KEY,
                                    .now_ms = fixture->now_ms,
                                    .since_ms = before_ms,
                                    .until_ms = POLICY_FOR_EVER};
    enum policy_decided decided;
    struct buf body;

    (void)deliver(fixture, hard(JANE, "f1"), .at_ms = before_ms);
    (void)erase(fixture, .forget = true);
    assert_int_equal(deliver(fixture, hard(JANE, "f1"), .at_ms = before_ms,
                             .topic = TOPIC_B, .imported = true),
                     VERDICT_ERASED);
    assert_int_equal(deliver(fixture, delivery(JANE, "m4", before_ms), .at_ms = before_ms,
                             .rules = &counting),
                     VERDICT_ERASED);
    assert_int_equal(deliver(fixture, both, .at_ms = before_ms), VERDICT_STORED);
    assert_int_equal(store_decide(fixture->store, &import, &decided), 0);
    assert_int_equal(decided, POLICY_ERASED);
    assert_answer(fixture, "SELECT group_concat(address) FROM suppressed",
                  "ben@example.com");
    assert_answer(fixture, "SELECT group_concat(address) FROM events", "ben@example.com");
    buf_init(&body, STORE_PACKED_BYTES_MAX);
    assert_int_equal(store_message(fixture->store, 4, &body), 1);
    assert_null(strcasestr(buf_str(&body).data, KEY));
    buf_done(&body);
    assert_gone_from_the_files(fixture);
}

static void what_happens_later_counts_as_ever(void **state)
{
    struct fixture *fixture = *state;
    struct address address;

    (void)erase(fixture, .forget = true);
    assert_int_equal(address_parse(STR(JANE), &address), 0);
    assert_int_equal(store_is_erased(fixture->store, &address, fixture->now_ms), 1);
    assert_int_equal(store_is_erased(fixture->store, &address, fixture->now_ms + 1), 0);
    assert_int_equal(
        deliver(fixture, hard(JANE, "f1"), .at_ms = fixture->now_ms + CLOCK_MINUTE_MS),
        VERDICT_STORED);
    assert_answer(fixture, "SELECT group_concat(address) FROM suppressed", KEY);
}

static void totals_follow(void **state)
{
    static const char totals[] =
        "SELECT sum(n) || ' ' || (SELECT sum(events) + (SELECT sum(n) FROM total WHERE"
        " name = 'events') FROM day_count) || ' ' || (SELECT count(*) FROM event) || ' '"
        " || (SELECT n FROM total WHERE name = 'quarantine') || ' ' || (SELECT count(*)"
        " FROM unapplied) || ' ' || (SELECT n FROM total"
        " WHERE name = 'addresses_with_soft_bounces') FROM (SELECT n FROM total WHERE"
        " name GLOB 'suppressed_*' AND ends > strftime('%s') / 60 UNION ALL"
        " SELECT suppressed_bounce + suppressed_complaint + suppressed_manual"
        " FROM day_count)";
    struct fixture *fixture = *state;

    history_make(fixture);
    assert_answer(fixture, totals, "3 5 5 2 2 1");
    (void)erase(fixture, .forget = true);
    assert_answer(fixture, totals, "2 1 1 1 1 0");
}

/* Messages that others share, openly and hidden, a Delivery, and a note about itself. */
static void history_share(struct fixture *fixture)
{
    int64_t day_ms = fixture->now_ms - CLOCK_DAY_MS;
    struct store_decision note = {.address = KEY,
                                  .actor = "ann",
                                  .note = JANE " asked",
                                  .now_ms = day_ms,
                                  .until_ms = POLICY_FOR_EVER};
    enum policy_decided decided;

    (void)deliver(fixture,
                  bounce_of("Permanent", "General",
                            JANE "\"},{\"emailAddress\":\"cyd@example.com", "f6", NULL),
                  .at_ms = day_ms);
    (void)deliver(fixture,
                  bounce_of("Permanent", "General",
                            "jane\\u0040example.com\"},{\"emailAddress\":\"dan@"
                            "example.com",
                            "f7", NULL),
                  .at_ms = day_ms);
    (void)deliver(fixture, delivery(JANE, "m4", day_ms), .at_ms = day_ms,
                  .rules = &counting);
    assert_int_equal(store_decide(fixture->store, &note, &decided), 0);
    assert_int_equal(decided, POLICY_CHANGED);
}

static void a_dry_run_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct store_erasure counted, erased;

    history_make(fixture);
    history_share(fixture);
    counted = erase(fixture, .forget = true, .dry_run = true);
    assert_answer(fixture, "SELECT count(*) FROM events", "9");
    assert_answer(fixture, "SELECT count(*) FROM tombstone", "0");
    erased = erase(fixture, .forget = true);
    assert_int_equal(counted.events, erased.events);
    assert_int_equal(counted.bodies, erased.bodies);
    assert_int_equal(counted.redacted, erased.redacted);
    assert_int_equal(counted.quarantined, erased.quarantined);
    assert_int_equal(counted.texts, erased.texts);
    assert_int_equal(counted.counted, erased.counted);
    assert_int_equal(erased.redacted, 2);
    assert_int_equal(erased.bodies, 5);
    assert_int_equal(erased.texts, 4);
    assert_int_equal(erased.counted, 1);
}

/* The key of the tombstones is the file's own: the same address, another hash. */
static void a_tombstone_does_not_tell_whose_it_is(void **state)
{
    struct fixture *fixture = *state;
    const char *first;

    (void)erase(fixture, .forget = true);
    first = ask(fixture, "SELECT hex(hash) FROM tombstone");
    assert_int_equal(strlen(first), 64);
    tamper(fixture, "DELETE FROM tombstone; DELETE FROM tombstone_key");
    (void)erase(fixture, .forget = true);
    assert_string_not_equal(ask(fixture, "SELECT hex(hash) FROM tombstone"), first);
}

/* A reader that began before keeps what was there. */
static void a_reader_that_keeps_the_log_is_reported(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *reader = NULL;

    (void)deliver(fixture, hard(JANE, "f1"), .at_ms = fixture->now_ms - CLOCK_DAY_MS);
    assert_int_equal(sqlite3_open(fixture->path, &reader), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM event", NULL, NULL, NULL),
        SQLITE_OK);
    (void)erase(fixture, .forget = true);
    assert_int_equal(store_erase_end(fixture->store), 0);
    (void)sqlite3_close(reader);
    assert_gone_from_the_files(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_left_after_it_was_forgotten,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            the_line_is_of_the_scope_in_which_the_address_stays, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(only_the_text_that_names_it_goes, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(who_must_not_be_mailed_stays_so, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(who_is_not_on_the_list_leaves_nothing,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_message_of_several_is_redacted, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_message_that_hides_it_goes_whole, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_happened_before_does_not_come_back,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_happens_later_counts_as_ever, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(totals_follow, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_dry_run_changes_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_tombstone_does_not_tell_whose_it_is,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_reader_that_keeps_the_log_is_reported,
                                        fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests_name("store_erase", tests, NULL, NULL);
}

/* Reading on and on: nothing twice, nothing missing, and what was deleted is told. */
#include "sesbounce/following.h"
#include "store_fixture.h"

#define DAYS(n) ((n)*CLOCK_DAY_MS)

struct seen {
    char text[4096]; /* the addresses, a blank before each */
    size_t stop_at;  /* rows after which it takes no more; 0: never */
    size_t rows;
};

static int row_note(void *context, const struct store_value *values, size_t count)
{
    struct seen *seen = context;
    size_t used = strlen(seen->text);

    if (seen->stop_at > 0 && seen->rows == seen->stop_at)
        return 1;
    for (size_t i = 0; i < count; i++)
        if (strcmp(values[i].name, "address") == 0)
            (void)snprintf(seen->text + used, sizeof(seen->text) - used, " %.*s",
                           STR_ARG(values[i].text));
    seen->rows++;
    return 0;
}

static struct following events_following(int64_t after_id, int64_t limit)
{
    return (struct following){
        .view = STORE_EVENTS, .after_id = after_id, .filter = {.limit = limit}};
}

/* Looks until the end. */
static struct seen follow(struct fixture *fixture, struct following *following)
{
    struct seen seen = {.rows = 0};

    do
        assert_int_equal(following_look(following, fixture->store, row_note, &seen), 0);
    while (!following_is_at_end(following));
    return seen;
}

static void prune(struct fixture *fixture, int64_t events_ms, int64_t log_ms)
{
    struct store_pruning pruning = {
        .keep_ms = {POLICY_FOR_EVER, events_ms, POLICY_FOR_EVER, log_ms}};
    bool more = true;

    store_prune_begin(&pruning);
    while (more)
        assert_int_equal(store_prune(fixture->store, &pruning, fixture->now_ms, &more),
                         0);
}

static void deliver_old(struct fixture *fixture, const char *json, int days)
{
    (void)fixture_deliver(fixture,
                          (struct post){.json = json,
                                        .at_ms = fixture->now_ms - DAYS(days),
                                        .received_ms = fixture->now_ms - DAYS(days)});
}

static void every_row_comes_once_in_the_order_of_ids(void **state)
{
    struct fixture *fixture = *state;
    struct following following = events_following(0, 2);

    deliver(fixture, hard("a@e.example", "f1"));
    deliver(fixture, hard("b@e.example", "f2"));
    deliver(fixture, hard("c@e.example", "f3"));
    assert_string_equal(follow(fixture, &following).text,
                        " a@e.example b@e.example c@e.example");
    assert_string_equal(follow(fixture, &following).text, "");
    deliver(fixture, hard("d@e.example", "f4"));
    assert_string_equal(follow(fixture, &following).text, " d@e.example");
}

static void a_row_that_was_not_taken_comes_again(void **state)
{
    struct fixture *fixture = *state;
    struct following following = events_following(0, 10);
    struct seen seen = {.stop_at = 1};

    deliver(fixture, hard("a@e.example", "f1"));
    deliver(fixture, hard("b@e.example", "f2"));
    assert_int_equal(following_look(&following, fixture->store, row_note, &seen), 0);
    assert_string_equal(seen.text, " a@e.example");
    assert_false(following_is_at_end(&following));
    assert_string_equal(follow(fixture, &following).text, " b@e.example");
}

static void what_the_filter_passes_by_is_not_looked_at_again(void **state)
{
    struct fixture *fixture = *state;
    struct following following = events_following(0, 10);

    following.filter.type = "Complaint";
    deliver(fixture, hard("a@e.example", "f1"));
    deliver(fixture, complaint("abuse", "b@e.example", "f2"));
    deliver(fixture, hard("c@e.example", "f3"));
    assert_string_equal(follow(fixture, &following).text, " b@e.example");
    assert_int_equal(following.after_id, following.span.newest_id);
    following.filter.message = "m-f4";
    deliver(fixture, complaint("abuse", "d@e.example", "f4"));
    deliver(fixture, complaint("abuse", "e@e.example", "f5"));
    assert_string_equal(follow(fixture, &following).text, " d@e.example");
}

static void a_look_passes_by_a_bounded_number_of_ids(void **state)
{
    struct fixture *fixture = *state;
    struct following following = events_following(0, 10);
    struct seen seen = {.rows = 0};

    following.filter.type = "Complaint";
    deliver(fixture, complaint("abuse", "a@e.example", "f1"));
    tamper(fixture, "UPDATE sqlite_sequence SET seq = 50000 WHERE name = 'event'");
    deliver(fixture, complaint("abuse", "b@e.example", "f2"));
    assert_int_equal(following_look(&following, fixture->store, row_note, &seen), 0);
    assert_string_equal(seen.text, " a@e.example");
    assert_int_equal(following.after_id, FOLLOWING_LOOK_IDS);
    assert_string_equal(follow(fixture, &following).text, " b@e.example");
    following = events_following(0, 10);
    following.filter.address = "B@e.example";
    assert_int_equal(following_look(&following, fixture->store, row_note, &seen), 0);
    assert_true(following_is_at_end(&following));
}

static void what_retention_deleted_is_reported_with_the_way_back(void **state)
{
    struct fixture *fixture = *state;
    struct following following = events_following(1, 10);
    struct seen seen = {.rows = 0};
    struct buf told;

    deliver_old(fixture, hard("a@e.example", "f1"), 500);
    deliver_old(fixture, hard("b@e.example", "f2"), 500);
    deliver(fixture, hard("c@e.example", "f3"));
    prune(fixture, DAYS(400), POLICY_FOR_EVER);
    assert_int_equal(following_look(&following, fixture->store, row_note, &seen),
                     FOLLOWING_GONE);
    assert_int_equal(seen.rows, 0);
    buf_init(&told, 1024);
    assert_int_equal(following_explain(&following, &told), 0);
    assert_non_null(strstr(told.data, "[retention]"));
    buf_done(&told);
    following.after_id = following_way_back(&following);
    assert_string_equal(follow(fixture, &following).text, " c@e.example");
    following = events_following(0, 10);
    following.from_oldest = true;
    assert_string_equal(follow(fixture, &following).text, " c@e.example");
    /* The log is kept for longer. */
    following = events_following(0, 10);
    following.view = STORE_LOG;
    assert_int_equal(follow(fixture, &following).rows, 3);
}

static void who_has_read_what_was_deleted_goes_on(void **state)
{
    struct fixture *fixture = *state;
    struct following following = events_following(0, 10);
    struct following log = {.view = STORE_LOG, .filter = {.limit = 10}};

    deliver_old(fixture, hard("a@e.example", "f1"), 500);
    deliver_old(fixture, hard("b@e.example", "f2"), 500);
    assert_int_equal(follow(fixture, &following).rows, 2);
    assert_int_equal(follow(fixture, &log).rows, 2);
    prune(fixture, DAYS(1), DAYS(1));
    assert_int_equal(follow(fixture, &following).rows, 0);
    assert_int_equal(follow(fixture, &log).rows, 0);
    deliver(fixture, hard("c@e.example", "f3"));
    assert_string_equal(follow(fixture, &following).text, " c@e.example");
    assert_string_equal(follow(fixture, &log).text, " c@e.example");
    log.after_id = 1;
    assert_int_equal(following_look(&log, fixture->store, row_note, NULL),
                     FOLLOWING_GONE);
}

static void what_was_erased_is_not_a_gap(void **state)
{
    struct fixture *fixture = *state;
    struct following following = events_following(0, 1);
    struct store_erasure erasure = {.actor = "me", .now_ms = fixture->now_ms};
    struct seen seen = {.rows = 0};
    bool more = true;

    deliver(fixture, hard("a@e.example", "f1"));
    deliver(fixture, hard("b@e.example", "f2"));
    deliver(fixture, hard("c@e.example", "f3"));
    assert_int_equal(following_look(&following, fixture->store, row_note, &seen), 0);
    assert_int_equal(store_erase_begin(fixture->store, "b@e.example", &erasure), 0);
    while (more)
        assert_int_equal(store_erase(fixture->store, &erasure, &more), 0);
    assert_string_equal(follow(fixture, &following).text, " c@e.example");
}

static void an_id_that_there_has_not_been_is_reported(void **state)
{
    struct fixture *fixture = *state;
    struct following following = events_following(99, 10);

    deliver(fixture, hard("a@e.example", "f1"));
    assert_int_equal(following_look(&following, fixture->store, row_note, NULL),
                     FOLLOWING_GONE);
    following.after_id = following_way_back(&following);
    assert_string_equal(follow(fixture, &following).text, "");
    deliver(fixture, hard("b@e.example", "f2"));
    assert_string_equal(follow(fixture, &following).text, " b@e.example");
}

static void only_these_views_have_such_ids(void **state)
{
    struct fixture *fixture = *state;
    struct store_span span;

    assert_int_equal(store_span(fixture->store, STORE_HELD, &span), -EINVAL);
    assert_int_equal(store_span(fixture->store, STORE_LOG, &span), 0);
    assert_int_equal(span.pruned_id + span.oldest_id + span.newest_id, 0);
}

#define test(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(every_row_comes_once_in_the_order_of_ids),
        test(a_row_that_was_not_taken_comes_again),
        test(what_the_filter_passes_by_is_not_looked_at_again),
        test(a_look_passes_by_a_bounded_number_of_ids),
        test(what_retention_deleted_is_reported_with_the_way_back),
        test(who_has_read_what_was_deleted_goes_on),
        test(what_was_erased_is_not_a_gap),
        test(an_id_that_there_has_not_been_is_reported),
        test(only_these_views_have_such_ids),
    };

    return cmocka_run_group_tests_name("following", tests, NULL, NULL);
}

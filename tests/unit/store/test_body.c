/* Bodies: packed where an event is kept, plain in quarantine, and always readable. */
#include "sesbounce/digest.h"
#include "store/dictionaries.h"
#include "store_fixture.h"

#define BODY_MAX (3 * 1024 * 1024)

/* A message of which only the body is of interest. */
static void keep_body(struct fixture *fixture, struct str body)
{
    struct post post = {.json = hard("a@example.com", "f1")};
    struct intake intake;
    char id[40];

    fixture_intake(fixture, &post, id, &intake);
    intake.body = body;
    assert_int_equal(fixture_apply_intake(fixture, &intake), VERDICT_STORED);
    intake_done(&intake);
}

static void assert_body(struct fixture *fixture, struct str expected)
{
    _cleanup_(buf_done) struct buf body;

    buf_init(&body, BODY_MAX);
    assert_int_equal(store_message(fixture->store, 1, &body), 1);
    assert_int_equal(body.len, expected.len);
    assert_memory_equal(body.data, expected.data, expected.len);
}

static void assert_unreadable(struct fixture *fixture, int error, const char *words)
{
    _cleanup_(buf_done) struct buf body;

    buf_init(&body, BODY_MAX);
    assert_int_equal(store_message(fixture->store, 1, &body), error);
    assert_int_equal(body.len, 0);
    assert_non_null(strstr(store_fault(fixture->store), words));
}

/* `number` bytes that nothing can make shorter. */
static struct str noise(char *bytes, size_t number)
{
    uint64_t n = 1;

    for (size_t i = 0; i < number; i++) {
        n = n * 6364136223846793005 + 1442695040888963407;
        bytes[i] = (char)(n >> 56);
    }
    return (struct str){bytes, number};
}

static void a_kept_message_is_packed_and_read_back_byte_for_byte(void **state)
{
    struct fixture *fixture = *state;
    const char *first = hard("a@example.com", "f1");
    const char *second = complaint("abuse", "b@example.com", "f2");

    assert_int_equal(deliver(fixture, first), VERDICT_STORED);
    assert_int_equal(deliver(fixture, second), VERDICT_STORED);
    assert_answer(fixture, "SELECT group_concat(dictionary) FROM body", "1,1");
    assert_answer(fixture, "SELECT max(length(body)) < 400 FROM body", "1");
    assert_message(fixture, 1, first);
    assert_message(fixture, 2, second);
    fixture_reopen(fixture);
    assert_message(fixture, 2, second);
}

static void every_recipient_of_a_message_shows_it(void **state)
{
    struct fixture *fixture = *state;
    const char *json = delivery("a@example.com\",\"b@example.com", "m1", fixture->now_ms);

    assert_int_equal(deliver(fixture, json), VERDICT_STORED);
    assert_answer(fixture, "SELECT count(*) FROM body", "1");
    assert_message(fixture, 1, json);
    assert_message(fixture, 2, json);
}

static void a_quarantined_message_is_plain_until_it_is_applied(void **state)
{
    struct fixture *fixture = *state;
    struct post post = {.json = hard("a@example.com", "f1"),
                        .sns_id = "old",
                        .at_ms = fixture->now_ms - CLOCK_DAY_MS,
                        .max_age_ms = CLOCK_HOUR_MS};

    assert_int_equal(fixture_deliver(fixture, post), VERDICT_QUARANTINED);
    assert_answer(fixture, "SELECT dictionary FROM body", "0");
    assert_answer(fixture, "SELECT body FROM quarantine", post.json);
    post.max_age_ms = 0;
    assert_int_equal(fixture_deliver(fixture, post), VERDICT_STORED);
    assert_answer(fixture, "SELECT dictionary FROM body", "1");
    assert_message(fixture, 1, post.json);
}

static void a_body_that_would_not_be_shorter_is_kept_plain(void **state)
{
    struct fixture *fixture = *state;
    char bytes[1000];
    struct str body = noise(bytes, sizeof(bytes));

    keep_body(fixture, body);
    assert_answer(fixture, "SELECT dictionary FROM body", "0");
    assert_body(fixture, body);
}

static void only_bodies_within_the_limit_are_packed(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_(freep) char *bytes = calloc(1, STORE_PACKED_BYTES_MAX + 1);

    assert_non_null(bytes);
    keep_body(fixture, (struct str){bytes, STORE_PACKED_BYTES_MAX});
    assert_answer(fixture, "SELECT dictionary FROM body", "1");
    assert_body(fixture, (struct str){bytes, STORE_PACKED_BYTES_MAX});
    tamper(fixture, "DELETE FROM event; UPDATE sqlite_sequence SET seq = 0"
                    " WHERE name = 'event'");
    keep_body(fixture, (struct str){bytes, STORE_PACKED_BYTES_MAX + 1});
    assert_answer(fixture, "SELECT dictionary FROM body ORDER BY message_id DESC", "0");
    assert_body(fixture, (struct str){bytes, STORE_PACKED_BYTES_MAX + 1});
}

/* Frames that say less, nothing, or too much of what they hold. */
static void a_damaged_body_is_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char *const damages[] = {
        "UPDATE body SET body = substr(body, 1, length(body) - 1)",
        "UPDATE body SET body = x'00'",
        /* an empty frame of zstd's that claims 2 MiB and a byte; or no size at all */
        "UPDATE body SET body = x'28b52ffda001002000010000'",
        "UPDATE body SET body = x'28b52ffd0000010000'",
    };

    assert_int_equal(deliver(fixture, hard("a@example.com", "f1")), VERDICT_STORED);
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        tamper(fixture, damages[i]);
        assert_unreadable(fixture, -EUCLEAN, "the message of event 1 is damaged");
    }
}

static void a_dictionary_of_the_future_is_named(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(deliver(fixture, hard("a@example.com", "f1")), VERDICT_STORED);
    tamper(fixture, "UPDATE body SET dictionary = 99");
    assert_unreadable(fixture, -ENOTSUP, "newer sesbounced");
}

static void a_missing_body_differs_from_a_missing_message(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_(buf_done) struct buf body;

    buf_init(&body, BODY_MAX);
    assert_int_equal(deliver(fixture, hard("a@example.com", "f1")), VERDICT_STORED);
    tamper(fixture, "DELETE FROM body");
    assert_int_equal(store_message(fixture->store, 1, &body), 0);
    assert_int_equal(store_message(fixture->store, 2, &body), -ENOENT);
}

/* Databases hold what was packed with them: never change these lines, only add to them.
 */
static void a_dictionary_never_changes(void **state)
{
    static const char *const digests[] = {
        "1d977b0c7ec9f9ba0b3fd1b0fa8b9f2fc1922f59ee30a50e46749373792891e8",
    };
    size_t count = sizeof(dictionaries) / sizeof(dictionaries[0]);

    (void)state;
    assert_int_equal(count, sizeof(digests) / sizeof(digests[0]));
    for (size_t i = 0; i < count; i++) {
        struct str bytes = {(const char *)dictionaries[i].bytes, dictionaries[i].size};
        unsigned char digest[DIGEST_BYTES];
        char hex[2 * DIGEST_BYTES + 1];

        digest_sha256(bytes, digest);
        digest_hex(digest, 2 * DIGEST_BYTES, hex);
        assert_string_equal(hex, digests[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_kept_message_is_packed_and_read_back_byte_for_byte),
        TEST(every_recipient_of_a_message_shows_it),
        TEST(a_quarantined_message_is_plain_until_it_is_applied),
        TEST(a_body_that_would_not_be_shorter_is_kept_plain),
        TEST(only_bodies_within_the_limit_are_packed),
        TEST(a_damaged_body_is_refused),
        TEST(a_dictionary_of_the_future_is_named),
        TEST(a_missing_body_differs_from_a_missing_message),
        cmocka_unit_test(a_dictionary_never_changes),
    };
    return cmocka_run_group_tests_name("body", tests, NULL, NULL);
}

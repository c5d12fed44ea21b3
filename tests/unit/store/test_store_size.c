/* What one message can make the database grow by. */
#include "store_fixture.h"

#include <sys/stat.h>

#include "sesbounce/limits.h"

/* What SNS carries at most. */
#define MESSAGE_BYTES (256 * 1024)
/* Of one message's rows, with the message itself and SQLite's pages. */
#define GROWTH_BYTES_MAX (18L * 1024 * 1024)

static void repeat(struct buf *to, const char *piece, size_t bytes)
{
    for (size_t i = 0; i + strlen(piece) <= bytes; i += strlen(piece))
        assert_int_equal(buf_append_str(to, str_of(piece)), 0);
}

static void put_addresses(struct buf *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(buf_printf(to, "%s\"u%zu@example.com\"", i ? "," : "", i), 0);
}

/* A Delivery to `count` that has everything in texts of `bytes` made of `piece`. */
static void put_message(struct buf *to, size_t count, const char *piece, size_t bytes)
{
    static const char *const names[] = {"\"smtpResponse\":\"", "\"reportingMTA\":\"",
                                        "\"remoteMtaIp\":\"", "\"userAgent\":\"",
                                        "\"feedbackId\":\""};
    static const char *const of_mail[] = {"\"messageId\":\"", "\"source\":\"",
                                          "\"sendingAccountId\":\"", "\"sourceIp\":\"",
                                          "\"sourceArn\":\"arn:aws:ses:x:y:identity/"};
    static const char *const of_tags[] = {"ses:configuration-set", "ses:tenant-name",
                                          "campaign"};

    assert_int_equal(
        buf_append_str(to, STR("{\"eventType\":\"Delivery\",\"delivery\":{")), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)buf_append_str(to, str_of(names[i]));
        repeat(to, piece, bytes);
        (void)buf_append_str(to, STR("\","));
    }
    (void)buf_append_str(to, STR("\"recipients\":["));
    put_addresses(to, count);
    (void)buf_append_str(to, STR("]},\"mail\":{"));
    for (size_t i = 0; i < sizeof(of_mail) / sizeof(of_mail[0]); i++) {
        (void)buf_append_str(to, str_of(of_mail[i]));
        repeat(to, piece, bytes);
        (void)buf_append_str(to, STR("\","));
    }
    (void)buf_append_str(to, STR("\"tags\":{"));
    for (size_t i = 0; i < sizeof(of_tags) / sizeof(of_tags[0]); i++) {
        (void)buf_printf(to, "%s\"%s\":[\"", i ? "," : "", of_tags[i]);
        repeat(to, piece, SES_TAGS_BYTES_MAX / 3 - 64);
        (void)buf_append_str(to, STR("\"]"));
    }
    (void)buf_append_str(to, STR("},\"destination\":["));
    put_addresses(to, count);
    assert_int_equal(buf_append_str(to, STR("]}}")), 0);
}

static int64_t bytes_of(struct fixture *fixture)
{
    static const char *const suffixes[] = {"", "-wal"};
    int64_t bytes = 0;

    for (size_t i = 0; i < 2; i++) {
        char name[400];
        struct stat st;

        (void)snprintf(name, sizeof(name), "%s%s", fixture->path, suffixes[i]);
        if (stat(name, &st) == 0)
            bytes += st.st_size;
    }
    return bytes;
}

static void a_message_of_256_kib_grows_the_file_by_18_mib_at_most(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_(buf_done) struct buf text;
    int64_t before;

    buf_init(&text, 4 * MESSAGE_BYTES);
    put_message(&text, SES_RECIPIENTS_MAX, "x", 19000);
    assert_in_range(text.len, MESSAGE_BYTES * 9 / 10, MESSAGE_BYTES);
    fixture_reopen(fixture);
    before = bytes_of(fixture);
    assert_int_equal(deliver(fixture, text.data), VERDICT_STORED);
    assert_answer(fixture, "SELECT count(*) FROM events", "1000");
    assert_answer(fixture, "SELECT length(tags) > 8000 FROM events LIMIT 1", "1");
    fixture_close(fixture); /* with a checkpoint */
    assert_in_range(bytes_of(fixture) - before, 0, GROWTH_BYTES_MAX);
}

static void texts_are_cut_between_characters_at_their_maxima(void **state)
{
    static const char lengths[] = "SELECT max(length(CAST(diagnostic AS BLOB))) || ' ' ||"
                                  " max(length(CAST(reporting_mta AS BLOB))) || ' ' ||"
                                  " max(length(CAST(remote_mta_ip AS BLOB))) || ' ' ||"
                                  " max(length(CAST(user_agent AS BLOB))) || ' ' ||"
                                  " max(length(CAST(feedback_id AS BLOB))) || ' ' ||"
                                  " max(length(CAST(ses_message_id AS BLOB))) || ' ' ||"
                                  " max(length(CAST(source AS BLOB))) || ' ' ||"
                                  " max(length(CAST(identity AS BLOB))) || ' ' ||"
                                  " max(length(CAST(account_id AS BLOB))) || ' ' ||"
                                  " max(length(CAST(campaign AS BLOB))) || ' ' ||"
                                  " max(length(CAST(tenant AS BLOB))) FROM events";
    struct fixture *fixture = *state;
    _cleanup_(buf_done) struct buf text;

    buf_init(&text, 4 * MESSAGE_BYTES);
    put_message(&text, 1, "\xe2\x82\xac", 3000); /* U+20AC has three bytes */
    assert_int_equal(deliver(fixture, text.data), VERDICT_STORED);
    assert_answer(fixture, lengths, "2046 318 63 510 126 126 510 318 63 318 318");
    assert_answer(fixture, "SELECT replace(diagnostic, '\xe2\x82\xac', '') FROM events",
                  "");
    /* A NUL is three bytes in the column. */
    buf_clear(&text);
    put_message(&text, 1, "\\u0000", 18000);
    assert_int_equal(deliver(fixture, text.data), VERDICT_STORED);
    assert_answer(
        fixture, "SELECT max(length(CAST(diagnostic AS BLOB))) <= 2048 FROM events", "1");
}

static void ids_that_differ_behind_the_maximum_are_different_events(void **state)
{
    struct fixture *fixture = *state;
    char first[400], second[400];

    (void)snprintf(first, sizeof(first), "%0*d", SES_ID_BYTES_MAX + 8, 1);
    (void)snprintf(second, sizeof(second), "%0*d", SES_ID_BYTES_MAX + 8, 2);
    assert_int_equal(deliver(fixture, hard("a@example.com", first)), VERDICT_STORED);
    assert_int_equal(deliver(fixture, hard("a@example.com", second)), VERDICT_STORED);
    assert_int_equal(deliver(fixture, hard("a@example.com", first)), VERDICT_DUPLICATE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_of_256_kib_grows_the_file_by_18_mib_at_most),
        TEST(texts_are_cut_between_characters_at_their_maxima),
        TEST(ids_that_differ_behind_the_maximum_are_different_events),
    };
    return cmocka_run_group_tests_name("store_size", tests, NULL, NULL);
}

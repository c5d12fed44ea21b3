/* The simulator: its key file, and that what it signs is genuine to the daemon's own
 * check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sesbounce/arn.h"
#include "sesbounce/clock.h"
#include "sesbounce/limits.h"
#include "sesbounce/settings.h"
#include "sesbounce/simulator.h"
#include "sesbounce/sns_message.h"
#include "sesbounce/sns_url.h"

static char directory[] = "/tmp/sesbounced-simulator-XXXXXX";
static char key_file[64];
static char other_file[64];
static struct simulator *simulator; /* of key_file, for all tests: keys take time */
static int64_t now_ms;

static int start(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    (void)snprintf(key_file, sizeof key_file, "%s/key.pem", directory);
    (void)snprintf(other_file, sizeof other_file, "%s/other.pem", directory);
    now_ms = clock_wall_ms();
    if (simulator_create(key_file) != 0)
        return -1;
    return simulator_open(key_file, &simulator);
}

static int stop(void **state)
{
    (void)state;
    simulator_free(simulator);
    (void)unlink(key_file);
    (void)unlink(other_file);
    return rmdir(directory);
}

static void write_other(struct str text)
{
    FILE *file = fopen(other_file, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

static size_t read_key_file(char *ret, size_t size)
{
    FILE *file = fopen(key_file, "r");
    assert_non_null(file);
    size_t len = fread(ret, 1, size - 1, file);
    assert_int_equal(fclose(file), 0);
    ret[len] = '\0';
    return len;
}

static void sign(const struct simulator_message *message, struct buf *ret)
{
    buf_init(ret, SNS_ENVELOPE_BYTES_MAX);
    assert_int_equal(simulator_sign(simulator, message, ret), 0);
}

/* What the daemon thinks of a body. */
static enum verdict judge(struct simulator *with, struct str body,
                          struct sns_message *message)
{
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate =
        simulator_certificate(with);
    const char *fault = NULL;
    enum verdict verdict = sns_message_parse(body, message, &fault);
    if (verdict == VERDICT_NONE)
        verdict = sns_signature_verify(certificate, message, 2, &fault);
    return verdict;
}

static void a_signed_notification_is_genuine(void **state)
{
    (void)state;
    const struct simulator_message draft = {
        .message = STR("{\"a\":\"\\u00e9 \xc3\xa9 \xf0\x9f\x93\xa7 \x01 \x00 end\"}\n"),
        .subject = "A \"subject\"",
        .timestamp_ms = now_ms,
    };
    _cleanup_(buf_done) struct buf body;
    _cleanup_(sns_message_done) struct sns_message message = {0};
    sign(&draft, &body);
    assert_int_equal(judge(simulator, buf_str(&body), &message), VERDICT_NONE);
    assert_int_equal(message.type, SNS_NOTIFICATION);
    assert_true(str_equal(message.message, draft.message));
    assert_true(str_equal(message.subject, STR("A \"subject\"")));
    assert_true(str_equal(message.topic_arn, STR(ARN_SIMULATOR_TOPIC)));
    assert_true(str_equal(message.signature_version, STR("2")));
    assert_int_equal(message.timestamp_ms, now_ms);
    assert_int_equal(message.message_id.len, 36);
}

static void every_type_is_genuine(void **state)
{
    (void)state;
    static const char *const types[] = {"Notification", "SubscriptionConfirmation",
                                        "UnsubscribeConfirmation"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const struct simulator_message draft = {
            .type = types[i],
            .topic_arn = "arn:aws:sns:eu-west-1:123456789012:mine",
            .message = STR("text"),
            .message_id = "id-of-the-caller",
            .timestamp_ms = now_ms,
        };
        _cleanup_(buf_done) struct buf body;
        _cleanup_(sns_message_done) struct sns_message message = {0};
        sign(&draft, &body);
        assert_int_equal(judge(simulator, buf_str(&body), &message), VERDICT_NONE);
        assert_int_equal(message.type, (enum sns_type)i);
        assert_true(str_equal(message.message_id, STR("id-of-the-caller")));
        assert_true(str_equal(message.topic_arn, str_of(draft.topic_arn)));
        assert_int_equal(str_present(message.token), i > 0);
        assert_false(str_present(message.subject));
    }
}

/* Changes one character behind `field` and returns what the daemon thinks of it. */
static enum verdict judge_changed(const struct buf *body, const char *field)
{
    _cleanup_(sns_message_done) struct sns_message message = {0};
    _cleanup_(freep) char *copy = str_dup(buf_str(body));
    assert_non_null(copy);
    char *at = strstr(copy, field);
    assert_non_null(at);
    at += strlen(field);
    *at = *at == 'a' ? 'b' : 'a';
    return judge(simulator, (struct str){copy, body->len}, &message);
}

static void a_changed_byte_is_refused(void **state)
{
    (void)state;
    const struct simulator_message draft = {
        .message = STR("message"),
        .subject = "subject",
        .timestamp_ms = now_ms,
    };
    _cleanup_(buf_done) struct buf body;
    sign(&draft, &body);
    static const char *const fields[] = {"\"Message\": \"", "\"Subject\": \"",
                                         "\"MessageId\": \"", "\"Signature\": \""};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        assert_int_equal(judge_changed(&body, fields[i]), VERDICT_SIGNATURE);
}

static void another_simulators_certificate_does_not_fit(void **state)
{
    (void)state;
    (void)unlink(other_file);
    assert_int_equal(simulator_create(other_file), 0);
    _cleanup_(simulator_freep) struct simulator *other = NULL;
    assert_int_equal(simulator_open(other_file, &other), 0);

    const struct simulator_message draft = {.message = STR("x"), .timestamp_ms = now_ms};
    _cleanup_(buf_done) struct buf body;
    _cleanup_(sns_message_done) struct sns_message message = {0};
    sign(&draft, &body);
    assert_int_equal(judge(other, buf_str(&body), &message), VERDICT_SIGNATURE);
}

static void message_ids_are_random_uuids(void **state)
{
    (void)state;
    const struct simulator_message draft = {.message = STR("x"), .timestamp_ms = now_ms};
    _cleanup_(buf_done) struct buf a;
    _cleanup_(buf_done) struct buf b;
    _cleanup_(sns_message_done) struct sns_message first = {0};
    _cleanup_(sns_message_done) struct sns_message second = {0};
    sign(&draft, &a);
    sign(&draft, &b);
    assert_int_equal(judge(simulator, buf_str(&a), &first), VERDICT_NONE);
    assert_int_equal(judge(simulator, buf_str(&b), &second), VERDICT_NONE);
    assert_false(str_equal(first.message_id, second.message_id));
    assert_int_equal(first.message_id.data[8], '-');
    assert_int_equal(first.message_id.data[14], '4');
}

static void its_certificate_url_is_acceptable_for_its_topic(void **state)
{
    (void)state;
    const struct simulator_message draft = {.message = STR("x"), .timestamp_ms = now_ms};
    _cleanup_(buf_done) struct buf body;
    _cleanup_(sns_message_done) struct sns_message message = {0};
    struct arn topic;
    struct sns_cert_url url;
    sign(&draft, &body);
    assert_int_equal(judge(simulator, buf_str(&body), &message), VERDICT_NONE);
    assert_true(arn_parse(message.topic_arn, &topic));
    assert_true(sns_url_certificate(message.signing_cert_url, &topic, STR("auto"), &url));
}

static void its_certificate_is_not_one_of_amazons(void **state)
{
    (void)state;
    struct arn topic;
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate =
        simulator_certificate(simulator);
    assert_true(arn_parse(STR(ARN_SIMULATOR_TOPIC), &topic));
    assert_false(sns_certificate_is_for(certificate, &topic));
}

static void its_certificate_lasts_from_yesterday_for_twenty_years(void **state)
{
    (void)state;
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate =
        simulator_certificate(simulator);
    const int64_t year_ms = 365 * CLOCK_DAY_MS;
    assert_true(sns_certificate_valid_at(certificate, now_ms));
    assert_true(sns_certificate_valid_at(certificate, now_ms - 23 * CLOCK_HOUR_MS));
    assert_false(sns_certificate_valid_at(certificate, now_ms - 25 * CLOCK_HOUR_MS));
    assert_true(sns_certificate_valid_at(certificate, now_ms + 19 * year_ms));
    assert_false(sns_certificate_valid_at(certificate, now_ms + 21 * year_ms));
}

static void a_message_that_cannot_be_written_leaves_nothing(void **state)
{
    (void)state;
    const struct simulator_message not_utf8 = {.message = STR("caf\xe9"),
                                               .timestamp_ms = now_ms};
    const struct simulator_message no_type = {
        .type = "Bounce", .message = STR("x"), .timestamp_ms = now_ms};
    const struct simulator_message good = {.message = STR("x"), .timestamp_ms = now_ms};
    _cleanup_(buf_done) struct buf body;
    buf_init(&body, 100);
    assert_int_equal(buf_append_str(&body, STR("before")), 0);
    assert_int_equal(simulator_sign(simulator, &not_utf8, &body), -EINVAL);
    assert_int_equal(simulator_sign(simulator, &no_type, &body), -EINVAL);
    assert_int_equal(simulator_sign(simulator, &good, &body), -E2BIG);
    assert_string_equal(buf_str(&body).data, "before");
    assert_int_equal(body.len, strlen("before"));
}

static void the_file_is_the_owners_alone(void **state)
{
    (void)state;
    struct stat status;
    assert_int_equal(stat(key_file, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

static void an_existing_file_is_never_replaced(void **state)
{
    (void)state;
    char before[8192];
    char after[8192];
    assert_true(read_key_file(before, sizeof before) > 0);
    assert_int_equal(simulator_create(key_file), -EEXIST);
    assert_true(read_key_file(after, sizeof after) > 0);
    assert_string_equal(before, after);

    /* Not even a link that leads nowhere. */
    (void)unlink(other_file);
    assert_int_equal(symlink("nowhere", other_file), 0);
    assert_int_equal(simulator_create(other_file), -EEXIST);
    assert_int_equal(unlink(other_file), 0);
}

static void no_temporary_file_stays(void **state)
{
    (void)state;
    (void)unlink(other_file);
    DIR *entries = opendir(directory);
    assert_non_null(entries);
    size_t count = 0;
    for (const struct dirent *entry; (entry = readdir(entries));)
        count += entry->d_name[0] != '.';
    closedir(entries);
    assert_int_equal(count, 1);

    char missing[128];
    (void)snprintf(missing, sizeof missing, "%s/missing/key.pem", directory);
    assert_int_equal(simulator_create(missing), -ENOENT);
}

static void a_file_without_such_a_key_is_reported(void **state)
{
    (void)state;
    struct simulator *none = NULL;
    (void)unlink(other_file);
    assert_int_equal(simulator_open(other_file, &none), -ENOENT);
    assert_int_equal(simulator_open(directory, &none), -EINVAL);
    write_other(STR("nonsense"));
    assert_int_equal(simulator_open(other_file, &none), -EINVAL);

    char pem[8192];
    assert_true(read_key_file(pem, sizeof pem) > 0);
    char *certificate = strstr(pem, "-----BEGIN CERTIFICATE");
    assert_non_null(certificate);
    write_other(str_of(certificate));
    assert_int_equal(simulator_open(other_file, &none), -EINVAL);
    *certificate = '\0';
    write_other(str_of(pem));
    assert_int_equal(simulator_open(other_file, &none), -EINVAL);

    /* Somebody else's certificate behind the key. */
    char mixed[16384];
    struct stat status;
    (void)unlink(other_file);
    assert_int_equal(simulator_create(other_file), 0);
    assert_int_equal(stat(other_file, &status), 0);
    char theirs[8192];
    FILE *file = fopen(other_file, "r");
    assert_non_null(file);
    size_t len = fread(theirs, 1, sizeof theirs - 1, file);
    theirs[len] = '\0';
    assert_int_equal(fclose(file), 0);
    (void)snprintf(mixed, sizeof mixed, "%s%s", pem,
                   strstr(theirs, "-----BEGIN CERTIFICATE"));
    write_other(str_of(mixed));
    assert_int_equal(simulator_open(other_file, &none), -EINVAL);
    assert_null(none);
}

static void an_encrypted_key_is_refused_without_asking(void **state)
{
    (void)state;
    struct simulator *none = NULL;
    write_other(STR("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
                    "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
                    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
                    "-----END RSA PRIVATE KEY-----\n"));
    assert_int_equal(simulator_open(other_file, &none), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signed_notification_is_genuine),
        cmocka_unit_test(every_type_is_genuine),
        cmocka_unit_test(a_changed_byte_is_refused),
        cmocka_unit_test(another_simulators_certificate_does_not_fit),
        cmocka_unit_test(message_ids_are_random_uuids),
        cmocka_unit_test(its_certificate_url_is_acceptable_for_its_topic),
        cmocka_unit_test(its_certificate_is_not_one_of_amazons),
        cmocka_unit_test(its_certificate_lasts_from_yesterday_for_twenty_years),
        cmocka_unit_test(a_message_that_cannot_be_written_leaves_nothing),
        cmocka_unit_test(the_file_is_the_owners_alone),
        cmocka_unit_test(an_existing_file_is_never_replaced),
        cmocka_unit_test(no_temporary_file_stays),
        cmocka_unit_test(a_file_without_such_a_key_is_reported),
        cmocka_unit_test(an_encrypted_key_is_refused_without_asking),
    };
    return cmocka_run_group_tests(tests, start, stop);
}

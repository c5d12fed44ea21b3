/*
 * The order of the checks: what is refused before what, and what is never answered with a
 * 4xx. Signed by the simulator's key, so that nothing is fetched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "daemon/delivery.h"
#include "sesbounce/simulator.h"

#define TOPIC "arn:aws:sns:eu-west-1:123456789012:ses-bounces"
#define CERTIFICATE_URL                                                                  \
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b2c.pem"
/* The simulator's certificate is as old as the test. */
#define NOW_MS (f->now_ms)

#define BOUNCE                                                                           \
    "{\"notificationType\":\"Bounce\",\"bounce\":{\"bounceType\":\"Permanent\","         \
    "\"bounceSubType\":\"General\",\"bouncedRecipients\":[{\"emailAddress\":"            \
    "\"gone@example.org\"}],\"timestamp\":\"2026-09-21T14:13:20.000Z\",\"feedbackId\":"  \
    "\"0100018f00000000-1\"},\"mail\":{\"messageId\":\"0100018f00000000-0\"}}"

struct fixture {
    char directory[64];
    int64_t now_ms;
    struct settings *settings;
    struct simulator *simulator;
    struct delivery_rules rules;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    static char topic[] = TOPIC;
    static char *topics[] = {topic};
    char path[128];

    assert_non_null(f);
    f->now_ms = clock_wall_ms();
    (void)snprintf(f->directory, sizeof(f->directory), "/tmp/sesbounced-test-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    (void)snprintf(path, sizeof(path), "%s/simulator.pem", f->directory);
    assert_int_equal(settings_new(&f->settings), 0);
    f->settings->sns.topic = (struct settings_list){topics, 1};
    assert_int_equal(simulator_create(path), 0);
    assert_int_equal(simulator_open(path, &f->simulator), 0);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/certificates", f->directory);
    assert_int_equal(certificates_new(path, &f->rules.certificates), 0);
    f->rules.settings = f->settings;
    f->rules.simulator = simulator_certificate(f->simulator);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char path[128];

    f->settings->sns.topic = (struct settings_list){NULL, 0};
    sns_certificate_unref(f->rules.simulator);
    certificates_free(f->rules.certificates);
    simulator_free(f->simulator);
    settings_free(f->settings);
    (void)snprintf(path, sizeof(path), "%s/certificates", f->directory);
    (void)rmdir(path);
    (void)rmdir(f->directory);
    free(f);
    return 0;
}

static struct delivery *begin(struct fixture *f)
{
    struct delivery *delivery = malloc(sizeof(*delivery));

    assert_non_null(delivery);
    delivery_init(delivery, f->settings, 0);
    return delivery;
}

static void end(struct delivery *delivery)
{
    delivery_done(delivery);
    free(delivery);
}

static struct delivery *deliver_text(struct fixture *f, const char *body)
{
    struct delivery *delivery = begin(f);

    assert_int_equal(buf_append_str(&delivery->body, str_of(body)), 0);
    return delivery;
}

static struct delivery *deliver_signed(struct fixture *f, struct str message)
{
    const struct simulator_message signed_message = {.message = message,
                                                     .timestamp_ms = NOW_MS};
    struct delivery *delivery = begin(f);

    assert_int_equal(simulator_sign(f->simulator, &signed_message, &delivery->body), 0);
    return delivery;
}

/* An envelope of our topic that nobody signed. */
static struct delivery *deliver_unsigned(struct fixture *f, const char *topic,
                                         const char *version, const char *url)
{
    char body[2048];

    (void)snprintf(body, sizeof(body),
                   "{\"Type\":\"Notification\",\"MessageId\":\"a-1\",\"TopicArn\":\"%s\","
                   "\"Message\":\"m\",\"Timestamp\":\"2026-09-21T14:13:20.000Z\","
                   "\"SignatureVersion\":\"%s\",\"Signature\":\"AAAA\","
                   "\"SigningCertURL\":\"%s\"}",
                   topic, version, url);
    return deliver_text(f, body);
}

static void expect(struct fixture *f, struct delivery *delivery, enum delivery_step step,
                   enum verdict verdict)
{
    assert_int_equal(delivery_advance(delivery, &f->rules, NOW_MS, 1000), step);
    assert_int_equal(delivery->verdict, verdict);
    /* Asked again it says the same: a resumed delivery is not judged again. */
    assert_int_equal(delivery_advance(delivery, &f->rules, NOW_MS, 1000), step);
    end(delivery);
}

static void a_genuine_bounce_is_storable(void **state)
{
    struct fixture *f = *state;
    struct delivery *delivery = deliver_signed(f, STR(BOUNCE));

    assert_int_equal(delivery_advance(delivery, &f->rules, NOW_MS, 1000),
                     DELIVERY_STORABLE);
    assert_int_equal(delivery->verdict, VERDICT_NONE);
    assert_int_equal(delivery->intake.kind, INTAKE_KEEP);
    assert_string_equal(delivery->intake.event.recipients[0].address.key,
                        "gone@example.org");
    end(delivery);
}

static void one_changed_byte_is_refused(void **state)
{
    struct fixture *f = *state;
    struct delivery *delivery = deliver_signed(f, STR(BOUNCE));
    char *at = strstr(delivery->body.data, "gone@");

    assert_non_null(at);
    at[0] = 'G';
    assert_int_equal(delivery_advance(delivery, &f->rules, NOW_MS, 1000),
                     DELIVERY_DECIDED);
    assert_int_equal(delivery->verdict, VERDICT_SIGNATURE);
    end(delivery);
}

static void the_simulator_is_nobody_when_it_is_off(void **state)
{
    struct fixture *f = *state;
    struct delivery *delivery = deliver_signed(f, STR(BOUNCE));

    sns_certificate_unref(f->rules.simulator);
    f->rules.simulator = NULL;
    expect(f, delivery, DELIVERY_DECIDED, VERDICT_TOPIC_REFUSED);
    f->rules.simulator = simulator_certificate(f->simulator);
}

static void the_simulators_key_signs_for_no_other_topic(void **state)
{
    struct fixture *f = *state;
    const struct simulator_message message = {
        .topic_arn = TOPIC, .message = STR(BOUNCE), .timestamp_ms = NOW_MS};
    struct delivery *delivery = begin(f);

    assert_int_equal(simulator_sign(f->simulator, &message, &delivery->body), 0);
    assert_int_equal(delivery_advance(delivery, &f->rules, NOW_MS, 1000),
                     DELIVERY_DECIDED);
    assert_int_equal(verdict_info(delivery->verdict)->http_status, 403);
    end(delivery);
}

static void a_foreign_topic_is_refused_before_its_certificate_is_looked_at(void **state)
{
    struct fixture *f = *state;

    expect(f,
           deliver_unsigned(f, "arn:aws:sns:eu-west-1:999999999999:evil", "1",
                            CERTIFICATE_URL),
           DELIVERY_DECIDED, VERDICT_TOPIC_REFUSED);
}

static void a_certificate_elsewhere_is_refused_without_a_wait(void **state)
{
    struct fixture *f = *state;

    expect(f,
           deliver_unsigned(
               f, TOPIC, "1",
               "https://sns.s3-eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem"),
           DELIVERY_DECIDED, VERDICT_CERTIFICATE_URL);
}

static void an_old_signature_version_is_refused_without_a_wait(void **state)
{
    struct fixture *f = *state;

    f->settings->sns.min_signature_version = 2;
    expect(f, deliver_unsigned(f, TOPIC, "1", CERTIFICATE_URL), DELIVERY_DECIDED,
           VERDICT_SIGNATURE_VERSION);
    expect(f, deliver_unsigned(f, TOPIC, "3", CERTIFICATE_URL), DELIVERY_DECIDED,
           VERDICT_SIGNATURE_VERSION);
    f->settings->sns.min_signature_version = 1;
}

static void an_unknown_certificate_makes_it_wait(void **state)
{
    struct fixture *f = *state;

    expect(f, deliver_unsigned(f, TOPIC, "1", CERTIFICATE_URL), DELIVERY_WAITS,
           VERDICT_NONE);
}

static void a_certificate_that_cannot_be_had_is_503(void **state)
{
    struct fixture *f = *state;
    struct delivery *delivery = deliver_unsigned(f, TOPIC, "1", CERTIFICATE_URL);

    assert_int_equal(delivery_advance(delivery, &f->rules, NOW_MS, 1000), DELIVERY_WAITS);
    certificates_fail(f->rules.certificates, &delivery->certificate_url, 1000);
    assert_int_equal(delivery_advance(delivery, &f->rules, NOW_MS, 1000),
                     DELIVERY_DECIDED);
    assert_int_equal(delivery->verdict, VERDICT_NO_CERTIFICATE);
    assert_int_equal(verdict_info(delivery->verdict)->http_status, 503);
    end(delivery);
}

static void headers_can_only_refuse(void **state)
{
    struct fixture *f = *state;
    struct delivery *delivery = deliver_signed(f, STR(BOUNCE));

    delivery->is_raw = true;
    expect(f, delivery, DELIVERY_DECIDED, VERDICT_RAW_DELIVERY);
    delivery = deliver_signed(f, STR(BOUNCE));
    (void)snprintf(delivery->claimed_type, sizeof(delivery->claimed_type),
                   "UnsubscribeConfirm");
    expect(f, delivery, DELIVERY_DECIDED, VERDICT_TYPE_CONTRADICTED);
}

static void what_is_not_an_envelope_is_400(void **state)
{
    struct fixture *f = *state;
    static const char *const bodies[] = {
        "", "   \r\n", "<html></html>", "[]", "{}", "{\"Type\":\"Notification\"", BOUNCE,
    };

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct delivery *delivery = deliver_text(f, bodies[i]);

        assert_int_equal(delivery_advance(delivery, &f->rules, NOW_MS, 1000),
                         DELIVERY_DECIDED);
        assert_int_equal(verdict_info(delivery->verdict)->http_status, 400);
        end(delivery);
    }
}

static void an_old_message_goes_to_quarantine_and_is_kept(void **state)
{
    struct fixture *f = *state;
    struct delivery *delivery = deliver_signed(f, STR(BOUNCE));

    assert_int_equal(
        delivery_advance(delivery, &f->rules, NOW_MS + 3 * CLOCK_HOUR_MS, 1000),
        DELIVERY_STORABLE);
    assert_int_equal(delivery->intake.kind, INTAKE_QUARANTINE);
    assert_int_equal(delivery->intake.reason, QUARANTINE_STALE);
    end(delivery);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_genuine_bounce_is_storable),
        cmocka_unit_test(one_changed_byte_is_refused),
        cmocka_unit_test(the_simulator_is_nobody_when_it_is_off),
        cmocka_unit_test(the_simulators_key_signs_for_no_other_topic),
        cmocka_unit_test(a_foreign_topic_is_refused_before_its_certificate_is_looked_at),
        cmocka_unit_test(a_certificate_elsewhere_is_refused_without_a_wait),
        cmocka_unit_test(an_old_signature_version_is_refused_without_a_wait),
        cmocka_unit_test(an_unknown_certificate_makes_it_wait),
        cmocka_unit_test(a_certificate_that_cannot_be_had_is_503),
        cmocka_unit_test(headers_can_only_refuse),
        cmocka_unit_test(what_is_not_an_envelope_is_400),
        cmocka_unit_test(an_old_message_goes_to_quarantine_and_is_kept),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

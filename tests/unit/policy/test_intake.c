/* From an authentic message to what the store is asked to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sesbounce/intake.h"
#include "sesbounce/limits.h"

#define NOW   INT64_C(1709640000000)
#define TWO_H (2 * CLOCK_HOUR_MS)

#define SEND                                                                             \
    "{\"eventType\":\"Send\",\"send\":{},\"mail\":{\"timestamp\":"                       \
    "\"2024-03-05T10:15:30.123Z\",\"messageId\":\"m-1\","                                \
    "\"destination\":[\"ann@mail.example\"]}}"

static struct sns_message message_of(const char *text, int64_t timestamp_ms)
{
    return (struct sns_message){
        .type = SNS_NOTIFICATION,
        .timestamp_ms = timestamp_ms,
        .message_id = STR("11111111-2222-4333-8444-555555555555"),
        .topic_arn = STR("arn:aws:sns:eu-central-1:111122223333:bounces"),
        .message = str_of(text),
    };
}

static struct intake_options options_of(int64_t max_age_ms)
{
    return (struct intake_options){
        .policy = &policy_built_in, .max_age_ms = max_age_ms, .now_ms = NOW};
}

static void a_notification_is_kept_with_the_sns_timestamp_as_its_time(void **state)
{
    (void)state;
    struct intake intake;
    struct sns_message message = message_of(SEND, NOW - 1000);
    struct intake_options options = options_of(TWO_H);

    options.imported = true;
    assert_int_equal(intake_from_sns(&message, STR("{body}"), &options, &intake), 0);
    assert_int_equal(intake.kind, INTAKE_KEEP);
    assert_int_equal(intake.origin, INTAKE_FROM_SNS);
    assert_true(str_equal(intake.body, STR("{body}")));
    assert_true(str_equal(intake.topic_arn, message.topic_arn));
    assert_true(str_equal(intake.sns_message_id, message.message_id));
    assert_true(intake.occurred_ms == NOW - 1000);
    assert_true(intake.sns_timestamp_ms == NOW - 1000);
    assert_true(intake.received_ms == NOW);
    assert_true(intake.imported);
    assert_int_equal(intake.event.type, SES_SEND);
    assert_int_equal(intake.event.recipient_count, 1);
    intake_done(&intake);
    intake_done(&intake);
}

static void the_rules_decide_between_keep_count_and_ignore(void **state)
{
    (void)state;
    char type[] = "Send";
    struct ses_rule rule = {type, SES_COUNT};
    struct ses_rules rules = {.rules = &rule, .rule_count = 1};
    struct sns_message message = message_of(SEND, NOW);
    struct intake_options options = options_of(TWO_H);
    struct intake intake;

    options.rules = &rules;
    assert_int_equal(intake_from_sns(&message, STR(""), &options, &intake), 0);
    assert_int_equal(intake.kind, INTAKE_COUNT);
    intake_done(&intake);
    rule.keeping = SES_IGNORE;
    assert_int_equal(intake_from_sns(&message, STR(""), &options, &intake), 0);
    assert_int_equal(intake.kind, INTAKE_IGNORE);
    intake_done(&intake);
}

static enum quarantine_reason reason_at(int64_t timestamp_ms, int64_t max_age_ms)
{
    struct intake intake;
    struct sns_message message = message_of(SEND, timestamp_ms);
    struct intake_options options = options_of(max_age_ms);

    assert_int_equal(intake_from_sns(&message, STR(""), &options, &intake), 0);
    assert_int_equal(intake.kind == INTAKE_QUARANTINE, intake.reason != QUARANTINE_NONE);
    intake_done(&intake);
    return intake.reason;
}

static void what_is_too_old_is_stale_and_what_is_ahead_is_future(void **state)
{
    (void)state;
    assert_int_equal(reason_at(NOW - TWO_H, TWO_H), QUARANTINE_NONE);
    assert_int_equal(reason_at(NOW - TWO_H - 1, TWO_H), QUARANTINE_STALE);
    assert_int_equal(reason_at(NOW + INTAKE_FUTURE_MS, TWO_H), QUARANTINE_NONE);
    assert_int_equal(reason_at(NOW + INTAKE_FUTURE_MS + 1, TWO_H), QUARANTINE_FUTURE);
    assert_int_equal(reason_at(NOW - 9999 * CLOCK_DAY_MS, 0), QUARANTINE_NONE);
    assert_int_equal(reason_at(NOW + 9999 * CLOCK_DAY_MS, 0), QUARANTINE_NONE);
    assert_string_equal(quarantine_word(QUARANTINE_STALE), "stale");
    assert_string_equal(quarantine_word(QUARANTINE_FUTURE), "future");
}

/* STALE, or NONE when it is what it was sent as. */
static enum quarantine_reason
subscription_reason(enum sns_type type, int64_t timestamp_ms, int64_t max_age_ms)
{
    struct intake intake;
    struct sns_message message = message_of("You have chosen to …", timestamp_ms);
    struct intake_options options = options_of(max_age_ms);

    message.type = type;
    message.token = STR("2336412f37");
    assert_int_equal(intake_from_sns(&message, STR(""), &options, &intake), 0);
    if (intake.kind != INTAKE_QUARANTINE)
        assert_int_equal(intake.kind, type == SNS_SUBSCRIPTION_CONFIRMATION
                                          ? INTAKE_CONFIRM
                                          : INTAKE_UNSUBSCRIBED);
    intake_done(&intake);
    return intake.reason;
}

static void a_confirmation_is_stale_after_three_days_an_end_after_max_age(void **state)
{
    (void)state;
    enum sns_type asks = SNS_SUBSCRIPTION_CONFIRMATION;
    enum sns_type ends = SNS_UNSUBSCRIBE_CONFIRMATION;
    int64_t max_ages_ms[] = {TWO_H, 0};

    for (size_t i = 0; i < 2; i++) {
        int64_t max_age_ms = max_ages_ms[i];

        assert_int_equal(subscription_reason(asks, NOW - INTAKE_TOKEN_MS, max_age_ms),
                         QUARANTINE_NONE);
        assert_int_equal(subscription_reason(asks, NOW - INTAKE_TOKEN_MS - 1, max_age_ms),
                         QUARANTINE_STALE);
    }
    assert_int_equal(subscription_reason(ends, NOW - TWO_H, TWO_H), QUARANTINE_NONE);
    assert_int_equal(subscription_reason(ends, NOW - TWO_H - 1, TWO_H), QUARANTINE_STALE);
    assert_int_equal(subscription_reason(ends, 0, 0), QUARANTINE_NONE);
    /* true whatever our clock says */
    assert_int_equal(subscription_reason(asks, NOW + CLOCK_DAY_MS, TWO_H),
                     QUARANTINE_NONE);
    assert_int_equal(subscription_reason(ends, NOW + CLOCK_DAY_MS, TWO_H),
                     QUARANTINE_NONE);
}

static void a_confirmation_carries_its_token(void **state)
{
    (void)state;
    struct intake intake;
    struct sns_message message = message_of("You have chosen to subscribe …", NOW);
    struct intake_options options = options_of(TWO_H);

    options.confirm_now = true;
    message.type = SNS_SUBSCRIPTION_CONFIRMATION;
    message.token = STR("2336412f37");
    assert_int_equal(intake_from_sns(&message, STR(""), &options, &intake), 0);
    assert_int_equal(intake.kind, INTAKE_CONFIRM);
    assert_true(intake.confirm_now);
    assert_true(str_equal(intake.token, message.token));
    intake_done(&intake);

    message.type = SNS_UNSUBSCRIBE_CONFIRMATION;
    assert_int_equal(intake_from_sns(&message, STR(""), &options, &intake), 0);
    assert_int_equal(intake.kind, INTAKE_UNSUBSCRIBED);
    assert_false(str_present(intake.token));
    intake_done(&intake);
}

static void an_end_names_a_subscription_of_its_own_topic_or_none(void **state)
{
    (void)state;
#define OURS "arn:aws:sns:eu-central-1:111122223333:bounces"
#define TEXT(arn)                                                                        \
    "You have chosen to deactivate subscription " arn                                    \
    "\nTo cancel this operation and restore the subscription, visit the SubscribeURL "   \
    "included in this message."
    static const struct {
        const char *text, *arn;
    } cases[] = {
        {TEXT(OURS ":2bcfbf39-05c3-41de-beaa-fcfcc21c8f55."),
         OURS ":2bcfbf39-05c3-41de-beaa-fcfcc21c8f55"},
        {TEXT(OURS ":a."), OURS ":a"},
        {TEXT(OURS ":a"), NULL},
        {TEXT(OURS ":."), NULL},
        {TEXT(OURS "."), NULL},
        {TEXT(OURS ":a b."), NULL},
        {TEXT(OURS ":a:b."), NULL},
        {TEXT(OURS "-2:a."), NULL},
        {TEXT("arn:aws:sns:eu-central-1:999922223333:bounces:a."), NULL},
        {TEXT(""), NULL},
        {"You have chosen to deactivate subscription ", NULL},
        {"You have chosen to deactivate subscription " OURS, NULL},
        {"You have chosen to deactivate subscription " OURS ":", NULL},
        {"You have chosen to deactivate the topic " OURS ".", NULL},
        {"", NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sns_message message = message_of(cases[i].text, NOW);
        struct intake_options options = options_of(TWO_H);
        struct intake intake;

        message.type = SNS_UNSUBSCRIBE_CONFIRMATION;
        assert_int_equal(intake_from_sns(&message, STR(""), &options, &intake), 0);
        if (!(cases[i].arn ? str_equal(intake.subscription_arn, str_of(cases[i].arn))
                           : !str_present(intake.subscription_arn)))
            fail_msg("%s: %.*s", cases[i].text, STR_ARG(intake.subscription_arn));
        intake_done(&intake);
    }
}

static void what_cannot_be_applied_is_quarantined_with_its_reason(void **state)
{
    (void)state;
    struct intake intake;
    struct sns_message message = message_of("{\"hello\":1}", NOW);
    struct intake_options options = options_of(TWO_H);

    assert_int_equal(intake_from_sns(&message, STR("{body}"), &options, &intake), 0);
    assert_int_equal(intake.kind, INTAKE_QUARANTINE);
    assert_int_equal(intake.reason, QUARANTINE_NO_TYPE);
    assert_true(str_equal(intake.body, STR("{body}")));
    intake_done(&intake);
}

static void ses_announcing_itself_is_neither_event_nor_quarantine_7(void **state)
{
    (void)state;
    struct intake intake;
    struct sns_message message = message_of(
        "Successfully validated SNS topic for Amazon SES event publishing.", NOW);
    struct intake_options options = options_of(TWO_H);

    assert_int_equal(intake_from_sns(&message, STR(""), &options, &intake), 0);
    assert_int_equal(intake.kind, INTAKE_ANNOUNCEMENT);
    intake_done(&intake);
}

static void a_bare_message_counts_from_the_time_that_ses_gives(void **state)
{
    (void)state;
    struct intake intake;
    struct intake_options options = options_of(TWO_H);

    assert_int_equal(intake_from_file(STR(SEND), &options, &intake), 0);
    assert_int_equal(intake.kind, INTAKE_KEEP);
    assert_int_equal(intake.origin, INTAKE_FROM_FILE);
    assert_false(str_present(intake.topic_arn));
    assert_false(str_present(intake.sns_message_id));
    assert_true(intake.sns_timestamp_ms == CLOCK_NONE);
    assert_true(intake.occurred_ms == INT64_C(1709633730123));
    intake_done(&intake);

    assert_int_equal(intake_from_file(STR("{\"eventType\":\"Send\"}"), &options, &intake),
                     0);
    assert_true(intake.occurred_ms == NOW);
    intake_done(&intake);
}

/* What is read out of a message of 1,000 recipients must not be much more than they. */
static void recipients_that_are_judged_alike_share_a_judgement(void **state)
{
    (void)state;
    struct intake intake;
    struct intake_options options = options_of(TWO_H);
    const char *text =
        "{\"eventType\":\"Bounce\",\"bounce\":{\"bounceType\":\"Permanent\","
        "\"bounceSubType\":\"General\",\"bouncedRecipients\":["
        "{\"emailAddress\":\"a@example.com\"},{\"emailAddress\":\"b@example.com\"},"
        "{\"emailAddress\":\"bounce@simulator.amazonses.com\"}]}}";

    assert_int_equal(intake_from_file(str_of(text), &options, &intake), 0);
    assert_int_equal(intake.event.recipient_count, 3);
    assert_int_equal(intake.judgement_count, 2);
    assert_ptr_equal(intake_judgement(&intake, 0), intake_judgement(&intake, 1));
    assert_int_equal(intake_judgement(&intake, 0)->tally, POLICY_TALLY_HARD_BOUNCES);
    assert_int_equal(intake_judgement(&intake, 2)->tally, POLICY_TALLY_SIMULATOR);
    intake_done(&intake);
}

static void an_event_about_nobody_is_judged_once_and_only_counts(void **state)
{
    (void)state;
    struct intake intake;
    struct intake_options options = options_of(TWO_H);

    assert_int_equal(intake_from_file(STR("{\"eventType\":\"Send\"}"), &options, &intake),
                     0);
    assert_int_equal(intake.event.recipient_count, 0);
    assert_int_equal(intake_judgement(&intake, 0)->tally, POLICY_TALLY_SENDS);
    assert_int_equal(intake_judgement(&intake, 0)->effect, POLICY_EFFECT_NONE);
    assert_null(intake_judgement(&intake, 0)->rule);
    intake_done(&intake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notification_is_kept_with_the_sns_timestamp_as_its_time),
        cmocka_unit_test(the_rules_decide_between_keep_count_and_ignore),
        cmocka_unit_test(what_is_too_old_is_stale_and_what_is_ahead_is_future),
        cmocka_unit_test(a_confirmation_is_stale_after_three_days_an_end_after_max_age),
        cmocka_unit_test(a_confirmation_carries_its_token),
        cmocka_unit_test(an_end_names_a_subscription_of_its_own_topic_or_none),
        cmocka_unit_test(what_cannot_be_applied_is_quarantined_with_its_reason),
        cmocka_unit_test(ses_announcing_itself_is_neither_event_nor_quarantine_7),
        cmocka_unit_test(a_bare_message_counts_from_the_time_that_ses_gives),
        cmocka_unit_test(recipients_that_are_judged_alike_share_a_judgement),
        cmocka_unit_test(an_event_about_nobody_is_judged_once_and_only_counts),
    };
    return cmocka_run_group_tests_name("intake", tests, NULL, NULL);
}

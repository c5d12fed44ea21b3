/* What the policy says of one recipient of one event, row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "sesbounce/policy.h"

#define EVER         POLICY_FOR_EVER
#define DAYS(n)      ((n)*CLOCK_DAY_MS)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Fills in place: an address must not be copied with =. */
static void make_recipient(struct ses_recipient *ret, const char *address,
                           const char *status, const char *action, const char *diagnostic)
{
    *ret = (struct ses_recipient){.named = SES_NAMED_RECIPIENT};
    ret->status = str_of(status);
    ret->action = str_of(action);
    ret->diagnostic = str_of(diagnostic);
    assert_int_equal(address_parse(str_of(address), &ret->address), 0);
}

static struct ses_event bounce_of(const char *type, const char *subtype)
{
    struct ses_event event = {
        .type = SES_BOUNCE,
        .type_text = STR("Bounce"),
        .bounce_type_text = str_of(type),
        .bounce_subtype = str_of(subtype),
        .bounce_type = SES_BOUNCE_UNDETERMINED,
    };
    if (strcmp(type, "Permanent") == 0)
        event.bounce_type = SES_BOUNCE_PERMANENT;
    else if (strcmp(type, "Transient") == 0)
        event.bounce_type = SES_BOUNCE_TRANSIENT;
    return event;
}

static struct policy_judgement judge_bounce(const char *type, const char *subtype,
                                            const char *status, const char *diagnostic)
{
    struct policy_judgement judged;
    struct ses_event event = bounce_of(type, subtype);
    struct ses_recipient recipient;
    make_recipient(&recipient, "ann@mail.example", status, "failed", diagnostic);

    policy_judge(&policy_built_in, &event, &recipient, &judged);
    return judged;
}

/* --- bounces --------------------------------------------------------------------- */

struct bounce_row {
    const char *type, *subtype, *status, *diagnostic;
    const char *class, *cause;
    enum policy_effect effect;
    int64_t term_ms;
    bool in_rates;
};

static const struct bounce_row BOUNCE_ROWS[] = {
    {"Permanent", "General", "5.1.1", "smtp; 550 5.1.1 user unknown", "hard",
     "unknown-user", POLICY_EFFECT_SUPPRESS, EVER, true},
    {"Permanent", "General", NULL, NULL, "hard", "other", POLICY_EFFECT_SUPPRESS, EVER,
     true},
    {"Permanent", NULL, NULL, NULL, "hard", "other", POLICY_EFFECT_SUPPRESS, EVER, true},
    {"Permanent", "General", "5.4.4", "Host unknown", "hard", "dns",
     POLICY_EFFECT_SUPPRESS, EVER, true},
    {"Permanent", "General", "5.2.2", NULL, "hard", "mailbox-full",
     POLICY_EFFECT_SUPPRESS, EVER, true},
    {"Permanent", "NoEmail", "5.1.1", NULL, "hard", "unknown-user",
     POLICY_EFFECT_SUPPRESS, EVER, true},
    {"Permanent", "Suppressed", "5.1.1", NULL, "hard", "other", POLICY_EFFECT_SUPPRESS,
     DAYS(30), true},
    {"Permanent", "OnAccountSuppressionList", "5.1.1", NULL, "hard", "list-hit",
     POLICY_EFFECT_SUPPRESS, EVER, false},
    {"Permanent", "OnTenantSuppressionList", "4.0.0", NULL, "hard", "list-hit",
     POLICY_EFFECT_SUPPRESS, EVER, false},
    {"Permanent", "EmailValidationSuppressed", NULL, NULL, "policy", "policy",
     POLICY_EFFECT_SUPPRESS, DAYS(30), false},
    {"Permanent", "UnsubscribedRecipient", NULL, NULL, "policy", "policy",
     POLICY_EFFECT_SUPPRESS, EVER, false},
    {"Permanent", "SomethingNew", NULL, NULL, "hard", "other", POLICY_EFFECT_SUPPRESS,
     DAYS(30), true},
    {"Permanent", "General", "4.2.2", NULL, "soft", "mailbox-full", POLICY_EFFECT_SOFT, 0,
     true},
    {"Permanent", "General", "5.7.1", "550 5.7.1 Message rejected by policy", "policy",
     "policy", POLICY_EFFECT_SUPPRESS, DAYS(14), true},
    {"Permanent", "General", "5.7.1", "550 5.7.1 Relaying denied for dmarc@mail.example",
     "policy", "policy", POLICY_EFFECT_SUPPRESS, DAYS(14), true},
    {"Permanent", "General", "5.7.26",
     "smtp; 550-5.7.26 Unauthenticated email is not accepted due to DMARC policy.",
     "policy", "auth", POLICY_EFFECT_NONE, 0, true},
    {"Permanent", "General", "5.7.23", "SPF validation failed", "policy", "auth",
     POLICY_EFFECT_NONE, 0, true},
    {"Permanent", "General", NULL, "smtp; 550 5.7.1 DKIM signature missing", "policy",
     "auth", POLICY_EFFECT_NONE, 0, true},
    {"Permanent", "General", "5.0.0", "smtp; 554 5.7.1 blocked using zen.spamhaus.org",
     "policy", "blocked", POLICY_EFFECT_NONE, 0, true},
    {"Permanent", "General", "5.7.1", "Your network is on our block list (S3150)",
     "policy", "blocked", POLICY_EFFECT_NONE, 0, true},
    {"Permanent", "General", NULL, "554 192.0.2.1 is listed by an RBL", "policy",
     "blocked", POLICY_EFFECT_NONE, 0, true},
    {"Permanent", "General", "5.7.1", "550 5.7.1 garbled spfoo dkimx", "policy", "policy",
     POLICY_EFFECT_SUPPRESS, DAYS(14), true},
    {"Permanent", "General", "5.1.1", "550 5.1.1 user unknown, see our DMARC policy",
     "hard", "unknown-user", POLICY_EFFECT_SUPPRESS, EVER, true},
    {"Permanent", "General", NULL, "550 user unknown; SPF pass", "hard", "unknown-user",
     POLICY_EFFECT_SUPPRESS, EVER, true},
    {"Permanent", "General", "5.0.0", "host 5.7.1.10 said: no", "hard", "other",
     POLICY_EFFECT_SUPPRESS, EVER, true},
    {"Permanent", "General", "5.0.0", "host 10.5.7.1 said: no", "hard", "other",
     POLICY_EFFECT_SUPPRESS, EVER, true},

    {"Transient", "MailboxFull", "5.1.1", NULL, "soft", "mailbox-full",
     POLICY_EFFECT_SOFT, 0, true},
    {"Transient", "MessageTooLarge", "5.1.1", "user unknown", "ignored", "too-large",
     POLICY_EFFECT_NONE, 0, true},
    {"Transient", "ContentRejected", "5.1.1", "user unknown", "ignored", "policy",
     POLICY_EFFECT_NONE, 0, true},
    {"Transient", "AttachmentRejected", "5.1.1", "user unknown", "ignored", "policy",
     POLICY_EFFECT_NONE, 0, true},
    {"Transient", "CustomTimeoutExceeded", "4.4.7", "expired", "ignored", "timeout",
     POLICY_EFFECT_NONE, 0, true},
    {"Transient", "General", "5.1.1", NULL, "soft", "unknown-user",
     POLICY_EFFECT_DOUBTFUL, EVER, true},
    {"Transient", "General", "5.1.2", "Could not find a mail server", "soft", "dns",
     POLICY_EFFECT_DOUBTFUL, EVER, true},
    {"Transient", "General", "5.4.4", NULL, "soft", "dns", POLICY_EFFECT_DOUBTFUL, EVER,
     true},
    {"Transient", "General", NULL, "smtp; 550 No such user here", "soft", "unknown-user",
     POLICY_EFFECT_DOUBTFUL, EVER, true},
    {"Transient", "General", NULL, "DNS: NXDOMAIN", "soft", "dns", POLICY_EFFECT_DOUBTFUL,
     EVER, true},
    {"Transient", NULL, "5.1.1", NULL, "soft", "unknown-user", POLICY_EFFECT_DOUBTFUL,
     EVER, true},
    {"Transient", "General", NULL, "550-5.1.1 The account\r\n550-5.1.1 is gone", "soft",
     "unknown-user", POLICY_EFFECT_DOUBTFUL, EVER, true},
    {"Transient", "General", "4.1.1", "450 4.1.1 user unknown, try later", "soft",
     "unknown-user", POLICY_EFFECT_SOFT, 0, true},
    {"Transient", "General", NULL,
     "550 Sender address rejected: Domain not found (news@shop.example)", "soft", "other",
     POLICY_EFFECT_SOFT, 0, true},
    {"Transient", "General", "4.4.7", "554 4.4.7 Message expired", "soft", "timeout",
     POLICY_EFFECT_SOFT, 0, true},
    {"Transient", "General", "4.4.7", NULL, "soft", "timeout", POLICY_EFFECT_SOFT, 0,
     true},
    {"Transient", "General", NULL, "smtp; 421 try again later", "soft", "other",
     POLICY_EFFECT_SOFT, 0, true},
    {"Transient", "General", NULL, NULL, "ignored", "autoreply", POLICY_EFFECT_NONE, 0,
     true},
    {"Transient", NULL, NULL, NULL, "ignored", "autoreply", POLICY_EFFECT_NONE, 0, true},
    {"Transient", "General", NULL, "Automatic  Reply: I am away", "ignored", "autoreply",
     POLICY_EFFECT_NONE, 0, true},
    {"Transient", "General", NULL, "I am OUT OF\r\nOFFICE until Monday", "ignored",
     "autoreply", POLICY_EFFECT_NONE, 0, true},
    {"Transient", "General", NULL, "451 <vacation@mail.example> deferred", "soft",
     "other", POLICY_EFFECT_SOFT, 0, true},
    {"Transient", "SomethingNew", "5.1.1", "user unknown", "soft", "unknown-user",
     POLICY_EFFECT_SOFT, 0, true},
    {"Transient", "SomethingNew", NULL, NULL, "soft", "other", POLICY_EFFECT_SOFT, 0,
     true},

    {"Undetermined", "Undetermined", "5.0.0", NULL, "soft", "other", POLICY_EFFECT_SOFT,
     0, true},
    {"Undetermined", "Undetermined", NULL, "smtp; 554 no", "soft", "other",
     POLICY_EFFECT_SOFT, 0, true},
    {"Undetermined", "Undetermined", NULL, "452 over quota", "soft", "mailbox-full",
     POLICY_EFFECT_SOFT, 0, true},
    {"Undetermined", "Undetermined", NULL, "Hello, I received your mail", "ignored",
     "other", POLICY_EFFECT_NONE, 0, true},
    {"Undetermined", "Undetermined", NULL, NULL, "ignored", "other", POLICY_EFFECT_NONE,
     0, true},
    {"Undetermined", "Undetermined", NULL, "smtp; 550 auto-reply", "ignored", "autoreply",
     POLICY_EFFECT_NONE, 0, true},
};

static bool row_holds(const struct bounce_row *row)
{
    struct policy_judgement judged =
        judge_bounce(row->type, row->subtype, row->status, row->diagnostic);
    const char *class = policy_class_word(judged.class);
    const char *cause = policy_cause_word(judged.cause);

    bool same = strcmp(class, row->class) == 0 && strcmp(cause, row->cause) == 0 &&
                judged.effect == row->effect && judged.term_ms == row->term_ms &&
                judged.counts_in_rates == row->in_rates;
    if (!same)
        printf("%s/%s %s \"%s\": %s %s by %s\n", row->type,
               row->subtype ? row->subtype : "", row->status ? row->status : "",
               row->diagnostic ? row->diagnostic : "", class, cause, judged.rule);
    return same;
}

static void bounces_are_judged_as_the_policy_says(void **state)
{
    (void)state;
    size_t wrong = 0;

    for (size_t i = 0; i < COUNT(BOUNCE_ROWS); i++)
        wrong += !row_holds(&BOUNCE_ROWS[i]);
    assert_int_equal(wrong, 0);
}

static void a_delayed_recipient_of_a_permanent_bounce_is_soft(void **state)
{
    (void)state;
    struct policy_judgement judged;
    struct ses_event event = bounce_of("Permanent", "General");
    struct ses_recipient recipient;
    make_recipient(&recipient, "ann@mail.example", NULL, "Delayed", NULL);

    policy_judge(&policy_built_in, &event, &recipient, &judged);
    assert_int_equal(judged.class, POLICY_CLASS_SOFT);
    assert_int_equal(judged.effect, POLICY_EFFECT_SOFT);
}

static void our_own_fault_is_reported_at_once_and_lists_nobody(void **state)
{
    (void)state;
    assert_true(judge_bounce("Permanent", "General", "5.7.1", "SPF").alert);
    assert_true(judge_bounce("Permanent", "General", "5.7.1", "Spamhaus").alert);
    assert_false(judge_bounce("Permanent", "General", "5.7.1", "no").alert);
}

static void only_what_the_policy_names_doubles_or_is_a_list_hit(void **state)
{
    (void)state;
    assert_true(judge_bounce("Permanent", "Suppressed", NULL, NULL).doubles);
    assert_false(judge_bounce("Permanent", "General", "5.7.1", NULL).doubles);
    assert_false(
        judge_bounce("Permanent", "EmailValidationSuppressed", NULL, NULL).doubles);
    assert_true(
        judge_bounce("Permanent", "OnAccountSuppressionList", NULL, NULL).list_hit);
    assert_false(judge_bounce("Permanent", "Suppressed", NULL, NULL).list_hit);
}

static void a_very_long_diagnostic_is_judged_by_its_beginning(void **state)
{
    (void)state;
    static char text[POLICY_DIAGNOSTIC_BYTES_MAX * 4];

    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "550 user unknown ", 17);
    assert_int_equal(judge_bounce("Transient", "General", NULL, text).effect,
                     POLICY_EFFECT_DOUBTFUL);
    memset(text, '@', sizeof(text) - 1);
    memcpy(text + sizeof(text) - 20, " user unknown ", 14);
    assert_int_equal(judge_bounce("Transient", "General", NULL, text).effect,
                     POLICY_EFFECT_SOFT);
}

/* --- complaints and the rest ----------------------------------------------------- */

struct complaint_row {
    const char *feedback, *subtype;
    size_t candidates;
    enum policy_class class;
    enum policy_effect effect;
    int64_t term_ms;
    const char *detail;
    bool alert, in_rates, second_for_ever;
};

static const struct complaint_row COMPLAINT_ROWS[] = {
    {"abuse", NULL, 1, POLICY_CLASS_COMPLAINT, POLICY_EFFECT_SUPPRESS, EVER, "abuse",
     false, true, false},
    {NULL, NULL, 1, POLICY_CLASS_COMPLAINT, POLICY_EFFECT_SUPPRESS, EVER, "Complaint",
     false, true, false},
    {"fraud", NULL, 1, POLICY_CLASS_COMPLAINT, POLICY_EFFECT_SUPPRESS, EVER, "fraud",
     false, true, false},
    {"other", NULL, 1, POLICY_CLASS_COMPLAINT, POLICY_EFFECT_SUPPRESS, EVER, "other",
     false, true, false},
    {"abuse", NULL, 2, POLICY_CLASS_COMPLAINT, POLICY_EFFECT_SUPPRESS, DAYS(180),
     "abuse (1 of 2)", false, true, true},
    {NULL, NULL, 5, POLICY_CLASS_COMPLAINT, POLICY_EFFECT_SUPPRESS, DAYS(180),
     "Complaint (1 of 5)", false, true, true},
    {"abuse", NULL, 6, POLICY_CLASS_COMPLAINT, POLICY_EFFECT_HOLD, EVER, "abuse (1 of 6)",
     false, true, false},
    {"auth-failure", NULL, 1, POLICY_CLASS_COMPLAINT, POLICY_EFFECT_NONE, 0,
     "auth-failure", true, false, false},
    {"virus", NULL, 3, POLICY_CLASS_COMPLAINT, POLICY_EFFECT_NONE, 0, "virus (1 of 3)",
     true, false, false},
    {"not-spam", NULL, 1, POLICY_CLASS_COMPLAINT, POLICY_EFFECT_LIFT, 0, "not-spam",
     false, false, false},
    {"not-spam", NULL, 2, POLICY_CLASS_COMPLAINT, POLICY_EFFECT_NONE, 0,
     "not-spam (1 of 2)", false, false, false},
    {"abuse", "OnAccountSuppressionList", 1, POLICY_CLASS_HARD, POLICY_EFFECT_SUPPRESS,
     EVER, "Complaint/OnAccountSuppressionList", false, false, false},
    {NULL, "OnTenantSuppressionList", 1, POLICY_CLASS_HARD, POLICY_EFFECT_SUPPRESS, EVER,
     "Complaint/OnTenantSuppressionList", false, false, false},
};

static struct policy_judgement judge_complaint(const struct complaint_row *row,
                                               const char *address)
{
    struct policy_judgement judged;
    struct ses_recipient recipient;
    make_recipient(&recipient, address, NULL, NULL, NULL);
    struct ses_event event = {
        .type = SES_COMPLAINT,
        .type_text = STR("Complaint"),
        .feedback_type = str_of(row->feedback),
        .complaint_subtype = str_of(row->subtype),
        .candidates = row->candidates,
    };
    policy_judge(&policy_built_in, &event, &recipient, &judged);
    return judged;
}

static void complaints_are_judged_as_the_policy_says_16(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(COMPLAINT_ROWS); i++) {
        const struct complaint_row *row = &COMPLAINT_ROWS[i];
        struct policy_judgement judged = judge_complaint(row, "ann@mail.example");
        assert_int_equal(judged.class, row->class);
        assert_int_equal(judged.effect, row->effect);
        assert_true(judged.term_ms == row->term_ms);
        assert_string_equal(judged.detail, row->detail);
        assert_int_equal(judged.alert, row->alert);
        assert_int_equal(judged.counts_in_rates, row->in_rates);
        assert_int_equal(judged.second_for_ever, row->second_for_ever);
        assert_int_equal(judged.list_hit, row->subtype != NULL);
        if (judged.effect == POLICY_EFFECT_SUPPRESS)
            assert_int_equal(judged.reason, POLICY_REASON_COMPLAINT);
    }
}

static void a_simulator_address_is_listed_for_a_day_and_wakes_nobody_21(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(COMPLAINT_ROWS); i++) {
        struct policy_judgement judged =
            judge_complaint(&COMPLAINT_ROWS[i], "complaint@simulator.amazonses.com");
        assert_true(judged.term_ms == (COMPLAINT_ROWS[i].term_ms ? DAYS(1) : 0));
        assert_false(judged.alert);
        assert_false(judged.counts_in_rates);
        assert_false(judged.second_for_ever);
        assert_non_null(strstr(judged.detail, "simulator)"));
    }
    struct policy_judgement guess =
        judge_complaint(&COMPLAINT_ROWS[4], "complaint@simulator.amazonses.com");
    assert_string_equal(guess.detail, "abuse (1 of 2, simulator)");
}

static void a_delivery_resets_and_the_rest_only_records(void **state)
{
    (void)state;
    struct policy_judgement judged;
    struct ses_event event = {.type = SES_DELIVERY, .type_text = STR("Delivery")};
    struct ses_recipient ann;
    make_recipient(&ann, "ann@mail.example", NULL, NULL, NULL);

    policy_judge(&policy_built_in, &event, &ann, &judged);
    assert_int_equal(judged.effect, POLICY_EFFECT_RESET);
    assert_null(policy_class_word(judged.class));
    assert_string_equal(judged.detail, "");
    event.type = SES_SUBSCRIPTION;
    event.opt_out = true;
    policy_judge(&policy_built_in, &event, &ann, &judged);
    assert_int_equal(judged.class, POLICY_CLASS_POLICY);
    assert_int_equal(judged.effect, POLICY_EFFECT_SUPPRESS);
    assert_true(judged.needs_scope);
    for (enum ses_type type = SES_OTHER; type <= SES_RECEIVED; type++) {
        if (type == SES_BOUNCE || type == SES_COMPLAINT || type == SES_DELIVERY)
            continue;
        event = (struct ses_event){.type = type};
        policy_judge(&policy_built_in, &event, NULL, &judged);
        assert_int_equal(judged.effect, POLICY_EFFECT_NONE);
        assert_int_equal(judged.class, POLICY_CLASS_NONE);
        assert_int_equal(judged.cause, POLICY_CAUSE_NONE);
        assert_true(judged.counts_in_rates);
    }
}

static void a_detail_is_bounded_printable_and_keeps_its_qualifiers(void **state)
{
    (void)state;
    struct policy_judgement judged;
    char subtype[400];
    struct ses_event event = bounce_of("Permanent", "x");
    struct ses_recipient recipient;
    make_recipient(&recipient, "a@simulator.amazonses.com", NULL, NULL, NULL);

    memset(subtype, '\n', sizeof(subtype));
    event.bounce_subtype = (struct str){subtype, sizeof(subtype)};
    policy_judge(&policy_built_in, &event, &recipient, &judged);
    assert_null(strchr(judged.detail, '\n'));
    assert_non_null(strstr(judged.detail, "Permanent/????"));
    assert_non_null(strstr(judged.detail, " (simulator)"));
}

static void the_words_of_the_views_do_not_change(void **state)
{
    (void)state;
    assert_null(policy_class_word(POLICY_CLASS_NONE));
    assert_null(policy_cause_word(POLICY_CAUSE_NONE));
    assert_null(policy_reason_word(POLICY_REASON_NONE));
    assert_string_equal(policy_class_word(POLICY_CLASS_IGNORED), "ignored");
    assert_string_equal(policy_cause_word(POLICY_CAUSE_OTHER), "other");
    assert_string_equal(policy_reason_word(POLICY_REASON_SOFT), "SOFT");
    assert_string_equal(policy_reason_word(POLICY_REASON_BOUNCE), "BOUNCE");
    assert_string_equal(policy_reason_word(POLICY_REASON_COMPLAINT), "COMPLAINT");
    assert_string_equal(policy_reason_word(POLICY_REASON_MANUAL), "MANUAL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounces_are_judged_as_the_policy_says),
        cmocka_unit_test(a_delayed_recipient_of_a_permanent_bounce_is_soft),
        cmocka_unit_test(our_own_fault_is_reported_at_once_and_lists_nobody),
        cmocka_unit_test(only_what_the_policy_names_doubles_or_is_a_list_hit),
        cmocka_unit_test(a_very_long_diagnostic_is_judged_by_its_beginning),
        cmocka_unit_test(complaints_are_judged_as_the_policy_says_16),
        cmocka_unit_test(a_simulator_address_is_listed_for_a_day_and_wakes_nobody_21),
        cmocka_unit_test(a_delivery_resets_and_the_rest_only_records),
        cmocka_unit_test(a_detail_is_bounded_printable_and_keeps_its_qualifiers),
        cmocka_unit_test(the_words_of_the_views_do_not_change),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}

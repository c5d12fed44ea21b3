#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "ctl/simulated.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/policy.h"
#include "sesbounce/ses_event.h"

#define NOW (INT64_C(1800000000) * 1000)

/* As the daemon would read and judge it. */
static void simulate(const char *kind, enum ses_type type, enum policy_class class,
                     enum policy_effect effect)
{
    static const struct ses_rules rules = {0};
    _cleanup_(buf_done) struct buf text;
    char mark[SIMULATED_MARK_BYTES];
    struct ses_event event;
    enum quarantine_reason reason;
    struct policy_judgement judgement;
    struct ses_key key;
    buf_init(&text, 100000);
    assert_int_equal(simulated_make(kind, "Jane@Example.com", NOW, &text, mark), 0);
    assert_int_equal(ses_event_parse(buf_str(&text), &rules, &event, &reason),
                     SES_PARSED_EVENT);
    assert_int_equal(event.type, type);
    assert_int_equal(event.recipient_count, 1);
    assert_string_equal(event.recipients[0].address.key, "jane@example.com");
    assert_true(str_equal(event.configuration_set, STR("sesbounced-simulator")));
    policy_judge(&policy_built_in, &event, &event.recipients[0], &judgement);
    assert_int_equal(judgement.class, class);
    assert_int_equal(judgement.effect, effect);
    assert_true(ses_event_key(&event, &event.recipients[0], &key));
    assert_true(key.time_ms == NOW || key.time_ms == NOW - 1000);
    assert_non_null(strstr(buf_str(&text).data, mark));
    ses_event_done(&event);
}

static void the_daemon_judges_them_as_those_of_ses(void **state)
{
    (void)state;
    simulate("bounce", SES_BOUNCE, POLICY_CLASS_HARD, POLICY_EFFECT_SUPPRESS);
    simulate("complaint", SES_COMPLAINT, POLICY_CLASS_COMPLAINT, POLICY_EFFECT_SUPPRESS);
    simulate("ooto", SES_BOUNCE, POLICY_CLASS_IGNORED, POLICY_EFFECT_NONE);
    simulate("suppressionlist", SES_BOUNCE, POLICY_CLASS_HARD, POLICY_EFFECT_SUPPRESS);
    simulate("delivery", SES_DELIVERY, POLICY_CLASS_NONE, POLICY_EFFECT_RESET);
}

static void every_one_is_a_new_event(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf a, b;
    char mark[2][SIMULATED_MARK_BYTES];
    buf_init(&a, 100000);
    buf_init(&b, 100000);
    assert_int_equal(simulated_make("bounce", "a@example.com", NOW, &a, mark[0]), 0);
    assert_int_equal(simulated_make("bounce", "a@example.com", NOW, &b, mark[1]), 0);
    assert_string_not_equal(mark[0], mark[1]);
    assert_false(str_equal(buf_str(&a), buf_str(&b)));
}

static void an_unknown_kind_is_refused(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf text;
    char mark[SIMULATED_MARK_BYTES];
    buf_init(&text, 100000);
    assert_int_equal(simulated_make("success", "a@example.com", NOW, &text, mark),
                     -EINVAL);
    assert_int_equal(text.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_daemon_judges_them_as_those_of_ses),
        cmocka_unit_test(every_one_is_a_new_event),
        cmocka_unit_test(an_unknown_kind_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

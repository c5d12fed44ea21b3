/*
 * The section RULES of sesbounced-policy(7) is made from the table of the policy, and is
 * checked in. POLICY_MANUAL_WRITE=1 rewrites it, to be read before it is committed.
 */
#include "manual.h"
#include "sesbounce/policy.h"
#include "sesbounce/rule_text.h"

/* A sentence that `why` shows in a line or two. */
#define EXPLANATION_BYTES_MAX 180

/* --- a rule as mdoc
 * ---------------------------------------------------------------------- */

static void put_outcome(struct buf *to, const struct policy_rule *rule)
{
    struct policy_judgement judgement;
    policy_rule_judge(&policy_built_in, rule, &judgement);
    const char *class = policy_class_word(judgement.class);
    const char *cause = policy_cause_word(judgement.cause);

    if (rule->type == SES_OTHER)
        put(to, "Class and cause as for a recipient; ");
    if (class)
        assert_int_equal(buf_printf(to, "Class %s; ", class), 0);
    if (cause)
        assert_int_equal(buf_printf(to, "cause %s; ", cause), 0);
    if (judgement.cause == POLICY_CAUSE_DIAGNOSED)
        put(to, "cause according to the answer; ");
    if (to->data[to->len - 1] == '\n')
        put(to, "Effect: ");
    assert_int_equal(rule_effect(to, &judgement), 0);
    size_t before = to->len;
    put(to, "; ");
    assert_int_equal(rule_flags(to, &judgement), 0);
    if (to->len == before + 2)
        buf_cut(to, before);
    put(to, ".\n");
}

static void put_rules(struct buf *to)
{
    const struct policy_rule *rule;

    put(to, ".Bl -tag -width Ds\n");
    for (size_t i = 0; (rule = policy_rule_at(i)); i++) {
        put(to, ".It Li ");
        put(to, rule->name);
        put(to, "\n");
        put(to, rule->explanation);
        put(to, "\n.Pp\n");
        assert_int_equal(rule_condition(to, rule), 0);
        put(to, ".\n");
        put_outcome(to, rule);
    }
    put(to, ".El\n");
}

/* --- the page
 * ------------------------------------------------------------------------------ */

static void the_manual_has_the_rules_of_the_table(void **state)
{
    static const struct manual manual = {
        .path = "contrib/man/sesbounced-policy.7",
        .begin = "/test_policy_manual`\n",
        .end = ".\\\" end of rules\n",
        .write = "POLICY_MANUAL_WRITE",
        .write_with = "build/unit/policy/test_policy_manual",
    };
    _cleanup_(buf_done) struct buf rules = {.max = MANUAL_BYTES_MAX};

    (void)state;
    put_rules(&rules);
    manual_check(&manual, buf_str(&rules));
}

static void each_rule_has_a_name_of_its_own_and_one_sentence(void **state)
{
    (void)state;
    const struct policy_rule *rule;
    const struct policy_rule *other;

    for (size_t i = 0; (rule = policy_rule_at(i)); i++) {
        struct str sentence = str_of(rule->explanation);
        assert_true(sentence.len > 0 && sentence.len <= EXPLANATION_BYTES_MAX);
        assert_true(sentence.data[0] >= 'A' && sentence.data[0] <= 'Z');
        assert_true(str_ends_with(sentence, STR(".")));
        assert_null(strstr(rule->explanation, ". "));
        for (size_t j = 0; j < i && (other = policy_rule_at(j)); j++)
            assert_string_not_equal(rule->name, other->name);
    }
    assert_null(policy_rule_at(SIZE_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manual_has_the_rules_of_the_table),
        cmocka_unit_test(each_rule_has_a_name_of_its_own_and_one_sentence),
    };
    return cmocka_run_group_tests_name("policy_manual", tests, NULL, NULL);
}

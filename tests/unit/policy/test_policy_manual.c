/*
 * The section RULES of sesbounced-policy(7) is made from the table of the policy, and is
 * checked in. POLICY_MANUAL_WRITE=1 rewrites it, to be read before it is committed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/policy.h"
#include "sesbounce/rule_text.h"

#define MANUAL         "contrib/man/sesbounced-policy.7"
#define FILE_BYTES_MAX (256 * 1024)
#define BEGIN          "/test_policy_manual`\n"
#define END            ".\\\" end of rules\n"
/* A sentence that `why` shows in a line or two. */
#define EXPLANATION_BYTES_MAX 180

static void put(struct buf *to, const char *text)
{
    assert_int_equal(buf_append_str(to, str_of(text)), 0);
}

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

static void read_manual(struct buf *ret)
{
    char chunk[4096];
    size_t got;
    _cleanup_(fclosep) FILE *file = fopen(MANUAL, "re");

    assert_non_null(file); /* run from the top of the repository */
    while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
        assert_int_equal(buf_append(ret, chunk, got), 0);
}

static void write_manual(struct str before, struct str rules, struct str behind)
{
    _cleanup_(fclosep) FILE *file = fopen(MANUAL, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(before.data, 1, before.len, file), before.len);
    assert_int_equal(fwrite(rules.data, 1, rules.len, file), rules.len);
    assert_int_equal(fwrite(behind.data, 1, behind.len, file), behind.len);
}

static void the_manual_has_the_rules_of_the_table(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf manual;
    _cleanup_(buf_done) struct buf rules;

    buf_init(&manual, FILE_BYTES_MAX);
    buf_init(&rules, FILE_BYTES_MAX);
    read_manual(&manual);
    put_rules(&rules);
    const char *begin = strstr(manual.data, BEGIN);
    const char *end = strstr(manual.data, END);
    assert_true(begin && end && begin < end);
    begin += sizeof(BEGIN) - 1;

    struct str there = {begin, (size_t)(end - begin)};
    struct str before = {manual.data, (size_t)(begin - manual.data)};
    struct str behind = {end, manual.len - before.len - there.len};
    if (getenv("POLICY_MANUAL_WRITE"))
        write_manual(before, buf_str(&rules), behind);
    else if (!str_equal(there, buf_str(&rules)))
        fail_msg(MANUAL " differs from the table; type: POLICY_MANUAL_WRITE=1 "
                        "build/unit/policy/test_policy_manual");
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

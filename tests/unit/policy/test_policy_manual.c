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

#include "policy/policy_diagnosis.h"
#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/policy.h"

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

static void put_subject(struct buf *to, const struct policy_rule *rule)
{
    static const char *const types[] = {
        [SES_OTHER] = "Bounce or Complaint", [SES_BOUNCE] = "Bounce",
        [SES_COMPLAINT] = "Complaint",       [SES_DELIVERY] = "Delivery",
        [SES_SUBSCRIPTION] = "Subscription",
    };
    static const char *const bounces[] = {"", ", Permanent", ", Transient",
                                          ", Undetermined"};

    put(to, rule->facts == FACT_UNREADABLE ? "Any type" : types[rule->type]);
    put(to, bounces[rule->bounce_type]);
    if (rule->subtype) {
        put(to, rule->bounce_type ? "/" : ", ");
        put(to, rule->subtype);
    }
    if (rule->feedback) {
        put(to, ", ");
        put(to, rule->feedback);
    }
}

static const char *fact_text(unsigned fact)
{
    switch ((enum policy_fact)fact) {
    case FACT_DIAGNOSTIC:
        return "a server's answer is given";
    case FACT_REFUSED:
        return "a status of 4.x.x or 5.x.x, or an SMTP answer of 4xx or 5xx";
    case FACT_TEMPORARY:
        return "a status of 4.x.x, or the action delayed";
    case FACT_GAVE_UP:
        return "status 4.4.7";
    case FACT_GONE:
        return "5.1.1, 5.1.2, 5.4.4, or the answer says no such user or domain";
    case FACT_LOCAL_POLICY:
        return "status 5.7.x";
    case FACT_OUR_AUTHENTICATION:
        return "the answer or its code names SPF, DKIM, DMARC or authentication";
    case FACT_OUR_REPUTATION:
        return "the answer or its code names a blocklist, reputation, rate limits or "
               "spam";
    case FACT_AUTOREPLY:
        return "the text is that of an automatic reply";
    case FACT_ONE_CANDIDATE:
        return "one candidate";
    case FACT_FEW_CANDIDATES:
        return "2 to 5 candidates";
    case FACT_MANY_CANDIDATES:
        return "more than 5 candidates";
    case FACT_OPT_OUT:
        return "the recipient leaves one topic or all";
    case FACT_STRANGER:
        return "an address that the mail was not sent to";
    case FACT_UNREADABLE:
        return "not a mail address";
    case FACT_ALLOWED:
        return "an address on the allow-list";
    }
    fail_msg("fact %u has no text", fact);
    return NULL;
}

static void put_condition(struct buf *to, const struct policy_rule *rule)
{
    put_subject(to, rule);
    for (unsigned fact = 1; fact <= FACT_ALLOWED; fact <<= 1)
        if (rule->facts & fact) {
            put(to, "; ");
            put(to, fact_text(fact));
        }
    put(to, ".\n");
}

static void put_effect(struct buf *to, const struct policy_outcome *outcome)
{
    static const char *const effects[] = {
        [POLICY_EFFECT_NONE] = "recorded only",
        [POLICY_EFFECT_SUPPRESS] = "",
        [POLICY_EFFECT_SOFT] = "a soft bounce",
        [POLICY_EFFECT_DOUBTFUL] = "a soft bounce; on a second day, ",
        [POLICY_EFFECT_HOLD] = "left to a person",
        [POLICY_EFFECT_LIFT] = "lifts COMPLAINT",
        [POLICY_EFFECT_RESET] = "Ends soft bounces",
    };
    const char *reason = policy_reason_word((enum policy_reason)outcome->reason);

    put(to, effects[outcome->effect]);
    if (reason)
        put(to, reason);
    if (outcome->term_ms == POLICY_FOR_EVER)
        put(to, ", permanent");
    else if (outcome->term_ms > 0)
        assert_int_equal(
            buf_printf(to, " for %d days", (int)(outcome->term_ms / CLOCK_DAY_MS)), 0);
}

static void put_outcome(struct buf *to, const struct policy_rule *rule)
{
    static const char *const flags[] = {"doubles", "permanent after a second",
                                        "never brings back, not in the rates",
                                        "not in the rates", "the sender's fault"};
    const struct policy_outcome *outcome = &rule->outcome;
    const char *class = policy_class_word((enum policy_class)outcome->class);
    const char *cause = policy_cause_word((enum policy_cause)outcome->cause);

    if (rule->type == SES_OTHER)
        put(to, "Class and cause as for a recipient; ");
    if (class)
        assert_int_equal(buf_printf(to, "Class %s; ", class), 0);
    if (cause)
        assert_int_equal(buf_printf(to, "cause %s; ", cause), 0);
    if (outcome->cause == POLICY_CAUSE_DIAGNOSED)
        put(to, "cause according to the answer; ");
    put_effect(to, outcome);
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (outcome->flags & 1U << i)
            assert_int_equal(buf_printf(to, "; %s", flags[i]), 0);
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
        put_condition(to, rule);
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

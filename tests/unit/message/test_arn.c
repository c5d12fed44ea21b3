#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "sesbounce/arn.h"
#include "sesbounce/limits.h"

static void a_topic_arn_falls_into_its_fields(void **state)
{
    (void)state;
    struct arn arn;
    assert_true(
        arn_parse(STR("arn:aws-us-gov:sns:us-gov-west-1:012345678901:a_B-9.fifo"), &arn));
    assert_true(str_equal(arn.partition, STR("aws-us-gov")));
    assert_true(str_equal(arn.region, STR("us-gov-west-1")));
    assert_true(str_equal(arn.account, STR("012345678901")));
    assert_true(str_equal(arn.topic, STR("a_B-9.fifo")));
    assert_int_equal(arn.text.len, 56);
}

static void the_regions_of_every_partition_are_known_by_their_form(void **state)
{
    (void)state;
    static const char *const regions[] = {
        "us-east-1",      "ap-southeast-3", "mx-central-1",    "cn-north-1",
        "eu-south-2",     "us-gov-west-1",  "eusc-de-east-1",  "us-iso-east-1",
        "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1", "me-central-10",
    };
    for (size_t i = 0; i < sizeof regions / sizeof regions[0]; i++) {
        char text[128];
        struct arn arn;
        (void)snprintf(text, sizeof text, "arn:aws:sns:%s:012345678901:t", regions[i]);
        if (!arn_parse(str_of(text), &arn))
            fail_msg("%s", text);
    }
}

static void what_is_not_a_topic_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "arn",
        "arn:aws:sns:us-east-1:012345678901",
        "arn:aws:sns:us-east-1:012345678901:",
        "arn:aws:sns:us-east-1:012345678901:t:b55a-subscription",
        "ARN:aws:sns:us-east-1:012345678901:t",
        "arn:AWS:sns:us-east-1:012345678901:t",
        "arn:gcp:sns:us-east-1:012345678901:t",
        "arn:aws.:sns:us-east-1:012345678901:t",
        "arn:aws:sqs:us-east-1:012345678901:t",
        "arn:aws:sns::012345678901:t",
        "arn:aws:sns:us-east-:012345678901:t",
        "arn:aws:sns:us-east-123:012345678901:t",
        "arn:aws:sns:us--east-1:012345678901:t",
        "arn:aws:sns:us-East-1:012345678901:t",
        "arn:aws:sns:useast:012345678901:t",
        "arn:aws:sns:1:012345678901:t",
        "arn:aws:sns:evil.example/us-east-1:012345678901:t",
        "arn:aws:sns:us-east-1:12345678901:t",
        "arn:aws:sns:us-east-1:0123456789012:t",
        "arn:aws:sns:us-east-1:01234567890a:t",
        "arn:aws:sns:us-east-1:012345678901:a b",
        "arn:aws:sns:us-east-1:012345678901:a/b",
        "arn:aws:sns:us-east-1:012345678901:*",
        "arn:aws:sns:us-east-1:012345678901:.fifo",
        "arn:aws:sns:us-east-1:012345678901:a.fifo.fifo",
        "arn:aws:sns:us-east-1:012345678901:t\n",
    };
    struct arn arn;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (arn_parse(str_of(texts[i]), &arn))
            fail_msg("%s was accepted", texts[i]);
    assert_false(arn_parse(STR_ABSENT, &arn));
    assert_false(arn_parse(STR("arn:aws:sns:us-east-1:012345678901:t\0"), &arn));
}

/* sns.s3-us-west-2.amazonaws.com is a bucket named "sns". */
static void a_region_that_makes_a_foreign_host_is_refused(void **state)
{
    (void)state;
    struct arn arn;
    assert_false(arn_parse(STR("arn:aws:sns:s3-us-west-2:012345678901:t"), &arn));
    assert_false(arn_parse(STR("arn:aws:sns:s3:012345678901:t"), &arn));
    assert_false(arn_parse(STR("arn:aws:sns:elb:012345678901:t"), &arn));
}

static void a_topic_name_has_at_most_256_characters(void **state)
{
    (void)state;
    char text[400];
    struct arn arn;
    int len = snprintf(text, sizeof text, "arn:aws:sns:us-east-1:012345678901:%0256d", 0);
    assert_true(arn_parse((struct str){text, (size_t)len}, &arn));
    len = snprintf(text, sizeof text, "arn:aws:sns:us-east-1:012345678901:%0257d", 0);
    assert_false(arn_parse((struct str){text, (size_t)len}, &arn));
}

static void a_pattern_may_hold_stars_in_region_and_name(void **state)
{
    (void)state;
    static const char *const good[] = {
        "arn:aws:sns:us-east-1:012345678901:t",
        "arn:aws:sns:*:012345678901:t",
        "arn:aws:sns:eu-*:012345678901:ses-*",
        "arn:*:sns:*:012345678901:*",
        "arn:aws:sns:us-east-1:012345678901:*-bounces.fifo",
    };
    static const char *const bad[] = {
        "*",
        "",
        "arn:aws:sns:*",
        "arn:aws*:sns:us-east-1:012345678901:t",
        "arn:aws:*:us-east-1:012345678901:t",
        "*:aws:sns:us-east-1:012345678901:t",
        "arn:aws:sns:us-east-1:0123:t",
        "arn:aws:sns:us-est:012345678901:t",
        "arn:aws:sns:us-east-1:012345678901:t:*",
        "arn:aws:sns:us-east-1:012345678901:t ?*",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!arn_pattern_is_valid(str_of(good[i])))
            fail_msg("%s was refused", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (arn_pattern_is_valid(str_of(bad[i])))
            fail_msg("%s was accepted", bad[i]);
    assert_false(arn_pattern_is_valid(STR_ABSENT));
}

static void a_star_in_the_account_is_never_a_pattern(void **state)
{
    (void)state;
    static const char *const open[] = {
        "arn:aws:sns:us-east-1:*:ses-bounces", "arn:aws:sns:us-east-1:01234567890*:t",
        "arn:aws:sns:us-east-1:*1:t",          "arn:*:sns:*:*:*",
        "arn:aws:sns:us-east-1:0123*8901:t",   "arn:aws:sns:us-east-1:012345678901*:t",
        "arn:aws:sns:us-east-1:**:t",
    };
    struct arn arn;
    assert_true(arn_parse(STR("arn:aws:sns:us-east-1:012345678901:t"), &arn));
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++)
        if (arn_pattern_is_valid(str_of(open[i])) ||
            !arn_pattern_is_for_any_account(str_of(open[i])) ||
            arn_matches(&arn, str_of(open[i])))
            fail_msg("%s was accepted", open[i]);
    assert_false(arn_pattern_is_for_any_account(STR("arn:aws:sns:*:012345678901:*")));
    assert_false(arn_pattern_is_for_any_account(STR("*")));
    assert_false(arn_pattern_is_for_any_account(STR_ABSENT));
}

static void a_star_matches_any_run_but_never_a_colon(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        bool matches;
    } cases[] = {
        {"arn:aws:sns:eu-west-1:012345678901:ses-bounces", true},
        {"arn:aws:sns:eu-west-1:012345678901:*", true},
        {"arn:aws:sns:eu-west-1:012345678901:ses-*", true},
        {"arn:aws:sns:eu-west-1:012345678901:*bounces*", true},
        {"arn:aws:sns:eu-west-1:012345678901:*s*s*s", true},
        {"arn:aws:sns:eu-*:*:ses-bounces", false},
        {"arn:*:sns:*:012345678901:**", true},
        {"arn:aws:sns:eu-west-1:012345678901:ses-bounce", false},
        {"arn:aws:sns:eu-west-1:012345678901:ses-bounces-2", false},
        {"arn:aws:sns:eu-west-1:012345678901:*bounce", false},
        {"arn:aws:sns:eu-west-1:012345678901:SES-bounces", false},
        {"arn:aws:sns:eu-west-1:112345678901:*", false},
        {"arn:aws:sns:us-*:012345678901:*", false},
        {"arn:aws-cn:sns:*:012345678901:*", false},
        {"arn:aws:sns:*:ses-bounces", false},
        {"arn:aws:sns:*", false},
        {"*", false},
    };
    struct arn arn;
    assert_true(arn_parse(STR("arn:aws:sns:eu-west-1:012345678901:ses-bounces"), &arn));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (arn_matches(&arn, str_of(cases[i].pattern)) != cases[i].matches)
            fail_msg("%s", cases[i].pattern);
    assert_false(arn_matches(&arn, STR_ABSENT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topic_arn_falls_into_its_fields),
        cmocka_unit_test(the_regions_of_every_partition_are_known_by_their_form),
        cmocka_unit_test(what_is_not_a_topic_is_refused),
        cmocka_unit_test(a_region_that_makes_a_foreign_host_is_refused),
        cmocka_unit_test(a_topic_name_has_at_most_256_characters),
        cmocka_unit_test(a_pattern_may_hold_stars_in_region_and_name),
        cmocka_unit_test(a_star_in_the_account_is_never_a_pattern),
        cmocka_unit_test(a_star_matches_any_run_but_never_a_colon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sesbounce/authentic.h"

#define URL "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-00.pem"

static enum verdict check(struct str version, struct str url)
{
    const struct sns_message message = {.signature_version = version,
                                        .signing_cert_url = url};
    const struct authentic_rules rules = {STR_ABSENT, 2};
    struct sns_cert_url cut;
    struct arn topic;
    assert_true(arn_parse(STR("arn:aws:sns:eu-west-1:123456789012:ses"), &topic));
    return authentic_check(&message, &topic, &rules, &cut);
}

static void the_version_is_judged_before_the_url(void **state)
{
    (void)state;
    assert_int_equal(check(STR("1"), STR("http://x/")), VERDICT_SIGNATURE_VERSION);
    assert_int_equal(check(STR("2"), STR("http://x/")), VERDICT_CERTIFICATE_URL);
    assert_int_equal(check(STR("2"), STR(URL)), VERDICT_NONE);
    assert_int_equal(check(STR("3"), STR(URL)), VERDICT_SIGNATURE_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_version_is_judged_before_the_url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

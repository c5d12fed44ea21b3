#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sesbounce/cleanup.h"
#include "sesbounce/sns_url.h"

#define FILE_NAME "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"

static struct arn topic_in(const char *partition, const char *region)
{
    static char text[ARN_BYTES_MAX];
    struct arn arn;
    int len =
        snprintf(text, sizeof text, "arn:%s:sns:%s:012345678901:t", partition, region);
    assert_true(arn_parse((struct str){text, (size_t)len}, &arn));
    return arn;
}

static void each_partition_has_its_endpoint(void **state)
{
    (void)state;
    static const struct {
        const char *partition, *region, *origin;
    } cases[] = {
        {"aws", "eu-west-1", "https://sns.eu-west-1.amazonaws.com"},
        {"aws-cn", "cn-north-1", "https://sns.cn-north-1.amazonaws.com.cn"},
        {"aws-us-gov", "us-gov-west-1", "https://sns.us-gov-west-1.amazonaws.com"},
        {"aws-eusc", "eusc-de-east-1", "https://sns.eusc-de-east-1.amazonaws.eu"},
        {"aws-iso", "us-iso-east-1", "https://sns.us-iso-east-1.c2s.ic.gov"},
        {"aws-iso-b", "us-isob-east-1", "https://sns.us-isob-east-1.sc2s.sgov.gov"},
        {"aws-iso-e", "eu-isoe-west-1", "https://sns.eu-isoe-west-1.cloud.adc-e.uk"},
        {"aws-iso-f", "us-isof-south-1", "https://sns.us-isof-south-1.csp.hci.ic.gov"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arn topic = topic_in(cases[i].partition, cases[i].region);
        struct sns_origin origin;
        assert_int_equal(sns_url_origin(&topic, STR_ABSENT, &origin), 0);
        assert_string_equal(origin.text, cases[i].origin);
        assert_int_equal(sns_url_origin(&topic, STR("auto"), &origin), 0);
        assert_string_equal(origin.text, cases[i].origin);
    }
}

static void an_unknown_partition_needs_a_configured_endpoint(void **state)
{
    (void)state;
    struct arn topic = topic_in("aws-new", "xx-west-1");
    struct sns_origin origin;
    assert_int_equal(sns_url_origin(&topic, STR("auto"), &origin), -EINVAL);
    assert_int_equal(sns_url_origin(&topic, STR("https://sns.{region}.new"), &origin), 0);
    assert_string_equal(origin.text, "https://sns.xx-west-1.new");
}

static void a_configured_endpoint_is_filled_in(void **state)
{
    (void)state;
    struct arn topic = topic_in("aws", "eu-west-1");
    struct sns_origin origin;
    assert_int_equal(
        sns_url_origin(&topic, STR("https://vpce-1.sns.{region}.vpce.example"), &origin),
        0);
    assert_string_equal(origin.text, "https://vpce-1.sns.eu-west-1.vpce.example");
    assert_int_equal(sns_url_origin(&topic, STR("http://127.0.0.1:4566"), &origin), 0);
    assert_string_equal(origin.text, "http://127.0.0.1:4566");
}

static void an_endpoint_is_an_origin_and_http_only_on_loopback(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "auto",
        "https://sns.example.com",
        "https://sns.{region}.example.com:8443",
        "https://[fd00::1]:8443",
        "http://localhost:4566",
        "http://127.0.0.1",
        "http://127.9.8.7:1",
        "http://[::1]:65535",
    };
    static const char *const bad[] = {
        "sns.example.com",
        "ftp://sns.example.com",
        "HTTPS://sns.example.com",
        "https://",
        "https://SNS.example.com",
        "https://sns.example.com/",
        "https://sns.example.com:443/",
        "https://sns.example.com/path",
        "https://user@sns.example.com",
        "https://sns.example.com?x",
        "https://sns.example.com#x",
        "https://sns.example.com:",
        "https://sns.example.com:0",
        "https://sns.example.com:65536",
        "https://sns.example.com:80x",
        "https://{region}.{region}.example.com",
        "https://sns.{Region}.example.com",
        "https://[fd00::1",
        "https://[fd00::1]x",
        "https://.example.com",
        "http://sns.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.256",
        "http://127.0.0",
        "http://10.0.0.1:4566",
        "http://{region}",
        " https://sns.example.com",
    };
    const char *fault;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (sns_url_check_endpoint(str_of(good[i]), &fault) != 0)
            fail_msg("%s: %s", good[i], fault);
    assert_int_equal(sns_url_check_endpoint(STR_ABSENT, &fault), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fault = NULL;
        if (sns_url_check_endpoint(str_of(bad[i]), &fault) != -EINVAL || !fault)
            fail_msg("%s was accepted", bad[i]);
    }
}

static void the_longest_region_fits_into_any_endpoint_that_was_accepted(void **state)
{
    (void)state;
    const char *fault;
    char text[400];
    struct sns_origin origin;
    struct arn topic = topic_in("aws", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1");
    assert_int_equal(topic.region.len, ARN_REGION_BYTES_MAX);
    for (int pad = 200; pad < 300; pad++) {
        int len = snprintf(text, sizeof text, "https://{region}%0*d", pad, 0);
        struct str endpoint = {text, (size_t)len};
        int accepted = sns_url_check_endpoint(endpoint, &fault);
        assert_int_equal(sns_url_origin(&topic, endpoint, &origin), accepted);
    }
}

static void the_certificate_of_the_topics_region_may_be_asked_for(void **state)
{
    (void)state;
    struct arn topic = topic_in("aws", "eu-west-1");
    struct sns_cert_url url;
    assert_true(sns_url_certificate(STR("https://sns.eu-west-1.amazonaws.com/" FILE_NAME),
                                    &topic, STR_ABSENT, &url));
    assert_true(str_equal(url.host, STR("sns.eu-west-1.amazonaws.com")));
    assert_true(str_equal(url.file, STR(FILE_NAME)));
    assert_true(
        sns_url_certificate(STR("https://sns.eu-west-1.amazonaws.com:443/" FILE_NAME),
                            &topic, STR("auto"), &url));
    assert_true(str_equal(url.host, STR("sns.eu-west-1.amazonaws.com")));
    topic = topic_in("aws-cn", "cn-north-1");
    assert_true(sns_url_certificate(
        STR("https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0.pem"),
        &topic, STR_ABSENT, &url));
}

/* Complaint 2 of the users of comparable software, and every hole that was ever found. */
static void nothing_else_may_be_asked_for(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "",
        "x",
        "https://",
        "https:///" FILE_NAME,
        "http://sns.eu-west-1.amazonaws.com/" FILE_NAME,
        "HTTPS://sns.eu-west-1.amazonaws.com/" FILE_NAME,
        "https://sns.us-east-1.amazonaws.com/" FILE_NAME,
        "https://sns.s3-us-west-2.amazonaws.com/" FILE_NAME,
        "https://SNS.eu-west-1.amazonaws.com/" FILE_NAME,
        "https://sns.eu-west-1.amazonaws.com./" FILE_NAME,
        "https://sns.eu-west-1.amazonaws.com.cn/" FILE_NAME,
        "https://sns.eu-west-1.amazonaws.com.evil.example/" FILE_NAME,
        "https://evil.example/sns.eu-west-1.amazonaws.com/" FILE_NAME,
        "https://user@sns.eu-west-1.amazonaws.com/" FILE_NAME,
        "https://sns.eu-west-1.amazonaws.com@evil.example/" FILE_NAME,
        "https://sns.eu-west-1.amazonaws.com:8443/" FILE_NAME,
        "https://sns.eu-west-1.amazonaws.com:/" FILE_NAME,
        "https://sns.eu-west-1.amazonaws.com:0443/" FILE_NAME,
        "https://sns.eu-west-1.amazonaws.com:443:443/" FILE_NAME,
        "https://sns.eu-west-1.amazonaws.com\\@evil.example/" FILE_NAME,
        "https://sns%2Eeu-west-1.amazonaws.com/" FILE_NAME,
        "https://sns.eu-west-1.amazonaws.com//" FILE_NAME,
        "https://sns.eu-west-1.amazonaws.com/x/" FILE_NAME,
        "https://sns.eu-west-1.amazonaws.com/../" FILE_NAME,
        "https://sns.eu-west-1.amazonaws.com/" FILE_NAME "?x=1",
        "https://sns.eu-west-1.amazonaws.com/" FILE_NAME "#x",
        "https://sns.eu-west-1.amazonaws.com/" FILE_NAME "/",
        "https://sns.eu-west-1.amazonaws.com/" FILE_NAME "\n",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0ABC.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0g.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.PEM",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService.pem",
        "https://sns.eu-west-1.amazonaws.com/"
        "?Action=ConfirmSubscription&x=/SimpleNotificationService-0.pem",
        "https://127.0.0.1/" FILE_NAME,
        " https://sns.eu-west-1.amazonaws.com/" FILE_NAME,
    };
    struct arn topic = topic_in("aws", "eu-west-1");
    struct sns_cert_url url;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
        if (sns_url_certificate(str_of(urls[i]), &topic, STR_ABSENT, &url))
            fail_msg("%s was accepted", urls[i]);
    assert_false(sns_url_certificate(STR_ABSENT, &topic, STR_ABSENT, &url));
    assert_false(
        sns_url_certificate(STR("https://sns.eu-west-1.amazonaws.com\0/" FILE_NAME),
                            &topic, STR_ABSENT, &url));
}

static void the_hex_has_a_bound(void **state)
{
    (void)state;
    struct arn topic = topic_in("aws", "eu-west-1");
    struct sns_cert_url url;
    for (int digits = 1; digits < 300; digits++) {
        char text[600];
        int len = snprintf(text, sizeof text,
                           "https://sns.eu-west-1.amazonaws.com/"
                           "SimpleNotificationService-%0*d.pem",
                           digits, 0);
        assert_int_equal(sns_url_certificate((struct str){text, (size_t)len}, &topic,
                                             STR_ABSENT, &url),
                         digits <= SNS_CERT_HEX_MAX);
    }
}

static void the_configured_endpoint_may_be_named_too(void **state)
{
    (void)state;
    struct arn topic = topic_in("aws", "eu-west-1");
    struct sns_cert_url url;
    struct str endpoint = STR("http://127.0.0.1:4566");
    assert_true(sns_url_certificate(STR("http://127.0.0.1:4566/" FILE_NAME), &topic,
                                    endpoint, &url));
    assert_true(str_equal(url.host, STR("127.0.0.1:4566")));
    assert_true(sns_url_certificate(STR("https://sns.eu-west-1.amazonaws.com/" FILE_NAME),
                                    &topic, endpoint, &url));
    assert_false(sns_url_certificate(STR("https://127.0.0.1:4566/" FILE_NAME), &topic,
                                     endpoint, &url));
    assert_false(sns_url_certificate(STR("http://127.0.0.1:4567/" FILE_NAME), &topic,
                                     endpoint, &url));
    assert_false(
        sns_url_certificate(STR("http://127.0.0.1/" FILE_NAME), &topic, endpoint, &url));
    assert_false(
        sns_url_certificate(STR("http://127.0.0.1:4566/x.pem"), &topic, endpoint, &url));
    endpoint = STR("https://sns.{region}.example.com");
    assert_true(sns_url_certificate(
        STR("https://sns.eu-west-1.example.com:443/" FILE_NAME), &topic, endpoint, &url));
    assert_true(str_equal(url.host, STR("sns.eu-west-1.example.com")));
    assert_false(sns_url_certificate(STR("https://sns.us-east-1.example.com/" FILE_NAME),
                                     &topic, endpoint, &url));
    endpoint = STR("https://[fd00::1]:8443");
    assert_true(sns_url_certificate(STR("https://[fd00::1]:8443/" FILE_NAME), &topic,
                                    endpoint, &url));
    assert_true(str_equal(url.host, STR("[fd00::1]:8443")));
}

static void a_confirmation_is_built_and_encoded(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf buf;
    struct sns_origin origin = {"https://sns.eu-west-1.amazonaws.com"};
    buf_init(&buf, 1000);
    assert_int_equal(sns_url_confirmation(&origin,
                                          STR("arn:aws:sns:eu-west-1:012345678901:a_b-c"),
                                          STR("aZ09-._~&Action=x/\xff%+"), &buf),
                     0);
    assert_string_equal(
        buf.data,
        "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn="
        "arn%3Aaws%3Asns%3Aeu-west-1%3A012345678901%3Aa_b-c"
        "&Token=aZ09-._~%26Action%3Dx%2F%FF%25%2B");
}

static void a_confirmation_that_does_not_fit_leaves_nothing_behind(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf buf;
    struct sns_origin origin = {"https://sns.eu-west-1.amazonaws.com"};
    buf_init(&buf, 100);
    assert_int_equal(buf_append_str(&buf, STR("GET ")), 0);
    assert_int_equal(
        sns_url_confirmation(&origin, STR("arn:aws:sns:x"), STR("token"), &buf), -E2BIG);
    assert_string_equal(buf.data, "GET ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_partition_has_its_endpoint),
        cmocka_unit_test(an_unknown_partition_needs_a_configured_endpoint),
        cmocka_unit_test(a_configured_endpoint_is_filled_in),
        cmocka_unit_test(an_endpoint_is_an_origin_and_http_only_on_loopback),
        cmocka_unit_test(the_longest_region_fits_into_any_endpoint_that_was_accepted),
        cmocka_unit_test(the_certificate_of_the_topics_region_may_be_asked_for),
        cmocka_unit_test(nothing_else_may_be_asked_for),
        cmocka_unit_test(the_hex_has_a_bound),
        cmocka_unit_test(the_configured_endpoint_may_be_named_too),
        cmocka_unit_test(a_confirmation_is_built_and_encoded),
        cmocka_unit_test(a_confirmation_that_does_not_fit_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

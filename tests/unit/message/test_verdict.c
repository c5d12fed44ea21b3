#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sesbounce/verdict.h"

#define FOR_EACH_VERDICT(v) for (int v = 0; v < VERDICT_COUNT; v++)

static const struct verdict_info *info(int verdict)
{
    return verdict_info((enum verdict)verdict);
}

static void every_verdict_has_a_name_of_its_own(void **state)
{
    (void)state;
    FOR_EACH_VERDICT(a)
    {
        assert_non_null(info(a)->name);
        assert_true(strlen(info(a)->name) > 0);
        assert_int_equal(strspn(info(a)->name, "abcdefghijklmnopqrstuvwxyz-"),
                         strlen(info(a)->name));
        FOR_EACH_VERDICT(b)
        {
            if (a != b)
                assert_string_not_equal(info(a)->name, info(b)->name);
        }
    }
}

static void every_body_is_one_line_of_plain_text(void **state)
{
    (void)state;
    FOR_EACH_VERDICT(v)
    {
        const char *body = info(v)->body;
        assert_non_null(body);
        assert_true(strlen(body) > 1);
        assert_ptr_equal(strchr(body, '\n'), body + strlen(body) - 1);
        for (const char *c = body; *c != '\n'; c++)
            if (*c < ' ' || *c > '~')
                fail_msg("%s: not printable ASCII", info(v)->name);
    }
}

static void every_status_is_one_of_the_contract(void **state)
{
    (void)state;
    static const unsigned statuses[] = {200, 400, 401, 403, 404, 405, 413, 503};
    FOR_EACH_VERDICT(v)
    {
        size_t i = 0;
        while (i < 8 && statuses[i] != info(v)->http_status)
            i++;
        assert_true(i < 8);
    }
}

/* A 4xx is final for SNS: what may be good later must not get one. */
static void what_cannot_be_decided_now_is_never_a_4xx(void **state)
{
    (void)state;
    static const enum verdict later[] = {VERDICT_NONE,      VERDICT_NO_CERTIFICATE,
                                         VERDICT_STORE,     VERDICT_BUSY,
                                         VERDICT_NO_MEMORY, VERDICT_STOPPING};
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        assert_int_equal(verdict_info(later[i])->http_status, 503);
        assert_false(verdict_is_kept(later[i]));
    }
}

static void only_the_kept_ones_are_200(void **state)
{
    (void)state;
    FOR_EACH_VERDICT(v)
    {
        bool kept = v >= VERDICT_STORED && v <= VERDICT_UNSUBSCRIBED;
        assert_int_equal(verdict_is_kept((enum verdict)v), kept);
        assert_int_equal(info(v)->http_status == 200, kept);
    }
}

static void refusals_are_seen_and_retries_are_quiet(void **state)
{
    (void)state;
    FOR_EACH_VERDICT(v)
    {
        /* SNS's first request never has credentials: that does not refuse it yet. */
        if (info(v)->http_status >= 400 && info(v)->http_status < 500 &&
            v != VERDICT_NO_CREDENTIALS)
            assert_int_equal(info(v)->level, LOG_LEVEL_WARNING);
    }
    assert_int_equal(info(VERDICT_STORED)->level, LOG_LEVEL_INFO);
    assert_int_equal(info(VERDICT_DUPLICATE)->level, LOG_LEVEL_DEBUG);
    assert_int_equal(info(VERDICT_UNSUBSCRIBED)->level, LOG_LEVEL_WARNING);
}

/* Complaints 4 and 5 of the users of comparable software: say what to do. */
static void what_an_operator_can_repair_names_the_remedy(void **state)
{
    (void)state;
    assert_non_null(
        strstr(info(VERDICT_RAW_DELIVERY)->body, "aws sns set-subscription-attributes"));
    assert_non_null(
        strstr(info(VERDICT_RAW_DELIVERY)->body,
               "--attribute-name RawMessageDelivery --attribute-value false"));
    assert_non_null(strstr(info(VERDICT_METHOD)->body, "aws sns subscribe"));
    assert_non_null(strstr(info(VERDICT_CREDENTIALS)->body, "credentials_file"));
    assert_non_null(strstr(info(VERDICT_PENDING)->body, "sesbouncectl topics confirm"));
}

static void every_403_has_the_same_body(void **state)
{
    (void)state;
    FOR_EACH_VERDICT(v)
    {
        if (info(v)->http_status == 403)
            assert_string_equal(info(v)->body, info(VERDICT_TOPIC_REFUSED)->body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verdict_has_a_name_of_its_own),
        cmocka_unit_test(every_body_is_one_line_of_plain_text),
        cmocka_unit_test(every_status_is_one_of_the_contract),
        cmocka_unit_test(what_cannot_be_decided_now_is_never_a_4xx),
        cmocka_unit_test(only_the_kept_ones_are_200),
        cmocka_unit_test(refusals_are_seen_and_retries_are_quiet),
        cmocka_unit_test(what_an_operator_can_repair_names_the_remedy),
        cmocka_unit_test(every_403_has_the_same_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/page_private.h"
#include "sesbounce/cleanup.h"

static void assert_prose(const char *in, const char *want)
{
    _cleanup_(buf_done) struct buf buf = {.max = 1000};
    struct html html = {.to = &buf};

    page_prose(&html, str_of(in));
    assert_int_equal(html.fault, 0);
    assert_string_equal(buf_str(&buf).data, want);
}

static void what_is_to_be_typed_is_code(void **state)
{
    (void)state;
    assert_prose("one: 1; type: sesbouncectl held",
                 "one: 1; type: <code>sesbouncectl held</code>");
    assert_prose("type: a (it says why), then b",
                 "type: <code>a</code> (it says why), then b");
    assert_prose("type: a; then: b 'c'",
                 "type: <code>a</code>; then: <code>b &#39;c&#39;</code>");
    assert_prose("only `x y` ends it", "only <code>x y</code> ends it");
    assert_prose("Type: a", "Type: <code>a</code>");
    assert_prose("gone: sesbouncectl a b", "gone: <code>sesbouncectl a b</code>");
    assert_prose("type: ", "type: ");
    assert_prose("one ` and type:", "one ` and type:");
    assert_prose("two `` and", "two `` and");
}

static void a_time_is_one_for_people_and_for_programs(void **state)
{
    (void)state;
    assert_prose(
        "since 2026-03-07T06:05:04.321Z, permanently",
        "since <time datetime=\"2026-03-07T06:05:04.321Z\">7 Mar 2026 06:05</time>, "
        "permanently");
    assert_prose("2026-03-07T06:05", "2026-03-07T06:05");
    assert_prose("12026-03-07T06:05:04.321", "12026-03-07T06:05:04.321");
}

static void nothing_else_is_markup(void **state)
{
    (void)state;
    assert_prose("<b>`<i>`</b>; type: <u>",
                 "&lt;b&gt;<code>&lt;i&gt;</code>&lt;/b&gt;; type: "
                 "<code>&lt;u&gt;</code>");
    assert_prose("", "");
}

static void an_address_leads_to_its_story(void **state)
{
    _cleanup_(buf_done) struct buf buf = {.max = 1000};
    struct html html = {.to = &buf};

    (void)state;
    page_address(&html, STR("\"a\"@b.example"), STR("x"));
    assert_string_equal(buf.data,
                        "<button class=\"address\" form=\"why\" name=\"address\" "
                        "value=\"&quot;a&quot;@b.example\">&quot;a&quot;@b.example"
                        "</button>");
    buf_clear(&buf);
    page_address(&html, STR_ABSENT, STR("<x>"));
    assert_string_equal(buf.data, "<span class=\"quiet\">&lt;x&gt;</span>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_to_be_typed_is_code),
        cmocka_unit_test(a_time_is_one_for_people_and_for_programs),
        cmocka_unit_test(nothing_else_is_markup),
        cmocka_unit_test(an_address_leads_to_its_story),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

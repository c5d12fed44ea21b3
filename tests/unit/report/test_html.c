#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sesbounce/cleanup.h"
#include "sesbounce/clock.h"
#include "sesbounce/html.h"

static void assert_text(struct str in, const char *want)
{
    _cleanup_(buf_done) struct buf buf = {.max = 1000};
    struct html html = {.to = &buf};

    html_text(&html, in);
    assert_int_equal(html.fault, 0);
    assert_string_equal(buf_str(&buf).data, want);
}

static void no_text_is_markup(void **state)
{
    (void)state;
    assert_text(STR("<script>alert(1)</script>"),
                "&lt;script&gt;alert(1)&lt;/script&gt;");
    assert_text(STR("\" onclick=\"x"), "&quot; onclick=&quot;x");
    assert_text(STR("' onclick='x"), "&#39; onclick=&#39;x");
    assert_text(STR("&lt;b&gt; &#60;"), "&amp;lt;b&amp;gt; &amp;#60;");
    assert_text(STR("]]><!--</title>"), "]]&gt;&lt;!--&lt;/title&gt;");
}

static void what_is_harmful_or_no_text_is_replaced(void **state)
{
    (void)state;
    assert_text(STR("a\0b\x1b\x7f"), "a\xef\xbf\xbd"
                                     "b\xef\xbf\xbd\xef\xbf\xbd");
    assert_text(STR("\xe2\x80\xaegnp.exe"), "\xef\xbf\xbdgnp.exe");
    /* An overlong <, half a character, half a surrogate pair. */
    assert_text(STR("\xc0\xbc"), "\xef\xbf\xbd\xef\xbf\xbd");
    assert_text(STR("\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd");
    assert_text(STR("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    assert_text(STR("gr\xc3\xbc\xc3\x9f\n\tdich \xf0\x9f\x93\xa7"),
                "gr\xc3\xbc\xc3\x9f\n\tdich \xf0\x9f\x93\xa7");
    assert_text(STR(""), "");
}

static void a_template_has_its_texts_escaped_in_their_order(void **state)
{
    _cleanup_(buf_done) struct buf buf = {.max = 1000};
    struct html html = {.to = &buf};

    (void)state;
    html_fill(&html, "<a title=\"@\">@</a>", STR("\"><"), STR("a@b"));
    html_put(&html, "<br>@");
    assert_string_equal(buf.data, "<a title=\"&quot;&gt;&lt;\">a@b</a><br>@");
}

static void numbers_and_times(void **state)
{
    _cleanup_(buf_done) struct buf buf = {.max = 1000};
    struct html html = {.to = &buf};
    int64_t ms;

    (void)state;
    assert_int_equal(clock_parse(STR("2026-03-07T06:05:04.321Z"), &ms), 0);
    html_fill(&html, "@ @ @ @ @", html_number(&html, 0), html_number(&html, 999),
              html_number(&html, 1000), html_number(&html, -1234567),
              html_plain(&html, 1234567));
    html_fill(&html, "|@|@|@|@|@", html_decimal(&html, 2.345, 1), html_day(&html, ms),
              html_date(&html, ms), html_minute(&html, ms), html_day(&html, CLOCK_NONE));
    assert_string_equal(buf.data, "0 999 1,000 -1,234,567 1234567"
                                  "|2.3|7 Mar|7 Mar 2026 06:05|7 Mar 06:05|?");
    buf_clear(&buf);
    html_put_time(&html, ms);
    assert_string_equal(buf.data,
                        "<time datetime=\"2026-03-07T06:05:04.321Z\">7 Mar 06:05</time>");
}

static void nothing_is_written_behind_a_fault(void **state)
{
    _cleanup_(buf_done) struct buf buf = {.max = 4};
    struct html html = {.to = &buf};

    (void)state;
    html_put(&html, "<br>");
    html_put(&html, "<br>");
    assert_int_not_equal(html.fault, 0);
    buf_clear(&buf);
    html_put(&html, "x");
    assert_int_equal(buf.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_text_is_markup),
        cmocka_unit_test(what_is_harmful_or_no_text_is_replaced),
        cmocka_unit_test(a_template_has_its_texts_escaped_in_their_order),
        cmocka_unit_test(numbers_and_times),
        cmocka_unit_test(nothing_is_written_behind_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

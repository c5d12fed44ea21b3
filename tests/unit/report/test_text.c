#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sesbounce/cleanup.h"
#include "sesbounce/text.h"

static void neutral(struct str in, bool keep_lines, const char *want)
{
    _cleanup_(buf_done) struct buf buf;
    buf_init(&buf, 1000);
    assert_int_equal(text_neutral(&buf, in, keep_lines), 0);
    assert_string_equal(buf_str(&buf).data, want);
}

static void nothing_can_drive_a_terminal(void **state)
{
    (void)state;
    neutral(STR("\x1b[31mred\x07\x7f"), false, "?[31mred??");
    neutral(STR("a\r\nb\tc\0d"), false, "a??b?c?d");
    neutral(STR("csi \xc2\x9b"
                "31m"),
            false, "csi ?31m");
    neutral(STR("\xe2\x80\xaegnp.exe"), false, "?gnp.exe");
    neutral(STR("\xe2\x81\xa6"), false, "?");
    neutral(STR("\xff\xc3"), false, "??");
    neutral(STR("gr\xc3\xbc\xc3\x9f dich \xe2\x82\xac \xf0\x9f\x93\xa7"), false,
            "gr\xc3\xbc\xc3\x9f dich \xe2\x82\xac \xf0\x9f\x93\xa7");
}

static void lines_stay_only_where_asked_for(void **state)
{
    (void)state;
    neutral(STR("a\n\tb\x1b"), true, "a\n\tb?");
}

static void width_counts_characters_and_a_cut_never_splits_one(void **state)
{
    (void)state;
    assert_int_equal(text_width(STR("gr\xc3\xbc\xc3\x9f")), 4);
    struct str cut = text_prefix(STR("gr\xc3\xbc\xc3\x9f"), 3);
    assert_int_equal(cut.len, 4);
    assert_int_equal(text_prefix(STR("ab"), 3).len, 2);
    assert_int_equal(text_prefix(STR("ab"), 0).len, 0);
}

static void json(struct str in, const char *want)
{
    _cleanup_(buf_done) struct buf buf;
    buf_init(&buf, 1000);
    assert_int_equal(text_json(&buf, in), 0);
    assert_string_equal(buf_str(&buf).data, want);
}

static void json_strings_stay_on_one_line_and_are_utf8(void **state)
{
    (void)state;
    json(STR(""), "\"\"");
    json(STR("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    json(STR("l1\nl2\r\tx\0\x1b"), "\"l1\\nl2\\r\\tx\\u0000\\u001b\"");
    json(STR("\xff\xc3\xbc"), "\"\xef\xbf\xbd\xc3\xbc\"");
    json(STR("\xe2\x80\xa8\xe2\x80\xa9\xc2\x85"), "\"\\u2028\\u2029\\u0085\"");
}

static void csv(struct str in, struct str want)
{
    _cleanup_(buf_done) struct buf buf;
    buf_init(&buf, 1000);
    assert_int_equal(text_csv(&buf, in), 0);
    assert_int_equal(buf.len, want.len);
    assert_memory_equal(buf_str(&buf).data, want.data, want.len);
}

static void csv_quotes_what_rfc_4180_says_and_keeps_bytes(void **state)
{
    (void)state;
    csv(STR("plain text"), STR("plain text"));
    csv(STR("a,b"), STR("\"a,b\""));
    csv(STR("say \"x\""), STR("\"say \"\"x\"\"\""));
    csv(STR("two\r\nlines\xff\0"), STR("\"two\r\nlines\xff\0\""));
    csv(STR("=1+1"), STR("=1+1"));
}

static void no_cell_of_any_locale_begins_with_a_formula(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"smtp;=HYPERLINK(\"x\")", "smtp;'=HYPERLINK(\"x\")"},
        {"smtp; 550 5.1.1 <a@b.example>; -x", "smtp; 550 5.1.1 <a@b.example>; '-x"},
        {"a;;\t+1;@x;-2", "a;;\t'+1;'@x;'-2"},
        {"a; \"=1", "a; \"'=1"},
        {"a\n=1\r\n=2", "a\n'=1\r\n'=2"},
        {"a;\xef\xbc\x9d", "a;'\xef\xbc\x9d"},
        {"a;b=1; c-d", "a;b=1; c-d"},
        {";", ";"},
        {"=1;=1", "'=1;'=1"},
        {"\t=1", "'\t'=1"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        _cleanup_(buf_done) struct buf buf;
        buf_init(&buf, 100);
        assert_int_equal(text_no_formula(&buf, str_of(cases[i][0])), 0);
        assert_string_equal(buf_str(&buf).data, cases[i][1]);
    }
}

static void a_shell_reads_the_word_back(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"a.b+c@example.com", "a.b+c@example.com"},
        {"o'hara@example.com", "'o'\\''hara@example.com'"},
        {"$(x)@example.com", "'$(x)@example.com'"},
        {"", "''"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        _cleanup_(buf_done) struct buf buf;
        buf_init(&buf, 100);
        assert_int_equal(text_shell(&buf, str_of(cases[i][0])), 0);
        assert_string_equal(buf_str(&buf).data, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_can_drive_a_terminal),
        cmocka_unit_test(lines_stay_only_where_asked_for),
        cmocka_unit_test(width_counts_characters_and_a_cut_never_splits_one),
        cmocka_unit_test(json_strings_stay_on_one_line_and_are_utf8),
        cmocka_unit_test(csv_quotes_what_rfc_4180_says_and_keeps_bytes),
        cmocka_unit_test(no_cell_of_any_locale_begins_with_a_formula),
        cmocka_unit_test(a_shell_reads_the_word_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

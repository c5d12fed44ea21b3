#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "daemon/page_groups.h"

static void assert_diagnostic(const char *in, const char *want)
{
    char text[PAGE_NAME_BYTES];
    struct str found = page_diagnostic(str_of(in), text);

    assert_string_equal(text, want);
    assert_int_equal(found.len, strlen(want));
}

static void what_differs_from_mail_to_mail_is_left_out(void **state)
{
    (void)state;
    assert_diagnostic("smtp; 550 5.1.1 user unknown", "550 5.1.1 user unknown");
    assert_diagnostic("SMTP;550  5.1.1\tuser", "550 5.1.1\tuser");
    assert_diagnostic("smtp; 550 <ann@mail.example>: unknown",
                      "550 \xe2\x80\xa6 unknown");
    assert_diagnostic("554 5.7.1 ab12-2002cd0034 ann@a.example",
                      "554 5.7.1 \xe2\x80\xa6");
    assert_diagnostic("421 4.7.515 later", "421 4.7.515 later");
    assert_diagnostic("x-unix; no", "x-unix; no");
    assert_diagnostic("  ", "");
    assert_diagnostic("", "");
}

static void a_long_one_is_cut_between_characters(void **state)
{
    char text[PAGE_NAME_BYTES], in[4 * PAGE_NAME_BYTES];

    (void)state;
    for (size_t i = 0; i + 2 < sizeof(in); i += 2)
        memcpy(in + i, "\xc3\xbc", 3);
    struct str found = page_diagnostic(str_of(in), text);

    assert_true(found.len >= PAGE_NAME_BYTES - 2 && found.len < PAGE_NAME_BYTES);
    assert_true(str_is_utf8(found));
}

static void the_most_frequent_come_first(void **state)
{
    static struct page_groups groups;

    (void)state;
    page_groups_add(&groups, STR("b"), PAGE_HARD);
    page_groups_add(&groups, STR("a"), PAGE_SOFT);
    page_groups_add(&groups, STR("c"), PAGE_HARD);
    page_groups_add(&groups, STR("c"), PAGE_COMPLAINT);
    page_groups_sort(&groups);
    assert_int_equal(groups.count, 3);
    assert_string_equal(groups.list[0].name, "c");
    assert_int_equal(groups.list[0].count[PAGE_HARD], 1);
    assert_int_equal(groups.list[0].count[PAGE_COMPLAINT], 1);
    assert_int_equal(groups.list[0].total, 2);
    assert_string_equal(groups.list[1].name, "a");
    assert_string_equal(groups.list[2].name, "b");
}

static void their_number_is_bounded(void **state)
{
    static struct page_groups groups;
    char name[16];

    (void)state;
    for (int i = 0; i < 2 * PAGE_GROUPS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "%d", i);
        page_groups_add(&groups, str_of(name), PAGE_HARD);
    }
    assert_int_equal(groups.count, PAGE_GROUPS_MAX);
    page_groups_add(&groups, STR("0"), PAGE_HARD);
    assert_int_equal(groups.list[0].total, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_differs_from_mail_to_mail_is_left_out),
        cmocka_unit_test(a_long_one_is_cut_between_characters),
        cmocka_unit_test(the_most_frequent_come_first),
        cmocka_unit_test(their_number_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "sesbounce/cleanup.h"
#include "sesbounce/str.h"

static void absent_equals_only_absent(void **state)
{
    (void)state;
    assert_true(str_equal(STR_ABSENT, STR_ABSENT));
    assert_false(str_equal(STR_ABSENT, STR("")));
    assert_false(str_equal_nocase(STR(""), STR_ABSENT));
    assert_true(str_equal(STR(""), STR("")));
    assert_false(str_present(str_of(NULL)));
    assert_true(str_present(str_of("")));
}

static void nul_does_not_end_a_text(void **state)
{
    (void)state;
    assert_false(str_equal(STR("a\0b"), STR("a\0c")));
    assert_true(str_equal(STR("a\0b"), STR("a\0b")));
    assert_false(str_equal(STR("a"), STR("a\0")));
}

static void case_is_ignored_for_ascii_only(void **state)
{
    (void)state;
    assert_true(str_equal_nocase(STR("Bounce@EXAMPLE.com"), STR("bounce@example.COM")));
    assert_false(str_equal(STR("A"), STR("a")));
    assert_false(str_equal_nocase(STR("\xc3\x84"), STR("\xc3\xa4")));
    assert_false(str_equal_nocase(STR("@["), STR("`{")));
}

static void prefix_and_suffix_may_be_the_whole(void **state)
{
    (void)state;
    assert_true(str_starts_with(STR("arn:aws"), STR("arn:")));
    assert_true(str_starts_with(STR("arn:"), STR("arn:")));
    assert_false(str_starts_with(STR("arn"), STR("arn:")));
    assert_true(str_ends_with(STR("x.pem"), STR(".pem")));
    assert_true(str_ends_with(STR(".pem"), STR(".pem")));
    assert_false(str_ends_with(STR("pem"), STR(".pem")));
    assert_false(str_ends_with(STR("x.pem "), STR(".pem")));
}

static void a_prefix_is_taken_off_where_it_stands(void **state)
{
    (void)state;
    struct str rest = STR("https://x");
    assert_true(str_take_prefix(&rest, STR("https://")));
    assert_true(str_equal(rest, STR("x")));
    assert_false(str_take_prefix(&rest, STR("xy")));
    assert_true(str_equal(rest, STR("x")));
    assert_true(str_take_prefix(&rest, STR("x")));
    assert_true(str_present(rest));
    rest = STR_ABSENT;
    assert_false(str_take_prefix(&rest, STR("")));
}

static void a_byte_is_found_where_it_is_first(void **state)
{
    (void)state;
    struct str text = STR("a:b:\0");
    assert_ptr_equal(str_find(text, ':'), text.data + 1);
    assert_ptr_equal(str_find(text, '\0'), text.data + 4);
    assert_null(str_find(text, 'c'));
    assert_null(str_find(STR_ABSENT, 'c'));
    assert_true(str_equal(str_skip(text, 2), STR("b:\0")));
    assert_true(str_all(STR("0123"), ascii_is_digit));
    assert_true(str_all(STR_ABSENT, ascii_is_digit));
    assert_false(str_all(STR("01-3"), ascii_is_digit));
    assert_false(str_all(STR("012\0"), ascii_is_digit));
}

static void a_word_is_spelled_as_in_the_list(void **state)
{
    (void)state;
    static const char *const known[] = {"NoEmail", "General", NULL};
    assert_true(str_equal(str_spelled(STR("gENERAL"), known), STR("General")));
    assert_true(str_equal(str_spelled(STR("Generals"), known), STR("Generals")));
    assert_false(str_present(str_spelled(STR_ABSENT, known)));
}

static void trim_takes_blanks_from_both_ends_only(void **state)
{
    (void)state;
    assert_true(str_equal(str_trim(STR(" \t\r\na b\n")), STR("a b")));
    assert_true(str_equal(str_trim(STR(" \n ")), STR("")));
    assert_true(str_equal(str_trim(STR("\vx\v")), STR("\vx\v")));
    assert_false(str_present(str_trim(STR_ABSENT)));
}

static void split_gives_every_part_even_empty_ones(void **state)
{
    (void)state;
    struct str rest = STR(":a::b:"), part;
    const struct str expected[] = {STR(""), STR("a"), STR(""), STR("b"), STR("")};
    for (size_t i = 0; i < 5; i++) {
        assert_true(str_split(&rest, ':', &part));
        assert_true(str_equal(part, expected[i]));
    }
    assert_false(str_split(&rest, ':', &part));
    rest = STR("");
    assert_true(str_split(&rest, ':', &part));
    assert_true(str_equal(part, STR("")));
    assert_false(str_split(&rest, ':', &part));
}

static void numbers_are_digits_within_a_maximum(void **state)
{
    (void)state;
    uint64_t value = 42;
    assert_int_equal(str_to_u64(STR("0"), 0, &value), 0);
    assert_int_equal(value, 0);
    assert_int_equal(str_to_u64(STR("18446744073709551615"), UINT64_MAX, &value), 0);
    assert_true(value == UINT64_MAX);
    assert_int_equal(str_to_u64(STR("18446744073709551616"), UINT64_MAX, &value),
                     -ERANGE);
    assert_int_equal(str_to_u64(STR("99999999999999999999999"), UINT64_MAX, &value),
                     -ERANGE);
    assert_int_equal(str_to_u64(STR("5"), 3, &value), -ERANGE);
    assert_int_equal(str_to_u64(STR("11"), 10, &value), -ERANGE);
    assert_int_equal(str_to_u64(STR("10"), 10, &value), 0);
    assert_int_equal(str_to_u64(STR("0000010"), 10, &value), 0);
    assert_int_equal(value, 10);
    const struct str no_numbers[] = {STR(""),   STR("-1"),  STR("+1"), STR(" 1"),
                                     STR("1 "), STR("0x1"), STR("1a"), STR("99999a")};
    for (size_t i = 0; i < sizeof no_numbers / sizeof no_numbers[0]; i++)
        assert_int_equal(str_to_u64(no_numbers[i], 9, &value), -EINVAL);
    assert_int_equal(str_to_u64(STR_ABSENT, 9, &value), -EINVAL);
    assert_int_equal(value, 10);
}

static void a_copy_is_followed_by_nul(void **state)
{
    (void)state;
    _cleanup_(freep) char *copy = str_dup((struct str){"abcdef", 3});
    assert_string_equal(copy, "abc");
    _cleanup_(freep) char *none = str_dup(STR_ABSENT);
    assert_string_equal(none, "");
}

static void utf8_is_exactly_rfc_3629(void **state)
{
    (void)state;
    const struct str good[] = {
        STR(""),
        STR("plain ascii that is longer than one word"),
        STR("\x7f"),
        STR("\xc2\x80"),
        STR("\xdf\xbf"),
        STR("\xe0\xa0\x80"),
        STR("\xed\x9f\xbf"),
        STR("\xee\x80\x80"),
        STR("\xef\xbf\xbf"),
        STR("\xf0\x90\x80\x80"),
        STR("\xf4\x8f\xbf\xbf"),
        STR("1234567\xc3\xa4 12345678\xe2\x82\xac"),
        STR("a\0b"),
    };
    const struct str bad[] = {
        STR("\x80"),             /* continuation first */
        STR("\xc0\x80"),         /* overlong NUL */
        STR("\xc1\xbf"),         /* overlong DEL */
        STR("\xe0\x9f\xbf"),     /* overlong */
        STR("\xf0\x8f\xbf\xbf"), /* overlong */
        STR("\xed\xa0\x80"),     /* surrogate D800 */
        STR("\xed\xbf\xbf"),     /* surrogate DFFF */
        STR("\xf4\x90\x80\x80"), /* U+110000 */
        STR("\xf5\x80\x80\x80"),
        STR("\xff"),
        STR("\xc3"),         /* cut off */
        STR("\xe2\x82"),     /* cut off */
        STR("\xf0\x9f\x98"), /* cut off */
        STR("\xe2\x28\xa1"),
        STR("\xe2\x82\x28"),
        STR("\xf0\x9f\x98\x28"),
        STR("12345678901234567\xc3"),
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(str_is_utf8(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(str_is_utf8(bad[i]));
}

static void a_character_is_measured_in_bytes(void **state)
{
    (void)state;
    assert_int_equal(str_utf8_sequence(STR("ab")), 1);
    assert_int_equal(str_utf8_sequence(STR("\xe2\x82\xac\xff")), 3);
    assert_int_equal(str_utf8_sequence(STR("\xff")), 0);
    assert_int_equal(str_utf8_sequence(STR("")), 0);
}

static void what_a_terminal_obeys_is_harmful(void **state)
{
    (void)state;
    assert_true(str_character_is_harmful(STR("\x1b")));
    assert_true(str_character_is_harmful(STR("\x7f")));
    assert_true(str_character_is_harmful(STR("\xc2\x9b")));      /* CSI */
    assert_true(str_character_is_harmful(STR("\xe2\x80\xa8")));  /* line separator */
    assert_true(str_character_is_harmful(STR("\xe2\x80\xae")));  /* right to left */
    assert_true(str_character_is_harmful(STR("\xd8\x9c")));      /* U+061C */
    assert_true(str_character_is_harmful(STR("\xef\xbb\xbf")));  /* U+FEFF */
    assert_true(str_character_is_harmful(STR("\xe2\x81\xa9")));  /* U+2069 */
    assert_false(str_character_is_harmful(STR("\xe2\x80\x8d"))); /* emoji are joined */
    assert_false(str_character_is_harmful(STR("a")));
    assert_false(str_character_is_harmful(STR("\xc3\xa4")));
    assert_false(str_character_is_harmful(STR("\xf0\x9f\x93\xa7")));
}

static void what_nobody_sees_has_a_name(void **state)
{
    (void)state;
    const char *const unseen[] = {
        "\x01",
        "\t",
        "\x7f",
        "\xc2\x80",
        "\xc2\xa0",
        "\xc2\xad",
        "\xd8\x9c",
        "\xe1\xa0\x8e",
        "\xe2\x80\x80",
        "\xe2\x80\x87",
        "\xe2\x80\x8b",
        "\xe2\x80\x8c",
        "\xe2\x80\x8d",
        "\xe2\x80\x8e",
        "\xe2\x80\x8f",
        "\xe2\x80\xa8",
        "\xe2\x80\xae",
        "\xe2\x80\xaf",
        "\xe2\x81\x9f",
        "\xe2\x81\xa0",
        "\xe2\x81\xa6",
        "\xe2\x81\xaf",
        "\xe3\x80\x80",
        "\xef\xb8\x8f",
        "\xef\xbb\xbf",
        "\xef\xbe\xa0",
        "\xef\xbf\xb9",
        "\xe3\x85\xa4",
        "\xf3\xa0\x80\x81",
        "\xf3\xa0\x87\xaf",
        "\xe2\xa0\x80",
        "\xf0\x93\x90\xb0",
        "\xf0\x93\x91\x81",
        "\xf0\x96\xbf\xa4",
        "\xf0\x9d\x85\x99",
    };
    const char *const seen[] = {" ",
                                "~",
                                "a",
                                "\xc2\xa1",
                                "\xc3\xa4",
                                "\xe2\x80\x90",
                                "\xe2\x80\xb0",
                                "\xe2\x82\xac",
                                "\xe2\xa0\x81",
                                "\xf0\x93\x91\x80",
                                "\xf0\x9d\x85\x98",
                                "\xf0\x9f\x93\xa7"};
    for (size_t i = 0; i < sizeof(unseen) / sizeof(*unseen); i++)
        assert_non_null(str_character_unseen(str_of(unseen[i])));
    for (size_t i = 0; i < sizeof(seen) / sizeof(*seen); i++)
        assert_null(str_character_unseen(str_of(seen[i])));
    assert_non_null(str_character_unseen(STR("\0")));
    assert_string_equal(str_character_unseen(STR("\xe2\x80\x8b")),
                        "a zero-width character");
    assert_string_equal(str_character_unseen(STR("\xc2\xa0")), "a no-break space");
}

static void every_harmful_character_is_unseen(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 0x800; code++) {
        char text[2] = {(char)(code < 0x80 ? code : 0xc0 | code >> 6),
                        (char)(0x80 | (code & 0x3f))};
        struct str character = {text, code < 0x80 ? 1 : 2};
        bool want = code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x61c;
        assert_int_equal(str_character_is_harmful(character), want);
        assert_true(!want || str_character_unseen(character));
    }
}

static void distance_is_in_edits(void **state)
{
    (void)state;
    assert_int_equal(str_distance(STR("check"), STR("check")), 0);
    assert_int_equal(str_distance(STR("chek"), STR("check")), 1);
    assert_int_equal(str_distance(STR(""), STR("why")), 3);
    assert_int_equal(str_distance(STR("events"), STR("vents")), 1);
    assert_int_equal(str_distance(STR("kitten"), STR("sitting")), 3);
    assert_int_equal(str_distance(STR("liist"), STR("LIST")), 1);
    assert_int_equal(str_distance(STR("lsit"), STR("list")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_is_in_edits),
        cmocka_unit_test(what_nobody_sees_has_a_name),
        cmocka_unit_test(every_harmful_character_is_unseen),
        cmocka_unit_test(what_a_terminal_obeys_is_harmful),
        cmocka_unit_test(absent_equals_only_absent),
        cmocka_unit_test(nul_does_not_end_a_text),
        cmocka_unit_test(case_is_ignored_for_ascii_only),
        cmocka_unit_test(prefix_and_suffix_may_be_the_whole),
        cmocka_unit_test(a_prefix_is_taken_off_where_it_stands),
        cmocka_unit_test(a_byte_is_found_where_it_is_first),
        cmocka_unit_test(a_word_is_spelled_as_in_the_list),
        cmocka_unit_test(trim_takes_blanks_from_both_ends_only),
        cmocka_unit_test(split_gives_every_part_even_empty_ones),
        cmocka_unit_test(numbers_are_digits_within_a_maximum),
        cmocka_unit_test(a_copy_is_followed_by_nul),
        cmocka_unit_test(utf8_is_exactly_rfc_3629),
        cmocka_unit_test(a_character_is_measured_in_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

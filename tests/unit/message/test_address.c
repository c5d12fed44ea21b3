/* Addresses as SES spells them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sesbounce/address.h"

static void assert_reads(const char *text, const char *seen, const char *key)
{
    struct address address;

    if (address_parse(str_of(text), &address) != 0)
        fail_msg("not read: %s", text);
    assert_string_equal(address.seen, seen);
    assert_string_equal(address.key, key);
    assert_string_equal(address.domain, strrchr(key, '@') + 1);
}

static void assert_refuses(struct str text)
{
    struct address address;
    if (address_parse(text, &address) != -EINVAL)
        fail_msg("read as an address: %.*s", (int)text.len, text.data ? text.data : "");
}

static void the_local_part_keeps_its_case_and_the_key_loses_it(void **state)
{
    (void)state;
    assert_reads("Mary.Ann@Shop.EXAMPLE", "Mary.Ann@shop.example",
                 "mary.ann@shop.example");
}

static void names_and_blanks_around_an_address_fall_off(void **state)
{
    (void)state;
    const char *spellings[] = {
        " ann@shop.example ",
        "Ann <ann@shop.example>",
        "ann@work.example <ann@shop.example>",
        "Bee, Ann < ann@shop.example >",
        "\"Bee, ann@work.example\" <ann@shop.example>",
        "\"Ann <ann@shop.example>",
        "\"Ann <boss>\" <ann@shop.example>",
        "\"Ann \\\" <boss>\" <ann@shop.example> (work)",
        "<ann@shop.example>",
        "=?utf-8?b?w6Q=?= <ann@shop.example>",
        "\r\n\tann@shop.example",
    };
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
        assert_reads(spellings[i], "ann@shop.example", "ann@shop.example");
}

static void odd_local_parts_are_not_ours_to_judge(void **state)
{
    (void)state;
    assert_reads("ann..bee@x.example", "ann..bee@x.example", "ann..bee@x.example");
    assert_reads("ann.@x.example", "ann.@x.example", "ann.@x.example");
    assert_reads("a+tag/x=y@x.example", "a+tag/x=y@x.example", "a+tag/x=y@x.example");
    assert_reads("\"a b@c\"@x.example", "\"a b@c\"@x.example", "\"a b@c\"@x.example");
    assert_reads("\"a \\\" b\"@x.example", "\"a \\\" b\"@x.example",
                 "\"a \\\" b\"@x.example");
    assert_reads("root@localhost", "root@localhost", "root@localhost");
    assert_reads("root@[192.0.2.1]", "root@[192.0.2.1]", "root@[192.0.2.1]");
    assert_reads("root@[IPv6:2001:DB8::1]", "root@[ipv6:2001:db8::1]",
                 "root@[ipv6:2001:db8::1]");
}

static void needless_quotes_make_no_other_mailbox(void **state)
{
    (void)state;
    assert_reads("\"Ann.\"@x.example", "\"Ann.\"@x.example", "ann.@x.example");
}

static void a_needless_backslash_makes_no_other_mailbox(void **state)
{
    static const char *const cases[][2] = {
        {"\"j\\ane\"@x.example", "jane@x.example"},
        {"\"\\j\\a\\n\\E\"@x.example", "jane@x.example"},
        {"\"j\\ a\"@x.example", "\"j a\"@x.example"},
        {"\"j\\@a\"@x.example", "\"j@a\"@x.example"},
        {"\"j\\\\a\"@x.example", "\"j\\\\a\"@x.example"},
        {"\"\\j\\\"a\"@x.example", "\"j\\\"a\"@x.example"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_reads(cases[i][0], cases[i][0], cases[i][1]);
    /* what word processors write is never part of an address, whatever precedes it */
    assert_refuses(STR("\"\\\xe2\x80\x9cjane\"@x.example"));
}

static void a_dot_behind_the_domain_makes_no_other_mailbox(void **state)
{
    (void)state;
    assert_reads("ann@x.example.", "ann@x.example.", "ann@x.example");
    assert_reads("ann@x.example..", "ann@x.example..", "ann@x.example");
    /* an ideographic full stop, which IDN maps to a dot */
    assert_reads("ann@\xc3\xbc.example\xe3\x80\x82", "ann@\xc3\xbc.example\xe3\x80\x82",
                 "ann@xn--tda.example");
}

static void domains_are_compared_as_a_labels(void **state)
{
    (void)state;
    assert_reads("ann@b\xc3\xbc"
                 "cher.example",
                 "ann@b\xc3\xbc"
                 "cher.example",
                 "ann@xn--bcher-kva.example");
    assert_reads("ann@B\xc3\x9c"
                 "CHER.example",
                 "ann@b\xc3\x9c"
                 "cher.example",
                 "ann@xn--bcher-kva.example");
    assert_reads("ann@XN--BCHER-KVA.example", "ann@xn--bcher-kva.example",
                 "ann@xn--bcher-kva.example");
    /* non-transitional: sharp s is a letter of its own */
    assert_reads("ann@stra\xc3\x9f"
                 "e.example",
                 "ann@stra\xc3\x9f"
                 "e.example",
                 "ann@xn--strae-oqa.example");
}

static void a_domain_that_idn_refuses_stays_as_it_is(void **state)
{
    (void)state;
    assert_reads("ann@\xc3\xbc--\xc3\xbc-.EXAMPLE", "ann@\xc3\xbc--\xc3\xbc-.example",
                 "ann@\xc3\xbc--\xc3\xbc-.example");
}

static void a_fullwidth_at_sign_does_not_smuggle_in_a_second_domain(void **state)
{
    (void)state;
    struct address address;
    const char *text = "ann@x.example\xef\xbc\xa0y.example";

    assert_int_equal(address_parse(str_of(text), &address), 0);
    assert_ptr_equal(strchr(address.key, '@'), strrchr(address.key, '@'));
}

static void what_is_not_a_single_address_is_refused(void **state)
{
    (void)state;
    const char *texts[] = {
        "",
        " ",
        "@",
        "ann",
        "ann@",
        "@x.example",
        "ann@.",
        "ann@.example",
        "the user ann at x.example",
        "mail to ann@x.example failed",
        "ann@x.example, bob@x.example",
        "ann@x.example;bob@x.example",
        "ann@x.example bob@x.example",
        "ann@bob@x.example",
        "Ann <ann@x.example>, Bob <bob@x.example>",
        "ann@x.example, Bob <bob@x.example>",
        "<ann@x.example",
        "ann bee@x.example",
        "\"ann@x.example",
        "<>",
        "Ann <>",
        "<recipient address>",
        "ann@x\x7f.example",
        "ann@x.\xff.example",
        "\"ann\nbee\"@x.example",
        "\"\"@x.example",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_refuses(str_of(texts[i]));
    assert_refuses(STR_ABSENT);
    assert_refuses(STR("ann\0@x.example"));
    assert_refuses(STR("ann@x.example\0.evil.example"));
}

/* --- what people give */

static void assert_fault(struct str text, const char *want)
{
    struct address address;
    char fault[ADDRESS_FAULT_BYTES];

    assert_int_equal(address_read(text, &address, fault), -EINVAL);
    assert_string_equal(fault, want);
}

static void a_character_that_nobody_sees_is_named_with_its_place(void **state)
{
    (void)state;
    assert_fault(STR("jane\xe2\x80\x8b@x.example"),
                 "it contains U+200B after 'jane' (a zero-width character)");
    assert_fault(STR("jane@x.example\xe2\xa0\x80"),
                 "it contains U+2800 after 'jane@x.example' (a blank character)");
    assert_fault(STR("\xef\xbb\xbfjane@x.example"),
                 "it begins with U+FEFF (a byte order mark)");
    assert_fault(STR("jane@x.example\xc2\xa0"),
                 "it contains U+00A0 after 'jane@x.example' (a no-break space)");
    assert_fault(STR("jane@x.ex\xd8\x9c"
                     "ample"),
                 "it contains U+061C after 'jane@x.ex' (a bidirectional control "
                 "character)");
    assert_fault(STR("Jane\xe2\x80\x8d <jane@x.example>"),
                 "it contains U+200D after 'Jane' (a zero-width character)");
    assert_fault(STR("ja\0ne@x.example"),
                 "it contains U+0000 after 'ja' (a control character)");
    assert_fault(STR("Jane\tDoe <jane@x.example>"),
                 "it contains U+0009 after 'Jane' (a control character)");
    assert_fault(STR("\"a\xf3\xa0\x81\x81\"@x.example"),
                 "it contains U+E0041 after '\"a' (a zero-width character)");
    assert_fault(STR("jos\xe9@x.example"),
                 "it contains the byte 0xE9 after 'jos' (not UTF-8)");
    assert_fault(STR("0123456789012345678901234567890123456789\xc3\xa4\xe2\x80\x8b"),
                 "it contains U+200B after '…23456789012345678901234567890123456789"
                 "\xc3\xa4' (a zero-width character)");
}

static void quotation_marks_left_around_an_address_are_named(void **state)
{
    (void)state;
    const char *texts[] = {
        "'jane@x.example'",
        "\"jane@x.example\"",
        "`jane@x.example`",
        "\xe2\x80\x9cjane@x.example\xe2\x80\x9d",
        "\xe2\x80\x98jane@x.example\xe2\x80\x99",
        "\xe2\x80\x9ejane@x.example\xe2\x80\x9c",
        "\xc2\xabjane@x.example\xc2\xbb",
        "'Jane <jane@x.example>'",
        "\"Jane <jane@x.example>\"",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct address address;
        char fault[ADDRESS_FAULT_BYTES];
        assert_int_equal(address_read(str_of(texts[i]), &address, fault), -EINVAL);
        assert_non_null(strstr(fault, "quotation marks"));
    }
}

static void quotation_marks_that_belong_to_it_stay(void **state)
{
    (void)state;
    struct address address;
    char fault[ADDRESS_FAULT_BYTES];

    assert_int_equal(address_read(STR("\"john doe\"@x.example"), &address, fault), 0);
    assert_string_equal(address.key, "\"john doe\"@x.example");
    assert_int_equal(address_read(STR("o'hara@x.example"), &address, fault), 0);
    assert_int_equal(address_read(STR("'Jane' <jane@x.example>"), &address, fault), 0);
    assert_int_equal(address_read(STR(" \t jane@x.example\r\n"), &address, fault), 0);
    assert_string_equal(address.key, "jane@x.example");
    assert_int_equal(address_read(STR("\"a<b\"@x.example"), &address, fault), 0);
}

static void what_people_give_is_one_address_alone(void **state)
{
    (void)state;
    assert_fault(STR("a <a@x.example>, b <b@x.example>"),
                 "it is not of the form jane@example.com");
    assert_fault(STR("jane@work.example <jane@x.example>"),
                 "it is not of the form jane@example.com");
    assert_fault(STR("Jane <jane@x.example>, Bob"),
                 "it is not of the form jane@example.com");
    assert_fault(STR("jane"), "there is no @ in it");
    assert_fault(STR("  "), "it is empty");
    assert_fault(STR_ABSENT, "it is empty");
}

static void what_ses_reports_is_not_an_address_with_an_invisible_character(void **state)
{
    (void)state;
    assert_refuses(STR("jane\xe2\x80\x8b@x.example"));
    assert_refuses(STR("jane@ex\xc2\xad"
                       "ample.example"));
    assert_refuses(STR("\xef\xbb\xbfjane@x.example"));
    assert_refuses(STR("\"a\xc2\xa0 b\"@x.example"));
    assert_refuses(STR("jane\xef\xbf\xbd@x.example")); /* whose a character was lost */
    assert_refuses(STR("'jane@x.example'"));
    assert_refuses(STR("\xe2\x80\x9cjane@x.example\xe2\x80\x9d"));
    assert_refuses(STR("jane@x.example\xe2\x80\x9d"));
    assert_refuses(STR("\"jane\xe2\x80\x9d\"@x.example"));
    /* a name is for people: theirs may join what it likes */
    assert_reads("Jane\xe2\x80\x8d <jane@x.example>", "jane@x.example", "jane@x.example");
    assert_reads("'jane@x.example", "'jane@x.example", "'jane@x.example");
}

static void what_is_too_long_is_refused_and_not_cut(void **state)
{
    (void)state;
    char text[ADDRESS_BYTES_MAX + 1];
    struct address address;

    memset(text, 'a', sizeof(text));
    memcpy(text + 200, "@", 1);
    assert_int_equal(address_parse((struct str){text, ADDRESS_BYTES_MAX - 1}, &address),
                     0);
    assert_int_equal(strlen(address.key), ADDRESS_BYTES_MAX - 1);
    assert_refuses((struct str){text, ADDRESS_BYTES_MAX});
}

static void the_simulator_is_known_by_its_domain(void **state)
{
    (void)state;
    struct address address;

    assert_int_equal(address_parse(STR("Bounce+1@Simulator.AmazonSES.com"), &address), 0);
    assert_true(address_is_simulator(&address));
    assert_int_equal(address_parse(STR("a@x.simulator.amazonses.com"), &address), 0);
    assert_false(address_is_simulator(&address));
}

static void a_copy_points_into_itself(void **state)
{
    (void)state;
    struct address one;
    struct address two;

    assert_int_equal(address_parse(STR("Ann@x.example"), &one), 0);
    address_copy(&two, &one);
    memset(&one, 0, sizeof(one));
    assert_string_equal(two.seen, "Ann@x.example");
    assert_string_equal(two.key, "ann@x.example");
    assert_ptr_equal(two.domain, two.key + 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_character_that_nobody_sees_is_named_with_its_place),
        cmocka_unit_test(quotation_marks_left_around_an_address_are_named),
        cmocka_unit_test(quotation_marks_that_belong_to_it_stay),
        cmocka_unit_test(what_people_give_is_one_address_alone),
        cmocka_unit_test(what_ses_reports_is_not_an_address_with_an_invisible_character),
        cmocka_unit_test(a_copy_points_into_itself),
        cmocka_unit_test(the_local_part_keeps_its_case_and_the_key_loses_it),
        cmocka_unit_test(names_and_blanks_around_an_address_fall_off),
        cmocka_unit_test(odd_local_parts_are_not_ours_to_judge),
        cmocka_unit_test(needless_quotes_make_no_other_mailbox),
        cmocka_unit_test(a_needless_backslash_makes_no_other_mailbox),
        cmocka_unit_test(a_dot_behind_the_domain_makes_no_other_mailbox),
        cmocka_unit_test(domains_are_compared_as_a_labels),
        cmocka_unit_test(a_domain_that_idn_refuses_stays_as_it_is),
        cmocka_unit_test(a_fullwidth_at_sign_does_not_smuggle_in_a_second_domain),
        cmocka_unit_test(what_is_not_a_single_address_is_refused),
        cmocka_unit_test(what_is_too_long_is_refused_and_not_cut),
        cmocka_unit_test(the_simulator_is_known_by_its_domain),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}

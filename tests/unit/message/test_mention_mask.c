/* Addresses in texts, masked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sesbounce/mention.h"

static void assert_masked(const char *text, bool is_quoted_whole, const char *expected)
{
    struct buf ret;

    buf_init(&ret, 4096);
    assert_int_equal(mention_mask(str_of(text), is_quoted_whole, &ret), 0);
    assert_string_equal(buf_str(&ret).data, expected);
    buf_done(&ret);
}

static void an_address_keeps_its_first_character_and_its_domain(void **state)
{
    (void)state;
    assert_masked("jane.doe@example.com", true, "j***@example.com");
    assert_masked("j@example.com", true, "j***@example.com");
    assert_masked("", true, "");
    assert_masked("no address", true, "no address");
    assert_masked("\xc3\xbc"
                  "ber@example.com",
                  true, "\xc3\xbc***@example.com");
    assert_masked("\xff"
                  "ber@example.com",
                  true, "***@example.com");
}

static void it_is_found_within_a_text_however_often(void **state)
{
    (void)state;
    assert_masked("550 5.1.1 <jane@a.example>: no user; rcpt=bob+tag@b.example", true,
                  "550 5.1.1 <j***@a.example>: no user; r***@b.example");
    assert_masked("mailto:jane@a.example,joe@a.example", true,
                  "mailto:j***@a.example,j***@a.example");
    assert_masked("jane=a.example@bounce.example", true, "j***@bounce.example");
    assert_masked("a@b@c", true, "a***@b***@c");
    assert_masked("@example.com @", true, "@example.com @");
}

static void a_quoted_local_part_is_masked_whole_but_not_in_json(void **state)
{
    (void)state;
    assert_masked("to \"jane doe\"@example.com", true, "to \"***@example.com");
    assert_masked("\"@example.com", true, "\"@example.com");
    assert_masked("{\"a\":\"@x\",\"b\":\"jane@x\"}", false,
                  "{\"a\":\"@x\",\"b\":\"j***@x\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_keeps_its_first_character_and_its_domain),
        cmocka_unit_test(it_is_found_within_a_text_however_often),
        cmocka_unit_test(a_quoted_local_part_is_masked_whole_but_not_in_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

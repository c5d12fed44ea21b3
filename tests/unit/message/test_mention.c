#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sesbounce/cleanup.h"
#include "sesbounce/mention.h"

static void an_address_is_mentioned_whole_and_in_any_case(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "jane@x.example",
        "Jane <JANE@X.EXAMPLE>",
        "{\"Message\": \"{\\\"emailAddress\\\":\\\"jane@x.example\\\"}\"}",
        "{\"Message\": \"550\\\\njane@x.example\"}",
        "\\u003cjane@x.example\\u003e",
        "no such mailbox 'jane@x.example'.",
        "to=jane@x.example: refused",
        "mary-jane@x.example, jane@x.example",
        "We know no jane@x.example.",
    };
    static const char *const no[] = {
        "",
        "jane",
        "@x.example",
        "mary-jane@x.example",
        "m.jane@x.example",
        "jane@x.example.com",
        "jane@x.examples",
        "jane@x.example-not",
        "jane@y.example",
        "jane@x.exampl",
    };

    for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
        if (!mention_is_in(str_of(yes[i]), STR("jane@x.example")))
            fail_msg("not found in %s", yes[i]);
    for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
        if (mention_is_in(str_of(no[i]), STR("jane@x.example")))
            fail_msg("found in %s", no[i]);
    assert_false(mention_is_in(STR_ABSENT, STR("jane@x.example")));
}

static void an_escaped_character_hides_it_from_no_one(void **state)
{
    static const char *const hidden[] = {
        "jane\\u0040x.example",
        "{\"Message\":\"{\\\"to\\\":\\\"jane\\\\u0040x.example\\\"}\"}",
        "\\u006aANE@x\\u002Eexample",
        "\\u003cjane@x.example\\u003e",
        "jane@x.example",
    };
    static const char *const other[] = {
        "jane\\u0040y.example",
        "\\u0040",
        "jane\\u00",
        "jane\\u00e9@x.example",
    };
    (void)state;

    for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
        if (mention_is_hidden_in(str_of(hidden[i]), STR("jane@x.example")) != 1)
            fail_msg("not found in %s", hidden[i]);
    for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
        if (mention_is_hidden_in(str_of(other[i]), STR("jane@x.example")) != 0)
            fail_msg("found in %s", other[i]);
}

static void each_of_them_is_replaced_and_nothing_else(void **state)
{
    static const struct {
        const char *before;
        const char *after;
        size_t count;
    } cases[] = {
        {"jane@x.example", "*", 1},
        {"to Jane@X.example, jane@x.example.", "to *, *.", 2},
        {"mary-jane@x.example jane@x.example", "mary-jane@x.example *", 1},
        {"jane@y.example", "jane@y.example", 0},
        {"", "", 0},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        _cleanup_(buf_done) struct buf buf;
        size_t count = 0;

        buf_init(&buf, 100);
        assert_int_equal(mention_replace(str_of(cases[i].before), STR("jane@x.example"),
                                         STR("*"), &buf, &count),
                         0);
        assert_string_equal(buf_str(&buf).data, cases[i].after);
        assert_int_equal(count, cases[i].count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_mentioned_whole_and_in_any_case),
        cmocka_unit_test(an_escaped_character_hides_it_from_no_one),
        cmocka_unit_test(each_of_them_is_replaced_and_nothing_else),
    };

    return cmocka_run_group_tests_name("mention", tests, NULL, NULL);
}

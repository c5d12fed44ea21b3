#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "message/json_tree.h"
#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/limits.h"

static void names_are_found_at_any_depth(void **state)
{
    (void)state;
    _cleanup_(json_tree_done) struct json_tree tree;
    const struct json_value *root, *a;

    assert_int_equal(
        json_tree_read(STR(" {\"a\":{\"b\":[1,{\"c\":\"x\"},true],\"d\":\"y\"},"
                           "\"d\":null} "),
                       &tree),
        0);
    root = json_tree_root(&tree);
    a = json_tree_member(root, "a");
    assert_true(str_equal(json_tree_text(json_tree_member(a, "d")), STR("y")));
    assert_true(json_tree_is(json_tree_member(root, "d"), JSON_TREE_NULL));
    assert_null(json_tree_member(root, "b"));
    assert_true(str_equal(a->text, STR("{\"b\":[1,{\"c\":\"x\"},true],\"d\":\"y\"}")));

    const struct json_value *b = json_tree_member(a, "b");
    const struct json_value *one = json_tree_first(b);
    const struct json_value *two = json_tree_next(b, one);
    const struct json_value *three = json_tree_next(b, two);
    assert_true(json_tree_is(one, JSON_TREE_OTHER));
    assert_true(str_equal(json_tree_text(json_tree_member(two, "c")), STR("x")));
    assert_true(json_tree_is(three, JSON_TREE_TRUE));
    assert_null(json_tree_next(b, three));
}

static void the_last_of_two_members_counts(void **state)
{
    (void)state;
    _cleanup_(json_tree_done) struct json_tree tree;

    assert_int_equal(json_tree_read(STR("{\"a\":\"1\",\"a\":\"2\"}"), &tree), 0);
    assert_true(str_equal(json_tree_text(json_tree_member(json_tree_root(&tree), "a")),
                          STR("2")));
}

static void names_and_texts_are_decoded(void **state)
{
    (void)state;
    _cleanup_(json_tree_done) struct json_tree tree;
    const struct json_value *root;

    assert_int_equal(
        json_tree_read(STR("{\"\\u0061\":\"\\u0000\\ud83d\\ude00\",\"b\":\"\"}"), &tree),
        0);
    root = json_tree_root(&tree);
    assert_true(str_equal(json_tree_text(json_tree_member(root, "a")),
                          STR("\0\xf0\x9f\x98\x80")));
    assert_false(str_present(json_tree_text(json_tree_member(root, "b"))));
}

static void half_a_surrogate_pair_is_replaced(void **state)
{
    (void)state;
    static const struct {
        struct str text, decoded;
    } cases[] = {
        {STR("[\"\\ud83d\"]"), STR("\xef\xbf\xbd")},
        {STR("[\"\\ude00x\"]"), STR("\xef\xbf\xbdx")},
        {STR("[\"\\ud83dx\"]"), STR("\xef\xbf\xbdx")},
        {STR("[\"\\ud83d\\n\"]"), STR("\xef\xbf\xbd\n")},
        {STR("[\"\\ud83d\\u0041\"]"), STR("\xef\xbf\xbd"
                                          "A")},
        {STR("[\"\\ud83d\\ud83d\\ude00\"]"), STR("\xef\xbf\xbd\xf0\x9f\x98\x80")},
        {STR("[\"\\ude00\\ud83d\"]"), STR("\xef\xbf\xbd\xef\xbf\xbd")},
    };
    static const struct str faults[] = {STR("[\"\\ud83d\\u00\"]"),
                                        STR("[\"\\ud83d\\uzzzz\"]"), STR("[\"\\ud83d\\"),
                                        STR("[\"\\ud83d\\u"), STR("[\"\\ud8\"]")};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        _cleanup_(json_tree_done) struct json_tree tree;
        assert_int_equal(json_tree_read(cases[i].text, &tree), 0);
        assert_true(str_equal(json_tree_text(json_tree_first(json_tree_root(&tree))),
                              cases[i].decoded));
    }
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        _cleanup_(json_tree_done) struct json_tree tree;
        assert_int_equal(json_tree_read(faults[i], &tree), -EINVAL);
    }
}

static void nothing_holds_nothing(void **state)
{
    (void)state;
    _cleanup_(json_tree_done) struct json_tree tree;
    const struct json_value *text;

    assert_int_equal(json_tree_read(STR("[\"a\",{},[]]"), &tree), 0);
    text = json_tree_first(json_tree_root(&tree));
    assert_null(json_tree_first(NULL));
    assert_null(json_tree_next(NULL, NULL));
    assert_null(json_tree_next(json_tree_root(&tree), NULL));
    assert_null(json_tree_first(text));
    assert_null(json_tree_first(json_tree_next(json_tree_root(&tree), text)));
    assert_null(json_tree_member(NULL, "a"));
    assert_null(json_tree_member(text, "a"));
    assert_null(json_tree_member(json_tree_root(&tree), "a"));
    assert_false(str_present(json_tree_text(NULL)));
}

static void what_is_neither_object_nor_array_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",           " ",        "1",        "\"a\"",      "null",      "{",
        "[",          "{\"a\"}",  "{\"a\":}", "{\"a\":1,}", "[1,]",      "[1 2]",
        "{} {}",      "[1]x",     "{a:1}",    "[01]",       "[tru]",     "[\"\\ud8\"]",
        "[\"\xff\"]", "[\"\n\"]", "{1:2}",    "[1}",        "{\"a\":1]", "\xef\xbb\xbf{}",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        _cleanup_(json_tree_done) struct json_tree tree;

        assert_int_equal(json_tree_read(str_of(texts[i]), &tree), -EINVAL);
    }
}

/* `count` times `piece`, between `head` and `tail`. */
static int read_many(const char *head, const char *piece, size_t count, const char *tail,
                     struct json_tree *ret)
{
    _cleanup_(buf_done) struct buf text;

    buf_init(&text, 1024 * 1024);
    assert_int_equal(buf_append_str(&text, str_of(head)), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(buf_append_str(&text, str_of(piece)), 0);
    assert_int_equal(buf_append_str(&text, str_of(tail)), 0);
    return json_tree_read(buf_str(&text), ret);
}

static void values_are_bounded_and_may_outgrow_the_usual_room(void **state)
{
    (void)state;
    _cleanup_(json_tree_done) struct json_tree most, too_many;
    const struct json_value *value;
    size_t count = 0;

    assert_int_equal(read_many("[1", ",2", SES_VALUES_MAX - 2, "]", &most), 0);
    value = json_tree_first(json_tree_root(&most));
    for (; value; value = json_tree_next(json_tree_root(&most), value))
        count++;
    assert_int_equal(count, SES_VALUES_MAX - 1);
    assert_int_equal(read_many("[1", ",2", SES_VALUES_MAX - 1, "]", &too_many), -E2BIG);
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    _cleanup_(json_tree_done) struct json_tree deepest, too_deep;
    char deep[2 * SES_DEPTH_MAX + 3] = "";

    memset(deep, '[', SES_DEPTH_MAX);
    memset(deep + SES_DEPTH_MAX, ']', SES_DEPTH_MAX);
    assert_int_equal(json_tree_read(str_of(deep), &deepest), 0);
    memset(deep, '[', SES_DEPTH_MAX + 1);
    memset(deep + SES_DEPTH_MAX + 1, ']', SES_DEPTH_MAX + 1);
    assert_int_equal(json_tree_read(str_of(deep), &too_deep), -E2BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_at_any_depth),
        cmocka_unit_test(the_last_of_two_members_counts),
        cmocka_unit_test(names_and_texts_are_decoded),
        cmocka_unit_test(half_a_surrogate_pair_is_replaced),
        cmocka_unit_test(nothing_holds_nothing),
        cmocka_unit_test(what_is_neither_object_nor_array_is_refused),
        cmocka_unit_test(values_are_bounded_and_may_outgrow_the_usual_room),
        cmocka_unit_test(nesting_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

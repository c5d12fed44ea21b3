#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"

static void an_empty_buffer_lends_an_empty_text(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf buf;
    buf_init(&buf, 10);
    assert_true(str_equal(buf_str(&buf), STR("")));
    assert_null(buf_take(&buf));
}

static void content_is_always_followed_by_nul(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf buf;
    buf_init(&buf, 100000);
    for (size_t i = 0; i < 5000; i++) {
        assert_int_equal(buf_append_char(&buf, 'x'), 0);
        assert_int_equal(buf.len, i + 1);
        assert_int_equal(buf.data[buf.len], 0);
        assert_true(buf.cap > buf.len);
        assert_true(buf.cap <= buf.max + 1);
    }
    assert_int_equal(buf_append(&buf, "a\0b", 3), 0);
    assert_memory_equal(buf.data + 4999, "xa\0b", 5);
}

static void the_maximum_can_be_reached_but_not_passed(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf buf;
    buf_init(&buf, 5);
    assert_int_equal(buf_append_str(&buf, STR("abc")), 0);
    assert_int_equal(buf_append_str(&buf, STR("def")), -E2BIG);
    assert_int_equal(buf_printf(&buf, "%d", 123), -E2BIG);
    assert_int_equal(buf_append(&buf, "x", SIZE_MAX), -E2BIG);
    assert_int_equal(buf_reserve(&buf, 3), -E2BIG);
    assert_string_equal(buf.data, "abc");
    assert_int_equal(buf_append_str(&buf, STR("de")), 0);
    assert_string_equal(buf.data, "abcde");
    assert_int_equal(buf_append_char(&buf, 'f'), -E2BIG);
    assert_int_equal(buf_append_str(&buf, STR("")), 0);
    assert_int_equal(buf.cap, 6);
}

static void printf_appends_behind_what_is_there(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf buf;
    buf_init(&buf, 1000);
    assert_int_equal(buf_printf(&buf, "%s-%d", "a", 7), 0);
    assert_int_equal(buf_printf(&buf, "/%0200d", 1), 0);
    assert_int_equal(buf.len, 204);
    assert_memory_equal(buf.data, "a-7/000", 7);
    assert_int_equal(buf.data[203], '1');
    assert_int_equal(buf.data[204], 0);
}

static void clear_forgets_the_content_and_keeps_the_memory(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf buf;
    buf_init(&buf, 1000);
    assert_int_equal(buf_append_str(&buf, STR("something")), 0);
    size_t cap = buf.cap;
    buf_cut(&buf, 4);
    assert_string_equal(buf.data, "some");
    assert_int_equal(buf.len, 4);
    buf_clear(&buf);
    assert_int_equal(buf.cap, cap);
    assert_string_equal(buf.data, "");
    assert_int_equal(buf.len, 0);
}

static void reserved_room_needs_no_other_allocation(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf buf;
    buf_init(&buf, 1000);
    assert_int_equal(buf_reserve(&buf, 500), 0);
    const char *data = buf.data;
    for (int i = 0; i < 500; i++)
        assert_int_equal(buf_append_char(&buf, 'y'), 0);
    assert_ptr_equal(buf.data, data);
}

static void taken_bytes_belong_to_the_caller(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf buf;
    buf_init(&buf, 10);
    assert_int_equal(buf_append_str(&buf, STR("mine")), 0);
    _cleanup_(freep) char *mine = buf_take(&buf);
    assert_string_equal(mine, "mine");
    assert_int_equal(buf.len, 0);
    assert_int_equal(buf.max, 10);
    assert_int_equal(buf_append_str(&buf, STR("other")), 0);
    assert_string_equal(mine, "mine");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_lends_an_empty_text),
        cmocka_unit_test(content_is_always_followed_by_nul),
        cmocka_unit_test(the_maximum_can_be_reached_but_not_passed),
        cmocka_unit_test(printf_appends_behind_what_is_there),
        cmocka_unit_test(clear_forgets_the_content_and_keeps_the_memory),
        cmocka_unit_test(reserved_room_needs_no_other_allocation),
        cmocka_unit_test(taken_bytes_belong_to_the_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

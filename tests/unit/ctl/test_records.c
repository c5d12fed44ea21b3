#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/records.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/limits.h"

struct expect {
    enum records_result result;
    const char *text; /* NULL: not compared */
    uint64_t line;
};

/* The records of a file with `input` in it. */
static void cut(struct str input, const struct expect *want)
{
    char path[] = "/tmp/sesbounce-records-XXXXXX";
    _cleanup_(closep) int fd = mkstemp(path);
    struct records_input bytes;
    struct records records;
    struct str record;
    enum records_result result;
    uint64_t line;
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(write(fd, input.data, input.len), input.len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(records_input_init(&bytes, fd), 0);
    records_init(&records, &bytes);
    do {
        result = records_next(&records, &record, &line);
        assert_int_equal(result, want->result);
        if (want->text)
            assert_true(str_equal(record, str_of(want->text)));
        if (want->line)
            assert_int_equal(line, want->line);
        want++;
    } while (result != RECORDS_END);
    records_done(&records);
    records_input_done(&bytes);
}

static void a_file_can_hold_one_record_on_many_lines(void **state)
{
    (void)state;
    cut(STR("\xef\xbb\xbf\n {\n \"a\": [1, {}]\n}\n"),
        (struct expect[]){{RECORDS_ONE, "{\n \"a\": [1, {}]\n}", 2},
                          {RECORDS_END, NULL, 0}});
}

static void records_stand_on_lines_or_one_behind_the_other(void **state)
{
    (void)state;
    cut(STR("{\"a\":1}\r\n{\"b\":2}{\"c\":3} {\"d\":4}"),
        (struct expect[]){{RECORDS_ONE, "{\"a\":1}", 1},
                          {RECORDS_ONE, "{\"b\":2}", 2},
                          {RECORDS_ONE, "{\"c\":3}", 2},
                          {RECORDS_ONE, "{\"d\":4}", 2},
                          {RECORDS_END, NULL, 0}});
}

static void brackets_and_quotes_inside_strings_are_text(void **state)
{
    (void)state;
    cut(STR("{\"a\":\"}{\\\"}\\\\\"}{\"b\":\"[\"}"),
        (struct expect[]){{RECORDS_ONE, "{\"a\":\"}{\\\"}\\\\\"}", 1},
                          {RECORDS_ONE, "{\"b\":\"[\"}", 1},
                          {RECORDS_END, NULL, 0}});
}

static void a_damaged_line_does_not_take_the_next_one_along(void **state)
{
    (void)state;
    cut(STR("{\"a\":\"cut of\n{\"b\":2}\njunk {\n{\"c\":3}\n"),
        (struct expect[]){{RECORDS_ONE, "{\"a\":\"cut of", 1},
                          {RECORDS_ONE, "{\"b\":2}", 2},
                          {RECORDS_ONE, "junk {", 3},
                          {RECORDS_ONE, "{\"c\":3}", 4},
                          {RECORDS_END, NULL, 0}});
}

static void an_end_in_the_middle_is_noticed(void **state)
{
    (void)state;
    cut(STR("{\"a\":1}\n{\"b\":"), (struct expect[]){{RECORDS_ONE, "{\"a\":1}", 1},
                                                     {RECORDS_CUT_OFF, NULL, 2},
                                                     {RECORDS_END, NULL, 0}});
}

static void nothing_but_blanks_is_not_a_record(void **state)
{
    (void)state;
    cut(STR(""), (struct expect[]){{RECORDS_END, NULL, 0}});
    cut(STR(" \n\r\n\t"), (struct expect[]){{RECORDS_END, NULL, 0}});
}

static void too_large_a_record_is_passed_over_without_keeping_it(void **state)
{
    (void)state;
    const size_t size = SNS_ENVELOPE_BYTES_MAX + 100;
    _cleanup_(freep) char *text = malloc(size + 10);
    assert_non_null(text);
    memset(text, 'x', size);
    memcpy(text, "{\"a\":\"", 6);
    memcpy(text + size - 2, "\"}", 2);
    memcpy(text + size, "{\"b\":2}", 7);
    cut((struct str){text, size + 7}, (struct expect[]){{RECORDS_TOO_LARGE, NULL, 1},
                                                        {RECORDS_ONE, "{\"b\":2}", 1},
                                                        {RECORDS_END, NULL, 0}});
}

static void each_element_of_an_array_is_a_record(void **state)
{
    (void)state;
    cut(STR("[{\"a\":1},\n {\"b\":[2,{}]} , \"}]\\\"\", 12\n, null, [3]]{\"c\":3}"),
        (struct expect[]){{RECORDS_ONE, "{\"a\":1}", 1},
                          {RECORDS_ONE, "{\"b\":[2,{}]}", 2},
                          {RECORDS_ONE, "\"}]\\\"\"", 2},
                          {RECORDS_ONE, "12", 2},
                          {RECORDS_ONE, "null", 3},
                          {RECORDS_ONE, "[3]", 3},
                          {RECORDS_ONE, "{\"c\":3}", 3},
                          {RECORDS_END, NULL, 0}});
    cut(STR("[]"), (struct expect[]){{RECORDS_END, NULL, 0}});
}

static void a_container_is_peeled_off(void **state)
{
    (void)state;
    const struct expect two[] = {{RECORDS_ONE, "{\"a\":\"]\"}", 0},
                                 {RECORDS_ONE, "{\"Messages\":[1]}", 0},
                                 {RECORDS_ONE, "{\"c\":3}", 0},
                                 {RECORDS_END, NULL, 0}};
    cut(STR("{\n \"Messages\": [\n{\"a\":\"]\"},\n{\"Messages\":[1]}]}\n{\"c\":3}"), two);
    cut(STR("{\"x\":[{}],\"Records\" :[{\"a\":\"]\"},{\"Messages\":[1]}], \"y\":\"}\","
            "\"z\":{\"Records\":[7]}}{\"c\":3}"),
        two);
}

static void what_is_only_named_like_a_container_is_a_record(void **state)
{
    (void)state;
    static const char *const records[] = {
        "{\"Records\":{\"a\":[1]}}",
        "{\"a\":{\"Records\":[1]}}",
        "{\"a\":\"Records\",\"b\":[1]}",
        "{\"RecordsOfLastYearAndMore\":[1]}",
    };
    for (size_t i = 0; i < sizeof(records) / sizeof(*records); i++)
        cut(str_of(records[i]),
            (struct expect[]){{RECORDS_ONE, records[i], 1}, {RECORDS_END, NULL, 0}});
}

static void a_container_without_its_end_is_noticed(void **state)
{
    (void)state;
    static const char *const inputs[] = {"[{\"a\":1}",
                                         "[{\"a\":1},",
                                         "[{\"a\":1}, {\"b\"",
                                         "{\"Records\":[{\"a\":1}",
                                         "{\"Records\":[{\"a\":1}]",
                                         "{\"Records\":[{\"a\":1}],\"x\":1"};
    for (size_t i = 0; i < sizeof(inputs) / sizeof(*inputs); i++)
        cut(str_of(inputs[i]), (struct expect[]){{RECORDS_ONE, "{\"a\":1}", 1},
                                                 {RECORDS_CUT_OFF, NULL, 0},
                                                 {RECORDS_END, NULL, 0}});
}

static void after_damage_in_a_container_whole_lines_are_read_again(void **state)
{
    (void)state;
    cut(STR("[{\"a\":\"cut of\n{\"b\":2}\n"),
        (struct expect[]){{RECORDS_ONE, "{\"a\":\"cut of", 1},
                          {RECORDS_ONE, "{\"b\":2}", 2},
                          {RECORDS_END, NULL, 0}});
    cut(STR("[{\"a\":1}}\n{\"b\":2}\n"), (struct expect[]){{RECORDS_ONE, "{\"a\":1}", 1},
                                                           {RECORDS_ONE, "{\"b\":2}", 2},
                                                           {RECORDS_END, NULL, 0}});
}

static void a_text_ends_where_an_object_follows_it(void **state)
{
    (void)state;
    cut(STR("Successfully validated.{\"a\":1}Done.{\"b\":2}\nx {\"c\":3}\n"),
        (struct expect[]){{RECORDS_ONE, "Successfully validated.", 1},
                          {RECORDS_ONE, "{\"a\":1}", 1},
                          {RECORDS_ONE, "Done.", 1},
                          {RECORDS_ONE, "{\"b\":2}", 1},
                          {RECORDS_ONE, "x {\"c\":3}", 2},
                          {RECORDS_END, NULL, 0}});
}

static void a_zero_byte_does_not_hold_up_the_next_record(void **state)
{
    (void)state;
    cut((struct str){"[\0,{\"a\":1}]", 11},
        (struct expect[]){{RECORDS_ONE, NULL, 1},
                          {RECORDS_ONE, "{\"a\":1}", 1},
                          {RECORDS_END, NULL, 0}});
}

/* The buffer holds one record, not the container. */
static void a_container_may_be_larger_than_any_record(void **state)
{
    (void)state;
    _cleanup_(freep) char *padding = calloc(1, SNS_ENVELOPE_BYTES_MAX);
    _cleanup_(buf_done) struct buf text = {.max = 4 * SNS_ENVELOPE_BYTES_MAX};
    assert_non_null(padding);
    memset(padding, ' ', SNS_ENVELOPE_BYTES_MAX - 1);
    assert_int_equal(buf_printf(&text, "{\"Records\":[{\"a\":1}%s,{\"a\":1}%s]%s}",
                                padding, padding, padding),
                     0);
    cut(buf_str(&text), (struct expect[]){{RECORDS_ONE, "{\"a\":1}", 1},
                                          {RECORDS_ONE, "{\"a\":1}", 1},
                                          {RECORDS_END, NULL, 0}});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_can_hold_one_record_on_many_lines),
        cmocka_unit_test(records_stand_on_lines_or_one_behind_the_other),
        cmocka_unit_test(brackets_and_quotes_inside_strings_are_text),
        cmocka_unit_test(a_damaged_line_does_not_take_the_next_one_along),
        cmocka_unit_test(an_end_in_the_middle_is_noticed),
        cmocka_unit_test(nothing_but_blanks_is_not_a_record),
        cmocka_unit_test(too_large_a_record_is_passed_over_without_keeping_it),
        cmocka_unit_test(each_element_of_an_array_is_a_record),
        cmocka_unit_test(a_container_is_peeled_off),
        cmocka_unit_test(what_is_only_named_like_a_container_is_a_record),
        cmocka_unit_test(a_container_without_its_end_is_noticed),
        cmocka_unit_test(after_damage_in_a_container_whole_lines_are_read_again),
        cmocka_unit_test(a_text_ends_where_an_object_follows_it),
        cmocka_unit_test(a_zero_byte_does_not_hold_up_the_next_record),
        cmocka_unit_test(a_container_may_be_larger_than_any_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

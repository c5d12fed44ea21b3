#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/files.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/limits.h"

struct expect {
    enum records_result result;
    const char *text; /* NULL: not compared */
    uint64_t line;
};

/* The records of `input`, in chunks that end within each of them. */
static void cut(struct str input, const struct expect *want)
{
    char path[] = "/tmp/sesbounce-records-XXXXXX";
    _cleanup_(closep) int fd = mkstemp(path);
    struct records records;
    struct str record;
    enum records_result result;
    uint64_t line;
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(write(fd, input.data, input.len), input.len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(records_init(&records, fd), 0);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sesbounce/cleanup.h"
#include "sesbounce/output.h"

static const char *const columns[] = {"id", "at", "note", NULL};

/* Prints `count` times the same row; the caller frees what came out. */
static char *print(enum output_format format, const struct store_value *row, size_t count)
{
    const struct output_columns shown = {columns, columns};
    struct buf text;
    struct output output;
    buf_init(&text, 1 << 20);
    output_init(&output, output_to_buf(&text), format, &shown);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(output_row(&output, row, 4), 0);
    assert_int_equal(output_end(&output), 0);
    output_done(&output);
    return buf_take(&text);
}

static struct store_value tags(const char *json)
{
    return (struct store_value){.name = "tags", .type = STORE_JSON, .text = str_of(json)};
}

static const struct store_value *sample(void)
{
    static struct store_value row[4];
    row[0] = output_integer("id", 7);
    row[1] = output_time("at", INT64_C(1795309323004));
    row[2] = output_str("note", STR("two\nlines, \"q\" \x1b"));
    row[3] = output_text("tags", NULL);
    return row;
}

static void a_table_is_aligned_and_harmless(void **state)
{
    (void)state;
    _cleanup_(freep) char *text = print(OUTPUT_TABLE, sample(), 2);
    assert_string_equal(text, "id  at                        note\n"
                              "7   2026-11-22T01:02:03.004Z  two?lines, \"q\" ?\n"
                              "7   2026-11-22T01:02:03.004Z  two?lines, \"q\" ?\n");
}

static void null_is_a_dash_null_and_nothing(void **state)
{
    (void)state;
    const struct store_value row[] = {output_integer("id", 1), output_text("at", NULL),
                                      output_text("note", NULL),
                                      output_text("tags", NULL)};
    _cleanup_(freep) char *table = print(OUTPUT_TABLE, row, 1);
    assert_string_equal(table, "id  at  note\n1   -   -\n");
    _cleanup_(freep) char *json = print(OUTPUT_JSON, row, 1);
    assert_string_equal(json,
                        "{\"id\": 1, \"at\": null, \"note\": null, \"tags\": null}\n");
    _cleanup_(freep) char *csv = print(OUTPUT_CSV, row, 1);
    assert_string_equal(csv, "id,at,note,tags\r\n1,,,\r\n");
}

static void json_is_an_object_a_line_with_rfc_3339_times(void **state)
{
    (void)state;
    _cleanup_(freep) char *text = print(OUTPUT_JSON, sample(), 1);
    assert_string_equal(text, "{\"id\": 7, \"at\": \"2026-11-22T01:02:03.004Z\", "
                              "\"note\": \"two\\nlines, \\\"q\\\" \\u001b\", \"tags\": "
                              "null}\n");
}

static void tags_are_embedded_when_they_are_json(void **state)
{
    (void)state;
    struct store_value row[4];
    memcpy(row, sample(), sizeof(row));
    row[3] = tags("{ \"a\": [\"b\"] }");
    _cleanup_(freep) char *good = print(OUTPUT_JSON, row, 1);
    assert_non_null(strstr(good, "\"tags\": { \"a\": [\"b\"] }}\n"));
    row[3] = tags("{broken");
    _cleanup_(freep) char *bad = print(OUTPUT_JSON, row, 1);
    assert_non_null(strstr(bad, "\"tags\": \"{broken\"}\n"));
    row[3] = tags("{\n}");
    _cleanup_(freep) char *cut = print(OUTPUT_JSON, row, 1);
    assert_non_null(strstr(cut, "\"tags\": \"{\\n}\"}\n"));
}

static void an_answer_to_a_question_is_true_or_false_in_json(void **state)
{
    (void)state;
    struct store_value row[4];
    memcpy(row, sample(), sizeof(row));
    row[0] = output_boolean("suppressed", false);
    _cleanup_(freep) char *text = print(OUTPUT_JSON, row, 1);
    assert_non_null(strstr(text, "{\"suppressed\": false, "));
}

static void csv_keeps_bytes_and_always_has_a_header(void **state)
{
    (void)state;
    _cleanup_(freep) char *text = print(OUTPUT_CSV, sample(), 1);
    assert_string_equal(text, "id,at,note,tags\r\n7,2026-11-22T01:02:03.004Z,"
                              "\"two\nlines, \"\"q\"\" \x1b\",\r\n");
    _cleanup_(freep) char *empty = print(OUTPUT_CSV, sample(), 0);
    assert_string_equal(empty, "id,at,note\r\n");
}

static void csv_cells_that_a_spreadsheet_would_execute_are_text(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        const char *cell;
    } cases[] = {
        {STR("=1+1"), "'=1+1"},
        {STR("+jane@x.example"), "'+jane@x.example"},
        {STR("-2"), "'-2"},
        {STR("@SUM(A1)"), "'@SUM(A1)"},
        {STR("\t=1"), "'\t'=1"},
        {STR("\r=1"), "\"'\r'=1\""},
        {STR("\n=1"), "\"'\n'=1\""},
        {STR("=a,\"b\""), "\"'=a,\"\"b\"\"\""},
        {STR("\xef\xbc\x9d"
             "1+1"),
         "'\xef\xbc\x9d"
         "1+1"},
        {STR("a=1"), "a=1"},
        {STR("'=1"), "'=1"},
        {STR(""), ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char want[100];
        struct store_value row[4];
        memcpy(row, sample(), sizeof(row));
        row[0] = output_integer("id", -7);
        row[1] = (struct store_value){.name = "rate", .type = STORE_REAL, .real = -0.5};
        row[2] = output_str("note", cases[i].text);
        _cleanup_(freep) char *csv = print(OUTPUT_CSV, row, 1);
        snprintf(want, sizeof(want), "id,rate,note,tags\r\n-7,-0.5,%s,\r\n",
                 cases[i].cell);
        assert_string_equal(csv, want);
    }
}

static void raw_csv_leaves_them_as_they_are(void **state)
{
    (void)state;
    struct store_value row[4];
    memcpy(row, sample(), sizeof(row));
    row[2] = output_text("note", "=1+1");
    _cleanup_(freep) char *csv = print(OUTPUT_CSV_RAW, row, 1);
    assert_non_null(strstr(csv, ",=1+1,"));
    _cleanup_(freep) char *empty = print(OUTPUT_CSV_RAW, row, 0);
    assert_string_equal(empty, "id,at,note\r\n");
}

#define TURNED                                                                           \
    "a\xd8\x9c\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8f\xef\xbb\xbf\x7f\xc2\x9b"              \
    "b"
#define ESCAPED "a\\u061c\\u202e\\u2066\\u200f\\ufeff\\u007f\\u009bb"

static void json_escapes_what_turns_the_direction_of_writing(void **state)
{
    (void)state;
    struct store_value row[4];
    memcpy(row, sample(), sizeof(row));
    row[2] = output_text("note", TURNED "\xe2\x80\x8d\xc3\xa4");
    row[3] = tags("{\"" TURNED "\": [\"\\u202e\xc3\xa4\"]}");
    _cleanup_(freep) char *json = print(OUTPUT_JSON, row, 1);
    assert_non_null(strstr(json, "\"note\": \"" ESCAPED "\xe2\x80\x8d\xc3\xa4\", "));
    assert_non_null(
        strstr(json, "\"tags\": {\"" ESCAPED "\": [\"\\u202e\xc3\xa4\"]}}\n"));
    _cleanup_(freep) char *table = print(OUTPUT_TABLE, row, 1);
    assert_non_null(strstr(table, "  a???????b"));
}

static void a_long_table_streams_behind_its_first_rows(void **state)
{
    (void)state;
    _cleanup_(freep) char *text = print(OUTPUT_TABLE, sample(), 1000);
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 1001);
    assert_string_equal(strrchr(text, 'Z'), "Z  two?lines, \"q\" ?\n");
}

static void the_last_column_is_cut_and_says_so(void **state)
{
    (void)state;
    char note[REPORT_LAST_CELL_WIDTH_MAX + 10];
    struct store_value row[4];
    memset(note, 'x', sizeof(note) - 1);
    note[sizeof(note) - 1] = '\0';
    memcpy(row, sample(), sizeof(row));
    row[2] = output_text("note", note);
    _cleanup_(freep) char *text = print(OUTPUT_TABLE, row, 1);
    assert_non_null(strstr(text, "xx\xe2\x80\xa6\n"));
    assert_null(strstr(text, note));
}

static int full_write(void *context, struct str text)
{
    (void)context, (void)text;
    return -ENOSPC;
}

static void a_full_disk_is_reported(void **state)
{
    (void)state;
    struct output output;
    output_init(&output, (struct output_sink){.write = full_write}, OUTPUT_JSON, NULL);
    assert_int_equal(output_row(&output, sample(), 4), -ENOSPC);
    assert_int_equal(output.fault, -ENOSPC);
    output_done(&output);
}

static void only_three_formats_exist(void **state)
{
    (void)state;
    enum output_format format;
    assert_true(output_format_parse("csv", &format));
    assert_int_equal(format, OUTPUT_CSV);
    assert_false(output_format_parse("xml", &format));
    assert_false(output_format_parse("", &format));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_is_aligned_and_harmless),
        cmocka_unit_test(null_is_a_dash_null_and_nothing),
        cmocka_unit_test(json_is_an_object_a_line_with_rfc_3339_times),
        cmocka_unit_test(tags_are_embedded_when_they_are_json),
        cmocka_unit_test(an_answer_to_a_question_is_true_or_false_in_json),
        cmocka_unit_test(csv_keeps_bytes_and_always_has_a_header),
        cmocka_unit_test(csv_cells_that_a_spreadsheet_would_execute_are_text),
        cmocka_unit_test(raw_csv_leaves_them_as_they_are),
        cmocka_unit_test(json_escapes_what_turns_the_direction_of_writing),
        cmocka_unit_test(a_long_table_streams_behind_its_first_rows),
        cmocka_unit_test(the_last_column_is_cut_and_says_so),
        cmocka_unit_test(a_full_disk_is_reported),
        cmocka_unit_test(only_three_formats_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

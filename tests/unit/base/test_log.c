#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sesbounce/cleanup.h"
#include "sesbounce/limits.h"
#include "sesbounce/log.h"

static int saved_stderr = -1;
static FILE *caught;

/* stderr goes to a file that has no name while the log writes. */
static void catch_stderr(void)
{
    caught = tmpfile();
    assert_non_null(caught);
    saved_stderr = dup(STDERR_FILENO);
    assert_true(saved_stderr >= 0);
    assert_true(dup2(fileno(caught), STDERR_FILENO) >= 0);
}

static void release_stderr(char *ret, size_t size)
{
    assert_true(dup2(saved_stderr, STDERR_FILENO) >= 0);
    (void)close(saved_stderr);
    rewind(caught);
    size_t len = fread(ret, 1, size - 1, caught);
    ret[len] = '\0';
    (void)fclose(caught);
}

static void a_line_holds_message_and_fields(void **state)
{
    (void)state;
    char line[8192];
    catch_stderr();
    log_event(LOG_LEVEL_WARNING, "topic refused", {"TOPIC", STR("arn:aws:sns:x")},
              {"ABSENT", STR_ABSENT}, {"REGION", STR("eu-west-1")});
    log_write(LOG_LEVEL_INFO, "ready", NULL, 0);
    log_event(LOG_LEVEL_ERROR, "nothing known", {"ABSENT", STR_ABSENT});
    release_stderr(line, sizeof line);
    assert_string_equal(
        line,
        "sesbounced: warning: topic refused (TOPIC=arn:aws:sns:x REGION=eu-west-1)\n"
        "sesbounced: info: ready\n"
        "sesbounced: error: nothing known\n");
}

static void strangers_cannot_forge_lines_or_fields(void **state)
{
    (void)state;
    char line[8192];
    catch_stderr();
    log_event(LOG_LEVEL_INFO, "m", {"A", STR("x\nsesbounced: error: forged")},
              {"B", STR("1) C=\"2\"")}, {"D", STR("\x1b[2J\x7f\xc2\x9b\xff\0z\xc3\xa4")},
              {"E", STR("")}, {"F", STR("\xd8\x9c\xe2\x80\xae\xef\xbb\xbf")});
    release_stderr(line, sizeof line);
    assert_string_equal(line, "sesbounced: info: m (A=\"x?sesbounced: error: forged\" "
                              "B=\"1) C='2'\" D=?[2J????z\xc3\xa4 E=\"\" F=?\x3f?)\n");
}

static void a_long_value_is_cut_at_a_whole_character(void **state)
{
    (void)state;
    char line[8192], value[LOG_VALUE_BYTES_MAX * 2];
    memset(value, 'v', sizeof value);
    memcpy(value + LOG_VALUE_BYTES_MAX - 1, "\xc3\xa4", 2);
    catch_stderr();
    log_event(LOG_LEVEL_INFO, "m", {"V", (struct str){value, sizeof value}});
    release_stderr(line, sizeof line);
    assert_int_equal(strlen(line),
                     strlen("sesbounced: info: m (V=)\n") + LOG_VALUE_BYTES_MAX - 1);
    assert_true(str_ends_with(str_of(line), STR("vvv)\n")));
}

static void the_largest_event_is_still_one_line(void **state)
{
    (void)state;
    static char value[LOG_VALUE_BYTES_MAX], text[64 * 1024];
    struct log_field fields[LOG_FIELDS_MAX];
    memset(value, '"', sizeof value);
    for (size_t i = 0; i < LOG_FIELDS_MAX; i++)
        fields[i] = (struct log_field){"NAME", {value, sizeof value}};
    catch_stderr();
    log_write(LOG_LEVEL_NOTICE, "m", fields, LOG_FIELDS_MAX);
    release_stderr(text, sizeof text);
    assert_true(str_ends_with(str_of(text), STR("''\")\n")));
    assert_true(strlen(text) > LOG_FIELDS_MAX * sizeof value);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void a_terminal_gets_no_debug_lines(void **state)
{
    (void)state;
    char line[8192];
    catch_stderr();
    log_event(LOG_LEVEL_DEBUG, "m", {"V", STR("x")});
    release_stderr(line, sizeof line);
    assert_string_equal(line, "");
}

/* What reaches the journal is not seen here, only that stderr is left alone. */
static void stderr_that_is_the_journal_gets_no_line(void **state)
{
    (void)state;
    char line[8192], stream[64];
    struct stat st;
    catch_stderr();
    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    (void)snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev,
                   (unsigned long long)st.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
    log_start("sesbounced-test");
    log_event(LOG_LEVEL_INFO, "a unit test of the log", {"VALUE", STR("x")});
    release_stderr(line, sizeof line);
    assert_string_equal(line, "");
}

static void a_journal_that_is_not_our_stderr_is_not_used(void **state)
{
    (void)state;
    static const char *const streams[] = {"1:1", "", ":", "1", "x:y", "1:1:1"};
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        char line[8192];
        assert_int_equal(setenv("JOURNAL_STREAM", streams[i], 1), 0);
        catch_stderr();
        log_start("sesbounced");
        log_write(LOG_LEVEL_INFO, "seen", NULL, 0);
        release_stderr(line, sizeof line);
        assert_string_equal(line, "sesbounced: info: seen\n");
    }
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    log_start("sesbounced");
}

static void a_ration_is_per_minute_and_tells_what_was_held_back(void **state)
{
    (void)state;
    struct log_ration ration = {0};
    unsigned held_back;
    int64_t now = INT64_C(120000);
    assert_true(log_ration_pass(&ration, now, 2, &held_back));
    assert_true(log_ration_pass(&ration, now + 1, 2, &held_back));
    assert_int_equal(held_back, 0);
    for (int i = 0; i < 3; i++)
        assert_false(log_ration_pass(&ration, now + 59999, 2, &held_back));
    assert_true(log_ration_pass(&ration, now + 60000, 2, &held_back));
    assert_int_equal(held_back, 3);
    assert_true(log_ration_pass(&ration, now + 60001, 2, &held_back));
    assert_int_equal(held_back, 0);
    assert_false(log_ration_pass(&ration, now + 60001, 2, &held_back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_holds_message_and_fields),
        cmocka_unit_test(strangers_cannot_forge_lines_or_fields),
        cmocka_unit_test(a_long_value_is_cut_at_a_whole_character),
        cmocka_unit_test(a_terminal_gets_no_debug_lines),
        cmocka_unit_test(the_largest_event_is_still_one_line),
        cmocka_unit_test(stderr_that_is_the_journal_gets_no_line),
        cmocka_unit_test(a_journal_that_is_not_our_stderr_is_not_used),
        cmocka_unit_test(a_ration_is_per_minute_and_tells_what_was_held_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

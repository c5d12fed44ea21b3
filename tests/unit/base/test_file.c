#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sesbounce/cleanup.h"
#include "sesbounce/file.h"

struct place {
    char directory[64];
    char path[96];
};

static void place_make(struct place *place)
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(place->directory, sizeof(place->directory), "%s/file-XXXXXX",
                   base && strlen(base) < 40 ? base : "/tmp");
    assert_non_null(mkdtemp(place->directory));
    (void)snprintf(place->path, sizeof(place->path), "%s/text", place->directory);
}

static void place_remove(const struct place *place)
{
    (void)unlink(place->path);
    (void)rmdir(place->directory);
}

static void write_text(const struct place *place, struct str text)
{
    _cleanup_(closep) int fd = open(place->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(file_write_fd(fd, text), 0);
    assert_int_equal(file_sync_directory_of(place->path), 0);
}

static void what_was_written_is_read_up_to_the_bound(void **state)
{
    (void)state;
    struct place place;
    struct buf text;
    _cleanup_(freep) char *large = calloc(1, 10000);
    place_make(&place);
    memset(large, 'x', 9999);
    write_text(&place, (struct str){large, 9999});
    buf_init(&text, 9999);
    assert_int_equal(file_read(place.path, &text), 0);
    assert_string_equal(buf_str(&text).data, large);
    buf_done(&text);
    buf_init(&text, 9998);
    assert_int_equal(file_read(place.path, &text), -E2BIG);
    buf_done(&text);
    place_remove(&place);
}

static void an_empty_file_has_no_text(void **state)
{
    (void)state;
    struct place place;
    char *text = NULL;
    place_make(&place);
    assert_int_equal(file_read_text(place.path, 10, &text), -ENOENT);
    write_text(&place, STR(""));
    assert_int_equal(file_read_text(place.path, 10, &text), -ENODATA);
    assert_int_equal(file_read_text(place.directory, 10, &text), -EISDIR);
    write_text(&place, STR("ten bytes!"));
    assert_int_equal(file_read_text(place.path, 10, &text), 0);
    assert_string_equal(text, "ten bytes!");
    free(text);
    place_remove(&place);
}

static void every_path_is_in_a_directory(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"/etc/x.conf", "/etc"}, {"/x", "/"}, {"x", "."}, {"a/b/c", "a/b"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        _cleanup_(freep) char *directory = file_directory_of(cases[i][0]);
        assert_string_equal(directory, cases[i][1]);
    }
    assert_int_equal(file_sync_directory_of("/nowhere/at/all"), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_up_to_the_bound),
        cmocka_unit_test(an_empty_file_has_no_text),
        cmocka_unit_test(every_path_is_in_a_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

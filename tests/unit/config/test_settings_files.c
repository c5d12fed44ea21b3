/* The files that the settings name: what --check-config says of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sesbounce/limits.h"
#include "sesbounce/settings.h"

#include "settings_helper.h"

#define NOBODY 65534

static const char *const files[] = {"full", "empty", "credentials"};

/* A path in the temporary directory; good until the fourth next call. */
static const char *at(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", settings_directory, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(at(name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int make_files(void **state)
{
    if (settings_directory_make(state) < 0)
        return -1;
    write_file("full", "something");
    write_file("empty", "");
    return mkdir(at("directory"), 0700);
}

static int remove_files(void **state)
{
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        (void)unlink(at(files[i]));
    (void)rmdir(at("directory"));
    return settings_directory_remove(state);
}

/* Below `[section]` a line `key = DIRECTORY/name`: its only word must be `expected`, told
 * of `about` in the directory, or nothing when `expected` is NULL. */
static void check(const char *section, const char *key, const char *name,
                  const char *about, const char *expected)
{
    _cleanup_(buf_done) struct buf text;
    _cleanup_(buf_done) struct buf wanted;
    _cleanup_(buf_done) struct buf faults;
    buf_init(&text, SETTINGS_LINE_BYTES_MAX);
    buf_init(&wanted, SETTINGS_LINE_BYTES_MAX);
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    bool is_simulator = strcmp(section, "simulator") == 0;
    assert_int_equal(buf_printf(&text, "[%s]\n%s = %s\n%s", section, key, at(name),
                                is_simulator ? "enabled = yes\n" : ""),
                     0);
    if (expected)
        assert_int_equal(buf_printf(&wanted, "x.conf:2: [%s] %s: %s: %s\n", section, key,
                                    *about ? at(about) : settings_directory, expected),
                         0);
    _cleanup_(settings_freep) struct settings *s = settings_accept(buf_str(&text).data);
    int r = settings_check_files(s, "x.conf", &faults);
    assert_string_equal(buf_str(&faults).data, buf_str(&wanted).data);
    assert_int_equal(r, expected ? -EINVAL : 0);
}

static void a_file_must_be_there_and_hold_something(void **state)
{
    (void)state;
    const char *const named[][2] = {{"sns", "ca_file"}, {"admin", "tokens_file"}};
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        const char *section = named[i][0];
        const char *key = named[i][1];
        check(section, key, "full", "", NULL);
        check(section, key, "none", "none",
              "does not exist: make it, or correct the path");
        check(section, key, "full/none", "full/none",
              "does not exist: make it, or correct the path");
        check(section, key, "directory", "directory",
              "is a directory: name a file in it");
        check(section, key, "empty", "empty", "is empty");
    }
    _cleanup_(settings_freep) struct settings *s =
        settings_accept("[sns]\nca_file = /dev/null\n");
    _cleanup_(buf_done) struct buf faults;
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    assert_int_equal(settings_check_files(s, "x", &faults), -EINVAL);
    assert_string_equal(faults.data,
                        "x:2: [sns] ca_file: /dev/null: is no regular file\n");
}

static void every_missing_file_is_told(void **state)
{
    (void)state;
    _cleanup_(settings_freep) struct settings *s =
        settings_accept("[ingest]\ncertificate = /no/c\nkey = /no/k\n"
                        "[admin]\nkey = /no/ak\ncertificate = /no/ac\n");
    _cleanup_(buf_done) struct buf faults;
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    const char *told[] = {
        "x:2: [ingest] certificate: /no/c: ", "x:3: [ingest] key: /no/k: ",
        "x:6: [admin] certificate: /no/ac: ", "x:5: [admin] key: /no/ak: "};
    assert_int_equal(settings_check_files(s, "x", &faults), -EINVAL);
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        assert_non_null(strstr(faults.data, told[i]));
}

static void credentials_are_judged_as_the_daemon_does(void **state)
{
    (void)state;
    const char *const texts[][2] = {
        {"# who\n\n sns:secret \r\nold:er\n", NULL},
        {"sns:secret", NULL},
        {"# nobody\n\n", "holds no line `user:password`"},
        {"sns:secret\nsecret\n", "has a line that is no `user:password`"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_file("credentials", texts[i][0]);
        check("ingest", "credentials_file", "credentials", "credentials", texts[i][1]);
    }
}

static void what_the_daemon_makes_needs_its_directory(void **state)
{
    (void)state;
    const char *missing = "there is no such directory: make it, owned by sesbounced";

    check("store", "path", "new.db", "", NULL);
    check("store", "path", "full", "", NULL);
    check("store", "path", "none/new.db", "none", missing);
    check("store", "path", "full/new.db", "full", "is no directory");
    check("store", "path", "directory", "directory", "is a directory: name a file in it");
    check("store", "certificates", "new", "", NULL);
    check("store", "certificates", "directory", "", NULL);
    check("store", "certificates", "none/new", "none", missing);
    check("store", "certificates", "full", "full", "is no directory");
    check("simulator", "key", "new.pem", "", NULL);
    check("simulator", "key", "none/new.pem", "none", missing);
}

static void the_simulators_key_counts_only_when_it_is_on(void **state)
{
    (void)state;
    _cleanup_(settings_freep) struct settings *s =
        settings_accept("[simulator]\nkey = /no/such/key\n");
    _cleanup_(buf_done) struct buf faults;
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    assert_int_equal(settings_check_files(s, "x", &faults), 0);
    assert_int_equal(faults.len, 0);
}

/* systemd makes their directory at the first start, after the check. */
static void the_defaults_need_nothing_made_before(void **state)
{
    (void)state;
    _cleanup_(settings_freep) struct settings *s = NULL;
    _cleanup_(buf_done) struct buf faults;
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    assert_int_equal(settings_new(&s), 0);
    assert_int_equal(settings_check_files(s, NULL, &faults), 0);
}

static void what_one_may_not_read_is_a_warning(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf text;
    _cleanup_(buf_done) struct buf faults;
    buf_init(&text, SETTINGS_LINE_BYTES_MAX);
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    assert_int_equal(buf_printf(&text, "[sns]\nca_file = %s\n", at("full")), 0);
    _cleanup_(settings_freep) struct settings *s = settings_accept(text.data);

    assert_int_equal(chmod(at("full"), 0), 0);
    if (getuid() == 0)
        assert_int_equal(seteuid(NOBODY), 0);
    int r = settings_check_files(s, "x", &faults);
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(at("full"), 0600), 0);
    assert_int_equal(r, 0);
    assert_true(str_starts_with(buf_str(&faults), STR("warning: x:2: [sns] ca_file: ")));
}

static void a_configuration_one_may_not_read_says_how_to_let_the_daemon(void **state)
{
    (void)state;
    _cleanup_(settings_freep) struct settings *s = NULL;
    _cleanup_(buf_done) struct buf faults;
    _cleanup_(buf_done) struct buf wanted;
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    buf_init(&wanted, SETTINGS_FAULTS_BYTES_MAX);
    const char *file = at("full");

    assert_int_equal(chmod(file, 0), 0);
    if (getuid() == 0)
        assert_int_equal(seteuid(NOBODY), 0);
    int r = settings_read(file, &s, &faults);
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(file, 0600), 0);
    assert_int_equal(r, -EACCES);
    assert_int_equal(buf_printf(&wanted,
                                "%s: cannot be read: Permission denied; so that the "
                                "daemon can: chgrp sesbounced %s; chmod 640 %s\n",
                                file, file, file),
                     0);
    assert_string_equal(faults.data, wanted.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_must_be_there_and_hold_something),
        cmocka_unit_test(every_missing_file_is_told),
        cmocka_unit_test(credentials_are_judged_as_the_daemon_does),
        cmocka_unit_test(what_the_daemon_makes_needs_its_directory),
        cmocka_unit_test(the_simulators_key_counts_only_when_it_is_on),
        cmocka_unit_test(the_defaults_need_nothing_made_before),
        cmocka_unit_test(what_one_may_not_read_is_a_warning),
        cmocka_unit_test(a_configuration_one_may_not_read_says_how_to_let_the_daemon),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}

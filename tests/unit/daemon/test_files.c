/* The files that the settings name: what --check-config and the start say of them. */
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

#include "daemon/files.h"
#include "sesbounce/clock.h"
#include "sesbounce/limits.h"

#include "../config/settings_helper.h"

#define NOBODY 65534
#define TOPIC  "topic = arn:aws:sns:eu-central-1:123456789012:x\n"

static const char *const files[] = {"full", "empty", "secret"};

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
    assert_int_equal(chmod(at(name), 0600), 0);
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
    assert_int_equal(buf_printf(&text, "[%s]\n%s = %s\n%s[sns]\n" TOPIC, section, key,
                                at(name), is_simulator ? "enabled = yes\n" : ""),
                     0);
    if (expected)
        assert_int_equal(buf_printf(&wanted, "x.conf:2: [%s] %s: %s: %s\n", section, key,
                                    *about ? at(about) : settings_directory, expected),
                         0);
    _cleanup_(settings_freep) struct settings *s = settings_accept(buf_str(&text).data);
    int r = files_check(s, "x.conf", FILES_CHECK_AS_DAEMON, &faults);
    assert_string_equal(buf_str(&faults).data, buf_str(&wanted).data);
    assert_int_equal(r, expected ? -EINVAL : 0);
}

static void a_file_must_be_there_and_hold_something(void **state)
{
    (void)state;
    const char *const named[][2] = {{"ingest", "credentials_file"},
                                    {"admin", "tokens_file"}};
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        const char *section = named[i][0];
        const char *key = named[i][1];
        check(section, key, "none", "none",
              "does not exist: create it, or correct the path");
        check(section, key, "full/none", "full/none",
              "does not exist: create it, or correct the path");
        check(section, key, "directory", "directory",
              "is a directory: name a file in it");
        check(section, key, "empty", "empty", "is empty");
    }
    _cleanup_(settings_freep) struct settings *s =
        settings_accept("[sns]\nca_file = /dev/null\n" TOPIC);
    _cleanup_(buf_done) struct buf faults;
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    assert_int_equal(files_check(s, "x", FILES_START, &faults), -EINVAL);
    assert_string_equal(faults.data,
                        "x:2: [sns] ca_file: /dev/null: is not a regular file\n");
}

static void every_missing_file_is_reported(void **state)
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
    assert_int_equal(files_check(s, "x", FILES_START, &faults), -EINVAL);
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        assert_non_null(strstr(faults.data, told[i]));
}

/* What is said of `[sns] ca_file = path` in the configuration `file`. */
static int check_ca_file(const char *path, const char *file, enum files_asker asker,
                         struct buf *faults)
{
    char text[512];
    (void)snprintf(text, sizeof text, "[sns]\nca_file = %s\n" TOPIC, path);
    _cleanup_(settings_freep) struct settings *s = settings_accept(text);
    buf_clear(faults);
    return files_check(s, file, asker, faults);
}

static void a_path_that_is_hidden_from_the_unit_is_a_warning_to_who_sees_it(void **state)
{
    (void)state;
    static const char *const hidden[] = {"/home", "/root", "/run/user", "/tmp",
                                         "/var/tmp"};
    _cleanup_(buf_done) struct buf faults;
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "%s/x/ca", hidden[i]);
        (void)check_ca_file(path, NULL, FILES_CHECK_AS_OTHER, &faults);
        assert_non_null(
            strstr(faults.data, "warning: " SETTINGS_DEFAULT_FILE ":2: [sns] ca_file: "));
        assert_non_null(strstr(faults.data, "the unit cannot use it"));
        assert_non_null(strstr(faults.data, "put it in /etc/sesbounced"));
    }
    (void)check_ca_file("/home.ca", NULL, FILES_CHECK_AS_OTHER, &faults);
    assert_null(strstr(faults.data, "hidden"));
    (void)check_ca_file("/etc/sesbounced/ca", NULL, FILES_CHECK_AS_OTHER, &faults);
    assert_null(strstr(faults.data, "hidden"));
    (void)check_ca_file("/tmp/ca", "/tmp/x.conf", FILES_CHECK_AS_OTHER, &faults);
    assert_null(strstr(faults.data, "hidden"));
}

static void a_link_to_what_is_hidden_from_the_unit_is_a_warning(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf faults;
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    assert_int_equal(chdir(settings_directory), 0);
    (void)check_ca_file("/proc/self/cwd/full", NULL, FILES_CHECK_AS_DAEMON, &faults);
    assert_int_equal(chdir("/"), 0);
    assert_non_null(strstr(faults.data, "the unit cannot use it"));
}

static void the_start_says_that_a_path_is_hidden_from_the_unit(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf faults;
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    assert_int_equal(check_ca_file("/tmp/no/ca.pem", NULL, FILES_START, &faults),
                     -EINVAL);
    assert_string_equal(faults.data, SETTINGS_DEFAULT_FILE
                        ":2: [sns] ca_file: /tmp/no/ca.pem: cannot be found or read "
                        "there: files below /home, /root, /run/user, /tmp and /var/tmp "
                        "are hidden from the unit; put it in /etc/sesbounced, or in "
                        "/var/lib/sesbounced if the daemon writes it\n");
}

static void the_lines_of_secrets_are_judged_as_the_daemon_does(void **state)
{
    (void)state;
    const char *const texts[][4] = {
        {"ingest", "credentials_file", "# who\n\n sns:secret \r\nold:er\n", NULL},
        {"ingest", "credentials_file", "sns:secret", NULL},
        {"ingest", "credentials_file", "# nobody\n\n",
         "contains no line `user:password`, so nobody could deliver"},
        {"ingest", "credentials_file", "sns:secret\nsecret\n",
         "line 2: not `user:password`"},
        {"admin", "tokens_file", "# nobody\n",
         "contains no token, so every request would be refused"},
        {"sns", "ca_file", "something",
         "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_file("secret", texts[i][2]);
        check(texts[i][0], texts[i][1], "secret", "secret", texts[i][3]);
    }
}

/* What is reported about `credentials_file` with this mode to `asker`. */
static void check_mode(mode_t mode, enum files_asker asker, int expected,
                       const char *expected_words)
{
    _cleanup_(buf_done) struct buf text;
    _cleanup_(buf_done) struct buf faults;
    buf_init(&text, SETTINGS_LINE_BYTES_MAX);
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    write_file("secret", "sns:secret\n");
    assert_int_equal(
        buf_printf(&text, "[ingest]\ncredentials_file = %s\n[sns]\n" TOPIC, at("secret")),
        0);
    _cleanup_(settings_freep) struct settings *s = settings_accept(text.data);

    assert_int_equal(chmod(at("secret"), mode), 0);
    if (getuid() == 0 && mode == 0)
        assert_int_equal(seteuid(NOBODY), 0);
    int r = files_check(s, "x", asker, &faults);
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(at("secret"), 0600), 0);
    assert_int_equal(r, expected);
    if (expected_words)
        assert_non_null(strstr(buf_str(&faults).data, expected_words));
    else
        assert_string_equal(buf_str(&faults).data, "");
}

static void a_secret_that_anyone_may_write_is_refused(void **state)
{
    (void)state;
    check_mode(0602, FILES_START, -EINVAL, "x:2: [ingest] credentials_file: ");
    check_mode(0602, FILES_CHECK_AS_DAEMON, -EINVAL, "anyone may write it: chmod o-w\n");
    check_mode(0666, FILES_CHECK_AS_OTHER, -EINVAL, "anyone may write it: chmod o-w\n");
}

static void a_secret_that_anyone_may_read_is_a_warning(void **state)
{
    (void)state;
    check_mode(0604, FILES_START, 0, "warning: x:2: [ingest] credentials_file: ");
    check_mode(0644, FILES_CHECK_AS_DAEMON, 0, "anyone may read it");
    check_mode(0660, FILES_START, 0, "its group may write it: chmod g-w\n");
    check_mode(0640, FILES_START, 0, NULL);
    check_mode(0600, FILES_START, 0, NULL);
}

static void a_secret_in_a_directory_that_anyone_may_write_is_refused(void **state)
{
    (void)state;
    assert_int_equal(chmod(settings_directory, 0703), 0);
    check_mode(0600, FILES_START, -EINVAL, "anyone may replace it");
    assert_int_equal(chmod(settings_directory, 01703), 0);
    check_mode(0600, FILES_START, 0, NULL);
    assert_int_equal(chmod(settings_directory, 0700), 0);
}

static void what_the_daemon_may_not_read_is_refused_and_for_others_a_warning(void **state)
{
    (void)state;
    assert_int_equal(chmod(settings_directory, 0755), 0);
    check_mode(0, FILES_START, -EINVAL, "x:2: [ingest] credentials_file: ");
    check_mode(0, FILES_CHECK_AS_DAEMON, -EINVAL, "the daemon's user may not read it");
    check_mode(0, FILES_CHECK_AS_OTHER, 0, "warning: x:2: [ingest] credentials_file: ");
    assert_int_equal(chmod(settings_directory, 0700), 0);
}

static void a_directory_of_certificates_that_anyone_may_write_is_refused(void **state)
{
    (void)state;
    assert_int_equal(chmod(at("directory"), 0777), 0);
    check("store", "certificates", "directory", "directory",
          "anyone may put a certificate there, and so forge messages: chmod o-w");
    assert_int_equal(chmod(at("directory"), 0700), 0);
}

static void a_configuration_that_anyone_may_write_is_a_warning(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf faults;
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    _cleanup_(settings_freep) struct settings *s = settings_accept("[sns]\n" TOPIC);
    write_file("full", "something");
    assert_int_equal(chmod(at("full"), 0646), 0);
    assert_int_equal(files_check(s, at("full"), FILES_START, &faults), 0);
    assert_non_null(strstr(buf_str(&faults).data, "anyone may write it: chmod o-w\n"));
    assert_true(str_starts_with(buf_str(&faults), STR("warning: ")));
}

static void an_empty_list_of_topics_is_a_warning(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf faults;
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    _cleanup_(settings_freep) struct settings *s = settings_accept("[sns]\ntopic =\n");
    assert_int_equal(files_check(s, "x", FILES_START, &faults), 0);
    assert_true(str_starts_with(buf_str(&faults),
                                STR("warning: x:2: [sns] topic: no topic is allowed")));
}

static void what_the_daemon_makes_needs_its_directory(void **state)
{
    (void)state;
    const char *missing = "there is no such directory: create it, owned by sesbounced";

    check("store", "path", "new.db", "", NULL);
    check("store", "path", "full", "", NULL);
    check("store", "path", "none/new.db", "none", missing);
    check("store", "path", "full/new.db", "full", "is not a directory");
    check("store", "path", "directory", "directory", "is a directory: name a file in it");
    check("store", "certificates", "new", "", NULL);
    check("store", "certificates", "directory", "", NULL);
    check("store", "certificates", "none/new", "none", missing);
    check("store", "certificates", "full", "full", "is not a directory");
    check("simulator", "key", "new.pem", "", NULL);
    check("simulator", "key", "none/new.pem", "none", missing);
}

static void the_simulators_key_counts_only_when_it_is_on(void **state)
{
    (void)state;
    _cleanup_(settings_freep) struct settings *s =
        settings_accept("[simulator]\nkey = /no/such/key\n[sns]\n" TOPIC);
    _cleanup_(buf_done) struct buf faults;
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    assert_int_equal(files_check(s, "x", FILES_START, &faults), 0);
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
    assert_int_equal(files_check(s, NULL, FILES_CHECK_AS_DAEMON, &faults), 0);
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
        cmocka_unit_test(every_missing_file_is_reported),
        cmocka_unit_test(a_path_that_is_hidden_from_the_unit_is_a_warning_to_who_sees_it),
        cmocka_unit_test(a_link_to_what_is_hidden_from_the_unit_is_a_warning),
        cmocka_unit_test(the_start_says_that_a_path_is_hidden_from_the_unit),
        cmocka_unit_test(the_lines_of_secrets_are_judged_as_the_daemon_does),
        cmocka_unit_test(a_secret_that_anyone_may_write_is_refused),
        cmocka_unit_test(a_secret_that_anyone_may_read_is_a_warning),
        cmocka_unit_test(a_secret_in_a_directory_that_anyone_may_write_is_refused),
        cmocka_unit_test(
            what_the_daemon_may_not_read_is_refused_and_for_others_a_warning),
        cmocka_unit_test(a_directory_of_certificates_that_anyone_may_write_is_refused),
        cmocka_unit_test(a_configuration_that_anyone_may_write_is_a_warning),
        cmocka_unit_test(an_empty_list_of_topics_is_a_warning),
        cmocka_unit_test(what_the_daemon_makes_needs_its_directory),
        cmocka_unit_test(the_simulators_key_counts_only_when_it_is_on),
        cmocka_unit_test(the_defaults_need_nothing_made_before),
        cmocka_unit_test(a_configuration_one_may_not_read_says_how_to_let_the_daemon),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}

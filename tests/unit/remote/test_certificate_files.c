#include <sys/file.h>
#include <sys/resource.h>

#include "certificates_fixture.h"

static void a_restart_finds_it_on_disk(void **state)
{
    (void)state;
    struct certificates *first = open_certificates();
    assert_int_equal(put(first, &url_1, fixture.good, 0), 0);
    certificates_free(first);

    _cleanup_(certificates_freep) struct certificates *second = open_certificates();
    assert_int_equal(ask(second, &url_1, 0), CERTIFICATES_UNKNOWN);
    assert_int_equal(certificates_load(second, &url_1), 0);
    assert_int_equal(ask(second, &url_1, 0), CERTIFICATES_READY);
}

static void a_file_of_the_operator_is_used(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    assert_int_equal(certificates_load(certificates, &url_1), -ENOENT);
    make_folder(HOST);
    write_file(HOST "/" FILE_1, fixture.good);
    certificates_fail(certificates, &url_1, 0);
    assert_int_equal(certificates_load(certificates, &url_1), 0);
    assert_int_equal(ask(certificates, &url_1, 0), CERTIFICATES_READY);
}

static void files_are_for_the_group_to_read_and_nobody_else(void **state)
{
    (void)state;
    mode_t before = umask(0);
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    assert_int_equal(put(certificates, &url_1, fixture.good, 0), 0);
    (void)umask(before);
    assert_int_equal(stat_of("").st_mode & 07777, 0750);
    assert_int_equal(stat_of(HOST).st_mode & 07777, 0750);
    assert_int_equal(stat_of(HOST "/" FILE_1).st_mode & 07777, 0640);
    assert_int_equal(count_files(), 1);
}

static void a_file_of_another_name_is_not_loaded(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    make_folder(HOST);
    write_file(HOST "/" FILE_1, fixture.strange);
    assert_int_equal(certificates_load(certificates, &url_1), -EINVAL);
    assert_int_equal(ask(certificates, &url_1, 0), CERTIFICATES_UNKNOWN);
}

static void a_damaged_file_is_overwritten_by_the_next_fetch(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    char damaged[64];
    (void)snprintf(damaged, sizeof(damaged), "%.63s", fixture.good);
    make_folder(HOST);
    write_file(HOST "/" FILE_1, damaged);
    assert_int_equal(certificates_load(certificates, &url_1), -EINVAL);
    assert_int_equal(put(certificates, &url_1, fixture.good, 0), 0);
    assert_int_equal(certificates_load(certificates, &url_1), 0);
    assert_int_equal(count_files(), 1);
}

static void a_symbolic_link_is_refused_and_replaced(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    char link[512];
    path_of(HOST "/" FILE_1, link);
    make_folder(HOST);
    write_file("target", fixture.good);
    assert_int_equal(symlink("../target", link), 0);
    assert_int_equal(certificates_load(certificates, &url_1), -ELOOP);
    assert_int_equal(put(certificates, &url_1, fixture.renewed, 0), 0);
    assert_true(S_ISREG(stat_of(HOST "/" FILE_1).st_mode));
    assert_int_equal(stat_of("target").st_size, strlen(fixture.good));
}

static void a_linked_folder_is_refused(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    char link[512];
    path_of(HOST, link);
    make_folder("elsewhere");
    write_file("elsewhere/" FILE_1, fixture.good);
    assert_int_equal(symlink("elsewhere", link), 0);
    assert_true(certificates_load(certificates, &url_1) < 0);
    assert_int_equal(ask(certificates, &url_1, 0), CERTIFICATES_UNKNOWN);
}

static void what_is_not_a_regular_file_is_refused_without_waiting(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    char path[512];
    path_of(HOST "/" FILE_1, path);
    make_folder(HOST);
    assert_int_equal(mkfifo(path, 0640), 0);
    assert_int_equal(certificates_load(certificates, &url_1), -ENXIO);
    assert_int_equal(unlink(path), 0);
    make_folder(HOST "/" FILE_1);
    assert_int_equal(certificates_load(certificates, &url_1), -EISDIR);
}

static void a_large_file_is_refused(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    char path[512];
    path_of(HOST "/" FILE_1, path);
    make_folder(HOST);
    write_file(HOST "/" FILE_1, fixture.good);
    assert_int_equal(truncate(path, CERTIFICATE_FILE_BYTES_MAX + 1), 0);
    assert_int_equal(certificates_load(certificates, &url_1), -EFBIG);
}

static void a_file_that_everybody_may_write_is_refused(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    char path[512];
    path_of(HOST "/" FILE_1, path);
    make_folder(HOST);
    write_file(HOST "/" FILE_1, fixture.good);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(certificates_load(certificates, &url_1), -EPERM);
}

static void a_directory_that_cannot_be_written_is_not_an_obstacle(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    /* A file where the folder would be stops root too. */
    write_file(HOST, "in the way");
    assert_true(put(certificates, &url_1, fixture.good, 0) < 0);
    assert_int_equal(ask(certificates, &url_1, 0), CERTIFICATES_READY);
}

static void a_full_disk_is_not_an_obstacle_and_leaves_nothing_behind(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 100, .rlim_max = before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int r = put(certificates, &url_1, fixture.good, 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(r, -EFBIG);
    assert_int_equal(ask(certificates, &url_1, 0), CERTIFICATES_READY);
    assert_int_equal(count_files(), 0);
}

static void a_name_taken_by_a_folder_leaves_nothing_behind(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    make_folder(HOST);
    make_folder(HOST "/" FILE_1);
    assert_int_equal(put(certificates, &url_1, fixture.good, 0), -EISDIR);
    assert_int_equal(ask(certificates, &url_1, 0), CERTIFICATES_READY);
    assert_int_equal(count_files(), 0);
}

static void a_directory_removed_meanwhile_is_made_again(void **state)
{
    (void)state;
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(certificates_load(certificates, &url_1), -ENOENT);
    assert_int_equal(put(certificates, &url_1, fixture.good, 0), 0);
    assert_true(exists(HOST "/" FILE_1));
}

static void leftovers_of_dead_writers_are_removed_at_the_start(void **state)
{
    (void)state;
    char path[512];
    certificates_free(open_certificates());
    make_folder(HOST);
    write_file(HOST "/.tmp-1-1", "half");
    write_file(HOST "/.tmp-1-2", "being written");
    write_file(HOST "/" FILE_1, fixture.good);
    path_of(HOST "/.tmp-1-2", path);
    _cleanup_(closep) int fd = open(path, O_WRONLY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    certificates_free(open_certificates());
    assert_false(exists(HOST "/.tmp-1-1"));
    assert_true(exists(HOST "/.tmp-1-2"));
    assert_true(exists(HOST "/" FILE_1));
}

static void hostile_names_reach_neither_memory_nor_disk(void **state)
{
    (void)state;
    static const struct sns_cert_url urls[] = {
        {STR(".."), STR(FILE_1)},
        {STR("."), STR(FILE_1)},
        {STR(".hidden"), STR(FILE_1)},
        {STR(""), STR(FILE_1)},
        {STR("a..b"), STR(FILE_1)},
        {STR("../../etc"), STR(FILE_1)},
        {STR("a/b"), STR(FILE_1)},
        {STR("a\0b"), STR(FILE_1)},
        {STR("a b"), STR(FILE_1)},
        {STR("a%2fb"), STR(FILE_1)},
        {STR(HOST), STR("")},
        {STR(HOST), STR("../" FILE_1)},
        {STR(HOST), STR("SimpleNotificationService-.pem")},
        {STR(HOST), STR("SimpleNotificationService-12/34.pem")},
        {STR(HOST), STR("SimpleNotificationService-12..34.pem")},
        {STR(HOST), STR("SimpleNotificationService-ABCD.pem")},
        {STR(HOST), STR("SimpleNotificationService-12\0.pem")},
        {STR(HOST), STR("SimpleNotificationService-12.pem\0")},
        {STR(HOST), STR("simplenotificationservice-12.pem")},
    };
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        assert_int_equal(ask(certificates, &urls[i], 0), CERTIFICATES_FAILED);
        assert_int_equal(certificates_load(certificates, &urls[i]), -EINVAL);
        assert_int_equal(put(certificates, &urls[i], fixture.good, 0), -EINVAL);
        certificates_fail(certificates, &urls[i], 0);
        assert_int_equal(ask(certificates, &urls[i], INT64_MAX / 2), CERTIFICATES_FAILED);
    }
    assert_int_equal(count_files(), 0);
}

static void too_long_names_are_refused(void **state)
{
    (void)state;
    static char host[300];
    static char file[300] = "SimpleNotificationService-";
    memset(host, 'a', sizeof(host));
    memset(file + 26, '0', SNS_CERT_HEX_MAX + 1);
    memcpy(file + 26 + SNS_CERT_HEX_MAX + 1, ".pem", 4);
    const struct sns_cert_url urls[] = {
        {{host, 256}, STR(FILE_1)},
        {STR(HOST), {file, 26 + SNS_CERT_HEX_MAX + 1 + 4}},
    };
    const struct sns_cert_url longest = {{host, 255},
                                         {file + 1, 26 + SNS_CERT_HEX_MAX + 4}};
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    assert_int_equal(put(certificates, &urls[0], fixture.good, 0), -EINVAL);
    assert_int_equal(put(certificates, &urls[1], fixture.good, 0), -EINVAL);
    memmove(file + 1, "SimpleNotificationService-", 26);
    assert_int_equal(put(certificates, &longest, fixture.good, 0), 0);
    assert_int_equal(ask(certificates, &longest, 0), CERTIFICATES_READY);
}

static void the_host_of_an_endpoint_with_a_port_is_a_folder(void **state)
{
    (void)state;
    const struct sns_cert_url url = {STR("[::1]:4566"), STR(FILE_1)};
    _cleanup_(certificates_freep) struct certificates *certificates = open_certificates();
    assert_int_equal(put(certificates, &url, fixture.good, 0), 0);
    assert_true(exists("[::1]:4566/" FILE_1));
}

static void a_directory_that_cannot_be_created_is_reported_at_the_start(void **state)
{
    (void)state;
    struct certificates *certificates = NULL;
    char path[160];
    (void)snprintf(path, sizeof(path), "%s/missing/certificates", top);
    assert_int_equal(certificates_new(path, &certificates), -ENOENT);
    (void)snprintf(path, sizeof(path), "%s/file", top);
    fclose(fopen(path, "w"));
    assert_int_equal(certificates_new(path, &certificates), -ENOTDIR);
    assert_null(certificates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_restart_finds_it_on_disk),
        TEST(a_file_of_the_operator_is_used),
        TEST(files_are_for_the_group_to_read_and_nobody_else),
        TEST(a_file_of_another_name_is_not_loaded),
        TEST(a_damaged_file_is_overwritten_by_the_next_fetch),
        TEST(a_symbolic_link_is_refused_and_replaced),
        TEST(a_linked_folder_is_refused),
        TEST(what_is_not_a_regular_file_is_refused_without_waiting),
        TEST(a_large_file_is_refused),
        TEST(a_file_that_everybody_may_write_is_refused),
        TEST(a_directory_that_cannot_be_written_is_not_an_obstacle),
        TEST(a_full_disk_is_not_an_obstacle_and_leaves_nothing_behind),
        TEST(a_name_taken_by_a_folder_leaves_nothing_behind),
        TEST(a_directory_removed_meanwhile_is_made_again),
        TEST(leftovers_of_dead_writers_are_removed_at_the_start),
        TEST(hostile_names_reach_neither_memory_nor_disk),
        TEST(too_long_names_are_refused),
        TEST(the_host_of_an_endpoint_with_a_port_is_a_folder),
        TEST(a_directory_that_cannot_be_created_is_reported_at_the_start),
    };
    return cmocka_run_group_tests(tests, start, stop);
}

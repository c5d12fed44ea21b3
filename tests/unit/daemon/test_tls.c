/* Whether the files of a certificate have changed. What is in them is judged elsewhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/tls.h"
#include "sesbounce/limits.h"

struct pair {
    char folder[32];
    char certificate[64], key[64];
    struct tls_files files;
};

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* The pair cannot be served with, but it has been read. */
static void read_pair(struct pair *pair)
{
    struct buf fault;
    struct tls tls;

    buf_init(&fault, LOG_VALUE_BYTES_MAX);
    assert_int_equal(tls_read(&pair->files, &tls, &fault), -EINVAL);
    assert_true(fault.len > 0);
    tls_done(&tls);
    buf_done(&fault);
}

static int set_up(void **state)
{
    static struct pair pair;

    pair = (struct pair){.folder = "/tmp/test_tls.XXXXXX"};
    assert_non_null(mkdtemp(pair.folder));
    (void)snprintf(pair.certificate, sizeof(pair.certificate), "%s/c", pair.folder);
    (void)snprintf(pair.key, sizeof(pair.key), "%s/k", pair.folder);
    write_file(pair.certificate, "c");
    write_file(pair.key, "k");
    pair.files = (struct tls_files){
        .section = "ingest", .certificate = pair.certificate, .key = pair.key};
    read_pair(&pair);
    *state = &pair;
    return 0;
}

static int tear_down(void **state)
{
    struct pair *pair = *state;

    (void)unlink(pair->certificate);
    (void)unlink(pair->key);
    return rmdir(pair->folder);
}

/* Another file under the same name. */
static void replace(const char *path)
{
    char other[80];

    (void)snprintf(other, sizeof(other), "%s.new", path);
    write_file(other, "x");
    assert_int_equal(rename(other, path), 0);
}

static void assert_changes_at_the_second_look(struct pair *pair)
{
    assert_false(tls_look(&pair->files));
    assert_true(tls_look(&pair->files));
    assert_true(tls_look(&pair->files)); /* until it is read */
    read_pair(pair);
    assert_false(tls_look(&pair->files));
}

static void files_that_stay_have_not_changed(void **state)
{
    struct pair *pair = *state;

    for (size_t i = 0; i < 3; i++)
        assert_false(tls_look(&pair->files));
}

static void either_file_may_be_replaced(void **state)
{
    struct pair *pair = *state;

    replace(pair->certificate);
    assert_changes_at_the_second_look(pair);
    replace(pair->key);
    assert_changes_at_the_second_look(pair);
}

static void one_after_the_other_is_one_change(void **state)
{
    struct pair *pair = *state;

    replace(pair->certificate);
    assert_false(tls_look(&pair->files));
    replace(pair->key);
    assert_changes_at_the_second_look(pair);
}

static void a_file_may_go_and_come(void **state)
{
    struct pair *pair = *state;

    assert_int_equal(unlink(pair->key), 0);
    assert_changes_at_the_second_look(pair);
    write_file(pair->key, "k");
    assert_changes_at_the_second_look(pair);
}

static void what_did_not_come_to_be_served_is_read_again(void **state)
{
    struct pair *pair = *state;

    assert_false(tls_look(&pair->files));
    tls_unread(&pair->files);
    assert_true(tls_look(&pair->files));
    read_pair(pair);
    assert_false(tls_look(&pair->files));
}

static void files_that_are_gone_are_read_again_too(void **state)
{
    struct pair *pair = *state;

    assert_int_equal(unlink(pair->certificate), 0);
    assert_int_equal(unlink(pair->key), 0);
    assert_changes_at_the_second_look(pair);
    tls_unread(&pair->files);
    assert_true(tls_look(&pair->files));
}

static void a_lack_of_descriptors_is_not_the_fault_of_the_files(void **state)
{
    struct pair *pair = *state;
    struct rlimit limit, none;
    struct buf fault;
    struct tls tls;
    int r;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    buf_init(&fault, LOG_VALUE_BYTES_MAX);
    r = tls_read(&pair->files, &tls, &fault);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(r, -EMFILE);
    tls_done(&tls);
    buf_done(&fault);
}

static void plain_http_has_nothing_to_read(void **state)
{
    struct tls_files none = {.section = "ingest"};
    struct tls tls;

    (void)state;
    assert_int_equal(tls_read(&none, &tls, NULL), 0);
    assert_null(tls.certificate);
    tls_done(&tls);
}

#define PAIR(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR(files_that_stay_have_not_changed),
        PAIR(either_file_may_be_replaced),
        PAIR(one_after_the_other_is_one_change),
        PAIR(a_file_may_go_and_come),
        PAIR(what_did_not_come_to_be_served_is_read_again),
        PAIR(files_that_are_gone_are_read_again_too),
        PAIR(a_lack_of_descriptors_is_not_the_fault_of_the_files),
        cmocka_unit_test(plain_http_has_nothing_to_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

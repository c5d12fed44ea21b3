#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/secrets.h"
#include "sesbounce/cleanup.h"

static int read_file_at(const char *path, struct secrets **ret)
{
    struct buf fault;
    int r;

    buf_init(&fault, 512);
    r = secrets_read(SECRETS_CREDENTIALS, path, ret, &fault);
    assert_int_equal(fault.len > 0, r < 0);
    buf_done(&fault);
    return r;
}

static int read_text(const char *text, struct secrets **ret)
{
    char path[] = "/tmp/sesbounced-test-XXXXXX";
    int fd = mkstemp(path);
    ssize_t len = (ssize_t)strlen(text);
    int r;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, (size_t)len), len);
    (void)close(fd);
    r = read_file_at(path, ret);
    (void)unlink(path);
    return r;
}

static bool is_let_in(const struct secrets *credentials, const char *user,
                      const char *password)
{
    const char *fault = NULL;

    return secrets_check_credentials(credentials, true, user, password, &fault) ==
           VERDICT_NONE;
}

static void any_line_matches_and_nothing_else(void **state)
{
    _cleanup_(secrets_freep) struct secrets *credentials = NULL;

    (void)state;
    assert_int_equal(read_text("# who may\n\nsns:s3:cret\r\nold:gone\n", &credentials),
                     0);
    assert_true(is_let_in(credentials, "sns", "s3:cret"));
    assert_true(is_let_in(credentials, "old", "gone"));
    assert_false(is_let_in(credentials, "old", "s3:cret"));
    assert_false(is_let_in(credentials, "sns:s3", ""));
    assert_false(is_let_in(credentials, "# who may", ""));
    assert_false(is_let_in(credentials, NULL, NULL));
    assert_false(is_let_in(credentials, "sns", NULL));
}

static void a_file_that_would_let_nobody_in_is_a_fault(void **state)
{
    struct secrets *credentials = NULL;

    (void)state;
    assert_int_equal(read_text("# only a comment\n", &credentials), -EINVAL);
    assert_int_equal(read_text("no colon\n", &credentials), -EINVAL);
    assert_int_equal(read_file_at("/nonexistent", &credentials), -ENOENT);
    assert_null(credentials);
}

static void missing_is_not_wrong_and_asterisks_are_explained(void **state)
{
    _cleanup_(secrets_freep) struct secrets *credentials = NULL;
    const char *fault = NULL;

    (void)state;
    assert_int_equal(read_text("sns:secret\nodd:***\n", &credentials), 0);
    assert_int_equal(
        secrets_check_credentials(credentials, true, "sns", "secret", &fault),
        VERDICT_NONE);
    assert_int_equal(secrets_check_credentials(credentials, true, "odd", "***", &fault),
                     VERDICT_NONE);
    assert_int_equal(secrets_check_credentials(credentials, false, NULL, NULL, &fault),
                     VERDICT_NO_CREDENTIALS);
    assert_null(fault);
    assert_int_equal(secrets_check_credentials(credentials, true, NULL, NULL, &fault),
                     VERDICT_CREDENTIALS);
    assert_non_null(strstr(fault, "not HTTP Basic"));
    assert_int_equal(secrets_check_credentials(credentials, true, "sns", "secre", &fault),
                     VERDICT_CREDENTIALS);
    assert_non_null(strstr(fault, "are not in [ingest] credentials_file"));
    assert_int_equal(secrets_check_credentials(credentials, true, "sns", "****", &fault),
                     VERDICT_CREDENTIALS);
    assert_non_null(strstr(fault, "AWS prints in place"));
    assert_int_equal(secrets_check_credentials(credentials, true, "sns", "", &fault),
                     VERDICT_CREDENTIALS);
    assert_non_null(strstr(fault, "are not in [ingest] credentials_file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_line_matches_and_nothing_else),
        cmocka_unit_test(a_file_that_would_let_nobody_in_is_a_fault),
        cmocka_unit_test(missing_is_not_wrong_and_asterisks_are_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Telling systemd, which is played by a socket of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/limits.h"
#include "daemon/watch.h"

/* More than a socket takes unread, on any system. */
#define UNREAD_MAX 100000

struct fixture {
    char folder[32];
    char path[64];
    int fd;
};

static int set_up(void **state)
{
    static struct fixture f;
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(f.folder, "/tmp/test_notify.XXXXXX", 24);
    assert_non_null(mkdtemp(f.folder));
    (void)snprintf(f.path, sizeof(f.path), "%s/socket", f.folder);
    memcpy(address.sun_path, f.path, strlen(f.path));
    f.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_true(f.fd >= 0);
    assert_int_equal(bind(f.fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", f.path, 1), 0);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    (void)close(f->fd);
    (void)unlink(f->path);
    (void)rmdir(f->folder);
    return unsetenv("NOTIFY_SOCKET");
}

/* "" where there is none. */
static const char *receive(const struct fixture *f)
{
    static char text[2 * NOTIFY_BYTES_MAX];
    ssize_t len = recv(f->fd, text, sizeof(text) - 1, 0);

    text[len > 0 ? len : 0] = '\0';
    return text;
}

static void what_is_sent_arrives_as_it_was_written(void **state)
{
    const struct fixture *f = *state;

    assert_int_equal(watch_notify("STATUS=kept %d", 7), 0);
    assert_string_equal(receive(f), "STATUS=kept 7");
    assert_string_equal(receive(f), "");
}

static void a_socket_that_nobody_reads_is_never_waited_for(void **state)
{
    const struct fixture *f = *state;
    int sent = 0;
    int r;

    while ((r = watch_notify("WATCHDOG=1")) == 0 && sent < UNREAD_MAX)
        sent++;
    assert_int_equal(r, -EAGAIN);
    assert_true(sent > 0);
    assert_string_equal(receive(f), "WATCHDOG=1");
    assert_int_equal(watch_notify("READY=1"), 0);
}

static void an_abstract_name_is_found(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char name[1 + sizeof(address.sun_path)] = "@";
    socklen_t len = sizeof(address);
    struct fixture f = {.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)};

    (void)state;
    /* The kernel chooses a name that is free. */
    assert_int_equal(bind(f.fd, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
    assert_int_equal(getsockname(f.fd, (struct sockaddr *)&address, &len), 0);
    memcpy(name + 1, address.sun_path + 1, len - sizeof(sa_family_t) - 1);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    assert_int_equal(watch_notify("READY=1"), 0);
    assert_string_equal(receive(&f), "READY=1");
    (void)close(f.fd);
}

static void without_systemd_nothing_is_sent_and_nothing_is_wrong(void **state)
{
    (void)state;
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    assert_int_equal(watch_notify("READY=1"), 0);
}

static void a_name_that_is_not_a_socket_is_refused(void **state)
{
    char longest[256];

    (void)state;
    memset(longest, 'x', sizeof(longest) - 1);
    longest[0] = '/';
    longest[sizeof(longest) - 1] = '\0';
    const char *const names[] = {"", "/", "relative", longest};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(setenv("NOTIFY_SOCKET", names[i], 1), 0);
        assert_int_equal(watch_notify("READY=1"), -EINVAL);
    }
}

static void what_is_too_long_is_cut(void **state)
{
    const struct fixture *f = *state;

    assert_int_equal(watch_notify("STATUS=%*d", 2 * NOTIFY_BYTES_MAX, 1), 0);
    assert_int_equal(strlen(receive(f)), NOTIFY_BYTES_MAX - 1);
}

#define TOLD(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOLD(what_is_sent_arrives_as_it_was_written),
        TOLD(a_socket_that_nobody_reads_is_never_waited_for),
        TOLD(an_abstract_name_is_found),
        TOLD(without_systemd_nothing_is_sent_and_nothing_is_wrong),
        TOLD(a_name_that_is_not_a_socket_is_refused),
        TOLD(what_is_too_long_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

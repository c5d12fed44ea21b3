/* Accepting from a unix socket whose clients are this thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/acceptor.h"
#include "daemon/limits.h"
#include "sesbounce/clock.h"

#include "log_capture.h"

enum { CLIENTS = 4, PATIENCE_MS = 20000 };

/* What the acceptor's owner has heard; an eventfd counts each kind. */
struct owner {
    atomic_int room;
    atomic_int unseen; /* so often there seems to be none first */
    atomic_int looks, ticks;
    int taken, crowded, ticked;
    int fds[CLIENTS];
    int taken_count;
    int listener;
    struct sockaddr_un address;
    socklen_t address_len;
    struct acceptor *acceptor;
};

static bool has_room(void *context)
{
    struct owner *owner = context;

    owner->looks++;
    if (owner->unseen > 0) {
        owner->unseen--;
        return false;
    }
    return owner->room > 0;
}

static void take(void *context, int fd, const struct sockaddr *address, socklen_t len)
{
    struct owner *owner = context;

    (void)len;
    assert_int_equal(address->sa_family, AF_UNIX);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    owner->fds[owner->taken_count++] = fd;
    owner->room--;
    assert_int_equal(eventfd_write(owner->taken, 1), 0);
}

static void make_room(void *context)
{
    struct owner *owner = context;

    assert_int_equal(eventfd_write(owner->crowded, 1), 0);
}

static void tick(void *context)
{
    struct owner *owner = context;

    owner->ticks++;
    assert_int_equal(eventfd_write(owner->ticked, 1), 0);
}

/* Waits until it has happened `count` times or more. */
static void assert_happens(int counter, unsigned count)
{
    struct pollfd polled = {.fd = counter, .events = POLLIN};

    while (count > 0) {
        eventfd_t times;

        assert_int_equal(poll(&polled, 1, PATIENCE_MS), 1);
        assert_int_equal(eventfd_read(counter, &times), 0);
        count = times < count ? count - (unsigned)times : 0;
    }
}

static int set_up(void **state)
{
    static struct owner owner;

    owner = (struct owner){.taken = eventfd(0, EFD_NONBLOCK),
                           .crowded = eventfd(0, EFD_NONBLOCK),
                           .ticked = eventfd(0, EFD_NONBLOCK),
                           .address = {.sun_family = AF_UNIX},
                           .address_len = sizeof(owner.address)};
    owner.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* With the family alone the kernel chooses an abstract name. */
    assert_int_equal(bind(owner.listener, (const struct sockaddr *)&owner.address,
                          sizeof(sa_family_t)),
                     0);
    assert_int_equal(getsockname(owner.listener, (struct sockaddr *)&owner.address,
                                 &owner.address_len),
                     0);
    assert_int_equal(listen(owner.listener, CLIENTS), 0);
    *state = &owner;
    return 0;
}

static int tear_down(void **state)
{
    struct owner *owner = *state;

    acceptor_free(owner->acceptor);
    for (int i = 0; i < owner->taken_count; i++)
        (void)close(owner->fds[i]);
    (void)close(owner->listener);
    (void)close(owner->taken);
    (void)close(owner->crowded);
    (void)close(owner->ticked);
    return 0;
}

static void start(struct owner *owner, bool makes_room, int tick_ms)
{
    const struct acceptor_owner callbacks = {.context = owner,
                                             .has_room = has_room,
                                             .take = take,
                                             .make_room = makes_room ? make_room : NULL,
                                             .tick = tick,
                                             .tick_ms = tick_ms};

    assert_int_equal(acceptor_start(&callbacks, &owner->listener, 1, &owner->acceptor),
                     0);
}

static int client(const struct owner *owner)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(
        connect(fd, (const struct sockaddr *)&owner->address, owner->address_len), 0);
    return fd;
}

static bool has_backlog(const struct owner *owner)
{
    struct pollfd polled = {.fd = owner->listener, .events = POLLIN};

    return poll(&polled, 1, 0) == 1 && polled.revents == POLLIN;
}

static void connections_are_taken_while_there_is_room(void **state)
{
    struct owner *owner = *state;
    int clients[3];

    owner->room = 2;
    start(owner, false, 0);
    for (size_t i = 0; i < 3; i++)
        clients[i] = client(owner);
    assert_happens(owner->taken, 2);
    assert_true(has_backlog(owner));
    owner->room = 1;
    acceptor_wake(owner->acceptor);
    assert_happens(owner->taken, 1);
    assert_false(has_backlog(owner));
    for (size_t i = 0; i < 3; i++)
        (void)close(clients[i]);
}

static void the_backlog_outlives_the_stop(void **state)
{
    struct owner *owner = *state;
    int early, late;

    owner->room = CLIENTS;
    start(owner, false, 0);
    early = client(owner);
    assert_happens(owner->taken, 1);
    acceptor_stop(owner->acceptor);
    acceptor_stop(owner->acceptor);
    late = client(owner);
    acceptor_wake(owner->acceptor); /* connections close after the stop, too */
    assert_true(has_backlog(owner));
    acceptor_free(owner->acceptor);
    owner->acceptor = NULL;
    start(owner, false, 0);
    assert_happens(owner->taken, 1);
    (void)close(early);
    (void)close(late);
}

static void room_is_asked_for_while_somebody_waits(void **state)
{
    struct owner *owner = *state;
    int waiting;

    start(owner, true, 0);
    waiting = client(owner);
    assert_happens(owner->crowded, 1);
    assert_happens(owner->crowded, 1);
    owner->room = 1;
    acceptor_wake(owner->acceptor);
    assert_happens(owner->taken, 1);
    (void)close(waiting);
}

static void room_that_comes_between_two_looks_is_seen_without_a_wake(void **state)
{
    struct owner *owner = *state;
    int early = client(owner);

    owner->room = 1;
    owner->unseen = 1;
    start(owner, false, 0);
    assert_happens(owner->taken, 1);
    (void)close(early);
}

static void room_is_asked_for_with_pauses(void **state)
{
    struct owner *owner = *state;
    int waiting = client(owner);
    int64_t begin_ms = clock_mono_ms();

    start(owner, true, 0);
    assert_happens(owner->crowded, 3);
    assert_true(clock_mono_ms() - begin_ms >= 2 * ACCEPT_AGAIN_MS);
    (void)close(waiting);
}

static void wait_for_log(const char *words)
{
    char text[1024] = "";

    while (!strstr(text, words)) {
        ssize_t len = pread(log_file, text, sizeof(text) - 1, 0);

        assert_true(len >= 0);
        text[len] = '\0';
        (void)poll(NULL, 0, 1);
    }
}

static void without_descriptors_clients_wait_and_are_taken_later(void **state)
{
    struct owner *owner = *state;
    struct rlimit limit, none;
    int waiting = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char text[1024];
    int next;

    owner->room = CLIENTS;
    start(owner, false, 0);
    log_begin();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    next = dup(STDERR_FILENO);
    (void)close(next);
    none = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(
        connect(waiting, (const struct sockaddr *)&owner->address, owner->address_len),
        0);
    wait_for_log("connections cannot be accepted now");
    assert_true(has_backlog(owner));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_happens(owner->taken, 1);
    log_end(text, sizeof(text));
    (void)close(waiting);
}

/* poll(2) refuses more descriptors than may be open: here more than wake_fd. */
static void a_poll_that_fails_does_not_spin_and_clients_are_taken_later(void **state)
{
    struct owner *owner = *state;
    struct rlimit limit, one;
    int waiting = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int looks, ticks;
    char text[1024];

    owner->room = CLIENTS;
    log_begin();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    one = (struct rlimit){.rlim_cur = 1, .rlim_max = limit.rlim_max};
    start(owner, false, 1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &one), 0);
    assert_happens(owner->ticked, 1);
    looks = owner->looks;
    ticks = owner->ticks;
    for (int i = 0; i < 20; i++)
        assert_happens(owner->ticked, 1);
    looks = owner->looks - looks;
    ticks = owner->ticks - ticks;
    assert_int_equal(
        connect(waiting, (const struct sockaddr *)&owner->address, owner->address_len),
        0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(looks <= 8 * ticks);
    assert_happens(owner->taken, 1);
    log_end(text, sizeof(text));
    assert_non_null(strstr(text, "connections cannot be accepted now"));
    (void)close(waiting);
}

static void it_ticks_though_nobody_comes(void **state)
{
    struct owner *owner = *state;

    start(owner, false, 1);
    assert_happens(owner->ticked, 1);
    assert_happens(owner->ticked, 1);
}

static void clients_make_it_tick_no_sooner(void **state)
{
    struct owner *owner = *state;
    int clients[CLIENTS];

    owner->room = CLIENTS;
    start(owner, false, 10 * PATIENCE_MS);
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i] = client(owner);
        assert_happens(owner->taken, 1);
    }
    acceptor_stop(owner->acceptor);
    assert_int_equal(owner->ticks, 1);
    for (size_t i = 0; i < CLIENTS; i++)
        (void)close(clients[i]);
}

static void nothing_need_be_stopped_that_was_not_started(void **state)
{
    (void)state;
    acceptor_stop(NULL);
    acceptor_free(NULL);
}

#define SERVED(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(connections_are_taken_while_there_is_room),
        SERVED(the_backlog_outlives_the_stop),
        SERVED(room_is_asked_for_while_somebody_waits),
        SERVED(room_that_comes_between_two_looks_is_seen_without_a_wake),
        SERVED(room_is_asked_for_with_pauses),
        SERVED(without_descriptors_clients_wait_and_are_taken_later),
        SERVED(a_poll_that_fails_does_not_spin_and_clients_are_taken_later),
        SERVED(it_ticks_though_nobody_comes),
        SERVED(clients_make_it_tick_no_sooner),
        cmocka_unit_test(nothing_need_be_stopped_that_was_not_started),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

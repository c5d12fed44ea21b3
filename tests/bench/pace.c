/*
 * Open loop: posts messages at a fixed rate, whatever the server does, and measures each
 * answer from the moment at which its message should have been sent. A message whose turn
 * comes while all connections are busy waits, and its waiting counts: a closed loop would
 * be silent about it.
 *
 * usage: pace PORT PATH FILE FIRST COUNT RATE CONNECTIONS
 *
 * Prints one JSON object. Ends by itself: GRACE_NS after the last message at the latest.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "messages.h"
#include "sesbounce/cleanup.h"

#define CONNECTIONS_MAX 1024
#define REQUEST_BYTES   65536
#define ANSWER_BYTES    4096
#define EVENTS_MAX      256
#define SECOND_NS       1000000000LL
#define GRACE_NS        (15 * SECOND_NS)

struct connection {
    int fd;
    bool busy;
    uint64_t number; /* of the message it carries */
    size_t request_len;
    size_t sent;
    size_t answer_len;
    char request[REQUEST_BYTES];
    char answer[ANSWER_BYTES];
};

struct pace {
    uint16_t port;
    const char *path;
    struct messages messages;
    uint64_t first;
    uint64_t count;
    uint64_t rate;
    size_t connection_count;
    struct connection *connections;
    int epoll;
    int64_t start_ns;
    uint64_t next;
    uint64_t answered;
    uint64_t ok;
    uint64_t broken; /* connections that ended before their answer */
    int64_t *latencies_ns;
};

static int64_t due_ns(const struct pace *pace, uint64_t number)
{
    return pace->start_ns + (int64_t)number * SECOND_NS / (int64_t)pace->rate;
}

static int dial(struct pace *pace, struct connection *connection)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(pace->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    int one = 1;

    connection->busy = false;
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 ||
        connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
        epoll_ctl(pace->epoll, EPOLL_CTL_ADD, connection->fd, &event) < 0)
        return -errno;
    return 0;
}

static int compose(const struct pace *pace, struct connection *connection)
{
    struct str body = pace->messages.items[pace->first + connection->number];
    int head = snprintf(connection->request, sizeof(connection->request),
                        "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                        "Content-Type: text/plain; charset=UTF-8\r\n"
                        "User-Agent: Amazon Simple Notification Service Agent\r\n"
                        "x-amz-sns-message-type: Notification\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        pace->path, (unsigned)pace->port, body.len);

    if (head < 0 || (size_t)head + body.len > sizeof(connection->request))
        return -E2BIG;
    memcpy(connection->request + head, body.data, body.len);
    connection->request_len = (size_t)head + body.len;
    return 0;
}

/* A message is smaller than a socket's buffer: sending it does not block. */
static int post(struct pace *pace, struct connection *connection)
{
    int r;

    connection->number = pace->next++;
    connection->busy = true;
    connection->sent = 0;
    connection->answer_len = 0;
    r = compose(pace, connection);
    while (r == 0 && connection->sent < connection->request_len) {
        ssize_t n = send(connection->fd, connection->request + connection->sent,
                         connection->request_len - connection->sent, MSG_NOSIGNAL);

        if (n < 0)
            return -errno;
        connection->sent += (size_t)n;
    }
    return r;
}

/* 0: not whole yet; else its status. Both servers send a Content-Length. */
static unsigned parse_answer(const struct connection *connection)
{
    static const char length[] = "content-length:";
    const char *answer = connection->answer;
    const char *end = strstr(answer, "\r\n\r\n");
    const char *field = end ? strcasestr(answer, length) : NULL;
    uint64_t body = 0;
    uint64_t status = 0;

    if (!end || !field || field > end)
        return 0;
    field += sizeof(length) - 1;
    field += strspn(field, " ");
    if (str_to_u64((struct str){field, strcspn(field, "\r ")}, ANSWER_BYTES, &body) < 0 ||
        connection->answer_len < (size_t)(end + 4 - answer) + body ||
        str_to_u64((struct str){answer + 9, 3}, 999, &status) < 0)
        return 0;
    return (unsigned)status;
}

static int note_broken(struct pace *pace, struct connection *connection)
{
    if (connection->busy)
        pace->answered++;
    pace->broken += connection->busy;
    (void)close(connection->fd);
    return dial(pace, connection);
}

static int receive(struct pace *pace, struct connection *connection)
{
    ssize_t n =
        recv(connection->fd, connection->answer + connection->answer_len,
             sizeof(connection->answer) - 1 - connection->answer_len, MSG_DONTWAIT);
    unsigned status;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0)
        return note_broken(pace, connection);
    connection->answer_len += (size_t)n;
    connection->answer[connection->answer_len] = '\0';
    status = parse_answer(connection);
    if (!connection->busy || status == 0)
        return 0;
    pace->latencies_ns[pace->ok] = bench_now_ns() - due_ns(pace, connection->number);
    pace->ok += status == 200;
    pace->answered++;
    connection->busy = false;
    return 0;
}

static struct connection *idle(struct pace *pace)
{
    for (size_t i = 0; i < pace->connection_count; i++) {
        if (!pace->connections[i].busy)
            return &pace->connections[i];
    }
    return NULL;
}

static int post_what_is_due(struct pace *pace)
{
    int64_t now_ns = bench_now_ns();
    struct connection *connection;
    int r = 0;

    while (r == 0 && pace->next < pace->count && due_ns(pace, pace->next) <= now_ns &&
           (connection = idle(pace)))
        r = post(pace, connection);
    return r;
}

static int wait_for_answers(struct pace *pace)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t pause_ns = SECOND_NS / 10; /* for the grace to end */
    int count;
    int r = 0;

    if (pace->next < pace->count && idle(pace))
        pause_ns = due_ns(pace, pace->next) - bench_now_ns();
    struct timespec pause = {.tv_sec = 0, .tv_nsec = pause_ns > 0 ? pause_ns : 0};

    if (pause_ns >= SECOND_NS)
        pause = (struct timespec){.tv_sec = 1};
    count = epoll_pwait2(pace->epoll, events, EVENTS_MAX, &pause, NULL);
    if (count < 0)
        return errno == EINTR ? 0 : -errno;
    for (int i = 0; r == 0 && i < count; i++)
        r = receive(pace, events[i].data.ptr);
    return r;
}

static int run(struct pace *pace)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < pace->connection_count; i++)
        r = dial(pace, &pace->connections[i]);
    pace->start_ns = bench_now_ns();
    while (r == 0 && pace->answered < pace->count &&
           bench_now_ns() < due_ns(pace, pace->count) + GRACE_NS) {
        r = post_what_is_due(pace);
        if (r == 0)
            r = wait_for_answers(pace);
    }
    return r;
}

static int compare(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;

    return (*x > *y) - (*x < *y);
}

static double percentile_ms(const struct pace *pace, double part)
{
    uint64_t at = (uint64_t)(part * (double)pace->ok);

    if (pace->ok == 0)
        return 0;
    return (double)pace->latencies_ns[at < pace->ok ? at : pace->ok - 1] / 1e6;
}

static void print(struct pace *pace)
{
    qsort(pace->latencies_ns, pace->ok, sizeof(*pace->latencies_ns), compare);
    printf("{\"sent\": %llu, \"ok\": %llu, \"other\": %llu, \"broken\": %llu, "
           "\"seconds\": %.3f, \"p50_ms\": %.3f, \"p90_ms\": %.3f, \"p99_ms\": %.3f, "
           "\"p999_ms\": %.3f, \"max_ms\": %.3f}\n",
           (unsigned long long)pace->next, (unsigned long long)pace->ok,
           (unsigned long long)(pace->answered - pace->ok - pace->broken),
           (unsigned long long)pace->broken,
           (double)(bench_now_ns() - pace->start_ns) / 1e9, percentile_ms(pace, 0.5),
           percentile_ms(pace, 0.9), percentile_ms(pace, 0.99),
           percentile_ms(pace, 0.999), percentile_ms(pace, 1));
}

static int prepare(struct pace *pace, const char *file)
{
    int r = messages_open(file, &pace->messages);

    if (r == 0 && pace->first + pace->count > pace->messages.count)
        r = -ERANGE;
    if (r < 0)
        return r;
    pace->connections = calloc(pace->connection_count, sizeof(*pace->connections));
    pace->latencies_ns = calloc(pace->count + 1, sizeof(*pace->latencies_ns));
    pace->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!pace->connections || !pace->latencies_ns)
        return -ENOMEM;
    return pace->epoll < 0 ? -errno : 0;
}

int main(int argc, char **argv)
{
    struct pace pace = {0};
    int r;

    if (argc != 8) {
        (void)fprintf(stderr,
                      "usage: pace PORT PATH FILE FIRST COUNT RATE CONNECTIONS\n");
        return 2;
    }
    pace.port = (uint16_t)bench_number(argv[1], UINT16_MAX);
    pace.path = argv[2];
    pace.first = bench_number(argv[4], INT32_MAX);
    pace.count = bench_number(argv[5], INT32_MAX);
    pace.rate = bench_number(argv[6], INT32_MAX);
    pace.connection_count = bench_number(argv[7], CONNECTIONS_MAX);
    r = pace.rate > 0 && pace.connection_count > 0 ? prepare(&pace, argv[3]) : -EINVAL;
    if (r == 0)
        r = run(&pace);
    if (r == 0)
        print(&pace);
    else
        (void)fprintf(stderr, "pace: %s\n", strerror(-r));
    messages_done(&pace.messages);
    free(pace.connections);
    free(pace.latencies_ns);
    return r < 0;
}

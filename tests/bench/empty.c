/*
 * A ceiling: libmicrohttpd as the daemon runs it (epoll, one thread a core), which reads
 * the body and answers 200 without looking at it.
 *
 * usage: empty PORT; ends on SIGTERM.
 */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>

#include "daemon/limits.h"
#include "messages.h"
#include "sesbounce/cleanup.h"

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *bytes, size_t *len,
                                  void **request)
{
    static int seen;

    (void)url;
    (void)method;
    (void)version;
    (void)bytes;
    if (!*request) {
        *request = &seen;
        return MHD_YES;
    }
    if (*len > 0) {
        *len = 0;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, context);
}

int main(int argc, char **argv)
{
    static char body[] = "kept\n";
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct MHD_Response *response;
    struct MHD_Daemon *daemon;
    sigset_t ending;
    int signal;

    if (argc != 2) {
        (void)fprintf(stderr, "usage: empty PORT\n");
        return 2;
    }
    address.sin_port = htons((uint16_t)bench_number(argv[1], UINT16_MAX));
    (void)sigemptyset(&ending);
    (void)sigaddset(&ending, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &ending, NULL);
    response =
        MHD_create_response_from_buffer(sizeof(body) - 1, body, MHD_RESPMEM_PERSISTENT);
    daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
        on_request, response, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)HTTP_IDLE_S, cores > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END,
        (unsigned)cores, MHD_OPTION_END);
    if (!response || !daemon) {
        (void)fprintf(stderr, "empty: cannot serve on port %s\n", argv[1]);
        return 1;
    }
    (void)sigwait(&ending, &signal);
    MHD_stop_daemon(daemon);
    MHD_destroy_response(response);
    return 0;
}

#include "daemon/server.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/acceptor.h"
#include "daemon/limits.h"
#include "daemon/tls.h"
#include "sesbounce/clock.h"
#include "sesbounce/log.h"

/* One libmicrohttpd daemon, what it serves TLS with, and its connections. */
struct server_daemon {
    struct MHD_Daemon *mhd;
    struct tls tls;
    struct connections_group group;
};

struct server {
    struct server_options options;
    struct tls_files files;
    /* The acceptor's, while that runs. `leaving` has connections that an earlier
     * certificate serves. */
    struct server_daemon *daemon;
    struct server_daemon *leaving;
    bool leaving_was_empty; /* at the last tick */
    int64_t renew_again_ms; /* not before */
    struct log_ration renewal_ration;
    struct acceptor *acceptor;
    pthread_mutex_t ration_mutex; /* guards library_ration */
    struct log_ration library_ration;
    struct log_ration handshake_ration;
};

/* --- connections ----------------------------------------------------------------- */

struct connection *server_client(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

/* libmicrohttpd tells the end before it closes the descriptor. */
static void server_on_connection(void *context, struct MHD_Connection *connection,
                                 void **client, enum MHD_ConnectionNotificationCode what)
{
    struct server *server = context;
    const union MHD_ConnectionInfo *fd;

    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        connections_remove(server->options.connections, *client);
        *client = NULL;
        acceptor_wake(server->acceptor);
        return;
    }
    fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    *client =
        connections_start(server->options.connections, fd->connect_fd, clock_mono_ms());
}

static bool server_has_room(void *context)
{
    struct server *server = context;

    return !connections_are_full(server->options.connections);
}

static void server_make_room(void *context)
{
    struct server *server = context;

    (void)connections_displace(server->options.connections, clock_mono_ms());
}

/* With a reset: nothing of it stays with us, not even in the kernel. */
static void connection_refuse(int fd)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    (void)close(fd);
}

static void server_take(void *context, int fd, const struct sockaddr *address,
                        socklen_t len)
{
    struct server *server = context;
    struct connections *connections = server->options.connections;
    struct connection *client;

    if (!connections_admit(connections, address)) {
        metrics_count(server->options.refused);
        connection_refuse(fd);
        return;
    }
    client = connections_add(connections, fd, address, &server->daemon->group,
                             clock_mono_ms());
    /* It closes the descriptor when it cannot. */
    if (MHD_add_connection(server->daemon->mhd, fd, address, len) != MHD_YES)
        connections_remove(connections, client);
}

/* --- libmicrohttpd --------------------------------------------------------------- */

/* Whatever the reason, libmicrohttpd says "received handshake message out of context". */
static void handshake_tell(struct server *server)
{
    unsigned held_back = 0;

    if (log_ration_pass(&server->handshake_ration, clock_mono_ms(), 1, &held_back))
        log_event(
            LOG_LEVEL_INFO,
            "the TLS handshake with a client failed: it spoke HTTP to the HTTPS port "
            "(http:// in its URL), does not trust the certificate, or offers only "
            "old versions of TLS");
}

/*
 * libmicrohttpd and GnuTLS complain about strangers' junk; a little of it is enough. Of a
 * unix socket that it did not accept itself, 0.9.75 says at each answer that TCP's
 * options cannot be set.
 */
static void server_on_library_log(void *context, const char *format, va_list arguments)
{
    struct server *server = context;
    unsigned held_back = 0;
    char text[LOG_VALUE_BYTES_MAX];
    bool pass;

    if (str_starts_with(str_of(format), STR("Setting %s option to %s state failed")))
        return;
    if (str_starts_with(str_of(format),
                        STR("Error: received handshake message out of"))) {
        handshake_tell(server);
        return;
    }
    pthread_mutex_lock(&server->ration_mutex);
    pass = log_ration_pass(&server->library_ration, clock_mono_ms(),
                           LIBRARY_LOGS_A_MINUTE, &held_back);
    pthread_mutex_unlock(&server->ration_mutex);
    if (!pass)
        return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)vsnprintf(text, sizeof(text), format, arguments);
#pragma GCC diagnostic pop
    log_event(LOG_LEVEL_DEBUG, "HTTP", {"DETAIL", str_trim(str_of(text))});
}

/* It has no limit of its own: that would be split over the threads, and count a closed
 * connection a little longer than we do. */
static struct MHD_Daemon *mhd_start(struct server *server, const struct tls *tls)
{
    const struct server_options *options = &server->options;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET |
                     MHD_USE_ITC | MHD_USE_ERROR_LOG |
                     (options->suspends ? MHD_ALLOW_SUSPEND_RESUME : 0) |
                     (tls->certificate ? MHD_USE_TLS : 0);
    struct MHD_OptionItem pool[] = {
        {options->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END,
         (intptr_t)options->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem secured[TLS_OPTIONS];

    tls_options(tls, secured);
    return MHD_start_daemon(
        flags, 0, NULL, NULL, options->on_request, options->context,
        MHD_OPTION_EXTERNAL_LOGGER, server_on_library_log, server,
        MHD_OPTION_URI_LOG_CALLBACK, options->on_request_line, options->context,
        MHD_OPTION_NOTIFY_COMPLETED, options->on_completed, options->context,
        MHD_OPTION_NOTIFY_CONNECTION, server_on_connection, server,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_HEAD_BYTES,
        MHD_OPTION_CONNECTION_LIMIT, UINT_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        options->idle_s, MHD_OPTION_ARRAY, pool, MHD_OPTION_ARRAY, secured,
        MHD_OPTION_END);
}

static void server_daemon_free(struct server_daemon *daemon)
{
    if (!daemon)
        return;
    if (daemon->mhd)
        MHD_stop_daemon(daemon->mhd);
    tls_done(&daemon->tls);
    free(daemon);
}

/* With these it is not the fault of the settings that libmicrohttpd did not start. */
static int mhd_fault(const struct tls *tls, int error)
{
    if (error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE)
        return -error;
    return tls->certificate ? -EINVAL : -EIO;
}

/* Reads the files of the certificate and serves with them. As server_start(). */
static int server_daemon_new(struct server *server, struct server_daemon **ret,
                             struct buf *fault)
{
    struct server_daemon *daemon = calloc(1, sizeof(*daemon));
    int r;

    if (!daemon)
        return -ENOMEM;
    r = tls_read(&server->files, &daemon->tls, fault);
    if (r == 0) {
        errno = 0;
        daemon->mhd = mhd_start(server, &daemon->tls);
        r = daemon->mhd ? 0 : mhd_fault(&daemon->tls, errno);
    }
    if (r < 0) {
        if (fault->len == 0)
            (void)buf_printf(fault, "[%s]: the HTTP server could not be started: %s",
                             server->options.section,
                             r == -EINVAL ? "it may not know this kind of certificate "
                                            "or key"
                                          : strerror(-r));
        server_daemon_free(daemon);
        return r;
    }
    atomic_store(&server->options.tls->begins_ms, daemon->tls.begins_ms);
    atomic_store(&server->options.tls->expires_ms, daemon->tls.expires_ms);
    atomic_store(&server->options.tls->is_outdated, false);
    *ret = daemon;
    return 0;
}

/* --- a renewed certificate ------------------------------------------------------- */

/* A connected client stays so until its next answer; new ones get the new certificate. */
static void server_switch(struct server *server, struct server_daemon *daemon)
{
    enum log_level level;
    struct buf until;

    server->leaving = server->daemon;
    atomic_store(&server->leaving->group.leaving, true);
    server->daemon = daemon;
    buf_init(&until, LOG_VALUE_BYTES_MAX);
    level = tls_describe(&daemon->tls, &until) ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE;
    log_event(level, "a renewed TLS certificate is served from now on",
              {"LISTENER", str_of(server->options.section)},
              {"FILE", str_of(server->options.certificate)},
              {"CERTIFICATE", buf_str(&until)});
    buf_done(&until);
}

/* The files may be as good as the previous ones. */
static void server_put_off_renewal(struct server *server, struct str fault)
{
    int64_t now_ms = clock_mono_ms();
    unsigned held_back = 0;

    tls_unread(&server->files);
    server->renew_again_ms = now_ms + TLS_AGAIN_MS;
    if (log_ration_pass(&server->renewal_ration, now_ms, TLS_FAULT_LOGS_A_MINUTE,
                        &held_back))
        log_event(LOG_LEVEL_ERROR,
                  "a renewed TLS certificate is not served yet, because memory, threads "
                  "or file descriptors are short; it is tried again every few seconds",
                  {"LISTENER", str_of(server->options.section)}, {"DETAIL", fault});
}

static void server_refuse_renewal(struct server *server, struct str fault)
{
    atomic_store(&server->options.tls->is_outdated, true);
    log_event(LOG_LEVEL_ERROR,
              "the renewed TLS certificate or key cannot be used, so the previous "
              "ones are still served; to see why, type: sudo -u sesbounced "
              "sesbounced --check-config",
              {"LISTENER", str_of(server->options.section)}, {"DETAIL", fault});
}

static void server_renew(struct server *server)
{
    struct server_daemon *daemon = NULL;
    struct buf fault;
    int r;

    buf_init(&fault, LOG_VALUE_BYTES_MAX);
    r = server_daemon_new(server, &daemon, &fault);
    if (r == 0)
        server_switch(server, daemon);
    else if (r != -EINVAL)
        server_put_off_renewal(server, buf_str(&fault));
    else
        server_refuse_renewal(server, buf_str(&fault));
    buf_done(&fault);
}

/*
 * Frees it when it is empty at two ticks in a row: another thread's
 * MHD_resume_connection() still uses the daemon for a moment after the connection that it
 * resumed may have been answered and closed.
 */
static void server_reap_leaving(struct server *server)
{
    bool empty = server->leaving && atomic_load(&server->leaving->group.count) == 0;

    if (empty && server->leaving_was_empty) {
        server_daemon_free(server->leaving);
        server->leaving = NULL;
        empty = false;
    }
    server->leaving_was_empty = empty;
}

static void server_tick(void *context)
{
    struct server *server = context;

    server_reap_leaving(server);
    /* One at a time: each has a pool of threads. */
    if (tls_look(&server->files) && !server->leaving &&
        clock_mono_ms() >= server->renew_again_ms)
        server_renew(server);
}

/* --- start and stop -------------------------------------------------------------- */

int server_start(const struct server_options *options, struct server **ret,
                 struct buf *fault)
{
    struct server *server = calloc(1, sizeof(*server));
    int r;

    if (!server)
        return -ENOMEM;
    server->options = *options;
    server->files = (struct tls_files){.section = options->section,
                                       .certificate = options->certificate,
                                       .key = options->key};
    (void)pthread_mutex_init(&server->ration_mutex, NULL);
    r = server_daemon_new(server, &server->daemon, fault);
    if (r < 0) {
        server_stop(server);
        return r;
    }
    *ret = server;
    return 0;
}

int server_open(struct server *server, const int *sockets, size_t count)
{
    const struct acceptor_owner owner = {
        .context = server,
        .has_room = server_has_room,
        .take = server_take,
        .make_room = server->options.displaces ? server_make_room : NULL,
        .tick = server_tick,
        .tick_ms = server->options.certificate ? TLS_LOOK_MS : 0,
    };

    return acceptor_start(&owner, sockets, count, &server->acceptor);
}

void server_close(struct server *server)
{
    acceptor_stop(server->acceptor);
}

void server_stop(struct server *server)
{
    if (!server)
        return;
    acceptor_stop(server->acceptor);
    server_daemon_free(server->leaving);
    server_daemon_free(server->daemon);
    acceptor_free(server->acceptor);
    (void)pthread_mutex_destroy(&server->ration_mutex);
    free(server);
}

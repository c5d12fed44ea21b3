#include "daemon/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "sesbounce/limits.h"
#include "sesbounce/net_address.h"

static void names_free(char ***names)
{
    for (char **name = *names; name && *name; name++)
        free(*name);
    free(*names);
}

static int sockets_take_passed(const char *name, struct listen_sockets *ret)
{
    _cleanup_(names_free) char **names = NULL;
    int count = sd_listen_fds_with_names(0, &names);

    for (int i = 0; i < count && ret->count < LISTEN_SOCKETS_MAX; i++) {
        int fd = SD_LISTEN_FDS_START + i;

        /* Sockets that are passed without a name have one purpose. */
        bool is_default = strcmp(names[i], "unknown") == 0 && strcmp(name, "ingest") == 0;

        if (strcmp(names[i], name) != 0 && !is_default)
            continue;
        if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
            return -errno;
        ret->fds[ret->count++] = fd;
        ret->passed = true;
    }
    return 0;
}

static int socket_open_unix(const char *path)
{
    _cleanup_(closep) int fd = -1;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;

    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    /* Left behind by a run that was killed; anything that is not a socket is not ours. */
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        (void)unlink(path);
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        chmod(path, 0660) < 0 || listen(fd, SOMAXCONN) < 0)
        return -errno;
    return take_fd(fd);
}

static int socket_open_inet(const struct addrinfo *info)
{
    _cleanup_(closep) int fd =
        socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;

    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (info->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0)
        return -errno;
    return take_fd(fd);
}

static void info_free(struct addrinfo **info)
{
    if (*info)
        freeaddrinfo(*info);
}

/* settings has checked the form. */
static int socket_open(const char *text)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    _cleanup_(info_free) struct addrinfo *info = NULL;
    _cleanup_(freep) char *host = NULL;
    struct net_address address;

    if (!net_address_split(str_of(text), &address))
        return -EINVAL;
    if (address.kind == NET_UNIX)
        return socket_open_unix(address.host.data);
    host = str_dup(address.host);
    if (!host)
        return -ENOMEM;
    if (getaddrinfo(host, address.port.data, &hints, &info) != 0)
        return -EADDRNOTAVAIL;
    return socket_open_inet(info);
}

int listen_open(const char *name, const struct settings_list *list,
                struct listen_sockets *ret, struct buf *fault)
{
    int r;

    *ret = (struct listen_sockets){.count = 0};
    r = sockets_take_passed(name, ret);
    if (r < 0 || ret->passed)
        return r;
    for (size_t i = 0; i < list->count && ret->count < LISTEN_SOCKETS_MAX; i++) {
        int fd = socket_open(list->items[i]);

        if (fd < 0) {
            (void)buf_printf(
                fault, "cannot listen on %s: %s%s", list->items[i], strerror(-fd),
                fd == -EADDRINUSE ? " (is sesbounced running already?)" : "");
            listen_close(ret);
            return fd;
        }
        ret->fds[ret->count++] = fd;
    }
    return 0;
}

static void socket_describe(int fd, struct buf *ret)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof(address);
    char host[NI_MAXHOST];
    char port[NI_MAXSERV];

    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        return;
    if (address.ss_family == AF_UNIX)
        (void)buf_printf(ret, "unix:%s",
                         ((const struct sockaddr_un *)(const void *)&address)->sun_path);
    else if (getnameinfo((const struct sockaddr *)&address, len, host, sizeof(host), port,
                         sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        (void)buf_printf(ret, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
                         port);
}

void listen_describe(const struct listen_sockets *sockets, struct buf *ret)
{
    for (size_t i = 0; i < sockets->count; i++) {
        if (i > 0)
            (void)buf_append_char(ret, ' ');
        socket_describe(sockets->fds[i], ret);
    }
}

bool listen_address_is_local(const struct sockaddr *address)
{
    union {
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } copy;

    if (address->sa_family == AF_INET) {
        memcpy(&copy.v4, address, sizeof(copy.v4));
        return ntohl(copy.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    if (address->sa_family == AF_INET6) {
        memcpy(&copy.v6, address, sizeof(copy.v6));
        return IN6_IS_ADDR_V4MAPPED(&copy.v6.sin6_addr)
                   ? copy.v6.sin6_addr.s6_addr[12] == IN_LOOPBACKNET
                   : IN6_IS_ADDR_LOOPBACK(&copy.v6.sin6_addr);
    }
    return address->sa_family == AF_UNIX;
}

union own_address {
    struct sockaddr any;
    struct sockaddr_storage room;
};

/* False, too, when it is not known. */
static bool socket_local_address(int fd, union own_address *ret)
{
    socklen_t len = sizeof(*ret);

    *ret = (union own_address){.room = {.ss_family = AF_UNSPEC}};
    return getsockname(fd, &ret->any, &len) == 0 && listen_address_is_local(&ret->any);
}

bool listen_is_local(const struct listen_sockets *sockets)
{
    union own_address address;

    for (size_t i = 0; i < sockets->count; i++)
        if (!socket_local_address(sockets->fds[i], &address))
            return false;
    return true;
}

bool listen_is_reached_locally(const struct listen_sockets *sockets, int connection)
{
    union own_address reached, listens;

    if (!socket_local_address(connection, &reached))
        return false;
    for (size_t i = 0; i < sockets->count; i++)
        if (socket_local_address(sockets->fds[i], &listens) &&
            memcmp(&reached, &listens, sizeof(reached)) == 0)
            return true;
    return false;
}

void listen_close(struct listen_sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++)
        (void)close(sockets->fds[i]);
    sockets->count = 0;
}

/* --- where it is written down ---------------------------------------------------- */

static char *listen_file_path(const char *database, const char *suffix)
{
    char *path = NULL;

    return asprintf(&path, "%s.listen%s", database, suffix) < 0 ? NULL : path;
}

/* Not fsynced: after a power cut there is no daemon to be found. */
static int listen_file_write(const char *path, struct str lines)
{
    _cleanup_(closep) int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    ssize_t written;

    if (fd < 0 || fchmod(fd, 0640) < 0)
        return -errno;
    written = write(fd, lines.data, lines.len);
    if (written < 0)
        return -errno;
    return (size_t)written == lines.len ? 0 : -ENOSPC;
}

void listen_file_add(struct buf *lines, const char *name, bool tls,
                     const struct listen_sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++) {
        (void)buf_printf(lines, "%s %s ", name, tls ? "https" : "http");
        socket_describe(sockets->fds[i], lines);
        (void)buf_append_char(lines, '\n');
    }
}

int listen_file_replace(const char *database, struct str lines)
{
    _cleanup_(freep) char *path = listen_file_path(database, "");
    _cleanup_(freep) char *temporary = listen_file_path(database, ".new");
    int r;

    if (!path || !temporary)
        return -ENOMEM;
    r = listen_file_write(temporary, lines);
    if (r == 0 && rename(temporary, path) < 0)
        r = -errno;
    if (r < 0)
        (void)unlink(temporary);
    return r;
}

void listen_file_remove(const char *database)
{
    _cleanup_(freep) char *path = listen_file_path(database, "");

    if (path)
        (void)unlink(path);
}

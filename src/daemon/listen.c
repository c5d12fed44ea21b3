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

static void free_names(char ***names)
{
    for (char **name = *names; name && *name; name++)
        free(*name);
    free(*names);
}

static int take_passed(const char *name, struct listen_sockets *ret)
{
    _cleanup_(free_names) char **names = NULL;
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

static int open_unix(const char *path)
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

static int open_inet(const struct addrinfo *info)
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

static void free_info(struct addrinfo **info)
{
    if (*info)
        freeaddrinfo(*info);
}

/* settings has checked the form. */
static int open_one(const char *text)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    _cleanup_(free_info) struct addrinfo *info = NULL;
    _cleanup_(freep) char *host = NULL;
    struct net_address address;

    if (!net_address_split(str_of(text), &address))
        return -EINVAL;
    if (address.kind == NET_UNIX)
        return open_unix(address.host.data);
    host = str_dup(address.host);
    if (!host)
        return -ENOMEM;
    if (getaddrinfo(host, address.port.data, &hints, &info) != 0)
        return -EADDRNOTAVAIL;
    return open_inet(info);
}

int listen_open(const char *name, const struct settings_list *list,
                struct listen_sockets *ret, struct buf *fault)
{
    int r;

    *ret = (struct listen_sockets){.count = 0};
    r = take_passed(name, ret);
    if (r < 0 || ret->passed)
        return r;
    for (size_t i = 0; i < list->count && ret->count < LISTEN_SOCKETS_MAX; i++) {
        int fd = open_one(list->items[i]);

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

static void describe_one(int fd, struct buf *ret)
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
        describe_one(sockets->fds[i], ret);
    }
}

bool listen_is_local(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_storage room;
    } address = {.room = {.ss_family = AF_UNSPEC}};
    socklen_t len = sizeof(address);

    if (getsockname(fd, &address.any, &len) < 0)
        return false;
    if (address.any.sa_family == AF_INET)
        return ntohl(address.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    if (address.any.sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr);
    return address.any.sa_family == AF_UNIX;
}

void listen_close(struct listen_sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++)
        (void)close(sockets->fds[i]);
    sockets->count = 0;
}

#include "daemon/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/limits.h"
#include "sesbounce/cleanup.h"

/* sd_notify(3): a path, or with '@' a name in the abstract namespace. */
static int address_of(const char *name, struct sockaddr_un *ret, socklen_t *ret_len)
{
    size_t len = strlen(name);

    if (len < 2 || len >= sizeof(ret->sun_path) || (name[0] != '/' && name[0] != '@'))
        return -EINVAL;
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(ret->sun_path, name, len);
    if (name[0] == '@')
        ret->sun_path[0] = '\0';
    *ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return 0;
}

int notify(const char *format, ...)
{
    const char *name = getenv("NOTIFY_SOCKET");
    char text[NOTIFY_BYTES_MAX];
    struct sockaddr_un address;
    socklen_t address_len;
    _cleanup_(closep) int fd = -1;
    va_list arguments;
    int r;

    if (!name)
        return 0;
    r = address_of(name, &address, &address_len);
    if (r < 0)
        return r;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || sendto(fd, text, strlen(text), MSG_NOSIGNAL,
                         (struct sockaddr *)&address, address_len) < 0)
        return -errno;
    return 0;
}

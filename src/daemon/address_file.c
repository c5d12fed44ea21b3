#include "daemon/address_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "sesbounce/cleanup.h"

int address_file_add(struct buf *lines, const char *name, bool tls, struct str addresses)
{
    struct str address;
    int r = 0;

    while (r == 0 && str_split(&addresses, ' ', &address)) {
        if (address.len > 0)
            r = buf_printf(lines, "%s %s %.*s\n", name, tls ? "https" : "http",
                           STR_ARG(address));
    }
    return r;
}

static char *path_of(const char *database, const char *suffix)
{
    char *path = NULL;

    return asprintf(&path, "%s.listen%s", database, suffix) < 0 ? NULL : path;
}

/* Not fsynced: after a power cut there is no daemon to be found. */
static int write_to(const char *path, struct str lines)
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

int address_file_write(const char *database, struct str lines)
{
    _cleanup_(freep) char *path = path_of(database, "");
    _cleanup_(freep) char *temporary = path_of(database, ".new");
    int r;

    if (!path || !temporary)
        return -ENOMEM;
    r = write_to(temporary, lines);
    if (r == 0 && rename(temporary, path) < 0)
        r = -errno;
    if (r < 0)
        (void)unlink(temporary);
    return r;
}

void address_file_remove(const char *database)
{
    _cleanup_(freep) char *path = path_of(database, "");

    if (path)
        (void)unlink(path);
}

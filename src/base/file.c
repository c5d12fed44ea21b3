#include "sesbounce/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sesbounce/cleanup.h"

int file_read_fd(int fd, struct buf *ret)
{
    char chunk[4096];
    ssize_t got = 1;
    int r = 0;
    while (r == 0 && got != 0) {
        got = read(fd, chunk, sizeof(chunk));
        if (got > 0)
            r = buf_append(ret, chunk, (size_t)got);
        else if (got < 0 && errno != EINTR)
            r = -errno;
    }
    explicit_bzero(chunk, sizeof(chunk)); /* it may have been a key */
    return r;
}

int file_read(const char *path, struct buf *ret)
{
    _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? -errno : file_read_fd(fd, ret);
}

int file_read_text(const char *path, size_t max_bytes, char **ret)
{
    _cleanup_(buf_done) struct buf text;
    buf_init(&text, max_bytes);
    int r = file_read(path, &text);
    if (r == 0 && text.len == 0)
        r = -ENODATA;
    if (r == 0)
        *ret = buf_take(&text);
    return r;
}

int file_write_fd(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t written = write(fd, bytes.data, bytes.len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        bytes = str_skip(bytes, (size_t)written);
    }
    return fsync(fd) < 0 ? -errno : 0;
}

char *file_directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

int file_sync_directory_of(const char *path)
{
    _cleanup_(freep) char *directory = file_directory_of(path);
    if (!directory)
        return -ENOMEM;
    _cleanup_(closep) int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

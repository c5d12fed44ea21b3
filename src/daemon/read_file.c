#include "daemon/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>

#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"

int read_file(const char *path, size_t max_bytes, char **ret)
{
    _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct buf text;
    char chunk[4096];
    ssize_t got;
    int r = 0;

    if (fd < 0)
        return -errno;
    buf_init(&text, max_bytes);
    while (r == 0 && (got = read(fd, chunk, sizeof(chunk))) != 0)
        r = got < 0 ? -errno : buf_append(&text, chunk, (size_t)got);
    OPENSSL_cleanse(chunk, sizeof(chunk)); /* it may have been a key */
    if (r == 0 && text.len == 0)
        r = -ENODATA;
    if (r == 0)
        *ret = buf_take(&text);
    buf_done(&text);
    return r;
}

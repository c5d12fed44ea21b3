#include "ctl/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sesbounce/cleanup.h"
#include "sesbounce/file.h"

int files_open(const char *path)
{
    struct stat status;
    _cleanup_(closep) int fd = strcmp(path, "-") == 0
                                   ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                   : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        return -errno;
    if (S_ISDIR(status.st_mode))
        return -EISDIR;
    return take_fd(fd);
}

int files_skip_mark(struct str *text)
{
    struct str mark = STR_BYTE_ORDER_MARK;
    if (str_starts_with(*text, STR("\xff\xfe")) ||
        str_starts_with(*text, STR("\xfe\xff")))
        return -EILSEQ;
    if (str_starts_with(*text, mark))
        *text = (struct str){text->data + mark.len, text->len - mark.len};
    return 0;
}

int files_read(const char *path, struct buf *ret)
{
    _cleanup_(closep) int fd = files_open(path);
    size_t before = ret->len;
    int r = fd < 0 ? fd : file_read_fd(fd, ret);
    struct str text = buf_str(ret);
    text.data += before;
    text.len -= before;
    if (text.len > 0 && files_skip_mark(&text) == 0) {
        memmove(ret->data + before, text.data, text.len + 1);
        ret->len = before + text.len;
    }
    return r;
}

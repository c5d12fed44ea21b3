#include "remote/certificate_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "sesbounce/cleanup.h"
#include "sesbounce/file.h"
#include "sesbounce/limits.h"

#define TEMPORARY_PREFIX ".tmp-"

static void directory_closep(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

static bool is_folder_char(char c)
{
    return ascii_is_alnum(c) || (c && strchr(".-_:[]", c));
}

static bool host_is_valid(struct str host)
{
    return host.len > 0 && host.len < CERTIFICATE_FILES_NAME_BYTES &&
           host.data[0] != '.' && !memmem(host.data, host.len, "..", 2) &&
           str_all(host, is_folder_char);
}

bool certificate_files_name_is_valid(const struct sns_cert_url *url)
{
    return host_is_valid(url->host) && sns_url_is_certificate_file(url->file);
}

/* The two names as C strings; checked first, so they fit. */
struct names {
    char host[CERTIFICATE_FILES_NAME_BYTES];
    char file[CERTIFICATE_FILES_NAME_BYTES];
};

static int names_fill(const struct sns_cert_url *url, struct names *ret)
{
    if (!certificate_files_name_is_valid(url))
        return -EINVAL;
    *ret = (struct names){0};
    memcpy(ret->host, url->host.data, url->host.len);
    memcpy(ret->file, url->file.data, url->file.len);
    return 0;
}

/* A descriptor or a negative errno. The operator may link the directory itself. */
static int directory_open(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* The folder of a host. */
static int folder_open(const char *directory, const char *host)
{
    _cleanup_(closep) int top = directory_open(directory);
    if (top < 0)
        return top;
    int fd = openat(top, host, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

bool certificate_files_has_host(const char *directory, struct str host)
{
    char name[CERTIFICATE_FILES_NAME_BYTES] = "";
    if (!host_is_valid(host))
        return false;
    memcpy(name, host.data, host.len);
    _cleanup_(closep) int folder = folder_open(directory, name);
    return folder >= 0;
}

/* The locked ones belong to a writer that is alive. */
static void left_over_remove(int folder, const char *name)
{
    _cleanup_(closep) int fd =
        openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
        return;
    (void)unlinkat(folder, name, 0);
}

/* Takes the descriptor, or the negative errno in its place; NULL: it cannot be read. */
static DIR *directory_list(int fd)
{
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir && fd >= 0)
        (void)close(fd);
    return dir;
}

static void folder_clean(const char *directory, const char *host)
{
    _cleanup_(directory_closep) DIR *dir = directory_list(folder_open(directory, host));
    const struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        if (str_starts_with(str_of(entry->d_name), STR(TEMPORARY_PREFIX)))
            left_over_remove(dirfd(dir), entry->d_name);
}

int certificate_files_start(const char *directory)
{
    if (mkdir(directory, 0750) < 0 && errno != EEXIST)
        return -errno;
    int fd = directory_open(directory);
    if (fd < 0)
        return fd;
    _cleanup_(directory_closep) DIR *dir = directory_list(fd);
    if (!dir)
        return -ENOMEM;
    const struct dirent *entry;
    while ((entry = readdir(dir)))
        if (host_is_valid(str_of(entry->d_name)))
            folder_clean(directory, entry->d_name);
    return 0;
}

static int certificate_fd_check(int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    if (!S_ISREG(st.st_mode))
        return -ENXIO;
    if (st.st_mode & S_IWOTH)
        return -EPERM;
    return st.st_size > CERTIFICATE_FILE_BYTES_MAX ? -EFBIG : 0;
}

int certificate_files_read(const char *directory, const struct sns_cert_url *url,
                           struct buf *ret)
{
    struct names names;
    int r = names_fill(url, &names);
    if (r < 0)
        return r;
    _cleanup_(closep) int folder = folder_open(directory, names.host);
    if (folder < 0)
        return folder;
    /* O_NONBLOCK: a FIFO would otherwise wait for its writer. */
    _cleanup_(closep) int fd =
        openat(folder, names.file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    r = certificate_fd_check(fd);
    if (r == 0)
        r = file_read_fd(fd, ret);
    return r == -E2BIG ? -EFBIG : r;
}

/* The folder of a host, made durable when it is new. The directory may have been removed
 * since the start. */
static int folder_make(const char *directory, const char *host)
{
    if (mkdir(directory, 0750) < 0 && errno != EEXIST)
        return -errno;
    _cleanup_(closep) int top = directory_open(directory);
    if (top < 0)
        return top;
    if (mkdirat(top, host, 0750) < 0) {
        if (errno != EEXIST)
            return -errno;
    } else if (fsync(top) < 0) {
        return -errno;
    }
    return folder_open(directory, host);
}

/* Writes under a name of its own. The lock lives as long as the descriptor. */
static int temporary_write(int folder, const char *temporary, struct str pem, int *ret_fd)
{
    _cleanup_(closep) int fd = openat(
        folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0)
        return -errno;
    int r = flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : file_write_fd(fd, pem);
    if (r < 0) {
        (void)unlinkat(folder, temporary, 0);
        return r;
    }
    *ret_fd = take_fd(fd);
    return 0;
}

int certificate_files_write(const char *directory, const struct sns_cert_url *url,
                            struct str pem)
{
    static atomic_uint serial;
    struct names names;
    int r = names_fill(url, &names);
    if (r < 0)
        return r;
    _cleanup_(closep) int folder = folder_make(directory, names.host);
    if (folder < 0)
        return folder;

    char temporary[64];
    (void)snprintf(temporary, sizeof(temporary), TEMPORARY_PREFIX "%ld-%u",
                   (long)getpid(), atomic_fetch_add(&serial, 1));
    _cleanup_(closep) int fd = -1;
    r = temporary_write(folder, temporary, pem, &fd);
    if (r < 0)
        return r;
    if (renameat(folder, temporary, folder, names.file) < 0) {
        r = -errno;
        (void)unlinkat(folder, temporary, 0);
        return r;
    }
    return fsync(folder) < 0 ? -errno : 0;
}

#include "daemon/files_named.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "sesbounce/file.h"

static const char file_missing[] = "does not exist: create it, or correct the path";

/* --- telling ----------------------------------------------------------------------- */

/* `FILE:LINE: [section] key: PATH: `; of a default, without a line. */
static void named_tell(const struct named *named, const char *kind, const char *what)
{
    const struct files_check *check = named->check;
    const struct files_rule *rule = named->rule;
    size_t line = named->head ? settings_line_in(named->head, rule->section, rule->key)
                              : settings_line(check->settings, rule->section, rule->key);

    (void)buf_printf(check->faults, "%s%s", kind, check->file);
    if (line > 0)
        (void)buf_printf(check->faults, ":%zu", line);
    (void)buf_printf(check->faults, ": [%s%s%s] %s: %s%s%s\n", rule->section,
                     named->head ? " " : "", named->head ? named->head->name : "",
                     rule->key, named->path ? named->path : "", named->path ? ": " : "",
                     what);
}

void named_fault(const struct named *named, const char *what)
{
    named->check->faulty = true;
    named_tell(named, "", what);
}

void named_warn(const struct named *named, const char *what)
{
    named_tell(named, "warning: ", what);
}

/* Hidden from the unit by ProtectHome= and PrivateTmp=. */
static bool path_is_below_hidden(const char *path)
{
    static const char *const hidden[] = {"/home", "/root", "/run/user", "/tmp",
                                         "/var/tmp"};

    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        if (str_starts_with(str_of(path), str_of(hidden[i])) &&
            path[strlen(hidden[i])] == '/')
            return true;
    }
    return false;
}

/* Another configuration than the default one is somebody's who may see all. */
bool named_is_hidden(const struct named *named)
{
    _cleanup_(freep) char *real = realpath(named->path, NULL);

    return strcmp(named->check->file, SETTINGS_DEFAULT_FILE) == 0 &&
           (path_is_below_hidden(named->path) || (real && path_is_below_hidden(real)));
}

void named_error(const struct named *named, int error, const char *if_missing)
{
    if (error == EACCES && named->check->asker == FILES_CHECK_AS_OTHER)
        named_warn(
            named,
            "not checked, because you may not read it; to check it as the daemon's "
            "user, type: sudo -u sesbounced sesbounced --check-config");
    else if ((error == EACCES || error == ENOENT) && named_is_hidden(named))
        named_fault(named, "cannot be found or read there: " NAMED_HIDDEN);
    else if (error == EACCES)
        named_fault(
            named,
            "the daemon's user may not read it: type chgrp sesbounced and chmod 640, and "
            "chmod o+x for the directories above if they are closed to it");
    else if (error == ENOENT || error == ENOTDIR)
        named_fault(named, if_missing);
    else
        named_fault(named, strerror(error));
}

/* --- files ------------------------------------------------------------------------- */

/* -1 and reported if it is not a regular file with something in it. */
static int named_open(const struct named *named, struct stat *ret)
{
    /* Without O_NONBLOCK a FIFO would hold us up. */
    _cleanup_(closep) int fd = open(named->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || fstat(fd, ret) < 0)
        named_error(named, errno, file_missing);
    else if (!S_ISREG(ret->st_mode))
        named_fault(named, S_ISDIR(ret->st_mode) ? "is a directory: name a file in it"
                                                 : "is not a regular file");
    else if (ret->st_size == 0)
        named_fault(named, "is empty");
    else
        return take_fd(fd);
    return -1;
}

/* Could others put another file in its place? In /tmp they could not. */
static bool path_is_replaceable(const char *path)
{
    _cleanup_(freep) char *directory = file_directory_of(path);
    struct stat st;

    return directory && stat(directory, &st) == 0 && (st.st_mode & S_IWOTH) &&
           !(st.st_mode & S_ISVTX);
}

/* A user who can write it decides whom the daemon trusts. Members of the file's group are
 * trusted to read: keys are often root:ssl-cert 0640. */
static bool named_check_mode(const struct named *named, mode_t mode, enum file_kind kind)
{
    if (mode & S_IWOTH) {
        named_fault(named, "anyone may write it: chmod o-w");
        return false;
    }
    if (path_is_replaceable(named->path)) {
        named_fault(named,
                    "anyone may replace it, since anyone may write its directory: chmod "
                    "o-w the directory");
        return false;
    }
    if (kind == FILE_SECRET && (mode & S_IROTH))
        named_warn(named, "anyone may read it, and it is secret: chmod o-r");
    if (kind == FILE_SECRET && (mode & S_IWGRP))
        named_warn(named, "its group may write it: chmod g-w");
    return true;
}

bool named_check_file(const struct named *named, enum file_kind kind)
{
    struct stat st;
    _cleanup_(closep) int fd = named->path ? named_open(named, &st) : -1;

    return fd >= 0 && named_check_mode(named, st.st_mode, kind);
}

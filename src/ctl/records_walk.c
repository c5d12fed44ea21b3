#include "ctl/records_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/files.h"
#include "ctl/limits.h"
#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/str.h"

struct names {
    char **names; /* owned, and so is each */
    size_t count, room;
};

static void names_done(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
}

/* 0, -ENOMEM, or -E2BIG. */
static int names_add(struct names *names, const char *name)
{
    if (names->count == CTL_WALK_NAMES_MAX)
        return -E2BIG;
    if (names->count == names->room) {
        size_t room = names->room ? names->room * 2 : 64;
        char **more = reallocarray(names->names, room, sizeof(*more));
        if (!more)
            return -ENOMEM;
        names->names = more;
        names->room = room;
    }
    char *copy = str_dup(str_of(name));
    if (!copy)
        return -ENOMEM;
    names->names[names->count++] = copy;
    return 0;
}

static int name_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Takes `fd`. 0 or a negative errno. */
static int names_read(int fd, struct names *ret)
{
    DIR *folder = fdopendir(fd);
    struct dirent *entry;
    int r = 0;
    if (!folder) {
        r = -errno;
        (void)close(fd);
        return r;
    }
    for (errno = 0; r == 0 && (entry = readdir(folder)); errno = 0)
        if (*entry->d_name != '.')
            r = names_add(ret, entry->d_name);
    if (r == 0 && errno)
        r = -errno;
    (void)closedir(folder);
    if (r == 0 && ret->count > 0)
        qsort(ret->names, ret->count, sizeof(*ret->names), name_compare);
    return r;
}

/* --- one folder --- */

struct place {
    const struct records_walk *walk;
    struct buf path; /* of what is looked at */
    unsigned depth;
};

static bool place_fault(struct place *place, const char *why)
{
    return place->walk->fault(place->walk->context, buf_str(&place->path).data, why);
}

static bool folder_walk(struct place *place, int fd);

/* What the path ends with, which is `name` in `folder`. */
static bool entry_visit(struct place *place, int folder, const char *name)
{
    struct stat status;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return place_fault(place, strerror(errno));
    if (S_ISLNK(status.st_mode))
        return place_fault(place, "a symbolic link, which is not followed: name what it "
                                  "points to");
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
        return place_fault(place, "not a file");
    bool is_folder = S_ISDIR(status.st_mode);
    if (is_folder && place->depth == CTL_WALK_DEPTH_MAX)
        return place_fault(place, "too deep: name this folder itself");
    _cleanup_(closep) int fd = openat(
        folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (is_folder ? O_DIRECTORY : 0));
    if (fd < 0)
        return place_fault(place, strerror(errno));
    if (is_folder)
        return folder_walk(place, take_fd(fd));
    return place->walk->file(place->walk->context, buf_str(&place->path).data, fd);
}

/* Takes `fd`. */
static bool folder_walk(struct place *place, int fd)
{
    _cleanup_(names_done) struct names names = {0};
    _cleanup_(closep) int folder = fd;
    size_t len = place->path.len;
    int again = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    int r = again < 0 ? -errno : names_read(again, &names);
    if (r < 0)
        return place_fault(place,
                           r == -E2BIG ? "too many files in one folder" : strerror(-r));
    bool slash = len == 0 || place->path.data[len - 1] != '/';
    bool going_on = true;
    place->depth++;
    for (size_t i = 0; i < names.count && going_on; i++) {
        buf_cut(&place->path, len);
        r = buf_printf(&place->path, "%s%s", slash ? "/" : "", names.names[i]);
        going_on = r < 0 ? place_fault(place, "too long a path")
                         : entry_visit(place, folder, names.names[i]);
    }
    place->depth--;
    return going_on;
}

bool records_walk(const char *path, const struct records_walk *walk)
{
    _cleanup_(closep) int fd = files_open(path);
    if (fd >= 0)
        return walk->file(walk->context, path, fd);
    if (fd == -EISDIR && strcmp(path, "-") != 0) {
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            fd = -errno;
    }
    if (fd < 0)
        return walk->fault(walk->context, path, strerror(-fd));
    struct place place = {.walk = walk, .path = {.max = CTL_WALK_PATH_BYTES_MAX}};
    bool going_on = buf_append_str(&place.path, str_of(path)) < 0
                        ? walk->fault(walk->context, path, "too long a path")
                        : folder_walk(&place, take_fd(fd));
    buf_done(&place.path);
    return going_on;
}

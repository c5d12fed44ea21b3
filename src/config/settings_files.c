/* The files and directories that the settings name: are they there, and of use? What the
 * daemon would say at its start, said before. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "config/settings_private.h"
#include "sesbounce/limits.h"

struct files_check {
    const struct settings *settings;
    const char *file;
    struct buf *faults;
    bool faulty;
};

/* One named path, as it is told. */
struct named {
    struct files_check *check;
    const char *section;
    const char *key;
    const char *path;
};

/* `FILE:LINE: [section] key: ` or, of a default, without a line. */
static void tell(const struct named *named, const char *kind, const char *path,
                 const char *what)
{
    const struct files_check *check = named->check;
    const struct setting *setting =
        settings_find(str_of(named->section), str_of(named->key));
    size_t line = check->settings->lines[setting - settings_table];

    (void)buf_printf(check->faults, "%s%s", kind, check->file);
    if (line > 0)
        (void)buf_printf(check->faults, ":%zu", line);
    (void)buf_printf(check->faults, ": [%s] %s: %s: %s\n", named->section, named->key,
                     path, what);
}

static void tell_fault(const struct named *named, const char *path, const char *what)
{
    named->check->faulty = true;
    tell(named, "", path, what);
}

/* `error` of open() or stat(). What the present user may not see, the daemon's may. */
static void tell_error(const struct named *named, const char *path, int error,
                       const char *missing)
{
    if (error == EACCES)
        tell(named, "warning: ", path,
             "not checked, you may not read it; the daemon must: ask again with `sudo -u "
             "sesbounced sesbounced --check-config`; `chgrp sesbounced` and `chmod 640` "
             "let it, and the directories above must let it pass");
    else if (error == ENOENT || error == ENOTDIR)
        tell_fault(named, path, missing);
    else
        tell_fault(named, path, strerror(error));
}

/* -1 and told when it is no regular file with something in it. */
static int open_file(const struct named *named)
{
    /* Without O_NONBLOCK a FIFO would hold us up. */
    _cleanup_(closep) int fd = open(named->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        tell_error(named, named->path, errno,
                   "does not exist: make it, or correct the path");
    else if (!S_ISREG(st.st_mode))
        tell_fault(named, named->path,
                   S_ISDIR(st.st_mode) ? "is a directory: name a file in it"
                                       : "is no regular file");
    else if (st.st_size == 0)
        tell_fault(named, named->path, "is empty");
    else
        return take_fd(fd);
    return -1;
}

static void check_file(struct files_check *check, const char *section, const char *key,
                       const char *path)
{
    const struct named named = {check, section, key, path};
    _cleanup_(closep) int fd = path ? open_file(&named) : -1;

    (void)fd;
}

/* --- credentials --- */

static const char *judge_credentials(struct str text)
{
    struct str line;
    size_t count = 0;

    while (str_split(&text, '\n', &line)) {
        line = str_trim(line);
        if (line.len == 0 || line.data[0] == '#')
            continue;
        if (!memchr(line.data, ':', line.len))
            return "has a line that is no `user:password`";
        count++;
    }
    if (count > CREDENTIALS_MAX)
        return "has too many lines";
    return count > 0 ? NULL : "holds no line `user:password`";
}

static void check_credentials(struct files_check *check)
{
    const struct named named = {check, "ingest", "credentials_file",
                                check->settings->ingest.credentials_file};
    _cleanup_(closep) int fd = named.path ? open_file(&named) : -1;
    char text[CREDENTIALS_BYTES_MAX + 1];
    const char *what = NULL;
    size_t len = 0;
    ssize_t got;

    if (fd < 0)
        return;
    while ((got = read(fd, text + len, sizeof text - len)) > 0)
        len += (size_t)got;
    if (got < 0)
        what = strerror(errno);
    else if (len > CREDENTIALS_BYTES_MAX)
        what = "is too large for a list of `user:password` lines";
    else
        what = judge_credentials((struct str){text, len});
    explicit_bzero(text, sizeof text);
    if (what)
        tell_fault(&named, named.path, what);
}

/* --- directories --- */

static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return str_dup(STR("."));
    return str_dup((struct str){path, slash == path ? 1 : (size_t)(slash - path)});
}

/* systemd makes the default directory when it starts the daemon for the first time. */
static bool is_made_at_start(const char *directory)
{
    return strcmp(directory, "/var/lib/sesbounced") == 0;
}

static int check_parent(const struct named *named)
{
    _cleanup_(freep) char *directory = parent_of(named->path);
    struct stat st;

    if (!directory)
        return -ENOMEM;
    if (stat(directory, &st) < 0) {
        if (errno != ENOENT || !is_made_at_start(directory))
            tell_error(named, directory, errno,
                       "there is no such directory: make it, owned by sesbounced");
    } else if (!S_ISDIR(st.st_mode)) {
        tell_fault(named, directory, "is no directory");
    }
    return 0;
}

/* A file that the daemon makes where there is none. */
static int check_own_file(struct files_check *check, const char *section, const char *key,
                          const char *path)
{
    const struct named named = {check, section, key, path};
    struct stat st;

    if (stat(path, &st) < 0)
        return check_parent(&named);
    if (!S_ISREG(st.st_mode))
        tell_fault(&named, path,
                   S_ISDIR(st.st_mode) ? "is a directory: name a file in it"
                                       : "is no regular file");
    return 0;
}

/* A directory that the daemon makes where there is none. */
static int check_own_directory(struct files_check *check, const char *section,
                               const char *key, const char *path)
{
    const struct named named = {check, section, key, path};
    struct stat st;

    if (stat(path, &st) < 0)
        return check_parent(&named);
    if (!S_ISDIR(st.st_mode))
        tell_fault(&named, path, "is no directory");
    return 0;
}

int settings_check_files(const struct settings *settings, const char *file,
                         struct buf *faults)
{
    struct files_check check = {settings, file ? file : SETTINGS_DEFAULT_FILE, faults,
                                false};
    int r;

    check_file(&check, "ingest", "certificate", settings->ingest.certificate);
    check_file(&check, "ingest", "key", settings->ingest.key);
    check_credentials(&check);
    check_file(&check, "sns", "ca_file", settings->sns.ca_file);
    r = check_own_file(&check, "store", "path", settings->store.path);
    if (r == 0)
        r = check_own_directory(&check, "store", "certificates",
                                settings->store.certificates);
    check_file(&check, "admin", "tokens_file", settings->admin.tokens_file);
    check_file(&check, "admin", "certificate", settings->admin.certificate);
    check_file(&check, "admin", "key", settings->admin.key);
    if (r == 0 && settings->simulator.enabled)
        r = check_own_file(&check, "simulator", "key", settings->simulator.key);
    if (r < 0)
        return r;
    return check.faulty ? -EINVAL : 0;
}

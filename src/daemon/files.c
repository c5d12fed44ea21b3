#include "daemon/files.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>

#include "daemon/limits.h"
#include "daemon/secrets.h"
#include "daemon/tls.h"
#include "sesbounce/clock.h"
#include "sesbounce/file.h"
#include "sesbounce/simulator.h"

struct files_check {
    const struct settings *settings;
    const char *file;
    enum files_asker asker;
    struct buf *faults;
    bool faulty;
};

/* One named path, as it is reported. */
struct named {
    struct files_check *check;
    const char *section;
    const char *key;
    const char *path;
};

static const char missing[] = "does not exist: create it, or correct the path";

/* --- telling ----------------------------------------------------------------------- */

/* `FILE:LINE: [section] key: ` or, of a default, without a line. */
static void tell(const struct named *named, const char *kind, const char *path,
                 const char *what)
{
    const struct files_check *check = named->check;
    size_t line = settings_line(check->settings, named->section, named->key);

    (void)buf_printf(check->faults, "%s%s", kind, check->file);
    if (line > 0)
        (void)buf_printf(check->faults, ":%zu", line);
    (void)buf_printf(check->faults, ": [%s] %s: %s%s%s\n", named->section, named->key,
                     path ? path : "", path ? ": " : "", what);
}

static void tell_fault(const struct named *named, const char *path, const char *what)
{
    named->check->faulty = true;
    tell(named, "", path, what);
}

static void tell_warning(const struct named *named, const char *what)
{
    tell(named, "warning: ", named->path, what);
}

#define HIDDEN                                                                           \
    "files below /home, /root, /run/user, /tmp and /var/tmp are hidden from the unit; "  \
    "put it in /etc/sesbounced, or in /var/lib/sesbounced if the daemon writes it"

/* Hidden from the unit by ProtectHome= and PrivateTmp=. */
static bool is_below_hidden(const char *path)
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

/* The unit reads the default configuration; another one is somebody's who may see all. */
static bool is_hidden(const struct named *named)
{
    _cleanup_(freep) char *real = realpath(named->path, NULL);

    return strcmp(named->check->file, SETTINGS_DEFAULT_FILE) == 0 &&
           (is_below_hidden(named->path) || (real && is_below_hidden(real)));
}

/* `error` of open() or stat(). */
static void tell_error(const struct named *named, const char *path, int error,
                       const char *if_missing)
{
    if (error == EACCES && named->check->asker == FILES_CHECK_AS_OTHER)
        tell(named, "warning: ", path,
             "not checked, because you may not read it; to check it as the daemon's "
             "user, type: sudo -u sesbounced sesbounced --check-config");
    else if ((error == EACCES || error == ENOENT) && is_hidden(named))
        tell_fault(named, path, "cannot be found or read there: " HIDDEN);
    else if (error == EACCES)
        tell_fault(
            named, path,
            "the daemon's user may not read it: type chgrp sesbounced and chmod 640, and "
            "chmod o+x for the directories above if they are closed to it");
    else if (error == ENOENT || error == ENOTDIR)
        tell_fault(named, path, if_missing);
    else
        tell_fault(named, path, strerror(error));
}

/* --- files ------------------------------------------------------------------------- */

/* -1 and reported if it is not a regular file with something in it. */
static int open_file(const struct named *named, struct stat *ret)
{
    /* Without O_NONBLOCK a FIFO would hold us up. */
    _cleanup_(closep) int fd = open(named->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || fstat(fd, ret) < 0)
        tell_error(named, named->path, errno, missing);
    else if (!S_ISREG(ret->st_mode))
        tell_fault(named, named->path,
                   S_ISDIR(ret->st_mode) ? "is a directory: name a file in it"
                                         : "is not a regular file");
    else if (ret->st_size == 0)
        tell_fault(named, named->path, "is empty");
    else
        return take_fd(fd);
    return -1;
}

/* Could others put another file in its place? In /tmp they could not. */
static bool others_may_replace(const char *path)
{
    _cleanup_(freep) char *directory = file_directory_of(path);
    struct stat st;

    return directory && stat(directory, &st) == 0 && (st.st_mode & S_IWOTH) &&
           !(st.st_mode & S_ISVTX);
}

enum file_kind { FILE_PUBLIC, FILE_SECRET };

/* A user who can write it decides whom the daemon trusts. Members of the file's group are
 * trusted to read: keys are often root:ssl-cert 0640. */
static bool check_mode(const struct named *named, mode_t mode, enum file_kind kind)
{
    if (mode & S_IWOTH) {
        tell_fault(named, named->path, "anyone may write it: chmod o-w");
        return false;
    }
    if (others_may_replace(named->path)) {
        tell_fault(named, named->path,
                   "anyone may replace it, since anyone may write its directory: chmod "
                   "o-w the directory");
        return false;
    }
    if (kind == FILE_SECRET && (mode & S_IROTH))
        tell_warning(named, "anyone may read it, and it is secret: chmod o-r");
    if (kind == FILE_SECRET && (mode & S_IWGRP))
        tell_warning(named, "its group may write it: chmod g-w");
    return true;
}

/* Is it worth looking into? If not, that is reported, unless there is no path. */
static bool check_file(const struct named *named, enum file_kind kind)
{
    struct stat st;
    _cleanup_(closep) int fd = named->path ? open_file(named, &st) : -1;

    return fd >= 0 && check_mode(named, st.st_mode, kind);
}

/* --- what is in them --------------------------------------------------------------- */

static void check_secrets(struct files_check *check, enum secrets_kind kind,
                          const char *section, const char *key, const char *path)
{
    const struct named named = {check, section, key, path};
    _cleanup_(secrets_freep) struct secrets *secrets = NULL;
    _cleanup_(buf_done) struct buf fault;
    int r = 0;

    buf_init(&fault, LOG_VALUE_BYTES_MAX);
    if (check_file(&named, FILE_SECRET))
        r = secrets_read(kind, path, &secrets, &fault);
    if (r < 0)
        tell_fault(&named, path, fault.len > 0 ? fault.data : strerror(-r));
}

static int check_tls(struct files_check *check, const char *section,
                     const char *certificate, const char *key)
{
    const struct named names[] = {{check, section, "certificate", certificate},
                                  {check, section, "key", key}};
    bool has_certificate = check_file(&names[0], FILE_PUBLIC);
    bool has_key = check_file(&names[1], FILE_SECRET);
    struct tls_judgement judgement;
    struct tls tls;
    _cleanup_(buf_done) struct buf expiry;
    int r = tls_load(has_certificate ? certificate : NULL, has_key ? key : NULL, &tls,
                     &judgement);

    tls_done(&tls);
    buf_init(&expiry, LOG_VALUE_BYTES_MAX);
    if (r == 0 && judgement.fault)
        tell_fault(&names[judgement.of_key], names[judgement.of_key].path,
                   judgement.fault);
    if (r == 0 && tls_judge_expiry(&judgement, clock_wall_ms(), &expiry))
        tell_warning(&names[0], expiry.data);
    return r;
}

static int check_ca_file(struct files_check *check)
{
    const struct named named = {check, "sns", "ca_file", check->settings->sns.ca_file};
    _cleanup_(freep) char *text = NULL;
    struct tls_judgement judgement;
    int r = 0;

    if (!check_file(&named, FILE_PUBLIC))
        return 0;
    r = file_read_text(named.path, CA_FILE_BYTES_MAX, &text);
    if (r < 0) {
        tell_fault(&named, named.path, strerror(-r));
        return r == -ENOMEM ? r : 0;
    }
    r = tls_judge(text, NULL, &judgement);
    if (r == 0 && judgement.fault)
        tell_fault(&named, named.path, judgement.fault);
    return r;
}

/* --- what the daemon makes --------------------------------------------------------- */

/* systemd makes the default directory when it starts the daemon for the first time. */
static bool is_made_at_start(const char *directory)
{
    return strcmp(directory, "/var/lib/sesbounced") == 0;
}

static int check_parent(const struct named *named)
{
    _cleanup_(freep) char *directory = file_directory_of(named->path);
    bool as_daemon = named->check->asker != FILES_CHECK_AS_OTHER;
    struct stat st;

    if (!directory)
        return -ENOMEM;
    if (stat(directory, &st) < 0) {
        if (errno != ENOENT || !is_made_at_start(directory))
            tell_error(named, directory, errno,
                       "there is no such directory: create it, owned by sesbounced");
    } else if (!S_ISDIR(st.st_mode)) {
        tell_fault(named, directory, "is not a directory");
    } else if (as_daemon && faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) < 0) {
        tell_fault(named, directory,
                   "the daemon's user may not write there: chown sesbounced:sesbounced");
    }
    return 0;
}

/* A file that the daemon makes where there is none. */
static int check_own_file(const struct named *named)
{
    struct stat st;

    if (stat(named->path, &st) < 0)
        return check_parent(named);
    if (!S_ISREG(st.st_mode))
        tell_fault(named, named->path,
                   S_ISDIR(st.st_mode) ? "is a directory: name a file in it"
                                       : "is not a regular file");
    else if (named->check->asker != FILES_CHECK_AS_OTHER && st.st_uid != geteuid() &&
             geteuid() != 0)
        tell_fault(named, named->path,
                   "belongs to another user: chown sesbounced:sesbounced");
    return 0;
}

/* A directory that the daemon makes where there is none. */
static int check_own_directory(const struct named *named)
{
    struct stat st;

    if (stat(named->path, &st) < 0)
        return check_parent(named);
    if (!S_ISDIR(st.st_mode))
        tell_fault(named, named->path, "is not a directory");
    else if (st.st_mode & S_IWOTH)
        tell_fault(
            named, named->path,
            "anyone may put a certificate there, and so forge messages: chmod o-w");
    return 0;
}

static int check_simulator(struct files_check *check)
{
    const struct named named = {check, "simulator", "key",
                                check->settings->simulator.key};
    _cleanup_(simulator_freep) struct simulator *simulator = NULL;
    struct stat st;
    int r;

    if (!check->settings->simulator.enabled || !named.path)
        return 0;
    if (stat(named.path, &st) < 0)
        return check_parent(&named);
    if (!check_file(&named, FILE_SECRET))
        return 0;
    r = simulator_open(named.path, &simulator);
    if (r < 0 && r != -ENOMEM)
        tell_fault(&named, named.path,
                   "contains no key and certificate of the simulator: remove it, and the "
                   "daemon creates a new one");
    return r == -ENOMEM ? r : 0;
}

/* --- all of it --------------------------------------------------------------------- */

static int check_store(struct files_check *check)
{
    const struct named database = {check, "store", "path", check->settings->store.path};
    const struct named certificates = {check, "store", "certificates",
                                       check->settings->store.certificates};
    /* With a database that cannot be used, the daemon does not exit, but answers 503. */
    int r = check->asker == FILES_START ? 0 : check_own_file(&database);

    return r == 0 ? check_own_directory(&certificates) : r;
}

static void check_topics(struct files_check *check)
{
    const struct named named = {check, "sns", "topic", NULL};

    if (check->settings->sns.topic.count == 0 && !check->settings->simulator.enabled)
        tell_warning(&named, "no topic is allowed, so everything is refused: write "
                             "`topic = ARN` under [sns]");
}

/* The user who asks may see what the unit will not. */
static void check_hidden(struct files_check *check)
{
    const struct settings *s = check->settings;
    const struct named names[] = {
        {check, "ingest", "credentials_file", s->ingest.credentials_file},
        {check, "ingest", "certificate", s->ingest.certificate},
        {check, "ingest", "key", s->ingest.key},
        {check, "admin", "tokens_file", s->admin.tokens_file},
        {check, "admin", "certificate", s->admin.certificate},
        {check, "admin", "key", s->admin.key},
        {check, "sns", "ca_file", s->sns.ca_file},
        {check, "store", "path", s->store.path},
        {check, "store", "certificates", s->store.certificates},
        {check, "simulator", "key", s->simulator.key},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].path && is_hidden(&names[i]))
            tell_warning(&names[i], "the unit cannot use it: " HIDDEN);
    }
}

/* A user who can write it decides whose messages are accepted. */
static void check_itself(struct files_check *check)
{
    struct stat st;

    if (stat(check->file, &st) == 0 && (st.st_mode & S_IWOTH))
        (void)buf_printf(check->faults, "warning: %s: anyone may write it: chmod o-w\n",
                         check->file);
}

enum files_asker files_asker(const struct settings *settings)
{
    _cleanup_(freep) char *directory = file_directory_of(settings->store.path);
    const struct passwd *user;
    struct stat st;

    if (stat(settings->store.path, &st) == 0 || (directory && stat(directory, &st) == 0))
        if (st.st_uid == geteuid())
            return FILES_CHECK_AS_DAEMON;
    user = getpwnam("sesbounced");
    return !user || user->pw_uid == geteuid() ? FILES_CHECK_AS_DAEMON
                                              : FILES_CHECK_AS_OTHER;
}

int files_check(const struct settings *settings, const char *file, enum files_asker asker,
                struct buf *faults)
{
    struct files_check check = {settings, file ? file : SETTINGS_DEFAULT_FILE, asker,
                                faults, false};
    int r;

    check_itself(&check);
    check_topics(&check);
    check_secrets(&check, SECRETS_CREDENTIALS, "ingest", "credentials_file",
                  settings->ingest.credentials_file);
    check_secrets(&check, SECRETS_TOKENS, "admin", "tokens_file",
                  settings->admin.tokens_file);
    r = check_tls(&check, "ingest", settings->ingest.certificate, settings->ingest.key);
    if (r == 0)
        r = check_tls(&check, "admin", settings->admin.certificate, settings->admin.key);
    if (r == 0)
        r = check_ca_file(&check);
    if (r == 0)
        r = check_store(&check);
    if (r == 0)
        r = check_simulator(&check);
    if (asker != FILES_START)
        check_hidden(&check);
    if (r < 0)
        return r;
    return check.faulty ? -EINVAL : 0;
}

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

/* A setting that names a file or directory, with its path: NULL where it is not set. */
struct named {
    struct files_check *check;
    const struct files_rule *rule;
    const char *path;
};

/* How it is checked; 0, also when faults were found, -ENOMEM and the like. */
struct files_rule {
    const char *section;
    const char *key;
    size_t offset; /* of the path, in the settings */
    int (*check)(const struct named *named);
    enum secrets_kind secrets;
};

static struct named named_of(struct files_check *check, const struct files_rule *rule)
{
    const char *settings = (const char *)check->settings;

    return (struct named){check, rule,
                          *(const char *const *)(const void *)(settings + rule->offset)};
}

static const char file_missing[] = "does not exist: create it, or correct the path";

/* --- telling ----------------------------------------------------------------------- */

/* `FILE:LINE: [section] key: PATH: `; of a default, without a line. */
static void named_tell(const struct named *named, const char *kind, const char *what)
{
    const struct files_check *check = named->check;
    const struct files_rule *rule = named->rule;
    size_t line = settings_line(check->settings, rule->section, rule->key);

    (void)buf_printf(check->faults, "%s%s", kind, check->file);
    if (line > 0)
        (void)buf_printf(check->faults, ":%zu", line);
    (void)buf_printf(check->faults, ": [%s] %s: %s%s%s\n", rule->section, rule->key,
                     named->path ? named->path : "", named->path ? ": " : "", what);
}

static void named_fault(const struct named *named, const char *what)
{
    named->check->faulty = true;
    named_tell(named, "", what);
}

static void named_warn(const struct named *named, const char *what)
{
    named_tell(named, "warning: ", what);
}

#define HIDDEN                                                                           \
    "files below /home, /root, /run/user, /tmp and /var/tmp are hidden from the unit; "  \
    "put it in /etc/sesbounced, or in /var/lib/sesbounced if the daemon writes it"

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

/* The unit reads the default configuration; another one is somebody's who may see all. */
static bool named_is_hidden(const struct named *named)
{
    _cleanup_(freep) char *real = realpath(named->path, NULL);

    return strcmp(named->check->file, SETTINGS_DEFAULT_FILE) == 0 &&
           (path_is_below_hidden(named->path) || (real && path_is_below_hidden(real)));
}

/* `error` of open() or stat(). */
static void named_error(const struct named *named, int error, const char *if_missing)
{
    if (error == EACCES && named->check->asker == FILES_CHECK_AS_OTHER)
        named_warn(
            named,
            "not checked, because you may not read it; to check it as the daemon's "
            "user, type: sudo -u sesbounced sesbounced --check-config");
    else if ((error == EACCES || error == ENOENT) && named_is_hidden(named))
        named_fault(named, "cannot be found or read there: " HIDDEN);
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

enum file_kind { FILE_PUBLIC, FILE_SECRET };

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

/* Is it worth looking into? If not, that is reported, unless there is no path. */
static bool named_check_file(const struct named *named, enum file_kind kind)
{
    struct stat st;
    _cleanup_(closep) int fd = named->path ? named_open(named, &st) : -1;

    return fd >= 0 && named_check_mode(named, st.st_mode, kind);
}

/* --- what is in them --------------------------------------------------------------- */

static int named_check_secrets(const struct named *named)
{
    _cleanup_(secrets_freep) struct secrets *secrets = NULL;
    _cleanup_(buf_done) struct buf fault;
    int r = 0;

    buf_init(&fault, LOG_VALUE_BYTES_MAX);
    if (named_check_file(named, FILE_SECRET))
        r = secrets_read(named->rule->secrets, named->path, &secrets, &fault);
    if (r < 0)
        named_fault(named, fault.len > 0 ? fault.data : strerror(-r));
    return 0;
}

static int named_check_tls(const struct named *certificate)
{
    const struct named key = named_of(certificate->check, certificate->rule + 1);
    bool has_certificate = named_check_file(certificate, FILE_PUBLIC);
    bool has_key = named_check_file(&key, FILE_SECRET);
    struct tls tls;
    _cleanup_(buf_done) struct buf expiry;
    int r = tls_load(has_certificate ? certificate->path : NULL,
                     has_key ? key.path : NULL, PEM_BYTES_MAX, &tls);

    buf_init(&expiry, LOG_VALUE_BYTES_MAX);
    if (r < 0)
        named_fault(certificate, strerror(-r));
    else if (tls.fault && tls.is_of_key)
        named_fault(&key, tls.fault);
    else if (tls.fault)
        named_fault(certificate, tls.fault);
    if (r == 0 && tls_describe_expiry(&tls, &expiry))
        named_warn(certificate, expiry.data);
    tls_done(&tls);
    return r;
}

static int named_check_ca_file(const struct named *named)
{
    struct tls authorities;
    int r;

    if (!named_check_file(named, FILE_PUBLIC))
        return 0;
    r = tls_load(named->path, NULL, CA_FILE_BYTES_MAX, &authorities);
    if (r < 0 || authorities.fault)
        named_fault(named, r < 0 ? strerror(-r) : authorities.fault);
    tls_done(&authorities);
    return r;
}

/* --- what the daemon makes --------------------------------------------------------- */

static int named_check_parent(const struct named *named)
{
    _cleanup_(freep) char *directory = file_directory_of(named->path);
    const struct named parent = {named->check, named->rule, directory};
    bool as_daemon = named->check->asker != FILES_CHECK_AS_OTHER;
    struct stat st;

    if (!directory)
        return -ENOMEM;
    if (stat(directory, &st) < 0) {
        /* systemd makes the default directory at the first start. */
        if (errno != ENOENT || strcmp(directory, "/var/lib/sesbounced") != 0)
            named_error(&parent, errno,
                        "there is no such directory: create it, owned by sesbounced");
    } else if (!S_ISDIR(st.st_mode)) {
        named_fault(&parent, "is not a directory");
    } else if (as_daemon && faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) < 0) {
        named_fault(&parent,
                    "the daemon's user may not write there: chown sesbounced:sesbounced");
    }
    return 0;
}

/* A file that the daemon makes where there is none. */
static int named_check_database(const struct named *named)
{
    struct stat st;

    /* With a database that cannot be used, the daemon does not exit, but answers 503. */
    if (named->check->asker == FILES_START)
        return 0;
    if (stat(named->path, &st) < 0)
        return named_check_parent(named);
    if (!S_ISREG(st.st_mode))
        named_fault(named, S_ISDIR(st.st_mode) ? "is a directory: name a file in it"
                                               : "is not a regular file");
    else if (named->check->asker != FILES_CHECK_AS_OTHER && st.st_uid != geteuid() &&
             geteuid() != 0)
        named_fault(named, "belongs to another user: chown sesbounced:sesbounced");
    return 0;
}

/* A directory that the daemon makes where there is none. */
static int named_check_certificates(const struct named *named)
{
    struct stat st;

    if (stat(named->path, &st) < 0)
        return named_check_parent(named);
    if (!S_ISDIR(st.st_mode))
        named_fault(named, "is not a directory");
    else if (st.st_mode & S_IWOTH)
        named_fault(
            named,
            "anyone may put a certificate there, and so forge messages: chmod o-w");
    return 0;
}

static int named_check_simulator(const struct named *named)
{
    _cleanup_(simulator_freep) struct simulator *simulator = NULL;
    struct stat st;
    int r;

    if (!named->check->settings->simulator.enabled || !named->path)
        return 0;
    if (stat(named->path, &st) < 0)
        return named_check_parent(named);
    if (!named_check_file(named, FILE_SECRET))
        return 0;
    r = simulator_open(named->path, &simulator);
    if (r < 0 && r != -ENOMEM)
        named_fault(
            named, "contains no key and certificate of the simulator: remove it, and the "
                   "daemon creates a new one");
    return r == -ENOMEM ? r : 0;
}

/* --- all of it --------------------------------------------------------------------- */

#define AT(member) offsetof(struct settings, member)

/* A key follows its certificate, which checks both. */
static const struct files_rule files_rules[] = {
    {"ingest", "credentials_file", AT(ingest.credentials_file), named_check_secrets,
     SECRETS_CREDENTIALS},
    {"admin", "tokens_file", AT(admin.tokens_file), named_check_secrets, SECRETS_TOKENS},
    {"ingest", "certificate", AT(ingest.certificate), named_check_tls, 0},
    {"ingest", "key", AT(ingest.key), NULL, 0},
    {"admin", "certificate", AT(admin.certificate), named_check_tls, 0},
    {"admin", "key", AT(admin.key), NULL, 0},
    {"sns", "ca_file", AT(sns.ca_file), named_check_ca_file, 0},
    {"store", "path", AT(store.path), named_check_database, 0},
    {"store", "certificates", AT(store.certificates), named_check_certificates, 0},
    {"simulator", "key", AT(simulator.key), named_check_simulator, 0},
};

static void files_check_topics(struct files_check *check)
{
    static const struct files_rule rule = {.section = "sns", .key = "topic"};
    const struct named named = {check, &rule, NULL};

    if (check->settings->sns.topic.count == 0 && !check->settings->simulator.enabled)
        named_warn(&named, "no topic is allowed, so everything is refused: write "
                           "`topic = ARN` under [sns]");
}

/* A user who can write it decides whose messages are accepted. */
static void files_check_itself(struct files_check *check)
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
    const struct files_rule *end =
        files_rules + sizeof(files_rules) / sizeof(files_rules[0]);
    struct files_check check = {settings, file ? file : SETTINGS_DEFAULT_FILE, asker,
                                faults, false};
    int r = 0;

    files_check_itself(&check);
    files_check_topics(&check);
    for (const struct files_rule *rule = files_rules; r == 0 && rule < end; rule++) {
        const struct named named = named_of(&check, rule);

        if (rule->check)
            r = rule->check(&named);
    }
    /* The user who asks may see what the unit will not. */
    for (const struct files_rule *rule = files_rules; rule < end; rule++) {
        const struct named named = named_of(&check, rule);

        if (asker != FILES_START && named.path && named_is_hidden(&named))
            named_warn(&named, "the unit cannot use it: " HIDDEN);
    }
    if (r < 0)
        return r;
    return check.faulty ? -EINVAL : 0;
}

#include "daemon/files.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>

#include "daemon/files_named.h"
#include "daemon/files_receivers.h"
#include "daemon/limits.h"
#include "daemon/secrets.h"
#include "daemon/tls.h"
#include "sesbounce/clock.h"
#include "sesbounce/file.h"
#include "sesbounce/simulator.h"

static struct named named_of(struct files_check *check, const struct files_rule *rule)
{
    const char *settings = (const char *)check->settings;

    return (struct named){
        check, rule, *(const char *const *)(const void *)(settings + rule->offset), NULL};
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
    const struct named parent = {named->check, named->rule, directory, NULL};
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
    const struct named named = {check, &rule, NULL, NULL};

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
    if (r == 0)
        r = files_check_receivers(&check);
    /* The user who asks may see what the unit will not. */
    for (const struct files_rule *rule = files_rules; rule < end; rule++) {
        const struct named named = named_of(&check, rule);

        if (asker != FILES_START && named.path && named_is_hidden(&named))
            named_warn(&named, "the unit cannot use it: " NAMED_HIDDEN);
    }
    if (r < 0)
        return r;
    return check.faulty ? -EINVAL : 0;
}

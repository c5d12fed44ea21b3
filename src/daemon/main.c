/*
 * sesbounced: the command line, the settings that it names, and the watch between the
 * start and the stop of its parts.
 */
#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon/files.h"
#include "daemon/limits.h"
#include "daemon/parts.h"
#include "daemon/watch.h"
#include "sesbounce/https.h"

/* --- the command line ------------------------------------------------------------ */

static void usage_print(FILE *to)
{
    (void)fputs("usage: sesbounced [-c FILE] [--check-config]\n"
                "\n"
                "Receives the bounces and complaints of Amazon SES from SNS over HTTP "
                "and keeps the\n"
                "list of addresses that must not be mailed again.\n"
                "\n"
                "  -c, --config FILE   settings; default " SETTINGS_DEFAULT_FILE "\n"
                "      --check-config  print the effective settings and exit; status "
                "78 if one is wrong\n"
                "      --version       print the version and exit\n"
                "      --help          print this and exit\n"
                "\n"
                "Manual: sesbounced(8), sesbounced.conf(5), sesbouncectl(8)\n",
                to);
}

/* -1: go on; else the exit status. */
static int arguments_read(int argc, char **argv, const char **ret_config,
                          bool *ret_check_config)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"check-config", no_argument, NULL, 'k'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
        switch (option) {
        case 'c':
            *ret_config = optarg;
            break;
        case 'k':
            *ret_check_config = true;
            break;
        case 'V':
            (void)puts("sesbounced " SESBOUNCE_VERSION);
            return EXIT_DONE;
        case 'h':
            usage_print(stdout);
            return EXIT_DONE;
        default:
            usage_print(stderr);
            return EXIT_OTHER;
        }
    }
    if (optind < argc) {
        usage_print(stderr);
        return EXIT_OTHER;
    }
    return -1;
}

/* --- settings -------------------------------------------------------------------- */

static int settings_show(const struct settings *settings)
{
    uint64_t max = settings->ingest.max_connections;
    struct bounds bounds =
        bounds_of(max, settings->ingest.max_body_bytes, bounds_files_for(max));
    int r = settings_print(settings, stdout);

    if (r == 0)
        bounds_print(&bounds, stdout);
    return r < 0 || fflush(stdout) == 0 ? r : -EIO;
}

/* Faults and warnings, a line each. To the journal with sd-daemon(3)'s level; to a
 * terminal as they are; and the first fault to systemd. */
static void faults_tell(struct str rest)
{
    bool to_journal = getenv("JOURNAL_STREAM") != NULL;
    bool told = false;
    struct str line;

    while (str_split(&rest, '\n', &line)) {
        bool is_warning = str_starts_with(line, STR("warning: "));
        const char *level = is_warning ? SD_WARNING : SD_ERR;

        if (line.len == 0)
            continue;
        (void)fprintf(stderr, "%s%.*s\n", to_journal ? level : "", STR_ARG(line));
        if (!is_warning && !told)
            (void)sd_notifyf(0,
                             "STATUS=the settings are wrong: %.*s; type: sudo -u "
                             "sesbounced sesbounced --check-config",
                             STR_ARG(line));
        told |= !is_warning;
    }
}

/*
 * Reads the settings and looks at the files that they name. Faults and warnings go to
 * standard error, the same at the start as at --check-config, and the first fault to
 * systemd. -1: go on with `*ret`; else the exit status.
 */
static int settings_load(const char *config, bool check_config, struct settings **ret)
{
    _cleanup_(settings_freep) struct settings *settings = NULL;
    struct buf faults;
    int status = -1;
    int r;

    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    r = settings_read_partly(config, &settings, &faults);
    if (settings) {
        enum files_asker asker = check_config ? files_asker(settings) : FILES_START;
        int checked = files_check(settings, config, asker, &faults);

        r = r < 0 ? r : checked;
    }
    faults_tell(buf_str(&faults));
    if (check_config && geteuid() == 0 && getpwnam("sesbounced"))
        (void)fputs("warning: root may read every file; to check what the daemon may "
                    "read, type: sudo -u sesbounced sesbounced --check-config\n",
                    stderr);
    if (r < 0)
        status = EXIT_SETTINGS;
    else if (check_config)
        status = settings_show(settings) < 0 ? EXIT_OTHER : EXIT_DONE;
    else
        *ret = take_ptr(settings);
    buf_done(&faults);
    return status;
}

/* --- running --------------------------------------------------------------------- */

static sigset_t signals;

static int signals_block(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP); /* a terminal that is gone; no reload */
    if (sigaction(SIGPIPE, &ignore, NULL) < 0)
        return -errno;
    return -pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

/* A setting that has no effect is logged, so that nobody delivers to a port that is not
 * open. */
static void listen_tell_ignored(const struct program *program, struct str where)
{
    const struct settings_list *listen = &program->settings->ingest.listen;

    for (size_t i = 0; program->sockets.passed && i < listen->count; i++) {
        if (strcmp(listen->items[i], SETTINGS_DEFAULT_LISTEN) != 0 &&
            !memmem(where.data, where.len, listen->items[i], strlen(listen->items[i])))
            log_event(LOG_LEVEL_WARNING,
                      "[ingest] listen is ignored, because systemd passed a socket: "
                      "`systemctl edit sesbounced.socket` sets its ListenStream=",
                      {"IGNORED", str_of(listen->items[i])}, {"LISTEN", where});
    }
}

static void program_tell_ready(struct program *program)
{
    const struct settings *settings = program->settings;
    char proxy[LOG_VALUE_BYTES_MAX];
    struct buf where;

    if (https_proxy_in_use(proxy, sizeof(proxy)))
        log_event(LOG_LEVEL_NOTICE, "outbound requests go through a proxy",
                  {"PROXY", str_of(proxy)});
    buf_init(&where, LOG_VALUE_BYTES_MAX);
    listen_describe(&program->sockets, &where);
    listen_tell_ignored(program, buf_str(&where));
    log_event(LOG_LEVEL_NOTICE, "ready", {"VERSION", STR(SESBOUNCE_VERSION)},
              {"LISTEN", buf_str(&where)},
              {"SOCKET", program->sockets.passed ? STR("systemd") : STR_ABSENT},
              {"DATABASE", str_of(settings->store.path)});
    buf_done(&where);
    /* The pause before the next restart is short again (systemd 258). */
    (void)sd_notify(0, "READY=1\nRESTART_RESET=1");
}

/* Until a signal, or until the database turns out to be unusable. The exit status. */
static int program_watch(struct program *program)
{
    const struct timespec tick = {MAIN_TICK_MS / 1000, (MAIN_TICK_MS % 1000) * 1000000L};
    struct watch watch;

    watch_init(&watch, &program->service);
    for (;;) {
        int number = sigtimedwait(&signals, NULL, &tick);
        int64_t now_ms = clock_mono_ms();
        int fault = health_store_fault(&program->service.health);

        if (number > 0)
            return EXIT_DONE;
        watch_sweep(&watch, now_ms);
        watch_tell_shed(&watch, now_ms);
        if ((fault == -EUCLEAN || fault == -ENOTSUP) && !program->sockets.passed)
            return parts_database_status(fault);
        watch_tell_systemd(&watch, now_ms);
        alerts_tick(&program->service.alerts, clock_wall_ms());
    }
}

static int program_run(struct program *program)
{
    int status = parts_start(program);

    if (status < 0) {
        program_tell_ready(program);
        status = program_watch(program);
    }
    (void)watch_notify("STOPPING=1");
    parts_stop(program);
    if (status == EXIT_DONE)
        log_event(LOG_LEVEL_NOTICE, "stopped", {NULL, STR_ABSENT});
    return status;
}

int main(int argc, char **argv)
{
    static struct program program;
    bool check_config = false;
    int status = arguments_read(argc, argv, &program.config, &check_config);

    if (status < 0)
        status = settings_load(program.config, check_config, &program.settings);
    if (status < 0) {
        (void)umask(027);
        log_start("sesbounced");
        status = signals_block() < 0 ? EXIT_OTHER : program_run(&program);
    }
    settings_free(program.settings);
    return status;
}

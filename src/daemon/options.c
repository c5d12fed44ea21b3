#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/files.h"
#include "sesbounce/limits.h"

static void usage(FILE *to)
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

int options_read(int argc, char **argv, struct options *ret)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"check-config", no_argument, NULL, 'k'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    *ret = (struct options){NULL, false};
    while ((option = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
        switch (option) {
        case 'c':
            ret->config = optarg;
            break;
        case 'k':
            ret->check_config = true;
            break;
        case 'V':
            (void)puts("sesbounced " SESBOUNCE_VERSION);
            return EXIT_DONE;
        case 'h':
            usage(stdout);
            return EXIT_DONE;
        default:
            usage(stderr);
            return EXIT_OTHER;
        }
    }
    if (optind < argc) {
        usage(stderr);
        return EXIT_OTHER;
    }
    return -1;
}

/* --- settings --- */

static int print_settings(const struct settings *settings)
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
 * terminal as they are. */
static void print_faults(struct str rest)
{
    bool to_journal = getenv("JOURNAL_STREAM") != NULL;
    struct str line;

    while (str_split(&rest, '\n', &line)) {
        bool is_warning = str_starts_with(line, STR("warning: "));

        if (line.len > 0)
            (void)fprintf(stderr, "%s%.*s\n",
                          !to_journal  ? ""
                          : is_warning ? SD_WARNING
                                       : SD_ERR,
                          STR_ARG(line));
    }
}

static void tell_first(struct str rest)
{
    struct str line;

    while (str_split(&rest, '\n', &line)) {
        if (str_starts_with(line, STR("warning: ")))
            continue;
        (void)sd_notifyf(0,
                         "STATUS=the settings are wrong: %.*s; type: sudo -u sesbounced "
                         "sesbounced --check-config",
                         STR_ARG(line));
        return;
    }
}

int options_settings(const struct options *options, struct settings **ret)
{
    _cleanup_(settings_freep) struct settings *settings = NULL;
    struct buf faults;
    int status = -1;
    int r;

    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    r = settings_read_partly(options->config, &settings, &faults);
    if (settings) {
        enum files_asker asker =
            options->check_config ? files_asker(settings) : FILES_START;
        int checked = files_check(settings, options->config, asker, &faults);

        r = r < 0 ? r : checked;
    }
    print_faults(buf_str(&faults));
    if (options->check_config && geteuid() == 0 && getpwnam("sesbounced"))
        (void)fputs("warning: root may read every file; to check what the daemon may "
                    "read, type: sudo -u sesbounced sesbounced --check-config\n",
                    stderr);
    if (r < 0) {
        tell_first(buf_str(&faults));
        status = EXIT_SETTINGS;
    } else if (options->check_config) {
        status = print_settings(settings) < 0 ? EXIT_OTHER : EXIT_DONE;
    } else {
        *ret = take_ptr(settings);
    }
    buf_done(&faults);
    return status;
}

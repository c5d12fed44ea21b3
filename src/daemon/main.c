/*
 * sesbounced: the start and the stop, in order, and the watch in between.
 */
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "daemon/address_file.h"
#include "daemon/admin.h"
#include "daemon/http.h"
#include "daemon/limits.h"
#include "daemon/listen.h"
#include "daemon/notify.h"
#include "daemon/options.h"
#include "daemon/outbound.h"
#include "daemon/watch.h"
#include "daemon/writer.h"
#include "sesbounce/https.h"
#include "sesbounce/simulator.h"

struct program {
    struct options options;
    struct settings *settings;
    struct service service;
    struct listen_sockets sockets;
    struct writer *writer;
    struct outbound *outbound;
    struct http *http;
    struct admin *admin;
    sigset_t signals;
    enum health_state told_state; /* what STATUS= says */
    int64_t tell_again_ms;
    int64_t pet_again_ms; /* the watchdog */
};

/* --- start ----------------------------------------------------------------------- */

static int block_signals(struct program *program)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)sigemptyset(&program->signals);
    (void)sigaddset(&program->signals, SIGTERM);
    (void)sigaddset(&program->signals, SIGINT);
    (void)sigaddset(&program->signals, SIGHUP); /* a terminal that is gone; no reload */
    if (sigaction(SIGPIPE, &ignore, NULL) < 0)
        return -errno;
    return -pthread_sigmask(SIG_BLOCK, &program->signals, NULL);
}

static void complain(const char *message, struct str detail)
{
    log_event(LOG_LEVEL_ERROR, message, {"DETAIL", detail});
    (void)sd_notifyf(0, "STATUS=%s: %.*s", message, STR_ARG(detail));
}

/* A file or folder that a setting names cannot be used: -EINVAL, a fault of the settings.
 */
static int complain_of(const char *setting, const char *path, int r)
{
    struct buf detail;

    buf_init(&detail, LOG_VALUE_BYTES_MAX);
    (void)buf_printf(&detail, "%s: %s: %s", setting, path, strerror(-r));
    complain("a setting cannot be used", buf_str(&detail));
    buf_done(&detail);
    return r == -ENOMEM ? r : -EINVAL;
}

static int status_of(int fault)
{
    return fault == -EUCLEAN || fault == -ENOTSUP ? EXIT_DATABASE : EXIT_OTHER;
}

/*
 * -1: go on, with or without a store. Staying up with 503 keeps SNS trying, so whatever
 * may mend itself is no reason to leave; and with systemd's sockets nothing is, because
 * leaving again and again would take the socket down with us.
 */
static int open_store(struct program *program, struct store **ret)
{
    struct buf fault;
    int status = -1;
    int r;

    buf_init(&fault, SETTINGS_FAULTS_BYTES_MAX);
    r = store_open(program->settings->store.path, STORE_OWN, ret, &fault);
    if (r == 0)
        writer_tell_if_new(*ret, program->settings->store.path);
    if (r < 0) {
        bool may_mend = r == -EBUSY || r == -EROFS || r == -ENOSPC || r == -EIO;

        complain("the database cannot be used", buf_str(&fault));
        metrics_count(&program->service.metrics.store_faults);
        atomic_store(&program->service.trouble, store_advice(r));
        if (!may_mend && !program->sockets.passed)
            status = status_of(r);
    }
    buf_done(&fault);
    return status;
}

static int start_simulator(struct program *program)
{
    _cleanup_(simulator_freep) struct simulator *simulator = NULL;
    const char *path = program->settings->simulator.key;
    int r;

    if (!program->settings->simulator.enabled)
        return 0;
    r = simulator_create(path);
    if (r == 0 || r == -EEXIST)
        r = simulator_open(path, &simulator);
    if (r < 0)
        return complain_of("[simulator] key", path, r);
    program->service.rules.simulator = simulator_certificate(simulator);
    log_event(LOG_LEVEL_WARNING, "the simulator is on: not for production",
              {"TOPIC", STR(SETTINGS_SIMULATOR_TOPIC)});
    return 0;
}

/* Too little memory is no reason for fewer connections: few take as much as they may. */
static void tell_memory(const struct bounds *bounds)
{
    uint64_t wanted = bounds_memory_max_bytes(bounds);
    struct buf needed;

    if (bounds_memory_allowed_bytes() >= wanted)
        return;
    buf_init(&needed, LOG_VALUE_BYTES_MAX);
    (void)buf_printf(&needed, "MemoryMax=%lluM",
                     (unsigned long long)wanted / 1024 / 1024);
    log_event(LOG_LEVEL_WARNING,
              "the system allows less memory than [ingest] max_connections may take, and "
              "kills the daemon when it takes more; type: systemctl edit sesbounced, and "
              "under [Service] write what is needed",
              {"NEEDED", buf_str(&needed)});
    buf_done(&needed);
}

/* What the setting allows, or as much of it as the system lets us have open. */
static void set_bounds(struct program *program)
{
    const struct settings *settings = program->settings;
    uint64_t max = settings->ingest.max_connections;
    uint64_t wanted = bounds_files_for(max);
    uint64_t files = bounds_raise_files(wanted);
    struct bounds bounds = bounds_of(max, settings->ingest.max_body_bytes, files);
    struct buf have, needed;

    program->service.bounds = bounds;
    tell_memory(&bounds);
    if (files >= wanted)
        return;
    buf_init(&have, LOG_VALUE_BYTES_MAX);
    buf_init(&needed, LOG_VALUE_BYTES_MAX);
    (void)buf_printf(&have, "%llu", (unsigned long long)bounds.connections);
    (void)buf_printf(&needed, "LimitNOFILE=%llu", (unsigned long long)wanted);
    log_event(
        LOG_LEVEL_WARNING,
        "fewer connections than [ingest] max_connections, because the system allows "
        "too few open files; type: systemctl edit sesbounced, and under [Service] "
        "write what is needed",
        {"CONNECTIONS", buf_str(&have)}, {"NEEDED", buf_str(&needed)});
    buf_done(&have);
    buf_done(&needed);
}

static int init_bounded(struct service *service)
{
    const struct bounds admin = {
        .connections = ADMIN_CONNECTIONS_MAX,
        .connections_of_address = ADMIN_CONNECTIONS_MAX / HTTP_ADDRESS_SHARE,
    };
    int r = connections_init(&service->connections, &service->bounds);

    if (r == 0)
        r = connections_init(&service->admin_connections, &admin);
    if (r == 0)
        r = store_metrics_init(&service->store_metrics);
    bodies_init(&service->bodies, service->bounds.large_body_bytes);
    if (r == 0)
        r = health_init(&service->health);
    return r < 0 ? r : waiting_room_init(&service->room, service->bounds.waiting_room);
}

static int start_parts(struct program *program, struct store *store)
{
    struct service *service = &program->service;
    const struct settings *settings = program->settings;
    struct buf fault;
    bool of_ca_file;
    int r;

    service->settings = settings;
    service->rules.settings = settings;
    r = certificates_new(settings->store.certificates, &service->rules.certificates);
    if (r < 0) {
        store_close(store);
        return complain_of("[store] certificates", settings->store.certificates, r);
    }
    r = init_bounded(service);
    if (r == 0)
        r = start_simulator(program);
    if (r == 0)
        r = https_global_start();
    if (r == 0)
        r = writer_start(service, store, &program->writer);
    if (r < 0) {
        store_close(store);
        return r;
    }
    service->writer = program->writer;
    r = outbound_start(service, &program->outbound, &of_ca_file);
    if (r < 0)
        return of_ca_file ? complain_of("[sns] ca_file", settings->sns.ca_file, r) : r;
    atomic_store(&service->outbound, program->outbound);
    buf_init(&fault, LOG_VALUE_BYTES_MAX);
    r = http_start(service, program->sockets.fds, program->sockets.count, &program->http,
                   &fault);
    if (r == 0)
        r = admin_start(service, &program->admin, &fault);
    if (r < 0)
        complain(r == -EINVAL ? "a setting cannot be used"
                              : "the HTTP server cannot be started",
                 fault.len ? buf_str(&fault) : str_of(strerror(-r)));
    buf_done(&fault);
    return r;
}

/* A setting that does nothing is told, so that nobody waits where nobody listens. */
static void tell_ignored_listen(const struct program *program, struct str where)
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

/* For sesbouncectl; without it, that asks where the settings say. */
static void write_addresses(const struct program *program)
{
    const struct settings *settings = program->settings;
    struct buf where;
    struct buf lines;

    buf_init(&where, LOG_VALUE_BYTES_MAX);
    buf_init(&lines, ADDRESS_FILE_BYTES_MAX);
    listen_describe(&program->sockets, &where);
    (void)address_file_add(&lines, "ingest", settings->ingest.certificate != NULL,
                           buf_str(&where));
    buf_clear(&where);
    admin_describe(program->admin, &where);
    (void)address_file_add(&lines, "admin", settings->admin.certificate != NULL,
                           buf_str(&where));
    /* A state that cannot be written has been told of. */
    (void)address_file_write(settings->store.path, buf_str(&lines));
    buf_done(&where);
    buf_done(&lines);
}

static void say_ready(struct program *program)
{
    const struct settings *settings = program->settings;
    char proxy[LOG_VALUE_BYTES_MAX];
    struct buf where;

    if (https_proxy_in_use(proxy, sizeof(proxy)))
        log_event(LOG_LEVEL_NOTICE, "outbound requests go through a proxy",
                  {"PROXY", str_of(proxy)});
    buf_init(&where, LOG_VALUE_BYTES_MAX);
    listen_describe(&program->sockets, &where);
    tell_ignored_listen(program, buf_str(&where));
    log_event(LOG_LEVEL_NOTICE, "ready", {"VERSION", STR(SESBOUNCE_VERSION)},
              {"LISTEN", buf_str(&where)},
              {"SOCKET", program->sockets.passed ? STR("systemd") : STR_ABSENT},
              {"DATABASE", str_of(settings->store.path)});
    buf_done(&where);
    /* The pause before the next restart is short again (systemd 258). */
    (void)sd_notify(0, "READY=1\nRESTART_RESET=1");
}

/* --- watch ----------------------------------------------------------------------- */

/* What `systemctl status` shows: what is wrong, and what to type. */
static void tell_status(struct program *program, int64_t now_ms)
{
    struct metrics *metrics = &program->service.metrics;
    struct health_now health;
    struct buf line;
    int r;

    health_look(&program->service, &health);
    if (health.state == program->told_state && now_ms < program->tell_again_ms)
        return;
    buf_init(&line, HEALTH_LINE_BYTES_MAX);
    (void)health_print(&health, true, &line);
    if (health.state == HEALTH_WELL)
        r = notify("STATUS=storing; kept %llu deliveries, answered %llu otherwise, shed "
                   "%llu",
                   (unsigned long long)metrics_kept(metrics),
                   (unsigned long long)metrics_not_kept(metrics),
                   (unsigned long long)metrics_shed_in_all(metrics));
    else if (health.state == HEALTH_NOT_VERIFYING)
        r = notify("STATUS=NOT VERIFYING, deliveries get 503 and SNS repeats them: %s",
                   buf_str(&line).data);
    else
        r = notify("STATUS=NOT STORING, deliveries get 503 and SNS repeats them: %s (%s)",
                   health.trouble ? health.trouble : buf_str(&line).data,
                   program->settings->store.path);
    buf_done(&line);
    if (r == -EAGAIN)
        return;
    program->told_state = health.state;
    program->tell_again_ms = now_ms + STATUS_EVERY_MS;
}

/* Twice in the time the unit allows. */
static void pet_watchdog(struct program *program, int64_t now_ms)
{
    uint64_t allowed_us = 0;

    if (now_ms < program->pet_again_ms || sd_watchdog_enabled(0, &allowed_us) <= 0)
        return;
    if (notify("WATCHDOG=1") != -EAGAIN)
        program->pet_again_ms = now_ms + (int64_t)(allowed_us / 1000 / 2);
}

/* Until a signal, or until the database turns out to be unusable. The exit status. */
static int run_until_told(struct program *program)
{
    const struct timespec tick = {MAIN_TICK_MS / 1000, (MAIN_TICK_MS % 1000) * 1000000L};
    struct watch watch;

    watch_init(&watch, &program->service);
    for (;;) {
        int number = sigtimedwait(&program->signals, NULL, &tick);
        int64_t now_ms = clock_mono_ms();
        int fatal = writer_fatal(program->writer);

        if (number > 0)
            return EXIT_DONE;
        watch_sweep(&watch, now_ms);
        watch_tell_shed(&watch, now_ms);
        if (fatal < 0 && !program->sockets.passed)
            return status_of(fatal);
        if (!watch_is_stuck(&watch, now_ms))
            pet_watchdog(program, now_ms);
        tell_status(program, now_ms);
    }
}

/* --- stop ------------------------------------------------------------------------ */

static void wait_for_connections(struct program *program)
{
    const struct timespec pause = {0, 10 * 1000000L};
    int64_t until_ms = clock_mono_ms() + STOP_GRACE_MS;

    while (connections_count(&program->service.connections) > 0 &&
           clock_mono_ms() < until_ms)
        (void)nanosleep(&pause, NULL);
}

static void stop(struct program *program)
{
    (void)notify("STOPPING=1");
    address_file_remove(program->settings->store.path);
    admin_stop(program->admin);
    if (program->http) {
        http_quiesce(program->http);
        atomic_store(&program->service.closing, true);
        wait_for_connections(program);
    }
    atomic_store(&program->service.stopping, true);
    outbound_stop(program->outbound);
    writer_stop(program->writer);
    http_stop(program->http);
    writer_free(program->writer);
    outbound_free(program->outbound);
    https_global_stop();
    listen_close(&program->sockets);
    sns_certificate_unref(program->service.rules.simulator);
    certificates_free(program->service.rules.certificates);
    store_metrics_done(&program->service.store_metrics);
    waiting_room_done(&program->service.room);
    health_done(&program->service.health);
    connections_done(&program->service.admin_connections);
    connections_done(&program->service.connections);
}

/* Of `listen` the settings have made sure; what systemd passes they have not seen. */
static int check_passed(const struct program *program, struct buf *fault)
{
    const struct listen_sockets *sockets = &program->sockets;
    struct buf where;

    for (size_t i = 0; program->settings->simulator.enabled && i < sockets->count; i++) {
        if (listen_is_local(sockets->fds[i]))
            continue;
        buf_init(&where, LOG_VALUE_BYTES_MAX);
        listen_describe(sockets, &where);
        (void)buf_printf(fault,
                         "%s:%zu: [simulator] enabled: not while a socket that systemd "
                         "passed lets strangers in (%s): type systemctl edit "
                         "sesbounced.socket, and listen on loopback only, or set it to "
                         "`no`",
                         program->options.config ? program->options.config
                                                 : SETTINGS_DEFAULT_FILE,
                         settings_line(program->settings, "simulator", "enabled"),
                         buf_str(&where).data);
        buf_done(&where);
        return -EINVAL;
    }
    return 0;
}

static int open_sockets(struct program *program)
{
    struct buf fault;
    int r;

    buf_init(&fault, SETTINGS_FAULTS_BYTES_MAX);
    r = listen_open("ingest", &program->settings->ingest.listen, &program->sockets,
                    &fault);
    if (r == 0 && program->sockets.count == 0) {
        r = -EINVAL;
        (void)buf_printf(&fault, "nothing to listen on: [ingest] listen is empty, and "
                                 "systemd passed no socket named ingest");
    }
    if (r == 0)
        r = check_passed(program, &fault);
    if (r < 0)
        complain("not started", buf_str(&fault));
    buf_done(&fault);
    return r;
}

static int run(struct program *program)
{
    struct store *store = NULL;
    int status;
    int r = open_sockets(program);

    if (r < 0)
        return r == -EINVAL ? EXIT_SETTINGS : EXIT_OTHER;
    set_bounds(program);
    status = open_store(program, &store);
    if (status >= 0) {
        listen_close(&program->sockets);
        return status;
    }
    r = start_parts(program, store);
    if (r == 0) {
        write_addresses(program);
        say_ready(program);
        status = run_until_told(program);
    } else {
        status = r == -EINVAL ? EXIT_SETTINGS : EXIT_OTHER;
        if (r != -EINVAL) /* that was told as what it is */
            log_event(LOG_LEVEL_ERROR, "not started", {"ERROR", str_of(strerror(-r))});
    }
    stop(program);
    if (status == EXIT_DONE)
        log_event(LOG_LEVEL_NOTICE, "stopped", {NULL, STR_ABSENT});
    return status;
}

int main(int argc, char **argv)
{
    static struct program program;
    int status = options_read(argc, argv, &program.options);

    if (status < 0)
        status = options_settings(&program.options, &program.settings);
    if (status < 0) {
        (void)umask(027);
        log_start("sesbounced");
        status = block_signals(&program) < 0 ? EXIT_OTHER : run(&program);
    }
    settings_free(program.settings);
    return status;
}

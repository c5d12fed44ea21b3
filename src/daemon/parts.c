#include "daemon/parts.h"

#include <errno.h>
#include <systemd/sd-daemon.h>

#include "daemon/database.h"
#include "daemon/limits.h"
#include "daemon/server.h"
#include "daemon/upgrade.h"
#include "sesbounce/https.h"
#include "sesbounce/simulator.h"

/* --- what cannot be started ------------------------------------------------------ */

static void part_complain(const char *message, struct str detail)
{
    log_event(LOG_LEVEL_ERROR, message, {"DETAIL", detail});
    (void)sd_notifyf(0, "STATUS=%s: %.*s", message, STR_ARG(detail));
}

/* A file or folder that a setting names cannot be used: -EINVAL, a fault of the settings.
 */
static int part_complain_of(struct program *program, const char *setting,
                            const char *path, int r)
{
    (void)buf_printf(&program->fault, "%s: %s: %s", setting, path, strerror(-r));
    part_complain("a setting cannot be used", buf_str(&program->fault));
    return r == -ENOMEM ? r : -EINVAL;
}

/* From the result of a start function: -1 to go on, or the exit status. The function has
 * logged the reason of -EINVAL itself. */
static int part_status(int r)
{
    if (r == 0)
        return -1;
    if (r == -EINVAL)
        return EXIT_SETTINGS;
    log_event(LOG_LEVEL_ERROR, "not started", {"ERROR", str_of(strerror(-r))});
    return EXIT_OTHER;
}

/* The same of a server, which may have written why. */
static int part_status_of_server(const struct program *program, int r)
{
    struct str fault = buf_str(&program->fault);

    if (r < 0)
        part_complain(r == -EINVAL ? "a setting cannot be used"
                                   : "the HTTP server cannot be started",
                      fault.len ? fault : str_of(strerror(-r)));
    return part_status(r);
}

/* --- sockets and bounds ---------------------------------------------------------- */

/* Of `listen` the settings have made sure; what systemd passes they have not seen. */
static int sockets_check(struct program *program)
{
    const struct settings *settings = program->settings;
    struct buf *fault = &program->fault;
    struct buf where;

    if (program->sockets.count == 0) {
        (void)buf_printf(fault, "nothing to listen on: [ingest] listen is empty, and "
                                "systemd passed no socket named ingest");
        return -EINVAL;
    }
    if (!settings->simulator.enabled || listen_is_local(&program->sockets))
        return 0;
    buf_init(&where, LOG_VALUE_BYTES_MAX);
    listen_describe(&program->sockets, &where);
    (void)buf_printf(fault,
                     "%s:%zu: [simulator] enabled: not while a socket that systemd "
                     "passed lets strangers in (%s): type systemctl edit "
                     "sesbounced.socket, and listen on loopback only, or set it to `no`",
                     program->config ? program->config : SETTINGS_DEFAULT_FILE,
                     settings_line(settings, "simulator", "enabled"),
                     buf_str(&where).data);
    buf_done(&where);
    return -EINVAL;
}

static int part_start_sockets(struct program *program)
{
    int r = listen_open("ingest", &program->settings->ingest.listen, &program->sockets,
                        &program->fault);

    if (r == 0)
        r = sockets_check(program);
    if (r == 0)
        return -1;
    part_complain("not started", buf_str(&program->fault));
    return r == -EINVAL ? EXIT_SETTINGS : EXIT_OTHER;
}

static void part_stop_sockets(struct program *program)
{
    listen_close(&program->sockets);
}

/* Too little memory does not reduce the connections: few take as much as they may. */
static void bounds_tell_memory(const struct bounds *bounds)
{
    uint64_t wanted = bounds_memory_max_bytes(bounds);
    char needed[48];

    if (bounds_memory_allowed_bytes() >= wanted)
        return;
    (void)snprintf(needed, sizeof(needed), "MemoryMax=%lluM",
                   (unsigned long long)wanted / 1024 / 1024);
    log_event(LOG_LEVEL_WARNING,
              "the system allows less memory than [ingest] max_connections may take, and "
              "kills the daemon when it takes more; type: systemctl edit sesbounced, and "
              "under [Service] write what is needed",
              {"NEEDED", str_of(needed)});
}

/* What the setting allows, or as much of it as the system lets us have open. */
static struct bounds bounds_in_force(const struct settings *settings)
{
    uint64_t max = settings->ingest.max_connections;
    uint64_t wanted = bounds_files_for(max);
    uint64_t files = bounds_raise_files(wanted + API_WAITS_MAX);
    struct bounds bounds = bounds_of(max, settings->ingest.max_body_bytes, files);
    char have[24], needed[48];

    bounds_tell_memory(&bounds);
    if (files >= wanted)
        return bounds;
    (void)snprintf(have, sizeof(have), "%llu", (unsigned long long)bounds.connections);
    (void)snprintf(needed, sizeof(needed), "LimitNOFILE=%llu",
                   (unsigned long long)wanted);
    log_event(
        LOG_LEVEL_WARNING,
        "fewer connections than [ingest] max_connections, because the system allows "
        "too few open files; type: systemctl edit sesbounced, and under [Service] "
        "write what is needed",
        {"CONNECTIONS", str_of(have)}, {"NEEDED", str_of(needed)});
    return bounds;
}

/* --- what the threads share ------------------------------------------------------ */

static int part_start_service(struct program *program)
{
    struct service *service = &program->service;

    service->settings = program->settings;
    service->bounds = bounds_in_force(program->settings);
    service->rules.settings = program->settings;
    return part_status(service_init(service));
}

static void part_stop_service(struct program *program)
{
    service_done(&program->service);
}

/*
 * Without a store, too, the daemon goes on: staying up with 503 keeps SNS trying, so it
 * does not exit for a fault that may pass by itself; and with systemd's sockets it exits
 * for no fault, because exiting again and again would take the socket down with us.
 */
static int part_start_store(struct program *program)
{
    struct service *service = &program->service;
    bool may_mend;
    int r;

    store_on_upgrade(upgrade_hear, service);
    r = store_open(program->settings->store.path, STORE_OWN, &program->store,
                   &program->fault);
    if (r == 0)
        database_tell_if_new(program->store, program->settings->store.path);
    if (r < 0) {
        part_complain("the database cannot be used", buf_str(&program->fault));
        health_store_fails(&service->health, r);
        atomic_store(&service->health.told_not_storing, true);
    }
    may_mend = r == 0 || r == -EBUSY || r == -EROFS || r == -ENOSPC || r == -EIO;
    return may_mend || program->sockets.passed ? -1 : parts_database_status(r);
}

/* Unless the writer has taken it over. */
static void part_stop_store(struct program *program)
{
    store_close(take_ptr(program->store));
}

static int part_start_certificates(struct program *program)
{
    const char *path = program->settings->store.certificates;
    int r = certificates_new(path, &program->service.rules.certificates);

    return part_status(r < 0 ? part_complain_of(program, "[store] certificates", path, r)
                             : 0);
}

static void part_stop_certificates(struct program *program)
{
    certificates_free(program->service.rules.certificates);
}

static int part_start_simulator(struct program *program)
{
    _cleanup_(simulator_freep) struct simulator *simulator = NULL;
    const char *path = program->settings->simulator.key;
    int r;

    if (!program->settings->simulator.enabled)
        return -1;
    r = simulator_create(path);
    if (r == 0 || r == -EEXIST)
        r = simulator_open(path, &simulator);
    if (r < 0)
        return part_status(part_complain_of(program, "[simulator] key", path, r));
    program->service.rules.simulator = simulator_certificate(simulator);
    log_event(LOG_LEVEL_WARNING, "the simulator is on: not for production",
              {"TOPIC", STR(ARN_SIMULATOR_TOPIC)});
    return -1;
}

static void part_stop_simulator(struct program *program)
{
    sns_certificate_unref(program->service.rules.simulator);
}

static int part_start_receivers(struct program *program)
{
    int r =
        receivers_open(program->settings, &program->service.receivers, &program->fault);

    if (r == -EINVAL)
        part_complain("a setting cannot be used", buf_str(&program->fault));
    return part_status(r);
}

static void part_stop_receivers(struct program *program)
{
    receivers_done(&program->service.receivers);
}

static int part_start_https(struct program *program)
{
    const char *ca_file = program->settings->sns.ca_file;
    int r = https_global_start();

    if (r == 0)
        r = https_new(ca_file, &program->service.https);
    if (r < 0 && r != -ENOMEM && ca_file)
        r = part_complain_of(program, "[sns] ca_file", ca_file, r);
    return part_status(r);
}

static void part_stop_https(struct program *program)
{
    https_free(program->service.https);
    https_global_stop();
}

/* --- the threads ----------------------------------------------------------------- */

/* The HTTP threads begin early and end late, because deliveries may be lent by them as
 * long as somebody is there to give them back; they have nobody to serve then. */
static int part_start_ingest(struct program *program)
{
    return part_status_of_server(
        program, ingest_start(&program->ingest, &program->service, &program->fault));
}

static void part_stop_ingest(struct program *program)
{
    ingest_stop(&program->ingest);
}

static int part_start_admin(struct program *program)
{
    return part_status_of_server(
        program, admin_start(&program->admin, &program->service, &program->fault));
}

static void part_stop_admin(struct program *program)
{
    admin_stop(&program->admin);
}

static int part_start_writer(struct program *program)
{
    int r = writer_start(&program->service, program->store, &program->writer);

    if (r == 0)
        program->store = NULL;
    return part_status(r);
}

static void part_stop_writer(struct program *program)
{
    writer_stop(program->writer);
}

static int part_start_outbound(struct program *program)
{
    return part_status(outbound_start(&program->service, &program->outbound));
}

static void part_stop_outbound(struct program *program)
{
    outbound_stop(program->outbound);
}

static int part_start_doors(struct program *program)
{
    return part_status_of_server(program,
                                 server_open(program->ingest.server, program->sockets.fds,
                                             program->sockets.count));
}

static void doors_wait_for_clients(struct program *program)
{
    const struct timespec pause = {0, 10 * 1000000L};
    int64_t until_ms = clock_mono_ms() + STOP_GRACE_MS;

    while (connections_count(&program->service.connections) > 0 &&
           clock_mono_ms() < until_ms)
        (void)nanosleep(&pause, NULL);
}

/* Connected clients still get an answer, and then new work gets 503. */
static void part_stop_doors(struct program *program)
{
    server_close(program->ingest.server);
    atomic_store(&program->service.closing, true);
    doors_wait_for_clients(program);
    atomic_store(&program->service.stopping, true);
}

static int part_start_reader(struct program *program)
{
    struct service *service = &program->service;
    const char *path = program->settings->store.path;
    int r = reader_start(&service->reader, path, &service->health);

    if (r == 0)
        r = reader_start(&service->reports, path, &service->health);
    if (r < 0)
        reader_stop(&service->reader);
    return part_status(r);
}

static void part_stop_reader(struct program *program)
{
    reader_stop(&program->service.reports);
    reader_stop(&program->service.reader);
}

static int part_start_admin_door(struct program *program)
{
    admin_open(&program->admin);
    return -1;
}

static void part_stop_admin_door(struct program *program)
{
    admin_close(&program->admin);
}

/* For sesbouncectl; without it, that asks where the settings say. */
static int part_start_addresses(struct program *program)
{
    const struct settings *settings = program->settings;
    struct buf lines;

    buf_init(&lines, ADDRESS_FILE_BYTES_MAX);
    listen_file_add(&lines, "ingest", settings->ingest.certificate != NULL,
                    &program->sockets);
    listen_file_add(&lines, "admin", settings->admin.certificate != NULL,
                    &program->admin.sockets);
    /* The log says already that the state cannot be written. */
    (void)listen_file_replace(settings->store.path, buf_str(&lines));
    buf_done(&lines);
    return -1;
}

static void part_stop_addresses(struct program *program)
{
    listen_file_remove(program->settings->store.path);
}

/* --- the list -------------------------------------------------------------------- */

static const struct part {
    int (*start)(struct program *program); /* -1: go on; else the exit status */
    void (*stop)(struct program *program);
} parts[] = {
    {part_start_sockets, part_stop_sockets},
    {part_start_service, part_stop_service},
    {part_start_store, part_stop_store},
    {part_start_certificates, part_stop_certificates},
    {part_start_simulator, part_stop_simulator},
    {part_start_receivers, part_stop_receivers},
    {part_start_https, part_stop_https},
    {part_start_ingest, part_stop_ingest},
    {part_start_admin, part_stop_admin},
    {part_start_writer, part_stop_writer},
    {part_start_outbound, part_stop_outbound},
    {part_start_doors, part_stop_doors},
    {part_start_reader, part_stop_reader},
    {part_start_admin_door, part_stop_admin_door},
    {part_start_addresses, part_stop_addresses},
};

int parts_start(struct program *program)
{
    int status = -1;

    while (status < 0 && program->started < sizeof(parts) / sizeof(parts[0])) {
        buf_init(&program->fault, SETTINGS_FAULTS_BYTES_MAX);
        status = parts[program->started].start(program);
        buf_done(&program->fault);
        program->started += status < 0;
    }
    return status;
}

void parts_stop(struct program *program)
{
    while (program->started > 0)
        parts[--program->started].stop(program);
}

int parts_database_status(int fault)
{
    return fault == -EUCLEAN || fault == -ENOTSUP ? EXIT_DATABASE : EXIT_OTHER;
}

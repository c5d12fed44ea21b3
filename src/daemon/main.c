/*
 * sesbounced: the watch between the start and the stop of its parts.
 */
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "daemon/limits.h"
#include "daemon/notify.h"
#include "daemon/parts.h"
#include "daemon/watch.h"
#include "sesbounce/https.h"

static sigset_t signals;

/* What systemd knows, and when it gets the next message. */
static enum health_state told_state; /* what STATUS= says */
static int64_t tell_again_ms;
static int64_t pet_again_ms; /* the watchdog */

static int block_signals(void)
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

    service_look(&program->service, &health);
    if (health.state == told_state && now_ms < tell_again_ms)
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
                   health.store_fault ? store_advice(health.store_fault)
                                      : buf_str(&line).data,
                   program->settings->store.path);
    buf_done(&line);
    if (r == -EAGAIN)
        return;
    told_state = health.state;
    tell_again_ms = now_ms + STATUS_EVERY_MS;
}

/* Twice in the time the unit allows. */
static void pet_watchdog(int64_t now_ms)
{
    uint64_t allowed_us = 0;

    if (now_ms < pet_again_ms || sd_watchdog_enabled(0, &allowed_us) <= 0)
        return;
    if (notify("WATCHDOG=1") != -EAGAIN)
        pet_again_ms = now_ms + (int64_t)(allowed_us / 1000 / 2);
}

/* Until a signal, or until the database turns out to be unusable. The exit status. */
static int run_until_told(struct program *program)
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
        if (!watch_is_stuck(&watch, now_ms))
            pet_watchdog(now_ms);
        tell_status(program, now_ms);
    }
}

static int run(struct program *program)
{
    int status = parts_start(program);

    if (status < 0) {
        say_ready(program);
        status = run_until_told(program);
    }
    parts_stop(program);
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
        status = block_signals() < 0 ? EXIT_OTHER : run(&program);
    }
    settings_free(program.settings);
    return status;
}

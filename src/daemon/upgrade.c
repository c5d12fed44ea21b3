#include "daemon/upgrade.h"

#include "daemon/service.h"
#include "daemon/watch.h"
#include "sesbounce/log.h"

static void upgrade_log(const char *message, const struct store_upgrade *upgrade)
{
    char from[16], to[16], events[24], seconds[24];

    (void)snprintf(from, sizeof(from), "%d", upgrade->from);
    (void)snprintf(to, sizeof(to), "%d", upgrade->to);
    (void)snprintf(events, sizeof(events), "%lld", (long long)upgrade->events);
    (void)snprintf(seconds, sizeof(seconds), "%.1f", (double)upgrade->took_ms / 1000);
    log_event(LOG_LEVEL_NOTICE, message, {"FROM", str_of(from)}, {"TO", str_of(to)},
              {"EVENTS", str_of(events)}, {"SECONDS", str_of(seconds)});
}

void upgrade_hear(void *context, const struct store_upgrade *upgrade)
{
    struct service *service = context;
    busy_since *writer = &service->busy[BUSY_WRITER];
    int64_t now_ms = clock_mono_ms();

    if (upgrade->what == STORE_UPGRADE_BEGINS)
        upgrade_log("the database is of an earlier version, and is upgraded now",
                    upgrade);
    if (upgrade->what == STORE_UPGRADE_ENDS)
        upgrade_log("the database has been upgraded", upgrade);
    (void)watch_notify("EXTEND_TIMEOUT_USEC=%lld\n"
                       "STATUS=upgrading the database, for %lld s so far",
                       1000LL * UPGRADE_STEP_MS, (long long)upgrade->took_ms / 1000);
    if (busy_longer(writer, now_ms, 0)) /* it opens the file itself, and is not stuck */
        busy_begin(writer, now_ms);
}

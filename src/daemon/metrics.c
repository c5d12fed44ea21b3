#include "daemon/metrics.h"

#include "sesbounce/clock.h"

static uint64_t read_counter(atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static uint64_t sum(struct metrics *metrics, bool kept)
{
    uint64_t total = 0;

    for (int v = VERDICT_UNDECIDED + 1; v < VERDICT_COUNT; v++) {
        if (verdict_is_kept((enum verdict)v) == kept)
            total += read_counter(&metrics->verdicts[v]);
    }
    return total;
}

uint64_t metrics_kept(struct metrics *metrics)
{
    return sum(metrics, true);
}

uint64_t metrics_not_kept(struct metrics *metrics)
{
    return sum(metrics, false);
}

uint64_t metrics_shed(struct metrics *metrics, enum shed what)
{
    return read_counter(&metrics->shed[what]);
}

uint64_t metrics_shed_in_all(struct metrics *metrics)
{
    uint64_t total = 0;

    for (int what = 0; what < SHED_COUNT; what++)
        total += read_counter(&metrics->shed[what]);
    return total;
}

static int print_shed(struct metrics *metrics, struct buf *ret)
{
    static const char *const reasons[SHED_COUNT] = {
        [SHED_ADDRESS] = "connections-of-address",
        [SHED_ADMIN] = "admin-connections-of-address",
        [SHED_SLOW] = "slow-request",
        [SHED_QUEUE] = "writer-queue",
        [SHED_WAITING_ROOM] = "waiting-room",
        [SHED_BODIES] = "body-memory",
    };
    int r =
        buf_printf(ret, "# HELP sesbounced_shed_total Connections closed and deliveries "
                        "answered 503 because of too many or too slow clients.\n"
                        "# TYPE sesbounced_shed_total counter\n");

    for (int what = 0; r == 0 && what < SHED_COUNT; what++)
        r = buf_printf(ret, "sesbounced_shed_total{reason=\"%s\"} %llu\n", reasons[what],
                       (unsigned long long)read_counter(&metrics->shed[what]));
    return r;
}

static const char *const listener_names[LISTENER_COUNT] = {"ingest", "admin"};

static bool has_tls(struct metrics *metrics, int listener)
{
    int64_t expires_ms = atomic_load(&metrics->tls_expires_ms[listener]);

    return expires_ms != CLOCK_NONE && expires_ms != 0;
}

/* Rounded down: -1 from the first moment after its end on. */
static int print_tls(struct metrics *metrics, int64_t now_ms, struct buf *ret)
{
    int r = buf_printf(ret, "# HELP sesbounced_tls_certificate_days_left Days until the "
                            "certificate of a listener expires.\n"
                            "# TYPE sesbounced_tls_certificate_days_left gauge\n");

    for (int i = 0; r == 0 && i < LISTENER_COUNT; i++) {
        int64_t expires_ms = atomic_load(&metrics->tls_expires_ms[i]);
        int64_t left_ms = expires_ms - now_ms;

        if (!has_tls(metrics, i))
            continue;
        r = buf_printf(
            ret, "sesbounced_tls_certificate_days_left{listener=\"%s\"} %lld\n",
            listener_names[i], (long long)(left_ms / CLOCK_DAY_MS - (left_ms < 0)));
    }
    return r;
}

static int print_outdated(struct metrics *metrics, struct buf *ret)
{
    int r = buf_printf(ret, "# HELP sesbounced_tls_certificate_unusable 1 while the "
                            "renewed certificate or key of a listener cannot be used.\n"
                            "# TYPE sesbounced_tls_certificate_unusable gauge\n");

    for (int i = 0; r == 0 && i < LISTENER_COUNT; i++) {
        if (has_tls(metrics, i))
            r = buf_printf(ret,
                           "sesbounced_tls_certificate_unusable{listener=\"%s\"} %d\n",
                           listener_names[i], atomic_load(&metrics->tls_outdated[i]));
    }
    return r;
}

static int print_one(struct buf *ret, const char *name, const char *help,
                     const char *type, uint64_t value)
{
    return buf_printf(ret, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", name, help, name,
                      type, name, (unsigned long long)value);
}

int metrics_print(struct metrics *metrics, const struct metrics_now *now, struct buf *ret)
{
    const struct {
        const char *name;
        const char *help;
        atomic_uint_fast64_t *counter;
    } counters[] = {
        {"sesbounced_batches_total", "Transactions committed.", &metrics->batches},
        {"sesbounced_certificates_fetched_total", "Signing certificates fetched.",
         &metrics->certificates_fetched},
        {"sesbounced_certificates_failed_total", "Fetches of a certificate that failed.",
         &metrics->certificates_failed},
        {"sesbounced_store_faults_total", "Attempts to use the database that failed.",
         now->store_faults},
    };
    const struct {
        const char *name;
        const char *help;
        uint64_t value;
    } gauges[] = {
        {"sesbounced_storing",
         "1 while deliveries can be verified and stored, 0 while they get 503.",
         now->storing},
        {"sesbounced_last_kept_timestamp_seconds",
         "When a delivery was last kept; 0 if none since the start.",
         (uint64_t)(atomic_load(&metrics->last_kept_ms) / 1000)},
        {"sesbounced_connections", "Connections that are open.", now->connections},
        {"sesbounced_connections_max", "The most connections that may be open.",
         now->connections_max},
        {"sesbounced_large_body_bytes",
         "Memory used by large bodies, beyond the first piece of each.",
         now->large_body_bytes},
    };
    int r = buf_printf(ret, "# HELP sesbounced_deliveries_total Deliveries by "
                            "verdict.\n# TYPE sesbounced_deliveries_total counter\n");

    for (int v = VERDICT_UNDECIDED + 1; r == 0 && v < VERDICT_COUNT; v++) {
        const struct verdict_info *info = verdict_info((enum verdict)v);

        r = buf_printf(ret,
                       "sesbounced_deliveries_total{verdict=\"%s\",status=\"%u\"} %llu\n",
                       info->name, info->http_status,
                       (unsigned long long)read_counter(&metrics->verdicts[v]));
    }
    for (size_t i = 0; r == 0 && i < sizeof(counters) / sizeof(counters[0]); i++)
        r = print_one(ret, counters[i].name, counters[i].help, "counter",
                      read_counter(counters[i].counter));
    if (r == 0)
        r = print_shed(metrics, ret);
    if (r == 0)
        r = print_tls(metrics, now->wall_ms, ret);
    if (r == 0)
        r = print_outdated(metrics, ret);
    for (size_t i = 0; r == 0 && i < sizeof(gauges) / sizeof(gauges[0]); i++)
        r = print_one(ret, gauges[i].name, gauges[i].help, "gauge", gauges[i].value);
    return r;
}

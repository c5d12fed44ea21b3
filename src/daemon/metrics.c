#include "daemon/metrics.h"

#include "sesbounce/clock.h"

static uint64_t counter_read(atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

uint64_t metrics_deliveries(struct metrics *metrics, bool kept)
{
    uint64_t total = 0;

    for (int v = VERDICT_NONE + 1; v < VERDICT_COUNT; v++) {
        if (verdict_is_kept((enum verdict)v) == kept)
            total += counter_read(&metrics->verdicts[v]);
    }
    return total;
}

uint64_t metrics_shed(struct metrics *metrics, enum shed what)
{
    return counter_read(&metrics->shed[what]);
}

uint64_t metrics_shed_in_all(struct metrics *metrics)
{
    uint64_t total = 0;

    for (int what = 0; what < SHED_COUNT; what++)
        total += counter_read(&metrics->shed[what]);
    return total;
}

void metrics_count_api(struct metrics *metrics, unsigned status)
{
    metrics_count(&metrics->api_requests[status / 100 % METRICS_STATUSES]);
}

/* --- for a scraper --------------------------------------------------------------- */

int metrics_print_head(struct buf *ret, const char *name, const char *type,
                       const char *help)
{
    return buf_printf(ret, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

int metrics_print_one(struct buf *ret, const char *name, const char *type,
                      const char *help, int64_t value)
{
    int r = metrics_print_head(ret, name, type, help);

    return r < 0 ? r : buf_printf(ret, "%s %lld\n", name, (long long)value);
}

static int verdicts_print(struct metrics *metrics, struct buf *ret)
{
    int r = metrics_print_head(ret, "sesbounced_deliveries_total", "counter",
                               "Deliveries by verdict.");

    for (int v = VERDICT_NONE + 1; r == 0 && v < VERDICT_COUNT; v++) {
        const struct verdict_info *info = verdict_info((enum verdict)v);

        r = buf_printf(ret,
                       "sesbounced_deliveries_total{verdict=\"%s\",status=\"%u\"} %llu\n",
                       info->name, info->http_status,
                       (unsigned long long)counter_read(&metrics->verdicts[v]));
    }
    return r;
}

static int shed_print(struct metrics *metrics, struct buf *ret)
{
    static const char *const reasons[SHED_COUNT] = {
        [SHED_ADDRESS] = "connections-of-address",
        [SHED_ADMIN] = "admin-connections-of-address",
        [SHED_SLOW] = "slow-request",
        [SHED_QUEUE] = "writer-queue",
        [SHED_WAITING_ROOM] = "waiting-room",
        [SHED_BODIES] = "body-memory",
        [SHED_QUESTIONS] = "api-questions",
    };
    int r =
        metrics_print_head(ret, "sesbounced_shed_total", "counter",
                           "Connections closed, and deliveries and questions answered "
                           "503, because of too many or too slow clients.");

    for (int what = 0; r == 0 && what < SHED_COUNT; what++)
        r = buf_printf(ret, "sesbounced_shed_total{reason=\"%s\"} %llu\n", reasons[what],
                       (unsigned long long)counter_read(&metrics->shed[what]));
    return r;
}

static int api_print(struct metrics *metrics, struct buf *ret)
{
    static const unsigned shown[] = {2, 4, 5};
    int r = metrics_print_head(ret, "sesbounced_api_requests_total", "counter",
                               "Answers of the JSON API by status.");

    for (size_t i = 0; r == 0 && i < sizeof(shown) / sizeof(*shown); i++)
        r = buf_printf(
            ret, "sesbounced_api_requests_total{status=\"%uxx\"} %llu\n", shown[i],
            (unsigned long long)counter_read(&metrics->api_requests[shown[i]]));
    return r;
}

/* Rounded down: -1 from the first moment after its end on. */
static int64_t tls_days_left(int64_t expires_ms, int64_t now_ms)
{
    int64_t left_ms = expires_ms - now_ms;

    return left_ms / CLOCK_DAY_MS - (left_ms < 0);
}

static int tls_print(struct metrics *metrics, int64_t now_ms, struct buf *ret)
{
    static const char *const listeners[LISTENER_COUNT] = {"ingest", "admin"};
    static const char days_left[] = "sesbounced_tls_certificate_days_left";
    static const char unusable[] = "sesbounced_tls_certificate_unusable";
    int r = metrics_print_head(ret, days_left, "gauge",
                               "Days until the certificate of a listener expires.");

    for (int i = 0; r == 0 && i < LISTENER_COUNT; i++) {
        int64_t expires_ms = atomic_load(&metrics->tls[i].expires_ms);

        if (expires_ms != CLOCK_NONE && expires_ms != 0)
            r = buf_printf(ret, "%s{listener=\"%s\"} %lld\n", days_left, listeners[i],
                           (long long)tls_days_left(expires_ms, now_ms));
    }
    if (r == 0)
        r = metrics_print_head(ret, unusable, "gauge",
                               "1 while the renewed certificate or key of a listener "
                               "cannot be used.");
    for (int i = 0; r == 0 && i < LISTENER_COUNT; i++) {
        int64_t expires_ms = atomic_load(&metrics->tls[i].expires_ms);

        if (expires_ms != CLOCK_NONE && expires_ms != 0)
            r = buf_printf(ret, "%s{listener=\"%s\"} %d\n", unusable, listeners[i],
                           atomic_load(&metrics->tls[i].is_outdated));
    }
    return r;
}

static int durations_all_print(struct metrics *metrics, struct buf *ret)
{
    static const struct {
        const char *name, *help;
    } of[DURATION_COUNT] = {
        [DURATION_VERIFY] = {"sesbounced_verify_seconds",
                             "Time in which a genuine delivery was verified and read, "
                             "without the wait for a certificate."},
        [DURATION_COMMIT] = {"sesbounced_commit_seconds",
                             "Time in which a transaction was committed, with the sync "
                             "of the disk."},
        [DURATION_RESPONSE] = {"sesbounced_response_seconds",
                               "Time from the last byte of a delivery to its answer."},
    };
    int r = 0;

    for (int i = 0; r == 0 && i < DURATION_COUNT; i++) {
        r = metrics_print_head(ret, of[i].name, "histogram", of[i].help);
        if (r == 0)
            r = durations_print(&metrics->durations[i], of[i].name, ret);
    }
    return r;
}

int metrics_print(struct metrics *metrics, const struct metrics_now *now, struct buf *ret)
{
    const struct {
        const char *name;
        const char *type;
        const char *help;
        uint64_t value;
    } single[] = {
        {"sesbounced_batches_total", "counter", "Transactions committed.",
         counter_read(&metrics->batches)},
        {"sesbounced_certificates_fetched_total", "counter",
         "Signing certificates fetched.", counter_read(&metrics->certificates_fetched)},
        {"sesbounced_certificates_failed_total", "counter",
         "Fetches of a certificate that failed.",
         counter_read(&metrics->certificates_failed)},
        {"sesbounced_store_faults_total", "counter",
         "Attempts to use the database that failed.", now->store_faults},
        {"sesbounced_storing", "gauge",
         "1 while deliveries can be verified and stored, 0 while they get 503.",
         now->storing},
        {"sesbounced_last_kept_timestamp_seconds", "gauge",
         "When a delivery was last kept; 0 if none since the start.",
         (uint64_t)(atomic_load(&metrics->last_kept_ms) / 1000)},
        {"sesbounced_connections", "gauge", "Connections that are open.",
         now->connections},
        {"sesbounced_connections_max", "gauge", "The most connections that may be open.",
         now->connections_max},
        {"sesbounced_large_body_bytes", "gauge",
         "Memory used by large bodies, beyond the first piece of each.",
         now->large_body_bytes},
        {"sesbounced_api_waiting", "gauge",
         "Requests to the API that wait for rows that are not there yet.",
         now->api_waiting},
    };
    int r = verdicts_print(metrics, ret);

    if (r == 0)
        r = shed_print(metrics, ret);
    if (r == 0)
        r = api_print(metrics, ret);
    if (r == 0)
        r = durations_all_print(metrics, ret);
    if (r == 0)
        r = tls_print(metrics, now->wall_ms, ret);
    for (size_t i = 0; r == 0 && i < sizeof(single) / sizeof(single[0]); i++)
        r = metrics_print_one(ret, single[i].name, single[i].type, single[i].help,
                              (int64_t)single[i].value);
    return r;
}

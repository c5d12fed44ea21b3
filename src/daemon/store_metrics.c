#include "daemon/store_metrics.h"

#include <errno.h>
#include <string.h>

#include "daemon/limits.h"
#include "daemon/metrics.h"
#include "sesbounce/clock.h"
#include "sesbounce/output.h"

int store_metrics_init(struct store_metrics *metrics)
{
    *metrics = (struct store_metrics){.next_ms = 0};
    buf_init(&metrics->text, STORE_METRICS_BYTES_MAX);
    return -pthread_mutex_init(&metrics->mutex, NULL);
}

void store_metrics_done(struct store_metrics *metrics)
{
    buf_done(&metrics->text);
    (void)pthread_mutex_destroy(&metrics->mutex);
}

/* --- the writer's ------------------------------------------------------------------ */

/* What `status` calls it, and what a metric. */
static const struct {
    const char *status;
    const char *name;
    const char *kind;
    const char *help;
} figures[] = {
    {"file_bytes", "sesbounced_database_bytes", "gauge", "Size of the database's file."},
    {"wal_bytes", "sesbounced_wal_bytes", "gauge", "Size of its write-ahead log."},
    {"quarantine", "sesbounced_quarantined", "gauge", "Messages in quarantine."},
    {"quarantine_bytes", "sesbounced_quarantined_bytes", "gauge",
     "Size of these messages."},
    {"outbox", "sesbounced_outbox", "gauge",
     "What has yet to be sent: confirmations, and to webhooks and by mail."},
    {"outbox_oldest_seconds", "sesbounced_outbox_oldest_age_seconds", "gauge",
     "For how long the oldest of these has waited; 0 if there is none."},
    {"held", "sesbounced_held", "gauge", "Entries that wait for a person's decision."},
    {"leaks", "sesbounced_leaks_total", "counter",
     "Mail that was sent although its address was suppressed."},
};

#define REASONS 4

static const char *const reasons[REASONS] = {"bounce", "complaint", "manual", "soft"};

struct status_rows {
    struct buf *to;
    int64_t listed[REASONS]; /* suppressed_REASON */
    int64_t scoped[REASONS]; /* those of one scope only */
};

static bool reason_count_take(struct str name, struct str prefix, int64_t count,
                              int64_t counts[REASONS])
{
    if (!str_starts_with(name, prefix))
        return false;
    for (size_t i = 0; i < REASONS; i++)
        if (str_equal(str_skip(name, prefix.len), str_of(reasons[i])))
            counts[i] = count;
    return true;
}

/* In the spelling of the list. */
static void reason_spell(const char *reason, char ret[sizeof("COMPLAINT")])
{
    size_t i = 0;

    for (; reason[i]; i++)
        ret[i] = (char)(reason[i] - 'a' + 'A');
    ret[i] = '\0';
}

static int reasons_print(const struct status_rows *rows)
{
    char reason[sizeof("COMPLAINT")];
    int r = metrics_print_head(rows->to, "sesbounced_suppressed", "gauge",
                               "Addresses that must not be mailed, by reason.");

    for (size_t i = 0; r == 0 && i < REASONS; i++) {
        reason_spell(reasons[i], reason);
        r = buf_printf(rows->to, "sesbounced_suppressed{reason=\"%s\"} %lld\n", reason,
                       (long long)rows->listed[i]);
    }
    if (r == 0)
        r = metrics_print_head(rows->to, "sesbounced_entries", "gauge",
                               "The same, also by whether all mail is meant (*) or that "
                               "of one scope.");
    for (size_t i = 0; r == 0 && i < REASONS; i++) {
        reason_spell(reasons[i], reason);
        r = buf_printf(rows->to,
                       "sesbounced_entries{reason=\"%s\",scope=\"*\"} %lld\n"
                       "sesbounced_entries{reason=\"%s\",scope=\"scoped\"} %lld\n",
                       reason, (long long)(rows->listed[i] - rows->scoped[i]), reason,
                       (long long)rows->scoped[i]);
    }
    return r;
}

/* They are one text, with commas between them; absent where there is none. */
static int guarded_print(struct buf *to, struct str providers)
{
    int64_t n = providers.len > 0;

    for (size_t i = 0; i < providers.len; i++)
        n += providers.data[i] == ',';
    return metrics_print_one(to, "sesbounced_guarded_providers", "gauge",
                             "Providers whose hard bounces the outage guard holds.", n);
}

static int status_row_print(void *context, const struct store_value *values, size_t count)
{
    struct status_rows *rows = context;
    struct str name = values[0].text;

    (void)count;
    if (str_equal(name, STR("guarded")))
        return guarded_print(rows->to,
                             values[1].type == STORE_TEXT ? values[1].text : STR_ABSENT);
    if (values[1].type != STORE_INTEGER)
        return 0;
    if (reason_count_take(name, STR("suppressed_"), values[1].integer, rows->listed) ||
        reason_count_take(name, STR("scoped_"), values[1].integer, rows->scoped))
        return 0;
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        if (str_equal(name, str_of(figures[i].status)))
            return metrics_print_one(rows->to, figures[i].name, figures[i].kind,
                                     figures[i].help, values[1].integer);
    }
    return 0;
}

#define TOPIC_METRIC "sesbounced_topic_last_message_timestamp_seconds"

/* An ARN holds nothing that a label must escape. */
static int topic_row_print(void *context, const struct store_value *values, size_t count)
{
    struct buf *to = context;
    const struct store_value *arn = output_find(values, count, "topic_arn");
    const struct store_value *last = output_find(values, count, "last_message_at");

    if (!arn || !last || last->type != STORE_TIME)
        return 0;
    return buf_printf(to, TOPIC_METRIC "{topic=\"%.*s\"} %lld\n", STR_ARG(arn->text),
                      (long long)(last->integer / CLOCK_SECOND_MS));
}

/* As Prometheus calls what the view `daily` has a column for. */
static const struct {
    const char *column, *event;
} recipients[] = {{"sends", "send"},
                  {"deliveries", "delivery"},
                  {"hard_bounces", "hard_bounce"},
                  {"soft_bounces", "soft_bounce"},
                  {"complaints", "complaint"},
                  {"rejects", "reject"},
                  {"list_hits", "list_hit"}};
#define RECIPIENTS (sizeof(recipients) / sizeof(*recipients))

/* The days stay, so that their sum is a counter. */
static int day_row_add(void *context, const struct store_value *values, size_t count)
{
    int64_t *sums = context;

    for (size_t i = 0; i < RECIPIENTS; i++) {
        const struct store_value *n = output_find(values, count, recipients[i].column);

        sums[i] += n ? n->integer : 0;
    }
    return 0;
}

static int recipients_print(struct store *store, struct buf *to)
{
    static const char name[] = "sesbounced_recipients_total";
    const struct store_filter all = {.limit = 0};
    int64_t sums[RECIPIENTS] = {0};
    int r = store_query(store, STORE_DAILY, &all, day_row_add, sums);

    if (r == 0)
        r = metrics_print_head(to, name, "counter",
                               "Recipients that count in the rates, by what became of "
                               "their mail.");
    for (size_t i = 0; r == 0 && i < RECIPIENTS; i++)
        r = buf_printf(to, "%s{event=\"%s\"} %lld\n", name, recipients[i].event,
                       (long long)sums[i]);
    return r;
}

/* A metric about each webhook and mail; their names hold nothing that must be escaped. */
struct webhook_metric {
    struct buf *to;
    const char *name;
    const char *column;
};

static int webhook_row_print(void *context, const struct store_value *values,
                             size_t count)
{
    const struct webhook_metric *metric = context;
    struct str name = output_find_text(values, count, "name");
    const struct store_value *value = output_find(values, count, metric->column);
    bool is_state = value && value->type == STORE_TEXT;

    return buf_printf(metric->to, "%s{webhook=\"%.*s\"} %lld\n", metric->name,
                      STR_ARG(name),
                      is_state ? (long long)!str_equal(value->text, STR("ok"))
                               : (long long)(value ? value->integer : 0));
}

static int webhooks_print(struct store *store, struct buf *to)
{
    static const struct {
        const char *name, *column, *kind, *help;
    } metrics[] = {
        {"sesbounced_webhook_sent_total", "sent", "counter",
         "Messages that a webhook or mail has received."},
        {"sesbounced_webhook_failed", "failed", "gauge",
         "Messages that were given up, until somebody retries them."},
        {"sesbounced_webhook_waiting", "waiting", "gauge",
         "Messages that wait for a webhook or mail."},
        {"sesbounced_webhook_failing", "state", "gauge",
         "Has the last attempt failed, or is it off?"},
    };
    const struct store_filter all = {.since_ms = CLOCK_NONE, .until_ms = CLOCK_NONE};
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof(metrics) / sizeof(metrics[0]); i++) {
        struct webhook_metric metric = {to, metrics[i].name, metrics[i].column};

        r = metrics_print_head(to, metric.name, metrics[i].kind, metrics[i].help);
        if (r == 0)
            r = store_query(store, STORE_WEBHOOKS, &all, webhook_row_print, &metric);
    }
    return r;
}

static int figures_print(struct store *store, struct buf *to)
{
    const struct store_filter filter = {.since_ms = CLOCK_NONE,
                                        .until_ms = CLOCK_NONE,
                                        .newest_first = true,
                                        .limit = STORE_METRICS_TOPICS_MAX};
    struct status_rows rows = {.to = to};
    int r = store_status(store, status_row_print, &rows);

    if (r == 0)
        r = reasons_print(&rows);
    if (r == 0)
        r = recipients_print(store, to);
    if (r == 0)
        r = metrics_print_head(to, TOPIC_METRIC, "gauge",
                               "When the last message of a topic arrived.");
    if (r == 0)
        r = store_query(store, STORE_TOPICS, &filter, topic_row_print, to);
    if (r == 0)
        r = webhooks_print(store, to);
    return r < 0 ? r
                 : metrics_print_one(to, "sesbounced_database_seen_timestamp_seconds",
                                     "gauge",
                                     "When the figures about the database were taken.",
                                     clock_wall_ms() / CLOCK_SECOND_MS);
}

int store_metrics_look(struct store_metrics *metrics, struct store *store,
                       int64_t mono_ms)
{
    struct buf text, previous;
    int64_t now_ms, took_ms;
    int r;

    if (mono_ms < metrics->next_ms)
        return 0;
    buf_init(&text, STORE_METRICS_BYTES_MAX);
    r = figures_print(store, &text);
    now_ms = clock_mono_ms();
    took_ms = now_ms - mono_ms;
    metrics->next_ms = now_ms + (took_ms > STORE_METRICS_EVERY_MS / STORE_METRICS_SHARE
                                     ? took_ms * STORE_METRICS_SHARE
                                     : STORE_METRICS_EVERY_MS);
    if (r == 0) {
        pthread_mutex_lock(&metrics->mutex);
        previous = metrics->text;
        metrics->text = text;
        pthread_mutex_unlock(&metrics->mutex);
        text = previous;
    }
    buf_done(&text);
    return r;
}

/* --- anybody's --------------------------------------------------------------------- */

int store_metrics_print(struct store_metrics *metrics, struct buf *ret)
{
    int r;

    pthread_mutex_lock(&metrics->mutex);
    r = buf_append_str(ret, buf_str(&metrics->text));
    pthread_mutex_unlock(&metrics->mutex);
    return r;
}

#include "sesbounce/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report/status_text.h"
#include "sesbounce/arn.h"
#include "sesbounce/expiry.h"

/* What `counts` has, in its order. */
enum {
    NEW_LIST,
    PRUNING,
    DROPPED,
    QUARANTINED,
    HELD,
    NOT_ADDRESSED,
    LEAKS,
    FUTURE,
    STALE,
    COUNTS
};

struct status {
    struct store *store;
    const struct status_setup *setup;
    const struct status_rows *rows;
    int fault;   /* the first of the rows, behind which there are none */
    bool *heard; /* of each `[sns] topic`: has one of its topics talked to us? */
    bool unwell; /* the daemon answered, but not 200 */
    struct store_value count[COUNTS]; /* 0: none */
    size_t attention;
};

static void status_row_add(struct status *status, const struct store_value *row,
                           size_t count)
{
    if (status->fault == 0)
        status->fault = status->rows->row(status->rows->context, row, count);
}

static void line_add(struct status *status, const char *name, struct str value)
{
    const struct store_value row[] = {output_text("name", name),
                                      output_str("value", value)};
    status_row_add(status, row, 2);
}

/* `r` is that of what was appended to `text`. */
static void text_add(struct status *status, const char *name, const struct buf *text,
                     int r)
{
    if (r < 0 && status->fault == 0)
        status->fault = r;
    line_add(status, name, buf_str(text));
}

/* `what to type` is part of every such line. */
static int attention_add_text(struct status *status, const struct buf *text, int r)
{
    status->attention++;
    text_add(status, "attention", text, r);
    return status->fault;
}

__attribute__((format(printf, 2, 3))) static void attention_add(struct status *status,
                                                                const char *format, ...)
{
    _cleanup_(buf_done) struct buf text = {.max = REPORT_ROW_BYTES_MAX};
    va_list arguments;
    va_start(arguments, format);
    int r = buf_vprintf(&text, format, arguments);
    va_end(arguments);
    (void)attention_add_text(status, &text, r);
}

/* See status_text_about(). */
static void attention_add_about(struct status *status, const char *pattern,
                                struct str word)
{
    _cleanup_(buf_done) struct buf text = {.max = REPORT_ROW_BYTES_MAX};
    int r = status_text_about(
        &text, (struct status_text_commands){status->setup->reads, status->setup->writes},
        pattern, word);
    (void)attention_add_text(status, &text, r);
}

/* Ends a query: those that are raised come first. */
#define ENOUGH 1

static int alert_report(void *context, const struct store_value *values, size_t count)
{
    struct status *status = context;
    static const struct output_part parts[] = {
        {"", "level"}, {" ", "name"}, {", since ", "since"}, {": ", "text"}, {"", NULL}};
    _cleanup_(buf_done) struct buf text = {.max = REPORT_ROW_BYTES_MAX};
    if (output_find(values, count, "resolved_at"))
        return ENOUGH;
    status->attention++;
    text_add(status, "alert", &text, output_parts(&text, values, count, parts));
    return status->fault;
}

static int alerts_report(struct status *status)
{
    const struct store_filter raised_first = {.newest_first = true};
    int r = store_query(status->store, STORE_ALERTS, &raised_first, alert_report, status);
    return r == ENOUGH ? 0 : r;
}

/* --- the daemon --- */

/* SNS refuses a certificate that has expired, and delivers nothing. */
static void certificate_report(struct status *status, const struct status_daemon *daemon)
{
    int64_t left_ms = daemon->tls_expires_ms - status->setup->now_ms;
    if (daemon->tls_expires_ms == CLOCK_NONE || daemon->tls_begins_ms == CLOCK_NONE)
        return;
    int64_t days = left_ms / CLOCK_DAY_MS - (left_ms < 0);
    const struct store_value row[] = {output_text("name", "tls_certificate_days_left"),
                                      output_integer("value", days)};
    status_row_add(status, row, 2);
    if (left_ms <= 0)
        attention_add(status, "the TLS certificate has expired, so SNS cannot deliver; "
                              "renew it");
    else if (expiry_is_near(daemon->tls_begins_ms, daemon->tls_expires_ms,
                            status->setup->now_ms))
        attention_add(status, "the TLS certificate expires in %lld days; renew it",
                      (long long)days);
}

static void answer_report(struct status *status, const struct status_daemon *daemon)
{
    certificate_report(status, daemon);
    /* Such as another process's port: the daemon does without. */
    if (daemon->lacks_admin)
        attention_add(
            status, "the daemon does not listen on [admin] listen, so there are no "
                    "metrics; type: journalctl -u sesbounced -g \"no metrics\" (it says "
                    "why), then restart it");
    if (daemon->tls_is_outdated)
        attention_add(status,
                      "the renewed TLS certificate or key cannot be used, so the "
                      "previous ones are still served, and a restart would fail; type: "
                      "sudo -u sesbounced sesbounced --check-config%s (it says why)",
                      status->setup->config);
    status->unwell = daemon->status != 200;
    line_add(status, "daemon",
             status->unwell ? STR("running, but messages get 503")
                            : STR("running, and storing messages"));
    if (status->unwell)
        attention_add(status,
                      "the daemon answers %ld %s; type: systemctl status sesbounced (it "
                      "shows the reason)",
                      daemon->status, daemon->body);
}

static void daemon_report(struct status *status, const struct status_daemon *daemon)
{
    if (!daemon->fault) {
        answer_report(status, daemon);
        return;
    }
    line_add(status, "daemon", STR("not reachable"));
    attention_add(
        status,
        "no answer at %s (%s); type: systemctl status sesbounced; if it listens "
        "elsewhere: systemctl status sesbounced.socket",
        daemon->where, daemon->fault);
}

/* --- the store --- */

#define DIGITS_OF(number) #number
#define DIGITS(macro)     DIGITS_OF(macro)

/* Each needs attention unless it is 0 or NULL. The name is that of store_status(). */
static const struct {
    const char *name, *attention;
} counts[COUNTS] = {
    /* Addresses that were suppressed are mailed again until then. */
    [NEW_LIST] = {"begun_anew_at",
                  "the database was lost, and an empty list was begun at @: restore "
                  "a backup (man sesbounced); this line disappears with the new "
                  "list, or after " DIGITS(STORE_LOST_TELL_DAYS) " days"},
    [PRUNING] = {"pruning_begins_at",
                 "from @ on, [retention] deletes what it keeps no longer, for the first "
                 "time in this database; type: sesbouncectl db prune --dry-run, to see "
                 "how much that is; to keep it, write `events = forever` and the like "
                 "under [retention], and restart sesbounced"},
    [DROPPED] = {"quarantine_dropped_last_day",
                 "messages dropped since yesterday, because the quarantine was full: @; "
                 "[retention] quarantine_bytes is its size; to see what fills it, type: "
                 "$r quarantine list"},
    [QUARANTINED] = {"quarantine",
                     "messages in quarantine, not applied: @; type: $r quarantine list"},
    [HELD] = {"held", "held entries, which suppress nobody until you decide: @; type: $r "
                      "suppress held"},
    [NOT_ADDRESSED] =
        {"not_addressed_last_day",
         "bounces and complaints of the last day that name an address to which the mail "
         "was not sent: @; they were only recorded (rule not-addressed); send one mail "
         "per recipient (man sesbounced-policy); to see them, type: $r events --rule "
         "not-addressed --since 1d"},
    [LEAKS] = {"leaks_last_day",
               "mails sent in the last day to addresses on the list: @; their sender "
               "(leaks_last_day_identity) does not check the list; type: $r leaks "
               "--since 1d"},
    /* Both come from SNS's time in the messages, which is right. */
    [FUTURE] = {"",
                "messages of the last day, not applied because they are dated more than "
                "15 minutes ahead of this machine's clock: @; check the clock; type: "
                "timedatectl; then: $w quarantine retry --reason future"},
    [STALE] = {"",
               "messages of the last hour, more than half of all, that were not applied "
               "because they are too old by this machine's clock: @; check the clock; "
               "type: timedatectl; then: $w quarantine retry --reason stale"},
};

static int count_report(void *context, const struct store_value *values, size_t count)
{
    struct status *status = context;
    for (size_t i = 0; i < COUNTS; i++)
        if (str_equal(values[0].text, str_of(counts[i].name)))
            status->count[i] = values[1];
    status_row_add(status, values, count);
    return status->fault;
}

static int counts_report(struct status *status)
{
    struct store_clock_signs signs;
    int r = store_clock_signs(status->store, status->setup->now_ms, &signs);
    if (r < 0)
        return r;
    status->count[FUTURE] = output_integer("", signs.future);
    status->count[STALE] = output_integer("", signs.is_surge ? signs.stale : 0);
    for (size_t i = 0; i < COUNTS; i++) {
        _cleanup_(buf_done) struct buf word = {.max = CLOCK_TEXT_BYTES};
        if (status->count[i].integer == 0)
            continue;
        (void)output_plain(&word, &status->count[i]);
        attention_add_about(status, counts[i].attention, buf_str(&word));
    }
    return 0;
}

/* --- topics --- */

/* Programs get a column each; two columns have to do elsewhere. */
static void topic_add(struct status *status, const struct store_value *values,
                      size_t count)
{
    static const char *const columns[] = {"topic_arn", "state",           "since",
                                          "messages",  "last_message_at", "fault"};
    static const struct output_part parts[] = {{"", "topic_arn"},
                                               {": ", "state"},
                                               {" since ", "since"},
                                               {", messages: ", "messages"},
                                               {", last ", "last_message_at"},
                                               {" (", "age"},
                                               {"; ", "fault"},
                                               {"", NULL}};
    enum { SHOWN = sizeof(columns) / sizeof(*columns) };
    struct store_value row[SHOWN + 3] = {output_text("name", "topic")};
    const struct store_value *last = output_find(values, count, "last_message_at");
    char age[CLOCK_TEXT_BYTES];
    for (size_t i = 0; i < SHOWN; i++) {
        const struct store_value *value = output_find(values, count, columns[i]);
        row[1 + i] = value ? *value : output_text(columns[i], NULL);
    }
    row[SHOWN + 1] = output_text("last_message_age_seconds", NULL);
    if (last) {
        row[SHOWN + 1].type = STORE_INTEGER;
        row[SHOWN + 1].integer =
            (status->setup->now_ms - last->integer) / CLOCK_SECOND_MS;
        status_text_age(row[SHOWN + 1].integer, age);
    }
    row[SHOWN + 2] = output_text("age", last ? age : NULL);
    if (status->rows->has_columns) {
        status_row_add(status, row, SHOWN + 2);
        return;
    }
    _cleanup_(buf_done) struct buf text = {.max = REPORT_ROW_BYTES_MAX};
    text_add(status, "topic", &text, output_parts(&text, row, SHOWN + 3, parts));
}

static void heard_mark(struct status *status, struct str topic_arn)
{
    const struct status_setup *setup = status->setup;
    struct arn arn;
    if (str_equal(topic_arn, STR(ARN_SIMULATOR_TOPIC)) || !arn_parse(topic_arn, &arn))
        return;
    for (size_t i = 0; i < setup->topic_count; i++)
        status->heard[i] =
            status->heard[i] || arn_matches(&arn, str_of(setup->topics[i]));
}

static int topic_report(void *context, const struct store_value *values, size_t count)
{
    static const struct {
        const char *state, *attention;
    } states[] = {
        {"pending", "@ waits to be confirmed; type: $w topics confirm @"},
        {"failed", "confirming @ failed; type: $w topics confirm @ (or "
                   "subscribe again)"},
        {"unsubscribed",
         "@ was unsubscribed, so its bounces no longer arrive, unless it has another "
         "subscription, whose next message removes this line; type: aws sns subscribe "
         "--topic-arn @ --protocol https --notification-endpoint YOUR-URL; or, if that "
         "was meant: $w topics forget @"},
    };
    struct status *status = context;
    struct str arn = output_find_text(values, count, "topic_arn");
    struct str state = output_find_text(values, count, "state");
    if (!str_present(arn) || !str_present(state))
        return 0;
    heard_mark(status, arn);
    topic_add(status, values, count);
    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
        if (str_equal(state, str_of(states[i].state)))
            attention_add_about(status, states[i].attention, arn);
    return status->fault;
}

static int quarantined_mark(void *context, const struct store_value *values, size_t count)
{
    heard_mark(context, output_find_text(values, count, "topic_arn"));
    return 0;
}

/* Messages that do not prove a subscription, as old ones, are kept nevertheless. */
static int quarantine_look(struct status *status)
{
    const struct status_setup *setup = status->setup;
    struct store_filter filter = {.limit = 1};
    int r = 0;
    if (status->count[QUARANTINED].integer == 0)
        return 0;
    for (size_t i = 0; i < setup->topic_count && r == 0; i++) {
        filter.topic = strchr(setup->topics[i], '*') ? NULL : setup->topics[i];
        if (!status->heard[i])
            r = store_query(status->store, STORE_QUARANTINE, &filter, quarantined_mark,
                            status);
    }
    return r;
}

/* While deliveries get 503, that nothing has arrived says nothing of the subscription. */
static void unheard_report(struct status *status)
{
    const struct status_setup *setup = status->setup;
    for (size_t i = 0; i < setup->topic_count && !status->unwell; i++)
        if (!status->heard[i])
            attention_add(status,
                          "nothing has arrived from %s yet; type: aws sns subscribe "
                          "--topic-arn %s --protocol https --notification-endpoint "
                          "YOUR-URL",
                          setup->topics[i],
                          strchr(setup->topics[i], '*') ? "ARN" : setup->topics[i]);
}

/* --- pauses, and what is sent against the list --- */

static int pause_report(void *context, const struct store_value *values, size_t count)
{
    _cleanup_(buf_done) struct buf text = {.max = REPORT_ROW_BYTES_MAX};
    return attention_add_text(context, &text, status_text_pause(&text, values, count));
}

static int webhook_report(void *context, const struct store_value *values, size_t count)
{
    struct status *status = context;
    struct status_text_commands commands = {status->setup->reads, status->setup->writes};
    _cleanup_(buf_done) struct buf text = {.max = REPORT_ROW_BYTES_MAX};
    int r = status_text_webhook(&text, commands, values, count);
    return r || text.len ? attention_add_text(status, &text, r) : 0;
}

static int soft_counting_report(struct status *status)
{
    _cleanup_(buf_done) struct buf text = {.max = REPORT_ROW_BYTES_MAX};
    int r = status_text_soft_counting(&text, status->store, status->setup->counts_soft,
                                      status->setup->now_ms);
    if (r == 0)
        text_add(status, "soft_counting", &text, r);
    return r;
}

/* --- all of it --- */

static void settings_report(struct status *status)
{
    const struct status_setup *setup = status->setup;
    if (setup->simulates)
        line_add(status, "simulator",
                 STR("on: anybody who can read its key can make bounces; not for "
                     "production"));
    else if (setup->topic_count == 0)
        attention_add(
            status,
            "no topic is allowed, so everything is refused; write `topic = ARN` "
            "under [sns] in %s and restart the daemon",
            setup->config_file);
}

static int status_report(struct status *status, const struct status_daemon *daemon)
{
    const struct store_filter all = {.limit = 0};
    struct store *store = status->store;
    int r = alerts_report(status);
    daemon_report(status, daemon);
    if (r == 0)
        r = store_status(store, count_report, status);
    if (r == 0)
        r = counts_report(status);
    if (r == 0 && !status->setup->is_brief)
        r = soft_counting_report(status);
    if (r == 0)
        r = store_query(store, STORE_PAUSED, &all, pause_report, status);
    if (r == 0)
        r = store_query(store, STORE_WEBHOOKS, &all, webhook_report, status);
    if (r == 0)
        r = store_query(store, STORE_TOPICS, &all, topic_report, status);
    if (r == 0)
        r = quarantine_look(status);
    if (r < 0)
        return r;
    unheard_report(status);
    settings_report(status);
    return status->fault;
}

int status_write(struct store *store, const struct status_setup *setup,
                 const struct status_daemon *daemon, const struct status_rows *rows,
                 size_t *ret_attention)
{
    _cleanup_(freep) bool *heard = calloc(setup->topic_count + 1, sizeof(*heard));
    struct status status = {.store = store, .setup = setup, .rows = rows, .heard = heard};
    int r = heard ? status_report(&status, daemon) : -ENOMEM;
    *ret_attention = status.attention;
    return r;
}

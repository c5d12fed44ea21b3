/* status: what the daemon sees and what needs a person. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/ingest_client.h"
#include "ctl/limits.h"
#include "sesbounce/arn.h"
#include "sesbounce/expiry.h"
#include "sesbounce/text.h"

/* Three ARNs and a sentence. */
#define ATTENTION_BYTES_MAX (3 * ARN_BYTES_MAX + 1024)

struct status {
    struct ctl *ctl;
    struct output output;
    bool
        *heard; /* borrowed: of each `[sns] topic`, has one of its topics talked to us? */
    bool unwell; /* the daemon answered, but not 200 */
    int64_t quarantined;
    int64_t not_addressed;
    int64_t quarantine_dropped;
    char begun_anew[CLOCK_TEXT_BYTES]; /* when, or empty */
    size_t attention;
    int fault; /* of writing */
};

static int say(struct status *status, const struct store_value *row, size_t count)
{
    int r = output_row(&status->output, row, count);
    if (r < 0)
        status->fault = r;
    return r;
}

static int say_text(struct status *status, const char *name, const char *value)
{
    const struct store_value row[] = {output_text("name", name),
                                      output_text("value", value)};
    return say(status, row, 2);
}

static int attend(struct status *status, const char *text)
{
    status->attention++;
    return say_text(status, "attention", text);
}

/* `what to type` is part of every such line. */
__attribute__((format(printf, 2, 3))) static int attention(struct status *status,
                                                           const char *format, ...)
{
    char text[ATTENTION_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return attend(status, text);
}

/* --- the daemon --- */

/* SNS refuses a certificate that has expired, and delivers nothing. */
static int say_certificate(struct status *status, const struct ingest_answer *answer)
{
    int64_t left_ms = answer->tls_expires_ms - status->ctl->now_ms;
    if (answer->tls_expires_ms == CLOCK_NONE || answer->tls_begins_ms == CLOCK_NONE)
        return 0;
    int64_t days = left_ms / CLOCK_DAY_MS - (left_ms < 0);
    const struct store_value row[] = {output_text("name", "tls_certificate_days_left"),
                                      output_integer("value", days)};
    int r = say(status, row, 2);
    if (r < 0 || !expiry_is_near(answer->tls_begins_ms, answer->tls_expires_ms,
                                 status->ctl->now_ms))
        return r;
    if (left_ms <= 0)
        return attention(status,
                         "the TLS certificate has expired, so SNS cannot deliver; "
                         "renew it");
    return attention(status, "the TLS certificate expires in %lld days; renew it",
                     (long long)days);
}

/* Such as another process's port: the daemon does without. */
static int say_no_metrics(struct status *status, const struct ingest_answer *answer)
{
    if (!answer->lacks_metrics || status->ctl->settings->admin.listen.count == 0)
        return 0;
    return attention(status,
                     "the daemon does not listen on [admin] listen, so there are no "
                     "metrics; type: journalctl -u sesbounced -g \"no metrics\" (it says "
                     "why), then restart it");
}

static int ask_daemon(struct status *status)
{
    struct ingest_answer answer;
    const struct settings *settings = status->ctl->settings;
    int r = ingest_ask(settings, "/healthz", STR_ABSENT, NULL, &answer);
    if (r < 0) {
        r = say_text(status, "daemon", "not reachable");
        return r < 0 ? r
                     : attention(status,
                                 "no answer at %s (%s); type: systemctl status "
                                 "sesbounced; if it listens elsewhere: systemctl status "
                                 "sesbounced.socket",
                                 answer.where, answer.fault);
    }
    r = say_certificate(status, &answer);
    if (r == 0)
        r = say_no_metrics(status, &answer);
    if (r == 0 && answer.tls_is_outdated)
        r = attention(status,
                      "the renewed TLS certificate or key cannot be used, so the "
                      "previous ones are still served, and a restart would fail; type: "
                      "sudo -u sesbounced sesbounced --check-config (it says why)");
    if (r < 0)
        return r;
    if (answer.status == 200)
        return say_text(status, "daemon", "running, and storing messages");
    status->unwell = true;
    r = say_text(status, "daemon", "running, but messages get 503");
    return r < 0 ? r
                 : attention(status,
                             "the daemon answers %ld %s; type: systemctl status "
                             "sesbounced (it shows the reason)",
                             answer.status, answer.body);
}

/* --- the store --- */

static int on_status(void *context, const struct store_value *values, size_t count)
{
    struct status *status = context;

    if (str_equal(values[0].text, STR("quarantine")))
        status->quarantined = values[1].integer;
    if (str_equal(values[0].text, STR("not_addressed_last_day")))
        status->not_addressed = values[1].integer;
    if (str_equal(values[0].text, STR("quarantine_dropped_last_day")))
        status->quarantine_dropped = values[1].integer;
    if (str_equal(values[0].text, STR("begun_anew_at")) && values[1].type == STORE_TIME)
        clock_format_rfc3339(values[1].integer, status->begun_anew);
    return say(status, values, count);
}

/* Addresses that were suppressed are mailed again until then. */
static int say_begun_anew(struct status *status)
{
    if (!status->begun_anew[0])
        return 0;
    return attention(status,
                     "the database was lost, and an empty list was begun at %s: restore "
                     "a backup (man sesbounced); this line disappears with the new list, "
                     "or after %d days",
                     status->begun_anew, STORE_LOST_TELL_DAYS);
}

static int say_dropped(struct status *status)
{
    if (status->quarantine_dropped == 0)
        return 0;
    return attention(status,
                     "the quarantine was full, so %lld messages were dropped since "
                     "yesterday; type: sesbouncectl quarantine list, to see what fills "
                     "it; [retention] quarantine_bytes is its size",
                     (long long)status->quarantine_dropped);
}

static int say_not_addressed(struct status *status)
{
    if (status->not_addressed == 0)
        return 0;
    return attention(
        status,
        "%lld not-addressed in the last day: bounces or complaints named an "
        "address that the mail was not sent to, and were only recorded; "
        "type: sesbouncectl events --rule not-addressed --since 1d; and send "
        "one mail per recipient (man sesbounced-policy)",
        (long long)status->not_addressed);
}

/* --- topics --- */

static const char *const topic_columns[] = {"topic_arn", "state",           "since",
                                            "messages",  "last_message_at", "fault"};
#define TOPIC_COLUMNS (sizeof(topic_columns) / sizeof(*topic_columns))

/* Null where nothing has come yet. */
static struct store_value age_of(const struct status *status,
                                 const struct store_value *last)
{
    if (!last || last->type != STORE_TIME)
        return output_text("last_message_age_seconds", NULL);
    return output_integer("last_message_age_seconds",
                          (status->ctl->now_ms - last->integer) / CLOCK_SECOND_MS);
}

/* ` (3 h ago)`: in the largest unit that it has two of. */
static int append_age(struct buf *text, const struct store_value *age)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    size_t i = 0;
    if (age->type != STORE_INTEGER)
        return 0;
    while (i < 3 && age->integer < 2 * units[i].seconds)
        i++;
    return buf_printf(text, " (%lld %s ago)",
                      (long long)(age->integer / units[i].seconds), units[i].name);
}

/* JSON has a column each; two columns have to do elsewhere. */
static int say_topic(struct status *status, const struct store_value *values,
                     size_t count)
{
    static const char *const before[] = {
        "", ": ", " since ", ", messages: ", ", last ", "; "};
    struct store_value row[2 + TOPIC_COLUMNS] = {output_text("name", "topic")};
    const struct store_value age =
        age_of(status, output_find(values, count, "last_message_at"));
    struct buf text;
    int r = 0;
    buf_init(&text, REPORT_ROW_BYTES_MAX);
    for (size_t i = 0; i < TOPIC_COLUMNS && r == 0; i++) {
        const struct store_value *value = output_find(values, count, topic_columns[i]);
        row[1 + i] = value ? *value : output_text(topic_columns[i], NULL);
        if (!value)
            continue;
        r = buf_append_str(&text, str_of(before[i]));
        if (r == 0)
            r = output_plain(&text, value);
        if (r == 0 && strcmp(topic_columns[i], "last_message_at") == 0)
            r = append_age(&text, &age);
    }
    row[1 + TOPIC_COLUMNS] = age;
    if (r == 0 && status->ctl->format == OUTPUT_JSON)
        r = say(status, row, 2 + TOPIC_COLUMNS);
    else if (r == 0)
        r = say_text(status, "topic", buf_str(&text).data);
    else
        status->fault = r;
    buf_done(&text);
    return r;
}

static void mark_heard(struct status *status, struct str topic_arn)
{
    const struct settings_list *topics = &status->ctl->settings->sns.topic;
    struct arn arn;
    if (str_equal(topic_arn, STR(SETTINGS_SIMULATOR_TOPIC)) ||
        !arn_parse(topic_arn, &arn))
        return;
    for (size_t i = 0; i < topics->count; i++)
        status->heard[i] =
            status->heard[i] || arn_matches(&arn, str_of(topics->items[i]));
}

static int on_topic(void *context, const struct store_value *values, size_t count)
{
    struct status *status = context;
    const struct store_value *arn = output_find(values, count, "topic_arn");
    const struct store_value *state = output_find(values, count, "state");
    if (!arn || !state)
        return 0;
    mark_heard(status, arn->text);
    int r = say_topic(status, values, count);
    if (r < 0)
        return r;
    int length = arn->text.len < ARN_BYTES_MAX ? (int)arn->text.len : ARN_BYTES_MAX;
    if (str_equal(state->text, STR("pending")))
        return attention(status,
                         "%.*s waits to be confirmed; type: sesbouncectl topics "
                         "confirm %.*s",
                         length, arn->text.data, length, arn->text.data);
    if (str_equal(state->text, STR("failed")))
        return attention(status,
                         "confirming %.*s failed; type: sesbouncectl topics "
                         "confirm %.*s (or subscribe again)",
                         length, arn->text.data, length, arn->text.data);
    if (str_equal(state->text, STR("unsubscribed")))
        return attention(
            status,
            "%.*s was unsubscribed, so its bounces no longer arrive, unless "
            "it has another subscription, whose next message removes this "
            "line; type: aws sns subscribe --topic-arn %.*s --protocol https "
            "--notification-endpoint YOUR-URL; or, if that was meant: "
            "sesbouncectl topics forget %.*s",
            length, arn->text.data, length, arn->text.data, length, arn->text.data);
    return 0;
}

/* Messages that do not prove a subscription, as old ones, are kept nevertheless. */
static int on_quarantined(void *context, const struct store_value *values, size_t count)
{
    const struct store_value *arn = output_find(values, count, "topic_arn");
    if (arn && arn->type == STORE_TEXT)
        mark_heard(context, arn->text);
    return 0;
}

static int mark_quarantined(struct status *status)
{
    const struct settings_list *topics = &status->ctl->settings->sns.topic;
    struct store_filter filter = {
        .since_ms = CLOCK_NONE, .until_ms = CLOCK_NONE, .limit = 1};
    int r = 0;
    for (size_t i = 0; i < topics->count && r == 0 && status->quarantined > 0; i++) {
        filter.topic = strchr(topics->items[i], '*') ? NULL : topics->items[i];
        if (!status->heard[i])
            r = store_query(status->ctl->store, STORE_QUARANTINE, &filter, on_quarantined,
                            status);
    }
    return r;
}

/* While deliveries get 503, that nothing has arrived says nothing of the subscription. */
static int say_unheard(struct status *status)
{
    const struct settings_list *topics = &status->ctl->settings->sns.topic;
    int r = 0;
    for (size_t i = 0; i < topics->count && r == 0 && !status->unwell; i++) {
        const char *topic = topics->items[i];
        bool is_pattern = strchr(topic, '*') != NULL;
        if (!status->heard[i])
            r = attention(status,
                          "nothing has arrived from %s yet; type: aws sns subscribe "
                          "--topic-arn %s --protocol https --notification-endpoint "
                          "YOUR-URL",
                          topic, is_pattern ? "ARN" : topic);
    }
    return r;
}

/* --- pauses --- */

/* Whom SES pauses, the narrowest first, and how it is asked about them. */
static const struct sender {
    const char *column, *what, *ask;
} senders[] = {
    {"tenant", "tenant", "get-tenant --tenant-name "},
    {"configuration_set", "configuration set",
     "get-configuration-set --configuration-set-name "},
    {"identity", "identity", "get-email-identity --email-identity "},
    {"account_id", "account", NULL},
};

static struct str text_in(const struct store_value *values, size_t count,
                          const char *column)
{
    const struct store_value *value = output_find(values, count, column);
    return value ? value->text : STR("");
}

/* `before` and then a word for the shell: names are what a message said they are, and may
 * pretend to be something to type. */
static int put_word(struct buf *to, const char *before, struct str word)
{
    if (word.len == 0)
        return 0;
    int r = buf_append_str(to, str_of(before));
    return r == 0 ? text_shell(to, word) : r;
}

static int put_pause(struct buf *to, const struct store_value *values, size_t count)
{
    const struct sender *sender = senders;
    char since[CLOCK_TEXT_BYTES] = "an unknown time";
    const struct store_value *at = output_find(values, count, "since");
    while (sender->ask && text_in(values, count, sender->column).len == 0)
        sender++;
    struct str name = text_in(values, count, sender->column);
    struct str region = text_in(values, count, "region");
    struct str cause = str_cut(text_in(values, count, "cause"), CTL_CAUSE_BYTES_MAX);
    if (at && at->type == STORE_TIME)
        clock_format_rfc3339(at->integer, since);
    int r = buf_printf(to, "sending has been paused since %s%s", since,
                       cause.len ? "" : " (SES gave no reason)");
    if (r == 0)
        r = put_word(to, ", because ", cause);
    if (r == 0)
        r = buf_printf(to, "; %s ", sender->what);
    if (r == 0)
        r = put_word(to, "", name);
    if (r == 0)
        r = put_word(to, ", ", region);
    if (r == 0)
        r = put_word(to, ", decided as ", text_in(values, count, "origin"));
    if (r == 0)
        r = buf_printf(to, "; type: aws sesv2 %s",
                       sender->ask ? sender->ask : "get-account");
    if (r == 0 && sender->ask)
        r = put_word(to, "", name);
    return r == 0 ? put_word(to, " --region ", region) : r;
}

static int on_paused(void *context, const struct store_value *values, size_t count)
{
    struct status *status = context;
    struct buf text;
    buf_init(&text, REPORT_ROW_BYTES_MAX);
    int r = put_pause(&text, values, count);
    if (r == 0)
        r = attend(status, buf_str(&text).data);
    else
        status->fault = r;
    buf_done(&text);
    return r;
}

/* --- all of it --- */

/* Both come from SNS's time in the messages, which is right. */
static int say_clock(struct status *status)
{
    struct store_clock_signs signs;
    int r = store_clock_signs(status->ctl->store, status->ctl->now_ms, &signs);
    if (r == 0 && signs.future > 0)
        r = attention(
            status,
            "%lld messages of the last day are dated more than 15 minutes ahead "
            "of this machine's clock, and were not applied: check this "
            "machine's clock; type: timedatectl; then: sesbouncectl quarantine "
            "retry --all",
            (long long)signs.future);
    if (r == 0 && signs.is_surge)
        r = attention(
            status,
            "%lld messages of the last hour, more than half, were too old to be "
            "applied: check this machine's clock; type: timedatectl; then: "
            "sesbouncectl quarantine retry --all",
            (long long)signs.stale);
    return r;
}

static int say_settings(struct status *status)
{
    const struct settings *settings = status->ctl->settings;
    int r = 0;
    if (settings->simulator.enabled)
        r = say_text(
            status, "simulator",
            "on: anybody who can read its key can make bounces; not for production");
    if (r == 0 && settings->sns.topic.count == 0 && !settings->simulator.enabled)
        r = attention(status,
                      "no topic is allowed, so everything is refused; write "
                      "`topic = ARN` under [sns] in %s and restart the daemon",
                      ctl_given(status->ctl, OPTION_CONFIG)
                          ? status->ctl->value[OPTION_CONFIG]
                          : SETTINGS_DEFAULT_FILE);
    return r;
}

static int report(struct status *status, bool *ret_store_failed)
{
    struct store_filter filter = {.since_ms = CLOCK_NONE, .until_ms = CLOCK_NONE};
    int r = ask_daemon(status);
    if (r == 0)
        r = store_status(status->ctl->store, on_status, status);
    if (r == 0)
        r = say_begun_anew(status);
    if (r == 0)
        r = say_dropped(status);
    if (r == 0 && status->quarantined > 0)
        r = attention(status, "%lld in quarantine; type: sesbouncectl quarantine list",
                      (long long)status->quarantined);
    if (r == 0)
        r = say_not_addressed(status);
    if (r == 0)
        r = say_clock(status);
    if (r == 0)
        r = store_query(status->ctl->store, STORE_PAUSED, &filter, on_paused, status);
    if (r == 0)
        r = store_query(status->ctl->store, STORE_TOPICS, &filter, on_topic, status);
    if (r == 0)
        r = mark_quarantined(status);
    *ret_store_failed = r < 0 && status->fault == 0;
    if (r == 0)
        r = say_unheard(status);
    return r < 0 ? r : say_settings(status);
}

int cmd_status(struct ctl *ctl)
{
    static const char *const columns[] = {"name", "value", NULL};
    static const struct output_columns shown = {NULL, columns};
    struct status status = {.ctl = ctl};
    bool store_failed = false;
    if (!ctl_settings(ctl) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    _cleanup_(freep) bool *heard =
        calloc(ctl->settings->sns.topic.count + 1, sizeof(*heard));
    if (!heard)
        return ctl_fail("out of memory");
    status.heard = heard;
    ctl_output(ctl, &status.output, &shown);
    status.output.whole = true;
    int r = report(&status, &store_failed);
    if (r == 0)
        r = ctl_output_flush(&status.output);
    output_done(&status.output);
    if (r < 0)
        return store_failed ? ctl_fail_store(ctl, r) : ctl_fail_output(r);
    return status.attention > 0 ? CTL_NO : CTL_DONE;
}

/* status: what the daemon sees and what needs a person; db check: is the file sound. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/ingest_client.h"
#include "ctl/progress.h"
#include "ctl/text.h"

struct status {
    size_t topics; /* that have talked to us */
    struct ctl *ctl;
    struct output output;
    size_t attention;
    int fault;
};

static int say(struct status *status, const struct store_value *name,
               const struct store_value *value)
{
    struct store_value row[] = {*name, *value};
    row[0].name = "name";
    row[1].name = "value";
    int r = output_row(&status->output, row, 2);
    if (r < 0)
        status->fault = r;
    return r;
}

static int say_text(struct status *status, const char *name, const char *value)
{
    struct store_value name_value = output_text("name", name),
                       text = output_text("value", value);
    return say(status, &name_value, &text);
}

/* `what to type` is part of every such line. */
__attribute__((format(printf, 2, 3))) static int attention(struct status *status,
                                                           const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    status->attention++;
    return say_text(status, "attention", text);
}

static int on_status(void *context, const struct store_value *values, size_t count)
{
    struct status *status = context;
    if (count == 2 && strcmp(values[0].name, "name") == 0)
        return say(status, &values[0], &values[1]);
    for (size_t i = 0; i < count; i++) {
        struct store_value name = output_text("name", values[i].name);
        int r = say(status, &name, &values[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

static int on_topic(void *context, const struct store_value *values, size_t count)
{
    struct status *status = context;
    const struct store_value *arn = output_find(values, count, "topic_arn");
    const struct store_value *state = output_find(values, count, "state");
    if (!arn || !state)
        return 0;
    status->topics++;
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
        return attention(status,
                         "%.*s was unsubscribed: its bounces do not arrive; type: "
                         "aws sns subscribe --topic-arn %.*s --protocol https "
                         "--notification-endpoint YOUR-URL",
                         length, arn->text.data, length, arn->text.data);
    return 0;
}

static int ask_daemon(struct status *status)
{
    struct ingest_answer answer;
    const struct settings *settings = status->ctl->settings;
    int r = ingest_ask(settings, "/healthz", STR_ABSENT, NULL, &answer);
    if (r < 0) {
        r = say_text(status, "daemon", "not reachable");
        return r < 0
                   ? r
                   : attention(status,
                               "no answer at %s (%s); type: systemctl status sesbounced",
                               answer.where, answer.fault);
    }
    if (answer.status == 200)
        return say_text(status, "daemon", "running, and storing messages");
    r = say_text(status, "daemon", "running, but cannot store messages");
    return r < 0 ? r
                 : attention(status,
                             "the daemon answers %ld %s; type: journalctl -u sesbounced "
                             "-n 50",
                             answer.status, answer.body);
}

static int report(struct status *status, bool *ret_store_failed)
{
    struct store_filter filter = {.since_ms = CLOCK_NONE, .until_ms = CLOCK_NONE};
    const struct settings *settings = status->ctl->settings;
    int r = ask_daemon(status);
    if (r == 0)
        r = store_status(status->ctl->store, on_status, status);
    if (r == 0)
        r = store_query(status->ctl->store, STORE_TOPICS, &filter, on_topic, status);
    *ret_store_failed = r < 0 && status->fault == 0;
    if (r == 0 && settings->sns.topic.count == 0 && !settings->simulator.enabled)
        r = attention(status,
                      "no topic is allowed, so everything is refused; write "
                      "`topic = ARN` under [sns] in %s and restart the daemon",
                      ctl_given(status->ctl, OPTION_CONFIG)
                          ? status->ctl->value[OPTION_CONFIG]
                          : SETTINGS_DEFAULT_FILE);
    else if (r == 0 && status->topics == 0 && settings->sns.topic.count > 0)
        r = attention(status,
                      "nothing has arrived yet; type: aws sns subscribe --topic-arn %s "
                      "--protocol https --notification-endpoint YOUR-URL",
                      settings->sns.topic.items[0]);
    return r;
}

int cmd_status(struct ctl *ctl)
{
    static const char *const columns[] = {"name", "value", NULL};
    struct status status = {.ctl = ctl};
    bool store_failed = false;
    if (!ctl_settings(ctl) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    output_init(&status.output, stdout, ctl->format, columns, columns);
    status.output.whole = true;
    int r = report(&status, &store_failed);
    if (r == 0)
        r = output_end(&status.output);
    output_done(&status.output);
    if (r < 0)
        return store_failed ? ctl_fail_store(ctl, r) : ctl_fail_output(r);
    return status.attention > 0 ? CTL_NO : CTL_DONE;
}

/* --- db check --- */

struct checking {
    struct progress progress;
    uint64_t steps;
};

static void on_progress(void *context)
{
    struct checking *checking = context;
    progress_show(&checking->progress, ++checking->steps);
}

int cmd_db_check(struct ctl *ctl)
{
    struct checking checking = {0};
    struct buf faults, safe;
    if (!ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    buf_init(&faults, CTL_FAULTS_BYTES_MAX);
    buf_init(&safe, 4 * (size_t)CTL_FAULTS_BYTES_MAX);
    progress_start(&checking.progress, "steps", false);
    int r = store_check(ctl->store, &faults, on_progress, &checking);
    progress_end(&checking.progress);
    int code = CTL_DONE;
    if (r == 0) {
        printf("%s: sound\n", ctl_store_path(ctl));
    } else if (r == -EUCLEAN) {
        (void)text_neutral(&safe, str_trim(buf_str(&faults)), true);
        printf("%s: damaged\n%s\n", ctl_store_path(ctl), buf_str(&safe).data);
        ctl_note("stop the daemon, keep a copy of the file, then restore a backup, or "
                 "save what can be read: sqlite3 FILE .recover");
        code = CTL_NO;
    } else {
        code = ctl_fail_store(ctl, r);
    }
    buf_done(&faults);
    buf_done(&safe);
    return code;
}

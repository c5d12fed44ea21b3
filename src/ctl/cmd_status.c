/* status: what the daemon sees and what needs a person. */
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/ingest_client.h"
#include "ctl/limits.h"
#include "sesbounce/status.h"
#include "sesbounce/text.h"

/* ` -c FILE`, where that was given. */
static void config_append(const struct ctl *ctl, struct buf *to)
{
    if (ctl_given(ctl, OPTION_CONFIG) && buf_append_str(to, STR(" -c ")) == 0)
        (void)text_shell(to, str_of(ctl->value[OPTION_CONFIG]));
}

static int daemon_status_write(struct ctl *ctl, struct output *output,
                               size_t *ret_attention)
{
    const struct settings *settings = ctl->settings;
    _cleanup_(buf_done) struct buf config = {.max = CTL_MESSAGE_BYTES_MAX};
    struct ingest_answer answer;
    int asked = ingest_ask(settings, "/healthz", STR_ABSENT, NULL, &answer);
    const struct status_daemon daemon = {
        .where = answer.where,
        .fault = asked < 0 ? answer.fault : NULL,
        .status = answer.status,
        .body = answer.body,
        .tls_begins_ms = answer.tls_begins_ms,
        .tls_expires_ms = answer.tls_expires_ms,
        .tls_is_outdated = answer.tls_is_outdated,
        .lacks_admin = answer.lacks_metrics && settings->admin.listen.count > 0,
    };
    config_append(ctl, &config);
    const struct status_setup setup = {
        .reads = command_reads(ctl),
        .writes = command_writes(ctl),
        .config = config.len > 0 ? buf_str(&config).data : "",
        .config_file = ctl_given(ctl, OPTION_CONFIG) ? ctl->value[OPTION_CONFIG]
                                                     : SETTINGS_DEFAULT_FILE,
        .topics = settings->sns.topic.items,
        .topic_count = settings->sns.topic.count,
        .simulates = settings->simulator.enabled,
        .counts_soft = settings->policy.soft_days > 0,
        .now_ms = ctl->now_ms,
    };
    const struct status_rows rows = {output_row, output, output->format == OUTPUT_JSON};
    return status_write(ctl->store, &setup, &daemon, &rows, ret_attention);
}

int cmd_status(struct ctl *ctl)
{
    static const char *const columns[] = {"name", "value", NULL};
    static const struct output_columns shown = {NULL, columns};
    struct output output;
    size_t attention = 0;
    if (!ctl_settings(ctl) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    ctl_output(ctl, &output, &shown);
    output.whole = true;
    int code =
        ctl_output_end(ctl, &output, daemon_status_write(ctl, &output, &attention));
    return code == CTL_DONE && attention > 0 ? CTL_NO : code;
}

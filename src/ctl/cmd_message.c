/* message verify: is this captured envelope authentic? message show: what was kept. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/files.h"
#include "ctl/limits.h"
#include "ctl/verify.h"
#include "sesbounce/text.h"

/* The configuration may name another endpoint; it need not exist, and one that this user
 * may not read is as good as none. */
static bool settings_if_any(struct ctl *ctl)
{
    _cleanup_(buf_done) struct buf faults = {.max = CTL_FAULTS_BYTES_MAX};
    if (ctl_given(ctl, OPTION_CONFIG))
        return ctl_settings(ctl);
    if (settings_read(NULL, &ctl->settings, &faults) == 0 ||
        settings_new(&ctl->settings) == 0)
        return true;
    ctl_fail("out of memory");
    return false;
}

#define VALUES 8

/* Returns the exit code. */
static int answer_tell(struct ctl *ctl, bool genuine, const struct sns_message *message,
                       const char *reason)
{
    const struct store_value values[VALUES] = {
        output_boolean("genuine", genuine),
        output_text("reason", reason),
        output_str("type", message->type_text),
        output_str("topic_arn", message->topic_arn),
        output_str("sns_message_id", message->message_id),
        output_time("timestamp",
                    str_present(message->type_text) ? message->timestamp_ms : CLOCK_NONE),
        output_str("subject", message->subject),
        output_str("signature_version", message->signature_version),
    };
    int code = genuine ? CTL_DONE : CTL_NO;
    struct output output;
    if (ctl->format != OUTPUT_TABLE)
        return ctl_print_row(ctl, values, VALUES, code);
    puts(genuine ? "genuine: yes" : "genuine: no");
    ctl_output(ctl, &output, NULL);
    int r = output_record(&output, values + 1, VALUES - 1, false);
    output_done(&output);
    return r < 0 ? ctl_fail_output(r) : code;
}

/* -1: go on; else the exit code. */
static int certificate_pin(struct ctl *ctl, struct verify *verify)
{
    const char *path = ctl->value[OPTION_CERTIFICATE], *fault = NULL;
    const struct sns_message nothing = {0};
    _cleanup_(buf_done) struct buf pem = {.max = HTTPS_BODY_BYTES_MAX};
    int r = path ? files_read(path, &pem) : 0;
    if (r == -E2BIG)
        fault = "the certificate file is too large for one certificate";
    else if (r < 0)
        return ctl_fail("%s: %s", path, strerror(-r));
    else if (path && verify_pin(verify, buf_str(&pem), &fault) < 0 && !fault)
        return ctl_fail("out of memory");
    return fault ? answer_tell(ctl, false, &nothing, fault) : -1;
}

static int message_judge(struct ctl *ctl, struct verify *verify, struct str body)
{
    _cleanup_(sns_message_done) struct sns_message message = {0};
    _cleanup_(buf_done) struct buf reason = {.max = CTL_FAULTS_BYTES_MAX};
    const char *fault = NULL;
    enum verify_answer answer = VERIFY_REFUSED;
    enum verdict verdict = sns_message_parse(body, &message, &fault);
    if (verdict == VERDICT_NONE)
        answer = verify_message(verify, &message, &reason);
    else if (verdict == VERDICT_NO_MEMORY)
        answer = VERIFY_CANNOT_TELL;
    else
        (void)buf_append_str(
            &reason, fault && *fault ? str_of(fault)
                                     : str_trim(str_of(verdict_info(verdict)->body)));
    const char *why = reason.len ? reason.data : NULL;
    if (answer != VERIFY_CANNOT_TELL)
        return answer_tell(ctl, answer == VERIFY_GENUINE, &message, why);
    ctl_fail("cannot tell: %s", why ? why : "out of memory");
    if (why && !sns_message_is_token_removed(&message))
        ctl_note("give the certificate with --certificate PEM, or put it under %s/HOST/",
                 ctl->settings->store.certificates);
    return CTL_COULD_NOT;
}

int cmd_message_verify(struct ctl *ctl)
{
    _cleanup_(verify_freep) struct verify *verify = NULL;
    _cleanup_(buf_done) struct buf body = {.max = SNS_ENVELOPE_BYTES_MAX};
    if (!settings_if_any(ctl))
        return CTL_COULD_NOT;
    if (verify_new(ctl->settings, 1, &verify) < 0)
        return ctl_fail("out of memory");
    int r = files_read(ctl->words[0], &body);
    if (r == -E2BIG)
        return ctl_fail("%s: larger than any SNS message (%d bytes)", ctl->words[0],
                        SNS_ENVELOPE_BYTES_MAX);
    if (r < 0)
        return ctl_fail("%s: %s", ctl->words[0], strerror(-r));
    int code = certificate_pin(ctl, verify);
    return code < 0 ? message_judge(ctl, verify, buf_str(&body)) : code;
}

/* Byte for byte; only a terminal gets nothing that could drive it, and a line's end. */
static int body_print(struct str body)
{
    _cleanup_(buf_done) struct buf text = {.max = REPORT_ROW_BYTES_MAX};
    int r = 0;
    if (isatty(STDOUT_FILENO)) {
        r = text_neutral(&text, body, true);
        if (r == 0)
            r = buf_append_char(&text, '\n');
        body = buf_str(&text);
    }
    if (r == 0 && fwrite(body.data, 1, body.len, stdout) != body.len)
        r = errno ? -errno : -EIO;
    return r < 0 ? ctl_fail_output(r) : CTL_DONE;
}

int cmd_message_show(struct ctl *ctl)
{
    _cleanup_(buf_done) struct buf body = {.max = CTL_BODY_BYTES_MAX};
    int64_t id;
    if (!ctl_number("ID", ctl->words[0], &id) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    int r = store_message(ctl->store, id, &body);
    if (r < 0 && r != -ENOENT)
        return ctl_fail_store(ctl, r);
    if (r <= 0) {
        if (r == 0)
            ctl_note("the message of event %lld is no longer kept", (long long)id);
        else
            ctl_note("no event has the id %lld; type: %s events", (long long)id,
                     command_reads(ctl));
        return CTL_NO;
    }
    const struct store_value row[] = {output_integer("id", id),
                                      output_str("body", buf_str(&body))};
    return ctl->format == OUTPUT_TABLE ? body_print(buf_str(&body))
                                       : ctl_print_row(ctl, row, 2, CTL_DONE);
}

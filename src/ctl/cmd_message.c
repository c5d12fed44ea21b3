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
    if (ctl_given(ctl, OPTION_CONFIG))
        return ctl_settings(ctl);
    struct buf faults;
    buf_init(&faults, CTL_FAULTS_BYTES_MAX);
    int r = settings_read(NULL, &ctl->settings, &faults);
    buf_done(&faults);
    if (r < 0)
        r = settings_new(&ctl->settings);
    if (r < 0)
        ctl_fail("out of memory");
    return r == 0;
}

#define VALUES 8

static int print_answer(const struct ctl *ctl, enum verify_answer answer,
                        const struct sns_message *message, const char *reason)
{
    const struct store_value values[VALUES] = {
        output_boolean("genuine", answer == VERIFY_GENUINE),
        output_text("reason", reason),
        output_str("type", message->type_text),
        output_str("topic_arn", message->topic_arn),
        output_str("sns_message_id", message->message_id),
        output_time("timestamp",
                    str_present(message->type_text) ? message->timestamp_ms : CLOCK_NONE),
        output_str("subject", message->subject),
        output_str("signature_version", message->signature_version),
    };
    struct output output;
    if (ctl->format != OUTPUT_TABLE)
        return ctl_print_row(ctl, values, VALUES);
    puts(answer == VERIFY_GENUINE ? "genuine: yes" : "genuine: no");
    ctl_output(ctl, &output, NULL);
    int r = output_record(&output, values + 1, VALUES - 1, false);
    output_done(&output);
    return r;
}

/* -1: go on; else the exit code. */
static int pin(struct ctl *ctl, struct verify *verify)
{
    const char *path = ctl->value[OPTION_CERTIFICATE], *fault = NULL;
    const struct sns_message nothing = {0};
    struct buf pem;
    if (!path)
        return -1;
    buf_init(&pem, HTTPS_BODY_BYTES_MAX);
    int code = -1;
    int r = files_read(path, &pem);
    if (r == -E2BIG) {
        r = 0;
        fault = "the certificate file is too large for one certificate";
    } else if (r < 0) {
        code = ctl_fail("%s: %s", path, strerror(-r));
    } else if (verify_pin(verify, buf_str(&pem), &fault) < 0 && !fault) {
        code = ctl_fail("out of memory");
    }
    buf_done(&pem);
    if (code < 0 && fault) {
        r = print_answer(ctl, VERIFY_REFUSED, &nothing, fault);
        code = r < 0 ? ctl_fail_output(r) : CTL_NO;
    }
    return code;
}

static int judge(struct ctl *ctl, struct verify *verify, struct str body)
{
    struct sns_message message = {0};
    const char *fault = NULL;
    struct buf reason;
    enum verify_answer answer = VERIFY_REFUSED;
    buf_init(&reason, CTL_FAULTS_BYTES_MAX);
    enum verdict verdict = sns_message_parse(body, &message, &fault);
    if (verdict == VERDICT_UNDECIDED)
        answer = verify_message(verify, &message, &reason);
    else if (verdict == VERDICT_NO_MEMORY)
        answer = VERIFY_CANNOT_TELL;
    else
        (void)buf_append_str(
            &reason, fault && *fault ? str_of(fault)
                                     : str_trim(str_of(verdict_info(verdict)->body)));
    int code = answer == VERIFY_GENUINE ? CTL_DONE : CTL_NO;
    if (answer == VERIFY_CANNOT_TELL) {
        code = ctl_fail("cannot tell: %s",
                        reason.len ? buf_str(&reason).data : "out of memory");
        if (reason.len && !sns_message_is_token_removed(&message))
            ctl_note(
                "give the certificate with --certificate PEM, or put it under %s/HOST/",
                ctl->settings->store.certificates);
    } else {
        int r = print_answer(ctl, answer, &message,
                             reason.len ? buf_str(&reason).data : NULL);
        if (r < 0)
            code = ctl_fail_output(r);
    }
    buf_done(&reason);
    sns_message_done(&message);
    return code;
}

int cmd_message_verify(struct ctl *ctl)
{
    _cleanup_(verify_freep) struct verify *verify = NULL;
    struct buf body;
    if (!settings_if_any(ctl))
        return CTL_COULD_NOT;
    if (verify_new(ctl->settings, 1, &verify) < 0)
        return ctl_fail("out of memory");
    buf_init(&body, SNS_ENVELOPE_BYTES_MAX);
    int r = files_read(ctl->words[0], &body);
    int code;
    if (r == -E2BIG)
        code = ctl_fail("%s: larger than any SNS message (%d bytes)", ctl->words[0],
                        SNS_ENVELOPE_BYTES_MAX);
    else if (r < 0)
        code = ctl_fail("%s: %s", ctl->words[0], strerror(-r));
    else if ((code = pin(ctl, verify)) < 0)
        code = judge(ctl, verify, buf_str(&body));
    buf_done(&body);
    return code;
}

/* Byte for byte; only a terminal gets nothing that could drive it, and a line's end. */
static int print_verbatim(struct str body)
{
    struct buf text;
    int r = 0;
    buf_init(&text, REPORT_ROW_BYTES_MAX);
    if (isatty(STDOUT_FILENO)) {
        r = text_neutral(&text, body, true);
        if (r == 0)
            r = buf_append_char(&text, '\n');
        body = buf_str(&text);
    }
    if (r == 0 && fwrite(body.data, 1, body.len, stdout) != body.len)
        r = errno ? -errno : -EIO;
    buf_done(&text);
    return r;
}

static int print_message(const struct ctl *ctl, int64_t id, struct str body)
{
    const struct store_value values[] = {output_integer("id", id),
                                         output_str("body", body)};
    if (ctl->format == OUTPUT_TABLE)
        return print_verbatim(body);
    return ctl_print_row(ctl, values, 2);
}

int cmd_message_show(struct ctl *ctl)
{
    _cleanup_(buf_done) struct buf body;
    int64_t id;
    buf_init(&body, CTL_BODY_BYTES_MAX);
    if (!ctl_number("ID", ctl->words[0], &id) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    int r = store_message(ctl->store, id, &body);
    if (r == 1) {
        r = print_message(ctl, id, buf_str(&body));
        return r < 0 ? ctl_fail_output(r) : CTL_DONE;
    }
    if (r < 0 && r != -ENOENT)
        return ctl_fail_store(ctl, r);
    if (r == 0)
        ctl_note("the message of event %lld is no longer kept", (long long)id);
    else
        ctl_note("no event has the id %lld; see sesbouncectl events", (long long)id);
    return CTL_NO;
}

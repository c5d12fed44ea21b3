/* message verify: is this captured envelope authentic? */
#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/files.h"
#include "ctl/text.h"
#include "ctl/verify.h"

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

static int print_table(const struct store_value *values, size_t count)
{
    struct buf text, raw;
    int r = 0;
    buf_init(&text, CTL_LINE_OUT_BYTES_MAX);
    buf_init(&raw, CTL_LINE_OUT_BYTES_MAX);
    for (size_t i = 0; i < count && r == 0; i++) {
        if (values[i].type == STORE_NULL)
            continue;
        buf_clear(&raw);
        r = output_plain(&raw, &values[i]);
        if (r == 0)
            r = buf_printf(&text, "%s: ", values[i].name);
        if (r == 0)
            r = text_neutral(&text, buf_str(&raw), false);
        if (r == 0)
            r = buf_append_char(&text, '\n');
    }
    if (r == 0 && fwrite(buf_str(&text).data, 1, text.len, stdout) != text.len)
        r = errno ? -errno : -EIO;
    buf_done(&text);
    buf_done(&raw);
    return r;
}

#define VALUES_MAX 8

static int print_answer(const struct ctl *ctl, enum verify_answer answer,
                        const struct sns_message *message, const char *reason)
{
    char time[CLOCK_TEXT_BYTES];
    const struct store_value values[VALUES_MAX] = {
        output_integer("genuine", answer == VERIFY_GENUINE),
        output_text("reason", reason),
        output_str("type", message->type_text),
        output_str("topic_arn", message->topic_arn),
        output_str("sns_message_id", message->message_id),
        output_time("timestamp",
                    str_present(message->type_text) ? message->timestamp_ms : CLOCK_NONE,
                    time),
        output_str("subject", message->subject),
        output_str("signature_version", message->signature_version),
    };
    if (ctl->format == OUTPUT_TABLE) {
        puts(answer == VERIFY_GENUINE ? "genuine: yes" : "genuine: no");
        return print_table(values + 1, VALUES_MAX - 1);
    }
    struct output output;
    output_init(&output, stdout, ctl->format, NULL, NULL);
    int r = output_row(&output, values, VALUES_MAX);
    if (r == 0)
        r = output_end(&output);
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
                "give the certificate by --certificate PEM, or put it under %s/HOST/",
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

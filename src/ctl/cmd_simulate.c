/* simulate: post a signed message to the running daemon. */
#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/ingest_client.h"
#include "ctl/limits.h"
#include "ctl/simulated.h"
#include "sesbounce/simulator.h"
#include "sesbounce/text.h"

#define SUBJECT "Amazon SES Email Event Notification"

static int key_fail(struct ctl *ctl, int r)
{
    const struct settings *settings = ctl->settings;
    if (!settings->simulator.enabled)
        return ctl_fail("the simulator is off: set `enabled = yes` under [simulator] and "
                        "restart the daemon, which creates the key");
    const char *path =
        settings->simulator.key ? settings->simulator.key : "[simulator] key";
    if (r == -ENOENT)
        return ctl_fail("%s: does not exist; start the daemon, which creates it", path);
    if (r == -EACCES) {
        ctl_note("%s: only the daemon's user may read it", path);
        command_note_as_owner(ctl, path);
        return CTL_COULD_NOT;
    }
    if (r == -EINVAL)
        return ctl_fail("%s: contains no key and certificate; remove it and restart the "
                        "daemon, which creates a new one",
                        path);
    return ctl_fail("%s: %s", path, strerror(-r));
}

/* One digit of an id inside the signed text: still an envelope, no longer genuine. */
static void envelope_forge(struct buf *envelope, const char *mark)
{
    char *found = strstr(envelope->data, mark);
    if (found)
        *found = *found == '0' ? '1' : '0';
}

static int envelope_sign(struct ctl *ctl, const char *kind, const char *address,
                         struct buf *ret_envelope)
{
    _cleanup_(simulator_freep) struct simulator *simulator = NULL;
    char mark[SIMULATED_MARK_BYTES];
    _cleanup_(buf_done) struct buf message = {.max = SNS_ENVELOPE_BYTES_MAX};
    const char *key = ctl->settings->simulator.key;
    int r = ctl->settings->simulator.enabled && key ? simulator_open(key, &simulator)
                                                    : -ENOENT;
    if (r < 0)
        return key_fail(ctl, r);
    r = simulated_make(kind, address, ctl->now_ms, &message, mark);
    struct simulator_message notification = {
        .subject = SUBJECT, .message = buf_str(&message), .timestamp_ms = ctl->now_ms};
    if (r == 0)
        r = simulator_sign(simulator, &notification, ret_envelope);
    if (r == 0 && ctl_given(ctl, OPTION_FORGE))
        envelope_forge(ret_envelope, mark);
    return r < 0 ? ctl_fail("the message cannot be signed: %s", strerror(-r)) : CTL_DONE;
}

static void hint_print(struct ctl *ctl, long status, const char *address)
{
    struct address parsed;
    _cleanup_(buf_done) struct buf word = {.max = CTL_LINE_BYTES_MAX};
    bool forged = ctl_given(ctl, OPTION_FORGE);
    if (forged && status == 200)
        ctl_note("the daemon accepted a forged message: this is a bug, report it");
    else if (forged && status == 403)
        puts("refused, as it must be");
    else if (status == 200 && ctl_address(address, &parsed) &&
             text_shell_operand(&word, str_of(parsed.key)) == 0)
        printf("type: %s check %s\n", command_reads(ctl), word.data);
    else if (status == 403)
        ctl_note("restart the daemon if [simulator] was switched on just now");
}

static int simulated_report(struct ctl *ctl, const struct ingest_answer *answer,
                            const char *kind, const char *address)
{
    int code = answer->status == 200 ? CTL_DONE : CTL_NO;
    const struct store_value row[] = {
        output_text("kind", kind), output_text("address", address),
        output_integer("status", answer->status), output_text("answer", answer->body)};
    if (ctl->format != OUTPUT_TABLE)
        return ctl_print_row(ctl, row, 4, code);
    printf("%s for %s%s: %ld %s\n", kind, address,
           ctl_given(ctl, OPTION_FORGE) ? ", altered after signing" : "", answer->status,
           answer->body);
    hint_print(ctl, answer->status, address);
    return code;
}

static int envelope_post(struct ctl *ctl, const char *kind, const char *address,
                         const struct buf *envelope)
{
    static const char *const headers[] = {
        "Content-Type: text/plain; charset=UTF-8",
        "User-Agent: Amazon Simple Notification Service Agent",
        "x-amz-sns-message-type: Notification",
        "x-amz-sns-topic-arn: " ARN_SIMULATOR_TOPIC, NULL};
    struct ingest_answer answer;
    int r = ingest_ask(ctl->settings, ctl->settings->ingest.path, buf_str(envelope),
                       headers, &answer);
    if (r < 0)
        return ctl_fail("no answer from the daemon at %s: %s; type systemctl status "
                        "sesbounced, to see whether it runs, and systemctl status "
                        "sesbounced.socket, to see where it listens",
                        answer.where, answer.fault);
    return simulated_report(ctl, &answer, kind, address);
}

int cmd_simulate(struct ctl *ctl)
{
    const char *kind = ctl->words[0], *address = ctl->value[OPTION_ADDRESS];
    char default_address[64];
    struct address parsed;
    _cleanup_(buf_done) struct buf envelope = {.max = SNS_ENVELOPE_BYTES_MAX};
    if (!simulated_is_known(kind))
        return ctl_fail("there is no `simulate %s`; there are: bounce, complaint, ooto, "
                        "suppressionlist, delivery",
                        kind);
    if (!ctl_settings(ctl))
        return CTL_COULD_NOT;
    snprintf(default_address, sizeof(default_address), "%s@simulator.amazonses.com",
             kind);
    if (!address)
        address = default_address;
    if (!ctl_address(address, &parsed))
        return CTL_COULD_NOT;
    int code = envelope_sign(ctl, kind, address, &envelope);
    return code == CTL_DONE ? envelope_post(ctl, kind, address, &envelope) : code;
}

/* simulate: post a signed message to the running daemon. */
#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/ingest_client.h"
#include "ctl/simulated.h"
#include "sesbounce/simulator.h"

#define SUBJECT "Amazon SES Email Event Notification"

static bool is_known(const char *kind)
{
    for (size_t i = 0; simulated_kinds[i]; i++)
        if (strcmp(kind, simulated_kinds[i]) == 0)
            return true;
    ctl_fail("there is no `simulate %s`; there are: bounce, complaint, ooto, "
             "suppressionlist, delivery",
             kind);
    return false;
}

static int fail_key(const struct ctl *ctl, int r)
{
    const struct settings *settings = ctl->settings;
    if (!settings->simulator.enabled)
        return ctl_fail("the simulator is off: set `enabled = yes` under [simulator] and "
                        "restart the daemon, which creates the key");
    const char *path =
        settings->simulator.key ? settings->simulator.key : "[simulator] key";
    if (r == -ENOENT)
        return ctl_fail("%s: does not exist; start the daemon, which creates it", path);
    if (r == -EACCES)
        return ctl_fail("%s: only the daemon's user may read it: sudo -u sesbounced "
                        "sesbouncectl simulate …",
                        path);
    if (r == -EINVAL)
        return ctl_fail("%s: contains no key and certificate; remove it and restart the "
                        "daemon, which creates a new one",
                        path);
    return ctl_fail("%s: %s", path, strerror(-r));
}

/* One digit of an id inside the signed text: still an envelope, no longer genuine. */
static void forge(struct buf *envelope, const char *mark)
{
    char *found = strstr(envelope->data, mark);
    if (found)
        *found = *found == '0' ? '1' : '0';
}

static int sign(struct ctl *ctl, const char *kind, const char *address,
                struct buf *ret_envelope)
{
    _cleanup_(simulator_freep) struct simulator *simulator = NULL;
    char mark[SIMULATED_MARK_BYTES];
    struct buf message;
    const char *key = ctl->settings->simulator.key;
    int r = ctl->settings->simulator.enabled && key ? simulator_open(key, &simulator)
                                                    : -ENOENT;
    if (r < 0)
        return fail_key(ctl, r);
    buf_init(&message, SNS_ENVELOPE_BYTES_MAX);
    r = simulated_make(kind, address, ctl->now_ms, &message, mark);
    struct simulator_message notification = {
        .subject = SUBJECT, .message = buf_str(&message), .timestamp_ms = ctl->now_ms};
    if (r == 0)
        r = simulator_sign(simulator, &notification, ret_envelope);
    if (r == 0 && ctl_given(ctl, OPTION_FORGE))
        forge(ret_envelope, mark);
    buf_done(&message);
    return r < 0 ? ctl_fail("the message cannot be signed: %s", strerror(-r)) : CTL_DONE;
}

static int report(const struct ctl *ctl, const struct ingest_answer *answer,
                  const char *kind, const char *address)
{
    bool forged = ctl_given(ctl, OPTION_FORGE);
    if (ctl->format == OUTPUT_TABLE) {
        printf("%s for %s%s: %ld %s\n", kind, address,
               forged ? ", altered after signing" : "", answer->status, answer->body);
        if (forged && answer->status == 200)
            ctl_note("the daemon accepted a forged message: this is a bug, report it");
        else if (forged && answer->status == 403)
            puts("refused, as it must be");
        else if (!forged && answer->status == 200)
            printf("see: sesbouncectl check %s\n", address);
        else if (!forged && answer->status == 403)
            ctl_note("restart the daemon if [simulator] was switched on just now");
    } else {
        const struct store_value row[] = {output_text("kind", kind),
                                          output_text("address", address),
                                          output_integer("status", answer->status),
                                          output_text("answer", answer->body)};
        int r = ctl_print_row(ctl, row, 4);
        if (r < 0)
            return ctl_fail_output(r);
    }
    return answer->status == 200 ? CTL_DONE : CTL_NO;
}

static int post(struct ctl *ctl, const char *kind, const char *address,
                const struct buf *envelope)
{
    static const char *const headers[] = {
        "Content-Type: text/plain; charset=UTF-8",
        "User-Agent: Amazon Simple Notification Service Agent",
        "x-amz-sns-message-type: Notification",
        "x-amz-sns-topic-arn: " SETTINGS_SIMULATOR_TOPIC, NULL};
    struct ingest_answer answer;
    int r = ingest_ask(ctl->settings, ctl->settings->ingest.path, buf_str(envelope),
                       headers, &answer);
    if (r < 0)
        return ctl_fail("no answer from the daemon at %s: %s; type systemctl status "
                        "sesbounced, to see whether it runs, and systemctl status "
                        "sesbounced.socket, to see where it listens",
                        answer.where, answer.fault);
    return report(ctl, &answer, kind, address);
}

int cmd_simulate(struct ctl *ctl)
{
    const char *kind = ctl->words[0], *address = ctl->value[OPTION_ADDRESS];
    char default_address[64];
    struct address parsed;
    struct buf envelope;
    if (!is_known(kind) || !ctl_settings(ctl))
        return CTL_COULD_NOT;
    snprintf(default_address, sizeof(default_address), "%s@simulator.amazonses.com",
             kind);
    if (!address)
        address = default_address;
    if (!ctl_address(address, &parsed))
        return CTL_COULD_NOT;
    buf_init(&envelope, SNS_ENVELOPE_BYTES_MAX);
    int code = sign(ctl, kind, address, &envelope);
    if (code == CTL_DONE)
        code = post(ctl, kind, address, &envelope);
    buf_done(&envelope);
    return code;
}

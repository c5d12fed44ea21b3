#include "daemon/receivers.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#include "sesbounce/base64.h"
#include "sesbounce/file.h"

/* --- what the files hold --------------------------------------------------------- */

/* The text of a file, which the caller owns and wipes. */
static int secret_read(const char *path, char **ret, struct buf *fault)
{
    int r = file_read_text(path, RECEIVER_SECRET_BYTES_MAX, ret);

    if (r < 0)
        (void)buf_append_str(fault,
                             r == -ENODATA ? STR("is empty") : str_of(strerror(-r)));
    return r;
}

static void secret_wipe(char **text)
{
    if (*text)
        OPENSSL_cleanse(*text, strlen(*text));
    free(*text);
}

/* What is wrong with a line, or NULL. */
static const char *keys_add_line(struct receiver_keys *keys, struct str line)
{
    struct receiver_key *key = &keys->keys[keys->count];

    if (line.len == 0 || line.data[0] == '#')
        return NULL;
    if (keys->count == RECEIVER_KEYS_MAX)
        return "too many secrets";
    if (!str_take_prefix(&line, STR("whsec_")))
        return "does not begin with `whsec_`; to make a secret, type: echo "
               "whsec_$(openssl rand -base64 32)";
    if (base64_decode(line, key->bytes, sizeof(key->bytes), &key->len) < 0 ||
        key->len < RECEIVER_KEY_BYTES_MIN)
        return "is not `whsec_` and the base64 of 24 to 64 bytes; to make a secret, "
               "type: "
               "echo whsec_$(openssl rand -base64 32)";
    keys->count++;
    return NULL;
}

int receiver_keys_read(const char *path, struct receiver_keys *ret, struct buf *fault)
{
    _cleanup_(secret_wipe) char *text = NULL;
    int r = secret_read(path, &text, fault);
    struct str rest = str_of(text), line;

    ret->count = 0;
    if (r < 0)
        return r;
    for (unsigned number = 1; str_split(&rest, '\n', &line); number++) {
        const char *wrong = keys_add_line(ret, str_trim(line));

        if (wrong) {
            (void)buf_printf(fault, "line %u: %s", number, wrong);
            return -EINVAL;
        }
    }
    if (ret->count > 0)
        return 0;
    (void)buf_append_str(fault, STR("contains no secret; to make one, type: echo "
                                    "whsec_$(openssl rand -base64 32)"));
    return -EINVAL;
}

int receiver_password_read(const char *path, char **ret, struct buf *fault)
{
    _cleanup_(secret_wipe) char *text = NULL;
    int r = secret_read(path, &text, fault);
    struct str rest = str_of(text), line;

    *ret = NULL;
    if (r < 0)
        return r;
    if (!str_split(&rest, '\n', &line) || str_trim(line).len == 0) {
        (void)buf_append_str(fault, STR("has no password on its first line"));
        return -EINVAL;
    }
    *ret = str_dup(str_trim(line));
    return *ret ? 0 : -ENOMEM;
}

/* --- from the settings ----------------------------------------------------------- */

/* `r` is that of reading a file: -EINVAL with a line in `fault`, whatever is wrong. */
static int receiver_fault(int r, const struct settings_head *head, const char *key,
                          const char *path, struct buf *wrong, struct buf *fault)
{
    bool is_mail = strcmp(key, "password_file") == 0;

    if (r < 0)
        (void)buf_printf(fault, "[%s %s] %s: %s: %.*s", is_mail ? "mail" : "webhook",
                         head->name, key, path, STR_ARG(buf_str(wrong)));
    buf_done(wrong);
    return r < 0 && r != -ENOMEM ? -EINVAL : r;
}

static int receiver_set_webhook(struct receiver *receiver,
                                const struct settings *settings,
                                const struct settings_webhook *webhook, struct buf *fault)
{
    bool is_slack = webhook->format == WEBHOOK_SLACK;
    struct buf wrong;

    *receiver = (struct receiver){
        .store = {.name = webhook->head.name,
                  .format = is_slack ? "slack" : "standard",
                  .wanted = settings_news(settings, webhook->head.name, &webhook->events),
                  .batches = is_slack},
        .kind = is_slack ? RECEIVER_SLACK : RECEIVER_STANDARD,
        .shows_addresses = webhook->addresses == SENT_ADDRESSES_FULL,
        .timeout_ms = (long)webhook->timeout_ms,
        .webhook = webhook,
    };
    if (is_slack)
        return 0;
    buf_init(&wrong, LOG_VALUE_BYTES_MAX);
    return receiver_fault(
        receiver_keys_read(webhook->secret_file, &receiver->keys, &wrong), &webhook->head,
        "secret_file", webhook->secret_file, &wrong, fault);
}

static int receiver_set_mail(struct receiver *receiver, const struct settings *settings,
                             const struct settings_mail *mail, struct buf *fault)
{
    struct buf wrong;

    *receiver = (struct receiver){
        .store = {.name = mail->head.name,
                  .format = "mail",
                  .wanted = settings_news(settings, mail->head.name, &mail->events),
                  .batches = true},
        .kind = RECEIVER_MAIL,
        .shows_addresses = mail->addresses == SENT_ADDRESSES_FULL,
        .timeout_ms = SENDING_MAIL_MS,
        .mail = mail,
    };
    if (!mail->password_file)
        return 0;
    buf_init(&wrong, LOG_VALUE_BYTES_MAX);
    return receiver_fault(
        receiver_password_read(mail->password_file, &receiver->password, &wrong),
        &mail->head, "password_file", mail->password_file, &wrong, fault);
}

int receivers_open(const struct settings *settings, struct receivers *ret,
                   struct buf *fault)
{
    const struct settings_sections *webhooks = &settings->webhooks;
    const struct settings_sections *mails = &settings->mails;
    int r = 0;

    ret->count = 0;
    for (size_t i = 0; r == 0 && i < webhooks->count; i++)
        r = receiver_set_webhook(&ret->items[ret->count++], settings,
                                 (const void *)webhooks->items[i], fault);
    for (size_t i = 0; r == 0 && i < mails->count; i++)
        r = receiver_set_mail(&ret->items[ret->count++], settings,
                              (const void *)mails->items[i], fault);
    for (size_t i = 0; i < ret->count; i++)
        ret->items[i].index = i;
    return r;
}

void receivers_done(struct receivers *receivers)
{
    for (size_t i = 0; i < receivers->count; i++) {
        struct receiver *receiver = &receivers->items[i];

        secret_wipe(&receiver->password);
        OPENSSL_cleanse(&receiver->keys, sizeof(receiver->keys));
    }
    receivers->count = 0;
}

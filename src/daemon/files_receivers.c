#include "daemon/files_receivers.h"

#include <openssl/crypto.h>

#include "daemon/receivers.h"

static int named_check_keys(const struct named *named)
{
    struct receiver_keys keys = {0};
    _cleanup_(buf_done) struct buf fault;

    buf_init(&fault, LOG_VALUE_BYTES_MAX);
    if (named_check_file(named, FILE_SECRET) &&
        receiver_keys_read(named->path, &keys, &fault) < 0)
        named_fault(named, fault.data ? fault.data : "out of memory");
    OPENSSL_cleanse(&keys, sizeof(keys));
    return 0;
}

static int named_check_password(const struct named *named)
{
    _cleanup_(freep) char *password = NULL;
    _cleanup_(buf_done) struct buf fault;

    buf_init(&fault, LOG_VALUE_BYTES_MAX);
    if (named_check_file(named, FILE_SECRET) &&
        receiver_password_read(named->path, &password, &fault) < 0)
        named_fault(named, fault.data ? fault.data : "out of memory");
    return 0;
}

static int receiver_check(const struct named *named)
{
    int r = named->path ? named->rule->check(named) : 0;

    if (named->path && named->check->asker != FILES_START && named_is_hidden(named))
        named_warn(named, "the unit cannot use it: " NAMED_HIDDEN);
    return r;
}

int files_check_receivers(struct files_check *check)
{
    static const struct files_rule secret = {
        .section = "webhook", .key = "secret_file", .check = named_check_keys};
    static const struct files_rule password = {
        .section = "mail", .key = "password_file", .check = named_check_password};
    const struct settings *settings = check->settings;
    int r = 0;

    for (size_t i = 0; r == 0 && i < settings->webhooks.count; i++) {
        const struct settings_webhook *webhook =
            (const void *)settings->webhooks.items[i];
        const struct named named = {check, &secret, webhook->secret_file, &webhook->head};

        r = receiver_check(&named);
    }
    for (size_t i = 0; r == 0 && i < settings->mails.count; i++) {
        const struct settings_mail *mail = (const void *)settings->mails.items[i];
        const struct named named = {check, &password, mail->password_file, &mail->head};

        r = receiver_check(&named);
    }
    return r;
}

/* Mail, by libcurl's SMTP. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "remote/https_transfer.h"
#include "sesbounce/limits.h"

/* libcurl's read callback. */
static size_t mail_give(char *to, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t n = size * count < transfer->upload.len ? size * count : transfer->upload.len;

    memcpy(to, transfer->upload.data, n);
    transfer->upload = str_skip(transfer->upload, n);
    return n;
}

static bool mail_set_recipients(struct transfer *transfer, const char *const *to)
{
    for (; *to; to++) {
        struct curl_slist *longer = curl_slist_append(transfer->recipients, *to);

        if (!longer)
            return false;
        transfer->recipients = longer;
    }
    return !curl_easy_setopt(transfer->easy, CURLOPT_MAIL_RCPT, transfer->recipients);
}

static bool mail_set_text(struct transfer *transfer, struct str text)
{
    transfer->text = str_dup(text);
    if (!transfer->text)
        return false;
    transfer->upload = (struct str){transfer->text, text.len};
    return !curl_easy_setopt(transfer->easy, CURLOPT_READFUNCTION, mail_give) &&
           !curl_easy_setopt(transfer->easy, CURLOPT_READDATA, transfer) &&
           !curl_easy_setopt(transfer->easy, CURLOPT_INFILESIZE_LARGE,
                             (curl_off_t)text.len);
}

static bool mail_set(struct transfer *transfer, const struct https_mail *mail,
                     const struct url_parts *parts)
{
    static const struct {
        CURLoption option;
        long value;
    } options[] = {
        {CURLOPT_CONNECTTIMEOUT_MS, HTTPS_CONNECT_MS},
        {CURLOPT_UPLOAD, 1},
        {CURLOPT_MAIL_RCPT_ALLLOWFAILS,
         1}, /* one dead mailbox does not stop the others */
        {CURLOPT_FORBID_REUSE, 1},
        {CURLOPT_FRESH_CONNECT, 1},
        {CURLOPT_HTTPPROXYTUNNEL, 1},
    };
    CURL *easy = transfer->easy;
    bool is_plain = parts->is_loopback && strcmp(parts->scheme, "smtp") == 0;

    transfer->takes_no_body = true;
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (curl_easy_setopt(easy, options[i].option, options[i].value))
            return false;
    return !curl_easy_setopt(easy, CURLOPT_URL, mail->url) &&
           !curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, parts->scheme) &&
           !curl_easy_setopt(easy, CURLOPT_PROXY, parts->is_loopback ? "" : NULL) &&
           !curl_easy_setopt(easy, CURLOPT_USE_SSL,
                             (long)(is_plain ? CURLUSESSL_NONE : CURLUSESSL_ALL)) &&
           !curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, mail->total_ms) &&
           !curl_easy_setopt(easy, CURLOPT_USERNAME, mail->user) &&
           !curl_easy_setopt(easy, CURLOPT_PASSWORD, mail->password) &&
           !curl_easy_setopt(easy, CURLOPT_MAIL_FROM, mail->from) &&
           mail_set_recipients(transfer, mail->to) && mail_set_text(transfer, mail->text);
}

int https_mail(struct https *https, const struct https_mail *mail, https_done_fn *done,
               void *context)
{
    struct transfer *transfer;
    struct url_parts parts;
    int r = url_read(mail->url, &parts);

    if (r < 0)
        return r;
    if (strcmp(parts.scheme, "smtps") != 0 && strcmp(parts.scheme, "smtp") != 0)
        return -EINVAL;
    r = transfer_take(https, &transfer);
    if (r < 0)
        return r;
    if (mail_set(transfer, mail, &parts))
        r = transfer_begin(https, transfer, done, context);
    else
        r = -ENOMEM;
    if (r < 0)
        transfer_forget_mail(transfer);
    return r;
}

#include "daemon/carrier.h"

#include <errno.h>
#include <stdio.h>

#include "sesbounce/base64.h"
#include "sesbounce/clock.h"

void carrier_init(struct carrier *carrier, struct service *service)
{
    *carrier = (struct carrier){.service = service};
    for (size_t i = 0; i < SETTINGS_RECEIVERS_MAX; i++)
        carrier->carriages[i].carrier = carrier;
}

void carrier_done(struct carrier *carrier)
{
    for (size_t i = 0; i < SETTINGS_RECEIVERS_MAX; i++)
        dispatch_free(carrier->carriages[i].dispatch);
}

/* --- the outcome ----------------------------------------------------------------- */

static void dispatch_conclude(struct dispatch *dispatch, enum store_sent sent,
                              const char *text)
{
    dispatch->outcome.sent = sent;
    (void)snprintf(dispatch->text, sizeof(dispatch->text), "%s", text);
}

static void http_judge(struct dispatch *dispatch, const struct https_answer *answer)
{
    bool is_redirect = answer->status >= 300 && answer->status < 400;
    int64_t after_ms = answer->retry_after_s * CLOCK_SECOND_MS;
    char text[96];

    (void)snprintf(text, sizeof(text), "the answer was HTTP %ld%s", answer->status,
                   is_redirect ? ", and redirects are not followed" : "");
    if (answer->status >= 200 && answer->status < 300)
        dispatch_conclude(dispatch, STORE_SENT, "");
    else if (answer->status == 410)
        dispatch_conclude(dispatch, STORE_SENT_GONE, text);
    else
        dispatch_conclude(dispatch, STORE_SENT_NOT, text);
    if (after_ms > COURIER_RETRY_AFTER_MAX_MS)
        after_ms = COURIER_RETRY_AFTER_MAX_MS;
    dispatch->outcome.retry_after_ms = after_ms;
    dispatch->outcome.pauses = answer->status == 429 || answer->status == 503;
}

/* A 5xx reply of SMTP is final (RFC 5321, 4.2.1). */
static void answer_judge(struct dispatch *dispatch, const struct https_answer *answer)
{
    bool is_mail = dispatch->receiver->kind == RECEIVER_MAIL;
    char text[OUTCOME_BYTES];

    if (!answer->fault && !is_mail) {
        http_judge(dispatch, answer);
    } else if (!answer->fault) {
        dispatch_conclude(dispatch, STORE_SENT, "");
    } else if (is_mail && answer->reply >= 400 && answer->reply < 600) {
        (void)snprintf(text, sizeof(text), "the mail server answered %ld (%s)",
                       answer->reply, answer->fault);
        dispatch_conclude(dispatch,
                          answer->reply >= 500 ? STORE_SENT_NEVER : STORE_SENT_NOT, text);
    } else {
        dispatch_conclude(dispatch, STORE_SENT_NOT, answer->fault);
    }
}

/* --- the log: when it begins to fail, when it is well again, and what is given up --- */

static void carriage_tell(struct carriage *carriage, const struct dispatch *dispatch)
{
    struct str name = str_of(dispatch->receiver->store.name);
    struct str fault = str_of(dispatch->text);
    enum store_sent sent = dispatch->outcome.sent;
    unsigned held_back = 0;

    if (sent == STORE_SENT_GONE)
        log_event(LOG_LEVEL_ERROR,
                  "a webhook answered 410 Gone and is switched off; correct its url, "
                  "restart sesbounced, and type: sesbouncectl webhooks retry NAME",
                  {"WEBHOOK", name});
    else if (sent == STORE_SENT_NEVER &&
             log_ration_pass(&carriage->carrier->ration, clock_mono_ms(),
                             CARRIER_LOGS_A_MINUTE, &held_back))
        log_event(LOG_LEVEL_ERROR,
                  "a message was refused for good; when the reason is gone, type: "
                  "sesbouncectl webhooks retry NAME",
                  {"WEBHOOK", name}, {"FAULT", fault});
    else if (sent == STORE_SENT_NOT && !carriage->is_failing)
        log_event(LOG_LEVEL_WARNING, "a message could not be sent yet; trying again",
                  {"WEBHOOK", name}, {"FAULT", fault});
    else if (sent == STORE_SENT && carriage->is_failing)
        log_event(LOG_LEVEL_NOTICE, "messages are sent again", {"WEBHOOK", name});
    carriage->is_failing = sent != STORE_SENT;
}

static void carriage_end(struct carriage *carriage)
{
    struct dispatch *dispatch = take_ptr(carriage->dispatch);

    carriage_tell(carriage, dispatch);
    dispatch_report(dispatch, carriage->carrier->service);
}

static void carriage_answered(void *context, const struct https_answer *answer)
{
    struct carriage *carriage = context;

    answer_judge(carriage->dispatch, answer);
    carriage_end(carriage);
}

/* --- sending --------------------------------------------------------------------- */

/* `webhook-signature`: over `ID.TIMESTAMP.BODY`, once for each key. */
static int signature_print(const struct dispatch *dispatch, const char *timestamp,
                           struct buf *to)
{
    const struct receiver_keys *keys = &dispatch->receiver->keys;
    _cleanup_(buf_done) struct buf bytes = {.max = 2 * COMPOSED_BYTES_MAX};
    unsigned char digest[DIGEST_BYTES];
    char text[BASE64_BYTES(DIGEST_BYTES)];
    int r = buf_printf(&bytes, "%s.%s.", dispatch->composed.id, timestamp);

    if (r == 0)
        r = buf_append_str(&bytes, buf_str(&dispatch->composed.body));
    if (r == 0)
        r = buf_append_str(to, STR("webhook-signature:"));
    for (size_t i = 0; r == 0 && i < keys->count; i++) {
        struct str key = {(const char *)keys->keys[i].bytes, keys->keys[i].len};

        digest_hmac_sha256(key, buf_str(&bytes), digest);
        base64_encode((struct str){(const char *)digest, sizeof(digest)}, text);
        r = buf_printf(to, " v1,%s", text);
    }
    return r;
}

static int http_begin(struct carriage *carriage, struct dispatch *dispatch)
{
    const struct receiver *receiver = dispatch->receiver;
    _cleanup_(buf_done) struct buf signature = {.max = SIGNATURE_HEADER_BYTES_MAX};
    char id[COMPOSED_ID_BYTES + 16], timestamp[24], timestamp_header[48];
    const char *headers[] = {"Content-Type: application/json", NULL, NULL, NULL, NULL};
    int r = 0;

    (void)snprintf(timestamp, sizeof(timestamp), "%lld",
                   (long long)(clock_wall_ms() / CLOCK_SECOND_MS));
    if (receiver->kind == RECEIVER_STANDARD) {
        (void)snprintf(id, sizeof(id), "webhook-id: %s", dispatch->composed.id);
        (void)snprintf(timestamp_header, sizeof(timestamp_header),
                       "webhook-timestamp: %s", timestamp);
        r = signature_print(dispatch, timestamp, &signature);
        headers[1] = id;
        headers[2] = timestamp_header;
        headers[3] = buf_str(&signature).data;
    }
    if (r < 0)
        return r;
    return https_begin(carriage->carrier->service->https,
                       &(struct https_request){.url = receiver->webhook->url,
                                               .headers = headers,
                                               .body = buf_str(&dispatch->composed.body),
                                               .total_ms = receiver->timeout_ms,
                                               .ignores_answer = true},
                       carriage_answered, carriage);
}

static int mail_begin(struct carriage *carriage, struct dispatch *dispatch)
{
    const struct receiver *receiver = dispatch->receiver;
    const struct settings_mail *mail = receiver->mail;
    const char *to[SETTINGS_RECIPIENTS_MAX + 1] = {NULL};

    for (size_t i = 0; i < mail->to.count && i < SETTINGS_RECIPIENTS_MAX; i++)
        to[i] = mail->to.items[i];
    return https_mail(carriage->carrier->service->https,
                      &(struct https_mail){.url = mail->smtp,
                                           .from = mail->from,
                                           .to = to,
                                           .user = mail->user,
                                           .password = receiver->password,
                                           .text = buf_str(&dispatch->composed.body),
                                           .total_ms = receiver->timeout_ms},
                      carriage_answered, carriage);
}

static void carriage_begin(struct carriage *carriage, struct dispatch *dispatch)
{
    int r;

    /* The writer waited for its result long enough to hand it out again. */
    if (carriage->dispatch) {
        dispatch_free(dispatch);
        return;
    }
    carriage->dispatch = dispatch;
    r = dispatch->receiver->kind == RECEIVER_MAIL ? mail_begin(carriage, dispatch)
                                                  : http_begin(carriage, dispatch);
    if (r == 0)
        return;
    dispatch_conclude(dispatch, STORE_SENT_NOT,
                      r == -EINVAL ? "the URL cannot be used" : strerror(-r));
    carriage_end(carriage);
}

void carrier_serve(struct carrier *carrier)
{
    struct queue_node *node;

    while ((node = queue_take(&carrier->service->messages, 1, 0))) {
        struct dispatch *dispatch = dispatch_of(node);

        carriage_begin(&carrier->carriages[dispatch->receiver->index], dispatch);
    }
}

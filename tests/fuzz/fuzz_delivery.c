/*
 * A delivery whose Message is the input, in an envelope that is signed here. The first
 * four bytes choose the envelope: type, topic, header, clock, and a byte that is changed
 * after signing.
 */
#include <jansson.h>

#include "deliver.h"
#include "fuzz.h"
#include "sesbounce/limits.h"
#include "signer.h"

enum {
    TYPE = 3, /* the first two bits */
    SIMULATED = 1 << 2,
    SUBJECT = 1 << 3,
    VERSION_2 = 1 << 4,
    UNKNOWN_CERTIFICATE = 1 << 5,
    TAMPERED = 1 << 6,
    RAW_HEADER = 1 << 7,
};
enum { NO_SIMULATOR = 1 << 2, OTHER_TOPIC = 1 << 3 };

#define CONTROL_BYTES 4

static const char *const types[] = {"Notification", "SubscriptionConfirmation",
                                    "UnsubscribeConfirmation", "Notification"};
static const int64_t delays_ms[] = {0,
                                    CLOCK_HOUR_MS,
                                    3 * CLOCK_HOUR_MS,
                                    -10 * CLOCK_MINUTE_MS,
                                    -20 * CLOCK_MINUTE_MS,
                                    400 * CLOCK_DAY_MS};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    deliver_start();
    return 0;
}

static void set(json_t *envelope, const char *key, const char *value)
{
    PROMISE(json_object_set_new(envelope, key, json_string(value)) == 0);
}

static const char *topic_of(const uint8_t control[CONTROL_BYTES])
{
    if (control[0] & SIMULATED)
        return ARN_SIMULATOR_TOPIC;
    return control[2] & OTHER_TOPIC ? "arn:aws:sns:eu-west-1:999999999999:mine"
                                    : DELIVER_TOPIC;
}

/* The caller frees it. NULL for a Message that no JSON can carry. */
static char *write_envelope(const uint8_t control[CONTROL_BYTES], struct str message)
{
    json_t *text = json_stringn(message.data, message.len);
    if (!text)
        return NULL;
    json_t *envelope = json_object();
    set(envelope, "Type", types[control[0] & TYPE]);
    set(envelope, "MessageId", "3f1c-7");
    set(envelope, "TopicArn", topic_of(control));
    if (control[0] & SUBJECT)
        set(envelope, "Subject", "Amazon SES Email Event Notification");
    PROMISE(json_object_set_new(envelope, "Message", text) == 0);
    set(envelope, "Timestamp", "2026-09-21T14:13:20.000Z");
    if (control[0] & TYPE) {
        set(envelope, "Token", "2336412f37");
        set(envelope, "SubscribeURL", "https://" DELIVER_HOST "/?Action=x");
    }
    set(envelope, "SignatureVersion", control[0] & VERSION_2 ? "2" : "1");
    set(envelope, "Signature", "SIGN");
    set(envelope, "SigningCertURL",
        control[0] & UNKNOWN_CERTIFICATE ? "https://" DELIVER_HOST
                                           "/SimpleNotificationService-0b.pem"
                                         : DELIVER_URL);
    char *body =
        json_dumps(envelope, control[3] & 1 ? JSON_INDENT(2) : JSON_ENSURE_ASCII);
    json_decref(envelope);
    PROMISE(body);
    return body;
}

static bool is_storable(const uint8_t control[CONTROL_BYTES],
                        const struct deliver_options *options)
{
    bool simulated = control[0] & SIMULATED;
    if (control[0] & (TAMPERED | RAW_HEADER) || (options->no_simulator && simulated) ||
        (!simulated && (control[0] & UNKNOWN_CERTIFICATE || control[2] & OTHER_TOPIC)))
        return false;
    if (options->type_header &&
        strcmp(options->type_header, types[control[0] & TYPE]) != 0)
        return false;
    /* The simulator confirms nothing. */
    return !(simulated && (control[0] & TYPE) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(buf_done) struct buf body;
    const char *const headers[] = {NULL, types[0], types[1], types[2]};

    buf_init(&body, SNS_ENVELOPE_BYTES_MAX);
    if (size < CONTROL_BYTES)
        return 0;
    _cleanup_(freep) char *envelope =
        write_envelope(data, fuzz_str(data + CONTROL_BYTES, size - CONTROL_BYTES));
    if (!envelope)
        return 0;
    struct deliver_options options = {
        .raw_header = data[0] & RAW_HEADER,
        .no_simulator = data[2] & NO_SIMULATOR,
        .type_header = headers[data[2] & 3],
        .wall_ms = DELIVER_NOW_MS + delays_ms[data[1] % 6],
    };
    options.must_be_storable = is_storable(data, &options);

    PROMISE(signer_sign(str_of(envelope), &body));
    if (data[0] & TAMPERED)
        body.data[(data[3] * 251U + data[1]) % body.len] ^= (char)(1 + (data[2] >> 4));
    deliver_run(buf_str(&body), &options);
    return 0;
}

#include "daemon/delivery_log.h"

#include <stdatomic.h>

#include "daemon/limits.h"
#include "sesbounce/digest.h"

/* Strangers have a ration of their own, so that their junk never hides what is genuine;
 * and while nothing is stored each delivery tells the same. */
static struct log_ration rations[2];
static struct log_ration not_stored_ration;

static bool ration_pass(const struct delivery *delivery, unsigned *held_back)
{
    bool not_stored = delivery->verdict == VERDICT_STORE;
    bool genuine = delivery->stage == DELIVERY_GENUINE;
    unsigned most = genuine ? DELIVERY_LOGS_A_MINUTE : UNVERIFIED_LOGS_A_MINUTE;

    return log_ration_pass(not_stored ? &not_stored_ration : &rations[genuine],
                           clock_mono_ms(), not_stored ? STORE_FAULT_LOGS_A_MINUTE : most,
                           held_back);
}

/* --- topics that were refused ---------------------------------------------------- */

/* By a part of their digests; one takes another's place by chance. 0: none. */
static atomic_uint_fast64_t told_topics[REFUSED_TOPICS_TOLD_MAX];

static uint64_t topic_hash(struct str topic_arn)
{
    unsigned char digest[DIGEST_BYTES];
    uint64_t hash;

    digest_sha256(topic_arn, digest);
    memcpy(&hash, digest, sizeof(hash));
    return hash | 1;
}

static atomic_uint_fast64_t *topic_place(uint64_t hash)
{
    return &told_topics[(hash >> 1) % REFUSED_TOPICS_TOLD_MAX];
}

/* Notes a refused topic as told. */
static bool delivery_pass(const struct delivery *delivery, unsigned *held_back)
{
    uint64_t hash;

    if (delivery->verdict != VERDICT_TOPIC_REFUSED)
        return ration_pass(delivery, held_back);
    hash = topic_hash(delivery->message.topic_arn);
    if (atomic_load(topic_place(hash)) == hash || !ration_pass(delivery, held_back))
        return false;
    atomic_store(topic_place(hash), hash);
    return true;
}

/* --- the line -------------------------------------------------------------------- */

static int address_append(struct buf *to, const struct address *address, int how)
{
    unsigned char digest[DIGEST_BYTES];
    char hex[LOG_ADDRESS_HASH_DIGITS + 1];
    int r = to->len > 0 ? buf_append_char(to, ' ') : 0;

    if (how == LOG_ADDRESSES_FULL)
        return r < 0 ? r : buf_append_str(to, str_of(address->key));
    digest_sha256(str_of(address->key), digest);
    digest_hex(digest, LOG_ADDRESS_HASH_DIGITS, hex);
    return r < 0 ? r : buf_append_str(to, str_of(hex));
}

static void addresses_append(struct buf *to, const struct delivery *delivery, int how)
{
    const struct ses_event *event = &delivery->intake.event;

    if (how == LOG_ADDRESSES_NONE || delivery->stage != DELIVERY_GENUINE)
        return;
    for (size_t i = 0; i < event->recipient_count; i++) {
        if (address_append(to, &event->recipients[i].address, how) < 0)
            return;
    }
}

static struct str str_if_any(struct str s)
{
    return s.len > 0 ? s : STR_ABSENT;
}

/* What an operator must do something about is said in words of its own. */
static const char *const verdict_messages[VERDICT_COUNT] = {
    [VERDICT_PENDING] =
        "a subscription waits for confirmation: sesbouncectl topics confirm TOPIC",
    [VERDICT_CONFIRMING] = "a subscription is being confirmed",
    [VERDICT_UNSUBSCRIBED_IN_PART] =
        "a subscription has ended; the topic has another one, which delivers or "
        "waits to be confirmed: sesbouncectl topics list",
    [VERDICT_UNSUBSCRIBED] =
        "the subscription has ended, so bounces no longer arrive; unless that was "
        "meant, subscribe again: aws sns subscribe",
    [VERDICT_QUARANTINED] = "delivery quarantined: sesbouncectl quarantine list",
    [VERDICT_NO_CREDENTIALS] =
        "a request without credentials got 401; SNS repeats it with those from "
        "the subscription's URL, https://USER:PASSWORD@HOST/PATH",
    [VERDICT_CREDENTIALS] = "a request with wrong credentials got 401",
    [VERDICT_TOPIC_REFUSED] =
        "delivery refused; is this topic yours? then add it: [sns] topic = TOPIC",
    [VERDICT_CERTIFICATE_URL] =
        "delivery refused: its SigningCertURL is not that of Amazon SNS in the "
        "topic's region; behind an emulator or a VPC endpoint, set [sns] endpoint",
    [VERDICT_SIGNATURE_VERSION] =
        "delivery refused: [sns] min_signature_version excludes its "
        "SignatureVersion; sign with SHA-256: aws sns set-topic-attributes "
        "--topic-arn TOPIC --attribute-name SignatureVersion --attribute-value 2",
    [VERDICT_SIGNATURE] =
        "delivery refused: its signature is wrong, so this is not what Amazon SNS "
        "signed",
};

void delivery_log(const struct delivery *delivery, const struct settings *settings)
{
    const struct verdict_info *info = verdict_info(delivery->verdict);
    const char *message = verdict_messages[delivery->verdict];
    struct str reason = STR_ABSENT;
    struct buf addresses;
    unsigned held_back = 0;
    char status[16];

    if (info->level >= LOG_LEVEL_DEBUG || !delivery_pass(delivery, &held_back))
        return;
    if (held_back > 0) {
        char count[16];

        (void)snprintf(count, sizeof(count), "%u", held_back);
        log_event(LOG_LEVEL_NOTICE, "not all deliveries of the last minute were logged",
                  {"NOT_LOGGED", str_of(count)});
    }
    if (!message)
        message =
            verdict_is_kept(delivery->verdict) ? "delivery kept" : "delivery not kept";
    (void)snprintf(status, sizeof(status), "%u", info->http_status);
    buf_init(&addresses, LOG_VALUE_BYTES_MAX);
    addresses_append(&addresses, delivery, settings->log.addresses);
    if (delivery->stage == DELIVERY_GENUINE && delivery->intake.kind == INTAKE_QUARANTINE)
        reason = str_of(quarantine_word(delivery->intake.reason));
    log_event(info->level, message, {"VERDICT", str_of(info->name)},
              {"STATUS", str_of(status)}, {"TOPIC", delivery->message.topic_arn},
              {"SNS_MESSAGE_ID", delivery->message.message_id},
              {"SES_TYPE", delivery->intake.event.type_text}, {"REASON", reason},
              {"ADDRESS", str_if_any(buf_str(&addresses))},
              {"FAULT", str_of(delivery->fault)});
    buf_done(&addresses);
}

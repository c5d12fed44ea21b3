/* What is known of an event by itself: its words, and the key it is known again by. */
#include "sesbounce/ses_event.h"

#include <stdlib.h>

/* One-shot EVP calls allocate and can fail; this must not, for a key that is missing
 * would count an event twice. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

/* --- words ----------------------------------------------------------------------- */

const char *quarantine_word(enum quarantine_reason reason)
{
    static const char *const words[] = {
        [QUARANTINE_STALE] = "stale",       [QUARANTINE_FUTURE] = "future",
        [QUARANTINE_NOT_JSON] = "not-json", [QUARANTINE_NO_TYPE] = "no-type",
        [QUARANTINE_BAD_TYPE] = "bad-type", [QUARANTINE_INCOMPLETE] = "incomplete",
        [QUARANTINE_NO_EMAIL] = "no-email", [QUARANTINE_TOO_LARGE] = "too-large",
    };
    return words[reason];
}

/* By enum ses_type, then the types that name nobody. */
static const char *const TYPES[] = {
    [SES_OTHER] = "",
    [SES_BOUNCE] = "Bounce",
    [SES_COMPLAINT] = "Complaint",
    [SES_DELIVERY] = "Delivery",
    [SES_SEND] = "Send",
    [SES_REJECT] = "Reject",
    [SES_OPEN] = "Open",
    [SES_CLICK] = "Click",
    [SES_RENDERING_FAILURE] = "Rendering Failure",
    [SES_DELIVERY_DELAY] = "DeliveryDelay",
    [SES_SUBSCRIPTION] = "Subscription",
    [SES_RECEIVED] = "Received",
    SES_WORD_ANNOUNCEMENT,
    SES_WORD_PAUSED,
    SES_WORD_RESUMED,
    "Advisor Recommendation Status Open",
    "Advisor Recommendation Status Resolved",
    "Advisor Recommendation Status Closed",
    NULL,
};

struct str ses_type_word(struct str word)
{
    return str_spelled(word, TYPES);
}

enum ses_type ses_type_of(struct str word)
{
    for (unsigned i = SES_BOUNCE; i <= SES_RECEIVED; i++)
        if (str_equal_nocase(word, str_of(TYPES[i])))
            return (enum ses_type)i;
    return SES_OTHER;
}

/* --- the event ------------------------------------------------------------------- */

void ses_event_done(struct ses_event *event)
{
    free(event->decoded);
    free(event->recipients);
    free(event->reported);
    free(event->owned_text);
    *event = (struct ses_event){.ses_time_ms = CLOCK_NONE, .sent_ms = CLOCK_NONE};
}

enum ses_keeping ses_event_keeping(const struct ses_event *event,
                                   const struct ses_rules *rules)
{
    enum ses_keeping keeping = SES_KEEP;
    bool any_seen = false;

    for (size_t i = 0; rules && i < rules->rule_count; i++) {
        struct str type = str_of(rules->rules[i].type);
        if (str_equal_nocase(type, event->type_text))
            return rules->rules[i].keeping;
        if (!any_seen && str_equal(type, STR("*"))) {
            keeping = rules->rules[i].keeping;
            any_seen = true;
        }
    }
    return keeping;
}

/* --- the key --------------------------------------------------------------------- */

#define ID_DIGITS 16
/* The years in which an SES id can have been made: 2010 to 2100. */
#define ID_FIRST_MS INT64_C(1262304000000)
#define ID_LAST_MS  INT64_C(4102444800000)

static int id_digit(char c)
{
    if (ascii_is_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `0102015c1adae824-…`: four digits of the region, twelve of milliseconds. */
int64_t ses_id_time(struct str id)
{
    uint64_t value = 0;

    if (id.len <= ID_DIGITS || id.data[ID_DIGITS] != '-')
        return 0;
    for (size_t i = 0; i < ID_DIGITS; i++) {
        int digit = id_digit(id.data[i]);
        if (digit < 0)
            return 0;
        value = value << 4 | (unsigned)digit;
    }
    int64_t ms = (int64_t)(value & UINT64_C(0xffffffffffff));
    return ms >= ID_FIRST_MS && ms < ID_LAST_MS ? ms : 0;
}

/* Big-endian by hand: the key is kept on disk. */
static void key_add_number(SHA256_CTX *sha, uint64_t number)
{
    unsigned char bytes[sizeof(number)];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(number >> (56 - 8 * i));
    (void)SHA256_Update(sha, bytes, sizeof(bytes));
}

/* Length first, so that no two lists of texts run together to the same bytes. */
static void key_add_text(SHA256_CTX *sha, struct str text)
{
    key_add_number(sha, text.len);
    (void)SHA256_Update(sha, text.data ? text.data : "", text.len);
}

static int64_t key_bits(const unsigned char *digest)
{
    uint64_t bits = 0;
    int64_t number;

    for (size_t i = 0; i < sizeof(bits); i++)
        bits = bits << 8 | digest[i];
    memcpy(&number, &bits, sizeof(number));
    return number;
}

struct str ses_recipient_reported(const struct ses_recipient *recipient)
{
    bool other =
        str_present(recipient->reported) || recipient->named == SES_NAMED_UNREADABLE;
    return other ? recipient->reported : str_of(recipient->address.key);
}

/* The best id there is, and what kind it is of. True: SES's of the message. */
static bool key_id(const struct ses_event *event, struct str *ret_kind,
                   struct str *ret_id)
{
    bool by_feedback = str_present(event->feedback_id);
    bool by_message = !by_feedback && str_present(event->ses_message_id);

    *ret_kind = by_feedback  ? STR("feedback")
                : by_message ? STR("message")
                             : STR("eventbridge");
    *ret_id = by_feedback  ? event->feedback_id
              : by_message ? event->ses_message_id
                           : event->bridge_id;
    return by_message;
}

bool ses_event_key(const struct ses_event *event, const struct ses_recipient *recipient,
                   struct ses_key *ret)
{
    struct str kind, id;
    bool by_message = key_id(event, &kind, &id);
    /* A wrapper's time is not the event's: without the wrapper it has none. */
    bool timed =
        by_message && event->ses_time_ms != CLOCK_NONE && !event->time_is_bridges;
    int64_t time_ms = timed ? event->ses_time_ms : 0;
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_CTX sha;

    if (!str_present(id))
        return false;
    (void)SHA256_Init(&sha);
    key_add_text(&sha, event->type_text);
    key_add_text(&sha, kind);
    key_add_text(&sha, id);
    key_add_text(&sha, recipient ? ses_recipient_reported(recipient) : STR_ABSENT);
    key_add_number(&sha, (uint64_t)time_ms);
    (void)SHA256_Final(digest, &sha);

    int64_t id_ms = ses_id_time(id);
    *ret = (struct ses_key){.time_ms = id_ms ? id_ms : time_ms, .hash = key_bits(digest)};
    return true;
}

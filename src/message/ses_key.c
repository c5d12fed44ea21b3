/* The key of an SES event: how the same one is known again. */

/* One-shot EVP calls allocate and can fail; this must not, for a key that is missing
 * would count an event twice. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "sesbounce/ses_event.h"

#define ID_DIGITS 16
/* The years in which an SES id can have been made: 2010 to 2100. */
#define ID_FIRST_MS INT64_C(1262304000000)
#define ID_LAST_MS  INT64_C(4102444800000)

static int hex_value(char c)
{
    if (ascii_is_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `0102015c1adae824-…`: four digits of the region, twelve of milliseconds; 0 for ids of
 * any other form. */
static int64_t id_time(struct str id)
{
    uint64_t value = 0;

    if (id.len <= ID_DIGITS || id.data[ID_DIGITS] != '-')
        return 0;
    for (size_t i = 0; i < ID_DIGITS; i++) {
        int digit = hex_value(id.data[i]);
        if (digit < 0)
            return 0;
        value = value << 4 | (unsigned)digit;
    }
    int64_t ms = (int64_t)(value & UINT64_C(0xffffffffffff));
    return ms >= ID_FIRST_MS && ms < ID_LAST_MS ? ms : 0;
}

/* Big-endian by hand: the key is kept on disk. */
static void add_number(SHA256_CTX *sha, uint64_t number)
{
    unsigned char bytes[sizeof(number)];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(number >> (56 - 8 * i));
    (void)SHA256_Update(sha, bytes, sizeof(bytes));
}

/* Length first, so that no two lists of texts run together to the same bytes. */
static void add_text(SHA256_CTX *sha, struct str text)
{
    add_number(sha, text.len);
    (void)SHA256_Update(sha, text.data ? text.data : "", text.len);
}

static int64_t first_bits(const unsigned char *digest)
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
static bool id_of(const struct ses_event *event, struct str *ret_kind, struct str *ret_id)
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
    bool by_message = id_of(event, &kind, &id);
    /* A wrapper's time is not the event's: without the wrapper it has none. */
    bool timed =
        by_message && event->ses_time_ms != CLOCK_NONE && !event->time_is_bridges;
    int64_t time_ms = timed ? event->ses_time_ms : 0;
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_CTX sha;

    if (!str_present(id))
        return false;
    (void)SHA256_Init(&sha);
    add_text(&sha, event->type_text);
    add_text(&sha, kind);
    add_text(&sha, id);
    add_text(&sha, recipient ? ses_recipient_reported(recipient) : STR_ABSENT);
    add_number(&sha, (uint64_t)time_ms);
    (void)SHA256_Final(digest, &sha);

    int64_t id_ms = id_time(id);
    *ret =
        (struct ses_key){.time_ms = id_ms ? id_ms : time_ms, .hash = first_bits(digest)};
    return true;
}

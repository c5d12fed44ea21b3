/* Addresses: the key is a fixed point, lower case, and fit for a line of text. */
#include "fuzz.h"
#include "sesbounce/address.h"

static void check_key(const struct address *address)
{
    const char *at = strrchr(address->key, '@');
    PROMISE(at && address->domain == at + 1);
    PROMISE(at > address->key && address->domain[0]);
    for (const char *c = address->key; *c; c++) {
        PROMISE((unsigned char)*c >= ' ' && *c != 0x7f);
        PROMISE(*c == ascii_lower(*c));
    }
    PROMISE(!strpbrk(address->domain, " @<>,;\"()\\"));
    PROMISE(str_is_utf8(str_of(address->key)));
    PROMISE(str_is_utf8(str_of(address->seen)));
}

/* A backslash before a letter changes nothing: the mailbox has one key. */
static void check_backslash(const struct address *address)
{
    struct address again;
    char spelling[sizeof(address->seen) + 8];
    size_t local_len = (size_t)(strrchr(address->key, '@') - address->key);
    bool quoted = address->key[0] == '"';
    struct str inner = {address->key + quoted, local_len - 2 * quoted};

    if (!ascii_is_alpha(*inner.data) || strlen(address->key) + 4 > ADDRESS_BYTES_MAX)
        return;
    (void)snprintf(spelling, sizeof(spelling), "\"\\%.*s\"@%s", STR_ARG(inner),
                   address->domain);
    PROMISE(address_parse(str_of(spelling), &again) == 0);
    PROMISE(strcmp(again.key, address->key) == 0);
}

/* What is on the list can be named to take it off. */
static void check_again(const char *spelling, const struct address *address)
{
    struct address again;
    char fault[ADDRESS_FAULT_BYTES];
    PROMISE(address_parse(str_of(spelling), &again) == 0);
    PROMISE(strcmp(again.key, address->key) == 0);
    PROMISE(address_read(str_of(spelling), &again, fault) == 0);
    PROMISE(strcmp(again.key, address->key) == 0);
}

/* People may write less than SES, and learn why. */
static void check_read(struct str text)
{
    struct address read, parsed;
    char fault[ADDRESS_FAULT_BYTES] = "";
    if (address_read(text, &read, fault) < 0) {
        PROMISE(fault[0] && memchr(fault, '\0', sizeof(fault)));
        PROMISE(str_is_utf8(str_of(fault)));
        return;
    }
    PROMISE(address_parse(text, &parsed) == 0);
    PROMISE(strcmp(read.key, parsed.key) == 0);
    while (text.len > 0) {
        struct str character = {text.data, str_utf8_sequence(text)};
        PROMISE(character.len > 0);
        PROMISE(!str_character_unseen(character) || strchr("\t\r\n", *text.data));
        text.data += character.len;
        text.len -= character.len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct address address, copy;

    check_read(fuzz_str(data, size));
    if (address_parse(fuzz_str(data, size), &address) < 0)
        return 0;
    check_key(&address);
    check_again(address.key, &address);
    check_again(address.seen, &address);
    check_backslash(&address);
    address_copy(&copy, &address);
    PROMISE(strcmp(copy.domain, address.domain) == 0);
    PROMISE(address_is_simulator(&copy) == address_is_simulator(&address));
    return 0;
}

#include "policy/policy_words.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>

/* Lower case, one blank between words, a letter first. Whole words only: `rbl` is not in
 * `garbled`. */
static const struct phrase {
    enum policy_word means;
    const char *text;
} PHRASES[] = {
    {WORD_NO_USER, "user unknown"},
    {WORD_NO_USER, "unknown user"},
    {WORD_NO_USER, "no such user"},
    {WORD_NO_USER, "user not found"},
    {WORD_NO_USER, "user does not exist"},
    {WORD_NO_USER, "user doesn't exist"},
    {WORD_NO_USER, "invalid user"},
    {WORD_NO_USER, "unknown recipient"},
    {WORD_NO_USER, "recipient unknown"},
    {WORD_NO_USER, "recipient not found"},
    {WORD_NO_USER, "no such recipient"},
    {WORD_NO_USER, "invalid recipient"},
    {WORD_NO_USER, "recipient does not exist"},
    {WORD_NO_USER, "mailbox not found"},
    {WORD_NO_USER, "no such mailbox"},
    {WORD_NO_USER, "invalid mailbox"},
    {WORD_NO_USER, "unknown mailbox"},
    {WORD_NO_USER, "no mailbox here"},
    {WORD_NO_USER, "mailbox does not exist"},
    {WORD_NO_USER, "not a valid mailbox"},
    {WORD_NO_USER, "bad destination mailbox"},
    {WORD_NO_USER, "account does not exist"},
    {WORD_NO_USER, "tried to reach does not exist"},
    {WORD_NO_USER, "address does not exist"},
    {WORD_NO_USER, "address unknown"},
    {WORD_NO_USER, "unknown address"},
    {WORD_NO_USER, "no such address"},
    {WORD_NO_USER, "addressee unknown"},
    {WORD_NO_USER, "unknown local part"},
    {WORD_NO_USER, "user is unknown"},
    {WORD_NO_USER, "user not known"},
    {WORD_NO_USER, "not a known user"},
    {WORD_NO_USER, "recipient is unknown"},
    {WORD_NO_USER, "not a valid recipient"},
    {WORD_NO_USER, "mailbox unknown"},
    {WORD_NO_USER, "non-existent account"},
    {WORD_NO_USER, "this user doesn't have a"},
    {WORD_NO_USER, "no such person"},
    {WORD_NO_USER, "not listed in domino directory"},
    {WORD_NO_USER, "not listed in public name"},
    {WORD_NO_USER, "unrouteable address"},
    {WORD_NO_DOMAIN, "nxdomain"},
    {WORD_NO_DOMAIN, "no such domain"},
    {WORD_NO_DOMAIN, "domain not found"},
    {WORD_NO_DOMAIN, "unknown domain"},
    {WORD_NO_DOMAIN, "domain unknown"},
    {WORD_NO_DOMAIN, "invalid domain"},
    {WORD_NO_DOMAIN, "domain does not exist"},
    {WORD_NO_DOMAIN, "domain doesn't exist"},
    {WORD_NO_DOMAIN, "non-existent domain"},
    {WORD_NO_DOMAIN, "nonexistent domain"},
    {WORD_NO_DOMAIN, "host or domain name not found"},
    {WORD_NO_DOMAIN, "host not found"},
    {WORD_NO_DOMAIN, "host unknown"},
    {WORD_NO_DOMAIN, "unknown host"},
    {WORD_NO_DOMAIN, "no such host"},
    {WORD_NO_DOMAIN, "unknown mail server"},
    {WORD_NO_DOMAIN, "unrouteable domain"},
    {WORD_FULL, "mailbox full"},
    {WORD_FULL, "mailbox is full"},
    {WORD_FULL, "inbox is full"},
    {WORD_FULL, "over quota"},
    {WORD_FULL, "overquota"},
    {WORD_FULL, "quota exceeded"},
    {WORD_FULL, "exceeded quota"},
    {WORD_FULL, "out of storage"},
    {WORD_FULL, "exceeded storage allocation"},
    {WORD_AUTHENTICATION, "spf"},
    {WORD_AUTHENTICATION, "dkim"},
    {WORD_AUTHENTICATION, "dmarc"},
    {WORD_AUTHENTICATION, "domainkeys"},
    {WORD_AUTHENTICATION, "sender policy framework"},
    {WORD_AUTHENTICATION, "unauthenticated email"},
    {WORD_AUTHENTICATION, "unauthenticated e-mail"},
    {WORD_AUTHENTICATION, "unauthenticated mail"},
    {WORD_AUTHENTICATION, "unauthenticated message"},
    {WORD_AUTHENTICATION, "it is unauthenticated"},
    {WORD_AUTHENTICATION, "authentication check"},
    {WORD_AUTHENTICATION, "authentication checks"},
    {WORD_AUTHENTICATION, "authentication fail"},
    {WORD_AUTHENTICATION, "authentication failed"},
    {WORD_AUTHENTICATION, "authentication failure"},
    {WORD_AUTHENTICATION, "authentication fails"},
    {WORD_AUTHENTICATION, "authentication did not pass"},
    {WORD_AUTHENTICATION, "authentication information"},
    {WORD_AUTHENTICATION, "authentication level"},
    {WORD_AUTHENTICATION, "authentication requirements"},
    {WORD_AUTHENTICATION, "authentication results"},
    {WORD_AUTHENTICATION, "authentication policy"},
    {WORD_AUTHENTICATION, "failed authentication"},
    {WORD_AUTHENTICATION, "anti-spoofing policy"},
    {WORD_AUTHENTICATION, "fails authentication"},
    {WORD_AUTHENTICATION, "not accepted for policy reasons"},
    {WORD_REPUTATION, "blocklist"},
    {WORD_REPUTATION, "blocklists"},
    {WORD_REPUTATION, "blocklisted"},
    {WORD_REPUTATION, "block list"},
    {WORD_REPUTATION, "block listed"},
    {WORD_REPUTATION, "block-list"},
    {WORD_REPUTATION, "blacklist"},
    {WORD_REPUTATION, "blacklists"},
    {WORD_REPUTATION, "blacklisted"},
    {WORD_REPUTATION, "black list"},
    {WORD_REPUTATION, "black-listed"},
    {WORD_REPUTATION, "denylist"},
    {WORD_REPUTATION, "denylisted"},
    {WORD_REPUTATION, "rbl"},
    {WORD_REPUTATION, "rbls"},
    {WORD_REPUTATION, "dnsbl"},
    {WORD_REPUTATION, "dnsbls"},
    {WORD_REPUTATION, "blocked using"},
    {WORD_REPUTATION, "spamhaus"},
    {WORD_REPUTATION, "spamcop"},
    {WORD_REPUTATION, "barracudacentral"},
    {WORD_REPUTATION, "sorbs"},
    {WORD_REPUTATION, "uceprotect"},
    {WORD_REPUTATION, "surbl"},
    {WORD_REPUTATION, "uribl"},
    {WORD_REPUTATION, "abuseat"},
    {WORD_REPUTATION, "senderscore"},
    {WORD_REPUTATION, "senderbase"},
    {WORD_REPUTATION, "cloudmark"},
    {WORD_REPUTATION, "ipcheck.proofpoint.com"},
    {WORD_REPUTATION, "support.proofpoint.com/dnsbl-lookup"},
    {WORD_REPUTATION, "reputation"},
    {WORD_REPUTATION, "banned sending ip"},
    {WORD_REPUTATION, "banned sender"},
    {WORD_REPUTATION, "is listed in"},
    {WORD_REPUTATION, "is listed on"},
    {WORD_REPUTATION, "is listed at"},
    {WORD_REPUTATION, "is listed by"},
    {WORD_REPUTATION, "ip is blocked"},
    {WORD_REPUTATION, "ip has been blocked"},
    {WORD_REPUTATION, "ip address blocked"},
    {WORD_REPUTATION, "ip address is blocked"},
    {WORD_REPUTATION, "ip address has been blocked"},
    {WORD_REPUTATION, "mail from your ip"},
    {WORD_REPUTATION, "sent from your ip"},
    {WORD_REPUTATION, "connections will not be accepted from"},
    {WORD_REPUTATION, "not accepted from this ip"},
    {WORD_REPUTATION, "will be permanently deferred"},
    {WORD_REPUTATION, "user complaints"},
    {WORD_REPUTATION, "rate limited"},
    {WORD_REPUTATION, "unusual rate"},
    {WORD_REPUTATION, "excessive volume"},
    {WORD_REPUTATION, "frequency limited"},
    {WORD_REPUTATION, "throttled"},
    {WORD_REPUTATION, "unsolicited"},
    {WORD_REPUTATION, "reverse dns"},
    {WORD_REPUTATION, "ptr record"},
    {WORD_REPUTATION, "ptr records"},
    {WORD_REPUTATION, "dns ptr"},
    {WORD_REPUTATION, "ask your postmaster for help"},
    {WORD_REPUTATION, "due to policy restrictions"},
    {WORD_REPUTATION, "mail content denied"},
    {WORD_REPUTATION, "spam content"},
    {WORD_REPUTATION, "spam detected"},
    {WORD_REPUTATION, "spam message"},
    {WORD_REPUTATION, "spam score"},
    {WORD_REPUTATION, "detected as spam"},
    {WORD_REPUTATION, "identified as spam"},
    {WORD_REPUTATION, "classified as spam"},
    {WORD_REPUTATION, "considered spam"},
    {WORD_REPUTATION, "considered as spam"},
    {WORD_REPUTATION, "rejected as spam"},
    {WORD_REPUTATION, "blocked as spam"},
    {WORD_REPUTATION, "block for spam"},
    {WORD_REPUTATION, "blocked for spam"},
    {WORD_REPUTATION, "looks like spam"},
    {WORD_REPUTATION, "looked like spam"},
    {WORD_REPUTATION, "appears to be spam"},
    {WORD_REPUTATION, "suspected spam"},
    {WORD_REPUTATION, "suspected bounce attacks"},
    {WORD_REPUTATION, "failure for one or more recipients (.:blocked"},
    {WORD_REPUTATION, "high probability of spam"},
    {WORD_AUTOREPLY, "out of office"},
    {WORD_AUTOREPLY, "out of the office"},
    {WORD_AUTOREPLY, "out-of-office"},
    {WORD_AUTOREPLY, "autoreply"},
    {WORD_AUTOREPLY, "auto reply"},
    {WORD_AUTOREPLY, "auto-reply"},
    {WORD_AUTOREPLY, "automatic reply"},
    {WORD_AUTOREPLY, "automatic response"},
    {WORD_AUTOREPLY, "automated reply"},
    {WORD_AUTOREPLY, "autoresponse"},
    {WORD_AUTOREPLY, "auto-response"},
    {WORD_AUTOREPLY, "autoresponder"},
    {WORD_AUTOREPLY, "auto-responder"},
    {WORD_AUTOREPLY, "vacation"},
    {WORD_AUTOREPLY, "on holiday"},
    {WORD_AUTOREPLY, "annual leave"},
    {WORD_AUTOREPLY, "abwesenheitsnotiz"},
    {WORD_AUTOREPLY, "automatische antwort"},
    {WORD_ABOUT_US, "sender address rejected"},
    {WORD_ABOUT_US, "sender domain"},
    {WORD_ABOUT_US, "sending domain"},
    {WORD_ABOUT_US, "domain of sender"},
    {WORD_ABOUT_US, "sender verify"},
    {WORD_ABOUT_US, "helo command rejected"},
    {WORD_ABOUT_US, "client host rejected"},
    {WORD_DNS, "unable to lookup dns"},
    {WORD_DNS, "dns lookup failed"},
    {WORD_DNS, "dns lookup failure"},
    {WORD_DNS, "name service error"},
};

static bool is_blank(char c)
{
    return (unsigned char)c <= ' ';
}

size_t policy_words_number(struct str text, size_t at, unsigned *ret)
{
    size_t digits = 0;

    *ret = 0;
    while (at + digits < text.len && digits < 4 && ascii_is_digit(text.data[at + digits]))
        *ret = *ret * 10 + (unsigned)(text.data[at + digits++] - '0');
    return digits <= 3 ? digits : 0;
}

/* The bytes of a line break at `at`, 0 for none: SES writes `<CRLF>` in what it quotes.
 */
static size_t line_break(struct str text, size_t at)
{
    struct str mark = STR("<CRLF>");
    struct str here = {text.data + at, mark.len};

    if (text.data[at] == '\n' || text.data[at] == '\r')
        return 1;
    return text.data[at] == '<' && text.len - at >= mark.len &&
                   str_equal_nocase(here, mark)
               ? mark.len
               : 0;
}

/*
 * `550-5.7.1 ` at the beginning of a further line, and the blanks before it: a sentence
 * goes on behind it. The bytes of it, 0 for none.
 */
static size_t line_prefix(struct str text, size_t from)
{
    size_t at = from;
    unsigned number;

    while (at < text.len && is_blank(text.data[at]))
        at++;
    if (policy_words_number(text, at, &number) != 3 || at + 3 >= text.len ||
        (text.data[at + 3] != '-' && text.data[at + 3] != ' '))
        return 0;
    at += 4;
    while (at < text.len && (ascii_is_digit(text.data[at]) || text.data[at] == '.'))
        at++;
    return at - from;
}

/* What policy_words_simplify() writes to. */
struct simple {
    char *text;
    size_t len;
    size_t token; /* where the present one began */
    bool has_at;
};

static bool ends_token(char c)
{
    switch (c) {
    case '<':
    case '>':
    case '(':
    case ')':
    case '[':
    case ']':
    case ',':
    case ';':
    case ':':
    case '"':
        return true;
    default:
        return is_blank(c);
    }
}

static void put_char(struct simple *to, char c)
{
    bool ends = ends_token(c);

    if (ends && to->has_at) {
        to->len = to->token;
        to->text[to->len++] = '.';
    }
    if (!is_blank(c))
        to->text[to->len++] = ascii_lower(c);
    else if (to->len > 0 && to->text[to->len - 1] != ' ')
        to->text[to->len++] = ' ';
    to->has_at = !ends && (to->has_at || c == '@');
    if (ends)
        to->token = to->len;
}

struct str policy_words_simplify(struct str text, char ret[POLICY_DIAGNOSTIC_BYTES_MAX])
{
    struct simple to = {.text = ret};

    for (size_t i = 0; i < text.len && to.len < POLICY_DIAGNOSTIC_BYTES_MAX - 1;) {
        size_t breaks = line_break(text, i);
        put_char(&to, breaks ? ' ' : text.data[i]);
        i += breaks ? breaks + line_prefix(text, i + breaks) : 1;
    }
    return (struct str){ret, to.has_at ? to.token : to.len};
}

static bool phrase_at(struct str text, size_t at, const char *phrase)
{
    size_t i = 0;
    while (phrase[i] && at + i < text.len && text.data[at + i] == phrase[i])
        i++;
    return !phrase[i] && (at + i == text.len || !policy_words_char(text.data[at + i]));
}

#define PHRASE_COUNT (sizeof(PHRASES) / sizeof(PHRASES[0]))

/* The phrases by their first letter: chains of index + 1 that end with 0. */
struct phrase_index {
    unsigned char first[26];
    unsigned char next[PHRASE_COUNT];
};
_Static_assert(PHRASE_COUNT < 255, "an index + 1 fits a byte");

static struct phrase_index phrases;

static void index_phrases(void)
{
    for (size_t i = 0; i < PHRASE_COUNT; i++) {
        unsigned char *first = &phrases.first[PHRASES[i].text[0] - 'a'];
        phrases.next[i] = *first;
        *first = (unsigned char)(i + 1);
    }
}

unsigned policy_words_find(struct str simple)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    unsigned found = 0;

    (void)pthread_once(&once, index_phrases);
    for (size_t at = 0; at < simple.len; at++) {
        char c = simple.data[at];
        if (c < 'a' || c > 'z' || (at > 0 && policy_words_char(simple.data[at - 1])))
            continue;
        for (size_t i = phrases.first[c - 'a']; i > 0; i = phrases.next[i - 1])
            if (phrase_at(simple, at, PHRASES[i - 1].text))
                found |= PHRASES[i - 1].means;
    }
    return found;
}

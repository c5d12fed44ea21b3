#include "policy/policy_words.h"

#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

/* Separated by `|`. Lower case, one blank between words, a letter first. Whole words
 * only: `rbl` is not in `garbled`. */
static const struct {
    enum policy_word mean;
    const char *phrases;
} PHRASES[] = {
    {WORD_NO_USER,
     "user unknown|unknown user|no such user|user not found|user does not exist|"
     "user doesn't exist|invalid user|unknown recipient|recipient unknown|"
     "recipient not found|no such recipient|invalid recipient|"
     "recipient does not exist|mailbox not found|no such mailbox|invalid mailbox|"
     "unknown mailbox|no mailbox here|mailbox does not exist|not a valid mailbox|"
     "bad destination mailbox|account does not exist|tried to reach does not exist|"
     "address does not exist|address unknown|unknown address|no such address|"
     "addressee unknown|unknown local part|user is unknown|user not known|"
     "not a known user|recipient is unknown|not a valid recipient|mailbox unknown|"
     "non-existent account|this user doesn't have a|no such person|"
     "not listed in domino directory|not listed in public name|unrouteable address"},
    {WORD_NO_DOMAIN,
     "nxdomain|no such domain|domain not found|unknown domain|domain unknown|"
     "invalid domain|domain does not exist|domain doesn't exist|non-existent domain|"
     "nonexistent domain|host or domain name not found|host not found|host unknown|"
     "unknown host|no such host|unknown mail server|unrouteable domain"},
    {WORD_FULL,
     "mailbox full|mailbox is full|inbox is full|over quota|overquota|"
     "quota exceeded|exceeded quota|out of storage|exceeded storage allocation"},
    {WORD_AUTHENTICATION,
     "spf|dkim|dmarc|domainkeys|sender policy framework|unauthenticated email|"
     "unauthenticated e-mail|unauthenticated mail|unauthenticated message|"
     "it is unauthenticated|authentication check|authentication checks|"
     "authentication fail|authentication failed|authentication failure|"
     "authentication fails|authentication did not pass|authentication information|"
     "authentication level|authentication requirements|authentication results|"
     "authentication policy|failed authentication|anti-spoofing policy|"
     "fails authentication|not accepted for policy reasons"},
    {WORD_REPUTATION,
     "blocklist|blocklists|blocklisted|block list|block listed|block-list|blacklist|"
     "blacklists|blacklisted|black list|black-listed|denylist|denylisted|rbl|rbls|"
     "dnsbl|dnsbls|blocked using|spamhaus|spamcop|barracudacentral|sorbs|uceprotect|"
     "surbl|uribl|abuseat|senderscore|senderbase|cloudmark|ipcheck.proofpoint.com|"
     "support.proofpoint.com/dnsbl-lookup|reputation|banned sending ip|"
     "banned sender|is listed in|is listed on|is listed at|is listed by|"
     "ip is blocked|ip has been blocked|ip address blocked|ip address is blocked|"
     "ip address has been blocked|mail from your ip|sent from your ip|"
     "connections will not be accepted from|not accepted from this ip|"
     "will be permanently deferred|user complaints|rate limited|unusual rate|"
     "excessive volume|frequency limited|throttled|unsolicited|reverse dns|"
     "ptr record|ptr records|dns ptr|ask your postmaster for help|"
     "due to policy restrictions|mail content denied|spam content|spam detected|"
     "spam message|spam score|detected as spam|identified as spam|"
     "classified as spam|considered spam|considered as spam|rejected as spam|"
     "blocked as spam|block for spam|blocked for spam|looks like spam|"
     "looked like spam|appears to be spam|suspected spam|suspected bounce attacks|"
     "failure for one or more recipients (.:blocked|high probability of spam"},
    {WORD_AUTOREPLY,
     "out of office|out of the office|out-of-office|autoreply|auto reply|auto-reply|"
     "automatic reply|automatic response|automated reply|autoresponse|auto-response|"
     "autoresponder|auto-responder|vacation|on holiday|annual leave|"
     "abwesenheitsnotiz|automatische antwort"},
    {WORD_ABOUT_US,
     "sender address rejected|sender domain|sending domain|domain of sender|"
     "sender verify|helo command rejected|client host rejected"},
    {WORD_DNS,
     "unable to lookup dns|dns lookup failed|dns lookup failure|name service error"},
};

static bool char_is_blank(char c)
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

/* The bytes of a line break at `at`, 0 for none: SES quotes with `<CRLF>`. */
static size_t line_break_bytes(struct str text, size_t at)
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
static size_t line_prefix_bytes(struct str text, size_t from)
{
    size_t at = from;
    unsigned number;

    while (at < text.len && char_is_blank(text.data[at]))
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

static bool char_ends_token(char c)
{
    static const bool ends[256] = {
        ['<'] = true, ['>'] = true, ['('] = true, [')'] = true, ['['] = true,
        [']'] = true, [','] = true, [';'] = true, [':'] = true, ['"'] = true,
    };
    return char_is_blank(c) || ends[(unsigned char)c];
}

static void simple_put(struct simple *to, char c)
{
    bool ends = char_ends_token(c);

    if (ends && to->has_at) {
        to->len = to->token;
        to->text[to->len++] = '.';
    }
    if (!char_is_blank(c))
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
        size_t breaks = line_break_bytes(text, i);
        simple_put(&to, breaks ? ' ' : text.data[i]);
        i += breaks ? breaks + line_prefix_bytes(text, i + breaks) : 1;
    }
    return (struct str){ret, to.has_at ? to.token : to.len};
}

#define PHRASES_MAX 256

/* The phrases by their first letter: chains that end with NULL. */
static struct phrase {
    struct str text;
    unsigned means;
    const struct phrase *next;
} phrases[PHRASES_MAX];
static const struct phrase *phrases_of[26];

static void phrases_index(void)
{
    struct phrase *phrase = phrases;

    for (size_t i = 0; i < sizeof(PHRASES) / sizeof(PHRASES[0]); i++)
        for (struct str rest = str_of(PHRASES[i].phrases);
             str_split(&rest, '|', &phrase->text); phrase++) {
            const struct phrase **first = &phrases_of[phrase->text.data[0] - 'a'];
            assert(phrase < phrases + PHRASES_MAX - 1);
            phrase->means = PHRASES[i].mean;
            phrase->next = *first;
            *first = phrase;
        }
}

static bool phrase_is_at(const struct phrase *phrase, struct str text, size_t at)
{
    size_t i = 0;

    while (i < phrase->text.len && at + i < text.len &&
           text.data[at + i] == phrase->text.data[i])
        i++;
    return i == phrase->text.len &&
           (at + i == text.len || !policy_words_char(text.data[at + i]));
}

unsigned policy_words_find(struct str simple)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    unsigned found = 0;

    (void)pthread_once(&once, phrases_index);
    for (size_t at = 0; at < simple.len; at++) {
        char c = simple.data[at];
        if (c < 'a' || c > 'z' || (at > 0 && policy_words_char(simple.data[at - 1])))
            continue;
        for (const struct phrase *i = phrases_of[c - 'a']; i; i = i->next)
            if (phrase_is_at(i, simple, at))
                found |= i->means;
    }
    return found;
}

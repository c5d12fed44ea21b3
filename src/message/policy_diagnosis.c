#include "message/policy_diagnosis.h"

#include <stddef.h>
#include <string.h>

/* --- words ----------------------------------------------------------------------- */

enum word {
    WORD_NO_USER = 1 << 0,
    WORD_NO_DOMAIN = 1 << 1,
    WORD_FULL = 1 << 2,
    WORD_AUTHENTICATION = 1 << 3,
    WORD_BLOCKLIST = 1 << 4,
    WORD_AUTOREPLY = 1 << 5,
    /* "Sender address rejected: Domain not found" speaks of us, not of the recipient */
    WORD_ABOUT_US = 1 << 6,
};

/* Lower case, one blank between words, a letter first. Whole words only: `rbl` is not in
 * `garbled`. */
static const struct phrase {
    enum word means;
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
    {WORD_AUTHENTICATION, "authentication"},
    {WORD_AUTHENTICATION, "unauthenticated"},
    {WORD_BLOCKLIST, "blocklist"},
    {WORD_BLOCKLIST, "blocklists"},
    {WORD_BLOCKLIST, "blocklisted"},
    {WORD_BLOCKLIST, "block list"},
    {WORD_BLOCKLIST, "block-list"},
    {WORD_BLOCKLIST, "blacklist"},
    {WORD_BLOCKLIST, "blacklists"},
    {WORD_BLOCKLIST, "blacklisted"},
    {WORD_BLOCKLIST, "black list"},
    {WORD_BLOCKLIST, "black-listed"},
    {WORD_BLOCKLIST, "denylist"},
    {WORD_BLOCKLIST, "denylisted"},
    {WORD_BLOCKLIST, "rbl"},
    {WORD_BLOCKLIST, "rbls"},
    {WORD_BLOCKLIST, "dnsbl"},
    {WORD_BLOCKLIST, "dnsbls"},
    {WORD_BLOCKLIST, "blocked using"},
    {WORD_BLOCKLIST, "spamhaus"},
    {WORD_BLOCKLIST, "spamcop"},
    {WORD_BLOCKLIST, "barracudacentral"},
    {WORD_BLOCKLIST, "sorbs"},
    {WORD_BLOCKLIST, "uceprotect"},
    {WORD_BLOCKLIST, "surbl"},
    {WORD_BLOCKLIST, "uribl"},
    {WORD_BLOCKLIST, "abuseat"},
    {WORD_BLOCKLIST, "senderscore"},
    {WORD_BLOCKLIST, "cloudmark"},
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
    {WORD_ABOUT_US, "sender verify"},
    {WORD_ABOUT_US, "helo command rejected"},
    {WORD_ABOUT_US, "client host rejected"},
};

static bool is_blank(char c)
{
    return (unsigned char)c <= ' ';
}

static bool is_word_char(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c) || (unsigned char)c >= 0x80;
}

/*
 * Lower case, runs of blanks as one, and a `.` for each mail address: somebody at
 * vacation@ or dmarc@ says nothing about why his mail was refused.
 */
static struct str simplify(struct str text, char ret[POLICY_DIAGNOSTIC_BYTES_MAX])
{
    size_t len = 0;
    size_t token = 0;
    bool has_at = false;

    for (size_t i = 0; i < text.len && len < POLICY_DIAGNOSTIC_BYTES_MAX - 1; i++) {
        char c = text.data[i];
        bool ends = is_blank(c) || memchr("<>()[],;\"", c, 9) != NULL;
        if (ends && has_at) {
            len = token;
            ret[len++] = '.';
        }
        if (!is_blank(c))
            ret[len++] = ascii_lower(c);
        else if (len > 0 && ret[len - 1] != ' ')
            ret[len++] = ' ';
        has_at = !ends && (has_at || c == '@');
        if (ends)
            token = len;
    }
    return (struct str){ret, has_at ? token : len};
}

static bool phrase_at(struct str text, size_t at, const char *phrase)
{
    size_t i = 0;
    while (phrase[i] && at + i < text.len && text.data[at + i] == phrase[i])
        i++;
    return !phrase[i] && (at + i == text.len || !is_word_char(text.data[at + i]));
}

#define PHRASE_COUNT (sizeof(PHRASES) / sizeof(PHRASES[0]))

/* The phrases by their first letter: chains of index + 1 that end with 0. */
struct phrase_index {
    unsigned char first[26];
    unsigned char next[PHRASE_COUNT];
};
_Static_assert(PHRASE_COUNT < 255, "an index + 1 fits a byte");

static void index_phrases(struct phrase_index *ret)
{
    memset(ret->first, 0, sizeof(ret->first));
    for (size_t i = 0; i < PHRASE_COUNT; i++) {
        unsigned char *first = &ret->first[PHRASES[i].text[0] - 'a'];
        ret->next[i] = *first;
        *first = (unsigned char)(i + 1);
    }
}

/* The index is made for each diagnostic: no state, and cheaper than two words of a
 * diagnostic without it. */
static unsigned find_words(struct str simple)
{
    struct phrase_index phrases;
    unsigned found = 0;

    if (simple.len == 0)
        return 0;
    index_phrases(&phrases);
    for (size_t at = 0; at < simple.len; at++) {
        char c = simple.data[at];
        if (c < 'a' || c > 'z' || (at > 0 && is_word_char(simple.data[at - 1])))
            continue;
        for (size_t i = phrases.first[c - 'a']; i > 0; i = phrases.next[i - 1])
            if (phrase_at(simple, at, PHRASES[i - 1].text))
                found |= PHRASES[i - 1].means;
    }
    return found;
}

/* --- enhanced status codes (RFC 3463) -------------------------------------------- */

/* class 0: none known */
struct status {
    unsigned class;
    unsigned subject;
    unsigned detail;
};

/* One to three digits; how many, 0 for none. */
static size_t read_number(struct str text, size_t at, unsigned *ret)
{
    size_t digits = 0;

    *ret = 0;
    while (at + digits < text.len && digits < 4 && ascii_is_digit(text.data[at + digits]))
        *ret = *ret * 10 + (unsigned)(text.data[at + digits++] - '0');
    return digits <= 3 ? digits : 0;
}

/* Is there a status at `at`, and nothing that makes it part of an IP address? */
static bool read_status(struct str text, size_t at, struct status *ret)
{
    unsigned *part[3] = {&ret->class, &ret->subject, &ret->detail};

    for (size_t i = 0; i < 3; i++) {
        size_t digits = read_number(text, at, part[i]);
        if (digits == 0)
            return false;
        at += digits;
        if (i < 2 && (at >= text.len || text.data[at++] != '.'))
            return false;
    }
    bool longer =
        at + 1 < text.len && text.data[at] == '.' && ascii_is_digit(text.data[at + 1]);
    return (ret->class == 2 || ret->class == 4 || ret->class == 5) && !longer;
}

static struct status first_status(struct str text)
{
    struct status status;

    for (size_t at = 0; at < text.len; at++) {
        bool begins =
            ascii_is_digit(text.data[at]) &&
            (at == 0 || (!is_word_char(text.data[at - 1]) && text.data[at - 1] != '.'));
        if (begins && read_status(text, at, &status))
            return status;
    }
    return (struct status){0, 0, 0};
}

/* `5.0.0` says no more than "failed": the diagnostic may know better. */
static struct status status_of(const struct ses_recipient *recipient)
{
    struct status given = first_status(recipient->status);
    bool vague = given.class == 0 || (given.subject == 0 && given.detail == 0);
    if (!vague)
        return given;

    struct str diagnostic = recipient->diagnostic;
    if (diagnostic.len > POLICY_DIAGNOSTIC_BYTES_MAX)
        diagnostic.len = POLICY_DIAGNOSTIC_BYTES_MAX;
    struct status told = first_status(diagnostic);
    return given.class == 0 || told.class == given.class ? told : given;
}

static bool status_is(struct status status, unsigned subject, unsigned detail)
{
    return status.subject == subject && status.detail == detail;
}

/* --- together -------------------------------------------------------------------- */

/* `smtp; 550 …`, or the answer itself: `550 …` */
static bool is_smtp_refusal(struct str simple)
{
    if (str_starts_with(simple, STR("smtp;"))) {
        simple = (struct str){simple.data + 5, simple.len - 5};
        simple = str_trim(simple);
    }
    return simple.len >= 3 && (simple.data[0] == '4' || simple.data[0] == '5') &&
           ascii_is_digit(simple.data[1]) && ascii_is_digit(simple.data[2]) &&
           (simple.len == 3 || !is_word_char(simple.data[3]));
}

static bool is_gone(struct status status, unsigned words)
{
    if (status.class == 4)
        return false;
    if (status.class == 5 &&
        (status_is(status, 1, 1) || status_is(status, 1, 2) || status_is(status, 4, 4)))
        return true;
    return (words & (WORD_NO_USER | WORD_NO_DOMAIN)) && !(words & WORD_ABOUT_US);
}

static unsigned facts_of(const struct ses_recipient *recipient, struct status status,
                         struct str simple, unsigned words)
{
    unsigned facts = 0;
    bool vague = status.class == 0 || (status.subject == 0 && status.detail == 0);
    bool by_policy = status.class == 5 && status.subject == 7;

    if (recipient->diagnostic.len > 0)
        facts |= FACT_DIAGNOSTIC;
    if (status.class >= 4 || is_smtp_refusal(simple))
        facts |= FACT_REFUSED;
    if (status.class == 4 || str_equal_nocase(recipient->action, STR("delayed")))
        facts |= FACT_TEMPORARY;
    if (status.class == 4 && status_is(status, 4, 7))
        facts |= FACT_GAVE_UP;
    if (is_gone(status, words))
        facts |= FACT_GONE;
    if (by_policy)
        facts |= FACT_LOCAL_POLICY;
    /* A server that gives no code of use still says whose fault it is. */
    if (by_policy || (vague && !(facts & FACT_GONE))) {
        if (words & WORD_AUTHENTICATION)
            facts |= FACT_OUR_AUTHENTICATION;
        if (words & WORD_BLOCKLIST)
            facts |= FACT_OUR_REPUTATION;
    }
    if (words & WORD_AUTOREPLY)
        facts |= FACT_AUTOREPLY;
    return facts;
}

/* RFC 3463 and 7505, section by section; 0 as detail stands for any. */
static const struct {
    unsigned subject, detail;
    enum policy_cause cause;
} STATUS_CAUSES[] = {
    {1, 1, POLICY_CAUSE_UNKNOWN_USER}, {1, 3, POLICY_CAUSE_UNKNOWN_USER},
    {1, 6, POLICY_CAUSE_UNKNOWN_USER}, {1, 10, POLICY_CAUSE_DNS},
    {1, 2, POLICY_CAUSE_DNS},          {4, 3, POLICY_CAUSE_DNS},
    {4, 4, POLICY_CAUSE_DNS},          {2, 2, POLICY_CAUSE_MAILBOX_FULL},
    {2, 3, POLICY_CAUSE_TOO_LARGE},    {3, 4, POLICY_CAUSE_TOO_LARGE},
    {4, 7, POLICY_CAUSE_TIMEOUT},      {7, 0, POLICY_CAUSE_POLICY},
};

static enum policy_cause cause_of_words(unsigned words)
{
    bool about_us = words & WORD_ABOUT_US;

    if ((words & WORD_NO_USER) && !about_us)
        return POLICY_CAUSE_UNKNOWN_USER;
    if ((words & WORD_NO_DOMAIN) && !about_us)
        return POLICY_CAUSE_DNS;
    if (words & WORD_FULL)
        return POLICY_CAUSE_MAILBOX_FULL;
    if (words & WORD_AUTHENTICATION)
        return POLICY_CAUSE_AUTH;
    if (words & WORD_BLOCKLIST)
        return POLICY_CAUSE_BLOCKED;
    if (words & WORD_AUTOREPLY)
        return POLICY_CAUSE_AUTOREPLY;
    return POLICY_CAUSE_OTHER;
}

static enum policy_cause cause_of(struct status status, unsigned words)
{
    bool by_policy = status.subject == 7;
    if (by_policy && (words & (WORD_AUTHENTICATION | WORD_BLOCKLIST)))
        return words & WORD_AUTHENTICATION ? POLICY_CAUSE_AUTH : POLICY_CAUSE_BLOCKED;

    for (size_t i = 0; i < sizeof(STATUS_CAUSES) / sizeof(STATUS_CAUSES[0]); i++)
        if (status.class >= 4 && STATUS_CAUSES[i].subject == status.subject &&
            (STATUS_CAUSES[i].detail == 0 || STATUS_CAUSES[i].detail == status.detail))
            return STATUS_CAUSES[i].cause;
    return cause_of_words(words);
}

void policy_diagnose(const struct ses_recipient *recipient, struct policy_diagnosis *ret)
{
    char buffer[POLICY_DIAGNOSTIC_BYTES_MAX];

    struct str simple = simplify(recipient->diagnostic, buffer);
    struct status status = status_of(recipient);
    unsigned words = find_words(simple);
    ret->facts = facts_of(recipient, status, simple, words);
    ret->cause = cause_of(status, words);
}

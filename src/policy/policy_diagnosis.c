#include "policy/policy_diagnosis.h"

#include <stddef.h>
#include <string.h>

#include "policy/policy_words.h"
#include "sesbounce/cleanup.h"

/* --- enhanced status codes (RFC 3463) -------------------------------------------- */

/* class 0: none known */
struct status {
    unsigned class;
    unsigned subject;
    unsigned detail;
};

/* Is there a status at `at`, and nothing that makes it part of an IP address? */
static bool read_status(struct str text, size_t at, struct status *ret)
{
    unsigned *part[3] = {&ret->class, &ret->subject, &ret->detail};

    for (size_t i = 0; i < 3; i++) {
        size_t digits = policy_words_number(text, at, part[i]);
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
        bool begins = ascii_is_digit(text.data[at]) &&
                      (at == 0 || (!policy_words_char(text.data[at - 1]) &&
                                   text.data[at - 1] != '.'));
        if (begins && read_status(text, at, &status))
            return status;
    }
    return (struct status){0, 0, 0};
}

/* `5.0.0`, `5.3.0` and the like, which SES writes where the server gave no code, say no
 * more than "failed". */
static bool is_vague(struct status status)
{
    return status.class == 0 || (status.detail == 0 && status.subject != 7);
}

/* A vague status gives way to the one in the diagnostic. */
static struct status recipient_status(const struct ses_recipient *recipient)
{
    struct status given = first_status(recipient->status);
    if (!is_vague(given))
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
    if (str_take_prefix(&simple, STR("smtp;")))
        simple = str_trim(simple);
    return simple.len >= 3 && (simple.data[0] == '4' || simple.data[0] == '5') &&
           ascii_is_digit(simple.data[1]) && ascii_is_digit(simple.data[2]) &&
           (simple.len == 3 || !policy_words_char(simple.data[3]));
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

/* RFC 7372 and 7505, and numbers of Google's and Microsoft's: they need no words. */
static unsigned words_of_status(struct status status)
{
    static const struct {
        unsigned from, to, means;
    } codes[] = {
        {20, 24, WORD_AUTHENTICATION},   {25, 25, WORD_REPUTATION},
        {26, 27, WORD_AUTHENTICATION},   {28, 28, WORD_REPUTATION},
        {509, 509, WORD_AUTHENTICATION}, {511, 511, WORD_REPUTATION},
        {515, 515, WORD_AUTHENTICATION}, {606, 649, WORD_REPUTATION},
        {708, 708, WORD_REPUTATION},
    };

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (status.class >= 4 && status.subject == 7 && status.detail >= codes[i].from &&
            status.detail <= codes[i].to)
            return codes[i].means;
    return 0;
}

/* Does the status leave it to the words whose fault it is? 5.1.7 and 5.1.8 are about the
 * sender's address, 5.5.x is what many servers give for any refusal. */
static bool words_decide(struct status status)
{
    return is_vague(status) || status.subject == 7 || status.subject == 5 ||
           status_is(status, 1, 7) || status_is(status, 1, 8);
}

static unsigned recipient_facts(const struct ses_recipient *recipient,
                                struct status status, struct str simple, unsigned words)
{
    unsigned facts = 0;

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
    if (status.class == 5 && status.subject == 7)
        facts |= FACT_LOCAL_POLICY;
    /* An unknown recipient is dead, whatever else the server says. */
    if (words_decide(status) && !(facts & FACT_GONE)) {
        if (words & WORD_AUTHENTICATION)
            facts |= FACT_OUR_AUTHENTICATION;
        if (words & WORD_REPUTATION)
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
    if (words & WORD_REPUTATION)
        return POLICY_CAUSE_BLOCKED;
    if (words & WORD_DNS)
        return POLICY_CAUSE_DNS;
    if (words & WORD_AUTOREPLY)
        return POLICY_CAUSE_AUTOREPLY;
    return POLICY_CAUSE_OTHER;
}

static enum policy_cause cause_of(struct status status, unsigned words)
{
    bool ours = words & (WORD_AUTHENTICATION | WORD_REPUTATION);

    if (status.subject == 7 && ours && !is_gone(status, words))
        return words & WORD_AUTHENTICATION ? POLICY_CAUSE_AUTH : POLICY_CAUSE_BLOCKED;

    for (size_t i = 0; i < sizeof(STATUS_CAUSES) / sizeof(STATUS_CAUSES[0]); i++)
        if (status.class >= 4 && STATUS_CAUSES[i].subject == status.subject &&
            (STATUS_CAUSES[i].detail == 0 || STATUS_CAUSES[i].detail == status.detail))
            return STATUS_CAUSES[i].cause;
    return cause_of_words(words);
}

/*
 * SES gave up (4.4.7): what the server answered until then is why. SES quotes it, as in
 * `554 4.4.7 Message expired: unable to deliver in 840 minutes.<452 4.2.2 mailbox full>`.
 */
static enum policy_cause cause_of_expiry(struct str simple)
{
    const char *quote = str_find(simple, '<');

    if (quote)
        simple = str_skip(simple, (size_t)(quote - simple.data));
    struct status status = first_status(simple);
    enum policy_cause cause =
        cause_of(status, policy_words_find(simple) | words_of_status(status));
    return cause == POLICY_CAUSE_OTHER ? POLICY_CAUSE_TIMEOUT : cause;
}

void policy_diagnose(const struct ses_recipient *recipient, struct policy_diagnosis *ret)
{
    _uninitialized_ char buffer[POLICY_DIAGNOSTIC_BYTES_MAX];

    struct str simple = policy_words_simplify(recipient->diagnostic, buffer);
    struct status status = recipient_status(recipient);
    unsigned words = policy_words_find(simple) | words_of_status(status);
    ret->facts = recipient_facts(recipient, status, simple, words);
    ret->cause =
        status_is(status, 4, 7) ? cause_of_expiry(simple) : cause_of(status, words);
}

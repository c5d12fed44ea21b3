/* Options into what the store selects by, with the words that are possible. */
#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/when.h"

bool ctl_option_when(const struct ctl *ctl, enum ctl_option option, int64_t *ret_ms)
{
    *ret_ms = CLOCK_NONE;
    const char *text = ctl->value[option];
    if (!text || when_parse(str_of(text), ctl->now_ms, ret_ms) == 0)
        return true;
    ctl_fail(
        "`%s` is not a time: write 2026-01-31, 2026-01-31T12:00:00Z, or 7d for seven "
        "days ago",
        text);
    return false;
}

bool ctl_number(const char *what, const char *text, int64_t *ret)
{
    uint64_t number = 0;
    int r = str_to_u64(str_of(text), INT64_MAX, &number);
    if (r < 0 || number == 0) {
        ctl_fail("%s must be a number of 1 or more, not `%s`", what, text);
        return false;
    }
    *ret = (int64_t)number;
    return true;
}

/* The word of `words` that `text` means whatever its case; false after telling which
 * there are. */
static bool choose(const char *what, const char *text, const char *const *words,
                   const char **ret)
{
    if (!text)
        return true;
    for (size_t i = 0; words[i]; i++)
        if (str_equal_nocase(str_of(text), str_of(words[i]))) {
            *ret = words[i];
            return true;
        }
    struct buf all;
    buf_init(&all, 1024);
    for (size_t i = 0; words[i]; i++)
        (void)buf_printf(&all, "%s%s", i > 0 ? ", " : "", words[i]);
    ctl_fail("there is no %s `%s`; there are: %s", what, text, buf_str(&all).data);
    buf_done(&all);
    return false;
}

static bool choose_rule(const char *text, const char **ret)
{
    const struct policy_rule *rule;
    if (!text)
        return true;
    for (size_t i = 0; (rule = policy_rule_at(i)); i++)
        if (str_equal_nocase(str_of(text), str_of(rule->name))) {
            *ret = rule->name;
            return true;
        }
    ctl_fail("there is no rule `%s`; man sesbounced-policy lists all rules", text);
    return false;
}

/* SES's words, so that `bounce` finds Bounce; new types exist, so others pass. */
static const char *type_word(const char *text)
{
    static const char *const words[] = {
        "Bounce",        "Complaint",    "Delivery",
        "Send",          "Reject",       "Open",
        "Click",         "Received",     "Rendering Failure",
        "DeliveryDelay", "Subscription", NULL};
    for (size_t i = 0; text && words[i]; i++)
        if (str_equal_nocase(str_of(text), str_of(words[i])))
            return words[i];
    return text;
}

/* As the store has it: lower case, A-labels. Lives until the next call. */
static const char *domain_word(const char *typed)
{
    static struct address address;
    char text[ADDRESS_BYTES_MAX];
    if (!typed)
        return NULL;
    int length = snprintf(text, sizeof(text), "x@%s", *typed == '@' ? typed + 1 : typed);
    char fault[ADDRESS_FAULT_BYTES] = "it is not of the form example.com";
    if (address_text_is_plain(str_of(typed), fault) && length > 0 &&
        (size_t)length < sizeof(text) && address_parse(str_of(text), &address) == 0)
        return address.domain;
    ctl_fail("`%s` is not a domain: %s", typed, fault);
    return NULL;
}

bool ctl_filter(const struct ctl *ctl, struct store_filter *ret)
{
    static const char *const classes[] = {"hard",   "soft",    "complaint",
                                          "policy", "ignored", NULL};
    static const char *const causes[] = {
        "unknown-user", "mailbox-full", "blocked",   "auth",     "policy", "dns",
        "too-large",    "timeout",      "autoreply", "list-hit", "other",  NULL};
    static const char *const reasons[] = {"BOUNCE", "COMPLAINT", "SOFT", "MANUAL", NULL};

    struct address address;
    *ret = (struct store_filter){.since_ms = CLOCK_NONE, .until_ms = CLOCK_NONE};
    ret->address = ctl->value[OPTION_ADDRESS];
    if (ret->address && !ctl_address(ret->address, &address))
        return false;
    ret->scope = ctl->value[OPTION_SCOPE];
    ret->type = type_word(ctl->value[OPTION_TYPE]);
    ret->domain = domain_word(ctl->value[OPTION_DOMAIN]);
    if (ctl_given(ctl, OPTION_DOMAIN) && !ret->domain)
        return false;
    ret->campaign = ctl->value[OPTION_CAMPAIGN];
    ret->topic = ctl->value[OPTION_TOPIC];
    if (!choose("class", ctl->value[OPTION_CLASS], classes, &ret->class) ||
        !choose("cause", ctl->value[OPTION_CAUSE], causes, &ret->cause) ||
        !choose_rule(ctl->value[OPTION_RULE], &ret->rule))
        return false;
    if (strcmp(ctl->verb->name, "quarantine") == 0)
        ret->reason = ctl->value[OPTION_REASON];
    else if (!choose("reason", ctl->value[OPTION_REASON], reasons, &ret->reason))
        return false;
    if (!ctl_option_when(ctl, OPTION_SINCE, &ret->since_ms) ||
        !ctl_option_when(ctl, OPTION_UNTIL, &ret->until_ms))
        return false;
    if (ctl_given(ctl, OPTION_LIMIT) &&
        !ctl_number("--limit", ctl->value[OPTION_LIMIT], &ret->limit))
        return false;
    const char *after = ctl->value[OPTION_AFTER_ID];
    uint64_t id = 0;
    if (after && str_to_u64(str_of(after), INT64_MAX, &id) < 0) {
        ctl_fail("--after-id must be the id of an event, not `%s`", after);
        return false;
    }
    ret->after_id = (int64_t)id;
    return true;
}

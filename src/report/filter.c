#include "sesbounce/filter.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "sesbounce/when.h"

void filter_init(struct filter *filter, enum store_view view, int64_t now_ms,
                 const char *before_name)
{
    *filter = (struct filter){.view = view, .now_ms = now_ms, .before_name = before_name};
}

int filter_number(const char *what, const char *word, int64_t *ret, struct buf *fault)
{
    uint64_t number = 0;
    if (str_to_u64(str_of(word), INT64_MAX, &number) < 0 || number == 0) {
        (void)buf_printf(fault, "%s must be a number of 1 or more, not `%s`", what, word);
        return -EINVAL;
    }
    *ret = (int64_t)number;
    return 0;
}

int filter_when(const char *word, int64_t now_ms, int64_t *ret_ms, struct buf *fault)
{
    if (when_parse(str_of(word), now_ms, ret_ms) == 0)
        return 0;
    (void)buf_printf(fault,
                     "`%s` is not a time: write 2026-01-31, 2026-01-31T12:00:00Z, or 7d "
                     "for seven days ago",
                     word);
    return -EINVAL;
}

bool filter_check_scope(struct str name, char ret_why[ADDRESS_FAULT_BYTES])
{
    const char *why = NULL;
    if (name.len == 0)
        why = "it is empty; `*` is all mail";
    else if (name.len >= POLICY_SCOPE_BYTES_MAX)
        why = "it has more than 127 bytes";
    else if (!address_check_text(name, ret_why))
        return false;
    else if (str_find(name, ' '))
        why = "it contains a blank";
    if (why)
        (void)snprintf(ret_why, ADDRESS_FAULT_BYTES, "%s", why);
    return !why;
}

/* --- names --- */

struct name {
    const char *name;
    int (*set)(struct filter *filter, const struct name *name, const char *word,
               struct buf *fault);
    size_t offset; /* in struct store_filter, of what it sets */
    const char *const *words;
};

static const char **text_at(struct filter *filter, const struct name *name)
{
    return (const char **)(void *)((char *)&filter->store + name->offset);
}

static int any_set(struct filter *filter, const struct name *name, const char *word,
                   struct buf *fault)
{
    (void)fault;
    *text_at(filter, name) = word;
    return 0;
}

/* One of the words, in any case. */
static int word_set(struct filter *filter, const struct name *name, const char *word,
                    struct buf *fault)
{
    const char *const *known = name->words;
    while (*known && !str_equal_nocase(str_of(word), str_of(*known)))
        known++;
    *text_at(filter, name) = *known;
    if (*known)
        return 0;
    (void)buf_printf(fault, "there is no %s `%s`; there are: ", name->name, word);
    for (size_t i = 0; name->words[i]; i++)
        (void)buf_printf(fault, "%s%s", i > 0 ? ", " : "", name->words[i]);
    return -EINVAL;
}

/* SES's words, so that `bounce` finds Bounce; new types exist, so others pass. */
static int type_set(struct filter *filter, const struct name *name, const char *word,
                    struct buf *fault)
{
    return any_set(filter, name, ses_type_word(str_of(word)).data, fault);
}

/* Of a suppression; which reasons a quarantine has is for the view to know. */
static int reason_set(struct filter *filter, const struct name *name, const char *word,
                      struct buf *fault)
{
    return filter->view == STORE_QUARANTINE ? any_set(filter, name, word, fault)
                                            : word_set(filter, name, word, fault);
}

static int rule_set(struct filter *filter, const struct name *name, const char *word,
                    struct buf *fault)
{
    const struct policy_rule *rule;
    for (size_t i = 0; (rule = policy_rule_at(i)); i++)
        if (str_equal_nocase(str_of(word), str_of(rule->name)))
            return any_set(filter, name, rule->name, fault);
    (void)buf_printf(
        fault, "there is no rule `%s`; man sesbounced-policy lists all of them", word);
    return -EINVAL;
}

static int address_set(struct filter *filter, const struct name *name, const char *word,
                       struct buf *fault)
{
    struct address address;
    char why[ADDRESS_FAULT_BYTES];
    if (address_read(str_of(word), &address, why) == 0)
        return any_set(filter, name, word, fault);
    (void)buf_printf(fault, "`%s` is not a mail address: %s", word, why);
    return -EINVAL;
}

/* As the store has it: lower case, A-labels. */
static int domain_set(struct filter *filter, const struct name *name, const char *word,
                      struct buf *fault)
{
    char text[ADDRESS_BYTES_MAX];
    char why[ADDRESS_FAULT_BYTES] = "it is not of the form example.com";
    int length = snprintf(text, sizeof(text), "x@%s", *word == '@' ? word + 1 : word);
    if (address_check_text(str_of(word), why) && length > 0 &&
        (size_t)length < sizeof(text) &&
        address_parse(str_of(text), &filter->domain) == 0)
        return any_set(filter, name, filter->domain.domain, fault);
    (void)buf_printf(fault, "`%s` is not a domain: %s", word, why);
    return -EINVAL;
}

/* The store takes 0 for no time given; the moment before it selects the same. */
static int time_set(struct filter *filter, const struct name *name, const char *word,
                    struct buf *fault)
{
    int64_t *at = (int64_t *)(void *)((char *)&filter->store + name->offset);
    int r = filter_when(word, filter->now_ms, at, fault);
    if (r == 0 && *at == 0)
        *at = -1;
    return r;
}

static int limit_set(struct filter *filter, const struct name *name, const char *word,
                     struct buf *fault)
{
    char what[64];
    (void)snprintf(what, sizeof(what), "%s%s", filter->before_name, name->name);
    return filter_number(what, word, &filter->store.limit, fault);
}

static int after_id_set(struct filter *filter, const struct name *name, const char *word,
                        struct buf *fault)
{
    uint64_t id = 0;
    if (str_to_u64(str_of(word), INT64_MAX, &id) < 0) {
        (void)buf_printf(fault, "%s%s must be the id of a row, not `%s`",
                         filter->before_name, name->name, word);
        return -EINVAL;
    }
    filter->store.after_id = (int64_t)id;
    return 0;
}

static const char *const classes[] = {"hard",   "soft",    "complaint",
                                      "policy", "ignored", NULL};
static const char *const causes[] = {
    "unknown-user", "mailbox-full", "blocked",   "auth",     "policy", "dns",
    "too-large",    "timeout",      "autoreply", "list-hit", "other",  NULL};
static const char *const reasons[] = {"BOUNCE", "COMPLAINT", "SOFT", "MANUAL", NULL};

#define AT(member) offsetof(struct store_filter, member)
static const struct name names[] = {
    {"address", address_set, AT(address), NULL},
    {"scope", any_set, AT(scope), NULL},
    {"type", type_set, AT(type), NULL},
    {"class", word_set, AT(class), classes},
    {"cause", word_set, AT(cause), causes},
    {"rule", rule_set, AT(rule), NULL},
    {"domain", domain_set, AT(domain), NULL},
    {"campaign", any_set, AT(campaign), NULL},
    {"reason", reason_set, AT(reason), reasons},
    {"topic", any_set, AT(topic), NULL},
    {"why", any_set, AT(why), NULL},
    {"message", any_set, AT(message), NULL},
    {"since", time_set, AT(since_ms), NULL},
    {"until", time_set, AT(until_ms), NULL},
    {"limit", limit_set, AT(limit), NULL},
    {"after-id", after_id_set, AT(after_id), NULL},
};

int filter_set(struct filter *filter, const char *name, const char *word,
               struct buf *fault)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strcmp(name, names[i].name) == 0)
            return names[i].set(filter, &names[i], word, fault);
    return -ENOENT;
}

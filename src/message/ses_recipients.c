/* Recipients: those that a block names, and those that the mail was sent to. */
#include <errno.h>

#include "message/ses_parts.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/limits.h"

static bool recipient_is_readable(const struct ses_recipient *recipient)
{
    return recipient->named != SES_NAMED_UNREADABLE;
}

static bool recipients_are_same(const struct ses_recipient *a,
                                const struct ses_recipient *b)
{
    if (recipient_is_readable(a) != recipient_is_readable(b))
        return false;
    return recipient_is_readable(a) ? strcmp(a->address.key, b->address.key) == 0
                                    : str_equal(a->reported, b->reported);
}

static bool recipient_is_among(const struct ses_recipients *recipients,
                               const struct ses_recipient *recipient)
{
    for (size_t i = 0; i < recipients->count; i++)
        if (recipients_are_same(&recipients->items[i], recipient))
            return true;
    return false;
}

/* --- reading --------------------------------------------------------------------- */

static void recipient_set_unreadable(struct ses_recipient *ret, struct str text)
{
    ret->named = SES_NAMED_UNREADABLE;
    ret->reported = text;
    ret->address.seen[0] = '\0';
    ret->address.key[0] = '\0';
    ret->address.domain = ret->address.key;
}

static int recipient_read(const struct json_value *entry, struct ses_recipient *ret)
{
    struct str address = json_tree_is(entry, JSON_TREE_OBJECT)
                             ? ses_member(entry, "emailAddress")
                             : json_tree_text(entry);

    ret->named = SES_NAMED_RECIPIENT;
    ret->reported = STR_ABSENT;
    ret->action = ses_member_trimmed(entry, "action");
    ret->status = ses_member_trimmed(entry, "status");
    ret->diagnostic = ses_member_trimmed(entry, "diagnosticCode");
    int r = str_present(address) ? address_parse(address, &ret->address) : -EINVAL;
    if (r != -EINVAL)
        return r;
    recipient_set_unreadable(ret, address);
    return 0;
}

static size_t list_count(const struct json_value *list)
{
    size_t count = 0;

    if (!json_tree_is(list, JSON_TREE_ARRAY))
        return 0;
    for (const struct json_value *entry = json_tree_first(list); entry;
         entry = json_tree_next(list, entry))
        count++;
    return count;
}

int ses_recipients_read(const struct json_value *list, struct ses_recipients *ret)
{
    size_t size = list_count(list);

    *ret = (struct ses_recipients){.items = NULL};
    if (size > SES_RECIPIENTS_MAX)
        return QUARANTINE_TOO_LARGE;
    if (size == 0)
        return 0;
    ret->items = malloc(size * sizeof(*ret->items));
    if (!ret->items)
        return -ENOMEM;
    ret->room = size;

    for (const struct json_value *entry = json_tree_first(list); entry;
         entry = json_tree_next(list, entry)) {
        struct ses_recipient *next = &ret->items[ret->count];
        int r = recipient_read(entry, next);
        if (r < 0)
            return r;
        if (recipient_is_among(ret, next))
            continue;
        ret->readable += recipient_is_readable(next);
        ret->count++;
    }
    return 0;
}

/* --- comparing ------------------------------------------------------------------- */

bool ses_recipients_meet(const struct ses_recipients *to,
                         const struct ses_recipients *named)
{
    for (size_t i = 0; i < named->count; i++)
        if (recipient_is_readable(&named->items[i]) &&
            recipient_is_among(to, &named->items[i]))
            return true;
    return false;
}

static bool all_are_simulators(const struct ses_recipients *to)
{
    for (size_t i = 0; i < to->count; i++)
        if (!recipient_is_readable(&to->items[i]) ||
            !address_is_simulator(&to->items[i].address))
            return false;
    return true;
}

/* A mailbox of SES's simulator. It belongs to nobody, so a report that names one does no
 * harm; the other names that a remote server could make up are without number. */
static bool is_simulator_mailbox(const struct address *address)
{
    static const char *const names[] = {"bounce", "complaint", "ooto", "success",
                                        "suppressionlist"};
    struct str local = {address->key, strcspn(address->key, "@")};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_equal(local, str_of(names[i])))
            return address_is_simulator(address);
    return false;
}

/* The only recipient, with all that was said of the one that was named. */
static void recipient_replace(struct ses_recipients *to, struct ses_recipients *named,
                              struct ses_recipient **ret_reported)
{
    struct ses_recipient *only = to->items;
    struct ses_recipient *reported = named->items;

    memcpy(only->address.seen, reported->address.seen,
           strlen(reported->address.seen) + 1);
    only->reported = str_of(reported->address.key);
    only->action = reported->action;
    only->status = reported->status;
    only->diagnostic = reported->diagnostic;
    *ret_reported = reported;
    named->items = take_ptr(to->items);
}

void ses_recipients_compare(struct ses_recipients *to, struct ses_recipients *named,
                            struct ses_recipient **ret_reported)
{
    bool simulated = all_are_simulators(to);
    bool one_to_one = to->count == 1 && to->readable == 1 && named->count == 1;

    if (to->count == 0)
        return;
    for (size_t i = 0; i < named->count; i++) {
        struct ses_recipient *item = &named->items[i];
        if (!recipient_is_readable(item) || recipient_is_among(to, item))
            continue;
        if (one_to_one) {
            recipient_replace(to, named, ret_reported);
            return;
        }
        /* Mail for the simulator alone reached no server but SES's. */
        if (!is_simulator_mailbox(&item->address) &&
            !(simulated && address_is_simulator(&item->address)))
            item->named = SES_NAMED_STRANGER;
    }
}

/* The block of each type (`bounce`, `delivery`, …), and whom an event names. */
#include <errno.h>

#include "message/ses_parts.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/limits.h"

/* Who an event is about. */
enum whom {
    WHOM_NOBODY,       /* a type we do not know */
    WHOM_NAMED,        /* those in the block; nobody else, ever */
    WHOM_NAMED_OR_ONE, /* those in the block, or else the message's only recipient */
    WHOM_NAMED_OR_TO,  /* those in the block, or else the message's recipients */
    WHOM_TO,           /* the message's recipients: the type names nobody by nature */
};

struct block {
    const char *name;
    enum whom whom;
    const char *recipients;
    const char *diagnostic;
    bool essential; /* pointless without its block and somebody in it */
};

static const struct block BLOCKS[] = {
    [SES_OTHER] = {"", WHOM_NOBODY, NULL, NULL, false},
    [SES_BOUNCE] = {"bounce", WHOM_NAMED, "bouncedRecipients", NULL, true},
    [SES_COMPLAINT] = {"complaint", WHOM_NAMED, "complainedRecipients", NULL, true},
    [SES_DELIVERY] = {"delivery", WHOM_NAMED_OR_ONE, "recipients", "smtpResponse", false},
    [SES_SEND] = {"send", WHOM_TO, NULL, NULL, false},
    [SES_REJECT] = {"reject", WHOM_TO, NULL, "reason", false},
    [SES_OPEN] = {"open", WHOM_TO, NULL, NULL, false},
    [SES_CLICK] = {"click", WHOM_TO, NULL, NULL, false},
    [SES_RENDERING_FAILURE] = {"failure", WHOM_TO, NULL, "errorMessage", false},
    [SES_DELIVERY_DELAY] = {"deliveryDelay", WHOM_NAMED, "delayedRecipients", "delayType",
                            false},
    [SES_SUBSCRIPTION] = {"subscription", WHOM_TO, NULL, NULL, false},
    [SES_RECEIVED] = {"receipt", WHOM_NAMED_OR_TO, "recipients", NULL, false},
};

static const char *const BOUNCE_TYPES[] = {
    [SES_BOUNCE_NONE] = "",
    [SES_BOUNCE_PERMANENT] = "Permanent",
    [SES_BOUNCE_TRANSIENT] = "Transient",
    [SES_BOUNCE_UNDETERMINED] = "Undetermined",
    NULL,
};
/* notification-contents, "Bounce types"; ses.md in the reference has what each means. */
static const char *const SUBTYPES[] = {"General",
                                       "NoEmail",
                                       "Suppressed",
                                       "OnAccountSuppressionList",
                                       "OnTenantSuppressionList",
                                       "UnsubscribedRecipient",
                                       "EmailValidationSuppressed",
                                       "MailboxFull",
                                       "MessageTooLarge",
                                       "ContentRejected",
                                       "AttachmentRejected",
                                       "CustomTimeoutExceeded",
                                       "Undetermined",
                                       NULL};
static const char *const FEEDBACK_TYPES[] = {"abuse", "auth-failure", "fraud", "not-spam",
                                             "other", "virus",        NULL};

/* --- recipients ------------------------------------------------------------------ */

/* Whom the event is about, out of those that the block names and those written to. */
static struct ses_recipients *recipients_of(enum whom whom, struct ses_recipients *named,
                                            struct ses_recipients *to)
{
    bool nobody_named = named->readable == 0 && to->count > 0;
    bool take_to = whom == WHOM_TO ||
                   (nobody_named && (whom == WHOM_NAMED_OR_TO ||
                                     (whom == WHOM_NAMED_OR_ONE && to->count == 1)));
    return take_to ? to : named;
}

/* "not possible to retrieve the recipient address": then whose is the one we got? */
static bool recipient_is_unknown(const struct ses_event *event,
                                 const struct ses_recipients *to,
                                 const struct ses_recipients *named)
{
    return event->bounce_type == SES_BOUNCE_PERMANENT &&
           str_equal(event->bounce_subtype, STR("NoEmail")) && to->count > 0 &&
           !ses_recipients_meet(to, named);
}

/* SES did not try, so no other server chose the name. */
static bool event_is_list_hit(const struct ses_event *event)
{
    struct str subtype =
        event->type == SES_BOUNCE ? event->bounce_subtype : event->complaint_subtype;
    return str_equal_nocase(subtype, STR("OnAccountSuppressionList")) ||
           str_equal_nocase(subtype, STR("OnTenantSuppressionList"));
}

static int recipients_read(const struct json_value *message, const struct block *block,
                           struct ses_event *event)
{
    _cleanup_(ses_recipients_done) struct ses_recipients to = {.items = NULL};
    _cleanup_(ses_recipients_done) struct ses_recipients named = {.items = NULL};
    const struct json_value *content = json_tree_member(message, block->name);
    const struct json_value *mail = json_tree_member(message, "mail");

    int r = ses_recipients_read(json_tree_member(mail, "destination"), &to);
    if (r == 0 && block->recipients)
        r = ses_recipients_read(json_tree_member(content, block->recipients), &named);
    if (r != 0)
        return r;
    if (block->essential && named.readable == 0)
        return QUARANTINE_INCOMPLETE;
    if (named.count > SES_RECIPIENTS_NAMED_MAX && named.count > to.count)
        return QUARANTINE_TOO_LARGE;
    if (recipient_is_unknown(event, &to, &named))
        return QUARANTINE_NO_EMAIL;

    event->destination_count = to.count;
    if (block->essential && !event_is_list_hit(event))
        ses_recipients_compare(&to, &named, &event->reported);
    struct ses_recipients *chosen = recipients_of(block->whom, &named, &to);
    size_t room = event->reported ? to.room + named.room : chosen->room;
    event->owned_bytes += room * sizeof(*chosen->items);
    event->recipient_count = chosen->count;
    event->recipients = take_ptr(chosen->items);
    return 0;
}

/* Who may have complained: recipients of the mail, as far as its recipients are known. */
static size_t candidates_count(const struct ses_event *event)
{
    size_t strangers = 0;

    for (size_t i = 0; i < event->recipient_count; i++)
        strangers += event->recipients[i].named == SES_NAMED_STRANGER;
    if (strangers == event->recipient_count)
        return strangers;
    return event->recipient_count - strangers;
}

/* --- what is particular to a type ------------------------------------------------ */

/* Members in SES's spelling, if they hold one of its words in any case. */
static int bounce_read(const struct json_value *bounce, struct ses_event *event)
{
    event->bounce_type_text = str_spelled(ses_member(bounce, "bounceType"), BOUNCE_TYPES);
    event->bounce_subtype = str_spelled(ses_member(bounce, "bounceSubType"), SUBTYPES);
    for (unsigned i = SES_BOUNCE_PERMANENT; BOUNCE_TYPES[i]; i++)
        if (str_equal(event->bounce_type_text, str_of(BOUNCE_TYPES[i])))
            event->bounce_type = (enum ses_bounce_type)i;
    return event->bounce_type == SES_BOUNCE_NONE ? QUARANTINE_BAD_TYPE : 0;
}

static void complaint_read(const struct json_value *complaint, struct ses_event *event)
{
    event->complaint_subtype =
        str_spelled(ses_member(complaint, "complaintSubType"), SUBTYPES);
    event->feedback_type =
        str_spelled(ses_member(complaint, "complaintFeedbackType"), FEEDBACK_TYPES);
}

static bool topic_is_out(const struct json_value *entry)
{
    return str_equal_nocase(ses_member(entry, "subscriptionStatus"), STR("OptOut"));
}

static bool topic_was_out(const struct json_value *old_topics, struct str topic)
{
    for (const struct json_value *entry = json_tree_first(old_topics); entry;
         entry = json_tree_next(old_topics, entry)) {
        if (topic_is_out(entry) && str_equal(ses_member(entry, "topicName"), topic))
            return true;
    }
    return false;
}

/* Somebody left: everything, or a topic that he had not left before. */
static void subscription_read(const struct json_value *subscription,
                              struct ses_event *event)
{
    const struct json_value *new = json_tree_member(subscription, "newTopicPreferences");
    const struct json_value *old = json_tree_member(subscription, "oldTopicPreferences");
    const struct json_value *topics = json_tree_member(new, "topicSubscriptionStatus");
    const struct json_value *old_topics =
        json_tree_member(old, "topicSubscriptionStatus");

    event->opt_out =
        json_tree_is(json_tree_member(new, "unsubscribeAll"), JSON_TREE_TRUE);
    for (const struct json_value *entry = json_tree_first(topics);
         entry && !event->opt_out; entry = json_tree_next(topics, entry)) {
        struct str topic = ses_member(entry, "topicName");
        event->opt_out = str_present(topic) && topic_is_out(entry) &&
                         !topic_was_out(old_topics, topic);
    }
    if (event->opt_out)
        event->contact_list = ses_member(subscription, "contactList");
}

int ses_block_read(const struct json_value *message, struct ses_event *event)
{
    const struct block *block = &BLOCKS[event->type];
    const struct json_value *content = json_tree_member(message, block->name);
    int r = 0;

    if (block->essential && !json_tree_is(content, JSON_TREE_OBJECT))
        return QUARANTINE_INCOMPLETE;
    event->ses_time_ms = ses_member_time(content, "timestamp");
    event->feedback_id = ses_member(content, "feedbackId");
    event->reporting_mta = ses_member(content, "reportingMTA");
    event->remote_mta_ip = ses_member(content, "remoteMtaIp");
    event->user_agent = ses_member(content, "userAgent");
    if (block->diagnostic)
        event->diagnostic = ses_member_trimmed(content, block->diagnostic);
    if (event->type == SES_BOUNCE)
        r = bounce_read(content, event);
    else if (event->type == SES_COMPLAINT)
        complaint_read(content, event);
    else if (event->type == SES_SUBSCRIPTION)
        subscription_read(content, event);

    if (r == 0)
        r = recipients_read(message, block, event);
    if (r == 0 && event->type == SES_COMPLAINT)
        event->candidates = candidates_count(event);
    return r;
}

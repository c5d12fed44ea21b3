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
    enum ses_type type;
    const char *word; /* the type as SES spells it */
    const char *name;
    enum whom whom;
    const char *recipients;
    const char *diagnostic;
    bool essential; /* pointless without its block and somebody in it */
};

static const struct block BLOCKS[] = {
    {SES_OTHER, "", "", WHOM_NOBODY, NULL, NULL, false},
    {SES_BOUNCE, "Bounce", "bounce", WHOM_NAMED, "bouncedRecipients", NULL, true},
    {SES_COMPLAINT, "Complaint", "complaint", WHOM_NAMED, "complainedRecipients", NULL,
     true},
    {SES_DELIVERY, "Delivery", "delivery", WHOM_NAMED_OR_ONE, "recipients",
     "smtpResponse", false},
    {SES_SEND, "Send", "send", WHOM_TO, NULL, NULL, false},
    {SES_REJECT, "Reject", "reject", WHOM_TO, NULL, "reason", false},
    {SES_OPEN, "Open", "open", WHOM_TO, NULL, NULL, false},
    {SES_CLICK, "Click", "click", WHOM_TO, NULL, NULL, false},
    {SES_RENDERING_FAILURE, "Rendering Failure", "failure", WHOM_TO, NULL, "errorMessage",
     false},
    {SES_DELIVERY_DELAY, "DeliveryDelay", "deliveryDelay", WHOM_NAMED,
     "delayedRecipients", "delayType", false},
    {SES_SUBSCRIPTION, "Subscription", "subscription", WHOM_TO, NULL, NULL, false},
    {SES_RECEIVED, "Received", "receipt", WHOM_NAMED_OR_TO, "recipients", NULL, false},
};
#define BLOCK_COUNT (sizeof(BLOCKS) / sizeof(BLOCKS[0]))

static const struct block *block_of(enum ses_type type)
{
    for (size_t i = 1; i < BLOCK_COUNT; i++)
        if (BLOCKS[i].type == type)
            return &BLOCKS[i];
    return &BLOCKS[0];
}

enum ses_type ses_type_of(struct str word)
{
    for (size_t i = 1; i < BLOCK_COUNT; i++)
        if (str_equal_nocase(word, str_of(BLOCKS[i].word)))
            return BLOCKS[i].type;
    return SES_OTHER;
}

const char *ses_type_spelling(enum ses_type type)
{
    return type == SES_OTHER ? NULL : block_of(type)->word;
}

int64_t ses_member_time(const struct json_value *object, const char *name)
{
    int64_t ms;
    struct str text = ses_member(object, name);
    return str_present(text) && clock_parse(text, &ms) == 0 ? ms : CLOCK_NONE;
}

/* --- recipients ------------------------------------------------------------------ */

/* Whom the event is about, out of those that the block names and those written to. */
static struct ses_recipients choose(enum whom whom, struct ses_recipients *named,
                                    struct ses_recipients *to)
{
    bool nobody_named = named->readable == 0 && to->count > 0;
    bool take_to = whom == WHOM_TO ||
                   (nobody_named && (whom == WHOM_NAMED_OR_TO ||
                                     (whom == WHOM_NAMED_OR_ONE && to->count == 1)));
    struct ses_recipients *from = take_to ? to : named;
    struct ses_recipients chosen = *from;
    from->items = NULL;
    return chosen;
}

/* "not possible to retrieve the recipient address": then whose is the one we got? */
static bool is_nobodys(const struct ses_event *event, const struct ses_recipients *to,
                       const struct ses_recipients *named)
{
    return event->bounce_type == SES_BOUNCE_PERMANENT &&
           str_equal(event->bounce_subtype, STR("NoEmail")) && to->count > 0 &&
           !ses_recipients_meet(to, named);
}

/* SES did not try, so no other server chose the name. */
static bool is_list_hit(const struct ses_event *event)
{
    struct str subtype =
        event->type == SES_BOUNCE ? event->bounce_subtype : event->complaint_subtype;
    return str_equal_nocase(subtype, STR("OnAccountSuppressionList")) ||
           str_equal_nocase(subtype, STR("OnTenantSuppressionList"));
}

static int read_recipients(const struct json_value *message, const struct block *block,
                           struct ses_event *event)
{
    _cleanup_(ses_recipients_done) struct ses_recipients to = {.items = NULL};
    _cleanup_(ses_recipients_done) struct ses_recipients named = {.items = NULL};
    const struct json_value *content = json_tree_member(message, block->name);
    const struct json_value *mail = json_tree_member(message, "mail");

    int rc = ses_recipients_read(json_tree_member(mail, "destination"), &to);
    if (rc == 0 && block->recipients)
        rc = ses_recipients_read(json_tree_member(content, block->recipients), &named);
    if (rc != 0)
        return rc;
    if (block->essential && named.readable == 0)
        return QUARANTINE_INCOMPLETE;
    if (named.count > SES_RECIPIENTS_NAMED_MAX && named.count > to.count)
        return QUARANTINE_TOO_LARGE;
    if (is_nobodys(event, &to, &named))
        return QUARANTINE_NO_EMAIL;

    event->destination_count = to.count;
    if (block->essential && !is_list_hit(event))
        ses_recipients_compare(&to, &named, &event->reported);
    struct ses_recipients chosen = choose(block->whom, &named, &to);
    event->recipients = chosen.items;
    event->recipient_count = chosen.count;
    size_t room = event->reported ? to.room + named.room : chosen.room;
    event->owned_bytes += room * sizeof(*chosen.items);
    return 0;
}

/* Who may have complained: recipients of the mail, as far as its recipients are known. */
static size_t count_candidates(const struct ses_event *event)
{
    size_t strangers = 0;

    for (size_t i = 0; i < event->recipient_count; i++)
        strangers += event->recipients[i].named == SES_NAMED_STRANGER;
    if (strangers == event->recipient_count)
        return strangers;
    return event->recipient_count - strangers;
}

/* --- what is particular to a type ------------------------------------------------ */

static enum ses_bounce_type bounce_type_of(struct str word)
{
    if (str_equal(word, STR("Permanent")))
        return SES_BOUNCE_PERMANENT;
    if (str_equal(word, STR("Transient")))
        return SES_BOUNCE_TRANSIENT;
    if (str_equal(word, STR("Undetermined")))
        return SES_BOUNCE_UNDETERMINED;
    return SES_BOUNCE_NONE;
}

static int read_bounce(const struct json_value *bounce, struct ses_event *event)
{
    event->bounce_type_text =
        ses_word(ses_member(bounce, "bounceType"), SES_BOUNCE_TYPES);
    event->bounce_type = bounce_type_of(event->bounce_type_text);
    event->bounce_subtype = ses_word(ses_member(bounce, "bounceSubType"), SES_SUBTYPES);
    return event->bounce_type == SES_BOUNCE_NONE ? QUARANTINE_BAD_TYPE : 0;
}

static int read_complaint(const struct json_value *complaint, struct ses_event *event)
{
    event->complaint_subtype =
        ses_word(ses_member(complaint, "complaintSubType"), SES_SUBTYPES);
    event->feedback_type =
        ses_word(ses_member(complaint, "complaintFeedbackType"), SES_FEEDBACK_TYPES);
    return 0;
}

static bool is_out(const struct json_value *entry)
{
    return str_equal_nocase(ses_member(entry, "subscriptionStatus"), STR("OptOut"));
}

static bool was_out(const struct json_value *old_topics, struct str topic)
{
    for (const struct json_value *entry = json_tree_first(old_topics); entry;
         entry = json_tree_next(old_topics, entry)) {
        if (is_out(entry) && str_equal(ses_member(entry, "topicName"), topic))
            return true;
    }
    return false;
}

/* Somebody left: everything, or a topic that he had not left before. */
static int read_subscription(const struct json_value *subscription,
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
        event->opt_out =
            str_present(topic) && is_out(entry) && !was_out(old_topics, topic);
    }
    return 0;
}

static int read_particulars(const struct json_value *content, struct ses_event *event)
{
    switch (event->type) {
    case SES_BOUNCE:
        return read_bounce(content, event);
    case SES_COMPLAINT:
        return read_complaint(content, event);
    case SES_SUBSCRIPTION:
        return read_subscription(content, event);
    default:
        return 0;
    }
}

int ses_block_read(const struct json_value *message, struct ses_event *event)
{
    const struct block *block = block_of(event->type);
    const struct json_value *content = json_tree_member(message, block->name);

    if (block->essential && !json_tree_is(content, JSON_TREE_OBJECT))
        return QUARANTINE_INCOMPLETE;
    event->ses_time_ms = ses_member_time(content, "timestamp");
    event->feedback_id = ses_member(content, "feedbackId");
    event->reporting_mta = ses_member(content, "reportingMTA");
    event->remote_mta_ip = ses_member(content, "remoteMtaIp");
    event->user_agent = ses_member(content, "userAgent");
    if (block->diagnostic)
        event->diagnostic = ses_member_trimmed(content, block->diagnostic);

    int rc = read_particulars(content, event);
    if (rc == 0)
        rc = read_recipients(message, block, event);
    if (rc == 0 && event->type == SES_COMPLAINT)
        event->candidates = count_candidates(event);
    return rc;
}

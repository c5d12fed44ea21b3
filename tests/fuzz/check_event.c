/* What is promised of an SES event that was read, and of the judgements about it. */
#include <errno.h>

#include "fuzz.h"
#include "message/json_tree.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/limits.h"
#include "sesbounce/policy_list.h"

static char bounce[] = "Bounce", complaint[] = "Complaint", reject[] = "Reject",
            send_type[] = "Send", delivery[] = "Delivery", open_type[] = "Open",
            any[] = "*";
static struct ses_rule rules[] = {
    {bounce, SES_KEEP},     {complaint, SES_KEEP}, {reject, SES_KEEP},
    {send_type, SES_COUNT}, {delivery, SES_COUNT}, {open_type, SES_IGNORE},
    {any, SES_KEEP},
};
static char by_tag[] = "tag:campaign", by_header[] = "header:X-Campaign",
            by_colon[] = ":";
static char *campaigns[] = {by_tag, by_header, by_colon};

const struct ses_rules fuzz_rules = {
    .rules = rules,
    .rule_count = sizeof(rules) / sizeof(rules[0]),
    .campaigns = campaigns,
    .campaign_count = sizeof(campaigns) / sizeof(campaigns[0]),
};

/* Absent or something: text that was there and empty is absent. */
static void check_text(struct str text)
{
    PROMISE(!str_present(text) || text.len > 0);
    PROMISE(!str_present(text) || str_is_utf8(text));
}

static void check_texts(const struct ses_event *event)
{
    const struct str texts[] = {
        event->type_text,     event->bounce_type_text,  event->bounce_subtype,
        event->feedback_type, event->complaint_subtype, event->feedback_id,
        event->diagnostic,    event->reporting_mta,     event->remote_mta_ip,
        event->user_agent,    event->ses_message_id,    event->source,
        event->from_domain,   event->identity,          event->account_id,
        event->region,        event->configuration_set, event->tenant,
        event->source_ip,     event->campaign,          event->tags,
        event->subject,       event->message_id_header, event->contact_list,
        event->bridge_id,     event->sending_status,    event->sending_origin,
        event->sending_cause,
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        check_text(texts[i]);
    if (str_present(event->tags)) {
        _cleanup_(json_tree_done) struct json_tree tags;
        PROMISE(json_tree_read(event->tags, &tags) == 0);
        PROMISE(json_tree_is(json_tree_root(&tags), JSON_TREE_OBJECT));
    }
}

/* The same event at three times of an address, as the store would carry it in. */
static void check_folds(const struct policy_judgement *judgement)
{
    static const int64_t times[] = {1700000000000, 1700000000000 + 40 * CLOCK_DAY_MS,
                                    1700000000000 - CLOCK_DAY_MS};
    struct policy_soft softs[sizeof(times) / sizeof(times[0]) + 2];
    struct policy_address address = {
        .softs = softs, .removed_ms = CLOCK_NONE, .delivered_ms = CLOCK_NONE};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        const struct policy_when when = {.occurred_ms = times[i],
                                         .received_ms = times[i]};
        struct policy_change change;
        policy_fold(&policy_built_in, judgement, &when, &address, &change);
        for (unsigned at = 0; at < POLICY_REASONS; at++) {
            const struct policy_entry *entry = &address.entries[at];
            if (!(change.entries & 1u << at))
                continue;
            PROMISE(policy_reason_word((enum policy_reason)at));
            PROMISE(entry->exists && entry->event_count > 0);
            PROMISE(entry->until_ms >= entry->since_ms);
            PROMISE(entry->first_event_ms <= entry->last_event_ms);
        }
    }
}

static void check_judgement(const struct ses_event *event,
                            const struct ses_recipient *recipient)
{
    struct policy_judgement judgement;
    policy_judge(&policy_built_in, event, recipient, &judgement);
    PROMISE(judgement.rule);
    if (recipient->named != SES_NAMED_RECIPIENT)
        PROMISE(judgement.effect == POLICY_EFFECT_NONE &&
                judgement.reason == POLICY_REASON_NONE && judgement.term_ms == 0);
    PROMISE(memchr(judgement.detail, 0, sizeof(judgement.detail)));
    PROMISE(str_is_utf8(str_of(judgement.detail)));
    if (judgement.effect == POLICY_EFFECT_SUPPRESS) {
        PROMISE(judgement.reason != POLICY_REASON_NONE && judgement.term_ms > 0);
        PROMISE(event->type == SES_BOUNCE || event->type == SES_COMPLAINT ||
                event->type == SES_SUBSCRIPTION);
    }
    check_folds(&judgement);
}

static void check_recipient(const struct ses_event *event, size_t at)
{
    const struct ses_recipient *recipient = &event->recipients[at];
    struct ses_key key, again;
    struct address parsed;

    if (recipient->named == SES_NAMED_UNREADABLE) {
        PROMISE(recipient->address.key[0] == '\0');
        PROMISE(!str_present(recipient->reported) ||
                address_parse(recipient->reported, &parsed) == -EINVAL);
    } else {
        PROMISE(address_parse(str_of(recipient->address.key), &parsed) == 0);
        PROMISE(strcmp(parsed.key, recipient->address.key) == 0);
    }
    check_text(recipient->reported);
    check_text(recipient->action);
    check_text(recipient->status);
    check_text(recipient->diagnostic);
    check_judgement(event, recipient);

    bool has_key = ses_event_key(event, recipient, &key);
    PROMISE(has_key == ses_event_key(event, recipient, &again));
    PROMISE(!has_key || (key.hash == again.hash && key.time_ms == again.time_ms));
    for (size_t i = 0; i < at && i < 16; i++) {
        const struct ses_recipient *other = &event->recipients[i];
        PROMISE(
            !str_equal(ses_recipient_reported(other), ses_recipient_reported(recipient)));
        PROMISE(!has_key ||
                (ses_event_key(event, other, &again) && again.hash != key.hash));
    }
}

void fuzz_check_event(const struct ses_event *event)
{
    bool essential = event->type == SES_BOUNCE || event->type == SES_COMPLAINT;

    check_texts(event);
    PROMISE(str_present(event->type_text));
    PROMISE(!essential || event->recipient_count > 0);
    PROMISE(event->recipient_count <= SES_RECIPIENTS_MAX);
    PROMISE((event->candidates > 0) == (event->type == SES_COMPLAINT));
    PROMISE((event->bounce_type != SES_BOUNCE_NONE) == (event->type == SES_BOUNCE));
    (void)ses_event_keeping(event, &fuzz_rules);
    for (size_t i = 0; i < event->recipient_count; i++)
        check_recipient(event, i);
}

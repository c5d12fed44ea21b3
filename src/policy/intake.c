#include "sesbounce/intake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sesbounce/limits.h"

static struct intake intake_begin(const struct intake_options *options, struct str body)
{
    return (struct intake){
        .body = body,
        .policy = options->policy,
        .imported = options->imported,
        .confirm_now = options->confirm_now,
        .sns_timestamp_ms = CLOCK_NONE,
        .received_ms = options->now_ms,
        .occurred_ms = options->now_ms,
        .scoped = {.name = POLICY_SCOPE_ALL},
        .event = {.ses_time_ms = CLOCK_NONE, .sent_ms = CLOCK_NONE},
    };
}

static void intake_quarantine(struct intake *intake, enum quarantine_reason reason)
{
    intake->kind = INTAKE_QUARANTINE;
    intake->reason = reason;
}

static bool judgements_are_alike(const struct policy_judgement *a,
                                 const struct policy_judgement *b)
{
    return a->class == b->class && a->cause == b->cause && a->effect == b->effect &&
           a->reason == b->reason && a->tally == b->tally && a->term_ms == b->term_ms &&
           a->doubles == b->doubles && a->second_for_ever == b->second_for_ever &&
           a->list_hit == b->list_hit && a->own_scope == b->own_scope &&
           a->not_tried == b->not_tried && a->needs_scope == b->needs_scope &&
           a->counts_in_rates == b->counts_in_rates && a->alert == b->alert &&
           a->rule == b->rule && strcmp(a->detail, b->detail) == 0;
}

/* Where `judgement` is among those of the intake; added if it is not. -ENOMEM. */
static int judgement_find(struct intake *intake, const struct policy_judgement *judgement)
{
    size_t count = intake->judgement_count;
    struct policy_judgement *more;

    for (size_t i = 0; i < count; i++)
        if (judgements_are_alike(&intake->judgements[i], judgement))
            return (int)i;
    more = realloc(intake->judgements, (count + 1) * sizeof(*more));
    if (!more)
        return -ENOMEM;
    intake->judgements = more;
    intake->judgements[intake->judgement_count++] = *judgement;
    intake->event.owned_bytes += sizeof(*more);
    return (int)count;
}

/* 0 or -ENOMEM. */
static int event_judge(struct intake *intake)
{
    struct ses_event *event = &intake->event;
    size_t count = event->recipient_count;
    size_t room = count > 0 ? count : 1;

    if (intake->kind == INTAKE_IGNORE)
        return 0;
    policy_scope_find(intake->policy, event, &intake->scoped);
    intake->judged = calloc(room, sizeof(*intake->judged));
    if (!intake->judged)
        return -ENOMEM;
    event->owned_bytes += room * sizeof(*intake->judged);
    for (size_t i = 0; i < room; i++) {
        struct policy_judgement judgement;
        policy_judge(intake->policy, event, count > 0 ? &event->recipients[i] : NULL,
                     &judgement);
        int at = judgement_find(intake, &judgement);
        if (at < 0)
            return at;
        intake->judged[i] = (uint16_t)at;
    }
    return 0;
}

const struct policy_judgement *intake_judgement(const struct intake *intake, size_t i)
{
    return &intake->judgements[intake->judged[i]];
}

static int intake_read_event(struct str text, const struct ses_rules *rules,
                             struct intake *intake)
{
    static const enum intake_kind kinds[] = {
        [SES_KEEP] = INTAKE_KEEP,
        [SES_COUNT] = INTAKE_COUNT,
        [SES_IGNORE] = INTAKE_IGNORE,
    };
    enum quarantine_reason reason;
    int r = 0;

    switch (ses_event_parse(text, rules, &intake->event, &reason)) {
    case SES_PARSED_EVENT:
        intake->kind = kinds[ses_event_keeping(&intake->event, rules)];
        r = event_judge(intake);
        break;
    case SES_PARSED_ANNOUNCEMENT:
        intake->kind = INTAKE_ANNOUNCEMENT;
        break;
    case SES_PARSED_QUARANTINE:
        intake_quarantine(intake, reason);
        break;
    case SES_PARSED_NO_MEMORY:
        r = -ENOMEM;
        break;
    }
    if (r < 0)
        intake_done(intake);
    return r;
}

/*
 * "You have chosen to deactivate subscription ARN.\nTo cancel this …": the signed text of
 * an UnsubscribeConfirmation (sns-http-unsubscribe-confirmation-json). Absent unless ARN
 * is one of a subscription of this topic.
 */
static struct str ended_subscription(const struct sns_message *message)
{
    struct str before = STR("deactivate subscription "), text = message->message;
    const char *found = memmem(text.data, text.len, before.data, before.len);
    size_t id = message->topic_arn.len + 1, i = id;

    if (!found)
        return STR_ABSENT;
    struct str arn = str_skip(text, (size_t)(found - text.data) + before.len);
    if (!str_starts_with(arn, message->topic_arn) || arn.len <= id ||
        arn.data[id - 1] != ':')
        return STR_ABSENT;
    while (i < arn.len && (ascii_is_alnum(arn.data[i]) || arn.data[i] == '-'))
        i++;
    if (i == arn.len || arn.data[i] != '.' || i == id || i >= ARN_BYTES_MAX)
        return STR_ABSENT;
    return (struct str){arn.data, i};
}

/* Is it too old, or too new, to be used? */
static enum quarantine_reason message_age_fault(const struct sns_message *message,
                                                const struct intake_options *options)
{
    bool confirms = message->type == SNS_SUBSCRIPTION_CONFIRMATION;
    int64_t max_age_ms = confirms ? INTAKE_TOKEN_MS : options->max_age_ms;

    if (max_age_ms != 0 && message->timestamp_ms < options->now_ms - max_age_ms)
        return QUARANTINE_STALE;
    return message->type == SNS_NOTIFICATION && max_age_ms != 0 &&
                   message->timestamp_ms > options->now_ms + INTAKE_FUTURE_MS
               ? QUARANTINE_FUTURE
               : QUARANTINE_NONE;
}

int intake_from_sns(const struct sns_message *message, struct str body,
                    const struct intake_options *options, struct intake *ret)
{
    *ret = intake_begin(options, body);
    ret->origin = INTAKE_FROM_SNS;
    ret->topic_arn = message->topic_arn;
    ret->sns_message_id = message->message_id;
    ret->sns_timestamp_ms = message->timestamp_ms;
    ret->occurred_ms = message->timestamp_ms;

    enum quarantine_reason fault = message_age_fault(message, options);
    if (message->type == SNS_NOTIFICATION && fault == QUARANTINE_NONE)
        return intake_read_event(message->message, options->rules, ret);
    if (message->type == SNS_SUBSCRIPTION_CONFIRMATION) {
        ret->kind = INTAKE_CONFIRM;
        ret->token = message->token;
        ret->has_token = true;
    } else if (message->type == SNS_UNSUBSCRIBE_CONFIRMATION) {
        ret->kind = INTAKE_UNSUBSCRIBED;
        ret->has_token = true;
        ret->subscription_arn = ended_subscription(message);
    }
    if (fault != QUARANTINE_NONE)
        intake_quarantine(ret, fault);
    return 0;
}

int intake_from_file(struct str body, const struct intake_options *options,
                     struct intake *ret)
{
    *ret = intake_begin(options, body);
    ret->origin = INTAKE_FROM_FILE;

    int r = intake_read_event(body, options->rules, ret);
    if (r == 0 && ret->event.ses_time_ms != CLOCK_NONE)
        ret->occurred_ms = ret->event.ses_time_ms;
    return r;
}

void intake_done(struct intake *intake)
{
    ses_event_done(&intake->event);
    free(intake->packed);
    free(intake->judged);
    free(intake->judgements);
    intake->packed = NULL;
    intake->judged = NULL;
    intake->judgements = NULL;
    intake->judgement_count = 0;
}

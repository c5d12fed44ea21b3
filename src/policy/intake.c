#include "sesbounce/intake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sesbounce/limits.h"

static const enum intake_kind KIND_OF_KEEPING[] = {
    [SES_KEEP] = INTAKE_KEEP,
    [SES_COUNT] = INTAKE_COUNT,
    [SES_IGNORE] = INTAKE_IGNORE,
};

static struct intake begin(const struct intake_options *options, struct str body)
{
    return (struct intake){
        .body = body,
        .policy = options->policy,
        .imported = options->imported,
        .confirm_now = options->confirm_now,
        .sns_timestamp_ms = CLOCK_NONE,
        .received_ms = options->now_ms,
        .occurred_ms = options->now_ms,
        .event = {.ses_time_ms = CLOCK_NONE, .sent_ms = CLOCK_NONE},
    };
}

static void quarantine(struct intake *intake, enum quarantine_reason reason)
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
           a->list_hit == b->list_hit && a->counts_in_rates == b->counts_in_rates &&
           a->alert == b->alert && a->rule == b->rule &&
           strcmp(a->detail, b->detail) == 0;
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
static int judge_event(struct intake *intake)
{
    struct ses_event *event = &intake->event;
    size_t count = event->recipient_count;
    size_t room = count > 0 ? count : 1;

    if (intake->kind == INTAKE_IGNORE)
        return 0;
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

static int read_event(struct str text, const struct ses_rules *rules,
                      struct intake *intake)
{
    enum quarantine_reason reason;

    switch (ses_event_parse(text, rules, &intake->event, &reason)) {
    case SES_PARSED_EVENT:
        intake->kind = KIND_OF_KEEPING[ses_event_keeping(&intake->event, rules)];
        if (judge_event(intake) == 0)
            return 0;
        break;
    case SES_PARSED_ANNOUNCEMENT:
        intake->kind = INTAKE_ANNOUNCEMENT;
        return 0;
    case SES_PARSED_QUARANTINE:
        quarantine(intake, reason);
        return 0;
    case SES_PARSED_NO_MEMORY:
        break;
    }
    intake_done(intake);
    return -ENOMEM;
}

static bool is_older(const struct sns_message *message,
                     const struct intake_options *options, int64_t max_age_ms)
{
    return max_age_ms != 0 && message->timestamp_ms < options->now_ms - max_age_ms;
}

/*
 * "You have chosen to deactivate subscription ARN.\nTo cancel this …": the signed text of
 * an UnsubscribeConfirmation (sns-http-unsubscribe-confirmation-json). Absent unless ARN
 * is one of a subscription of this topic.
 */
static struct str ended_subscription(const struct sns_message *message)
{
    static const char before[] = "deactivate subscription ";
    struct str text = message->message;
    const char *end = text.data + text.len;
    struct str arn = {.data = memmem(text.data, text.len, before, sizeof(before) - 1)};
    size_t i;

    if (!arn.data)
        return STR_ABSENT;
    arn.data += sizeof(before) - 1;
    arn.len = (size_t)(end - arn.data);
    i = message->topic_arn.len + 1;
    if (!str_starts_with(arn, message->topic_arn) || arn.len <= i ||
        arn.data[i - 1] != ':')
        return STR_ABSENT;
    while (i < arn.len && (ascii_is_alpha(arn.data[i]) || ascii_is_digit(arn.data[i]) ||
                           arn.data[i] == '-'))
        i++;
    if (i == arn.len || arn.data[i] != '.' || i == message->topic_arn.len + 1 ||
        i >= ARN_BYTES_MAX)
        return STR_ABSENT;
    arn.len = i;
    return arn;
}

static int read_notification(const struct sns_message *message,
                             const struct intake_options *options, struct intake *ret)
{
    if (is_older(message, options, options->max_age_ms)) {
        quarantine(ret, QUARANTINE_STALE);
        return 0;
    }
    if (options->max_age_ms != 0 &&
        message->timestamp_ms > options->now_ms + INTAKE_FUTURE_MS) {
        quarantine(ret, QUARANTINE_FUTURE);
        return 0;
    }
    return read_event(message->message, options->rules, ret);
}

int intake_from_sns(const struct sns_message *message, struct str body,
                    const struct intake_options *options, struct intake *ret)
{
    *ret = begin(options, body);
    ret->origin = INTAKE_FROM_SNS;
    ret->topic_arn = message->topic_arn;
    ret->sns_message_id = message->message_id;
    ret->sns_timestamp_ms = message->timestamp_ms;
    ret->occurred_ms = message->timestamp_ms;

    switch (message->type) {
    case SNS_SUBSCRIPTION_CONFIRMATION:
        ret->kind = INTAKE_CONFIRM;
        ret->token = message->token;
        ret->has_token = true;
        if (is_older(message, options, INTAKE_TOKEN_MS))
            quarantine(ret, QUARANTINE_STALE);
        return 0;
    case SNS_UNSUBSCRIBE_CONFIRMATION:
        ret->kind = INTAKE_UNSUBSCRIBED;
        ret->has_token = true;
        ret->subscription_arn = ended_subscription(message);
        if (is_older(message, options, options->max_age_ms))
            quarantine(ret, QUARANTINE_STALE);
        return 0;
    case SNS_NOTIFICATION:
        break;
    }
    return read_notification(message, options, ret);
}

int intake_from_file(struct str body, const struct intake_options *options,
                     struct intake *ret)
{
    *ret = begin(options, body);
    ret->origin = INTAKE_FROM_FILE;

    int rc = read_event(body, options->rules, ret);
    if (rc == 0 && ret->event.ses_time_ms != CLOCK_NONE)
        ret->occurred_ms = ret->event.ses_time_ms;
    return rc;
}

void intake_done(struct intake *intake)
{
    ses_event_done(&intake->event);
    free(intake->judged);
    free(intake->judgements);
    intake->judged = NULL;
    intake->judgements = NULL;
    intake->judgement_count = 0;
}

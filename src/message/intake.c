#include "sesbounce/intake.h"

#include <errno.h>

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

static int read_event(struct str text, const struct ses_rules *rules,
                      struct intake *intake)
{
    enum quarantine_reason reason;

    switch (ses_event_parse(text, rules, &intake->event, &reason)) {
    case SES_PARSED_EVENT:
        intake->kind = KIND_OF_KEEPING[ses_event_keeping(&intake->event, rules)];
        return 0;
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

static bool is_stale(int64_t timestamp_ms, const struct intake_options *options)
{
    if (options->max_age_ms == 0)
        return false;
    return timestamp_ms < options->now_ms - options->max_age_ms ||
           timestamp_ms > options->now_ms + INTAKE_FUTURE_MS;
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
        return 0;
    case SNS_UNSUBSCRIBE_CONFIRMATION:
        ret->kind = INTAKE_UNSUBSCRIBED;
        return 0;
    case SNS_NOTIFICATION:
        break;
    }
    if (is_stale(message->timestamp_ms, options)) {
        quarantine(ret, QUARANTINE_STALE);
        return 0;
    }
    return read_event(message->message, options->rules, ret);
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
}

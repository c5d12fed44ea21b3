#include "store/store_write_sender.h"

static struct db_value sender_word(struct str text)
{
    return db_text_max(text, SES_WORD_BYTES_MAX);
}

static struct db_value sender_name(struct str text)
{
    return db_text_max(text, SES_NAME_BYTES_MAX);
}

/* When SES says it was, unless that is still to come: then nothing could end it. */
static int64_t sending_since(const struct intake *intake)
{
    int64_t told_ms = intake->origin == INTAKE_FROM_SNS ? intake->sns_timestamp_ms
                                                        : intake->received_ms;
    int64_t since_ms = intake->event.ses_time_ms;

    if (since_ms == CLOCK_NONE)
        return intake->occurred_ms;
    return since_ms > told_ms + INTAKE_FUTURE_MS ? told_ms : since_ms;
}

/* The newest word of SES's on whether somebody may send; which one that is, its own time
 * tells, for EventBridge keeps no order. */
static int sending_apply(struct store *store, const struct intake *intake)
{
    const struct ses_event *event = &intake->event;

    return db_do(store, SQL_SENDING_PUT, sender_word(event->account_id),
                 sender_word(event->region), sender_name(event->tenant),
                 sender_name(event->configuration_set), sender_name(event->identity),
                 sender_word(event->sending_origin), sender_word(event->sending_status),
                 db_time(sending_since(intake)),
                 db_text_max(event->sending_cause, SES_DIAGNOSTIC_BYTES_MAX));
}

/* The same for what SES says about a sender's reputation. */
static int finding_apply(struct store *store, const struct intake *intake)
{
    const struct ses_event *event = &intake->event;

    return db_do(store, SQL_FINDING_PUT, sender_word(event->account_id),
                 sender_word(event->region), sender_name(event->tenant),
                 sender_name(event->configuration_set), sender_name(event->identity),
                 sender_word(event->finding_kind),
                 db_int(event->finding == SES_FINDING_OPEN),
                 db_time(sending_since(intake)),
                 db_text_max(event->diagnostic, SES_DIAGNOSTIC_BYTES_MAX));
}

int sender_apply(struct store *store, const struct intake *intake)
{
    int r = 0;

    if (str_present(intake->event.sending_status))
        r = sending_apply(store, intake);
    if (r == 0 && intake->event.finding != SES_FINDING_NONE)
        r = finding_apply(store, intake);
    return r;
}

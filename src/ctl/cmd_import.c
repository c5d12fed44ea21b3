/* import: captured messages, applied as if they had just come, but named as imported. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/batch.h"
#include "ctl/ctl.h"
#include "ctl/import_counts.h"
#include "ctl/limits.h"
#include "ctl/progress.h"
#include "ctl/records.h"
#include "ctl/records_advice.h"
#include "ctl/records_peel.h"
#include "ctl/records_walk.h"
#include "ctl/verify.h"
#include "sesbounce/arn.h"
#include "sesbounce/clock.h"
#include "sesbounce/text.h"

struct import {
    struct ctl *ctl;
    struct verify *verify;
    struct batch *batch;
    struct progress progress;
    char working_on[64]; /* what the progress counts */
    bool dry_run;
    const char *file;
    uint64_t record, line; /* of the present record in the present file */
    uint64_t records, files;
    uint64_t faults; /* of records and of files; the first ones are printed */
    bool file_given_up;
    int code; /* of what ended it; -1: nothing has */
    struct import_counts counts;
};

/* --- faults --- */

/* May one more be printed? */
static bool fault_count(struct import *import)
{
    progress_end(&import->progress);
    return import->faults++ < CTL_IMPORT_FAULTS_MAX;
}

/* Returns 0, which is "do not keep it". */
static int record_refuse(struct import *import, const char *why)
{
    _cleanup_(buf_done) struct buf safe = {.max = REPORT_ROW_BYTES_MAX};
    import->counts.refused++;
    if (fault_count(import) && text_neutral(&safe, str_trim(str_of(why)), false) == 0)
        ctl_note("%s:%llu (line %llu): refused: %s", import->file,
                 (unsigned long long)import->record, (unsigned long long)import->line,
                 buf_str(&safe).data);
    return 0;
}

/* The rest of the file is not read; others are. */
static void file_give_up(struct import *import, const char *why)
{
    import->file_given_up = true;
    import->counts.failed_files++;
    if (fault_count(import))
        (void)ctl_fail("%s", why);
}

static void file_fail(struct import *import, const char *why)
{
    _cleanup_(buf_done) struct buf text = {.max = CTL_MESSAGE_BYTES_MAX};
    if (import->record > 0)
        (void)buf_printf(&text, "%s: %s, after record %llu", import->file, why,
                         (unsigned long long)import->record);
    else
        (void)buf_printf(&text, "%s: %s", import->file, why);
    file_give_up(import, buf_str(&text).data);
}

/* --- one record --- */

/* If no topic is configured, any topic may be imported. */
static bool topic_may_be_imported(const struct settings *settings, struct str topic_arn)
{
    struct arn arn;
    return settings->sns.topic.count == 0 ||
           (arn_parse(topic_arn, &arn) && settings_topic_is_allowed(settings, &arn));
}

/* Both: false after telling why it is not good. */
static bool topic_admit(struct import *import, struct str topic_arn)
{
    _cleanup_(buf_done) struct buf reason = {.max = CTL_FAULTS_BYTES_MAX};
    if (topic_may_be_imported(import->ctl->settings, topic_arn))
        return true;
    struct str arn = str_cut(topic_arn, ARN_BYTES_MAX);
    (void)buf_printf(&reason, "its topic %.*s is not allowed by [sns] topic",
                     STR_ARG(arn));
    record_refuse(import, buf_str(&reason).data);
    return false;
}

static bool envelope_admit(struct import *import, const struct sns_message *message)
{
    _cleanup_(buf_done) struct buf reason = {.max = CTL_FAULTS_BYTES_MAX};
    if (!topic_admit(import, message->topic_arn))
        return false;
    if (verify_message(import->verify, message, &reason) == VERIFY_GENUINE)
        return true;
    record_refuse(import, buf_str(&reason).data);
    return false;
}

/* It would count as later than what people decide about its recipients until then: such a
 * time is wrong, or the clock is. False after telling. */
static bool time_admit(struct import *import, const struct intake *intake)
{
    int64_t occurred_ms = intake->occurred_ms;
    char at[CLOCK_TEXT_BYTES], reason[CLOCK_TEXT_BYTES + 64];
    if (intake->event.recipient_count == 0 ||
        occurred_ms <= import->ctl->now_ms + INTAKE_FUTURE_MS)
        return true;
    clock_format_rfc3339(occurred_ms, at);
    (void)snprintf(reason, sizeof(reason), "it is dated %s, which is in the future", at);
    record_refuse(import, reason);
    return false;
}

/* 1: keep it; 0: not; or a negative errno. */
static int record_body_take(struct import *import, struct batch_item *item,
                            struct str body, bool is_envelope)
{
    const struct settings *settings = import->ctl->settings;
    const struct intake_options options = {.rules = &settings->events.table,
                                           .policy = &settings->policy,
                                           .now_ms = import->ctl->now_ms,
                                           .imported = true};
    if (is_envelope && !envelope_admit(import, &item->message))
        return 0;
    /* An old confirmation or farewell says nothing about the subscription of today. */
    if (is_envelope && item->message.type != SNS_NOTIFICATION) {
        import->counts.passed_over++;
        return 0;
    }
    if (is_envelope) {
        int r = intake_from_sns(&item->message, body, &options, &item->intake);
        return r < 0 ? r : 1;
    }
    int r = intake_from_file(body, &options, &item->intake);
    return r < 0 ? r : time_admit(import, &item->intake);
}

/* The plain text that SES sends when a topic is set up. */
static bool is_setup_notice(const struct import *import, struct str text)
{
    struct ses_event event;
    enum quarantine_reason reason;
    enum ses_parse parsed =
        ses_event_parse(text, &import->ctl->settings->events.table, &event, &reason);
    ses_event_done(&event);
    return parsed == SES_PARSED_ANNOUNCEMENT;
}

/* 1: keep it; 0: not; or a negative errno. `*ret_shape` says what to look into if it is
 * neither an envelope nor a message, and `*ret_fault` what is wrong with an envelope. */
static int record_read(struct import *import, struct batch_item *item, struct str record,
                       enum ses_shape *ret_shape, const char **ret_fault)
{
    item->body = str_dup(record);
    if (!item->body)
        return -ENOMEM;
    struct str body = {item->body, record.len};
    enum verdict verdict = sns_message_parse(body, &item->message, ret_fault);
    *ret_shape = SES_SHAPE_MESSAGE;
    if (verdict == VERDICT_NONE)
        return record_body_take(import, item, body, true);
    if (verdict == VERDICT_NO_MEMORY)
        return -ENOMEM;
    *ret_shape = ses_event_shape(body);
    if (*ret_shape == SES_SHAPE_NO_MEMORY)
        return -ENOMEM;
    if (*ret_shape == SES_SHAPE_NOT_JSON && is_setup_notice(import, body))
        *ret_shape = SES_SHAPE_MESSAGE;
    if (!*ret_fault)
        *ret_fault = verdict_info(verdict)->body;
    return *ret_shape == SES_SHAPE_MESSAGE ? record_body_take(import, item, body, false)
                                           : 0;
}

/* What `record_read` made nothing of. */
static int shape_refuse(struct import *import, enum ses_shape shape, const char *fault)
{
    switch (shape) {
    case SES_SHAPE_ENVELOPE:
        return record_refuse(import, fault);
    case SES_SHAPE_NOT_JSON:
        return record_refuse(import, "not JSON");
    case SES_SHAPE_ARRAY:
    case SES_SHAPE_OTHER:
        return record_refuse(import, "neither an SNS envelope nor an SES message");
    case SES_SHAPE_MESSAGE:
    case SES_SHAPE_NO_MEMORY:
        break;
    }
    return 0;
}

static int record_take(struct import *import, struct str record, unsigned layers);

/* Each record of a container that is itself in a record. */
static int container_take(struct import *import, struct str text, unsigned layers)
{
    _cleanup_(records_done) struct records records;
    struct str record;
    uint64_t line;
    enum records_result result = RECORDS_ONE;
    int r = 0;
    records_init_text(&records, text);
    while (r == 0 && (result = records_next(&records, &record, &line)) == RECORDS_ONE)
        r = record_take(import, record, layers);
    if (r == 0 && result == RECORDS_FAILED)
        r = -ENOMEM;
    return r;
}

/* Says that the whole file is of another kind. */
static int other_file(struct import *import, enum records_peeled peeled)
{
    _cleanup_(buf_done) struct buf advice = {.max = CTL_MESSAGE_BYTES_MAX};
    if (peeled == RECORDS_PEELED_SES_LIST)
        records_advice_list(import->file, command_writes(import->ctl), &advice);
    else
        (void)buf_printf(&advice,
                         "%s is a log of CloudTrail, which records calls of APIs "
                         "and not what became of mails",
                         import->file);
    file_give_up(import, buf_str(&advice).data);
    return 0;
}

/* Looks into what is not a message. 0 or a negative errno. */
static int record_open(struct import *import, struct str record, unsigned layers,
                       enum ses_shape shape, const char *fault)
{
    _cleanup_(records_inner_done) struct records_inner inner;
    enum records_peeled peeled = records_peel(record, &inner);
    if (layers == CTL_RECORDS_LAYERS_MAX)
        return record_refuse(import, "too many layers around a message");
    switch (peeled) {
    case RECORDS_PEELED_RECORD:
        return record_take(import, inner.text, layers + 1);
    case RECORDS_PEELED_UNSIGNED:
        return topic_admit(import, inner.topic_arn)
                   ? record_take(import, inner.text, layers + 1)
                   : 0;
    case RECORDS_PEELED_CONTAINER:
        return container_take(import, inner.text, layers + 1);
    case RECORDS_PEELED_CLOUDTRAIL:
    case RECORDS_PEELED_SES_LIST:
        return other_file(import, peeled);
    case RECORDS_PEELED_NO_MEMORY:
        return -ENOMEM;
    case RECORDS_PEELED_NOTHING:
        break;
    }
    return shape_refuse(import, shape, fault);
}

static int batch_flush(struct import *import);

/* Applies the record, or those that are in it, or says why not. 0, -ENOMEM or a fault of
 * the store. */
static int record_take(struct import *import, struct str record, unsigned layers)
{
    struct batch_item *item = batch_next(import->batch);
    enum ses_shape shape = SES_SHAPE_MESSAGE;
    const char *fault = NULL;
    int r = record_read(import, item, record, &shape, &fault);
    if (r > 0)
        return batch_keep(import->batch, item) ? batch_flush(import) : 0;
    batch_item_done(item);
    if (r == 0 && shape != SES_SHAPE_MESSAGE)
        return record_open(import, record, layers, shape, fault);
    return r;
}

/* --- batches --- */

static int batch_flush(struct import *import)
{
    size_t done = 0;
    int r = batch_apply(import->batch, import->ctl->store, import->dry_run, &done);
    for (size_t i = 0; i < done; i++) {
        enum verdict verdict = import->batch->items[i].verdict;
        import->counts.duplicate += verdict == VERDICT_DUPLICATE;
        import->counts.erased += verdict == VERDICT_ERASED;
        import->counts.quarantined += verdict == VERDICT_QUARANTINED;
        import->counts.ignored +=
            verdict == VERDICT_IGNORED || verdict == VERDICT_ANNOUNCED;
    }
    import->counts.done += done;
    batch_clear(import->batch);
    return r;
}

/* --- files --- */

/* A line that shows that all of the file is of another kind. */
static bool file_refuse(struct import *import, struct str record)
{
    _cleanup_(buf_done) struct buf advice = {.max = CTL_MESSAGE_BYTES_MAX};
    if (!records_advice_line(record, import->record == 1, import->file,
                             command_writes(import->ctl), &advice))
        return false;
    file_give_up(import, buf_str(&advice).data);
    return true;
}

static void import_record(struct import *import, enum records_result result,
                          struct str record)
{
    import->record++;
    import->records++;
    progress_show(&import->progress, import->records);
    if (result == RECORDS_TOO_LARGE)
        record_refuse(import, "larger than any SNS message");
    else if (result == RECORDS_CUT_OFF)
        record_refuse(import, "the file ends before the record does");
    if (result != RECORDS_ONE || file_refuse(import, record))
        return;
    int r = record_take(import, record, 0);
    if (r == -ENOMEM)
        import->code = ctl_fail("out of memory");
    else if (r < 0)
        import->code = ctl_fail_store(import->ctl, r);
}

static void input_import(struct import *import, struct records_input *input)
{
    _cleanup_(records_done) struct records records;
    enum records_result result = RECORDS_ONE;
    struct str record;
    records_init(&records, input);
    while (import->code < 0 && !import->file_given_up && result != RECORDS_END) {
        result = records_next(&records, &record, &import->line);
        if (result == RECORDS_FAILED)
            file_fail(import, records.fault);
        else if (result != RECORDS_END)
            import_record(import, result, record);
    }
}

/* Called by the walk; false ends it. */
static bool file_import(void *context, const char *path, int fd)
{
    struct import *import = context;
    _cleanup_(records_input_done) struct records_input input;
    _cleanup_(buf_done) struct buf advice = {.max = CTL_MESSAGE_BYTES_MAX};
    import->file = path;
    import->record = 0;
    import->file_given_up = false;
    (void)snprintf(import->working_on, sizeof(import->working_on), "records, file %llu",
                   (unsigned long long)++import->files);
    if (records_input_init(&input, fd) < 0)
        file_fail(import, input.fault);
    else if (records_advice_bytes(records_input_peek(&input), path,
                                  command_writes(import->ctl), &advice))
        file_give_up(import, buf_str(&advice).data);
    else
        input_import(import, &input);
    return import->code < 0;
}

static bool file_fault(void *context, const char *path, const char *why)
{
    struct import *import = context;
    import->file = path;
    import->record = 0;
    file_fail(import, why);
    return true;
}

/* What counts now, since a later record showed that its sender reports Deliveries. */
static int import_recount(struct import *import)
{
    bool more = !import->dry_run;
    int r = 0;
    while (r == 0 && more)
        r = store_recount(import->ctl->store, &import->ctl->settings->policy,
                          import->ctl->now_ms, &more);
    return r;
}

static int import_run(struct import *import)
{
    const struct records_walk walk = {file_import, file_fault, import};
    bool going_on = true;
    progress_start(&import->progress, import->working_on, false);
    for (size_t i = 0; i < import->ctl->word_count && going_on; i++)
        going_on = records_walk(import->ctl->words[i], &walk);
    /* What was read before a failure is applied all the same: importing again is free. */
    int r = batch_flush(import);
    if (r == 0)
        r = import_recount(import);
    progress_end(&import->progress);
    if (import->faults > CTL_IMPORT_FAULTS_MAX)
        ctl_note("%llu more were refused",
                 (unsigned long long)(import->faults - CTL_IMPORT_FAULTS_MAX));
    if (r < 0 && import->code < 0)
        import->code = ctl_fail_store(import->ctl, r);
    if (import->code < 0 && import->counts.failed_files > 0)
        import->code = CTL_COULD_NOT;
    if (import->code < 0)
        import->code = import->counts.refused > 0 ? CTL_NO : CTL_DONE;
    return import_counts_print(import->ctl, &import->counts, import->dry_run,
                               import->code);
}

int cmd_import(struct ctl *ctl)
{
    _cleanup_(verify_freep) struct verify *verify = NULL;
    _cleanup_(freep) struct batch *batch = calloc(1, sizeof(*batch));
    if (!ctl_settings(ctl) || !ctl_store(ctl, STORE_WRITE))
        return CTL_COULD_NOT;
    unsigned min_version = (unsigned)ctl->settings->sns.min_signature_version;
    if (!batch || verify_new(ctl->settings, min_version, &verify) < 0)
        return ctl_fail("out of memory");
    struct import import = {.ctl = ctl,
                            .verify = verify,
                            .batch = batch,
                            .code = -1,
                            .dry_run = ctl_given(ctl, OPTION_DRY_RUN)};
    return import_run(&import);
}

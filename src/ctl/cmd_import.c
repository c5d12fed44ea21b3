/* import: captured messages, applied as if they had just come, but named as imported. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/batch.h"
#include "ctl/ctl.h"
#include "ctl/files.h"
#include "ctl/limits.h"
#include "ctl/progress.h"
#include "ctl/verify.h"
#include "sesbounce/address.h"
#include "sesbounce/arn.h"
#include "sesbounce/text.h"

struct import {
    struct ctl *ctl;
    struct verify *verify;
    struct batch *batch;
    struct progress progress;
    bool dry_run;
    const char *file;
    uint64_t record, line; /* of the present record in the present file */
    uint64_t records;
    /* the summary */
    uint64_t done, duplicate, ignored, erased, quarantined, passed_over, refused;
};

/* Returns 0, which is "do not keep it". */
static int record_refuse(struct import *import, const char *why)
{
    _cleanup_(buf_done) struct buf safe = {.max = REPORT_ROW_BYTES_MAX};
    progress_end(&import->progress);
    import->refused++;
    if (text_neutral(&safe, str_trim(str_of(why)), false) == 0)
        ctl_note("%s:%llu (line %llu): refused: %s", import->file,
                 (unsigned long long)import->record, (unsigned long long)import->line,
                 buf_str(&safe).data);
    return 0;
}

/* --- what is not a record --- */

/* A line whose first field is a mail address, or would be without a character. */
static bool record_is_of_list(struct str record)
{
    struct address address;
    char fault[ADDRESS_FAULT_BYTES];
    struct str field = {record.data, 0};
    while (field.len < record.len && !strchr(",;\t\"\n", record.data[field.len]))
        field.len++;
    return memchr(field.data, '@', field.len) &&
           (address_read(field, &address, fault) == 0 ||
            !address_check_text(str_trim(field), fault));
}

/* Some other kind of file, of which each line would be refused alike. -1: it is not, go
 * on; else an exit code. */
static int file_refuse(const struct import *import, struct str record)
{
    bool is_input = strcmp(import->file, "-") == 0;
    if (import->line == 1 && files_skip_mark(&record) < 0)
        return ctl_fail("%s is UTF-16; convert it: iconv -f UTF-16 -t UTF-8",
                        import->file);
    if (record.len == 0 || *record.data == '{' || *record.data == '[' ||
        !record_is_of_list(record))
        return -1;
    return ctl_fail("%s is a list of addresses (line %llu), and `import` reads messages "
                    "of SNS and SES; for a list of one address per line, type: "
                    "sesbouncectl suppress add -%s%s",
                    import->file, (unsigned long long)import->line, is_input ? "" : " <",
                    is_input ? "" : import->file);
}

/* --- one record --- */

/* If no topic is configured, any topic may be imported. */
static bool topic_may_be_imported(const struct settings *settings, struct str topic_arn)
{
    struct arn arn;
    return settings->sns.topic.count == 0 ||
           (arn_parse(topic_arn, &arn) && settings_topic_is_allowed(settings, &arn));
}

/* False after telling why it is not good. */
static bool envelope_admit(struct import *import, const struct sns_message *message)
{
    _cleanup_(buf_done) struct buf reason = {.max = CTL_FAULTS_BYTES_MAX};
    if (topic_may_be_imported(import->ctl->settings, message->topic_arn)) {
        if (verify_message(import->verify, message, &reason) == VERIFY_GENUINE)
            return true;
    } else {
        struct str arn = str_cut(message->topic_arn, ARN_BYTES_MAX);
        (void)buf_printf(&reason, "its topic %.*s is not allowed by [sns] topic",
                         STR_ARG(arn));
    }
    record_refuse(import, buf_str(&reason).data);
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
        import->passed_over++;
        return 0;
    }
    int r = is_envelope ? intake_from_sns(&item->message, body, &options, &item->intake)
                        : intake_from_file(body, &options, &item->intake);
    return r < 0 ? r : 1;
}

static int record_take(struct import *import, struct batch_item *item, struct str record)
{
    const char *fault = NULL;
    item->body = str_dup(record);
    if (!item->body)
        return -ENOMEM;
    struct str body = {item->body, record.len};
    enum verdict verdict = sns_message_parse(body, &item->message, &fault);
    if (verdict == VERDICT_NONE)
        return record_body_take(import, item, body, true);
    if (verdict == VERDICT_NO_MEMORY)
        return -ENOMEM;
    switch (ses_event_shape(body)) {
    case SES_SHAPE_MESSAGE:
        return record_body_take(import, item, body, false);
    case SES_SHAPE_ENVELOPE:
        return record_refuse(import,
                             fault && *fault ? fault : verdict_info(verdict)->body);
    case SES_SHAPE_ARRAY:
        return record_refuse(import, "an array; write one member per line (jq -c '.[]')");
    case SES_SHAPE_OTHER:
        return record_refuse(import, "neither an SNS envelope nor an SES message");
    case SES_SHAPE_NOT_JSON:
        return record_refuse(import, "not JSON");
    case SES_SHAPE_NO_MEMORY:
        return -ENOMEM;
    }
    return 0;
}

/* --- batches and files --- */

static int batch_flush(struct import *import)
{
    size_t done = 0;
    int r = batch_apply(import->batch, import->ctl->store, import->dry_run, &done);
    for (size_t i = 0; i < done; i++) {
        enum verdict verdict = import->batch->items[i].verdict;
        import->duplicate += verdict == VERDICT_DUPLICATE;
        import->erased += verdict == VERDICT_ERASED;
        import->quarantined += verdict == VERDICT_QUARANTINED;
        import->ignored += verdict == VERDICT_IGNORED || verdict == VERDICT_ANNOUNCED;
    }
    import->done += done;
    batch_clear(import->batch);
    return r;
}

/* -1: go on; else an exit code. */
static int import_record(struct import *import, enum records_result result,
                         struct str record)
{
    import->record++;
    import->records++;
    progress_show(&import->progress, import->records);
    if (result == RECORDS_TOO_LARGE)
        record_refuse(import, "larger than any SNS message");
    else if (result == RECORDS_CUT_OFF)
        record_refuse(import, "the file ends before the record does");
    if (result != RECORDS_ONE)
        return -1;
    int code = file_refuse(import, record);
    if (code >= 0)
        return code;
    struct batch_item *item = batch_next(import->batch);
    int r = record_take(import, item, record);
    if (r <= 0)
        batch_item_done(item);
    else if (batch_keep(import->batch, item))
        r = batch_flush(import);
    if (r == -ENOMEM)
        return ctl_fail("out of memory");
    return r < 0 ? ctl_fail_store(import->ctl, r) : -1;
}

static int import_file(struct import *import, const char *file)
{
    _cleanup_(closep) int fd = files_open(file);
    struct records records;
    struct str record;
    enum records_result result;
    int code = -1;
    import->file = file;
    import->record = 0;
    if (fd < 0)
        return ctl_fail("%s: %s", file, strerror(-fd));
    if (records_init(&records, fd) < 0)
        return ctl_fail("out of memory");
    do {
        result = records_next(&records, &record, &import->line);
        if (result == RECORDS_FAILED)
            code = ctl_fail("%s: %s", file, strerror(errno));
        else if (result != RECORDS_END)
            code = import_record(import, result, record);
    } while (code < 0 && result != RECORDS_END);
    records_done(&records);
    return code;
}

/* Returns `code` if it could be printed. */
static int import_tell(const struct import *import, int code)
{
    uint64_t applied = import->done - import->duplicate - import->ignored -
                       import->erased - import->quarantined;
    const struct store_value values[] = {
        output_integer("applied", (int64_t)applied),
        output_integer("duplicate", (int64_t)import->duplicate),
        output_integer("ignored", (int64_t)import->ignored),
        output_integer("erased", (int64_t)import->erased),
        output_integer("quarantined", (int64_t)import->quarantined),
        output_integer("passed_over", (int64_t)import->passed_over),
        output_integer("refused", (int64_t)import->refused),
    };
    if (import->ctl->format != OUTPUT_TABLE)
        return ctl_print_row(import->ctl, values, sizeof(values) / sizeof(*values), code);
    printf("%s%llu new, %llu known already, %llu ignored, %llu quarantined, %llu refused",
           import->dry_run ? "would be: " : "", (unsigned long long)applied,
           (unsigned long long)import->duplicate, (unsigned long long)import->ignored,
           (unsigned long long)import->quarantined, (unsigned long long)import->refused);
    if (import->erased)
        printf(", %llu skipped: from before their address was erased",
               (unsigned long long)import->erased);
    if (import->passed_over)
        printf(", %llu confirmations skipped", (unsigned long long)import->passed_over);
    return putchar('\n') == EOF ? ctl_fail_output(-EIO) : code;
}

static int import_run(struct import *import)
{
    int code = -1;
    progress_start(&import->progress, "records", false);
    for (size_t i = 0; i < import->ctl->word_count && code < 0; i++)
        code = import_file(import, import->ctl->words[i]);
    /* What was read before a failure is applied all the same: importing again is free. */
    int r = batch_flush(import);
    progress_end(&import->progress);
    if (r < 0 && code < 0)
        code = ctl_fail_store(import->ctl, r);
    if (code < 0)
        code = import->refused > 0 ? CTL_NO : CTL_DONE;
    return import_tell(import, code);
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
                            .dry_run = ctl_given(ctl, OPTION_DRY_RUN)};
    return import_run(&import);
}

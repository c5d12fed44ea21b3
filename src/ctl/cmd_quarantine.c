/* quarantine show, retry, drop: authentic messages that could not be applied. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/batch.h"
#include "ctl/ctl.h"
#include "sesbounce/sns_message.h"

/* --- show --- */

/* Names of members, with a comma between them. */
static int unsigned_names(struct buf *to, struct str body)
{
    struct sns_message message;
    struct str names[SNS_MEMBERS_MAX];
    size_t count = sns_message_unsigned(body, &message, names);
    int r = 0;
    for (size_t i = 0; i < count && r == 0; i++) {
        r = i ? buf_append_str(to, STR(", ")) : 0;
        if (r == 0)
            r = buf_append_str(to, names[i]);
    }
    sns_message_done(&message);
    return r;
}

/* The row, and before the body those of its members that SNS has not signed. */
static int message_show(void *context, const struct store_value *values, size_t count)
{
    struct output *output = context;
    struct store_value row[STORE_COLUMNS_MAX];
    const struct store_value *body = output_find(values, count, "body");
    size_t at = body ? (size_t)(body - values) : count;
    _cleanup_(buf_done) struct buf names = {.max = REPORT_ROW_BYTES_MAX};
    int r = count >= STORE_COLUMNS_MAX ? -E2BIG
            : body                     ? unsigned_names(&names, body->text)
                                       : 0;
    if (r < 0)
        return output->fault = r;
    memcpy(row, values, at * sizeof(*row));
    row[at] = output_str("not_signed", names.len > 0 ? buf_str(&names) : STR_ABSENT);
    memcpy(row + at + 1, values + at, (count - at) * sizeof(*row));
    if (output->format != OUTPUT_TABLE)
        return output_row(output, row, count + 1);
    output->rows++;
    return output_record(output, row, count + 1, true);
}

int cmd_quarantine_show(struct ctl *ctl)
{
    struct output output;
    int64_t id;
    if (!ctl_number("ID", ctl->words[0], &id) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    struct store_filter filter = {.id = id};
    ctl_output(ctl, &output, NULL);
    int r = store_query(ctl->store, STORE_QUARANTINE, &filter, message_show, &output);
    int code = ctl_output_end(ctl, &output, r);
    if (code != CTL_DONE || output.rows > 0)
        return code;
    ctl_note("no message in quarantine has the id %lld; type: %s quarantine list",
             (long long)id, command_reads(ctl));
    return CTL_NO;
}

/* --- what retry and drop are to work on --- */

struct work {
    struct ctl *ctl;
    struct filter filter; /* of all that was named, when no ID was */
    struct output output;
    bool dry_run;
    bool some_remain;
};

static bool ids_are_good(const struct ctl *ctl)
{
    int64_t id;
    for (size_t i = 0; i < ctl->word_count; i++)
        if (!ctl_number("ID", ctl->words[i], &id))
            return false;
    return true;
}

/* IDs, or what the filter selects: never everything because nothing was said. False after
 * telling what is wrong. */
static bool selection_read(struct work *work)
{
    const struct ctl *ctl = work->ctl;
    bool all = ctl_given(ctl, OPTION_ALL);
    bool some = ctl_given(ctl, OPTION_REASON) || ctl_given(ctl, OPTION_TOPIC);
    if (all + some + (ctl->word_count > 0) == 1)
        return ids_are_good(ctl) && ctl_filter(ctl, STORE_QUARANTINE, &work->filter);
    ctl_fail("say which: IDs (%s quarantine list shows them), or --reason or --topic or "
             "both, or --all",
             command_reads(work->ctl));
    return false;
}

static int result_print(struct work *work, int64_t id, const char *result,
                        const char *detail)
{
    if (work->output.format == OUTPUT_TABLE)
        return output_printf(&work->output, "%lld  %s%s%s\n", (long long)id, result,
                             detail ? ": " : "", detail ? detail : "");
    struct store_value row[] = {output_integer("id", id), output_text("result", result),
                                output_text("detail", detail)};
    return output_row(&work->output, row, 3);
}

static int remains_print(struct work *work, int64_t id, const char *result,
                         const char *detail)
{
    work->some_remain = true;
    return result_print(work, id, result, detail);
}

/* Each ID, or with 0 what the filter selects. Returns the exit code. */
static int work_do(struct work *work, int (*some_do)(void *context, int64_t id),
                   void *context)
{
    struct ctl *ctl = work->ctl;
    int r = ctl->word_count == 0 ? some_do(context, 0) : 0;
    for (size_t i = 0; i < ctl->word_count && r == 0; i++) {
        int64_t id = 0;
        (void)ctl_number("ID", ctl->words[i], &id);
        r = some_do(context, id);
    }
    int code = ctl_output_end(ctl, &work->output, r);
    return code == CTL_DONE && work->some_remain ? CTL_NO : code;
}

/* --- retry --- */

struct retry {
    struct work work;
    struct batch *batch; /* owned */
    int64_t last_id;     /* where a batch of --all ended */
    size_t found;
    bool full;
};

/* A quarantined body is what was posted, or, when it was imported, what SES wrote. */
static int item_judge(struct retry *retry, struct batch_item *item, struct str body,
                      int64_t received_ms)
{
    const struct settings *settings = retry->work.ctl->settings;
    struct intake_options options = {.rules = &settings->events.table,
                                     .policy = &settings->policy,
                                     .now_ms = received_ms,
                                     .confirm_now =
                                         settings->sns.confirm == CONFIRM_AUTO};
    const char *fault;
    item->body = str_dup(body);
    if (!item->body)
        return -ENOMEM;
    body.data = item->body;
    if (sns_message_parse(body, &item->message, &fault) == VERDICT_NONE)
        return intake_from_sns(&item->message, body, &options, &item->intake);
    options.imported = true;
    return intake_from_file(body, &options, &item->intake);
}

/* Ends a query: the batch is full. */
#define ENOUGH 1

static int item_retry(void *context, const struct store_value *values, size_t count)
{
    struct retry *retry = context;
    const struct store_value *id = output_find(values, count, "id");
    const struct store_value *received = output_find(values, count, "received_at");
    struct str body = output_find_text(values, count, "body");
    if (retry->full)
        return ENOUGH;
    if (!id)
        return 0;
    retry->found++;
    retry->last_id = id->integer;
    if (!str_present(body))
        return remains_print(&retry->work, id->integer, "remains",
                             "its body is no longer kept");
    struct batch_item *item = batch_next(retry->batch);
    int r = item_judge(retry, item, body,
                       received ? received->integer : retry->work.ctl->now_ms);
    if (r == 0 && item->intake.kind != INTAKE_QUARANTINE) {
        item->quarantine_id = id->integer;
        retry->full = batch_keep(retry->batch, item);
        return 0;
    }
    if (r == 0)
        r = remains_print(&retry->work, id->integer, "remains",
                          quarantine_word(item->intake.reason));
    batch_item_done(item);
    return r;
}

static int batch_retry(struct retry *retry)
{
    bool dry_run = retry->work.dry_run;
    size_t done = 0;
    int failed = batch_apply(retry->batch, retry->work.ctl->store, dry_run, &done);
    int r = 0;
    for (size_t i = 0; i < done && r == 0; i++) {
        const struct batch_item *item = &retry->batch->items[i];
        bool erased = item->verdict == VERDICT_ERASED;
        r = result_print(&retry->work, item->quarantine_id,
                         erased    ? dry_run ? "would be dropped" : "dropped"
                         : dry_run ? "would be applied"
                                   : "applied",
                         verdict_info(item->verdict)->name);
    }
    batch_clear(retry->batch);
    retry->full = false;
    return failed < 0 ? failed : r;
}

static int some_retry(void *context, int64_t id)
{
    struct retry *retry = context;
    struct work *work = &retry->work;
    struct store_filter filter = work->filter.store;
    size_t before, first = retry->found;
    int r;
    filter.id = id;
    filter.limit = STORE_TURN_ROWS_MAX;
    do {
        before = retry->found;
        filter.after_id = id ? 0 : retry->last_id;
        r = store_query(work->ctl->store, STORE_QUARANTINE, &filter, item_retry, retry);
        if (r == 0 || r == ENOUGH)
            r = batch_retry(retry);
    } while (r == 0 && !id && retry->found > before);
    if (r == 0 && id && retry->found == first)
        r = remains_print(work, id, "is not in quarantine", NULL);
    return r;
}

int cmd_quarantine_retry(struct ctl *ctl)
{
    struct retry retry = {
        .work = {.ctl = ctl, .dry_run = ctl_given(ctl, OPTION_DRY_RUN)}};
    if (!selection_read(&retry.work) || !ctl_settings(ctl) ||
        !ctl_store(ctl, STORE_WRITE))
        return CTL_COULD_NOT;
    _cleanup_(freep) struct batch *batch = calloc(1, sizeof(*batch));
    if (!batch)
        return ctl_fail_store(ctl, -ENOMEM);
    retry.batch = batch;
    ctl_output(ctl, &retry.work.output, NULL);
    int code = work_do(&retry.work, some_retry, &retry);
    batch_clear(batch);
    return code;
}

/* --- drop --- */

/* An entry and a body each. */
#define TURN_DROPS_MAX (STORE_TURN_ROWS_MAX / 2)

struct drop {
    struct work work;
    struct store_filter filter; /* of this turn */
    int64_t ids[TURN_DROPS_MAX];
    size_t count; /* of `ids`, which were found */
    size_t done;  /* of these; all in a dry run */
    uint64_t dropped;
};

static int id_read(void *context, const struct store_value *values, size_t count)
{
    struct drop *drop = context;
    if (count > 0 && drop->count < TURN_DROPS_MAX)
        drop->ids[drop->count++] = values[0].integer;
    return 0;
}

/* The first step of a turn finds what the others drop. */
static int step_drop(void *context, bool *ret_end)
{
    struct drop *drop = context;
    struct store *store = drop->work.ctl->store;
    int r = 0;
    if (drop->count == 0)
        r = store_query(store, STORE_QUARANTINE, &drop->filter, id_read, drop);
    if (r == 0 && drop->work.dry_run)
        drop->done = drop->count;
    else if (r == 0 && drop->done < drop->count)
        r = store_quarantine_drop(store, drop->ids[drop->done++]);
    *ret_end = drop->done == drop->count;
    return r;
}

/* A table of what was named tells each, one of what was selected their number. */
static int turn_print(struct drop *drop, bool named)
{
    struct work *work = &drop->work;
    int r = 0;
    drop->dropped += drop->done;
    if (!named && work->output.format == OUTPUT_TABLE)
        return 0;
    for (size_t i = 0; i < drop->done && r == 0; i++)
        r = result_print(work, drop->ids[i],
                         work->dry_run ? "would be dropped" : "dropped", NULL);
    return r;
}

static int some_drop(void *context, int64_t id)
{
    struct drop *drop = context;
    struct work *work = &drop->work;
    int r;
    drop->filter = work->filter.store;
    drop->filter.id = id;
    drop->filter.ids_only = true;
    drop->filter.limit = TURN_DROPS_MAX;
    do {
        drop->count = drop->done = 0;
        r = ctl_turn(work->ctl->store, work->dry_run ? TURN_READS : TURN_COMMITS,
                     step_drop, drop);
        if (r == 0 && drop->done > 0)
            drop->filter.after_id = drop->ids[drop->done - 1];
        if (r == 0)
            r = turn_print(drop, id != 0);
    } while (r == 0 && !id && drop->done > 0);
    if (r == 0 && id && drop->done == 0)
        r = remains_print(work, id, "is not in quarantine", NULL);
    if (r == 0 && !id && work->output.format == OUTPUT_TABLE)
        r = output_printf(&work->output, "%llu %sdropped\n",
                          (unsigned long long)drop->dropped,
                          work->dry_run ? "would be " : "");
    return r;
}

int cmd_quarantine_drop(struct ctl *ctl)
{
    struct drop drop = {.work = {.ctl = ctl, .dry_run = ctl_given(ctl, OPTION_DRY_RUN)}};
    if (!selection_read(&drop.work) ||
        !ctl_store(ctl, drop.work.dry_run ? STORE_READ : STORE_WRITE))
        return CTL_COULD_NOT;
    ctl_output(ctl, &drop.work.output, NULL);
    return work_do(&drop.work, some_drop, &drop);
}

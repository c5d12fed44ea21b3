/* quarantine list, show, retry, drop: authentic messages that could not be applied. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/batch.h"
#include "ctl/ctl.h"
#include "sesbounce/sns_message.h"
#include "sesbounce/text.h"

int cmd_quarantine_list(struct ctl *ctl)
{
    struct filter filter;
    if (!ctl_filter(ctl, STORE_QUARANTINE, &filter) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    return ctl_print_view(ctl, &filter);
}

static struct store_filter by_id(int64_t id)
{
    return (struct store_filter){
        .id = id, .since_ms = CLOCK_NONE, .until_ms = CLOCK_NONE};
}

/* --- show --- */

struct shown {
    struct ctl *ctl;
    struct output output;
    size_t rows;
};

/* Names of members, with a comma between them. */
static int put_unsigned(struct buf *to, struct str body)
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
static int show_row(struct shown *shown, const struct store_value *values, size_t count)
{
    struct store_value row[STORE_COLUMNS_MAX];
    const struct store_value *body = output_find(values, count, "body");
    size_t at = body ? (size_t)(body - values) : count;
    struct buf names;
    int r;
    buf_init(&names, REPORT_ROW_BYTES_MAX);
    r = body ? put_unsigned(&names, body->text) : 0;
    memcpy(row, values, at * sizeof(*row));
    row[at] = output_str("not_signed", names.len > 0 ? buf_str(&names) : STR_ABSENT);
    memcpy(row + at + 1, values + at, (count - at) * sizeof(*row));
    if (r == 0)
        r = shown->ctl->format == OUTPUT_TABLE
                ? output_record(&shown->output, row, count + 1, true)
                : output_row(&shown->output, row, count + 1);
    buf_done(&names);
    return r;
}

static int on_shown(void *context, const struct store_value *values, size_t count)
{
    struct shown *shown = context;
    shown->rows++;
    if (count >= STORE_COLUMNS_MAX)
        return shown->output.fault = -E2BIG;
    return show_row(shown, values, count);
}

int cmd_quarantine_show(struct ctl *ctl)
{
    struct shown shown = {.ctl = ctl};
    int64_t id;
    if (!ctl_number("ID", ctl->words[0], &id) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    struct store_filter filter = by_id(id);
    ctl_output(ctl, &shown.output, NULL);
    int r = store_query(ctl->store, STORE_QUARANTINE, &filter, on_shown, &shown);
    int code = ctl_output_end(ctl, &shown.output, r);
    if (code != CTL_DONE)
        return code;
    if (shown.rows == 0) {
        ctl_note(
            "no message in quarantine has the id %lld; see sesbouncectl quarantine list",
            (long long)id);
        return CTL_NO;
    }
    return CTL_DONE;
}

/* --- what retry and drop are to work on --- */

static bool ids_are_good(const struct ctl *ctl)
{
    int64_t id;
    for (size_t i = 0; i < ctl->word_count; i++)
        if (!ctl_number("ID", ctl->words[i], &id))
            return false;
    return true;
}

/* IDs, or what `*ret` selects: never everything because nothing was said. False after
 * telling what is wrong. */
static bool read_selection(const struct ctl *ctl, struct filter *ret)
{
    bool all = ctl_given(ctl, OPTION_ALL);
    bool some = ctl_given(ctl, OPTION_REASON) || ctl_given(ctl, OPTION_TOPIC);
    if (all + some + (ctl->word_count > 0) == 1)
        return ids_are_good(ctl) && ctl_filter(ctl, STORE_QUARANTINE, ret);
    ctl_fail("say which: IDs (sesbouncectl quarantine list), or --reason or --topic or "
             "both, or --all");
    return false;
}

/* --- retry --- */

struct retry {
    struct ctl *ctl;
    struct batch *batch; /* owned */
    struct output output;
    int64_t last_id; /* where a batch of --all ended */
    size_t found;
    bool full;
    bool some_remain;
};

static int tell(struct retry *retry, int64_t id, const char *result, const char *detail)
{
    if (retry->ctl->format == OUTPUT_TABLE)
        return output_printf(&retry->output, "%lld  %s%s%s\n", (long long)id, result,
                             detail ? ": " : "", detail ? detail : "");
    struct store_value row[] = {output_integer("id", id), output_text("result", result),
                                output_text("detail", detail)};
    return output_row(&retry->output, row, 3);
}

/* A quarantined body is what was posted, or, when it was imported, what SES wrote. */
static int judge(struct retry *retry, struct batch_item *item, struct str body,
                 int64_t received_ms)
{
    const struct settings *settings = retry->ctl->settings;
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
    if (sns_message_parse(body, &item->message, &fault) == VERDICT_UNDECIDED)
        return intake_from_sns(&item->message, body, &options, &item->intake);
    options.imported = true;
    return intake_from_file(body, &options, &item->intake);
}

/* Ends a query: the batch is full. */
#define ENOUGH 1

static int on_quarantined(void *context, const struct store_value *values, size_t count)
{
    struct retry *retry = context;
    const struct store_value *id = output_find(values, count, "id");
    const struct store_value *body = output_find(values, count, "body");
    const struct store_value *received = output_find(values, count, "received_at");
    int64_t received_ms = retry->ctl->now_ms;
    if (retry->full)
        return ENOUGH;
    if (!id)
        return 0;
    retry->found++;
    retry->last_id = id->integer;
    if (received)
        received_ms = received->integer;
    if (!body) {
        retry->some_remain = true;
        return tell(retry, id->integer, "remains", "its body is no longer kept");
    }
    struct batch_item *item = batch_next(retry->batch);
    int r = judge(retry, item, body->text, received_ms);
    if (r < 0 || item->intake.kind == INTAKE_QUARANTINE) {
        if (r == 0) {
            retry->some_remain = true;
            r = tell(retry, id->integer, "remains", quarantine_word(item->intake.reason));
        }
        batch_item_done(item);
        return r;
    }
    item->quarantine_id = id->integer;
    retry->full = batch_keep(retry->batch, item);
    return 0;
}

static int apply(struct retry *retry)
{
    bool dry_run = ctl_given(retry->ctl, OPTION_DRY_RUN);
    size_t done = 0;
    int failed = batch_apply(retry->batch, retry->ctl->store, dry_run, &done);
    int r = 0;
    for (size_t i = 0; i < done && r == 0; i++) {
        const struct batch_item *item = &retry->batch->items[i];
        r = tell(retry, item->quarantine_id, dry_run ? "would be applied" : "applied",
                 verdict_info(item->verdict)->name);
    }
    batch_clear(retry->batch);
    retry->full = false;
    return failed < 0 ? failed : r;
}

static int retry_id(struct retry *retry, const char *word)
{
    int64_t id = 0;
    (void)ctl_number("ID", word, &id);
    struct store_filter filter = by_id(id);
    size_t before = retry->found;
    int r =
        store_query(retry->ctl->store, STORE_QUARANTINE, &filter, on_quarantined, retry);
    if (r == 0 && retry->found == before) {
        retry->some_remain = true;
        r = tell(retry, id, "is not in quarantine", NULL);
    }
    return r < 0 ? r : apply(retry);
}

static int retry_selected(struct retry *retry, struct store_filter filter)
{
    size_t before;
    int r;
    filter.limit = STORE_TURN_ROWS_MAX;
    do {
        before = retry->found;
        filter.after_id = retry->last_id;
        r = store_query(retry->ctl->store, STORE_QUARANTINE, &filter, on_quarantined,
                        retry);
        if (r == 0 || r == ENOUGH)
            r = apply(retry);
    } while (r == 0 && retry->found > before);
    return r;
}

int cmd_quarantine_retry(struct ctl *ctl)
{
    struct retry retry = {.ctl = ctl};
    struct filter filter;
    int r = 0;
    if (!read_selection(ctl, &filter) || !ctl_settings(ctl) ||
        !ctl_store(ctl, STORE_WRITE))
        return CTL_COULD_NOT;
    _cleanup_(freep) struct batch *batch = calloc(1, sizeof(*batch));
    if (!batch)
        return ctl_fail_store(ctl, -ENOMEM);
    retry.batch = batch;
    ctl_output(ctl, &retry.output, NULL);
    if (ctl->word_count == 0)
        r = retry_selected(&retry, filter.store);
    for (size_t i = 0; i < ctl->word_count && r == 0; i++)
        r = retry_id(&retry, ctl->words[i]);
    batch_clear(batch);
    int code = ctl_output_end(ctl, &retry.output, r);
    return code == CTL_DONE && retry.some_remain ? CTL_NO : code;
}

/* --- drop --- */

/* An entry and a body each. */
#define TURN_DROPS_MAX (STORE_TURN_ROWS_MAX / 2)

struct drop {
    struct retry report;
    bool dry_run;
    int64_t ids[TURN_DROPS_MAX];
    size_t count;
    uint64_t dropped;
};

static int on_id(void *context, const struct store_value *values, size_t count)
{
    struct drop *drop = context;
    if (count > 0 && drop->count < TURN_DROPS_MAX)
        drop->ids[drop->count++] = values[0].integer;
    return 0;
}

/*
 * One short transaction, or none in a dry run. `drop->ids` are those that were found and
 * dropped by then. 0 or a fault.
 */
static int drop_turn(struct drop *drop, const struct store_filter *filter)
{
    struct store *store = drop->report.ctl->store;
    int r = drop->dry_run ? 0 : store_begin(store);
    if (r < 0)
        return r;
    int64_t deadline_ms = clock_mono_ms() + STORE_TURN_MS;
    size_t done = 0;
    drop->count = 0;
    r = store_query(store, STORE_QUARANTINE, filter, on_id, drop);
    if (drop->dry_run)
        return r;
    while (r == 0 && done < drop->count) {
        r = store_quarantine_drop(store, drop->ids[done++]);
        if (clock_mono_ms() >= deadline_ms)
            break;
    }
    drop->count = done;
    if (r == 0)
        return store_commit(store);
    store_rollback(store);
    return r;
}

/* A table of what was named tells each, one of what was selected their number. */
static int tell_turn(struct drop *drop, bool named)
{
    struct retry *report = &drop->report;
    int r = 0;
    drop->dropped += drop->count;
    if (!named && report->ctl->format == OUTPUT_TABLE)
        return 0;
    for (size_t i = 0; i < drop->count && r == 0; i++)
        r = tell(report, drop->ids[i], drop->dry_run ? "would be dropped" : "dropped",
                 NULL);
    return r;
}

static int drop_named(struct drop *drop, const char *word, int *ret_written)
{
    int64_t id = 0;
    (void)ctl_number("ID", word, &id);
    struct store_filter filter = by_id(id);
    filter.ids_only = true;
    int r = drop_turn(drop, &filter);
    if (r < 0)
        return r;
    if (drop->count == 0) {
        drop->report.some_remain = true;
        *ret_written = tell(&drop->report, id, "is not in quarantine", NULL);
    } else {
        *ret_written = tell_turn(drop, true);
    }
    return 0;
}

static int drop_selected(struct drop *drop, struct store_filter filter, int *ret_written)
{
    int r;
    filter.ids_only = true;
    filter.limit = TURN_DROPS_MAX;
    do {
        r = drop_turn(drop, &filter);
        if (r < 0)
            break;
        if (drop->count > 0)
            filter.after_id = drop->ids[drop->count - 1];
        *ret_written = tell_turn(drop, false);
    } while (*ret_written == 0 && drop->count > 0);
    if (r == 0 && *ret_written == 0 && drop->report.ctl->format == OUTPUT_TABLE &&
        printf("%llu %sdropped\n", (unsigned long long)drop->dropped,
               drop->dry_run ? "would be " : "") < 0)
        *ret_written = -EIO;
    return r;
}

int cmd_quarantine_drop(struct ctl *ctl)
{
    struct drop drop = {.report = {.ctl = ctl},
                        .dry_run = ctl_given(ctl, OPTION_DRY_RUN)};
    struct filter filter;
    int r = 0, written = 0;
    if (!read_selection(ctl, &filter) ||
        !ctl_store(ctl, drop.dry_run ? STORE_READ : STORE_WRITE))
        return CTL_COULD_NOT;
    ctl_output(ctl, &drop.report.output, NULL);
    if (ctl->word_count == 0)
        r = drop_selected(&drop, filter.store, &written);
    for (size_t i = 0; i < ctl->word_count && r == 0 && written == 0; i++)
        r = drop_named(&drop, ctl->words[i], &written);
    if (r == 0 && written == 0)
        written = ctl_output_flush(&drop.report.output);
    output_done(&drop.report.output);
    if (r < 0)
        return ctl_fail_store(ctl, r);
    if (written < 0)
        return ctl_fail_output(written);
    return drop.report.some_remain ? CTL_NO : CTL_DONE;
}

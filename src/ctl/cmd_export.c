/* export: everything that is kept about one address, for the person whose it is. */
#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/limits.h"
#include "ctl/progress.h"
#include "sesbounce/mention.h"

struct export
{
    struct ctl *ctl;
    struct output output;
    struct progress progress;
    const struct address *address;
    const char *kind;
    int64_t last_id; /* of the rows looked at */
    size_t looked;
    bool has_messages; /* these rows have messages of their own */
};

/* The row, with what kind of row it is before it. */
static int kind_row_export(struct export *export, const struct store_value *values,
                           size_t count)
{
    struct store_value row[STORE_COLUMNS_MAX];
    if (count >= STORE_COLUMNS_MAX)
        return -E2BIG;
    row[0] = output_text("kind", export->kind);
    memcpy(row + 1, values, count * sizeof(*row));
    return output_row(&export->output, row, count + 1);
}

static int own_row_export(void *context, const struct store_value *values, size_t count)
{
    return kind_row_export(context, values, count);
}

/* Does the text say something about the address? 1, 0 or -ENOMEM. */
static int text_names_address(const struct export *export, struct str text)
{
    int r = mention_is_hidden_in(text, str_of(export->address->key));
    return r != 0 ? r : mention_is_hidden_in(text, str_of(export->address->seen));
}

static int row_names_address(const struct export *export,
                             const struct store_value *values, size_t count)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < count; i++)
        if (values[i].type == STORE_TEXT || values[i].type == STORE_JSON)
            r = text_names_address(export, values[i].text);
    return r;
}

/* The message of an event about somebody else is named, but not shown: it is about them.
 */
static int other_message_export(struct export *export, const struct store_value *values,
                                size_t count, int64_t id)
{
    _cleanup_(buf_done) struct buf body = {.max = CTL_BODY_BYTES_MAX};
    const struct store_value *at = output_find(values, count, "occurred_at");
    const struct store_value row[] = {
        output_text("kind", "mentioned_in_message"), output_integer("event_id", id),
        output_str("type", output_find_text(values, count, "type")),
        output_time("occurred_at", at ? at->integer : CLOCK_NONE)};
    int r = store_message(export->ctl->store, id, &body);
    if (r == -EUCLEAN || r == -ENOTSUP)
        return 0;
    if (r == 1)
        r = text_names_address(export, buf_str(&body));
    return r == 1 ? output_row(&export->output, row, sizeof(row) / sizeof(*row)) : r;
}

static int other_row_export(void *context, const struct store_value *values, size_t count)
{
    struct export *export = context;
    const struct store_value *id = output_find(values, count, "id");
    export->looked++;
    export->last_id = id ? id->integer : INT64_MAX;
    if (str_equal(output_find_text(values, count, "address"),
                  str_of(export->address->key)))
        return 0;
    int r = row_names_address(export, values, count);
    if (r == 1)
        return kind_row_export(export, values, count);
    return r == 0 && export->has_messages && id
               ? other_message_export(export, values, count, id->integer)
               : r;
}

/* All rows, a bounded number in each query: a long one would keep the write-ahead log
 * from being reused. */
static int others_export(struct export *export, enum store_view view, const char *kind)
{
    struct store_filter filter = {.limit = CTL_EXPORT_ROWS};
    int r = 0;
    export->kind = kind;
    export->has_messages = view == STORE_EVENTS;
    do {
        export->looked = 0;
        r = store_query(export->ctl->store, view, &filter, other_row_export, export);
        filter.after_id = export->last_id;
        progress_show(&export->progress, (uint64_t) export->last_id);
    } while (r == 0 && export->looked == CTL_EXPORT_ROWS);
    return r;
}

static int message_export(void *context, const struct store_value *values, size_t count)
{
    struct export *export = context;
    const struct store_value *id = output_find(values, count, "id");
    _cleanup_(buf_done) struct buf body = {.max = CTL_BODY_BYTES_MAX};
    int r = kind_row_export(export, values, count);
    if (r < 0 || !id)
        return r;
    r = store_message(export->ctl->store, id->integer, &body);
    if (r <= 0)
        return r == -EUCLEAN || r == -ENOTSUP ? 0 : r;
    const struct store_value message[] = {output_integer("event_id", id->integer),
                                          output_str("body", buf_str(&body))};
    export->kind = "message";
    r = kind_row_export(export, message, 2);
    export->kind = "event";
    return r;
}

static int export_run(struct export *export)
{
    static const struct {
        enum store_view view;
        const char *kind;
        store_row_fn *row;
    } kinds[] = {{STORE_ENTRIES, "entry", own_row_export},
                 {STORE_HELD, "held", own_row_export},
                 {STORE_DECISIONS, "decision", own_row_export},
                 {STORE_LOG, "change", own_row_export},
                 {STORE_SOFT_DAYS, "soft_day", own_row_export},
                 {STORE_LEAKS, "leak", own_row_export},
                 {STORE_UNSUBSCRIBES, "unsubscribe", own_row_export},
                 {STORE_EVENTS, "event", message_export}};
    struct store_filter filter = {.address = export->address->key};
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof(kinds) / sizeof(*kinds); i++) {
        export->kind = kinds[i].kind;
        r = store_query(export->ctl->store, kinds[i].view, &filter, kinds[i].row, export);
    }
    if (r == 0)
        r = others_export(export, STORE_QUARANTINE, "quarantined");
    return r < 0 ? r : others_export(export, STORE_EVENTS, "mentioned_in_event");
}

int cmd_export(struct ctl *ctl)
{
    struct address address;
    struct export export = {.ctl = ctl, .address = &address};
    if (!ctl_given(ctl, OPTION_ADDRESS))
        return ctl_fail("say whose: sesbouncectl export --address ADDRESS -o json");
    if (ctl->format != OUTPUT_JSON)
        return ctl_fail("rows of several kinds are neither a table nor CSV: add -o json");
    if (!ctl_address(ctl->value[OPTION_ADDRESS], &address) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    ctl_output(ctl, &export.output, NULL);
    progress_start(&export.progress, "rows searched", true);
    int r = export_run(&export);
    progress_end(&export.progress);
    bool is_empty = export.output.rows == 0;
    int code = ctl_output_end(ctl, &export.output, r);
    if (code == CTL_DONE && is_empty)
        ctl_note("nothing is kept about %s", address.key);
    return code == CTL_DONE && is_empty ? CTL_NO : code;
}

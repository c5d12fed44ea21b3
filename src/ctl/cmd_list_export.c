/* suppress export: everything that is on the list, as `suppress import` reads it back. */
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/limits.h"
#include "ctl/list_pages.h"
#include "ctl/progress.h"
#include "sesbounce/text.h"

static const char *const columns[] = {"address", "reason", "scope", "since", "until",
                                      "detail",  "origin", "note",  NULL};
#define COLUMN_COUNT (sizeof(columns) / sizeof(*columns) - 1)

struct export
{
    struct output output;
    struct progress progress;
    bool is_asked; /* --reason: these, whatever SES makes of them */
    uint64_t rows;
    uint64_t left_out; /* of SES's format */
};

static int row_export(void *context, const struct store_value *values, size_t count)
{
    struct export *export = context;
    struct store_value row[COLUMN_COUNT];
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        const struct store_value *value = output_find(values, count, columns[i]);
        row[i] = value ? *value : output_text(columns[i], NULL);
    }
    progress_show(&export->progress, ++export->rows);
    return output_row(&export->output, row, COLUMN_COUNT);
}

/* SES's import job knows two reasons, no scope and no end: what ends by itself would stay
 * there, and is left out unless it is asked for. */
static int row_export_ses(void *context, const struct store_value *values, size_t count)
{
    struct export *export = context;
    _cleanup_(buf_done) struct buf address = {.max = CTL_MESSAGE_BYTES_MAX};
    struct str reason = output_find_text(values, count, "reason");
    bool is_bounce = str_equal(reason, STR("BOUNCE")) || str_equal(reason, STR("SOFT"));
    if (output_find(values, count, "until") && !export->is_asked) {
        export->left_out++;
        return 0;
    }
    progress_show(&export->progress, ++export->rows);
    int r = text_csv(&address, output_find_text(values, count, "address"));
    return r < 0 ? r
                 : output_printf(&export->output, "%s,%s\n", buf_str(&address).data,
                                 is_bounce ? "BOUNCE" : "COMPLAINT");
}

int cmd_list_export(struct ctl *ctl)
{
    const struct output_columns shown = {NULL, columns};
    const char *format = ctl->value[OPTION_FORMAT];
    struct filter filter;
    struct export export = {.is_asked = ctl_given(ctl, OPTION_REASON)};
    if (format && strcmp(format, "ses") != 0)
        return ctl_fail("there is no format `%s`; there is: ses", format);
    if (ctl_given(ctl, OPTION_OUTPUT) && (format || ctl->format == OUTPUT_TABLE))
        return ctl_fail("an export is -o csv (the default), -o json or --format ses");
    if (!ctl_filter(ctl, STORE_SUPPRESSED, &filter) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    /* An apostrophe in front of a formula would be another address when it is read. */
    if (ctl->format != OUTPUT_JSON)
        ctl->format = OUTPUT_CSV_RAW;
    struct list_pages_of of = {filter.store.scope, filter.store.reason};
    if (format && !of.scope)
        of.scope = POLICY_SCOPE_ALL;
    ctl_output(ctl, &export.output, format ? NULL : &shown);
    progress_start(&export.progress, "addresses", true);
    int r =
        list_pages_each(ctl->store, &of, format ? row_export_ses : row_export, &export);
    progress_end(&export.progress);
    int code = ctl_output_end(ctl, &export.output, r);
    if (code == CTL_DONE && export.left_out > 0)
        ctl_note("%llu entries that end by themselves are left out, since SES would keep "
                 "them; --reason exports those of one reason",
                 (unsigned long long)export.left_out);
    return code;
}

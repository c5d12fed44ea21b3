#include "ctl/list_pages.h"

#include "ctl/limits.h"
#include "sesbounce/output.h"

struct pages {
    const struct list_pages_of *of;
    store_row_fn *row;
    void *context;
    struct buf address, scope; /* of the last row */
    int64_t rows;              /* of this page */
};

static bool text_is_of(struct str text, const char *wanted)
{
    return !wanted || str_equal(text, str_of(wanted));
}

static int text_remember(struct buf *to, struct str text)
{
    buf_clear(to);
    return buf_append_str(to, text);
}

static int page_row_give(void *context, const struct store_value *values, size_t count)
{
    struct pages *pages = context;
    struct str address = output_find_text(values, count, "address");
    struct str scope = output_find_text(values, count, "scope");
    int r = text_remember(&pages->address, address);
    if (r == 0)
        r = text_remember(&pages->scope, scope);
    pages->rows++;
    if (r < 0 || !text_is_of(scope, pages->of->scope) ||
        !text_is_of(output_find_text(values, count, "reason"), pages->of->reason))
        return r;
    return pages->row(pages->context, values, count);
}

int list_pages_each(struct store *store, const struct list_pages_of *of,
                    store_row_fn *row, void *context)
{
    struct pages pages = {.of = of,
                          .row = row,
                          .context = context,
                          .address = {.max = CTL_LIST_RECORD_BYTES_MAX},
                          .scope = {.max = CTL_LIST_RECORD_BYTES_MAX}};
    struct store_filter filter = {.limit = CTL_LIST_PAGE_ROWS};
    int r = 0;
    do {
        _cleanup_(buf_done) struct buf address = pages.address, scope = pages.scope;
        buf_init(&pages.address, CTL_LIST_RECORD_BYTES_MAX);
        buf_init(&pages.scope, CTL_LIST_RECORD_BYTES_MAX);
        filter.after_address = address.data;
        filter.after_scope = scope.data;
        pages.rows = 0;
        r = store_query(store, STORE_SUPPRESSED, &filter, page_row_give, &pages);
    } while (r == 0 && pages.rows == CTL_LIST_PAGE_ROWS);
    buf_done(&pages.address);
    buf_done(&pages.scope);
    return r;
}

#include "daemon/api_list.h"

#include <errno.h>
#include <microhttpd.h>
#include <string.h>

#include "daemon/api_body.h"
#include "daemon/api_page.h"
#include "sesbounce/filter.h"
#include "sesbounce/listing.h"
#include "sesbounce/output.h"

const char *const api_suppressions_parameters[] = {"after", "limit",  "reason", "scope",
                                                   "since", "domain", NULL};

struct list {
    struct filter filter;
    struct output output;
    struct api_rows rows;
    const char *after;
};

static bool row_is_asked_for(void *context, const struct store_value *values,
                             size_t count)
{
    const struct list *list = context;
    const struct store_filter *asked = &list->filter.store;
    const struct store_value *since = output_find(values, count, "since");

    return (!asked->reason || str_equal(output_find_text(values, count, "reason"),
                                        str_of(asked->reason))) &&
           (!asked->scope ||
            str_equal(output_find_text(values, count, "scope"), str_of(asked->scope))) &&
           (!asked->domain ||
            listing_is_of_domain(output_find_text(values, count, "address"),
                                 str_of(asked->domain))) &&
           (asked->since_ms == 0 || (since && since->integer >= asked->since_ms));
}

static int list_row_write(void *context, const struct store_value *values, size_t count)
{
    struct list *list = context;

    return output_row(&list->output, values, count);
}

static int parameters_take(struct list *list, const struct api_request *request,
                           struct problem *problem)
{
    _cleanup_(buf_done) struct buf fault = {.max = LOG_VALUE_BYTES_MAX};
    int r = 0;

    for (const char *const *name = api_suppressions_parameters; *name && r == 0; name++) {
        const char *word = request->parameter(request->context, *name, 0);

        if (word && strcmp(*name, "after") == 0)
            list->after = word;
        else if (word)
            r = filter_set(&list->filter, *name, word, &fault);
    }
    int64_t *limit = &list->filter.store.limit;
    *limit = *limit == 0 ? API_LIMIT : *limit > API_LIMIT_MAX ? API_LIMIT_MAX : *limit;
    return r == 0
               ? 0
               : problem_set(problem, MHD_HTTP_BAD_REQUEST, "%s", buf_str(&fault).data);
}

static int list_end(const struct api_page *page, struct buf *ret)
{
    char next[API_NEXT_BYTES];

    if (!page->has_more)
        return buf_printf(ret, "],\"next\":null}\n");
    api_page_next(page, next);
    return buf_printf(ret, "],\"next\":\"%s\"}\n", next);
}

static int list_print(struct list *list, struct store *store, struct buf *ret,
                      struct problem *problem)
{
    struct api_page page = {.is_asked_for = row_is_asked_for,
                            .row = list_row_write,
                            .context = list,
                            .to = ret,
                            .limit = list->filter.store.limit};
    int r = buf_printf(ret, "{\"items\":[");

    if (r == 0)
        r = api_page_read(&page, list->after, store);
    if (r == -EINVAL)
        return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                           "after must be the `next` of another answer");
    return r < 0 ? r : list_end(&page, ret);
}

int api_suppressions(struct store *store, const struct api_request *request,
                     struct buf *ret, struct problem *problem)
{
    struct list list = {.rows = {.to = ret}};

    filter_init(&list.filter, STORE_SUPPRESSED, request->now_ms, "");
    output_init(&list.output, api_rows_sink(&list.rows), OUTPUT_JSON, NULL);
    int r = parameters_take(&list, request, problem);
    if (r == 0)
        r = list_print(&list, store, ret, problem);
    output_done(&list.output);
    return r;
}

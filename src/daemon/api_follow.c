#include "daemon/api_follow.h"

#include <errno.h>
#include <microhttpd.h>
#include <string.h>

#include "daemon/api_body.h"
#include "sesbounce/filter.h"
#include "sesbounce/following.h"

const char *const api_changes_parameters[] = {"after", "limit", "wait", NULL};
/* And the filters of `sesbouncectl events`. */
const char *const api_events_parameters[] = {
    "after", "limit",  "wait",     "address", "type",  "class", "cause",
    "rule",  "domain", "campaign", "message", "since", "until", NULL};

struct page {
    struct filter filter;
    struct following following;
    struct output output;
    struct api_rows rows;
    int64_t wait_s;
};

/* --- what is asked ---------------------------------------------------------------- */

static int number_take(const char *name, const char *word, int64_t *ret,
                       struct problem *problem)
{
    uint64_t number = 0;

    if (str_to_u64(str_of(word), INT64_MAX, &number) < 0)
        return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                           "%s must be a number of 0 or more, not `%s`", name, word);
    *ret = (int64_t)number;
    return 0;
}

static int parameter_take(struct page *page, const char *name, const char *word,
                          struct problem *problem)
{
    _cleanup_(buf_done) struct buf fault = {.max = LOG_VALUE_BYTES_MAX};

    if (strcmp(name, "wait") == 0)
        return number_take(name, word, &page->wait_s, problem);
    if (strcmp(name, "after") == 0) {
        page->following.from_oldest = false;
        return number_take(name, word, &page->following.after_id, problem);
    }
    if (filter_set(&page->filter, name, word, &fault) == 0)
        return 0;
    return problem_set(problem, MHD_HTTP_BAD_REQUEST, "%s", buf_str(&fault).data);
}

static int follow_take_parameters(struct page *page, const char *const *names,
                                  const struct api_request *request,
                                  struct problem *problem)
{
    int64_t *limit = &page->filter.store.limit;
    int r = 0;

    page->following.from_oldest = true;
    for (; *names && r == 0; names++) {
        const char *word = request->parameter(request->context, *names, 0);

        if (word)
            r = parameter_take(page, *names, word, problem);
    }
    *limit = *limit == 0 ? API_LIMIT : *limit > API_LIMIT_MAX ? API_LIMIT_MAX : *limit;
    if (page->wait_s > API_WAIT_S_MAX)
        page->wait_s = API_WAIT_S_MAX;
    return r;
}

/* --- a page ----------------------------------------------------------------------- */

static int row_take(void *context, const struct store_value *values, size_t count)
{
    struct page *page = context;

    return page->rows.to->len > API_PAGE_BYTES ? 1
                                               : output_row(&page->output, values, count);
}

static int gone_refuse(const struct following *following, struct problem *problem)
{
    _cleanup_(buf_done) struct buf why = {.max = PROBLEM_DETAIL_BYTES};
    int64_t back_id = following_way_back(following);
    int r = following_explain(following, &why);

    if (r < 0)
        return r;
    problem->oldest_id =
        following->span.oldest_id > back_id ? following->span.oldest_id : back_id + 1;
    return problem_set(problem, MHD_HTTP_GONE, "%s; go on with after=%lld",
                       buf_str(&why).data, (long long)back_id);
}

static int follow_read_page(struct page *page, struct store *store, struct api_wait *wait,
                            struct problem *problem)
{
    struct following *following = &page->following;

    following->filter = page->filter.store;
    if (wait->has_begun) {
        following->after_id = wait->after_id;
        following->from_oldest = false;
    }
    int r = following_look(following, store, row_take, page);

    if (r == FOLLOWING_GONE)
        return gone_refuse(following, problem);
    wait->has_begun = true;
    wait->after_id = following->after_id;
    wait->ms = following->rows == 0 ? page->wait_s * CLOCK_SECOND_MS : 0;
    return r;
}

static int view_follow(enum store_view view, const char *const *names,
                       struct store *store, const struct api_request *request,
                       struct buf *ret, struct problem *problem)
{
    struct page page = {.following = {.view = view}, .rows = {.to = ret}};

    filter_init(&page.filter, view, request->now_ms, "");
    output_init(&page.output, api_rows_sink(&page.rows), OUTPUT_JSON, NULL);
    int r = follow_take_parameters(&page, names, request, problem);
    if (r == 0)
        r = buf_printf(ret, "{\"items\":[");
    if (r == 0)
        r = follow_read_page(&page, store, request->wait, problem);
    if (r == 0)
        r = buf_printf(ret, "],\"next\":%lld}\n", (long long)page.following.after_id);
    output_done(&page.output);
    return r;
}

int api_changes(struct store *store, const struct api_request *request, struct buf *ret,
                struct problem *problem)
{
    return view_follow(STORE_LOG, api_changes_parameters, store, request, ret, problem);
}

int api_events(struct store *store, const struct api_request *request, struct buf *ret,
               struct problem *problem)
{
    return view_follow(STORE_EVENTS, api_events_parameters, store, request, ret, problem);
}

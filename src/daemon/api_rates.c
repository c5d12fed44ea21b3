#include "daemon/api_rates.h"

#include <errno.h>
#include <microhttpd.h>

#include "daemon/api_body.h"
#include "sesbounce/filter.h"
#include "sesbounce/rates.h"
#include "sesbounce/text.h"

const char *const api_rates_parameters[] = {"since", "by", "limit", NULL};

struct asked {
    enum store_stats_by by;
    int64_t since_ms;
    int64_t limit;
};

static int asked_read(const struct api_request *request, struct asked *ret,
                      struct problem *problem)
{
    const char *by = request->parameter(request->context, "by", 0);
    const char *since = request->parameter(request->context, "since", 0);
    const char *limit = request->parameter(request->context, "limit", 0);
    _cleanup_(buf_done) struct buf fault = {.max = LOG_VALUE_BYTES_MAX};
    int r = 0;

    *ret =
        (struct asked){STORE_STATS_DAY, request->now_ms - (RATES_DAYS - 1) * CLOCK_DAY_MS,
                       API_LIMIT_MAX};
    if (by && !rates_by_parse(by, &ret->by))
        return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                           "by cannot be `%s`; there are: %s", by, rates_by_words);
    if (since)
        r = filter_when(since, request->now_ms, &ret->since_ms, &fault);
    if (r == 0 && limit)
        r = filter_number("limit", limit, &ret->limit, &fault);
    if (ret->limit > API_LIMIT_MAX)
        ret->limit = API_LIMIT_MAX;
    ret->since_ms = ret->since_ms < 0 ? 0 : ret->since_ms / CLOCK_DAY_MS * CLOCK_DAY_MS;
    return r == 0
               ? 0
               : problem_set(problem, MHD_HTTP_BAD_REQUEST, "%s", buf_str(&fault).data);
}

/* Appends the rows behind each other, with commas. */
static int rates_rows_print(struct store *store, const struct asked *asked,
                            struct buf *ret, struct rates_result *result)
{
    struct api_rows rows = {.to = ret};
    struct output output;

    output_init(&output, api_rows_sink(&rows), OUTPUT_JSON, NULL);
    int r = rates_read(store, asked->by, asked->since_ms, asked->limit, output_row,
                       &output, result);
    output_done(&output);
    return r;
}

static int rates_advice_print(struct store *store, const struct asked *asked,
                              bool is_wanted, struct buf *ret)
{
    _cleanup_(buf_done) struct buf advice = {.max = REPORT_MESSAGE_BYTES_MAX};

    if (!is_wanted)
        return buf_append_str(ret, STR("null"));
    int r = rates_explain(store, asked->by, asked->since_ms, &advice);
    return r < 0 ? r : text_json(ret, buf_str(&advice));
}

int api_rates(struct store *store, const struct api_request *request, struct buf *ret,
              struct problem *problem)
{
    char since[CLOCK_TEXT_BYTES];
    struct rates_result result = {0}, of_all;
    struct asked asked;
    int r = asked_read(request, &asked, problem);

    if (r < 0)
        return r;
    const struct asked all = {STORE_STATS_ALL, asked.since_ms, 0};

    clock_format_rfc3339(asked.since_ms, since);
    r = buf_printf(ret, "{\"since\":\"%s\",\"by\":\"%s\",\"total\":", since,
                   rates_by_word(asked.by));
    if (r == 0)
        r = rates_rows_print(store, &all, ret, &of_all);
    if (r == 0)
        r = buf_append_str(ret, STR(",\"items\":["));
    if (r == 0)
        r = rates_rows_print(store, &asked, ret, &result);
    if (r == 0)
        r = buf_printf(ret,
                       "],\"more\":%s,\"advice\":", result.is_cut ? "true" : "false");
    if (r == 0)
        r = rates_advice_print(store, &asked, result.lacks_rates, ret);
    return r < 0 ? r : buf_append_str(ret, STR("}\n"));
}

#include "daemon/api_list.h"

#include <errno.h>
#include <microhttpd.h>
#include <string.h>

#include "daemon/api_body.h"
#include "sesbounce/digest.h"
#include "sesbounce/filter.h"
#include "sesbounce/listing.h"
#include "sesbounce/output.h"

const char *const api_suppressions_parameters[] = {"after", "limit",  "reason", "scope",
                                                   "since", "domain", NULL};

/* Ends a query. */
#define ENOUGH 1

/* --- where a page ends -------------------------------------------------------------- */

/* `ADDRESS SCOPE` in hex: opaque, so that no address is part of what proxies log. */
#define PLACE_BYTES (ADDRESS_BYTES_MAX + POLICY_SCOPE_BYTES_MAX + 2)

struct place {
    char text[PLACE_BYTES]; /* address NUL scope NUL */
    size_t scope;           /* where the second begins; 0: at the beginning */
};

static void place_set(struct place *place, struct str address, struct str scope)
{
    address = str_cut(address, ADDRESS_BYTES_MAX - 1);
    place->scope = address.len + 1;
    (void)snprintf(place->text, sizeof(place->text), "%.*s", STR_ARG(address));
    (void)snprintf(place->text + place->scope, sizeof(place->text) - place->scope, "%.*s",
                   STR_ARG(scope));
}

static void place_print(const struct place *place, char ret[2 * PLACE_BYTES + 1])
{
    size_t len = place->scope + strlen(place->text + place->scope);

    digest_hex((const unsigned char *)place->text, 2 * len, ret);
}

static int hex_value(char digit)
{
    const char *const digits = "0123456789abcdef";
    const char *at = digit ? strchr(digits, digit) : NULL;

    return at ? (int)(at - digits) : -1;
}

static bool place_read(struct place *place, struct str hex)
{
    size_t len = hex.len / 2;

    if (hex.len % 2 != 0 || len >= sizeof(place->text))
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = hex_value(hex.data[2 * i]), low = hex_value(hex.data[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        place->text[i] = (char)(high * 16 + low);
    }
    place->text[len] = '\0';
    place->scope = strlen(place->text) + 1;
    return place->scope < len && strlen(place->text + place->scope) == len - place->scope;
}

/* --- a page ------------------------------------------------------------------------- */

struct page {
    struct filter filter;
    struct output output;
    struct api_rows rows;
    struct place seen; /* the last row that was looked at */
    size_t rows_seen;
    bool has_more;
};

static bool row_is_asked_for(const struct store_filter *asked,
                             const struct store_value *values, size_t count)
{
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

static int page_take(void *context, const struct store_value *values, size_t count)
{
    struct page *page = context;
    bool is_asked_for = row_is_asked_for(&page->filter.store, values, count);

    if (page->rows_seen == API_ROWS_SEEN_MAX || page->rows.to->len > API_PAGE_BYTES ||
        (is_asked_for && (int64_t)page->rows.count == page->filter.store.limit)) {
        page->has_more = true;
        return ENOUGH;
    }
    page->rows_seen++;
    place_set(&page->seen, output_find_text(values, count, "address"),
              output_find_text(values, count, "scope"));
    return is_asked_for ? output_row(&page->output, values, count) : 0;
}

static int parameters_take(struct page *page, struct place *after,
                           const struct api_request *request, struct problem *problem)
{
    _cleanup_(buf_done) struct buf fault = {.max = LOG_VALUE_BYTES_MAX};
    int r = 0;

    for (const char *const *name = api_suppressions_parameters; *name && r == 0; name++) {
        const char *word = request->parameter(request->context, *name);

        if (!word)
            continue;
        if (strcmp(*name, "after") != 0)
            r = filter_set(&page->filter, *name, word, &fault);
        else if (!place_read(after, str_of(word)))
            return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                               "after must be the `next` of another answer");
    }
    int64_t *limit = &page->filter.store.limit;
    *limit = *limit == 0 ? API_LIMIT : *limit > API_LIMIT_MAX ? API_LIMIT_MAX : *limit;
    return r == 0
               ? 0
               : problem_set(problem, MHD_HTTP_BAD_REQUEST, "%s", buf_str(&fault).data);
}

static int page_read(struct page *page, const struct place *after, struct store *store)
{
    struct store_filter from = {.limit = API_ROWS_SEEN_MAX + 1};

    if (after->scope > 0) {
        from.after_address = after->text;
        from.after_scope = after->text + after->scope;
    }
    int r = store_query(store, STORE_SUPPRESSED, &from, page_take, page);
    return r == ENOUGH ? 0 : r;
}

static int page_end(struct page *page)
{
    char next[2 * PLACE_BYTES + 1];

    if (!page->has_more)
        return buf_printf(page->rows.to, "],\"next\":null}\n");
    place_print(&page->seen, next);
    return buf_printf(page->rows.to, "],\"next\":\"%s\"}\n", next);
}

int api_suppressions(struct store *store, const struct api_request *request,
                     struct buf *ret, struct problem *problem)
{
    struct page page = {.rows = {.to = ret}};
    struct place after = {.scope = 0};

    filter_init(&page.filter, STORE_SUPPRESSED, request->now_ms, "");
    output_init(&page.output, api_rows_sink(&page.rows), OUTPUT_JSON, NULL);
    int r = parameters_take(&page, &after, request, problem);
    if (r == 0)
        r = buf_printf(ret, "{\"items\":[");
    if (r == 0)
        r = page_read(&page, &after, store);
    if (r == 0)
        r = page_end(&page);
    output_done(&page.output);
    return r;
}

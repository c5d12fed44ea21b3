#include "daemon/api_ses.h"

#include <errno.h>
#include <microhttpd.h>
#include <string.h>

#include "daemon/api_body.h"
#include "daemon/api_page.h"
#include "sesbounce/filter.h"
#include "sesbounce/output.h"
#include "sesbounce/text.h"

const char *const api_ses_parameters[] = {"TenantName", NULL};
const char *const api_ses_list_parameters[] = {
    "Reason", "StartDate", "EndDate", "PageSize", "NextToken", "TenantName", NULL};

/* --- errors ----------------------------------------------------------------------- */

bool api_ses_has_path(const char *path)
{
    return strncmp(path, "/v2/", strlen("/v2/")) == 0;
}

const char *api_ses_error_type(unsigned status)
{
    static const struct {
        unsigned status;
        const char *type;
    } types[] = {
        {MHD_HTTP_UNAUTHORIZED, "UnrecognizedClientException"},
        {MHD_HTTP_FORBIDDEN, "AccessDeniedException"},
        {MHD_HTTP_NOT_FOUND, "NotFoundException"},
        {MHD_HTTP_INTERNAL_SERVER_ERROR, "InternalServiceErrorException"},
        {MHD_HTTP_SERVICE_UNAVAILABLE, "ServiceUnavailableException"},
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (types[i].status == status)
            return types[i].type;
    return "BadRequestException";
}

int api_ses_error_print(const struct problem *problem, struct buf *ret)
{
    int r = buf_append_str(ret, STR("{\"message\":"));

    if (r == 0)
        r = text_json(ret, str_of(problem->detail));
    return r == 0 ? buf_append_str(ret, STR("}\n")) : r;
}

/* --- what is asked for ------------------------------------------------------------ */

static int tenant_scope_take(const char *tenant, char ret[POLICY_SCOPE_BYTES_MAX],
                             struct problem *problem)
{
    char why[ADDRESS_FAULT_BYTES];
    int len = snprintf(ret, POLICY_SCOPE_BYTES_MAX, "%s%s",
                       tenant ? "tenant:" : POLICY_SCOPE_ALL, tenant ? tenant : "");

    if ((tenant && !*tenant) || len >= POLICY_SCOPE_BYTES_MAX)
        return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                           "TenantName is empty or too long");
    return filter_check_scope(str_of(ret), why)
               ? 0
               : problem_set(problem, MHD_HTTP_BAD_REQUEST,
                             "TenantName cannot be the name of a tenant: %s", why);
}

static int destination_check(const char *typed, struct address *ret,
                             struct problem *problem)
{
    char why[ADDRESS_FAULT_BYTES];
    int r = address_read(str_of(typed), ret, why);

    return r == -EINVAL ? problem_set(problem, MHD_HTTP_BAD_REQUEST,
                                      "EmailAddress is not a mail address: %s", why)
                        : r;
}

/* --- entries ---------------------------------------------------------------------- */

static const char *ses_reason_of(const struct store_value *values, size_t count)
{
    return str_equal(output_find_text(values, count, "reason"), STR("COMPLAINT"))
               ? "COMPLAINT"
               : "BOUNCE";
}

/* When it was last confirmed; an entry that no event made, when it was made. */
static int64_t updated_ms(const struct store_value *values, size_t count)
{
    const struct store_value *last = output_find(values, count, "last_event_at");
    const struct store_value *since = output_find(values, count, "since");

    return last ? last->integer : since ? since->integer : 0;
}

/* The members that a summary and an entry share. Seconds since 1970. */
static int entry_print(const struct store_value *values, size_t count, struct buf *to)
{
    int64_t ms = updated_ms(values, count);
    int r = buf_append_str(to, STR("\"EmailAddress\":"));

    if (r == 0)
        r = text_json(to, output_find_text(values, count, "address"));
    return r == 0 ? buf_printf(to, ",\"Reason\":\"%s\",\"LastUpdateTime\":%lld.%03lld",
                               ses_reason_of(values, count), (long long)(ms / 1000),
                               (long long)(ms % 1000))
                  : r;
}

/* --- one -------------------------------------------------------------------------- */

struct one {
    struct buf *to;
    const char *tenant;
    bool is_found;
};

static int one_print(void *context, const struct store_value *values, size_t count)
{
    struct one *one = context;
    int r = buf_append_str(one->to, STR("{\"SuppressedDestination\":{"));

    one->is_found = true;
    if (r == 0)
        r = entry_print(values, count, one->to);
    if (r == 0 && one->tenant)
        r = buf_append_str(one->to, STR(",\"TenantName\":"));
    if (r == 0 && one->tenant)
        r = text_json(one->to, str_of(one->tenant));
    return r == 0 ? buf_append_str(one->to, STR("}}\n")) : r;
}

static int not_listed(struct problem *problem)
{
    return problem_set(problem, MHD_HTTP_NOT_FOUND,
                       "the address is not on the suppression list");
}

int api_ses_get(struct store *store, const struct api_request *request, struct buf *ret,
                struct problem *problem)
{
    struct one one = {ret, request->parameter(request->context, "TenantName", 0), false};
    char scope[POLICY_SCOPE_BYTES_MAX];
    struct address address;
    int r = destination_check(request->rest, &address, problem);

    if (r == 0)
        r = tenant_scope_take(one.tenant, scope, problem);
    if (r < 0)
        return r;
    const struct store_filter filter = {.address = request->rest, .scope = scope};

    r = store_query(store, STORE_SUPPRESSED, &filter, one_print, &one);
    return r == 0 && !one.is_found ? not_listed(problem) : r;
}

/* --- all -------------------------------------------------------------------------- */

struct all {
    struct buf *to;
    size_t count;
    char scope[POLICY_SCOPE_BYTES_MAX];
    bool bounces, complaints;
    int64_t after_ms, before_ms; /* CLOCK_NONE: any */
    int64_t limit;
};

static bool is_of_the_list(void *context, const struct store_value *values, size_t count)
{
    const struct all *all = context;
    int64_t ms = updated_ms(values, count);
    bool complaint = strcmp(ses_reason_of(values, count), "COMPLAINT") == 0;

    return str_equal(output_find_text(values, count, "scope"), str_of(all->scope)) &&
           (complaint ? all->complaints : all->bounces) &&
           (all->after_ms == CLOCK_NONE || ms >= all->after_ms) &&
           (all->before_ms == CLOCK_NONE || ms <= all->before_ms);
}

static int ses_summary_print(void *context, const struct store_value *values,
                             size_t count)
{
    struct all *all = context;
    int r = buf_append_str(all->to, all->count++ > 0 ? STR(",{") : STR("{"));

    if (r == 0)
        r = entry_print(values, count, all->to);
    return r == 0 ? buf_append_char(all->to, '}') : r;
}

static int reasons_take(const struct api_request *request, struct all *all,
                        struct problem *problem)
{
    const char *reason = NULL;
    size_t n = 0;

    for (; (reason = request->parameter(request->context, "Reason", n)); n++) {
        bool complaint = strcmp(reason, "COMPLAINT") == 0;

        if (!complaint && strcmp(reason, "BOUNCE") != 0)
            return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                               "Reason is BOUNCE or COMPLAINT");
        all->complaints = all->complaints || complaint;
        all->bounces = all->bounces || !complaint;
    }
    if (n == 0)
        all->complaints = all->bounces = true;
    return 0;
}

static int date_take(const struct api_request *request, const char *name, int64_t *ret_ms,
                     struct problem *problem)
{
    const char *date = request->parameter(request->context, name, 0);

    *ret_ms = CLOCK_NONE;
    return !date || clock_parse(str_of(date), ret_ms) == 0
               ? 0
               : problem_set(problem, MHD_HTTP_BAD_REQUEST,
                             "%s is not a time: write 2027-01-31T12:00:00Z", name);
}

static int limit_take(const struct api_request *request, int64_t *ret,
                      struct problem *problem)
{
    const char *size = request->parameter(request->context, "PageSize", 0);
    uint64_t n = API_LIMIT;

    if (size && (str_to_u64(str_of(size), API_LIMIT_MAX, &n) < 0 || n == 0))
        return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                           "PageSize is a number from 1 to %d", API_LIMIT_MAX);
    *ret = (int64_t)n;
    return 0;
}

static int all_take(const struct api_request *request, struct all *all,
                    struct problem *problem)
{
    const char *tenant = request->parameter(request->context, "TenantName", 0);
    int r = tenant_scope_take(tenant, all->scope, problem);

    if (r == 0)
        r = reasons_take(request, all, problem);
    if (r == 0)
        r = date_take(request, "StartDate", &all->after_ms, problem);
    if (r == 0)
        r = date_take(request, "EndDate", &all->before_ms, problem);
    return r == 0 ? limit_take(request, &all->limit, problem) : r;
}

static int all_end(const struct api_page *page, struct buf *ret)
{
    char next[API_NEXT_BYTES];

    if (!page->has_more)
        return buf_append_str(ret, STR("]}\n"));
    api_page_next(page, next);
    return buf_printf(ret, "],\"NextToken\":\"%s\"}\n", next);
}

int api_ses_list(struct store *store, const struct api_request *request, struct buf *ret,
                 struct problem *problem)
{
    struct all all = {.to = ret};
    int r = all_take(request, &all, problem);
    struct api_page page = {.is_asked_for = is_of_the_list,
                            .row = ses_summary_print,
                            .context = &all,
                            .to = ret,
                            .limit = all.limit};

    if (r == 0)
        r = buf_append_str(ret, STR("{\"SuppressedDestinationSummaries\":["));
    if (r < 0)
        return r;
    r = api_page_read(&page, request->parameter(request->context, "NextToken", 0), store);
    if (r == -EINVAL)
        return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                           "NextToken is that of another answer");
    return r < 0 ? r : all_end(&page, ret);
}

/* --- changes ---------------------------------------------------------------------- */

/* Keeps the name of the scope in the body, where it lives as long as the change. */
static int scope_keep(const char *tenant, struct api_change *change,
                      struct problem *problem)
{
    char scope[POLICY_SCOPE_BYTES_MAX];
    int r = tenant_scope_take(tenant, scope, problem);

    if (r < 0)
        return r;
    if (!change->body)
        change->body = json_object();
    if (json_object_set_new(change->body, "scope", json_string(scope)) < 0)
        return -ENOMEM;
    change->decision.scope = json_string_value(json_object_get(change->body, "scope"));
    return 0;
}

/* As `suppress import` does it: it holds from now on, and no rebuild changes it. */
int api_ses_plan_put(const struct api_request *request, struct api_change *ret,
                     struct problem *problem)
{
    json_t *address, *reason, *tenant;
    const struct api_member members[] = {{"EmailAddress", JSON_STRING, false, &address},
                                         {"Reason", JSON_STRING, false, &reason},
                                         {"TenantName", JSON_STRING, true, &tenant},
                                         {NULL, JSON_NULL, false, NULL}};
    struct store_decision *decision = &ret->decision;
    struct address read;
    int r = api_body_read(request->body, members, &ret->body, problem);

    if (r == 0)
        r = destination_check(json_string_value(address), &read, problem);
    if (r < 0)
        return r;
    bool complaint = strcmp(json_string_value(reason), "COMPLAINT") == 0;

    if (!complaint && strcmp(json_string_value(reason), "BOUNCE") != 0)
        return problem_set(problem, MHD_HTTP_BAD_REQUEST,
                           "Reason is BOUNCE or COMPLAINT");
    decision->what = POLICY_DECIDE_IMPORT;
    decision->reason = complaint ? POLICY_REASON_COMPLAINT : POLICY_REASON_BOUNCE;
    decision->address = json_string_value(address);
    decision->since_ms = decision->now_ms;
    decision->until_ms = POLICY_FOR_EVER;
    return scope_keep(json_string_value(tenant), ret, problem);
}

int api_ses_tell_put(const struct api_change *change, struct buf *ret,
                     struct problem *problem)
{
    (void)change;
    (void)problem;
    return buf_append_str(ret, STR("{}\n"));
}

/* SES asks nobody twice about a complaint. */
int api_ses_plan_delete(const struct api_request *request, struct api_change *ret,
                        struct problem *problem)
{
    struct address read;
    int r = destination_check(request->rest, &read, problem);

    ret->decision.what = POLICY_DECIDE_REMOVE;
    ret->decision.address = request->rest;
    ret->decision.complaint = true;
    return r == 0 ? scope_keep(request->parameter(request->context, "TenantName", 0), ret,
                               problem)
                  : r;
}

int api_ses_tell_delete(const struct api_change *change, struct buf *ret,
                        struct problem *problem)
{
    return change->done.changed > 0 ? buf_append_str(ret, STR("{}\n"))
                                    : not_listed(problem);
}

#include "daemon/routes.h"

#include <microhttpd.h>
#include <string.h>

#include "daemon/api_check.h"
#include "daemon/api_decide.h"
#include "daemon/api_follow.h"
#include "daemon/api_list.h"
#include "daemon/api_openapi.h"
#include "daemon/api_rates.h"
#include "daemon/api_ses.h"
#include "daemon/api_status.h"
#include "daemon/api_why.h"
#include "daemon/page.h"

static const char *const no_parameters[] = {NULL};

#define GET      MHD_HTTP_METHOD_GET
#define POST     MHD_HTTP_METHOD_POST
#define PUT      MHD_HTTP_METHOD_PUT
#define DELETE   MHD_HTTP_METHOD_DELETE
#define SES_LIST "/v2/email/suppression/addresses"

static const struct api_route routes[] = {
    {"/", GET, API_PAGE, 0, no_parameters, .type = PAGE_TYPE, .read = page_overview},
    {"/healthz", GET, API_HEALTH, 0, NULL, .read = NULL},
    {"/metrics", GET, API_METRICS, 0, NULL, .read = NULL},
    {"/page.css", GET, API_PUBLIC, 0, no_parameters, .type = "text/css; charset=utf-8",
     .read = page_style},
    {"/page.js", GET, API_PUBLIC, 0, no_parameters,
     .type = "text/javascript; charset=utf-8", .read = page_script},
    {"/page.svg", GET, API_PUBLIC, 0, no_parameters, .type = "image/svg+xml",
     .read = page_icon},
    {"/v1/changes", GET, API_READS, 0, api_changes_parameters, .read = api_changes,
     .waits = true},
    {"/v1/check", POST, API_READS, API_BODY_BYTES_MAX, no_parameters, .read = api_check},
    {"/v1/events", GET, API_READS, 0, api_events_parameters, .read = api_events,
     .waits = true},
    {"/v1/held/drop", POST, API_WRITES, API_CHANGE_BYTES_MAX, no_parameters,
     .plan = api_plan_drop, .tell = api_tell_held},
    {"/v1/held/release", POST, API_WRITES, API_CHANGE_BYTES_MAX, no_parameters,
     .plan = api_plan_release, .tell = api_tell_held},
    {"/v1/openapi.json", GET, API_FIXED, 0, no_parameters, .read = api_openapi},
    {"/v1/rates", GET, API_REPORTS, 0, api_rates_parameters, .read = api_rates},
    {"/v1/status", GET, API_READS, 0, no_parameters, .read = api_status},
    {"/v1/suppressions", GET, API_READS, 0, api_suppressions_parameters,
     .read = api_suppressions},
    {"/v1/suppressions", POST, API_WRITES, API_CHANGE_BYTES_MAX, no_parameters,
     .plan = api_plan_add, .tell = api_tell_address},
    {"/v1/suppressions/remove", POST, API_WRITES, API_CHANGE_BYTES_MAX, no_parameters,
     .plan = api_plan_remove, .tell = api_tell_address},
    {"/v1/why", POST, API_READS, API_BODY_BYTES_MAX, no_parameters, .read = api_why},
    {SES_LIST, GET, API_READS, 0, api_ses_list_parameters, .read = api_ses_list},
    {SES_LIST, PUT, API_WRITES, API_CHANGE_BYTES_MAX, no_parameters,
     .plan = api_ses_plan_put, .tell = api_ses_tell_put},
    {SES_LIST "/", GET, API_READS, 0, api_ses_parameters, .read = api_ses_get},
    {SES_LIST "/", DELETE, API_WRITES, 0, api_ses_parameters, .plan = api_ses_plan_delete,
     .tell = api_ses_tell_delete},
    {"/why", POST, API_PAGE, PAGE_FORM_BYTES_MAX, no_parameters, .type = PAGE_TYPE,
     .read = page_why},
};

static bool route_is_of(const struct api_route *route, const char *path)
{
    size_t len = strlen(route->path);

    if (len == 1 || route->path[len - 1] != '/')
        return strcmp(path, route->path) == 0;
    return strncmp(path, route->path, len) == 0 && path[len];
}

const struct api_route *route_find(const char *path, const char *method)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
        if (route_is_of(&routes[i], path) && strcmp(method, routes[i].method) == 0)
            return &routes[i];
    return NULL;
}

const char *route_rest(const struct api_route *route, const char *path)
{
    return path + strlen(route->path);
}

int route_methods(const char *path, struct buf *ret)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof(routes) / sizeof(*routes); i++)
        if (route_is_of(&routes[i], path))
            r = buf_printf(ret, "%s%s", ret->len > 0 ? ", " : "", routes[i].method);
    return r;
}

#include "daemon/routes.h"

#include <microhttpd.h>
#include <string.h>

#include "daemon/api_check.h"
#include "daemon/api_list.h"
#include "daemon/api_why.h"

static const char *const no_parameters[] = {NULL};

static const struct api_route routes[] = {
    {"/healthz", MHD_HTTP_METHOD_GET, API_HEALTH, 0, NULL, NULL},
    {"/metrics", MHD_HTTP_METHOD_GET, API_METRICS, 0, NULL, NULL},
    {"/v1/check", MHD_HTTP_METHOD_POST, API_READS, API_BODY_BYTES_MAX, no_parameters,
     api_check},
    {"/v1/suppressions", MHD_HTTP_METHOD_GET, API_READS, 0, api_suppressions_parameters,
     api_suppressions},
    {"/v1/why", MHD_HTTP_METHOD_POST, API_READS, API_BODY_BYTES_MAX, no_parameters,
     api_why},
};

static bool route_is_of(const struct api_route *route, const char *path)
{
    size_t len = strlen(route->path);

    if (route->path[len - 1] != '/')
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

#include "daemon/routes.h"

#include <microhttpd.h>
#include <string.h>

#include "daemon/api_check.h"
#include "daemon/api_list.h"
#include "daemon/api_why.h"

static const char *const no_parameters[] = {NULL};

static const struct api_route routes[] = {
    {"/v1/check", MHD_HTTP_METHOD_POST, API_BODY_BYTES_MAX, no_parameters, api_check},
    {"/v1/suppressions", MHD_HTTP_METHOD_GET, 0, api_suppressions_parameters,
     api_suppressions},
    {"/v1/why", MHD_HTTP_METHOD_POST, API_BODY_BYTES_MAX, no_parameters, api_why},
};

const struct api_route *route_find(const char *path)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
        if (strcmp(path, routes[i].path) == 0)
            return &routes[i];
    return NULL;
}

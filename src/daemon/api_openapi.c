#include "daemon/api_openapi.h"

#include "daemon/openapi.h"

int api_openapi(struct store *store, const struct api_request *request, struct buf *ret,
                struct problem *problem)
{
    (void)store;
    (void)request;
    (void)problem;
    return buf_append(ret, openapi, sizeof(openapi) - 1);
}

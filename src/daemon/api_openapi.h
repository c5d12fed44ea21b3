/*
 * GET /v1/openapi.json: the description of the API, which is openapi.json beside this
 * file. One thread.
 */
#ifndef SESBOUNCED_API_OPENAPI_H
#define SESBOUNCED_API_OPENAPI_H

#include "daemon/api.h"

/* Without a store. */
api_handler api_openapi;

#endif

/*
 * The routes of the JSON API. Immutable; any thread.
 */
#ifndef SESBOUNCED_ROUTES_H
#define SESBOUNCED_ROUTES_H

#include "daemon/api.h"

/* NULL: there is no such path. */
const struct api_route *route_find(const char *path);

#endif

/*
 * The routes of the admin side: a path and a method each. Immutable; any thread.
 */
#ifndef SESBOUNCED_ROUTES_H
#define SESBOUNCED_ROUTES_H

#include "daemon/api.h"

/* `path` is decoded. NULL: there is no such path, or not with this method. */
const struct api_route *route_find(const char *path, const char *method);

/* What follows the route's own path in `path`; "": nothing. Borrows `path`. */
const char *route_rest(const struct api_route *route, const char *path);

/* Appends the methods of a path, `GET, POST`; nothing when there is no such path. */
int route_methods(const char *path, struct buf *ret);

#endif

/*
 * Who sends a request to the admin side, and what it may do. A browser sends nothing that
 * counts by itself: only the Authorization header does. One thread.
 */
#ifndef SESBOUNCED_CALLER_H
#define SESBOUNCED_CALLER_H

#include "daemon/api.h"
#include "daemon/listen.h"
#include "daemon/secrets.h"

struct MHD_Connection;

struct caller_rules {
    const struct settings_list *hosts;
    struct secrets *tokens; /* NULL: there are none */
    const struct listen_sockets *sockets;
};

struct caller {
    bool is_local;                     /* on this machine, and asks for nobody else */
    const struct secrets_token *token; /* borrowed from the rules; NULL: none that counts
                                        */
};

/* Is the request for us, and may its sender know anything, or what everybody may: what an
 * API_PUBLIC route answers? 0, or -EINVAL with a problem. Before anything is disclosed,
 * also that there is no such route (NULL), so before caller_may(). */
int caller_identify(const struct caller_rules *rules, struct MHD_Connection *connection,
                    const struct api_route *route, struct caller *ret,
                    struct problem *problem);

/* May it have what the route does? 0, or -EINVAL with a problem. */
int caller_may(const struct caller_rules *rules, const struct caller *caller,
               const struct api_route *route, struct problem *problem);

#endif

#include "daemon/caller.h"

#include <microhttpd.h>

#include "daemon/admin_host.h"

static const char *header_find(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* A proxy on this machine speaks for others; those that say so are believed. */
static bool caller_is_local(const struct caller_rules *rules,
                            struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    return info && listen_is_reached_locally(rules->sockets, info->connect_fd) &&
           !header_find(connection, MHD_HTTP_HEADER_FORWARDED) &&
           !header_find(connection, "X-Forwarded-For");
}

static int token_ask(struct problem *problem)
{
    return problem_set(problem, MHD_HTTP_UNAUTHORIZED,
                       "send the header `Authorization: Bearer TOKEN`, with a token "
                       "whose hash is in [admin] tokens_file");
}

int caller_identify(const struct caller_rules *rules, struct MHD_Connection *connection,
                    const struct api_route *route, struct caller *ret,
                    struct problem *problem)
{
    bool is_public = route && route->kind == API_PUBLIC;
    struct str sent = str_of(header_find(connection, MHD_HTTP_HEADER_AUTHORIZATION));

    *ret = (struct caller){.is_local = caller_is_local(rules, connection)};
    if (!admin_host_is_ours(rules->hosts,
                            str_of(header_find(connection, MHD_HTTP_HEADER_HOST))))
        return problem_set(problem, MHD_HTTP_MISDIRECTED_REQUEST,
                           "the Host of this request is neither an IP address nor "
                           "localhost; other names need a line `host = NAME` under "
                           "[admin]");
    if (rules->tokens && str_present(sent))
        ret->token = secrets_find_token(rules->tokens, sent);
    return is_public || ret->is_local || !rules->tokens || ret->token
               ? 0
               : token_ask(problem);
}

int caller_may(const struct caller_rules *rules, const struct caller *caller,
               const struct api_route *route, struct problem *problem)
{
    if (route->kind != API_WRITES || (caller->token && caller->token->writes))
        return 0;
    if (caller->token)
        return problem_set(problem, MHD_HTTP_FORBIDDEN,
                           "the token `%s` may read only; this needs one with the right "
                           "`write` in [admin] tokens_file",
                           caller->token->name);
    if (rules->tokens)
        return token_ask(problem);
    return problem_set(problem, MHD_HTTP_UNAUTHORIZED,
                       "a change needs a token, also from this machine: set [admin] "
                       "tokens_file to a file with a line NAME:write:SHA256HEX (printf "
                       "%%s \"$TOKEN\" | sha256sum prints the hash), restart, and send "
                       "the header `Authorization: Bearer TOKEN`");
}

#include "daemon/admin_host.h"

#include <arpa/inet.h>
#include <string.h>

#include "sesbounce/net_address.h"

static bool port_is_number(struct str port)
{
    for (size_t i = 0; i < port.len; i++)
        if (port.data[i] < '0' || port.data[i] > '9')
            return false;
    return true;
}

static bool ipv6_is_ours(struct str host)
{
    const char *end = memchr(host.data, ']', host.len);
    unsigned char ip[sizeof(struct in6_addr)];

    if (!end)
        return false;
    size_t len = (size_t)(end - host.data);
    struct str rest = str_skip(host, len + 1);

    return net_ip_parse(AF_INET6, str_cut(str_skip(host, 1), len - 1), ip) &&
           (rest.len == 0 || (rest.data[0] == ':' && port_is_number(str_skip(rest, 1))));
}

bool admin_host_is_ours(const struct settings_list *names, struct str header)
{
    struct str rest = header, host;
    unsigned char ip[sizeof(struct in_addr)];

    if (header.len == 0)
        return true;
    if (header.data[0] == '[')
        return ipv6_is_ours(header);
    if (!str_split(&rest, ':', &host) || !port_is_number(rest))
        return false;
    if (host.len > 1 && host.data[host.len - 1] == '.')
        host.len--; /* a name that ends in a dot is the same name */
    if (net_ip_parse(AF_INET, host, ip) || str_equal_nocase(host, STR("localhost")))
        return true;
    for (size_t i = 0; i < names->count; i++)
        if (str_equal_nocase(host, str_of(names->items[i])))
            return true;
    return false;
}

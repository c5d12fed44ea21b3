#include "sesbounce/net_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define UNIX_PREFIX STR("unix:")

static struct str behind(struct str text, size_t count)
{
    return (struct str){text.data + count, text.len - count};
}

static bool ipv6_split(struct str text, struct net_address *ret)
{
    const char *end = memchr(text.data, ']', text.len);
    size_t at = end ? (size_t)(end - text.data) : text.len;
    if (at + 1 >= text.len || text.data[at + 1] != ':')
        return false;
    *ret = (struct net_address){NET_IPV6, {text.data + 1, at - 1}, behind(text, at + 2)};
    return true;
}

bool net_address_split(struct str text, struct net_address *ret)
{
    if (str_starts_with(text, UNIX_PREFIX)) {
        *ret = (struct net_address){NET_UNIX, behind(text, UNIX_PREFIX.len), STR_ABSENT};
        return true;
    }
    if (str_starts_with(text, STR("[")))
        return ipv6_split(text, ret);
    const char *colon = text.len > 0 ? memchr(text.data, ':', text.len) : NULL;
    if (!colon)
        return false;
    size_t at = (size_t)(colon - text.data);
    *ret = (struct net_address){NET_HOST, {text.data, at}, behind(text, at + 1)};
    return true;
}

bool net_ip_parse(int family, struct str text, void *ret)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len >= sizeof(copy) || memchr(text.data, '\0', text.len))
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return inet_pton(family, copy, ret) == 1;
}

bool net_host_is_loopback(struct str host)
{
    struct in6_addr v6;
    unsigned char v4[4];
    if (str_starts_with(host, STR("[")) && str_ends_with(host, STR("]")))
        host = (struct str){host.data + 1, host.len - 2};
    if (net_ip_parse(AF_INET, host, v4))
        return v4[0] == IN_LOOPBACKNET;
    if (net_ip_parse(AF_INET6, host, &v6))
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return str_equal_nocase(host, STR("localhost"));
}

bool net_address_is_local(const struct net_address *address)
{
    return address->kind == NET_UNIX || net_host_is_loopback(address->host);
}

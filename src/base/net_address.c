#include "sesbounce/net_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

bool net_address_split(struct str text, struct net_address *ret)
{
    bool v6 = str_starts_with(text, STR("["));
    if (str_take_prefix(&text, STR("unix:"))) {
        *ret = (struct net_address){NET_UNIX, text, STR_ABSENT};
        return true;
    }
    const char *end = str_find(text, v6 ? ']' : ':');
    size_t at = end ? (size_t)(end - text.data) : text.len;
    size_t colon = at + v6;
    if (colon >= text.len || text.data[colon] != ':')
        return false;
    *ret = (struct net_address){
        v6 ? NET_IPV6 : NET_HOST, {text.data + v6, at - v6}, str_skip(text, colon + 1)};
    return true;
}

bool net_ip_parse(int family, struct str text, void *ret)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len >= sizeof(copy) || str_find(text, '\0'))
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return inet_pton(family, copy, ret) == 1;
}

bool net_host_is_loopback(struct str host)
{
    bool in_brackets = str_starts_with(host, STR("[")) && str_ends_with(host, STR("]"));
    struct in6_addr v6;
    unsigned char v4[4];
    if (in_brackets)
        host = (struct str){host.data + 1, host.len - 2};
    if (net_ip_parse(AF_INET6, host, &v6))
        return IN6_IS_ADDR_LOOPBACK(&v6);
    if (in_brackets) /* as nothing else may be */
        return false;
    if (net_ip_parse(AF_INET, host, v4))
        return v4[0] == IN_LOOPBACKNET;
    return str_equal_nocase(host, STR("localhost"));
}

bool net_address_is_local(const struct net_address *address)
{
    return address->kind == NET_UNIX || net_host_is_loopback(address->host);
}

/*
 * Where to listen or connect, as text: `HOST:PORT`, `[IPV6]:PORT` or `unix:/PATH`; and
 * which of these nobody outside this machine can reach. Pure; any thread.
 */
#ifndef SESBOUNCE_NET_ADDRESS_H
#define SESBOUNCE_NET_ADDRESS_H

#include <stdbool.h>

#include "sesbounce/str.h"

enum net_kind { NET_UNIX, NET_IPV6, NET_HOST };

struct net_address {
    enum net_kind kind;
    struct str host; /* without brackets; the path of a unix socket */
    struct str port; /* as written, perhaps not a number */
};

/* Splits `text` without checking the parts. False when it has another form. */
bool net_address_split(struct str text, struct net_address *ret);

/* An IP address of `family` (AF_INET, AF_INET6) in `text`; `ret` has room for it. */
bool net_ip_parse(int family, struct str text, void *ret);

/* `localhost`, 127.0.0.0/8, or ::1 in brackets or without. */
bool net_host_is_loopback(struct str host);

/* Is it loopback or a unix socket? */
bool net_address_is_local(const struct net_address *address);

#endif

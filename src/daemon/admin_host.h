/*
 * Which names the admin side answers to. A page of another site can make a browser ask us
 * under that site's name, once the name leads to our address (DNS rebinding): what we
 * would answer to it belongs to nobody else. Pure; any thread.
 */
#ifndef SESBOUNCED_ADMIN_HOST_H
#define SESBOUNCED_ADMIN_HOST_H

#include <stdbool.h>

#include "sesbounce/settings.h"

/*
 * `header`: the value of Host (RFC 9110, 7.2). True for an IP address, `localhost`, one
 * of `names` ([admin] host), each with or without a port; and where the header is absent,
 * as no browser leaves it out.
 */
bool admin_host_is_ours(const struct settings_list *names, struct str header);

#endif

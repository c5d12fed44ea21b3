/*
 * Where a request ends, and the headers that libmicrohttpd does not mind and two readers
 * could understand differently (RFC 9112, 6.3 and 11.2).
 */
#ifndef SESBOUNCED_FRAMING_H
#define SESBOUNCED_FRAMING_H

#include <stdbool.h>
#include <stdint.h>

struct MHD_Connection;

struct framing {
    uint64_t length; /* 0 when none is announced */
    bool is_announced;
};

/*
 * False when it is not clear where the request ends. `version` as libmicrohttpd has it.
 * Where no body is announced, libmicrohttpd may have lost the header that did: nothing
 * behind the request can be trusted then, and the connection has to be closed.
 */
bool framing_read(struct MHD_Connection *connection, const char *version,
                  struct framing *ret);

#endif

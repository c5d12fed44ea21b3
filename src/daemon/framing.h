/*
 * Where a request ends, and the headers that libmicrohttpd does not mind and two readers
 * could understand differently (RFC 9112, 6.3 and 11.2).
 */
#ifndef SESBOUNCED_FRAMING_H
#define SESBOUNCED_FRAMING_H

#include <stdbool.h>
#include <stdint.h>

struct MHD_Connection;

/* False when it is not clear where the request ends. `version` as libmicrohttpd has it;
 * the length is 0 when none is announced. */
bool framing_is_clear(struct MHD_Connection *connection, const char *version,
                      uint64_t *ret_length);

#endif

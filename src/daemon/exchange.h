/*
 * A request to the admin side, from its first line to its answer: whom it is for, who
 * asks, whether its body is too long, and which handler answers it. libmicrohttpd's
 * callbacks, on the admin thread; the context is a struct desk.
 */
#ifndef SESBOUNCED_EXCHANGE_H
#define SESBOUNCED_EXCHANGE_H

#include <microhttpd.h>

#include "daemon/desk.h"

void *exchange_begin(void *desk, const char *uri, struct MHD_Connection *connection);
enum MHD_Result exchange_read(void *desk, struct MHD_Connection *connection,
                              const char *url, const char *method, const char *version,
                              const char *bytes, size_t *len, void **state);
void exchange_end(void *desk, struct MHD_Connection *connection, void **state,
                  enum MHD_RequestTerminationCode how);

#endif

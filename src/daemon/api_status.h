/*
 * GET /v1/status: what the daemon sees and what needs a person. One thread.
 */
#ifndef SESBOUNCED_API_STATUS_H
#define SESBOUNCED_API_STATUS_H

#include "daemon/api.h"
#include "sesbounce/status.h"

/* How commands begin that are to be typed on the machine of the daemon. */
#define API_COMMAND_READS  "sesbouncectl"
#define API_COMMAND_WRITES "sudo -u sesbounced sesbouncectl"

/* The rows of `sesbouncectl status`, and how many of them need a person. */
api_handler api_status;

/* The same, for `rows`; `is_brief` and results as status_write(). */
int api_status_rows(struct store *store, const struct api_request *request, bool is_brief,
                    const struct status_rows *rows, size_t *ret_attention);

#endif

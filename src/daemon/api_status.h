/*
 * GET /v1/status: what the daemon sees and what needs a person. One thread.
 */
#ifndef SESBOUNCED_API_STATUS_H
#define SESBOUNCED_API_STATUS_H

#include "daemon/api.h"

/* The rows of `sesbouncectl status`, and how many of them need a person. */
api_handler api_status;

#endif

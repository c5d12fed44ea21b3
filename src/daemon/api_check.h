/*
 * POST /v1/check: may these addresses be mailed? One thread.
 */
#ifndef SESBOUNCED_API_CHECK_H
#define SESBOUNCED_API_CHECK_H

#include "daemon/api.h"

api_handler api_check;

#endif

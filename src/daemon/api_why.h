/*
 * POST /v1/why: the story of one address. One thread.
 */
#ifndef SESBOUNCED_API_WHY_H
#define SESBOUNCED_API_WHY_H

#include "daemon/api.h"

api_handler api_why;

#endif

/* GET /v1/changes and /v1/events: what follows a row, as it comes. */
#ifndef SESBOUNCED_API_FOLLOW_H
#define SESBOUNCED_API_FOLLOW_H

#include "daemon/api.h"

extern const char *const api_changes_parameters[];
extern const char *const api_events_parameters[];
api_handler api_changes, api_events;

#endif

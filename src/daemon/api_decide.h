/* POST /v1/suppressions, /v1/suppressions/remove, /v1/held/release and /v1/held/drop. */
#ifndef SESBOUNCED_API_DECIDE_H
#define SESBOUNCED_API_DECIDE_H

#include "daemon/api.h"

api_plan_fn api_plan_add, api_plan_remove, api_plan_release, api_plan_drop;
api_tell_fn api_tell_address, api_tell_held;

#endif

/*
 * The maxima of the store alone, each with its reason.
 */
#ifndef STORE_LIMITS_H
#define STORE_LIMITS_H

#include "sesbounce/limits.h"

/* Up to here a count that an alert shows is exact: no alert says more. */
#define STORE_ALERT_COUNT_MAX 10000
/* Alerts that are raised: ALERT_SUBJECTS_MAX of each name. */
#define STORE_ALERTS_OPEN_MAX (20 * ALERT_SUBJECTS_MAX)
/* Alerts that are kept, those that ended included: years of them. */
#define STORE_ALERTS_MAX 10000
/* The 90 days from which it is learned how long a topic is usually silent: a monthly
 * newsletter has three pauses in them. */
#define STORE_TOPIC_HOURS_MAX (90 * 24)

#endif

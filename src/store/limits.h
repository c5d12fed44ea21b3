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
/* Rows that are looked at in one step for what is to be sent: a millisecond or two. */
#define STORE_SENDING_ROWS 500
/* Messages that are put into the outbox in one transaction. */
#define STORE_SENDING_PUT_MAX 32
/* Rows that are not for a receiver, and of which it is not written down that they were
 * looked at; they are looked at again after a restart. */
#define STORE_SENDING_UNKEPT_MAX 10000
/* Messages to one receiver that were given up and stay listed; `webhooks replay` brings
 * back older ones, too. */
#define STORE_SENDING_FAILED_MAX 10000
/* The name of a receiver, as the settings allow it. */
#define STORE_RECEIVER_NAME_BYTES 64

#endif

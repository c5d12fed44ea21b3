/*
 * The maxima of the settings alone, each with its reason.
 */
#ifndef CONFIG_LIMITS_H
#define CONFIG_LIMITS_H

#include "sesbounce/limits.h"

/* A day's mail of the largest senders: its product with a rate stays far from an
 * overflow. */
#define SETTINGS_LEAST_SENDS_MAX 1000000000
/* Names of webhooks and mails are labels of metrics: STORE_RECEIVER_NAME_BYTES. */
#define SETTINGS_RECEIVER_NAME_MAX 64
/* RFC 5321: a path of 256 bytes with its brackets. */
#define SETTINGS_MAILBOX_BYTES_MAX 254
/* How long [webhook NAME] timeout may be: a receiver gets its messages one by one. */
#define SETTINGS_TIMEOUT_MAX_MS (60 * 1000)

#endif

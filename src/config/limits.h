/*
 * The maxima of the settings alone, each with its reason.
 */
#ifndef CONFIG_LIMITS_H
#define CONFIG_LIMITS_H

#include "sesbounce/limits.h"

/* A day's mail of the largest senders: its product with a rate stays far from an
 * overflow. */
#define SETTINGS_LEAST_SENDS_MAX 1000000000

#endif

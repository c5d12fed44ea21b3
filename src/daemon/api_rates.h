/*
 * GET /v1/rates: counts, and bounce and complaint rates. One thread.
 */
#ifndef SESBOUNCED_API_RATES_H
#define SESBOUNCED_API_RATES_H

#include "daemon/api.h"

/* The rows of `sesbouncectl stats` since a day (30 of them), by day or what `by` says,
 * the worst `limit` of them; what they come to in all; and why a rate is not known. */
api_handler api_rates;
extern const char *const api_rates_parameters[];

#endif

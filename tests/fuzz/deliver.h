/*
 * A delivery from its body to the writer's door, with a known certificate of one URL,
 * and a waiting room that is played here.
 */
#ifndef SESBOUNCE_TESTS_FUZZ_DELIVER_H
#define SESBOUNCE_TESTS_FUZZ_DELIVER_H

#include <stdbool.h>

#include "daemon/delivery.h"

#define DELIVER_TOPIC "arn:aws:sns:eu-west-1:123456789012:ses-bounces"
#define DELIVER_HOST  "sns.eu-west-1.amazonaws.com"
/* Its certificate is the signer's. */
#define DELIVER_URL "https://" DELIVER_HOST "/SimpleNotificationService-0a.pem"
/* 2026-09-21T14:13:20Z */
#define DELIVER_NOW_MS INT64_C(1790000000000)

struct deliver_options {
    bool raw_header;
    bool no_simulator;
    const char *type_header; /* NULL: none */
    int64_t wall_ms;
    bool must_be_storable; /* nothing was left out that a genuine message needs */
};

/* Once, before the other: settings, keys, certificates. */
void deliver_start(void);

/* All of it, with every promise; aborts when a body that was not signed is stored. */
void deliver_run(struct str body, const struct deliver_options *options);

#endif

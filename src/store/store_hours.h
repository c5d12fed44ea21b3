/*
 * What struct writing keeps of the counters by hour: see store_write_hour.c, the only one
 * that looks inside.
 */
#ifndef STORE_STORE_HOURS_H
#define STORE_STORE_HOURS_H

#include "sesbounce/limits.h"
#include "sesbounce/policy.h"

/* What a transaction adds to a counter of an hour, sender and provider. */
struct hour_tally {
    int64_t hour;
    int64_t dimension;
    enum policy_tally kind;
    size_t provider_len;
    char provider[SES_PROVIDER_BYTES_MAX];
    int64_t n;
};

/* Different ones, by hash. */
struct hour_tallies {
    size_t count;
    uint16_t slots[STORE_HOUR_SLOTS]; /* 1 + index in `tallies`, 0 free */
    struct hour_tally tallies[STORE_HOURS_TALLIED_MAX];
};

/* A row of `dimension` that is there already. */
struct dimension {
    int64_t id;
    uint64_t hash;
    size_t key_len;
    char key[2 * SES_NAME_BYTES_MAX + 2 * SES_WORD_BYTES_MAX + POLICY_SCOPE_BYTES_MAX +
             5 * sizeof(uint16_t)];
};

#endif

/*
 * Which certificate URLs were wanted before, and which of them could not be fetched: a
 * memory that strangers can neither fill nor aim at.
 *
 * SNS names one URL in every message and again in every retry, for a year. A stranger who
 * wants to be in its way must name a fresh URL each time, because one that was tried and
 * failed is known here. So "wanted before, and never tried" is what tells the two apart.
 *
 * A table of fixed size, indexed by a hash that is keyed at the start: a new URL takes
 * the place of another one by chance. An entry lost costs nothing but that the URL counts
 * as new. Not thread-safe: the waiting room's mutex guards it.
 */
#ifndef SESBOUNCED_SIGHTINGS_H
#define SESBOUNCED_SIGHTINGS_H

#include <stdint.h>

#include "sesbounce/sns_url.h"

enum sighting {
    SIGHTING_NEW,    /* not wanted before, or less than SIGHTING_AGAIN_MS ago */
    SIGHTING_AGAIN,  /* wanted before, and never tried since */
    SIGHTING_FAILED, /* tried, and could not be fetched */
    SIGHTING_KINDS,
};

struct sightings {
    uint64_t key;
    struct sighting_entry *entries;
};

/* 0 or -ENOMEM. */
int sightings_init(struct sightings *sightings);
void sightings_done(struct sightings *sightings);

uint64_t sightings_hash(const struct sightings *sightings,
                        const struct sns_cert_url *url);

/* Notes that the URL of that hash is wanted, and says what was known of it.
 * CLOCK_MONOTONIC here and below. */
enum sighting sightings_note(struct sightings *sightings, uint64_t hash, int64_t now_ms);

void sightings_fail(struct sightings *sightings, uint64_t hash, int64_t now_ms);

#endif

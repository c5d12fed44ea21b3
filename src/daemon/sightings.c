#include "daemon/sightings.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "daemon/limits.h"

struct sighting_entry {
    uint32_t tag;      /* of the hash; its lowest bit is used for `failed` */
    uint32_t since_ms; /* wraps after 49 days: then an old one counts as a young one */
};

int sightings_init(struct sightings *sightings)
{
    sightings->entries = calloc(SIGHTINGS_MAX, sizeof(*sightings->entries));
    if (!sightings->entries)
        return -ENOMEM;
    if (getrandom(&sightings->key, sizeof(sightings->key), GRND_NONBLOCK) < 0)
        sightings->key = (uint64_t)(uintptr_t)sightings->entries;
    return 0;
}

void sightings_done(struct sightings *sightings)
{
    free(sightings->entries);
    sightings->entries = NULL;
}

/* FNV-1a from a secret beginning, then the finish of splitmix64. */
static uint64_t hash_add_text(uint64_t hash, struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * UINT64_C(0x100000001b3);
    return (hash ^ '/') * UINT64_C(0x100000001b3);
}

uint64_t sightings_hash(const struct sightings *sightings, const struct sns_cert_url *url)
{
    uint64_t hash = hash_add_text(hash_add_text(sightings->key, url->host), url->file);

    hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
    return hash ^ hash >> 31;
}

/* Its entry, reset if it belongs to another, or is so old that it says nothing. */
static struct sighting_entry *sighting_claim(struct sightings *sightings, uint64_t hash,
                                             int64_t now_ms)
{
    struct sighting_entry *entry = &sightings->entries[hash % SIGHTINGS_MAX];
    uint32_t tag = (uint32_t)(hash >> 32) & ~UINT32_C(1);

    if ((entry->tag & ~UINT32_C(1)) != tag ||
        (uint32_t)now_ms - entry->since_ms > SIGHTING_KEEP_MS)
        *entry = (struct sighting_entry){.tag = tag, .since_ms = (uint32_t)now_ms};
    return entry;
}

enum sighting sightings_note(struct sightings *sightings, uint64_t hash, int64_t now_ms)
{
    const struct sighting_entry *entry = sighting_claim(sightings, hash, now_ms);

    if (entry->tag & 1)
        return SIGHTING_FAILED;
    return (uint32_t)now_ms - entry->since_ms >= SIGHTING_AGAIN_MS ? SIGHTING_AGAIN
                                                                   : SIGHTING_NEW;
}

void sightings_fail(struct sightings *sightings, uint64_t hash, int64_t now_ms)
{
    sighting_claim(sightings, hash, now_ms)->tag |= 1;
}

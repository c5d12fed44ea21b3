/*
 * The outage guard: when a provider suddenly refuses nearly everybody with the same
 * words, its users are not gone.
 */
#include <string.h>

#include "sesbounce/policy.h"

/* So many times what is usual is an outage; newsletters vary by less. */
#define GUARD_TIMES 3
/* So many of a hundred hard bounces have the same answer. */
#define GUARD_ALIKE_PERCENT 80
/* Fewer answers do not tell. */
#define GUARD_ANSWERS_LEAST 5
/* Where Deliveries are reported, so many of a hundred mails bounce: a list that is merely
 * old has fewer. */
#define GUARD_BOUNCED_PERCENT 50
/* The part of an answer that is compared. */
#define GUARD_ANSWER_BYTES 80

bool policy_guard_trips(const struct policy *policy,
                        const struct policy_provider *provider)
{
    int64_t mails = provider->hard + provider->deliveries;

    return policy->guard && provider->hard >= policy->guard_least &&
           provider->hard > GUARD_TIMES * provider->usual &&
           provider->answers >= GUARD_ANSWERS_LEAST &&
           provider->alike * 100 >= provider->answers * GUARD_ALIKE_PERCENT &&
           provider->hard * 100 >= mails * GUARD_BOUNCED_PERCENT;
}

/* FNV-1a: nothing depends on it but a comparison within the hour. */
static uint64_t answer_hash_add(uint64_t hash, char byte)
{
    return (hash ^ (unsigned char)byte) * UINT64_C(0x100000001b3);
}

/* A word with an @ is whom the mail was for; digits are times, queues and versions. */
uint64_t policy_guard_answer(const struct ses_recipient *recipient)
{
    struct str rest = str_cut(recipient->diagnostic, GUARD_ANSWER_BYTES);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    struct str word;

    for (size_t i = 0; i < recipient->status.len; i++)
        hash = answer_hash_add(hash, recipient->status.data[i]);
    while (str_split(&rest, ' ', &word)) {
        if (word.len > 0 && memchr(word.data, '@', word.len))
            continue;
        for (size_t i = 0; i < word.len; i++)
            if (word.data[i] < '0' || word.data[i] > '9')
                hash = answer_hash_add(hash, word.data[i]);
        hash = answer_hash_add(hash, ' ');
    }
    return hash;
}

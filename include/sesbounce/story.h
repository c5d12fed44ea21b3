/*
 * The story of one address: what was reported about it, what became of it on the list,
 * what people decided, and what lies in quarantine. One thread, the store's.
 */
#ifndef SESBOUNCE_STORY_H
#define SESBOUNCE_STORY_H

#include "sesbounce/output.h"

struct story_asked {
    const struct address *address;
    const char *typed; /* what the headline calls it */
    const char *scope; /* NULL: all of them */
};

/* How far the quarantine was searched. */
struct story_search {
    size_t messages; /* the newest */
    bool is_cut;     /* there are more */
};

/*
 * As a table: sentences, the newest first, and what to type. Otherwise rows of different
 * columns (not for CSV): entries, decisions, events, quarantined messages. 0, a fault of
 * the store, or of writing: `output->fault`.
 */
int story_write(struct store *store, const struct story_asked *asked,
                struct output *output, struct story_search *ret);

#endif

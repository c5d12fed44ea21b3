/*
 * The story of one address: whether it may be mailed and why, what was reported about it,
 * what became of it on the list, what people decided, what lies in quarantine, and what
 * to type. One thread, the store's.
 */
#ifndef SESBOUNCE_STORY_H
#define SESBOUNCE_STORY_H

#include "sesbounce/output.h"
#include "sesbounce/policy.h"

/* Stands in commands for what only a person knows; no note may be this. */
#define STORY_REASON_MARK "YOUR REASON"

struct story_asked {
    const struct address *address;
    const char *typed;           /* what the headline calls it */
    const char *scope;           /* NULL: all of them */
    const struct policy *policy; /* in force */
    const char *reads, *writes;  /* what a command begins with; NULL: sesbouncectl */
    const char *publish;         /* lets SES publish Delivery events; NULL: status */
    int64_t search_bytes;        /* of the quarantine; 0: STORY_QUARANTINED_BYTES */
    int64_t now_ms;
};

/* How far the quarantine was searched. */
struct story_search {
    size_t messages; /* the newest */
    bool is_cut;     /* there are more */
};

/*
 * As a table: sentences, the oldest first, and what to type. Otherwise rows of different
 * columns (not for CSV), with a last one that names their view: entries, decisions,
 * events, suppression_log, quarantine. 0, a fault of the store, or of writing:
 * `output->fault`.
 */
int story_write(struct store *store, const struct story_asked *asked,
                struct output *output, struct story_search *ret);

#endif

/*
 * What to select from a view, from names and words as people type them:
 * `--class hard --since 7d`, or `class=hard&since=7d`. Pure; any thread.
 */
#ifndef SESBOUNCE_FILTER_H
#define SESBOUNCE_FILTER_H

#include "sesbounce/address.h"
#include "sesbounce/store_read.h"

struct filter {
    enum store_view view;
    int64_t now_ms;
    const char *before_name;   /* of a name in a fault: "--" on a command line, or "" */
    struct address domain;     /* what store.domain points into */
    struct store_filter store; /* may not be copied: it borrows words and `domain` */
};

void filter_init(struct filter *filter, enum store_view view, int64_t now_ms,
                 const char *before_name);

/*
 * Selects by `name` (address, scope, type, class, cause, rule, domain, campaign, reason,
 * topic, message, since, until, limit, after-id); borrows `word`. 0, -ENOENT for another
 * name, or -EINVAL with a sentence in `fault` that quotes `word` as it is.
 */
int filter_set(struct filter *filter, const char *name, const char *word,
               struct buf *fault);

/* Reads a number of 1 or more. 0, or -EINVAL with a sentence in `fault` that says so. */
int filter_number(const char *what, const char *word, int64_t *ret, struct buf *fault);

/* Reads a moment or an age; see when.h. 0, or -EINVAL with a sentence in `fault`. */
int filter_when(const char *word, int64_t now_ms, int64_t *ret_ms, struct buf *fault);

/* Can this be the name of a scope? False with the reason, as behind a colon. */
bool filter_check_scope(struct str name, char ret_why[ADDRESS_FAULT_BYTES]);

#endif

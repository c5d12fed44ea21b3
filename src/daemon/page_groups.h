/*
 * How often texts occur among events: their diagnostics, providers or campaigns. Bounded:
 * PAGE_GROUPS_MAX different ones. Pure; one thread.
 */
#ifndef SESBOUNCED_PAGE_GROUPS_H
#define SESBOUNCED_PAGE_GROUPS_H

#include "daemon/limits.h"
#include "sesbounce/str.h"

enum page_kind { PAGE_HARD, PAGE_SOFT, PAGE_COMPLAINT, PAGE_KINDS };

struct page_group {
    char name[PAGE_NAME_BYTES];
    size_t count[PAGE_KINDS];
    size_t total;
};

struct page_groups {
    size_t count;
    struct page_group list[PAGE_GROUPS_MAX];
};

/* Counts; what is longer is cut. */
void page_groups_add(struct page_groups *groups, struct str name, enum page_kind kind);

/* The most frequent first; equally frequent ones by their names. */
void page_groups_sort(struct page_groups *groups);

/* A server's words without the protocol before them, `smtp; `. */
struct str page_diagnostic_words(struct str text);

/*
 * The same without what differs from mail to mail, so that equal answers have
 * equal texts: addresses, ids and numbers of many digits become `…`.
 */
struct str page_diagnostic(struct str text, char ret[PAGE_NAME_BYTES]);

#endif

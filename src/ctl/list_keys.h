/*
 * Entries of list files, packed into little memory and sorted. One thread.
 */
#ifndef CTL_LIST_KEYS_H
#define CTL_LIST_KEYS_H

#include "ctl/list_entry.h"

struct list_keys {
    struct buf text;
    uint32_t *places; /* owned; of each entry in `text` */
    size_t count, room;
    bool whole; /* all of an entry is kept, not only its key and reason */
};

/* Texts are borrowed, and end in NUL. */
struct list_key {
    enum policy_reason reason;
    const char *address; /* its key form */
    const char *scope;
    /* Of whole entries: */
    const char *detail; /* empty: none */
    const char *note;
    int64_t since_ms;
    int64_t until_ms;
};

/* `bytes_max`: of all texts; a place takes 4 bytes more. */
void list_keys_init(struct list_keys *keys, size_t bytes_max, bool whole);
void list_keys_done(struct list_keys *keys);

/* Forgets the entries, and keeps the memory. */
void list_keys_clear(struct list_keys *keys);

/* 0, -ENOMEM, or -E2BIG when there is no room for it. */
int list_keys_add(struct list_keys *keys, const struct list_entry *entry);

/* In the order of the view `suppressed`; of the same address and scope, stronger reasons
 * first, and then those that were added first. */
void list_keys_sort(struct list_keys *keys);

/* Leaves the first of each address and scope; they are sorted. */
void list_keys_unique(struct list_keys *keys);

struct list_key list_keys_get(const struct list_keys *keys, size_t index);

/* Which of two comes first: below 0 the former, above 0 the latter. */
int list_keys_compare(const struct list_key *a, const struct list_key *b);

#endif

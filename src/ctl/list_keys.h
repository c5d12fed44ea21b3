/*
 * The entries of a list file, sorted, in little memory: address, scope and reason, 4
 * bytes and their texts each. One thread.
 */
#ifndef CTL_LIST_KEYS_H
#define CTL_LIST_KEYS_H

#include "ctl/list_entry.h"

struct list_keys {
    struct buf text;
    uint32_t *places; /* owned; of each key in `text` */
    size_t count, room;
};

/* Texts are borrowed, and end in NUL. */
struct list_key {
    enum policy_reason reason;
    const char *address; /* its key form */
    const char *scope;
};

void list_keys_init(struct list_keys *keys);
void list_keys_done(struct list_keys *keys);

/* 0, -ENOMEM, or -E2BIG beyond CTL_LIST_KEYS_BYTES_MAX. */
int list_keys_add(struct list_keys *keys, const struct list_entry *entry);

/* In the order of the view `suppressed`; of the same address and scope, the strongest
 * reason stays alone. */
void list_keys_sort(struct list_keys *keys);

struct list_key list_keys_get(const struct list_keys *keys, size_t index);

/* Which of two comes first: below 0 the former, above 0 the latter. */
int list_keys_compare(const struct list_key *a, const struct list_key *b);

#endif

/*
 * An entry of a suppression list, from what a record of a file has in each column. Pure;
 * one thread.
 */
#ifndef CTL_LIST_ENTRY_H
#define CTL_LIST_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/limits.h"
#include "ctl/list_words.h"
#include "sesbounce/address.h"
#include "sesbounce/buf.h"

/* Absent, or empty, where the record has none. */
struct list_fields {
    struct str of[LIST_COLUMNS];
};

/* What holds for all of a file. */
struct list_options {
    const char *scope;         /* instead of the file's; NULL: that, or else `*` */
    enum policy_reason reason; /* where the file gives none; NONE: it stays NONE */
    int64_t since_ms;          /* where the file gives no time */
    int64_t now_ms;
};

/* Texts end in NUL. */
struct list_entry {
    struct address address;
    enum policy_reason reason; /* NONE: neither the file nor the options say */
    struct str scope;
    struct str detail; /* these two: absent if there is none */
    struct str note;
    int64_t since_ms;
    int64_t until_ms; /* POLICY_FOR_EVER */
};

/* Room for the texts of any entry: a byte that is not UTF-8 becomes three. */
#define LIST_ENTRY_TEXT_BYTES ((size_t)4 * CTL_LIST_RECORD_BYTES_MAX)

/*
 * False when the fields are not an entry: `ret_fault` says why. The texts are put into
 * `text`, which has LIST_ENTRY_TEXT_BYTES reserved.
 */
bool list_entry_read(const struct list_fields *fields, const struct list_options *options,
                     struct buf *text, struct list_entry *ret,
                     char ret_fault[CTL_LIST_FAULT_BYTES_MAX]);

#endif

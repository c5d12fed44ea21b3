/*
 * The addresses that an operator gives at once: words, files and standard input. All are
 * read and looked at before anything is done with one of them, so that a slip in the last
 * line leaves everything as it was. One thread.
 */
#ifndef CTL_ADDRESSES_H
#define CTL_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/limits.h"
#include "sesbounce/buf.h"

struct addresses {
    struct buf text; /* a byte of origin, the address as given and a NUL, each */
    size_t count;
    size_t faults;
};

/*
 * A word with an @ is an address, `-` is standard input, any other word is a file; these
 * have one address per line. Blank lines and a byte order mark are skipped. False after
 * naming the lines that are not addresses, up to CTL_LIST_FAULTS_MAX. Call
 * addresses_done() in either case.
 */
bool addresses_read(struct addresses *addresses, char *const *words, size_t count);
void addresses_done(struct addresses *addresses);

struct given {
    const char *address; /* borrowed from the addresses; ends in NUL */
    bool is_word;        /* else a line */
};

/* The next one; `*at` is 0 at the beginning. False at the end. */
bool addresses_next(const struct addresses *addresses, size_t *at, struct given *ret);

#endif

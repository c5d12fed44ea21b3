/*
 * Where a text of somebody else's names a mail address: in a diagnostic, a note or the
 * JSON of a message, of whose escapes some may stand before it. Pure; any thread.
 */
#ifndef SESBOUNCE_MENTION_H
#define SESBOUNCE_MENTION_H

#include <stdbool.h>

#include "sesbounce/buf.h"
#include "sesbounce/str.h"

/* Does `s` name `address`, in any case and as a whole: not as the end of
 * `mary-jane@example.com`? */
bool mention_is_in(struct str s, struct str address);

/* The same for a text in which any character may be escaped as \u0040, however many
 * backslashes that has. -ENOMEM, 1 or 0. */
int mention_is_hidden_in(struct str s, struct str address);

/* Appends `s` with `with` in place of each of these. `*count` grows by their number. */
int mention_replace(struct str s, struct str address, struct str with, struct buf *ret,
                    size_t *count);

/*
 * Appends `s` with every address in it as `j***@example.com`: whatever stands before an @
 * and may be a part of an address, except for its first character. Of a quoted local
 * part, where `is_quoted_whole` (not in JSON, whose quotes are its own), all of it.
 */
int mention_mask(struct str s, bool is_quoted_whole, struct buf *ret);

#endif

/*
 * What an operator has in hand if it is not a file of messages, and what to do with it.
 * Pure; any thread.
 */
#ifndef CTL_RECORDS_ADVICE_H
#define CTL_RECORDS_ADVICE_H

#include <stdbool.h>

#include "sesbounce/buf.h"

/*
 * Both append a sentence about `file` (`-` is standard input) to `advice` and return true
 * if all of the file is of a kind that holds no message; what they tell to type begins
 * with `command`. By its first bytes, unpacked; by
 * a record that is not JSON, `is_first` if nothing stands before it.
 */
bool records_advice_bytes(struct str first, const char *file, const char *command,
                          struct buf *advice);
bool records_advice_line(struct str record, bool is_first, const char *file,
                         const char *command, struct buf *advice);

/* A list of addresses: how to import that. */
void records_advice_list(const char *file, const char *command, struct buf *advice);

#endif

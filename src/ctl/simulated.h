/*
 * The SES messages that SES's mailbox simulator would cause, in the form of event
 * publishing (event-publishing-retrieving-sns-contents). Pure except for random ids.
 */
#ifndef CTL_SIMULATED_H
#define CTL_SIMULATED_H

#include <stdbool.h>
#include <stdint.h>

#include "sesbounce/buf.h"

/* Is `kind` bounce, complaint, ooto, suppressionlist or delivery? */
bool simulated_is_known(const char *kind);

/* What can be found again in the message, and altered: hex digits and dashes only. */
#define SIMULATED_MARK_BYTES 37

/* Appends the message. 0, -EINVAL for an unknown kind, -ENOMEM, or -errno of
 * getrandom(2). */
int simulated_make(const char *kind, const char *address, int64_t now_ms, struct buf *ret,
                   char ret_mark[SIMULATED_MARK_BYTES]);

#endif

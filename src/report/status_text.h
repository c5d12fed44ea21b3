/*
 * The longer sentences of `status`. They append to `to` and return 0, a negative errno of
 * buf_append, or a fault of the store. One thread.
 */
#ifndef REPORT_STATUS_TEXT_H
#define REPORT_STATUS_TEXT_H

#include "sesbounce/clock.h"
#include "sesbounce/output.h"

/* How commands begin that read, and that write. */
struct status_text_commands {
    const char *reads, *writes;
};

/* `pattern` with a word in place of each @, and what a command begins with in place of
 * $r, where it reads, and $w, where it writes. */
int status_text_about(struct buf *to, struct status_text_commands commands,
                      const char *pattern, struct str word);

/* Whose sending is paused, since when and why: a row of STORE_PAUSED. */
int status_text_pause(struct buf *to, const struct store_value *values, size_t count);

/* What is wrong with a webhook or mail, and what to type: a row of STORE_WEBHOOKS;
 * nothing of one that is well. */
int status_text_webhook(struct buf *to, struct status_text_commands commands,
                        const struct store_value *values, size_t count);

/* Whether soft bounces suppress, or for which identities they are only recorded. */
int status_text_soft_counting(struct buf *to, struct store *store, bool is_on,
                              int64_t now_ms);

/* `3 h ago)`, in the largest unit that it has two of, with the bracket behind it. */
void status_text_age(int64_t age_seconds, char ret[CLOCK_TEXT_BYTES]);

#endif

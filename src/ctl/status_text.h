/*
 * The longer sentences of `status`, and what to type so that SES publishes what is
 * missing. They append to `to` and return 0, a negative errno of buf_append, or a fault
 * of the store. One thread.
 */
#ifndef CTL_STATUS_TEXT_H
#define CTL_STATUS_TEXT_H

#include "ctl/ctl.h"

/* `pattern` with a word in place of each @, and what a command begins with in place of
 * $r, where it reads, and $w, where it writes. */
int status_text_about(struct buf *to, struct ctl *ctl, const char *pattern,
                      struct str word);

/* Whose sending is paused, since when and why: a row of STORE_PAUSED. */
int status_text_pause(struct buf *to, const struct store_value *values, size_t count);

/* Whether soft bounces suppress, or for which identities they are only recorded. */
int status_text_soft_counting(struct buf *to, struct ctl *ctl);

/* The `aws` line that makes SES publish events of these types (`SEND,DELIVERY`) to the
 * topic that was heard last. `configuration_set` absent: that of
 * the newest event that has one. */
int status_text_publish(struct buf *to, struct store *store, const char *types,
                        struct str configuration_set);

#endif

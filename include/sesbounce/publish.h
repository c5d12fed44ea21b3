/*
 * What to type so that SES publishes what is missing here. One thread, the store's.
 */
#ifndef SESBOUNCE_PUBLISH_H
#define SESBOUNCE_PUBLISH_H

#include "sesbounce/store_read.h"

/*
 * Appends the `aws` line that makes SES publish events of these types (`SEND,DELIVERY`)
 * to the topic that was heard last. `configuration_set` absent: that of the newest event
 * that has one. 0, a negative errno of buf_append, or a fault of the store.
 */
int publish_command(struct buf *to, struct store *store, const char *types,
                    struct str configuration_set);

#endif

/* What SES says about a sender: whether it may send, and what endangers its reputation.
 */
#ifndef STORE_STORE_WRITE_SENDER_H
#define STORE_STORE_WRITE_SENDER_H

#include "store/store_internal.h"

/* What an event that is kept says of that, if it does. */
int sender_apply(struct store *store, const struct intake *intake);

#endif

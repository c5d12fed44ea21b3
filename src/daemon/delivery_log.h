/*
 * One line a delivery: what became of it and why, with fields to search the journal by.
 */
#ifndef SESBOUNCED_DELIVERY_LOG_H
#define SESBOUNCED_DELIVERY_LOG_H

#include "daemon/delivery.h"

/*
 * Rationed to DELIVERY_LOGS_A_MINUTE: kept messages are in the database anyway, and what
 * is refused comes from strangers. Mail addresses appear as `[log] addresses` allows. Any
 * thread.
 */
void delivery_log(const struct delivery *delivery, const struct settings *settings);

#endif

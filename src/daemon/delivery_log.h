/*
 * One line per delivery: what became of it and why, with fields to search the journal by.
 */
#ifndef SESBOUNCED_DELIVERY_LOG_H
#define SESBOUNCED_DELIVERY_LOG_H

#include "daemon/delivery.h"

/*
 * Rationed to DELIVERY_LOGS_A_MINUTE for genuine messages and UNVERIFIED_LOGS_A_MINUTE
 * for what may be a stranger's; a topic that is not allowed is logged once. The metrics
 * count all of them. Mail addresses appear as `[log] addresses` allows. Any thread.
 */
void delivery_log(const struct delivery *delivery, const struct settings *settings);

#endif

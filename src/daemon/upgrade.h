/*
 * What is said while the store brings a file of an earlier version to this one, which may
 * take long: in the log, and to systemd, so that it does not think that the start hangs.
 */
#ifndef SESBOUNCED_UPGRADE_H
#define SESBOUNCED_UPGRADE_H

#include "sesbounce/store.h"

/* For store_on_upgrade(); the context is the struct service. In the thread that opens the
 * file: main at the start, the writer when the file could not be opened then. */
void upgrade_hear(void *context, const struct store_upgrade *upgrade);

#endif

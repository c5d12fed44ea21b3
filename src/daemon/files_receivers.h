/*
 * The files that the sections [webhook NAME] and [mail NAME] name, checked as a part of
 * files_check().
 */
#ifndef SESBOUNCED_FILES_RECEIVERS_H
#define SESBOUNCED_FILES_RECEIVERS_H

#include "daemon/files_named.h"

/* 0 or a negative errno; faults as named_fault(). */
int files_check_receivers(struct files_check *check);

#endif

/*
 * The DNS domain of an AWS partition, which endpoints and certificates have in common.
 */
#ifndef SESBOUNCE_MESSAGE_SNS_PARTITION_H
#define SESBOUNCE_MESSAGE_SNS_PARTITION_H

#include "sesbounce/str.h"

/* `amazonaws.com` for `aws`, …; absent for a partition we do not know. */
struct str sns_partition_domain(struct str partition);

/* The domains of all partitions, by number; absent behind the last. */
struct str sns_partition_domain_at(size_t number);

#endif

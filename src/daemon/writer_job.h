/*
 * What lies in the writer's queue: a delivery to store, or the outcome of a confirmation.
 */
#ifndef SESBOUNCED_WRITER_JOB_H
#define SESBOUNCED_WRITER_JOB_H

#include "sesbounce/queue.h"

enum writer_job_kind { WRITER_JOB_DELIVERY, WRITER_JOB_CONFIRMATION };

struct writer_job {
    struct queue_node node;
    enum writer_job_kind kind;
};

#endif

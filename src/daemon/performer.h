/*
 * Performs the tasks in outbound's mailbox, a few at a time. A part of outbound; its
 * thread only.
 */
#ifndef SESBOUNCED_PERFORMER_H
#define SESBOUNCED_PERFORMER_H

#include "daemon/task.h"

struct performer {
    struct service *service;
    struct performance {
        struct performer *performer;
        struct task *task; /* NULL: this place is free */
    } under_way[TASKS_AT_ONCE];
};

void performer_init(struct performer *performer, struct service *service);

/* Drops what is under way, which nobody may run any more; the outbox still has it. */
void performer_done(struct performer *performer);

/* Begins what can be begun. */
void performer_serve(struct performer *performer);

#endif

/*
 * The database file while the daemon runs: what its faults mean, and how the writer gets
 * it back. The writer's thread only.
 *
 * A fault that stays until somebody puts another file there (store_fault_stays()) makes
 * the writer let go of the file. What takes its place is then tried, once for each
 * change, and only when it has not changed for a tick, so that no half of a copy is.
 */
#ifndef SESBOUNCED_DATABASE_H
#define SESBOUNCED_DATABASE_H

#include "daemon/checkpointer.h"
#include "daemon/service.h"
#include "sesbounce/store.h"

struct database {
    struct service *service;
    struct store *store; /* NULL while the file cannot be used */
    struct checkpointer *checkpointer;
    int lasting;             /* 0, or the fault with which the file was let go */
    uint64_t look_tried;     /* how the file looked when it was last tried, … */
    uint64_t look_seen;      /* … and a moment ago */
    struct store_files held; /* those of the store that was let go */
    struct log_ration fault_ration;
};

/* An operator who has lost a list must find that in the log. */
void database_tell_if_new(const struct store *store, const char *path);

/* Notes that the store has failed, and logs `what`; lets go of a file that stays so. */
void database_fault(struct database *database, const char *what, int fault);

/* Notes that the store works, unless the file has been let go. */
void database_works(struct database *database);

/* Why nothing can be tried with the store now; 0 when there is one. */
int database_unusable(const struct database *database);

/* While the store does not work: tries whether it works again, once. */
void database_mend(struct database *database);

#endif
